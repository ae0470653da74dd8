//! The files, from the disk to a [`Config`].

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

use ccdump_model::{
    theme::{Layer, Themes},
    toml_file::{Fault, TomlFile},
};

use toml::de::DeValue;

use super::{Config, Wish, keys};
use crate::keymap::Keymap;

/// The viewer's own file in the folder of the configuration.
pub(super) const VIEW: &str = "view.toml";
/// The folder of people's own themes, beside it.
pub const THEMES: &str = "themes";

/// Nobody writes longer files by hand. Bytes.
const LONGEST: u64 = 256 * 1024;
/// Nobody has more themes.
const MOST_THEMES: usize = 200;

const ENTRIES: &[&str] = &["theme", "keys", "mouse"];

/// Reads all files of `folder`; those that are not there say nothing. `Err`: what is wrong in which
/// line.
pub fn read(folder: &Path, wish: &Wish) -> Result<Config, Fault> {
    let themes = Themes::with(wish.depth, themes(&folder.join(THEMES))?)?;
    let (mut theme, mut changes, mut mouse) = (None, Vec::new(), true);
    let text = text(&folder.join(VIEW), VIEW)?.unwrap_or_default();
    let file = TomlFile { name: VIEW, text: &text };
    for (name, value) in &file.table()? {
        match name.get_ref().as_ref() {
            "theme" => {
                let wanted = file.string(value, "the name of a theme")?;
                if themes.get(wanted).is_none() {
                    return Err(file.fault(&value.span(), themes.missing(wanted)));
                }
                theme = Some(wanted.to_owned());
            }
            "keys" => changes = keys::read(file, file.sub_table(value, "a table of commands")?)?,
            "mouse" => {
                let DeValue::Boolean(on) = value.get_ref() else {
                    return Err(file.fault(&value.span(), "true or false is expected"));
                };
                mouse = *on;
            }
            other => return Err(file.unknown(&name.span(), other, "a setting", ENTRIES)),
        }
    }
    Ok(Config {
        themes,
        theme: wish.theme.clone().or(theme),
        keymap: Keymap::with(&changes)?,
        mouse,
    })
}

/// People's own themes, by name.
fn themes(folder: &Path) -> Result<BTreeMap<String, Layer>, Fault> {
    let mut themes = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder) else { return Ok(themes) };
    for entry in entries.flatten() {
        let path = entry.path();
        let Some(file) = path.file_name().and_then(|name| name.to_str()) else { continue };
        // Editors keep hidden files beside the one that they edit.
        let Some(name) =
            file.strip_suffix(".toml").filter(|name| !name.is_empty() && !name.starts_with('.'))
        else {
            continue;
        };
        let shown = format!("{THEMES}/{file}");
        let Some(text) = text(&path, &shown)? else { continue };
        let file = TomlFile { name: &shown, text: &text };
        if Themes::is_built_in(name) {
            return Err(
                file.fault(&(0..0), format!("“{name}” is built in; name yours otherwise, and let it say extends = \"{name}\""))
            );
        }
        themes.insert(name.to_owned(), Layer::read(file)?);
        if themes.len() > MOST_THEMES {
            return Err(file.fault(&(0..0), format!("there are more than {MOST_THEMES} themes")));
        }
    }
    Ok(themes)
}

/// The text of a file, if there is one.
fn text(path: &Path, name: &str) -> Result<Option<String>, Fault> {
    let failed = |reason: String| TomlFile { name, text: "" }.fault(&(0..0), reason);
    let read = || -> io::Result<Option<Vec<u8>>> {
        // What is no file, such as a pipe, might never end.
        if !fs::metadata(path)?.is_file() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    };
    match read() {
        Ok(None) => Ok(None),
        Ok(Some(bytes)) if bytes.len() as u64 > LONGEST => Err(failed("it is too long".to_owned())),
        Ok(Some(bytes)) => {
            String::from_utf8(bytes).map(Some).map_err(|_| failed("it is not UTF-8".to_owned()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(format!("it cannot be read: {error}"))),
    }
}
