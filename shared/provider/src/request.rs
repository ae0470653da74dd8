//! What a request says: its model, its session, and the blocks that it is made of.

mod anthropic;

use ccdump_record::{Block, RequestRole};

use crate::{
    blocks,
    endpoint::{self, Endpoint},
    json,
    provider::Provider,
};

/// Bodies larger than this are not taken apart.
const LARGEST_BODY: usize = 32 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFacts {
    pub model: Option<String>,
    /// The client asked for a stream.
    pub stream: bool,
    /// The agent's session, as far as the body tells it.
    pub session: Option<String>,
    pub role: RequestRole,
    /// In display order. Every block is new until `outline::compare` has seen it.
    pub blocks: Vec<Block>,
    /// Fingerprints ([`agent_call::of_text`](crate::agent_call::of_text)) of what the user said
    /// before the first answer, text by text.
    pub openings: Vec<u64>,
    /// Why the body is not what its endpoint takes, in words.
    pub malformed: Option<String>,
}

/// Reads a request. `path` with or without query, `body` with its content coding undone.
pub fn read(provider: Provider, method: &str, path: &str, body: &[u8]) -> RequestFacts {
    let endpoint = Endpoint::of(provider, method, path);
    let is_gemini = provider == Provider::Gemini;
    let mut facts = RequestFacts {
        model: endpoint::gemini_model(path).filter(|_| is_gemini).map(json::name_of),
        stream: is_gemini && endpoint::gemini_streams(path),
        session: None,
        role: match endpoint {
            Endpoint::Messages | Endpoint::Generate => RequestRole::Turn,
            Endpoint::CountTokens | Endpoint::Auxiliary => RequestRole::Auxiliary,
            Endpoint::Other => RequestRole::Other,
        },
        blocks: Vec::new(),
        openings: Vec::new(),
        malformed: None,
    };
    if endpoint != Endpoint::Other {
        facts.malformed = read_call(endpoint, body, &mut facts).err();
    }
    if facts.blocks.is_empty() && !body.is_empty() {
        facts.blocks.push(blocks::raw(body, 0..body.len() as u64));
    }
    facts
}

/// Reads the body of a call; an error is why it cannot be read.
fn read_call(endpoint: Endpoint, body: &[u8], facts: &mut RequestFacts) -> Result<(), String> {
    if body.is_empty() {
        return Err("the body is empty".to_owned());
    }
    if body.len() > LARGEST_BODY {
        return Err(format!("too large to analyse: {} bytes", body.len()));
    }
    let text = std::str::from_utf8(body)
        .map_err(|error| format!("not UTF-8 at byte {}", error.valid_up_to()))?;
    json::check(text).map_err(|error| format!("not JSON: {error}"))?;
    if !text.trim_start().starts_with('{') {
        return Err("not a JSON object".to_owned());
    }
    facts.model = facts.model.take().or_else(|| json::member(text, "model").and_then(json::name));
    facts.stream |= json::member(text, "stream") == Some("true");
    if matches!(endpoint, Endpoint::Messages | Endpoint::CountTokens) {
        anthropic::read(text, facts);
    }
    Ok(())
}
