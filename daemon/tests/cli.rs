//! The built program's exit codes and one-line errors.

use std::{
    path::Path,
    process::{Command, Output},
};

fn ccdumpd(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ccdumpd"))
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .current_dir(home)
        .output()
        .expect("the program runs")
}

/// Exit code and stderr, which must be one line.
fn failure(output: &Output) -> (i32, String) {
    let stderr = String::from_utf8(output.stderr.clone()).expect("text");
    assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
    (output.status.code().expect("not killed"), stderr)
}

#[test]
fn without_a_daemon_status_and_stop_say_how_to_start_one() {
    let home = tempfile::tempdir().expect("temporary folder");
    for command in ["status", "stop"] {
        let (code, stderr) = failure(&ccdumpd(home.path(), &[command]));
        assert_eq!(code, 3, "{command}: {stderr}");
        assert!(stderr.contains("ccdumpd start"), "{command}: {stderr}");
    }
}

#[test]
fn what_cannot_be_understood_is_usage() {
    let home = tempfile::tempdir().expect("temporary folder");
    let (code, stderr) = failure(&ccdumpd(home.path(), &["serve", "--upstream", "ftp://x"]));
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("ftp://x"), "{stderr}");
    assert_eq!(ccdumpd(home.path(), &["serve", "--lisen", "x"]).status.code(), Some(2));
}

#[test]
fn a_broken_configuration_is_named() {
    let home = tempfile::tempdir().expect("temporary folder");
    let folder = home.path().join(".config/ccdump");
    std::fs::create_dir_all(&folder).expect("made");
    std::fs::write(folder.join("config.toml"), "listen = [").expect("written");
    let (code, stderr) = failure(&ccdumpd(home.path(), &["status"]));
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("config.toml"), "{stderr}");
}

#[test]
fn an_address_that_is_none_is_said() {
    let home = tempfile::tempdir().expect("temporary folder");
    let output = ccdumpd(home.path(), &["serve", "--listen", "nowhere"]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("HOST:PORT"), "{stderr}");
}

#[test]
fn the_demos_traffic_ends_with_its_standard_input() {
    let home = tempfile::tempdir().expect("temporary folder");
    let output = ccdumpd(home.path(), &["demo-traffic"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8(output.stdout).expect("text");
    assert!(
        stdout.starts_with("{\"event\":\"upstream\",\"url\":\"http://127.0.0.1:")
            && stdout.lines().count() == 1,
        "{stdout}"
    );
}

#[test]
fn a_daemon_on_a_leash_ends_with_its_standard_input() {
    let home = tempfile::tempdir().expect("temporary folder");
    let data_dir = home.path().join("data");
    let data_dir = data_dir.to_str().expect("UTF-8");
    // Standard input ends at once.
    let output = ccdumpd(
        home.path(),
        &["serve", "--until-stdin-closes", "--listen", "127.0.0.1:0", "--data-dir", data_dir],
    );
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("stopped"));
}
