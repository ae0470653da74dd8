//! JSON as text, with its own order and numbers.

/// A line for each value, nested ones indented by two columns. Of text that is no JSON nothing is lost but blanks outside of strings.
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
    fn values_stand_on_lines_of_their_own_as_they_were_sent() {
        for (json, wanted) in [
            ("1.0", "1.0"),
            ("{}", "{}"),
            (r#"{ "b" : [ ] , "a":1e400}"#, "{\n  \"b\": [],\n  \"a\": 1e400\n}"),
            (r#"["a\"{,",{"x":[1,2]}]"#, "[\n  \"a\\\"{,\",\n  {\n    \"x\": [\n      1,\n      2\n    ]\n  }\n]"),
            ("]]]{\"cut", "\n]\n]\n]{\n  \"cut"),
        ] {
            assert_eq!(pretty(json), wanted, "{json}");
        }
    }
}
