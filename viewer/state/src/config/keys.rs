//! The keys of `view.toml`.

use ccdump_model::toml_file::{Fault, Name, Table, TomlFile, Value};
use toml::de::DeValue;

use crate::keymap::{Change, Command, Context, Key, TABLE};

/// Reads `[keys]`: commands with their keys, and tables of those for single contexts.
pub(super) fn read(file: TomlFile<'_>, table: &Table<'_>) -> Result<Vec<Change>, Fault> {
    let mut changes = Vec::new();
    for (name, value) in table {
        match value.get_ref() {
            DeValue::Table(inner) => {
                let context = context(file, name)?;
                for (name, value) in inner {
                    changes.push(change(file, Some(context), name, value)?);
                }
            }
            _ => changes.push(change(file, None, name, value)?),
        }
    }
    Ok(changes)
}

fn context(file: TomlFile<'_>, name: &Name<'_>) -> Result<Context, Fault> {
    let contexts = || TABLE.iter().flat_map(|binding| binding.contexts);
    contexts().find(|context| context.name() == name.get_ref()).copied().ok_or_else(|| {
        let known: Vec<&str> = contexts().map(|context| context.name()).collect();
        file.unknown(&name.span(), name.get_ref(), "a part of the screen", &known)
    })
}

fn change(
    file: TomlFile<'_>,
    context: Option<Context>,
    name: &Name<'_>,
    value: &Value<'_>,
) -> Result<Change, Fault> {
    let command = command(file, name)?;
    let keys = match value.get_ref() {
        DeValue::Array(keys) => {
            keys.iter().map(|value| key(file, value)).collect::<Result<_, _>>()?
        }
        _ => {
            return Err(file
                .fault(&value.span(), "a list of keys is expected, such as [\"ctrl-d\", \"J\"]"));
        }
    };
    Ok(Change { context, command, keys, place: file.place(&name.span()) })
}

fn command(file: TomlFile<'_>, name: &Name<'_>) -> Result<Command, Fault> {
    let commands = || TABLE.iter().map(|binding| binding.command);
    commands().find(|command| command.name() == name.get_ref()).ok_or_else(|| {
        let known: Vec<&str> = commands().map(Command::name).collect();
        file.unknown(&name.span(), name.get_ref(), "a command", &known)
    })
}

fn key(file: TomlFile<'_>, value: &Value<'_>) -> Result<Key, Fault> {
    let name = file.string(value, "a key")?;
    let key = Key::parse(name).ok_or_else(|| {
        let short: String = name.chars().take(20).collect();
        file.fault(
            &value.span(),
            format!("“{short}” is not a key; keys are written x, X, ctrl-x, alt-x, f5, pgdn, space, shift-tab"),
        )
    })?;
    match key.same_as() {
        Some(other) => {
            Err(file.fault(&value.span(), format!("terminals send {key} as {other}; write that")))
        }
        None => Ok(key),
    }
}
