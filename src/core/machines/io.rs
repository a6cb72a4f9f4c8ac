//! What comes out of the machine, and the numbers by which answers find their way back in.

use crate::core::{
    memory::token_set::TokenSet,
    protocol::dpop::PublicKey,
    words::{error::Error, http::Request, secret::Secret, time::UnixMillis},
};
use alloc::{rc::Rc, string::String};

/// Who asked: the shell's own number for a caller that waits for an answer.
pub type Caller = u32;
/// Which output is answered: the machine's own number.
pub type Op = u32;

/// Where something is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Area {
    /// What the configuration calls `storage`.
    Session = 0,
    /// Where a login under way survives the way to the server and back: the same place, but for
    /// `storage: "memory"`, which would forget it on the way.
    Login = 1,
}

/// A session: its tokens, and the claims of its ID token.
#[derive(Debug)]
pub struct Session<J> {
    /// The tokens.
    pub tokens: TokenSet,
    /// The claims, as the host parsed them.
    pub claims: Option<J>,
}

/// A signed-in session as the program sees it at one moment.
pub type Snapshot<J> = Rc<Session<J>>;

/// What the machine wants done.
#[derive(Debug)]
pub enum Output<J> {
    /// Read a value.
    Load {
        /// To be named in the answer.
        op: Op,
        /// Where.
        area: Area,
        /// Under which key.
        key: String,
    },
    /// Write a value.
    Store {
        /// To be named in the answer.
        op: Op,
        /// Where.
        area: Area,
        /// Under which key.
        key: String,
        /// What.
        value: Secret,
    },
    /// Delete a value; there may be none.
    Remove {
        /// To be named in the answer.
        op: Op,
        /// Where.
        area: Area,
        /// Under which key.
        key: String,
    },
    /// Send a request.
    Send {
        /// To be named in the answer.
        op: Op,
        /// What.
        request: Request,
    },
    /// Verify a [`signature`](super::machine::Machine::signature), and hash what is to be hashed along with it. Answered by
    /// `verified`.
    Verify {
        /// Its number.
        op: Op,
    },
    /// Open the key that tokens are bound to: the one that is kept under this name, or the one that is open already, or
    /// a new one, which is then kept; it is never to leave the host. Answered by `keyed`.
    Key {
        /// To be named in the answer.
        op: Op,
        /// Under which name.
        name: String,
        /// Whether one that cannot be kept is none.
        must_last: bool,
    },
    /// Sign with that key, by ES256. Answered by `signed`.
    Sign {
        /// To be named in the answer.
        op: Op,
        /// What: header and claims of a JWT.
        input: Secret,
    },
    /// Ask for a lock that the tabs of this origin share. Answered by `locked`, and once more if it is lost.
    Lock {
        /// To be named in the answer.
        op: Op,
        /// Which lock.
        name: String,
        /// Take it away from whoever has it, who does not answer any more.
        steal: bool,
    },
    /// Give a lock back, or wait for it no longer. Not answered.
    Unlock {
        /// Of the [`Output::Lock`].
        op: Op,
    },
    /// From now on, hear what the other tabs of this origin tell under this name: each text goes to `heard`.
    Listen(String),
    /// Tell the other tabs. It may carry tokens.
    Tell(Secret),
    /// Tell a caller.
    Settle {
        /// Whom.
        caller: Caller,
        /// What.
        result: Result<Answer<J>, Error>,
    },
    /// Tell the listeners.
    Notify(Event<J>),
    /// Leave the page. The URL of a logout carries the ID token.
    Navigate(Secret),
}

/// A signature to be verified ([RFC 7515 §5.2](https://www.rfc-editor.org/rfc/rfc7515#section-5.2), step 8).
#[derive(Debug)]
pub struct Signature<'a, J> {
    /// `alg`: RS256 to RS512, PS256 to PS512, ES256 to ES512 or EdDSA.
    pub algorithm: &'static str,
    /// The key, a JWK of the algorithm's type.
    pub key: &'a J,
    /// The JWS: what is before the last point is signed, what is behind it is the signature, base64url.
    pub token: &'a str,
    /// Where it is given: the access token that a hash is wanted of.
    pub access_token: Option<&'a str>,
    /// Where it is given: the code that a hash is wanted of.
    pub code: Option<&'a str>,
}

/// What the host says of a signature.
#[derive(Debug)]
pub enum Verdict {
    /// It is right. The hashes are the left halves of digests, by the algorithm's own function (SHA-512 for EdDSA), as
    /// base64url (OIDC Core §3.1.3.6).
    Good {
        /// Of the access token.
        at_hash: Option<String>,
        /// Of the code.
        c_hash: Option<String>,
    },
    /// It is wrong.
    Bad,
    /// The host has not got the algorithm, or cannot use the key.
    Unable,
}

/// The key that tokens are bound to, as far as it is shown.
#[derive(Debug)]
pub struct ProofKey {
    /// Its public half.
    pub public: PublicKey,
    /// Whether it will be there after a reload.
    pub is_lasting: bool,
    /// Randomness, 128 bits at least, which nobody else is given.
    pub entropy: Secret,
}

/// How a lock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// It is this client's until it is given back.
    Granted,
    /// The host has no locks, or none for this page.
    Unavailable,
    /// Another tab took it away.
    Lost,
}

/// What a caller is told.
#[derive(Debug)]
pub enum Answer<J> {
    /// That it is done.
    Done,
    /// `create`: the metadata that the server gave, where it was asked.
    Opened(Option<J>),
    /// `createLoginUrl`.
    LoginUrl {
        /// The authorization request.
        url: String,
        /// Its `state`.
        state: String,
    },
    /// `handleCallback`.
    Callback {
        /// The session.
        session: Snapshot<J>,
        /// What the login was given.
        app_state: Option<String>,
    },
    /// `getSession`, `refresh`.
    Session(Option<Snapshot<J>>),
    /// `getAccessToken`.
    AccessToken(Secret),
    /// `fetch`: what the next try is to carry along. `Done` where the last answer stands.
    Authorized {
        /// The header `Authorization`.
        authorization: Secret,
        /// The header `DPoP`.
        proof: Option<Secret>,
        /// The nonce in it.
        nonce: Option<String>,
        /// What was tried again so far: to be handed in along with the answer.
        step: u32,
    },
    /// `logout`: where the server ends its session. It carries the ID token.
    LogoutUrl(Option<Secret>),
    /// `userInfo`: what the server says of the user.
    Json(J),
}

/// What listeners are told.
#[derive(Debug)]
pub enum Event<J> {
    /// A login has ended well.
    SignedIn(Snapshot<J>),
    /// There are new tokens.
    Refreshed(Snapshot<J>),
    /// A refresh failed and will be tried again; the session stands.
    RefreshDelayed {
        /// Why.
        error: Error,
        /// Which try failed, from 1.
        attempt: u32,
        /// When the next one is.
        retry_at: UnixMillis,
    },
    /// The session is over.
    SignedOut {
        /// Why.
        reason: SignOutReason,
        /// The server's word, where it was the server.
        error: Option<Error>,
    },
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignOutReason {
    /// The user (or the program) ended it, here or in another tab.
    Logout,
    /// The server ended it.
    SessionEnded,
    /// It ran out, and there is nothing to refresh it with.
    Expired,
}

impl SignOutReason {
    /// What a public string says; anything else is a logout.
    pub(super) fn read(reason: &str) -> Self {
        match reason {
            "session_ended" => Self::SessionEnded,
            "expired" => Self::Expired,
            _ => Self::Logout,
        }
    }

    /// The public string.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::SessionEnded => "session_ended",
            Self::Expired => "expired",
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn sign_out_reason_reads_back_the_same_and_anything_else_is_a_logout() {
        for reason in [SignOutReason::Logout, SignOutReason::SessionEnded, SignOutReason::Expired] {
            assert_eq!(SignOutReason::read(reason.as_str()), reason);
        }
        assert_eq!(SignOutReason::read("x"), SignOutReason::Logout);
    }
}
