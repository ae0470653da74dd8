//! A scripted coding agent: turn after turn it sends its whole history again, grown by a tool call
//! and its result, as Claude Code does.
//!
//! The same seed gives the same session, so that an upstream and a client in different processes
//! agree on it.

mod stream;
mod text;

use serde_json::{Value, json};

pub use stream::{EventStream, event};
pub use text::Writer;

use crate::random::Random;

/// One request and its answer.
#[derive(Debug)]
pub struct Turn {
    /// The request body.
    pub request: Vec<u8>,
    /// What of it no request before held.
    pub added: Vec<u8>,
    /// The answer, an event stream.
    pub answer: Vec<u8>,
}

/// A session so far.
#[derive(Debug)]
pub struct Session {
    seed: u64,
    turn: usize,
    system: Value,
    tools: Value,
    messages: Vec<Value>,
}

impl Session {
    pub fn new(seed: u64) -> Self {
        let mut writer = Writer::new(Random::new(seed));
        Self {
            seed,
            turn: 0,
            system: system(&mut writer),
            tools: tools(&mut writer),
            messages: vec![json!({"role": "user", "content": [text_block(&writer.prose(400))]})],
        }
    }

    /// As the agent calls it.
    pub fn id(&self) -> String {
        format!("5e551011-0000-4000-8000-{:012x}", self.seed)
    }

    /// The headers of its requests besides content-type and content-length.
    pub fn headers(&self) -> Vec<(String, String)> {
        let id = self.id();
        let fields = [
            ("X-Claude-Code-Session-Id", id.as_str()),
            ("anthropic-version", "2023-06-01"),
            (
                "anthropic-beta",
                "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27",
            ),
            ("x-api-key", "sk-ant-scripted-agent-000000000000000000000000"),
            ("x-app", "cli"),
            ("User-Agent", "claude-cli/2.1.330 (external, cli)"),
            ("accept-encoding", "gzip, deflate, br, zstd"),
        ];
        fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    /// The next request, and what the model is to answer.
    pub fn next_turn(&mut self) -> Turn {
        let step = Step::of(self.seed, self.turn);
        let added = if self.turn == 0 {
            self.body()
        } else {
            let step = Step::of(self.seed, self.turn - 1);
            let before = self.messages.len();
            self.messages.extend(step.messages());
            self.messages[before..]
                .iter()
                .flat_map(|message| message.to_string().into_bytes())
                .collect()
        };
        self.turn += 1;
        Turn { request: self.body(), added, answer: step.answer() }
    }

    fn body(&self) -> Vec<u8> {
        let mut messages = self.messages.clone();
        if let Some(block) =
            messages.last_mut().and_then(|message| message["content"].as_array_mut()?.last_mut())
        {
            block["cache_control"] = json!({"type": "ephemeral"});
        }
        let user = json!({"device_id": "0", "session_id": self.id()}).to_string();
        let body = json!({
            "model": "claude-sonnet-4-5-20250929",
            "max_tokens": 32000,
            "stream": true,
            "system": self.system,
            "tools": self.tools,
            "messages": messages,
            "metadata": {"user_id": user},
        });
        body.to_string().into_bytes()
    }
}

/// The answer to a turn, without the session before it.
pub fn answer(seed: u64, turn: usize) -> Vec<u8> {
    Step::of(seed, turn).answer()
}

/// What a turn adds: the model's words and tool call, and the tool's result.
struct Step {
    turn: usize,
    words: String,
    command: String,
    result: String,
}

impl Step {
    fn of(seed: u64, turn: usize) -> Self {
        let mut random = Random::new(seed ^ ((turn as u64 + 1) << 32));
        let (words, command, result) =
            (150 + random.below(300), 60 + random.below(200), 1_500 + random.below(4_700));
        let mut writer = Writer::new(random);
        Self {
            turn,
            words: writer.prose(words),
            command: writer.code(command),
            result: writer.code(result),
        }
    }

    fn tool_use_id(&self) -> String {
        format!("toolu_{:024}", self.turn)
    }

    fn messages(&self) -> [Value; 2] {
        let id = self.tool_use_id();
        [
            json!({"role": "assistant", "content": [
                text_block(&self.words),
                {"type": "tool_use", "id": id, "name": "Bash", "input": {"command": self.command}},
            ]}),
            json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": self.result}]}),
        ]
    }

    fn answer(&self) -> Vec<u8> {
        let usage = json!({"input_tokens": 4, "cache_read_input_tokens": 11_000 + 900 * self.turn, "cache_creation_input_tokens": 900,
            "cache_creation": {"ephemeral_5m_input_tokens": 900, "ephemeral_1h_input_tokens": 0}, "output_tokens": 1});
        let mut stream = EventStream::begin(&format!("msg_{:024}", self.turn), &usage);
        stream.text(&self.words);
        stream.tool_use(&self.tool_use_id(), "Bash", &json!({"command": self.command}));
        stream.end("tool_use", 240)
    }
}

fn text_block(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn system(writer: &mut Writer) -> Value {
    json!([
        text_block("x-anthropic-billing-header: cc_version=2.1.330; cc_entrypoint=cli;"),
        {"type": "text", "text": "You are a coding agent.", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": writer.prose(20_000), "cache_control": {"type": "ephemeral"}},
    ])
}

/// The definitions of thirteen tools, about 28 kB.
pub fn tools(writer: &mut Writer) -> Value {
    let names = [
        "Bash",
        "Read",
        "Edit",
        "Write",
        "Glob",
        "Grep",
        "Task",
        "WebFetch",
        "WebSearch",
        "TodoWrite",
        "NotebookEdit",
        "KillShell",
        "Skill",
    ];
    let tool = |name: &str| {
        let parameter =
            |writer: &mut Writer| json!({"type": "string", "description": writer.prose(150)});
        json!({"name": name, "description": writer.prose(1_700), "input_schema": {"type": "object", "properties":
            {"command": parameter(writer), "path": parameter(writer)}, "required": ["command"]}})
    };
    Value::from_iter(names.map(tool))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures of real sessions: what disk use is measured against.
    #[test]
    fn sixty_turns_hold_about_one_and_a_third_percent_of_news() {
        let mut session = Session::new(1);
        let (mut raw, mut news) = (0, Vec::new());
        for turn in 0..60 {
            let turn_made = session.next_turn();
            assert_eq!(turn_made.answer, answer(1, turn), "both ends agree");
            raw += turn_made.request.len() + turn_made.answer.len();
            news.extend_from_slice(&turn_made.added);
            news.extend_from_slice(&turn_made.answer);
        }
        let packed = zstd::bulk::compress(&news, 3).expect("compresses").len();
        let share = packed as f64 / raw as f64;
        eprintln!("{raw} raw bytes, {} new ones, {packed} packed: {share:.5}", news.len());
        assert!((0.0129..0.0143).contains(&share), "{share}");
    }

    #[test]
    fn each_request_starts_with_the_one_before_but_for_the_moved_cache_mark() {
        let mut session = Session::new(7);
        let first: Value = serde_json::from_slice(&session.next_turn().request).expect("JSON");
        let second: Value = serde_json::from_slice(&session.next_turn().request).expect("JSON");
        assert_eq!(first["system"], second["system"]);
        assert_eq!(second["messages"].as_array().map(Vec::len), Some(3));
        assert!(first["messages"][0]["content"][0]["cache_control"].is_object());
        assert!(second["messages"][0]["content"][0]["cache_control"].is_null());
        assert!(second["messages"][2]["content"][0]["cache_control"].is_object());
    }
}
