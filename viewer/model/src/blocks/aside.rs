//! An exchange that is no turn of the conversation.

use ccdump_client::words;

use super::{
    Category, ItemBody, headers,
    list::List,
    turn::{Turn, numbers, speaker, state},
};

pub(super) fn add(turn: Turn<'_>, list: &mut List) {
    let row = turn.row;
    let aside = ItemBody::Aside {
        id: row.id,
        speaker: speaker(turn),
        what: words::purpose(row),
        usage: row.usage,
        numbers: numbers(row),
        state: state(turn),
        error: words::trouble(row),
    };
    list.add("aside", Category::Metadata, aside);
    headers::of_request(turn, list);
    headers::of_response(turn, list);
}
