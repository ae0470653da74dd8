//! What a request changed of the history, with what it was.

use ccdump_provider::content::Content;

use super::{Detail, here, item, lines, plain, result, sheet_of, text};
use ccdump_model::blocks::{Change, Item, ItemBody, Part, Voice};

fn was(words: &str, body: ItemBody) -> Item {
    Item { was: Some(text(words)), ..item(body) }
}

fn said(words: &str) -> ItemBody {
    ItemBody::Text { voice: Voice::User, text: text(words), change: Change::Changed, open: false }
}

#[test]
fn what_was_changed_is_shown_word_by_word() {
    let prompt = |date: &str| {
        format!(
            "You are an agent.\n\n# Tone\n- Be brief.\n- Be kind.\n\n# Environment\nToday is {date}.\n"
        )
    };
    let now = here(Content::Text(prompt("24 November, a Tuesday")));
    let section =
        ItemBody::System { tag: Some(4), number: 2, of: None, text: now, change: Change::Changed };
    let long = "It is said at length, so that no screen has room for it on one line, what is to be done and by whom, and that it is to be done soon.";
    let cleared = |words: &str, now: Part| Item {
        was: Some(std::sync::Arc::new(Content::ToolResult {
            is_error: false,
            text: words.to_owned(),
            other: vec![],
        })),
        ..item(ItemBody::ToolResult {
            name: Some("Bash".to_owned()),
            result: now,
            change: Change::Changed,
        })
    };
    insta::assert_snapshot!(sheet_of(vec![
        ("a word", was("Please look at this.\nAnd that.", said("Please look at that.\nAnd that."))),
        (
            "in a long line",
            was(long, said(&long.replace("at length", "briefly").replace(" and by whom", "")))
        ),
        ("only white space", was("one\ntwo", said("one\n two"))),
        ("nothing in common", was("Something else entirely", said("Please look."))),
        ("a section", was(&prompt("23 November"), section)),
        ("a result", cleared("one\ntwo\nthree", result(false, "one\n[cut]"))),
        ("a cleared result", cleared("one\ntwo", result(false, "[cleared]"))),
    ]));
}

#[test]
fn long_texts_are_not_compared() {
    let many: String = (0..5_000).map(|line| format!("line {line}\n")).collect();
    let long = "word ".repeat(100_000);
    for (old, new) in [(many.clone(), many.to_uppercase()), (long.clone(), format!("{long}x"))] {
        let drawn = lines(&was(&old, said(&new)), Detail::Summary, 80);
        let first = drawn.first().map(plain).unwrap_or_default();
        assert!(first.ends_with("· changed ▸"), "{first}");
        let drawn = lines(&was(&old, said(&new)), Detail::Full, 80);
        assert!(drawn.len() > 1_000, "{}", drawn.len());
    }
}

#[test]
fn texts_that_are_hard_to_compare_take_no_long_time() {
    // Words that never match, on as many long lines as there may be: compared in full they would
    // take minutes.
    let hard = |sign: &str| {
        (0..128)
            .map(|line| format!("{line}{}\nsame {line}\n", sign.repeat(900)))
            .collect::<String>()
    };
    let drawn = lines(&was(&hard("a-"), said(&hard("b+"))), Detail::Full, 80);
    assert!(drawn.len() > 1_000, "{}", drawn.len());
}
