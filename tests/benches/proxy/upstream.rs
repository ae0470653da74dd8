//! The model API of the benchmark: answers as the header `x-bench` says.

use std::{cell::RefCell, collections::BTreeMap, io, rc::Rc, time::Duration};

use ccdump_tests::{
    agent,
    http1::{self, Body, Head, Wire},
};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::clock;

const START: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_b\",\"type\":\"message\",\
    \"role\":\"assistant\",\"model\":\"claude-sonnet-4-5-20250929\",\"content\":[],\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n";
const STOP: &str = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const JSON: &[u8] =
    br#"{"id":"msg_b","type":"message","role":"assistant","content":[{"type":"text","text":"ok"}],"stop_reason":"end_turn"}"#;

/// Requests that arrived, by the client's name for the way they took.
type Counts = Rc<RefCell<BTreeMap<String, u64>>>;

pub(crate) fn run() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = bind().expect("bind");
        println!("{}", listener.local_addr().expect("an address"));
        let counts = Counts::default();
        loop {
            let (stream, _) = listener.accept().await.expect("accept");
            stream.set_nodelay(true).expect("set nodelay");
            // A client that leaves ends its own connection only.
            tokio::task::spawn_local(serve(stream, Rc::clone(&counts)));
        }
    });
}

/// Takes a burst of connections.
pub(crate) fn bind() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    socket.listen(1024)
}

async fn serve(stream: TcpStream, counts: Counts) -> io::Result<()> {
    let mut wire = Wire::new(stream);
    while let Some(head) = wire.read_head().await? {
        let mut body = Body::of_request(&head);
        while body.next(&mut wire).await?.is_some() {}
        let job = head.get("x-bench").unwrap_or_default();
        let words: Vec<&str> = job.split(' ').collect();
        if words != ["count"] {
            *counts.borrow_mut().entry(head.get("x-via").unwrap_or_default()).or_default() += 1;
        }
        answer(&mut wire, &head, &words, &counts).await?;
    }
    Ok(())
}

async fn answer(
    wire: &mut Wire<TcpStream>,
    head: &Head,
    job: &[&str],
    counts: &Counts,
) -> io::Result<()> {
    let number =
        |at: usize| job.get(at).and_then(|word| word.parse::<u64>().ok()).unwrap_or_default();
    match job {
        ["first"] => {
            wire.write(&[http1::sse_head(), http1::chunk(START.as_bytes())].concat()).await?;
            end(wire).await
        }
        ["paced", ..] => stream(wire, number(1), Some(Duration::from_micros(number(2)))).await,
        ["flat", ..] => stream(wire, number(1), None).await,
        ["turn", ..] => {
            wire.write(&http1::sse_head()).await?;
            let events = agent::answer(number(1), number(2) as usize);
            for event in String::from_utf8_lossy(&events).split_inclusive("\n\n") {
                wire.write(&http1::chunk(event.as_bytes())).await?;
            }
            wire.write(http1::LAST_CHUNK).await
        }
        ["count"] => {
            let count = counts
                .borrow()
                .get(&head.get("x-via").unwrap_or_default())
                .copied()
                .unwrap_or_default();
            wire.write(&http1::response("200 OK", &[], count.to_string().as_bytes())).await
        }
        _ => {
            wire.write(&http1::response("200 OK", &[("content-type", "application/json")], JSON))
                .await
        }
    }
}

/// Events that carry the time of their sending.
async fn stream(wire: &mut Wire<TcpStream>, count: u64, pace: Option<Duration>) -> io::Result<()> {
    wire.write(&[http1::sse_head(), http1::chunk(START.as_bytes())].concat()).await?;
    let mut ticks = pace.map(tokio::time::interval);
    for _ in 0..count {
        if let Some(ticks) = &mut ticks {
            ticks.tick().await;
        }
        let event = format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\" t={:020}\"}}}}\n\n",
            clock::now()
        );
        wire.write(&http1::chunk(event.as_bytes())).await?;
    }
    end(wire).await
}

async fn end(wire: &mut Wire<TcpStream>) -> io::Result<()> {
    wire.write(&[http1::chunk(STOP.as_bytes()).as_slice(), http1::LAST_CHUNK].concat()).await
}
