//! What the person types.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use ccdump_state::{
    Event,
    keymap::{Code, Key},
    mouse::{Action, Mouse},
};
use crossterm::event::{self, KeyCode, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind};
use tokio::sync::mpsc;

use super::effects::Incoming;

/// A key with this name makes the viewer panic, for tests of what happens then.
const PANIC_KEY: &str = "CCDUMP_TEST_PANIC_KEY";

/// Somebody else reads the terminal.
static AWAY: AtomicBool = AtomicBool::new(false);
/// How soon the thread notices.
const LOOK_UP: Duration = Duration::from_millis(100);

/// Lets another program read the terminal while this lives.
pub(super) struct Away(());

impl Away {
    /// Waits until the thread does not read any more.
    pub(super) fn new() -> Self {
        AWAY.store(true, Ordering::Release);
        std::thread::sleep(2 * LOOK_UP);
        Self(())
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        AWAY.store(false, Ordering::Release);
    }
}

/// Reads the terminal in a thread of its own, which ends with the process.
pub(super) fn listen(events: mpsc::Sender<Incoming>) {
    let panic_key = std::env::var(PANIC_KEY).ok().and_then(|name| Key::parse(&name));
    let thread = std::thread::Builder::new().name("input".to_owned()).spawn(move || {
        loop {
            if AWAY.load(Ordering::Acquire) {
                std::thread::sleep(LOOK_UP);
                continue;
            }
            let event = match event::poll(LOOK_UP)
                .and_then(|there| if there { event::read().map(Some) } else { Ok(None) })
            {
                Ok(None) => continue,
                Ok(Some(event)) => translate(event),
                // The terminal is gone.
                Err(_) => Some(Event::Leave),
            };
            let Some(event) = event else { continue };
            assert!(
                !matches!(event, Event::Key(key) if Some(key) == panic_key),
                "the key of {PANIC_KEY} was pressed"
            );
            let is_last = matches!(event, Event::Leave);
            if events.blocking_send(event.into()).is_err() || is_last {
                return;
            }
        }
    });
    if let Err(error) = thread {
        super::log::line(&format!("cannot read keys: {error}"));
    }
}

fn translate(event: event::Event) -> Option<Event> {
    match event {
        event::Event::Key(key) if key.kind != KeyEventKind::Release => {
            Some(Event::Key(key_of(key)?))
        }
        event::Event::Mouse(mouse) => Some(Event::Mouse(Mouse {
            action: action_of(mouse.kind)?,
            x: mouse.column,
            y: mouse.row,
        })),
        event::Event::Resize(width, height) => Some(Event::Resize { width, height }),
        // Pasted text is no command.
        _ => None,
    }
}

fn action_of(kind: MouseEventKind) -> Option<Action> {
    match kind {
        MouseEventKind::Down(MouseButton::Left) => Some(Action::Press),
        MouseEventKind::Drag(MouseButton::Left) => Some(Action::Drag),
        MouseEventKind::Up(MouseButton::Left) => Some(Action::Release),
        MouseEventKind::ScrollUp => Some(Action::WheelUp),
        MouseEventKind::ScrollDown => Some(Action::WheelDown),
        _ => None,
    }
}

fn key_of(key: event::KeyEvent) -> Option<Key> {
    let code = match key.code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Escape,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(number) => Code::Function(number),
        _ => return None,
    };
    let has = |modifier| key.modifiers.contains(modifier);
    Some(Key { code, ctrl: has(KeyModifiers::CONTROL), alt: has(KeyModifiers::ALT) })
}
