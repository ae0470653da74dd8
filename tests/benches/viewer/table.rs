//! The result: a row per figure and record.

use ccdump_tests::figures::{Better, Pair, median, percentile, print_comparison};

/// What a row must reach.
#[derive(Clone, Copy)]
pub(crate) enum Bar {
    None,
    P50(f64),
    P95(f64),
    P99(f64),
    Max(f64),
    Least(f64),
}

struct Row {
    record: &'static str,
    name: String,
    bar: Bar,
    /// Each time it was measured.
    rounds: Vec<Vec<f64>>,
}

/// So many values of a round say something about its slowest ones, too.
const MANY: usize = 100;

#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    remarks: Vec<String>,
}

impl Table {
    pub(crate) fn add(&mut self, record: &'static str, name: &str, bar: Bar, mut values: Vec<f64>) {
        values.sort_by(f64::total_cmp);
        match self.rows.iter_mut().find(|row| row.record == record && row.name == name) {
            Some(row) => row.rounds.push(values),
            None => {
                self.rows.push(Row { record, name: name.to_owned(), bar, rounds: vec![values] })
            }
        }
    }

    /// What went wrong, in words.
    pub(crate) fn remark(&mut self, record: &'static str, text: &str) {
        self.remarks.push(format!("{record}: {text}"));
    }

    /// How a figure of one value grew from the first record to the last.
    pub(crate) fn growth(&mut self, name: &str, most: f64) {
        let of: Vec<&Row> = self.rows.iter().filter(|row| row.name == name).collect();
        let (Some(first), Some(last)) = (of.first(), of.last()) else { return };
        let (Some(least), Some(now)) =
            (first.values().first().copied(), last.values().first().copied())
        else {
            return;
        };
        let (record, growth) = (last.record, now / least);
        self.add(
            record,
            &format!("{name}: growth since {}", first.record),
            Bar::Max(most),
            vec![growth],
        );
    }

    pub(crate) fn print(&self) {
        let mut record = "";
        for row in &self.rows {
            if row.record != record {
                record = row.record;
                println!(
                    "\n{record:<44} {:>6} {:>9} {:>9} {:>9} {:>9}  bar",
                    "n", "p50", "p95", "p99", "max"
                );
            }
            let values = row.values();
            let cells: Vec<String> = match values.as_slice() {
                [only] => vec![format!("{only:9.1}"), "–".into(), "–".into(), "–".into()],
                values => [0.5, 0.95, 0.99, 1.0]
                    .map(|share| format!("{:9.1}", percentile(values, share)))
                    .to_vec(),
            };
            let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>9}")).collect();
            println!("{:<44} {:>6} {}  {}", row.name, values.len(), cells.join(" "), row.verdict());
        }
        for remark in &self.remarks {
            println!("\n{remark}");
        }
    }
}

/// Compares two builds on the same record, by what was measured in every round. Gives how many
/// figures are worse.
pub(crate) fn compare(before: &Table, after: &Table) -> usize {
    let mut figures = Vec::new();
    for row in &after.rows {
        let Some(old) = before.rows.iter().find(|old| old.name == row.name) else { continue };
        figures.push((row, String::new(), old.medians(), row.medians()));
        if row.rounds.iter().all(|round| round.len() >= MANY) {
            figures.push((row, ", p95".to_owned(), old.slow(), row.slow()));
        }
    }
    let pairs: Vec<Pair<'_>> = figures
        .iter()
        .map(|(row, of, before, after)| {
            let better = if matches!(row.bar, Bar::Least(_)) { Better::More } else { Better::Less };
            Pair { name: format!("{}{of}", row.name), decimals: 1, better, before, after }
        })
        .collect();
    let worse = print_comparison(&pairs);
    for (build, table) in [("before", before), ("after", after)] {
        for remark in &table.remarks {
            println!("\n{build}, {remark}");
        }
    }
    worse
}

impl Row {
    /// Of all rounds, sorted.
    fn values(&self) -> Vec<f64> {
        let mut values = self.rounds.concat();
        values.sort_by(f64::total_cmp);
        values
    }

    fn medians(&self) -> Vec<f64> {
        self.rounds.iter().map(|round| median(round)).collect()
    }

    fn slow(&self) -> Vec<f64> {
        self.rounds.iter().map(|round| percentile(round, 0.95)).collect()
    }

    fn verdict(&self) -> String {
        let (what, share, most) = match self.bar {
            Bar::None => return String::new(),
            Bar::P50(most) => ("p50 ", 0.5, most),
            Bar::P95(most) => ("p95 ", 0.95, most),
            Bar::P99(most) => ("p99 ", 0.99, most),
            Bar::Max(most) => ("", 1.0, most),
            Bar::Least(least) => {
                let is_reached = self.values().first().is_some_and(|value| *value >= least);
                return format!("≥ {least} {}", if is_reached { "ok" } else { "MISS" });
            }
        };
        let is_reached = percentile(&self.values(), share) <= most;
        format!("{what}≤ {most} {}", if is_reached { "ok" } else { "MISS" })
    }
}
