//! Looking for a pattern in a block's content.

use serde_json::{Map, Value};

use super::Content;
use crate::pattern::Pattern;

impl Content {
    /// Whether a pattern is found in one of its texts as they are decoded: each name, key and value
    /// by itself. Of what is no text (an image, what is encrypted) only the title is looked at.
    pub fn has(&self, pattern: &Pattern) -> bool {
        match self {
            Self::Text(text) | Self::Thinking(text) | Self::Raw(text) => pattern.is_in(text),
            Self::ToolUse { name, input } => pattern.is_in(name) || is_in(pattern, input),
            Self::ToolResult { text, other, .. } => {
                pattern.is_in(text) || other.iter().any(|text| pattern.is_in(text))
            }
            Self::ToolDefinition { name, description, rest } => {
                pattern.is_in(name) || pattern.is_in(description) || has_member(pattern, rest)
            }
            Self::Parameter(value) => is_in(pattern, value),
            Self::Other { json, .. } => is_in(pattern, json),
            Self::Document { title, .. } => {
                title.as_deref().is_some_and(|title| pattern.is_in(title))
            }
            Self::RedactedThinking { .. } | Self::Image { .. } => false,
        }
    }
}

/// As deep as the parser lets JSON be.
fn is_in(pattern: &Pattern, value: &Value) -> bool {
    match value {
        Value::String(text) => pattern.is_in(text),
        Value::Array(values) => values.iter().any(|value| is_in(pattern, value)),
        Value::Object(members) => has_member(pattern, members),
        Value::Null | Value::Bool(_) | Value::Number(_) => pattern.is_in(&value.to_string()),
    }
}

fn has_member(pattern: &Pattern, members: &Map<String, Value>) -> bool {
    members.iter().any(|(key, value)| pattern.is_in(key) || is_in(pattern, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{content, pattern::Switches};
    use ccdump_record::BlockKind;

    #[test]
    fn texts_are_found_as_they_are_decoded_and_json_itself_is_not() {
        let call = r#"{"type":"tool_use","name":"Bash","input":{"command":"echo \"caf\u00e9\"\n\tdone","timeout":4500,"list":[true]}}"#;
        let result = r#"{"type":"tool_result","content":[{"type":"text","text":"one"},{"type":"text","text":"two\\n"}]}"#;
        let (text, answer) =
            (r#"{"type":"text","text":"she said \"hi\"\nand left"}"#, r#"[{"a":{"b":"deep"}}]"#);
        for (kind, json, typed, is_in) in [
            (BlockKind::Text, text, "said \"hi\"\nand", true),
            (BlockKind::Text, text, "\\n", false),
            (BlockKind::Text, text, "text", false),
            (BlockKind::ToolUse, call, "café\"\n\tdone", true),
            (BlockKind::ToolUse, call, "bash", true),
            (BlockKind::ToolUse, call, "command", true),
            (BlockKind::ToolUse, call, "4500", true),
            (BlockKind::ToolUse, call, "u00e9", false),
            (BlockKind::ToolUse, call, "tool_use", false),
            (BlockKind::ToolResult, result, "one\ntwo\\n", true),
            (BlockKind::Parameter, answer, "deep", true),
            (BlockKind::Parameter, answer, "{", false),
            (BlockKind::Raw, "{\"no json", "{\"no", true),
            (BlockKind::Image, r#"{"type":"image","source":{"data":"abcd"}}"#, "abcd", false),
        ] {
            let pattern = Pattern::new(typed, Switches::default()).expect("a pattern");
            assert_eq!(
                content::read(kind, json.as_bytes()).has(&pattern),
                is_in,
                "{typed:?} in {json}"
            );
        }
    }
}
