//! The result: a row per figure and record.

use ccdump_tests::figures::percentile;

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
    /// Sorted.
    values: Vec<f64>,
}

#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    remarks: Vec<String>,
}

impl Table {
    pub(crate) fn add(&mut self, record: &'static str, name: &str, bar: Bar, mut values: Vec<f64>) {
        values.sort_by(f64::total_cmp);
        self.rows.push(Row { record, name: name.to_owned(), bar, values });
    }

    /// What went wrong, in words.
    pub(crate) fn remark(&mut self, record: &'static str, text: &str) {
        self.remarks.push(format!("{record}: {text}"));
    }

    /// How a figure of one value grew from the first record to the last.
    pub(crate) fn growth(&mut self, name: &str, most: f64) {
        let of: Vec<&Row> = self.rows.iter().filter(|row| row.name == name).collect();
        let (Some(first), Some(last)) = (of.first(), of.last()) else { return };
        let (Some(least), Some(now)) = (first.values.first(), last.values.first()) else { return };
        let (record, growth) = (last.record, now / least);
        self.add(record, &format!("{name}: growth since {}", first.record), Bar::Max(most), vec![growth]);
    }

    pub(crate) fn print(&self) {
        let mut record = "";
        for row in &self.rows {
            if row.record != record {
                record = row.record;
                println!("\n{record:<44} {:>6} {:>9} {:>9} {:>9} {:>9}  bar", "n", "p50", "p95", "p99", "max");
            }
            let cells: Vec<String> = match row.values.as_slice() {
                [only] => vec![format!("{only:9.1}"), "–".into(), "–".into(), "–".into()],
                values => [0.5, 0.95, 0.99, 1.0].map(|share| format!("{:9.1}", percentile(values, share))).to_vec(),
            };
            let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>9}")).collect();
            println!("{:<44} {:>6} {}  {}", row.name, row.values.len(), cells.join(" "), row.verdict());
        }
        for remark in &self.remarks {
            println!("\n{remark}");
        }
    }
}

impl Row {
    fn verdict(&self) -> String {
        let (what, share, most) = match self.bar {
            Bar::None => return String::new(),
            Bar::P50(most) => ("p50 ", 0.5, most),
            Bar::P95(most) => ("p95 ", 0.95, most),
            Bar::P99(most) => ("p99 ", 0.99, most),
            Bar::Max(most) => ("", 1.0, most),
            Bar::Least(least) => {
                let is_reached = self.values.first().is_some_and(|value| *value >= least);
                return format!("≥ {least} {}", if is_reached { "ok" } else { "MISS" });
            }
        };
        let is_reached = percentile(&self.values, share) <= most;
        format!("{what}≤ {most} {}", if is_reached { "ok" } else { "MISS" })
    }
}
