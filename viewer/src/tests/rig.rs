//! A state with a daemon that answers what is asked of it, for tests.

use std::{collections::BTreeSet, sync::Arc};

use ccdump_model::{
    blocks::Source,
    record::{Body, Fetch, Fetched, FormerWanted, Held, Piece, RequestSide, ResponseSide},
};
use ccdump_provider::content::Content;
use ccdump_record::{
    Block, BlockKind, BodyData, ClosedBy, Detail, EndState, Ended, Event as LogEvent, Exchange,
    Header, Heads, Opened, Payload, Piece as WirePiece, RequestRole, ResponseHead, Role, Side,
    Usage,
};
use ccdump_state::{
    DaemonEvent, Effect, Event, Program, State,
    conversation::Spot,
    keymap::{Command, Key},
    search::Question,
    sheet::{Brought, Need},
};
use jiff::tz::TimeZone;
use serde_json::json;

pub const WIDTH: u16 = 100;
pub const HEIGHT: u16 = 24;

pub fn row(id: u64, agent: &str) -> Exchange {
    Exchange {
        id,
        session: Some("s".to_owned()),
        agent: Some(agent.to_owned()),
        parent_agent: (agent != "main").then(|| "main".to_owned()),
        provider: "anthropic".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/messages".to_owned(),
        role: RequestRole::Turn,
        end_state: Some(EndState::Complete),
        through_seq: id * 10,
        ..Exchange::default()
    }
}

pub fn piece(pointer: String, kind: BlockKind, role: &str, content: Content) -> Piece {
    let block =
        Block { pointer, kind, role: Role::of_name(role), range: 0..100, ..Block::default() };
    Piece { block, content: Held::Here(Arc::new(content)) }
}

/// What exchange `id` says: a question, an answer of several lines, a tool call in every third.
pub fn fetch(id: u64) -> Fetch {
    let question = Content::Text(format!("question {id}"));
    let answer = (0..3 + id % 7).map(|line| format!("answer {id} line {line}\n")).collect();
    let mut pieces =
        vec![piece("/content/0".to_owned(), BlockKind::Text, "assistant", Content::Text(answer))];
    if id.is_multiple_of(3) {
        let call = Content::ToolUse {
            name: "Bash".to_owned(),
            input: json!({"command": format!("ls {id}")}),
        };
        let mut call = piece("/content/1".to_owned(), BlockKind::ToolUse, "assistant", call);
        call.block.tool_use_id = Some(format!("toolu_{id}"));
        call.block.name = Some("Bash".to_owned());
        pieces.push(call);
    }
    Fetch {
        heads: None,
        heads_are_final: true,
        request: Fetched::Here(RequestSide {
            pieces: vec![piece(
                format!("/messages/{id}/content/0"),
                BlockKind::Text,
                "user",
                question,
            )],
            ..RequestSide::default()
        }),
        response: Fetched::Here(ResponseSide { pieces, ..ResponseSide::default() }),
    }
}

/// What is brought for a sheet of exchange `id`: two messages, and a text of some lines.
pub fn bring(need: Need) -> Result<Brought, String> {
    let header =
        |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
    match need {
        Need::Heads(id) => Ok(Brought::Heads(Box::new((
            Exchange {
                status: Some(200),
                model: Some("claude-x".to_owned()),
                duration_us: Some(3_060_000),
                ttft_us: Some(651_000),
                request_bytes: 1300,
                response_bytes: 900,
                usage: Some(Usage { input: Some(10), output: Some(70), ..Usage::default() }),
                ..row(id, "main")
            },
            Heads {
                request: vec![
                    header("content-type", "application/json"),
                    header("user-agent", "claude-cli/2.1.330 (external, sdk-cli)"),
                    header("x-claude-code-session-id", "5311eb7d-b829-4938-9879-616cc60c1b63"),
                    header("x-api-key", "‹secret 9f2c41d07be3 len=108›"),
                ],
                response: vec![header("content-type", "text/event-stream")],
                upstream: "https://api.anthropic.com".to_owned(),
                ..Heads::default()
            },
        )))),
        Need::Body(id, Side::Request) => {
            let text =
                (0..80).map(|line| format!("question {id} line {line}\n")).collect::<String>();
            let json = json!({"zeta": 1.50, "model": "claude-x", "messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "short"}], "stream": true, "tools": []});
            Ok(Brought::Body(Body {
                bytes: json.to_string().into_bytes(),
                is_complete: true,
                ..Body::default()
            }))
        }
        Need::Body(id, Side::Response) => {
            let bytes = stream(id).into_iter().flat_map(|(_, text)| text.into_bytes()).collect();
            Ok(Brought::Body(Body { bytes, is_complete: true, ..Body::default() }))
        }
        Need::Compared(left, right) => {
            Ok(Brought::Compared(Box::new(super::compare::compared(left, right))))
        }
        Need::Section { offset, .. } => Ok(Brought::Section(super::compare::section(offset))),
        Need::Log(id) => Ok(Brought::Log(log(id))),
    }
}

/// An answer that streams: after how many microseconds, and what.
fn stream(id: u64) -> Vec<(u32, String)> {
    let event = |value: serde_json::Value| {
        format!("event: {}\ndata: {value}\n\n", value["type"].as_str().unwrap_or_default())
    };
    let delta = |text: String| {
        event(
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
        )
    };
    let start = json!({"type": "message_start", "message": {"id": "msg_1", "model": "claude-x", "usage": {"input_tokens": 10}}});
    let block = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
    let end = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 70}});
    let mut stream =
        vec![(0, event(start) + &event(block)), (350_000, delta(format!("answer {id} ")))];
    stream.extend([(400_000, "event: ping\ndata: {\"type\": \"ping\"}\n\n".to_owned())]);
    stream.extend([(2_700_000, delta("goes on\nand on".to_owned()))]);
    stream.extend([(
        2_750_000,
        event(json!({"type": "content_block_stop", "index": 0})) + &event(end),
    )]);
    stream.extend([(2_751_000, event(json!({"type": "message_stop"})))]);
    stream
}

/// The log of exchange `id`: its request takes 12 ms, the head of its answer comes after 300.
fn log(id: u64) -> Vec<LogEvent> {
    let at = |seq: u64, after_us: i64, detail: Detail| LogEvent {
        seq,
        exchange: id,
        at_us: 1_793_871_667_250_000 + after_us,
        detail,
    };
    let pieces =
        vec![WirePiece { after_us: 0, length: 1000 }, WirePiece { after_us: 12_000, length: 300 }];
    let headers =
        vec![Header { name: "content-type".to_owned(), value: "text/event-stream".to_owned() }];
    let (pieces_of, payload): (Vec<_>, Vec<_>) = stream(id)
        .into_iter()
        .map(|(after_us, text)| {
            (WirePiece { after_us, length: text.len() as u32 }, text.into_bytes())
        })
        .unzip();
    let payload: Vec<u8> = payload.concat();
    vec![
        at(1, 0, Detail::Opened(Opened::default())),
        at(2, 1_000, Detail::RequestData(BodyData { pieces, ..BodyData::default() })),
        at(
            3,
            300_000,
            Detail::ResponseHead(ResponseHead {
                status: 200,
                headers,
                request_bytes: 1300,
                connect_us: Some(9_000),
                mended: Vec::new(),
            }),
        ),
        at(
            4,
            301_000,
            Detail::ResponseData(BodyData {
                pieces: pieces_of,
                payload: Payload { bytes: payload.into(), ..Payload::default() },
                ..BodyData::default()
            }),
        ),
        at(5, 3_060_000, Detail::Ended(Ended::by(ClosedBy::Finished))),
    ]
}

/// A state, and a daemon that answers what is asked of it.
pub struct Rig {
    pub state: State,
    pub now: i64,
    pub saved: Option<Vec<u8>>,
    pub left: bool,
    pub copied: Option<String>,
    /// How often something was brought for a sheet.
    pub brought: usize,
    /// Text, suffix and program.
    pub opened: Option<(String, &'static str, Program)>,
    /// The exchanges that are to be followed.
    pub followed: BTreeSet<u64>,
    /// What the exchanges say.
    pub fetch: fn(u64) -> Fetch,
    /// What stood in the requests before, and what was asked of it.
    pub former: fn(&FormerWanted) -> Vec<(Source, String, Held)>,
    pub asked_former: Vec<FormerWanted>,
    /// What the daemon was asked to look for, and when that was taken back (`None`).
    pub asked: Vec<Option<Question>>,
    /// The daemon takes its time to say where to look.
    pub hints: bool,
}

impl Rig {
    pub fn empty() -> Self {
        let state =
            State::new(WIDTH, HEIGHT, 0, TimeZone::UTC, crate::LOOK.lines, crate::LOOK.rows);
        let mut rig = Self {
            state,
            now: 0,
            saved: None,
            left: false,
            copied: None,
            brought: 0,
            opened: None,
            followed: BTreeSet::new(),
            fetch,
            former: |_| Vec::new(),
            asked_former: Vec::new(),
            asked: Vec::new(),
            hints: false,
        };
        rig.event(Event::Daemon(DaemonEvent::Connected {
            build: "x".to_owned(),
            proxy: "http://127.0.0.1:3344".to_owned(),
            started_ms: None,
        }));
        rig
    }

    /// `turns` exchanges of the main agent, and some of a subagent.
    pub fn with(turns: u64) -> Self {
        Self::saying(turns, fetch)
    }

    /// The same, with other words.
    pub fn saying(turns: u64, fetch: fn(u64) -> Fetch) -> Self {
        let mut rig = Self { fetch, ..Self::empty() };
        rig.event(Event::Held { name: "main".to_owned(), saved: true, state: None });
        rig.rows(turns);
        rig
    }

    pub fn rows(&mut self, turns: u64) {
        let rows = (1..=turns)
            .map(|id| row(id, "main"))
            .chain([row(1000, "sub"), row(1001, "sub")])
            .collect();
        self.event(Event::Daemon(DaemonEvent::Rows(rows)));
        self.event(Event::Daemon(DaemonEvent::SnapshotEnd));
        if self
            .state
            .conversation
            .agent
            .as_ref()
            .is_none_or(|agent| agent.agent.as_deref() == Some("sub"))
        {
            self.command(Command::PreviousAgent);
        }
    }

    pub fn event(&mut self, event: Event) {
        self.now += 1000;
        let effects = self.state.update(self.now, event);
        self.run(effects);
        // A fetch may show that more has to be fetched.
        for _ in 0..300 {
            let effects = self.state.arrange();
            if let Some(Effect::Follow(followed)) =
                effects.iter().find(|effect| matches!(effect, Effect::Follow(_)))
            {
                self.followed.clone_from(followed);
            }
            let is_fetched = |effect: &Effect| {
                matches!(
                    effect,
                    Effect::Fetch { .. }
                        | Effect::FetchFormer(_)
                        | Effect::Bring(_)
                        | Effect::Copy(_)
                        | Effect::Sections { .. }
                        | Effect::Search(_)
                )
            };
            if !effects.iter().any(is_fetched) {
                return;
            }
            self.run(effects);
        }
        panic!("it goes on asking: {:?}", self.state.arrange());
    }

    /// As [`Rig::event`], but what is fetched comes piece by piece, and each piece is laid out
    /// before the next one comes.
    pub fn event_slowly(&mut self, event: Event) {
        self.now += 1000;
        let mut waiting = self.state.update(self.now, event);
        loop {
            waiting.extend(self.state.arrange());
            waiting.retain(|effect| matches!(effect, Effect::Fetch { .. }));
            if waiting.is_empty() {
                return;
            }
            let first = waiting.remove(0);
            self.run(vec![first]);
        }
    }

    pub fn run(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Fetch { exchange, .. } => {
                    let follow_up = self.state.update(
                        self.now,
                        Event::Fetched { exchange, fetch: Box::new((self.fetch)(exchange)) },
                    );
                    assert!(
                        self.hints
                            || follow_up.is_empty()
                            || matches!(follow_up.as_slice(), [Effect::Save(_)]),
                        "{follow_up:?}"
                    );
                    if self.hints {
                        self.run(follow_up);
                    }
                }
                Effect::FetchFormer(wanted) => {
                    let contents = (self.former)(&wanted);
                    let event = Event::Former { exchange: wanted.exchange, contents };
                    self.asked_former.push(wanted);
                    let _ = self.state.update(self.now, event);
                }
                Effect::Save(state) => self.saved = Some(state),
                Effect::Copy(text) => self.copied = Some(text),
                Effect::Open { text, suffix, program } => {
                    self.opened = Some((text, suffix, program))
                }
                Effect::Leave | Effect::HandOver => self.left = true,
                Effect::Sections { session, after } => {
                    let answer = super::compare::sections(session.as_deref(), after);
                    self.state.update(self.now, Event::Sections { session, answer });
                }
                Effect::Bring(need) => {
                    self.brought += 1;
                    let brought = bring(need);
                    self.state.update(self.now, Event::Brought { need, brought });
                }
                Effect::Search(question) => {
                    if let Some(number) =
                        question.as_ref().map(|question| question.number).filter(|_| !self.hints)
                    {
                        self.state.update(
                            self.now,
                            Event::Hinted { number, answer: Ok(Vec::new()), is_over: true },
                        );
                    }
                    self.asked.push(question);
                }
                Effect::Rows { .. }
                | Effect::FetchBlocks { .. }
                | Effect::Follow(_)
                | Effect::Redraw
                | Effect::Suspend
                | Effect::Edit { .. } => {}
            }
        }
    }

    pub fn key(&mut self, name: &str) {
        self.event(Event::Key(Key::parse(name).unwrap_or_else(|| panic!("{name} is no key"))));
    }

    pub fn keys(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.key(name));
    }

    /// By its key in the conversation.
    pub fn command(&mut self, command: Command) {
        let binding = ccdump_state::keymap::TABLE
            .iter()
            .find(|binding| binding.command == command)
            .expect("it has a key");
        self.key(binding.keys[0]);
    }

    pub fn save(&mut self) -> Vec<u8> {
        self.now += 1_000_000;
        self.event(Event::Tick);
        self.saved.clone().expect("something was saved")
    }

    pub fn text(&self) -> Vec<String> {
        let rows = &self.state.conversation.window.rows;
        rows.iter()
            .map(|row| {
                row.turn
                    .line(row.line)
                    .map(|line| line.spans.iter().map(|span| span.text.as_str()).collect())
                    .unwrap_or_default()
            })
            .collect()
    }

    pub fn shows(&self, wanted: &str) -> bool {
        self.text().iter().any(|line| line.contains(wanted))
    }

    pub fn focus(&self) -> Spot {
        self.state.conversation.focus.clone().expect("something is marked")
    }

    pub fn follows(&self) -> bool {
        self.state.conversation.follow
    }
}
