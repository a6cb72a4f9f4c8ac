//! Signing out, and coming back from it.

use super::{
    io::{Answer, Area, Caller, Output, SignOutReason},
    machine::{Loaded, Machine, OnLoad, OnStore},
    seldom::Errand,
};
use crate::core::{
    protocol::{
        end_session,
        revocation::{ACCESS_TOKEN, REFRESH_TOKEN, revocation_request},
    },
    words::{
        http::Request,
        json::Json,
        random::{Entropy, TOKEN_LENGTH, token},
        secret::Secret,
    },
};
use alloc::{boxed::Box, string::String};

/// The name under which the state of a logout is stored.
const LOGOUT: &str = "logout";

/// A logout at the server that is about to begin.
#[derive(Debug)]
pub(super) struct Leaving {
    caller: Caller,
    url: Secret,
    navigate: bool,
}

impl<J: Json> Machine<J> {
    /// `logout`: forgets the session, revokes it where the server can, and unless `local` ends the server's; `navigate` leaves the page for it.
    pub fn logout(
        &mut self,
        caller: Caller,
        local: bool,
        navigate: bool,
        post_logout_redirect_uri: Option<String>,
        entropy: &Entropy,
    ) {
        let id_token = self.session.as_ref().and_then(|session| session.tokens.id_token.clone());
        if self.session.is_some() {
            self.revoke_and_forget();
            self.end_session(SignOutReason::Logout, None);
        } else {
            // What is about to become a session is none.
            self.ends += 1;
            self.rest();
        }
        let endpoint = self.metadata.as_ref().and_then(|metadata| metadata.end_session_endpoint.as_deref());
        let Some(endpoint) = endpoint.filter(|_| !local) else {
            return self.settle(caller, Ok(Answer::LogoutUrl(None)));
        };
        let back = post_logout_redirect_uri.as_deref().or(self.config.post_logout_redirect_uri.as_deref());
        let (for_state, _) = entropy.split_at(TOKEN_LENGTH);
        let state = token(for_state);
        let url = end_session::end_session_url(endpoint, &self.config, id_token.as_ref(), back, &state);
        let leaving = Leaving { caller, url: Secret::new(url), navigate };
        if back.is_some() {
            self.store(Area::Login, LOGOUT, Secret::new(state), OnStore::Logout(Box::new(leaving)));
        } else {
            self.leave(leaving);
        }
    }

    /// Lets the server know: the refresh token, with which the others go (RFC 7009 §2.1). What it answers is not heard, and
    /// whether or not it does, the user is signed out here.
    fn revoke_and_forget(&mut self) {
        let (Some(session), Some(metadata)) = (&self.session, &self.metadata) else {
            return;
        };
        let (token, hint) = match &session.tokens.refresh_token {
            Some(token) => (token, REFRESH_TOKEN),
            None => (&session.tokens.access_token, ACCESS_TOKEN),
        };
        if let Some(request) = revocation_request(&self.config, metadata, token, hint) {
            let op = self.next_op();
            self.emit(Output::Send { op, request: Request { outlives_page: true, ..request } });
        }
    }

    pub(super) fn leave(&mut self, leaving: Leaving) {
        if leaving.navigate {
            self.emit(Output::Navigate(leaving.url.clone()));
        }
        self.settle(leaving.caller, Ok(Answer::LogoutUrl(Some(leaving.url))));
    }

    /// `handleLogoutCallback`: takes the redirect back from the server's logout.
    pub fn logout_callback(&mut self, caller: Caller, url: String) {
        self.load(Area::Login, LOGOUT, OnLoad::Errand(Box::new(Errand::Logout(caller, url))));
    }

    pub(super) fn logout_loaded(&mut self, caller: Caller, url: &str, result: Loaded<'_>) {
        let checked = match result {
            Ok(sent) => end_session::check_state(url, sent.as_ref().map(Secret::expose)),
            Err(error) => Err(error.clone()),
        };
        if checked.is_ok() {
            self.remove(Area::Login, LOGOUT);
        }
        self.settle(caller, checked.map(|()| Answer::Done));
    }
}
