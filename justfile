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

# Random exchanges by curl, Node, Python and raw sockets, straight and through the daemon: what differs; `just differential [N] [--seed S]`
differential *args:
    cargo build -p ccdumpd -p ccdump-view
    python3 tests/differential {{args}}

# The proxy side by side with a direct connection and a bare relay; `just bench quick` is shorter
bench *args:
    cargo build --release -p ccdumpd -p ccdump-view
    cargo bench -p ccdump-tests --bench proxy -- {{args}}

# Whether this build is worse than a revision's, both in turn: `just bench-against REV [proxy|viewer|reload …] [quick] [--rounds N]`
bench-against rev *args:
    cargo build --release -p ccdumpd -p ccdump-view
    cargo bench -p ccdump-tests --bench against -- {{rev}} {{args}}

# What memory the daemon takes and gives back, and what it does not record of large bodies at full speed
memory:
    cargo build --release -p ccdumpd -p ccdump-view
    python3 scripts/memory.py

# The picture in the README: the viewer's own screen at the end of its demo
picture:
    cargo build -p ccdumpd -p ccdump-view
    cargo run -p ccdump-tests --example picture

# The viewer in a terminal, on records made for it: `just bench-viewer [quick|full] [attach|keys|search|events|flood]`
bench-viewer *args:
    cargo build --release -p ccdumpd -p ccdump-view
    cargo bench -p ccdump-tests --bench viewer -- {{args}}

# From a saved source to what it changes on the screen, with 10,000 exchanges in the record: `just bench-reload [quick]`
bench-reload *args:
    cargo build --release -p ccdumpd -p ccdump-view
    cargo bench -p ccdump-tests --bench viewer -- reload {{args}}

# The viewer under the hot-reload host: each save is seen in about a second (HOT_RELOAD.md)
dev *args:
    cargo build -p ccdumpd -p ccdump-view
    target/debug/ccdump-view dev {{args}}

# The same, with cargo-watch as the builder (`cargo install cargo-watch`)
dev-cargo-watch *args:
    #!/usr/bin/env bash
    set -eu
    cargo build -p ccdumpd -p ccdump-view
    mkdir -p target/watch
    # The host is a copy: its own file is about to be replaced.
    cp target/debug/ccdump-view target/watch/host
    export CCDUMPD="$PWD/target/debug/ccdumpd"
    cargo watch --quiet --watch viewer --watch shared --watch proto --exec 'build --quiet -p ccdump-view --target-dir target/watch' 2> target/watch/log &
    watch=$!
    trap 'kill $watch' EXIT
    target/watch/host dev --builder external --binary target/watch/debug/ccdump-view {{args}}

# Prices from the PyPI package genai-prices into the provider crate
prices:
    python3 scripts/prices.py
