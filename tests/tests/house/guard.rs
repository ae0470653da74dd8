//! Each file of tests takes part.

use std::{collections::BTreeSet, fs, path::Path};

use ccdump_tests::binaries::root;

/// Tests are built into few programs, since linking each costs seconds. A file that its `main.rs`
/// does not name would be no test at all, and nobody would notice.
#[test]
fn no_file_of_tests_is_forgotten() {
    let mut programs = 0;
    for entry in fs::read_dir(root().join("tests/tests")).expect("readable") {
        let folder = entry.expect("readable").path();
        assert!(
            folder.is_dir(),
            "{} stands in no program: move it into one of the folders",
            folder.display()
        );
        let main = folder.join("main.rs");
        let main =
            fs::read_to_string(&main).unwrap_or_else(|error| panic!("{}: {error}", main.display()));
        let named: BTreeSet<&str> =
            main.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).collect();
        let there = modules(&folder);
        let there: BTreeSet<&str> = there.iter().map(String::as_str).collect();
        assert_eq!(named, there, "left: named by {}/main.rs, right: there", folder.display());
        programs += 1;
    }
    assert!(programs > 1, "there are tests somewhere");
}

fn modules(folder: &Path) -> Vec<String> {
    let paths =
        fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path());
    let files = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let stems = files.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()));
    stems.filter(|stem| stem != "main").collect()
}
