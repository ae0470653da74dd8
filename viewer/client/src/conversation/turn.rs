//! One exchange of the conversation, from its first event to its last line.

use ccdump_provider::{header, provider::Provider};
use ccdump_record::{Exchange, Outline, ResponseHead};

use super::{
    piece::{Backlog, Piece, Tone},
    reply::Reply,
    request, words,
};
use crate::{
    link::BlockContent,
    text::clean_line,
    words::{missing, trouble},
};

/// Bytes of a response that are kept while it is not known yet how to read them.
const HELD: usize = 256 * 1024;

/// Whether an exchange is part of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The daemon has not said yet.
    Unknown,
    Turn,
    /// No turn: one line at its end.
    Aside,
}

pub(super) struct Turn {
    pub(super) id: u64,
    provider: Option<Provider>,
    row: Option<Exchange>,
    part: Part,
    /// What the request adds is being fetched.
    asked: bool,
    opening: Backlog,
    said: Backlog,
    head: Option<(u16, Option<String>)>,
    reply: Option<Reply>,
    held: Vec<u8>,
    /// What the response consists of is not all there: there is no reading on without looking for
    /// the next event.
    broken: bool,
    finished: bool,
}

/// What an exchange has to say when it has the floor.
pub(super) enum Words {
    Turn(Vec<Piece>),
    Aside(String),
}

impl Turn {
    /// `provider` is known when the exchange was seen from its beginning.
    pub(super) fn new(id: u64, provider: Option<Provider>) -> Self {
        Self {
            id,
            provider,
            row: None,
            part: Part::Unknown,
            asked: false,
            opening: Backlog::default(),
            said: Backlog::default(),
            head: None,
            reply: None,
            held: Vec::new(),
            broken: false,
            finished: false,
        }
    }

    /// An answer will come that says what this is.
    pub(super) fn asked(&mut self) {
        self.asked = true;
    }

    pub(super) fn response_head(&mut self, head: &ResponseHead) {
        self.responds(head.status, header::find(&head.headers, "content-type").map(str::to_owned));
    }

    fn responds(&mut self, status: u16, content_type: Option<String>) {
        self.head = Some((status, content_type));
        self.begin_reply();
    }

    /// Sets up the reader as soon as all is known that it needs.
    fn begin_reply(&mut self) {
        let (Some(provider), Some((status, content_type)), None) =
            (self.provider, &self.head, &self.reply)
        else {
            return;
        };
        let mut reply = Reply::new(provider, *status, content_type.as_deref());
        if std::mem::take(&mut self.broken) {
            reply.broken();
        }
        self.reply = Some(reply);
        let held = std::mem::take(&mut self.held);
        self.push(&held);
    }

    pub(super) fn undecodable(&mut self, reason: &str) {
        self.said
            .line(Tone::Error, &format!("the response cannot be decoded: {}", clean_line(reason)));
    }

    /// More of the decoded response.
    pub(super) fn push(&mut self, payload: &[u8]) {
        match &mut self.reply {
            _ if self.part == Part::Aside => {}
            Some(reply) => reply.push(payload, &mut self.said),
            None if self.held.len().saturating_add(payload.len()) <= HELD => {
                self.held.extend_from_slice(payload)
            }
            None => self.held.clear(),
        }
    }

    /// Response bytes are missing before those that come next.
    pub(super) fn break_off(&mut self) {
        match &mut self.reply {
            Some(reply) => reply.broken(),
            None => self.broken = true,
        }
    }

    pub(super) fn gap(&mut self, bytes: u64, exchanges: u64) {
        self.said
            .line(Tone::Error, &format!("recording was incomplete: {}", missing(bytes, exchanges)));
    }

    /// No more events come.
    pub(super) fn ended(&mut self) {
        if let Some(reply) = &mut self.reply
            && self.part != Part::Aside
        {
            reply.finish(&mut self.said);
        }
    }

    /// The request was fetched, or not, and then why. `answer_shown` as in [`request::write`].
    pub(super) fn request(
        &mut self,
        row: Option<Exchange>,
        request: Result<(&Outline, &[BlockContent]), String>,
        answer_shown: bool,
    ) {
        self.asked = false;
        self.describe(row);
        match request {
            Ok((outline, messages)) => {
                request::write(outline, messages, answer_shown, &mut self.opening)
            }
            Err(reason) => {
                self.opening.line(Tone::Remark, &format!("(request not shown: {reason})"))
            }
        }
    }

    /// The exchange had begun before anybody was watching.
    pub(super) fn joined(&mut self, row: Option<Exchange>, content_type: Option<String>) {
        self.asked = false;
        let status = row.as_ref().and_then(|row| row.status);
        self.describe(row);
        self.opening.line(Tone::Remark, "(joined in the middle)");
        if let Some(status) = status {
            self.responds(status, content_type);
        }
    }

    /// Everything about the exchange is known now.
    pub(super) fn finish(&mut self, row: Option<Exchange>) {
        self.finished = true;
        if row.is_some() || !self.asked {
            self.describe(row);
        }
        let ended = self.row.as_ref().and_then(trouble);
        // As a rule the row knows of it as well, and how bad it was.
        let error =
            self.reply.as_ref().and_then(Reply::error).map(|error| format!("error: {error}"));
        if let Some(trouble) = ended.or(error) {
            self.said.last_line(Tone::Error, &trouble);
        }
        let Some(row) = &self.row else { return };
        let numbers = words::numbers(row);
        if !numbers.is_empty() {
            self.said.last_line(Tone::Remark, &numbers);
        }
    }

    fn describe(&mut self, row: Option<Exchange>) {
        let provider = row.as_ref().and_then(|row| row.provider.parse().ok());
        self.provider = self.provider.or(provider).or(Some(Provider::Unknown));
        // A daemon that says nothing about it is taken to speak of a turn: rather too much than too
        // little.
        self.part = match row.as_ref().or(self.row.as_ref()).map(|row| row.role.as_str()) {
            None | Some("turn" | "") => Part::Turn,
            Some(_) => Part::Aside,
        };
        let newest = [self.row.take(), row].into_iter().flatten().max_by_key(|row| row.through_seq);
        self.row = newest;
        self.begin_reply();
    }

    /// Whether it has something to say and may say it.
    pub(super) fn waits(&self) -> bool {
        match self.part {
            _ if self.asked => false,
            Part::Unknown => self.finished,
            Part::Turn => self.finished || !self.opening.is_empty() || !self.said.is_empty(),
            Part::Aside => self.finished,
        }
    }

    /// Whether nothing more will come after what [`Turn::speak`] gives.
    pub(super) fn is_over(&self) -> bool {
        self.finished && !self.asked
    }

    /// Gives what there is to say.
    pub(super) fn speak(&mut self) -> Words {
        match &self.row {
            Some(row) if self.part == Part::Aside => Words::Aside(words::aside(row)),
            _ => {
                let mut pieces = self.opening.take();
                pieces.extend(self.said.take());
                Words::Turn(pieces)
            }
        }
    }

    /// Who speaks.
    pub(super) fn speaker(&self) -> String {
        words::speaker(self.id, self.row.as_ref(), self.provider.unwrap_or(Provider::Unknown))
    }
}
