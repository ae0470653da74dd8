//! What each command does: asks over [`crate::link`], forms lines, writes them out.

mod body;
mod ls;
mod show;
mod tail;
mod talk;

use std::path::PathBuf;

use tokio::sync::mpsc;

use crate::{
    failure::Failure,
    link::{Link, Update},
    options::Command,
    output::Output,
};

/// Runs `command` with the daemon at `socket`.
pub async fn run(command: Command, socket: PathBuf) -> Result<(), Failure> {
    match command {
        Command::Ls(options) => ls::run(&socket, options).await,
        Command::Show(options) => show::run(&socket, options).await,
        Command::Body(options) => body::run(&socket, options).await,
        Command::Tail(options) => tail::run(socket, options).await,
    }
}

/// Prints the conversation that `updates` of a log with payloads tell, until they end.
pub async fn talk(
    link: Link,
    updates: mpsc::Receiver<Update>,
    output: Output,
) -> Result<(), Failure> {
    let history_end = link.hello().head_seq;
    talk::Talk::new(link, history_end, output).run(updates, tail::Idle::never()).await
}
