//! Hot reload under load: whoever else is attached, and the traffic itself, notice nothing of it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use ccdump_tests::{
    client::Client,
    daemon::Rig,
    dev::Setup,
    grpc::{self, Watcher},
    http1, process,
    talk::{begin, delta, end, turn},
    terminal::Terminal,
    upstream::{Call, Gate},
    wait,
};
use ccdump_wire::v1::{HelloRequest, Side, WatchRequest, event::Detail};

const ROWS: u16 = 24;
const COLS: u16 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_reloads_while_a_stream_flows_disturb_nobody_else() {
    let (gate, is_over, sent) =
        (Gate::new(), Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    let (flow, until, all) = (gate.clone(), Arc::clone(&is_over), Arc::clone(&sent));
    let rig = Rig::start(async move |call: &mut Call| {
        call.drain().await?;
        call.send(&http1::sse_head()).await?;
        let send = async |call: &mut Call, piece: Vec<u8>| {
            all.lock().expect("not poisoned").extend_from_slice(&piece);
            call.chunk(&piece).await
        };
        send(call, begin()).await?;
        for number in 0.. {
            flow.pass().await;
            if until.load(Ordering::SeqCst) {
                break;
            }
            send(call, delta(&format!("piece {number}\n\n"))).await?;
        }
        send(call, [delta("the very end"), end()].concat()).await?;
        call.last_chunk().await
    });
    let mut dev = Setup::new(rig.view(), ROWS, COLS).start();
    let others = [(); 3].map(|()| rig.view().terminal(ROWS, COLS));
    let pids = others.each_ref().map(Terminal::pid);
    let mut service = rig.grpc().await;
    let epoch =
        service.hello(HelloRequest { peer: None }).await.expect("a greeting").into_inner().epoch;
    let request = WatchRequest { epoch, ..WatchRequest::default() };
    let mut watcher = Watcher::start(&mut service, request.clone()).await;
    let watched = tokio::spawn(async move {
        watcher.events_until(|event| matches!(event.detail, Some(Detail::Ended(_)))).await
    });
    let proxy = rig.proxy();
    let agent = tokio::spawn(async move {
        Client::connect(proxy).await.call(&turn("s-1", None, "Tell me more")).await
    });
    for terminal in others.iter().chain([&dev.terminal]) {
        terminal.wait_for_text("› Tell me more");
    }
    for reloads in 1..=20 {
        dev.build();
        wait::until(&format!("the viewer is replaced for the {reloads}th time"), async || {
            gate.open();
            let log = dev.log();
            if log.matches("swapped after").count() == reloads { Ok(()) } else { Err(log) }
        })
        .await;
    }
    is_over.store(true, Ordering::SeqCst);
    gate.open();
    for terminal in others.iter().chain([&dev.terminal]) {
        terminal.wait_for_text("the very end");
        terminal.wait_for_text("↓ 7 out");
    }
    assert!(pids.into_iter().all(process::lives));
    let sent = sent.lock().expect("not poisoned").clone();
    let answer = wait::soon("the agent has its answer", agent).await.expect("no panic");
    assert!(answer.body == sent, "the agent got {} bytes of {}", answer.body.len(), sent.len());
    assert!(
        grpc::body(&mut service, 1, Side::Response).await.bytes == sent,
        "and so does the record"
    );

    let seen = wait::soon("the watch is over", watched).await.expect("no panic");
    let last = seen.last().expect("events").seq;
    assert_eq!(
        seen.iter().map(|event| event.seq).collect::<Vec<_>>(),
        (1..=last).collect::<Vec<_>>(),
        "each once, in order"
    );
    let request = WatchRequest { until_seq: Some(last), ..request };
    assert!(
        Watcher::start(&mut service, request).await.events_to_end().await == seen,
        "as in the log"
    );
}
