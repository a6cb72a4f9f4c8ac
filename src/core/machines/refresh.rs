//! The refresh: one at a time, however many tabs there are, and one that leaves word before it is sent.
//!
#![doc = include_str!("refresh.md")]

use super::{
    io::{Area, Event, Op, Output, SignOutReason, Snapshot},
    machine::{Loaded, Machine, OnLoad, OnSend, OnStore, Responded},
    schedule::{NEVER, SHORTEST_PAUSE, set_back},
    session::SESSION,
    tabs::UNSTORED,
    verify::{For, Verifying},
};
use crate::core::{
    memory::{journal::Journal, record, token_set::TokenSet},
    protocol::token,
    words::{
        config::Sharing,
        error::{Error, ErrorCode},
        http::Request,
        json::Json,
        secret::Secret,
        time::UnixMillis,
    },
};
use alloc::boxed::Box;

/// The name under which the journal is stored.
pub(super) const JOURNAL: &str = "refresh";

/// How long a tab that works is believed to be alive without a word. With the random part of patience, nobody is kept
/// waiting by a dead or frozen tab for more than ten seconds.
pub(super) const LEASE: u64 = 8_000;
/// A phase that is not looked at again: its answer comes.
pub(super) const FOR_EVER: u64 = u64::MAX;
/// How often it says that it is.
pub(super) const BEAT: u64 = 3_000;
/// How often to look whether a lease is free.
pub(super) const LOOK_AGAIN: u64 = 1_000;
/// How long a host may take to hand over a lock that is taken away from another tab.
pub(super) const STEALING: u64 = 1_000;
/// How long what another tab wrote or told in the same instant may take to arrive.
pub(super) const SETTLING: u64 = 150;
pub(super) const SETTLING_OF_A_COPY: u64 = 100;

/// How refreshing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing is under way.
    Idle,
    /// Waits for the lock, or for another tab's lease to end.
    Locking,
    /// Lets what other tabs wrote or told arrive.
    Settling,
    /// Reads what they did.
    Reading,
    /// Writes down that a refresh is under way.
    Journaling,
    /// Waits for the server.
    Sending,
    /// Reads the store once more, before it is overwritten.
    Confirming,
    /// Writes the new tokens, these or a login's.
    Storing,
    /// The last try failed; there will be another.
    Waiting,
}

/// The state of the refresh.
#[derive(Debug)]
pub(super) struct Refresh {
    pub(super) phase: Phase,
    /// When the phase is looked at again.
    pub(super) alarm: UnixMillis,
    /// Counts beginnings, so that the answer to a question of one that was given up is not taken for this one's.
    pub(super) turn: u32,
    /// The number by which other tabs know this one.
    pub(super) me: u64,
    pub(super) lock: Option<Op>,
    pub(super) granted: bool,
    pub(super) stealing: bool,
    /// When this tab last wanted the lock.
    pub(super) sought_at: UnixMillis,
    /// The host has no locks.
    pub(super) no_locks: bool,
    /// There is no lock this time: the journal is the lease.
    pub(super) leased: bool,
    /// When the store was last asked.
    pub(super) read_at: UnixMillis,
    /// Whether it was asked again because the page slept on its answer.
    pub(super) slept: bool,
    /// When the record was first found gone without a word.
    pub(super) gone_at: UnixMillis,
    /// When the store last heard that this tab is at work.
    pub(super) beat: UnixMillis,
    /// Whether it still has to hear that it is not.
    pub(super) journaled: bool,
    /// Whether somebody wants the next try soon.
    pub(super) hurry: bool,
    pub(super) failures: u32,
    pub(super) failed_at: UnixMillis,
    /// The same as it is written in the journal: that one does not move when the clock is set back.
    pub(super) known_at: UnixMillis,
    /// Until when the server wants to be left alone.
    pub(super) wish: UnixMillis,
    pub(super) trouble: Option<Error>,
    /// Whether the request is not for the session's own token.
    pub(super) is_aimed: bool,
    /// Whether the tokens that were taken last have another access token than those before.
    pub(super) is_new: bool,
}

impl Refresh {
    pub(super) const fn new(seed: u32) -> Self {
        Self {
            phase: Phase::Idle,
            alarm: NEVER,
            turn: 0,
            me: seed as u64 + 1,
            lock: None,
            granted: false,
            stealing: false,
            sought_at: UnixMillis(0),
            no_locks: false,
            leased: false,
            read_at: UnixMillis(0),
            slept: false,
            gone_at: NEVER,
            beat: UnixMillis(0),
            journaled: false,
            hurry: false,
            failures: 0,
            failed_at: UnixMillis(0),
            known_at: UnixMillis(0),
            wish: UnixMillis(0),
            trouble: None,
            is_aimed: false,
            is_new: false,
        }
    }

    /// Nothing failed any more. If the server wants to be left alone, it still does.
    pub(super) fn forgive(&mut self, now: UnixMillis) {
        self.failures = 0;
        if self.held(now).is_none() {
            self.wish = UnixMillis(0);
            self.trouble = None;
        }
    }

    /// The clock was set back by so much. Where it is no correction, nobody knows how long the page slept.
    pub(super) fn shift(&mut self, by: u64, is_correction: bool) {
        for instant in [&mut self.beat, &mut self.read_at, &mut self.sought_at, &mut self.failed_at, &mut self.wish] {
            *instant = instant.minus(by);
        }
        if !is_correction {
            (self.beat, self.read_at) = (UnixMillis(0), UnixMillis(0));
        }
        self.alarm = set_back(self.alarm, by);
    }

    /// Whether what others did may be acted upon: nothing that this tab reads, writes or sent is under way. What was
    /// sent under a lock that others have taken over since is theirs to end.
    pub(super) const fn is_open(&self) -> bool {
        match self.phase {
            Phase::Idle | Phase::Waiting | Phase::Locking | Phase::Settling => true,
            Phase::Sending => !self.has_turn(),
            Phase::Reading | Phase::Journaling | Phase::Confirming | Phase::Storing => false,
        }
    }

    /// Whether it is this tab's turn, as far as it knows. A client that is alone has a lease from nobody.
    pub(super) const fn has_turn(&self) -> bool {
        self.granted || self.leased
    }

    /// The server's wish to be left alone, where it stands: nobody may ask before it is over.
    pub(super) fn held(&self, now: UnixMillis) -> Option<&Error> {
        self.trouble.as_ref().filter(|trouble| trouble.code() == ErrorCode::RateLimited && now < self.wish)
    }
}

/// What the store says of the session.
pub(super) enum Stored {
    /// What this tab has, or nothing that could be read.
    Same,
    /// Other tokens, which another tab brought.
    News(Box<TokenSet>),
    /// It was there, and is no more.
    Gone,
    /// It could not be written, and is not there.
    Nothing,
    /// Another release's.
    Foreign,
}

impl<J: Json> Machine<J> {
    pub(super) fn send_refresh(&mut self) {
        if self.dpop.is_some() && self.seeks_key() {
            return;
        }
        if self.aims.is_some() && self.sends_aimed() {
            return;
        }
        let tokens = self.session.as_ref().map(|session| &session.tokens);
        let refresh_token = tokens.and_then(|tokens| tokens.refresh_token.clone());
        match (&self.metadata, refresh_token) {
            (Some(metadata), Some(refresh_token)) => {
                let resource = &self.config.resource;
                let request = token::refresh_request(&self.config, metadata, &refresh_token, resource, None);
                self.send_refresh_as(request, refresh_token);
            }
            // What another tab brought cannot be refreshed.
            _ => self.refresh_failed(ErrorCode::NoRefreshToken.into()),
        }
    }

    pub(super) fn send_refresh_as(&mut self, request: Request, refresh_token: Secret) {
        self.enter(Phase::Sending, BEAT);
        self.send(request, OnSend::Refresh(refresh_token));
        self.in_turn();
    }

    pub(super) fn refresh_responded(&mut self, sent: &Secret, sent_at: UnixMillis, result: &Responded) {
        if self.now.since(self.refresh.beat) >= LEASE {
            // The page slept: others have taken over, whether or not this tab has heard of it.
            self.refresh.granted = false;
            self.refresh.leased = self.config.sharing == Sharing::Alone;
        }
        match self.token_response(For::Refresh, sent_at, result, sent, None) {
            Ok(verifying) => self.verify(verifying),
            Err(error) => self.refresh_refused(error),
        }
    }

    /// The tokens are good, and the ID token that came with them, if one did.
    pub(super) fn refresh_verified(&mut self, mut verifying: Box<Verifying<J>>) {
        if self.refresh.is_aimed {
            self.take_aimed(&mut verifying.session);
        }
        self.confirm(Ok(verifying.into_snapshot()));
    }

    /// There are no tokens, or they are not good.
    pub(super) fn refresh_refused(&mut self, error: Error) {
        if error.code() == ErrorCode::SessionEnded {
            self.confirm(Err(error));
        } else {
            self.refresh_failed(error);
        }
    }

    /// Reads the store once more: a tab that was asleep meanwhile is not to overwrite what others did.
    fn confirm(&mut self, outcome: Result<Snapshot<J>, Error>) {
        self.enter(Phase::Confirming, FOR_EVER);
        self.refresh.read_at = self.now;
        self.load(Area::Session, SESSION, OnLoad::Confirm(outcome));
        self.in_turn();
    }

    pub(super) fn confirm_loaded(&mut self, outcome: Result<Snapshot<J>, Error>, result: Loaded<'_>) {
        if self.slept() {
            return self.confirm(outcome);
        }
        match (self.stored_session(result), outcome) {
            (Stored::News(tokens), _) => {
                self.adopt(tokens, true);
                self.renewed();
            }
            (_, Err(error)) => self.end_session(SignOutReason::SessionEnded, Some(error)),
            (Stored::Gone, Ok(session)) => self.session_gone(Some(session)),
            (_, Ok(session)) => self.store_confirmed(self.refresh.turn, session),
        }
    }

    pub(super) fn store_confirmed(&mut self, turn: u32, session: Snapshot<J>) {
        if turn == self.refresh.turn {
            self.enter(Phase::Storing, FOR_EVER);
            self.store_refreshed(session, false);
        }
    }

    pub(super) fn store_refreshed(&mut self, session: Snapshot<J>, again: bool) {
        let value = record::write(&session.tokens);
        let then = OnStore::Refreshed(session, again);
        self.store(Area::Session, SESSION, value, then);
        self.in_turn();
    }

    pub(super) fn refresh_stored(&mut self, session: Snapshot<J>, again: bool, result: &Result<(), Error>) {
        if result.is_err() && !again {
            // A store that is full may have room for the new tokens where the old ones were; and a refresh token that
            // is spent must not be found there by a reload.
            // Who finds nothing there is to know why, even if this page dies now.
            let message = self.message(UNSTORED, self.generation(), record::write(&session.tokens).expose());
            self.emit(Output::Tell(message));
            self.remove(Area::Session, SESSION);
            return self.store_refreshed(session, true);
        }
        let before = self.generation();
        // Where it could not be stored, the old record is gone already. What is there now is another tab's.
        self.persisted = result.is_ok();
        self.keep(session);
        self.refresh.is_new |= !self.refresh.is_aimed;
        self.tell_refreshed(before);
        self.renewed();
    }

    /// There are new tokens: whoever waits gets them. Where only the refresh token is new, it is nobody's business.
    pub(super) fn renewed(&mut self) {
        let (is_new, is_aimed) = (self.refresh.is_new, self.refresh.is_aimed);
        if let (true, Some(session)) = (is_new, self.session.clone()) {
            self.emit(Output::Notify(Event::Refreshed(session)));
        }
        self.rest();
        if is_aimed {
            self.hit();
        }
        self.release_waiters(is_new);
    }

    /// Back to the beginning. What is under way is not waited for any more.
    pub(super) fn rest(&mut self) {
        // Where others have taken over, it is theirs.
        if core::mem::take(&mut self.refresh.journaled) && self.refresh.has_turn() {
            let then = self.then_unlock();
            self.remove_and(Area::Session, JOURNAL, then);
        }
        self.unlock();
        self.refresh.turn += 1;
        self.refresh.hurry = false;
        self.refresh.slept = false;
        self.refresh.leased = false;
        self.refresh.is_aimed = false;
        self.enter(Phase::Idle, FOR_EVER);
    }

    /// A login's tokens are being written: no refresh may come between.
    pub(super) fn make_way(&mut self) {
        self.rest();
        self.enter(Phase::Storing, FOR_EVER);
    }

    // ── The store and the clock ──────────────────────────────────────────────────────────────────────────────────

    /// Which pair this tab has.
    pub(super) fn generation(&self) -> u64 {
        self.session.as_ref().map_or(0, |session| session.tokens.generation())
    }

    /// Tokens that somebody stored or told, where this client can use them.
    pub(super) fn read_record(&self, record: &str) -> Option<Box<TokenSet>> {
        record::read(record).filter(|tokens| self.can_use(tokens))
    }

    /// Whether this client has a key, where tokens are bound to one.
    pub(super) const fn can_use(&self, tokens: &TokenSet) -> bool {
        self.config.dpop || tokens.jkt.is_none()
    }

    pub(super) fn stored_session(&self, result: Loaded<'_>) -> Stored {
        match result {
            Ok(Some(record)) => match self.read_record(record.expose()) {
                Some(tokens) if self.is_news(&tokens) => Stored::News(tokens),
                None if record::is_foreign(record.expose()) => Stored::Foreign,
                _ => Stored::Same,
            },
            Ok(None) if self.persisted => Stored::Gone,
            Ok(None) => Stored::Nothing,
            Err(_) => Stored::Same,
        }
    }

    /// Whether tokens are good for so long, or as good as they get: new ones that do not last as long as is asked
    /// for would not be better for being asked for again.
    pub(super) fn is_enough(&self, tokens: &TokenSet, min_validity: u64) -> bool {
        let is_new = tokens.obtained_at <= self.now && self.now.since(tokens.obtained_at) < SHORTEST_PAUSE;
        tokens.is_good_for(if is_new { 0 } else { min_validity }, self.now)
    }

    pub(super) fn refresh_deadline(&self) -> UnixMillis {
        let Some(session) = &self.session else {
            return NEVER;
        };
        match self.refresh.phase {
            Phase::Idle if session.tokens.refresh_token.is_none() => session.tokens.expires_at.unwrap_or(NEVER),
            Phase::Idle if self.auto => self.refresh_due,
            Phase::Idle => NEVER,
            Phase::Waiting if !self.auto && self.waiters.is_empty() => NEVER,
            _ => self.refresh.alarm,
        }
    }
}

/// The journal; where there is none, one that says nothing.
pub(super) fn read_journal(result: Loaded<'_>) -> Journal {
    let journal = result.as_ref().ok().and_then(|journal| Journal::read(journal.as_ref()?.expose()));
    journal.unwrap_or(Journal::new(0))
}

/// Whether somebody has a refresh under way, and may still be at work.
pub(super) const fn is_alive(journal: &Journal, now: UnixMillis) -> bool {
    journal.by != 0 && now.since(journal.at) < LEASE && journal.at.since(now) < LEASE
}
