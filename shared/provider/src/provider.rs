//! Whose API a request speaks.

use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provider {
    Anthropic,
    OpenAi,
    Gemini,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no provider {0:?}; use anthropic, openai, gemini or unknown")]
pub struct UnknownProvider(String);

impl Provider {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
            Self::Gemini => "gemini",
            Self::Unknown => "unknown",
        }
    }

    /// Routes a request by its path (with or without query) and by which headers it has, so that one port serves every agent.
    pub fn of_request(path: &str, has_header: impl Fn(&str) -> bool) -> Self {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let under = |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':']));
        let any_header = |names: &[&str]| names.iter().any(|name| has_header(name));

        if under("/v1/messages") || any_header(&ANTHROPIC_HEADERS) || under("/api/hello") {
            Self::Anthropic
        } else if GEMINI_PATHS.iter().any(|prefix| under(prefix)) || has_header("x-goog-api-key") {
            Self::Gemini
        } else if OPENAI_PATHS
            .iter()
            .any(|name| under(name) || path.strip_prefix("/v1").is_some_and(|rest| starts_with_segment(rest, name)))
            || under("/backend-api/codex")
            || any_header(&OPENAI_HEADERS)
        {
            Self::OpenAi
        } else {
            Self::Unknown
        }
    }
}

const ANTHROPIC_HEADERS: [&str; 3] = ["anthropic-version", "anthropic-beta", "x-claude-code-session-id"];
const GEMINI_PATHS: [&str; 3] = ["/v1beta", "/v1alpha", "/v1internal"];
const OPENAI_HEADERS: [&str; 4] = ["openai-beta", "openai-organization", "openai-project", "x-codex-turn-metadata"];
/// With and without `/v1` before them: some agents are configured with a base URL that ends in `/v1`, and some with one that does not.
const OPENAI_PATHS: [&str; 12] = [
    "/responses",
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/models",
    "/conversations",
    "/realtime",
    "/images",
    "/audio",
    "/moderations",
    "/files",
    "/batches",
];

fn starts_with_segment(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, UnknownProvider> {
        [Self::Anthropic, Self::OpenAi, Self::Gemini, Self::Unknown]
            .into_iter()
            .find(|provider| provider.as_str() == name)
            .ok_or_else(|| UnknownProvider(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_by_path_and_headers() {
        use Provider::{Anthropic, Gemini, OpenAi, Unknown};
        let table: &[(&str, &[&str], Provider)] = &[
            ("/v1/messages?beta=true", &[], Anthropic),
            ("/v1/messages/count_tokens", &[], Anthropic),
            ("/v1/messagesX", &[], Unknown),
            ("/v1/models?limit=1000", &["anthropic-version"], Anthropic),
            ("/v1/models", &["authorization"], OpenAi),
            ("/api/hello", &[], Anthropic),
            ("/", &["x-claude-code-session-id"], Anthropic),
            ("/v1/responses", &[], OpenAi),
            ("/v1/responses/resp_1/cancel", &[], OpenAi),
            ("/v1/chat/completions", &[], OpenAi),
            ("/responses", &[], OpenAi),
            ("/backend-api/codex/responses", &[], OpenAi),
            ("/elsewhere", &["openai-beta"], OpenAi),
            ("/v1beta/models/m:streamGenerateContent?alt=sse", &[], Gemini),
            ("/v1beta/openai/chat/completions", &[], Gemini),
            ("/v1internal:generateContent", &[], Gemini),
            ("/anything", &["x-goog-api-key"], Gemini),
            ("/", &[], Unknown),
            ("", &[], Unknown),
            ("/search?path=/v1/messages", &[], Unknown),
        ];
        for (path, headers, expected) in table {
            assert_eq!(Provider::of_request(path, |name| headers.contains(&name)), *expected, "{path} {headers:?}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for provider in [Provider::Anthropic, Provider::OpenAi, Provider::Gemini, Provider::Unknown] {
            assert_eq!(provider.as_str().parse(), Ok(provider));
        }
        assert_eq!(
            "Anthropic".parse::<Provider>().map_err(|error| error.to_string()),
            Err("there is no provider \"Anthropic\"; use anthropic, openai, gemini or unknown".to_owned())
        );
    }
}
