//! Two contents of any kind side by side: what each says as a text, and what makes the difference,
//! line by line and word by word.

use std::fmt::Write as _;

use ccdump_client::text::units;
use ccdump_model::line::Line;
use ccdump_provider::content::Content;
use serde_json::Value;

use super::{
    changed::counted,
    content,
    edit::{self, Edit},
    page::Page,
    plain::Flow,
};

/// Longer texts are not compared. Bytes.
const LONGEST: usize = 1 << 20;

/// How much may still be compared on one page: it is made while a frame waits.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Pairs of words.
    words: usize,
    /// Bytes of both texts.
    bytes: usize,
    /// Lines that are unfolded from the beginning.
    lines: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { words: 8_000_000, bytes: 8 << 20, lines: 120 }
    }
}

impl Budget {
    /// Whether so many more lines may be unfolded.
    pub(crate) fn unfold(&mut self, lines: usize) -> bool {
        let left = self.lines.checked_sub(lines);
        self.lines = left.unwrap_or(self.lines);
        left.is_some()
    }
}

/// What is different.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// `3 words added, 1 removed`; `None`: they have too little in common to count.
    pub(crate) gist: Option<String>,
    pub(crate) lines: Vec<Line>,
}

/// Compares two texts. `Err`: why that is not done, in words.
pub(crate) fn difference(
    was: &str,
    now: &str,
    width: usize,
    budget: &mut Budget,
) -> Result<Difference, String> {
    if was == now {
        return Err("no difference in what is shown: only in its form".to_owned());
    }
    if was.len().max(now.len()) > LONGEST {
        let sizes = [was, now].map(|text| units::bytes(text.len() as u64));
        return Err(format!("too long to be compared: {} and {}", sizes[0], sizes[1]));
    }
    let both = was.len().saturating_add(now.len());
    let Some(left) = budget.bytes.checked_sub(both) else {
        return Err("not compared: too much on this page is different".to_owned());
    };
    budget.bytes = left;
    let edit = Edit { old: was, new: now };
    let gist = edit::words_changed_within(&edit, &mut budget.words).map(counted);
    let mut page = Page::new(u16::try_from(width).unwrap_or(u16::MAX));
    edit::diff_within(edit, Flow::Words, &mut page, &mut budget.words);
    Ok(Difference { gist, lines: page.finish() })
}

/// What a content says, as a text of lines.
pub(crate) fn text(content: &Content) -> String {
    match content {
        Content::Text(text) | Content::Thinking(text) | Content::Raw(text) => text.clone(),
        Content::ToolUse { name, input } => format!("{name}\n{}", readable(input)),
        Content::ToolResult { is_error, text, other } => {
            let error = if *is_error { "error: " } else { "" };
            let other: String = other.iter().map(|other| format!("\n[{other}]")).collect();
            format!("{error}{text}{other}")
        }
        Content::ToolDefinition { name, description, rest } => {
            let mut text = format!("{name}\n{description}\n");
            rest.iter()
                .for_each(|(name, value)| text.push_str(&format!("{name}\n{}", readable(value))));
            text
        }
        Content::Parameter(value) | Content::Other { json: value, .. } => readable(value),
        Content::RedactedThinking { .. } | Content::Image { .. } | Content::Document { .. } => {
            content::gist(content)
        }
    }
}

/// A content on one line.
pub(crate) fn gist(content: &Content) -> String {
    // Of a tool it is what it says of itself.
    if let Content::Parameter(Value::Object(fields)) = content
        && let Some(Value::String(description)) = fields.get("description")
    {
        return content::short(description.trim_start()).to_owned();
    }
    content::short(content::words(content).trim_start()).to_owned()
}

/// A value that fits on a line.
pub(crate) fn short(content: &Content) -> Option<String> {
    match content {
        Content::Parameter(Value::Array(_) | Value::Object(_)) => None,
        Content::Parameter(value) => {
            Some(scalar(value)).filter(|text| text.len() <= 60 && !text.contains('\n'))
        }
        _ => None,
    }
}

/// JSON with a line for each value, nested ones indented, texts as they stand.
fn readable(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0);
    out
}

/// `serde_json` reads no value that is nested so deeply that this would not end.
fn write(out: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    let mut member = |name: &str, value: &Value| match value {
        Value::Array(items) if !items.is_empty() => {
            let _ = writeln!(out, "{indent}{name}");
            write(out, value, depth + 1);
        }
        Value::Object(fields) if !fields.is_empty() => {
            let _ = writeln!(out, "{indent}{name}");
            write(out, value, depth + 1);
        }
        Value::String(text) if text.contains('\n') => {
            let _ = writeln!(out, "{indent}{name}");
            text.lines().for_each(|line| {
                let _ = writeln!(out, "{indent}  {line}");
            });
        }
        value => {
            let _ = writeln!(out, "{indent}{name} {}", scalar(value));
        }
    };
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| member(&format!("{name}:"), value))
        }
        Value::Array(items) => items.iter().for_each(|value| member("-", value)),
        value => out.push_str(&scalar(value)),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use ccdump_model::line::width_of;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn shown(difference: &Difference) -> Vec<String> {
        let text =
            |line: &Line| line.spans.iter().map(|span| span.text.as_str()).collect::<String>();
        difference.lines.iter().map(|line| text(line).trim_end().to_owned()).collect()
    }

    #[test]
    fn a_small_change_in_a_long_text_is_shown_with_what_stands_around_it() {
        let text = |word: &str| {
            (0..5_000)
                .map(|line| format!("line {line} {}\n", if line == 2_500 { word } else { "same" }))
                .collect::<String>()
        };
        let found =
            difference(&text("was"), &text("now"), 40, &mut Budget::default()).expect("compared");
        assert_eq!(found.gist.as_deref(), Some("1 word added, 1 removed"));
        assert_eq!(
            shown(&found),
            [
                "⋯",
                "  line 2497 same",
                "  line 2498 same",
                "  line 2499 same",
                "- line 2500 was",
                "+ line 2500 now",
                "  line 2501 same",
                "  line 2502 same",
                "  line 2503 same",
                "⋯"
            ]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn any_two_texts_are_compared_in_the_room_there_is(was in "([ab\u{1b}\t漢]{0,9}\n?){0,12}", now in "([ab\r\u{202e}漢 ]{0,9}\n?){0,12}", room in 1_usize..60) {
            let (there, back) = (difference(&was, &now, room, &mut Budget::default()), difference(&now, &was, room, &mut Budget::default()));
            prop_assert_eq!(there.is_ok(), back.is_ok());
            prop_assert_eq!(there.is_err(), was == now);
            for line in there.into_iter().chain(back).flat_map(|found| found.lines) {
                prop_assert!(width_of(&line.spans) <= room.max(2), "{:?}", line);
                prop_assert!(!line.spans.iter().any(|span| span.text.contains(['\u{1b}', '\u{202e}', '\n'])), "{:?}", line);
            }
        }
    }

    #[test]
    fn what_is_not_compared_is_said() {
        let budget = &mut Budget::default();
        assert!(
            difference("a", "a", 40, budget).expect_err("the same").contains("only in its form")
        );
        let long = "x\n".repeat(LONGEST);
        assert_eq!(
            difference(&long, "x", 40, budget).expect_err("too long"),
            "too long to be compared: 2.1 MB and 1 B"
        );
        let many =
            |word: &str| (0..2_000).map(|line| format!("{word} {line}\n")).collect::<String>();
        let found = difference(&many("a"), &many("b"), 40, budget).expect("shown");
        assert!(
            found.gist.is_none() && shown(&found)[0].contains("too many lines differ"),
            "{:?}",
            &shown(&found)[..2]
        );
        assert!(shown(&found).len() < 5_000);
        let mut little = Budget { bytes: 10, ..Budget::default() };
        assert!(
            difference("12345678", "123", 40, &mut little)
                .expect_err("too much")
                .contains("too much on this page")
        );
    }

    #[test]
    fn json_is_compared_as_people_read_it() {
        let definition = json!({"name": "Bash", "description": "Runs.\nCarefully.", "input_schema": {"required": ["a"], "type": "object", "x": {}, "n": null}});
        assert_eq!(
            text(&Content::Parameter(definition)),
            "description:\n  Runs.\n  Carefully.\ninput_schema:\n  n: null\n  required:\n    - a\n  type: object\n  x: {}\nname: Bash\n"
        );
        assert_eq!(short(&Content::Parameter(json!(0.5))).as_deref(), Some("0.5"));
        assert_eq!(short(&Content::Parameter(json!([1]))), None);
        assert_eq!(gist(&Content::Text("\n\n first\nsecond".to_owned())), "first");
    }
}
