//! Opening: the server's metadata, then the stored session.

use super::{
    io::{Answer, Area, Caller, Output},
    machine::{Machine, OnLoad, OnSend},
    session::SESSION,
};
use crate::core::{
    memory::record,
    protocol::metadata::{self, Metadata},
    words::{
        error::{Error, ErrorCode},
        http::{Request, Response, Unanswered},
        json::Json,
        secret::Secret,
    },
};

impl<J: Json> Machine<J> {
    /// `AuthClient.create`, first of all and once. `given` are the program's own metadata.
    pub fn open(&mut self, caller: Caller, given: Option<J>) {
        let is_given = |name| given.as_ref().is_some_and(|given| given.member(name).is_some());
        match &self.config.issuer {
            Some(issuer) if !is_given("authorization_endpoint") || !is_given("token_endpoint") => {
                let request = Request::get(metadata::openid_configuration_url(issuer));
                self.send(request, OnSend::Discover(caller, false, given));
            }
            _ => self.opened(caller, given.as_ref(), None),
        }
    }

    pub(super) fn discovered(
        &mut self,
        caller: Caller,
        again: bool,
        given: Option<J>,
        result: Result<Response, Unanswered>,
    ) {
        let issuer = self.config.issuer.as_deref().unwrap_or_default();
        let document = match result {
            // A server that is no OpenID provider has its metadata at RFC 8414's place.
            Ok(response) if !again && matches!(response.status, 400..=499) => {
                let request = Request::get(metadata::oauth_authorization_server_url(issuer));
                return self.send(request, OnSend::Discover(caller, true, given));
            }
            Ok(response) => metadata::metadata_response(issuer, &response),
            Err(unanswered) => Err(unanswered.into()),
        };
        match document {
            Ok(document) => self.opened(caller, given.as_ref(), Some(document)),
            Err(error) => self.refuse(caller, error),
        }
    }

    fn opened(&mut self, caller: Caller, given: Option<&J>, discovered: Option<J>) {
        match Metadata::read(&self.config, given, discovered.as_ref()) {
            Ok(metadata) => {
                self.metadata = Some(metadata);
                if self.config.dpop {
                    return self.open_key(caller, discovered);
                }
                self.load(Area::Session, SESSION, OnLoad::Open(caller, discovered));
            }
            Err(error) => self.refuse(caller, error),
        }
    }

    pub(super) fn open_loaded(&mut self, caller: Caller, discovered: Option<J>, result: Result<Option<Secret>, Error>) {
        let record = match result {
            Ok(record) => record,
            Err(error) => return self.refuse(caller, error),
        };
        if let Some(record) = record {
            match record::read(record.expose()) {
                Some(tokens) if self.can_use(&tokens) => self.adopt(tokens, true),
                // Bound to a key, and this configuration has none. Like the next, it stays where it is until somebody
                // signs in.
                Some(_) => self.ended = Some(ErrorCode::DpopUnavailable),
                // Garbage, or another release's.
                None => self.ended = Some(ErrorCode::StorageCorrupt),
            }
        }
        let name = self.key("tabs");
        self.emit(Output::Listen(name));
        if self.dpop.is_some() {
            self.check_key();
        }
        self.settle(caller, Ok(Answer::Opened(discovered)));
        // What ran out while nobody looked is over now.
        self.wake(self.now);
    }
}
