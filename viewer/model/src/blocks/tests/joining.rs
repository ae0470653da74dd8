//! Calls and their results; what a request repeats.

use super::*;

#[test]
fn results_stand_below_their_calls_wherever_they_came() {
    let asks = || {
        vec![
            text("assistant", "/content/0", "Two calls."),
            tool_use("/content/1", "Bash", "a"),
            tool_use("/content/2", "Read", "b"),
        ]
    };
    let brings = loaded(
        vec![
            text("assistant", "/messages/1/content/0", "Two calls."),
            tool_use("/messages/1/content/1", "Bash", "a"),
            tool_use("/messages/1/content/2", "Read", "b"),
            tool_result("/messages/2/content/0", "b", "of b"),
            tool_result("/messages/2/content/1", "a", "of a"),
            text("user", "/messages/2/content/2", "And hurry."),
        ],
        vec![text("assistant", "/content/0", "Done.")],
    );
    let first = loaded(vec![text("user", "/messages/0/content", "Go")], asks());

    assert_eq!(
        shapes_of(&first, None, Some(&brings)),
        [
            "request/messages/0/content [user] User: Go",
            "response/content/0 [assistant] Assistant: Two calls.",
            "response/content/1 [tools] call Bash → of a",
            "response/content/2 [tools] call Read → of b",
        ]
    );
    assert_eq!(
        shapes_of(&brings, Some(&first), None),
        [
            "request/messages/2/content/2 [user] User: And hurry.",
            "response/content/0 [assistant] Assistant: Done."
        ]
    );
    // As long as the next request is not here, nothing has come of the calls.
    let waiting = shapes_of(&first, None, None);
    assert_eq!(
        waiting.last().map(String::as_str),
        Some("response/content/2 [tools] call Read → nothing")
    );
}

#[test]
fn without_the_answer_before_a_request_shows_all_that_is_new() {
    let request = vec![
        thinking("/messages/1/content/0", "Hm."),
        text("assistant", "/messages/1/content/1", "A call."),
        tool_use("/messages/1/content/2", "Bash", "a"),
        tool_result("/messages/2/content/0", "a", "of a"),
        tool_result("/messages/2/content/1", "a", "of a, again"),
        tool_result("/messages/2/content/2", "z", "of what was called long ago"),
    ];
    assert_eq!(
        shapes_of(&loaded(request, vec![]), None, None),
        [
            "request/messages/1/content/0 [assistant] thinking: Hm.",
            "request/messages/1/content/1 [assistant] Assistant: A call.",
            "request/messages/1/content/2 [tools] call Bash → of a",
            "request/messages/2/content/1 [tools] result of Some(\"Bash\"): of a, again",
            "request/messages/2/content/2 [tools] result of None: of what was called long ago",
        ]
    );
}

#[test]
fn what_was_said_before_is_known_again_though_agents_rewrite_it() {
    let redacted = |pointer| {
        piece(
            BlockKind::RedactedThinking,
            "assistant",
            pointer,
            Some(Content::RedactedThinking { bytes: 9 }),
        )
    };
    let said = vec![
        thinking("/content/0", "Hm."),
        text("assistant", "/content/1", "Yes.\n"),
        tool_use("/content/2", "Bash", "a"),
    ];
    let before = loaded(vec![], said);
    let silent = loaded(vec![], vec![]);
    for (name, piece, before, is_left_out) in [
        ("the same text, trimmed", text("assistant", "/m/0", "Yes."), &before, true),
        ("another text", text("assistant", "/m/0", "No."), &before, false),
        ("the same words of the user", text("user", "/m/0", "Yes."), &before, false),
        ("changed in the history", changed(text("assistant", "/m/0", "Yes.")), &before, false),
        ("other arguments, the same id", tool_use("/m/0", "Bash", "a"), &before, true),
        ("a call that was not made", tool_use("/m/0", "Bash", "b"), &before, false),
        ("thinking", thinking("/m/0", "Otherwise."), &before, true),
        ("redacted thinking", redacted("/m/0"), &before, true),
        ("thinking after no answer", thinking("/m/0", "Hm."), &silent, false),
        ("a text that is not here", not_asked(text("assistant", "/m/0", "")), &before, true),
        ("a result of a call there", tool_result("/m/0", "a", "ok"), &before, true),
        (
            "a changed result of a call there",
            changed(tool_result("/m/0", "a", "cleared")),
            &before,
            false,
        ),
        ("a result of another call", tool_result("/m/0", "b", "ok"), &before, false),
    ] {
        let shapes = shapes_of(&loaded(vec![piece], vec![]), Some(before), None);
        assert_eq!(
            shapes.iter().all(|shape| !shape.starts_with("request/m/0")),
            is_left_out,
            "{name}: {shapes:?}"
        );
    }
    // What cannot be compared is taken to be the same.
    let unread = loaded(vec![], vec![not_asked(text("assistant", "/content/0", ""))]);
    assert!(
        shapes_of(&loaded(vec![text("assistant", "/m/0", "Yes.")], vec![]), Some(&unread), None)
            .is_empty()
    );
}

#[test]
fn tools_of_the_provider_have_their_results_in_the_same_answer() {
    let server = |kind, pointer: &str, id: &str, content| {
        let mut piece = piece(kind, "assistant", pointer, Some(content));
        piece.block.tool_use_id = Some(id.to_owned());
        piece
    };
    let call = Content::ToolUse { name: "web_search".to_owned(), input: json!({"query": "x"}) };
    let found = |words: &str| Content::ToolResult {
        is_error: false,
        text: words.to_owned(),
        other: vec![],
    };
    let response = vec![
        server(BlockKind::ServerToolUse, "/content/0", "s", call),
        server(BlockKind::ServerToolResult, "/content/1", "s", found("hits")),
        server(BlockKind::ServerToolResult, "/content/2", "nobody", found("strays")),
        text("assistant", "/content/3", "Found."),
    ];
    assert_eq!(
        shapes_of(&loaded(vec![], response), None, None),
        [
            "response/content/0 [tools] call web_search on server → hits",
            "response/content/2 [tools] result of None: strays",
            "response/content/3 [assistant] Assistant: Found.",
        ]
    );
}

#[test]
fn keys_are_unique_whatever_the_wire_says() {
    let response = vec![
        text("assistant", "/content/0", "a"),
        text("assistant", "/content/0", "b"),
        text("assistant", "/content/0#2", "c"),
    ];
    let shapes = shapes_of(&loaded(vec![], response), None, None);
    let keys: Vec<&str> = shapes.iter().filter_map(|shape| shape.split(' ').next()).collect();
    assert_eq!(keys, ["response/content/0", "response/content/0#2", "response/content/0#2#2"]);
}

#[test]
fn of_a_long_history_the_end_is_shown() {
    let pieces: Vec<Piece> = (0..100)
        .map(|at| text("user", &format!("/messages/{at}/content"), &format!("word {at}")))
        .collect();
    let shapes = shapes_of(&loaded(pieces, vec![]), None, None);
    assert_eq!(shapes.len(), 41);
    assert_eq!(shapes[0], "earlier [metadata] Earlier { blocks: 60, bytes: 6000 }");
    assert_eq!(shapes[1], "request/messages/60/content [user] User: word 60");
}
