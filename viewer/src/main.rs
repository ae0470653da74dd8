//! `ccdump-view`: shows what a running daemon has recorded. It owns nothing that could not be had
//! again.
//!
//! Here is how things look: items as lines ([`lines`]), sheets as rows ([`rows`]), and the state as
//! a screen ([`view`]). It is what is changed most, and so what is built in one step. Commands,
//! terminal and connection are in `ccdump-shell`, what keys and news do in `ccdump-state`.

mod lines;
mod rows;
#[cfg(test)]
mod tests;
mod view;

use std::process::ExitCode;

#[cfg(feature = "dylib")]
use ccdump_dylib_shell as _;

use ccdump_shell::Look;

const LOOK: Look = Look {
    lines: lines::lines,
    rows: rows::rows,
    draw: view::draw,
    draw_replay: view::replay::draw,
};

fn main() -> ExitCode {
    ccdump_shell::main(LOOK)
}
