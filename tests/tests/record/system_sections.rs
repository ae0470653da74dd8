//! The sections of system prompts: the daemon numbers them, and whoever asks, whenever, is told the
//! same.

use std::fs;

use ccdump_tests::{
    client::Client,
    daemon::Rig,
    grpc::{self, Service},
    http1::post,
    talk::echo,
    terminal::Screen,
    wait,
};
use ccdump_wire::v1::{BlockKind, Side, SystemSection, SystemSectionsRequest};
use rusqlite::Connection;
use rustix::process::Signal;
use serde_json::{Value, json};

/// A request of an agent; `system` as it stands in the body.
fn request(session: Option<&str>, agent: Option<&str>, system: &Value) -> Vec<u8> {
    let body = json!({"model": "claude-test", "max_tokens": 9, "stream": true, "system": system,
        "messages": [{"role": "user", "content": "hello"}]});
    let mut headers = vec![("anthropic-version", "2023-06-01")];
    headers.extend(session.map(|session| ("x-claude-code-session-id", session)));
    headers.extend(agent.map(|agent| ("x-claude-code-agent-id", agent)));
    post("/v1/messages", &headers, body.to_string().as_bytes())
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

async fn sections(
    service: &mut Service,
    session: Option<&str>,
    after_number: u64,
    page_size: u32,
) -> (Vec<SystemSection>, bool) {
    let request =
        SystemSectionsRequest { session: session.map(str::to_owned), after_number, page_size };
    let page = service.system_sections(request).await.expect("sections").into_inner();
    (page.sections, page.more)
}

/// What is told of a session, without times: number, text, place, agent, first and last exchange,
/// how many had it.
type Told = (u64, String, u32, Option<String>, u64, u64, u64);

async fn told(rig: &Rig, session: Option<&str>) -> Vec<Told> {
    let mut service = rig.grpc().await;
    let (sections, more) = sections(&mut service, session, 0, 0).await;
    assert!(!more);
    let mut told = Vec::new();
    for section in sections {
        let block = section.block.expect("a block");
        assert_eq!(block.kind(), BlockKind::System);
        assert!(section.first_at_us > 0 && section.first_at_us <= section.last_at_us);
        let body = grpc::body(&mut service, section.first_exchange, Side::Request).await.bytes;
        let range = usize::try_from(block.offset).expect("small")
            ..usize::try_from(block.offset + block.length).expect("small");
        let value: Value =
            serde_json::from_slice(&body[range]).expect("the block is where it is said to be");
        let words = value.as_str().or(value["text"].as_str()).expect("a text").to_owned();
        let place = body_pointer(&body, &block.pointer);
        assert_eq!(place.as_ref(), Some(&value), "{}", block.pointer);
        let SystemSection {
            number, position, agent, first_exchange, last_exchange, exchanges, ..
        } = section;
        told.push((number, words, position, agent, first_exchange, last_exchange, exchanges));
    }
    told
}

fn body_pointer(body: &[u8], pointer: &str) -> Option<Value> {
    serde_json::from_slice::<Value>(body).ok()?.pointer(pointer).cloned()
}

/// Two sessions, one of them with a subagent, and a program without a session.
async fn traffic(rig: &Rig) {
    let mut client = Client::connect(rig.proxy()).await;
    let cached =
        json!({"type": "text", "text": "You are A.", "cache_control": {"type": "ephemeral"}});
    let requests = [
        request(Some("s-1"), None, &json!([text("billing"), text("You are A.")])),
        // The same: only the form differs, and one comes twice.
        request(Some("s-1"), None, &json!([text("billing"), cached, text("billing")])),
        request(Some("s-1"), Some("sub"), &json!([text("billing"), text("You are B.")])),
        request(Some("s-2"), None, &json!("You are B.")),
        request(None, None, &json!([text("alone")])),
        request(Some("s-1"), None, &json!([text("billing"), text("You are A, and careful.")])),
        request(Some("s-1"), None, &json!([text("You are A.")])),
    ];
    for request in requests {
        assert_eq!(client.call(&request).await.status(), 200);
    }
    rig.view().ended_exchanges(7).await;
}

fn expected() -> Vec<Told> {
    let section = |number, words: &str, position, agent: &str, first, last, count| {
        (number, words.to_owned(), position, Some(agent.to_owned()), first, last, count)
    };
    vec![
        section(1, "billing", 0, "main", 1, 6, 4),
        section(2, "You are A.", 1, "main", 1, 7, 3),
        section(3, "You are B.", 1, "sub", 3, 3, 1),
        section(4, "You are A, and careful.", 1, "main", 6, 6, 1),
    ]
}

async fn assert_told(rig: &Rig) {
    assert_eq!(told(rig, Some("s-1")).await, expected());
    assert_eq!(
        told(rig, Some("s-2")).await,
        [(1, "You are B.".to_owned(), 0, Some("main".to_owned()), 4, 4, 1)],
        "each session counts for itself"
    );
    assert_eq!(told(rig, None).await, [(1, "alone".to_owned(), 0, None, 5, 5, 1)]);
    assert_eq!(told(rig, Some("nobody")).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn sections_are_numbered_as_they_appear_and_stay_so() {
    let rig = Rig::start(echo);
    traffic(&rig).await;
    assert_told(&rig).await;
    let rig = rig.restart_after_kill();
    assert_told(&rig).await;

    // They go on where they were.
    let more = request(Some("s-1"), None, &json!([text("billing"), text("You are C.")]));
    assert_eq!(Client::connect(rig.proxy()).await.call(&more).await.status(), 200);
    rig.view().ended_exchanges(8).await;
    let now = told(&rig, Some("s-1")).await;
    let last: Vec<(u64, u64, u64)> =
        now.iter().map(|(number, .., last, count)| (*number, *last, *count)).collect();
    assert_eq!(last, [(1, 8, 5), (2, 7, 3), (3, 3, 1), (4, 6, 1), (5, 8, 1)]);

    // All that is derived is made anew from the log.
    let rig = rig.restart_on_index(|index| fs::remove_file(index).expect("it is there"));
    rig.view().ended_exchanges(8).await;
    assert_eq!(told(&rig, Some("s-1")).await, now);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_a_version_that_knew_no_sections_is_made_anew() {
    let rig = Rig::start(echo);
    traffic(&rig).await;
    let rig = rig.restart_on_index(|index| {
        let index = Connection::open(index).expect("it is there");
        index
            .execute_batch("DROP TABLE system_section; UPDATE meta SET value = '1' WHERE key = 'provider_version';")
            .expect("as the version before left it");
    });
    rig.view().ended_exchanges(7).await;
    assert_told(&rig).await;
    rig.assert_forwards().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_seen_and_compared_and_a_killed_viewer_comes_back_to_them() {
    let rig = Rig::start(echo);
    traffic(&rig).await;
    let open = || rig.view().terminal(24, 120);
    let terminal = open();
    terminal.wait_for_text("re: hello");
    terminal.keys("GS");
    let screen = terminal.wait_for_text("sp-4");
    let has_row = |screen: &Screen, words: [&str; 2]| {
        screen.rows().iter().any(|row| words.iter().all(|word| row.contains(word)))
    };
    assert!(
        has_row(&screen, ["sp-1", "#1 – #6 · 4×"]) && has_row(&screen, ["sp-3", "sub"]),
        "{screen}"
    );
    // The third one of the main agent with the one that stood in its place.
    terminal.keys("G");
    terminal.wait_until("the last one is marked", |screen| has_row(screen, ["▌", "sp-4"]));
    terminal.keys("c");
    terminal.wait_for_text("sp-2 → sp-4");
    terminal.wait_for_text("+ You are A, and careful.");
    wait::until("the place is kept", async || {
        let kept = rig.home.kept_view("main");
        if kept.contains("compare-sections") { Ok(()) } else { Err(kept) }
    })
    .await;
    terminal.signal(Signal::KILL);
    assert_eq!(terminal.wait_exit(), 128 + 9);
    let terminal = open();
    terminal.wait_for_text("+ You are A, and careful.");
    terminal.keys("qq");
    terminal.wait_for_text("re: hello");
    terminal.keys("c");
    terminal.wait_for_text("compare  #6");
    terminal.wait_until("what is gone is named", |screen| has_row(screen, ["system", "removed"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_sections_come_in_pages() {
    let rig = Rig::start(echo);
    let system: Vec<Value> = (0..7).map(|number| text(&format!("section {number}"))).collect();
    let answer =
        Client::connect(rig.proxy()).await.call(&request(Some("s-1"), None, &json!(system))).await;
    assert_eq!(answer.status(), 200);
    rig.view().ended_exchanges(1).await;
    let mut service = rig.grpc().await;
    let mut numbers = Vec::new();
    for (size, wanted, more_wanted) in [(3, 3, true), (3, 3, true), (3, 1, false), (3, 0, false)] {
        let after = numbers.last().copied().unwrap_or_default();
        let (page, more) = sections(&mut service, Some("s-1"), after, size).await;
        assert_eq!((page.len(), more), (wanted, more_wanted));
        numbers.extend(page.iter().map(|section| section.number));
    }
    assert_eq!(numbers, (1..=7).collect::<Vec<_>>());
    assert_eq!(sections(&mut service, Some("s-1"), u64::MAX, u32::MAX).await, (vec![], false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_has_no_sections() {
    let rig = Rig::start(echo);
    let mut client = Client::connect(rig.proxy()).await;
    for system in
        [json!(null), json!(7), json!([]), json!([null, 1, {"a": []}]), json!({"type": "text"})]
    {
        assert_eq!(client.call(&request(Some("s-1"), None, &system)).await.status(), 200);
    }
    let head = [("anthropic-version", "2023-06-01"), ("x-claude-code-session-id", "s-1")];
    assert_eq!(
        client.call(&post("/v1/messages", &head, b"{\"system\": [{\"type\"")).await.status(),
        200
    );
    rig.view().ended_exchanges(6).await;
    let (sections, _) = sections(&mut rig.grpc().await, Some("s-1"), 0, 0).await;
    let numbers: Vec<u64> = sections.iter().map(|section| section.number).collect();
    assert_eq!(
        numbers,
        (1..=sections.len() as u64).collect::<Vec<_>>(),
        "whatever counts as a section, it is counted"
    );
    rig.assert_forwards().await;
}
