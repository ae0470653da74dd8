//! Which viewer runs, and what is done when it hangs or dies: decisions only, without a process or
//! a clock.
//!
//! A binary is *proven* when its viewer has lived for ten seconds after its first frame. One that
//! fails before that goes back to the last one that ran: the one it replaced, or, if that fails as
//! well, the last proven one.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use super::binary::Binary;

/// A viewer that lives so long after its first frame is proven.
pub(super) const PROOF: Duration = Duration::from_secs(10);

/// A proven viewer that dies is started again, but not more often than this…
const MOST_DEATHS: usize = 3;

/// … within this time.
const DEATHS_WITHIN: Duration = Duration::from_secs(10);

/// How long a viewer may take to save its state and leave.
pub(super) const LEAVE_WITHIN: Duration = Duration::from_millis(500);

/// Why a viewer is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// There was none.
    First,
    Swap,
    /// The newer one failed, for this reason.
    RolledBack(String),
    /// The same one died, for this reason.
    Restarted(String),
}

/// How a viewer has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// The user wanted it to.
    Quit,
    /// It was asked to.
    HandedOver,
    /// By itself, for this reason.
    Died(String),
}

/// What the host does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    Start(Rc<Binary>, Why),
    AskToLeave,
    Kill,
    /// Keep it for the next host.
    Proven(Rc<Binary>),
    /// No viewer is left that works: say why.
    GiveUp(String),
    Quit,
}

#[derive(Debug)]
enum Stage {
    /// No viewer runs.
    Away,
    Starting {
        until: Instant,
        hangs: bool,
    },
    Running {
        since: Instant,
    },
    Leaving {
        next: Rc<Binary>,
        until: Instant,
        hangs: bool,
    },
}

#[derive(Debug)]
pub(super) struct Life {
    ready_within: Duration,
    stage: Stage,
    /// What runs, or ran last.
    current: Option<Rc<Binary>>,
    /// What ran before it, if that was not proven either.
    previous: Option<Rc<Binary>>,
    proven: Option<Rc<Binary>>,
    /// Built while `current` starts.
    waiting: Option<Rc<Binary>>,
    /// When proven viewers died.
    deaths: Vec<Instant>,
}

impl Life {
    /// A viewer that has no first frame within `ready_within` hangs.
    pub(super) fn new(ready_within: Duration) -> Self {
        Self {
            ready_within,
            stage: Stage::Away,
            current: None,
            previous: None,
            proven: None,
            waiting: None,
            deaths: Vec::new(),
        }
    }

    /// Whether a viewer runs or is about to.
    pub(super) fn has_viewer(&self) -> bool {
        !matches!(self.stage, Stage::Away)
    }

    /// Whether a viewer is about to draw its first frame, and not given up yet.
    pub(super) fn starts(&self) -> bool {
        matches!(self.stage, Stage::Starting { hangs: false, .. })
    }

    /// What is started when the viewer that was asked to leave is gone.
    pub(super) fn next(&self) -> Option<&Rc<Binary>> {
        match &self.stage {
            Stage::Leaving { next, .. } => Some(next),
            _ => None,
        }
    }

    /// Something was built.
    pub(super) fn built(&mut self, binary: Rc<Binary>, now: Instant) -> Step {
        match &mut self.stage {
            Stage::Away => {
                let why = if self.current.is_none() { Why::First } else { Why::Swap };
                self.start(binary, why, now)
            }
            Stage::Starting { .. } => {
                self.waiting = Some(binary);
                Step::Nothing
            }
            Stage::Running { .. } => self.replace(binary, now),
            Stage::Leaving { next, .. } => {
                *next = binary;
                Step::Nothing
            }
        }
    }

    /// Nothing could be built; `good` is from an earlier time.
    pub(super) fn fall_back(&mut self, good: Rc<Binary>, now: Instant) -> Step {
        self.proven = Some(Rc::clone(&good));
        self.start(good, Why::First, now)
    }

    /// The viewer has drawn its first frame.
    pub(super) fn ready(&mut self, now: Instant) -> Step {
        if !self.starts() {
            return Step::Nothing;
        }
        self.stage = Stage::Running { since: now };
        self.waiting.take().map_or(Step::Nothing, |binary| self.replace(binary, now))
    }

    /// The viewer's process is gone.
    pub(super) fn ended(&mut self, end: End, now: Instant) -> Step {
        let reason = match end {
            End::Quit => return Step::Quit,
            End::HandedOver => "left without having been asked to".to_owned(),
            End::Died(reason) => reason,
        };
        match std::mem::replace(&mut self.stage, Stage::Away) {
            Stage::Away => Step::Nothing,
            // It had run, whatever became of it on its way out.
            Stage::Leaving { next, .. } => {
                if !self.is_proven() {
                    self.previous = self.current.take();
                }
                self.start(next, Why::Swap, now)
            }
            Stage::Starting { hangs, .. } => {
                let reason = if hangs { self.hung() } else { reason };
                match self.waiting.take() {
                    // It may well be what mends it.
                    Some(newer) => self.start(newer, Why::Swap, now),
                    None => self.after(reason, false, now),
                }
            }
            Stage::Running { .. } => self.after(reason, true, now),
        }
    }

    /// The user wants to try again.
    pub(super) fn retry(&mut self, now: Instant) -> Step {
        if self.has_viewer() {
            return Step::Nothing;
        }
        self.deaths.clear();
        self.current.clone().map_or(Step::Nothing, |binary| self.start(binary, Why::First, now))
    }

    /// When [`Self::tick`] has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Starting { until, hangs: false }
            | Stage::Leaving { until, hangs: false, .. } => Some(until),
            Stage::Running { since } if !self.is_proven() => since.checked_add(PROOF),
            _ => None,
        }
    }

    pub(super) fn tick(&mut self, now: Instant) -> Step {
        let proven = self.is_proven();
        match &mut self.stage {
            Stage::Starting { until, hangs } | Stage::Leaving { until, hangs, .. }
                if !*hangs && *until <= now =>
            {
                *hangs = true;
                Step::Kill
            }
            Stage::Running { since } if !proven && now.duration_since(*since) >= PROOF => {
                self.proven.clone_from(&self.current);
                self.previous = None;
                self.current.clone().map_or(Step::Nothing, Step::Proven)
            }
            _ => Step::Nothing,
        }
    }

    fn is_proven(&self) -> bool {
        self.current.is_some() && self.current == self.proven
    }

    fn start(&mut self, binary: Rc<Binary>, why: Why, now: Instant) -> Step {
        self.current = Some(Rc::clone(&binary));
        self.stage = Stage::Starting {
            until: now.checked_add(self.ready_within).unwrap_or(now),
            hangs: false,
        };
        Step::Start(binary, why)
    }

    fn replace(&mut self, next: Rc<Binary>, now: Instant) -> Step {
        self.stage = Stage::Leaving {
            next,
            until: now.checked_add(LEAVE_WITHIN).unwrap_or(now),
            hangs: false,
        };
        Step::AskToLeave
    }

    /// What comes after a viewer that has failed.
    fn after(&mut self, reason: String, had_run: bool, now: Instant) -> Step {
        if !self.is_proven() {
            if let Some(older) = self.previous.take().or_else(|| self.proven.clone()) {
                return self.start(older, Why::RolledBack(reason), now);
            }
            if !had_run {
                return Step::GiveUp(reason);
            }
        }
        self.deaths.retain(|death| now.duration_since(*death) < DEATHS_WITHIN);
        self.deaths.push(now);
        match self.current.clone() {
            Some(same) if self.deaths.len() < MOST_DEATHS => {
                self.start(same, Why::Restarted(reason), now)
            }
            _ => Step::GiveUp(reason),
        }
    }

    fn hung(&self) -> String {
        format!("no first frame within {} ms", self.ready_within.as_millis())
    }
}

#[cfg(test)]
mod tests;
