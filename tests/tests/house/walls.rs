//! The walls of the house (ARCHITECTURE.md): who may know whom, wherever the code stands.
//!
//! What breaches one today stands in `breaches.txt`, a line each. A line more fails, and so does
//! one that is not true any more: the list can only get shorter.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use ccdump_tests::binaries::root;
use syn::visit::Visit;

use crate::{
    circles::circles,
    sources::{Names, Source, is_for_tests, starts_with},
};

const LIST: &str = "tests/tests/house/breaches.txt";
/// All that is built, tests excepted.
const HOUSE: [&str; 3] = ["shared", "daemon/src", "viewer"];

/// Files below `inside`, but not below `but_in`, name nothing of `foreign`.
struct Wall {
    name: &'static str,
    inside: &'static [&'static str],
    but_in: &'static [&'static str],
    foreign: &'static [&'static str],
}

const WALLS: [Wall; 5] = [
    Wall {
        name: "the wire's types stay at the edges",
        inside: &HOUSE,
        but_in: &["shared/wire", "daemon/src/rpc", "viewer/client/src/link"],
        foreign: &["ccdump_wire::record", "ccdump_wire::v1", "prost", "tonic"],
    },
    Wall {
        name: "SQL, rows and connections stay in the store",
        inside: &HOUSE,
        but_in: &["daemon/src/store"],
        foreign: &["rusqlite", "crate::store::reader", "crate::store::Reader"],
    },
    Wall {
        name: "the proxy knows capture and what is recorded, and nothing else of the daemon",
        inside: &["daemon/src/proxy"],
        but_in: &[],
        foreign: &[
            "crate::demo",
            "crate::derive",
            "crate::rpc",
            "crate::serve",
            "crate::settings",
            "crate::store",
        ],
    },
    Wall {
        name: "capture knows a sink, and no store",
        inside: &["daemon/src/capture"],
        but_in: &[],
        foreign: &[
            "crate::derive",
            "crate::proxy",
            "crate::rpc",
            "crate::settings",
            "crate::store",
        ],
    },
    Wall {
        name: "the viewer's state knows neither the wire, nor the host, nor how it is drawn",
        inside: &["viewer/state"],
        but_in: &[],
        foreign: &["ccdump_wire", "ccdump_client::link", "ccdump_host", "ratatui"],
    },
];

/// Words that belong to one vendor, agent program or tool of theirs.
const NAMES: [&str; 7] =
    ["anthropic", "claude", "codex", "gemini", "openai", "opencode", "todowrite"];
/// Where they belong; the demo tells a story of them.
const NAMED_IN: [&str; 4] =
    ["shared/dialects", "shared/agents", "shared/accounting", "daemon/src/demo"];

#[test]
fn the_walls_stand() {
    let mut found = BTreeSet::new();
    let house = Source::read(&HOUSE);
    for wall in &WALLS {
        let inside = house.iter().filter(|source| source.is_below(wall.inside));
        for source in inside.filter(|source| !source.is_below(wall.but_in)) {
            for path in foreign(&source.names.all(), wall.foreign) {
                found.insert(format!("{}: {} names {path}", wall.name, source.path));
            }
        }
    }
    for source in house.iter().filter(|source| !source.is_below(&NAMED_IN)) {
        for name in told_names(&source.syntax) {
            found.insert(format!(
                "vendors and agents are named in their folders: {} says {name}",
                source.path
            ));
        }
    }
    for (variants, places) in same_enums(&house) {
        found.insert(format!(
            "an enum stands once: {} in {}",
            variants.join(" "),
            places.join(", ")
        ));
    }
    for file in circles(&house).into_iter().flatten() {
        found.insert(format!("files need each other in one direction: {file} is in a circle"));
    }
    assert_listed(&found);
}

/// What of `foreign` is among the names.
fn foreign<'a>(names: &BTreeSet<String>, foreign: &[&'a str]) -> Vec<&'a str> {
    let is_named = |of: &&&str| names.iter().any(|path| starts_with(path, of));
    foreign.iter().filter(is_named).copied().collect()
}

fn told_names(syntax: &syn::File) -> Vec<&'static str> {
    let mut words = Words(BTreeSet::new());
    words.visit_file(syntax);
    let is_told = |name: &&str| words.0.iter().any(|word| word.contains(name));
    NAMES.into_iter().filter(is_told).collect()
}

/// Identifiers and literal texts, in lower case.
struct Words(BTreeSet<String>);

impl<'ast> Visit<'ast> for Words {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {
        // Comments may name whom they like.
    }

    fn visit_ident(&mut self, ident: &'ast syn::Ident) {
        self.0.insert(ident.to_string().to_lowercase());
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.0.insert(text.value().to_lowercase());
    }

    fn visit_lit_byte_str(&mut self, text: &'ast syn::LitByteStr) {
        self.0.insert(String::from_utf8_lossy(&text.value()).to_lowercase());
    }

    fn visit_macro(&mut self, used: &'ast syn::Macro) {
        self.0.insert(used.tokens.to_string().to_lowercase());
    }
}

/// Enums of the same variants, two and more of them, with where they stand.
fn same_enums(house: &[Source]) -> BTreeMap<Vec<String>, Vec<String>> {
    let mut enums: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for source in house {
        let mut found = Enums(Vec::new());
        found.visit_file(&source.syntax);
        for (name, variants) in found.0 {
            enums.entry(variants).or_default().push(format!("{}::{name}", source.path));
        }
    }
    enums.retain(|variants, places| variants.len() > 1 && places.len() > 1);
    enums
}

struct Enums(Vec<(String, Vec<String>)>);

impl<'ast> Visit<'ast> for Enums {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        let mut variants: Vec<String> =
            item.variants.iter().map(|variant| variant.ident.to_string()).collect();
        variants.sort();
        self.0.push((item.ident.to_string(), variants));
    }
}

fn assert_listed(found: &BTreeSet<String>) {
    let list = fs::read_to_string(root().join(LIST)).expect("the list of breaches");
    let listed: BTreeSet<String> = list
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(str::to_owned)
        .collect();
    let new: Vec<_> = found.difference(&listed).cloned().collect();
    assert!(
        new.is_empty(),
        "new breaches; ARCHITECTURE.md says who may know whom:\n{}",
        new.join("\n")
    );
    let mended: Vec<_> = listed.difference(found).cloned().collect();
    assert!(
        mended.is_empty(),
        "breached no more; take these out of {LIST}:\n{}",
        mended.join("\n")
    );
}

#[test]
fn breaches_are_found() {
    let named = |text: &str, of: &[&'static str]| {
        let syntax = syn::parse_file(text).expect("Rust");
        foreign(&Names::in_syntax(vec!["proxy".to_owned()], &syntax).all(), of)
    };
    for wall in &WALLS {
        for of in wall.foreign {
            assert_eq!(named(&format!("use {of}::x;"), wall.foreign), [*of], "{}", wall.name);
            let call = format!("fn f() {{ {of}::x(); }}");
            assert_eq!(named(&call, wall.foreign), [*of], "{}", wall.name);
        }
    }
    let told = |text: &str| told_names(&syn::parse_file(text).expect("Rust"));
    assert_eq!(told("const HOST: &str = \"api.Anthropic.com\";"), ["anthropic"]);
    assert_eq!(told("fn f() { println!(\"{}\", is_claude); }"), ["claude"]);
    assert_eq!(
        told(
            "/// Of Claude Code.\nfn f() {} #[cfg(test)] mod tests { const X: &str = \"codex\"; }"
        ),
        [""; 0]
    );
}
