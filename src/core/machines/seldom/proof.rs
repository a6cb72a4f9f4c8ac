//! Requests of the client's own that carry a proof: to the token endpoint, the pushed authorization request endpoint
//! ([RFC 9449 §10.1](https://www.rfc-editor.org/rfc/rfc9449#section-10.1)), and with an access token.
//!
//! ```text
//! send ─▶ sign ─▶ send ─▶ answered ─▶ the flow
//!           ▲               ├─ use_dpop_nonce, once
//!           └───────────────┴─ invalid_dpop_proof, once: is it the clock?
//! ```

use super::dpop::Dpop;
use crate::core::{
    machines::{
        io::{Op, Output},
        machine::{Machine, Responded},
        refresh::LEASE,
    },
    protocol::dpop::{Claims, ath, is_nonce, proof_id},
    words::{
        concat::concat,
        decimal::decimal,
        error::Error,
        http::{Request, Unanswered},
        json::Json,
        secret::Secret,
        time::UnixMillis,
        url,
    },
};
use alloc::{boxed::Box, string::String};

/// By how much a device's clock has to be off for a proof to be too old or too new because of it.
const CLOCK_IS_WRONG: u64 = 10_000;

/// A request that carries a proof.
#[derive(Debug)]
pub(super) struct Proved {
    op: Op,
    request: Request,
    /// The token that it carries.
    token: Option<Secret>,
    /// The nonce in its proof.
    nonce: Option<String>,
    /// Whether it was sent again with a nonce.
    has_nonce: bool,
    /// Whether it was looked at another server's clock.
    has_asked: bool,
    /// This is the question for another server's clock: for which request, and what that was answered.
    clock_for: Option<Box<Refused>>,
}

#[derive(Debug)]
struct Refused {
    op: Op,
    sent_at: UnixMillis,
    result: Responded,
}

impl<J> Dpop<J> {
    /// The nonce that a place gave last.
    pub(super) fn nonce(&self, place: &str) -> Option<&str> {
        self.nonces.iter().find(|(of, _)| of == place).map(|(_, nonce)| nonce.as_str())
    }

    pub(super) fn remember(&mut self, place: &str, nonce: Option<&str>) {
        if let Some(nonce) = nonce.filter(|nonce| is_nonce(nonce)) {
            self.nonces.retain(|(of, _)| of != place);
            self.nonces.push((place.into(), nonce.into()));
        }
    }

    /// What is to be signed for a request, with the nonce in it.
    pub(super) fn proof(
        &mut self,
        method: &str,
        url: &str,
        token: Option<&Secret>,
        place: &str,
        server_now: UnixMillis,
    ) -> (Secret, Option<String>) {
        self.count += 1;
        let nonce = self.nonce(place).map(String::from);
        let id = proof_id(&self.entropy, self.count);
        // The session's, time and again.
        if let Some(token) = token
            && self.hashed.0 != *token
        {
            self.hashed = (token.clone(), ath(token));
        }
        let input = self.public.signing_input(&Claims {
            id: &id,
            method,
            url,
            issued_at: server_now.0 / 1000,
            ath: token.map(|_| self.hashed.1.as_str()),
            nonce: nonce.as_deref(),
        });
        (Secret::new(input), nonce)
    }
}

impl Proved {
    /// Whose nonces it takes: a resource's, by its origin, or the authorization server's.
    fn place(&self) -> &str {
        self.token.as_ref().and_then(|_| url::origin(&self.request.url)).unwrap_or_default()
    }
}

impl<J: Json> Machine<J> {
    /// Sends a request, with a proof where it is to have one.
    #[inline(never)]
    pub(in crate::core::machines) fn prove(&mut self, op: Op, mut request: Request) {
        let is_lasting = self.dpop.as_ref().is_some_and(|dpop| dpop.is_lasting);
        let is_endpoint = self.metadata.as_ref().is_some_and(|metadata| {
            let par = metadata.pushed_authorization_request_endpoint.as_ref();
            // A pushed request with a proof binds the code, which may come to another page.
            request.url == metadata.token_endpoint || is_lasting && par == Some(&request.url)
        });
        let token = self.bound_token(&request);
        if !(request.form.is_some() && is_endpoint) && token.is_none() {
            return self.emit(Output::Send { op, request });
        }
        if let Some(token) = &token {
            request.authorization = Some(Secret::new(concat(&["DPoP ", token.expose()])));
        }
        if let Some(dpop) = &mut self.dpop {
            dpop.requests.push(Proved {
                op,
                request,
                token,
                nonce: None,
                has_nonce: false,
                has_asked: false,
                clock_for: None,
            });
        }
        self.sign_request(op);
    }

    /// The access token that a request carries, where it is bound to the key.
    fn bound_token(&self, request: &Request) -> Option<Secret> {
        let token = request.authorization.as_ref()?.expose().strip_prefix("Bearer ")?;
        let of_session = self.session.as_ref().map(|session| &session.tokens);
        let is_bearer = of_session.is_some_and(|tokens| tokens.access_token.expose() == token && tokens.jkt.is_none());
        (!is_bearer).then(|| Secret::new(token.into()))
    }

    fn sign_request(&mut self, op: Op) {
        let server_now = self.server_now();
        let Some(dpop) = &mut self.dpop else {
            return;
        };
        let Some(index) = dpop.requests.iter().position(|proved| proved.op == op) else {
            return;
        };
        // Out of the list, so that both can be borrowed.
        let mut proved = dpop.requests.swap_remove(index);
        let method = if proved.request.form.is_some() { "POST" } else { "GET" };
        let (input, nonce) = dpop.proof(method, &proved.request.url, proved.token.as_ref(), proved.place(), server_now);
        proved.nonce = nonce;
        dpop.requests.push(proved);
        self.emit(Output::Sign { op, input });
    }

    /// Answers [`Output::Sign`]: the JWT.
    #[inline(never)]
    pub fn signed(&mut self, op: Op, proof: Result<Secret, Error>, now: UnixMillis) {
        self.tick(now);
        let request = self
            .dpop
            .as_ref()
            .and_then(|dpop| dpop.requests.iter().find(|proved| proved.op == op))
            .map(|proved| proved.request.clone());
        let Some(mut request) = request else {
            return self.request_signed(op, proof);
        };
        match proof {
            Ok(proof) if self.may_send(op) => {
                request.proof = Some(proof);
                self.emit(Output::Send { op, request });
            }
            _ => self.responded(op, now, Err(Unanswered::Network), now),
        }
    }

    /// Whether a request is still wanted. A refresh is another tab's turn, where the page slept over its own.
    fn may_send(&self, op: Op) -> bool {
        self.turn_of(op).is_some_and(|turn| {
            let is_its_turn = turn == self.refresh.turn && self.refresh.has_turn();
            turn == 0 || is_its_turn && self.now.since(self.refresh.beat) < LEASE
        })
    }

    /// Looks at an answer before its flow does: whether the request is made again.
    #[inline(never)]
    pub(in crate::core::machines) fn is_made_again(
        &mut self,
        op: Op,
        sent_at: UnixMillis,
        result: &mut Responded,
    ) -> bool {
        let Some(dpop) = &mut self.dpop else {
            return false;
        };
        let Some(index) = dpop.requests.iter().position(|proved| proved.op == op) else {
            return false;
        };
        let mut proved = dpop.requests.swap_remove(index);
        if let Some(refused) = proved.clock_for {
            self.clock_seen(*refused);
            return true;
        }
        let Ok(response) = result else {
            return false;
        };
        let place = String::from(proved.place());
        dpop.remember(&place, response.dpop_nonce.as_deref());
        let is_refused = matches!(response.status, 400 | 401);
        let error = J::parse(response.body.expose()).filter(|_| is_refused).and_then(|body| body.text("error"));
        // A resource says it in a header that pages are seldom shown.
        let wants_nonce =
            error.as_deref() == Some("use_dpop_nonce") || proved.token.is_some() && response.status == 401;
        if wants_nonce && !proved.has_nonce && dpop.nonce(&place) != proved.nonce.as_deref() {
            proved.has_nonce = true;
            dpop.requests.push(proved);
            self.sign_request(op);
            return true;
        }
        if error.as_deref() == Some("invalid_dpop_proof") && !proved.has_asked && self.skew.is_none() {
            proved.has_asked = true;
            dpop.requests.push(proved);
            let result = core::mem::replace(result, Err(Unanswered::Network));
            self.ask_for_clock(Refused { op, sent_at, result });
            return true;
        }
        false
    }

    /// Is it this device's clock? The page's own server shows its clock. No cache has an answer to this.
    fn ask_for_clock(&mut self, refused: Refused) {
        let request = Request::get(concat(&["/?", &decimal(self.now.0)]));
        let op = self.next_op();
        if let Some(dpop) = &mut self.dpop {
            dpop.requests.push(Proved {
                op,
                request: request.clone(),
                token: None,
                nonce: None,
                has_nonce: false,
                has_asked: false,
                clock_for: Some(Box::new(refused)),
            });
        }
        self.emit(Output::Send { op, request });
    }

    fn clock_seen(&mut self, refused: Refused) {
        if self.skew.is_some_and(|skew| skew.unsigned_abs() > CLOCK_IS_WRONG) {
            self.sign_request(refused.op);
        } else {
            self.responded(refused.op, refused.sent_at, refused.result, self.now);
        }
    }
}
