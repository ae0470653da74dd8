//! What it costs to look through the head of an ordinary request: `cargo run --release -p
//! ccdump-secrets --example cost`.

use std::{hint::black_box, time::Instant};

use ccdump_secrets::{header, plain, target};

/// As Claude Code sends it.
const HEAD: [(&str, &str); 24] = [
    ("host", "127.0.0.1:3344"),
    ("accept", "application/json"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "*"),
    (
        "anthropic-beta",
        "claude-code-20250219,oauth-2025-04-20,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14",
    ),
    ("anthropic-dangerous-direct-browser-access", "true"),
    ("anthropic-version", "2023-06-01"),
    (
        "authorization",
        "Bearer sk-ant-oat01-0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz-0123456789abcdef",
    ),
    ("connection", "keep-alive"),
    ("content-length", "51234"),
    ("content-type", "application/json"),
    ("sec-fetch-mode", "cors"),
    ("user-agent", "claude-cli/2.1.332 (external, cli)"),
    ("x-app", "cli"),
    ("x-claude-code-session-id", "6f1c3f0e-1111-4222-8333-444455556666"),
    ("x-claude-code-prev-tool-durations", "Bash=742;Read=9"),
    ("x-stainless-arch", "x64"),
    ("x-stainless-helper-method", "stream"),
    ("x-stainless-lang", "js"),
    ("x-stainless-os", "Linux"),
    ("x-stainless-package-version", "2.12.0"),
    ("x-stainless-retry-count", "0"),
    ("x-stainless-runtime", "node"),
    ("x-stainless-runtime-version", "v24.3.0"),
];

fn main() {
    const ROUNDS: u32 = 100_000;
    let head = || {
        let masked: Vec<_> = HEAD.iter().map(|(name, value)| header(name, value, &plain)).collect();
        black_box((masked, target("/v1/messages?beta=true", &plain)));
    };
    head();
    let begun = Instant::now();
    (0..ROUNDS).for_each(|_| head());
    println!(
        "{:.2} µs per head of {} fields",
        begun.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS),
        HEAD.len()
    );
}
