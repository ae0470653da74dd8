//! From a saved source to what it changes on the screen, with the host's own builder, in a copy of
//! this workspace.
//!
//! What is seen is timed on the terminal; what is not (an edit that changes nothing to see) and the
//! parts of a swap are the host's own figures, from its record.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use ccdump_tests::{
    dev::own_builder,
    figures::percentile,
    terminal::{Screen, Terminal},
    workspace::Workspace,
};
use serde_json::Value;

use crate::{
    Size, screen,
    stage::Stage,
    table::{Bar, Table},
};

/// The first build is one of everything.
const COLD: Duration = Duration::from_secs(1_200);
const LIMIT: Duration = Duration::from_secs(60);
/// Viewers that are attached besides.
const OTHERS: usize = 3;
const TOP: &str = "viewer/src/view/top.rs";
const TURN: &str = "viewer/src/lines/turn.rs";
const SIDEBAR: &str = "viewer/state/src/sidebar.rs";
const MAIN: &str = "viewer/src/main.rs";

struct Bench<'a> {
    stage: &'a Stage,
    workspace: Workspace,
    terminal: Terminal,
    record: PathBuf,
    number: usize,
}

pub(crate) fn measure(table: &mut Table, stage: &Stage, size: &Size) {
    let workspace = Workspace::copy(&stage.sources, &stage.kept.join("bench-reload"));
    let terminal = own_builder(stage.view(), workspace.root(), screen::ROWS, screen::COLS);
    terminal.wait_until_within("the first viewer is built", COLD, |seen| {
        screen::shows_end(seen, &stage.mark)
    });
    let record = stage.view().state_dir().join("ccdump/hot-reload.jsonl");
    let mut bench = Bench { stage, workspace, terminal, record, number: 0 };
    // The first edit is built by cargo, which then has told how.
    bench.literal(TOP, "\" ccdump", "ccdump");
    let edits = size.edits;

    let view = (0..edits).map(|_| bench.literal(TOP, "\" ccdump", "ccdump")).collect();
    table.add(stage.name, "save → screen, a literal of the view, ms", Bar::P50(1_200.0), view);
    let lines = (0..edits).map(|_| bench.literal(TURN, "&format!(\" {speaker}", "main")).collect();
    table.add(stage.name, "save → screen, a literal of the lines, ms", Bar::P50(1_200.0), lines);
    let few = edits.div_ceil(4);
    let logic = (0..few)
        .map(|number| {
            bench.quietly(TOP, "last_turn + 1", &format!("last_turn + 1 + {number} - {number}"))
        })
        .collect();
    table.add(stage.name, "save → ready, logic of the view, ms", Bar::None, logic);
    let logic = (0..few)
        .map(|number| {
            bench.quietly(SIDEBAR, "(chosen + 1)", &format!("(chosen + 1 + {number} - {number})"))
        })
        .collect();
    table.add(stage.name, "save → ready, logic of the state, ms", Bar::None, logic);
    let field = (0..few).map(|number| bench.field(number)).collect();
    table.add(stage.name, "save → ready, a new field in the state, ms", Bar::None, field);

    bench.under_streams(table, edits);

    let wrong: Vec<f64> = (0..few).map(|_| bench.error("fn place(", "fn place((")).collect();
    table.add(stage.name, "save → error on the screen, syntax, ms", Bar::P50(600.0), wrong);
    let wrong: Vec<f64> = (0..few)
        .map(|_| bench.error("let number: usize = talk", "let number: u8 = talk"))
        .collect();
    table.add(stage.name, "save → error on the screen, type, ms", Bar::P50(600.0), wrong);

    let back = (0..few).map(|_| bench.rollback()).collect();
    table.add(stage.name, "failure → the last good viewer, ms", Bar::Max(500.0), back);
    let part =
        |name: &str| bench.entries().iter().filter_map(|entry| entry.get(name)?.as_f64()).collect();
    table.add(stage.name, "hand-over, ms", Bar::None, part("handover_ms"));
    table.add(stage.name, "old exit → first frame, ms", Bar::P95(100.0), part("first_frame_ms"));
    crate::stage::quit(&bench.terminal);
}

impl Bench<'_> {
    /// While two streams flow, one through the daemon and one that goes straight to the same
    /// upstream, and three more viewers look on.
    fn under_streams(&mut self, table: &mut Table, edits: usize) {
        let others: Vec<Terminal> = (0..OTHERS).map(|_| self.stage.viewer()).collect();
        let count = edits * 400;
        let [straight, proxied] = self.stage.timed_streams(count, Duration::from_millis(5));
        for _ in 0..edits {
            self.swapped_now();
            thread::sleep(Duration::from_millis(500));
        }
        let mut delays = [straight, proxied].map(|stream| self.stage.join(stream));
        let lost: usize = delays.iter().map(|delays| count - delays.len()).sum();
        let [straight, proxied] = delays.each_mut().map(|delays| {
            delays.sort_by(f64::total_cmp);
            percentile(delays, 0.999)
        });
        let name = self.stage.name;
        table.add(name, "events that did not arrive", Bar::Max(0.0), vec![lost as f64]);
        table.add(name, "event delay p99.9, straight, ms", Bar::None, vec![straight]);
        table.add(
            name,
            "event delay p99.9, through the daemon, ms",
            Bar::Max(straight + 5.0),
            vec![proxied],
        );
        others.iter().for_each(crate::stage::quit);
    }

    /// An edit of the view that is not waited out for rest before.
    fn swapped_now(&mut self) {
        self.number += 1;
        let source =
            self.original(TOP).replacen("\" ccdump", &format!("\" ccdumps{}", self.number), 1);
        let before = self.swaps().len();
        self.workspace.save(Path::new(TOP), &source);
        wait(|| self.swaps().len() > before);
    }

    fn swaps(&self) -> Vec<Value> {
        self.entries().into_iter().filter(|entry| entry["what"] == "swap").collect()
    }

    /// Changes a literal, and waits until `seen` stands on the screen with a number of its own.
    fn literal(&mut self, file: &str, literal: &str, seen: &str) -> f64 {
        self.number += 1;
        let tag = format!("v{:03}", self.number);
        let source = self.original(file).replacen(literal, &format!("{literal}{tag}"), 1);
        // Where the literal ends in a placeholder, the tag stands behind what takes its place.
        let wanted = format!("{seen}{tag}");
        self.until(file, &source, |screen| screen.contains(&wanted))
    }

    /// Changes something that is not seen.
    fn quietly(&mut self, file: &str, old: &str, new: &str) -> f64 {
        self.swapped(file, &self.original(file).replacen(old, new, 1))
    }

    /// Adds a field to what is kept of a component.
    fn field(&mut self, number: usize) -> f64 {
        let source = self.original(SIDEBAR);
        let source = source.replacen(
            "    focused: bool,\n}\n\nimpl Default",
            &format!("    focused: bool,\n    probe_{number}: u32,\n}}\n\nimpl Default"),
            1,
        );
        let source = source.replacen(
            "focused: self.focused }",
            &format!("focused: self.focused, probe_{number}: 1 }}"),
            1,
        );
        self.swapped(SIDEBAR, &source)
    }

    /// Breaks a source, waits for the error, and mends it.
    fn error(&mut self, old: &str, new: &str) -> f64 {
        let good = self.original(TOP).replacen("let number = talk", "let number: usize = talk", 1);
        self.swapped(TOP, &good);
        let place = format!("{TOP}:");
        let took = self.until(TOP, &good.replacen(old, new, 1), |screen| screen.contains(&place));
        self.until(
            TOP,
            &good.replacen("\" ccdump", &format!("\" ccdumpe{}", self.number), 1),
            |screen| !screen.contains(&place),
        );
        self.number += 1;
        took
    }

    /// Builds a viewer that panics at once.
    fn rollback(&mut self) -> f64 {
        let count = |bench: &Self| {
            bench.entries().iter().filter(|entry| entry["what"] == "recovered").count()
        };
        let before = count(self);
        let good = self.original(MAIN);
        self.number += 1;
        let bad = format!(
            "panic!(\"bench {}\");\n    #[expect(unreachable_code)]\n    ccdump_shell::main(LOOK)",
            self.number
        );
        self.workspace.save(Path::new(MAIN), &good.replacen("ccdump_shell::main(LOOK)", &bad, 1));
        wait(|| count(self) > before);
        let took = self
            .entries()
            .iter()
            .rev()
            .find_map(|entry| entry["took_ms"].as_f64())
            .expect("a figure");
        self.swapped(MAIN, &format!("{good}// {}\n", self.number));
        took
    }

    /// Saves, and waits until the screen is as it should be. In milliseconds.
    fn until(&self, file: &str, source: &str, mut shown: impl FnMut(&Screen) -> bool) -> f64 {
        self.settle();
        let saved = Instant::now();
        self.workspace.save(Path::new(file), source);
        let mut shown_at = saved;
        let seen = self.terminal.watch(LIMIT, |screen, at| {
            shown_at = at;
            shown(screen)
        });
        assert!(seen.is_some(), "an edit of {file} is not seen:\n{}", self.terminal.screen());
        (shown_at - saved).as_secs_f64() * 1e3
    }

    /// Saves, and waits until the host says that the new viewer is ready. In milliseconds.
    fn swapped(&self, file: &str, source: &str) -> f64 {
        self.settle();
        let before = self.swaps().len();
        self.workspace.save(Path::new(file), source);
        wait(|| self.swaps().len() > before);
        self.swaps().last().and_then(|swap| swap["total_ms"].as_f64()).expect("a figure")
    }

    /// The viewer before has come to rest, and so has everything that it made others do.
    fn settle(&self) {
        self.terminal.wait_until_quiet(Duration::from_millis(500));
        crate::stage::until_idle(self.stage.daemon_pid());
    }

    /// A source as it is in this workspace.
    fn original(&self, file: &str) -> String {
        fs::read_to_string(self.stage.sources.join(file)).expect("readable")
    }

    fn entries(&self) -> Vec<Value> {
        let record = fs::read_to_string(&self.record).unwrap_or_default();
        record.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

fn wait(mut is_done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_done() {
        assert!(began.elapsed() < LIMIT, "the host says nothing");
        thread::sleep(Duration::from_millis(20));
    }
}
