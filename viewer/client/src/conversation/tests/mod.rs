//! Whole conversations, from events to text.

mod hostile;
mod story;

use ccdump_provider::content::Content;
use ccdump_record::{
    Block, BlockKind, BlockState, ClockJumped, ClosedBy, Detail, EndState, Ended, Exchange, Gap,
    Outline, Paused, RequestEnd, RequestRole, Resumed, Side,
};
use serde_json::json;

use self::story::{Story, block, done, row, sse, starts, stops, text};
use crate::{
    conversation::{Answer, Ask},
    link::BlockContent,
};

#[test]
fn a_first_turn_with_thinking_text_and_a_tool_call() {
    let mut story = Story::default();
    let mut blocks = vec![block(BlockKind::Parameter, "", 30)];
    blocks.extend((0..3).map(|_| block(BlockKind::System, "", 10_000)));
    blocks.extend((0..12).map(|_| block(BlockKind::ToolDefinition, "", 2_000)));
    blocks.push(block(BlockKind::Text, "user", 40));
    story.asks(
        row(12, "main"),
        Outline { blocks, ..Default::default() },
        vec![text("Please do the work.\nAll of it.")],
    );
    story.answers(12);
    story.streams(12, &starts(0, json!({"type": "thinking", "thinking": ""})));
    story.streams(
        12,
        &sse(
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm.\nLet me see."}}),
        ),
    );
    story.streams(12, &stops(0));
    story.streams(12, &starts(1, json!({"type": "text", "text": ""})));
    story.says(12, 1, "I'll look at ");
    assert!(story.printed.ends_with("I'll look at "), "a delta is printed as it comes");
    story.says(12, 1, "the files.");
    story.streams(12, &stops(1));
    story.streams(
        12,
        &starts(2, json!({"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}})),
    );
    for partial in ["{\"comm", "and\": \"ls -la\\npwd\"}"] {
        story.streams(
            12,
            &sse(
                json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": partial}}),
            ),
        );
    }
    story.streams(12, &stops(2));
    story.streams(12, &sse(json!({"type": "message_stop"})));
    story.ends(Exchange { stop_reason: Some("tool_use".to_owned()), ..done(12, "main") });
    insta::assert_snapshot!(story.text());
}

#[test]
fn the_next_turn_repeats_nothing_that_was_shown_and_names_the_tools_of_results() {
    let mut story = Story::default();
    story.asks(row(1, "main"), Outline::default(), vec![]);
    story.answers(1);
    story.says(1, 0, "I call two tools.");
    story.ends(done(1, "main"));
    story.text();
    let tool = |kind, role: &str, name: Option<&str>, id: &str| Block {
        name: name.map(str::to_owned),
        tool_use_id: Some(id.to_owned()),
        ..block(kind, role, 5_000)
    };
    let outline = Outline {
        previous: Some(1),
        blocks: vec![
            Block { state: BlockState::Changed, ..block(BlockKind::ToolDefinition, "", 1_500) },
            Block { state: BlockState::Changed, ..block(BlockKind::Text, "user", 90) },
            block(BlockKind::Text, "assistant", 60),
            tool(BlockKind::ToolUse, "assistant", Some("Bash"), "t1"),
            tool(BlockKind::ToolUse, "assistant", Some("Read"), "t2"),
            tool(BlockKind::ToolResult, "user", None, "t2"),
            tool(BlockKind::ToolResult, "user", None, "t1"),
        ],
        removed: vec![
            block(BlockKind::ToolResult, "user", 7_000),
            block(BlockKind::ToolDefinition, "", 7),
        ],
        ..Outline::default()
    };
    let result = |is_error, text: &str| Content::ToolResult {
        is_error,
        text: text.to_owned(),
        other: vec![],
    };
    let contents = vec![
        text("I call two tools."),
        Content::ToolUse { name: "Bash".to_owned(), input: json!({}) },
        Content::ToolUse { name: "Read".to_owned(), input: json!({}) },
        result(false, "line 1\nline 2\nline 3\nline 4\n"),
        result(true, "no such file"),
    ];
    story.asks(row(2, "main"), outline, contents);
    story.answers(2);
    story.says(2, 0, "It failed.");
    story.ends(done(2, "main"));
    insta::assert_snapshot!(story.text());
}

#[test]
fn a_long_history_that_was_not_watched_shows_its_end() {
    let mut story = Story::default();
    let mut blocks: Vec<Block> = (0..100).map(|_| block(BlockKind::Text, "user", 1_000)).collect();
    blocks.extend([block(BlockKind::Text, "assistant", 50), block(BlockKind::Text, "user", 50)]);
    let messages = blocks[100..].iter().cloned().zip([text("Earlier answer."), text("Go on.")]);
    let messages =
        messages.map(|(block, content)| BlockContent { block, content: Some(content) }).collect();
    story.opens(5);
    story.event(5, Detail::RequestEnd(RequestEnd::default()));
    let outline = Outline { blocks, ..Default::default() };
    story
        .answer(5, Answer::Request { row: Some(row(5, "main")), request: Ok((outline, messages)) });
    insta::assert_snapshot!(story.text());
}

#[test]
fn a_large_piece_of_an_answer_is_shown_whole_by_who_has_the_floor() {
    let mut story = Story::default();
    story.asks(row(1, "main"), Outline::default(), vec![]);
    story.answers(1);
    let delta = sse(
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x".repeat(1_000)}}),
    );
    story.streams(1, &delta.repeat(1_000));
    assert_eq!(story.text().matches('x').count(), 1_000_000);
}

#[test]
fn what_agents_add_for_themselves_is_shown_shorter_than_what_people_say() {
    let mut story = Story::default();
    let long = "A line that is not short.\n".repeat(20);
    let blocks = vec![
        block(BlockKind::Text, "user", 600),
        block(BlockKind::Text, "user", 600),
        block(BlockKind::Text, "system", 600),
        block(BlockKind::Image, "user", 9_000),
        block(BlockKind::Text, "user", 3_000_000),
    ];
    let contents = vec![
        text(&format!("<system-reminder>\n{long}</system-reminder>")),
        text(&long),
        text(&long),
        Content::Image { media_type: Some("image/png".to_owned()), bytes: 6_700 },
    ];
    let messages = blocks.iter().cloned().zip(contents.into_iter().map(Some).chain([None]));
    let messages = messages.map(|(block, content)| BlockContent { block, content }).collect();
    story.opens(1);
    story.event(1, Detail::RequestEnd(RequestEnd::default()));
    let outline = Outline { blocks, ..Default::default() };
    story
        .answer(1, Answer::Request { row: Some(row(1, "main")), request: Ok((outline, messages)) });
    insta::assert_snapshot!(story.text());
}

#[test]
fn an_error_is_told_once_also_where_the_row_does_not_know_of_it() {
    let error = sse(
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    );
    for (row_knows, wanted) in [
        (
            true,
            "  failed: the upstream answered 200, and then an error (overloaded_error: Overloaded)\n",
        ),
        (false, "  error: overloaded_error: Overloaded\n"),
    ] {
        let mut story = Story::default();
        story.asks(row(1, "main"), Outline::default(), vec![]);
        story.answers(1);
        story.streams(1, &error);
        let failed = Exchange {
            status: Some(200),
            end_state: Some(EndState::UpstreamError),
            error: Some("overloaded_error: Overloaded".to_owned()),
            ..row(1, "main")
        };
        story.ends(if row_knows { failed } else { row(1, "main") });
        assert_eq!(story.text(), format!("● main · 3f2a91c0 · claude-opus-4-6 · #1\n{wanted}"));
    }
}

#[test]
fn one_speaks_and_the_others_wait_for_an_end_or_a_silence() {
    let mut story = Story::default();
    for (id, agent) in [(1, "main"), (2, "a17"), (3, "b42")] {
        story.asks(row(id, agent), Outline::default(), vec![]);
        story.answers(id);
    }
    story.says(1, 0, "One begins. ");
    story.says(2, 0, "Two waits.");
    story.at_ms = 1_400;
    story.says(1, 0, "One goes on, ");
    story.at_ms = 2_000;
    story.says(3, 0, "Three waits as well.");
    assert_eq!(story.conversation.next_tick(), Some(2_900_000));
    story.at_ms = 2_900;
    story.says(3, 0, " Longer.");
    story.says(2, 0, " No more.");
    story.ends(done(2, "a17"));
    story.says(1, 0, "and ends.");
    story.ends(done(1, "main"));
    story.ends(done(3, "b42"));
    insta::assert_snapshot!(story.text());
}

#[test]
fn an_exchange_that_had_begun_is_joined_at_its_next_event() {
    let mut story = Story::default();
    story.payload.insert(7, 5_000);
    assert_eq!(
        story.streams(7, "lta\",\"text\":\"lost\"}}\n\n"),
        Some(Ask::Joined { exchange: 7 })
    );
    story.says(7, 0, "Heard");
    assert_eq!(story.text(), "");
    let row_so_far = Exchange { status: Some(200), ..row(7, "main") };
    story.answer(
        7,
        Answer::Joined {
            row: Some(row_so_far),
            content_type: Some("text/event-stream".to_owned()),
        },
    );
    story.says(7, 0, " and seen.");
    story.ends(done(7, "main"));
    insta::assert_snapshot!(story.text());
}

#[test]
fn what_is_no_turn_takes_one_line() {
    let mut story = Story::default();
    let aside = |row: Exchange, path: &str, role: RequestRole| Exchange {
        path: path.to_owned(),
        role,
        stop_reason: None,
        ..row
    };
    for row in [
        Exchange {
            usage: None,
            ..aside(done(1, "main"), "/v1/messages/count_tokens?beta=true", RequestRole::Auxiliary)
        },
        aside(done(2, "main"), "/v1/messages?beta=true", RequestRole::Auxiliary),
        Exchange {
            method: "GET".to_owned(),
            usage: None,
            agent: None,
            status: Some(404),
            ..aside(done(3, ""), "/v1/models?limit=1000", RequestRole::Other)
        },
        Exchange {
            end_state: Some(EndState::UpstreamError),
            status: Some(529),
            error: Some("overloaded_error: Overloaded".to_owned()),
            ..aside(row(4, "main"), "/v1/messages", RequestRole::Auxiliary)
        },
    ] {
        story.asks(row.clone(), Outline::default(), vec![]);
        story.answers(row.id);
        story.says(row.id, 0, "A title");
        story.ends(row);
    }
    insta::assert_snapshot!(story.text());
}

#[test]
fn what_went_wrong_is_said_in_words() {
    let mut story = Story::default();
    story.event(0, Detail::Paused(Paused { reason: "the disk is full".to_owned() }));
    story.event(
        0,
        Detail::Resumed(Resumed { paused_at_us: 0, gap_bytes: 12_000, lost_exchanges: 2 }),
    );
    story.event(0, Detail::ClockJumped(ClockJumped { from_us: 3_600_000_000, to_us: 0 }));
    story.asks(row(1, "main"), Outline::default(), vec![]);
    story.answers(1);
    story.says(1, 0, "Half an ans");
    story.event(
        1,
        Detail::Gap(Gap { side: Some(Side::Response), offset: 500, bytes: 12_345, exchanges: 0 }),
    );
    story.streams(1, "rest of an event\n\n");
    story.says(1, 0, "the end.");
    story.ends(Exchange {
        end_state: Some(EndState::Truncated),
        error: Some("connection reset".to_owned()),
        cost_usd: None,
        ..done(1, "main")
    });
    story.opens(2);
    story.event(2, Detail::RequestEnd(RequestEnd::default()));
    story.answer(
        2,
        Answer::Request { row: None, request: Err("this daemon cannot outline bodies".to_owned()) },
    );
    story.ends(Exchange {
        end_state: Some(EndState::ClientCancelled),
        usage: None,
        stop_reason: None,
        ..row(2, "main")
    });
    story.opens(3);
    story.event(3, Detail::Ended(Ended::by(ClosedBy::Finished)));
    story.answer(
        3,
        Answer::Row(Some(Exchange { end_state: Some(EndState::DaemonStopped), ..row(3, "main") })),
    );
    story.conversation.reset("restored from a copy");
    story.print();
    insta::assert_snapshot!(story.text());
}
