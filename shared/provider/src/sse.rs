//! Server-sent events, parsed as their bytes come in, each with the byte range that it stands in.
//!
//! As the HTML standard has it: LF, CR or CRLF end a line, comments and unknown fields are skipped,
//! an event without data is none, and what follows the last blank line is no event.

use std::ops::Range;

use memchr::{memchr, memchr2};

/// Data of one event that is kept.
const DEFAULT_LIMIT: usize = 16 << 20;
/// Bytes of an event's name that are kept. No API has one a fifth as long.
const NAME_LIMIT: usize = 200;
/// Room in a kept line beyond the limit: for the field's name, and for a whole event name where the
/// limit is small.
const FIELD_ROOM: usize = NAME_LIMIT + 16;
/// Buffers larger than this are given back after the event that needed them.
const KEPT_CAPACITY: usize = 64 << 10;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SseEvent<'a> {
    /// `message` where the stream names none; empty when the name is not UTF-8.
    pub event: &'a str,
    /// The data lines, joined with LF.
    pub data: &'a [u8],
    /// Bytes of the stream, from the end of the event before to the end of this one's blank line.
    pub range: Range<u64>,
    /// The data was longer than the limit: this is its start.
    pub truncated: bool,
}

#[derive(Debug)]
pub struct SseParser {
    limit: usize,
    /// Bytes of the stream that were taken in, and how many of them came before the event that is
    /// being read.
    position: u64,
    start: u64,
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    first_line: bool,
    /// The last byte was CR: an LF right after it is part of the same line end.
    after_cr: bool,
    /// That CR ended the blank line: the event is delivered once it is clear where its range ends.
    waiting: bool,
    fields: Fields,
}

impl Default for SseParser {
    fn default() -> Self {
        Self::with_limit(DEFAULT_LIMIT)
    }
}

impl SseParser {
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps `limit` bytes of each event's data.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            limit,
            position: 0,
            start: 0,
            line: Vec::new(),
            first_line: true,
            after_cr: false,
            waiting: false,
            fields: Fields::default(),
        }
    }

    /// Calls `on_event` for each event that these bytes complete.
    pub fn push(&mut self, bytes: &[u8], on_event: &mut dyn FnMut(SseEvent<'_>)) {
        let mut rest = self.end_carriage_return(bytes, on_event);
        if !self.line.is_empty() {
            rest = self.end_kept_line(rest, on_event);
        }
        // The usual event has one line of data that lies whole in `bytes`: it is handed on without
        // a copy.
        let mut whole = None;
        while let Some((line, ending, after)) = split_line(rest) {
            rest = after;
            self.position += (line.len() + ending.len()) as u64;
            self.after_cr = ending == b"\r" && rest.is_empty();
            let line = self.without_mark(line);
            if line.is_empty() {
                self.blank_line(whole.take(), on_event);
                continue;
            }
            match field(line) {
                (b"data", value)
                    if whole.is_none() && !self.fields.has_data && value.len() <= self.limit =>
                {
                    whole = Some(value)
                }
                (b"data", value) => {
                    self.fields.keep(whole.take(), self.limit);
                    self.fields.keep(Some(value), self.limit);
                }
                (name, value) => self.fields.set(name, value),
            }
        }
        self.fields.keep(whole, self.limit);
        self.keep_line(rest);
    }

    /// The stream has ended. Delivers the event whose blank line ended with its last byte, if that
    /// was a CR.
    pub fn finish(&mut self, on_event: &mut dyn FnMut(SseEvent<'_>)) {
        if std::mem::take(&mut self.waiting) {
            self.deliver(None, on_event);
        }
    }

    fn end_carriage_return<'a>(
        &mut self,
        bytes: &'a [u8],
        on_event: &mut dyn FnMut(SseEvent<'_>),
    ) -> &'a [u8] {
        if bytes.is_empty() || !std::mem::take(&mut self.after_cr) {
            return bytes;
        }
        let rest = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        self.position += (bytes.len() - rest.len()) as u64;
        self.finish(on_event);
        rest
    }

    fn end_kept_line<'a>(
        &mut self,
        bytes: &'a [u8],
        on_event: &mut dyn FnMut(SseEvent<'_>),
    ) -> &'a [u8] {
        let Some((end, ending, rest)) = split_line(bytes) else {
            self.keep_line(bytes);
            return &[];
        };
        self.keep_line(end);
        self.position += ending.len() as u64;
        self.after_cr = ending == b"\r" && rest.is_empty();
        let mut kept = std::mem::take(&mut self.line);
        let line = self.without_mark(&kept);
        match field(line) {
            _ if line.is_empty() => self.blank_line(None, on_event),
            (b"data", value) => self.fields.keep(Some(value), self.limit),
            (name, value) => self.fields.set(name, value),
        }
        recycle(&mut kept);
        self.line = kept;
        rest
    }

    fn keep_line(&mut self, bytes: &[u8]) {
        self.position += bytes.len() as u64;
        extend_up_to(&mut self.line, bytes, self.limit.saturating_add(FIELD_ROOM));
    }

    fn without_mark<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        if std::mem::take(&mut self.first_line) {
            line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)
        } else {
            line
        }
    }

    fn blank_line(&mut self, whole: Option<&[u8]>, on_event: &mut dyn FnMut(SseEvent<'_>)) {
        if self.after_cr {
            self.fields.keep(whole, self.limit);
            self.waiting = true;
        } else {
            self.deliver(whole, on_event);
        }
    }

    fn deliver(&mut self, whole: Option<&[u8]>, on_event: &mut dyn FnMut(SseEvent<'_>)) {
        let Fields { event, data, has_data, truncated } = &self.fields;
        if *has_data || whole.is_some() {
            on_event(SseEvent {
                event: if event.is_empty() {
                    "message"
                } else {
                    std::str::from_utf8(event).unwrap_or_default()
                },
                data: whole.unwrap_or(data),
                range: self.start..self.position,
                truncated: *truncated,
            });
        }
        self.start = self.position;
        self.fields.clear();
    }
}

/// Fields of the event that is being read.
#[derive(Debug, Default)]
struct Fields {
    event: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    truncated: bool,
}

impl Fields {
    /// Adds a line of data.
    fn keep(&mut self, line: Option<&[u8]>, limit: usize) {
        let Some(line) = line else { return };
        if self.has_data {
            self.truncated |= !extend_up_to(&mut self.data, b"\n", limit);
        }
        self.has_data = true;
        self.truncated |= !extend_up_to(&mut self.data, line, limit);
    }

    /// A field other than data. Only the event's name means something here.
    fn set(&mut self, name: &[u8], value: &[u8]) {
        if name == b"event" {
            self.event.clear();
            extend_up_to(&mut self.event, value, NAME_LIMIT);
        }
    }

    fn clear(&mut self) {
        recycle(&mut self.event);
        recycle(&mut self.data);
        self.has_data = false;
        self.truncated = false;
    }
}

/// Splits off the first line: its text, its line end, and what follows. `None` without a line end.
fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (line, tail) = bytes.split_at_checked(memchr2(b'\n', b'\r', bytes)?)?;
    let (ending, rest) = tail.split_at_checked(if tail.starts_with(b"\r\n") { 2 } else { 1 })?;
    Some((line, ending, rest))
}

/// Name and value of a line. A comment has an empty name.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some((name, rest)) = memchr(b':', line).and_then(|colon| line.split_at_checked(colon))
    else {
        return (line, &[]);
    };
    let value = rest.strip_prefix(b":").unwrap_or(rest);
    (name, value.strip_prefix(b" ").unwrap_or(value))
}

/// Appends what fits below `limit` bytes; false when that is not all.
fn extend_up_to(buffer: &mut Vec<u8>, bytes: &[u8], limit: usize) -> bool {
    let room = limit.saturating_sub(buffer.len());
    buffer.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    bytes.len() <= room
}

fn recycle(buffer: &mut Vec<u8>) {
    if buffer.capacity() > KEPT_CAPACITY {
        *buffer = Vec::new();
    } else {
        buffer.clear();
    }
}
