//! Lines: text with roles, of a known width. How items become lines is the viewer's own
//! (`viewer/src/lines`).

mod columns;
mod span;

pub use columns::{clusters, width, width_of};
pub use span::{expand_tabs, expand_tabs_from, harmless};

use ratatui::style::Style;

use crate::{blocks::Category, theme::Role};

/// How much of an item is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    Hidden,
    /// A text of its own, one to three lines.
    Summary,
    Full,
}

impl Category {
    /// What is shown of a category until somebody says otherwise.
    pub fn default_detail(self) -> Detail {
        match self {
            Self::User | Self::Assistant => Detail::Full,
            Self::Tools | Self::System | Self::Budget | Self::Metadata => Detail::Summary,
            Self::Headers => Detail::Hidden,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    pub spans: Vec<Span>,
}

/// Text without line feeds, tabs or anything that a terminal would obey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub role: Role,
    pub text: String,
    /// What the text brought along of its own: colours and the like that a program's output was
    /// written with.
    pub paint: Option<Style>,
}

/// All that decides how a span looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub role: Role,
    pub paint: Option<Style>,
}

impl From<Role> for Look {
    fn from(role: Role) -> Self {
        Self { role, paint: None }
    }
}
