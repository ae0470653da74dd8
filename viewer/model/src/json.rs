//! JSON as text, with its own order and numbers.

use ccdump_client::text::is_clean_line;
use serde::de::IgnoredAny;

/// Whether it is JSON of more than one value; `true` also for what begins as such and breaks off.
pub fn is_json(text: &str) -> bool {
    if !text.trim_start().starts_with(['{', '[']) {
        return false;
    }
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => true,
        Err(error) => error.is_eof(),
    }
}

/// JSON in which nothing is a command to a terminal or changes the order of what is read: such
/// characters are written as escapes.
pub fn harmless(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for line in json.split_inclusive('\n') {
        let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
        if is_clean_line(text) {
            out.push_str(text);
        } else {
            text.chars().for_each(|c| escape(c, &mut out));
        }
        out.push_str(end);
    }
    out
}

fn escape(c: char, out: &mut String) {
    if is_clean_line(c.encode_utf8(&mut [0; 4])) {
        return out.push(c);
    }
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.push_str(&format!("\\u{unit:04x}"));
    }
}

/// A line for each value, nested ones indented by two columns. Of text that is no JSON nothing is
/// lost but blanks outside of strings.
pub fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 4);
    let mut depth = 0_usize;
    // What was opened last holds nothing yet.
    let mut is_empty = false;
    let mut in_string = false;
    let mut is_escaped = false;
    for c in json.chars() {
        if in_string {
            out.push(c);
            match c {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match c {
            ' ' | '\n' | '\r' | '\t' => continue,
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !is_empty {
                    line(&mut out, depth);
                }
            }
            _ if is_empty => line(&mut out, depth),
            _ => {}
        }
        out.push(c);
        is_empty = matches!(c, '{' | '[');
        match c {
            '{' | '[' => depth += 1,
            ',' => line(&mut out, depth),
            ':' => out.push(' '),
            '"' => in_string = true,
            _ => {}
        }
    }
    out
}

fn line(out: &mut String, depth: usize) {
    /// Deeper values are indented no further: the text must not grow with the square of its depth.
    const DEEPEST: usize = 64;
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_as_an_escape() {
        for (json, wanted) in [
            ("[\"plain ä\"]\n", "[\"plain ä\"]\n"),
            ("[\"\u{9b}31m \u{202e}\"]", "[\"\\u009b31m \\u202e\"]"),
            ("[\"\u{e0001}\"]", "[\"\\udb40\\udc01\"]"),
        ] {
            assert_eq!(harmless(json), wanted);
            let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
            assert_eq!(value(&harmless(json)), value(json));
        }
    }

    #[test]
    fn values_stand_on_lines_of_their_own_as_they_were_sent() {
        for (json, wanted) in [
            ("1.0", "1.0"),
            ("{}", "{}"),
            (r#"{ "b" : [ ] , "a":1e400}"#, "{\n  \"b\": [],\n  \"a\": 1e400\n}"),
            (
                r#"["a\"{,",{"x":[1,2]}]"#,
                "[\n  \"a\\\"{,\",\n  {\n    \"x\": [\n      1,\n      2\n    ]\n  }\n]",
            ),
            ("]]]{\"cut", "\n]\n]\n]{\n  \"cut"),
        ] {
            assert_eq!(pretty(json), wanted, "{json}");
        }
    }
}
