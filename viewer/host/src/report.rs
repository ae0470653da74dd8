//! `ccdump-view dev --report`: how fast the swaps of the last session were.

use std::{fs, io, path::Path};

use super::{
    log::{Entry, What, record_path},
    protocol::Swapped,
};

/// The report on the last session of which there is a record in `folder`.
pub(super) fn report(folder: &Path) -> io::Result<String> {
    match fs::read_to_string(record_path(folder)) {
        Ok(record) => Ok(of(&record)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(of("")),
        Err(error) => Err(error),
    }
}

fn of(record: &str) -> String {
    // A line that a newer host wrote, or that was cut off, is passed over.
    let entries: Vec<Entry> =
        record.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let Some(last) = entries.last().map(|entry| entry.session.clone()) else {
        return "no swaps are recorded; start a session with: ccdump-view dev\n".to_owned();
    };
    let (mut swaps, mut failed, mut recovered): (Vec<Swapped>, Vec<u64>, Vec<u64>) =
        Default::default();
    for entry in entries.into_iter().filter(|entry| entry.session == last) {
        match entry.what {
            What::Swap(swap) => swaps.push(swap),
            What::Failed { build_ms } => failed.push(build_ms),
            What::Recovered { took_ms } => recovered.push(took_ms),
            What::Other => {}
        }
    }
    let mut rows = vec![format!("{:<24}{:>6}{:>9}{:>9}", "ms", "n", "p50", "p95")];
    let of_swaps = |part: fn(&Swapped) -> u64| swaps.iter().map(part).collect::<Vec<_>>();
    rows.push(row("save to new code", of_swaps(|swap| swap.total_ms)));
    rows.push(row("  build", of_swaps(|swap| swap.build_ms)));
    rows.push(row("  hand-over", of_swaps(|swap| swap.handover_ms)));
    rows.push(row("  first frame", of_swaps(|swap| swap.first_frame_ms)));
    rows.push(row("first error", failed));
    rows.push(row("failure to recovery", recovered));
    rows.iter().map(|row| format!("{row}\n")).collect()
}

fn row(name: &str, mut values: Vec<u64>) -> String {
    values.sort_unstable();
    let at =
        |percent| percentile(&values, percent).map_or("–".to_owned(), |value| value.to_string());
    format!("{name:<24}{:>6}{:>9}{:>9}", values.len(), at(50), at(95))
}

/// The smallest of the sorted `values` that so many percent of them do not exceed.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        for (values, p50, p95) in [
            (vec![], None, None),
            (vec![7], Some(7), Some(7)),
            (vec![1, 2], Some(1), Some(2)),
            ((1..=20).collect(), Some(10), Some(19)),
            ((1..=100).collect(), Some(50), Some(95)),
        ] {
            assert_eq!(
                (percentile(&values, 50), percentile(&values, 95)),
                (p50, p95),
                "{values:?}"
            );
        }
    }

    #[test]
    fn only_the_last_session_counts() {
        let entry = |session: &str, what| {
            serde_json::to_string(&Entry { session: session.to_owned(), what }).expect("JSON")
        };
        let swap = |total_ms| {
            What::Swap(Swapped {
                total_ms,
                build_ms: 800,
                handover_ms: 20,
                first_frame_ms: 30,
                ..Swapped::default()
            })
        };
        let record = [
            entry("old", swap(9999)),
            entry("new", swap(900)),
            entry("new", What::Failed { build_ms: 400 }),
            "{\"session\":\"new\",\"what\":\"sang\"}".to_owned(),
            entry("new", swap(1100)),
            entry("new", What::Recovered { took_ms: 90 }),
            "{\"session\":\"new\",\"wh".to_owned(),
        ];
        let expected = "\
ms                           n      p50      p95
save to new code             2      900     1100
  build                      2      800      800
  hand-over                  2       20       20
  first frame                2       30       30
first error                  1      400      400
failure to recovery          1       90       90
";
        assert_eq!(of(&record.join("\n")), expected);
        assert!(of("").contains("ccdump-view dev"));
    }
}
