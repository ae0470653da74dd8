//! TOML files that people write by hand: what is wrong in them is said with the file and the line.

use std::{borrow::Cow, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub type Table<'t> = DeTable<'t>;
pub type Value<'t> = Spanned<DeValue<'t>>;
pub type Name<'t> = Spanned<Cow<'t, str>>;

/// Nobody means a longer word.
const LONGEST_WORD: usize = 40;

/// A file, under the name that people know it by.
#[derive(Debug, Clone, Copy)]
pub struct TomlFile<'t> {
    pub name: &'t str,
    pub text: &'t str,
}

/// A line of a file; lines are counted from one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    file: String,
    line: usize,
}

/// What is wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{}: {reason}", place.file, place.line)]
pub struct Fault {
    place: Place,
    reason: String,
}

impl Place {
    pub fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault { place: self.clone(), reason: reason.into() }
    }
}

impl<'t> TomlFile<'t> {
    pub fn table(&self) -> Result<Table<'t>, Fault> {
        DeTable::parse(self.text).map(Spanned::into_inner).map_err(|error| {
            let span = error.span().unwrap_or_default();
            self.fault(&span, error.message().replace('\n', ", "))
        })
    }

    /// `span`: bytes of the text.
    pub fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        Place {
            file: self.name.to_owned(),
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
        }
    }

    pub fn fault(&self, span: &Range<usize>, reason: impl Into<String>) -> Fault {
        self.place(span).fault(reason)
    }

    /// `what`: the value in words, such as "a theme's name".
    pub fn string<'v>(&self, value: &'v Value<'t>, what: &str) -> Result<&'v str, Fault> {
        value
            .get_ref()
            .as_str()
            .ok_or_else(|| self.fault(&value.span(), format!("{what} is expected, in quotes")))
    }

    pub fn sub_table<'v>(&self, value: &'v Value<'t>, what: &str) -> Result<&'v Table<'t>, Fault> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            _ => Err(self.fault(&value.span(), format!("{what} is expected"))),
        }
    }

    /// A name that is none of the known ones, with the one that may have been meant. `kind`: what
    /// it should be, such as "a role".
    pub fn unknown(&self, name: &Range<usize>, word: &str, kind: &str, known: &[&str]) -> Fault {
        self.fault(name, unknown(word, kind, known))
    }
}

/// That `word` is no `kind`, and which one may have been meant.
pub fn unknown(word: &str, kind: &str, known: &[&str]) -> String {
    let word: String = word.chars().take(LONGEST_WORD).collect();
    match similar::get_close_matches(word.as_str(), known, 1, 0.6).first() {
        Some(meant) => format!("“{word}” is not {kind}; did you mean “{meant}”?"),
        None => format!("“{word}” is not {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let file = TomlFile { name: "view.toml", text: "a = 1\n\nb = \n" };
        let fault = file.table().expect_err("b has no value").to_string();
        assert!(fault.starts_with("view.toml:3: ") && !fault.contains('\n'), "{fault}");

        let file = TomlFile { name: "view.toml", text: "a = 1\nb = 2\n" };
        let table = file.table().expect("valid");
        let value = table.get("b").expect("it is there");
        assert_eq!(
            file.string(value, "a name").expect_err("a number").to_string(),
            "view.toml:2: a name is expected, in quotes"
        );
        assert_eq!(file.fault(&(9999..9999), "lost").to_string(), "view.toml:1: lost");
    }

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        assert_eq!(
            unknown("usr", "a role", &["text", "user"]),
            "“usr” is not a role; did you mean “user”?"
        );
        assert_eq!(unknown("", "a role", &["text", "user"]), "“” is not a role");
        assert!(unknown(&"x".repeat(100_000), "a role", &["text"]).len() < 100);
    }
}
