//! An agent's conversation: what it sends with each turn, and what it is answered.

use ccdump_tests::{
    agent::{EventStream, Writer, tools},
    random::Random,
};
use serde_json::{Value, json};

use crate::{plan::SessionPlan, screen};

/// About what a request holds besides its history.
pub(crate) const BASE_BYTES: usize = 44_000;
/// Every so many turns the model has nothing left to do, and the person asks for more.
const TASK_TURNS: usize = 12;

/// One agent of one session.
#[derive(Debug)]
pub(crate) struct Agent {
    session: SessionPlan,
    /// 0 is the main agent.
    agent: usize,
    turn: usize,
    writer: Writer,
    /// The request up to its first message.
    head: String,
    /// All messages but the last, each with a comma after it.
    history: String,
    /// The last message: its role, and its one block without the closing brace.
    last: (&'static str, String),
}

/// A request and its answer.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) request: Vec<u8>,
    pub(crate) answer: Vec<u8>,
    /// The last word of the answer's text, found nowhere else.
    pub(crate) mark: String,
}

impl Agent {
    pub(crate) fn new(session: SessionPlan, agent: usize) -> Self {
        let seed = ((session.number as u64) << 20) | agent as u64;
        let mut writer = Writer::new(Random::new(seed));
        let head = head(
            &mut Writer::new(Random::new(agent.min(1) as u64)),
            &session_id(session.number),
            agent > 0,
        );
        let first = text_block(&writer.prose(300));
        Self {
            session,
            agent,
            turn: 0,
            writer,
            head,
            history: String::new(),
            last: ("user", first),
        }
    }

    /// The headers of its requests besides content-type and content-length.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        let mut headers = vec![
            ("X-Claude-Code-Session-Id".to_owned(), session_id(self.session.number)),
            ("anthropic-version".to_owned(), "2023-06-01".to_owned()),
            (
                "anthropic-beta".to_owned(),
                "claude-code-20250219,interleaved-thinking-2025-05-14".to_owned(),
            ),
            ("x-api-key".to_owned(), "sk-ant-scripted-agent-000000000000000000000000".to_owned()),
            ("x-app".to_owned(), "cli".to_owned()),
        ];
        if self.agent > 0 {
            headers.push((
                "x-claude-code-agent-id".to_owned(),
                format!("a{:04}{:02}", self.session.number, self.agent),
            ));
        }
        headers
    }

    /// The next request, and what the model is to answer; `is_last`: it has nothing left to do.
    pub(crate) fn next_turn(&mut self, is_last: bool) -> Turn {
        let request = self.request();
        let (number, turn) = (self.session.number, self.turn);
        let mark = screen::mark(number, self.agent, turn);
        let bytes = self.session.step_bytes;
        let is_done = is_last || (turn + 1).is_multiple_of(TASK_TURNS);
        let thinking = (turn % 3 == 0).then(|| self.writer.prose(bytes / 12));
        let text = format!("{} {mark}", self.words(bytes / 8));
        let id = format!("toolu_{number:04}{:02}{turn:06}", self.agent);
        let (name, input) = self.call(bytes / 12);

        let usage = json!({"input_tokens": 4, "cache_read_input_tokens": 11_000 + turn * bytes / 4, "cache_creation_input_tokens": bytes / 4,
            "cache_creation": {"ephemeral_5m_input_tokens": bytes / 4, "ephemeral_1h_input_tokens": 0}, "output_tokens": 1});
        let mut stream =
            EventStream::begin(&format!("msg_{number:04}{:02}{turn:06}", self.agent), &usage);
        let mut said = Vec::new();
        if let Some(thinking) = &thinking {
            stream.thinking(thinking);
            said.push(
                json!({"type": "thinking", "thinking": thinking, "signature": "c2lnbmF0dXJl"}),
            );
        }
        stream.text(&text);
        said.push(json!({"type": "text", "text": text}));
        if !is_done {
            stream.tool_use(&id, name, &input);
            said.push(json!({"type": "tool_use", "id": id, "name": name, "input": input}));
        }
        let answer = stream.end(if is_done { "end_turn" } else { "tool_use" }, bytes as u64 / 12);

        self.push(&json!({"role": "assistant", "content": said}).to_string());
        let next = if is_done {
            text_block(&self.writer.prose(200))
        } else {
            let result = Value::from(self.writer.code(bytes * 3 / 4));
            format!(r#"{{"type":"tool_result","tool_use_id":"{id}","content":{result}"#)
        };
        self.last = ("user", next);
        self.turn += 1;
        Turn { request, answer, mark }
    }

    /// What the model was made to say instead of the next turn's answer.
    pub(crate) fn answered(&mut self, text: &str) {
        self.push(
            &json!({"role": "assistant", "content": [{"type": "text", "text": text}]}).to_string(),
        );
        self.last = ("user", text_block(&self.writer.prose(200)));
    }

    /// The request as it stands; the newest message carries the cache mark.
    pub(crate) fn request(&self) -> Vec<u8> {
        let (role, block) = &self.last;
        let last = format!(
            r#"{{"role":"{role}","content":[{block},"cache_control":{{"type":"ephemeral"}}}}]}}]}}"#
        );
        [self.head.as_bytes(), self.history.as_bytes(), last.as_bytes()].concat()
    }

    fn push(&mut self, answer: &str) {
        let (role, block) = &self.last;
        let last = format!(r#"{{"role":"{role}","content":[{block}}}]}}"#);
        self.history.push_str(&format!("{last},{answer},"));
    }

    /// Markdown, now and then with a list or with code.
    fn words(&mut self, length: usize) -> String {
        let prose = self.writer.prose(length / 2);
        match self.turn % 4 {
            1 => {
                let items: Vec<String> = (0..3)
                    .map(|_| format!("- **{}**", self.writer.prose(length / 8).replace('\n', " ")))
                    .collect();
                format!("{prose}\n\n{}\n\n", items.join("\n"))
            }
            3 => format!("{prose}\n\n```rust\n{}```\n\n", self.writer.code(length / 2)),
            _ => format!("{prose}\n\n{}", self.writer.prose(length / 2)),
        }
    }

    fn call(&mut self, length: usize) -> (&'static str, Value) {
        let path = format!("/home/user/project/src/module_{}.rs", self.turn % 17);
        match self.turn % 4 {
            0 => ("Read", json!({"file_path": path})),
            1 => (
                "Edit",
                json!({"file_path": path, "old_string": self.writer.code(length / 2), "new_string": self.writer.code(length / 2)}),
            ),
            2 => ("Grep", json!({"pattern": self.writer.prose(10).trim(), "path": path})),
            _ => (
                "Bash",
                json!({"command": self.writer.code(length), "description": self.writer.prose(30)}),
            ),
        }
    }
}

fn session_id(number: usize) -> String {
    format!("be9c4000-0000-4000-8000-{number:012x}")
}

/// A text block without its closing brace.
fn text_block(text: &str) -> String {
    format!(r#"{{"type":"text","text":{}"#, Value::from(text))
}

/// All that goes out before the messages.
fn head(writer: &mut Writer, session: &str, is_subagent: bool) -> String {
    let mark = if is_subagent { " cc_is_subagent=true;" } else { "" };
    let system = json!([
        {"type": "text", "text": format!("x-anthropic-billing-header: cc_version=2.1.330; cc_entrypoint=cli;{mark}")},
        {"type": "text", "text": "You are a coding agent.", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": writer.prose(12_000), "cache_control": {"type": "ephemeral"}},
    ]);
    let tools = tools(writer);
    let user = json!({"device_id": "0", "session_id": session}).to_string();
    let (metadata, thinking) = (json!({"user_id": user}), json!({"type": "adaptive"}));
    format!(
        r#"{{"model":"claude-sonnet-4-5-20250929","max_tokens":32000,"stream":true,"metadata":{metadata},"thinking":{thinking},"system":{system},"tools":{tools},"messages":["#
    )
}
