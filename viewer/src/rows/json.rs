//! JSON as rows, in the order and with the numbers that were sent. The text is gone through once,
//! without recursion; of one that breaks off there is as much as came.

use ccdump_client::text::units;
use ccdump_model::{
    line::{Span, width},
    rows::Source,
    theme::Role,
};

use super::{page::Page, text};

/// Bytes of a value that its gist is made of.
const GIST: usize = 400;

/// Where the JSON stands: in which of the page's texts, and from which byte on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub(super) text: u32,
    pub(super) from: usize,
}

/// The members of a value, from `depth` on.
pub(super) fn members(page: &mut Page, depth: u16, json: &str, origin: Origin) {
    let mut walk = Walk { page, json, origin, depth, at: 0, open: Vec::new(), name: None };
    while walk.step().is_some() {}
}

struct Walk<'a> {
    page: &'a mut Page,
    json: &'a str,
    origin: Origin,
    /// Of the outermost value's members.
    depth: u16,
    at: usize,
    open: Vec<Open>,
    /// Of the member that comes next.
    name: Option<String>,
}

/// An array or object that is not closed yet.
struct Open {
    is_object: bool,
    members: usize,
    from: usize,
    /// Its row. The outermost one has none.
    row: Option<usize>,
}

impl Walk<'_> {
    /// Takes one token in. `None`: there are no more.
    fn step(&mut self) -> Option<()> {
        if self.page.is_full() {
            return None;
        }
        let from = self.at;
        let byte = *self.json.as_bytes().get(from)?;
        self.at += 1;
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' | b',' | b':' => {}
            b'{' | b'[' => self.opened(byte == b'{', from),
            b'}' | b']' => self.closed(),
            b'"' => {
                self.at = string_end(self.json, self.at);
                let awaits_name =
                    self.open.last().is_some_and(|open| open.is_object) && self.name.is_none();
                if awaits_name {
                    self.name = Some(string(self.json.get(from..self.at)?));
                } else {
                    self.string(from);
                }
            }
            _ => {
                let rest = self.json.get(from..)?;
                let end = rest.find([',', '}', ']', ' ', '\n', '\r', '\t']).unwrap_or(rest.len());
                self.at = from + end.max(1);
                self.scalar(from);
            }
        }
        Some(())
    }

    fn opened(&mut self, is_object: bool, from: usize) {
        let row = (!self.open.is_empty()).then(|| self.member(Vec::new()));
        self.open.push(Open { is_object, members: 0, from, row });
    }

    fn closed(&mut self) {
        let Some(open) = self.open.pop() else { return };
        self.name = None;
        let Some(row) = open.row else { return };
        self.source(row, open.from);
        let value = self.json.get(open.from..self.at).unwrap_or_default();
        let (left, right) = if open.is_object { ('{', '}') } else { ('[', ']') };
        let size = if open.members == 0 {
            format!("{left}{right}")
        } else {
            format!("{left}{}{right}", open.members)
        };
        if let Some(row) = self.page.row(row) {
            row.line.spans.push(Span::new(Role::Dim, &size));
        }
        if open.members > 0 {
            let start = value.get(..value.floor_char_boundary(GIST)).unwrap_or(value);
            self.page.gist(row, vec![Span::new(Role::Dim, &format!("  {start}"))]);
        }
    }

    fn scalar(&mut self, from: usize) {
        let value = self.json.get(from..self.at).unwrap_or_default();
        let role =
            if value.starts_with(['t', 'f', 'n']) { Role::CodeKeyword } else { Role::CodeNumber };
        let row = self.member(vec![Span::new(role, value)]);
        self.source(row, from);
    }

    fn string(&mut self, from: usize) {
        let token = self.json.get(from..self.at).unwrap_or_default();
        let value = string(token);
        let depth = self.member_depth();
        let name = self.label();
        let room =
            self.page.room(depth).saturating_sub(name.iter().map(|span| width(&span.text)).sum());
        let is_short = value.len() <= GIST && !value.contains(['\n', '\r', '\t']);
        let whole = is_short
            .then(|| Span::new(Role::CodeString, &format!("\"{value}\"")))
            .filter(|span| width(&span.text) <= room);
        if let Some(span) = whole {
            let row = self.member(vec![span]);
            return self.source(row, from);
        }
        let lines = value.lines().count();
        let size =
            format!("{}, {}", units::plural(lines, "line"), units::bytes(value.len() as u64));
        let row = self.member(vec![Span::new(Role::Dim, &size)]);
        self.source(row, from);
        let start = value.get(..value.floor_char_boundary(GIST)).unwrap_or(&value);
        self.page.gist(row, vec![Span::new(Role::Dim, "  "), Span::new(Role::CodeString, start)]);
        text::text(self.page, depth + 1, Role::CodeString, &value);
    }

    fn member_depth(&self) -> u16 {
        let inner = u16::try_from(self.open.len().saturating_sub(1)).unwrap_or(u16::MAX);
        self.depth.saturating_add(inner)
    }

    /// What the next member is called.
    fn label(&self) -> Vec<Span> {
        match (&self.name, self.open.last()) {
            (Some(name), _) => vec![Span::new(Role::CodeName, name), Span::new(Role::Dim, ": ")],
            (None, Some(open)) => vec![Span::new(Role::Dim, &format!("{}  ", open.members))],
            (None, None) => Vec::new(),
        }
    }

    /// The row of a value; its name is used up.
    fn member(&mut self, value: Vec<Span>) -> usize {
        let depth = self.member_depth();
        let mut spans = self.label();
        let number = self.open.last().map_or(0, |open| open.members);
        let name = self.name.take().unwrap_or_else(|| number.to_string());
        spans.extend(value);
        self.open.last_mut().into_iter().for_each(|open| open.members += 1);
        let row = self.page.push(depth, &name, spans);
        // What an outermost value holds is to be seen at once; its members are folded.
        self.page.row(row).into_iter().for_each(|row| row.is_open = depth == 0);
        row
    }

    fn source(&mut self, row: usize, from: usize) {
        let place =
            |at: usize| u32::try_from(self.origin.from.saturating_add(at)).unwrap_or(u32::MAX);
        let source = Source { text: self.origin.text, from: place(from), to: place(self.at) };
        self.page.set_source(row, source);
    }
}

/// The byte after the quote that ends a string.
fn string_end(json: &str, from: usize) -> usize {
    let mut is_escaped = false;
    for (at, byte) in json.bytes().enumerate().skip(from) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    json.len()
}

/// What a string says. One that is no valid JSON is shown as it stands.
fn string(token: &str) -> String {
    serde_json::from_str(token).unwrap_or_else(|_| token.trim_matches('"').to_owned())
}
