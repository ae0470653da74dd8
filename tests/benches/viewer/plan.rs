//! What a record holds.

/// Turns of a short session, and of the subagent that it starts.
const SHORT: (usize, usize) = (25, 15);

/// A record of one long session, the newest, and of short ones before it.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) exchanges: usize,
    /// Of both bodies of all exchanges, about.
    pub(crate) bytes: usize,
    /// Turns of the long session's main agent, at least.
    long_turns: usize,
    /// It starts so many subagents, of so many turns each.
    subagents: (usize, usize),
}

pub(crate) const SMALL: Plan = Plan {
    name: "100 exchanges",
    exchanges: 100,
    bytes: 10_000_000,
    long_turns: 36,
    subagents: (2, 12),
};
pub(crate) const MEDIUM: Plan = Plan {
    name: "2,000 exchanges",
    exchanges: 2_000,
    bytes: 200_000_000,
    long_turns: 240,
    subagents: (10, 12),
};
pub(crate) const LARGE: Plan = Plan {
    name: "10,000 exchanges",
    exchanges: 10_000,
    bytes: 1_000_000_000,
    long_turns: 600,
    subagents: (20, 12),
};

/// A session of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionPlan {
    pub(crate) number: usize,
    /// Turns of its main agent.
    pub(crate) turns: usize,
    pub(crate) subagents: usize,
    pub(crate) subagent_turns: usize,
    /// What a turn adds to the history, about.
    pub(crate) step_bytes: usize,
}

impl Plan {
    /// All sessions; the long one is the last.
    pub(crate) fn sessions(&self) -> Vec<SessionPlan> {
        let short_size = SHORT.0 + SHORT.1;
        let (subagents, subagent_turns) = self.subagents;
        let rest = self.exchanges - self.long_turns - subagents * subagent_turns;
        let mut sessions: Vec<SessionPlan> = (0..rest / short_size)
            .map(|number| SessionPlan {
                number,
                turns: SHORT.0,
                subagents: 1,
                subagent_turns: SHORT.1,
                step_bytes: 0,
            })
            .collect();
        let turns = self.long_turns + rest % short_size;
        sessions.push(SessionPlan {
            number: sessions.len(),
            turns,
            subagents,
            subagent_turns,
            step_bytes: 0,
        });
        let steps: usize = sessions.iter().map(SessionPlan::sent_steps).sum();
        let step_bytes = (self.bytes - self.exchanges * super::history::BASE_BYTES) / steps;
        sessions.iter().map(|session| SessionPlan { step_bytes, ..*session }).collect()
    }
}

impl SessionPlan {
    /// How many steps its requests and answers hold in all: the history goes out again with each.
    fn sent_steps(&self) -> usize {
        let of_agent = |turns: usize| turns * (turns + 1) / 2;
        of_agent(self.turns) + self.subagents * of_agent(self.subagent_turns)
    }

    /// After which turn of the main agent it starts a subagent, if it does: spread over the
    /// session.
    pub(crate) fn subagent_after(&self, turn: usize) -> Option<usize> {
        let distance = self.turns / (self.subagents + 1);
        let number = (turn + 1) / distance.max(1);
        ((turn + 1).is_multiple_of(distance.max(1)) && (1..=self.subagents).contains(&number))
            .then_some(number)
    }
}
