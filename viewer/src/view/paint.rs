//! From spans with roles to cells with styles.

use ccdump_model::{
    line::Span,
    theme::{Role, Theme},
};
use ratatui::{
    Frame,
    layout::Rect,
    style::Color,
    text::{Line as Painted, Span as PaintedSpan},
};
use unicode_width::UnicodeWidthStr as _;

use crate::lines::wrap::cut;

pub(super) fn word(role: Role, text: impl Into<String>) -> Span {
    Span { role, text: text.into(), paint: None }
}

pub(super) fn width(spans: &[Span]) -> usize {
    spans.iter().map(|span| span.text.width()).sum()
}

pub(super) fn line<'a>(spans: &'a [Span], theme: &Theme) -> Painted<'a> {
    Painted::from_iter(
        spans.iter().map(|span| PaintedSpan::styled(span.text.as_str(), theme.look(span.look()))),
    )
}

/// One line at the top of `area`; what is too long is cut off.
pub(super) fn text(frame: &mut Frame<'_>, area: Rect, theme: &Theme, spans: &[Span]) {
    if area.height > 0 {
        frame.render_widget(line(spans, theme), Rect { height: 1, ..area });
    }
}

/// One line with something at its right end, which has the right of way: what is too long at the
/// left ends with an ellipsis.
pub(super) fn both_ends(
    frame: &mut Frame<'_>,
    area: Rect,
    theme: &Theme,
    left: &[Span],
    right: &[Span],
) {
    let wanted = u16::try_from(width(right)).unwrap_or(u16::MAX).min(area.width);
    let left_area = Rect { width: area.width.saturating_sub(wanted.saturating_add(1)), ..area };
    text(frame, left_area, theme, &cut(left.to_vec(), left_area.width.into()));
    text(
        frame,
        Rect { x: area.right().saturating_sub(wanted), width: wanted, ..area },
        theme,
        right,
    );
}

/// Row `number` of `area`, if there is one.
pub(super) fn row(area: Rect, number: usize) -> Option<Rect> {
    let number = u16::try_from(number).ok().filter(|number| *number < area.height)?;
    Some(Rect { y: area.y + number, height: 1, ..area })
}

/// Gives the theme's own foreground and background to all that has none: to be done last, as
/// widgets that clear what is below them leave the terminal's.
pub(super) fn ground(frame: &mut Frame<'_>, theme: &Theme) {
    let ground = theme.ground();
    let (fg, bg) = (ground.fg.unwrap_or(Color::Reset), ground.bg.unwrap_or(Color::Reset));
    if (fg, bg) == (Color::Reset, Color::Reset) {
        return;
    }
    for cell in &mut frame.buffer_mut().content {
        if cell.fg == Color::Reset {
            cell.fg = fg;
        }
        if cell.bg == Color::Reset {
            cell.bg = bg;
        }
    }
}
