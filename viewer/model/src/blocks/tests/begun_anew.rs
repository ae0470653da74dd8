//! Histories that become a summary, requests that are sent again, sections that have names.

use ccdump_record::{Block, Exchange, SystemSection};

use super::{
    super::{Turn, Wanted},
    *,
};

use crate::record::{Contents, Fetch, Sections};

const SUMMARY: &str = "This session is being continued from a previous conversation that ran out of context. The summary: all is well.";

fn of(turn: Turn<'_>) -> Vec<String> {
    shapes(&items(turn))
}

#[test]
fn a_summary_in_place_of_the_history_is_a_seam() {
    let removed = |count: usize| {
        (0..count)
            .map(|at| text("user", &format!("/messages/{at}/content"), "").block)
            .collect::<Vec<_>>()
    };
    let begins = |words: &str, at: &str, gone: usize, previous| {
        let mut now = loaded(vec![changed(text("user", at, words))], vec![]);
        if let Fetched::Here(side) = &mut now.request {
            (side.removed, side.previous) = (removed(gone), previous);
        }
        now
    };
    let long = "What was said so far. ".repeat(40);
    let last = Exchange { id: 9, request_bytes: 180_000, ..row() };
    for (now, seam) in [
        (
            begins(SUMMARY, "/messages/0/content/1", 3, Some(9)),
            Some("Compacted { blocks: Some(4), bytes: Some(300), summary: 111 }"),
        ),
        (
            begins(SUMMARY, "/messages/0/content", 0, None),
            Some("Compacted { blocks: None, bytes: Some(180000), summary: 111 }"),
        ),
        (
            begins(&long, "/messages/1/content", 8, Some(9)),
            Some("Compacted { blocks: Some(9), bytes: Some(800), summary: 880 }"),
        ),
        // Gone back to an earlier message, or edited.
        (begins(&long, "/messages/6/content", 8, Some(9)), None),
        (begins("Hi", "/messages/0/content", 8, Some(9)), None),
        (begins(&long, "/messages/0/content", 0, Some(9)), None),
    ] {
        let row = row();
        let items = items(Turn { last: Some(&last), ..turn(&row, &now, None, None) });
        let found = items
            .iter()
            .find(|item| matches!(item.body, ItemBody::Compacted { .. }))
            .map(|item| gist(&item.body));
        assert_eq!(found.as_deref(), seam);
        assert_eq!(
            items.iter().any(|item| matches!(item.body, ItemBody::Rewritten { .. })),
            seam.is_none()
        );
    }
}

#[test]
fn tries_of_one_request_are_one_turn() {
    let failed = |id| {
        let error = Some("Overloaded".to_owned());
        Exchange { id, status: Some(529), end_state: Some(EndState::UpstreamError), error, ..row() }
    };
    let (one, two, three) = (failed(12), failed(13), Exchange { id: 14, ..row() });
    let asks = loaded(vec![text("user", "/messages/0/content", "Hi")], vec![]);
    let again = loaded(vec![], vec![text("assistant", "/content/0", "Hello")]);
    assert_eq!(
        of(Turn { is_tried_again: true, ..turn(&one, &asks, None, None) }),
        [
            "turn [metadata] Main Some(\"claude-opus-4-8\") 09:41:07 TriedAgain",
            "request/messages/0/content [user] User: Hi",
        ]
    );
    assert!(
        of(Turn { tries: &[&one], is_tried_again: true, ..turn(&two, &asks, None, None) })
            .is_empty()
    );
    let last = of(Turn { tries: &[&one, &two], ..turn(&three, &again, None, None) });
    assert_eq!(
        last[1..],
        [
            "tries [metadata] Tries([Try { id: 12, outcome: \"529\", error: Some(\"Overloaded\") }, \
             Try { id: 13, outcome: \"529\", error: Some(\"Overloaded\") }, Try { id: 14, outcome: \"200\", error: None }])",
            "response/content/0 [assistant] Assistant: Hello",
        ]
    );
}

#[test]
fn sections_have_the_names_that_they_were_given() {
    let section = |pointer: &str, hash| {
        let mut piece =
            piece(BlockKind::System, "system", pointer, Some(Content::Text("x".to_owned())));
        piece.block.hash = hash;
        piece
    };
    let told = |number, hash, first_exchange| {
        let block = Block { hash, ..Block::default() };
        SystemSection { number, block, first_exchange, ..SystemSection::default() }
    };
    let mut sections = Sections::default();
    let row = row();
    sections.arrived(None, Ok(vec![told(1, 7, 1), told(2, 8, row.id), told(3, 6, row.id - 1)]));
    let now = loaded(
        vec![section("/system/0", 8), section("/system/1", 9), section("/system/2", 6)],
        vec![],
    );
    let shapes = of(Turn { sections: Some(&sections), ..turn(&row, &now, None, None) });
    assert_eq!(
        shapes[1..],
        [
            "request/system/0 [system] section sp-2 1 of None: x",
            "request/system/1 [system] section 2 of None: x",
            "request/system/2 [system] section sp-3 3 of None: x",
        ]
    );
    let mut anew = now;
    if let Fetched::Here(side) = &mut anew.request {
        side.previous = None;
    }
    let items = items(Turn { sections: Some(&sections), ..turn(&row, &anew, None, None) });
    let changes: Vec<Change> = items
        .iter()
        .filter_map(|item| match &item.body {
            ItemBody::System { change, .. } => Some(*change),
            _ => None,
        })
        .collect();
    assert_eq!(
        changes,
        [Change::New, Change::New, Change::Same],
        "what the session has sent before is not new for another agent"
    );
}

#[test]
fn a_summarised_request_shows_what_changed_of_the_setting() {
    let section = |pointer: &str, words: &str| {
        piece(BlockKind::System, "system", pointer, Some(Content::Text(words.to_owned())))
    };
    let mut tool = piece(BlockKind::ToolDefinition, "", "/tools/3", None);
    tool.block.name = Some("Read".to_owned());
    let gone = piece(BlockKind::Parameter, "", "/effort", None).block;
    let mut now = loaded(
        vec![
            changed(section("/system/1", "You are another.")),
            tool,
            text("user", "/messages/0/content", SUMMARY),
        ],
        vec![],
    );
    if let Fetched::Here(side) = &mut now.request {
        (side.previous, side.setting_of) = (None, Some(7));
        side.removed = vec![gone];
    }
    let row = row();
    let items = items(turn(&row, &now, None, None));
    assert_eq!(
        shapes(&items).get(1..5).unwrap_or_default(),
        [
            "compacted [metadata] Compacted { blocks: None, bytes: None, summary: 111 }",
            "request/system/1 [system] section 2 of None: You are another. (changed)",
            "tools [tools] tools Read (100 B), gone ",
            "parameters [metadata] parameters , gone /effort",
        ]
    );
    let wanted: Vec<&Wanted> = items.iter().flat_map(|item| &item.wants).collect();
    let mut contents = Contents::default();
    contents.wants(row.id, true);
    contents.arrived(row.id, Fetch { request: now.request.clone(), ..Fetch::default() });
    let asked = contents.ask_former(row.id, &wanted).expect("what stood there before can be had");
    assert_eq!((asked.previous, asked.blocks.len()), (7, 1));
}
