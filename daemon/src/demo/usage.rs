//! What a request costs in tokens, as the prompt cache would have it.

use serde_json::{Value, json};

/// What the cache does not take in: the marks at a message's end.
const UNCACHED: u64 = 3;

/// A prompt by its parts, in the order in which the cache sees them. Tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub tools: u64,
    /// As it is sent: another one is another prefix.
    pub system: String,
    pub messages: u64,
}

impl Prompt {
    pub fn tokens(&self) -> u64 {
        self.tools + tokens(&self.system) + self.messages
    }
}

/// Tokens of a text, about.
pub fn tokens(text: &str) -> u64 {
    text.len() as u64 / 4
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    cache_read: u64,
    cache_write: u64,
    /// Thinking included.
    output: u64,
    thinking: u64,
}

impl Usage {
    /// Of `prompt`, after `before` went into the cache. Whatever stands behind a changed system
    /// prompt is written anew.
    pub fn new(before: Option<&Prompt>, prompt: &Prompt, output: u64, thinking: u64) -> Self {
        let cache_read = match before {
            None => 0,
            Some(before) if before.system == prompt.system => before.tokens(),
            Some(before) => before.tools,
        };
        Self {
            cache_read,
            cache_write: prompt.tokens().saturating_sub(cache_read),
            output,
            thinking,
        }
    }

    /// For `message_start`: hardly anything was said yet.
    pub fn at_start(self) -> Value {
        let Self { cache_read, cache_write, .. } = self;
        json!({
            "input_tokens": UNCACHED,
            "cache_creation_input_tokens": cache_write,
            "cache_read_input_tokens": cache_read,
            "cache_creation": {"ephemeral_5m_input_tokens": cache_write, "ephemeral_1h_input_tokens": 0},
            "output_tokens": 2,
            "service_tier": "standard",
        })
    }

    /// For `message_delta`: cumulative, and without the writes by lifetime.
    pub fn at_end(self) -> Value {
        let Self { cache_read, cache_write, output, thinking } = self;
        json!({
            "input_tokens": UNCACHED,
            "cache_creation_input_tokens": cache_write,
            "cache_read_input_tokens": cache_read,
            "output_tokens": output,
            "output_tokens_details": {"thinking_tokens": thinking},
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_system_prompt_breaks_the_cache_behind_the_tools() {
        let prompt =
            |system: &str, messages| Prompt { tools: 1000, system: system.to_owned(), messages };
        let (first, second, changed) =
            (prompt("abcdabcd", 50), prompt("abcdabcd", 80), prompt("ABCDabcd", 90));
        for (before, prompt, read, written) in [
            (None, &first, 0, 1052),
            (Some(&first), &second, 1052, 30),
            (Some(&second), &changed, 1000, 92),
        ] {
            let usage = Usage::new(before, prompt, 10, 4).at_end();
            assert_eq!(usage["cache_read_input_tokens"], read);
            assert_eq!(usage["cache_creation_input_tokens"], written);
        }
    }
}
