//! Columns: how wide text is on a terminal.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use super::Span;

/// The clusters of `text` (what a reader takes for characters), each with its columns.
pub fn clusters(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut bytes = rest.bytes();
        // Nothing joins with a letter of ASCII but what is none.
        let is_letter = bytes.next().is_some_and(|byte| byte.is_ascii())
            && bytes.next().is_none_or(|byte| byte.is_ascii());
        let length = if is_letter { 1 } else { rest.graphemes(true).next()?.len() };
        let (cluster, after) = rest.split_at_checked(length)?;
        rest = after;
        Some((cluster, if is_letter { 1 } else { cluster.width() }))
    })
}

/// Columns that `text` takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { clusters(text).map(|(_, width)| width).sum() }
}

pub fn width_of(spans: &[Span]) -> usize {
    spans.iter().map(|span| width(&span.text)).sum()
}
