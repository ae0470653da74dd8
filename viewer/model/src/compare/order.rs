//! What stayed in order, and what was moved.

/// Of numbers that are all different, the places of a longest sequence that grows.
pub(super) fn growing(numbers: &[usize]) -> Vec<usize> {
    // For each length so far: where the sequence of that length ends that ends lowest.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (at, number) in numbers.iter().enumerate() {
        let length = ends.partition_point(|end| numbers.get(*end) < Some(number));
        before.push(length.checked_sub(1).and_then(|shorter| ends.get(shorter)).copied());
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let last = ends.last().copied();
    let mut places: Vec<usize> =
        std::iter::successors(last, |at| before.get(*at).copied().flatten()).collect();
    places.reverse();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_growing_sequence_is_found() {
        for (numbers, wanted) in [
            (&[][..], 0),
            (&[5], 1),
            (&[0, 1, 2, 3], 4),
            (&[3, 2, 1, 0], 1),
            (&[1, 2, 3, 0], 3),
            (&[3, 0, 1, 2], 3),
            (&[0, 4, 1, 5, 2, 6, 3], 4),
        ] {
            let places = growing(numbers);
            assert!(
                places.iter().map(|at| numbers[*at]).is_sorted_by(|a, b| a < b),
                "{numbers:?}: {places:?}"
            );
            assert_eq!(places.len(), wanted, "{numbers:?}");
        }
    }
}
