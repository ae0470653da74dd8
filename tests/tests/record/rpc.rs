//! The index, outlines and ranges of bodies over gRPC.

use ccdump_tests::{
    agent::{self, Session},
    client::Client,
    daemon::Rig,
    grpc,
    http1::post,
    talk::echo,
    upstream::Upstream,
    view,
};
use ccdump_wire::v1::{
    BlockState, BodyRequest, ExchangeRequest, ExchangesRequest, OutlineRequest, OutlineResponse,
    Side,
};
use serde_json::{Value, json};
use tonic::Code;

/// A session of that many turns through the daemon. Gives the request bodies and their exchanges.
async fn session(turns: usize) -> (Rig, Vec<Vec<u8>>, Vec<u64>) {
    let rig = Rig::start(async |call| {
        let turn = call.number();
        call.reply_sse(&agent::answer(1, turn)).await
    });
    let mut session = Session::new(1);
    let headers = session.headers();
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut client = Client::connect(rig.proxy()).await;
    let mut requests = Vec::new();
    for _ in 0..turns {
        let turn = session.next_turn();
        let answer = client.call(&post("/v1/messages?beta=true", &headers, &turn.request)).await;
        assert!(answer.body == turn.answer);
        requests.push(turn.request);
    }
    let ids = rig.view().ended_exchanges(turns).await.iter().map(view::id).collect();
    (rig, requests, ids)
}

async fn outline(service: &mut grpc::Service, request: OutlineRequest) -> OutlineResponse {
    let mut stream = service.outline(request).await.expect("an outline").into_inner();
    let mut all = OutlineResponse::default();
    while let Some(page) = stream.message().await.expect("no error") {
        all.previous = all.previous.or(page.previous);
        all.setting_of = all.setting_of.or(page.setting_of);
        all.blocks.extend(page.blocks);
        all.removed.extend(page.removed);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outline_shows_what_a_turn_adds_to_the_one_before() {
    let (rig, requests, ids) = session(4).await;
    let mut service = rig.grpc().await;
    let side = i32::from(Side::Request);
    let whole = outline(
        &mut service,
        OutlineRequest { exchange: ids[3], side, ..OutlineRequest::default() },
    )
    .await;
    assert_eq!(whole.previous, Some(ids[2]));
    assert!(whole.removed.is_empty(), "nothing was taken away: {:?}", whole.removed);
    let pointers: Vec<&str> = whole.blocks.iter().map(|block| block.pointer.as_str()).collect();
    for pointer in ["/system/2", "/tools/0", "/messages/0/content/0", "/messages/6/content/0"] {
        assert!(pointers.contains(&pointer), "{pointer} is missing: {pointers:?}");
    }
    for block in &whole.blocks {
        let range = usize::try_from(block.offset).expect("small")
            ..usize::try_from(block.offset + block.length).expect("small");
        let text = &requests[3][range];
        assert!(
            serde_json::from_slice::<serde_json::Value>(text).is_ok(),
            "{block:?}: {}",
            String::from_utf8_lossy(text)
        );
        if block.pointer.starts_with("/messages/") {
            // The cache mark moved off message 4 onto message 6: form, not content.
            let added = ["/messages/5/", "/messages/6/"]
                .iter()
                .any(|prefix| block.pointer.starts_with(prefix));
            let expected = if added { BlockState::New } else { BlockState::Same };
            assert_eq!(block.state(), expected, "{block:?}");
        }
    }
    let changes =
        OutlineRequest { exchange: ids[3], side, changes_only: true, ..OutlineRequest::default() };
    let changes = outline(&mut service, changes).await;
    let expected: Vec<&str> = whole
        .blocks
        .iter()
        .filter(|block| block.state() != BlockState::Same)
        .map(|block| block.pointer.as_str())
        .collect();
    assert_eq!(
        changes.blocks.iter().map(|block| block.pointer.as_str()).collect::<Vec<_>>(),
        expected
    );

    let response = outline(
        &mut service,
        OutlineRequest {
            exchange: ids[0],
            side: Side::Response.into(),
            ..OutlineRequest::default()
        },
    )
    .await;
    let pointers: Vec<&str> = response.blocks.iter().map(|block| block.pointer.as_str()).collect();
    assert!(pointers.contains(&"/content/0") && pointers.contains(&"/content/1"), "{pointers:?}");
}

/// A request of a session, with the same system prompt, tools and parameters each time.
fn in_setting(session: Option<&str>, effort: &str, messages: &Value) -> Vec<u8> {
    let body = json!({"model": "claude-test", "max_tokens": 9, "effort": effort, "system": [{"type": "text", "text": "You are."}],
        "tools": [{"name": "Bash", "description": "runs", "input_schema": {"type": "object"}}], "messages": messages});
    let mut headers = vec![("anthropic-version", "2023-06-01")];
    headers.extend(session.map(|session| ("x-claude-code-session-id", session)));
    post("/v1/messages", &headers, body.to_string().as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_compaction_the_setting_is_compared_with_that_of_the_agents_request_before() {
    let said = |role: &str, words: &str| json!({"role": role, "content": words});
    let history = json!([said("user", "Hi"), said("assistant", "Hello"), said("user", "Sum up.")]);
    let compacted =
        json!([said("user", "The summary."), said("assistant", "Hello"), said("user", "Hi")]);
    let (mut rig, mut known) = (Rig::start(echo), 0);
    for (session, before, effort, expected) in [
        (
            Some("s-1"),
            vec![Some("s-1"), Some("s-2")],
            "low",
            vec!["+/messages/0/content", "+/messages/2/content"],
        ),
        (
            Some("s-3"),
            vec![Some("s-3")],
            "high",
            vec!["~/effort", "+/messages/0/content", "+/messages/2/content"],
        ),
    ] {
        let mut client = Client::connect(rig.proxy()).await;
        for session in &before {
            assert_eq!(client.call(&in_setting(*session, "low", &history)).await.status(), 200);
        }
        let ids: Vec<u64> =
            rig.view().ended_exchanges(known + before.len()).await.iter().map(view::id).collect();
        // What was in memory is read back.
        rig = rig.restart_after_kill();
        let request = in_setting(session, effort, &compacted);
        assert_eq!(Client::connect(rig.proxy()).await.call(&request).await.status(), 200);
        let rows = rig.view().ended_exchanges(known + before.len() + 1).await;
        let exchange = rows.last().map(view::id).expect("the last");
        let mut service = rig.grpc().await;
        let request = OutlineRequest {
            exchange,
            side: Side::Request.into(),
            changes_only: true,
            ..OutlineRequest::default()
        };
        let told = outline(&mut service, request).await;
        assert_eq!((told.previous, told.setting_of), (None, ids.get(known).copied()));
        let sign = |state| if state == BlockState::Changed { '~' } else { '+' };
        let blocks: Vec<String> = told
            .blocks
            .iter()
            .map(|block| format!("{}{}", sign(block.state()), block.pointer))
            .collect();
        assert_eq!(blocks, expected);
        assert!(told.removed.is_empty(), "the history is told of nowhere: {:?}", told.removed);
        let row = service
            .exchange(ExchangeRequest { id: exchange })
            .await
            .expect("a row")
            .into_inner()
            .exchange
            .expect("a row");
        assert_eq!((row.thread, row.previous), (Some(exchange), None));
        known = rows.len();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_no_session_have_nothing_to_do_with_each_other() {
    let rig = Rig::start(echo);
    let mut client = Client::connect(rig.proxy()).await;
    for words in ["Hi", "Bye"] {
        let messages = json!([{"role": "user", "content": words}]);
        assert_eq!(client.call(&in_setting(None, "low", &messages)).await.status(), 200);
    }
    let exchange = rig.view().ended_exchanges(2).await.last().map(view::id).expect("the last");
    let request =
        OutlineRequest { exchange, side: Side::Request.into(), ..OutlineRequest::default() };
    let told = outline(&mut rig.grpc().await, request).await;
    assert_eq!((told.previous, told.setting_of), (None, None));
    assert!(told.blocks.iter().all(|block| block.state() == BlockState::New));
}

#[tokio::test(flavor = "multi_thread")]
async fn any_range_of_a_body_can_be_had() {
    let (rig, requests, ids) = session(2).await;
    let mut service = rig.grpc().await;
    let body = &requests[1];
    let length = body.len() as u64;
    let ranges = [
        (0, None),
        (0, Some(1)),
        (1, Some(4_095)),
        (length / 2, Some(10_000)),
        (length - 1, None),
        (length, None),
        (length + 9, Some(9)),
    ];
    for (offset, wanted) in ranges {
        for decoded in [false, true] {
            let request = BodyRequest {
                exchange: ids[1],
                side: Side::Request.into(),
                decoded,
                offset,
                length: wanted,
            };
            let mut stream = service.body(request).await.expect("a body").into_inner();
            let mut got = Vec::new();
            while let Some(chunk) = stream.message().await.expect("no error") {
                assert!(
                    chunk.data.is_empty() || chunk.offset == offset + got.len() as u64,
                    "chunks come in order"
                );
                got.extend_from_slice(&chunk.data);
            }
            let start = usize::try_from(offset.min(length)).expect("small");
            let end =
                usize::try_from((offset + wanted.unwrap_or(length)).min(length)).expect("small");
            assert!(
                got == body[start..end],
                "{offset} {wanted:?} decoded {decoded}: {} bytes",
                got.len()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_is_had_in_pages() {
    let rig = Rig::before(Upstream::ok());
    let mut client = Client::connect(rig.proxy()).await;
    for _ in 0..10 {
        client.call(&post("/v1/messages", &[], b"{}")).await;
    }
    let ids: Vec<u64> = rig.view().ended_exchanges(10).await.iter().map(view::id).collect();
    let mut service = rig.grpc().await;
    for (newest, expected) in [(None, &ids[..]), (Some(4), &ids[6..])] {
        let (mut read, mut after_id) = (Vec::new(), 0);
        loop {
            let request =
                ExchangesRequest { after_id, newest, page_size: 3, ..ExchangesRequest::default() };
            let page = service.exchanges(request).await.expect("a page").into_inner();
            assert!(page.exchanges.len() <= 3);
            read.extend(page.exchanges.iter().map(|exchange| exchange.id));
            after_id = read.last().copied().unwrap_or_default();
            if !page.more {
                break;
            }
        }
        assert_eq!(read, expected, "newest {newest:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found() {
    let rig = Rig::before(Upstream::ok());
    let mut service = rig.grpc().await;
    let status = service.exchange(ExchangeRequest { id: 77 }).await.expect_err("none");
    assert_eq!(status.code(), Code::NotFound);
    let request =
        OutlineRequest { exchange: 77, side: Side::Request.into(), ..OutlineRequest::default() };
    let status = match service.outline(request).await {
        Err(status) => status,
        Ok(stream) => stream.into_inner().message().await.expect_err("none"),
    };
    assert_eq!(status.code(), Code::NotFound);
}
