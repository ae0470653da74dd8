//! JSON of which only the beginning has come.

use serde_json::Value;

/// Deeper JSON than this is not completed.
const DEEPEST: usize = 64;

/// What can be said already of a value whose JSON is still coming: what is open is closed, what is
/// begun but says nothing yet (half a name, a name without a value) is left out. `None` when that
/// is nothing.
pub(super) fn complete(partial: &str) -> Option<Value> {
    let mut scanner = Scanner::default();
    for (at, byte) in partial.bytes().enumerate() {
        scanner.byte(at, byte)?;
    }
    let as_it_is = scanner.close(partial);
    let up_to_last =
        || scanner.safe.as_ref().and_then(|(at, open)| closed(partial.get(..*at)?, open, false));
    serde_json::from_str(&as_it_is).ok().or_else(|| serde_json::from_str(&up_to_last()?).ok())
}

#[derive(Debug, Default)]
struct Scanner {
    /// What closes the arrays and objects that are open, outermost first.
    open: Vec<u8>,
    in_string: bool,
    /// After a backslash.
    escaped: bool,
    /// Up to here all is whole, and what was open there.
    safe: Option<(usize, Vec<u8>)>,
}

impl Scanner {
    fn byte(&mut self, at: usize, byte: u8) -> Option<()> {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return Some(());
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' if self.open.len() >= DEEPEST => return None,
            b'{' | b'[' => {
                self.open.push(if byte == b'{' { b'}' } else { b']' });
                self.safe = Some((at + 1, self.open.clone()));
            }
            b'}' | b']' => _ = self.open.pop(),
            b',' => self.safe = Some((at, self.open.clone())),
            _ => {}
        }
        Some(())
    }

    fn close(&self, partial: &str) -> String {
        let whole = if self.escaped {
            partial.get(..partial.len() - 1).unwrap_or_default()
        } else {
            partial
        };
        closed(whole, &self.open, self.in_string).unwrap_or_default()
    }
}

fn closed(start: &str, open: &[u8], in_string: bool) -> Option<String> {
    let mut text = start.to_owned();
    if in_string {
        // Half of a \u escape.
        if let Some(at) = text.rfind("\\u").filter(|at| text.len() - at < 6) {
            text.truncate(at);
        }
        text.push('"');
    }
    open.iter().rev().for_each(|byte| text.push(char::from(*byte)));
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_come_is_read_at_every_moment() {
        let whole = r#"{"command": "echo \"a\" \u00e9", "list": [1, {"x": true}], "n": 12}"#;
        let mut seen = Vec::new();
        for (end, _) in whole.char_indices() {
            let now = complete(&whole[..end]).map(|value| value.to_string()).unwrap_or_default();
            if seen.last() != Some(&now) {
                seen.push(now);
            }
        }
        assert_eq!(
            seen,
            [
                "",
                "{}",
                r#"{"command":""}"#,
                r#"{"command":"e"}"#,
                r#"{"command":"ec"}"#,
                r#"{"command":"ech"}"#,
                r#"{"command":"echo"}"#,
                r#"{"command":"echo "}"#,
                r#"{"command":"echo \""}"#,
                r#"{"command":"echo \"a"}"#,
                r#"{"command":"echo \"a\""}"#,
                r#"{"command":"echo \"a\" "}"#,
                r#"{"command":"echo \"a\" é"}"#,
                r#"{"command":"echo \"a\" é","list":[]}"#,
                r#"{"command":"echo \"a\" é","list":[1]}"#,
                r#"{"command":"echo \"a\" é","list":[1,{}]}"#,
                r#"{"command":"echo \"a\" é","list":[1,{"x":true}]}"#,
                r#"{"command":"echo \"a\" é","list":[1,{"x":true}],"n":1}"#,
                r#"{"command":"echo \"a\" é","list":[1,{"x":true}],"n":12}"#,
            ]
        );
        assert_eq!(complete(&"[".repeat(1_000)), None);
        assert_eq!(complete("nonsense"), None);
    }
}
