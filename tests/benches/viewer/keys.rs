//! From a key to the frame that answers it.

use std::time::{Duration, Instant};

use ccdump_tests::{process::running_seconds, terminal::Terminal};

use crate::{
    Size,
    screen::{AGENTS, CATEGORIES, CATEGORY_PRESSES, END, ENDS, NEXT_TURN, Stroke, TOP, WALKS},
    stage::{Stage, megabytes, quit, strike},
    table::{Bar, Table},
};

/// A viewer that has not written for so long has nothing more to say about the key before.
const QUIET: Duration = Duration::from_millis(60);
/// A key that is not answered by then is not answered.
const UNANSWERED: Duration = Duration::from_secs(2);

/// It does not grow with the record: without the list of agents, which has more to show of a larger
/// one, the screens are alike.
pub(crate) const PER_KEY: &str = "without agents, at end: CPU per key, ms";

/// Milliseconds from keys to their frames.
#[derive(Default)]
struct Times {
    /// The end of the first frame after it.
    first: Vec<f64>,
    /// The end of the last one that shows something new, where more is fetched first.
    last: Vec<f64>,
    unanswered: usize,
    /// Of the viewer, in seconds.
    cpu: f64,
    /// Frames after the first that show nothing new.
    needless: usize,
}

impl Times {
    fn press(&mut self, viewer: &Terminal, stroke: Stroke) {
        viewer.wait_until_quiet(QUIET);
        let frames = viewer.frames().len();
        let pressed = Instant::now();
        strike(viewer, stroke);
        let Some(first) = viewer.frame_since(pressed, UNANSWERED) else {
            self.unanswered += 1;
            return;
        };
        viewer.wait_until_quiet(QUIET);
        let answers = &viewer.frames()[frames..];
        let last =
            answers.iter().rfind(|frame| frame.changes).map_or(first.ended, |frame| frame.ended);
        self.first.push((first.ended - pressed).as_secs_f64() * 1e3);
        self.last.push((last - pressed).as_secs_f64() * 1e3);
        self.needless += answers[1..].iter().filter(|frame| !frame.changes).count();
    }

    fn add(self, all: &mut Self, table: &mut Table, store: &'static str, kind: &str) {
        all.first.extend(&self.first);
        all.unanswered += self.unanswered;
        all.cpu += self.cpu;
        all.needless += self.needless;
        table.add(store, &format!("{kind}: key → frame, ms"), Bar::P99(16.0), self.first);
        table.add(store, &format!("{kind}: key → last frame, ms"), Bar::None, self.last);
    }
}

pub(crate) fn measure(table: &mut Table, stage: &Stage, size: &Size) {
    let viewer = stage.attached();
    let mut all = Times::default();
    let categories: Vec<Stroke> =
        CATEGORIES.iter().flat_map(|stroke| [*stroke; CATEGORY_PRESSES]).collect();
    for place in ["top", "middle", "end"] {
        for (kind, there, back) in WALKS {
            // At the end there is nothing after it.
            let round = if place == "end" { [back, there] } else { [there, back] }.concat();
            press_all(&viewer, place, stage, &round, size.presses).add(
                &mut all,
                table,
                stage.name,
                &format!("{kind} at {place}"),
            );
        }
        press_all(&viewer, place, stage, &categories, size.presses).add(
            &mut all,
            table,
            stage.name,
            &format!("category at {place}"),
        );
    }
    press_all(&viewer, "end", stage, &ENDS, size.presses).add(
        &mut all,
        table,
        stage.name,
        "first and last line",
    );
    table.add(
        stage.name,
        "frames after a key that show nothing new",
        Bar::None,
        vec![all.needless as f64 / all.first.len() as f64],
    );
    table.add(stage.name, "all keys: key → frame, ms", Bar::P99(16.0), all.first);
    strike(&viewer, AGENTS);
    let mut alike = Times::default();
    for (kind, there, back) in WALKS {
        let times = press_all(&viewer, "end", stage, &[back, there].concat(), size.presses);
        times.add(&mut alike, table, stage.name, &format!("{kind} at end without agents"));
    }
    table.add(stage.name, PER_KEY, Bar::None, vec![alike.cpu * 1e3 / alike.first.len() as f64]);
    table.add(stage.name, "keys without a frame", Bar::Max(0.0), vec![all.unanswered as f64]);
    table.add(
        stage.name,
        "memory after the keys, MB",
        Bar::Max(80.0),
        vec![megabytes(&viewer, "VmRSS")],
    );
    table.add(
        stage.name,
        "memory after the keys, peak, MB",
        Bar::Max(80.0),
        vec![megabytes(&viewer, "VmHWM")],
    );
    quit(&viewer);
}

/// Goes to that place, and presses the strokes of `round` in turn, `presses` in all or some more.
fn press_all(
    viewer: &Terminal,
    place: &str,
    stage: &Stage,
    round: &[Stroke],
    presses: usize,
) -> Times {
    go_to(viewer, place, stage.turns);
    let mut times = Times::default();
    let before = running_seconds(viewer.pid());
    for _ in 0..presses.div_ceil(round.len()) {
        for stroke in round {
            times.press(viewer, *stroke);
        }
    }
    times.cpu = running_seconds(viewer.pid()) - before;
    times
}

fn go_to(viewer: &Terminal, place: &str, turns: usize) {
    let strokes = match place {
        "top" => vec![TOP],
        "middle" => [vec![TOP], vec![NEXT_TURN; turns / 2]].concat(),
        _ => vec![END],
    };
    for stroke in strokes {
        let pressed = Instant::now();
        strike(viewer, stroke);
        viewer.frame_since(pressed, UNANSWERED);
    }
    viewer.wait_until_quiet(QUIET);
}
