//! The result: a row per figure, a column per target.

use std::collections::BTreeMap;

use ccdump_tests::figures::median;

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
    pub(crate) fn add(&mut self, name: &str, decimals: usize, bar: Bar, target: &'static str, value: f64) {
        let at = self.0.iter().position(|row| row.name == name).unwrap_or_else(|| {
            let values = BTreeMap::new();
            self.0.push(Row { name: name.to_owned(), decimals, bar, values });
            self.0.len() - 1
        });
        self.0[at].values.entry(target).or_default().push(value);
    }

    pub(crate) fn print(&self) {
        println!("\n{:<44} {:>11} {:>11} {:>11} {:>9}  bar", "median", "direct", "relay", "ccdumpd", "to relay");
        for row in &self.0 {
            let cell = |target| row.value(target).map_or("–".to_owned(), |value| format!("{value:.*}", row.decimals));
            let ratio = row.ratio().map_or("–".to_owned(), |ratio| format!("{ratio:.2}×"));
            let verdict = row.verdict();
            println!("{:<44} {:>11} {:>11} {:>11} {ratio:>9}  {verdict}", row.name, cell("direct"), cell("relay"), cell("ccdumpd"));
        }
    }
}

impl Row {
    fn value(&self, target: &str) -> Option<f64> {
        self.values.get(target).map(|values| median(values))
    }

    fn ratio(&self) -> Option<f64> {
        Some(self.value("ccdumpd")? / self.value("relay")?)
    }

    fn verdict(&self) -> String {
        let told = |text: String, reached: Option<bool>| match reached {
            Some(true) => format!("{text} ok"),
            Some(false) => format!("{text} MISS"),
            None => text,
        };
        match self.bar {
            Bar::None => String::new(),
            Bar::TimesRelayAtMost(most) => told(format!("≤ {most}×"), self.ratio().map(|ratio| ratio <= most)),
            Bar::TimesRelayAtLeast(least) => told(format!("≥ {least}×"), self.ratio().map(|ratio| ratio >= least)),
            Bar::AtMost(most) => told(format!("≤ {most}"), self.value("ccdumpd").map(|value| value <= most)),
        }
    }
}
