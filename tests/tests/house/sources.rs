//! What the sources of this repository say of themselves: packages, files, and the paths that files
//! name.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ccdump_tests::binaries::root;
use syn::visit::Visit;

/// Package → the features it has, for everything that is built into `package` when it is built
/// alone.
pub fn closure(package: &str) -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}|{f}",
            "--package",
            package,
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut packages = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (package, features) = line.split_once('|').expect("package|features");
        let name = package.split(' ').next().unwrap_or_default().to_owned();
        let features = features
            .trim_end_matches(" (*)")
            .split(',')
            .filter(|feature| !feature.is_empty())
            .map(str::to_owned);
        packages.entry(name).or_insert_with(BTreeSet::new).extend(features);
    }
    assert!(packages.contains_key(package), "{packages:?}");
    packages
}

/// The packages of the workspace.
pub fn packages() -> Vec<cargo_metadata::Package> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec();
    metadata.expect("cargo metadata").packages
}

/// The Rust files below a folder. There must be some: a moved folder must not make a test pass.
pub fn sources(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&root().join(folder), &mut files);
    assert!(!files.is_empty(), "no sources below {folder}");
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Whether a path is that one or below it.
pub fn starts_with(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// A file that is built outside of tests.
pub struct Source {
    pub file: PathBuf,
    /// From the root of the repository.
    pub path: String,
    pub syntax: syn::File,
    pub names: Names,
}

impl Source {
    /// Those below some folders.
    pub fn read(folders: &[&str]) -> Vec<Self> {
        let mut files: Vec<PathBuf> = folders.iter().flat_map(|folder| sources(folder)).collect();
        files.retain(|file| {
            let mut parts = file.strip_prefix(root()).unwrap_or(file).iter();
            !parts.any(|part| part == "tests" || part == "tests.rs" || part == "build.rs")
        });
        let read = |file: PathBuf| {
            let syntax = parsed(&file);
            let names = Names::in_syntax(module_of(&file), &syntax);
            let path = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
            Self { file, path, syntax, names }
        };
        files.into_iter().map(read).collect()
    }

    /// Whether it stands below one of these folders.
    pub fn is_below(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.file.starts_with(root().join(folder)))
    }
}

fn parsed(file: &Path) -> syn::File {
    let text = fs::read_to_string(file).expect("readable");
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Every path that a file names, in `use` and elsewhere; paths from `super` and `self` as paths
/// from `crate`. What is there for tests alone may know whom it likes.
pub fn names(file: &Path) -> BTreeSet<String> {
    Names::in_syntax(module_of(file), &parsed(file)).all()
}

/// `…/src/store/write.rs` → [store, write].
pub fn module_of(file: &Path) -> Vec<String> {
    let inside: Vec<String> = file.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let start = inside.iter().rposition(|part| part == "src").map_or(0, |at| at + 1);
    let mut module: Vec<String> =
        inside[start..].iter().map(|part| part.trim_end_matches(".rs").to_owned()).collect();
    if module.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        module.pop();
    }
    module
}

/// Whether something is there for tests alone.
pub fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|what| what == "test")
    })
}

/// What a file names.
pub struct Names {
    module: Vec<String>,
    pub found: BTreeSet<String>,
    /// Names that are given on, with what they stand for.
    pub exported: BTreeMap<String, String>,
}

impl Names {
    /// Those that are used and those that are given on.
    pub fn all(&self) -> BTreeSet<String> {
        self.found.iter().chain(self.exported.values()).cloned().collect()
    }

    pub fn in_syntax(module: Vec<String>, syntax: &syn::File) -> Self {
        let mut names = Self { module, found: BTreeSet::new(), exported: BTreeMap::new() };
        names.visit_file(syntax);
        names
    }

    fn absolute(&self, path: &[String]) -> String {
        let ups = path.iter().take_while(|part| *part == "super").count();
        let absolute = if ups > 0 {
            let kept = self.module.len().saturating_sub(ups);
            [&["crate".to_owned()], &self.module[..kept], &path[ups..]].concat()
        } else if path.first().is_some_and(|first| first == "self") {
            [&["crate".to_owned()], self.module.as_slice(), &path[1..]].concat()
        } else {
            path.to_vec()
        };
        absolute.join("::")
    }

    fn add_tree(&mut self, before: &[String], tree: &syn::UseTree, is_exported: bool) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        let (path, name) = match tree {
            syn::UseTree::Path(path) => {
                return self.add_tree(&with(&path.ident), &path.tree, is_exported);
            }
            syn::UseTree::Group(group) => {
                return group
                    .items
                    .iter()
                    .for_each(|tree| self.add_tree(before, tree, is_exported));
            }
            syn::UseTree::Name(name) => (with(&name.ident), name.ident.to_string()),
            syn::UseTree::Rename(rename) => (with(&rename.ident), rename.rename.to_string()),
            syn::UseTree::Glob(_) => (before.to_vec(), "*".to_owned()),
        };
        let path = self.absolute(&path);
        if is_exported {
            self.exported.insert(name, path);
        } else {
            self.found.insert(path);
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_for_tests(&item.attrs) {
            self.add_tree(&[], &item.tree, !matches!(item.vis, syn::Visibility::Inherited));
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        // A single name refers to something in scope, whose `use` is seen.
        if path.segments.len() > 1 {
            let parts: Vec<String> =
                path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.found.insert(self.absolute(&parts));
        }
        syn::visit::visit_path(self, path);
    }
}

#[test]
fn paths_are_read_as_rust_reads_them() {
    let names_in = |text: &str| {
        let syntax = syn::parse_file(text).expect("Rust");
        let module = vec!["store".to_owned(), "write".to_owned()];
        Names::in_syntax(module, &syntax).found.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(names_in("use a::{b, c::{d as e, *}};"), ["a::b", "a::c", "a::c::d"]);
    assert_eq!(
        names_in("use super::read; use super::super::proxy::x;"),
        ["crate::proxy::x", "crate::store::read"]
    );
    assert_eq!(
        names_in("fn f(x: hyper::Body) -> y::Z { tonic::call(1) }"),
        ["hyper::Body", "tonic::call", "y::Z"]
    );
    assert_eq!(names_in("#[cfg(test)] mod tests { use a::b; }"), [""; 0]);
    assert!(starts_with("http::Uri", "http") && !starts_with("http_body::Body", "http"));
}
