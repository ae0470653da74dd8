//! Calls and results.

use ccdump_provider::content::Content;
use serde_json::json;

use super::{call, here, result, sheet};
use ccdump_model::{
    blocks::{Change, ItemBody, Part, Pending},
    record::{AgentKey, AgentName, Callee, Standing},
};

#[test]
fn commands_and_their_results() {
    let output = "running 3 tests\n\x1b[32mtest a ... ok\x1b[0m\ntest b ... FAILED\n\n\tthread 'b' panicked at a place with a name that is too long for the line\ntest result: FAILED";
    insta::assert_snapshot!(sheet(vec![
        (
            "with result",
            call(
                "Bash",
                json!({"command": "cargo test -p dates", "description": "Runs the tests of one crate", "timeout": 60000}),
                Some(result(true, output))
            )
        ),
        (
            "many lines",
            call(
                "Bash",
                json!({"command": "cd /work\n\ncat <<'E' > f.txt\nhello\nE"}),
                Some(result(false, ""))
            )
        ),
        ("no result yet", call("shell", json!({"command": ["bash", "-lc", "ls"]}), None)),
        (
            "absent result",
            call(
                "Bash",
                json!({"command": "ls"}),
                Some(Part::Absent { bytes: 3_000_000, pending: Pending::NotAsked })
            )
        ),
    ]));
}

#[test]
fn edits_are_shown_as_what_goes_and_what_comes() {
    let old = "fn days(month: u8) -> u8 {\n\tlet a = 1;\n\tlet b = 2;\n\tlet c = 3;\n\tlet d = 4;\n    TABLE[usize::from(month - 1)]\n}\n";
    let new = "fn days(year: i32, month: u8) -> u8 {\n\tlet a = 1;\n\tlet b = 2;\n\tlet c = 3;\n\tlet d = 4;\n    if month == 2 && is_leap(year) {\n        return 29;\n    }\n    TABLE[usize::from(month - 1)]\n}\n";
    insta::assert_snapshot!(sheet(vec![
        (
            "edit",
            call(
                "Edit",
                json!({"file_path": "/work/project/src/dates.rs", "old_string": old, "new_string": new, "replace_all": false}),
                Some(result(false, "The file was updated."))
            )
        ),
        (
            "edits",
            call(
                "MultiEdit",
                json!({"filePath": "/a/very/long/path/that/does/not/fit/on/a/narrow/screen/at/all/src/dates.rs", "edits": [{"oldString": "one", "newString": "two"}, {"oldString": "", "newString": "new line"}]}),
                None
            )
        ),
        (
            "patch",
            call(
                "apply_patch",
                json!({"input": "*** Begin Patch\n*** Update File: src/a.rs\n@@\n context\n-old\n+new\n*** End Patch"}),
                None
            )
        ),
    ]));
}

#[test]
fn files_searches_todos_and_agents() {
    let todos = json!({"todos": [
        {"content": "Read the test", "status": "completed", "activeForm": "Reading"},
        {"content": "Fix the parser, and see to it that leap years are known to the table", "status": "in_progress"},
        {"content": "Release", "status": "pending"},
    ]});
    insta::assert_snapshot!(sheet(vec![
        (
            "read",
            call(
                "Read",
                json!({"file_path": "/work/src/dates.rs", "offset": 10, "limit": 50}),
                Some(result(false, "    10\tfn a() {\n    11\t}"))
            )
        ),
        (
            "write",
            call(
                "Write",
                json!({"file_path": "/work/src/new.rs", "content": "//! New.\n\nfn new() {}\n"}),
                Some(result(false, "Created."))
            )
        ),
        (
            "grep",
            call(
                "Grep",
                json!({"pattern": "is_leap|days", "path": "src", "output_mode": "content", "-n": true}),
                Some(result(false, "src/a.rs:1: is_leap"))
            )
        ),
        ("todos", call("TodoWrite", todos, Some(result(false, "ok")))),
        (
            "agent",
            call(
                "Task",
                json!({"subagent_type": "explorer", "description": "Find the parser", "prompt": "Look for the parser.\nReport its path."}),
                None
            )
        ),
    ]));
}

#[test]
fn other_arguments_are_fields() {
    let input = json!({
        "query": {"language": "rust", "stars": [1, 2, 3], "nested": [{"name": "a", "ok": true}, {"name": "b", "ok": null}]},
        "text": "one line",
        "long": "first of many\nsecond, which is too long for a narrow screen and must be broken somewhere",
        "empty": {}, "none": [], "blank": "",
    });
    let on_server = |input| ItemBody::ToolUse {
        name: "web_search".to_owned(),
        call: here(Content::ToolUse { name: "web_search".to_owned(), input }),
        on_server: true,
        result: Some(result(false, "A title\nhttps://example.org")),
        callee: None,
    };
    insta::assert_snapshot!(sheet(vec![
        ("fields", call("mcp__forge__find", input, None)),
        ("no fields", call("ExitPlanMode", json!({}), Some(result(false, "ok")))),
        ("no object", call("Odd", json!("{\"cut off"), None)),
        ("on the server", on_server(json!({"query": "leap years"}))),
        (
            "absent",
            ItemBody::ToolUse {
                name: "Write".to_owned(),
                call: Part::Absent { bytes: 400_000, pending: Pending::NotAsked },
                on_server: false,
                result: Some(result(false, "ok")),
                callee: None,
            }
        ),
    ]));
}

#[test]
fn calls_that_have_started_an_agent() {
    let started = |standing, is_probable, result| {
        let callee = Callee {
            agent: AgentKey {
                session: None,
                agent: Some("a1".to_owned()),
                provider: String::new(),
            },
            name: AgentName::plain("Explore: Find what the last commit changed, and why"),
            pointer: "/content/0".to_owned(),
            is_probable,
            standing,
            turns: 3,
            output: 1_234,
        };
        let input = json!({"description": "Find what the last commit changed, and why", "prompt": "Find it.", "subagent_type": "Explore"});
        match call("Agent", input, result) {
            ItemBody::ToolUse { name, call, on_server, result, .. } => {
                ItemBody::ToolUse { name, call, on_server, result, callee: Some(callee) }
            }
            other => other,
        }
    };
    insta::assert_snapshot!(sheet(vec![
        ("at work", started(Standing::Live, false, None)),
        ("done", started(Standing::Complete, false, Some(result(false, "It changed nothing.")))),
        ("which is not certain", started(Standing::Failed, true, None)),
    ]));
}

#[test]
fn calls_whose_arguments_are_still_coming() {
    let opening = |name: &str, partial: &str| ItemBody::ToolUseOpening {
        name: name.to_owned(),
        partial: partial.into(),
        on_server: false,
    };
    insta::assert_snapshot!(sheet(vec![
        ("nothing yet", opening("Bash", "")),
        ("a command", opening("Bash", r#"{"command": "cargo test -p da"#)),
        ("a file", opening("Write", r#"{"file_path": "/work/a.rs", "content": "fn a() {\n    le"#)),
    ]));
}

#[test]
fn results_whose_call_stands_elsewhere() {
    let alone = |name: Option<&str>, result, change| ItemBody::ToolResult {
        name: name.map(str::to_owned),
        result,
        change,
    };
    let image = here(Content::ToolResult {
        is_error: false,
        text: String::new(),
        other: vec!["image/png 12.3 kB".to_owned()],
    });
    insta::assert_snapshot!(sheet(vec![
        ("named", alone(Some("Bash"), result(false, "one\ntwo"), Change::New)),
        (
            "cleared",
            alone(None, result(false, "[Old tool result content cleared]"), Change::Changed)
        ),
        ("error", alone(None, result(true, "no such file"), Change::New)),
        ("image", alone(Some("Screenshot"), image, Change::New)),
        (
            "failed to load",
            alone(
                None,
                Part::Absent {
                    bytes: 5,
                    pending: Pending::Failed("gone from the record".to_owned())
                },
                Change::New
            )
        ),
    ]));
}

#[test]
fn sentences_in_results_are_broken_between_words_and_all_else_at_the_edge() {
    let text = "The loose match was meant to forgive colour codes, and forgave whatever stood behind the date; three callers rely on it.\n\
        \n  - `src/kalends/bank.py` reads the bank's CSV, in which four hundred and twelve of as many dates are bare, so it does not care.\n\
        src/kalends/bank.py:22:        date, amount = parse_date(row[\"Buchungstag\"], strict=True), Decimal(row[\"Betrag\"])\n\
        -rw-r--r--  1 mira mira   24017 Nov 23 10:15 a file with quite a few words in its name, and some more of them.csv\n\
        \u{1b}[31merror\u{1b}[0m: the value of the field is no number, and nothing else was expected to stand in this place of the file";
    insta::assert_snapshot!(sheet(vec![(
        "mixed",
        call("Bash", json!({"command": "report"}), Some(result(false, text)))
    )]));
}

#[test]
fn what_an_agent_can_have_a_tool_say_is_shown_whole() {
    let lines: Vec<String> = (0..30_000).map(|line| format!("line {line}")).collect();
    let drawn = super::lines(
        &super::item(call(
            "Bash",
            json!({"command": "ls"}),
            Some(result(false, &lines.join("\n"))),
        )),
        super::Detail::Full,
        80,
    );
    let shown: Vec<String> = drawn
        .iter()
        .skip(2)
        .map(|line| super::plain(line).trim_start_matches([' ', '⎿']).to_owned())
        .collect();
    assert_eq!(shown, lines);
}

#[test]
fn an_edit_shows_all_of_both_texts() {
    let text = |word: &str| {
        (0..30)
            .map(|line| if line == 15 { format!("{word}\n") } else { format!("line {line}\n") })
            .collect::<String>()
    };
    let edit =
        json!({"file_path": "/work/a.txt", "old_string": text("old"), "new_string": text("new")});
    let drawn = super::lines(&super::item(call("Edit", edit, None)), super::Detail::Full, 80);
    let shown: Vec<String> =
        drawn.iter().skip(1).map(|line| super::plain(line).trim().to_owned()).collect();
    let mut wanted: Vec<String> = text("- old").lines().map(str::to_owned).collect();
    wanted.insert(16, "+ new".to_owned());
    assert_eq!(shown, wanted);
}

#[test]
fn of_results_beyond_that_the_beginning_is_shown_and_the_rest_counted() {
    let long: String = (0..52_345).map(|line| format!("line {line}\n")).collect();
    let one_line = "x".repeat(4_000_000);
    for (text, last) in
        [(&long, "  … 12,345 more lines (136 kB)"), (&one_line, "  … 1 more line (960 kB)")]
    {
        let drawn = super::lines(
            &super::item(call("Bash", json!({"command": "ls"}), Some(result(false, text)))),
            super::Detail::Full,
            80,
        );
        let last_line = drawn.last().map(super::plain).unwrap_or_default();
        assert_eq!(
            (drawn.len(), last_line.trim_start_matches("  ")),
            (40_003, last.trim_start_matches("  "))
        );
    }
}

#[test]
fn no_item_takes_more_lines_than_a_person_reads() {
    let todos: Vec<serde_json::Value> =
        (0..60_000).map(|_| json!({"content": "x", "status": "pending"})).collect();
    let drawn = super::lines(
        &super::item(call("TodoWrite", json!({"todos": todos}), None)),
        super::Detail::Full,
        80,
    );
    assert_eq!(
        (drawn.len(), drawn.last().map(super::plain).as_deref()),
        (50_001, Some("… and more"))
    );
}
