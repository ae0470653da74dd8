//! The word that it is time to stop.

use tokio::sync::watch;

/// Says so.
pub struct Stopper(watch::Sender<bool>);

/// Hears it. Cheap to clone.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

pub fn channel() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Waits for it. A stopper that is gone has stopped too.
    pub async fn wait(&mut self) {
        self.0.wait_for(|&stop| stop).await.ok();
    }
}
