//! The run: rounds over all targets in turn, so that what the machine does besides hits all alike.

use std::process::ExitCode;

use ccdump_tests::{
    bench::Arguments, binaries::Programs, grpc, home::Home, machine, process, view, wait,
};

use crate::{
    table::{Bar, Table},
    target::{AFTER, BEFORE, Role, Target, job},
};

/// How much of everything.
struct Size {
    rounds: usize,
    first_bytes: usize,
    paced_events: usize,
    flat_events: usize,
    requests_ms: usize,
    uploads: usize,
}

const FULL: Size = Size {
    rounds: 5,
    first_bytes: 800,
    paced_events: 250,
    flat_events: 15_000,
    requests_ms: 1_000,
    uploads: 6,
};
const QUICK: Size = Size {
    rounds: 1,
    first_bytes: 200,
    paced_events: 80,
    flat_events: 4_000,
    requests_ms: 300,
    uploads: 2,
};
const STREAMS: usize = 8;
/// A hundred events a second and stream, as fast as models speak.
const PACE_US: usize = 10_000;
/// Of a comparison: fewer say little.
const ROUNDS_AGAINST: usize = 9;
const TURNS: usize = 60;

/// Measures and prints. Fails when the build is compared with another, and worse.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let size = if arguments.has("quick") { QUICK } else { FULL };
    let filters: Vec<&String> = arguments.words.iter().filter(|word| *word != "quick").collect();
    let wanted = |group: &str| {
        filters.is_empty() || filters.iter().any(|filter| group.contains(filter.as_str()))
    };
    println!("{}", machine::description());
    let upstream = Role::start(&["role-upstream"]);
    let mut table = Table::default();

    let mut targets = vec![Target::Direct(upstream.address), Target::relay(upstream.address)];
    let references = targets.len();
    let before = arguments.against.as_deref().map(Programs::in_folder);
    targets
        .extend(before.iter().map(|programs| Target::ccdumpd(BEFORE, programs, upstream.address)));
    targets.push(Target::ccdumpd(AFTER, &Programs::default(), upstream.address));
    let names: Vec<&'static str> = targets.iter().map(Target::name).collect();
    let rounds =
        arguments.rounds.unwrap_or(if before.is_some() { ROUNDS_AGAINST } else { size.rounds });
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        targets.iter().filter_map(Target::pid).for_each(process::reset_peak);
        for (group, measure) in GROUPS {
            if wanted(group) {
                measure(&mut table, &targets, &size);
            }
        }
        for target in &targets {
            if let Some(megabytes) = target.peak_megabytes() {
                table.add(
                    "peak memory under load, MB",
                    1,
                    Bar::AtMost(80.0),
                    target.name(),
                    megabytes,
                );
            }
        }
        // Neither build is always the first one.
        targets[references..].rotate_left(1);
    }
    for target in &targets {
        if let Target::Ccdumpd { name, home, .. } = target {
            let counted = job(name, upstream.address, "count")[0];
            tell_record(&mut table, name, home, counted);
        }
    }
    table.print(&names);
    let worse = if before.is_some() { table.compare() } else { 0 };
    if worse > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

type Measure = fn(&mut Table, &[Target], &Size);

const GROUPS: [(&str, Measure); 6] = [
    ("ttfb", first_bytes),
    ("paced", paced),
    ("flat", flat),
    ("requests", requests),
    ("upload", uploads),
    ("agent", agent_session),
];

/// Adds for each target what it takes longer than the direct way.
fn add_added(table: &mut Table, name: &str, bar: Bar, target: &Target, direct: f64, value: f64) {
    let value = if matches!(target, Target::Direct(_)) { value } else { value - direct };
    table.add(name, 0, bar, target.name(), value);
}

fn first_bytes(table: &mut Table, targets: &[Target], size: &Size) {
    let mut direct = Vec::new();
    for target in targets {
        let measured = target.job(&format!("ttfb {}", size.first_bytes));
        if direct.is_empty() {
            direct.clone_from(&measured);
        }
        add_added(
            table,
            "added time to first byte, p50, µs",
            Bar::TimesRelayAtMost(2.0),
            target,
            direct[0],
            measured[0],
        );
        add_added(
            table,
            "added time to first byte, p99, µs",
            Bar::None,
            target,
            direct[1],
            measured[1],
        );
    }
}

fn paced(table: &mut Table, targets: &[Target], size: &Size) {
    let mut direct = Vec::new();
    for target in targets {
        let (measured, cpu) =
            target.job_with_cpu(&format!("paced {STREAMS} {} {PACE_US}", size.paced_events));
        if direct.is_empty() {
            direct.clone_from(&measured);
        }
        add_added(
            table,
            "added per event, 8 × 100/s, p50, µs",
            Bar::None,
            target,
            direct[0],
            measured[0],
        );
        add_added(
            table,
            "added per event, 8 × 100/s, p99, µs",
            Bar::TimesRelayAtMost(3.0),
            target,
            direct[1],
            measured[1],
        );
        let bar = Bar::TimesRelayAtMost(3.5);
        add_cpu(
            table,
            "CPU s per 10 k events, 8 × 100/s",
            bar,
            target,
            cpu,
            STREAMS * size.paced_events,
        );
    }
}

fn flat(table: &mut Table, targets: &[Target], size: &Size) {
    for target in targets {
        let (measured, cpu) = target.job_with_cpu(&format!("flat {STREAMS} {}", size.flat_events));
        table.add(
            "events/s, flat out, 8 streams",
            0,
            Bar::TimesRelayAtLeast(0.7),
            target.name(),
            measured[0],
        );
        let bar = Bar::TimesRelayAtMost(2.5);
        add_cpu(
            table,
            "CPU s per 10 k events, flat out",
            bar,
            target,
            cpu,
            STREAMS * size.flat_events,
        );
    }
}

fn add_cpu(
    table: &mut Table,
    name: &str,
    bar: Bar,
    target: &Target,
    cpu: Option<f64>,
    events: usize,
) {
    if let Some(cpu) = cpu {
        table.add(name, 3, bar, target.name(), cpu * 10_000.0 / events as f64);
    }
}

fn requests(table: &mut Table, targets: &[Target], size: &Size) {
    for (connections, bar) in [1, 32, 256].map(|at_once| (at_once, Bar::TimesRelayAtLeast(0.3))) {
        for target in targets {
            let measured = target.job(&format!("requests {connections} {}", size.requests_ms));
            table.add(
                &format!("requests/s, {connections} at once"),
                0,
                bar,
                target.name(),
                measured[0],
            );
        }
    }
}

fn uploads(table: &mut Table, targets: &[Target], size: &Size) {
    for (megabytes, count) in [(8, size.uploads), (100, 1)] {
        for target in targets {
            let measured = target.job(&format!("upload {} {count}", megabytes * 1_000_000));
            table.add(
                &format!("upload, bodies of {megabytes} MB, MB/s"),
                0,
                Bar::TimesRelayAtLeast(0.7),
                target.name(),
                measured[0],
            );
        }
    }
}

/// Whether all that passed was recorded.
fn tell_record(table: &mut Table, name: &'static str, home: &Home, counted: f64) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (rows, gap_bytes) = runtime.block_on(async {
        let mut service = grpc::connect(&home.socket()).await;
        wait::until("all has been written and derived", async || {
            let before = grpc::status(&mut service).await;
            let rows = home.view().ls(&[]);
            let open = rows.iter().filter(|row| row["end_state"].is_null()).count();
            let status = grpc::status(&mut service).await;
            let settled = open == 0
                && status.derived_seq == status.head_seq
                && status.head_seq == before.head_seq;
            if settled {
                Ok((rows, status.gap_bytes))
            } else {
                Err(format!("{open} of {} are open; {status:?}", rows.len()))
            }
        })
        .await
    });
    let partial = |of_uploads: bool| {
        let gaps = rows
            .iter()
            .filter(|row| row["recorded"] != "full" && (row["path"] == "/v1/files") == of_uploads);
        for row in gaps.clone().take(3) {
            eprintln!("partial: exchange {}, {}", view::id(row), row);
        }
        gaps.count() as f64
    };
    table.add("exchanges with gaps, uploads left out", 0, Bar::AtMost(0.0), name, partial(false));
    table.add("exchanges with gaps, uploads", 0, Bar::AtMost(0.0), name, partial(true));
    table.add("bytes not recorded", 0, Bar::AtMost(0.0), name, gap_bytes as f64);
    table.add("exchanges listed", 0, Bar::None, name, rows.len() as f64);
    table.add(
        "exchanges that the upstream saw and none lists",
        0,
        Bar::AtMost(0.0),
        name,
        (counted - rows.len() as f64).abs(),
    );
}

/// Fresh proxies, one session each, a clean stop: memory and disk.
fn agent_session(table: &mut Table, targets: &[Target], _: &Size) {
    let Some(Target::Direct(upstream)) = targets.first() else { return };
    for target in targets[1..].iter().map(|target| target.fresh(*upstream)) {
        let name = target.name();
        // Not under its own name: the requests of that one are counted.
        let raw = job("agent", target.address(), &format!("agent {TURNS}"))[0];
        let peak = target.peak_megabytes().expect("a process");
        table.add("peak memory, agent session, MB", 1, Bar::AtMost(40.0), name, peak);
        if let Target::Ccdumpd { home, mut daemon, .. } = target {
            daemon.stop();
            let share = |prefix| home.disk_bytes(prefix) as f64 / raw;
            table.add(
                "disk per raw byte, agent session, canonical",
                4,
                Bar::AtMost(0.035),
                name,
                share("ccdump.db"),
            );
            table.add(
                "disk per raw byte, agent session, derived",
                4,
                Bar::None,
                name,
                share("index.db"),
            );
        }
    }
}
