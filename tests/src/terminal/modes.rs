//! What a program has switched on and off in a terminal.

use super::escapes::{Escape, escapes};

const ALTERNATE_SCREEN: [u16; 3] = [47, 1047, 1049];
const MOUSE: [u16; 9] = [9, 1000, 1001, 1002, 1003, 1005, 1006, 1015, 1016];

/// The state at the end of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modes {
    pub alternate_screen: bool,
    /// How often it was left.
    pub alternate_screen_left: usize,
    pub cursor_visible: bool,
    /// Mouse modes that are on, by number.
    pub mouse: Vec<u16>,
    pub bracketed_paste: bool,
    pub focus_reports: bool,
    pub application_cursor: bool,
    pub application_keypad: bool,
    pub line_wrap: bool,
    /// Keyboard enhancements (`CSI > u`) that were pushed and not popped.
    pub keyboard_enhancements: usize,
    /// Inside of a synchronized frame.
    pub synchronized: bool,
    /// Every bracket of synchronized output had its counterpart, in turn.
    pub synchronized_in_turn: bool,
}

impl Modes {
    pub fn of(output: &[u8]) -> Self {
        let mut modes = Self {
            alternate_screen: false,
            alternate_screen_left: 0,
            cursor_visible: true,
            mouse: Vec::new(),
            bracketed_paste: false,
            focus_reports: false,
            application_cursor: false,
            application_keypad: false,
            line_wrap: true,
            keyboard_enhancements: 0,
            synchronized: false,
            synchronized_in_turn: true,
        };
        for escape in escapes(output) {
            modes.apply(&escape);
        }
        modes
    }

    fn apply(&mut self, escape: &Escape) {
        match escape {
            Escape::Csi { marks, parameters, last } => {
                let numbers: Vec<u16> =
                    parameters.iter().filter_map(|parameter| parameter.first().copied()).collect();
                match (marks.as_str(), last) {
                    ("?", 'h') => numbers.into_iter().for_each(|mode| self.switch(mode, true)),
                    ("?", 'l') => numbers.into_iter().for_each(|mode| self.switch(mode, false)),
                    (">", 'u') => self.keyboard_enhancements += 1,
                    ("<", 'u') => {
                        let popped =
                            usize::from(numbers.first().copied().unwrap_or_default().max(1));
                        self.keyboard_enhancements =
                            self.keyboard_enhancements.saturating_sub(popped);
                    }
                    _ => {}
                }
            }
            Escape::Esc { marks, last: last @ ('=' | '>') } if marks.is_empty() => {
                self.application_keypad = *last == '='
            }
            _ => {}
        }
    }

    fn switch(&mut self, mode: u16, on: bool) {
        match mode {
            1 => self.application_cursor = on,
            7 => self.line_wrap = on,
            25 => self.cursor_visible = on,
            1004 => self.focus_reports = on,
            2004 => self.bracketed_paste = on,
            2026 => {
                self.synchronized_in_turn &= self.synchronized != on;
                self.synchronized = on;
            }
            mode if ALTERNATE_SCREEN.contains(&mode) => {
                self.alternate_screen_left += usize::from(self.alternate_screen && !on);
                self.alternate_screen = on;
            }
            mode if MOUSE.contains(&mode) => {
                self.mouse.retain(|other| *other != mode);
                if on {
                    self.mouse.push(mode);
                }
            }
            _ => {}
        }
    }

    /// What a shell would not expect, in words.
    pub fn left_over(&self) -> Vec<String> {
        let words = [
            (self.alternate_screen, "the alternate screen is on"),
            (!self.cursor_visible, "the cursor is hidden"),
            (self.bracketed_paste, "bracketed paste is on"),
            (self.focus_reports, "focus reports are on"),
            (self.application_cursor, "cursor keys are in application mode"),
            (self.application_keypad, "the keypad is in application mode"),
            (!self.line_wrap, "lines do not wrap"),
            (self.keyboard_enhancements > 0, "keyboard enhancements are on"),
            (self.synchronized, "a synchronized frame is open"),
        ];
        let mut left_over: Vec<String> =
            words.iter().filter(|(on, _)| *on).map(|(_, what)| (*what).to_owned()).collect();
        if !self.mouse.is_empty() {
            left_over.push(format!("mouse modes {:?} are on", self.mouse));
        }
        left_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_on_is_told() {
        let cases: [(&str, &[&str]); 10] = [
            (
                "\x1b[?1049h\x1b[?25l\x1b[?1000;1006h\x1b[?2004h\x1b[?2026hx\x1b[?2026l\x1b[?2004l\x1b[?1006;1000l\x1b[?25h\x1b[?1049l",
                &[],
            ),
            ("\x1b[?1049h", &["the alternate screen is on"]),
            ("\x1b[?25l", &["the cursor is hidden"]),
            ("\x1b[?1002h\x1b[?1006h\x1b[?1006l", &["mouse modes [1002] are on"]),
            ("\x1b[?2004h", &["bracketed paste is on"]),
            (
                "\x1b[?1h\x1b=",
                &["cursor keys are in application mode", "the keypad is in application mode"],
            ),
            ("\x1b[?7l", &["lines do not wrap"]),
            ("\x1b[>5u\x1b[>1u\x1b[<u", &["keyboard enhancements are on"]),
            ("\x1b[>5u\x1b[>1u\x1b[<2u", &[]),
            ("\x1b[?2026h", &["a synchronized frame is open"]),
        ];
        for (output, expected) in cases {
            assert_eq!(Modes::of(output.as_bytes()).left_over(), expected, "{output:?}");
        }
    }

    #[test]
    fn brackets_are_counted_in_turn_and_leaves_of_the_alternate_screen_one_by_one() {
        let in_turn = |output: &str| Modes::of(output.as_bytes()).synchronized_in_turn;
        assert!(in_turn("\x1b[?2026h\x1b[?2026l\x1b[?2026h"));
        assert!(!in_turn("\x1b[?2026h\x1b[?2026h\x1b[?2026l"));
        assert!(!in_turn("\x1b[?2026l"));
        let left = |output: &str| Modes::of(output.as_bytes()).alternate_screen_left;
        assert_eq!(left("\x1b[?1049h\x1b[?1049l\x1b[?1049l"), 1);
        assert_eq!(left("\x1b[?1049h\x1b[?1049l\x1b[?1049h\x1b[?47l"), 2);
    }
}
