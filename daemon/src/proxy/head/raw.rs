//! A head as it came off the wire, read as leniently as agents' own parsers do.
//!
//! Lines may end without a carriage return, be folded, have white space before the colon. What
//! cannot be a field is left out, and noted; control characters in values become spaces, as RFC
//! 9110 (5.5) has it.

use std::borrow::Cow;

/// A head without its empty line, in parts.
pub struct RawHead<'a> {
    /// Request or status line.
    pub start: &'a [u8],
    /// In their order.
    pub fields: Vec<Field<'a>>,
    /// What was left out or changed, in words, without values: they may be secrets.
    pub mended: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    /// A token, in the case it was sent in.
    pub name: Cow<'a, [u8]>,
    /// Without white space around it and without control characters, tabs excepted.
    pub value: Cow<'a, [u8]>,
}

impl Field<'_> {
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// How many bytes of empty lines stand before a head: some peers end a body with a line too many.
pub fn empty_lines(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len())
}

/// The length of the head that `bytes` begin with, its empty line included; `None` when that has
/// not come yet. The first `seen` bytes are known not to hold its end.
pub fn length(bytes: &[u8], seen: usize) -> Option<usize> {
    // The end may have begun in what was seen.
    let mut at = seen.saturating_sub(2);
    while let Some(line_end) = bytes.get(at..)?.iter().position(|byte| *byte == b'\n') {
        at += line_end + 1;
        match bytes.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// Reads a head of that [`length`].
pub fn read(head: &[u8]) -> RawHead<'_> {
    let mut lines =
        head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let start = lines.next().unwrap_or_default();
    let mut raw = RawHead { start, fields: Vec::with_capacity(32), mended: Vec::new() };
    // Whether a line that goes on with the one before still has it.
    let mut was_kept = false;
    for line in lines.take_while(|line| !line.is_empty()) {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            match raw.fields.last_mut() {
                Some(field) if was_kept => raw.mended.extend(unfold(field, line)),
                _ => raw
                    .mended
                    .push(format!("left out a line that goes on with none ({} bytes)", line.len())),
            }
            continue;
        }
        let field = field(line, &mut raw.mended);
        was_kept = field.is_some();
        raw.fields.extend(field);
    }
    raw
}

fn field<'a>(line: &'a [u8], mended: &mut Vec<String>) -> Option<Field<'a>> {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        mended.push(format!("left out a line without a colon ({} bytes)", line.len()));
        return None;
    };
    let name = line.get(..colon)?.trim_ascii_end();
    if name.is_empty() || !name.iter().copied().all(is_token) {
        mended.push(format!("left out a line whose name is none ({} bytes)", line.len()));
        return None;
    }
    let (value, replaced) = printable(line.get(colon + 1..)?);
    if replaced {
        mended.push(note_of_control_characters(name));
    }
    Some(Field { name: Cow::Borrowed(name), value })
}

/// Adds a folded line to the value it goes on with.
fn unfold(field: &mut Field<'_>, line: &[u8]) -> Option<String> {
    let (more, replaced) = printable(line);
    let value = field.value.to_mut();
    if !value.is_empty() && !more.is_empty() {
        value.push(b' ');
    }
    value.extend_from_slice(&more);
    replaced.then(|| note_of_control_characters(&field.name))
}

fn note_of_control_characters(name: &[u8]) -> String {
    format!(
        "control characters in {} became spaces",
        String::from_utf8_lossy(name).to_ascii_lowercase()
    )
}

/// The text without white space around it, control characters as spaces; and whether there were
/// any.
fn printable(text: &[u8]) -> (Cow<'_, [u8]>, bool) {
    let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    let text = text.trim_ascii();
    if !text.iter().any(is_control) {
        return (Cow::Borrowed(text), false);
    }
    let replaced: Vec<u8> =
        text.iter().map(|byte| if is_control(byte) { b' ' } else { *byte }).collect();
    (Cow::Owned(replaced.trim_ascii().to_vec()), true)
}

/// What methods and names of fields are made of.
pub fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The head as hyper takes it.
pub fn write(start: &[u8], fields: &[Field<'_>]) -> Vec<u8> {
    let length: usize = fields.iter().map(|field| field.name.len() + field.value.len() + 4).sum();
    let mut bytes = Vec::with_capacity(start.len() + length + 4);
    bytes.extend_from_slice(start);
    bytes.extend_from_slice(b"\r\n");
    for field in fields {
        bytes.extend_from_slice(&field.name);
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(&field.value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The fields as text, and how many notes there are.
    fn fields(head: &str) -> (Vec<String>, usize) {
        let head = head.as_bytes();
        let raw = read(head);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            raw.fields
                .iter()
                .map(|field| format!("{}={}", text(&field.name), text(&field.value)))
                .collect(),
            raw.mended.len(),
        )
    }

    #[test]
    fn lines_that_agents_read_are_read() {
        let cases: [(&str, &[&str], usize); 22] = [
            ("X-A: 1\r\n", &["X-A=1"], 0),
            ("X-A:1\r\nx-b:  2 \t\r\n", &["X-A=1", "x-b=2"], 0),
            ("X-A:\r\n", &["X-A="], 0),
            ("X-A: 1\nX-B: 2\n", &["X-A=1", "X-B=2"], 0),
            ("X-A : 1\r\nX-B\t: 2\r\n", &["X-A=1", "X-B=2"], 0),
            ("X-A: a:b: c\r\n", &["X-A=a:b: c"], 0),
            ("X-A: one\r\n two\r\n\t three \r\nX-B: 1\r\n", &["X-A=one two three", "X-B=1"], 0),
            ("X-A:\r\n one\r\n", &["X-A=one"], 0),
            ("X-A: one\r\n \r\nX-B: 1\r\n", &["X-A=one", "X-B=1"], 0),
            (" X-A: 1\r\nX-B: 1\r\n", &["X-B=1"], 1),
            ("garbage\r\n more\r\nX-B: 1\r\n", &["X-B=1"], 2),
            (": 1\r\nX-B: 1\r\n", &["X-B=1"], 1),
            ("X A: 1\r\nX(A): 1\r\nX@A: 1\r\nX-B: 1\r\n", &["X-B=1"], 3),
            ("X-\u{e9}: 1\r\nX-B: caf\u{e9}\r\n", &["X-B=caf\u{e9}"], 1),
            ("X\u{1}A: 1\r\nX-B: 1\r\n", &["X-B=1"], 1),
            ("X-A: a\u{1}b\u{0}c\u{7f}d\te\r\n", &["X-A=a b c d\te"], 1),
            ("X-A: \u{b}chunked\u{c}\r\n", &["X-A=chunked"], 1),
            ("X-A: a\rb\r\n", &["X-A=a b"], 1),
            ("X-A: one\r\n t\u{1}o\r\n", &["X-A=one t o"], 1),
            ("X-A: 1\r\r\nX-B: 1\r\n", &["X-A=1", "X-B=1"], 0),
            ("X-A: 1\r\nx-a: 2\r\nX-B: 1\r\nX-A: 3\r\n", &["X-A=1", "x-a=2", "X-B=1", "X-A=3"], 0),
            ("", &[], 0),
        ];
        for (lines, expected, notes) in cases {
            let head = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
            assert_eq!(length(head.as_bytes(), 0), Some(head.len()), "{lines:?}");
            let expected: Vec<String> = expected.iter().map(|field| (*field).to_owned()).collect();
            assert_eq!(fields(&head), (expected, notes), "{lines:?}");
        }
    }

    #[test]
    fn a_head_ends_with_its_first_empty_line() {
        let cases: [(&[u8], Option<usize>); 8] = [
            (b"", None),
            (b"GET / HTTP/1.1\r\n", None),
            (b"GET / HTTP/1.1\r\n\r", None),
            (b"GET / HTTP/1.1\r\n\r\nbody", Some(18)),
            (b"GET / HTTP/1.1\n\nbody", Some(16)),
            (b"GET / HTTP/1.1\n\r\nbody", Some(17)),
            (b"GET / HTTP/1.1\r\nA: b\r\n\r\n\r\n", Some(24)),
            (b"GET / HTTP/1.1\r\nA: b\r\n\n", Some(23)),
        ];
        for (bytes, expected) in cases {
            // However much of it had been looked at before.
            for seen in 0..expected.unwrap_or(bytes.len()) {
                assert_eq!(
                    length(bytes, seen),
                    expected,
                    "{:?} after {seen}",
                    String::from_utf8_lossy(bytes)
                );
            }
        }
        assert_eq!(empty_lines(b"\r\n\nGET"), 3);
        assert_eq!(empty_lines(b"\r\n"), 2);
    }

    proptest! {
        #[test]
        fn whatever_comes_what_is_written_is_sound(head in "GET / HTTP/1.1\r?\n[a-zA-Z: \t\r\n\u{0}\u{1}\u{7f}\u{e9}(-]{0,200}") {
            let head = format!("{head}\n\n");
            let length = length(head.as_bytes(), 0).expect("it has an end");
            let raw = read(&head.as_bytes()[..length]);
            let written = write(raw.start, &raw.fields);
            let again = read(&written);
            prop_assert_eq!(&again.fields, &raw.fields);
            prop_assert_eq!(again.mended.len(), 0);
            prop_assert_eq!(super::length(&written, 0), Some(written.len()));
        }
    }
}
