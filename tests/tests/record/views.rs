//! View states: opaque bytes under a name, held by one viewer at a time, safe from every kill.

use ccdump_tests::{daemon::Rig, grpc::Service, upstream::Upstream, wait};
use ccdump_wire::v1::{HoldViewRequest, HoldViewResponse, SaveViewRequest};
use tonic::{Code, Streaming};

/// A held name; let go when dropped.
struct Held {
    first: HoldViewResponse,
    _stream: Streaming<HoldViewResponse>,
}

async fn hold(service: &mut Service, name: Option<&str>) -> Held {
    let request = HoldViewRequest { name: name.map(str::to_owned), peer: None };
    let mut stream = service.hold_view(request).await.expect("a lease stream").into_inner();
    let first = wait::soon("the lease is told", stream.message())
        .await
        .expect("no error")
        .expect("an answer");
    Held { first, _stream: stream }
}

async fn save(service: &mut Service, lease: &str, data: &[u8]) -> Result<i64, tonic::Status> {
    let request = SaveViewRequest { lease: lease.to_owned(), schema: 3, data: data.to_vec() };
    service.save_view(request).await.map(|saved| saved.into_inner().saved_at_us)
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_get_the_lowest_free_name_and_a_taken_one_unsaved() {
    let rig = Rig::before(Upstream::ok());
    let mut service = rig.grpc().await;
    let first = hold(&mut service, None).await;
    let second = hold(&mut service, None).await;
    let third = hold(&mut service, None).await;
    let names = [&first, &second, &third].map(|held| held.first.name.clone());
    assert_eq!(names, ["main", "main-2", "main-3"]);
    save(&mut service, &second.first.lease, b"of the second").await.expect("saved");

    let joined = hold(&mut service, Some("main-2")).await;
    assert_eq!(
        (joined.first.name.as_str(), joined.first.lease.as_str()),
        ("main-2", ""),
        "it is taken"
    );
    let shown = joined.first.state.expect("what was saved is shown to whoever joins");
    assert_eq!((shown.schema, shown.data.as_ref()), (3, b"of the second".as_slice()));
    let refused = save(&mut service, "", b"x").await.expect_err("no lease");
    assert_eq!(refused.code(), Code::PermissionDenied);

    let own = hold(&mut service, Some("a name of my own")).await;
    assert!(!own.first.lease.is_empty() && own.first.state.is_none());

    let lease = second.first.lease.clone();
    drop(second);
    wait::until("the name is free again", async || {
        let held = hold(&mut service, Some("main-2")).await;
        if held.first.lease.is_empty() { Err("still taken".to_owned()) } else { Ok(()) }
    })
    .await;
    let refused = save(&mut service, &lease, b"x").await.expect_err("the lease is over");
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_view_survives_a_kill_of_the_daemon() {
    let rig = Rig::before(Upstream::ok());
    let mut service = rig.grpc().await;
    let held = hold(&mut service, None).await;
    assert!(held.first.state.is_none());
    // Opaque: not even UTF-8.
    let data: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    save(&mut service, &held.first.lease, b"before").await.expect("saved");
    let saved_at = save(&mut service, &held.first.lease, &data).await.expect("saved");

    let rig = rig.restart_after_kill();
    let mut service = rig.grpc().await;
    let held = hold(&mut service, None).await;
    assert_eq!(held.first.name, "main", "leases end with the daemon");
    let state = held.first.state.expect("the state is there");
    assert!(state.data == data);
    assert_eq!((state.schema, state.saved_at_us), (3, saved_at));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_too_big_is_refused_and_the_old_one_stays() {
    let rig = Rig::before(Upstream::ok());
    let mut service = rig.grpc().await;
    let held = hold(&mut service, Some("big")).await;
    save(&mut service, &held.first.lease, &vec![1; 1 << 20]).await.expect("1 MiB is allowed");
    save(&mut service, &held.first.lease, &vec![2; (1 << 20) + 1]).await.expect_err("more is not");
    let joined = hold(&mut service, Some("big")).await;
    assert!(joined.first.state.is_some_and(|state| state.data == vec![1; 1 << 20]));
}
