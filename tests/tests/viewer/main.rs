//! The viewer: on a terminal and as a command.

mod changes;
mod commands;
mod demo;
mod inspector;
mod moments;
mod screen;
mod subagents;
mod terminal;
