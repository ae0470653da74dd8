//! Figures of merit, and how those of two builds compare.

/// The value below which that share of the sorted values lies; NaN when there are none.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// NaN when there are none.
pub fn median(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    match sorted.get(middle) {
        Some(upper) if sorted.len().is_multiple_of(2) => f64::midpoint(sorted[middle - 1], *upper),
        Some(middle) => *middle,
        None => f64::NAN,
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The ratios of pairs that were measured in turn: what else the machine did hit both of a pair
/// alike.
#[derive(Debug)]
pub struct Ratios(Vec<f64>);

/// Which way a figure should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    Less,
    More,
}

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval lies on the bad side of 5 %.
    Worse,
    /// The whole interval lies on the good side of 5 %.
    Better,
    /// The whole interval lies within 5 %.
    Same,
    /// The interval is too wide for any of these.
    Unclear,
}

/// A difference of less is none.
const TOLERANCE: f64 = 0.05;

impl Ratios {
    /// `after` to `before`, pair by pair. Nothing counts for less than `least`, so that a figure of
    /// zero has a ratio, too.
    pub fn of(before: &[f64], after: &[f64], least: f64) -> Self {
        let ratios: Vec<f64> = before
            .iter()
            .zip(after)
            .map(|(before, after)| after.max(least) / before.max(least))
            .collect();
        Self(sorted(&ratios))
    }

    pub fn median(&self) -> f64 {
        median(&self.0)
    }

    /// Between which the true median lies with a confidence of 95 % or a little more, by the sign
    /// test: it asks nothing of how the ratios are spread. `None` for fewer than six pairs, of
    /// which it can say nothing.
    pub fn interval(&self) -> Option<(f64, f64)> {
        let outside = outside(self.0.len())?;
        Some((self.0[outside], self.0[self.0.len() - 1 - outside]))
    }

    pub fn verdict(&self, better: Better) -> Verdict {
        let Some((low, high)) = self.interval() else { return Verdict::Unclear };
        let (is_more, is_less) = (low > 1.0 + TOLERANCE, high < 1.0 - TOLERANCE);
        match better {
            Better::Less if is_more => Verdict::Worse,
            Better::More if is_less => Verdict::Worse,
            Better::Less if is_less => Verdict::Better,
            Better::More if is_more => Verdict::Better,
            _ if low >= 1.0 - TOLERANCE && high <= 1.0 + TOLERANCE => Verdict::Same,
            _ => Verdict::Unclear,
        }
    }
}

/// How many of the smallest and of the largest of so many values lie outside of the interval of
/// their median: as many as heads that so many coins show with a chance of 2.5 % at most.
fn outside(values: usize) -> Option<usize> {
    let mut exactly = 0.5_f64.powi(i32::try_from(values).ok()?);
    let (mut at_most, mut heads) = (exactly, 0);
    if at_most > 0.025 {
        return None;
    }
    loop {
        exactly *= (values - heads) as f64 / (heads + 1) as f64;
        at_most += exactly;
        if at_most > 0.025 {
            return Some(heads);
        }
        heads += 1;
    }
}

/// A figure of two builds, a value per round.
#[derive(Debug)]
pub struct Pair<'a> {
    pub name: String,
    /// How many decimals it is given with: its last one is the least that counts.
    pub decimals: usize,
    pub better: Better,
    pub before: &'a [f64],
    pub after: &'a [f64],
}

/// Prints how they compare, and tells how many are worse.
pub fn print_comparison(pairs: &[Pair<'_>]) -> usize {
    println!(
        "\n{:<50} {:>11} {:>11} {:>7} {:>17}  verdict",
        "median of the rounds", "before", "after", "ratio", "95 % interval"
    );
    let mut worse = 0;
    for pair in pairs {
        let ratios = Ratios::of(
            pair.before,
            pair.after,
            0.1_f64.powi(i32::try_from(pair.decimals).unwrap_or_default()),
        );
        let value = |values| format!("{:.*}", pair.decimals, median(values));
        let interval = ratios
            .interval()
            .map_or("–".to_owned(), |(low, high)| format!("{low:.3} to {high:.3}"));
        let verdict = match ratios.verdict(pair.better) {
            Verdict::Worse => "WORSE by 5 %",
            Verdict::Better => "better by 5 %",
            Verdict::Same => "the same",
            Verdict::Unclear => "not told apart",
        };
        worse += usize::from(ratios.verdict(pair.better) == Verdict::Worse);
        let (before, after, median) = (value(pair.before), value(pair.after), ratios.median());
        println!(
            "{:<50} {before:>11} {after:>11} {median:>7.3} {interval:>17}  {verdict}",
            pair.name
        );
    }
    let rounds = pairs.iter().map(|pair| pair.before.len()).max().unwrap_or_default();
    println!(
        "{worse} of {} figures are worse. A ratio is the median of after / before over {rounds} rounds in turn, its interval is that of \
         the sign test; worse by 5 %: all of the interval is.",
        pairs.len()
    );
    worse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        for (values, wanted) in
            [(&[3.0, 1.0, 2.0][..], 2.0), (&[4.0, 1.0, 2.0, 3.0], 2.5), (&[7.0], 7.0)]
        {
            assert_eq!(median(values), wanted, "{values:?}");
        }
        assert!(median(&[]).is_nan());
    }

    /// As tables of the sign test have them.
    #[test]
    fn outside_of_the_interval() {
        for (values, wanted) in [
            (0, None),
            (5, None),
            (6, Some(0)),
            (8, Some(0)),
            (9, Some(1)),
            (11, Some(1)),
            (12, Some(2)),
            (15, Some(3)),
            (20, Some(5)),
            (25, Some(7)),
            (50, Some(17)),
        ] {
            assert_eq!(outside(values), wanted, "{values} values");
        }
    }

    #[test]
    fn ratios_are_those_of_pairs() {
        let ratios = Ratios::of(&[10.0, 100.0, 1_000.0], &[20.0, 100.0, 4_000.0], 1.0);
        assert_eq!((ratios.median(), ratios.interval()), (2.0, None));
        let none = Ratios::of(&[0.0, 0.0, -3.0], &[0.0, 5.0, 0.5], 1.0);
        assert_eq!(
            none.median(),
            1.0,
            "nothing is as much as nothing, and less than nothing is nothing"
        );
    }

    #[test]
    fn one_wild_round_on_either_side_is_outside_of_nine() {
        let ratios = Ratios::of(&[1.0; 9], &[0.01, 1.1, 1.2, 1.2, 1.3, 1.3, 1.3, 1.4, 99.0], 0.001);
        assert_eq!((ratios.median(), ratios.interval()), (1.3, Some((1.1, 1.4))));
    }

    #[test]
    fn verdicts_ask_for_the_whole_interval() {
        let between = |low: f64, high: f64| {
            let middle = f64::midpoint(low, high);
            [0.1, low, middle, middle, middle, middle, middle, high, 9.0]
        };
        for (low, high, less, more) in [
            (1.06, 1.3, Verdict::Worse, Verdict::Better),
            (0.7, 0.94, Verdict::Better, Verdict::Worse),
            (1.04, 1.3, Verdict::Unclear, Verdict::Unclear),
            (0.7, 0.96, Verdict::Unclear, Verdict::Unclear),
            (0.96, 1.04, Verdict::Same, Verdict::Same),
            (0.5, 2.0, Verdict::Unclear, Verdict::Unclear),
        ] {
            let ratios = Ratios::of(&[1.0; 9], &between(low, high), 0.001);
            assert_eq!(ratios.interval(), Some((low, high)));
            assert_eq!(
                (ratios.verdict(Better::Less), ratios.verdict(Better::More)),
                (less, more),
                "{low} to {high}"
            );
        }
        assert_eq!(
            Ratios::of(&[1.0; 5], &[2.0; 5], 0.001).verdict(Better::Less),
            Verdict::Unclear,
            "five pairs say nothing"
        );
    }
}
