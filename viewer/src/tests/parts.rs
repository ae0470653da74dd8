//! Tags in texts: each is folded and marked by itself.

use ccdump_model::{
    blocks::ItemKey,
    record::{Fetch, Fetched, RequestSide},
};
use ccdump_provider::content::Content;
use ccdump_record::BlockKind;
use ccdump_state::{
    Event,
    conversation::Spot,
    mouse::{Action, Mouse},
};

use super::rig::{Rig, fetch, piece};

/// Of every request: what was asked, a long reminder with an example in it, and some more.
fn reminded(id: u64) -> Fetch {
    let lines = "a line of the reminder\n".repeat(6);
    let words = format!(
        "question {id}\n<system-reminder kind=\"long\">\n{lines}<example>\ninner {id}\n1\n2\n3\n</example>\nits end\n</system-reminder>\nmore {id}"
    );
    let question =
        piece(format!("/messages/{id}/content/0"), BlockKind::Text, "user", Content::Text(words));
    Fetch {
        request: Fetched::Here(RequestSide { pieces: vec![question], ..RequestSide::default() }),
        ..fetch(id)
    }
}

fn rig() -> Rig {
    Rig::saying(1, reminded)
}

/// Marks the block that a line of the screen is of.
fn mark(rig: &mut Rig, words: &str) {
    let y =
        rig.text().iter().position(|line| line.contains(words)).expect("it is on the screen") + 1;
    let y = u16::try_from(y).expect("on the screen");
    for action in [Action::Press, Action::Release] {
        rig.event(Event::Mouse(Mouse { action, x: 30, y }));
    }
}

#[test]
fn a_reminder_is_one_line_that_unfolds_by_itself_and_so_does_what_stands_in_it() {
    let mut rig = rig();
    assert!(
        rig.shows("◇ system-reminder kind=\"long\"  a line of the reminder")
            && !rig.shows("its end"),
        "{:#?}",
        rig.text()
    );
    assert!(rig.shows("question 1") && rig.shows("more 1"), "what the person wrote is all there");
    mark(&mut rig, "◇ system-reminder");
    rig.key("enter");
    assert!(
        rig.shows("<system-reminder kind=\"long\"> ▾")
            && rig.shows("its end")
            && rig.shows("◇ example  inner 1")
    );
    mark(&mut rig, "◇ example");
    rig.key("o");
    assert!(rig.shows("<example> ▾") && rig.shows("inner 1"));
    mark(&mut rig, "its end");
    rig.key("enter");
    assert!(
        !rig.shows("its end") && !rig.shows("example"),
        "what stands beside a tag folds what both stand in"
    );
    assert_eq!(rig.focus().item, ItemKey::new("request/messages/1/content/0<1"));
    rig.key("enter");
    assert!(rig.shows("<example> ▾"), "as it was left");
}

#[test]
fn a_click_on_its_sign_unfolds_it() {
    let mut rig = rig();
    let lines = rig.text();
    let y =
        lines.iter().position(|line| line.contains("◇ system-reminder")).expect("on the screen");
    let x = lines[y].chars().position(|c| c == '▸').expect("it can be unfolded") + 26;
    let (x, y) =
        (u16::try_from(x).expect("on the screen"), u16::try_from(y + 1).expect("on the screen"));
    rig.event(Event::Mouse(Mouse { action: Action::Press, x, y }));
    assert!(rig.shows("its end"));
}

#[test]
fn a_text_that_is_folded_has_no_parts_and_all_are_unfolded_at_once() {
    let mut rig = rig();
    mark(&mut rig, "question 1");
    rig.key("enter");
    assert!(!rig.shows("more 1") && !rig.shows("◇"), "{:#?}", rig.text());
    rig.key("O");
    assert!(rig.shows("its end") && rig.shows("<example> ▾"));
    rig.key("O");
    assert!(rig.shows("more 1") && !rig.shows("its end"));
}

#[test]
fn a_search_finds_what_is_folded_away() {
    let mut rig = rig();
    rig.key("/");
    rig.type_text("inner 1");
    (0..20).for_each(|_| rig.event(Event::Tick));
    assert!(rig.shows("inner 1"), "{:#?}", rig.text());
    rig.key("esc");
    assert!(!rig.shows("inner 1"));
}

#[test]
fn folds_and_the_place_in_a_part_are_there_after_a_relaunch() {
    let mut rig = rig();
    mark(&mut rig, "◇ system-reminder");
    rig.key("enter");
    mark(&mut rig, "its end");
    let (marked, lines) = (rig.focus(), rig.text());
    let saved = rig.save();
    let mut next = Rig { fetch: reminded, ..Rig::empty() };
    next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(saved) });
    next.rows(1);
    assert_eq!((next.focus(), next.text()), (marked, lines));
}

#[test]
fn what_was_marked_before_there_were_parts_is_found() {
    let mut rig = Rig::saying(20, reminded);
    let spot = Spot { exchange: 3, item: ItemKey::new("request/messages/3/content/0") };
    rig.state.conversation.go(spot.clone());
    rig.event(Event::Tick);
    assert_eq!(rig.focus(), spot);
    assert!(rig.text()[1].contains("question 3"), "{:#?}", rig.text());
    // A part of what is folded: what it stands in.
    rig.state.conversation.go(Spot { item: spot.item.part(1).part(1), ..spot.clone() });
    rig.event(Event::Tick);
    assert!(rig.text()[0].contains("◇ system-reminder"), "{:#?}", rig.text());
}

#[test]
fn a_part_is_copied_with_all_that_stands_in_it() {
    let mut rig = rig();
    mark(&mut rig, "◇ system-reminder");
    rig.key("y");
    let copied = rig.copied.clone().expect("it was copied");
    assert!(
        copied.contains("inner 1") && copied.contains("its end") && !copied.contains("more 1"),
        "{copied}"
    );
    mark(&mut rig, "question 1");
    rig.key("y");
    assert!(
        rig.copied.is_some_and(|copied| copied.contains("its end") && copied.contains("more 1"))
    );
}
