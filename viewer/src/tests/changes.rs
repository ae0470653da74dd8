//! What was changed of the history is shown with what stood there, which is fetched where it is not
//! here.

use ccdump_model::{
    blocks::{ItemKey, Source},
    record::{Fetch, Fetched, FormerWanted, Held, RequestSide},
};
use ccdump_provider::content::Content;
use ccdump_record::{BlockKind, BlockState, Exchange};
use ccdump_state::{DaemonEvent, Event, conversation::Spot};

use super::rig::{Rig, fetch, piece, row};

/// Every request changes the first words of the history, and one block is gone.
fn changed(id: u64) -> Fetch {
    let words = Content::Text(format!("the plan of request {id}"));
    let mut first = piece("/messages/0/content/0".to_owned(), BlockKind::Text, "user", words);
    first.block.state = BlockState::Changed;
    let mut gone = piece(
        "/messages/1/content".to_owned(),
        BlockKind::Text,
        "user",
        Content::Text(String::new()),
    )
    .block;
    gone.hash = 7;
    let side = RequestSide {
        pieces: vec![first],
        removed: vec![gone],
        previous: Some(id - 1),
        ..RequestSide::default()
    };
    Fetch { request: Fetched::Here(side), ..fetch(id) }
}

fn former(wanted: &FormerWanted) -> Vec<(Source, String, Held)> {
    let told = |(source, block): &(Source, ccdump_record::Block)| {
        let words = match source {
            Source::Gone => "what is gone".to_owned(),
            _ => format!("the old plan of request {}", wanted.exchange),
        };
        (*source, block.pointer.clone(), Held::Here(Content::Text(words).into()))
    };
    wanted.blocks.iter().map(told).collect()
}

fn rig(turns: u64) -> Rig {
    let mut rig = Rig { fetch: changed, former, ..Rig::empty() };
    rig.event(Event::Held { name: "main".to_owned(), saved: true, state: None });
    // Those before are not here, and never will be.
    let rows =
        (1..=turns).map(|id| Exchange { previous: Some(id + 5000), ..row(id, "main") }).collect();
    rig.event(Event::Daemon(DaemonEvent::Rows(rows)));
    rig.event(Event::Daemon(DaemonEvent::SnapshotEnd));
    rig
}

#[test]
fn what_stood_there_is_fetched_for_what_is_on_the_screen() {
    let rig = rig(60);
    assert!(rig.shows("-the old plan of request 60") || rig.shows("old"), "{:#?}", rig.text());
    let exchanges: Vec<u64> = rig.asked_former.iter().map(|wanted| wanted.exchange).collect();
    assert!(
        exchanges.iter().all(|exchange| *exchange > 50),
        "nothing else was asked: {exchanges:?}"
    );
    assert!(rig.asked_former.iter().all(|wanted| wanted.previous + 1 == wanted.exchange));
    assert!(
        rig.asked_former
            .iter()
            .flat_map(|wanted| &wanted.blocks)
            .all(|(source, _)| *source == Source::Former)
    );
}

#[test]
fn what_is_gone_is_fetched_when_it_is_unfolded() {
    let mut rig = rig(1);
    rig.key("g");
    assert!(!rig.shows("what is gone"));
    rig.state.conversation.go(Spot { exchange: 1, item: ItemKey::new("rewritten") });
    rig.event(Event::Tick);
    assert!(rig.shows("history rewritten: 1 block changed, 1 block removed"), "{:#?}", rig.text());
    rig.key("enter");
    assert!(rig.shows("what is gone"), "{:#?}", rig.text());
}

#[test]
fn what_cannot_be_had_is_asked_for_once() {
    let mut rig = Rig { former: |_| Vec::new(), ..rig(1) };
    let asked = rig.asked_former.len();
    (0..9).for_each(|_| rig.event(Event::Tick));
    assert_eq!(rig.asked_former.len(), asked);
    assert!(rig.shows("the plan of request 1") || rig.shows("plan"));
}
