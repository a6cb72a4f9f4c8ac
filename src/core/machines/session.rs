//! The session as it stands: handing out its token, refreshing it, ending it.
//!
//! Only three things end a session: the server's `invalid_grant`, a logout, and running out with nothing to
//! refresh it with. Whatever else goes wrong, it stands and the refresh is tried again.

use super::{
    io::{Answer, Area, Caller, Event, Output, Session, SignOutReason, Snapshot},
    machine::{Machine, OnStore},
    refresh::{JOURNAL, Phase},
    schedule::{self, NEVER, set_back},
    seldom::Errand,
    tabs::{SIGNED_IN, SIGNED_OUT},
};
use crate::core::{
    memory::{journal::Journal, token_set::TokenSet},
    protocol::id_token,
    words::{
        error::{Error, ErrorCode},
        json::Json,
        secret::Secret,
    },
};
use alloc::{boxed::Box, rc::Rc};

/// The name under which the session is stored.
pub(super) const SESSION: &str = "session";

/// By how much a clock that is right enough is set back at most.
const CLOCK_CORRECTION: u64 = 60_000;

/// Somebody who waits for a refresh.
#[derive(Debug)]
pub(super) struct Waiter<J> {
    pub(super) caller: Caller,
    pub(super) wants: Wanted<J>,
}

/// What somebody waits for.
#[derive(Debug)]
pub(super) enum Wanted<J> {
    /// A token that is good for so many milliseconds.
    Token(u64),
    /// The refresh itself.
    Session,
    /// New tokens, to go on with; or one of another kind than the session's own.
    Errand(Box<Errand<J>>),
}

impl<J: Json> Machine<J> {
    /// `getSession`: what there is, without asking anyone.
    pub fn session(&mut self, caller: Caller) {
        self.settle(caller, Ok(Answer::Session(self.session.clone())));
    }

    /// `getAccessToken`: a token that is good for so many milliseconds, refreshed first where it has to be.
    pub fn access_token(&mut self, caller: Caller, min_validity: u64) {
        let Some(session) = &self.session else {
            return self.refuse(caller, self.absence());
        };
        if session.tokens.is_good_for(min_validity, self.now) {
            let token = session.tokens.access_token.clone();
            return self.settle(caller, Ok(Answer::AccessToken(token)));
        }
        self.wait_for_refresh(Waiter { caller, wants: Wanted::Token(min_validity) });
    }

    /// `refresh`: now, and shared with whoever else asks meanwhile.
    pub fn refresh(&mut self, caller: Caller) {
        if self.session.is_none() {
            return self.refuse(caller, self.absence());
        }
        self.wait_for_refresh(Waiter { caller, wants: Wanted::Session });
    }

    pub(super) fn wait_for_refresh(&mut self, waiter: Waiter<J>) {
        let refreshable = self.session.as_ref().is_some_and(|session| session.tokens.refresh_token.is_some());
        if !refreshable {
            self.run_out_on_time();
            let error = if self.session.is_some() { ErrorCode::NoRefreshToken.into() } else { self.absence() };
            return self.refuse(waiter.caller, error);
        }
        if let Some(error) = self.refresh.held(self.now) {
            return self.refuse(waiter.caller, error.clone());
        }
        self.waiters.push(waiter);
        self.hurry();
    }

    /// Why there is no session.
    pub(super) fn absence(&self) -> Error {
        self.ended.unwrap_or(ErrorCode::NoSession).into()
    }

    /// Tells those who wait. What was brought, where it is new, is what they get, however short it lives. Who waits for
    /// something else has the next turn.
    pub(super) fn release_waiters(&mut self, is_new: bool) {
        let Some(session) = self.session.clone() else {
            return;
        };
        if is_new {
            let waiters = core::mem::take(&mut self.waiters);
            let mut has_errands = false;
            for waiter in &waiters {
                let answer = match waiter.wants {
                    Wanted::Token(_) => Answer::AccessToken(session.tokens.access_token.clone()),
                    Wanted::Session => Answer::Session(Some(session.clone())),
                    Wanted::Errand(_) => {
                        has_errands = true;
                        continue;
                    }
                };
                self.settle(waiter.caller, Ok(answer));
            }
            if has_errands {
                self.release_errands(waiters);
            }
        }
        if !self.waiters.is_empty() {
            self.begin_refresh();
        }
    }

    // ── Taking and ending a session ─────────────────────────────────────────────────────────────────────────

    /// Whether stored tokens are others than this tab's, and not those that it knows to be there: where a write and
    /// the removal after it failed, the store still has the ones before.
    pub(super) fn is_news(&self, tokens: &TokenSet) -> bool {
        let mark = tokens.mark();
        self.known != Some(mark)
            && self
                .session
                .as_ref()
                .is_none_or(|session| session.tokens.mark() != mark && !tokens.is_older_than(&session.tokens))
    }

    /// Takes tokens that another tab has checked, from the store or from what it told.
    #[allow(clippy::boxed_local)] // As they come: who hands them on moves a word.
    pub(super) fn adopt(&mut self, mut tokens: Box<TokenSet>, persisted: bool) {
        let claims = tokens.id_token.as_ref().and_then(|id_token| id_token::claims(id_token).ok());
        // From the future: the clock was set back since, and what it says of the end is worth nothing.
        let is_of_another_clock = tokens.obtained_at > self.now.plus(schedule::SHORTEST_PAUSE);
        if let (true, Some(lifetime)) = (is_of_another_clock, tokens.lifetime()) {
            tokens.expires_at = Some(self.now.plus(lifetime));
        }
        self.persisted = persisted;
        self.keep(Rc::new(Session { tokens: *tokens, claims }));
        if is_of_another_clock {
            self.due_at_once();
        }
    }

    /// Takes the session of a login that has just ended.
    pub(super) fn start_session(&mut self, session: Snapshot<J>) {
        self.epoch += 1;
        self.keep(session);
        self.rest();
        self.remove(Area::Session, JOURNAL);
        self.tell_tokens(SIGNED_IN, self.generation(), self.persisted);
        self.release_waiters(true);
    }

    pub(super) fn keep(&mut self, session: Snapshot<J>) {
        self.refresh_due = schedule::due(&session.tokens, &self.config, &mut self.spread).unwrap_or(NEVER);
        if self.persisted {
            self.known = Some(session.tokens.mark());
        }
        let (before, tokens) = (self.session.as_ref().map(|before| &before.tokens), &session.tokens);
        self.refresh.is_new =
            before.is_none_or(|it| it.obtained_at != tokens.obtained_at || it.access_token != tokens.access_token);
        if before.is_none_or(|before| before.began != tokens.began) {
            self.forget_aimed();
        }
        self.session = Some(session);
        self.ended = None;
        self.refresh.gone_at = NEVER;
        self.refresh.forgive(self.now);
    }

    /// What was had for other resources and scopes is of another session.
    pub(super) fn forget_aimed(&mut self) {
        if self.aims.is_some() {
            self.forget_aims();
        }
    }

    /// New tokens are due now, where they ever are.
    pub(super) fn due_at_once(&mut self) {
        if self.refresh_due != NEVER {
            self.refresh_due = self.now;
        }
    }

    /// The clock was set back by so much: what was reckoned by it moves along. Where it is no correction but another
    /// time, nobody knows how long it took (the device may have slept), and new tokens are due.
    pub(super) fn set_back(&mut self, by: u64) {
        let is_correction = by <= CLOCK_CORRECTION;
        self.refresh.shift(by, is_correction);
        self.refresh_due = set_back(self.refresh_due, by);
        if !is_correction {
            self.due_at_once();
        }
        if self.aims.is_some() {
            self.shift_aimed(by, is_correction);
        }
        if let Some(session) = &self.session {
            let mut tokens = session.tokens.clone();
            tokens.expires_at = tokens.expires_at.map(|end| end.minus(by));
            self.session = Some(Rc::new(Session { tokens, claims: session.claims.clone() }));
        }
    }

    /// After a try to store the session. What could not be overwritten is removed: a superseded refresh token that
    /// a reload finds would be taken for a stolen one, and end the session for good.
    pub(super) fn session_stored(&mut self, result: &Result<(), Error>) {
        self.persisted = result.is_ok();
        if !self.persisted {
            self.remove(Area::Session, SESSION);
        }
    }

    /// Ends the session here, in the store, and for the other tabs.
    pub(super) fn end_session(&mut self, reason: SignOutReason, error: Option<Error>) {
        let message = self.message(SIGNED_OUT, self.generation(), reason.as_str());
        self.journal_end(reason);
        // Whoever has the lock next is to find it so.
        let lock = self.refresh.lock.take();
        self.remove_and(Area::Session, SESSION, OnStore::Tell(message, lock));
        self.drop_session(reason, error);
    }

    /// For a tab that hears nothing: the reason, before the record is gone.
    pub(super) fn journal_end(&mut self, reason: SignOutReason) {
        let journal = Journal { reason: reason.as_str().into(), ..Journal::new(self.generation()) };
        self.store(Area::Session, JOURNAL, Secret::new(journal.write()), OnStore::Nothing);
        self.refresh.journaled = false;
    }

    /// Ends the session here.
    pub(super) fn drop_session(&mut self, reason: SignOutReason, error: Option<Error>) {
        self.epoch += 1;
        self.ends += u32::from(reason == SignOutReason::Logout);
        self.session = None;
        self.persisted = false;
        self.refresh_due = NEVER;
        self.forget_aimed();
        self.refresh.forgive(self.now);
        self.rest();
        let code = error.as_ref().map_or(ErrorCode::SessionEnded, Error::code);
        self.ended = (reason != SignOutReason::Logout).then_some(code);
        let absence = error.clone().unwrap_or_else(|| self.absence());
        self.refuse_all(&absence);
        self.emit(Output::Notify(Event::SignedOut { reason, error }));
    }

    // ── Time ────────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn refresh_on_time(&mut self) {
        self.run_out_on_time();
        if self.refresh_deadline() <= self.now {
            self.refresh_alarm();
        }
    }

    /// Times may be better: what waits tries now, what does not looks what others did.
    pub(super) fn refresh_again(&mut self) {
        if self.auto && self.refresh.phase == Phase::Waiting {
            self.hurry();
        }
        if self.aims.is_some() {
            self.aim_again();
        }
        self.catch_up(true);
    }

    fn run_out_on_time(&mut self) {
        let tokens = self.session.as_ref().map(|session| &session.tokens);
        let run_out = tokens.is_some_and(|tokens| tokens.refresh_token.is_none() && !tokens.is_good_for(0, self.now));
        // Where a login's tokens are being written, there is about to be another session.
        if run_out && self.refresh.phase != Phase::Storing {
            self.end_session(SignOutReason::Expired, None);
        }
    }
}
