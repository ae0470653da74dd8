//! Damaged logs: what can be read of them is brought over, what cannot is said, and nothing is ever
//! made up.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    os::unix::fs::FileExt as _,
    path::Path,
};

use ccdump_record::Salvaged;

use super::*;
use crate::store::{
    opening,
    verify::{Report, verify},
};

/// Something that happens to a file.
#[derive(Debug, Clone)]
enum Harm {
    /// A page is overwritten, with zeros or with this.
    Page { pick: usize, bytes: Option<u8> },
    /// All behind a place is gone, in thousandths of the file.
    Cut { at: u64 },
}

fn harms() -> impl Strategy<Value = Vec<Harm>> {
    let page =
        (any::<usize>(), any::<Option<u8>>()).prop_map(|(pick, bytes)| Harm::Page { pick, bytes });
    let cut = (0u64..1000).prop_map(|at| Harm::Cut { at });
    prop::collection::vec(prop_oneof![8 => page, 1 => cut], 0..8)
}

fn harm(path: &Path, harms: &[Harm]) {
    let Ok(file) = OpenOptions::new().read(true).write(true).open(path) else { return };
    for harm in harms {
        let length = file.metadata().expect("metadata").len();
        match harm {
            Harm::Page { pick, bytes } if length > 0 => {
                let page = *pick as u64 % length.div_ceil(4096);
                let noise: Vec<u8> = (0..4096)
                    .map(|at| bytes.map_or(0, |byte| byte.wrapping_mul(31).wrapping_add(at as u8)))
                    .collect();
                file.write_all_at(&noise, page * 4096).expect("written");
            }
            Harm::Page { .. } => {}
            Harm::Cut { at } => file.set_len(length * at / 1000).expect("cut"),
        }
    }
}

/// All events by number, as far as they can be read.
fn events(run: &Run) -> BTreeMap<u64, Event> {
    let readers = Readers::new(run.files.clone(), Health::default());
    let all =
        readers.with(|reader| events_after(&reader.log, 0, usize::MAX >> 1)).expect("readable");
    all.into_iter().map(|event| (event.seq, event)).collect()
}

impl Run {
    /// Until all is sealed and brought over, as the recording thread does it.
    fn settle(&mut self) {
        while self.log.has_to_seal() || self.log.has_to_salvage() {
            if self.log.has_to_seal() {
                self.log.seal_step().expect("sealed");
            } else {
                self.log.salvage_step(0).expect("salvaged");
            }
        }
    }

    /// Of each body that was committed: what is there is what was, and no more is missing than is
    /// said.
    fn check_bodies(&self) -> u64 {
        let readers = Readers::new(self.files.clone(), Health::default());
        let mut missing = 0;
        for ((exchange, side), expected) in &self.committed.bodies {
            let side_of = if *side == 0 { Side::Request } else { Side::Response };
            let mut cursor = BodyCursor::new(*exchange, side_of, 0);
            let mut position = 0usize;
            while let Some(piece) =
                readers.with(|reader| cursor.next(&reader.log)).expect("readable")
            {
                match piece {
                    Piece::Bytes(bytes) => {
                        let there: Option<Vec<u8>> =
                            expected[position..position + bytes.len()].iter().copied().collect();
                        assert!(
                            there == Some(bytes.clone()),
                            "body {side} of exchange {exchange} at {position}"
                        );
                        position += bytes.len();
                    }
                    Piece::Missing(bytes) => {
                        let bytes = usize::try_from(bytes).expect("a length");
                        missing += expected[position..]
                            .iter()
                            .take(bytes)
                            .filter(|byte| byte.is_some())
                            .count() as u64;
                        position += bytes;
                    }
                }
            }
        }
        missing
    }
}

fn report(run: &Run) -> Report {
    verify(&run.files)
}

fn salvaged(events: &BTreeMap<u64, Event>) -> Salvaged {
    let found = events.values().rev().find_map(|event| match &event.detail {
        Detail::Salvaged(salvaged) => Some(salvaged.clone()),
        _ => None,
    });
    found.expect("what came of it is on record")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn what_can_be_read_is_kept_and_nothing_is_made_up(
        steps in prop::collection::vec(step(), 1..40),
        more in prop::collection::vec(step(), 0..20),
        database in harms(),
        wal in harms(),
        is_running: bool,
    ) {
        let dir = tempfile::tempdir().expect("temporary folder");
        let mut run = start(dir.path());
        for step in &steps {
            run.take(step);
        }
        run.commit();
        let before = events(&run);
        let (epoch, free) = (run.log.epoch().to_owned(), run.log.free());
        let canonical = run.files.canonical();
        if is_running {
            harm(&canonical, &database);
            harm(&schema::wal_path(&canonical), &wal);
            run.log.replace("a page is damaged", 0).expect("replaced");
        } else {
            let files = run.files.clone();
            run.log = Log::open(&Files::new(tempfile::tempdir().expect("elsewhere").path())).expect("another one");
            harm(&canonical, &database);
            harm(&schema::wal_path(&canonical), &wal);
            run.log = opening::open(&files, 0).expect("opened").log;
            // Nothing is open any more.
            run.ahead.open.clear();
            if !run.log.has_to_salvage() {
                // Nobody has met the damage yet; somebody will.
                run.log.replace("a page is damaged", 0).expect("replaced");
            }
        }
        prop_assert_ne!(run.log.epoch(), &epoch);
        prop_assert!(run.log.free().seq > free.seq && run.log.free().exchange >= free.exchange);
        run.next_exchange = run.log.next_exchange();
        let interim = run.log.epoch().to_owned();
        for step in more.iter().filter(|step| !matches!(step, Step::Kill)) {
            run.take(step);
        }
        run.commit();
        run.settle();
        prop_assert_ne!(run.log.epoch(), &interim, "what viewers saw meanwhile was not all");

        let report = report(&run);
        prop_assert!(report.problems.iter().all(|problem| problem.file != "ccdump.db"), "{:?}", report.problems);
        let after = events(&run);
        let told = salvaged(&after);
        let mut lost = 0u64;
        for (seq, event) in &before {
            match after.get(seq) {
                // At the number of one that is lost may stand that an exchange has lost its
                // beginning.
                Some(kept) if kept.detail.kind() == "opened" && event.detail.kind() == "opened" && kept != event => lost += 1,
                Some(kept) => prop_assert!(kept == event || kept.detail.kind() == "opened", "event {seq}"),
                None => lost += 1,
            }
        }
        if is_running {
            // Beginnings that were made up stand at numbers of lost events.
            prop_assert!(told.lost_events <= lost && told.lost_events + told.damaged_exchanges >= lost, "{lost} are lost, {told:?}");
        }
        let missing = run.check_bodies();
        prop_assert!(missing <= told.lost_bytes + gaps_of(&after), "{missing} bytes are missing, {told:?}");
        if database.is_empty() && wal.is_empty() {
            prop_assert_eq!((lost, missing, told.damaged_exchanges), (0, 0, 0), "{:?}", told);
        }
    }
}

/// Bytes that events tell to be missing.
fn gaps_of(events: &BTreeMap<u64, Event>) -> u64 {
    events
        .values()
        .map(|event| if let Detail::Gap(gap) = &event.detail { gap.bytes } else { 0 })
        .sum()
}

fn recorded(dir: &Path) -> Run {
    let mut run = start(dir);
    for length in [10, 3_000, 60_000, 9_000] {
        run.take(&Step::Open);
        run.take(&Step::Data { pick: 0, side: Side::Request, length, repeats: false, missing: 0 });
        run.take(&Step::Data {
            pick: 0,
            side: Side::Response,
            length: length * 2,
            repeats: false,
            missing: 0,
        });
        run.take(&Step::End { pick: 0 });
        run.commit();
    }
    run.settle();
    run
}

#[test]
fn an_older_copy_goes_on_as_another_log() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let mut run = recorded(dir.path());
    let (files, epoch) = (run.files.clone(), run.log.epoch().to_owned());
    run.log.close(Instant::now() + Duration::from_secs(60)).expect("closed");
    let copy = fs::read(files.canonical()).expect("copied");
    run.log = opening::open(&files, 0).expect("opened").log;
    assert_eq!(run.log.epoch(), epoch, "a restart is no reason for another one");
    run.take(&Step::Open);
    run.commit();
    let head = run.log.head_seq();
    run.log.close(Instant::now() + Duration::from_secs(60)).expect("closed");
    fs::write(files.canonical(), copy).expect("restored");
    let opened = opening::open(&files, 0).expect("opened");
    assert_ne!(opened.log.epoch(), epoch);
    assert!(!opened.is_as_left, "and it is looked through");
    run.log = opened.log;
    assert!(run.log.head_seq() > head, "no number is given twice");
    let told: Vec<_> = events(&run)
        .into_values()
        .filter_map(|event| if let Detail::Replaced(it) = event.detail { Some(it) } else { None })
        .collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].lost, Some((head, head).into()), "{told:?}");
}

#[test]
fn a_log_that_is_gone_is_begun_anew_above_its_numbers() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let mut run = recorded(dir.path());
    let free = run.log.free();
    run.log.close(Instant::now() + Duration::from_secs(60)).expect("closed");
    Files::remove(&run.files.canonical()).expect("removed");
    run.log = opening::open(&run.files, 0).expect("opened").log;
    assert_eq!(
        run.log.free(),
        crate::store::numbers::Free { seq: free.seq + 1, ..free },
        "one event: that it was gone"
    );
}

#[test]
fn names_of_what_is_put_aside_are_never_used_twice() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let files = Files::new(dir.path());
    assert_eq!(files.put_aside().expect("nothing there"), None);
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..5 {
        fs::write(files.canonical(), "x").expect("written");
        names.insert(files.put_aside().expect("put aside").expect("a name"));
    }
    assert_eq!(names.len(), 5);
}
