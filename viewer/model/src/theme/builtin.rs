//! The themes that are built in: files like anybody's, below `viewer/model/themes`.

use std::sync::LazyLock;

use super::Layer;
use crate::toml_file::TomlFile;

/// The terminal's own sixteen colours, which people have chosen to be readable. It says how each role looks; all others extend it.
pub(super) const TERMINAL: &str = "terminal";
/// No colours at all.
pub(super) const PLAIN: &str = "plain";

const FILES: [(&str, &str); 9] = [
    (TERMINAL, include_str!("../../themes/terminal.toml")),
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("dusk", include_str!("../../themes/dusk.toml")),
    ("paper", include_str!("../../themes/paper.toml")),
    ("clear-dark", include_str!("../../themes/clear-dark.toml")),
    ("clear-light", include_str!("../../themes/clear-light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    (PLAIN, include_str!("../../themes/plain.toml")),
];

static LAYERS: LazyLock<Vec<(&str, Layer)>> = LazyLock::new(|| {
    let read = |(name, text)| (name, Layer::read(TomlFile { name, text }).expect("the themes that are built in are valid"));
    FILES.map(read).into()
});

/// In the order in which they are offered.
pub(super) fn names<'n>() -> impl Iterator<Item = &'n str> {
    FILES.iter().map(|(name, _)| *name)
}

pub(super) fn layer(name: &str) -> Option<(&'static str, &'static Layer)> {
    LAYERS.iter().find(|(known, _)| *known == name).map(|(name, layer)| (*name, layer))
}
