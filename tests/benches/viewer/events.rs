//! From the upstream's writing of an event to the screen that shows it.

use std::time::{Duration, Instant};

use ccdump_tests::{process::cpu_seconds, terminal::Terminal};

use crate::{
    Size, screen,
    stage::{LIMIT, Stage, megabytes, quit},
    table::{Bar, Table},
    upstream::Pause,
};

const PAUSE: Duration = Duration::from_millis(20);
/// Viewers that are attached besides.
const OTHERS: usize = 2;
const FLOOD_PER_SECOND: u32 = 2_000;

/// Events come one by one, as from a model.
pub(crate) fn latency(table: &mut Table, stage: &Stage, size: &Size) {
    let viewer = following(stage);
    let others: Vec<Terminal> = (0..OTHERS).map(|_| following(stage)).collect();
    let letter = stage.next_letter();
    let answer = stage.goes_on(letter, size.events, Pause::About(PAUSE));
    let delays = delays(stage, &viewer, letter, size.events);
    stage.finish(answer);
    table.add(
        stage.name,
        "events without a frame",
        Bar::Max(0.0),
        vec![(size.events - delays.len()) as f64],
    );
    table.add(stage.name, "upstream → screen, 3 viewers, ms", Bar::P95(50.0), delays);
    for viewer in others.iter().chain([&viewer]) {
        quit(viewer);
    }
}

/// Events come faster than any screen shows them.
pub(crate) fn flood(table: &mut Table, stage: &Stage, size: &Size) {
    let viewer = following(stage);
    let count = (size.flood_seconds * u64::from(FLOOD_PER_SECOND)) as usize;
    let frames_before = viewer.frames().len();
    let (started, cpu_before, daemon_before) =
        (Instant::now(), cpu_seconds(viewer.pid()), cpu_seconds(stage.daemon_pid()));
    let letter = stage.next_letter();
    let answer = stage.goes_on(letter, count, Pause::PerSecond(FLOOD_PER_SECOND));
    let delays = delays(stage, &viewer, letter, count);
    let seconds = started.elapsed().as_secs_f64();
    let share = |before: f64, pid: u32| 100.0 * (cpu_seconds(pid) - before) / seconds;
    table.add(
        stage.name,
        "flood: CPU of the viewer, % of a core",
        Bar::Max(60.0),
        vec![share(cpu_before, viewer.pid())],
    );
    table.add(
        stage.name,
        "flood: CPU of the daemon, % of a core",
        Bar::None,
        vec![share(daemon_before, stage.daemon_pid())],
    );
    table.add(
        stage.name,
        "flood: frames/s",
        Bar::Least(30.0),
        vec![(viewer.frames().len() - frames_before) as f64 / seconds],
    );
    table.add(
        stage.name,
        "flood: events/s sent",
        Bar::Least(0.95 * f64::from(FLOOD_PER_SECOND)),
        vec![sent_per_second(stage)],
    );
    table.add(
        stage.name,
        "flood: events without a frame",
        Bar::Max(0.0),
        vec![(count - delays.len()) as f64],
    );
    table.add(stage.name, "flood: upstream → screen, ms", Bar::None, delays);
    table.add(
        stage.name,
        "flood: memory, peak, MB",
        Bar::Max(80.0),
        vec![megabytes(&viewer, "VmHWM")],
    );
    stage.finish(answer);
    quit(&viewer);
}

/// A viewer at the end of the newest conversation, whatever has been added to it.
fn following(stage: &Stage) -> Terminal {
    let viewer = stage.viewer();
    let at_end =
        |screen: &_| screen::shows_end(screen, &stage.mark) || screen::shows_counter(screen);
    viewer.wait_until_within("it is attached", LIMIT, at_end);
    viewer.wait_until_quiet(Duration::from_millis(200));
    viewer
}

/// Milliseconds from writing to showing, for each event that is shown or lies before one that is.
fn delays(stage: &Stage, viewer: &Terminal, letter: char, count: usize) -> Vec<f64> {
    let mut delays = Vec::new();
    viewer.watch(Duration::from_secs(120), |screen, at| {
        if let Some(newest) = screen::newest_counter(screen, letter) {
            let sent = stage.upstream.sent();
            let shown = sent.iter().take(newest + 1).skip(delays.len());
            delays
                .extend(shown.map(|sent| at.saturating_duration_since(*sent).as_secs_f64() * 1e3));
        }
        delays.len() >= count
    });
    delays
}

fn sent_per_second(stage: &Stage) -> f64 {
    let sent = stage.upstream.sent();
    match (sent.first(), sent.last()) {
        (Some(first), Some(last)) if last > first => {
            sent.len() as f64 / (*last - *first).as_secs_f64()
        }
        _ => f64::NAN,
    }
}
