//! Connections that leave HTTP: WebSockets pass byte for byte, both ways, and end when either side
//! ends them.

use ccdump_tests::{
    client::{Client, Ending},
    daemon::Rig,
    http1::get,
    upstream::Call,
    wait,
};

const OFFER: [(&str, &str); 5] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("openai-beta", "responses_websockets=2026-02-06"),
];
const SWITCH: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
/// Final text frames of five bytes, one as servers send it, one masked (with zeros) as clients do.
const FROM_SERVER: &[u8] = b"\x81\x05hello";
const FROM_CLIENT: &[u8] = b"\x81\x85\0\0\0\0world";

/// Greets, hears, greets again; then leaves, or waits until the other leaves.
async fn talk(call: &mut Call) -> std::io::Result<()> {
    call.send(&[SWITCH, FROM_SERVER].concat()).await?;
    assert_eq!(call.read_exactly(FROM_CLIENT.len()).await?, FROM_CLIENT);
    call.send(FROM_SERVER).await?;
    if call.head.target() == "/v1/responses?upstream-leaves" {
        return call.fin().await;
    }
    call.left().await;
    Ok(())
}

/// Opens a WebSocket and talks over it.
async fn connect(rig: &Rig, target: &str) -> Client {
    let mut client = Client::connect(rig.proxy()).await;
    client.send(&get(target, &OFFER)).await;
    let head = wait::soon("the answer comes", client.head()).await.expect("an answer");
    assert_eq!(head.status(), 101);
    assert_eq!(head.get("upgrade").as_deref(), Some("websocket"));
    assert_eq!(head.get("sec-websocket-accept").as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    let seen = rig.upstream.log().last().head;
    for (name, value) in OFFER {
        assert_eq!(
            seen.get(name).map(|value| value.to_ascii_lowercase()),
            Some(value.to_ascii_lowercase()),
            "{name}"
        );
    }
    assert_eq!(
        client.read_exactly(FROM_SERVER.len()).await,
        FROM_SERVER,
        "what came with the head"
    );
    client.send(FROM_CLIENT).await;
    assert_eq!(client.read_exactly(FROM_SERVER.len()).await, FROM_SERVER);
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_passes_and_ends_with_its_client() {
    let rig = Rig::start(talk);
    let client = connect(&rig, "/v1/responses").await;
    drop(client);
    wait::until("the upstream sees that the client left", async || {
        let seen = rig.upstream.log().last();
        seen.left.map(|_| ()).ok_or_else(|| format!("{seen:?}"))
    })
    .await;
    let rows = rig.view().ended_exchanges(1).await;
    assert_eq!(rows[0]["status"], 101, "{}", rows[0]);
    assert_eq!(rows[0]["recorded"], "full", "{}", rows[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_ends_with_its_upstream() {
    let rig = Rig::start(talk);
    let mut client = connect(&rig, "/v1/responses?upstream-leaves").await;
    assert_eq!(wait::soon("the end comes", client.closed()).await, Ending::Fin);
    rig.view().ended_exchanges(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_may_decline() {
    let rig = Rig::start(async |call| {
        call.reply("426 Upgrade Required", &[("Upgrade", "websocket")], b"no").await
    });
    let mut client = Client::connect(rig.proxy()).await;
    for _ in 0..2 {
        let answer =
            wait::soon("the answer comes", client.call(&get("/v1/responses", &OFFER))).await;
        assert_eq!((answer.status(), answer.body.as_slice()), (426, b"no".as_slice()));
    }
}
