//! Verifying an ID token's signature: the server's keys, fetched when they are first needed, and the host's word.
//!
//! ```text
//! keys known? ─no─▶ fetch ─▶ the next that fits ─▶ verify ─good─▶ hashes ─▶ done
//!      └──────yes──────────────▲          │none left            └bad─▶ the next that fits
//!                              └─ fetch anew, once in a while
//! ```

use super::{
    callback::Progress,
    io::{Op, Output, Session, Signature, Snapshot, Verdict},
    machine::{Machine, OnSend, Responded},
    seldom::{Came, Errand},
};
use crate::core::{
    memory::token_set::TokenSet,
    protocol::{
        id_token,
        jws::{self, Jws},
    },
    words::{
        error::{Error, ErrorCode},
        json::Json,
        secret::Secret,
        time::UnixMillis,
    },
};
use alloc::{boxed::Box, rc::Rc, string::String};

/// How long the keys that were fetched last are believed to be all there are.
const KEYS_LAST: u64 = 60_000;

/// The server's keys.
#[derive(Debug)]
pub(super) struct Keys<J> {
    /// `keys` of the set (RFC 7517 §5.1).
    pub(super) keys: J,
    /// When they were last fetched past all caches.
    pub(super) renewed_at: Option<UnixMillis>,
}

/// Whose tokens they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// A redirect's, by its number.
    Exchange(u32),
    /// A refresh's, in its turn.
    Refresh,
    /// Those of what is seldom asked for.
    Errand,
}

/// Tokens that have come, with an ID token whose signature is being verified, where one was among them.
#[derive(Debug)]
pub(super) struct Verifying<J> {
    whose: For,
    /// What goes on with them, where it is what is seldom asked for.
    pub(super) errand: Option<Box<Errand<J>>>,
    /// The session that there will be.
    pub(super) session: Session<J>,
    /// The code that was exchanged for it.
    pub(super) code: Option<Secret>,
    /// Empty where there is nothing to be verified.
    algorithm: &'static str,
    key_id: Option<String>,
    /// Which key is next.
    next: u32,
    /// Whether the keys were fetched for it, past all caches.
    has_renewed: bool,
    /// What the keys that fit came to.
    failure: ErrorCode,
}

impl<J> Verifying<J> {
    /// Without an ID token that was among them.
    pub(super) fn new(whose: For, tokens: TokenSet) -> Box<Self> {
        Box::new(Self {
            whose,
            errand: None,
            session: Session { tokens, claims: None },
            code: None,
            algorithm: "",
            key_id: None,
            next: 0,
            has_renewed: false,
            failure: ErrorCode::IdTokenKeyNotFound,
        })
    }

    /// The ID token, which is good as far as its claims are.
    pub(super) fn take_jws(&mut self, jws: Jws<J>) {
        self.algorithm = jws.algorithm;
        self.key_id = jws.key_id;
        self.session.claims = Some(jws.claims);
    }

    /// The session, when there is nothing more to verify.
    #[inline(never)]
    #[allow(clippy::boxed_local)] // As it comes: who hands it on moves a word.
    pub(super) fn into_snapshot(self: Box<Self>) -> Snapshot<J> {
        Rc::new(self.session)
    }
}

// A redirect's flow is not called from here while it is out of the machine's list: see `exchanged`.
impl<J: Json> Machine<J> {
    /// Begins, or begins again where the keys could not be had.
    pub(super) fn verify(&mut self, verifying: Box<Verifying<J>>) {
        if verifying.algorithm.is_empty() || !self.verifies && self.config.allow_insecure {
            return self.verified_as(verifying, Ok(()));
        }
        if self.keys.is_some() { self.try_key(verifying) } else { self.fetch_keys(verifying, false) }
    }

    fn fetch_keys(&mut self, mut verifying: Box<Verifying<J>>, is_fresh: bool) {
        match self.metadata.as_ref().and_then(|metadata| metadata.jwks_uri.clone()) {
            Some(url) => {
                verifying.has_renewed |= is_fresh;
                let whose = verifying.whose;
                self.get(url, is_fresh, OnSend::Keys(verifying));
                self.in_turn_for(whose);
            }
            None => self.verified_as(verifying, Err(Error::about(ErrorCode::MetadataInvalid, "jwks_uri"))),
        }
    }

    fn in_turn_for(&mut self, whose: For) {
        if whose == For::Refresh {
            self.in_turn();
        }
    }

    pub(super) fn keys_responded(&mut self, verifying: Box<Verifying<J>>, result: &Responded) {
        match result.as_ref().map_err(|unanswered| Error::from(*unanswered)).and_then(jws::key_set) {
            Ok(keys) => {
                let renewed_at = self.keys.as_ref().and_then(|keys| keys.renewed_at);
                let renewed_at = if verifying.has_renewed { Some(self.now) } else { renewed_at };
                self.keys = Some(Keys { keys, renewed_at });
                self.try_key(verifying);
            }
            Err(error) => self.verified_as(verifying, Err(error)),
        }
    }

    fn try_key(&mut self, mut verifying: Box<Verifying<J>>) {
        let Some(keys) = &self.keys else {
            return;
        };
        let next = jws::next_key(&keys.keys, verifying.algorithm, verifying.key_id.as_deref(), verifying.next);
        if let Some((key, next)) = next {
            verifying.next = next;
            return self.ask_host(key, verifying);
        }
        let is_settled = |at: UnixMillis| self.now.since(at) < KEYS_LAST && at <= self.now;
        // The server may have a new key since, with a name that is not known yet, or with none.
        let may_be_new = verifying.failure == ErrorCode::IdTokenKeyNotFound || verifying.key_id.is_none();
        if may_be_new && !keys.renewed_at.is_some_and(is_settled) {
            verifying.next = 0;
            return self.fetch_keys(verifying, true);
        }
        let failure = verifying.failure;
        self.verified_as(verifying, Err(failure.into()));
    }

    fn ask_host(&mut self, key: J, verifying: Box<Verifying<J>>) {
        let session = &verifying.session;
        let hash = |name, of: Option<&Secret>| {
            let is_wanted = session.claims.as_ref().is_some_and(|claims| claims.has(name));
            of.filter(|_| is_wanted).cloned()
        };
        let signature = Signature {
            algorithm: verifying.algorithm,
            key,
            token: session.tokens.id_token.clone().unwrap_or_default(),
            access_token: hash("at_hash", Some(&session.tokens.access_token)),
            code: hash("c_hash", verifying.code.as_ref()),
        };
        let whose = verifying.whose;
        let op = self.wait_for_verdict(verifying);
        self.in_turn_for(whose);
        self.emit(Output::Verify { op, signature: Box::new(signature) });
    }

    /// Answers [`Output::Verify`].
    pub fn verified(&mut self, op: Op, verdict: Verdict, now: UnixMillis) {
        self.tick(now);
        let Some(mut verifying) = self.verifying(op) else {
            return;
        };
        match verdict {
            Verdict::Good { at_hash, c_hash } => {
                let claims = verifying.session.claims.as_ref();
                let checked = claims
                    .map_or(Ok(()), |claims| id_token::check_hashes(claims, at_hash.as_deref(), c_hash.as_deref()));
                self.verified_as(verifying, checked);
            }
            Verdict::Bad => {
                verifying.failure = ErrorCode::IdTokenSignature;
                self.try_key(verifying);
            }
            Verdict::Unable => {
                if verifying.failure != ErrorCode::IdTokenSignature {
                    verifying.failure = ErrorCode::IdTokenAlgorithm;
                }
                self.try_key(verifying);
            }
        }
    }

    fn verified_as(&mut self, mut verifying: Box<Verifying<J>>, result: Result<(), Error>) {
        match verifying.whose {
            For::Exchange(id) => self.with(id, |machine, progress: &mut Progress<J>| {
                machine.exchange_verified(progress, verifying, result);
            }),
            For::Errand => {
                if let Some(errand) = verifying.errand.take() {
                    self.errand(errand, Came::Verified(verifying, result));
                }
            }
            For::Refresh => {
                if let Err(error) = result {
                    if !error.code().is_retryable() && error.code() != ErrorCode::IdTokenKeyNotFound {
                        return self.refresh_refused(error);
                    }
                    // It cannot be known now whether it is good. The tokens came from the server, the old ones are
                    // spent, and who is signed in is known: that stands.
                    if let Some(before) = &self.session {
                        verifying.session.tokens.id_token = before.tokens.id_token.clone();
                        verifying.session.claims = before.claims.clone();
                    }
                }
                self.refresh_verified(verifying);
            }
        }
    }
}
