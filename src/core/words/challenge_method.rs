//! `code_challenge_method`: a word of the configuration and of the protocol.

/// `code_challenge_method`, [RFC 7636 §4.2](https://www.rfc-editor.org/rfc/rfc7636#section-4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ChallengeMethod {
    /// The challenge is the SHA-256 of the verifier.
    #[default]
    S256,
    /// The challenge is the verifier itself: only for servers that have nothing better.
    Plain,
}

impl ChallengeMethod {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::S256 => "S256",
            Self::Plain => "plain",
        }
    }
}
