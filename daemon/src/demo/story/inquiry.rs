//! First half: what is wrong?

use serde_json::json;

use super::{
    files::{self, numbered},
    helpers, title,
};
use crate::demo::{
    DemoError,
    agent::{Agent, fails, gives},
    reply::Reply,
    stage::Stage,
};

const WISH: &str =
    "The tests of the date parser fail since yesterday. Find out why, and fix it, please. 🙏";
const CONTEXT: &str = "<system-reminder>\nCLAUDE.md of this project:\n- Tests: `pytest -q`\n- Nobody pushes to main on a Friday.\n\
</system-reminder>";

/// Up to where two subagents have been started.
pub async fn play(stage: &Stage, main: &mut Agent<'_>) -> Result<(), DemoError> {
    stage.pause(300).await;
    main.hears(&[CONTEXT, WISH]);
    main.counts_tokens().await?;
    let (first, title) = tokio::join!(main.asks(first_look()), title::is_found(stage, WISH));
    first.and(title)?;
    main.runs_tools([
        fails(740, files::TESTS_FAIL),
        gives(9, numbered(files::DATES)),
        gives(31, files::USES),
    ])
    .await;

    main.asks(suspicion()).await?;
    main.runs_tools([gives(3, "The list was written."), gives(11, numbered(files::PASTED))]).await;

    main.asks(delegation()).await?;
    main.runs_tools(
        [helpers::HISTORY, helpers::CALLERS]
            .map(|id| gives(40, format!("Agent {id} works in the background."))),
    )
    .await;
    Ok(())
}

/// What the main agent does while the subagents are at work.
pub async fn reads_on(main: &mut Agent<'_>) -> Result<(), DemoError> {
    let words = "While they look, I read the tests themselves: which of them were there first?";
    main.asks(
        Reply::default()
            .text(words)
            .tool("Read", json!({"file_path": "/home/mira/kalends/tests/test_dates.py"})),
    )
    .await?;
    main.runs_tools([gives(8, numbered(files::TESTS))]).await;
    Ok(())
}

fn first_look() -> Reply {
    Reply::default()
        .thinking(
            "A failing test is a question. I need three things: what the tests say, what the parser does, and who calls it. \
             None of them depends on another, so they can run side by side.",
        )
        .text("I look at three things at once: what the tests say, what the parser does, and who uses it.")
        .tool("Bash", json!({"command": "pytest -q --tb=line tests/test_dates.py", "description": "Run the parser's tests"}))
        .tool("Read", json!({"file_path": "/home/mira/kalends/src/kalends/dates.py"}))
        .tool("Grep", json!({"pattern": "parse_date", "output_mode": "content"}))
}

fn suspicion() -> Reply {
    let todos = json!([
        {"content": "Find out why the match is loose", "status": "in_progress"},
        {"content": "Make it strict again", "status": "pending"},
        {"content": "Run all tests", "status": "pending"},
    ]);
    Reply::default()
        .thinking(
            "Three tests, one cause: they all want an error when something follows the date. form.match() looks at the start only; \
             fullmatch() would refuse. The comment says why somebody wanted it: colour codes. There is a fixture for that.",
        )
        .text(
            "All three failures have **one cause**: `form.match()` is content when the text *begins* with a date, so `2026-11-231` \
             passes as the 23rd. The comment blames colour codes from terminals. I want to see such a file.",
        )
        .tool("TodoWrite", json!({"todos": todos}))
        .tool("Read", json!({"file_path": "/home/mira/kalends/tests/fixtures/pasted.log"}))
}

fn delegation() -> Reply {
    Reply::default()
        .thinking(
            "The fixture is full of control sequences, and not only colours. That is data; it tells nobody to do anything. \
             Two questions are left, and they do not depend on each other: what did the change want, and who relies on it?",
        )
        .text("The file holds worse than colours. Before I change anything, two helpers find out what the loose match was *for* and who relies on it.")
        // A kind of block that nobody has heard of yet.
        .block(json!({"type": "progress_marker", "label": "cause found", "step": 1, "of": 3}))
        .tool("Agent", helpers::order("History of the loose match", helpers::HISTORY_TASK))
        .tool("Agent", helpers::order("Callers of parse_date", helpers::CALLERS_TASK))
}
