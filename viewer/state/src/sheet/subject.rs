//! What a sheet is of, and what has to be fetched for it.

use std::collections::HashMap;

use ccdump_model::{
    compare::Compared,
    record::{Body, Held},
};
use ccdump_record::{Event as LogEvent, Exchange, Heads, Side};
use serde::{Deserialize, Serialize};

use crate::moment::{self, Stream};

/// Bytes of one response that come with its events; what goes beyond is named as a gap.
pub const LARGEST_LOG: usize = moment::LONGEST;
/// Sections of system prompts that are kept for a list of them.
pub(super) const MOST_SECTIONS: usize = 200;
/// Fetches under way at once.
const AT_ONCE: usize = 8;

/// What is known of an exchange that goes on is fetched anew this often. Microseconds.
const AGAIN: i64 = 1_000_000;

/// What a sheet is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Subject {
    /// One exchange as it was sent.
    Inspect { exchange: u64, part: Part },
    /// Two exchanges, the earlier one left.
    Compare { left: u64, right: u64 },
    /// The sections of a session's system prompts.
    Versions { session: Option<String> },
    /// Two of them, by their numbers.
    CompareSections { session: Option<String>, left: u64, right: u64 },
}

/// A part of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Request,
    Response,
    Headers,
    Events,
    Timing,
}

impl Part {
    pub const ALL: [Self; 5] =
        [Self::Request, Self::Response, Self::Headers, Self::Events, Self::Timing];

    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Headers => "headers",
            Self::Events => "events",
            Self::Timing => "timing",
        }
    }

    /// The one so many further, in a ring.
    pub(super) fn step(self, forward: bool) -> Self {
        let at = Self::ALL.iter().position(|part| *part == self).unwrap_or(0);
        let count = Self::ALL.len();
        let next = if forward { (at + 1) % count } else { (at + count - 1) % count };
        Self::ALL.get(next).copied().unwrap_or(self)
    }
}

/// Something that is fetched whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// The exchange's row and headers.
    Heads(u64),
    Body(u64, Side),
    /// The events of the log, with what came when of the response.
    Log(u64),
    /// The outlines of two requests, and what of them is not the same.
    Compared(u64, u64),
    /// A section of a system prompt, by its range in the exchange's decoded request.
    Section {
        exchange: u64,
        offset: u64,
        length: u64,
    },
}

impl Need {
    /// The exchanges that it is of.
    pub fn exchanges(self) -> Vec<u64> {
        match self {
            Self::Heads(exchange)
            | Self::Body(exchange, _)
            | Self::Log(exchange)
            | Self::Section { exchange, .. } => {
                vec![exchange]
            }
            Self::Compared(left, right) => vec![left, right],
        }
    }
}

/// What [`Need`] asked for.
#[derive(Debug, Clone)]
pub enum Brought {
    Heads(Box<(Exchange, Heads)>),
    Body(Body),
    Log(Vec<LogEvent>),
    Compared(Box<Compared>),
    Section(Held),
}

impl Subject {
    /// What its rows are made of, as far as it says so by itself.
    pub fn needs(&self) -> Vec<Need> {
        match *self {
            Self::Versions { .. } | Self::CompareSections { .. } => Vec::new(),
            Self::Compare { left, right } => vec![Need::Compared(left, right)],
            Self::Inspect { exchange, part } => {
                let mut needs = vec![Need::Heads(exchange)];
                match part {
                    Part::Request => needs.push(Need::Body(exchange, Side::Request)),
                    Part::Response => needs.push(Need::Body(exchange, Side::Response)),
                    Part::Events | Part::Timing => needs.push(Need::Log(exchange)),
                    Part::Headers => {}
                }
                needs
            }
        }
    }

    /// Exchanges that it speaks of.
    pub(super) fn exchanges(&self) -> Vec<u64> {
        match *self {
            Self::Inspect { exchange, .. } => vec![exchange],
            Self::Compare { left, right } => vec![left, right],
            Self::Versions { .. } | Self::CompareSections { .. } => Vec::new(),
        }
    }

    /// Whether what was fetched may be of use to it.
    fn is_of(&self, need: Need) -> bool {
        match (self, need) {
            (Self::Versions { .. } | Self::CompareSections { .. }, need) => {
                matches!(need, Need::Section { .. })
            }
            (_, Need::Section { .. }) => false,
            (Self::Compare { .. }, need) => self.needs().contains(&need),
            (Self::Inspect { exchange, .. }, need) => need.exchanges() == [*exchange],
        }
    }

    /// The session whose system prompts it is about.
    pub(super) fn sections_of(&self) -> Option<Option<&str>> {
        match self {
            Self::Versions { session } | Self::CompareSections { session, .. } => {
                Some(session.as_deref())
            }
            Self::Inspect { .. } | Self::Compare { .. } => None,
        }
    }

    /// Pages of one name share a place: the next exchange's is at the same row.
    pub(super) fn page(&self) -> &'static str {
        match self {
            Self::Inspect { part, .. } => part.name(),
            Self::Compare { .. } => "compare",
            Self::Versions { .. } => "versions",
            Self::CompareSections { .. } => "compare-sections",
        }
    }
}

/// What was fetched for a sheet.
#[derive(Debug, Default)]
pub struct Material {
    held: HashMap<Need, Slot>,
    /// Grows with every change.
    pub(super) version: u64,
}

#[derive(Debug, Default)]
struct Slot {
    is_asked: bool,
    /// When that was. Microseconds since the Unix epoch.
    asked_at_us: i64,
    /// The exchange had ended when it was asked for.
    is_final: bool,
    brought: Option<Result<Brought, String>>,
}

impl Material {
    pub fn heads(&self, exchange: u64) -> Option<Result<&(Exchange, Heads), &str>> {
        self.get(Need::Heads(exchange), |brought| match brought {
            Brought::Heads(heads) => Some(heads.as_ref()),
            _ => None,
        })
    }

    pub fn body(&self, exchange: u64, side: Side) -> Option<Result<&Body, &str>> {
        self.get(Need::Body(exchange, side), |brought| match brought {
            Brought::Body(body) => Some(body),
            _ => None,
        })
    }

    /// Data of the response is cut into the pieces that came off the wire, each with its own time.
    pub fn log(&self, exchange: u64) -> Option<Result<&[LogEvent], &str>> {
        self.get(Need::Log(exchange), |brought| match brought {
            Brought::Log(log) => Some(log.as_slice()),
            _ => None,
        })
    }

    /// `None`: it has not come yet. `Err`: why it will not.
    fn get<'a, T: ?Sized>(
        &'a self,
        need: Need,
        of: impl Fn(&'a Brought) -> Option<&'a T>,
    ) -> Option<Result<&'a T, &'a str>> {
        match self.held.get(&need)?.brought.as_ref()? {
            Ok(brought) => of(brought).map(Ok),
            Err(why) => Some(Err(why)),
        }
    }

    pub(super) fn has(&self, need: Need) -> bool {
        self.held.get(&need).is_some_and(|slot| slot.brought.is_some())
    }

    /// Whether it has to be fetched now; it is taken to be under way then. What was fetched of an
    /// open exchange is fetched again after a while, and when that has ended. Where much is under
    /// way its turn comes later.
    pub(crate) fn ask(&mut self, need: Need, has_ended: bool, now_us: i64) -> bool {
        if self.held.values().filter(|slot| slot.is_asked).count() >= AT_ONCE {
            return false;
        }
        let slot = self.held.entry(need).or_default();
        let is_old =
            !slot.is_final && (has_ended || now_us.saturating_sub(slot.asked_at_us) >= AGAIN);
        let is_due = !slot.is_asked && (slot.brought.is_none() || is_old);
        if is_due {
            *slot = Slot {
                is_asked: true,
                asked_at_us: now_us,
                is_final: has_ended,
                brought: slot.brought.take(),
            };
        }
        is_due
    }

    /// When something is to be fetched again.
    pub(crate) fn deadline(&self) -> Option<i64> {
        let open = self
            .held
            .values()
            .filter(|slot| !slot.is_asked && !slot.is_final && slot.brought.is_some());
        open.map(|slot| slot.asked_at_us.saturating_add(AGAIN)).min()
    }

    pub(crate) fn take(&mut self, need: Need, brought: Result<Brought, String>) {
        let Some(slot) = self.held.get_mut(&need) else { return };
        slot.is_asked = false;
        // A request that is here will not change, whatever becomes of its answer.
        slot.is_final |=
            brought.is_ok() && matches!(need, Need::Compared(..) | Need::Section { .. });
        slot.brought = Some(brought.map(|brought| match brought {
            Brought::Log(log) => Brought::Log(Stream::of(log)),
            other => other,
        }));
        self.version += 1;
    }

    pub fn compared(&self, left: u64, right: u64) -> Option<Result<&Compared, &str>> {
        self.get(Need::Compared(left, right), |brought| match brought {
            Brought::Compared(compared) => Some(compared.as_ref()),
            _ => None,
        })
    }

    /// What a section says.
    pub fn section(&self, need: Need) -> Option<Result<&Held, &str>> {
        self.get(need, |brought| match brought {
            Brought::Section(held) => Some(held),
            _ => None,
        })
    }

    /// Keeps what may be of use to a sheet, or is of an exchange.
    pub(crate) fn keep(&mut self, subject: Option<&Subject>, exchange: Option<u64>) {
        let is_wanted =
            |need: Need| exchange.is_some_and(|exchange| need.exchanges() == [exchange]);
        self.held.retain(|need, _| {
            subject.is_some_and(|subject| subject.is_of(*need)) || is_wanted(*need)
        });
    }

    /// Of many sections keeps those that are needed now.
    pub(super) fn forget_others(&mut self, needs: &[Need]) {
        if self.held.len() > MOST_SECTIONS {
            self.held
                .retain(|need, _| !matches!(need, Need::Section { .. }) || needs.contains(need));
        }
    }

    /// What was asked for will not come.
    pub(crate) fn interrupted(&mut self) {
        self.held.values_mut().for_each(|slot| slot.is_asked = false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_under_way_at_once_and_all_has_its_turn() {
        let mut material = Material::default();
        let need = |offset| Need::Section { exchange: 1, offset, length: 1 };
        let ask = |material: &mut Material| {
            (0..100).filter(|at| material.ask(need(*at), true, 0)).collect::<Vec<u64>>()
        };
        let mut under_way = ask(&mut material);
        let mut asked = 0;
        while !under_way.is_empty() {
            asked += under_way.len();
            assert!(under_way.len() <= AT_ONCE && ask(&mut material).is_empty());
            under_way.drain(..).for_each(|at| material.take(need(at), Err("gone".to_owned())));
            under_way = ask(&mut material);
        }
        assert_eq!(asked, 100);
    }
}
