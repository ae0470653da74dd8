//! Which key is which command: the table, with a person's own keys in it.

use std::collections::HashMap;

use ccdump_model::toml_file::{Fault, Place};

use super::{Binding, Command, Context, Key, Section, TABLE};

/// What a person wants to be otherwise than in the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Where it holds; everywhere when it is not given.
    pub context: Option<Context>,
    pub command: Command,
    /// All its keys; those of the table are no longer its.
    pub keys: Vec<Key>,
    /// Where this is said.
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Keymap {
    rows: Vec<Row>,
    commands: HashMap<(Context, Key), Command>,
}

/// A row of the table, with the keys that it has now.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    binding: &'static Binding,
    contexts: Vec<Context>,
    keys: Vec<Key>,
    /// Who wanted it so.
    place: Option<Place>,
    /// Its keys are others here than elsewhere.
    is_special: bool,
}

/// A line of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelpLine {
    Title(&'static str),
    Keys { keys: Vec<Key>, what: String },
    Blank,
}

impl Default for Keymap {
    /// The table as it is.
    fn default() -> Self {
        let rows: Vec<Row> = TABLE.iter().map(Row::new).collect();
        Self { commands: rows.iter().flat_map(Row::commands).collect(), rows }
    }
}

impl Keymap {
    /// The table with changes. A key that is given to a command is no longer the one's that has it
    /// in the table; what `Err` says is that two changes want the same key, that a command does
    /// nothing where it is to have a key, or that none is left for the help or the way out.
    pub fn with(changes: &[Change]) -> Result<Self, Fault> {
        let mut keymap = Self::default();
        // What holds in one place is taken out of what holds everywhere.
        let (everywhere, somewhere): (Vec<_>, Vec<_>) =
            changes.iter().partition(|change| change.context.is_none());
        for change in everywhere {
            for row in keymap.rows.iter_mut().filter(|row| row.binding.command == change.command) {
                row.keys.clone_from(&change.keys);
                row.place = Some(change.place.clone());
            }
        }
        for change in somewhere {
            keymap.special(change)?;
        }
        keymap.commands = keymap.decide()?;
        keymap.keep_way_out(changes)?;
        Ok(keymap)
    }

    pub fn command(&self, context: Context, key: Key) -> Option<Command> {
        self.commands.get(&(context, key)).copied()
    }

    /// What stands in the footer.
    pub fn footer(&self, context: Context) -> impl Iterator<Item = (Command, Key, &'static str)> {
        self.rows.iter().filter_map(move |row| {
            Some((row.binding.command, self.row_key(row, context)?, row.binding.footer?))
        })
    }

    /// All commands that have a key there, with the first of their keys and what they do.
    pub fn commands(&self, context: Context) -> impl Iterator<Item = (Command, Key, &'static str)> {
        self.rows.iter().filter_map(move |row| {
            Some((row.binding.command, self.row_key(row, context)?, row.binding.what))
        })
    }

    /// The first of a command's keys.
    pub fn key(&self, context: Context, command: Command) -> Option<Key> {
        self.rows
            .iter()
            .filter(|row| row.binding.command == command)
            .find_map(|row| self.row_key(row, context))
    }

    fn row_key(&self, row: &Row, context: Context) -> Option<Key> {
        let is_its = |key: &Key| self.command(context, *key) == Some(row.binding.command);
        row.keys.iter().copied().find(is_its).filter(|_| row.contexts.contains(&context))
    }

    /// The help: all that keys do, by section; what is about the place one is in comes first, what
    /// does nothing there last.
    pub fn help(&self, contexts: &[Context]) -> impl Iterator<Item = HelpLine> {
        let does_nothing = |section: &Section| {
            let mut rows = self.rows.iter().filter(|row| row.binding.section == *section);
            !rows.any(|row| row.contexts.iter().any(|context| contexts.contains(context)))
        };
        let is_about =
            |section: &Section| contexts.iter().any(|context| context.section() == Some(*section));
        let mut sections = Section::ALL;
        sections.sort_by_key(|section| (!is_about(section), does_nothing(section)));
        sections.into_iter().enumerate().flat_map(|(number, section)| {
            let rows =
                self.rows.iter().enumerate().filter(move |(_, row)| row.binding.section == section);
            let lines = rows.filter_map(|(at, row)| self.help_line(at, row));
            (number > 0)
                .then_some(HelpLine::Blank)
                .into_iter()
                .chain([HelpLine::Title(section.title())])
                .chain(lines)
        })
    }

    /// How many lines the help has.
    pub fn help_lines(&self) -> u16 {
        u16::try_from(self.help(&[]).count()).unwrap_or(u16::MAX)
    }

    fn help_line(&self, at: usize, row: &Row) -> Option<HelpLine> {
        // One change may have made two rows the same.
        let says_the_same = |other: &Row| {
            other.binding.command == row.binding.command
                && other.keys == row.keys
                && other.contexts.iter().any(|context| row.contexts.contains(context))
        };
        if self.rows.iter().take(at).any(says_the_same) {
            return None;
        }
        let is_its = |key: &Key| {
            row.contexts
                .iter()
                .any(|context| self.command(*context, *key) == Some(row.binding.command))
        };
        let keys: Vec<Key> = row.keys.iter().copied().filter(is_its).collect();
        let what = match row.contexts.first() {
            Some(context) if row.is_special => format!("{} ({})", row.binding.what, context.name()),
            _ => row.binding.what.to_owned(),
        };
        (!keys.is_empty()).then_some(HelpLine::Keys { keys, what })
    }

    /// A change that holds in one context gets a row of its own.
    fn special(&mut self, change: &Change) -> Result<(), Fault> {
        let Some(context) = change.context else { return Ok(()) };
        let is_meant =
            |row: &Row| row.binding.command == change.command && row.contexts.contains(&context);
        let Some(at) = self.rows.iter().position(is_meant) else {
            let reason =
                format!("{} does nothing in the {}", change.command.name(), context.name());
            return Err(change.place.fault(reason));
        };
        let Some(binding) = self.rows.get(at).map(|row| row.binding) else { return Ok(()) };
        for row in self.rows.iter_mut().filter(|row| row.binding.command == change.command) {
            row.contexts.retain(|other| *other != context);
        }
        let (keys, place) = (change.keys.clone(), Some(change.place.clone()));
        self.rows.insert(
            at + 1,
            Row { binding, contexts: vec![context], keys, place, is_special: true },
        );
        self.rows.retain(|row| !row.contexts.is_empty());
        Ok(())
    }

    /// The command of each key. What a person wants beats the table.
    fn decide(&self) -> Result<HashMap<(Context, Key), Command>, Fault> {
        let mut commands: HashMap<_, _> =
            self.rows.iter().filter(|row| row.place.is_none()).flat_map(Row::commands).collect();
        let mut wanted = HashMap::new();
        for row in &self.rows {
            let Some(place) = &row.place else { continue };
            for (at, command) in row.commands() {
                let Some((other, before)) =
                    wanted.insert(at, (command, place)).filter(|(other, _)| *other != command)
                else {
                    continue;
                };
                let ((context, key), last) = (at, place.max(before));
                let (name, other) = (command.name(), other.name());
                return Err(last.fault(format!(
                    "{key} cannot be both {other} and {name} in the {}",
                    context.name()
                )));
            }
        }
        commands.extend(wanted.into_iter().map(|(at, (command, _))| (at, command)));
        Ok(commands)
    }

    /// Nobody is to be locked in, or left without help.
    fn keep_way_out(&self, changes: &[Change]) -> Result<(), Fault> {
        for command in [Command::Help, Command::Detach] {
            let rows = || TABLE.iter().filter(move |binding| binding.command == command);
            let has_key = |context| {
                self.commands.iter().any(|((at, _), bound)| *at == context && *bound == command)
            };
            let Some(context) = rows()
                .flat_map(|binding| binding.contexts)
                .copied()
                .find(|context| !has_key(*context))
            else {
                continue;
            };
            let concerns = |change: &&Change| change.context.is_none_or(|only| only == context);
            let takes = |change: &&Change| {
                change
                    .keys
                    .iter()
                    .any(|key| Self::default().command(context, *key) == Some(command))
            };
            let guilty = changes.iter().filter(concerns).find(|change| change.command == command);
            if let Some(change) = guilty.or_else(|| changes.iter().filter(concerns).find(takes)) {
                return Err(change.place.fault(format!(
                    "{} needs a key in the {}",
                    command.name(),
                    context.name()
                )));
            }
        }
        Ok(())
    }
}

impl Row {
    fn new(binding: &'static Binding) -> Self {
        let keys = binding.keys.iter().filter_map(|name| Key::parse(name)).collect();
        Self { binding, contexts: binding.contexts.to_vec(), keys, place: None, is_special: false }
    }

    fn commands(&self) -> impl Iterator<Item = ((Context, Key), Command)> {
        self.contexts.iter().flat_map(|context| {
            self.keys.iter().map(|key| ((*context, *key), self.binding.command))
        })
    }
}
