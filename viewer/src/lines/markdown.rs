//! Markdown as it is meant to look. Line breaks stay where they were written, and what looks like a tag stays visible.

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
    let mut writer = Writer::new(page, base);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    for event in Parser::new_ext(text, options) {
        writer.event(event);
    }
    writer.flush();
}

struct Writer<'p> {
    page: &'p mut Page,
    base: Role,
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
    fn new(page: &'p mut Page, base: Role) -> Self {
        Self {
            page,
            base,
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

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(code) | Event::InlineMath(code) | Event::DisplayMath(code) => self.push(Role::Code, &code),
            Event::SoftBreak | Event::HardBreak => self.line_break(),
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

    fn start(&mut self, tag: Tag<'_>) {
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
            Tag::Emphasis => self.styles.push(Role::Emphasis),
            Tag::Strong => self.styles.push(Role::Strong),
            Tag::Strikethrough => {
                self.push(Role::Dim, "~~");
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

    fn end(&mut self, tag: TagEnd) {
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
                self.push(Role::Dim, "~~");
            }
            TagEnd::Emphasis | TagEnd::Strong => _ = self.styles.pop(),
            TagEnd::Link | TagEnd::Image => self.end_link(),
            _ => {}
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
        let text: String = self.line.get(start..).unwrap_or_default().iter().map(|span| span.text.as_str()).collect();
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
        // The parser resolves character references, to any character: the text is not clean any more.
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
