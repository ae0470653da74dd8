//! All that happens, one after the other, and what it does to the state.

use ccdump_host::protocol::ToViewer;
use ccdump_model::{line::Detail, record::AgentKey};

use super::{
    Effect, Event, Moment, Program, State, Weight,
    conversation::{Preset, Seek, Target},
    copy,
    errand::What,
    prompt::Prompt,
    welcome::ways,
};
use crate::keymap::{Command, Context, Key};

impl State {
    /// Takes an event in, at `now_us` (microseconds since the Unix epoch); gives what is to be done
    /// about it.
    pub fn update(&mut self, now_us: i64, event: Event) -> Vec<Effect> {
        self.now_us = now_us;
        self.notices.tick(now_us);
        self.play();
        match event {
            Event::Key(key) => {
                let mut effects = self.key(key);
                // The next key may speak of what this one brought onto the screen.
                effects.extend(self.arrange());
                return effects;
            }
            Event::Mouse(mouse) => {
                let mut effects = self.mouse(mouse);
                self.journal.is_outdated = true;
                self.touch();
                effects.extend(self.arrange());
                return effects;
            }
            Event::Resize { width, height } => {
                (self.width, self.height) = (width, height);
                self.find_match_again();
            }
            Event::Tick => {}
            Event::Daemon(event) => self.daemon_event(event),
            Event::Host(ToViewer::HandOver) => return vec![self.save(), Effect::HandOver],
            Event::Host(message) => {
                if let Some((weight, words)) = self.reloads.hear(message, self.daemon.started_ms) {
                    self.notices.say(now_us, weight, words);
                }
            }
            Event::Held { name, saved, state } => self.held(name, saved, state),
            Event::Rows { agent, rows } => {
                self.rows(rows);
                self.rows_here = Some(agent);
            }
            Event::Fetched { exchange, mut fetch } => {
                self.cut_fetch(exchange, &mut fetch);
                self.contents.arrived(exchange, *fetch);
                return self.look_where_it_stands();
            }
            Event::Blocks { exchange, side, contents } if self.has_come(exchange, side) => {
                self.contents.told(exchange, side, contents);
                return self.look_where_it_stands();
            }
            Event::Blocks { .. } => {}
            Event::Former { exchange, contents } => self.contents.told_former(exchange, contents),
            Event::Sections { session, answer } => self.told_sections(session.as_deref(), answer),
            Event::Hinted { number, answer, is_over } => {
                self.hinted(number, answer, is_over);
                return self.look_where_it_stands();
            }
            Event::Brought { need, brought } => self.brought(need, brought),
            Event::Live { exchange, events } if self.moment.is_some() => {
                self.moment_events(exchange, events)
            }
            Event::Live { exchange, events } => {
                events.iter().for_each(|event| self.live(exchange, event))
            }
            // The rest comes when the daemon is back.
            Event::LiveLost { .. } if self.moment.is_some() => {}
            Event::LiveLost { exchange } => self.contents.live_left(exchange),
            Event::Copied(Ok(what)) => {
                self.notices.say(now_us, Weight::Good, format!("copied {what}"))
            }
            Event::Copied(Err(why)) => self.notices.say(now_us, Weight::Warning, why),
            Event::Config(read) => self.configure(read),
            Event::Redraw => return vec![Effect::Redraw],
            Event::Leave => return self.leave(),
        }
        self.save_when_due()
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        let context = self.context();
        let keymap = &self.config.keymap;
        let Some(command) =
            self.contexts().into_iter().find_map(|context| keymap.command(context, key))
        else {
            if self.prompt.open.is_some() && context != Context::Help {
                self.note(key, None);
                self.type_key(key);
                self.touch();
            }
            return Vec::new();
        };
        self.note(key, Some(command));
        self.run(context, command)
    }

    /// Does what a command does in a part of the screen.
    pub(super) fn run(&mut self, context: Context, command: Command) -> Vec<Effect> {
        self.conversation.stop_seeking();
        if context != Context::Search {
            self.search.stop_seeking();
        }
        self.touch();
        match context {
            Context::Search => self.search_command(command),
            Context::Number | Context::Mark => self.common_command(command),
            Context::Palette => self.palette_command(command),
            Context::Help => self.help_command(command),
            Context::Welcome => self.welcome_command(command),
            Context::Sidebar => self.sidebar_command(command),
            Context::Sheet | Context::Versions => self.sheet_command(command),
            Context::Conversation | Context::Moment => self.conversation_command(command),
        }
    }

    fn conversation_command(&mut self, command: Command) -> Vec<Effect> {
        let height = i32::from(self.areas().conversation.height);
        // Two lines of the page before stay, so that the eye finds its place.
        let page = (height - 2).max(1);
        let talk = &mut self.conversation;
        let seek = |target, forward| Seek { target, forward };
        match command {
            Command::LineDown => talk.scroll(1),
            Command::LineUp => talk.scroll(-1),
            Command::HalfPageDown => talk.scroll((height / 2).max(1)),
            Command::HalfPageUp => talk.scroll(-(height / 2).max(1)),
            Command::PageDown => talk.scroll(page),
            Command::PageUp => talk.scroll(-page),
            Command::Top => talk.top(&self.roster),
            Command::Bottom => talk.bottom(),
            Command::NextTurn => talk.seek(seek(Target::Turn, true)),
            Command::PreviousTurn => talk.seek(seek(Target::Turn, false)),
            Command::NextTool => talk.seek(seek(Target::Tool, true)),
            Command::PreviousTool => talk.seek(seek(Target::Tool, false)),
            Command::NextBlock => talk.seek(seek(Target::Block, true)),
            Command::PreviousBlock => talk.seek(seek(Target::Block, false)),
            Command::NextUser => talk.seek(seek(Target::User, true)),
            Command::PreviousUser => talk.seek(seek(Target::User, false)),
            Command::NextFailure => talk.seek(seek(Target::Failure, true)),
            Command::PreviousFailure => talk.seek(seek(Target::Failure, false)),
            Command::NextSubagent => talk.seek(seek(Target::Subagent, true)),
            Command::PreviousSubagent => talk.seek(seek(Target::Subagent, false)),
            Command::Search => self.open_search(),
            Command::NextMatch => self.next_match(true),
            Command::PreviousMatch => self.next_match(false),
            Command::SetMark => self.ask(Prompt::SetMark),
            Command::Inspect => self.inspect(),
            Command::Inward => self.go_to_callee(),
            Command::Outward => self.go_to_caller(),
            Command::Fold => talk.fold(),
            Command::FoldAll => talk.fold_all(),
            Command::Follow => talk.toggle_follow(),
            Command::Category(category) => {
                talk.toggle(category);
                let how = if talk.show.is_hidden(category) { "hidden" } else { "shown" };
                self.notices.say(
                    self.now_us,
                    Weight::Plain,
                    format!("{} {how}", category.as_str()),
                );
            }
            Command::Level(category) => {
                talk.next_level(category);
                let how = level_name(talk.show.level(category));
                self.notices.say(
                    self.now_us,
                    Weight::Plain,
                    format!("{} {how}", category.as_str()),
                );
            }
            Command::Preset(preset) => self.show_preset(preset),
            Command::NextPreset => {
                let now = talk
                    .show
                    .preset()
                    .and_then(|preset| Preset::ALL.iter().position(|other| *other == preset));
                let next = now.map_or(0, |now| (now + 1) % Preset::ALL.len());
                Preset::ALL.get(next).into_iter().for_each(|preset| self.show_preset(*preset));
            }
            Command::Play
            | Command::SecondOn
            | Command::SecondBack
            | Command::NextEvent
            | Command::PreviousEvent
            | Command::Faster
            | Command::Slower => self.time_command(command),
            Command::Copy => return self.block_text().map(Effect::Copy).into_iter().collect(),
            Command::Pager => return self.open_block_in(Program::Pager),
            Command::Editor => return self.open_block_in(Program::Editor),
            other => return self.common_command(other),
        }
        Vec::new()
    }

    /// The marked block.
    fn block_text(&self) -> Option<String> {
        self.conversation.focused().map(|(_, item)| copy::whole(&item.item, self.lines))
    }

    fn open_block_in(&self, program: Program) -> Vec<Effect> {
        self.block_text()
            .map(|text| Effect::Open { text, suffix: ".txt", program })
            .into_iter()
            .collect()
    }

    fn show_preset(&mut self, preset: Preset) {
        self.conversation.show_preset(preset);
        self.notices.say(self.now_us, Weight::Plain, format!("shown: {}", preset.name()));
    }

    /// While a search is typed.
    fn search_command(&mut self, command: Command) -> Vec<Effect> {
        let in_sheet = self.prompt.open == Some(Prompt::Find);
        match command {
            Command::NextMatch if in_sheet => self.next_found(true),
            Command::PreviousMatch if in_sheet => self.next_found(false),
            Command::MatchCase if in_sheet => self.turn_find_switch(|switches| &mut switches.case),
            Command::MatchWord if in_sheet => self.turn_find_switch(|switches| &mut switches.word),
            Command::MatchRegex if in_sheet => {
                self.turn_find_switch(|switches| &mut switches.regex)
            }
            Command::NextMatch => self.next_match(true),
            Command::PreviousMatch => self.next_match(false),
            Command::MatchCase => self.turn_switch(|switches| &mut switches.case),
            Command::MatchWord => self.turn_switch(|switches| &mut switches.word),
            Command::MatchRegex => self.turn_switch(|switches| &mut switches.regex),
            other => return self.common_command(other),
        }
        Vec::new()
    }

    fn sidebar_command(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::LineDown => self.step_agent(1),
            Command::LineUp => self.step_agent(-1),
            Command::Top => {
                let first = self.roster.agents().next().cloned();
                self.choose(first);
            }
            Command::Bottom => {
                let last = self.roster.agents().next_back().cloned();
                self.choose(last);
            }
            Command::Choose => self.sidebar.focused = false,
            other => return self.common_command(other),
        }
        Vec::new()
    }

    fn welcome_command(&mut self, command: Command) -> Vec<Effect> {
        let ways = ways(&self.daemon.proxy);
        match command {
            Command::LineDown => self.welcome.moved(1, ways.len()),
            Command::LineUp => self.welcome.moved(-1, ways.len()),
            Command::Top => self.welcome.moved(i32::MIN, ways.len()),
            Command::Bottom => self.welcome.moved(i32::MAX, ways.len()),
            Command::Copy => {
                return ways
                    .get(self.welcome.chosen)
                    .map(|way| Effect::Copy(way.command.clone()))
                    .into_iter()
                    .collect();
            }
            other => return self.common_command(other),
        }
        Vec::new()
    }

    fn help_command(&mut self, command: Command) -> Vec<Effect> {
        let page = self.height.saturating_sub(4).max(1);
        let Some(first) = &mut self.help else { return Vec::new() };
        match command {
            Command::LineDown => *first = first.saturating_add(1),
            Command::LineUp => *first = first.saturating_sub(1),
            Command::HalfPageDown | Command::PageDown => *first = first.saturating_add(page),
            Command::HalfPageUp | Command::PageUp => *first = first.saturating_sub(page),
            Command::Top => *first = 0,
            Command::Bottom => *first = u16::MAX,
            Command::Back | Command::Help => self.help = None,
            other => return self.common_command(other),
        }
        if let Some(first) = &mut self.help {
            *first = (*first).min(self.config.keymap.help_lines().saturating_sub(page));
        }
        Vec::new()
    }

    /// What works everywhere.
    pub(super) fn common_command(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Accept => self.accept(),
            Command::Cancel => self.cancel(),
            Command::GoTo => self.ask(Prompt::Number),
            Command::GoToMark => self.ask(Prompt::GoToMark),
            Command::Compare => self.compare(),
            Command::CompareFrom => self.compare_from(),
            Command::CompareWith => self.ask_compare_with(),
            Command::Versions => self.open_versions(),
            Command::Palette => self.open_palette(),
            Command::CopyCurl => self.send_for(What::Curl),
            Command::CopyMarkdown => self.send_for(What::Markdown),
            Command::Mouse => self.turn_mouse(),
            Command::NextAgent => self.step_agent(1),
            Command::PreviousAgent => self.step_agent(-1),
            Command::NewTab | Command::CloseTab | Command::NextTab | Command::PreviousTab => {
                self.tab_command(command)
            }
            Command::GoToTab => self.ask(Prompt::Tab),
            Command::OtherPane => {
                self.sidebar.focused = !(self.sidebar.open && self.sidebar.focused);
                self.sidebar.open |= self.sidebar.focused;
            }
            Command::Sidebar => self.sidebar.open = !self.sidebar.open,
            Command::NextTheme => self.next_theme(),
            Command::Help => self.help = Some(0),
            Command::Redraw => return vec![Effect::Redraw],
            Command::Suspend => return vec![Effect::Suspend],
            Command::Reloads => {
                self.reloads.panel = if self.reloads.panel.is_none() { Some(0) } else { None }
            }
            Command::NextError => self.reloads.step(true),
            Command::PreviousError => self.reloads.step(false),
            Command::PutErrorsAway => self.reloads.put_away = true,
            Command::EditError => return self.edit_error(),
            Command::Detach => {
                self.moment.iter_mut().for_each(Moment::leave);
                return self.leave();
            }
            _ => {}
        }
        Vec::new()
    }

    fn edit_error(&self) -> Vec<Effect> {
        let place = self.reloads.error().and_then(|error| Some((error.file.clone()?, error.line?)));
        place.map(|(file, line)| Effect::Edit { file, line }).into_iter().collect()
    }

    /// To another agent of the tree, so many further.
    fn step_agent(&mut self, by: isize) {
        let agents: Vec<&AgentKey> = self.roster.agents().collect();
        let at = self
            .conversation
            .agent
            .as_ref()
            .and_then(|chosen| agents.iter().position(|agent| *agent == chosen));
        let next =
            at.map_or(0, |at| at.saturating_add_signed(by).min(agents.len().saturating_sub(1)));
        let next = agents.get(next).map(|agent| (*agent).clone());
        self.choose(next);
    }

    pub(super) fn choose(&mut self, agent: Option<AgentKey>) {
        if let Some(agent) = agent {
            self.close_sheet();
            self.conversation.by_hand = true;
            self.conversation.choose(agent);
        }
    }

    pub(super) fn save_when_due(&mut self) -> Vec<Effect> {
        match self.save_at_us {
            Some(at) if at <= self.now_us => vec![self.save()],
            _ => Vec::new(),
        }
    }

    fn save(&mut self) -> Effect {
        self.save_at_us = None;
        self.put_all();
        Effect::Save(self.saved.bytes())
    }

    fn leave(&mut self) -> Vec<Effect> {
        let save = self.view.is_saved.then(|| self.save());
        save.into_iter().chain([Effect::Leave]).collect()
    }
}

fn level_name(level: Detail) -> &'static str {
    match level {
        Detail::Hidden => "hidden",
        Detail::Summary => "in short",
        Detail::Full => "in full",
    }
}
