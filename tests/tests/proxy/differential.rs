//! Random exchanges by curl, Node, Python and raw sockets: straight and through the daemon, both
//! ends must see the same. What is random, and what may differ, is in `tests/differential`; this
//! runs a few of them, `just differential` and CI more.

use std::process::Command;

use ccdump_tests::binaries;

/// Enough for each client to have some; the seed is fixed, so that a failure can be had again.
const EXCHANGES: &str = "60";
const SEED: &str = "1";

#[test]
fn random_exchanges_are_the_same_straight_and_through() {
    if !has_python() {
        eprintln!("skipped: there is no python3, or one before 3.10");
        return;
    }
    let folder = binaries::root().join("tests/differential");
    let run = Command::new("python3")
        .arg(folder)
        .args([EXCHANGES, "--seed", SEED])
        .arg("--daemon")
        .arg(binaries::ccdumpd())
        .arg("--view")
        .arg(binaries::ccdump_view())
        .output()
        .expect("python3 runs");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains("no difference"), "{said}");
}

fn has_python() -> bool {
    let is_old = "import sys; sys.exit(sys.version_info < (3, 10))";
    let asked = Command::new("python3").args(["-c", is_old]).status();
    asked.is_ok_and(|status| status.success())
}
