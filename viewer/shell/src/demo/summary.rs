//! What the demo left in the record, in words and numbers.

use ccdump_client::text::{Align, Table, clean_line, units, units::UNKNOWN};
use ccdump_record::{EndState, Exchange, Usage};

#[derive(Debug)]
pub struct Summary {
    pub exchanges: usize,
    pub events: u64,
    agents: Vec<Agent>,
    /// End states with their numbers, as they were met.
    ends: Vec<(&'static str, usize)>,
}

/// An agent's part in it.
#[derive(Debug, Default)]
struct Agent {
    name: String,
    parent: Option<String>,
    exchanges: usize,
    /// What was sent, what of it the cache had, and what was answered. Tokens.
    input: i64,
    cached: i64,
    output: i64,
    cost_usd: f64,
}

impl Summary {
    /// `rows`: all exchanges, ended. `events`: how many the log has.
    pub fn of(rows: &[Exchange], events: u64) -> Self {
        let mut summary =
            Self { exchanges: rows.len(), events, agents: Vec::new(), ends: Vec::new() };
        for row in rows {
            summary.count(row);
        }
        summary
    }

    pub fn agents(&self) -> usize {
        self.agents.len()
    }

    fn count(&mut self, row: &Exchange) {
        let end = row.end_state.map_or("open", EndState::as_str);
        match self.ends.iter_mut().find(|(known, _)| *known == end) {
            Some((_, count)) => *count += 1,
            None => self.ends.push((end, 1)),
        }
        let name = row.agent.as_deref().map_or_else(|| UNKNOWN.to_owned(), clean_line);
        let at = match self.agents.iter().position(|agent| agent.name == name) {
            Some(at) => at,
            None => {
                self.agents.push(Agent {
                    name,
                    parent: row.parent_agent.as_deref().map(clean_line),
                    ..Agent::default()
                });
                self.agents.len() - 1
            }
        };
        let Some(agent) = self.agents.get_mut(at) else { return };
        agent.exchanges += 1;
        agent.cost_usd += row.cost_usd.unwrap_or_default();
        let usage = row.usage.unwrap_or_default();
        agent.input = agent.input.saturating_add(input(&usage));
        agent.cached = agent.cached.saturating_add(usage.cache_read.unwrap_or_default());
        agent.output = agent.output.saturating_add(usage.output.unwrap_or_default());
    }

    /// Several lines.
    pub fn in_words(&self) -> String {
        const COLUMNS: [(Align, &str); 7] = [
            (Align::Left, "AGENT"),
            (Align::Left, "STARTED BY"),
            (Align::Right, "EXCHANGES"),
            (Align::Right, "TOKENS IN"),
            (Align::Right, "CACHED"),
            (Align::Right, "OUT"),
            (Align::Right, "COST"),
        ];
        let mut rows = vec![COLUMNS.map(|(_, title)| title.to_owned()).to_vec()];
        rows.extend(self.agents.iter().map(|agent| {
            vec![
                agent.name.clone(),
                agent.parent.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
                agent.exchanges.to_string(),
                units::count(agent.input),
                units::count(agent.cached),
                units::count(agent.output),
                units::dollars(agent.cost_usd),
            ]
        }));
        let ends: Vec<String> = self
            .ends
            .iter()
            .map(|(end, count)| format!("{count} {}", end.replace('_', " ")))
            .collect();
        format!(
            "{}\n{}: {} · {}\n",
            Table::new(&COLUMNS.map(|(align, _)| align)).page(&rows),
            units::plural(self.exchanges, "exchange"),
            ends.join(", "),
            units::plural(usize::try_from(self.events).unwrap_or(usize::MAX), "event"),
        )
    }
}

/// All that was sent, from the cache or not.
fn input(usage: &Usage) -> i64 {
    [usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h]
        .into_iter()
        .flatten()
        .fold(0, i64::saturating_add)
}

#[cfg(test)]
mod tests {
    use ccdump_record::EndState;

    use super::*;

    #[test]
    fn exchanges_are_counted_by_agent_and_by_end() {
        let row = |agent: &str, parent: Option<&str>, end: EndState| Exchange {
            agent: Some(agent.to_owned()),
            parent_agent: parent.map(str::to_owned),
            end_state: end.into(),
            usage: Some(Usage {
                input: Some(3),
                cache_read: Some(1_000),
                output: Some(40),
                ..Usage::default()
            }),
            cost_usd: Some(0.25),
            ..Exchange::default()
        };
        let rows = [
            row("main", None, EndState::Complete),
            row("a1", Some("main"), EndState::Complete),
            row("main", None, EndState::ClientCancelled),
        ];
        let summary = Summary::of(&rows, 812);
        assert_eq!((summary.exchanges, summary.agents(), summary.events), (3, 2, 812));
        assert_eq!(
            summary.in_words(),
            "AGENT  STARTED BY  EXCHANGES  TOKENS IN  CACHED  OUT     COST\n\
             main   –                   2       2.0k    2.0k   80  $0.5000\n\
             a1     main                1       1.0k    1.0k   40  $0.2500\n\
             \n3 exchanges: 2 complete, 1 client cancelled · 812 events\n"
        );
    }
}
