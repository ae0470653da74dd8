//! Colours. Lines and widgets speak of roles; a theme says how each looks.

/// What a piece of text on the screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// Ordinary text, in the terminal's own colours.
    Text,
    /// Less important than text: numbers, remarks, sizes.
    Dim,
    /// What stands out without a meaning of its own.
    Strong,
    Emphasis,
    Heading,
    /// Code within a text.
    Code,
    /// Code on lines of its own: fenced blocks, commands, files that are written.
    CodeBlock,
    /// The text of a link.
    Link,
    /// Marks, rules and frames.
    Frame,
    User,
    Injected,
    Assistant,
    Thinking,
    ToolCall,
    ToolResult,
    /// A line that was taken out, or put in, in a diff.
    Removed,
    Added,
    /// The words of such a line that make the difference.
    RemovedWord,
    AddedWord,
    System,
    Parameter,
    Header,
    Budget,
    /// Something streams, runs, is alive.
    Live,
    Good,
    Warning,
    Error,
    /// The focused block's bar, the chosen row.
    Focus,
    Selected,
    /// A key in the footer and the help.
    Key,
    /// Changed against the request before.
    Changed,
    /// Of another type than this version knows.
    Unknown,
    /// The bar at the bottom and the top.
    Bar,
    BarStrong,
}

mod builtin;

use ratatui::style::Style;

/// How each role looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme {
    style: fn(Role) -> Style,
}

impl Theme {
    /// The terminal's own sixteen colours, which people have chosen to be readable; no colours where `NO_COLOR` is set.
    pub(crate) fn of_environment() -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if no_color { Self { style: builtin::plain } } else { Self::terminal() }
    }

    /// The terminal's own sixteen colours.
    pub(crate) fn terminal() -> Self {
        Self { style: builtin::terminal }
    }

    pub(crate) fn style(&self, role: Role) -> Style {
        (self.style)(role)
    }
}
