//! What was changed is shown with what it was, where that is known for sure.

use super::*;
use crate::blocks::Source;

/// The text that each item took the place of, by the item's key.
fn was(now: &Loaded, before: &Loaded, earlier: &[&Loaded]) -> Vec<String> {
    let row = row();
    let items = items(super::super::Turn { earlier, ..turn(&row, now, Some(before), None) });
    let was = |item: &Item| Some(format!("{}: {}", item.key.0, words(item.was.as_ref()?)));
    items.iter().filter_map(was).collect()
}

#[test]
fn it_is_found_in_the_newest_request_that_brought_it() {
    let first = loaded(
        vec![
            text("user", "/messages/0/content", "Hi"),
            tool_result("/messages/2/content/0", "a", "long"),
        ],
        vec![text("assistant", "/content/0", "Hello")],
    );
    let second = loaded(vec![changed(text("user", "/messages/0/content", "Hi there"))], vec![]);
    let third = loaded(
        vec![
            changed(text("user", "/messages/0/content/0", "Hi you there")),
            changed(tool_result("/messages/2/content/0", "a", "cleared")),
        ],
        vec![],
    );
    let both = ["request/messages/0/content/0: Hi there", "request/messages/2/content/0: long"];
    assert_eq!(was(&third, &second, &[&first]), both);
    assert_eq!(was(&third, &second, &[]), both[..1]);
    // Another kind or another role is no older form of it.
    let other = loaded(
        vec![
            thinking("/messages/0/content/0", "Hi"),
            text("assistant", "/messages/0/content", "Hi"),
        ],
        vec![],
    );
    assert!(was(&third, &other, &[]).is_empty());
}

#[test]
fn behind_what_is_gone_or_put_in_between_nothing_is_sure() {
    let first = loaded(vec![text("user", "/messages/4/content", "Hi")], vec![]);
    let mut second = loaded(vec![], vec![]);
    if let Fetched::Here(side) = &mut second.request {
        side.removed = vec![text("user", "/messages/2/content", "").block];
    }
    let third = loaded(vec![changed(text("user", "/messages/4/content", "Ho"))], vec![]);
    assert!(was(&third, &second, &[&first]).is_empty());
    assert_eq!(was(&third, &loaded(vec![], vec![]), &[&first]).len(), 1);
    // Nor behind what was put in between; what is only added at the end moves nothing.
    let between = loaded(vec![text("user", "/messages/3/content/0", "By the way")], vec![]);
    assert!(was(&third, &between, &[&first]).is_empty());
    let added = loaded(vec![text("user", "/messages/10/content/0", "And then")], vec![]);
    assert_eq!(was(&third, &added, &[&first]).len(), 1);
}

#[test]
fn what_is_gone_is_known_by_what_it_said() {
    let mut said = text("user", "/messages/2/content", "Never mind");
    said.block.hash = 5;
    let first = loaded(vec![said.clone()], vec![]);
    let mut second = loaded(vec![], vec![]);
    if let Fetched::Here(side) = &mut second.request {
        side.removed = vec![Block { hash: 6, ..said.block.clone() }, said.block];
    }
    let row = row();
    let items = items(turn(&row, &second, Some(&first), None));
    let gone: Vec<Option<String>> = items
        .iter()
        .find_map(|item| match &item.body {
            ItemBody::Rewritten { removed, .. } => {
                Some(removed.iter().map(|gone| gone.content.as_deref().map(words)).collect())
            }
            _ => None,
        })
        .expect("the history is rewritten");
    assert_eq!(gone, [None, Some("Never mind".to_owned())]);
}

/// What the items want of the request before, and what becomes of it when it is here.
#[test]
fn what_is_not_here_is_asked_for_once_and_then_shown() {
    let mut gone = text("user", "/messages/2/content", "").block;
    gone.hash = 5;
    let mut now = loaded(vec![changed(text("user", "/messages/0/content/0", "Hi there"))], vec![]);
    if let Fetched::Here(side) = &mut now.request {
        side.removed = vec![gone.clone()];
    }
    let row = row();
    let wants = |now: &Loaded| {
        let items = items(turn(&row, now, None, None));
        items
            .into_iter()
            .flat_map(|item| item.wants)
            .map(|wanted| (wanted.source, wanted.pointer))
            .collect::<Vec<_>>()
    };
    let former = (Source::Former, "/messages/0/content/0".to_owned());
    let of_gone = (Source::Gone, "/messages/2/content".to_owned());
    assert_eq!(wants(&now), [of_gone.clone(), former.clone()]);
    now.former.insert(former.clone(), Piece { content: Held::Loading, ..text("user", "", "") });
    assert_eq!(wants(&now), std::slice::from_ref(&of_gone));
    now.former.insert(former, text("user", "/messages/0/content", "Hi"));
    now.former.insert(of_gone, text("user", "/messages/2/content", "Never mind"));
    assert_eq!(was(&now, &Loaded::default(), &[]), ["request/messages/0/content/0: Hi"]);
    assert!(wants(&now).is_empty());
    // Nothing is asked where there is no request before.
    if let Fetched::Here(side) = &mut now.request {
        side.previous = None;
    }
    now.former.clear();
    assert!(wants(&now).is_empty());
}

#[test]
fn what_is_gone_here_and_new_there_was_moved() {
    let of = |pointer: &str, hash| {
        let mut piece = text("user", pointer, "words");
        piece.block.hash = hash;
        piece
    };
    for (new, gone, wanted) in [
        (
            vec![("/messages/4/content/0", 5)],
            vec![("/messages/2/content/0", 5)],
            "history rewritten: 1 block moved",
        ),
        (
            vec![("/messages/4/content/0", 5)],
            vec![("/messages/2/content/0", 6)],
            "history rewritten: 1 block removed",
        ),
        (
            vec![("/messages/4/content/0", 5), ("/messages/6/content/0", 5)],
            vec![("/messages/2/content/0", 5)],
            "history rewritten: 1 block moved",
        ),
        (
            vec![("/messages/4/content/0", 5)],
            vec![("/messages/2/content/0", 5), ("/messages/3/content/0", 5)],
            "history rewritten: 1 block moved, 1 block removed",
        ),
        (
            vec![("/messages/4/content/0", 0)],
            vec![("/messages/2/content/0", 0)],
            "history rewritten: 1 block removed",
        ),
    ] {
        let mut now =
            loaded(new.iter().map(|(pointer, hash)| of(pointer, *hash)).collect(), vec![]);
        if let Fetched::Here(side) = &mut now.request {
            side.removed = gone.iter().map(|(pointer, hash)| of(pointer, *hash).block).collect();
        }
        let row = row();
        let items = items(turn(&row, &now, None, None));
        let said = items.iter().find_map(|item| match &item.body {
            ItemBody::Rewritten { changed, moved, removed } => {
                ccdump_client::words::rewritten(*changed, *moved, removed.len())
            }
            _ => None,
        });
        assert_eq!(said.as_deref(), Some(wanted));
        let moved = items
            .iter()
            .filter(|item| matches!(item.body, ItemBody::Text { change: Change::Moved, .. }))
            .count();
        assert_eq!(moved, usize::from(wanted.contains(" moved")));
    }
}
