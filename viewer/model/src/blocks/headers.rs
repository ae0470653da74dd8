//! The headers of both sides.

use super::{Category, Headers, ItemBody, list::List, turn::Turn};

pub(super) fn of_request(turn: Turn<'_>, list: &mut List) {
    let Some(heads) = &turn.loaded.heads else { return };
    let headers = Headers {
        of_request: true,
        first_line: format!("{} {}", turn.row.method, turn.row.path),
        fields: heads.request.clone(),
        trailers: heads.request_trailers.clone(),
    };
    list.add("headers/request", Category::Headers, ItemBody::Headers(headers));
}

pub(super) fn of_response(turn: Turn<'_>, list: &mut List) {
    let Some(heads) = &turn.loaded.heads else { return };
    let status = turn.row.status;
    if status.is_none() && heads.response.is_empty() {
        return;
    }
    let headers = Headers {
        of_request: false,
        first_line: status.map(|status| status.to_string()).unwrap_or_default(),
        fields: heads.response.clone(),
        trailers: heads.response_trailers.clone(),
    };
    list.add("headers/response", Category::Headers, ItemBody::Headers(headers));
}
