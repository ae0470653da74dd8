//! How fast the story is told.

use std::time::Duration;

#[derive(Debug, Clone, Copy)]
pub struct Pace {
    percent: u32,
}

impl Pace {
    /// 100 is as long as it takes in earnest, 0 no time at all.
    pub fn percent(percent: u32) -> Self {
        Self { percent }
    }

    /// Waits for what takes `ms` milliseconds in earnest.
    pub async fn pause(self, ms: u64) {
        let micros = ms.saturating_mul(u64::from(self.percent)).saturating_mul(10);
        if micros > 0 {
            tokio::time::sleep(Duration::from_micros(micros)).await;
        }
    }
}
