//! The themes that are built in: files like anybody's, below `viewer/model/themes`.

use std::sync::OnceLock;

use super::Layer;
use crate::toml_file::TomlFile;

/// The terminal's own sixteen colours, which people have chosen to be readable. It says how each
/// role looks; all others extend it.
pub(super) const TERMINAL: &str = "terminal";
/// No colours at all.
pub(super) const PLAIN: &str = "plain";

/// In the order in which they are offered. Each is read when it is first wanted: a viewer starts
/// with one of them.
static FILES: [File; 9] = [
    File::new(TERMINAL, include_str!("../../themes/terminal.toml")),
    File::new("dark", include_str!("../../themes/dark.toml")),
    File::new("light", include_str!("../../themes/light.toml")),
    File::new("dusk", include_str!("../../themes/dusk.toml")),
    File::new("paper", include_str!("../../themes/paper.toml")),
    File::new("clear-dark", include_str!("../../themes/clear-dark.toml")),
    File::new("clear-light", include_str!("../../themes/clear-light.toml")),
    File::new("high-contrast", include_str!("../../themes/high-contrast.toml")),
    File::new(PLAIN, include_str!("../../themes/plain.toml")),
];

struct File {
    name: &'static str,
    text: &'static str,
    read: OnceLock<Layer>,
}

impl File {
    const fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text, read: OnceLock::new() }
    }

    fn layer(&self) -> &Layer {
        let read = || Layer::read(TomlFile { name: self.name, text: self.text });
        self.read.get_or_init(|| read().expect("the themes that are built in are valid"))
    }
}

pub(super) fn names<'n>() -> impl Iterator<Item = &'n str> {
    FILES.iter().map(|file| file.name)
}

pub(super) fn layer(name: &str) -> Option<(&'static str, &'static Layer)> {
    FILES.iter().find(|file| file.name == name).map(|file| (file.name, file.layer()))
}
