//! Where keys go.

use super::{State, sheet::Subject};
use crate::keymap::Context;

impl State {
    /// Where keys go.
    pub fn context(&self) -> Context {
        match self.prompt.open {
            Some(prompt) if self.help.is_none() => prompt.context(),
            _ => self.context_below(),
        }
    }

    /// Where keys go when nothing is asked for.
    fn context_below(&self) -> Context {
        match () {
            () if self.help.is_some() => Context::Help,
            () => self.context_behind_help(),
        }
    }

    fn context_behind_help(&self) -> Context {
        match () {
            () if self.sidebar.open && self.sidebar.focused && !self.roster.is_empty() => {
                Context::Sidebar
            }
            () if self.sheet.is_open() => Context::Sheet,
            () if self.roster.is_empty() => Context::Welcome,
            () => Context::Conversation,
        }
    }

    /// Where the meaning of a key is looked for, one after the other.
    pub fn contexts(&self) -> Vec<Context> {
        self.with_before(self.context())
    }

    /// The same, when nothing is asked for.
    pub fn contexts_below(&self) -> Vec<Context> {
        self.with_before(self.context_below())
    }

    /// What the help is about first: where one is without it.
    pub fn contexts_behind_help(&self) -> Vec<Context> {
        self.with_before(self.context_behind_help())
    }

    fn with_before(&self, context: Context) -> Vec<Context> {
        let before = match context {
            Context::Conversation if self.moment.is_some() => Some(Context::Moment),
            Context::Sheet if matches!(self.sheet.subject, Some(Subject::Versions { .. })) => {
                Some(Context::Versions)
            }
            _ => None,
        };
        before.into_iter().chain([context]).collect()
    }
}
