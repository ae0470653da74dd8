//! Second half: a plan, a person who does not like where it goes, and the repair.

use serde_json::json;

use super::{files, helpers, prompts};
use crate::demo::{
    DemoError,
    agent::{Agent, gives},
    reply::Reply,
    stage::Stage,
};

/// The user reads before answering. Milliseconds.
const BEFORE_ANSWER: u64 = 1_500;

const PLAN: &str = "\
Now it is clear. `4f1c2aa` wanted to forgive colour codes, and forgave everything:

1. `parse_date` must take out what a terminal obeys, **and nothing else**;
2. what is left has to match as a whole again.

```python
text = _UNSEEN.sub(\"\", text).strip()
found = form.fullmatch(text)
```

None of the three callers relies on the loose match. Shall I go on?";

const LECTURE: &str = "\
Gladly! Let us first think about parsers in general, because a regular expression is a lovely tool for a small language, but dates are \
not a small language. I suggest that we replace all three forms by a proper grammar with a tokenizer, an error type per form, a registry \
that plugins can extend, and a cache in front of it. To begin with, we need a module for tokens. A token has a kind, a text and a place; \
kinds are digits, separators, and the three characters 年, 月 and 日, which deserve a table of their own, since there are also full-width \
digits such as ２０２６, and eras such as 令和8年, which begin on the day that an emperor accedes";

const PUT_RIGHT: [&str; 2] = [
    "[Request interrupted by user]",
    "No, please keep it small: take out the control sequences, match strictly, done. 小さく直してください 🙂",
];

const FINAL: &str = "\
All 8 tests pass. ✅

- **Cause:** since `4f1c2aa`, `parse_date` looked at the start of the text only, so `2026-11-231` was the 23rd.
- **Repair:** `_UNSEEN` takes out control sequences and direction marks; then `fullmatch` decides again.

```diff
-        found = form.match(text.strip())
+        found = form.fullmatch(text)
```

Not touched, but worth a look: `tests/fixtures/pasted.log` sets the clipboard of whoever prints it with `cat`. 日付は大丈夫です 🎉";

/// From the subagents' reports to the end.
pub async fn play(stage: &Stage, main: &mut Agent<'_>) -> Result<(), DemoError> {
    let reports =
        [(helpers::HISTORY, helpers::HISTORY_REPORT), (helpers::CALLERS, helpers::CALLERS_REPORT)];
    let reports = reports.map(|(id, report)| helpers::notification(id, report));
    main.hears(&[&reports[0], &reports[1]]);
    main.asks_twice(Reply::default().text(PLAN)).await?;

    stage.pause(BEFORE_ANSWER).await;
    main.hears(&["Go ahead."]);
    main.asks_and_leaves(Reply::default().text(LECTURE)).await?;
    main.hears(&PUT_RIGHT);
    main.is_told(prompts::main(prompts::BRIEF));

    main.asks(edits()).await?;
    let edited = "The file was changed.";
    main.runs_tools([gives(6, edited), gives(5, edited)]).await;
    let check = Reply::default()
        .text("Now the tests, and the difference.")
        .tool("Bash", json!({"command": "pytest -q", "description": "Run all tests"}))
        .tool(
            "Bash",
            json!({"command": "git diff --stat", "description": "Show what was changed"}),
        );
    main.asks(check).await?;
    main.runs_tools([gives(690, files::TESTS_PASS), gives(12, files::DIFFERENCE)]).await;
    let todos = json!([
        {"content": "Find out why the match is loose", "status": "completed"},
        {"content": "Make it strict again", "status": "completed"},
        {"content": "Run all tests", "status": "completed"},
    ]);
    main.asks(Reply::default().tool("TodoWrite", json!({"todos": todos}))).await?;
    main.runs_tools([gives(3, "The list was written.")]).await;
    main.asks(Reply::default().text(FINAL)).await
}

fn edits() -> Reply {
    const FILE: &str = "/home/mira/kalends/src/kalends/dates.py";
    const PATTERN: &str = r#"# What a terminal obeys and nobody sees: CSI, OSC, and marks of writing direction.
_UNSEEN = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\].*?(?:\x07|\x1b\\)|[\u202a-\u202e\u2066-\u2069]")
"#;
    const DEFINITION: &str = "\n\ndef parse_date(text: str) -> date:";
    const LOOSE: &str = "    for form in _FORMS:
        # Terminals leave colour codes behind the date.
        found = form.match(text.strip())
";
    const STRICT: &str = "    text = _UNSEEN.sub(\"\", text).strip()
    for form in _FORMS:
        found = form.fullmatch(text)
";
    let edit =
        |old: &str, new: &str| json!({"file_path": FILE, "old_string": old, "new_string": new});
    Reply::default()
        .thinking("Small. One pattern above the function, two lines in it.")
        .text("Understood: one pattern, two lines.")
        .tool("Edit", edit(DEFINITION, &format!("\n{PATTERN}{DEFINITION}")))
        .tool("Edit", edit(LOOSE, STRICT))
}
