//! Shortens text, always between characters.

/// The first lines of `text`, at most `lines` of them and `chars` characters; and whether that is
/// less than all of it.
pub fn cut(text: &str, lines: usize, chars: usize) -> (&str, bool) {
    let text = text.trim_end_matches('\n');
    let by_lines =
        text.match_indices('\n').nth(lines.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
    let by_chars = text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    let end = by_lines.min(by_chars);
    (text.get(..end).unwrap_or(text), end < text.len())
}

/// At most `chars` characters, the last of them an ellipsis if something had to go.
pub fn cut_line(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some(_) => text.chars().take(chars.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_by_lines_and_by_characters_and_says_so() {
        for (text, lines, chars, kept, shortened) in [
            ("one\ntwo\nthree", 2, 99, "one\ntwo", true),
            ("one\ntwo\n", 2, 99, "one\ntwo", false),
            ("äöüß", 5, 2, "äö", true),
            ("", 3, 3, "", false),
            ("漢字", 1, 2, "漢字", false),
        ] {
            assert_eq!(cut(text, lines, chars), (kept, shortened), "{text:?}");
        }
        assert_eq!(cut_line("12345", 5), "12345");
        assert_eq!(cut_line("123456", 5), "1234…");
    }
}
