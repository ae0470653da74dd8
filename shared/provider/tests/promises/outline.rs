//! What a request adds to the one before it.

use ccdump_provider::{
    outline::{common_prefix, compare, compare_setting},
    provider::Provider,
    request,
};
use ccdump_record::{Block, BlockState};
use proptest::prelude::*;
use serde_json::{Value, json};

fn blocks(body: &Value) -> Vec<Block> {
    request::read(Provider::Anthropic, "POST", "/v1/messages", body.to_string().as_bytes()).blocks
}

/// The blocks that are not the same, marked `+` new, `~` changed or `-` gone.
fn difference(previous: &Value, current: &Value) -> Vec<String> {
    let (previous, mut current) = (blocks(previous), blocks(current));
    let gone = compare(&previous, &mut current);
    let now = current.iter().filter_map(|block| match block.state {
        BlockState::New => Some(format!("+{}", block.pointer)),
        BlockState::Changed => Some(format!("~{}", block.pointer)),
        BlockState::Same => None,
    });
    now.chain(gone.iter().map(|block| format!("-{}", block.pointer))).collect()
}

fn user(content: impl Into<Value>) -> Value {
    json!({"role": "user", "content": content.into()})
}

fn assistant(content: impl Into<Value>) -> Value {
    json!({"role": "assistant", "content": content.into()})
}

fn result(id: &str, text: &str) -> Value {
    json!({"type": "tool_result", "tool_use_id": id, "content": text})
}

fn tool(name: &str, description: &str) -> Value {
    json!({"name": name, "description": description, "input_schema": {}})
}

#[test]
fn a_history_that_begins_anew_has_the_setting_of_the_one_before() {
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "Bash", "input": {"command": "ls"}});
    let body = |system: &str, tools: Value, effort: &str, messages: Value| {
        json!({"model": "m", "effort": effort, "system": [{"type": "text", "text": "billing"}, {"type": "text", "text": system}],
            "tools": tools, "messages": messages})
    };
    let (bash, read) = (tool("Bash", "runs"), tool("Read", "reads"));
    let history = json!([
        user("Hi"),
        assistant(json!([call("a")])),
        user(json!([result("a", "ok")])),
        assistant("Done."),
        user("go on")
    ]);
    let before = body("You are.", json!([bash, read]), "low", history);
    let summary = |rest: &[Value]| Value::from([&[user("The summary.")], rest].concat());
    let difference = |current: Value| {
        let mut current = blocks(&current);
        let gone = compare_setting(&blocks(&before), &mut current);
        let marked = |block: &Block| match block.state {
            BlockState::New => Some(format!("+{}", block.pointer)),
            BlockState::Changed => Some(format!("~{}", block.pointer)),
            BlockState::Same => None,
        };
        current
            .iter()
            .filter_map(marked)
            .chain(gone.iter().map(|block| format!("-{}", block.pointer)))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        difference(body(
            "You are.",
            json!([bash, read]),
            "low",
            summary(&[assistant("Done."), user("go on")])
        )),
        ["+/messages/0/content", "+/messages/2/content"],
        "an answer is kept; a person says the same again"
    );
    assert_eq!(
        difference(body(
            "You are not.",
            json!([bash]),
            "high",
            summary(&[
                assistant(json!([call("a"), call("b")])),
                user(json!([result("a", "ok"), result("b", "ok")]))
            ])
        )),
        [
            "~/effort",
            "~/system/1",
            "+/messages/0/content",
            "+/messages/1/content/1",
            "+/messages/2/content/1",
            "-/tools/1"
        ],
        "calls with their results are kept, others are new"
    );
}

#[test]
fn what_is_new_changed_and_gone() {
    let talk = |messages: Value| json!({"messages": messages});
    let (hi, hello, more) = (user("Hi"), assistant("Hello"), user("More"));
    let results = |order: [&str; 2]| user(json!(order.map(|id| result(id, id))));
    let nothing: [&str; 0] = [];
    let table: Vec<(&str, Value, Value, Vec<&str>)> = vec![
        (
            "a turn",
            talk(json!([hi])),
            talk(json!([hi, hello, more])),
            vec!["+/messages/1/content", "+/messages/2/content"],
        ),
        (
            "string to array",
            talk(json!([hi])),
            talk(json!([user(json!([{"type": "text", "text": "Hi", "cache_control": {}}]))])),
            nothing.to_vec(),
        ),
        (
            "results in another order",
            talk(json!([hi, results(["a", "b"])])),
            talk(json!([hi, results(["b", "a"])])),
            nothing.to_vec(),
        ),
        (
            "a message between",
            talk(json!([hi, more])),
            talk(json!([hi, hello, more])),
            vec!["+/messages/1/content"],
        ),
        (
            "an edited message",
            talk(json!([hi, hello])),
            talk(json!([user("Ho"), hello])),
            vec!["~/messages/0/content"],
        ),
        (
            "edited and rewritten as an array",
            talk(json!([hi])),
            talk(json!([user(json!([{"type": "text", "text": "Ho"}]))])),
            vec!["~/messages/0/content/0"],
        ),
        (
            "a dropped message",
            talk(json!([hi, hello, more])),
            talk(json!([hi, more])),
            vec!["-/messages/1/content"],
        ),
        (
            "said twice, then once",
            talk(json!([hi, hi])),
            talk(json!([hi])),
            vec!["-/messages/1/content"],
        ),
        (
            "said once, then twice",
            talk(json!([hi])),
            talk(json!([hi, hi])),
            vec!["+/messages/1/content"],
        ),
        (
            "compacted",
            talk(json!([hi, hello, more])),
            talk(json!([user("Summary")])),
            vec!["~/messages/0/content", "-/messages/1/content", "-/messages/2/content"],
        ),
        (
            "another role",
            talk(json!([hi])),
            talk(json!([assistant("Hi")])),
            vec!["~/messages/0/content"],
        ),
        (
            "parameters",
            json!({"model": "a", "top_k": 1}),
            json!({"model": "b", "top_k": 1, "stream": true}),
            vec!["~/model", "+/stream"],
        ),
        (
            "equal values of two parameters",
            json!({"top_k": 1}),
            json!({"max_tokens": 1}),
            vec!["+/max_tokens", "-/top_k"],
        ),
        (
            "tools by name",
            json!({"tools": [tool("A", "a"), tool("B", "b")]}),
            json!({"tools": [tool("B", "b"), tool("A", "new")]}),
            vec!["~/tools/1"],
        ),
        (
            "a tool more, in front",
            json!({"tools": [tool("A", "a")]}),
            json!({"tools": [tool("Z", "z"), tool("A", "a")]}),
            vec!["+/tools/0"],
        ),
        (
            "system",
            json!({"system": "S"}),
            json!({"system": [{"type": "text", "text": "S"}, {"type": "text", "text": "T"}]}),
            vec!["+/system/1"],
        ),
        (
            "system text said by a user",
            json!({"system": "S"}),
            talk(json!([user("S")])),
            vec!["+/messages/0/content", "-/system"],
        ),
    ];
    for (what, previous, current, expected) in table {
        assert_eq!(difference(&previous, &current), expected, "{what}");
    }
}

#[test]
fn how_far_two_requests_go_together() {
    let prefix = |previous: Value, current: Value| {
        let of =
            |messages: Value| blocks(&json!({"model": "m", "system": "S", "messages": messages}));
        common_prefix(&of(previous), &of(current))
    };
    let (hi, hello) = (user("Hi"), assistant("Hello"));
    let results = |ids: &[&str]| user(ids.iter().map(|id| result(id, id)).collect::<Vec<_>>());
    assert_eq!(prefix(json!([]), json!([hi])), 0);
    assert_eq!(prefix(json!([hi, hello]), json!([hi, hello, hi])), 2);
    assert_eq!(prefix(json!([hi, hello]), json!([hi, hi])), 1);
    assert_eq!(prefix(json!([hi, hello]), json!([hello, hello])), 0);
    assert_eq!(
        prefix(json!([hi, results(&["a", "b"]), hi]), json!([hi, results(&["b", "a"]), hi])),
        4
    );
    assert_eq!(
        prefix(json!([results(&["a", "b", "c"]), hi]), json!([results(&["c", "x", "a"]), hi])),
        2
    );
    assert_eq!(prefix(json!([results(&["a"]), hi]), json!([results(&["a", "b"]), hi])), 1);
    // Of two messages their order counts.
    assert_eq!(
        prefix(
            json!([results(&["a"]), results(&["b"])]),
            json!([results(&["b"]), results(&["a"])])
        ),
        0
    );
}

fn conversation() -> impl Strategy<Value = Value> {
    let block = prop_oneof![
        "[ab]{0,2}".prop_map(|text| json!({"type": "text", "text": text})),
        ("[ab]", "[cd]").prop_map(|(id, text)| result(&id, &text)),
    ];
    let content = prop_oneof![
        "[ab]{0,2}".prop_map(Value::from),
        prop::collection::vec(block, 0..4).prop_map(Value::from)
    ];
    let message = (any::<bool>(), content)
        .prop_map(|(by_user, content)| if by_user { user(content) } else { assistant(content) });
    let tools =
        prop::collection::vec(("[AB]", "[ab]").prop_map(|(name, text)| tool(&name, &text)), 0..3);
    (prop::collection::vec(message, 0..6), tools, "[ab]").prop_map(
        |(messages, tools, system)| json!({"system": system, "tools": tools, "messages": messages}),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_block_before_is_found_or_gone_once(previous in conversation(), current in conversation()) {
        let (previous, mut current) = (blocks(&previous), blocks(&current));
        let gone = compare(&previous, &mut current);
        let found = current.iter().filter(|block| block.state != BlockState::New).count();
        prop_assert_eq!(found + gone.len(), previous.len());
        for block in current.iter().filter(|block| block.state == BlockState::Same) {
            prop_assert!(previous.iter().any(|before| before.hash == block.hash));
        }
        prop_assert!(common_prefix(&previous, &current) <= current.iter().filter(|block| block.state == BlockState::Same).count());
    }

    #[test]
    fn nothing_is_new_against_itself(body in conversation()) {
        let (previous, mut current) = (blocks(&body), blocks(&body));
        prop_assert_eq!(compare(&previous, &mut current), vec![]);
        prop_assert!(current.iter().all(|block| block.state == BlockState::Same));
        let messages = current.iter().filter(|block| block.pointer.starts_with("/messages/")).count();
        prop_assert_eq!(common_prefix(&previous, &current), messages);
    }
}
