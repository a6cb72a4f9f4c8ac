//! Revoking the session's tokens at the server, which ends the session.

use super::{
    super::{
        io::{Answer, Caller, SignOutReason},
        machine::{Machine, OnSend, Responded},
    },
    Errand,
};
use crate::core::{
    memory::token_set::TokenSet,
    protocol::revocation::{self, ACCESS_TOKEN, REFRESH_TOKEN},
    words::{
        error::{Error, ErrorCode},
        json::Json,
        secret::Secret,
    },
};
use alloc::boxed::Box;

/// A revocation under way.
#[derive(Debug)]
pub(in super::super) struct Revoking {
    caller: Caller,
    /// The session's, as they were last.
    tokens: TokenSet,
    /// The refresh token that is revoked.
    done: Option<Secret>,
    sent: Secret,
    hint: &'static str,
}

impl<J: Json> Machine<J> {
    pub(super) fn revoke(&mut self, caller: Caller) {
        let Some(session) = &self.session else {
            return self.refuse(caller, self.absence());
        };
        let tokens = session.tokens.clone();
        self.revoke_next(Revoking { caller, tokens, done: None, sent: Secret::default(), hint: "" });
    }

    /// The refresh token first: while it is good, there may be another access token at any time.
    fn revoke_next(&mut self, mut revoking: Revoking) {
        (revoking.sent, revoking.hint) = match &revoking.tokens.refresh_token {
            Some(token) if revoking.done.as_ref() != Some(token) => (token.clone(), REFRESH_TOKEN),
            _ => (revoking.tokens.access_token.clone(), ACCESS_TOKEN),
        };
        let metadata = self.metadata.as_ref();
        let request = metadata
            .and_then(|metadata| revocation::revocation_request(&self.config, metadata, &revoking.sent, revoking.hint));
        match request {
            Some(request) => self.send(request, OnSend::Errand(Box::new(Errand::Revoke(revoking)))),
            None => self.refuse(revoking.caller, Error::about(ErrorCode::MetadataInvalid, revocation::ENDPOINT)),
        }
    }

    pub(super) fn revoked(&mut self, mut revoking: Revoking, result: &Responded) {
        let may_be_unable = revoking.hint == ACCESS_TOKEN;
        let result = result.as_ref().map_err(|unanswered| Error::from(*unanswered));
        let result =
            result.and_then(|response| revocation::revocation_response::<J>(response, &revoking.sent, may_be_unable));
        if let Err(error) = result {
            return self.refuse(revoking.caller, error);
        }
        // Whoever has signed in since keeps what they have; new tokens of the same login are revoked, too.
        let session = self.session.as_ref().filter(|session| session.tokens.began == revoking.tokens.began);
        let is_there = session.is_some();
        if let Some(session) = session {
            revoking.tokens = session.tokens.clone();
        }
        if revoking.hint == REFRESH_TOKEN {
            revoking.done = Some(core::mem::take(&mut revoking.sent));
            return self.revoke_next(revoking);
        }
        let is_renewed = revoking.tokens.refresh_token.is_some() && revoking.tokens.refresh_token != revoking.done
            || revoking.tokens.access_token != revoking.sent;
        if is_there && is_renewed {
            return self.revoke_next(revoking);
        }
        if is_there {
            self.end_session(SignOutReason::Logout, None);
        }
        self.settle(revoking.caller, Ok(Answer::Done));
    }
}
