//! How an exchange ended, and what it came to.

use ccdump_client::words;

use super::{
    Category, ItemBody, is_usual_stop,
    list::List,
    turn::{Turn, numbers},
};

/// What went wrong, in words: as a rule the row knows, and how bad it was.
pub(super) fn error(turn: Turn<'_>) -> Option<String> {
    let streamed = || turn.loaded.response.here().and_then(|side| side.error.clone());
    words::trouble(turn.row).or_else(|| streamed().map(|error| format!("error: {error}")))
}

pub(super) fn add(turn: Turn<'_>, list: &mut List) {
    let row = turn.row;
    let response = turn.loaded.response.here();
    if row.gap_bytes > 0 {
        let notice = format!("recording was incomplete: {}", words::missing(row.gap_bytes, 0));
        list.add("gap", Category::Metadata, ItemBody::Notice(notice));
    }
    if let Some(reason) = response.and_then(|side| side.broken.as_ref()) {
        list.add("broken", Category::Metadata, ItemBody::Notice(reason.clone()));
    }
    if let Some(error) = error(turn) {
        list.add("error", Category::Assistant, ItemBody::Error(error));
    }
    if let Some(reason) = row.stop_reason.as_ref().filter(|reason| !is_usual_stop(reason)) {
        list.add("stop", Category::Metadata, ItemBody::Stop(reason.clone()));
    }
    if row.usage.is_some() || row.duration_us.is_some() {
        let usage = ItemBody::Usage { usage: row.usage.unwrap_or_default(), numbers: numbers(row) };
        list.add("usage", Category::Budget, usage);
    }
}
