//! Another log takes the place of one that is damaged or gone, and what can be read of that is
//! brought over.

use std::mem;

use ccdump_record::{Detail, Replaced, SeqRange};

use super::{Log, identify, random_epoch, save_open, set_first_numbers};
use crate::store::{
    Files, StoreError,
    numbers::{Free, Numbers},
    record::{Record, What},
    recover::Leftovers,
    salvage::{Plan, Salvage, Source, Then},
    schema,
};

impl Log {
    /// Begins a new log where there is none. Its numbers begin at `plan.below`; what can be read of
    /// the plan's sources is brought over.
    pub fn begin(
        files: &Files,
        plan: &Plan,
        replaced: Replaced,
        at_us: i64,
    ) -> Result<Self, StoreError> {
        let connection = schema::open_writer(&files.canonical(), schema::CANONICAL)?;
        identify(&connection)?;
        set_first_numbers(&connection, plan.below)?;
        if !plan.sources.is_empty() {
            plan.save(&connection)?;
        }
        drop(connection);
        let mut log = Self::open(files)?;
        log.commit(&[Record {
            exchange: 0,
            at_us,
            what: What::Fact(Box::new(Detail::Replaced(replaced))),
        }])?;
        Ok(log)
    }

    /// Goes on in this file as another log, whose numbers begin at `free`: it is not certain that
    /// it is what the daemon before has left.
    pub fn begin_epoch(
        &mut self,
        free: Free,
        replaced: Replaced,
        at_us: i64,
    ) -> Result<(), StoreError> {
        let free = free.above(self.free());
        set_first_numbers(&self.connection, free)?;
        self.renew_epoch()?;
        self.chunks.skip_to(free.chunk);
        self.head_seq = free.seq - 1;
        self.next_exchange = free.exchange;
        self.commit(&[Record {
            exchange: 0,
            at_us,
            what: What::Fact(Box::new(Detail::Replaced(replaced))),
        }])?;
        Ok(())
    }

    fn renew_epoch(&mut self) -> Result<(), StoreError> {
        let epoch = random_epoch()?;
        self.connection.execute("UPDATE meta SET value = ?1 WHERE key = 'epoch'", [&epoch])?;
        self.numbers = Numbers::of(&self.files, &epoch);
        self.epoch = epoch;
        Ok(())
    }

    /// The file is damaged, or is not where it was: from now on another one is written to, in
    /// another epoch. What can be read of the old one is brought over later. Where that fails, the
    /// next commit tries again.
    pub fn replace(&mut self, why: &str, at_us: i64) -> Result<(), StoreError> {
        self.broken = Some(why.to_owned());
        self.go_on_elsewhere(at_us)
    }

    pub(super) fn go_on_elsewhere(&mut self, at_us: i64) -> Result<(), StoreError> {
        let Some(reason) = self.broken.clone() else { return Ok(()) };
        let turn = self.turn.clone();
        let _turn = turn.take();
        let below = self.free();
        let mut sources = self.salvage.take().map_or_else(Vec::new, |salvage| salvage.plan.sources);
        let aside = self.files.put_aside()?;
        sources.extend(aside.iter().map(|file| Source { file: file.clone(), place: 0 }));
        let plan = Plan { sources, below, last_seq: self.head_seq, has_rows: false };
        let lost = aside
            .is_none()
            .then_some((1, self.head_seq))
            .filter(|(from, to)| from <= to)
            .map(SeqRange::from);
        let begun =
            Self::begin(&self.files, &plan, Replaced { reason, kept_as: aside, lost }, at_us);
        let mut log = match begun {
            Ok(log) => log,
            Err(error) => {
                // So that what was put aside is not forgotten.
                self.salvage = Some(Salvage::new(plan));
                return Err(error);
            }
        };
        // What goes through is the same as before.
        log.turn = self.turn.clone();
        log.open = mem::take(&mut self.open);
        log.spanning = log.open.clone();
        log.spooled = mem::take(&mut self.spooled);
        save_open(&log.connection, &log.open)?;
        *self = log;
        Ok(())
    }

    /// Whether something of a damaged log is still to be brought over.
    pub fn has_to_salvage(&self) -> bool {
        self.salvage.is_some()
    }

    /// How far that is, in words.
    pub fn salvage_progress(&self) -> Option<String> {
        self.salvage.as_ref().map(Salvage::progress)
    }

    /// Brings the next bit over. When all is here, the log is one of another epoch: what viewers
    /// saw of it was not all.
    pub fn salvage_step(&mut self, at_us: i64) -> Result<(), StoreError> {
        let Some(mut salvage) = self.salvage.take() else { return Ok(()) };
        let (open, turn) = (self.open.clone(), self.turn.clone());
        let stepped = {
            let _turn = turn.take();
            salvage.step(&self.files, &mut self.connection, &|exchange| open.contains(&exchange))
        };
        let then = match stepped {
            Ok(then) => then,
            Err(error) => {
                // Nothing of the step is there; it is done again.
                self.salvage = Some(Salvage::new(salvage.plan));
                return Err(error);
            }
        };
        match then {
            Then::More => {}
            Then::Seal => {
                self.spanning.clear();
                self.leftovers =
                    Some(Leftovers::before(salvage.plan.below.exchange.max(self.next_exchange)));
            }
            Then::Record(records) if records.is_empty() => {}
            Then::Record(records) => {
                self.commit(&records)?;
            }
            Then::Done(found) => {
                Plan::remove(&self.connection)?;
                self.renew_epoch()?;
                self.commit(&[Record {
                    exchange: 0,
                    at_us,
                    what: What::Fact(Box::new(Detail::Salvaged(found))),
                }])?;
                return Ok(());
            }
        }
        self.salvage = Some(salvage);
        Ok(())
    }
}
