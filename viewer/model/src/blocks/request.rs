//! The request's items: what it adds to the one before it.

use super::{
    Category, ItemBody, Pending, compaction, former::Former, headers, list::List, messages,
    setting, turn::Turn,
};
use crate::record::Fetched;

pub(super) fn add(turn: Turn<'_>, list: &mut List) {
    headers::of_request(turn, list);
    match &turn.loaded.request {
        Fetched::Here(side) => {
            let former = Former::of(turn);
            let is_compacted = compaction::add(turn, side, list);
            setting::add(turn, side, &former, list);
            if !is_compacted {
                messages::rewritten(side, &former, list);
            }
            messages::add(side, turn.before, &former, list);
        }
        Fetched::NotYet => {
            let absent = ItemBody::Absent {
                what: "request",
                bytes: turn.row.request_bytes,
                pending: Pending::Loading,
            };
            list.add("awaited/request", Category::User, absent);
        }
        Fetched::Failed(reason) => {
            let notice = ItemBody::Notice(format!("the request cannot be shown: {reason}"));
            list.add("failed/request", Category::Metadata, notice);
        }
    }
}
