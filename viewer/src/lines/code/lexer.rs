//! Cuts code into tokens, line by line, without looking back.

use ccdump_model::theme::Role;

use super::language::{Ends, Form, Language, Quote, Syntax};

/// Longest character literal, with its quotes: `'\u{10ffff}'`.
const LONGEST_CHARACTER: usize = 12;

pub(super) struct Lexer {
    syntax: &'static Syntax,
    base: Role,
    inside: Inside,
}

/// What the line before left open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    Comment(&'static str),
    String(Quote),
    /// Of markup; whether its name was read.
    Tag(bool),
    /// A string within a tag.
    Attribute(Quote),
}

impl Lexer {
    pub(super) fn new(language: Language, base: Role) -> Self {
        Self { syntax: language.0, base, inside: Inside::Nothing }
    }

    /// Hands on the tokens of the next line with their lengths, in bytes: all of it.
    pub(super) fn line(&mut self, line: &str, each: &mut impl FnMut(Role, usize)) {
        if self.syntax.form == Form::Diff {
            return each(self.of_diff(line), line.len());
        }
        let mut rest = line;
        let mut is_word_start = true;
        while let Some(first) = rest.chars().next() {
            let (role, length) = match self.inside {
                Inside::Comment(close) => {
                    (Role::CodeComment, self.until(rest, close, false, Inside::Nothing))
                }
                Inside::String(quote) => (
                    Role::CodeString,
                    self.until(rest, quote.close, quote.escapes, Inside::Nothing),
                ),
                Inside::Attribute(quote) => (
                    Role::CodeString,
                    self.until(rest, quote.close, quote.escapes, Inside::Tag(true)),
                ),
                Inside::Tag(is_named) => self.in_tag(rest, first, is_named),
                Inside::Nothing if self.syntax.form == Form::Markup => self.between_tags(rest),
                Inside::Nothing => self.token(rest, first, is_word_start),
            };
            let (token, after) =
                rest.split_at_checked(length.max(first.len_utf8())).unwrap_or((rest, ""));
            each(role, token.len());
            is_word_start = token.ends_with(char::is_whitespace);
            rest = after;
        }
        if let Inside::String(Quote { ends: Ends::WithLine, .. }) = self.inside {
            self.inside = Inside::Nothing;
        }
    }

    fn of_diff(&self, line: &str) -> Role {
        match line.bytes().next() {
            Some(b'+') => Role::Added,
            Some(b'-') => Role::Removed,
            Some(b'@' | b'*') => Role::Frame,
            Some(b'd' | b'i') if line.starts_with("diff ") || line.starts_with("index ") => {
                Role::Dim
            }
            _ => self.base,
        }
    }

    /// As far as what is open goes in `rest`; it is closed if it ends there.
    fn until(&mut self, rest: &str, close: &str, escapes: bool, after: Inside) -> usize {
        let end = closing(rest, close, escapes);
        if end.is_some() {
            self.inside = after;
        }
        end.unwrap_or(rest.len())
    }

    fn token(&mut self, rest: &str, first: char, is_word_start: bool) -> (Role, usize) {
        let begins = |comment: &&&str| {
            rest.starts_with(**comment) && (is_word_start || !matches!(**comment, "#" | ";"))
        };
        if self.syntax.line_comments.iter().find(begins).is_some() {
            return (Role::CodeComment, rest.len());
        }
        if let Some((open, close)) = self.syntax.block_comment
            && let Some(inside) = rest.strip_prefix(open)
        {
            self.inside = Inside::Comment(close);
            return (
                Role::CodeComment,
                open.len() + self.until(inside, close, false, Inside::Nothing),
            );
        }
        if let Some(length) = self.string(rest, Inside::Nothing) {
            return (
                if self.is_key(rest, length) { Role::CodeName } else { Role::CodeString },
                length,
            );
        }
        if first.is_ascii_digit() {
            return (Role::CodeNumber, number(rest));
        }
        if is_letter(first) || (first == '#' && rest.chars().nth(1).is_some_and(is_letter)) {
            let length =
                first.len_utf8() + self.word(rest.get(first.len_utf8()..).unwrap_or_default());
            return (self.of_word(rest, length, first), length);
        }
        if first.is_whitespace() {
            return (self.base, rest.len() - rest.trim_start().len());
        }
        (self.base, first.len_utf8())
    }

    /// The length of the string that begins here, if one does.
    fn string(&mut self, rest: &str, after: Inside) -> Option<usize> {
        let quote = self.syntax.strings.iter().find(|quote| rest.starts_with(quote.open))?;
        let inside = rest.get(quote.open.len()..)?;
        if quote.ends == Ends::Never {
            let near =
                inside.get(..inside.floor_char_boundary(LONGEST_CHARACTER)).unwrap_or(inside);
            let length = closing(near, quote.close, true)?;
            let is_one = near.starts_with('\\') || near.chars().nth(1) == Some('\'');
            return is_one.then_some(quote.open.len() + length);
        }
        // Of a language without keys a string in the middle of a word is an apostrophe at best;
        // that is no worse.
        self.inside = if after == Inside::Nothing {
            Inside::String(*quote)
        } else {
            Inside::Attribute(*quote)
        };
        Some(quote.open.len() + self.until(inside, quote.close, quote.escapes, after))
    }

    fn word(&self, rest: &str) -> usize {
        let dashes = self.syntax.has_dashes;
        let is_part = |c: char| {
            is_letter(c)
                || c.is_ascii_digit()
                || (dashes && c == '-')
                || (c == '\'' && self.keeps_apostrophes())
        };
        rest.find(|c| !is_part(c)).unwrap_or(rest.len())
    }

    /// Where words stand without quotes, an apostrophe belongs to its word.
    fn keeps_apostrophes(&self) -> bool {
        self.syntax.has_dashes && self.syntax.key_mark == Some(':')
    }

    fn of_word(&self, rest: &str, length: usize, first: char) -> Role {
        let word = rest.get(..length).unwrap_or_default();
        let same = |known: &str| {
            if self.syntax.ignores_case { known.eq_ignore_ascii_case(word) } else { known == word }
        };
        match () {
            () if self.is_key(rest, length) => Role::CodeName,
            () if self.syntax.keywords.split(' ').any(same) => Role::CodeKeyword,
            () if self.syntax.has_types && first.is_uppercase() => Role::CodeName,
            () => self.base,
        }
    }

    /// Whether what follows the token says that it is a key.
    fn is_key(&self, rest: &str, length: usize) -> bool {
        let Some(mark) = self.syntax.key_mark else { return false };
        let after = rest.get(length..).unwrap_or_default().trim_start_matches([' ', '\t']);
        after.strip_prefix(mark).is_some_and(|after| !after.starts_with([mark, '/']))
    }

    fn between_tags(&mut self, rest: &str) -> (Role, usize) {
        if let Some((open, close)) = self.syntax.block_comment
            && let Some(inside) = rest.strip_prefix(open)
        {
            self.inside = Inside::Comment(close);
            return (
                Role::CodeComment,
                open.len() + self.until(inside, close, false, Inside::Nothing),
            );
        }
        let Some(inside) = rest.strip_prefix('<') else {
            return (self.base, rest.find('<').unwrap_or(rest.len()));
        };
        if inside.starts_with(|c: char| is_letter(c) || matches!(c, '/' | '!' | '?')) {
            self.inside = Inside::Tag(false);
        }
        (self.base, 1)
    }

    fn in_tag(&mut self, rest: &str, first: char, is_named: bool) -> (Role, usize) {
        if first == '>' {
            self.inside = Inside::Nothing;
            return (self.base, 1);
        }
        if let Some(length) = self.string(rest, Inside::Tag(true)) {
            return (Role::CodeString, length);
        }
        if is_letter(first) {
            self.inside = Inside::Tag(true);
            return (if is_named { Role::CodeName } else { Role::CodeKeyword }, self.word(rest));
        }
        (self.base, first.len_utf8())
    }
}

fn is_letter(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

/// Behind `close`, if it is in `text`.
fn closing(text: &str, close: &str, escapes: bool) -> Option<usize> {
    if !escapes {
        return text.find(close).map(|at| at + close.len());
    }
    let mut from = 0;
    loop {
        let rest = text.get(from..)?;
        let at = rest.find(|c| c == '\\' || close.starts_with(c))?;
        let found = rest.get(at..)?;
        if found.starts_with(close) {
            return Some(from + at + close.len());
        }
        // What follows a backslash is no end, whatever it is.
        let skipped = if found.starts_with('\\') { 2 } else { 1 };
        from += at + found.chars().take(skipped).map(char::len_utf8).sum::<usize>();
    }
}

/// `1_000`, `0xff`, `3.5e7`; not the dots of a range.
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is_part = |at: usize, byte: u8| {
        byte.is_ascii_alphanumeric() || byte == b'_' || (byte == b'.' && is_digit(at + 1))
    };
    bytes.iter().enumerate().position(|(at, byte)| !is_part(at, *byte)).unwrap_or(bytes.len())
}
