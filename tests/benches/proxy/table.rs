//! The result: a row per figure, a column per target.

use std::collections::BTreeMap;

use ccdump_tests::figures::{Better, Pair, Ratios, median, print_comparison};

use crate::target::{AFTER, BEFORE, RELAY};

/// What a row must reach.
#[derive(Clone, Copy)]
pub(crate) enum Bar {
    None,
    /// At most so many times the relay's.
    TimesRelayAtMost(f64),
    /// At least so many times the relay's.
    TimesRelayAtLeast(f64),
    AtMost(f64),
}

pub(crate) struct Row {
    name: String,
    decimals: usize,
    bar: Bar,
    values: BTreeMap<&'static str, Vec<f64>>,
}

/// Rows in the order they were first mentioned.
#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

impl Table {
    /// One more value of a row; the median of all is what counts.
    pub(crate) fn add(
        &mut self,
        name: &str,
        decimals: usize,
        bar: Bar,
        target: &'static str,
        value: f64,
    ) {
        let at = self.0.iter().position(|row| row.name == name).unwrap_or_else(|| {
            let values = BTreeMap::new();
            self.0.push(Row { name: name.to_owned(), decimals, bar, values });
            self.0.len() - 1
        });
        self.0[at].values.entry(target).or_default().push(value);
    }

    pub(crate) fn print(&self, targets: &[&'static str]) {
        let heads: String = targets.iter().map(|name| format!(" {name:>11}")).collect();
        println!("\n{:<44}{heads} {:>9}  bar", "median", "to relay");
        for row in &self.0 {
            let cell = |target| {
                row.value(target)
                    .map_or("–".to_owned(), |value| format!("{value:.*}", row.decimals))
            };
            let cells: String =
                targets.iter().map(|name| format!(" {:>11}", cell(*name))).collect();
            let ratio = row.ratio().map_or("–".to_owned(), |ratio| format!("{ratio:.2}×"));
            println!("{:<44}{cells} {ratio:>9}  {}", row.name, row.verdict());
        }
    }

    /// Compares the daemon with the one before, by what was measured in every round. Gives how many
    /// figures are worse.
    pub(crate) fn compare(&self) -> usize {
        let pairs: Vec<Pair<'_>> = self.0.iter().filter_map(Row::pair).collect();
        print_comparison(&pairs)
    }
}

impl Row {
    fn value(&self, target: &str) -> Option<f64> {
        self.values.get(target).map(|values| median(values))
    }

    /// The median of the rounds' ratios.
    fn ratio(&self) -> Option<f64> {
        Some(Ratios::of(self.values.get(RELAY)?, self.values.get(AFTER)?, self.least()).median())
    }

    fn least(&self) -> f64 {
        0.1_f64.powi(i32::try_from(self.decimals).unwrap_or_default())
    }

    fn pair(&self) -> Option<Pair<'_>> {
        let (before, after) = (self.values.get(BEFORE)?, self.values.get(AFTER)?);
        let better =
            if matches!(self.bar, Bar::TimesRelayAtLeast(_)) { Better::More } else { Better::Less };
        // What was counted once, at the end, is nothing to compare.
        (after.len() > 1).then(|| Pair {
            name: self.name.clone(),
            decimals: self.decimals,
            better,
            before,
            after,
        })
    }

    fn verdict(&self) -> String {
        let told = |text: String, reached: Option<bool>| match reached {
            Some(true) => format!("{text} ok"),
            Some(false) => format!("{text} MISS"),
            None => text,
        };
        match self.bar {
            Bar::None => String::new(),
            Bar::TimesRelayAtMost(most) => {
                told(format!("≤ {most}×"), self.ratio().map(|ratio| ratio <= most))
            }
            Bar::TimesRelayAtLeast(least) => {
                told(format!("≥ {least}×"), self.ratio().map(|ratio| ratio >= least))
            }
            Bar::AtMost(most) => {
                told(format!("≤ {most}"), self.value(AFTER).map(|value| value <= most))
            }
        }
    }
}
