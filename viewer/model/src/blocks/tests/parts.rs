//! Texts with tags in them.

use super::*;
use crate::blocks::ItemKey;

fn answered(words: &str) -> Vec<Item> {
    let row = row();
    let loaded = loaded(vec![], vec![text("assistant", "/content/0", words)]);
    items(turn(&row, &loaded, None, None))
}

fn asked(words: &str) -> Vec<Item> {
    let row = row();
    let loaded = loaded(vec![text("user", "/messages/0/content/0", words)], vec![]);
    items(turn(&row, &loaded, None, None))
}

/// Of the items of a text: the key without what is the same, the category, whether it is unfolded
/// as a rule, and what it shows itself.
fn parts(items: &[Item]) -> Vec<String> {
    let of = |item: &Item| {
        let own = match &item.body {
            ItemBody::Text { text, .. }
            | ItemBody::System { text: Part::Here { content: text, .. }, .. } => words(text),
            ItemBody::ToolUse { result: Some(result), .. }
            | ItemBody::ToolResult { result, .. } => part(result),
            ItemBody::Tag { text, .. } | ItemBody::Beside { text, .. } => text.to_string(),
            _ => return None,
        };
        let own = own.get(..item.own.unwrap_or(own.len())).expect("between characters");
        let rule = if item.is_unfolded_as_a_rule() { " full" } else { "" };
        Some(format!("{} {}{rule} {own:?}", item.key.0, item.category.as_str()))
    };
    items.iter().filter_map(of).collect()
}

#[test]
fn a_text_is_divided_at_its_tags() {
    let reminder = format!("<system-reminder>\n{}</system-reminder>", "Do not forget.\n".repeat(9));
    let words = format!("Fix it\n{reminder}\n\nand <b>then</b>\n<task>test it</task>");
    let key = "request/messages/0/content/0";
    assert_eq!(
        parts(&asked(&words)),
        [
            format!("{key} user {:?}", "Fix it\n"),
            format!("{key}<1 system {reminder:?}"),
            format!("{key}<2 user full {:?}", "\n\nand <b>then</b>\n"),
            format!("{key}<3 user full {:?}", "<task>test it</task>"),
        ]
    );
    let nested = "<plan>\nfirst\n<step>one</step>\n<step>two</step>\n</plan>";
    assert_eq!(
        parts(&answered(&format!("So:\n{nested}"))),
        [
            "response/content/0 assistant \"So:\\n\"".to_owned(),
            "response/content/0<1 assistant full \"<plan>\\nfirst\\n\"".to_owned(),
            "response/content/0<1<1 assistant full \"<step>one</step>\"".to_owned(),
            "response/content/0<1<2 assistant full \"<step>two</step>\"".to_owned(),
        ]
    );
    assert_eq!(
        parts(&answered(&format!("\n{nested}\n"))),
        [
            "response/content/0 assistant \"\\n<plan>\\nfirst\\n\"",
            "response/content/0<1 assistant full \"<step>one</step>\"",
            "response/content/0<2 assistant full \"<step>two</step>\"",
        ],
        "what is one tag is not divided from itself"
    );
}

#[test]
fn what_is_changed_or_still_coming_is_not_divided() {
    let words = "one\n<env>two</env>";
    let row = row();
    let loaded = loaded(vec![changed(text("user", "/messages/0/content/0", words))], vec![]);
    assert_eq!(parts(&items(turn(&row, &loaded, None, None))).len(), 1);
    let mut open = super::loaded(vec![], vec![text("assistant", "/content/0", words)]);
    if let Fetched::Here(side) = &mut open.response {
        side.open = true;
    }
    assert_eq!(parts(&items(turn(&row, &open, None, None))).len(), 1);
}

#[test]
fn what_a_tool_gave_and_a_section_of_the_system_prompt_are_divided() {
    let row = row();
    let gave = "1 fn main() {}\n<system-reminder>mind it</system-reminder>";
    let section = piece(
        BlockKind::System,
        "",
        "/system/0",
        Some(Content::Text("You are\n<env>\nLinux\n</env>".to_owned())),
    );
    let loaded = loaded(
        vec![
            section,
            tool_use("/messages/1/content/0", "Read", "t1"),
            tool_result("/messages/2/content/0", "t1", gave),
        ],
        vec![],
    );
    assert_eq!(
        parts(&items(turn(&row, &loaded, None, None))),
        [
            "request/system/0 system \"You are\\n\"",
            "request/system/0<1 system full \"<env>\\nLinux\\n</env>\"",
            "request/messages/1/content/0 tools \"1 fn main() {}\\n\"",
            "request/messages/1/content/0<1 system full \"<system-reminder>mind it</system-reminder>\"",
        ]
    );
}

#[test]
fn keys_tell_what_is_part_of_what() {
    let owner = ItemKey::new("request/messages/1/content/1");
    let part = owner.part(2);
    for (holder, other, holds) in [
        (&owner, &part, true),
        (&owner, &part.part(1), true),
        (&part, &part.part(1), true),
        (&part, &owner, false),
        (&owner, &owner, false),
        (&owner, &ItemKey::new("request/messages/1/content/12"), false),
        (&part, &owner.part(20), false),
    ] {
        assert_eq!(holder.holds(other), holds, "{holder:?} {other:?}");
    }
}
