//! What is not here, and what went wrong.

use ccdump_record::{Header, Heads, RequestRole, Usage};

use super::{super::Wanted, *};
use crate::blocks::Source;

fn all(row: &Exchange, loaded: &Loaded) -> Vec<String> {
    shapes(&items(turn(row, loaded, None, None)))
}

#[test]
fn what_has_not_come_is_awaited_and_what_cannot_be_had_is_said() {
    let head = |state| format!("turn [metadata] Main Some(\"claude-opus-4-8\") 09:41:07 {state}");
    let open = Exchange { end_state: None, status: None, request_bytes: 50_000, ..row() };
    let awaited =
        "awaited/request [user] Absent { what: \"request\", bytes: 50000, pending: Loading }"
            .to_owned();
    assert_eq!(all(&open, &Loaded::default()), [head("Waiting"), awaited]);

    let failed = Loaded {
        request: Fetched::Failed("the daemon cannot outline".to_owned()),
        response: Fetched::Failed("it is gone".to_owned()),
        ..Loaded::default()
    };
    assert_eq!(
        all(&row(), &failed),
        [
            head("Complete"),
            "failed/request [metadata] Notice(\"the request cannot be shown: the daemon cannot outline\")".to_owned(),
            "failed/response [metadata] Notice(\"the answer cannot be shown: it is gone\")".to_owned(),
        ]
    );
    let half = Loaded { request: Fetched::Here(RequestSide::default()), ..Loaded::default() };
    assert_eq!(
        all(&row(), &half)[1],
        "awaited/response [assistant] Absent { what: \"answer\", bytes: 0, pending: Loading }"
    );
}

#[test]
fn an_answer_that_streams_is_open_at_its_end() {
    let mut call = tool_use("/content/1", "Bash", "a");
    call.content = Held::Opening("{\"comm".into());
    let streaming = |pieces| Loaded {
        request: Fetched::Here(RequestSide::default()),
        response: Fetched::Here(ResponseSide { pieces, open: true, ..ResponseSide::default() }),
        ..Loaded::default()
    };
    let open = Exchange { end_state: None, ..row() };
    let shapes = all(
        &open,
        &streaming(vec![thinking("/content/0", "Hm."), text("assistant", "/content/1", "Ye")]),
    );
    assert!(shapes[0].ends_with("Streaming"));
    assert_eq!(
        shapes[1..],
        [
            "response/content/0 [assistant] thinking: Hm.",
            "response/content/1 [assistant] Assistant: Ye (open)"
        ]
    );
    assert_eq!(
        all(&open, &streaming(vec![text("assistant", "/content/0", "Yes."), call]))[1..],
        [
            "response/content/0 [assistant] Assistant: Yes.",
            "response/content/1 [tools] ToolUseOpening { name: \"Bash\", partial: \"{\\\"comm\", on_server: false }",
        ]
    );
}

#[test]
fn items_say_which_pieces_they_want() {
    let mut failed = text("user", "/messages/0/content", "");
    failed.content = Held::Failed("too large".to_owned());
    let request = vec![not_asked(text("user", "/messages/1/content", "")), failed];
    let loaded_now = loaded(request, vec![not_asked(tool_use("/content/0", "Write", "a"))]);
    let next = loaded(vec![not_asked(tool_result("/messages/3/content/0", "a", ""))], vec![]);
    let row = row();
    let items = items(turn(&row, &loaded_now, None, Some(&next)));
    let wants: Vec<(&str, &[Wanted])> =
        items.iter().map(|item| (item.key.0.as_ref(), item.wants.as_slice())).collect();
    let want = |source, pointer: &str| Wanted { source, pointer: pointer.to_owned() };
    assert_eq!(
        wants[1..],
        [
            ("request/messages/1/content", &[want(Source::Request, "/messages/1/content")][..]),
            ("request/messages/0/content", &[]),
            (
                "response/content/0",
                &[
                    want(Source::Response, "/content/0"),
                    want(Source::NextRequest, "/messages/3/content/0")
                ]
            ),
        ]
    );
    assert_eq!(
        shapes(&items)[1..],
        [
            "request/messages/1/content [user] Absent { what: \"user text\", bytes: 100, pending: NotAsked }",
            "request/messages/0/content [user] Absent { what: \"user text\", bytes: 100, pending: Failed(\"too large\") }",
            "response/content/0 [tools] call Write 100 B NotAsked → 100 B NotAsked",
        ]
    );
}

#[test]
fn endings_are_told_once_and_numbers_come_last() {
    let error = piece(
        BlockKind::Error,
        "",
        "/error",
        Some(Content::Text("overloaded_error: Overloaded".to_owned())),
    );
    let mut loaded = loaded(vec![], vec![error]);
    loaded.heads = Some(Heads {
        request: vec![Header { name: "accept".to_owned(), value: "*/*".to_owned() }],
        ..Heads::default()
    });
    if let Fetched::Here(side) = &mut loaded.response {
        side.broken = Some("the stream has a gap".to_owned());
    }
    let failed = Exchange {
        end_state: Some(EndState::UpstreamError),
        error: Some("overloaded_error: Overloaded".to_owned()),
        gap_bytes: 12_000,
        stop_reason: Some("end_turn".to_owned()),
        usage: Some(Usage { output: Some(3), ..Usage::default() }),
        cost_usd: Some(0.5),
        ..row()
    };
    assert_eq!(
        all(&failed, &loaded)[1..],
        [
            "headers/request [headers] POST /v1/messages and 1 headers",
            "gap [metadata] Notice(\"recording was incomplete: 12.0 kB missing\")",
            "broken [metadata] Notice(\"the stream has a gap\")",
            "error [assistant] Error(\"failed: the upstream answered 200, and then an error (overloaded_error: Overloaded)\")",
            "usage [budget] usage Some(3) Some(0.5)",
            "headers/response [headers] 200 and 0 headers",
        ]
    );
    // Where the row does not know of an error, the block that holds it is shown.
    assert_eq!(
        all(&row(), &loaded)[2],
        "response/error [assistant] Error(\"overloaded_error: Overloaded\")"
    );
}

#[test]
fn what_is_no_turn_is_one_item_and_its_headers() {
    let aside = Exchange {
        role: RequestRole::Auxiliary,
        path: "/v1/messages/count_tokens?beta=true".to_owned(),
        agent: None,
        ..row()
    };
    let loaded = Loaded {
        heads: Some(Heads::default()),
        ..loaded(vec![text("user", "/messages/0/content", "x")], vec![])
    };
    let shapes = all(&aside, &loaded);
    assert_eq!(shapes.len(), 3, "{shapes:?}");
    assert!(
        shapes[0].starts_with("aside [metadata] Aside { id: 12, speaker: Provider(\"anthropic\"), what: \"token count\""),
        "{shapes:?}"
    );
}
