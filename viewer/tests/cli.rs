//! The built program, as scripts meet it: exit codes, and one line on stderr that says what to do.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// Runs the viewer with no other configuration than the one in `home`.
fn view(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ccdump-view"))
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .output()
        .expect("the viewer was built")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

#[test]
fn without_a_daemon_every_command_exits_3_and_says_how_to_start_one() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let socket = home.path().join("none.sock");
    let path = socket.to_str().expect("UTF-8");
    for command in [
        &["ls"][..],
        &["show", "1"],
        &["body", "1", "--request"],
        &["tail"],
        &["tail", "--json", "--from", "0"],
    ] {
        let output = view(home.path(), &[command, &["--socket", path]].concat());
        assert_eq!(output.status.code(), Some(3), "{command:?}");
        assert_eq!(
            stderr(&output),
            format!("ccdump-view: no daemon at {path}; start one with: ccdumpd start\n")
        );
        assert!(output.stdout.is_empty(), "{command:?}");
    }
}

#[test]
fn a_socket_that_nobody_listens_on_is_no_daemon() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let socket = home.path().join("stale.sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).expect("a short path"));
    let output = view(home.path(), &["ls", "--socket", socket.to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

#[test]
fn the_socket_is_found_by_flag_then_environment_then_file_then_default() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let asked = |arguments: &[&str], environment: &[(&str, &str)]| {
        let output = Command::new(env!("CARGO_BIN_EXE_ccdump-view"))
            .args([&["ls"], arguments].concat())
            .env_clear()
            .env("HOME", home.path())
            .envs(environment.iter().copied())
            .output()
            .expect("the viewer was built");
        let line = stderr(&output);
        let path =
            line.strip_prefix("ccdump-view: no daemon at ").and_then(|rest| rest.split(';').next());
        path.expect("a path").to_owned()
    };
    let default = home.path().join(".local/share/ccdump/run/ccdumpd.sock");
    assert_eq!(asked(&[], &[]), default.display().to_string());
    assert_eq!(asked(&[], &[("XDG_RUNTIME_DIR", "/nowhere")]), "/nowhere/ccdump/ccdumpd.sock");
    let config = home.path().join(".config/ccdump");
    fs::create_dir_all(&config).expect("writable");
    fs::write(config.join("config.toml"), "data_dir = \"/file\"").expect("writable");
    assert_eq!(asked(&[], &[]), "/file/run/ccdumpd.sock");
    assert_eq!(asked(&[], &[("CCDUMP_DATA_DIR", "/env")]), "/env/run/ccdumpd.sock");
    assert_eq!(
        asked(&[], &[("CCDUMP_DATA_DIR", "/env"), ("CCDUMP_SOCKET", "/env.sock")]),
        "/env.sock"
    );
    assert_eq!(
        asked(&["--data-dir", "/flag"], &[("CCDUMP_SOCKET", "/env.sock")]),
        "/flag/run/ccdumpd.sock"
    );
    assert_eq!(asked(&["--socket", "/flag.sock"], &[("CCDUMP_SOCKET", "/env.sock")]), "/flag.sock");
}

#[test]
fn wrong_usage_exits_2() {
    let home = tempfile::tempdir().expect("a temporary folder");
    for arguments in [
        &["frobnicate"][..],
        &["show"],
        &["show", "x"],
        &["body", "1"],
        &["body", "1", "--request", "--response"],
        &["ls", "--since", "yesterday"],
        &["ls", "--provider", "acme"],
        &["tail", "--from", "-1"],
    ] {
        let output = view(home.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_broken_configuration_file_is_named() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let config = home.path().join(".config/ccdump");
    fs::create_dir_all(&config).expect("writable");
    let file = config.join("config.toml");
    fs::write(&file, "soket = \"/x\"").expect("writable");
    let output = view(home.path(), &["ls"]);
    let line = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{line}");
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(
        line.contains(file.to_str().expect("UTF-8"))
            && line.contains("soket")
            && line.contains("fix or remove it"),
        "{line}"
    );
}

#[test]
fn a_path_that_no_socket_can_have_is_refused() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let output = view(home.path(), &["ls", "--socket", &format!("/{}", "x".repeat(120))]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("pass a shorter --socket"), "{}", stderr(&output));
}

#[test]
fn a_demo_without_a_daemon_program_says_which_one_it_tried_and_leaves_nothing() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let output = Command::new(env!("CARGO_BIN_EXE_ccdump-view"))
        .args(["demo", "--headless"])
        .env_clear()
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .env("CCDUMPD", "/nowhere/ccdumpd")
        .output()
        .expect("the viewer was built");
    assert_eq!(output.status.code(), Some(1));
    let line = stderr(&output);
    assert!(
        line.starts_with("ccdump-view: cannot run /nowhere/ccdumpd: ") && line.lines().count() == 1,
        "{line}"
    );
    assert_eq!(fs::read_dir(home.path()).expect("readable").count(), 0);
}
