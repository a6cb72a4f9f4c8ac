//! Opening: the server's metadata, then the stored session.

use super::{
    io::{Answer, Area, Caller},
    machine::{Job, Machine, Reply},
    session::SESSION,
};
use crate::core::{
    memory::record,
    protocol::metadata::{self, Metadata},
    words::{
        error::{Error, ErrorCode},
        http::{Request, Response, Unanswered},
        json::Json,
    },
};

#[derive(Debug)]
pub(super) enum OpenJob<J> {
    Discover { caller: Caller, given: Option<J>, oauth: bool },
    Adopt { caller: Caller, discovered: Option<J> },
}

impl<J> OpenJob<J> {
    pub(super) const fn caller(&self) -> Caller {
        match self {
            Self::Discover { caller, .. } | Self::Adopt { caller, .. } => *caller,
        }
    }
}

impl<J: Json> Machine<J> {
    /// `AuthClient.create`, first of all and once. `given` are the program's own metadata.
    pub fn open(&mut self, caller: Caller, given: Option<J>) {
        let is_given = |name| given.as_ref().is_some_and(|given| given.member(name).is_some());
        let whole = is_given("authorization_endpoint") && is_given("token_endpoint");
        match &self.config.issuer {
            Some(issuer) if !whole => {
                let request = Request::get(metadata::openid_configuration_url(issuer));
                self.send(request, Job::Open(OpenJob::Discover { caller, given, oauth: false }));
            }
            _ => self.opened(caller, given.as_ref(), None),
        }
    }

    pub(super) fn open_reply(&mut self, job: OpenJob<J>, reply: Reply) {
        match (job, reply) {
            (OpenJob::Discover { caller, given, oauth }, Reply::Responded(_, result)) => {
                self.discovered(caller, given, oauth, result);
            }
            (OpenJob::Adopt { caller, discovered }, Reply::Loaded(Ok(record))) => {
                if let Some(record) = record {
                    match record::read(record.expose()) {
                        Some(tokens) => {
                            self.persisted = true;
                            self.adopt(tokens);
                        }
                        // Garbage, or another release's. It stays where it is until somebody signs in.
                        None => self.ended = Some(ErrorCode::StorageCorrupt),
                    }
                }
                self.settle(caller, Ok(Answer::Opened(discovered)));
            }
            (OpenJob::Adopt { caller, .. }, Reply::Loaded(Err(error))) => self.settle(caller, Err(error)),
            _ => {}
        }
    }

    fn discovered(&mut self, caller: Caller, given: Option<J>, oauth: bool, result: Result<Response, Unanswered>) {
        let Some(issuer) = self.config.issuer.clone() else {
            return;
        };
        let document: Result<J, Error> = match result {
            // A server that is no OpenID provider has its metadata at RFC 8414's place.
            Ok(response) if !oauth && matches!(response.status, 400..=499) => {
                let request = Request::get(metadata::oauth_authorization_server_url(&issuer));
                return self.send(request, Job::Open(OpenJob::Discover { caller, given, oauth: true }));
            }
            Ok(response) => metadata::metadata_response(&issuer, &response),
            Err(unanswered) => Err(unanswered.into()),
        };
        match document {
            Ok(document) => self.opened(caller, given.as_ref(), Some(document)),
            Err(error) => self.settle(caller, Err(error)),
        }
    }

    fn opened(&mut self, caller: Caller, given: Option<&J>, discovered: Option<J>) {
        match Metadata::read(&self.config, given, discovered.as_ref()) {
            Ok(metadata) => {
                self.metadata = Some(metadata);
                self.load(Area::Session, SESSION, Job::Open(OpenJob::Adopt { caller, discovered }));
            }
            Err(error) => self.settle(caller, Err(error)),
        }
    }
}
