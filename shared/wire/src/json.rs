//! JSON that is safe to look at: what a terminal would obey is escaped wherever it stands. It means
//! the same to whoever parses it.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// `value` as one line of JSON, without its end.
///
/// # Errors
/// Those of `writer`, and what cannot be said in JSON.
pub fn write(writer: impl Write, value: &impl Serialize) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(writer, Harmless))
}

/// As [`write`], into a string.
///
/// # Errors
/// For what cannot be said in JSON.
pub fn line(value: &impl Serialize) -> serde_json::Result<String> {
    let mut line = Vec::new();
    write(&mut line, value)?;
    // The serializer writes nothing but UTF-8.
    String::from_utf8(line).map_err(serde::ser::Error::custom)
}

/// serde_json escapes C0 (`\u001b`) by itself. Terminals obey C1 and bidirectional controls, too,
/// and readers of lines take U+2028 and U+2029 for the end of one.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain_from = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| acts(*c)) {
            writer.write_all(&fragment.as_bytes()[plain_from..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain_from = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[plain_from..])
    }

    /// JSON that is passed on as it came: beyond ASCII there are only strings in it.
    fn write_raw_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        self.write_string_fragment(writer, fragment)
    }
}

/// DEL and C1; marks, embeddings, overrides and isolates of the bidirectional algorithm; deprecated
/// format characters; line and paragraph separators; interlinear annotations; tags.
fn acts(c: char) -> bool {
    matches!(c,
        '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_escaped_and_means_the_same() {
        let hostile: String =
            (0..=0x2_0000_u32).chain(0xe_0000..0xe_0100).filter_map(char::from_u32).collect();
        let value = serde_json::json!({ &hostile: [&hostile, "ä 漢 👩\u{200d}🚀"] });
        let line = line(&value).expect("JSON");
        for c in line.chars() {
            assert!(!c.is_control() && !acts(c), "{c:?}");
        }
        assert!(line.contains("ä 漢 👩\u{200d}🚀"), "what is text stays text");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).expect("JSON"), value);
    }

    #[test]
    fn escapes_are_those_of_json() {
        for (text, wanted) in [
            ("a\u{9b}31mb", r#""a\u009b31mb""#),
            ("\u{1b}\u{7f}", r#""\u001b\u007f""#),
            ("\u{202e}x\u{2029}", r#""\u202ex\u2029""#),
            ("\u{e0041}", r#""\udb40\udc41""#),
            ("plain \"q\"", r#""plain \"q\"""#),
        ] {
            assert_eq!(line(&text).expect("JSON"), wanted);
        }
    }

    #[test]
    fn json_that_is_passed_on_is_made_harmless_too() {
        let raw =
            serde_json::value::RawValue::from_string("{\"a\":\"\u{9d}0;title\u{9c}\"}".to_owned())
                .expect("JSON");
        assert_eq!(line(&raw).expect("JSON"), r#"{"a":"\u009d0;title\u009c"}"#);
    }
}
