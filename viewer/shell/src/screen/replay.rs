//! A report on the terminal, key by key.

use ccdump_state::{
    Event,
    config::Config,
    keymap::{Code, Key},
};
use tokio::sync::mpsc;

use super::{
    config_files,
    effects::Incoming,
    input, log, signals,
    terminal::{Screen, give_back_on_panic},
};
use crate::{
    Look,
    failure::Failure,
    report::{Source, Stage},
};

/// Keys that wait. When it is full the terminal keeps them.
const EVENTS: usize = 64;

/// What a key does here.
enum Step {
    Next,
    All,
    Leave,
    Redraw,
    Suspend,
    Nothing,
}

/// Shows a report until the person leaves. The stage must have been settled.
pub async fn run(mut stage: Stage, mut source: Source, look: Look) -> Result<(), Failure> {
    log::begin();
    stage.state.config = Config::built_in(&config_files::wish(None));
    let (events, mut incoming) = mpsc::channel(EVENTS);
    give_back_on_panic();
    let mut screen = Screen::take(false)?;
    signals::listen(events.clone());
    input::listen(events);
    loop {
        screen.draw(|frame| (look.draw_replay)(frame, &stage))?;
        let step = match incoming.recv().await {
            Some(Incoming::Event(Event::Key(key))) => step(key),
            Some(Incoming::Event(Event::Leave)) | None => Step::Leave,
            Some(_) => Step::Nothing,
        };
        match step {
            Step::Next if !stage.is_over() => stage.step(&mut source).await?,
            Step::All => {
                while !stage.is_over() {
                    stage.step(&mut source).await?;
                }
            }
            Step::Leave => return Ok(()),
            Step::Redraw => screen.redraw()?,
            Step::Suspend => screen.suspend()?,
            Step::Next | Step::Nothing => {}
        }
    }
}

fn step(key: Key) -> Step {
    match (key.ctrl, key.code) {
        (false, Code::Char(' ') | Code::Enter) => Step::Next,
        (false, Code::Char('a')) => Step::All,
        (false, Code::Char('q') | Code::Escape) | (true, Code::Char('c')) => Step::Leave,
        (true, Code::Char('l')) => Step::Redraw,
        (true, Code::Char('z')) => Step::Suspend,
        _ => Step::Nothing,
    }
}
