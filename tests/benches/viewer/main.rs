//! What the viewer costs: how fast it attaches, answers keys and shows events, and what memory and time it takes, by the size of the record.
//!
//! `cargo build --release && cargo bench -p ccdump-tests --bench viewer [-- quick|full] [attach|keys|search|events|flood|reload]`: quick takes a
//! record of 100 exchanges, full takes that and one of 10,000 (1 GB of bodies), and without either it is one of 2,000 (200 MB). Records are
//! made by traffic through a daemon, once, and kept below `target/bench-stores`. Nothing fails here: the table tells what is missed.

mod attach;
mod events;
mod history;
mod keys;
mod plan;
mod reload;
mod screen;
mod search;
mod stage;
mod store;
mod table;
mod upstream;

use plan::{LARGE, MEDIUM, Plan, SMALL};
use stage::Stage;
use table::Table;

/// How much of everything.
struct Size {
    attaches: usize,
    /// Presses of each kind of key at each place.
    presses: usize,
    events: usize,
    flood_seconds: u64,
    /// Edits of a kind under the hot-reload host.
    edits: usize,
}

const FULL: Size = Size { attaches: 20, presses: 40, events: 1_000, flood_seconds: 10, edits: 20 };
const QUICK: Size = Size { attaches: 5, presses: 10, events: 100, flood_seconds: 3, edits: 4 };

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` runs benchmarks without this flag: they have nothing to say there.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("run it with: cargo bench -p ccdump-tests --bench viewer");
        return;
    }
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with("--")).collect();
    let (plans, size): (&[Plan], &Size) = match words.as_slice() {
        words if words.contains(&"quick") => (&[SMALL], &QUICK),
        words if words == ["reload"] => (&[LARGE], &FULL),
        words if words.contains(&"full") => (&[SMALL, LARGE], &FULL),
        _ => (&[MEDIUM], &FULL),
    };
    let groups: Vec<&str> = words.into_iter().filter(|word| !["quick", "full"].contains(word)).collect();
    // Another build of everything is made for it: only when it is named.
    let wanted = |group: &str| groups.is_empty() && group != "reload" || groups.contains(&group);
    // Figures of a busy machine say little.
    eprintln!("load average: {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim_end());
    let mut table = Table::default();
    for plan in plans {
        let stage = Stage::set(plan);
        for (group, measure) in GROUPS {
            if wanted(group) {
                eprintln!("{}: {group}", plan.name);
                measure(&mut table, &stage, size);
            }
        }
    }
    if plans.len() > 1 {
        table.growth(keys::PER_KEY, 1.2);
    }
    table.print();
}

type Measure = fn(&mut Table, &Stage, &Size);

const GROUPS: [(&str, Measure); 6] = [
    ("attach", attach::measure),
    ("keys", keys::measure),
    ("search", search::measure),
    ("events", events::latency),
    ("flood", events::flood),
    ("reload", reload::measure),
];
