//! Makes untrusted bytes fit for a terminal. All that a viewer shows of the wire goes through here.

use super::{
    escape::Escape,
    invisible::{JOINER, is_invisible, is_keycap_base, is_pictograph, is_presentation},
};

/// Turns a stream of bytes into text that cannot do anything to a terminal but be read: no control
/// characters except line feed and tab, no escape sequences, nothing invisible, valid UTF-8.
/// Characters and sequences may be split anywhere between two pushes; one sanitiser serves one
/// text.
#[derive(Debug, Default)]
pub struct Sanitiser {
    /// The start of a character whose rest has not arrived: three bytes at most.
    partial: Vec<u8>,
    escape: Escape,
    /// The last character that was shown.
    last: Option<char>,
    /// A joiner waits for the emoji that it joins.
    joiner: bool,
    /// A carriage return was shown as a line end: a line feed right after it is the same line end.
    carriage_return: bool,
}

impl Sanitiser {
    /// Appends what can be shown of `bytes` to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut String) {
        let mut chunks = self.complete_partial(bytes, out).utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.text(chunk.valid(), out);
            let invalid = chunk.invalid();
            if chunks.peek().is_none() && is_incomplete(invalid) {
                self.partial.extend_from_slice(invalid);
            } else if !invalid.is_empty() {
                self.character(char::REPLACEMENT_CHARACTER, out);
            }
        }
    }

    /// The text is over: a character that was cut off is shown as one that cannot be.
    pub fn finish(&mut self, out: &mut String) {
        if !self.partial.is_empty() {
            self.partial.clear();
            self.character(char::REPLACEMENT_CHARACTER, out);
        }
    }

    /// Finishes the character that was begun in an earlier push; gives the bytes after it.
    fn complete_partial<'a>(&mut self, mut bytes: &'a [u8], out: &mut String) -> &'a [u8] {
        while !self.partial.is_empty()
            && let Some((first, rest)) = bytes.split_first()
        {
            self.partial.push(*first);
            match std::str::from_utf8(&self.partial) {
                Ok(text) => {
                    let whole = text.chars().next();
                    self.partial.clear();
                    whole.into_iter().for_each(|c| self.character(c, out));
                    bytes = rest;
                }
                Err(error) if error.error_len().is_none() => bytes = rest,
                // This byte does not continue the character: it is looked at again, on its own.
                Err(_) => {
                    self.partial.clear();
                    self.character(char::REPLACEMENT_CHARACTER, out);
                }
            }
        }
        bytes
    }

    /// Most text is nothing but letters: stretches of those are taken at once.
    fn text(&mut self, mut text: &str, out: &mut String) {
        while let Some(c) = text.chars().next() {
            let plain = match self.escape {
                Escape::Outside if !self.carriage_return => {
                    text.bytes().take_while(|byte| is_plain(*byte)).count()
                }
                _ => 0,
            };
            let (run, rest) = text.split_at_checked(plain.max(c.len_utf8())).unwrap_or((text, ""));
            if plain > 0 {
                out.push_str(run);
                self.last = run.chars().next_back();
                self.joiner = false;
            } else {
                self.character(c, out);
            }
            text = rest;
        }
    }

    fn character(&mut self, c: char, out: &mut String) {
        let Some(c) = self.escape.feed(c) else { return };
        let after_return = std::mem::replace(&mut self.carriage_return, c == '\r');
        match c {
            '\n' if after_return => {}
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => self.show('\n', out),
            '\t' => self.show(c, out),
            JOINER => {
                self.joiner =
                    self.last.is_some_and(|last| is_pictograph(last) || is_presentation(last))
            }
            _ if is_presentation(c)
                && self.last.is_some_and(|last| is_pictograph(last) || is_keycap_base(last)) =>
            {
                self.show(c, out)
            }
            _ if c.is_control() || is_invisible(c) => {}
            _ => self.show(c, out),
        }
    }

    fn show(&mut self, c: char, out: &mut String) {
        if std::mem::take(&mut self.joiner) && is_pictograph(c) {
            out.push(JOINER);
        }
        out.push(c);
        self.last = Some(c);
    }
}

/// Characters that are shown as they are, whatever stood before them.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\t')
}

/// Whether `bytes` are the start of a character.
fn is_incomplete(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

/// A whole text at once; may have several lines.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    Sanitiser::default().push(text.as_bytes(), &mut out);
    out
}

/// Whether [`clean_line`] would leave `text` as it is, as far as can be told character by
/// character: joiners and the like, which are right in some places, count as not.
pub fn is_clean_line(text: &str) -> bool {
    text.chars().all(|c| {
        matches!(c, ' '..='~')
            || !(c.is_control() || is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}'))
    })
}

/// As [`clean`], on one line: names, paths, header values.
pub fn clean_line(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn in_pieces(pieces: &[&[u8]]) -> String {
        let mut sanitiser = Sanitiser::default();
        let mut out = String::new();
        pieces.iter().for_each(|piece| sanitiser.push(piece, &mut out));
        sanitiser.finish(&mut out);
        out
    }

    #[test]
    fn what_could_act_on_a_terminal_is_gone_and_the_text_stays() {
        for (wire, shown) in [
            ("plain, \t and lines\n", "plain, \t and lines\n"),
            ("a\u{1b}[31mred\u{1b}[0m", "ared"),
            ("a\u{9b}31mred", "ared"),
            ("\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{7}", "link"),
            ("\u{1b}]52;c;cGFzdGU=\u{7}clip", "clip"),
            ("\u{9d}0;title\u{9c}x", "x"),
            ("\u{1b}Pq#0;2~-\u{1b}\\sixel", "sixel"),
            ("\u{1b}_app\u{1b}\\\u{1b}^pm\u{1b}\\\u{1b}Xsos\u{1b}\\.", "."),
            ("\u{1b}Ptmux;\u{1b}\u{1b}]52;c;eA==\u{7}\u{1b}\\through", "through"),
            ("\u{1b}(0charset\u{1b}c", "charset"),
            ("\u{1b}[3\nbroken off", "\nbroken off"),
            ("bell\u{7} back\u{8} del\u{7f} nul\0", "bell back del nul"),
            ("one\r\ntwo\rthree\u{2028}four\u{85}five", "one\ntwo\nthree\nfour\nfive"),
            ("ab\u{202e}cd\u{2066}ef\u{200f}gh\u{61c}", "abcdefgh"),
            ("pass\u{200b}wo\u{feff}rd\u{ad}\u{e0041}", "password"),
            (
                "👩\u{200d}🚀 ❤\u{fe0f}\u{200d}🔥 1\u{fe0f}\u{20e3}",
                "👩\u{200d}🚀 ❤\u{fe0f}\u{200d}🔥 1\u{fe0f}\u{20e3}",
            ),
            ("a\u{200d}b 👩\u{200d}b", "ab 👩b"),
        ] {
            assert_eq!(clean(wire), shown, "{wire:?}");
        }
    }

    #[test]
    fn an_unterminated_string_does_not_hide_everything_after_it() {
        let shown = clean(&format!("\u{1b}]0;{}END", "x".repeat(70_000)));
        assert!(shown.ends_with("END"), "{} characters", shown.len());
    }

    #[test]
    fn invalid_utf8_is_marked_and_a_split_character_is_put_together() {
        assert_eq!(in_pieces(&[b"\xe2", b"\x82", b"\xac"]), "€");
        assert_eq!(in_pieces(&[b"\xe2\x82", b"A"]), "\u{fffd}A");
        assert_eq!(in_pieces(&[b"a\xff", b"b\xf0\x9f"]), "a\u{fffd}b\u{fffd}");
        assert_eq!(in_pieces(&[b"x\x1b", b"[", b"1m", b"y"]), "xy");
        assert_eq!(in_pieces(&[b"\xc2", b"\x9b31mz"]), "z");
    }

    /// Bytes with many of the characters that matter.
    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            any::<Vec<u8>>(),
            any::<char>().prop_map(|c| c.to_string().into_bytes()),
            proptest::sample::select(vec![
                "\u{1b}", "[", "]", "P", "\\", "\u{7}", "\u{9b}", "\u{9c}", "\u{9d}", "\r", "\n",
                "\u{200d}", "👩", "\u{202e}", "\u{fe0f}", "a",
            ])
            .prop_map(|text| text.as_bytes().to_vec()),
        ];
        proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn nothing_that_acts_ever_comes_out(bytes in hostile()) {
            let shown = in_pieces(&[&bytes]);
            for c in shown.chars() {
                prop_assert!(!c.is_control() || matches!(c, '\n' | '\t'), "{c:?}");
                prop_assert!(!is_invisible(c) || c == JOINER || is_presentation(c), "{c:?}");
                prop_assert!(!matches!(c, '\u{2028}' | '\u{2029}'), "{c:?}");
            }
        }

        #[test]
        fn a_line_that_is_said_to_be_clean_is_left_alone(text in any::<String>()) {
            let line = clean_line(&text);
            if is_clean_line(&text) {
                prop_assert_eq!(line, text);
            }
        }

        #[test]
        fn where_the_pieces_are_cut_makes_no_difference(bytes in hostile(), cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8)) {
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            at.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for to in at.into_iter().chain([bytes.len()]) {
                pieces.push(&bytes[from..to]);
                from = to;
            }
            prop_assert_eq!(in_pieces(&pieces), in_pieces(&[&bytes]));
        }

        #[test]
        fn ordinary_text_is_left_alone(text in "[ -~äöü€漢字\n\t]*") {
            prop_assert_eq!(clean(&text), text);
        }
    }
}
