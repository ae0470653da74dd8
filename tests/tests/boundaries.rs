//! The directions between crates and modules (ARCHITECTURE.md), kept by a test instead of by memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ccdump_tests::binaries::root;
use syn::visit::Visit;

/// Package → the features it has, for everything that is built into `package` when it is built alone.
fn closure(package: &str) -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{p}|{f}", "--package", package])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut packages = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (package, features) = line.split_once('|').expect("package|features");
        let name = package.split(' ').next().unwrap_or_default().to_owned();
        let features = features.trim_end_matches(" (*)").split(',').filter(|feature| !feature.is_empty()).map(str::to_owned);
        packages.entry(name).or_insert_with(BTreeSet::new).extend(features);
    }
    assert!(packages.contains_key(package), "{packages:?}");
    packages
}

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
    for foreign in ["ratatui", "ratatui-core", "crossterm", "termion", "termwiz", "ccdump-tests"].iter().chain(&VIEWER) {
        assert!(!closure.contains_key(*foreign), "ccdumpd depends on {foreign}");
    }
}

/// Whatever is edited of it, the daemon is not older than its source: all that may be replaced under a running daemon is outside.
#[test]
fn the_daemons_closure_has_no_reloadable_code() {
    let viewer = root().join("viewer");
    let ours = |name: &str| name.starts_with("ccdump");
    let packages = packages();
    let below = |name: &str| {
        let package = packages.iter().find(|package| package.name == name).unwrap_or_else(|| panic!("{name} is no package"));
        package.manifest_path.as_std_path().starts_with(&viewer)
    };
    let closure = closure("ccdumpd");
    let own: Vec<&String> = closure.keys().filter(|name| ours(name)).collect();
    assert_eq!(own, ["ccdump-provider", "ccdump-secrets", "ccdump-wire", "ccdumpd"]);
    assert!(own.iter().all(|name| !below(name)), "{own:?}");
    assert!(VIEWER.iter().all(|name| below(name)));
    for file in sources("daemon/src").into_iter().chain(sources("shared")) {
        let text = fs::read_to_string(&file).expect("readable");
        assert!(!text.contains("viewer/src"), "{} includes a file of the viewer's", file.display());
    }
}

/// Nothing but the looks is linked when they are edited, and nothing that is hardly edited when the state is.
#[test]
fn the_shared_libraries_hold_all_that_the_looks_stand_on() {
    let (viewer, lower, upper) = (closure("ccdump-view"), closure("ccdump-dylib-model"), closure("ccdump-dylib-shell"));
    let own = ["ccdump-shell", "ccdump-state", "ccdump-view"];
    let missing: Vec<&String> = viewer.keys().filter(|name| !own.contains(&name.as_str()) && !lower.contains_key(*name)).collect();
    assert!(missing.is_empty(), "ccdump-dylib-model does not hold {missing:?}");
    assert!(upper.contains_key("ccdump-shell") && upper.contains_key("ccdump-dylib-model"));
    assert!(viewer.keys().all(|name| !name.starts_with("ccdump-dylib")), "a viewer that is not the host's is one file");
}

/// Each of the viewer's crates knows only those below it, so that an edit builds little.
#[test]
fn the_viewers_crates_are_layers() {
    for (package, above) in [
        ("ccdump-client", &["ccdump-host", "ccdump-model", "ccdump-state", "ccdump-view", "ratatui", "crossterm"][..]),
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
        assert!(!features.contains("server"), "ccdump-view turns the server in {package} on: {features:?}");
    }
}

#[test]
fn the_shared_crates_know_neither_side() {
    for package in ["ccdump-wire", "ccdump-provider", "ccdump-secrets"] {
        let closure = closure(package);
        for foreign in ["ccdumpd", "ccdump-tests"].iter().chain(&VIEWER) {
            assert!(!closure.contains_key(*foreign), "{package} depends on {foreign}");
        }
    }
}

#[test]
fn the_pure_crates_do_no_io() {
    for (package, folder) in [("ccdump-provider", "shared/provider/src"), ("ccdump-secrets", "shared/secrets/src")] {
        let closure = closure(package);
        for foreign in ["tokio", "hyper", "tonic", "rusqlite", "mio", "socket2"] {
            assert!(!closure.contains_key(foreign), "{package} depends on {foreign}");
        }
        for file in sources(folder) {
            for foreign in ["std::fs", "std::net", "std::process", "std::env", "std::io::stdin", "std::io::stdout"] {
                assert!(!names(&file).iter().any(|path| starts_with(path, foreign)), "{} names {foreign}", file.display());
            }
        }
    }
}

#[test]
fn every_crate_forbids_unsafe_code() {
    for package in packages() {
        let manifest: String = fs::read_to_string(&package.manifest_path).expect("readable").split_whitespace().collect();
        assert!(manifest.contains("[lints]workspace=true"), "{} takes no part in the workspace's lints", package.name);
    }
    let workspace = fs::read_to_string(root().join("Cargo.toml")).expect("readable");
    assert!(workspace.contains("unsafe_code = \"forbid\""));
}

#[test]
fn the_proxy_knows_nothing_of_grpc_and_nothing_of_sql() {
    assert_none_names("daemon/src/proxy", &["tonic", "prost", "ccdump_wire::v1", "crate::rpc", "rusqlite", "crate::store::sql"]);
}

#[test]
fn the_store_knows_nothing_of_http_and_nothing_of_grpc() {
    assert_none_names(
        "daemon/src/store",
        &["http", "hyper", "hyper_util", "http_body", "http_body_util", "tonic", "crate::proxy", "crate::rpc"],
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
    let state = packages.iter().find(|package| package.name == "ccdump-state").expect("the package");
    let is_drawing = |dependency: &&cargo_metadata::Dependency| {
        dependency.kind == cargo_metadata::DependencyKind::Normal && dependency.name.starts_with("ratatui")
    };
    assert!(!state.dependencies.is_empty());
    assert!(state.dependencies.iter().find(is_drawing).is_none());
}

/// The packages of the workspace.
fn packages() -> Vec<cargo_metadata::Package> {
    let metadata =
        cargo_metadata::MetadataCommand::new().current_dir(root()).no_deps().other_options(["--offline".to_owned()]).exec();
    metadata.expect("cargo metadata").packages
}

fn assert_none_names(folder: &str, foreign: &[&str]) {
    for file in sources(folder) {
        for path in names(&file) {
            let breach = foreign.iter().find(|prefix| starts_with(&path, prefix));
            assert!(breach.is_none(), "{} names {path}", file.display());
        }
    }
}

fn starts_with(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The Rust files below a folder. There must be some: a moved folder must not make a test pass.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&root().join(folder), &mut files);
    assert!(!files.is_empty(), "no sources below {folder}");
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Every path that a file names, in `use` and elsewhere; paths from `super` and `self` as paths from `crate`.
fn names(file: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(file).expect("readable");
    let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut names = Names { module: module_of(file), found: BTreeSet::new() };
    names.visit_file(&syntax);
    names.found
}

/// `…/src/store/write.rs` → [store, write].
fn module_of(file: &Path) -> Vec<String> {
    let inside: Vec<String> = file.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let start = inside.iter().rposition(|part| part == "src").map_or(0, |at| at + 1);
    let mut module: Vec<String> = inside[start..].iter().map(|part| part.trim_end_matches(".rs").to_owned()).collect();
    if module.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        module.pop();
    }
    module
}

struct Names {
    module: Vec<String>,
    found: BTreeSet<String>,
}

impl Names {
    fn add(&mut self, path: &[String]) {
        let ups = path.iter().take_while(|part| *part == "super").count();
        let absolute = if ups > 0 {
            let kept = self.module.len().saturating_sub(ups);
            [&["crate".to_owned()], &self.module[..kept], &path[ups..]].concat()
        } else if path.first().is_some_and(|first| first == "self") {
            [&["crate".to_owned()], self.module.as_slice(), &path[1..]].concat()
        } else {
            path.to_vec()
        };
        self.found.insert(absolute.join("::"));
    }

    fn add_tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.add_tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.add(&with(&name.ident)),
            syn::UseTree::Rename(rename) => self.add(&with(&rename.ident)),
            syn::UseTree::Glob(_) => self.add(before),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(before, tree)),
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        // A single name refers to something in scope, whose `use` is seen.
        if path.segments.len() > 1 {
            let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.add(&parts);
        }
        syn::visit::visit_path(self, path);
    }
}

#[test]
fn paths_are_read_as_rust_reads_them() {
    let names_in = |text: &str| {
        let syntax = syn::parse_file(text).expect("Rust");
        let mut names = Names { module: vec!["store".to_owned(), "write".to_owned()], found: BTreeSet::new() };
        names.visit_file(&syntax);
        names.found.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(names_in("use a::{b, c::{d as e, *}};"), ["a::b", "a::c", "a::c::d"]);
    assert_eq!(names_in("use super::read; use super::super::proxy::x;"), ["crate::proxy::x", "crate::store::read"]);
    assert_eq!(names_in("fn f(x: hyper::Body) -> y::Z { tonic::call(1) }"), ["hyper::Body", "tonic::call", "y::Z"]);
    assert!(starts_with("http::Uri", "http") && !starts_with("http_body::Body", "http"));
}
