//! Verifying an ID token's signature: the server's keys, fetched when they are first needed, and the host's word.
//!
//! ```text
//! check the claims ─▶ keys known? ─no─▶ fetch ─▶ the next that fits ─▶ verify ─good─▶ hashes ─▶ done
//!                          └──────yes──────────────▲          │none left └─bad─▶ the next that fits
//!                                                  └─ fetch anew, once in a while
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
        id_token::{self, Expected},
        jws::{self, Header, Jws},
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
    /// The first key that fits a header, and its place behind it: a server's headers are mostly the same.
    last: Option<(Rc<Header>, J, u32)>,
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
    /// `nonce` and `max_age` of the login.
    pub(super) nonce: Option<String>,
    pub(super) max_age: Option<u64>,
    /// Whether another server's clock was looked at.
    pub(super) has_asked: bool,
    /// The ID token's; none where there is nothing to be verified.
    header: Option<Rc<Header>>,
    /// What it says; the session's are those before it until all is good.
    claims: Option<J>,
    /// The key that is being tried.
    key: Option<J>,
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
            nonce: None,
            max_age: None,
            has_asked: false,
            header: None,
            claims: None,
            key: None,
            next: 0,
            has_renewed: false,
            failure: ErrorCode::IdTokenKeyNotFound,
        })
    }

    /// What the host is asked.
    pub(super) fn signature(&self) -> Option<Signature<'_, J>>
    where
        J: Json,
    {
        let (claims, tokens) = (self.claims.as_ref()?, &self.session.tokens);
        Some(Signature {
            algorithm: self.header.as_ref()?.algorithm,
            key: self.key.as_ref()?,
            token: tokens.id_token.as_ref()?.expose(),
            access_token: Some(tokens.access_token.expose()).filter(|_| claims.has("at_hash")),
            code: self.code.as_ref().filter(|_| claims.has("c_hash")).map(Secret::expose),
        })
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
    /// Takes the ID token that is among the tokens apart: it is to be verified.
    pub(super) fn take_id_token(&self, verifying: &mut Verifying<J>) -> Result<(), Error> {
        if let (Some(id_token), Some(metadata)) = (&verifying.session.tokens.id_token, &self.metadata) {
            let last = self.keys.as_ref().and_then(|keys| keys.last.as_ref());
            let known = last.map(|(header, ..)| header);
            let jws = Jws::<J>::parse(id_token.expose(), metadata.id_token_algorithms, known)?;
            verifying.header = Some(jws.header);
            verifying.claims = Some(jws.claims);
        }
        Ok(())
    }

    /// Begins, or begins again where another clock is known.
    pub(super) fn verify(&mut self, verifying: Box<Verifying<J>>) {
        match self.check(&verifying) {
            Ok(()) => self.verify_signature(verifying),
            Err(error) => self.verified_as(verifying, Err(error)),
        }
    }

    /// The claims are good, once and for all: the token may expire while the keys cannot be had.
    pub(super) fn verify_signature(&mut self, verifying: Box<Verifying<J>>) {
        if verifying.header.is_none() || !self.verifies && self.config.allow_insecure {
            self.verified_as(verifying, Ok(()));
        } else if self.keys.is_some() {
            self.try_key(verifying);
        } else {
            self.fetch_keys(verifying, false);
        }
    }

    /// Checks what the ID token says.
    fn check(&self, verifying: &Verifying<J>) -> Result<(), Error> {
        let (Some(claims), Some(metadata)) = (&verifying.claims, &self.metadata) else {
            return Ok(());
        };
        let issued_at = if verifying.has_asked { claims.number("iat") } else { None };
        let expected = Expected {
            issuer: &metadata.issuer,
            client_id: &self.config.client_id,
            nonce: verifying.nonce.as_deref(),
            max_age: verifying.max_age,
            before: verifying.session.claims.as_ref(),
            now: (verifying.whose != For::Refresh).then(|| self.server_now_by(issued_at)),
            tolerance: self.config.clock_tolerance,
        };
        id_token::check(claims, &expected)
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
                self.keys = Some(Keys { keys, renewed_at, last: None });
                self.try_key(verifying);
            }
            Err(error) => self.verified_as(verifying, Err(error)),
        }
    }

    fn try_key(&mut self, mut verifying: Box<Verifying<J>>) {
        let (Some(keys), Some(header)) = (&mut self.keys, &verifying.header) else {
            return;
        };
        let is_first = verifying.next == 0;
        let chosen = match &keys.last {
            Some((last, key, next)) if is_first && Rc::ptr_eq(last, header) => Some((key.clone(), *next)),
            _ => {
                let chosen = jws::next_key(&keys.keys, header.algorithm, header.key_id.as_deref(), verifying.next);
                if is_first && let Some((key, next)) = &chosen {
                    keys.last = Some((header.clone(), key.clone(), *next));
                }
                chosen
            }
        };
        if let Some((key, next)) = chosen {
            verifying.next = next;
            verifying.key = Some(key);
            let whose = verifying.whose;
            let op = self.wait_for_verdict(verifying);
            self.in_turn_for(whose);
            return self.emit(Output::Verify { op });
        }
        let is_settled = |at: UnixMillis| self.now.since(at) < KEYS_LAST && at <= self.now;
        // The server may have a new key since, with a name that is not known yet, or with none.
        let may_be_new = verifying.failure == ErrorCode::IdTokenKeyNotFound || header.key_id.is_none();
        if may_be_new && !keys.renewed_at.is_some_and(is_settled) {
            verifying.next = 0;
            return self.fetch_keys(verifying, true);
        }
        let failure = verifying.failure;
        self.verified_as(verifying, Err(failure.into()));
    }

    /// Answers [`Output::Verify`].
    pub fn verified(&mut self, op: Op, verdict: Verdict, now: UnixMillis) {
        self.tick(now);
        let Some(mut verifying) = self.verifying(op) else {
            return;
        };
        match verdict {
            Verdict::Good { at_hash, c_hash } => {
                let claims = verifying.claims.as_ref();
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
        if result.is_ok() && verifying.claims.is_some() {
            verifying.session.claims = verifying.claims.take();
        }
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
                    }
                }
                self.refresh_verified(verifying);
            }
        }
    }
}
