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

    /// Tells a request by what call it is, wherever in the path that begins; by headers; by the
    /// shape of its keys; and by calls that several providers have. So one port serves every agent,
    /// whatever base URL it was given.
    ///
    /// `path`: with or without query. `header`: the value of a header. `keys`: credentials, looked
    /// at only if nothing before tells.
    pub fn of_request<'a>(
        path: &str,
        header: impl Fn(&str) -> Option<&'a str>,
        keys: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let segments: Vec<&str> = path
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect();
        of_call(&segments)
            .or_else(|| of_headers(&header))
            .or_else(|| of_vendor_segment(&segments))
            .or_else(|| keys.into_iter().find_map(Self::of_key))
            .or_else(|| of_shared_call(&segments))
            .unwrap_or(Self::Unknown)
    }

    /// Whose key it is, by its shape. Keys of others that begin alike are nobody's.
    pub fn of_key(key: &str) -> Option<Self> {
        let after = |prefix: &str| key.strip_prefix(prefix).filter(|rest| !rest.is_empty());
        if after("sk-ant-").is_some() {
            Some(Self::Anthropic)
        } else if OPENAI_KEYS.iter().any(|prefix| after(prefix).is_some())
            || after("sk-")
                .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        {
            Some(Self::OpenAi)
        } else {
            after("AIza").map(|_| Self::Gemini)
        }
    }
}

const OPENAI_KEYS: [&str; 3] = ["sk-proj-", "sk-svcacct-", "sk-admin-"];

const ANTHROPIC_HEADERS: [&str; 3] =
    ["anthropic-version", "anthropic-beta", "x-claude-code-session-id"];
const GEMINI_HEADERS: [&str; 2] = ["x-goog-api-key", "x-goog-api-client"];
const OPENAI_HEADERS: [&str; 4] =
    ["openai-beta", "openai-organization", "openai-project", "x-codex-turn-metadata"];

/// How the programs and libraries begin that speak one API alone.
const USER_AGENTS: [(&str, Provider); 8] = [
    ("claude-cli/", Provider::Anthropic),
    ("claude-code/", Provider::Anthropic),
    ("Anthropic/", Provider::Anthropic),
    ("codex", Provider::OpenAi),
    ("OpenAI/", Provider::OpenAi),
    ("AsyncOpenAI/", Provider::OpenAi),
    ("GeminiCLI", Provider::Gemini),
    ("google-genai-sdk/", Provider::Gemini),
];

/// What Claude Code calls beside the model, below `/api`.
const ANTHROPIC_API: [&str; 4] = ["hello", "event_logging", "claude_code", "claude_cli"];
const GEMINI_VERSIONS: [&str; 3] = ["v1beta", "v1alpha", "v1internal"];
const GEMINI_METHODS: [&str; 7] = [
    "generateContent",
    "streamGenerateContent",
    "countTokens",
    "embedContent",
    "batchEmbedContents",
    "batchGenerateContent",
    "asyncBatchEmbedContent",
];
/// Calls that OpenAI alone has, with and without a version before them: some agents are configured
/// with a base URL that ends in `/v1`, and some with one that does not.
const OPENAI_CALLS: [&str; 7] = [
    "responses",
    "completions",
    "embeddings",
    "conversations",
    "realtime",
    "moderations",
    "assistants",
];
/// Calls that others have, too.
const SHARED_CALLS: [&str; 5] = ["models", "images", "audio", "files", "batches"];

/// What the call alone tells.
fn of_call(segments: &[&str]) -> Option<Provider> {
    segments.iter().enumerate().find_map(|(index, segment)| {
        let before = index.checked_sub(1).and_then(|before| segments.get(before)).copied();
        let after = segments.get(index + 1).copied();
        let (name, method) = segment.split_once(':').unwrap_or((segment, ""));
        match (before, *segment) {
            (Some("v1" | "anthropic"), "messages") | (Some("v1"), "complete") => {
                Some(Provider::Anthropic)
            }
            (Some("api"), call) if ANTHROPIC_API.iter().any(|known| call.starts_with(known)) => {
                Some(Provider::Anthropic)
            }
            _ if GEMINI_VERSIONS.contains(&name) || GEMINI_METHODS.contains(&method) => {
                Some(Provider::Gemini)
            }
            (_, "chat") if after == Some("completions") => Some(Provider::OpenAi),
            (_, "openai") if after == Some("deployments") => Some(Provider::OpenAi),
            (Some("backend-api"), "codex") => Some(Provider::OpenAi),
            (_, call) if OPENAI_CALLS.contains(&call) && begins_call(before) => {
                Some(Provider::OpenAi)
            }
            _ => None,
        }
    })
}

/// A path that names the vendor, as gateways' do.
fn of_vendor_segment(segments: &[&str]) -> Option<Provider> {
    segments.iter().take(2).find_map(|segment| match *segment {
        "anthropic" => Some(Provider::Anthropic),
        "openai" => Some(Provider::OpenAi),
        "gemini" => Some(Provider::Gemini),
        _ => None,
    })
}

fn of_shared_call(segments: &[&str]) -> Option<Provider> {
    let is_shared = segments.iter().enumerate().any(|(index, segment)| {
        let before = index.checked_sub(1).and_then(|before| segments.get(before)).copied();
        SHARED_CALLS.contains(segment) && begins_call(before)
    });
    is_shared.then_some(Provider::OpenAi)
}

/// Whether a call may stand behind this segment: nothing, a version, or what gateways put there.
fn begins_call(before: Option<&str>) -> bool {
    before.is_none_or(|before| {
        let is_version = before
            .strip_prefix('v')
            .is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()));
        is_version || matches!(before, "openai" | "codex" | "api")
    })
}

fn of_headers<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Provider> {
    let any = |names: &[&str]| names.iter().any(|name| header(name).is_some());
    if any(&ANTHROPIC_HEADERS) {
        return Some(Provider::Anthropic);
    }
    if any(&GEMINI_HEADERS) {
        return Some(Provider::Gemini);
    }
    if any(&OPENAI_HEADERS) {
        return Some(Provider::OpenAi);
    }
    let agent = header("user-agent")?;
    USER_AGENTS
        .iter()
        .find(|(beginning, _)| agent.starts_with(beginning))
        .map(|(_, provider)| *provider)
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
    fn routes_by_call_and_headers() {
        use Provider::{Anthropic, Gemini, OpenAi, Unknown};
        let table: &[(&str, &[&str], Provider)] = &[
            ("/v1/messages?beta=true", &[], Anthropic),
            ("/v1/messages/count_tokens", &[], Anthropic),
            ("/v1/messages/batches/b_1/results", &[], Anthropic),
            ("/v1/messagesX", &[], Unknown),
            ("//v1/messages", &[], Anthropic),
            ("/v1/messages/", &[], Anthropic),
            ("/anthropic/v1/messages", &[], Anthropic),
            ("/api/anthropic/v1/messages", &[], Anthropic),
            ("/anthropic/messages", &[], Anthropic),
            ("/gateway/abc/prod/v1/messages", &[], Anthropic),
            ("/v1/threads/t_1/messages", &[], Unknown),
            ("/v1/models?limit=1000", &["anthropic-version"], Anthropic),
            ("/v1/models", &["authorization"], OpenAi),
            ("/api/hello", &[], Anthropic),
            ("/api/claude_code/metrics", &[], Anthropic),
            ("/", &["x-claude-code-session-id"], Anthropic),
            ("/v1/responses", &[], OpenAi),
            ("/v1/responses/resp_1/cancel", &[], OpenAi),
            ("/v1/chat/completions", &[], OpenAi),
            ("/v1/chat/completions/", &["anthropic-version"], OpenAi),
            ("//v1/chat/completions", &[], OpenAi),
            ("/v1/v1/chat/completions", &[], OpenAi),
            ("/openai/v1/chat/completions", &[], OpenAi),
            ("/api/v1/chat/completions", &[], OpenAi),
            ("/compatible-mode/v1/chat/completions", &[], OpenAi),
            ("/openai/deployments/gpt-5/chat/completions?api-version=2025-01-01", &[], OpenAi),
            ("/openai/deployments/gpt-5/embeddings?api-version=2025-01-01", &[], OpenAi),
            ("/openai/v1/responses", &[], OpenAi),
            ("/openai/anything", &[], OpenAi),
            ("/responses", &[], OpenAi),
            ("/models", &[], OpenAi),
            ("/backend-api/codex/responses", &[], OpenAi),
            ("/elsewhere", &["openai-beta"], OpenAi),
            ("/elsewhere", &["openai-organization"], OpenAi),
            ("/v1beta/models/m:streamGenerateContent?alt=sse", &[], Gemini),
            ("//v1beta/models/m:generateContent", &[], Gemini),
            ("/gemini/v1beta/models/m:generateContent", &[], Gemini),
            ("/v1/models/m:generateContent", &[], Gemini),
            ("/v1beta/openai/chat/completions", &[], Gemini),
            ("/v1internal:generateContent", &[], Gemini),
            ("/anything", &["x-goog-api-key"], Gemini),
            ("/v1/projects/p/locations/l/publishers/anthropic/models/c:rawPredict", &[], Unknown),
            ("/model/anthropic.claude/invoke", &[], Unknown),
            ("/api/chat", &[], Unknown),
            ("/reports/responses.html", &[], Unknown),
            ("/", &[], Unknown),
            ("", &[], Unknown),
            ("/search?path=/v1/messages", &[], Unknown),
        ];
        for (path, headers, expected) in table {
            let header = |name: &str| headers.contains(&name).then_some("x");
            assert_eq!(Provider::of_request(path, header, []), *expected, "{path} {headers:?}");
        }
    }

    #[test]
    fn keys_and_programs_tell_where_the_call_does_not() {
        use Provider::{Anthropic, Gemini, OpenAi, Unknown};
        for (path, key, agent, expected) in [
            ("/x", "sk-ant-api03-abc", "", Anthropic),
            ("/x", "sk-proj-abc", "", OpenAi),
            ("/x", "sk-0123456789abcdef", "", OpenAi),
            ("/x", "AIzaSyA", "", Gemini),
            ("/x", "sk-or-v1-abc", "", Unknown),
            ("/x", "sk-lf-abc", "", Unknown),
            ("/x", "sk-", "", Unknown),
            ("/x", "abc", "", Unknown),
            ("/v1/models", "sk-ant-abc", "", Anthropic),
            ("/v1/chat/completions", "sk-ant-abc", "", OpenAi),
            ("/v1/messages", "sk-proj-abc", "", Anthropic),
            ("/", "", "claude-cli/2.1.332 (external, cli)", Anthropic),
            ("/x", "abc", "codex_cli_rs/0.171.0", OpenAi),
            ("/x", "abc", "curl/8.5.0", Unknown),
        ] {
            let header = |name: &str| (name == "user-agent" && !agent.is_empty()).then_some(agent);
            assert_eq!(Provider::of_request(path, header, [key]), expected, "{path} {key} {agent}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for provider in [Provider::Anthropic, Provider::OpenAi, Provider::Gemini, Provider::Unknown]
        {
            assert_eq!(provider.as_str().parse(), Ok(provider));
        }
        assert_eq!(
            "Anthropic".parse::<Provider>().map_err(|error| error.to_string()),
            Err("there is no provider \"Anthropic\"; use anthropic, openai, gemini or unknown"
                .to_owned())
        );
    }
}
