//! Asks the daemon where a text stands while a person types it.

use ccdump_client::link::{Link, LinkError, next, search::WHAT};
use ccdump_state::{Event, search::Question};
use ccdump_wire::v1::{
    AgentScope, Pattern, SearchHit, SearchRequest, SearchScope, search_scope::Within,
};
use tokio::sync::mpsc;

use super::effects::Incoming;

/// Tells what is found as it is found, until all is, or until the task is aborted: that ends the
/// daemon's search, too.
pub(super) async fn ask(link: Link, question: Question, incoming: mpsc::Sender<Incoming>) {
    let answering = Answering { number: question.number, incoming };
    let answer = match answering.pass_on(link, question).await {
        // What can be searched here can still be found; only a daemon that knows no search is worth
        // a word.
        Err(error @ LinkError::Unsupported(_)) => Err(error.to_string()),
        Ok(()) | Err(_) => Ok(Vec::new()),
    };
    answering.tell(answer, true).await;
}

struct Answering {
    number: u64,
    incoming: mpsc::Sender<Incoming>,
}

impl Answering {
    async fn pass_on(&self, mut link: Link, question: Question) -> Result<(), LinkError> {
        let mut found = link.search(request(question)).await?;
        while let Some(page) = next(&mut found, WHAT).await? {
            if !page.hits.is_empty() {
                self.tell(Ok(page.hits), false).await;
            }
        }
        Ok(())
    }

    async fn tell(&self, answer: Result<Vec<SearchHit>, String>, is_over: bool) {
        // Nobody may be there any more to hear of it.
        let _ =
            self.incoming.send(Event::Hinted { number: self.number, answer, is_over }.into()).await;
    }
}

fn request(question: Question) -> SearchRequest {
    let Question { text, switches, agent, origin, .. } = question;
    let pattern = Pattern { text, case: switches.case, word: switches.word, regex: switches.regex };
    let scope = AgentScope { session: agent.session, agent: agent.agent, provider: agent.provider };
    SearchRequest {
        pattern: Some(pattern),
        scope: Some(SearchScope { within: Some(Within::Agent(scope)) }),
        origin,
        limit: 0,
    }
}
