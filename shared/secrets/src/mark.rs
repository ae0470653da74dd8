//! What stands in a credential's place.

/// Gives what is to stand in the place of a credential. It begins with `‹secret ` and ends with `
/// len=N›`, so that it is known again.
pub type Mark<'a> = &'a dyn Fn(&str) -> String;

const OPENING: &str = "‹secret ";
const CLOSING: char = '›';

/// A mark that tells the length, and nothing to compare by.
pub fn plain(secret: &str) -> String {
    format!("{OPENING}len={}{CLOSING}", length(secret))
}

/// A mark by which the same credential is known again: `print` is a keyed hash of it, at most 16
/// hexadecimal digits.
pub fn printed(print: &str, secret: &str) -> String {
    format!("{OPENING}{print} len={}{CLOSING}", length(secret))
}

/// Bytes of a credential as it came. Where a byte was no UTF-8, one character stands for it.
fn length(secret: &str) -> usize {
    secret.chars().map(|c| if c == char::REPLACEMENT_CHARACTER { 1 } else { c.len_utf8() }).sum()
}

/// Bytes of the mark that a text begins with; 0: it begins with none.
pub(crate) fn leading(text: &str) -> usize {
    let told = || {
        let after = text.strip_prefix(OPENING)?;
        let (within, _) = after.split_once(CLOSING)?;
        let (print, length) = within.rsplit_once("len=")?;
        let print = print.trim_end();
        let is_mark = print.len() <= 16
            && print.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !length.is_empty()
            && length.bytes().all(|byte| byte.is_ascii_digit());
        is_mark.then_some(OPENING.len() + within.len() + CLOSING.len_utf8())
    };
    told().unwrap_or(0)
}

/// Where the first character stands that `is_end`, marks left aside; else the text's end.
pub(crate) fn find_outside(text: &str, is_end: impl Fn(char) -> bool) -> usize {
    let mut marked_until = 0;
    for (at, c) in text.char_indices() {
        if at < marked_until {
            continue;
        }
        if c == '‹' {
            marked_until = at + leading(text.get(at..).unwrap_or_default());
        }
        if at >= marked_until && is_end(c) {
            return at;
        }
    }
    text.len()
}

/// Whether a text ends in a mark.
pub(crate) fn ends_masked(text: &str) -> bool {
    text.ends_with(CLOSING)
        && text.rfind(OPENING).and_then(|at| text.get(at..)).is_some_and(is_masked)
}

/// Whether a text is marks and nothing else.
pub(crate) fn is_masked(mut text: &str) -> bool {
    let mut any = false;
    loop {
        match leading(text) {
            0 => return any && text.is_empty(),
            length => {
                any = true;
                text = text.get(length..).unwrap_or_default();
            }
        }
    }
}

/// Bytes of all marks that a text begins with.
pub(crate) fn all_leading(text: &str) -> usize {
    let mut at = 0;
    loop {
        match leading(text.get(at..).unwrap_or_default()) {
            0 => return at,
            length => at += length,
        }
    }
}

/// A text under way to its masked form.
pub(crate) struct Masking<'a> {
    text: &'a str,
    masked: String,
    /// How far `masked` goes.
    copied: usize,
}

impl<'a> Masking<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, masked: String::new(), copied: 0 }
    }

    /// How far the text is settled.
    pub(crate) fn settled(&self) -> usize {
        self.copied
    }

    /// Masks from `start` to `end`, which lie behind all that was masked before; marks at the
    /// beginning stay, and so does nothing.
    pub(crate) fn mask(&mut self, start: usize, end: usize, mark: Mark<'_>) {
        let Some(secret) = self.text.get(start..end) else { return };
        let start = start + all_leading(secret);
        if start < end {
            self.whole(start, end, mark);
        }
    }

    /// Masks from `start` to `end`, marks and all.
    pub(crate) fn whole(&mut self, start: usize, end: usize, mark: Mark<'_>) {
        if let (Some(before), Some(secret)) =
            (self.text.get(self.copied..start), self.text.get(start..end))
        {
            self.masked.push_str(before);
            self.masked.push_str(&mark(secret));
            self.copied = end;
        }
    }

    pub(crate) fn finish(mut self) -> std::borrow::Cow<'a, str> {
        if self.copied == 0 {
            return self.text.into();
        }
        self.masked.push_str(self.text.get(self.copied..).unwrap_or_default());
        self.masked.into()
    }
}
