//! What a piece of text on the screen is.

/// Makes the enum, all of its values, and their names in theme files, of one list.
macro_rules! roles {
    ($($(#[$about:meta])* $role:ident = $name:literal,)+) => {
        /// What a piece of text on the screen is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Role {
            $($(#[$about])* $role,)+
        }

        impl Role {
            pub const ALL: &[Self] = &[$(Self::$role),+];

            /// As it is called in a theme's file.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$role => $name,)+
                }
            }
        }
    };
}

roles! {
    /// Ordinary text.
    Text = "text",
    /// Less important than text: numbers, remarks, sizes.
    Dim = "dim",
    /// What stands out without a meaning of its own.
    Strong = "strong",
    Emphasis = "emphasis",
    Heading = "heading",
    /// Code within a text.
    Code = "code",
    /// Code on lines of its own: fenced blocks, commands, files that are written.
    CodeBlock = "code-block",
    /// Kinds of words in code.
    CodeComment = "code-comment",
    CodeString = "code-string",
    CodeNumber = "code-number",
    CodeKeyword = "code-keyword",
    /// Of types, keys and attributes.
    CodeName = "code-name",
    /// The text of a link.
    Link = "link",
    /// Marks, rules and frames.
    Frame = "frame",
    User = "user",
    Injected = "injected",
    Assistant = "assistant",
    Thinking = "thinking",
    ToolCall = "tool-call",
    ToolResult = "tool-result",
    /// A line that was taken out, or put in, in a diff.
    Removed = "removed",
    Added = "added",
    /// The words of such a line that make the difference.
    RemovedWord = "removed-word",
    AddedWord = "added-word",
    System = "system",
    /// Names of sections of the system prompt, in turn.
    Tag1 = "tag-1",
    Tag2 = "tag-2",
    Tag3 = "tag-3",
    Tag4 = "tag-4",
    Tag5 = "tag-5",
    Tag6 = "tag-6",
    Parameter = "parameter",
    Header = "header",
    Budget = "budget",
    /// Something streams, runs, is alive.
    Live = "live",
    Good = "good",
    Warning = "warning",
    Error = "error",
    /// The focused block's bar, the chosen row.
    Focus = "focus",
    Selected = "selected",
    /// A key in the footer and the help.
    Key = "key",
    /// Changed against the request before.
    Changed = "changed",
    /// Of another type than this version knows.
    Unknown = "unknown",
    /// The bar at the bottom and the top.
    Bar = "bar",
    BarStrong = "bar-strong",
}

impl Role {
    /// Of the section of that number, from 1.
    pub fn tag(number: usize) -> Self {
        const TAGS: [Role; 6] =
            [Role::Tag1, Role::Tag2, Role::Tag3, Role::Tag4, Role::Tag5, Role::Tag6];
        TAGS.get(number.saturating_sub(1) % TAGS.len()).copied().unwrap_or(Role::Tag1)
    }
}
