//! Search by the daemon: which exchanges hold a text of their own, the nearest first; and what a
//! viewer makes of it.

use std::io;

use ccdump_tests::{
    agent::event,
    client::Client,
    daemon::Rig,
    grpc::Service,
    http1::post,
    talk::{begin, delta, echo, end, talk},
    terminal::Key,
    upstream::Call,
    wait,
};
use ccdump_wire::v1::{
    AgentScope, Pattern, RecordScope, SearchRequest, SearchScope, SessionScope, Side,
    search_scope::Within,
};
use serde_json::{Value, json};
use tonic::Code;

const REQUEST: &[Side] = &[Side::Request];
const RESPONSE: &[Side] = &[Side::Response];
const BOTH: &[Side] = &[Side::Request, Side::Response];

/// The model's part: the last message's words, spelled with escapes and in pieces, then a call of a
/// tool.
async fn answer(call: &mut Call) -> io::Result<()> {
    let body: Value = serde_json::from_slice(&call.read_body().await?).unwrap_or_default();
    let number = body["messages"].as_array().map_or(0, Vec::len);
    let stop = event(&json!({"type": "content_block_stop", "index": 0}));
    let tool = json!({"type": "tool_use", "id": format!("t{number}"), "name": "Bash", "input": {}});
    let start = event(&json!({"type": "content_block_start", "index": 1, "content_block": tool}));
    let input = event(&json!({"type": "content_block_delta", "index": 1,
        "delta": {"type": "input_json_delta", "partial_json": format!(r#"{{"command": "run \"step\" {number}"}}"#)}}));
    let text = [
        delta("a split w"),
        delta(&format!("ord: answer{number} caf")),
        b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\
        \"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"\\u00e9 \\u6f22\\nnext\"}}\n\n"
            .to_vec(),
    ];
    call.reply_sse(&[begin(), text.concat(), stop, start, input, end()].concat()).await
}

/// An agent's session of so many turns: each request has the whole history, with the answers as the
/// agent sends them back.
async fn session(rig: &Rig, session: &str, agent: Option<&str>, turns: usize) {
    let mut client = Client::connect(rig.proxy()).await;
    let mut messages = vec![json!({"role": "user", "content": "the first question"})];
    for turn in 0..turns {
        let body = json!({"model": "claude-test", "stream": true, "max_tokens": 100, "system": "You keep to the manual.", "messages": messages});
        let mut headers =
            vec![("x-claude-code-session-id", session), ("anthropic-version", "2023-06-01")];
        headers.extend(agent.map(|agent| ("x-claude-code-agent-id", agent)));
        client.call(&post("/v1/messages", &headers, body.to_string().as_bytes())).await;
        let number = messages.len();
        messages.push(json!({"role": "assistant", "content": [
            {"type": "text", "text": format!("a split word: answer{number} café 漢\nnext")},
            {"type": "tool_use", "id": format!("t{number}"), "name": "Bash", "input": {"command": format!("run \"step\" {number}")}}]}));
        messages.push(json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": format!("t{number}"), "content": format!("printed \"{turn}\"\tby Tool{turn}.rs")}]}));
    }
}

fn plain(text: &str) -> Pattern {
    Pattern { text: text.to_owned(), ..Pattern::default() }
}

fn main_of(session: &str) -> Within {
    let (session, agent) = (Some(session.to_owned()), Some("main".to_owned()));
    Within::Agent(AgentScope { session, agent, provider: "anthropic".to_owned() })
}

fn request(pattern: Pattern, within: Within, origin: u64) -> SearchRequest {
    SearchRequest {
        pattern: Some(pattern),
        scope: Some(SearchScope { within: Some(within) }),
        origin,
        limit: 0,
    }
}

/// The exchanges and sides that are told, and whether those were all.
async fn search(service: &mut Service, request: SearchRequest) -> (Vec<(u64, Vec<Side>)>, bool) {
    let mut answers = service.search(request).await.expect("a stream").into_inner();
    let (mut found, mut complete) = (Vec::new(), false);
    while let Some(answer) =
        wait::soon("the search ends", answers.message()).await.expect("it does not fail")
    {
        found.extend(answer.hits.iter().map(|hit| (hit.exchange, hit.sides().collect())));
        complete = answer.complete;
    }
    (found, complete)
}

fn told(hits: &[(u64, &[Side])]) -> (Vec<(u64, Vec<Side>)>, bool) {
    (hits.iter().map(|(exchange, sides)| (*exchange, sides.to_vec())).collect(), true)
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_found_where_they_were_added_and_as_they_are_decoded() {
    let rig = Rig::start(answer);
    session(&rig, "s-1", None, 5).await;
    rig.view().ended_exchanges(5).await;
    let mut service = rig.grpc().await;
    let switched =
        |text: &str, case, word, regex| Pattern { text: text.to_owned(), case, word, regex };
    let all = told(&[(5, RESPONSE), (4, RESPONSE), (3, RESPONSE), (2, RESPONSE), (1, RESPONSE)]);
    for (pattern, wanted) in [
        // Sent five times, and the first request's own; the answers are sent back by the next
        // request.
        (plain("the first question"), told(&[(1, REQUEST)])),
        (plain("keep to the manual"), told(&[(1, REQUEST)])),
        (plain("answer3"), told(&[(2, RESPONSE)])),
        (plain("ANSWER3"), told(&[(2, RESPONSE)])),
        (switched("ANSWER3", true, false, false), told(&[])),
        (switched("answer", false, true, false), told(&[])),
        (switched("answer7", false, true, false), told(&[(4, RESPONSE)])),
        (switched(r"^next$", false, false, true), all.clone()),
        (switched(r"answer[57]\b", false, false, true), told(&[(4, RESPONSE), (3, RESPONSE)])),
        // In pieces, and escaped in one way or another.
        (plain("a split word"), all.clone()),
        (plain("café 漢\nnext"), all.clone()),
        (plain("run \"step\" 5"), told(&[(3, RESPONSE)])),
        (plain("printed \"2\"\tby"), told(&[(4, REQUEST)])),
        (plain("\\u00e9"), told(&[])),
        (plain("\\\""), told(&[])),
        // What is of JSON or of a stream, and not of a text.
        (plain("tool_use_id"), told(&[])),
        (plain("content_block_delta"), told(&[])),
        (plain("nowhere"), told(&[])),
        (
            switched("tool[13].rs|answer3", false, false, true),
            told(&[(5, REQUEST), (3, REQUEST), (2, RESPONSE)]),
        ),
    ] {
        let words = format!("{pattern:?}");
        assert_eq!(
            search(&mut service, request(pattern, main_of("s-1"), 0)).await,
            wanted,
            "{words}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nearest_comes_first_and_others_are_not_looked_into() {
    let rig = Rig::start(answer);
    session(&rig, "s-1", None, 3).await;
    session(&rig, "s-1", Some("sub"), 2).await;
    session(&rig, "s-2", None, 1).await;
    session(&rig, "s-1", None, 3).await;
    rig.view().ended_exchanges(9).await;
    let mut service = rig.grpc().await;
    let session_1 = || Within::Session(SessionScope { session: Some("s-1".to_owned()) });
    let record = || Within::Record(RecordScope {});
    for (within, origin, wanted) in [
        (main_of("s-1"), 3, vec![3, 2, 1, 7, 8, 9]),
        (main_of("s-1"), 7, vec![7, 8, 9, 3, 2, 1]),
        (main_of("s-1"), 0, vec![9, 8, 7, 3, 2, 1]),
        (main_of("s-2"), 1, vec![6]),
        (main_of("s-3"), 1, vec![]),
        (session_1(), 4, vec![4, 3, 5, 2, 1, 7, 8, 9]),
        (Within::Session(SessionScope { session: None }), 4, vec![]),
        (record(), 6, vec![6, 5, 7, 4, 8, 3, 9, 2, 1]),
    ] {
        let words = format!("{within:?} from {origin}");
        let (found, complete) =
            search(&mut service, request(plain("a split word"), within, origin)).await;
        assert!(complete, "{words}");
        assert_eq!(
            found.into_iter().map(|(exchange, _)| exchange).collect::<Vec<_>>(),
            wanted,
            "{words}"
        );
    }
    // The question is each session's; a limit holds, and says that there may be more.
    let limited = SearchRequest { limit: 2, ..request(plain("the first question"), record(), 1) };
    assert_eq!(search(&mut service, limited).await.0.len(), 2);
    let limited = SearchRequest { limit: 2, ..request(plain("a split word"), record(), 1) };
    assert_eq!(
        search(&mut service, limited).await,
        (vec![(1, RESPONSE.to_vec()), (2, RESPONSE.to_vec())], false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_looked_for_is_refused_in_words() {
    let rig = Rig::start(echo);
    let mut service = rig.grpc().await;
    let regex = |text: &str| Pattern { regex: true, ..plain(text) };
    let in_session = |pattern| request(pattern, main_of("s-1"), 0);
    for (request, words) in [
        (in_session(regex("(")), "it is no regular expression"),
        (in_session(regex(r"\p{L}{999}{999}")), "it is too large"),
        (in_session(plain("")), "say what to look for"),
        (in_session(plain(&"x".repeat(5000))), "4096 bytes at most"),
        (SearchRequest { scope: None, ..in_session(plain("x")) }, "say where to look"),
        (
            SearchRequest { scope: Some(SearchScope { within: None }), ..in_session(plain("x")) },
            "say where to look",
        ),
    ] {
        let status = service.search(request).await.expect_err("it is refused");
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert!(status.message().contains(words), "{status}");
    }
    rig.assert_forwards().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_conversation_is_looked_into_as_it_is() {
    let rig = Rig::start(answer);
    let mut client = Client::connect(rig.proxy()).await;
    let head = [("anthropic-version", "2023-06-01"), ("x-claude-code-session-id", "s-1")];
    for body in [&b"{\"messages\": [{\"broken"[..], b"no JSON at all", b"", b"\xff\xfe\x00"] {
        client.call(&post("/v1/messages", &head, body)).await;
    }
    rig.view().ended_exchanges(4).await;
    let mut service = rig.grpc().await;
    let record = || Within::Record(RecordScope {});
    assert_eq!(
        search(&mut service, request(plain("{\"broken"), record(), 1)).await,
        told(&[(1, REQUEST)])
    );
    assert_eq!(
        search(&mut service, request(plain("json AT"), record(), 1)).await,
        told(&[(2, REQUEST)])
    );
    let (both, _) = search(
        &mut service,
        request(Pattern { regex: true, ..plain("no JSON|split word") }, record(), 2),
    )
    .await;
    assert_eq!(both.first(), Some(&(2, BOTH.to_vec())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_goes_to_what_is_far_away_and_to_what_a_tool_answered() {
    let rig = Rig::start(answer);
    session(&rig, "s-1", None, 60).await;
    rig.view().ended_exchanges(60).await;
    let terminal = rig.view().terminal(24, 100);
    terminal.wait_for_text("answer119");
    terminal.keys("/Tool3.rs");
    let words = ["by Tool3.rs", "answer7", "1/1"];
    terminal.wait_until("it is shown below the call", |screen| {
        words.iter().all(|words| screen.contains(words))
    });
    terminal.key(Key::Enter);
    terminal.keys("q");
    assert_eq!(terminal.wait_exit(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_ends_the_search() {
    let rig = Rig::start(echo);
    talk(&rig, 3).await;
    rig.view().ended_exchanges(3).await;
    let mut service = rig.grpc().await;
    for _ in 0..200 {
        let asked =
            service.search(request(plain("re: question"), Within::Record(RecordScope {}), 0)).await;
        drop(asked.expect("a stream"));
    }
    let found =
        search(&mut service, request(plain("re: question 1"), Within::Record(RecordScope {}), 0))
            .await;
    assert_eq!(found, told(&[(2, RESPONSE)]));
    rig.assert_forwards().await;
}
