//! The directions between crates and modules (ARCHITECTURE.md), kept by a test instead of by
//! memory.

use std::fs;

use ccdump_tests::binaries::root;

use crate::sources::{closure, names, packages, sources, starts_with};

/// All that is the viewer's.
const VIEWER: [&str; 8] = [
    "ccdump-client",
    "ccdump-dylib-model",
    "ccdump-dylib-shell",
    "ccdump-host",
    "ccdump-model",
    "ccdump-shell",
    "ccdump-state",
    "ccdump-view",
];

#[test]
fn the_daemon_holds_no_terminal_and_no_viewer() {
    let closure = closure("ccdumpd");
    for foreign in ["ratatui", "ratatui-core", "crossterm", "termion", "termwiz", "ccdump-tests"]
        .iter()
        .chain(&VIEWER)
    {
        assert!(!closure.contains_key(*foreign), "ccdumpd depends on {foreign}");
    }
}

/// Whatever is edited of it, the daemon is not older than its source: all that may be replaced
/// under a running daemon is outside.
#[test]
fn the_daemons_closure_has_no_reloadable_code() {
    let viewer = root().join("viewer");
    let ours = |name: &str| name.starts_with("ccdump");
    let packages = packages();
    let below = |name: &str| {
        let package = packages
            .iter()
            .find(|package| package.name == name)
            .unwrap_or_else(|| panic!("{name} is no package"));
        package.manifest_path.as_std_path().starts_with(&viewer)
    };
    let closure = closure("ccdumpd");
    let own: Vec<&String> = closure.keys().filter(|name| ours(name)).collect();
    assert_eq!(
        own,
        ["ccdump-provider", "ccdump-record", "ccdump-secrets", "ccdump-wire", "ccdumpd"]
    );
    assert!(own.iter().all(|name| !below(name)), "{own:?}");
    assert!(VIEWER.iter().all(|name| below(name)));
    for file in sources("daemon/src").into_iter().chain(sources("shared")) {
        let text = fs::read_to_string(&file).expect("readable");
        assert!(!text.contains("viewer/src"), "{} includes a file of the viewer's", file.display());
    }
}

/// Nothing but the looks is linked when they are edited, and nothing that is hardly edited when the
/// state is.
#[test]
fn the_shared_libraries_hold_all_that_the_looks_stand_on() {
    let (viewer, lower, upper) =
        (closure("ccdump-view"), closure("ccdump-dylib-model"), closure("ccdump-dylib-shell"));
    let own = ["ccdump-shell", "ccdump-state", "ccdump-view"];
    let missing: Vec<&String> = viewer
        .keys()
        .filter(|name| !own.contains(&name.as_str()) && !lower.contains_key(*name))
        .collect();
    assert!(missing.is_empty(), "ccdump-dylib-model does not hold {missing:?}");
    assert!(upper.contains_key("ccdump-shell") && upper.contains_key("ccdump-dylib-model"));
    assert!(
        viewer.keys().all(|name| !name.starts_with("ccdump-dylib")),
        "a viewer that is not the host's is one file"
    );
}

/// Each of the viewer's crates knows only those below it, so that an edit builds little.
#[test]
fn the_viewers_crates_are_layers() {
    for (package, above) in [
        (
            "ccdump-client",
            &["ccdump-host", "ccdump-model", "ccdump-state", "ccdump-view", "ratatui", "crossterm"]
                [..],
        ),
        ("ccdump-host", &["ccdump-model", "ccdump-state", "ccdump-view", "ratatui", "crossterm"]),
        ("ccdump-model", &["ccdump-host", "ccdump-shell", "ccdump-state", "ccdump-view"]),
        ("ccdump-state", &["ccdump-shell", "ccdump-view"]),
        ("ccdump-shell", &["ccdump-view"]),
    ] {
        let closure = closure(package);
        for foreign in above {
            assert!(!closure.contains_key(*foreign), "{package} depends on {foreign}");
        }
    }
}

#[test]
fn the_viewer_holds_no_store_and_no_http_server() {
    let closure = closure("ccdump-view");
    for foreign in ["rusqlite", "libsqlite3-sys", "axum", "ccdumpd", "ccdump-tests"] {
        assert!(!closure.contains_key(foreign), "ccdump-view depends on {foreign}");
    }
    for package in ["tonic", "hyper", "hyper-util", "ccdump-wire"] {
        let features = closure.get(package).cloned().unwrap_or_default();
        assert!(
            !features.contains("server"),
            "ccdump-view turns the server in {package} on: {features:?}"
        );
    }
}

#[test]
fn the_shared_crates_know_neither_side() {
    for package in ["ccdump-record", "ccdump-wire", "ccdump-provider", "ccdump-secrets"] {
        let closure = closure(package);
        for foreign in ["ccdumpd", "ccdump-tests"].iter().chain(&VIEWER) {
            assert!(!closure.contains_key(*foreign), "{package} depends on {foreign}");
        }
    }
}

#[test]
fn the_record_knows_nothing_of_ours() {
    let closure = closure("ccdump-record");
    let ours: Vec<&String> = closure.keys().filter(|name| name.starts_with("ccdump")).collect();
    assert_eq!(ours, ["ccdump-record"]);
    for foreign in ["prost", "tonic", "rusqlite", "hyper", "ratatui"] {
        assert!(!closure.contains_key(foreign), "ccdump-record depends on {foreign}");
    }
}

#[test]
fn the_pure_crates_do_no_io() {
    for (package, folder) in [
        ("ccdump-record", "shared/record/src"),
        ("ccdump-provider", "shared/provider/src"),
        ("ccdump-secrets", "shared/secrets/src"),
    ] {
        let closure = closure(package);
        for foreign in ["tokio", "hyper", "tonic", "rusqlite", "mio", "socket2"] {
            assert!(!closure.contains_key(foreign), "{package} depends on {foreign}");
        }
        for file in sources(folder) {
            for foreign in [
                "std::fs",
                "std::net",
                "std::process",
                "std::env",
                "std::io::stdin",
                "std::io::stdout",
            ] {
                assert!(
                    !names(&file).iter().any(|path| starts_with(path, foreign)),
                    "{} names {foreign}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn every_crate_forbids_unsafe_code() {
    for package in packages() {
        let manifest: String = fs::read_to_string(&package.manifest_path)
            .expect("readable")
            .split_whitespace()
            .collect();
        assert!(
            manifest.contains("[lints]workspace=true"),
            "{} takes no part in the workspace's lints",
            package.name
        );
    }
    let workspace = fs::read_to_string(root().join("Cargo.toml")).expect("readable");
    assert!(workspace.contains("unsafe_code = \"forbid\""));
}

#[test]
fn the_proxy_knows_nothing_of_grpc_and_nothing_of_sql() {
    assert_none_names(
        "daemon/src/proxy",
        &["tonic", "prost", "ccdump_wire::v1", "crate::rpc", "rusqlite", "crate::store::sql"],
    );
}

#[test]
fn the_store_knows_nothing_of_http_and_nothing_of_the_wire() {
    assert_none_names(
        "daemon/src/store",
        &[
            "http",
            "hyper",
            "hyper_util",
            "http_body",
            "http_body_util",
            "tonic",
            "prost",
            "ccdump_wire",
            "crate::proxy",
            "crate::rpc",
        ],
    );
}

#[test]
fn sql_never_leaves_the_store() {
    let store = root().join("daemon/src/store");
    for file in sources("daemon/src") {
        if !file.starts_with(&store) {
            let foreign = names(&file).into_iter().find(|path| starts_with(path, "rusqlite"));
            assert!(foreign.is_none(), "{} names {}", file.display(), foreign.unwrap_or_default());
        }
    }
    for folder in ["viewer", "shared/provider/src", "shared/secrets/src", "shared/wire/src"] {
        assert_none_names(folder, &["rusqlite"]);
    }
}

#[test]
fn the_viewers_state_draws_nothing() {
    let packages = packages();
    let state =
        packages.iter().find(|package| package.name == "ccdump-state").expect("the package");
    let is_drawing = |dependency: &&cargo_metadata::Dependency| {
        dependency.kind == cargo_metadata::DependencyKind::Normal
            && dependency.name.starts_with("ratatui")
    };
    assert!(!state.dependencies.is_empty());
    assert!(state.dependencies.iter().find(is_drawing).is_none());
}

fn assert_none_names(folder: &str, foreign: &[&str]) {
    for file in sources(folder) {
        for path in names(&file) {
            let breach = foreign.iter().find(|prefix| starts_with(&path, prefix));
            assert!(breach.is_none(), "{} names {path}", file.display());
        }
    }
}
