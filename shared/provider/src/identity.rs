//! Who sent a request: which session, and which agent in it.

use ccdump_record::{Header, RequestRole};

use crate::{header, provider::Provider};

/// The agent that a session begins with.
const MAIN: &str = "main";

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    pub session: Option<String>,
    /// "main", or a subagent's own id. Unknown where the session is.
    pub agent: Option<String>,
    /// Of a subagent: "main", or the id of the subagent that started it.
    pub parent_agent: Option<String>,
}

/// `metadata_session` is what the body says (`RequestFacts::session`); headers win over it. The
/// agents' headers tell themselves apart: `provider` decides nothing.
pub fn identify(
    _provider: Provider,
    headers: &[Header],
    metadata_session: Option<&str>,
) -> Identity {
    let claude_code = |session: &str| claude_code(headers, session);
    said(headers, "x-claude-code-session-id")
        .map(claude_code)
        .or_else(|| codex(headers))
        .or_else(|| opencode(headers))
        // Older versions of Claude Code, and programs on its SDK.
        .or_else(|| metadata_session.map(claude_code))
        .unwrap_or_default()
}

/// What Claude Code says of a request's place, where it was told to. `None` without the header, or
/// with a class that is not known.
pub fn role_hint(headers: &[Header]) -> Option<RequestRole> {
    match header::find(headers, "x-claude-code-request-class")?.trim() {
        "main" | "subagent" | "workflow" | "compaction" => Some(RequestRole::Turn),
        "auxiliary" => Some(RequestRole::Auxiliary),
        _ => None,
    }
}

/// One session id for all agents; subagents have an id of their own, nested ones also their
/// parent's.
fn claude_code(headers: &[Header], session: &str) -> Identity {
    match said(headers, "x-claude-code-agent-id") {
        Some(agent) => subagent(session, agent, said(headers, "x-claude-code-parent-agent-id")),
        None => main(session),
    }
}

/// One session id for all agents, and a thread each. The main agent's thread has the session's id.
fn codex(headers: &[Header]) -> Option<Identity> {
    let session = said(headers, "session-id")?;
    let thread = said(headers, "thread-id").filter(|thread| *thread != session);
    Some(match (thread, said(headers, "x-codex-parent-thread-id")) {
        (Some(thread), Some(parent)) => {
            subagent(session, thread, Some(parent).filter(|parent| *parent != session))
        }
        _ => main(session),
    })
}

/// A session id for each agent. Of a subagent only its parent's is known: below the first level
/// that is not the session that a person began.
fn opencode(headers: &[Header]) -> Option<Identity> {
    let own = said(headers, "x-session-id")?;
    Some(match said(headers, "x-parent-session-id") {
        Some(parent) => subagent(parent, own, None),
        None => main(own),
    })
}

fn said<'a>(headers: &'a [Header], name: &str) -> Option<&'a str> {
    header::find(headers, name).map(str::trim).filter(|value| !value.is_empty())
}

fn main(session: &str) -> Identity {
    Identity { session: Some(session.to_owned()), agent: Some(MAIN.to_owned()), parent_agent: None }
}

fn subagent(session: &str, agent: &str, parent: Option<&str>) -> Identity {
    Identity {
        session: Some(session.to_owned()),
        agent: Some(agent.to_owned()),
        parent_agent: Some(parent.unwrap_or(MAIN).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(headers: &[(&str, &str)], metadata: Option<&str>) -> [Option<String>; 3] {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| Header { name: (*name).to_owned(), value: (*value).to_owned() })
            .collect();
        let Identity { session, agent, parent_agent } =
            identify(Provider::Unknown, &headers, metadata);
        [session, agent, parent_agent]
    }

    #[test]
    fn who_is_who() {
        type Row<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>, [Option<&'a str>; 3]);
        let claude = ("X-Claude-Code-Session-Id", "S");
        let table: [Row<'_>; 16] = [
            (&[claude], Some("other"), [Some("S"), Some("main"), None]),
            (&[], Some("S"), [Some("S"), Some("main"), None]),
            (
                &[claude, ("x-claude-code-agent-id", "a1")],
                None,
                [Some("S"), Some("a1"), Some("main")],
            ),
            (
                &[
                    claude,
                    ("x-claude-code-agent-id", "a2"),
                    ("x-claude-code-parent-agent-id", "a1"),
                ],
                None,
                [Some("S"), Some("a2"), Some("a1")],
            ),
            (&[("x-claude-code-agent-id", "a1")], Some("S"), [Some("S"), Some("a1"), Some("main")]),
            (&[("x-claude-code-agent-id", "a1")], None, [None, None, None]),
            (&[("x-claude-code-session-id", " ")], None, [None, None, None]),
            (&[("session-id", "S"), ("thread-id", "S")], None, [Some("S"), Some("main"), None]),
            (&[("session-id", "S")], None, [Some("S"), Some("main"), None]),
            (&[("session-id", "S"), ("thread-id", "T")], None, [Some("S"), Some("main"), None]),
            (
                &[("Session-Id", "S"), ("Thread-Id", "T"), ("x-codex-parent-thread-id", "S")],
                None,
                [Some("S"), Some("T"), Some("main")],
            ),
            (
                &[("session-id", "S"), ("thread-id", "U"), ("x-codex-parent-thread-id", "T")],
                None,
                [Some("S"), Some("U"), Some("T")],
            ),
            (&[("thread-id", "T")], None, [None, None, None]),
            (&[("x-session-id", "S")], None, [Some("S"), Some("main"), None]),
            (
                &[("x-session-id", "C"), ("x-parent-session-id", "S")],
                None,
                [Some("S"), Some("C"), Some("main")],
            ),
            (&[("user-agent", "curl")], None, [None, None, None]),
        ];
        for (headers, metadata, expected) in table {
            assert_eq!(
                identity(headers, metadata),
                expected.map(|value| value.map(str::to_owned)),
                "{headers:?} {metadata:?}"
            );
        }
    }

    #[test]
    fn classes_of_requests() {
        let hint = |class: &str| {
            role_hint(&[Header {
                name: "X-Claude-Code-Request-Class".to_owned(),
                value: class.to_owned(),
            }])
        };
        for class in ["main", "subagent", "workflow", "compaction"] {
            assert_eq!(hint(class), Some(RequestRole::Turn), "{class}");
        }
        assert_eq!(hint("auxiliary"), Some(RequestRole::Auxiliary));
        assert_eq!(hint("something-new"), None);
        assert_eq!(role_hint(&[]), None);
    }
}
