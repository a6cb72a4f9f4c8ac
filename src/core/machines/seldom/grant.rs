//! Any other grant at the token endpoint, and taking what comes of it as the session.

use super::{
    super::{
        io::{Answer, Area, Caller, Event, Output, Snapshot},
        machine::{Machine, OnSend, OnStore, Responded},
        session::SESSION,
        verify::{For, Verifying},
    },
    Errand,
};
use crate::core::{
    memory::{record, token_set::TokenSet},
    protocol::grant::GrantRequest,
    words::{
        error::{Error, ErrorCode},
        json::Json,
        time::UnixMillis,
    },
};
use alloc::boxed::Box;

/// A grant under way.
#[derive(Debug)]
pub(in super::super) struct Granting<J> {
    caller: Caller,
    request: GrantRequest,
    /// How many logouts there had been when it was asked for.
    ends: u32,
    /// What is being stored.
    session: Option<Snapshot<J>>,
}

impl<J: Json> Machine<J> {
    pub(super) fn grant(&mut self, caller: Caller, request: GrantRequest) {
        if let Some(metadata) = &self.metadata {
            let sent = request.request(&self.config, metadata);
            let granting = Granting { caller, request, ends: self.ends, session: None };
            self.send(sent, OnSend::Errand(Box::new(Errand::Grant(granting))));
        } else {
            self.refuse(caller, ErrorCode::InvalidConfig.into());
        }
    }

    pub(super) fn granted(&mut self, granting: Granting<J>, sent_at: UnixMillis, result: &Responded) {
        match self.granted_session(&granting.request, sent_at, result) {
            Ok(mut verifying) => {
                verifying.errand = Some(Box::new(Errand::Grant(granting)));
                self.verify(verifying);
            }
            Err(error) => self.refuse(granting.caller, error),
        }
    }

    fn granted_session(
        &self,
        request: &GrantRequest,
        sent_at: UnixMillis,
        result: &Responded,
    ) -> Result<Box<Verifying<J>>, Error> {
        let response = result.as_ref().map_err(|unanswered| *unanswered)?;
        let mut response = request.response::<J>(&self.config, response)?;
        response.jkt = self.jkt();
        let mut verifying = Verifying::new(For::Errand, TokenSet::new(response, sent_at, &request.scope()));
        // No authentication request went before: neither nonce nor max_age.
        self.take_id_token(&mut verifying)?;
        Ok(verifying)
    }

    /// The ID token is good, or there is none, or it is not.
    pub(super) fn grant_verified(&mut self, mut granting: Granting<J>, result: Result<Snapshot<J>, Error>) {
        let session = match result {
            Ok(session) => session,
            Err(error) => return self.refuse(granting.caller, error),
        };
        if !granting.request.adopt {
            return self.settle(granting.caller, Ok(Answer::Session(Some(session))));
        }
        if granting.ends != self.ends {
            return self.refuse(granting.caller, ErrorCode::NoSession.into());
        }
        let value = record::write(&session.tokens);
        granting.session = Some(session);
        // As a login's: what is still to come of the session before is not to be written over this one.
        self.epoch += 1;
        self.make_way();
        self.adopting += 1;
        self.store(Area::Session, SESSION, value, OnStore::Errand(Box::new(Errand::Grant(granting))));
    }

    pub(super) fn grant_stored(&mut self, granting: Granting<J>, result: &Result<(), Error>) {
        self.adopting -= 1;
        let session = granting.session.filter(|_| granting.ends == self.ends);
        if let Some(session) = session {
            self.session_stored(result);
            self.start_session(session.clone());
            self.emit(Output::Notify(Event::SignedIn(session.clone())));
            return self.settle(granting.caller, Ok(Answer::Session(Some(session))));
        }
        // Who has signed in since has a record of their own.
        if self.session.is_none() && !self.is_signing_in() {
            self.remove(Area::Session, SESSION);
        }
        self.refuse(granting.caller, ErrorCode::NoSession.into());
    }
}
