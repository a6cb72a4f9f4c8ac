//! Opening: the server's metadata, then the stored session.

use super::{
    io::{Answer, Area, Caller, Output},
    machine::{Machine, OnLoad, OnSend, OnStore},
    session::SESSION,
};
use crate::core::{
    memory::record,
    protocol::metadata::{self, Metadata},
    words::{
        concat::concat,
        cut::cut,
        decimal::{decimal, parse_decimal},
        error::{Error, ErrorCode},
        http::{Request, Response, Unanswered},
        json::Json,
        secret::Secret,
        time::UnixMillis,
    },
};
use alloc::boxed::Box;

/// The name under which the server's metadata are kept: a page that is loaded again need not wait for them, and one that
/// opens without a network has them.
const METADATA: &str = "metadata";

/// How long they are taken as they are.
const METADATA_LAST: u64 = 10 * 60 * 1000;

/// What is longer is not kept.
const LONGEST_METADATA: usize = 100_000;

/// A client that is being opened.
#[derive(Debug)]
pub(super) struct Opening<J> {
    caller: Caller,
    /// The program's own metadata.
    given: Option<J>,
    /// What was kept.
    kept: Option<J>,
    /// Whether the first place had none.
    again: bool,
}

impl<J: Json> Machine<J> {
    /// `AuthClient.create`, first of all and once. `given` are the program's own metadata.
    pub fn open(&mut self, caller: Caller, given: Option<J>) {
        let is_given = |name| given.as_ref().is_some_and(|given| given.has(name));
        if self.config.issuer.is_some() && (!is_given("authorization_endpoint") || !is_given("token_endpoint")) {
            let opening = Box::new(Opening { caller, given, kept: None, again: false });
            self.load(Area::Login, METADATA, OnLoad::Metadata(opening));
        } else {
            self.opened(caller, given.as_ref(), None);
        }
    }

    pub(super) fn metadata_loaded(&mut self, mut opening: Box<Opening<J>>, result: Result<Option<Secret>, Error>) {
        let issuer = self.config.issuer.as_deref().unwrap_or_default();
        let kept = result.ok().flatten();
        let kept = kept.as_ref().and_then(|kept| cut(kept.expose(), b"\n"));
        if let Some((at, document)) = kept.and_then(|(at, document)| Some((UnixMillis(parse_decimal(at)?), document))) {
            opening.kept = J::parse(document).filter(|document| document.text("issuer").as_deref() == Some(issuer));
            // From the future: another clock's.
            if at <= self.now && self.now.since(at) < METADATA_LAST && opening.kept.is_some() {
                return self.opened(opening.caller, opening.given.as_ref(), opening.kept);
            }
        }
        let request = Request::get(metadata::openid_configuration_url(issuer));
        self.send(request, OnSend::Discover(opening));
    }

    pub(super) fn discovered(&mut self, mut opening: Box<Opening<J>>, result: Result<Response, Unanswered>) {
        let issuer = self.config.issuer.as_deref().unwrap_or_default();
        let document = match result {
            // A server that is no OpenID provider has its metadata at RFC 8414's place.
            Ok(response) if !opening.again && matches!(response.status, 400..=499) => {
                opening.again = true;
                let request = Request::get(metadata::oauth_authorization_server_url(issuer));
                return self.send(request, OnSend::Discover(opening));
            }
            Ok(response) => metadata::metadata_response(issuer, &response).map(|document| (document, response.body)),
            Err(unanswered) => Err(unanswered.into()),
        };
        let Opening { caller, given, kept, .. } = *opening;
        match (document, kept) {
            (Ok((document, body)), _) => {
                self.opened(caller, given.as_ref(), Some(document));
                // What is of no use is asked for again.
                if self.metadata.is_some() && body.expose().len() < LONGEST_METADATA {
                    let value = concat(&[&decimal(self.now.0), "\n", body.expose()]);
                    self.store(Area::Login, METADATA, Secret::new(value), OnStore::Nothing);
                }
            }
            // The server cannot be asked now. Where its endpoints are, it has said before.
            (Err(error), Some(kept)) if error.code().is_retryable() => self.opened(caller, given.as_ref(), Some(kept)),
            (Err(error), _) => self.refuse(caller, error),
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
