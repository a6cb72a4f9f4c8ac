//! Signing out, and coming back from it.

use super::{
    io::{Answer, Area, Caller, Output, SignOutReason},
    machine::{Job, Machine, Reply},
};
use crate::core::{
    protocol::end_session,
    words::{
        error::{Error, ErrorCode},
        json::Json,
        random::{Entropy, TOKEN_LENGTH, token},
        secret::Secret,
    },
};
use alloc::string::String;

/// The name under which the state of a logout is stored.
const LOGOUT: &str = "logout";

#[derive(Debug)]
pub(super) enum LogoutJob {
    Store { caller: Caller, url: String, navigate: bool },
    Check { caller: Caller, url: String },
}

impl LogoutJob {
    pub(super) const fn caller(&self) -> Caller {
        match self {
            Self::Store { caller, .. } | Self::Check { caller, .. } => *caller,
        }
    }
}

impl<J: Json> Machine<J> {
    /// `logout`: forgets the session, and unless `local` ends the server's; `navigate` leaves the page for it.
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
            self.end_session(SignOutReason::Logout, None);
        }
        let endpoint = self.metadata.as_ref().and_then(|metadata| metadata.end_session_endpoint.as_deref());
        let Some(endpoint) = endpoint.filter(|_| !local) else {
            return self.settle(caller, Ok(Answer::LogoutUrl(None)));
        };
        let back = post_logout_redirect_uri.or_else(|| self.config.post_logout_redirect_uri.clone());
        let state = token(entropy.get(..TOKEN_LENGTH).unwrap_or_default());
        let url = end_session::end_session_url(endpoint, &self.config, id_token.as_ref(), back.as_deref(), &state);
        if back.is_some() {
            let job = LogoutJob::Store { caller, url, navigate };
            self.store(Area::Login, LOGOUT, Secret::new(state), Job::Logout(job));
        } else {
            self.leave(caller, url, navigate);
        }
    }

    /// `handleLogoutCallback`: takes the redirect back from the server's logout.
    pub fn logout_callback(&mut self, caller: Caller, url: String) {
        self.load(Area::Login, LOGOUT, Job::Logout(LogoutJob::Check { caller, url }));
    }

    pub(super) fn logout_reply(&mut self, job: LogoutJob, reply: Reply) {
        match (job, reply) {
            // The session is over here in any case; that the way back cannot be checked must not keep the user.
            (LogoutJob::Store { caller, url, navigate }, Reply::Stored(_)) => self.leave(caller, url, navigate),
            (LogoutJob::Check { caller, url }, Reply::Loaded(Ok(sent))) => {
                let checked = end_session::check_state(&url, sent.as_ref().map(Secret::expose));
                if checked.is_ok() {
                    self.remove(Area::Login, LOGOUT);
                }
                self.settle(caller, checked.map(|()| Answer::Done));
            }
            (LogoutJob::Check { caller, .. }, _) => {
                self.settle(caller, Err(Error::new(ErrorCode::StorageUnavailable)));
            }
            _ => {}
        }
    }

    fn leave(&mut self, caller: Caller, url: String, navigate: bool) {
        if navigate {
            self.emit(Output::Navigate(url.clone()));
        }
        self.settle(caller, Ok(Answer::LogoutUrl(Some(url))));
    }
}
