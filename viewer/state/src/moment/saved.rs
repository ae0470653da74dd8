//! What of a moment is kept: for a viewer that is replaced while it is looked at. One that is begun
//! anew begins where it is told to.

use serde::{Deserialize, Serialize};

use super::{Clock, Moment};
use crate::{at::At, component::Component};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedMoment {
    /// As the viewer was started; absent when the person has left.
    at: Option<At>,
    is_looped: bool,
    clock_us: i64,
    speed: i8,
    is_playing: bool,
}

impl Component for Moment {
    const KEY: &'static str = "moment";
    const SCHEMA: u32 = 1;
    type Saved = SavedMoment;

    fn extract(&self) -> SavedMoment {
        SavedMoment {
            at: (!self.is_left).then_some(self.at),
            is_looped: self.is_looped,
            clock_us: self.clock.at_us(),
            speed: self.clock.speed(),
            is_playing: self.is_playing(),
        }
    }

    fn restore(&mut self, saved: SavedMoment) {
        self.is_restored = saved.at == Some(self.at) && saved.is_looped == self.is_looped;
        if self.is_restored {
            self.clock = Clock::new(saved.clock_us, saved.is_playing);
            self.clock.faster(saved.speed);
        }
    }
}
