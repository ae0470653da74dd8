//! What recording costs: a direct connection, a bare relay that records nothing, and `ccdumpd`, side by side in one run.
//!
//! `cargo build --release && cargo bench -p ccdump-tests --bench proxy [-- quick] [-- FILTER…]`, where a filter is a part of a row's
//! group: ttfb, paced, flat, requests, upload, agent. Upstream, relay and client are processes of their own: this program, run again
//! in another role.

mod clock;
mod load;
mod measure;
mod relay;
mod table;
mod target;
mod upstream;

fn main() {
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
        ["role-client", via, address, job @ ..] => load::run(via, address.parse().expect("an address"), job),
        // `cargo test --all-targets` runs benchmarks without this flag: they have nothing to say there.
        words if !words.contains(&"--bench") => println!("run it with: cargo bench -p ccdump-tests --bench proxy"),
        words => measure::run(&words.iter().copied().filter(|word| !word.starts_with("--")).collect::<Vec<_>>()),
    }
}
