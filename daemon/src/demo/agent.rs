//! A scripted agent: its history grows with each turn, and it sends all of it every time.

use serde_json::{Value, json};

use super::{
    DemoError,
    answer::{Answer, Piece},
    client::{Connection, Request},
    reply::{Reply, Said, ToolUse},
    request::{Body, COUNT_TOKENS, MESSAGES, Role, Settings, request},
    stage::Stage,
    usage::{Prompt, Usage, tokens},
};

/// After an overload. Milliseconds.
const BEFORE_RETRY: u64 = 500;
/// After a person has seen enough of an answer. Milliseconds.
const BEFORE_NEXT_WORD: u64 = 1_400;

pub struct Agent<'a> {
    stage: &'a Stage,
    role: Role,
    system: Vec<Value>,
    tools: Vec<Value>,
    messages: Vec<Value>,
    connection: Connection,
    /// Requests of its own so far.
    turns: usize,
    /// What the cache holds.
    cached: Option<Prompt>,
    /// Tool uses that have no result yet.
    asked_for: Vec<ToolUse>,
    durations: Option<String>,
}

/// What a tool gave.
pub struct Outcome {
    /// Milliseconds.
    took: u64,
    content: String,
    is_error: bool,
}

pub fn gives(took: u64, content: impl Into<String>) -> Outcome {
    Outcome { took, content: content.into(), is_error: false }
}

pub fn fails(took: u64, content: impl Into<String>) -> Outcome {
    Outcome { is_error: true, ..gives(took, content) }
}

impl<'a> Agent<'a> {
    pub fn new(stage: &'a Stage, role: Role, system: Vec<Value>, tools: Vec<Value>) -> Self {
        stage.agent_enters();
        let connection = stage.connection();
        Self {
            stage,
            role,
            system,
            tools,
            messages: Vec::new(),
            connection,
            turns: 0,
            cached: None,
            asked_for: Vec::new(),
            durations: None,
        }
    }

    /// From now on the system prompt is another one.
    pub fn is_told(&mut self, system: Vec<Value>) {
        self.system = system;
    }

    /// Texts of the user, or of the agent's own in the user's name.
    pub fn hears(&mut self, texts: &[&str]) {
        self.add_to_user_message(
            texts.iter().map(|text| json!({"type": "text", "text": text})).collect(),
        );
    }

    /// The tools run side by side, in the order in which the model named them; their results join
    /// the history.
    pub async fn runs_tools(&mut self, outcomes: impl IntoIterator<Item = Outcome>) {
        let mut results = Vec::new();
        let mut durations = Vec::new();
        let mut longest = 0;
        for (tool, Outcome { took, content, is_error }) in self.asked_for.drain(..).zip(outcomes) {
            let mut result =
                json!({"type": "tool_result", "tool_use_id": tool.id, "content": content});
            if is_error {
                result["is_error"] = json!(true);
            }
            results.push(result);
            // What was waited for elsewhere has no time of its own.
            if took > 0 {
                durations.push(format!("{}={took}", tool.name));
            }
            longest = longest.max(took);
        }
        self.stage.pause(longest).await;
        self.durations = (!durations.is_empty()).then(|| durations.join(";"));
        self.add_to_user_message(results);
    }

    /// Sends all of the history; the model answers so, and the answer joins the history.
    pub async fn asks(&mut self, reply: Reply) -> Result<(), DemoError> {
        let (request, prompt) = self.turn()?;
        self.is_answered(&request, prompt, reply).await
    }

    /// As [`Agent::asks`], but the API is overloaded at first; the same bytes are sent again.
    pub async fn asks_twice(&mut self, reply: Reply) -> Result<(), DemoError> {
        let (request, prompt) = self.turn()?;
        let refusal = Answer::overloaded(&self.id("req_demo_overload"));
        self.stage.exchange(&mut self.connection, &request, refusal).await?;
        self.stage.pause(BEFORE_RETRY).await;
        self.is_answered(&request, prompt, reply).await
    }

    /// Sends all of the history, and leaves in the middle of the answer: nothing of it joins the
    /// history.
    pub async fn asks_and_leaves(&mut self, reply: Reply) -> Result<(), DemoError> {
        let (request, prompt) = self.turn()?;
        let (events, _) = self.events(reply, &prompt);
        let answer = Answer::stalled_stream(events, &self.id("req_demo"));
        self.stage.broken_exchange(&mut self.connection, &request, answer).await?;
        self.cached = Some(prompt);
        self.stage.pause(BEFORE_NEXT_WORD).await;
        Ok(())
    }

    /// Has the tokens of what it would send counted.
    pub async fn counts_tokens(&mut self) -> Result<(), DemoError> {
        let body = self.body(&self.messages, None);
        let request = request(self.role, "auxiliary", None, COUNT_TOKENS, &body)?;
        let answer = Answer::json(
            &json!({"input_tokens": self.prompt().tokens()}),
            &self.id("req_demo_count"),
        );
        self.stage.exchange(&mut self.connection, &request, answer).await
    }

    fn turn(&mut self) -> Result<(Request, Prompt), DemoError> {
        self.turns += 1;
        // The newest block carries the mark up to which the cache is to hold the history.
        let mut messages = self.messages.clone();
        if let Some(newest) =
            messages.last_mut().and_then(|message| message["content"].as_array_mut()?.last_mut())
        {
            newest["cache_control"] = json!({"type": "ephemeral"});
        }
        let class = if self.role.agent.is_some() { "subagent" } else { "main" };
        let durations = self.durations.take();
        let body = self.body(&messages, Some(Settings::turn()));
        Ok((request(self.role, class, durations.as_deref(), MESSAGES, &body)?, self.prompt()))
    }

    async fn is_answered(
        &mut self,
        request: &Request,
        prompt: Prompt,
        reply: Reply,
    ) -> Result<(), DemoError> {
        let (events, said) = self.events(reply, &prompt);
        let answer = Answer::stream(events, &self.id("req_demo"));
        self.stage.exchange(&mut self.connection, request, answer).await?;
        self.cached = Some(prompt);
        self.messages.push(json!({"role": "assistant", "content": said.blocks}));
        self.asked_for = said.tool_uses;
        Ok(())
    }

    fn events(&self, reply: Reply, prompt: &Prompt) -> (Vec<Piece>, Said) {
        let said = reply.said(&self.id("toolu_demo"));
        let (output, thinking) = said.tokens();
        let usage = Usage::new(self.cached.as_ref(), prompt, output, thinking);
        (said.events(&self.id("msg_demo"), self.role.model, usage), said)
    }

    fn body<'b>(&'b self, messages: &'b [Value], settings: Option<Settings>) -> Body<'b> {
        Body {
            model: self.role.model,
            messages,
            system: &self.system,
            tools: &self.tools,
            settings,
        }
    }

    fn prompt(&self) -> Prompt {
        let written = |values: &[Value]| values.iter().map(Value::to_string).collect::<String>();
        Prompt {
            tools: tokens(&written(&self.tools)),
            system: written(&self.system),
            messages: tokens(&written(&self.messages)),
        }
    }

    /// Of what belongs to the newest request.
    fn id(&self, prefix: &str) -> String {
        format!("{prefix}_{}_{:02}", self.role.agent.unwrap_or("main"), self.turns)
    }

    fn add_to_user_message(&mut self, mut blocks: Vec<Value>) {
        match self
            .messages
            .last_mut()
            .filter(|message| message["role"] == "user")
            .and_then(|last| last["content"].as_array_mut())
        {
            Some(content) => content.append(&mut blocks),
            None => self.messages.push(json!({"role": "user", "content": blocks})),
        }
    }
}
