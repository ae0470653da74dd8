//! Files of a crate that need each other in a circle.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::sources::{Source, module_of};

/// The modules of a crate by their path.
type Modules<'a> = BTreeMap<Vec<String>, &'a Source>;

/// Circles of files, each sorted, but for those that only giving names on closes.
pub fn circles(house: &[Source]) -> Vec<Vec<String>> {
    crates(house).values().flat_map(|modules| circles_of(&edges(modules))).collect()
}

/// The files of each crate: by the folder that its sources stand in.
fn crates(house: &[Source]) -> BTreeMap<&Path, Modules<'_>> {
    let mut crates: BTreeMap<&Path, Modules<'_>> = BTreeMap::new();
    for source in house {
        let src = source.file.ancestors().find(|folder| folder.ends_with("src"));
        let Some(src) = src else { continue };
        crates.entry(src).or_default().insert(module_of(&source.file), source);
    }
    crates
}

fn edges<'a>(modules: &Modules<'a>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut edges = BTreeMap::new();
    for (module, of) in modules {
        let needs: BTreeSet<&str> = of
            .names
            .found
            .iter()
            .filter_map(|path| home_of(modules, module, path, 8))
            .filter(|needed| *needed != of.path)
            .collect();
        edges.insert(of.path.as_str(), needs);
    }
    edges
}

/// The file in which what a path leads to stands. Names that are given on are followed.
fn home_of<'a>(modules: &Modules<'a>, from: &[String], path: &str, steps: u32) -> Option<&'a str> {
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
            home_of(modules, module, &further, steps - 1).or(Some(&home.path))
        }
        _ => Some(&home.path),
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
