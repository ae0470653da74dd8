//! `tail` without `--json`: feeds the conversation with events and with what it asks for, and
//! prints it as it grows.

use ccdump_provider::header;
use std::time::Duration;

use ccdump_record::{Exchange, Heads, Side};
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinSet},
    time::{Instant, sleep, sleep_until},
};

use super::tail::{Idle, tell};
use crate::{
    conversation::{Answer, Ask, Conversation, SHOWN, Tone, is_new_message},
    failure::Failure,
    link::{Link, LinkError, Update},
    output::Output,
    text::units,
};

/// Fetches under way at once; the log is not read any further beyond that.
const FETCHES: usize = 4;
/// How long the derived row of an exchange that has ended is waited for.
const ROW_PATIENCE: Duration = Duration::from_secs(2);

/// A fetch's exchange and what came of it; what was asked comes back when the daemon was lost over
/// it.
type Fetched = Result<(u64, Answer), Ask>;

pub(super) struct Talk {
    link: Link,
    /// Events up to here happened before the daemon was reached.
    history_end: u64,
    output: Output,
    conversation: Conversation,
    /// When the newest event was taken: the log's time goes on from there.
    event_taken: Instant,
    fetches: JoinSet<Fetched>,
    /// To be asked again when the daemon is back.
    unanswered: Vec<Ask>,
    lost: bool,
}

impl Talk {
    pub(super) fn new(link: Link, history_end: u64, output: Output) -> Self {
        Self {
            link,
            history_end,
            output,
            conversation: Conversation::default(),
            event_taken: Instant::now(),
            fetches: JoinSet::new(),
            unanswered: Vec::new(),
            lost: false,
        }
    }

    pub(super) async fn run(
        mut self,
        mut updates: mpsc::Receiver<Update>,
        mut idle: Idle,
    ) -> Result<(), Failure> {
        if !self.link.can("payload") {
            self.conversation.notice(
                "this daemon sends no text along with events: answers are not shown; update it",
            );
        }
        loop {
            let tick = self.next_tick();
            tokio::select! {
                update = idle.limit(updates.recv()), if self.fetches.len() < FETCHES => match update.flatten() {
                    Some(update) => self.update(update, &mut idle).await?,
                    None => break,
                },
                Some(fetched) = self.fetches.join_next() => self.fetched(fetched),
                () = sleep_until(tick.unwrap_or_else(Instant::now)), if tick.is_some() => self.tick(),
            }
            self.print()?;
        }
        self.drain().await?;
        self.conversation.finish();
        self.print()
    }

    async fn update(&mut self, update: Update, idle: &mut Idle) -> Result<(), Failure> {
        self.lost = tell(&update, self.lost);
        match update {
            Update::Events { events, cursor } => {
                for event in &events {
                    self.event_taken = Instant::now();
                    let ask = self.conversation.event(event);
                    ask.into_iter().for_each(|ask| self.fetch(ask));
                    // History is read as fast as it can be shown: nothing of it may have to be left
                    // out.
                    if event.seq <= self.history_end {
                        self.drain().await?;
                    }
                }
                idle.saw(&cursor, !events.is_empty());
            }
            Update::LogGap(gap) => {
                let count = gap.to_seq.saturating_sub(gap.from_seq).saturating_add(1);
                self.conversation
                    .notice(&format!("{count} events are no longer kept (up to {})", gap.to_seq));
            }
            Update::Reset { reason, .. } => {
                idle.restart();
                self.unanswered.clear();
                self.fetches = JoinSet::new();
                self.conversation.reset(&reason);
            }
            Update::Connected(link) => {
                self.history_end = link.hello().head_seq;
                self.link = *link;
                std::mem::take(&mut self.unanswered).into_iter().for_each(|ask| self.fetch(ask));
            }
            Update::Lost(_) | Update::Rows(_) | Update::SnapshotEnd | Update::Quiet { .. } => {}
            Update::Failed(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn fetch(&mut self, ask: Ask) {
        let link = self.link.clone();
        self.fetches.spawn(async move { fetch(link, ask).await });
    }

    fn fetched(&mut self, fetched: Result<Fetched, JoinError>) {
        match fetched {
            Ok(Ok((exchange, answer))) => self.conversation.answer(exchange, answer),
            Ok(Err(ask)) => self.unanswered.push(ask),
            Err(_) => {}
        }
    }

    /// Waits for what is being fetched.
    async fn drain(&mut self) -> Result<(), Failure> {
        while let Some(fetched) = self.fetches.join_next().await {
            self.fetched(fetched);
        }
        self.print()
    }

    fn next_tick(&self) -> Option<Instant> {
        let wait = self.conversation.next_tick()?.saturating_sub(self.conversation.now());
        self.event_taken.checked_add(Duration::from_micros(u64::try_from(wait).unwrap_or_default()))
    }

    fn tick(&mut self) {
        let passed = i64::try_from(self.event_taken.elapsed().as_micros()).unwrap_or(i64::MAX);
        let now = self.conversation.now().saturating_add(passed);
        self.event_taken = Instant::now();
        self.conversation.tick(now);
    }

    fn print(&mut self) -> Result<(), Failure> {
        let spans = self.conversation.take();
        if spans.is_empty() {
            return Ok(());
        }
        for span in &spans {
            match sgr(span.tone).filter(|_| self.output.colour()) {
                Some(sgr) => span
                    .text
                    .split_inclusive('\n')
                    .try_for_each(|line| self.output.text(&styled(sgr, line)))?,
                None => self.output.text(&span.text)?,
            }
        }
        self.output.flush()
    }
}

/// Few colours, none of them unreadable on a light or on a dark ground.
fn sgr(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Speaker => Some("1"),
        Tone::User => Some("36"),
        Tone::Assistant => None,
        Tone::ToolCall => Some("35"),
        Tone::Error => Some("31"),
        Tone::Thinking | Tone::ToolResult | Tone::Remark => Some("2"),
    }
}

/// A line, or a part of one, that leaves the terminal as it found it: written in one piece, it is
/// never cut off in between.
fn styled(sgr: &str, line: &str) -> String {
    let text = line.strip_suffix('\n').unwrap_or(line);
    let end = if text.len() < line.len() { "\n" } else { "" };
    if text.is_empty() { end.to_owned() } else { format!("\x1b[{sgr}m{text}\x1b[0m{end}") }
}

async fn fetch(mut link: Link, ask: Ask) -> Fetched {
    let answer = match ask {
        Ask::Request { exchange } => {
            request(&mut link, exchange).await.map(|answer| (exchange, answer))
        }
        Ask::Joined { exchange } => {
            joined(&mut link, exchange).await.map(|answer| (exchange, answer))
        }
        Ask::Row { exchange, through_seq } => {
            row(&mut link, exchange, through_seq).await.map(|answer| (exchange, answer))
        }
    };
    answer.map_err(|Lost| ask)
}

/// The daemon went away: ask again when it is back. Other failures are part of the answer.
struct Lost;

fn unless_lost<T>(result: Result<T, LinkError>) -> Result<Result<T, LinkError>, Lost> {
    match result {
        Err(LinkError::Lost(_)) => Err(Lost),
        other => Ok(other),
    }
}

async fn request(link: &mut Link, exchange: u64) -> Result<Answer, Lost> {
    let outline = unless_lost(link.outline(exchange, Side::Request, true, 0).await)?;
    // After the outline: the daemon has derived the request then, and the row says whose it is.
    let row = unless_lost(link.exchange(exchange).await)?.ok().map(|(row, _)| row);
    let request = match outline {
        Err(error) => Err(error.to_string()),
        Ok(outline) => {
            let new: Vec<_> =
                outline.blocks.iter().filter(|block| is_new_message(block)).cloned().collect();
            let last = new.get(new.len().saturating_sub(SHOWN)..).unwrap_or_default().to_vec();
            match unless_lost(link.contents(exchange, Side::Request, last).await)? {
                Ok(messages) => Ok((outline, messages)),
                Err(error) => Err(format!("{}, {error}", units::plural(new.len(), "new block"))),
            }
        }
    };
    Ok(Answer::Request { row, request })
}

async fn joined(link: &mut Link, exchange: u64) -> Result<Answer, Lost> {
    let known = derived(link, exchange, 0).await?;
    let content_type = known
        .as_ref()
        .and_then(|(_, heads)| header::find(&heads.response, "content-type"))
        .map(str::to_owned);
    Ok(Answer::Joined { row: known.map(|(row, _)| row), content_type })
}

async fn row(link: &mut Link, exchange: u64, through_seq: u64) -> Result<Answer, Lost> {
    Ok(Answer::Row(derived(link, exchange, through_seq).await?.map(|(row, _)| row)))
}

/// The exchange as derived through `through_seq`: events are seen a moment before what is derived
/// from them. What there is, if that takes too long.
async fn derived(
    link: &mut Link,
    exchange: u64,
    through_seq: u64,
) -> Result<Option<(Exchange, Heads)>, Lost> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(5);
    loop {
        let known = match unless_lost(link.exchange(exchange).await)? {
            Ok(known) => Some(known),
            Err(LinkError::NoExchange(_)) => None,
            Err(_) => return Ok(None),
        };
        let is_derived = known.as_ref().is_some_and(|(row, _)| row.through_seq >= through_seq);
        if is_derived || started.elapsed() > ROW_PATIENCE {
            return Ok(known);
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

#[cfg(test)]
mod tests {
    use super::styled;

    #[test]
    fn no_line_leaves_a_style_open() {
        for (text, wanted) in [
            ("one", "\x1b[2mone\x1b[0m"),
            ("one\n", "\x1b[2mone\x1b[0m\n"),
            ("one\ntwo", "\x1b[2mone\x1b[0m\n\x1b[2mtwo\x1b[0m"),
            ("\n\n", "\n\n"),
        ] {
            let written: String =
                text.split_inclusive('\n').map(|line| styled("2", line)).collect();
            assert_eq!(written, wanted);
        }
    }
}
