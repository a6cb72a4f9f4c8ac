//! The session as it stands: handing out its token, refreshing it, ending it.
//!
//! Only three things end a session: the server's `invalid_grant`, a logout, and running out with nothing to
//! refresh it with. Whatever else goes wrong, it stands and the refresh is tried again.

use super::{
    io::{Answer, Area, Caller, Event, Output, Session, SignOutReason, Snapshot},
    machine::{Machine, OnLoad, OnSend, OnStore},
    refresh::{self, Phase},
};
use crate::core::{
    memory::{record, token_set::TokenSet},
    protocol::{
        id_token,
        token::{self, Grant},
    },
    words::{
        error::{Error, ErrorCode},
        http::{Response, Unanswered},
        json::Json,
        secret::Secret,
        time::UnixMillis,
    },
};
use alloc::rc::Rc;

/// The name under which the session is stored.
pub(super) const SESSION: &str = "session";

/// Somebody who waits for a refresh.
#[derive(Debug)]
pub(super) struct Waiter {
    caller: Caller,
    /// How long the token has to be good; `None` for whoever wants the refresh itself.
    min_validity: Option<u64>,
}

impl<J: Json> Machine<J> {
    /// `getSession`: what there is, without asking anyone.
    pub fn session(&mut self, caller: Caller) {
        self.settle(caller, Ok(Answer::Session(self.session.clone())));
    }

    /// `getAccessToken`: a token that is good for so many milliseconds, refreshed first where it has to be.
    pub fn access_token(&mut self, caller: Caller, min_validity: u64) {
        let Some(session) = &self.session else {
            return self.settle(caller, Err(self.absence()));
        };
        if session.tokens.is_good_for(min_validity, self.now) {
            let token = session.tokens.access_token.clone();
            return self.settle(caller, Ok(Answer::AccessToken(token)));
        }
        self.wait_for_refresh(Waiter { caller, min_validity: Some(min_validity) });
    }

    /// `refresh`: now, and shared with whoever else asks meanwhile.
    pub fn refresh(&mut self, caller: Caller) {
        if self.session.is_none() {
            return self.settle(caller, Err(self.absence()));
        }
        self.wait_for_refresh(Waiter { caller, min_validity: None });
    }

    fn wait_for_refresh(&mut self, waiter: Waiter) {
        let refreshable = self.session.as_ref().is_some_and(|session| session.tokens.refresh_token.is_some());
        if !refreshable {
            self.run_out_on_time();
            let error = if self.session.is_some() { ErrorCode::NoRefreshToken.into() } else { self.absence() };
            return self.settle(waiter.caller, Err(error));
        }
        if let Some(error) = self.phase.held(self.now) {
            return self.settle(waiter.caller, Err(error.clone()));
        }
        self.waiters.push(waiter);
        self.begin_refresh();
    }

    /// Why there is no session.
    fn absence(&self) -> Error {
        self.ended.unwrap_or(ErrorCode::NoSession).into()
    }

    // ── The refresh ─────────────────────────────────────────────────────────────────────────────────────────

    fn begin_refresh(&mut self) {
        if matches!(self.phase, Phase::Busy { .. }) {
            return;
        }
        self.phase = Phase::Busy { failures: self.phase.failures() };
        // The store first: another tab may have brought what this one needs.
        self.load(Area::Session, SESSION, OnLoad::Refresh(self.epoch));
    }

    pub(super) fn refresh_responded(
        &mut self,
        epoch: u32,
        sent: &Secret,
        sent_at: UnixMillis,
        result: Result<Response, Unanswered>,
    ) {
        if epoch != self.epoch {
            return;
        }
        match self.refreshed(sent, sent_at, result) {
            Ok(session) => {
                let value = record::write(&session.tokens);
                self.store(Area::Session, SESSION, value, OnStore::Refreshed(epoch, Rc::new(session)));
            }
            Err(error) => self.refresh_failed(error),
        }
    }

    pub(super) fn refresh_stored(&mut self, epoch: u32, session: Snapshot<J>, result: &Result<(), Error>) {
        if epoch != self.epoch {
            return;
        }
        self.session_stored(result);
        self.keep(session.clone());
        self.emit(Output::Notify(Event::Refreshed(session)));
        self.release_waiters();
    }

    pub(super) fn refresh_loaded(&mut self, epoch: u32, record: Result<Option<Secret>, Error>) {
        if epoch == self.epoch {
            self.reread(record);
        }
    }

    fn reread(&mut self, record: Result<Option<Secret>, Error>) {
        let stored = match record {
            Ok(Some(record)) => record::read(record.expose()),
            Ok(None) if self.persisted => return self.end_session(SignOutReason::Logout, None),
            _ => None,
        };
        if let Some(tokens) = stored.filter(|tokens| self.is_news(tokens)) {
            let validity = self.waiters.iter().filter_map(|waiter| waiter.min_validity).max();
            let is_good = tokens.is_good_for(validity.unwrap_or(0), self.now);
            self.persisted = true;
            self.adopt(tokens);
            if is_good {
                if let Some(session) = self.session.clone() {
                    self.emit(Output::Notify(Event::Refreshed(session)));
                }
                return self.release_waiters();
            }
            self.phase = Phase::Busy { failures: 0 };
        }
        let tokens = self.session.as_ref().map(|session| &session.tokens);
        let refresh_token = tokens.and_then(|tokens| tokens.refresh_token.clone());
        match (&self.metadata, refresh_token) {
            (Some(metadata), Some(refresh_token)) => {
                let request = token::refresh_request(&self.config, metadata, &refresh_token);
                self.send(request, OnSend::Refresh(self.epoch, refresh_token));
            }
            _ => self.refresh_failed(ErrorCode::NoRefreshToken.into()),
        }
    }

    fn refreshed(
        &self,
        sent: &Secret,
        sent_at: UnixMillis,
        result: Result<Response, Unanswered>,
    ) -> Result<Session<J>, Error> {
        let response = token::token_response::<J>(Grant::RefreshToken, &result?, &[sent])?;
        let before = self.session.as_ref().ok_or(ErrorCode::NoSession)?;
        let brings_id_token = response.id_token.is_some();
        let tokens = before.tokens.refreshed(response, sent_at);
        let mut claims = before.claims.clone();
        if let (true, Some(id_token)) = (brings_id_token, &tokens.id_token) {
            let fresh: J = id_token::claims(id_token)?;
            let subject = claims.as_ref().and_then(|claims| claims.text("sub"));
            id_token::check(&fresh, &self.expected(None, subject.as_deref()))?;
            claims = Some(fresh);
        }
        Ok(Session { tokens, claims })
    }

    fn refresh_failed(&mut self, error: Error) {
        if error.code() == ErrorCode::SessionEnded {
            return self.end_session(SignOutReason::SessionEnded, Some(error));
        }
        let failures = self.phase.failures();
        let retry_at = refresh::retry_at(&error, failures, self.now, &mut self.spread);
        self.phase = Phase::Waiting { failures: failures.saturating_add(1), retry_at, error: error.clone() };
        if self.auto {
            let event = Event::RefreshDelayed { error: error.clone(), attempt: failures.saturating_add(1), retry_at };
            self.emit(Output::Notify(event));
        }
        for waiter in core::mem::take(&mut self.waiters) {
            self.settle(waiter.caller, Err(error.clone()));
        }
    }

    /// Tells those who wait. What was brought is new, so it is what they get, however short it lives.
    pub(super) fn release_waiters(&mut self) {
        let Some(session) = self.session.clone() else {
            return;
        };
        for waiter in core::mem::take(&mut self.waiters) {
            let answer = match waiter.min_validity {
                Some(_) => Answer::AccessToken(session.tokens.access_token.clone()),
                None => Answer::Session(Some(session.clone())),
            };
            self.settle(waiter.caller, Ok(answer));
        }
    }

    // ── Taking and ending a session ─────────────────────────────────────────────────────────────────────────

    /// Whether stored tokens are others than this tab's, and not those that it knows to be there: where a write and
    /// the removal after it failed, the store still has the ones before.
    pub(super) fn is_news(&self, tokens: &TokenSet) -> bool {
        self.known.as_ref() != Some(&tokens.access_token)
            && self.session.as_ref().is_none_or(|session| session.tokens.access_token != tokens.access_token)
    }

    /// Takes tokens from the store, where they were put after they were checked.
    pub(super) fn adopt(&mut self, tokens: TokenSet) {
        let claims = tokens.id_token.as_ref().and_then(|id_token| id_token::claims(id_token).ok());
        self.keep(Rc::new(Session { tokens, claims }));
    }

    /// Takes the session of a login that has just ended.
    pub(super) fn start_session(&mut self, session: Snapshot<J>) {
        self.epoch += 1;
        self.keep(session);
        self.release_waiters();
    }

    fn keep(&mut self, session: Snapshot<J>) {
        self.refresh_due = refresh::due(&session.tokens, &self.config, &mut self.spread);
        if self.persisted {
            self.known = Some(session.tokens.access_token.clone());
        }
        self.session = Some(session);
        self.ended = None;
        self.phase = Phase::Idle;
    }

    /// After a try to store the session. What could not be overwritten is removed: a superseded refresh token that
    /// a reload finds would be taken for a stolen one, and end the session for good.
    pub(super) fn session_stored(&mut self, result: &Result<(), Error>) {
        self.persisted = result.is_ok();
        if !self.persisted {
            self.remove(Area::Session, SESSION);
        }
    }

    pub(super) fn end_session(&mut self, reason: SignOutReason, error: Option<Error>) {
        self.epoch += 1;
        self.ends += u32::from(reason == SignOutReason::Logout);
        self.session = None;
        self.persisted = false;
        self.refresh_due = None;
        self.phase = Phase::Idle;
        self.ended = (reason != SignOutReason::Logout).then_some(ErrorCode::SessionEnded);
        self.remove(Area::Session, SESSION);
        let absence = error.clone().unwrap_or_else(|| self.absence());
        for waiter in core::mem::take(&mut self.waiters) {
            self.settle(waiter.caller, Err(absence.clone()));
        }
        self.emit(Output::Notify(Event::SignedOut { reason, error }));
    }

    // ── Time ────────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn refresh_deadline(&self) -> Option<UnixMillis> {
        let tokens = &self.session.as_ref()?.tokens;
        if tokens.refresh_token.is_none() {
            return tokens.expires_at;
        }
        match &self.phase {
            Phase::Idle => self.refresh_due.filter(|_| self.auto),
            Phase::Waiting { retry_at, .. } => Some(*retry_at).filter(|_| self.auto),
            Phase::Busy { .. } => None,
        }
    }

    pub(super) fn refresh_on_time(&mut self) {
        self.run_out_on_time();
        if self.refresh_deadline().is_some_and(|deadline| deadline <= self.now) {
            self.begin_refresh();
        }
    }

    pub(super) fn refresh_again(&mut self) {
        if self.auto && matches!(self.phase, Phase::Waiting { .. }) && self.phase.held(self.now).is_none() {
            self.begin_refresh();
        }
    }

    fn run_out_on_time(&mut self) {
        let run_out = self
            .session
            .as_ref()
            .is_some_and(|session| session.tokens.refresh_token.is_none() && !session.tokens.is_good_for(0, self.now));
        if run_out {
            self.end_session(SignOutReason::Expired, None);
        }
    }
}
