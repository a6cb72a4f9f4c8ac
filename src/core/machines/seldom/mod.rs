//! What few programs ask for. The npm package has it in a second module, which is loaded when it is first needed: so
//! whatever comes in comes by one of the few functions that are `inline(never)`.

pub mod authorize;
pub mod dpop;
mod grant;
mod par;
mod proof;
pub(super) mod resource;
mod revoke;
mod userinfo;

use super::{
    io::Caller,
    login::Begun,
    machine::{Loaded, Machine, Responded},
    session::{Waiter, Wanted},
    verify::Verifying,
};
use crate::core::{
    protocol::grant::GrantRequest,
    words::{error::Error, json::Json, time::UnixMillis},
};
use alloc::{boxed::Box, rc::Rc, string::String, vec::Vec};
use authorize::Authorize;
use resource::Aim;

/// What a program asks for.
#[derive(Debug)]
pub enum Asked {
    /// `userInfo`.
    UserInfo,
    /// `grant`.
    Grant(Box<GrantRequest>),
    /// `revoke`.
    Revoke,
    /// `fetch`.
    Authorize(Box<Authorize>),
    /// `getAccessToken` with a `resource` or a `scope`: a token for these. Without `resource` it is for the configuration's.
    Token {
        /// `resource`, [RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2).
        resource: Option<String>,
        /// `scope`, words separated by spaces.
        scope: Option<String>,
        /// For how many milliseconds it is to be good.
        min_validity: u64,
    },
}

impl Asked {
    /// Reads what `grant` is given.
    ///
    /// # Errors
    /// `invalid_config` with the member's name.
    pub fn grant<J: Json>(grant: &J) -> Result<Self, Error> {
        Ok(Self::Grant(Box::new(GrantRequest::read(grant)?)))
    }

    /// Reads what `fetch` asks, before each try; see [`Authorize::read`].
    pub fn authorize<J: Json>(request: &J) -> Self {
        Self::Authorize(Box::new(Authorize::read(request)))
    }
}

/// What is under way.
#[derive(Debug)]
pub(super) enum Errand<J> {
    /// A login whose request is being pushed.
    Push(Box<Begun>),
    UserInfo(userinfo::UserInfo),
    Grant(grant::Granting<J>),
    Revoke(revoke::Revoking),
    /// A request of the program's that waits for another token.
    Authorize(Caller, Box<Authorize>),
    /// A token for other resources or another scope.
    Token(Rc<Aim>),
    /// A redirect back from the server's logout: its URL.
    Logout(Caller, String),
}

/// What it goes on with.
#[derive(Debug)]
pub(super) enum Came<'a, J> {
    /// The server's answer, to a request that was sent then.
    Response(UnixMillis, &'a Responded),
    /// The store's, to a question.
    Loaded(Loaded<'a>),
    /// The store's.
    Stored(&'a Result<(), Error>),
    /// That of whoever verified the ID token of what is to be a session.
    Verified(Box<Verifying<J>>, Result<(), Error>),
    /// The session has new tokens.
    Refreshed,
}

impl<J: Json> Machine<J> {
    /// `userInfo`, `grant`, `revoke`, `fetch`, `getAccessToken` for something else than the session's own.
    #[inline(never)]
    pub fn ask(&mut self, caller: Caller, asked: Asked) {
        match asked {
            Asked::UserInfo => self.user_info(caller),
            Asked::Grant(request) => self.grant(caller, *request),
            Asked::Revoke => self.revoke(caller),
            Asked::Authorize(request) => self.authorize(caller, request),
            Asked::Token { resource, scope, min_validity } => {
                self.resource_token(caller, resource, scope, min_validity);
            }
        }
    }

    /// Goes on with what was waited for.
    #[inline(never)]
    #[allow(clippy::boxed_local)] // As it lies in the lists: who hands it on moves a word.
    pub(super) fn errand(&mut self, errand: Box<Errand<J>>, came: Came<'_, J>) {
        match (*errand, came) {
            (Errand::Push(begun), Came::Response(_, result)) => self.pushed(begun, result),
            (Errand::UserInfo(asked), Came::Response(_, result)) => self.user_info_responded(asked, result),
            (Errand::UserInfo(asked), _) => self.send_user_info(asked),
            (Errand::Grant(granting), Came::Response(sent_at, result)) => self.granted(granting, sent_at, result),
            (Errand::Grant(granting), Came::Verified(verifying, result)) => {
                self.grant_verified(granting, result.map(|()| verifying.into_snapshot()));
            }
            (Errand::Grant(granting), Came::Stored(result)) => self.grant_stored(granting, result),
            (Errand::Logout(caller, url), Came::Loaded(result)) => self.logout_loaded(caller, &url, result),
            (Errand::Revoke(revoking), Came::Response(_, result)) => self.revoked(revoking, result),
            (Errand::Authorize(caller, request), _) => self.authorize_renewed(caller, request),
            // Nothing else is asked for.
            _ => {}
        }
    }

    /// The session has new tokens. Who waits for one of another kind goes on waiting; the others have been told.
    #[inline(never)]
    pub(super) fn release_errands(&mut self, waiters: Vec<Waiter<J>>) {
        for waiter in waiters {
            match waiter.wants {
                Wanted::Errand(errand) if !matches!(*errand, Errand::Token(_)) => self.errand(errand, Came::Refreshed),
                Wanted::Errand(_) => self.waiters.push(waiter),
                _ => {}
            }
        }
    }
}
