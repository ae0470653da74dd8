//! Whether this build is worse than that of a revision: proxy, viewer and hot reload, both builds
//! in turn.
//!
//! `cargo build --release && cargo bench -p ccdump-tests --bench against -- REV
//! [proxy|viewer|reload …] [quick] [--rounds N]`, or `just bench-against`. The revision is built in
//! a worktree of its own below `target/against`, once. What is measured is that of the benchmarks
//! `proxy` and `viewer`. Exit code 1: something is worse by 5 % and more.

mod revision;

use std::{
    path::Path,
    process::{Command, ExitCode},
};

use ccdump_tests::{bench::Arguments, binaries, machine};

const PARTS: [&str; 3] = ["proxy", "viewer", "reload"];

fn main() -> ExitCode {
    let Arguments { rounds, words, .. } = Arguments::of(std::env::args().skip(1));
    let (chosen, words): (Vec<String>, Vec<String>) =
        words.into_iter().partition(|word| PARTS.contains(&word.as_str()));
    let [revision, options @ ..] = words.as_slice() else {
        println!(
            "run it with: cargo bench -p ccdump-tests --bench against -- REV [proxy|viewer|reload …] [quick] [--rounds N]"
        );
        return ExitCode::SUCCESS;
    };
    if let Some(unknown) = options.iter().find(|option| *option != "quick") {
        eprintln!("{unknown} is neither a part ({}) nor quick", PARTS.join(", "));
        return ExitCode::from(2);
    }
    let Some(commit) = revision::resolve(revision) else {
        eprintln!("{revision} is no revision of this repository: name a commit, a branch or a tag");
        return ExitCode::from(2);
    };
    let built = revision::build(&commit);
    println!("{}", machine::description());
    println!("before: {}\nafter:  {}", built.description, revision::present());
    let rounds = rounds.map(|rounds| ["--rounds".to_owned(), rounds.to_string()]);
    let options: Vec<String> =
        options.iter().cloned().chain(rounds.into_iter().flatten()).collect();
    let mut code = ExitCode::SUCCESS;
    for part in
        PARTS.iter().filter(|part| chosen.is_empty() || chosen.iter().any(|chosen| chosen == *part))
    {
        if !is_no_worse(part, &built.folder, &options) {
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// Runs the benchmark of that part; it prints what it found.
fn is_no_worse(part: &str, before: &Path, options: &[String]) -> bool {
    let (bench, group) = if part == "reload" { ("viewer", Some(part)) } else { (part, None) };
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["bench", "--quiet", "-p", "ccdump-tests", "--bench", bench, "--", "--against"])
        .arg(before)
        .args(options)
        .args(group);
    println!("\n{part}: {command:?}");
    command.current_dir(binaries::root()).status().expect("cargo runs").success()
}
