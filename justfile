# Developer tasks. `cargo build --release` and `cargo test --workspace` need nothing of this.

default:
    @just --list

# What CI checks, without its installs
check: fmt lint proto test

fmt:
    cargo fmt --all --check

lint:
    cargo clippy --workspace --all-targets -- -D warnings

# The wire contract: style, and that it only grew since the committed image
proto:
    buf lint proto
    buf breaking proto --against proto/image.binpb

# Accepts the contract as it stands as the new baseline (after `just proto` passed)
proto-accept:
    buf build proto -o proto/image.binpb

test:
    cargo test --workspace

# The proxy side by side with a direct connection and a bare relay; `just bench quick` is shorter
bench *args:
    cargo build --release -p ccdumpd -p ccdump-view
    cargo bench -p ccdump-tests --bench proxy -- {{args}}

# The picture in the README: the viewer's own screen at the end of its demo
picture:
    cargo build -p ccdumpd -p ccdump-view
    cargo run -p ccdump-tests --example picture

# The viewer in a terminal, on records made for it: `just bench-viewer [quick|full] [attach|keys|events|flood]`
bench-viewer *args:
    cargo build --release -p ccdumpd -p ccdump-view
    cargo bench -p ccdump-tests --bench viewer -- {{args}}

# Prices from the PyPI package genai-prices into the provider crate
prices:
    python3 scripts/prices.py
