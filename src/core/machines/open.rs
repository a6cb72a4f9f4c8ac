//! Opening: the server's metadata, then the stored session.

use super::{
    io::{Answer, Area, Caller, Output},
    machine::{Loaded, Machine, OnLoad, OnSend, OnStore, Responded},
    schedule::NEVER,
    session::SESSION,
};
use crate::core::{
    memory::record,
    protocol::metadata::{self, Metadata},
    words::{
        concat::concat,
        cut::cut,
        decimal::{decimal, parse_decimal},
        error::ErrorCode,
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
    pub(super) caller: Caller,
    /// The program's own metadata.
    given: Option<J>,
    /// What the server gives, now or at a time before.
    found: Option<J>,
    /// Whether the first place had none.
    again: bool,
}

impl<J: Json> Machine<J> {
    /// `AuthClient.create`, first of all and once. `given` are the program's own metadata.
    pub fn open(&mut self, caller: Caller, given: Option<J>) {
        let is_given = |name| given.as_ref().is_some_and(|given| given.has(name));
        let is_whole = is_given("authorization_endpoint") && is_given("token_endpoint");
        let opening = Box::new(Opening { caller, given, found: None, again: false });
        if self.config.issuer.is_some() && !is_whole {
            self.load(Area::Login, METADATA, OnLoad::Metadata(opening));
        } else {
            self.opened(opening);
        }
    }

    pub(super) fn metadata_loaded(&mut self, mut opening: Box<Opening<J>>, result: Loaded<'_>) {
        let issuer = self.config.issuer.as_deref().unwrap_or_default();
        let kept = result.as_ref().ok().and_then(|kept| cut(kept.as_ref()?.expose(), b"\n"));
        if let Some((at, document)) = kept {
            opening.found = J::parse(document).filter(|document| document.is("issuer", issuer));
            // From the future: another clock's.
            let at = parse_decimal(at).map_or(NEVER, UnixMillis);
            if at <= self.now && self.now.since(at) < METADATA_LAST && opening.found.is_some() {
                return self.opened(opening);
            }
        }
        self.get(metadata::openid_configuration_url(issuer), false, OnSend::Discover(opening));
    }

    pub(super) fn discovered(&mut self, mut opening: Box<Opening<J>>, result: &Responded) {
        let issuer = self.config.issuer.as_deref().unwrap_or_default();
        let document = match result {
            // A server that is no OpenID provider has its metadata at RFC 8414's place.
            Ok(response) if !opening.again && matches!(response.status, 400..=499) => {
                opening.again = true;
                let url = metadata::oauth_authorization_server_url(issuer);
                return self.get(url, false, OnSend::Discover(opening));
            }
            Ok(response) => metadata::metadata_response(issuer, response),
            Err(unanswered) => Err((*unanswered).into()),
        };
        match document {
            Ok(document) => {
                opening.found = Some(document);
                self.opened(opening);
                // What is of no use is asked for again.
                if let (Ok(response), Some(_)) = (result, &self.metadata)
                    && response.body.expose().len() < LONGEST_METADATA
                {
                    let value = concat(&[&decimal(self.now.0), "\n", response.body.expose()]);
                    self.store(Area::Login, METADATA, Secret::new(value), OnStore::Nothing);
                }
            }
            // The server cannot be asked now. Where its endpoints are, it has said before.
            Err(error) if error.code().is_retryable() && opening.found.is_some() => self.opened(opening),
            Err(error) => self.refuse(opening.caller, error),
        }
    }

    fn opened(&mut self, opening: Box<Opening<J>>) {
        match Metadata::read(&self.config, opening.given.as_ref(), opening.found.as_ref()) {
            Ok(metadata) => {
                self.metadata = Some(Box::new(metadata));
                if self.config.dpop {
                    return self.open_key(opening);
                }
                self.load(Area::Session, SESSION, OnLoad::Open(opening));
            }
            Err(error) => self.refuse(opening.caller, error),
        }
    }

    #[allow(clippy::boxed_local)] // As it comes: who hands it on moves a word.
    pub(super) fn open_loaded(&mut self, opening: Box<Opening<J>>, result: Loaded<'_>) {
        let record = match result {
            Ok(record) => record,
            Err(error) => return self.refuse(opening.caller, error.clone()),
        };
        if let Some(record) = record {
            match self.read_record(record.expose()) {
                Some(tokens) => self.adopt(tokens, true),
                // Bound to a key, and this configuration has none. Like the next, it stays where it is until somebody
                // signs in.
                None if record::read(record.expose()).is_some() => self.ended = Some(ErrorCode::DpopUnavailable),
                // Garbage, or another release's.
                None => self.ended = Some(ErrorCode::StorageCorrupt),
            }
        }
        let name = self.key("tabs");
        self.emit(Output::Listen(name));
        if self.dpop.is_some() {
            self.check_key();
        }
        self.settle(opening.caller, Ok(Answer::Opened(opening.found)));
        // What ran out while nobody looked is over now.
        self.wake(self.now);
    }
}
