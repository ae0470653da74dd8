//! Files of a crate that need each other in a circle.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use crate::sources::{Names, module_of, shown, sources};

/// The modules of a crate by their path, with the file that each stands in and what that names.
type Modules = BTreeMap<Vec<String>, Module>;

pub struct Module {
    file: String,
    names: Names,
}

/// Circles of files, each sorted, but for those that only giving names on closes.
pub fn circles(folders: &[&str]) -> Vec<Vec<String>> {
    crates(folders).values().flat_map(|modules| circles_of(&edges(modules))).collect()
}

/// The files of each crate: by the folder that its sources stand in.
fn crates(folders: &[&str]) -> BTreeMap<PathBuf, Modules> {
    let mut crates: BTreeMap<PathBuf, Modules> = BTreeMap::new();
    for file in folders.iter().flat_map(|folder| sources(folder)) {
        let Some(src) = file.ancestors().find(|folder| folder.ends_with("src")) else { continue };
        let module = module_of(&file);
        if module.iter().any(|part| part == "tests") {
            continue;
        }
        let names = Names::of(&file);
        crates
            .entry(src.to_owned())
            .or_default()
            .insert(module, Module { file: shown(&file), names });
    }
    crates
}

fn edges(modules: &Modules) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut edges = BTreeMap::new();
    for (module, of) in modules {
        let needs: BTreeSet<&str> = of
            .names
            .found
            .iter()
            .filter_map(|path| home_of(modules, module, path, 8))
            .filter(|needed| *needed != of.file)
            .collect();
        edges.insert(of.file.as_str(), needs);
    }
    edges
}

/// The file in which what a path leads to stands. Names that are given on are followed.
fn home_of<'a>(modules: &'a Modules, from: &[String], path: &str, steps: u32) -> Option<&'a str> {
    let parts: Vec<String> = path.split("::").map(str::to_owned).collect();
    let absolute = match parts.split_first()? {
        (first, rest) if first == "crate" => rest.to_vec(),
        // A module below.
        (first, _) if modules.contains_key(&[from, std::slice::from_ref(first)].concat()) => {
            [from, &parts].concat()
        }
        _ => return None,
    };
    let depth =
        (0..=absolute.len()).rev().find(|depth| modules.contains_key(&absolute[..*depth]))?;
    let (module, rest) = absolute.split_at(depth);
    let home = modules.get(module)?;
    let given_on = rest.first().and_then(|name| home.names.exported.get(name));
    match given_on {
        Some(further) if steps > 0 => {
            let further =
                [further.as_str()].into_iter().chain(rest.iter().skip(1).map(String::as_str));
            let further = further.collect::<Vec<_>>().join("::");
            home_of(modules, module, &further, steps - 1).or(Some(&home.file))
        }
        _ => Some(&home.file),
    }
}

fn circles_of(edges: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<Vec<String>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        edges.keys().map(|file| (*file, reached_from(edges, file))).collect();
    let mut circles = BTreeSet::new();
    for (file, reaches) in &reached {
        if reaches.contains(file) {
            let circle = reaches
                .iter()
                .filter(|other| reached.get(*other).is_some_and(|back| back.contains(file)));
            circles.insert(circle.map(|file| (*file).to_owned()).collect::<Vec<_>>());
        }
    }
    circles.into_iter().collect()
}

fn reached_from<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>, file: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut left: Vec<&str> = edges.get(file).into_iter().flatten().copied().collect();
    while let Some(next) = left.pop() {
        if reached.insert(next) {
            left.extend(edges.get(next).into_iter().flatten());
        }
    }
    reached
}

#[test]
fn a_circle_is_found_and_a_chain_is_none() {
    let edges = BTreeMap::from([
        ("a", BTreeSet::from(["b"])),
        ("b", BTreeSet::from(["c"])),
        ("c", BTreeSet::from(["b", "d"])),
        ("d", BTreeSet::new()),
    ]);
    assert_eq!(circles_of(&edges), [["b", "c"]]);
}
