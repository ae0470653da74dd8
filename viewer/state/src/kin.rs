//! From a call to the conversation of the agent that it has started, and back.

use ccdump_model::{
    blocks::{ItemBody, ItemKey},
    record::{AgentKey, Callee},
};

use super::{State, Weight, conversation::Spot};

impl State {
    /// The agent that the marked call has started.
    pub(super) fn callee(&self) -> Option<&Callee> {
        match &self.conversation.focused()?.1.item.body {
            ItemBody::ToolUse { callee, .. } => callee.as_ref(),
            _ => None,
        }
    }

    /// The agent that has started the one that is shown, if its conversation is here; and the call,
    /// if that is known.
    pub(super) fn caller(&self) -> Option<(AgentKey, Option<Spot>)> {
        let key = self.conversation.agent.as_ref()?;
        let agent = self.roster.agent(key)?;
        let parent = key.beside(agent.parent.as_deref()?);
        let spot = |exchange: u64, pointer: &str| Spot {
            exchange,
            item: ItemKey::new(&format!("{}{pointer}", ItemKey::RESPONSE)),
        };
        let call = agent.started_by().filter(|call| self.roster.row(call.exchange).is_some());
        let call = call.map(|call| spot(call.exchange, &call.pointer));
        self.roster.agent(&parent).is_some().then_some((parent, call))
    }

    /// To the conversation of the agent that the marked call has started.
    pub(super) fn go_to_callee(&mut self) {
        match self.callee().map(|callee| callee.agent.clone()) {
            Some(agent) => {
                self.marks.leave(&self.conversation);
                self.choose(Some(agent));
            }
            None => self.notices.say(
                self.now_us,
                Weight::Plain,
                "no agent is known that this block has started",
            ),
        }
    }

    /// Back from there.
    pub(super) fn go_to_caller(&mut self) {
        match self.caller() {
            Some((agent, Some(spot))) => self.go(agent, spot),
            Some((agent, None)) => {
                self.marks.leave(&self.conversation);
                self.choose(Some(agent));
                self.notices.say(
                    self.now_us,
                    Weight::Plain,
                    "which call has started the agent is not known",
                );
            }
            None => self.notices.say(
                self.now_us,
                Weight::Plain,
                "no agent is known that has started this one",
            ),
        }
    }
}
