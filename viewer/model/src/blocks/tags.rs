//! Finds the tags that divide a text into parts: those that begin a line and are closed. What
//! stands in a code fence is code, and the elements of web pages divide nothing. Takes linear time,
//! whatever the text is.

use std::{collections::HashMap, iter::Peekable, vec::IntoIter};

use super::fences::Fences;

/// Longer texts are not divided. Bytes.
const LONGEST: usize = 256 * 1024;
/// Tags of one text that are parts of their own; those after them are text.
pub(super) const MOST: usize = 200;
/// So deep they stand in each other; deeper ones are text.
pub(super) const DEEPEST: usize = 4;
/// Bytes of a tag's name.
const LONGEST_NAME: usize = 64;

/// A stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stretch<'a> {
    Text(&'a str),
    Tag(Tag<'a>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    /// As they stand behind the name.
    pub(super) attributes: &'a str,
    /// With its tags.
    pub(super) whole: &'a str,
    pub(super) opening: &'a str,
    pub(super) closing: &'a str,
    pub(super) inside: Vec<Stretch<'a>>,
}

/// Cuts a text into its parts; all of them together are the text.
pub(super) fn stretches(text: &str) -> Vec<Stretch<'_>> {
    let is_document = ["<?xml", "<!DOCTYPE", "<!doctype"]
        .iter()
        .any(|start| text.trim_start().starts_with(start));
    if text.len() > LONGEST || is_document || !text.contains("</") {
        return if text.is_empty() { Vec::new() } else { vec![Stretch::Text(text)] };
    }
    let mut scan = Scan::default();
    let mut fences = Fences::of(text);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if !fences.is_code(start) {
            scan.line(start, line);
        }
        start += line.len();
    }
    Builder { text, tags: scan.open.into_iter().peekable(), room: MOST }.inside(0, text.len(), 1)
}

/// An opening tag that begins a line, or follows another tag there.
struct Open<'a> {
    name: &'a str,
    attributes: &'a str,
    start: usize,
    /// The first byte behind it.
    end: usize,
    /// Where its closing tag begins and ends.
    closing: Option<(usize, usize)>,
}

#[derive(Default)]
struct Scan<'a> {
    open: Vec<Open<'a>>,
    /// Those that wait for their closing tag, by number in `open`; and how many of each name.
    stack: Vec<usize>,
    waiting: HashMap<&'a str, usize>,
    /// Tags in the midst of the line, which are closed on it or not at all.
    inline: HashMap<&'a str, usize>,
}

impl<'a> Scan<'a> {
    fn line(&mut self, start: usize, line: &'a str) {
        self.inline.clear();
        // Behind this a tag begins the line still, as long as there is nothing else.
        let mut begins = Some(0);
        for (at, _) in line.match_indices('<') {
            let rest = line.get(at..).unwrap_or_default();
            if let Some(name) = closing(rest) {
                let end = at + "</>".len() + name.len();
                if let Some(count) = self.inline.get_mut(name).filter(|count| **count > 0) {
                    *count -= 1;
                } else if self.close(name, start + at, start + end) {
                    begins = Some(end);
                }
            } else if let Some((name, attributes, length)) = opening(rest) {
                begins = begins.filter(|from| {
                    line.get(*from..at).is_some_and(|between| between.trim().is_empty())
                });
                if begins.is_none() {
                    *self.inline.entry(name).or_default() += 1;
                    continue;
                }
                begins = Some(at + length);
                self.stack.push(self.open.len());
                *self.waiting.entry(name).or_default() += 1;
                let (start, end) = (start + at, start + at + length);
                self.open.push(Open { name, attributes, start, end, closing: None });
            }
        }
    }

    /// Closes the newest open tag of that name; those after it are never closed. `false`: there is
    /// none.
    fn close(&mut self, name: &str, start: usize, end: usize) -> bool {
        if self.waiting.get(name).is_none_or(|count| *count == 0) {
            return false;
        }
        while let Some(open) = self.stack.pop().and_then(|number| self.open.get_mut(number)) {
            self.waiting.entry(open.name).and_modify(|count| *count = count.saturating_sub(1));
            if open.name == name {
                open.closing = Some((start, end));
                return true;
            }
        }
        false
    }
}

/// The name of the closing tag that a text begins with.
fn closing(text: &str) -> Option<&str> {
    let name = name(text.strip_prefix("</")?)?;
    text.get("</".len() + name.len()..)?.starts_with('>').then_some(name)
}

/// The opening tag that a text begins with: its name, its attributes, and its length.
fn opening(text: &str) -> Option<(&str, &str, usize)> {
    let inside = text.strip_prefix('<')?;
    let name = name(inside)?;
    let behind = inside.get(name.len()..)?;
    if !behind.starts_with(['>', ' ', '\t']) || is_of_web_pages(name) {
        return None;
    }
    let end = behind.find(['<', '>', '\n'])?;
    let (attributes, _) = behind.split_at_checked(end).filter(|(_, rest)| rest.starts_with('>'))?;
    (!attributes.ends_with('/')).then(|| (name, attributes.trim(), "<>".len() + name.len() + end))
}

fn name(text: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    let end = text.bytes().take(LONGEST_NAME + 1).position(|byte| !is_part(byte.into()))?;
    text.get(..end).filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// Names that pages use and prompts do not.
fn is_of_web_pages(name: &str) -> bool {
    const NAMES: [&str; 36] = [
        "a",
        "b",
        "blockquote",
        "body",
        "br",
        "button",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "hr",
        "html",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "script",
        "span",
        "strong",
        "style",
        "svg",
        "table",
        "ul",
        "tbody",
    ];
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Puts tags into each other.
struct Builder<'a> {
    text: &'a str,
    tags: Peekable<IntoIter<Open<'a>>>,
    room: usize,
}

impl<'a> Builder<'a> {
    fn inside(&mut self, from: usize, to: usize, depth: usize) -> Vec<Stretch<'a>> {
        let mut stretches = Vec::new();
        let mut at = from;
        while let Some(tag) = self.tags.next_if(|tag| tag.start < to) {
            // What is never closed is text, and what stands behind it may still be a tag.
            let Some((closing, end)) = tag.closing.filter(|_| depth <= DEEPEST && self.room > 0)
            else {
                continue;
            };
            self.room -= 1;
            self.push_text(&mut stretches, at, tag.start);
            let inside = self.inside(tag.end, closing, depth + 1);
            stretches.push(Stretch::Tag(Tag {
                name: tag.name,
                attributes: tag.attributes,
                opening: self.part(tag.start, tag.end),
                closing: self.part(closing, end),
                whole: self.part(tag.start, end),
                inside,
            }));
            at = end;
        }
        self.push_text(&mut stretches, at, to);
        stretches
    }

    fn push_text(&self, stretches: &mut Vec<Stretch<'a>>, from: usize, to: usize) {
        if from < to {
            stretches.push(Stretch::Text(self.part(from, to)));
        }
    }

    fn part(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(stretches: &[Stretch<'_>]) -> String {
        let of = |stretch: &Stretch<'_>| match stretch {
            Stretch::Text(text) => (*text).to_owned(),
            Stretch::Tag(tag) => {
                let all = format!("{}{}{}", tag.opening, joined(&tag.inside), tag.closing);
                assert_eq!(all, tag.whole);
                all
            }
        };
        stretches.iter().map(of).collect()
    }

    /// `[name attributes|…]` for a tag.
    fn shape(stretches: &[Stretch<'_>]) -> String {
        let of = |stretch: &Stretch<'_>| match stretch {
            Stretch::Text(text) => text.replace('\n', "⏎"),
            Stretch::Tag(tag) => format!(
                "[{}|{}]",
                format!("{} {}", tag.name, tag.attributes).trim_end(),
                shape(&tag.inside)
            ),
        };
        stretches.iter().map(of).collect()
    }

    #[test]
    fn tags_that_begin_a_line_and_are_closed_are_parts() {
        for (text, wanted) in [
            ("", ""),
            ("no tags < 3 </", "no tags < 3 </"),
            ("<env>\nx\n</env>", "[env|⏎x⏎]"),
            ("Fix it\n<env a=\"b\">x</env>\nand then", "Fix it⏎[env a=\"b\"|x]⏎and then"),
            ("  <a1>x</a1><b1>y</b1>", "  [a1|x][b1|y]"),
            ("say <env>x</env> to it", "say <env>x</env> to it"),
            ("<env>\nnever closed", "<env>⏎never closed"),
            ("<env>\n<x1>in</x1>", "<env>⏎[x1|in]"),
            ("<x1>\n<y1>\nunclosed\n</x1>", "[x1|⏎<y1>⏎unclosed⏎]"),
            ("<ex>\n<ex>\ninner\n</ex>\nouter</ex>", "[ex|⏎[ex|⏎inner⏎]⏎outer]"),
            ("<ex>\nthe tag <ex>like</ex> this\n</ex>", "[ex|⏎the tag <ex>like</ex> this⏎]"),
            ("```\n<env>x</env>\n```\n<env>y</env>", "```⏎<env>x</env>⏎```⏎[env|y]"),
            ("``` never closed\n<env>x</env>", "``` never closed⏎[env|x]"),
            ("<env>\n```\n</env>\n```\n</env>", "[env|⏎```⏎</env>⏎```⏎]"),
            ("<div>\n<env>x</env>\n</div>", "<div>⏎[env|x]⏎</div>"),
            ("<br/>\n<x/>\n</x>", "<br/>⏎<x/>⏎</x>"),
            ("<?xml version=\"1.0\"?>\n<a1>x</a1>", "<?xml version=\"1.0\"?>⏎<a1>x</a1>"),
            ("<a1 b < c>x</a1>", "<a1 b < c>x</a1>"),
            ("<1a>x</1a>\n<ä>x</ä>", "<1a>x</1a>⏎<ä>x</ä>"),
            ("<v1><v2><v3><v4><v5>x</v5></v4></v3></v2></v1>", "[v1|[v2|[v3|[v4|<v5>x</v5>]]]]"),
        ] {
            let stretches = stretches(text);
            assert_eq!(shape(&stretches), wanted, "{text:?}");
            assert_eq!(joined(&stretches), text);
        }
    }

    #[test]
    fn of_very_many_tags_the_first_are_parts() {
        let text = "<item>x</item>\n".repeat(MOST + 50);
        let stretches = stretches(&text);
        let tags = stretches.iter().filter(|stretch| matches!(stretch, Stretch::Tag(_))).count();
        assert_eq!((tags, joined(&stretches) == text), (MOST, true));
        let long = format!("{}<env>x</env>", "x\n".repeat(LONGEST));
        assert_eq!(super::stretches(&long), [Stretch::Text(&long)]);
    }

    #[test]
    fn the_worst_texts_take_no_longer_than_others() {
        for worst in [
            "<a1 ",
            "<a1>",
            "x <a1>",
            "\n<a1>",
            "</a1>",
            "<a1>\n<b1>\n</a1>\n",
            "```x\n",
            "   <",
            "\n````",
            "x<a1></a1>",
        ] {
            let text = worst.repeat(LONGEST / worst.len());
            assert_eq!(joined(&stretches(&text)), text, "{worst:?}");
        }
    }

    proptest! {
        #[test]
        fn all_parts_of_any_text_are_the_text(
            text in proptest::collection::vec(prop_oneof![
                Just("<env>"), Just("</env>"), Just("<ex a=\"1\">"), Just("</ex>"), Just("\n"), Just("```"), Just("~~~"), Just("  "),
                Just("<"), Just(">"), Just("</"), Just("漢"), Just("👩\u{200d}🚀"), Just("x"), Just("\r\n"), Just("<div>"),
            ], 0..60),
            noise in ".{0,40}",
        ) {
            let text = format!("{}{noise}", text.concat());
            prop_assert_eq!(joined(&stretches(&text)), text);
        }
    }
}
