//! Markdown as it is meant to look. Line breaks stay where they were written, and what looks like a
//! tag stays visible. So does what prompts hold and Markdown would swallow: stars within words,
//! backslashes, and lines that define a link.

use std::{iter::Peekable, ops::Range, vec};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::{
    Span,
    code::Language,
    page::Page,
    plain::{self, Flow},
    table::Table,
    wrap::append,
};
use ccdump_model::line::harmless;
use ccdump_model::theme::Role;

/// Lays out `text`, which must be clean. `base`: the role of what is nothing special.
pub(super) fn markdown(page: &mut Page, base: Role, text: &str) {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let parser = Parser::new_ext(text, options);
    let mut definitions: Vec<_> =
        parser.reference_definitions().iter().map(|(_, one)| one.span.clone()).collect();
    definitions.sort_by_key(|span| span.start);
    let mut writer = Writer::new(page, base, text, definitions);
    for (event, range) in parser.into_offset_iter() {
        if matches!(event, Event::Start(_)) {
            writer.definitions(range.start);
        }
        let end = range.end;
        writer.event(event, range);
        writer.shown = end;
    }
    writer.definitions(text.len());
    writer.flush();
}

struct Writer<'p> {
    page: &'p mut Page,
    base: Role,
    source: &'p str,
    /// Where in the source the event before ended.
    shown: usize,
    /// Of links, where in the source: the parser says nothing of them.
    definitions: Peekable<vec::IntoIter<Range<usize>>>,
    /// The line under way.
    line: Vec<Span>,
    /// Roles of what encloses the text under way.
    styles: Vec<Role>,
    /// Where the links around it lead, and where in the line each began.
    links: Vec<(String, usize)>,
    /// Numbers of the next items of the lists around it; `None` for bullets.
    lists: Vec<Option<u64>>,
    /// A block is over: the next one stands apart from it.
    gap: bool,
    /// Text of a code block or of HTML, which is collected until it is whole.
    literal: Option<String>,
    /// Of the code block.
    language: Option<Language>,
    table: Option<Table>,
}

impl<'p> Writer<'p> {
    fn new(
        page: &'p mut Page,
        base: Role,
        source: &'p str,
        definitions: Vec<Range<usize>>,
    ) -> Self {
        Self {
            page,
            base,
            source,
            shown: 0,
            definitions: definitions.into_iter().peekable(),
            line: Vec::new(),
            styles: Vec::new(),
            links: Vec::new(),
            lists: Vec::new(),
            gap: false,
            literal: None,
            language: None,
            table: None,
        }
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(text) => {
                if self.is_escaped(range.start) {
                    self.text("\\");
                }
                self.text(&text);
            }
            Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(code) | Event::InlineMath(code) | Event::DisplayMath(code) => {
                self.push(Role::Code, &code)
            }
            Event::SoftBreak => self.line_break(),
            Event::HardBreak => {
                if self.source_at(range).starts_with('\\') {
                    self.text("\\");
                }
                self.line_break();
            }
            Event::Rule => {
                self.begin();
                let rule = "─".repeat(self.page.room().min(40));
                self.page.words(vec![Span::new(Role::Frame, &rule)], 2);
                self.gap = true;
            }
            Event::TaskListMarker(done) => self.push(Role::Frame, if done { "☑ " } else { "☐ " }),
            Event::FootnoteReference(label) => self.text(&label),
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Paragraph => self.begin(),
            Tag::Heading { level, .. } => {
                self.begin();
                self.push(Role::Frame, &format!("{} ", "#".repeat(level as usize)));
                self.styles.push(Role::Heading);
            }
            Tag::BlockQuote(_) => {
                self.begin();
                self.page.indent(Span::new(Role::Frame, "▎ "), Span::new(Role::Frame, "▎ "));
            }
            Tag::CodeBlock(kind) => {
                self.begin();
                if let CodeBlockKind::Fenced(language) = kind
                    && !language.is_empty()
                {
                    self.language = Language::named(&language);
                    self.page.head(
                        vec![Span::new(Role::Frame, "┌ ")],
                        vec![Span::new(Role::Dim, &language)],
                        vec![],
                        super::page::Fold::None,
                    );
                }
                self.literal = Some(String::new());
            }
            Tag::HtmlBlock => {
                self.begin();
                self.literal = Some(String::new());
            }
            Tag::List(first) => {
                // A list within an item continues it.
                if self.lists.is_empty() {
                    self.begin();
                } else {
                    self.flush();
                    self.gap = false;
                }
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::Table(alignments) => {
                self.begin();
                self.table = Some(Table::new(alignments));
            }
            Tag::TableRow => self.table.iter_mut().for_each(Table::row),
            Tag::Emphasis => self.emphasis(Role::Emphasis, range, 1),
            Tag::Strong => self.emphasis(Role::Strong, range, 2),
            Tag::Strikethrough => {
                self.push(Role::Dim, self.tildes(range));
                self.styles.push(Role::Dim);
            }
            Tag::Link { dest_url, .. } => {
                self.styles.push(Role::Link);
                self.links.push((dest_url.into_string(), self.line.len()));
            }
            Tag::Image { dest_url, .. } => {
                self.push(Role::Dim, "image: ");
                self.styles.push(Role::Link);
                self.links.push((dest_url.into_string(), self.line.len()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        match tag {
            TagEnd::Paragraph => self.end_block(),
            TagEnd::Heading(_) => {
                self.styles.pop();
                self.end_block();
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.page.outdent();
                self.gap = true;
            }
            TagEnd::CodeBlock => {
                let code = self.literal.take().unwrap_or_default();
                self.page.indent(Span::new(Role::Frame, "│ "), Span::new(Role::Frame, "│ "));
                match self.language.take() {
                    Some(language) => plain::code(self.page, Role::Text, language, &code, false),
                    None => plain::text(self.page, Role::CodeBlock, &code, Flow::Columns),
                }
                self.page.outdent();
                self.gap = true;
            }
            TagEnd::HtmlBlock => {
                let html = self.literal.take().unwrap_or_default();
                plain::text(self.page, self.base, &html, Flow::Words);
                self.gap = true;
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.gap = self.lists.is_empty();
            }
            TagEnd::Item => {
                self.flush();
                self.page.outdent();
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.line);
                self.table.iter_mut().for_each(|table| table.cell(cell.clone()));
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    table.draw(self.page);
                }
                self.gap = true;
            }
            TagEnd::Strikethrough => {
                self.styles.pop();
                self.push(Role::Dim, self.tildes(range));
            }
            TagEnd::Emphasis => self.end_emphasis(range, 1),
            TagEnd::Strong => self.end_emphasis(range, 2),
            TagEnd::Link | TagEnd::Image => self.end_link(),
            _ => {}
        }
    }

    /// `marks`: how many stars or underlines it begins and ends with. Within a word they stand for
    /// themselves.
    fn emphasis(&mut self, role: Role, range: Range<usize>, marks: usize) {
        if self.is_within_word(&range) {
            self.text(self.source_at(range.start..range.start.saturating_add(marks)));
            self.styles.push(self.styles.last().copied().unwrap_or(self.base));
        } else {
            self.styles.push(role);
        }
    }

    fn end_emphasis(&mut self, range: Range<usize>, marks: usize) {
        self.styles.pop();
        if self.is_within_word(&range) {
            self.text(self.source_at(range.end.saturating_sub(marks)..range.end));
        }
    }

    fn is_within_word(&self, range: &Range<usize>) -> bool {
        let before = self.source_at(0..range.start).ends_with(|c: char| c.is_ascii_alphanumeric());
        before
            || self
                .source_at(range.end..self.source.len())
                .starts_with(|c: char| c.is_ascii_alphanumeric())
    }

    /// Those around what is crossed out: one each, or two.
    fn tildes(&self, range: Range<usize>) -> &'static str {
        if self.source_at(range).starts_with("~~") { "~~" } else { "~" }
    }

    /// Whether a backslash before `at` was taken for an escape.
    fn is_escaped(&self, at: usize) -> bool {
        self.shown < at && self.source_at(self.shown..at).ends_with('\\')
    }

    fn source_at(&self, range: Range<usize>) -> &'p str {
        self.source.get(range).unwrap_or_default()
    }

    /// Shows the definitions of links that stand before `at`.
    fn definitions(&mut self, at: usize) {
        while let Some(span) = self.definitions.next_if(|span| span.start < at) {
            self.begin();
            self.push(Role::Dim, self.source_at(span).trim_end());
            self.end_block();
        }
    }

    fn item(&mut self) {
        self.flush();
        if std::mem::take(&mut self.gap) {
            self.page.blank();
        }
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{number}. ");
                *number = number.saturating_add(1);
                mark
            }
            _ => "• ".to_owned(),
        };
        self.page.indent(Span::new(Role::Frame, &mark), Span::new(Role::Text, ""));
    }

    /// A block begins.
    fn begin(&mut self) {
        self.flush();
        if std::mem::take(&mut self.gap) {
            self.page.blank();
        }
    }

    fn end_block(&mut self) {
        self.flush();
        self.gap = true;
    }

    /// Where the link leads, unless its text says so.
    fn end_link(&mut self) {
        self.styles.pop();
        let Some((url, start)) = self.links.pop() else { return };
        let text: String = self
            .line
            .get(start..)
            .unwrap_or_default()
            .iter()
            .map(|span| span.text.as_str())
            .collect();
        if text != url && !url.is_empty() {
            self.push(Role::Dim, &format!(" ({url})"));
        }
    }

    fn text(&mut self, text: &str) {
        match &mut self.literal {
            Some(literal) => literal.push_str(text),
            None => {
                let role = self.styles.last().copied().unwrap_or(self.base);
                self.push(role, text);
            }
        }
    }

    fn push(&mut self, role: Role, text: &str) {
        // The parser resolves character references, to any character: the text is not clean any
        // more.
        append(&mut self.line, role, &harmless(text));
    }

    fn line_break(&mut self) {
        if self.table.is_some() {
            self.push(self.base, " ");
        } else {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.page.words(line, 0);
        }
    }
}
