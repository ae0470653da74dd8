//! The story: the tests of a date parser fail. Why, and what to do about it?
//!
//! It shows, in half a minute, what a session can hold: thinking, tools side by side, subagents
//! that talk at the same time, an API that is overloaded, a person who interrupts, a system prompt
//! that changes, a file that would like to take over the terminal.

mod files;
mod helpers;
mod inquiry;
mod prompts;
mod repair;
mod title;
mod tools;

use super::{DemoError, agent::Agent, request::Role, stage::Stage};

const MAIN: Role = Role { agent: None, parent: None, kind: None, model: "claude-opus-5-5" };

/// Plays all of it.
pub async fn play(stage: &Stage) -> Result<(), DemoError> {
    let mut main = Agent::new(stage, MAIN, prompts::main(prompts::EXPLAINING), tools::all()?);
    inquiry::play(stage, &mut main).await?;
    let (read_on, history, callers) = tokio::join!(
        inquiry::reads_on(&mut main),
        helpers::history(stage),
        helpers::callers(stage)
    );
    read_on.and(history).and(callers)?;
    repair::play(stage, &mut main).await
}
