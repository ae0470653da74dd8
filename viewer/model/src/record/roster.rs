//! Who has spoken: sessions, their agents, and the exchanges of each.

use std::collections::{BTreeMap, HashMap};

use ccdump_wire::v1::{EndState, Exchange};

use super::{Agent, AgentKey};

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

/// The index, as far as it is known here. Rows may come in any order and more than once: the one derived further wins.
#[derive(Debug, Default)]
pub struct Roster {
    rows: BTreeMap<u64, Exchange>,
    agents: HashMap<AgentKey, Agent>,
    nodes: Vec<Node>,
    /// Sessions or agents have come or gone since the tree was made.
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
            let was_turn = is_turn(known);
            // An exchange's session may be known only when its body was read.
            self.leave(&before, id, was_turn, before != key);
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

    /// The tree, as [`Roster::plant`] left it: newest session first, agents under their parents in order of appearance.
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
        let (_, newest) = self.rows.iter().rev().find(|(_, row)| is_turn(row)).or_else(|| self.rows.iter().next_back())?;
        self.agents.get_key_value(&AgentKey::of(newest)).map(|(key, _)| key)
    }

    /// The exchange after `row` in its thread.
    pub fn after(&self, row: &Exchange) -> Option<&Exchange> {
        let agent = self.agents.get(&AgentKey::of(row))?;
        let from = agent.exchanges.partition_point(|id| *id <= row.id);
        agent.exchanges.get(from..)?.iter().filter_map(|id| self.rows.get(id)).find(|next| next.previous == Some(row.id))
    }

    fn join(&mut self, key: AgentKey, row: &Exchange) {
        let is_new = !self.agents.contains_key(&key);
        let agent = self.agents.entry(key).or_default();
        agent.parent.clone_from(&row.parent_agent);
        agent.last_at_us = agent.last_at_us.max(row.started_at_us);
        if let Err(at) = agent.exchanges.binary_search(&row.id) {
            agent.exchanges.insert(at, row.id);
        }
        agent.turns += usize::from(is_turn(row));
        if row.end_state() == EndState::Unspecified {
            agent.open.push(row.id);
        }
        self.is_outgrown |= is_new;
    }

    fn leave(&mut self, key: &AgentKey, id: u64, was_turn: bool, for_good: bool) {
        let Some(agent) = self.agents.get_mut(key) else { return };
        agent.turns -= usize::from(was_turn).min(agent.turns);
        agent.open.retain(|open| *open != id);
        if for_good && let Ok(at) = agent.exchanges.binary_search(&id) {
            agent.exchanges.remove(at);
            if agent.exchanges.is_empty() {
                self.agents.remove(key);
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
        groups.sort_by_key(|group| std::cmp::Reverse(group.first().map_or(0, |(_, agent)| first(agent))));
        let mut nodes = Vec::with_capacity(self.agents.len() + groups.len());
        for group in &groups {
            let Some((key, agent)) = group.first() else { continue };
            let started_at_us = self.rows.get(&first(agent)).map_or(agent.last_at_us, |row| row.started_at_us);
            nodes.push(Node::Session { name: key.session.clone(), provider: key.provider.clone(), started_at_us });
            place_agents(group, &mut nodes);
        }
        self.nodes = nodes;
    }
}

/// The agents of a session.
type Group<'a> = Vec<(&'a AgentKey, &'a Agent)>;

/// How deep the tree is drawn; deeper agents stand at this depth.
const DEEPEST: u16 = 8;

/// Puts a session's agents under their parents. Those whose parent is unknown stand on the first level.
fn place_agents(group: &[(&AgentKey, &Agent)], nodes: &mut Vec<Node>) {
    let places: HashMap<&str, usize> =
        group.iter().enumerate().filter_map(|(at, (key, _))| Some((key.agent.as_deref()?, at))).collect();
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
    // All others again after the roots: parents that name each other in a ring are reached from nowhere.
    for root in roots.into_iter().chain(0..group.len()) {
        let mut stack = vec![(root, 1)];
        while let Some((at, depth)) = stack.pop() {
            let Some(((key, _), false)) = group.get(at).zip(placed.get(at).copied()) else { continue };
            placed.get_mut(at).into_iter().for_each(|placed| *placed = true);
            nodes.push(Node::Agent { key: (*key).clone(), depth });
            stack.extend(children.get(at).into_iter().flatten().rev().map(|child| (*child, (depth + 1).min(DEEPEST))));
        }
    }
}

/// Whether an exchange is a turn of a conversation. A daemon that says nothing about it is taken to speak of one: rather too much
/// than too little.
pub fn is_turn(row: &Exchange) -> bool {
    matches!(row.role.as_str(), "turn" | "")
}

/// Whether it is over, however it ended.
pub fn has_ended(row: &Exchange) -> bool {
    row.end_state() != EndState::Unspecified
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u64, session: &str, agent: &str, parent: Option<&str>) -> Exchange {
        Exchange {
            id,
            session: Some(session.to_owned()),
            agent: Some(agent.to_owned()),
            parent_agent: parent.map(str::to_owned),
            role: "turn".to_owned(),
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
                    format!("{}{}", "  ".repeat(usize::from(*depth)), key.agent.as_deref().unwrap_or("-"))
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
        assert_eq!(tree(&mut roster), ["new", "  main", "old", "  main", "    a", "      aa", "    b", "  lost"]);
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
        assert_eq!((agent.exchanges.as_slice(), agent.turns, agent.open.as_slice()), (&[1][..], 1, &[1][..]));
        late.set_end_state(EndState::Complete);
        late.through_seq = 10;
        roster.upsert(late.clone());
        let agent = roster.agent(&AgentKey::of(&late)).expect("the agent");
        assert!(agent.open.is_empty() && agent.turns == 1);
    }
}
