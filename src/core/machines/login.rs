//! Beginning a login: a transaction that is stored, then a URL.

use super::{
    io::{Answer, Area, Caller, Output},
    machine::{Loaded, Machine, OnLoad, OnStore},
};
use crate::core::{
    memory::transaction::{Login, Logins},
    protocol::{
        authorize::{LoginOptions, authorization_request},
        pkce::{CodeVerifier, VERIFIER_MIN},
    },
    words::{
        concat::concat,
        config::Par,
        error::{Error, ErrorCode},
        form::{self, Form},
        json::Json,
        random::{Entropy, TOKEN_LENGTH, token},
        secret::Secret,
    },
};
use alloc::{boxed::Box, string::String};

/// The name under which the list of logins is stored.
const LOGINS: &str = "logins";

/// What the state of a login in a window of its own begins with; auth-client.js looks for it. No other state has a dot.
const IN_WINDOW: &str = "w.";

/// The name under which one login is stored.
pub(super) fn login_name(state: &str) -> String {
    concat(&["login ", state])
}

/// A login that is about to be stored.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) caller: Caller,
    navigate: bool,
    pub(super) state: String,
    /// The parameters of the URL.
    pub(super) request: Form,
    transaction: Secret,
}

impl<J: Json> Machine<J> {
    /// `login` where the page is to leave for the URL (`navigate`), `createLoginUrl` where it is not.
    pub fn login(&mut self, caller: Caller, mut options: LoginOptions, entropy: &Entropy, navigate: bool) {
        if self.dpop.is_some() {
            self.bind_login(&mut options);
        }
        let (for_verifier, rest) = entropy.split_at(VERIFIER_MIN);
        let (for_state, for_nonce) = rest.split_at(TOKEN_LENGTH);
        let (Some(_), Some(verifier)) = (&self.metadata, CodeVerifier::from_entropy(for_verifier)) else {
            return self.refuse(caller, ErrorCode::InvalidConfig.into());
        };
        let (mut state, nonce) = (token(for_state), token(for_nonce));
        if options.in_window {
            // What the server brings back is all that is sure to be known in a window that other pages have had.
            state = concat(&[IN_WINDOW, &state]);
        }
        let challenge = verifier.challenge(self.config.method);
        let redirect_uri = options.redirect_uri.as_ref().unwrap_or(&self.config.redirect_uri);
        let request = authorization_request(&self.config, &options, redirect_uri, &state, &nonce, &challenge);
        let transaction = Login::open(
            &verifier,
            &nonce,
            redirect_uri,
            options.scope.as_deref().unwrap_or(&self.config.scope),
            form::value(&options.parameters.finish(), "max_age").as_deref(),
            options.app_state.as_deref(),
        );
        let begun = Box::new(Begun { caller, navigate, state, request, transaction: transaction.write() });
        self.load(Area::Login, LOGINS, OnLoad::Logins(begun));
    }

    pub(super) fn logins_loaded(&mut self, mut begun: Box<Begun>, result: Loaded<'_>) {
        let list = match result {
            Ok(list) => list,
            Err(error) => return self.refuse(begun.caller, error.clone()),
        };
        let mut logins = Logins::read(list.as_ref().map_or("", Secret::expose).into());
        logins.add(&begun.state, self.now);
        while let Some(forgotten) = logins.forget(self.now) {
            self.remove(Area::Login, &login_name(&forgotten));
        }
        // The list first: a login that nobody lists would stay for ever.
        self.store(Area::Login, LOGINS, logins.write(), OnStore::Nothing);
        let transaction = core::mem::take(&mut begun.transaction);
        let name = login_name(&begun.state);
        self.store(Area::Login, &name, transaction, OnStore::Login(begun));
    }

    pub(super) fn login_stored(&mut self, begun: Box<Begun>, result: &Result<(), Error>) {
        match result {
            Err(error) => self.refuse(begun.caller, error.clone()),
            Ok(()) if self.pushes() => self.push(begun),
            Ok(()) => self.give_url(begun),
        }
    }

    /// Whether the request is pushed first.
    fn pushes(&self) -> bool {
        let is_offered = self
            .metadata
            .as_ref()
            .is_some_and(|metadata| metadata.requires_par || metadata.pushed_authorization_request_endpoint.is_some());
        match self.config.par {
            Par::Always => true,
            Par::Auto => is_offered,
            Par::Never => false,
        }
    }

    /// The login is stored: gives its URL.
    #[allow(clippy::boxed_local)] // As it comes: who hands it on moves a word.
    pub(super) fn give_url(&mut self, begun: Box<Begun>) {
        let Begun { caller, navigate, state, request, transaction: _ } = *begun;
        let endpoint = self.metadata.as_ref().map(|metadata| metadata.authorization_endpoint.as_str());
        let url = request.append_to(endpoint.unwrap_or_default());
        let answer = if navigate {
            self.emit(Output::Navigate(Secret::new(url)));
            Answer::Done
        } else {
            Answer::LoginUrl { url, state }
        };
        self.settle(caller, Ok(answer));
    }
}
