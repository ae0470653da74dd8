//! Who has spoken: sessions, their agents, and the exchanges of each.

use std::collections::{BTreeMap, HashMap};

use ccdump_record::{Exchange, RequestRole};

use super::{Agent, AgentKey, AgentName, Callee, Standing};

/// A row of the tree of sessions and agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// What has no session stands under its provider's name.
    Session {
        name: Option<String>,
        provider: String,
        started_at_us: i64,
    },
    Agent {
        key: AgentKey,
        depth: u16,
    },
}

/// The index, as far as it is known here. Rows may come in any order and more than once: the one
/// derived further wins.
#[derive(Debug, Default)]
pub struct Roster {
    rows: BTreeMap<u64, Exchange>,
    agents: HashMap<AgentKey, Agent>,
    nodes: Vec<Node>,
    /// The agents that calls in the answer of an exchange have started.
    called: HashMap<u64, Vec<AgentKey>>,
    /// Sessions or agents have come or gone, or are called otherwise since the tree was made.
    is_outgrown: bool,
}

impl Roster {
    /// Takes a row in, if it is newer than what is known.
    pub fn upsert(&mut self, row: Exchange) {
        if self.rows.get(&row.id).is_none_or(|known| known.through_seq < row.through_seq) {
            self.put(row);
        }
    }

    /// Takes a row in, whatever is known.
    pub fn put(&mut self, row: Exchange) {
        let id = row.id;
        let key = AgentKey::of(&row);
        if let Some(known) = self.rows.get(&id) {
            let before = AgentKey::of(known);
            let (was_turn, output) = (is_turn(known), output(known));
            // An exchange's session may be known only when its body was read.
            self.leave(&before, id, (was_turn, output), before != key);
        }
        self.join(key, &row);
        self.rows.insert(id, row);
    }

    /// The record is another one.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub fn row(&self, id: u64) -> Option<&Exchange> {
        self.rows.get(&id)
    }

    pub fn agent(&self, key: &AgentKey) -> Option<&Agent> {
        self.agents.get(key)
    }

    /// Calls an agent by its first words, where its call says nothing of it.
    pub fn call(&mut self, key: &AgentKey, words: &str) {
        if let Some(agent) = self.agents.get_mut(key) {
            agent.words = Some(AgentName::plain(words));
            self.is_outgrown = true;
        }
    }

    /// How an agent stands.
    pub fn standing(&self, agent: &Agent) -> Standing {
        Standing::of(agent, agent.exchanges.last().and_then(|id| self.row(*id)))
    }

    /// The agents that calls in the answer of an exchange have started, as far as known.
    pub fn callees(&self, row: &Exchange) -> Vec<Callee> {
        let called = self.called.get(&row.id).into_iter().flatten();
        let callee = |key: &AgentKey| {
            let agent = self.agents.get(key).filter(|_| key.session == row.session)?;
            let call = agent.started_by()?;
            Some(Callee {
                agent: key.clone(),
                name: agent.name.clone(),
                pointer: call.pointer.clone(),
                is_probable: call.is_probable,
                standing: self.standing(agent),
                turns: agent.turns,
                output: agent.output,
            })
        };
        called.filter_map(callee).collect()
    }

    /// The tree, as [`Roster::plant`] left it: newest session first, agents under their parents in
    /// order of appearance.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Agents in the order of the tree.
    pub fn agents(&self) -> impl DoubleEndedIterator<Item = &AgentKey> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Agent { key, .. } => Some(key),
            Node::Session { .. } => None,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The agent that last began something: where there is something to see.
    pub fn liveliest(&self) -> Option<&AgentKey> {
        let (_, newest) = self
            .rows
            .iter()
            .rev()
            .find(|(_, row)| is_turn(row))
            .or_else(|| self.rows.iter().next_back())?;
        self.agents.get_key_value(&AgentKey::of(newest)).map(|(key, _)| key)
    }

    /// The exchange after `row` in its thread.
    pub fn after(&self, row: &Exchange) -> Option<&Exchange> {
        let agent = self.agents.get(&AgentKey::of(row))?;
        let from = agent.exchanges.partition_point(|id| *id <= row.id);
        agent
            .exchanges
            .get(from..)?
            .iter()
            .filter_map(|id| self.rows.get(id))
            .find(|next| next.previous == Some(row.id))
    }

    fn join(&mut self, key: AgentKey, row: &Exchange) {
        let is_new = !self.agents.contains_key(&key);
        let agent = self.agents.entry(key.clone()).or_default();
        agent.parent.clone_from(&row.parent_agent);
        agent.last_at_us = agent.last_at_us.max(row.started_at_us);
        if let Err(at) = agent.exchanges.binary_search(&row.id) {
            agent.exchanges.insert(at, row.id);
        }
        agent.turns += usize::from(is_turn(row));
        agent.output = agent.output.saturating_add(output(row));
        if row.end_state.is_none() {
            agent.open.push(row.id);
        }
        self.is_outgrown |= is_new;
        let told = agent.started_by.as_ref();
        if let Some(call) = &row.started_by
            && told.is_none_or(|(exchange, known)| *exchange <= row.id && known != call)
        {
            let before = agent.started_by.replace((row.id, call.clone()));
            self.called_by(&key, before.map(|(_, call)| call.exchange), Some(call.exchange));
            self.is_outgrown = true;
        }
    }

    /// An agent was taken for one of those that exchange `before` has started, and is now for one
    /// of `now`'s.
    fn called_by(&mut self, key: &AgentKey, before: Option<u64>, now: Option<u64>) {
        if let Some(agents) = before.and_then(|before| self.called.get_mut(&before)) {
            agents.retain(|agent| agent != key);
        }
        if let Some(now) = now {
            self.called.entry(now).or_default().push(key.clone());
        }
    }

    fn leave(&mut self, key: &AgentKey, id: u64, (was_turn, output): (bool, i64), for_good: bool) {
        let Some(agent) = self.agents.get_mut(key) else { return };
        agent.turns -= usize::from(was_turn).min(agent.turns);
        agent.output = agent.output.saturating_sub(output);
        agent.open.retain(|open| *open != id);
        if for_good && let Ok(at) = agent.exchanges.binary_search(&id) {
            agent.exchanges.remove(at);
            if agent.exchanges.is_empty() {
                let gone = self.agents.remove(key);
                let call = gone.as_ref().and_then(Agent::started_by);
                self.called_by(key, call.map(|call| call.exchange), None);
                self.is_outgrown = true;
            }
        }
    }

    /// Makes the tree anew if it has to be: once for all rows that have come.
    pub fn plant(&mut self) {
        if !std::mem::take(&mut self.is_outgrown) {
            return;
        }
        let first = |agent: &Agent| agent.exchanges.first().copied().unwrap_or(u64::MAX);
        let mut sessions: BTreeMap<(Option<&str>, &str), Group<'_>> = BTreeMap::new();
        for (key, agent) in &self.agents {
            // Providers tell apart only what has no session.
            let provider = if key.session.is_some() { "" } else { key.provider.as_str() };
            sessions.entry((key.session.as_deref(), provider)).or_default().push((key, agent));
        }
        let mut groups: Vec<_> = sessions.into_values().collect();
        for group in &mut groups {
            group.sort_by_key(|(_, agent)| first(agent));
        }
        groups.sort_by_key(|group| {
            std::cmp::Reverse(group.first().map_or(0, |(_, agent)| first(agent)))
        });
        let mut nodes = Vec::with_capacity(self.agents.len() + groups.len());
        for group in &groups {
            let Some((key, agent)) = group.first() else { continue };
            let started_at_us =
                self.rows.get(&first(agent)).map_or(agent.last_at_us, |row| row.started_at_us);
            nodes.push(Node::Session {
                name: key.session.clone(),
                provider: key.provider.clone(),
                started_at_us,
            });
            place_agents(group, &mut nodes);
        }
        self.nodes = nodes;
        let names: Vec<_> = groups.iter().flat_map(names).collect();
        for (key, name) in names {
            self.agents.entry(key).and_modify(|agent| agent.name = name);
        }
    }
}

/// What the agents of a session are called, in the order of their appearance; those that would be
/// called the same have numbers.
fn names(group: &Group<'_>) -> Vec<(AgentKey, AgentName)> {
    let mut alike: HashMap<String, usize> = HashMap::new();
    let mut number = 0;
    let name = |(key, agent): &(&AgentKey, &Agent)| {
        let name = match key.agent.as_deref() {
            Some(main) if key.is_main() => AgentName::plain(main),
            None => AgentName::plain(&key.provider),
            Some(_) => {
                number += 1;
                let call = agent.started_by();
                let described = call.and_then(AgentName::of_call).or_else(|| agent.words.clone());
                described.unwrap_or_else(|| AgentName::plain(&format!("subagent {number}")))
            }
        };
        let so_far = alike.entry(name.to_string()).or_default();
        *so_far += 1;
        ((*key).clone(), name.numbered(*so_far))
    };
    group.iter().map(name).collect()
}

/// Tokens that were answered.
fn output(row: &Exchange) -> i64 {
    row.usage.and_then(|usage| usage.output).unwrap_or(0).max(0)
}

/// The agents of a session.
type Group<'a> = Vec<(&'a AgentKey, &'a Agent)>;

/// How deep the tree is drawn; deeper agents stand at this depth.
const DEEPEST: u16 = 8;

/// Puts a session's agents under their parents. Those whose parent is unknown stand on the first
/// level.
fn place_agents(group: &[(&AgentKey, &Agent)], nodes: &mut Vec<Node>) {
    let places: HashMap<&str, usize> = group
        .iter()
        .enumerate()
        .filter_map(|(at, (key, _))| Some((key.agent.as_deref()?, at)))
        .collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); group.len()];
    let mut roots = Vec::new();
    for (at, (_, agent)) in group.iter().enumerate() {
        let parent = agent.parent.as_deref().and_then(|parent| places.get(parent));
        match parent.and_then(|parent| children.get_mut(*parent)) {
            Some(children) => children.push(at),
            None => roots.push(at),
        }
    }
    let mut placed = vec![false; group.len()];
    // All others again after the roots: parents that name each other in a ring are reached from
    // nowhere.
    for root in roots.into_iter().chain(0..group.len()) {
        let mut stack = vec![(root, 1)];
        while let Some((at, depth)) = stack.pop() {
            let Some(((key, _), false)) = group.get(at).zip(placed.get(at).copied()) else {
                continue;
            };
            placed.get_mut(at).into_iter().for_each(|placed| *placed = true);
            nodes.push(Node::Agent { key: (*key).clone(), depth });
            stack.extend(
                children
                    .get(at)
                    .into_iter()
                    .flatten()
                    .rev()
                    .map(|child| (*child, (depth + 1).min(DEEPEST))),
            );
        }
    }
}

/// Whether an exchange is a turn of a conversation.
pub fn is_turn(row: &Exchange) -> bool {
    row.role == RequestRole::Turn
}

/// Whether it is over, however it ended.
pub fn has_ended(row: &Exchange) -> bool {
    row.end_state.is_some()
}

#[cfg(test)]
mod tests {
    use ccdump_record::{EndState, StartedBy};

    use super::*;

    fn row(id: u64, session: &str, agent: &str, parent: Option<&str>) -> Exchange {
        Exchange {
            id,
            session: Some(session.to_owned()),
            agent: Some(agent.to_owned()),
            parent_agent: parent.map(str::to_owned),
            role: RequestRole::Turn,
            through_seq: id,
            ..Exchange::default()
        }
    }

    fn tree(roster: &mut Roster) -> Vec<String> {
        roster.plant();
        roster
            .nodes()
            .iter()
            .map(|node| match node {
                Node::Session { name, .. } => name.clone().unwrap_or_default(),
                Node::Agent { key, depth } => {
                    format!(
                        "{}{}",
                        "  ".repeat(usize::from(*depth)),
                        key.agent.as_deref().unwrap_or("-")
                    )
                }
            })
            .collect()
    }

    #[test]
    fn agents_stand_under_their_parents_and_the_newest_session_first() {
        let mut roster = Roster::default();
        for row in [
            row(1, "old", "main", None),
            row(2, "old", "a", Some("main")),
            row(3, "new", "main", None),
            row(4, "old", "b", Some("main")),
            row(5, "old", "aa", Some("a")),
            row(6, "old", "lost", Some("nobody")),
        ] {
            roster.upsert(row);
        }
        assert_eq!(
            tree(&mut roster),
            ["new", "  main", "old", "  main", "    a", "      aa", "    b", "  lost"]
        );
    }

    fn called(mut row: Exchange, exchange: u64, description: &str, is_probable: bool) -> Exchange {
        let (kind, description) = (Some("Explore".to_owned()), Some(description.to_owned()));
        row.started_by =
            Some(StartedBy { exchange, kind, description, is_probable, ..StartedBy::default() });
        row
    }

    #[test]
    fn agents_are_called_by_what_they_were_started_for_and_those_that_are_alike_by_numbers() {
        let mut roster = Roster::default();
        for row in [
            row(1, "s", "main", None),
            called(row(2, "s", "a", Some("main")), 1, "Find it", false),
            row(3, "s", "b", Some("main")),
            called(row(4, "s", "c", Some("main")), 1, "Find it", false),
        ] {
            roster.upsert(row);
        }
        let names = |roster: &mut Roster| -> Vec<String> {
            roster.plant();
            roster
                .agents()
                .filter_map(|key| roster.agent(key))
                .map(|agent| agent.name.to_string())
                .collect()
        };
        assert_eq!(
            names(&mut roster),
            ["main", "Explore: Find it", "subagent 2", "Explore: Find it (2)"]
        );
        roster.call(&AgentKey::of(&row(3, "s", "b", Some("main"))), "Where is it?");
        roster.call(&AgentKey::of(&row(4, "s", "c", Some("main"))), "Where is it?");
        assert_eq!(names(&mut roster)[2..], ["Where is it?", "Explore: Find it (2)"]);
        roster.upsert(called(row(5, "s", "b", Some("main")), 1, "Mend it", false));
        assert_eq!(names(&mut roster)[2], "Explore: Mend it", "it was known only later");
    }

    #[test]
    fn the_newest_exchange_of_an_agent_says_best_which_call_has_started_it() {
        let mut roster = Roster::default();
        roster.upsert(row(1, "s", "main", None));
        roster.upsert(called(row(4, "s", "a", Some("main")), 1, "Find it", false));
        roster.upsert(called(row(3, "s", "a", Some("main")), 2, "Guess", true));
        let mut last = called(row(5, "s", "a", Some("main")), 1, "Find it", false);
        last.usage = Some(ccdump_record::Usage { output: Some(7), ..Default::default() });
        last.end_state = Some(EndState::Complete);
        roster.upsert(last.clone());
        let callees = |exchange| roster.callees(&row(exchange, "s", "main", None));
        let told = callees(1)
            .iter()
            .map(|callee| (callee.agent.agent.clone(), callee.turns, callee.output))
            .collect::<Vec<_>>();
        assert_eq!(told, [(Some("a".to_owned()), 3, 7)], "once");
        assert_eq!(callees(2), [], "the older word does not count");
        assert_eq!(roster.callees(&row(1, "other", "main", None)), [], "another session");
        last.session = None;
        last.through_seq = 9;
        roster.upsert(last);
        let output: Vec<i64> =
            roster.callees(&row(1, "s", "main", None)).iter().map(|callee| callee.output).collect();
        assert_eq!(output, [0], "what left it is not counted any more");
    }

    #[test]
    fn a_ring_of_parents_is_shown_once() {
        let mut roster = Roster::default();
        for (id, agent, parent) in [(1, "x", "y"), (2, "y", "x"), (3, "z", "z")] {
            roster.upsert(row(id, "s", agent, Some(parent)));
        }
        roster.plant();
        assert_eq!(roster.agents().count(), 3);
    }

    #[test]
    fn an_exchange_moves_when_its_session_becomes_known_and_older_rows_change_nothing() {
        let mut roster = Roster::default();
        let mut early = row(1, "s", "main", None);
        early.session = None;
        roster.upsert(early.clone());
        let mut late = row(1, "s", "main", None);
        late.through_seq = 9;
        roster.upsert(late.clone());
        roster.upsert(early);
        assert_eq!(tree(&mut roster), ["s", "  main"]);
        let agent = roster.agent(&AgentKey::of(&late)).expect("the agent");
        assert_eq!(
            (agent.exchanges.as_slice(), agent.turns, agent.open.as_slice()),
            (&[1][..], 1, &[1][..])
        );
        late.end_state = Some(EndState::Complete);
        late.through_seq = 10;
        roster.upsert(late.clone());
        let agent = roster.agent(&AgentKey::of(&late)).expect("the agent");
        assert!(agent.open.is_empty() && agent.turns == 1);
    }
}
