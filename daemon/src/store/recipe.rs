//! How a body is put together from stored chunks.

use super::events::varint;

/// One run of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// Chunks `first..first + count`, `bytes` long in all.
    Chunks { first: u64, count: u64, bytes: u64 },
    /// These bytes.
    Inline(Vec<u8>),
    /// Bytes that went through but were not recorded.
    Missing { bytes: u64 },
}

impl Run {
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Chunks { bytes, .. } | Self::Missing { bytes } => *bytes,
            Self::Inline(data) => data.len() as u64,
        }
    }
}

/// Runs in order. Chunks get their numbers in order of first appearance, so a body that repeats
/// another is few runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recipe(pub Vec<Run>);

impl Recipe {
    pub fn bytes(&self) -> u64 {
        self.0.iter().map(Run::bytes).sum()
    }

    /// Adds chunk `id` of `length` bytes to the end.
    pub fn push_chunk(&mut self, id: u64, length: u64) {
        match self.0.last_mut() {
            Some(Run::Chunks { first, count, bytes }) if *first + *count == id => {
                *count += 1;
                *bytes += length;
            }
            _ => self.0.push(Run::Chunks { first: id, count: 1, bytes: length }),
        }
    }

    pub fn push_run(&mut self, run: Run) {
        self.0.push(run);
    }

    pub fn push_missing(&mut self, bytes: u64) {
        match self.0.last_mut() {
            Some(Run::Missing { bytes: before }) => *before += bytes,
            _ => self.0.push(Run::Missing { bytes }),
        }
    }

    pub fn push_inline(&mut self, data: &[u8]) {
        if !data.is_empty() {
            self.0.push(Run::Inline(data.to_vec()));
        }
    }

    /// Two bits of the first number of a run tell its kind. Chunk numbers count from the end of the
    /// run of chunks before: a body that grew turn by turn is many runs that follow each other
    /// closely.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut end_before = 0;
        for run in &self.0 {
            match run {
                Run::Chunks { first, count, bytes } => {
                    let ahead = first.wrapping_sub(end_before).cast_signed();
                    varint::put(&mut out, zigzag(ahead) << 2 | CHUNKS);
                    varint::put(&mut out, *count);
                    varint::put(&mut out, *bytes);
                    end_before = first + count;
                }
                Run::Inline(data) => {
                    varint::put(&mut out, (data.len() as u64) << 2 | INLINE);
                    out.extend_from_slice(data);
                }
                Run::Missing { bytes } => varint::put(&mut out, bytes << 2 | MISSING),
            }
        }
        out
    }

    /// `None` when these bytes are no recipe.
    pub fn decode(mut bytes: &[u8]) -> Option<Self> {
        let mut runs = Vec::new();
        let mut end_before = 0u64;
        while !bytes.is_empty() {
            let head = varint::take(&mut bytes)?;
            let value = head >> 2;
            runs.push(match head & 3 {
                CHUNKS => {
                    let first = end_before.checked_add_signed(unzigzag(value))?;
                    let (count, bytes) = (varint::take(&mut bytes)?, varint::take(&mut bytes)?);
                    end_before = first.checked_add(count)?;
                    Run::Chunks { first, count, bytes }
                }
                INLINE => {
                    let (data, rest) = bytes.split_at_checked(usize::try_from(value).ok()?)?;
                    bytes = rest;
                    Run::Inline(data.to_vec())
                }
                MISSING => Run::Missing { bytes: value },
                _ => return None,
            });
        }
        Some(Self(runs))
    }
}

const CHUNKS: u64 = 0;
const INLINE: u64 = 1;
const MISSING: u64 = 2;

/// Small numbers of either sign become small numbers.
fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neighbours_join() {
        let mut recipe = Recipe::default();
        for id in [5, 6, 7, 2, 8] {
            recipe.push_chunk(id, 10);
        }
        recipe.push_missing(3);
        recipe.push_missing(4);
        assert_eq!(
            recipe.0,
            [
                Run::Chunks { first: 5, count: 3, bytes: 30 },
                Run::Chunks { first: 2, count: 1, bytes: 10 },
                Run::Chunks { first: 8, count: 1, bytes: 10 },
                Run::Missing { bytes: 7 },
            ]
        );
        assert_eq!(recipe.bytes(), 57);
    }

    proptest! {
        #[test]
        fn encoding_survives(ids in prop::collection::vec((0u64..50, 1u64..5000), 0..40), inline: Vec<u8>, missing in 1u64..1000) {
            let mut recipe = Recipe::default();
            for (id, length) in ids {
                recipe.push_chunk(id, length);
            }
            recipe.push_inline(&inline);
            recipe.push_missing(missing);
            prop_assert_eq!(Recipe::decode(&recipe.encode()), Some(recipe));
        }

        #[test]
        fn any_bytes_are_a_recipe_or_none(bytes: Vec<u8>) {
            let _: Option<Recipe> = Recipe::decode(&bytes);
        }
    }
}
