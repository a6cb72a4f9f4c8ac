//! The key that tokens are bound to ([RFC 9449](https://www.rfc-editor.org/rfc/rfc9449)): opened with the client, and
//! held against what the session's tokens are bound to.
//!
//! The host keeps it, as the browser's own storages may lose it while the session's record stays. Then nobody can use
//! these tokens any more, and the session is over.

use super::{
    authorize::{Authorize, Signing},
    proof::Proved,
};
use crate::core::{
    machines::{
        io::{Area, Caller, Op, Output, ProofKey, SignOutReason},
        machine::{Machine, OnLoad},
        open,
        refresh::BEAT,
        session::SESSION,
    },
    protocol::{authorize::LoginOptions, dpop::PublicKey},
    words::{
        config::Sharing,
        error::{Error, ErrorCode},
        json::Json,
        secret::Secret,
        time::UnixMillis,
    },
};
use alloc::{boxed::Box, string::String, vec::Vec};

/// The key, and what goes on with it.
#[derive(Debug)]
pub(in crate::core::machines) struct Dpop<J> {
    pub(super) public: PublicKey,
    /// Its thumbprint.
    pub(in crate::core::machines) jkt: String,
    pub(super) is_lasting: bool,
    pub(super) entropy: Secret,
    /// Counts proofs.
    pub(super) count: u32,
    /// The token that a proof went along with last, and its `ath`.
    pub(super) hashed: (Secret, String),
    /// The nonces that servers gave last, by their places.
    pub(super) nonces: Vec<(String, String)>,
    opening: Vec<(Op, Opening<J>)>,
    /// Requests of the client's own that carry a proof.
    pub(super) requests: Vec<Proved>,
    /// Requests of the program's.
    pub(super) signing: Vec<Signing>,
}

/// What the key is opened for.
#[derive(Debug)]
enum Opening<J> {
    /// The client.
    Client(Box<open::Opening<J>>),
    /// A login, which goes on meanwhile: it is to find the key when it comes back.
    Login,
    /// A refresh, in its turn.
    Refresh(u32),
    /// A request of the program's.
    Request(Caller, Box<Authorize>),
}

impl<J: Json> Machine<J> {
    /// Opens the key, then the session.
    #[inline(never)]
    pub(in crate::core::machines) fn open_key(&mut self, client: Box<open::Opening<J>>) {
        self.dpop = Some(Box::new(Dpop {
            public: PublicKey::default(),
            jkt: String::new(),
            is_lasting: false,
            entropy: Secret::default(),
            count: 0,
            hashed: (Secret::default(), String::new()),
            nonces: Vec::new(),
            opening: Vec::new(),
            requests: Vec::new(),
            signing: Vec::new(),
        }));
        self.ask_for_key(Opening::Client(client));
    }

    fn ask_for_key(&mut self, opening: Opening<J>) {
        let (op, name) = (self.next_op(), self.key("dpop"));
        if let Some(dpop) = &mut self.dpop {
            dpop.opening.push((op, opening));
        }
        // Without a place that others see, a session is as short-lived as a key in memory.
        self.emit(Output::Key { op, name, must_last: self.config.sharing != Sharing::Alone });
    }

    /// Answers [`Output::Key`].
    #[inline(never)]
    pub fn keyed(&mut self, op: Op, result: Result<ProofKey, Error>, now: UnixMillis) {
        self.tick(now);
        let Some(dpop) = &mut self.dpop else {
            return;
        };
        let Some(index) = dpop.opening.iter().position(|(opening, _)| *opening == op) else {
            return;
        };
        let (_, opening) = dpop.opening.swap_remove(index);
        let result = result.map(|key| {
            dpop.jkt = key.public.thumbprint();
            dpop.public = key.public;
            dpop.is_lasting = key.is_lasting;
            dpop.entropy = key.entropy;
        });
        match (opening, result) {
            (Opening::Client(client), Err(error)) => self.refuse(client.caller, error),
            (Opening::Client(client), Ok(())) => self.load(Area::Session, SESSION, OnLoad::Open(client)),
            (Opening::Login, _) => {}
            (Opening::Refresh(turn), _) => {
                if turn == self.refresh.turn {
                    self.key_sought();
                }
            }
            (Opening::Request(caller, request), _) => {
                if !self.has_key() {
                    self.lose_session();
                }
                self.authorize(caller, request);
            }
        }
    }

    /// Whether the session's tokens are bound to this key, or to none.
    pub(super) fn has_key(&self) -> bool {
        let bound_to = self.session.as_ref().and_then(|session| session.tokens.jkt.as_ref());
        bound_to.is_none_or(|jkt| self.dpop.as_ref().is_some_and(|dpop| dpop.jkt == *jkt))
    }

    /// Nobody can use these tokens any more.
    fn lose_session(&mut self) {
        self.end_session(SignOutReason::SessionEnded, Some(ErrorCode::DpopUnavailable.into()));
    }

    /// The stored session is there. One that was begun without a key gets tokens that are bound to it as soon as may be.
    #[inline(never)]
    pub(in crate::core::machines) fn check_key(&mut self) {
        if !self.has_key() {
            self.lose_session();
        } else if self.session.as_ref().is_some_and(|session| session.tokens.jkt.is_none()) {
            self.due_at_once();
        }
    }

    /// Whether a refresh has to wait for the key: another tab has signed in with another one.
    #[inline(never)]
    pub(in crate::core::machines) fn seeks_key(&mut self) -> bool {
        let seeks = !self.has_key();
        if seeks {
            self.seek_key_for_refresh();
        }
        seeks
    }

    fn seek_key_for_refresh(&mut self) {
        self.ask_for_key(Opening::Refresh(self.refresh.turn));
    }

    fn key_sought(&mut self) {
        if !self.has_key() {
            self.lose_session();
        } else if self.now.since(self.refresh.beat) > BEAT {
            // The page slept on it: somebody else may be at work by now.
            self.seek_lock(false);
        } else {
            self.send_refresh();
        }
    }

    /// As [`seeks_key`](Self::seeks_key), for a request of the program's.
    pub(super) fn seek_key_for_request(&mut self, caller: Caller, request: Box<Authorize>) {
        self.ask_for_key(Opening::Request(caller, request));
    }

    /// Binds the code to the key ([RFC 9449 §10](https://www.rfc-editor.org/rfc/rfc9449#section-10)), and has that kept
    /// once more: where somebody has cleared the browser's storages, the login would not find it when it comes back.
    #[inline(never)]
    pub(in crate::core::machines) fn bind_login(&mut self, options: &mut LoginOptions) {
        if let Some(dpop) = self.dpop.as_ref().filter(|dpop| dpop.is_lasting) {
            options.parameters.push("dpop_jkt", &dpop.jkt);
            self.ask_for_key(Opening::Login);
        }
    }

    #[inline(never)]
    pub(in crate::core::machines) fn forget_key(&mut self) {
        self.dpop = None;
    }
}
