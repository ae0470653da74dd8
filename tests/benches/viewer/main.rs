//! What the viewer costs: how fast it attaches, answers keys and shows events, and what memory and
//! time it takes, by the size of the record.
//!
//! `cargo build --release && cargo bench -p ccdump-tests --bench viewer [-- quick|full]
//! [attach|keys|search|events|flood|reload]`: quick takes a record of 100 exchanges, full takes
//! that and one of 10,000 (1 GB of bodies), and without either it is one of 2,000 (200 MB). Records
//! are made by traffic through a daemon, once, and kept below `target/bench-stores`. Nothing fails
//! here: the table tells what is missed. `--against FOLDER [--rounds N]` measures the programs of
//! another build in turn with these, in rounds of less each, and compares the two (see the
//! benchmark `against`); records are then made by the daemon of each, and kept below that folder
//! for the other.

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

use std::{path::Path, process::ExitCode};

use ccdump_tests::{
    bench::Arguments,
    binaries::{self, Programs},
    machine,
};
use plan::{LARGE, MEDIUM, Plan, SMALL};
use stage::{Build, Stage};
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
/// A round of a comparison.
const ROUND: Size = Size { attaches: 3, presses: 10, events: 200, flood_seconds: 3, edits: 2 };
const ROUNDS: usize = 9;

fn main() -> ExitCode {
    // `cargo test --all-targets` runs benchmarks without this flag: they have nothing to say there.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("run it with: cargo bench -p ccdump-tests --bench viewer");
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::of(std::env::args().skip(1));
    println!("{}", machine::description());
    match &arguments.against {
        Some(folder) => compare(folder, &arguments),
        None => {
            measure(&arguments);
            ExitCode::SUCCESS
        }
    }
}

/// One build, on one record or more.
fn measure(arguments: &Arguments) {
    let (plans, size): (&[Plan], &Size) = match arguments {
        arguments if arguments.has("quick") => (&[SMALL], &QUICK),
        arguments if arguments.words == ["reload"] => (&[LARGE], &FULL),
        arguments if arguments.has("full") => (&[SMALL, LARGE], &FULL),
        _ => (&[MEDIUM], &FULL),
    };
    let mut table = Table::default();
    for plan in plans {
        let stage = Stage::set(plan, &present());
        for (group, measure) in groups(arguments) {
            eprintln!("{}: {group}", plan.name);
            measure(&mut table, &stage, size);
        }
    }
    if plans.len() > 1 {
        table.growth(keys::PER_KEY, 1.2);
    }
    table.print();
}

/// Another build and this one in turn, on one record. Fails when this one is worse.
fn compare(folder: &Path, arguments: &Arguments) -> ExitCode {
    let plan = if arguments.has("quick") { SMALL } else { MEDIUM };
    let before = Build {
        programs: Programs::in_folder(folder),
        sources: folder.join("sources"),
        kept: folder.to_owned(),
    };
    let mut sides = [before, present()].map(|build| (Stage::set(&plan, &build), Table::default()));
    let rounds = arguments.rounds.unwrap_or(ROUNDS);
    // Group by group: the events of one would stand where another looks for the end.
    for (group, measure) in groups(arguments) {
        for round in 0..rounds {
            eprintln!("round {} of {rounds}: {group}", round + 1);
            // Neither build is always the first one.
            for at in [round % 2, 1 - round % 2] {
                let (stage, table) = &mut sides[at];
                measure(table, stage, &ROUND);
            }
        }
    }
    let [(_, before), (_, after)] = sides;
    if table::compare(&before, &after) > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The build that this benchmark is of.
fn present() -> Build {
    let target =
        Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in the target folder");
    Build { programs: Programs::default(), sources: binaries::root(), kept: target.to_owned() }
}

type Measure = fn(&mut Table, &Stage, &Size);

/// Those that are asked for.
fn groups(arguments: &Arguments) -> impl Iterator<Item = (&'static str, Measure)> {
    let named: Vec<&String> =
        arguments.words.iter().filter(|word| !["quick", "full"].contains(&word.as_str())).collect();
    // Another build of everything is made for the reload: only when it is named.
    GROUPS.into_iter().filter(move |(group, _)| {
        if named.is_empty() {
            *group != "reload"
        } else {
            named.iter().any(|name| name.as_str() == *group)
        }
    })
}

const GROUPS: [(&str, Measure); 6] = [
    ("attach", attach::measure),
    ("keys", keys::measure),
    ("search", search::measure),
    ("events", events::latency),
    ("flood", events::flood),
    ("reload", reload::measure),
];
