//! Reads rows out of an SQLite file page by page, without its trees.
//!
//! SQLite finds a row by walking from the root of a table down to a leaf; where a page on that way
//! is damaged, all below it is out of reach. The rows themselves stand in leaf pages that describe
//! themselves. So of a damaged file every page is looked at by itself, and every row that it holds
//! whole is given. The format is that of <https://www.sqlite.org/fileformat2.html>.
//!
//! Nothing here trusts what it reads: whatever the bytes, the answer is rows or none. What a row
//! means, and whether it is whole, is for the caller to find out.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::Path,
};

/// Pages of the files that we write.
const PAGE: usize = 4096;
/// A row with more than this is none of ours. Bytes.
const LARGEST_ROW: u64 = 64 << 20;
const WAL_HEADER: u64 = 32;
/// The first number of a write-ahead log whose checksums go over words in big-endian order.
const BIG_ENDIAN: u32 = 0x377f_0683;
const FRAME_HEADER: u64 = 24;

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

/// A row as it stands in a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Of a table with row ids. Rows of others, and of indexes, have none.
    pub rowid: Option<i64>,
    pub values: Vec<Value>,
}

/// A database with its write-ahead log.
pub struct PageFile {
    /// `None` where only the write-ahead log is left.
    database: Option<File>,
    /// Pages of the database file.
    pages: u64,
    wal: Option<Wal>,
    /// Pages that hold nothing any more; what stands in them is what was deleted.
    free: HashSet<u64>,
}

struct Wal {
    file: File,
    frames: u64,
    /// The order of bytes in the words that checksums go over.
    is_big_endian: bool,
    /// Of each page the newest version: the frame, counted from 0.
    newest: HashMap<u64, u64>,
}

/// Where a page's bytes come from.
#[derive(Debug, Clone, Copy)]
enum Version {
    /// As a reader of the database would see it.
    Newest(u64),
    /// In the database file, though the write-ahead log has a newer one: that may be damaged.
    Shadowed(u64),
    /// In a frame that a newer one has replaced.
    Older(u64),
}

impl PageFile {
    /// `database` has its write-ahead log beside it, or none.
    pub fn open(database: &Path) -> io::Result<Self> {
        let mut wal = database.as_os_str().to_owned();
        wal.push("-wal");
        let database = match File::open(database) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            opened => Some(opened?),
        };
        let bytes = database
            .as_ref()
            .map_or(Ok(0), |file| file.metadata().map(|metadata| metadata.len()))?;
        let pages = bytes / PAGE as u64;
        let wal = File::open(Path::new(&wal)).ok().and_then(|file| Wal::read(file).ok());
        let mut opened = Self { database, pages, wal, free: HashSet::new() };
        opened.free = opened.free_pages();
        Ok(opened)
    }

    /// How many places [`PageFile::rows`] can be asked for. The newest version of every page comes
    /// first, since what only an older one holds was moved or deleted since, as a rule.
    pub fn places(&self) -> u64 {
        self.last_page() * 2 + self.wal.as_ref().map_or(0, |wal| wal.frames)
    }

    /// The rows that stand at a place, each once. None where that is no leaf, is free, or cannot be
    /// read.
    pub fn rows(&self, place: u64) -> Vec<Row> {
        let last = self.last_page();
        let version = match place {
            _ if place < last => Version::Newest(place + 1),
            _ if place < last * 2 => Version::Shadowed(place - last + 1),
            _ => Version::Older(place - last * 2),
        };
        let Some((number, page)) = self.version(version) else { return Vec::new() };
        if self.free.contains(&number) || is_pointer_map(number) {
            return Vec::new();
        }
        self.rows_of(number, &page)
    }

    fn last_page(&self) -> u64 {
        let in_wal =
            self.wal.as_ref().and_then(|wal| wal.newest.keys().max().copied()).unwrap_or(0);
        self.pages.max(in_wal)
    }

    fn version(&self, version: Version) -> Option<(u64, Vec<u8>)> {
        let newest = |number| self.wal.as_ref().and_then(|wal| wal.newest.get(number));
        match version {
            Version::Newest(number) => Some((number, self.page(number)?)),
            Version::Shadowed(number) => {
                newest(&number)?;
                Some((number, self.page_of_database(number)?))
            }
            Version::Older(frame) => {
                let wal = self.wal.as_ref()?;
                let number = wal.page_number(frame)?;
                // The newest was given already.
                if newest(&number) == Some(&frame) {
                    return None;
                }
                Some((number, wal.page(frame)?))
            }
        }
    }

    /// The newest version of a page; pages are counted from 1.
    fn page(&self, number: u64) -> Option<Vec<u8>> {
        match self.wal.as_ref().and_then(|wal| Some((wal, *wal.newest.get(&number)?))) {
            Some((wal, frame)) => wal.page(frame),
            None => self.page_of_database(number),
        }
    }

    fn page_of_database(&self, number: u64) -> Option<Vec<u8>> {
        if number == 0 || number > self.pages {
            return None;
        }
        let mut page = vec![0; PAGE];
        self.database.as_ref()?.read_exact_at(&mut page, (number - 1) * PAGE as u64).ok()?;
        Some(page)
    }

    /// The list of free pages, as far as it can be read: trunks, each with the numbers of leaves.
    fn free_pages(&self) -> HashSet<u64> {
        let mut free = HashSet::new();
        let Some(first) = self.page(1).filter(|page| page.starts_with(b"SQLite format 3\0")) else {
            return free;
        };
        let mut trunk = u32_at(&first, 32).unwrap_or(0);
        while trunk > 0 && free.insert(u64::from(trunk)) {
            let Some(page) = self.page(u64::from(trunk)) else { break };
            let leaves =
                usize::try_from(u32_at(&page, 4).unwrap_or(0)).unwrap_or(0).min(PAGE / 4 - 2);
            free.extend((0..leaves).filter_map(|leaf| u32_at(&page, 8 + leaf * 4)).map(u64::from));
            trunk = u32_at(&page, 0).unwrap_or(0);
        }
        free
    }

    fn rows_of(&self, number: u64, page: &[u8]) -> Vec<Row> {
        // The file's own header stands before the first page's.
        let header = if number == 1 { 100 } else { 0 };
        // Trees of indexes (and of tables without row ids) hold rows in their inner pages, too.
        let (first_pointer, kind) = match page.get(header) {
            Some(0x0d) => (header + 8, Kind::TableLeaf),
            Some(0x0a) => (header + 8, Kind::IndexLeaf),
            Some(0x02) => (header + 12, Kind::IndexInner),
            _ => return Vec::new(),
        };
        let cells = usize::from(u16_at(page, header + 3).unwrap_or(0));
        // What does not fit in a page was not written by SQLite.
        if first_pointer + cells * 2 > PAGE {
            return Vec::new();
        }
        let cells = (0..cells).filter_map(|cell| u16_at(page, first_pointer + cell * 2));
        cells.filter_map(|at| self.row(kind, page, usize::from(at))).collect()
    }

    fn row(&self, kind: Kind, page: &[u8], at: usize) -> Option<Row> {
        // An inner page's cells begin with the number of the page below.
        let mut cell = page.get(if kind == Kind::IndexInner { at + 4 } else { at }..)?;
        let length = varint(&mut cell)?;
        let rowid =
            if kind == Kind::TableLeaf { Some(varint(&mut cell)?.cast_signed()) } else { None };
        let payload = self.payload(kind, cell, length)?;
        Some(Row { rowid, values: record(&payload)? })
    }

    /// A row's bytes: the first of them stand in the page, the rest in a chain of pages of their
    /// own.
    fn payload(&self, kind: Kind, cell: &[u8], length: u64) -> Option<Vec<u8>> {
        if length > LARGEST_ROW {
            return None;
        }
        let length = usize::try_from(length).ok()?;
        let local = local_bytes(kind, length);
        let mut payload = cell.get(..local)?.to_vec();
        if local == length {
            return Some(payload);
        }
        let mut next = u32_at(cell, local)?;
        while payload.len() < length {
            let page = self.page(u64::from(next))?;
            next = u32_at(&page, 0)?;
            let here = (length - payload.len()).min(PAGE - 4);
            payload.extend_from_slice(page.get(4..4 + here)?);
        }
        // The chain of a row ends with it.
        (next == 0).then_some(payload)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    TableLeaf,
    IndexLeaf,
    IndexInner,
}

/// How many of a row's bytes stand in its page.
fn local_bytes(kind: Kind, length: usize) -> usize {
    let least = (PAGE - 12) * 32 / 255 - 23;
    let most = match kind {
        Kind::TableLeaf => PAGE - 35,
        Kind::IndexLeaf | Kind::IndexInner => (PAGE - 12) * 64 / 255 - 23,
    };
    if length <= most {
        return length;
    }
    let wanted = least + (length - least) % (PAGE - 4);
    if wanted <= most { wanted } else { least }
}

/// Files that may shrink have pages that say where pages are used from, at fixed places.
fn is_pointer_map(number: u64) -> bool {
    const EVERY: u64 = PAGE as u64 / 5 + 1;
    number >= 2 && (number - 2).is_multiple_of(EVERY)
}

impl Wal {
    fn read(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let frames = length.saturating_sub(WAL_HEADER) / (FRAME_HEADER + PAGE as u64);
        let mut header = [0; WAL_HEADER as usize];
        file.read_exact_at(&mut header, 0)?;
        let is_big_endian = u32_at(&header, 0) == Some(BIG_ENDIAN);
        let mut wal = Self { file, frames, is_big_endian, newest: HashMap::new() };
        // Frames of the log as it is now bear its salt; behind them may stand some of earlier
        // times.
        let salt = &header[16..24];
        for frame in 0..frames {
            let Some(header) = wal.header(frame) else { continue };
            if header.get(8..16) == Some(salt)
                && let Some(number) = u32_at(&header, 0)
            {
                wal.newest.insert(u64::from(number), frame);
            }
        }
        Ok(wal)
    }

    fn header(&self, frame: u64) -> Option<[u8; FRAME_HEADER as usize]> {
        let mut header = [0; FRAME_HEADER as usize];
        self.file.read_exact_at(&mut header, Self::offset(frame)).ok()?;
        Some(header)
    }

    fn page_number(&self, frame: u64) -> Option<u64> {
        Some(u64::from(u32_at(&self.header(frame)?, 0)?))
    }

    /// A page that is as it was written. SQLite's checksums go over all frames before, so that what
    /// stands behind a damaged one is nothing to it; here each is held against the one before
    /// alone.
    fn page(&self, frame: u64) -> Option<Vec<u8>> {
        let (header, page) = self.frame(frame)?;
        let told = checksum_at(&header, 16)?;
        let is_sound = |before: Checksum| self.checksum(before, &header, &page) == told;
        (self.told_before(frame).is_some_and(is_sound)
            || self.found_before(frame).is_some_and(is_sound))
        .then_some(page)
    }

    fn frame(&self, frame: u64) -> Option<([u8; FRAME_HEADER as usize], Vec<u8>)> {
        let mut page = vec![0; PAGE];
        self.file.read_exact_at(&mut page, Self::offset(frame) + FRAME_HEADER).ok()?;
        Some((self.header(frame)?, page))
    }

    /// The checksum that the frame before says it has.
    fn told_before(&self, frame: u64) -> Option<Checksum> {
        match frame.checked_sub(1) {
            Some(before) => checksum_at(&self.header(before)?, 16),
            None => {
                let mut header = [0; WAL_HEADER as usize];
                self.file.read_exact_at(&mut header, 0).ok()?;
                checksum_at(&header, 24)
            }
        }
    }

    /// The checksum that the frame before has: what it says of that may be damaged.
    fn found_before(&self, frame: u64) -> Option<Checksum> {
        let before = frame.checked_sub(1)?;
        let (header, page) = self.frame(before)?;
        Some(self.checksum(self.told_before(before)?, &header, &page))
    }

    /// Of a frame: over the number of its page, the size of the database, and the page.
    fn checksum(&self, before: Checksum, header: &[u8], page: &[u8]) -> Checksum {
        let read = if self.is_big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
        let (words, _) = header.get(..8).unwrap_or_default().as_chunks::<4>();
        let words = words.iter().chain(page.as_chunks::<4>().0).map(|word| read(*word));
        let (mut first, mut second) = before;
        for (at, word) in words.enumerate() {
            if at % 2 == 0 {
                first = first.wrapping_add(word).wrapping_add(second);
            } else {
                second = second.wrapping_add(word).wrapping_add(first);
            }
        }
        (first, second)
    }

    fn offset(frame: u64) -> u64 {
        WAL_HEADER + frame * (FRAME_HEADER + PAGE as u64)
    }
}

/// Two sums that go over each other.
type Checksum = (u32, u32);

fn checksum_at(bytes: &[u8], at: usize) -> Option<Checksum> {
    Some((u32_at(bytes, at)?, u32_at(bytes, at + 4)?))
}

/// A row's values; `None` where the bytes are no row.
fn record(payload: &[u8]) -> Option<Vec<Value>> {
    let mut rest = payload;
    let header_length = usize::try_from(varint(&mut rest)?).ok()?;
    let (mut types, mut body) = payload.split_at_checked(header_length)?;
    varint(&mut types)?;
    let mut values = Vec::new();
    while !types.is_empty() {
        let kind = varint(&mut types)?;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => (kind - 12) / 2,
        };
        let (bytes, behind) = body.split_at_checked(usize::try_from(length).ok()?)?;
        body = behind;
        values.push(match kind {
            0 => Value::Null,
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            7 => Value::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
            1..=6 => Value::Integer(integer(bytes)),
            _ if kind.is_multiple_of(2) => Value::Blob(bytes.to_vec()),
            _ => Value::Text(bytes.to_vec()),
        });
    }
    // Nothing stands behind the last value.
    body.is_empty().then_some(values)
}

/// Big-endian, with its sign.
fn integer(bytes: &[u8]) -> i64 {
    let is_negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    bytes.iter().fold(if is_negative { -1 } else { 0 }, |value, &byte| value << 8 | i64::from(byte))
}

/// SQLite's numbers: seven bits a byte, the highest first; a ninth byte has eight.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for index in 0..9 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if index == 8 {
            return Some(value << 8 | u64::from(byte));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::{Connection, params};

    use super::*;

    fn all_rows(file: &PageFile) -> Vec<Row> {
        (0..file.places()).flat_map(|place| file.rows(place)).collect()
    }

    /// Rows of all sizes in both sorts of tables, some of them in the write-ahead log only, some
    /// deleted again.
    fn database(dir: &Path, sizes: &[usize]) -> (std::path::PathBuf, Connection) {
        let path = dir.join("a.db");
        let connection = Connection::open(&path).expect("SQLite");
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").expect("pragma");
        connection.pragma_update(None, "journal_mode", "WAL").expect("pragma");
        let tables = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, data BLOB); \
                      CREATE TABLE w (a INTEGER, b TEXT, data BLOB, PRIMARY KEY (a, b)) WITHOUT ROWID;";
        connection.execute_batch(tables).expect("tables");
        for (index, size) in sizes.iter().enumerate() {
            let data = vec![index as u8; *size];
            let number = (index as i64 - 3) * 1_000_003;
            connection
                .execute("INSERT INTO t VALUES (?1, ?2, ?3)", params![index, number, data])
                .expect("row");
            connection
                .execute("INSERT INTO w VALUES (?1, ?2, ?3)", params![number, "ä", data])
                .expect("row");
            if index == sizes.len() / 2 {
                connection
                    .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                    .expect("checkpoint");
            }
        }
        (path, connection)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn every_row_is_found(sizes in prop::collection::vec(prop_oneof![0usize..300, 300usize..6000, 1usize..60_000], 1..40)) {
            let dir = tempfile::tempdir().expect("temporary folder");
            let (path, _connection) = database(dir.path(), &sizes);
            let rows = all_rows(&PageFile::open(&path).expect("opened"));
            for (index, size) in sizes.iter().enumerate() {
                let number = Value::Integer((index as i64 - 3) * 1_000_003);
                let data = Value::Blob(vec![index as u8; *size]);
                let table = Row { rowid: Some(index as i64), values: vec![Value::Null, number.clone(), data.clone()] };
                prop_assert!(rows.contains(&table), "row {index} of {size} bytes");
                let without = Row { rowid: None, values: vec![number, Value::Text("ä".into()), data] };
                prop_assert!(rows.contains(&without), "row {index} of {size} bytes, without a row id");
            }
        }

        #[test]
        fn any_bytes_are_rows_or_none(bytes: Vec<u8>, at in 0usize..40_000, zeros: bool) {
            let dir = tempfile::tempdir().expect("temporary folder");
            let (path, connection) = database(dir.path(), &[10, 5000, 300, 9000, 100]);
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("checkpoint");
            let mut file = std::fs::read(&path).expect("read");
            let bytes = if zeros { vec![0; 4096] } else { bytes };
            for (offset, byte) in bytes.iter().enumerate() {
                if let Some(place) = file.get_mut(at + offset) {
                    *place = *byte;
                }
            }
            std::fs::write(&path, &file).expect("written");
            // Nothing to compare with: that it ends, and without a panic, is what matters.
            let rows = all_rows(&PageFile::open(&path).expect("opened"));
            prop_assert!(rows.len() < 1000);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn a_damaged_write_ahead_log_gives_no_row_that_was_never_there(at in 32usize..60_000, length in 1usize..9000, byte: u8) {
            let dir = tempfile::tempdir().expect("temporary folder");
            let sizes = [10, 300, 5000, 300, 40, 9000, 100];
            let (path, _connection) = database(dir.path(), &sizes);
            let wal = dir.path().join("a.db-wal");
            let mut bytes = std::fs::read(&wal).expect("read");
            let (from, end) = (at.min(bytes.len()), (at + length).min(bytes.len()));
            bytes[from..end].fill(byte);
            let file = std::fs::OpenOptions::new().write(true).open(&wal).expect("opened");
            file.write_all_at(&bytes, 0).expect("damaged");
            for row in all_rows(&PageFile::open(&path).expect("opened")) {
                let (Some(id), [_, _, Value::Blob(data)]) = (row.rowid, &row.values[..]) else { continue };
                let id = usize::try_from(id).expect("an id that was given");
                prop_assert!(data.len() == sizes[id] && data.iter().all(|byte| *byte == id as u8), "row {id}");
            }
        }
    }

    #[test]
    fn what_was_deleted_stays_away() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let (path, connection) = database(dir.path(), &[20_000, 10, 30_000]);
        connection.execute("DELETE FROM t WHERE id = 0", []).expect("deleted");
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .expect("checkpoint");
        let rows = all_rows(&PageFile::open(&path).expect("opened"));
        let ids: HashSet<_> =
            rows.iter().filter(|row| row.values.len() == 3).filter_map(|row| row.rowid).collect();
        assert_eq!(ids, HashSet::from([1, 2]));
    }

    #[test]
    fn a_missing_root_hides_no_row() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let (path, connection) = database(dir.path(), &[1000; 60]);
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .expect("checkpoint");
        let root: u64 = connection
            .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 't'", [], |row| row.get(0))
            .expect("root");
        let file = std::fs::OpenOptions::new().write(true).open(&path).expect("opened");
        file.write_all_at(&[0x55; PAGE], (root - 1) * PAGE as u64).expect("damaged");
        file.write_all_at(&[0x55; PAGE], 0).expect("damaged");
        let rows = all_rows(&PageFile::open(&path).expect("opened"));
        let ids: HashSet<_> =
            rows.iter().filter(|row| row.values.len() == 3).filter_map(|row| row.rowid).collect();
        assert_eq!(ids.len(), 60);
    }
}
