//! The token that requests have to bring along.

/// What requests have to bring along. Only its hash is kept, and hashes are compared in constant
/// time.
pub struct Token(blake3::Hash);

#[derive(Debug, thiserror::Error)]
#[error("a token has 1 to 512 visible ASCII characters; `openssl rand -hex 20` makes a good one")]
pub struct TokenError;

impl Token {
    pub fn new(token: &str) -> Result<Self, TokenError> {
        let is_good =
            (1..=512).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
        is_good.then(|| Self(blake3::hash(token.as_bytes()))).ok_or(TokenError)
    }

    /// Whether that is the token, in a time that tells nothing of it.
    pub fn is(&self, brought: &[u8]) -> bool {
        blake3::hash(brought) == self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_can_be_sent_in_a_header() {
        for nonsense in ["", "with space", "ümlaut", "line\nfeed"] {
            assert!(Token::new(nonsense).is_err(), "{nonsense}");
        }
    }
}
