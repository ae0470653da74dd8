//! The kernel's side of a terminal.

use std::path::Path;

use rustix::{
    fs::{Mode, OFlags, open},
    termios::{ControlModes, InputModes, LocalModes, OutputModes, tcgetattr},
};

/// How the kernel treats input and output: the flags of `stty -a`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TtyModes {
    pub input: InputModes,
    pub output: OutputModes,
    pub control: ControlModes,
    pub local: LocalModes,
}

impl TtyModes {
    /// # Panics
    /// When there is no such terminal.
    pub(super) fn of(tty: &Path) -> Self {
        // Whoever leads a session must not get it as the controlling terminal by looking at it.
        let opened = open(tty, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty());
        let file = opened.unwrap_or_else(|error| panic!("cannot open {}: {error}", tty.display()));
        let termios = tcgetattr(file)
            .unwrap_or_else(|error| panic!("{} is no terminal: {error}", tty.display()));
        Self {
            input: termios.input_modes,
            output: termios.output_modes,
            control: termios.control_modes,
            local: termios.local_modes,
        }
    }

    /// Whether the kernel edits and echoes lines, as for a shell.
    pub fn is_cooked(&self) -> bool {
        self.local.contains(LocalModes::ICANON | LocalModes::ECHO)
    }
}
