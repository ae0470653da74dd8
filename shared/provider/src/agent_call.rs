//! Calls of a tool that has another agent do something, and how they are found again in what that
//! agent sends.
//!
//! The agent's first words are those that its caller wrote, as a text of their own: neither side
//! says which call it was.

use serde_json::Value;

use crate::{fingerprint, json};

/// Arguments that say what kind of agent is wanted, by the name that each program gives them.
pub const KINDS: [&str; 3] = ["subagent_type", "agent_type", "agent"];
pub const DESCRIPTION: &str = "description";
pub const PROMPT: &str = "prompt";

/// A call that starts another agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentCall {
    /// Of its block in the answer.
    pub pointer: String,
    pub tool_use_id: String,
    /// What sort of agent, in the program's word.
    pub kind: Option<String>,
    /// What it is to do, in a few words.
    pub description: Option<String>,
    /// Of all that it is told: [`of_text`].
    pub prompt: u64,
}

/// Whether a tool of that name starts agents.
pub fn is_agent_tool(name: &str) -> bool {
    matches!(name, "Task" | "Agent" | "task" | "agent")
}

/// The fingerprint by which what an agent is told is found again. White space around it does not
/// count.
pub fn of_text(text: &str) -> u64 {
    fingerprint::of_bytes(text.trim().as_bytes())
}

impl AgentCall {
    /// `None` if the arguments do not say what the agent is told.
    pub(crate) fn read(pointer: &str, tool_use_id: &str, input: &Value) -> Option<Self> {
        let text = |name: &str| input.get(name).and_then(Value::as_str);
        let prompt = text(PROMPT).filter(|prompt| !prompt.trim().is_empty())?;
        Some(Self {
            pointer: pointer.to_owned(),
            tool_use_id: tool_use_id.to_owned(),
            kind: KINDS.into_iter().find_map(text).map(json::name_of),
            description: text(DESCRIPTION).map(json::name_of),
            prompt: of_text(prompt),
        })
    }
}
