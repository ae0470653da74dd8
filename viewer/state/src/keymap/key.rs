//! Keys, whatever terminal they come from, and their names.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    Char(char),
    Enter,
    Escape,
    Tab,
    /// Shift and Tab: terminals send it as a key of its own.
    BackTab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    Function(u8),
}

/// Shift is part of a character (`G`), and not kept for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: Code,
    pub ctrl: bool,
    pub alt: bool,
}

const NAMED: [(&str, Code); 15] = [
    ("enter", Code::Enter),
    ("esc", Code::Escape),
    ("tab", Code::Tab),
    ("shift-tab", Code::BackTab),
    ("backspace", Code::Backspace),
    ("delete", Code::Delete),
    ("up", Code::Up),
    ("down", Code::Down),
    ("left", Code::Left),
    ("right", Code::Right),
    ("home", Code::Home),
    ("end", Code::End),
    ("pgup", Code::PageUp),
    ("pgdn", Code::PageDown),
    ("space", Code::Char(' ')),
];

impl Key {
    /// Reads a name such as `G`, `ctrl-d`, `alt-left`, `pgdn`, `f5`.
    pub fn parse(name: &str) -> Option<Self> {
        let (mut ctrl, mut alt, mut rest) = (false, false, name);
        loop {
            match rest.split_once('-') {
                Some(("ctrl", after)) if !after.is_empty() => (ctrl, rest) = (true, after),
                Some(("alt", after)) if !after.is_empty() => (alt, rest) = (true, after),
                _ => break,
            }
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            // With Ctrl terminals do not tell of Shift.
            (Some(only), None) if ctrl => Code::Char(only.to_ascii_lowercase()),
            (Some(only), None) => Code::Char(only),
            (Some('f'), Some(_))
                if rest.get(1..).is_some_and(|number| {
                    number.parse::<u8>().is_ok_and(|number| (1..=24).contains(&number))
                }) =>
            {
                Code::Function(rest.get(1..)?.parse().ok()?)
            }
            _ => NAMED.iter().find(|(name, _)| *name == rest)?.1,
        };
        Some(Self { code, ctrl, alt })
    }

    /// The name that [`Key::parse`] reads.
    pub fn name(self) -> String {
        let ctrl = if self.ctrl { "ctrl-" } else { "" };
        let alt = if self.alt { "alt-" } else { "" };
        let named =
            NAMED.iter().find(|(_, code)| *code == self.code).map(|(name, _)| (*name).to_owned());
        let name = named.unwrap_or_else(|| match self.code {
            Code::Char(c) => c.to_string(),
            Code::Function(number) => format!("f{number}"),
            // All others have a name.
            _ => String::new(),
        });
        format!("{ctrl}{alt}{name}")
    }
}

impl Key {
    /// The key that terminals send instead of this one.
    pub fn same_as(self) -> Option<Self> {
        let code = match self.code {
            Code::Char('i') if self.ctrl => Code::Tab,
            Code::Char('m') if self.ctrl => Code::Enter,
            Code::Char('[') if self.ctrl => Code::Escape,
            _ => return None,
        };
        Some(Self { code, ctrl: false, ..self })
    }
}

impl fmt::Display for Key {
    /// As people read it in the help: `Ctrl-D`, `PgDn`, `↓`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            out.write_str("Ctrl-")?;
        }
        if self.alt {
            out.write_str("Alt-")?;
        }
        let name = match self.code {
            Code::Char(' ') => "Space",
            Code::Char(c) if self.ctrl => return write!(out, "{}", c.to_ascii_uppercase()),
            Code::Char(c) => return write!(out, "{c}"),
            Code::Function(number) => return write!(out, "F{number}"),
            Code::Enter => "Enter",
            Code::Escape => "Esc",
            Code::Tab => "Tab",
            Code::BackTab => "Shift-Tab",
            Code::Backspace => "Backspace",
            Code::Delete => "Del",
            Code::Up => "↑",
            Code::Down => "↓",
            Code::Left => "←",
            Code::Right => "→",
            Code::Home => "Home",
            Code::End => "End",
            Code::PageUp => "PgUp",
            Code::PageDown => "PgDn",
        };
        out.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_by_name_and_shown_as_people_write_them() {
        for (name, shown) in [
            ("G", "G"),
            ("ctrl-d", "Ctrl-D"),
            ("ctrl-D", "Ctrl-D"),
            ("pgdn", "PgDn"),
            ("alt-left", "Alt-←"),
            ("f5", "F5"),
            ("f", "f"),
            ("-", "-"),
            ("ctrl--", "Ctrl--"),
            ("space", "Space"),
            ("shift-tab", "Shift-Tab"),
        ] {
            assert_eq!(
                Key::parse(name).map(|key| key.to_string()).as_deref(),
                Some(shown),
                "{name}"
            );
            let key = Key::parse(name);
            assert_eq!(key.map(Key::name).and_then(|name| Key::parse(&name)), key, "{name}");
        }
        for wrong in ["", "ctrl-", "f99", "pagedown?", "strg-x", "ab"] {
            assert_eq!(Key::parse(wrong), None, "{wrong}");
        }
    }
}
