//! The refresh: one at a time, however many tabs there are, and one that leaves word before it is sent.
//!
#![doc = include_str!("refresh.md")]

use super::{
    io::{Area, Event, Lock, Op, Output, Session, SignOutReason, Snapshot},
    machine::{Machine, OnLoad, OnSend, OnStore},
    schedule::{self, SHORTEST_PAUSE},
    session::SESSION,
    tabs::{BUSY, DELAYED, UNSTORED},
};
use crate::core::{
    memory::{journal::Journal, record, token_set::TokenSet},
    protocol::token,
    words::{
        concat::concat,
        config::Sharing,
        decimal::decimal,
        error::{Error, ErrorCode},
        http::{Response, Unanswered},
        json::Json,
        secret::Secret,
        time::UnixMillis,
    },
};
use alloc::rc::Rc;

/// The name under which the journal is stored.
pub(super) const JOURNAL: &str = "refresh";

/// How long a tab that works is believed to be alive without a word. With the random part of patience, nobody is kept
/// waiting by a dead or frozen tab for more than ten seconds.
const LEASE: u64 = 8_000;
/// How often it says that it is.
const BEAT: u64 = 3_000;
/// How often to look whether a lease is free.
const LOOK_AGAIN: u64 = 1_000;
/// How long a host may take to hand over a lock that is taken away from another tab.
const STEALING: u64 = 1_000;
/// How long what another tab wrote or told in the same instant may take to arrive.
const SETTLING: u64 = 150;
const SETTLING_OF_A_COPY: u64 = 100;

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
    pub(super) alarm: Option<UnixMillis>,
    /// Counts beginnings, so that the answer to a question of one that was given up is not taken for this one's.
    pub(super) turn: u32,
    /// The number by which other tabs know this one.
    me: u64,
    pub(super) lock: Option<Op>,
    granted: bool,
    stealing: bool,
    /// When this tab last wanted the lock.
    sought_at: UnixMillis,
    /// The host has no locks.
    no_locks: bool,
    /// There is no lock this time: the journal is the lease.
    leased: bool,
    /// When the store was last asked.
    read_at: UnixMillis,
    /// Whether it was asked again because the page slept on its answer.
    slept: bool,
    /// When the record was first found gone without a word.
    pub(super) gone_at: Option<UnixMillis>,
    /// When the store last heard that this tab is at work.
    beat: UnixMillis,
    /// Whether it still has to hear that it is not.
    pub(super) journaled: bool,
    /// Whether somebody wants the next try soon.
    hurry: bool,
    pub(super) failures: u32,
    pub(super) failed_at: UnixMillis,
    /// The same as it is written in the journal: that one does not move when the clock is set back.
    known_at: UnixMillis,
    /// Until when the server wants to be left alone.
    wish: UnixMillis,
    pub(super) trouble: Option<Error>,
}

impl Refresh {
    pub(super) const fn new(seed: u32) -> Self {
        Self {
            phase: Phase::Idle,
            alarm: None,
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
            gone_at: None,
            beat: UnixMillis(0),
            journaled: false,
            hurry: false,
            failures: 0,
            failed_at: UnixMillis(0),
            known_at: UnixMillis(0),
            wish: UnixMillis(0),
            trouble: None,
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
        self.alarm = self.alarm.map(|alarm| alarm.minus(by));
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
    const fn has_turn(&self) -> bool {
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
    News(TokenSet),
    /// It was there, and is no more.
    Gone,
    /// It could not be written, and is not there.
    Nothing,
    /// Another release's.
    Foreign,
}

impl<J: Json> Machine<J> {
    // ── The lock ────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn begin_refresh(&mut self) {
        if matches!(self.refresh.phase, Phase::Idle | Phase::Waiting) {
            self.refresh.hurry |= !self.waiters.is_empty();
            self.seek_lock(false);
        }
    }

    /// Somebody wants it soon: at once, or a little after the last failure.
    pub(super) fn hurry(&mut self) {
        self.refresh.hurry = true;
        let mut earliest = self.refresh.failed_at.plus(schedule::caller_pause(self.refresh.failures));
        if self.refresh.held(self.now).is_some() {
            earliest = earliest.max(self.refresh.wish.plus(self.spread.below(LOOK_AGAIN)));
        }
        if self.refresh.phase == Phase::Waiting && self.now < earliest {
            self.refresh.alarm = Some(self.refresh.alarm.map_or(earliest, |alarm| alarm.min(earliest)));
        } else {
            self.begin_refresh();
        }
    }

    fn enter(&mut self, phase: Phase, after: Option<u64>) {
        self.refresh.phase = phase;
        self.refresh.alarm = after.map(|millis| self.now.plus(millis));
    }

    fn seek_lock(&mut self, steal: bool) {
        self.unlock();
        self.refresh.turn += 1;
        // What this tab wrote in an earlier turn may be another's by now.
        self.refresh.journaled = false;
        self.refresh.leased = self.refresh.no_locks || self.config.sharing == Sharing::Alone;
        if self.refresh.leased {
            return self.reread();
        }
        let mut name = self.key("lock");
        if self.config.sharing == Sharing::Tab {
            // Only a copy of this tab has the same tokens.
            name = concat(&[&name, " ", &decimal(self.generation())]);
        }
        let op = self.next_op();
        self.refresh.lock = Some(op);
        self.refresh.stealing = steal;
        self.refresh.sought_at = self.now;
        if steal {
            self.enter(Phase::Locking, Some(STEALING));
        } else {
            self.be_patient(0);
        }
        self.emit(Output::Lock { op, name, steal });
    }

    pub(super) fn unlock(&mut self) {
        self.refresh.granted = false;
        if let Some(op) = self.refresh.lock.take() {
            self.emit(Output::Unlock { op });
        }
    }

    /// What to do when the store is as whoever has the lock next is to find it.
    fn then_unlock(&mut self) -> OnStore<J> {
        self.refresh.lock.take().map_or(OnStore::Nothing, OnStore::Unlock)
    }

    pub(super) fn lock_answered(&mut self, op: Op, lock: Lock) {
        if self.refresh.lock != Some(op) {
            return;
        }
        let waits = self.refresh.phase == Phase::Locking;
        match lock {
            // The page slept on it: it may be another's by now.
            Lock::Granted if waits && self.slept_on_alarm() => self.seek_lock(false),
            Lock::Granted if waits => {
                self.refresh.granted = true;
                self.refresh.turn += 1;
                if self.config.sharing == Sharing::Tab {
                    self.enter(Phase::Settling, Some(SETTLING_OF_A_COPY));
                } else {
                    self.reread();
                }
            }
            Lock::Granted => {}
            Lock::Unavailable => {
                self.refresh.lock = None;
                self.refresh.no_locks = true;
                if waits {
                    self.seek_lock(false);
                }
            }
            Lock::Lost => {
                self.refresh.lock = None;
                self.refresh.granted = false;
                // What was sent is sent; what was not is another tab's turn.
                if matches!(self.refresh.phase, Phase::Settling | Phase::Reading | Phase::Journaling) {
                    self.seek_lock(false);
                }
            }
        }
    }

    /// Whether the page slept over its alarm. Once: a page that nobody looks at may have all its timers late.
    fn slept_on_alarm(&mut self) -> bool {
        let slept = self.refresh.alarm.is_some_and(|alarm| self.now.since(alarm) > BEAT) && !self.refresh.slept;
        self.refresh.slept |= slept;
        slept
    }

    /// The phase's time is over.
    pub(super) fn refresh_alarm(&mut self) {
        let phase = self.refresh.phase;
        match phase {
            Phase::Idle | Phase::Waiting => self.begin_refresh(),
            // What was to arrive comes after this, where the page slept on it.
            Phase::Settling if self.slept_on_alarm() => self.seek_lock(false),
            Phase::Settling => self.reread(),
            Phase::Locking if self.refresh.has_turn() => self.reread(),
            Phase::Locking if self.refresh.stealing => {
                // A host that does not even answer this has no locks to speak of.
                self.unlock();
                self.refresh.turn += 1;
                self.refresh.leased = true;
                self.reread();
            }
            Phase::Locking => {
                self.enter(Phase::Locking, Some(LOOK_AGAIN));
                self.load(Area::Session, JOURNAL, OnLoad::Patience);
                self.in_turn();
            }
            Phase::Sending => self.beat(),
            Phase::Reading | Phase::Journaling | Phase::Confirming | Phase::Storing => {}
        }
    }

    /// The lock was not had in time: does anybody still work under it?
    pub(super) fn patience_loaded(&mut self, result: Result<Option<Secret>, Error>) {
        match read_journal(result) {
            Some(journal) if journal.by != 0 && is_alive(&journal, self.now) => {
                self.be_patient(self.now.since(journal.at));
            }
            _ => self.seek_lock(true),
        }
    }

    /// Waits for the lock as long as its holder's last word, so many milliseconds ago, is to be believed. At random, so
    /// that those who lose patience do not all take it away from each other.
    pub(super) fn be_patient(&mut self, ago: u64) {
        let patience = LEASE.saturating_sub(ago) + self.spread.below(LOOK_AGAIN);
        self.enter(Phase::Locking, Some(patience));
    }

    /// Whether this tab waits for a lock that another has.
    pub(super) fn is_patient(&self) -> bool {
        self.refresh.phase == Phase::Locking && !self.refresh.has_turn()
    }

    // ── The store, read before the journal is written ───────────────────────────────────────────────────────

    fn reread(&mut self) {
        self.enter(Phase::Reading, None);
        self.refresh.read_at = self.now;
        self.load(Area::Session, SESSION, OnLoad::Refresh);
        self.in_turn();
    }

    /// The record is gone, and nothing says why: a message may be on its way, or another tab's second try to write it.
    /// Whether there is time to look again.
    pub(super) fn look_again(&mut self) -> bool {
        let gone_at = *self.refresh.gone_at.get_or_insert(self.now);
        if self.now.since(gone_at) >= SETTLING_OF_A_COPY {
            return false;
        }
        match self.refresh.phase {
            Phase::Idle | Phase::Waiting => self.begin_refresh(),
            Phase::Locking | Phase::Settling => {}
            _ if self.refresh.has_turn() => self.enter(Phase::Settling, Some(SETTLING_OF_A_COPY)),
            _ => self.seek_lock(false),
        }
        true
    }

    /// Whether the page slept between a question to the store and its answer, which others may have made untrue. Once:
    /// a store that takes so long each time is not waited for for ever.
    fn slept(&mut self) -> bool {
        // Without a lock, it is the moment between reading and writing that counts.
        let is_lease = self.refresh.leased && self.config.sharing != Sharing::Alone;
        let longest = if is_lease { SETTLING } else { BEAT };
        let slept = self.now.since(self.refresh.read_at) > longest && !self.refresh.slept;
        self.refresh.slept |= slept;
        slept
    }

    pub(super) fn refresh_loaded(&mut self, result: Result<Option<Secret>, Error>) {
        if self.slept() {
            return self.seek_lock(false);
        }
        match self.stored_session(result) {
            Stored::Same | Stored::Nothing => {}
            Stored::Gone => return self.session_gone(None),
            Stored::Foreign => {
                self.refresh.trouble = Some(ErrorCode::StorageCorrupt.into());
                self.refresh.failures += 1;
                self.refresh.failed_at = self.now;
                return self.delayed();
            }
            Stored::News(tokens) => {
                let validity = self.waiters.iter().filter_map(|waiter| waiter.min_validity).max();
                let is_good = self.is_enough(&tokens, validity.unwrap_or(0));
                self.adopt(tokens, true);
                if is_good {
                    return self.renewed();
                }
            }
        }
        self.load(Area::Session, JOURNAL, OnLoad::Journal);
        self.in_turn();
    }

    pub(super) fn journal_loaded(&mut self, result: Result<Option<Secret>, Error>) {
        if self.slept() {
            return self.seek_lock(false);
        }
        if result.is_err() && self.refresh.journaled {
            // It was written, and cannot be read: there is no better lease to be had.
            return self.send_refresh();
        }
        let (generation, me) = (self.generation(), self.refresh.me);
        let stored = read_journal(result);
        if let Some(journal) = &stored {
            self.learn_hold(journal);
        }
        let is_leased = |journal: &Journal| journal.leased && journal.by != 0 && is_alive(journal, self.now);
        let journal = match stored {
            Some(journal) if journal.generation == generation || is_leased(&journal) => journal,
            _ => Journal::new(generation),
        };
        if journal.is_end() {
            // Whoever wrote it could not remove the record, or has not yet.
            self.remove(Area::Session, SESSION);
            return self.drop_elsewhere(SignOutReason::read(&journal.reason));
        }
        let others = journal.by != 0 && journal.by != me;
        if is_alive(&journal, self.now) && journal.by != 0 {
            // Who has the lock knows that another lock's holder is gone, and its answer with it; unless it has taken the
            // lock away in the same instant as another who had lost patience.
            let is_alive = self.refresh.stealing && journal.at >= self.refresh.sought_at;
            if others && (journal.leased || self.refresh.leased || is_alive) {
                return self.enter(Phase::Locking, Some(LOOK_AGAIN));
            }
            if !others && self.refresh.leased {
                self.refresh.journaled = true;
                return self.send_refresh();
            }
        }
        self.learn(&journal, u32::from(others));
        // One answer that is lost with its tab is asked for again at once; who loses two has to wait as others do.
        let failures = self.refresh.failures;
        if failures > u32::from(others) || self.refresh.held(self.now).is_some() {
            let eager = self.refresh.hurry || self.visible;
            let pause = match schedule::least_pause(self.gravity(), eager) {
                _ if self.refresh.hurry => schedule::caller_pause(failures),
                pause => pause,
            };
            let earliest = self.refresh.failed_at.plus(pause);
            if self.now < earliest || self.refresh.held(self.now).is_some() {
                return self.wait_until(earliest);
            }
        }
        self.write_journal(me, OnStore::Journal);
        self.in_turn();
        self.enter(Phase::Journaling, None);
    }

    /// Another tab's failure is this one's, unless this one knows of a later one, or the clock was set back since.
    pub(super) fn learn(&mut self, journal: &Journal, more: u32) {
        let failures = journal.failures as u32 + more;
        let is_known = journal.by == 0 && journal.at == self.refresh.known_at;
        if failures == 0 || is_known || journal.at > self.now.plus(LEASE) {
            return;
        }
        self.learn_hold(journal);
        if self.refresh.failures == 0 || journal.at >= self.refresh.failed_at {
            let code = ErrorCode::read(&journal.reason);
            self.failed_by(code.unwrap_or(ErrorCode::Network).into());
            self.refresh.wish = self.refresh.wish.max(self.believed(journal.wish));
            self.refresh.failures = failures;
            (self.refresh.failed_at, self.refresh.known_at) = (journal.at, journal.at);
        }
    }

    /// A server that wants to be left alone wants it of all tabs, whatever tokens they have.
    pub(super) fn learn_hold(&mut self, journal: &Journal) {
        let wish = self.believed(journal.wish);
        let is_known = journal.at == self.refresh.known_at || journal.at > self.now.plus(LEASE);
        if journal.reason == ErrorCode::RateLimited.as_str() && wish > self.refresh.wish && !is_known {
            self.refresh.wish = wish;
            self.refresh.trouble = Some(ErrorCode::RateLimited.into());
        }
    }

    /// No hold lasts for days, whatever is written.
    fn believed(&self, wish: UnixMillis) -> UnixMillis {
        wish.min(self.now.plus(schedule::LONGEST_RETRY_AFTER))
    }

    /// Keeps why it failed, unless the server wants to be left alone: then that stays the reason until it is over.
    fn failed_by(&mut self, error: Error) {
        if self.refresh.held(self.now).is_none() || error.code() == ErrorCode::RateLimited {
            self.refresh.trouble = Some(error);
        }
    }

    /// How many failures the next pause counts: what only a person can mend is not mended in a second.
    fn gravity(&self) -> u32 {
        let transient = self.refresh.trouble.as_ref().is_none_or(|trouble| trouble.code().is_retryable());
        if transient { self.refresh.failures } else { 99 }
    }

    // ── The journal, written before the refresh is sent ─────────────────────────────────────────────────────

    /// What failed so far.
    pub(super) fn failure(&self) -> Journal {
        Journal {
            generation: self.generation(),
            by: 0,
            leased: self.refresh.leased,
            at: self.refresh.failed_at,
            failures: u64::from(self.refresh.failures),
            wish: self.refresh.wish,
            reason: self.refresh.trouble.as_ref().map_or("", |trouble| trouble.code().as_str()).into(),
        }
    }

    fn write_journal(&mut self, by: u64, then: OnStore<J>) {
        let mut journal = self.failure();
        if by != 0 {
            journal.by = by;
            journal.at = self.now;
        }
        self.refresh.beat = self.now;
        self.refresh.journaled = by != 0;
        if by != 0 && self.config.sharing == Sharing::Tab {
            // A copy of this tab does not read this store.
            let message = self.message(BUSY, self.generation(), "");
            self.emit(Output::Tell(message));
        }
        self.store(Area::Session, JOURNAL, Secret::new(journal.write()), then);
    }

    pub(super) fn journal_stored(&mut self, result: &Result<(), Error>) {
        if self.now.since(self.refresh.beat) > BEAT {
            // The page slept on it: somebody else may be at work by now.
            self.seek_lock(false);
        } else if self.refresh.leased && self.config.sharing != Sharing::Alone && result.is_ok() {
            // Who wrote last has the lease.
            let settling = SETTLING + self.spread.below(SETTLING);
            self.enter(Phase::Settling, Some(settling));
        } else {
            self.send_refresh();
        }
    }

    fn beat(&mut self) {
        if self.refresh.has_turn() && self.now.since(self.refresh.beat) < LEASE {
            self.write_journal(self.refresh.me, OnStore::Nothing);
            self.enter(Phase::Sending, Some(BEAT));
        } else {
            // Others have taken over.
            self.refresh.leased = false;
            self.enter(Phase::Sending, None);
        }
    }

    // ── The request and its answer ──────────────────────────────────────────────────────────────────────────

    fn send_refresh(&mut self) {
        let tokens = self.session.as_ref().map(|session| &session.tokens);
        let refresh_token = tokens.and_then(|tokens| tokens.refresh_token.clone());
        match (&self.metadata, refresh_token) {
            (Some(metadata), Some(refresh_token)) => {
                let request = token::refresh_request(&self.config, metadata, &refresh_token);
                self.enter(Phase::Sending, Some(BEAT));
                self.send(request, OnSend::Refresh(refresh_token));
                self.in_turn();
            }
            // What another tab brought cannot be refreshed.
            _ => self.refresh_failed(ErrorCode::NoRefreshToken.into()),
        }
    }

    pub(super) fn refresh_responded(
        &mut self,
        sent: &Secret,
        sent_at: UnixMillis,
        result: Result<Response, Unanswered>,
    ) {
        if self.now.since(self.refresh.beat) >= LEASE {
            // The page slept: others have taken over, whether or not this tab has heard of it.
            self.refresh.granted = false;
            self.refresh.leased = self.config.sharing == Sharing::Alone;
        }
        match self.refreshed(sent, sent_at, &result) {
            Err(error) if error.code() != ErrorCode::SessionEnded => self.refresh_failed(error),
            outcome => {
                // The store once more: a tab that was asleep meanwhile is not to overwrite what others did.
                self.enter(Phase::Confirming, None);
                self.confirm(outcome.map(Rc::new));
            }
        }
    }

    fn refreshed(
        &self,
        sent: &Secret,
        sent_at: UnixMillis,
        result: &Result<Response, Unanswered>,
    ) -> Result<Session<J>, Error> {
        let before = self.session.as_ref().ok_or(ErrorCode::NoSession)?;
        let mut claims = before.claims.clone();
        let subject = claims.as_ref().and_then(|claims| claims.text("sub"));
        let response = self.token_response(result, sent, None, subject.as_deref(), &mut claims)?;
        Ok(Session { tokens: before.tokens.refreshed(response, sent_at), claims })
    }

    fn confirm(&mut self, outcome: Result<Snapshot<J>, Error>) {
        self.refresh.read_at = self.now;
        self.load(Area::Session, SESSION, OnLoad::Confirm(outcome));
        self.in_turn();
    }

    pub(super) fn confirm_loaded(
        &mut self,
        outcome: Result<Snapshot<J>, Error>,
        result: Result<Option<Secret>, Error>,
    ) {
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
            self.enter(Phase::Storing, None);
            self.store_refreshed(session, false);
        }
    }

    fn store_refreshed(&mut self, session: Snapshot<J>, again: bool) {
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
        self.tell_refreshed(before);
        self.renewed();
    }

    /// There are new tokens: whoever waits gets them.
    pub(super) fn renewed(&mut self) {
        if let Some(session) = self.session.clone() {
            self.emit(Output::Notify(Event::Refreshed(session)));
        }
        self.rest();
        self.release_waiters();
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
        self.enter(Phase::Idle, None);
    }

    /// A login's tokens are being written: no refresh may come between.
    pub(super) fn make_way(&mut self) {
        self.rest();
        self.enter(Phase::Storing, None);
    }

    // ── Failure ─────────────────────────────────────────────────────────────────────────────────────────────

    fn refresh_failed(&mut self, error: Error) {
        let is_others = !self.refresh.has_turn();
        let failures = self.refresh.failures.saturating_add(1);
        self.refresh.failures = failures;
        (self.refresh.failed_at, self.refresh.known_at) = (self.now, self.now);
        let wish = error.retry_after().and_then(|header| schedule::retry_after::<J>(header, self.server_now()));
        self.refresh.wish = match wish {
            Some(pause) => self.now.plus(pause),
            None if error.code() == ErrorCode::RateLimited => {
                self.now.plus(schedule::pause(failures, true, &mut self.spread))
            }
            // What was said before stands.
            None => self.refresh.wish,
        };
        self.failed_by(error);
        // For this tab's next page and for the others; where those have taken over, it is theirs to tell, but for a
        // server that wants to be left alone by all.
        if !is_others || self.refresh.held(self.now).is_some() {
            if self.refresh.journaled && !is_others {
                let then = self.then_unlock();
                self.write_journal(0, then);
            }
            let message = self.message(DELAYED, self.generation(), &self.failure().write());
            self.emit(Output::Tell(message));
        }
        self.delayed();
    }

    /// Plans another try, and tells those who wait and those who listen of the last.
    pub(super) fn delayed(&mut self) {
        let waiters = core::mem::take(&mut self.waiters);
        let pause = schedule::pause(self.gravity(), self.visible, &mut self.spread);
        self.wait_until(self.refresh.failed_at.plus(pause));
        let error = self.refresh.trouble.clone().unwrap_or_else(|| ErrorCode::Network.into());
        if let (true, Some(retry_at)) = (self.auto, self.refresh.alarm) {
            let event = Event::RefreshDelayed { error: error.clone(), attempt: self.refresh.failures, retry_at };
            self.emit(Output::Notify(event));
        }
        self.refuse_all(waiters, &error);
    }

    fn wait_until(&mut self, at: UnixMillis) {
        let at = match self.refresh.wish {
            // Those who were all told the same do not come back all at once.
            wish if wish > at => wish.plus(self.spread.below(LOOK_AGAIN)),
            _ => at,
        };
        // It stays written down.
        self.refresh.journaled = false;
        self.rest();
        self.refresh.phase = Phase::Waiting;
        self.refresh.alarm = Some(at.max(self.now));
        if let Some(error) = self.refresh.held(self.now).cloned() {
            let waiters = core::mem::take(&mut self.waiters);
            self.refuse_all(waiters, &error);
        }
    }

    // ── The store and the clock ─────────────────────────────────────────────────────────────────────────────

    /// Which pair this tab has.
    pub(super) fn generation(&self) -> u64 {
        self.session.as_ref().map_or(0, |session| session.tokens.generation())
    }

    pub(super) fn stored_session(&self, result: Result<Option<Secret>, Error>) -> Stored {
        match result {
            Ok(Some(record)) => match record::read(record.expose()) {
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

    pub(super) fn refresh_deadline(&self) -> Option<UnixMillis> {
        let tokens = &self.session.as_ref()?.tokens;
        match self.refresh.phase {
            Phase::Idle if tokens.refresh_token.is_none() => tokens.expires_at,
            Phase::Idle => self.refresh_due.filter(|_| self.auto),
            Phase::Waiting => self.refresh.alarm.filter(|_| self.auto || !self.waiters.is_empty()),
            _ => self.refresh.alarm,
        }
    }
}

pub(super) fn read_journal(result: Result<Option<Secret>, Error>) -> Option<Journal> {
    Journal::read(result.ok()??.expose())
}

/// Whether its writer may still be at work.
const fn is_alive(journal: &Journal, now: UnixMillis) -> bool {
    now.since(journal.at) < LEASE && journal.at.since(now) < LEASE
}
