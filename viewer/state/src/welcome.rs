//! Nothing was recorded yet: how to connect an agent.

/// A way to point an agent at the proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    pub agent: &'static str,
    /// To be typed into a shell.
    pub command: String,
}

/// The ways, for a proxy at this address, such as `http://127.0.0.1:3344`.
pub fn ways(proxy: &str) -> Vec<Way> {
    vec![
        Way { agent: "Claude Code", command: format!("ANTHROPIC_BASE_URL={proxy} claude") },
        Way { agent: "Codex", command: format!("codex -c openai_base_url='\"{proxy}/v1\"'") },
        Way { agent: "Gemini CLI", command: format!("GOOGLE_GEMINI_BASE_URL={proxy} gemini") },
        Way { agent: "OpenCode", command: format!("ANTHROPIC_BASE_URL={proxy}/v1 opencode") },
        Way { agent: "Anthropic SDK", command: format!("export ANTHROPIC_BASE_URL={proxy}") },
        Way { agent: "OpenAI SDK", command: format!("export OPENAI_BASE_URL={proxy}/v1") },
    ]
}

/// Which way is marked.
#[derive(Debug, Default)]
pub struct Welcome {
    pub chosen: usize,
}

impl Welcome {
    pub fn moved(&mut self, lines: i32, ways: usize) {
        let step = usize::try_from(lines.unsigned_abs()).unwrap_or(usize::MAX);
        self.chosen = if lines < 0 {
            self.chosen.saturating_sub(step)
        } else {
            self.chosen.saturating_add(step)
        };
        self.chosen = self.chosen.min(ways.saturating_sub(1));
    }
}
