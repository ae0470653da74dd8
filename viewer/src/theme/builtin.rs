//! The themes that are built in.

use ratatui::style::{Color, Modifier, Style};

use super::Role;

/// The terminal's sixteen colours: works on light and dark. Yellow is kept for warnings, as it is hard to read on white.
pub(super) fn terminal(role: Role) -> Style {
    let colour = match role {
        Role::Text | Role::Strong | Role::Emphasis | Role::Assistant | Role::BarStrong | Role::Selected => None,
        Role::Dim | Role::Frame | Role::Injected | Role::ToolResult | Role::Budget | Role::Bar => Some(Color::DarkGray),
        Role::Heading | Role::ToolCall => Some(Color::Blue),
        Role::Code | Role::CodeBlock | Role::Link | Role::Parameter | Role::Header | Role::Focus | Role::Key => Some(Color::Cyan),
        Role::User | Role::Added | Role::AddedWord | Role::Live | Role::Good => Some(Color::Green),
        Role::Thinking | Role::System => Some(Color::Magenta),
        Role::Removed | Role::RemovedWord | Role::Error => Some(Color::Red),
        Role::Warning | Role::Changed | Role::Unknown => Some(Color::Yellow),
    };
    let style = plain_weight(role);
    colour.map_or(style, |colour| style.fg(colour))
}

/// No colours: what matters is bold, underlined or reversed.
pub(super) fn plain(role: Role) -> Style {
    match role {
        Role::Dim | Role::Frame | Role::Injected | Role::Budget => Style::new().add_modifier(Modifier::DIM),
        Role::Removed => Style::new().add_modifier(Modifier::CROSSED_OUT),
        Role::Added | Role::Changed => Style::new().add_modifier(Modifier::UNDERLINED),
        _ => plain_weight(role),
    }
}

fn plain_weight(role: Role) -> Style {
    let modifier = match role {
        Role::Strong | Role::Heading | Role::Key | Role::BarStrong | Role::Live | Role::Warning | Role::Error | Role::Focus => {
            Modifier::BOLD
        }
        Role::User | Role::ToolCall => Modifier::BOLD,
        Role::Emphasis | Role::Thinking | Role::Injected => Modifier::ITALIC,
        Role::Link => Modifier::UNDERLINED,
        Role::Selected | Role::RemovedWord | Role::AddedWord => Modifier::REVERSED,
        _ => Modifier::empty(),
    };
    Style::new().add_modifier(modifier)
}
