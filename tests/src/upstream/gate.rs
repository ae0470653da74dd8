//! How a test tells its upstream to go on.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Opened by one side, passed by the other: once for each time it was opened.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Gate {
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets one pass.
    pub fn open(&self) {
        self.0.add_permits(1);
    }

    /// Lets `n` pass.
    pub fn open_for(&self, n: usize) {
        self.0.add_permits(n);
    }

    /// Waits until it is open.
    pub async fn pass(&self) {
        self.0.acquire().await.expect("a gate is never closed for good").forget();
    }
}
