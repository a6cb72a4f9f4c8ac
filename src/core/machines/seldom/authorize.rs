//! `fetch`: which requests of the program's carry the token, and what becomes of those that are refused.
//!
//! The host asks before each try, and hands in how the last one was answered: it performs, and decides nothing.

use super::Errand;
use crate::core::{
    machines::{
        io::{Answer, Caller, Op, Output},
        machine::Machine,
        session::{Waiter, Wanted},
    },
    memory::token_set::TokenSet,
    words::{
        concat::concat,
        error::{Error, ErrorCode},
        json::Json,
        secret::Secret,
        url,
    },
};
use alloc::{boxed::Box, string::String};

/// The last answer asked for another nonce, and the request was sent again with it.
const NONCE: u32 = 1;
/// The token was refused, and the request was sent again with a new one.
const RENEWED: u32 = 2;
/// The other bits of a step are the login's: a request of one user's is not sent again with the token of the next.
const LOGIN: u32 = !(NONCE | RENEWED);

/// The login that tokens descend from, as far as a step holds it.
const fn login_of(tokens: &TokenSet) -> u32 {
    (tokens.began.0 as u32) << 2
}

/// A request that is to be authorized.
#[derive(Debug)]
pub struct Authorize {
    /// Absolute, and as the host would send it.
    url: String,
    method: String,
    /// The page's own origin, where there is a page.
    page: Option<String>,
    /// Whether the body can be sent again.
    is_replayable: bool,
    /// Whether there is a new token since.
    has_waited: bool,
    /// How the last try was answered.
    answered: Option<Answered>,
}

#[derive(Debug)]
struct Answered {
    status: u32,
    /// Where the answer came from, where the request was led elsewhere.
    url: Option<String>,
    /// `DPoP-Nonce`.
    nonce: Option<String>,
    /// What the request carried.
    authorization: Secret,
    sent_nonce: Option<String>,
    step: u32,
}

/// A request whose proof is being signed.
#[derive(Debug)]
pub(super) struct Signing {
    op: Op,
    caller: Caller,
    authorization: Secret,
    nonce: Option<String>,
    step: u32,
}

impl Authorize {
    /// Reads what authorized-fetch.js asks: `url`, `method`, `page`, `replayable`, and of the last try `status`, `at`,
    /// `nonce`, and what [`Answer::Authorized`] said.
    #[must_use]
    pub fn read(json: &impl Json) -> Self {
        let answered = json.number("status").map(|status| Answered {
            status: status as u32,
            url: json.text("at"),
            nonce: json.text("nonce"),
            authorization: Secret::new(json.text("authorization").unwrap_or_default()),
            sent_nonce: json.text("sent"),
            step: json.number("step").unwrap_or_default() as u32,
        });
        Self {
            url: json.text("url").unwrap_or_default(),
            method: json.text("method").unwrap_or_default(),
            page: json.text("page"),
            is_replayable: json.is_true("replayable"),
            has_waited: false,
            answered,
        }
    }
}

/// What to do about a request.
enum Next {
    /// Send it, for the first time or again, and remember that.
    Send(u32),
    /// The token has to be renewed first.
    Renew,
    /// The answer stands.
    Stands,
}

impl<J: Json> Machine<J> {
    /// `fetch`: what the next try carries along, or that the last answer stands.
    pub(super) fn authorize(&mut self, caller: Caller, request: Box<Authorize>) {
        let origin = url::origin(&request.url).unwrap_or_default();
        // RFC 6750 §5.3: whoever gets a token can use it.
        if !self.may_have_token(origin, request.page.as_deref()) {
            return self.refuse(caller, Error::about(ErrorCode::OriginNotAllowed, origin));
        }
        // Where the request was led elsewhere, the answer says nothing about the token: the host did not carry it along.
        let is_elsewhere = |answered: &Answered| {
            answered.url.as_deref().is_some_and(|answering| url::origin(answering) != Some(origin))
        };
        let answered = request.answered.as_ref();
        if answered.is_some_and(is_elsewhere) {
            return self.settle(caller, Ok(Answer::Done));
        }
        if let (Some(dpop), Some(answered)) = (&mut self.dpop, answered) {
            dpop.remember(origin, answered.nonce.as_deref());
        }
        match self.next(&request, origin) {
            None => self.refuse(caller, self.absence()),
            Some(Next::Stands) => self.settle(caller, Ok(Answer::Done)),
            Some(Next::Renew) => {
                let wants = Wanted::Errand(Box::new(Errand::Authorize(caller, request)));
                self.wait_for_refresh(Waiter { caller, wants });
            }
            Some(Next::Send(_)) if answered.is_some() && !request.is_replayable => {
                self.refuse(caller, ErrorCode::BodyNotReplayable.into());
            }
            Some(Next::Send(step)) => self.authorize_try(caller, request, step),
        }
    }

    pub(super) fn authorize_renewed(&mut self, caller: Caller, mut request: Box<Authorize>) {
        request.has_waited = true;
        self.authorize(caller, request);
    }

    fn may_have_token(&self, origin: &str, page: Option<&str>) -> bool {
        let allowed = &self.config.allowed_origins;
        !origin.is_empty()
            && if allowed.is_empty() { page == Some(origin) } else { allowed.iter().any(|one| one == origin) }
    }

    fn next(&self, request: &Authorize, origin: &str) -> Option<Next> {
        let tokens = &self.session.as_ref()?.tokens;
        let Some(answered) = &request.answered else {
            let is_good = request.has_waited || tokens.is_good_for(0, self.now);
            return Some(if is_good { Next::Send(login_of(tokens)) } else { Next::Renew });
        };
        if answered.status != 401 || answered.step & LOGIN != login_of(tokens) {
            return Some(Next::Stands);
        }
        let known = self.dpop.as_ref().and_then(|dpop| dpop.nonce(origin));
        let is_newly_asked = answered.nonce.is_some() && known != answered.sent_nonce.as_deref();
        if answered.step & NONCE == 0 && tokens.jkt.is_some() && is_newly_asked && !request.has_waited {
            return Some(Next::Send(answered.step | NONCE));
        }
        if answered.step & RENEWED != 0 {
            return Some(Next::Stands);
        }
        // Somebody else may have brought another token meanwhile.
        if answered.authorization != authorization(tokens.jkt.is_some(), &tokens.access_token) {
            return Some(Next::Send(answered.step | RENEWED));
        }
        let is_renewable = tokens.refresh_token.is_some() && !request.has_waited;
        Some(if is_renewable { Next::Renew } else { Next::Stands })
    }

    fn authorize_try(&mut self, caller: Caller, request: Box<Authorize>, step: u32) {
        let Some(session) = self.session.clone() else {
            return self.refuse(caller, self.absence());
        };
        let (token, is_bound) = (&session.tokens.access_token, session.tokens.jkt.is_some());
        let authorization = authorization(is_bound, token);
        if !is_bound {
            return self.settle(caller, Ok(Answer::Authorized { authorization, proof: None, nonce: None, step }));
        }
        if !self.has_key() {
            return self.seek_key_for_request(caller, request);
        }
        let (op, server_now) = (self.next_op(), self.server_now());
        let origin = url::origin(&request.url).unwrap_or_default();
        if let Some(dpop) = &mut self.dpop {
            let (input, nonce) = dpop.proof(&request.method, &request.url, Some(token), origin, server_now);
            dpop.signing.push(Signing { op, caller, authorization, nonce, step });
            self.emit(Output::Sign { op, input });
        }
    }

    /// A request of the program's was signed.
    pub(super) fn request_signed(&mut self, op: Op, proof: Result<Secret, Error>) {
        let Some(dpop) = &mut self.dpop else {
            return;
        };
        if let Some(index) = dpop.signing.iter().position(|signing| signing.op == op) {
            let Signing { caller, authorization, nonce, step, .. } = dpop.signing.swap_remove(index);
            let answer = proof.map(|proof| Answer::Authorized { authorization, proof: Some(proof), nonce, step });
            self.settle(caller, answer);
        }
    }
}

/// The header `Authorization` ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1),
/// [RFC 9449 §7.1](https://www.rfc-editor.org/rfc/rfc9449#section-7.1)).
fn authorization(is_bound: bool, token: &Secret) -> Secret {
    Secret::new(concat(&[if is_bound { "DPoP " } else { "Bearer " }, token.expose()]))
}
