//! The escape sequences of an output, for tests that allow only some.

use std::{collections::BTreeMap, fmt};

use vte::{Params, Parser, Perform};

/// One sequence or control character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Escape {
    /// `ESC [`: intermediate characters (`?` among them), parameters with their sub-parameters, and
    /// the last character.
    Csi { marks: String, parameters: Vec<Vec<u16>>, last: char },
    /// `ESC ]`: its parameters, the first of which is a number as a rule.
    Osc { parameters: Vec<String> },
    /// `ESC P`
    Dcs { marks: String, last: char },
    /// `ESC X`, `ESC ^`, `ESC _`: a string that terminals ignore or have their own ideas about
    /// (SOS, PM, APC).
    Text { opener: char },
    /// `ESC` and something else. A lone `ESC \` that ends a string is left out.
    Esc { marks: String, last: char },
    /// Below 0x20, or 0x7f.
    C0(u8),
    /// 0x80 to 0x9f, as a byte or as a character in UTF-8: what 8-bit terminals take for `ESC` and
    /// a letter.
    C1(u8),
    /// A byte that is no UTF-8, nor C1.
    NotUtf8(u8),
}

impl Escape {
    /// What kind it is, without parameters: `CSI ?h`, `CSI m`, `OSC 52`, `DCS q`, `APC`, `ESC 7`,
    /// `C0 0a`, `C1 9b`, `not UTF-8`.
    pub fn class(&self) -> String {
        match self {
            Self::Csi { marks, last, .. } => format!("CSI {marks}{last}"),
            Self::Osc { parameters } => {
                format!("OSC {}", parameters.first().map_or("", String::as_str))
            }
            Self::Dcs { marks, last } => format!("DCS {marks}{last}"),
            Self::Text { opener: 'X' } => "SOS".to_owned(),
            Self::Text { opener: '^' } => "PM".to_owned(),
            Self::Text { .. } => "APC".to_owned(),
            Self::Esc { marks, last } => format!("ESC {marks}{last}"),
            Self::C0(byte) => format!("C0 {byte:02x}"),
            Self::C1(byte) => format!("C1 {byte:02x}"),
            Self::NotUtf8(_) => "not UTF-8".to_owned(),
        }
    }
}

/// The class, with what follows it: `CSI ?h 1049`, `OSC 8 ; https://…`.
impl fmt::Display for Escape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.class())?;
        match self {
            Self::Csi { parameters, .. } => {
                let words: Vec<String> = parameters
                    .iter()
                    .map(|with_subs| {
                        with_subs.iter().map(u16::to_string).collect::<Vec<_>>().join(":")
                    })
                    .collect();
                write!(f, " {}", words.join(";"))
            }
            Self::Osc { parameters } => {
                parameters.iter().skip(1).try_for_each(|parameter| write!(f, ";{parameter}"))
            }
            Self::NotUtf8(byte) => write!(f, " {byte:02x}"),
            _ => Ok(()),
        }
    }
}

/// All escape sequences and control characters, in order.
pub fn escapes(bytes: &[u8]) -> Vec<Escape> {
    let mut list = List::default();
    let mut parser: Parser = Parser::new();
    for piece in bytes.utf8_chunks() {
        // Byte by byte: the parser says nothing about strings that it skips.
        for byte in piece.valid().bytes() {
            if list.after_esc && matches!(byte, b'X' | b'^' | b'_') {
                list.found.push(Escape::Text { opener: byte.into() });
            }
            list.after_esc = byte == 0x1b;
            parser.advance(&mut list, &[byte]);
        }
        // Kept from the parser, which would take some of them for characters.
        let stray = |byte: &u8| {
            if matches!(byte, 0x80..=0x9f) { Escape::C1(*byte) } else { Escape::NotUtf8(*byte) }
        };
        list.found.extend(piece.invalid().iter().map(stray));
    }
    list.found
}

/// How many there are of each class.
pub fn classes(bytes: &[u8]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for escape in escapes(bytes) {
        *counts.entry(escape.class()).or_default() += 1;
    }
    counts
}

#[derive(Default)]
struct List {
    found: Vec<Escape>,
    after_esc: bool,
}

fn marks(intermediates: &[u8]) -> String {
    intermediates.iter().copied().map(char::from).collect()
}

impl Perform for List {
    /// C1 in UTF-8 arrives here, since bytes are given one by one.
    fn print(&mut self, character: char) {
        match u8::try_from(character) {
            Ok(byte @ 0x80..=0x9f) => self.found.push(Escape::C1(byte)),
            Ok(0x7f) => self.found.push(Escape::C0(0x7f)),
            _ => {}
        }
    }

    fn execute(&mut self, byte: u8) {
        self.found.push(if byte < 0x80 { Escape::C0(byte) } else { Escape::C1(byte) });
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _ignore: bool, last: char) {
        let parameters = params.iter().map(<[u16]>::to_vec).collect();
        self.found.push(Escape::Csi { marks: marks(intermediates), parameters, last });
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _bell_terminated: bool) {
        let parameters = params
            .iter()
            .map(|parameter| String::from_utf8_lossy(parameter).into_owned())
            .collect();
        self.found.push(Escape::Osc { parameters });
    }

    fn hook(&mut self, _params: &Params, intermediates: &[u8], _ignore: bool, last: char) {
        self.found.push(Escape::Dcs { marks: marks(intermediates), last });
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _ignore: bool, byte: u8) {
        if !(byte == b'\\' && intermediates.is_empty()) {
            self.found.push(Escape::Esc { marks: marks(intermediates), last: byte.into() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_is_told() {
        let cases: [(&[u8], &[&str]); 14] = [
            (b"plain \xe2\x94\x80 text", &[]),
            (b"\x1b[?1049h\x1b[2J", &["CSI ?h 1049", "CSI J 2"]),
            (b"\x1b[38;2;1;2;3m\x1b[4:3m", &["CSI m 38;2;1;2;3", "CSI m 4:3"]),
            (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x07", &["OSC 8;;http://x", "OSC 8;;"]),
            (b"\x1b]52;c;YQ==\x07", &["OSC 52;c;YQ=="]),
            (b"\x1bP1$qm\x1b\\", &["DCS $q"]),
            (b"\x1b_Gf=24;x\x1b\\\x1b^y\x1b\\\x1bXz\x1b\\", &["APC", "PM", "SOS"]),
            (b"\x1b7\x1b(0\x1bc", &["ESC 7", "ESC (0", "ESC c"]),
            (b"\r\n\x07\x7f", &["C0 0d", "C0 0a", "C0 07", "C0 7f"]),
            (b"a\x9b31m", &["C1 9b"]),
            (b"a\xc2\x9b31m", &["C1 9b"]),
            (b"\xc2\x9dx", &["C1 9d"]),
            (b"\xff\xe2\x94", &["not UTF-8 ff", "not UTF-8 e2", "C1 94"]),
            // An escape within a string ends it and begins anew.
            (b"\x1b]0;title\x1b[1m", &["OSC 0;title", "CSI m 1"]),
        ];
        for (bytes, expected) in cases {
            let told: Vec<String> = escapes(bytes).iter().map(Escape::to_string).collect();
            assert_eq!(told, expected, "{}", bytes.escape_ascii());
        }
    }
}
