//! What recording costs: a direct connection, a bare relay that records nothing, and `ccdumpd`,
//! side by side in one run.
//!
//! `cargo build --release && cargo bench -p ccdump-tests --bench proxy [-- quick] [-- --rounds N]
//! [-- FILTER…]`, where a filter is a part of a row's group: ttfb, paced, flat, requests, upload,
//! agent. Upstream, relay and client are processes of their own: this program, run again in another
//! role. `--against FOLDER` adds the `ccdumpd` of another build, and compares the two (see the
//! benchmark `against`).

mod clock;
mod load;
mod measure;
mod relay;
mod table;
mod target;
mod upstream;

use std::process::ExitCode;

use ccdump_tests::bench::Arguments;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["role-upstream"] => {
            target::end_with_parent();
            upstream::run();
        }
        ["role-relay", upstream] => {
            target::end_with_parent();
            relay::run(upstream.parse().expect("an address"));
        }
        ["role-client", via, address, job @ ..] => {
            load::run(via, address.parse().expect("an address"), job)
        }
        // `cargo test --all-targets` runs benchmarks without this flag: they have nothing to say
        // there.
        words if !words.contains(&"--bench") => {
            println!("run it with: cargo bench -p ccdump-tests --bench proxy")
        }
        _ => return measure::run(&Arguments::of(arguments)),
    }
    ExitCode::SUCCESS
}
