//! Two exchanges side by side, and the versions of a system prompt.

use std::sync::Arc;

use ccdump_model::{compare::Compared, record::Held};
use ccdump_provider::content::Content;
use ccdump_record::{Block, BlockKind, Exchange, Role as Speaker, SystemSection, Usage};
use ccdump_state::{
    DaemonEvent, Effect, Event,
    keymap::Key,
    sheet::{Brought, Need, Subject},
};
use serde_json::json;

use super::{
    rig::{Rig, row},
    screens::{pictures, sized},
};

/// Versions of the second section of the system prompt, with the numbers 2, 3 and 4.
const PROMPTS: [&str; 3] = [
    "You are an agent.\nRead before you write.\nAsk when in doubt.\nBe brief.",
    "You are an agent.\nRead the file before you write.\nAsk when in doubt.\nBe brief.",
    "You are an agent.\nRead the file before you write.\nAsk when in doubt.\nBe brief.\nNever guess.\u{1b}[2J",
];

/// What the system sections of session `s` are: the first one of all, and [`PROMPTS`]. Offsets say
/// which.
pub fn sections(session: Option<&str>, after: u64) -> Result<Vec<SystemSection>, String> {
    let section = |number: u64| SystemSection {
        number,
        block: Block { range: number..61 * number, hash: number, ..Block::default() },
        first_exchange: number.max(2) * 2 - 3,
        first_at_us: i64::try_from(number).expect("small") * 600_000_000,
        last_exchange: if number == 1 { 9 } else { number * 2 },
        last_at_us: i64::try_from(number).expect("small") * 600_000_000 + 150_000_000,
        exchanges: 3 * number,
        agent: Some("main".to_owned()),
        position: u32::from(number > 1),
    };
    let all = if session == Some("s") { 1..5 } else { 0..0 };
    Ok(all.filter(|number| *number > after).map(section).collect())
}

pub fn section(offset: u64) -> Held {
    let text =
        match usize::try_from(offset).ok().and_then(|offset| PROMPTS.get(offset.checked_sub(2)?)) {
            Some(text) => (*text).to_owned(),
            None => "x-anthropic-billing-header: cc_version=2.1; cc_entrypoint=cli;".to_owned(),
        };
    Held::Here(Arc::new(Content::Text(text)))
}

/// The request of exchange `id`: what it says, by block.
fn outline(id: u64) -> Vec<(Block, Content)> {
    let block = |kind: BlockKind, pointer: String, name: Option<&str>, hash: u64| Block {
        kind,
        pointer,
        name: name.map(str::to_owned),
        range: 0..1200,
        hash,
        ..Block::default()
    };
    let text = |text: &str| Content::Text(text.to_owned());
    let prompt = (usize::try_from(id).expect("small") / 4).min(2);
    let mut all = vec![
        (
            block(BlockKind::System, "/system/0".to_owned(), None, 1),
            text("x-anthropic-billing-header"),
        ),
        (
            block(BlockKind::System, "/system/1".to_owned(), None, prompt as u64 + 2),
            text(PROMPTS[prompt]),
        ),
    ];
    let tools = [
        ("Bash", 10),
        ("Read", 11),
        (if id < 8 { "Glob" } else { "Grep" }, 12 + id / 8),
        ("Edit", 20 + id / 6),
    ];
    for (at, (name, hash)) in tools.into_iter().enumerate() {
        let value = json!({"name": name, "description": format!("{name} a file.\nVersion {hash} of it."), "input_schema": {"type": "object"}});
        all.push((
            block(BlockKind::ToolDefinition, format!("/tools/{at}"), Some(name), hash),
            Content::Parameter(value),
        ));
    }
    for (name, value) in [
        ("model", json!("claude-x")),
        ("max_tokens", json!(32_000 + id / 5)),
        ("metadata", json!({"user_id": id / 9})),
    ] {
        let hash = value
            .to_string()
            .bytes()
            .fold(0_u64, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte));
        all.push((
            block(BlockKind::Parameter, format!("/{name}"), Some(name), hash),
            Content::Parameter(value),
        ));
    }
    for message in 0..2 * id - 1 {
        let role = if message % 2 == 0 { "user" } else { "assistant" };
        let said = if message == 6 && id > 7 { "a rewritten\nmessage 6" } else { "" };
        let words = if said.is_empty() {
            format!("message {message}\nof the\u{202e} {role}")
        } else {
            said.to_owned()
        };
        let block = Block {
            role: Speaker::of_name(role),
            ..block(
                BlockKind::Text,
                format!("/messages/{message}/content/0"),
                None,
                5000 + 2 * message + u64::from(!said.is_empty()),
            )
        };
        all.push((block, Content::Text(words)));
    }
    all
}

pub fn compared(left: u64, right: u64) -> Compared {
    let (left, right) = (outline(left), outline(right));
    let blocks = |side: &[(Block, Content)]| side.iter().map(|(block, _)| block.clone()).collect();
    let mut compared = Compared::new(blocks(&left), blocks(&right));
    let (on_left, on_right) = compared.wanted();
    on_left
        .into_iter()
        .for_each(|at| compared.left.hold(at, Held::Here(Arc::new(left[at].1.clone()))));
    on_right
        .into_iter()
        .for_each(|at| compared.right.hold(at, Held::Here(Arc::new(right[at].1.clone()))));
    compared
}

/// Nine exchanges in one thread; the last two with numbers.
fn rig() -> Rig {
    let mut rig = Rig::with(9);
    let rows = (1..=9).map(|id| Exchange {
        thread: Some(1),
        previous: (id > 1).then(|| id - 1),
        model: Some("claude-x".to_owned()),
        stop_reason: Some(if id == 9 { "end_turn" } else { "tool_use" }.to_owned()),
        status: Some(200),
        usage: (id > 7).then(|| Usage {
            input: Some(12),
            output: Some(340),
            cache_read: Some(id as i64 * 1000),
            ..Usage::default()
        }),
        cost_usd: (id == 9).then_some(0.0123),
        duration_us: Some(id * 1_100_000),
        ttft_us: Some(400_000),
        response_bytes: 5_300,
        through_seq: id * 10 + 1,
        ..row(id, "main")
    });
    rig.event(Event::Daemon(DaemonEvent::Rows(rows.collect())));
    rig
}

fn seen(rig: &Rig) -> Vec<String> {
    let rows = &rig.state.sheet.rows;
    let text = |at: usize| {
        let row = rows.get(at).expect("a row");
        let text: String = row.line.spans.iter().map(|span| span.text.as_str()).collect();
        format!("{}{}", "  ".repeat(row.depth.into()), text.trim_end())
    };
    rows.from(0).map(text).collect()
}

fn marked(rig: &Rig) -> String {
    rig.state.sheet.rows.path(rig.state.sheet.cursor)
}

#[test]
fn an_exchange_is_compared_with_the_one_before() {
    let mut rig = rig();
    rig.key("c");
    assert_eq!(rig.state.sheet.subject, Some(Subject::Compare { left: 8, right: 9 }));
    let seen = seen(&rig);
    let wanted = [
        "system     2 same",
        "tools      4 same",
        "parameters 1 changed · 2 same",
        "  = 2 parameters the same · 2.4 kB",
        "  ~ metadata · 1 word added, 1 removed",
        "    - user_id: 0",
        "    + user_id: 1",
        "messages   2 added · 15 same",
        "  = 15 messages the same · 18.0 kB",
        "  + 15.0 assistant text · 1.2 kB",
        "  + 16.0 user text · 1.2 kB",
        "answer",
    ];
    assert_eq!(seen[..wanted.len()], wanted, "{seen:#?}");
    assert!(seen.contains(&"  ~ stop reason     tool_use  end_turn".to_owned()), "{seen:#?}");
    assert!(seen.contains(&"  ~ cost            unknown   $0.0123".to_owned()), "{seen:#?}");
    assert!(seen.contains(&"    output tokens   340       340".to_owned()), "{seen:#?}");
    rig.key("[");
    assert_eq!(rig.state.sheet.subject, Some(Subject::Compare { left: 7, right: 8 }));
    rig.key("q");
    assert!(!rig.state.sheet.is_open());
}

#[test]
fn an_exchange_is_compared_with_any_other() {
    let mut rig = rig();
    rig.key("D");
    rig.type_text("3");
    rig.key("enter");
    assert_eq!(rig.state.sheet.subject, Some(Subject::Compare { left: 3, right: 9 }));
    let now = seen(&rig);
    for wanted in [
        "  ~ §2 sp-2 → sp-4 · 4 words added",
        "  ~ max_tokens: 32000 → 32001",
        "  + Grep · 1.2 kB",
        "  - Glob · 1.2 kB",
        "  ~ Edit · 1 word added, 1 removed",
    ] {
        assert!(now.contains(&wanted.to_owned()), "{wanted}: {now:#?}");
    }
    assert!(
        !now.iter().any(|line| line.contains('\u{1b}') || line.contains('\u{202e}')),
        "{now:#?}"
    );
    rig.key("q");
    rig.key("D");
    rig.type_text("77");
    rig.key("enter");
    assert!(!rig.state.sheet.is_open());
    assert!(rig.state.notices.iter().any(|notice| notice.text == "there is no exchange #77"));
    // One that is chosen is what others are compared with, until it is chosen again.
    rig.keys(&["g", "R", "G", "c"]);
    assert_eq!(rig.state.sheet.subject, Some(Subject::Compare { left: 1, right: 9 }));
    rig.keys(&["q", "g", "c"]);
    assert!(!rig.state.sheet.is_open(), "nothing was before the first one");
    rig.keys(&["R", "G", "c"]);
    assert_eq!(rig.state.sheet.subject, Some(Subject::Compare { left: 8, right: 9 }));
}

#[test]
fn a_row_that_is_marked_before_all_has_come_stays_marked() {
    let mut rig = rig();
    rig.keys(&["S", "g", "q"]);
    // The list is there; whether it has changed since is asked, and not answered yet.
    let mut asked = Vec::new();
    for name in ["S", "G"] {
        let key = Key::parse(name).expect("a key");
        let mut effects = rig.state.update(rig.now, Event::Key(key));
        effects.extend(rig.state.arrange());
        let is_asked = |effect: &mut Effect| matches!(effect, Effect::Sections { .. });
        asked.extend(effects.extract_if(.., is_asked));
        rig.run(effects);
    }
    assert_eq!((asked.len(), marked(&rig).as_str()), (1, "/sp-4"));
    rig.run(asked);
    rig.event(Event::Tick);
    assert_eq!(marked(&rig), "/sp-4");
}

#[test]
fn versions_are_listed_shown_and_compared() {
    let mut rig = rig();
    rig.key("S");
    assert_eq!(rig.state.sheet.subject, Some(Subject::Versions { session: Some("s".to_owned()) }));
    let list = seen(&rig);
    assert_eq!(list.len(), 4, "{list:#?}");
    assert!(list[1].starts_with("sp-2  §2 #1 – #4 · 6× · "), "{list:#?}");
    let gist = &rig
        .state
        .sheet
        .rows
        .get(rig.state.sheet.rows.find("/sp-2").expect("a row"))
        .expect("a row")
        .gist;
    assert!(gist.spans.iter().any(|span| span.text.contains("You are an agent.")), "{gist:?}");
    rig.keys(&["j", "j", "enter", "j", "j"]);
    assert_eq!(marked(&rig), "/sp-3/1");
    assert!(seen(&rig).contains(&"  Read the file before you write.".to_owned()));
    // With the one before in its place …
    rig.key("c");
    assert_eq!(
        rig.state.sheet.subject,
        Some(Subject::CompareSections { session: Some("s".to_owned()), left: 2, right: 3 })
    );
    let now = seen(&rig);
    assert!(
        now.contains(&"~ changed · 2 words added".to_owned())
            && now.contains(&"  + Read the file before you write.".to_owned()),
        "{now:#?}"
    );
    // … back to the list, and with another one.
    rig.keys(&["q"]);
    assert_eq!(marked(&rig), "/sp-3/1");
    rig.keys(&["h", "k", "space", "G", "c"]);
    assert_eq!(
        rig.state.sheet.subject,
        Some(Subject::CompareSections { session: Some("s".to_owned()), left: 2, right: 4 })
    );
    rig.keys(&["esc", "esc"]);
    assert!(!rig.state.sheet.is_open());
}

#[test]
fn a_relaunched_viewer_has_what_was_compared_and_chosen() {
    for keys in [
        &["c", "j", "j", "enter", "j"][..],
        &["S", "j", "space", "j", "enter", "j"],
        &["S", "G", "c", "j", "j"],
    ] {
        let mut before = rig();
        before.keys(keys);
        let state = before.save();
        let mut next = Rig::empty();
        next.event(Event::Held { name: "main".to_owned(), saved: true, state: Some(state) });
        next.rows(9);
        assert_eq!(next.state.sheet.subject, before.state.sheet.subject);
        assert_eq!(next.state.chosen, before.state.chosen);
        assert_eq!(marked(&next), marked(&before), "{keys:?}");
    }
}

#[test]
fn a_daemon_that_keeps_no_versions_is_said_to_be_older() {
    let mut rig = rig();
    let answer =
        Err("this daemon cannot tell of the versions of system prompts; it is older than this viewer: update it".to_owned());
    rig.event(Event::Sections { session: Some("s".to_owned()), answer });
    rig.key("S");
    let words: Vec<String> = seen(&rig).concat().split_whitespace().map(str::to_owned).collect();
    assert!(words.join(" ").contains("it is older than this viewer"), "{words:?}");
    rig.keys(&["c", "space", "enter", "G", "y", "q"]);
    assert!(!rig.state.sheet.is_open());
}

#[test]
fn what_is_not_known_is_said() {
    let raw = Block { kind: BlockKind::Raw, range: 0..7, hash: 1, ..Block::default() };
    let strange = Block {
        kind: BlockKind::Unknown,
        wire_type: "holo\u{1b}gram".to_owned(),
        pointer: "/x~1y/0".to_owned(),
        hash: 2,
        ..Block::default()
    };
    let failed = |compared: &mut Compared| {
        compared.left.hold(0, Held::Failed("a part of it was not recorded".to_owned()))
    };
    let cases: [(Vec<Block>, Vec<Block>, &[&str]); 4] = [
        (
            vec![raw.clone()],
            vec![strange.clone()],
            &[
                "the request of #8 is not understood",
                "raw · 7 B · a part of it was not recorded",
                "+ 0 holo",
            ],
        ),
        (vec![], vec![strange], &["nothing is known of the request of #8"]),
        (vec![raw.clone()], vec![], &["nothing is known of the request of #9", "- "]),
        (vec![], vec![], &["#8", "#9", "answer"]),
    ];
    for (left, right, words) in cases {
        let mut rig = rig();
        rig.key("c");
        let mut compared = Compared::new(left, right);
        failed(&mut compared);
        rig.event(Event::Brought {
            need: Need::Compared(8, 9),
            brought: Ok(Brought::Compared(Box::new(compared))),
        });
        let text = seen(&rig).join("\n");
        assert!(words.iter().all(|words| text.contains(words)), "{words:?}: {text}");
        assert!(!text.contains('\u{1b}'));
        rig.keys(&["O", "G", "enter", "y", "/", "a", "enter", "n", "esc", "q"]);
    }
    let mut rig = rig();
    rig.key("c");
    rig.event(Event::Brought {
        need: Need::Compared(8, 9),
        brought: Err("not all of it has arrived yet".to_owned()),
    });
    assert!(seen(&rig).iter().any(|line| line.contains("not all of it has arrived yet")));
    assert!(
        seen(&rig).iter().any(|line| line.contains("stop reason")),
        "the answers are compared all the same"
    );
}

#[test]
fn two_exchanges_on_the_screen() {
    pictures("compare", |width, height| {
        let mut rig = sized(rig(), width, height);
        rig.key("D");
        rig.type_text("6");
        rig.keys(&["enter", "j", "j"]);
        rig
    });
}

#[test]
fn versions_on_the_screen() {
    pictures("versions", |width, height| {
        let mut rig = sized(rig(), width, height);
        rig.keys(&["S", "j", "space", "j", "enter"]);
        rig
    });
    pictures("compare-sections", |width, height| {
        let mut rig = sized(rig(), width, height);
        rig.keys(&["S", "G", "c"]);
        rig
    });
}
