//! Beside the first turn: what is this session to be called?

use serde_json::json;

use super::prompts;
use crate::demo::{
    DemoError,
    answer::Answer,
    reply::Reply,
    request::{Body, MESSAGES, Role, Settings, request},
    stage::Stage,
    usage::{Prompt, Usage, tokens},
};

const MODEL: &str = "claude-haiku-5-5";
const ROLE: Role = Role { agent: None, parent: None, kind: None, model: MODEL };

/// Asks a small model for a title of a session that begins with `words`.
pub async fn is_found(stage: &Stage, words: &str) -> Result<(), DemoError> {
    let system = [json!({"type": "text", "text": prompts::TITLE})];
    let messages = [json!({"role": "user", "content": words})];
    let body = Body {
        model: MODEL,
        messages: &messages,
        system: &system,
        tools: &[],
        settings: Some(Settings::title()),
    };
    let prompt = Prompt { tools: 0, system: prompts::TITLE.to_owned(), messages: tokens(words) };
    let said = Reply::default()
        .text(r#"{"title": "Fix the failing date parser tests"}"#)
        .said("toolu_demo_title");
    let events =
        said.events("msg_demo_title", MODEL, Usage::new(None, &prompt, said.tokens().0, 0));
    let request = request(ROLE, "auxiliary", None, MESSAGES, &body)?;
    stage
        .exchange(&mut stage.connection(), &request, Answer::stream(events, "req_demo_title"))
        .await
}
