//! Short messages that appear and go by themselves.

use std::collections::VecDeque;

/// How long a notice stays. Microseconds.
const STAYS: i64 = 4_000_000;
/// Older ones make room.
const MOST: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Plain,
    Good,
    Warning,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    pub weight: Weight,
    until_us: i64,
}

#[derive(Debug, Default)]
pub struct Notices {
    shown: VecDeque<Notice>,
}

impl Notices {
    /// `text` must be sanitised.
    pub fn say(&mut self, now_us: i64, weight: Weight, text: impl Into<String>) {
        let text = text.into();
        self.shown.retain(|notice| notice.text != text);
        if self.shown.len() >= MOST {
            self.shown.pop_front();
        }
        let stays = if weight == Weight::Warning { STAYS * 2 } else { STAYS };
        self.shown.push_back(Notice { text, weight, until_us: now_us.saturating_add(stays) });
    }

    pub fn tick(&mut self, now_us: i64) {
        self.shown.retain(|notice| notice.until_us > now_us);
    }

    /// When the next one goes. Microseconds.
    pub fn deadline(&self) -> Option<i64> {
        self.shown.iter().map(|notice| notice.until_us).min()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Notice> {
        self.shown.iter()
    }
}
