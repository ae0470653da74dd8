//! Which call started which agent.
//!
//! A subagent's first words are those that its caller wrote. Where several calls that say the same
//! are waiting, it cannot be told which of them is answered, and what is said of it is probable
//! only.

use ccdump_provider::agent_call;
use ccdump_record::{Exchange, StartedBy};

use crate::store::{
    StoreError,
    calls::{AgentCall, of_caller},
    index::Derived,
    reader::Reader,
};

/// A call in an answer of the exchange `row`. `None` where it is not known whose it is.
pub fn call_of(row: &Exchange, call: &agent_call::AgentCall) -> Option<AgentCall> {
    Some(AgentCall {
        session: row.session.clone()?,
        caller: row.agent.clone()?,
        prompt: call.prompt,
        agent: None,
        call: StartedBy {
            exchange: row.id,
            pointer: call.pointer.clone(),
            tool_use_id: call.tool_use_id.clone(),
            kind: call.kind.clone(),
            description: call.description.clone(),
            is_probable: false,
        },
    })
}

/// The call that started the subagent which sent `row`. `openings`: fingerprints of its first
/// words. What is found out is added to `derived`.
pub fn starter(
    reader: &Reader,
    derived: &mut Derived,
    row: &Exchange,
    openings: &[u64],
) -> Result<Option<StartedBy>, StoreError> {
    let (Some(session), Some(agent), Some(caller)) = (&row.session, &row.agent, &row.parent_agent)
    else {
        return Ok(None);
    };
    let mut calls = of_caller(&reader.index, session, caller)?;
    for newer in
        derived.calls.iter().filter(|call| call.session == *session && call.caller == *caller)
    {
        match calls.iter_mut().find(|call| call.is(newer)) {
            Some(known) => known.clone_from(newer),
            None => calls.insert(0, newer.clone()),
        }
    }
    if let Some(known) = calls.iter().find(|call| call.agent.as_deref() == Some(agent)) {
        return Ok(Some(known.call.clone()));
    }
    let found = choose(&calls, row.id, openings).map(|(mut call, is_certain)| {
        call.agent = Some(agent.clone());
        call.call.is_probable = !is_certain;
        call
    });
    derived.calls.extend(found.clone());
    Ok(found.map(|found| found.call))
}

/// The call that an agent answers whose first words are these, and whether that is certain. Of
/// calls that say the same the newest answer's come first, in their order.
fn choose(calls: &[AgentCall], before: u64, openings: &[u64]) -> Option<(AgentCall, bool)> {
    let alike = || {
        calls.iter().filter(|call| call.call.exchange < before && openings.contains(&call.prompt))
    };
    let waiting = || alike().filter(|call| call.agent.is_none());
    let newest = waiting().map(|call| call.call.exchange).max()?;
    let first = waiting()
        .filter(|call| call.call.exchange == newest)
        .min_by_key(|call| place(&call.call.pointer))?;
    let is_certain = waiting().count() == 1
        && !alike().any(|call| call.call.is_probable && call.prompt == first.prompt);
    Some((first.clone(), is_certain))
}

/// Pointers end in numbers.
fn place(pointer: &str) -> (usize, &str) {
    (pointer.len(), pointer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(exchange: u64, index: u64, prompt: u64) -> AgentCall {
        let pointer = format!("/content/{index}");
        let call = StartedBy {
            exchange,
            pointer,
            tool_use_id: String::new(),
            kind: None,
            description: None,
            is_probable: false,
        };
        AgentCall { session: "s".to_owned(), caller: "main".to_owned(), prompt, agent: None, call }
    }

    fn taken(call: AgentCall, agent: &str, is_probable: bool) -> AgentCall {
        AgentCall {
            agent: Some(agent.to_owned()),
            call: StartedBy { is_probable, ..call.call.clone() },
            ..call
        }
    }

    #[test]
    fn what_is_said_of_an_agent_is_certain_only_where_one_call_can_be_meant() {
        /// What there is, and which call is found; whether that is certain.
        type Case = (&'static str, Vec<AgentCall>, Option<(u64, &'static str, bool)>);
        let cases: [Case; 8] = [
            ("one call", vec![call(3, 1, 7)], Some((3, "/content/1", true))),
            ("other words", vec![call(3, 1, 8)], None),
            ("a call that came later", vec![call(9, 1, 7)], None),
            (
                "others say something else",
                vec![call(3, 1, 8), call(3, 2, 7)],
                Some((3, "/content/2", true)),
            ),
            (
                "two say the same",
                vec![call(3, 10, 7), call(3, 9, 7)],
                Some((3, "/content/9", false)),
            ),
            (
                "the other one was guessed",
                vec![call(3, 2, 7), taken(call(3, 1, 7), "a", true)],
                Some((3, "/content/2", false)),
            ),
            (
                "the other one is known",
                vec![call(4, 2, 7), taken(call(3, 1, 7), "a", false)],
                Some((4, "/content/2", true)),
            ),
            ("all are taken", vec![taken(call(3, 1, 7), "a", false)], None),
        ];
        for (what, calls, expected) in cases {
            let found = choose(&calls, 9, &[6, 7]);
            let found = found.as_ref().map(|(call, is_certain)| {
                (call.call.exchange, call.call.pointer.as_str(), *is_certain)
            });
            assert_eq!(found, expected, "{what}");
        }
    }
}
