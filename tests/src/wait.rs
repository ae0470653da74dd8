//! Waiting for a condition: the only kind of waiting that tests do.

use std::time::{Duration, Instant};

/// Long enough for anything that is not broken, on a busy machine.
pub const SOON: Duration = Duration::from_secs(20);

/// Asks `condition` until it says `Ok`, and gives that.
///
/// # Panics
/// After `limit`, with `what` and the last state that the condition told. (A
/// [`crate::daemon::Daemon`] that is dropped in a panic prints its log besides.)
pub async fn until_within<T>(
    what: &str,
    limit: Duration,
    mut condition: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let deadline = Instant::now() + limit;
    loop {
        match condition().await {
            Ok(value) => return value,
            Err(state) if Instant::now() >= deadline => {
                panic!("waited {limit:?} in vain until {what}; last state: {state}")
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// As [`until_within`], within [`SOON`].
pub async fn until<T>(what: &str, condition: impl AsyncFnMut() -> Result<T, String>) -> T {
    until_within(what, SOON, condition).await
}

/// Gives what `future` gives.
///
/// # Panics
/// When it takes longer than [`SOON`].
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(SOON, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {SOON:?} in vain until {what}"),
    }
}
