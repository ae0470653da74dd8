//! The viewer on a terminal: one loop. Everything that happens comes in through one channel,
//! changes the state, and is drawn.

mod bring;
mod clipboard;
mod compare;
mod config_files;
mod edit;
mod effects;
mod feed;
pub mod fetch;
mod follow;
pub mod former;
mod hosted;
mod input;
mod log;
mod replay;
mod search;
mod signals;
mod terminal;

use std::{path::PathBuf, time::Duration};

use ccdump_client::link::Link;
use ccdump_state::{Event, Moment, State, config::Config, moment};
use jiff::{Timestamp, tz::TimeZone};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

use self::{
    effects::{Effects, Incoming},
    follow::Begin,
    terminal::Screen,
};
use crate::{Look, failure::Failure};

/// Events that wait to be taken in. When it is full, whoever has news waits: the daemon keeps them.
const EVENTS: usize = 256;
/// The shortest time between two frames; a key is answered at once after a quiet time.
const FRAME: Duration = Duration::from_millis(16);
/// The first frame is to show everything; but nobody looks at an empty terminal for longer than
/// this.
const FIRST_FRAME: Duration = Duration::from_millis(300);
/// Where processors are short, the agents' traffic goes before what shows it.
const NICE: i32 = 5;
/// As many events are taken in between two frames at most, so that a flood does not stop the
/// screen.
const BURST: usize = 512;

pub use self::replay::run as replay;

/// How to attach.
#[derive(Default)]
pub struct Options {
    /// What the viewer before this one left with the host, for when the daemon has nothing.
    pub state: Option<Vec<u8>>,
    /// The view state to restore and keep; the lowest free default name when it is not given.
    pub name: Option<String>,
    /// Show this moment instead of what is going on now.
    pub moment: Option<Moment>,
    /// The theme to be shown whatever the configuration says.
    pub theme: Option<String>,
}

/// Shows the record until the person leaves. Without a `link` the daemon is waited for, on the
/// screen.
pub async fn run(
    link: Option<Link>,
    socket: PathBuf,
    mut options: Options,
    look: Look,
) -> Result<(), Failure> {
    let started = Instant::now();
    // Where that cannot be said, all are equal.
    rustix::process::nice(NICE).ok();
    log::begin();
    let wish = config_files::wish(options.theme.clone());
    let (events, mut incoming) = mpsc::channel(EVENTS);
    terminal::give_back_on_panic();
    let host = hosted::find()?;
    let built_in = Config::built_in(&wish);
    let configured = ccdump_wire::config::folder()
        .map(|folder| config_files::listen(folder, wish, events.clone()));
    if let Some(host) = &host {
        // From here on it may be waited for: the viewer before has left.
        let before = hosted::listen(host, events.clone()).await?;
        options.name = before.view.or(options.name);
        options.state = before.state.and_then(|state| serde_json::to_vec(&state.data).ok());
    }
    let mut screen = Screen::take(host.is_some())?;
    let (width, height) = screen.size()?;
    let mut state = State::new(width, height, now_us(), TimeZone::system(), look.lines, look.rows);
    state.reloads.hosted = host.is_some();
    let begin = if options.moment.is_some() { Begin::FirstEvent } else { Begin::Now };
    let mut effects = Effects::new(events.clone(), link.clone(), host, begin);
    state.config = built_in;
    if let Some(read) = configured {
        state.update(now_us(), effects.see(read.into()));
    }
    signals::listen(events.clone());
    input::listen(events.clone());
    if let Some(moment) = options.moment.take() {
        options.name = Some(moment::name(options.name));
        state.show_moment(moment);
    }
    let (drawn, is_drawn) = watch::channel(false);
    feed::start(link, socket, options, events, is_drawn);

    let mut is_first = true;
    let mut next_frame = started;
    let mut is_stale = true;
    loop {
        let event = tokio::select! {
            biased;
            () = sleep_until(next_frame), if is_stale => {
                let wanted = state.arrange();
                // What is fetched for the screen never asks to leave.
                effects.run(wanted, &mut screen)?;
                if is_first && !state.is_whole() && started.elapsed() < FIRST_FRAME {
                    // What comes next may make it whole.
                    next_frame = started + FIRST_FRAME;
                    continue;
                }
                screen.mouse(state.has_mouse())?;
                screen.draw(|frame| (look.draw)(frame, &state, state.theme()))?;
                if std::mem::take(&mut is_first) {
                    drawn.send_replace(true);
                    effects.ready(started.elapsed(), &state);
                }
                next_frame = Instant::now() + FRAME;
                is_stale = false;
                continue;
            }
            event = incoming.recv() => event.unwrap_or(Event::Leave.into()),
            () = until(state.deadline()) => Event::Tick.into(),
        };
        let mut next: Option<Incoming> = Some(event);
        let mut taken = 0;
        while let Some(event) = next {
            let wanted = state.update(now_us(), effects.see(event));
            if let Some(end) = effects.run(wanted, &mut screen)? {
                return effects.finish(end, screen).await;
            }
            taken += 1;
            next = if taken < BURST { incoming.try_recv().ok() } else { None };
        }
        is_stale = true;
        if is_first {
            next_frame = started;
        }
    }
}

fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}

fn now_ms() -> u64 {
    u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default()
}

/// Sleeps until a moment of the wall clock, microseconds since the Unix epoch.
async fn until(at_us: Option<i64>) {
    match at_us {
        Some(at_us) => {
            let wait = u64::try_from(at_us.saturating_sub(now_us())).unwrap_or_default();
            tokio::time::sleep(Duration::from_micros(wait.max(1000))).await;
        }
        None => std::future::pending().await,
    }
}
