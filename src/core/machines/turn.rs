//! Whose turn it is: the lock, the patience of those who wait for it, the lease where there is none, and the look at the
//! store and the journal when it is had.

use super::{
    io::{Area, Lock, Op, Output, SignOutReason},
    machine::{Loaded, Machine, OnLoad, OnStore},
    refresh::{
        BEAT, FOR_EVER, JOURNAL, LEASE, LOOK_AGAIN, Phase, SETTLING, SETTLING_OF_A_COPY, STEALING, Stored, is_alive,
        read_journal,
    },
    schedule,
    session::{SESSION, Wanted},
    tabs::BUSY,
};
use crate::core::{
    memory::journal::Journal,
    words::{
        concat::concat,
        config::Sharing,
        decimal::decimal,
        error::{Error, ErrorCode},
        json::Json,
        secret::Secret,
    },
};

impl<J: Json> Machine<J> {
    // ── The lock ─────────────────────────────────────────────────────────────────────────────────────────────────

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
            self.refresh.alarm = self.refresh.alarm.min(earliest);
        } else {
            self.begin_refresh();
        }
    }

    pub(super) fn enter(&mut self, phase: Phase, after: u64) {
        self.refresh.phase = phase;
        self.refresh.alarm = self.now.plus(after);
    }

    pub(super) fn seek_lock(&mut self, steal: bool) {
        self.unlock();
        self.refresh.turn += 1;
        // What this tab wrote in an earlier turn may be another's by now.
        self.refresh.journaled = false;
        self.refresh.is_aimed = false;
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
            self.enter(Phase::Locking, STEALING);
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
    pub(super) fn then_unlock(&mut self) -> OnStore<J> {
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
                    self.enter(Phase::Settling, SETTLING_OF_A_COPY);
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
    pub(super) fn slept_on_alarm(&mut self) -> bool {
        let slept = self.now.since(self.refresh.alarm) > BEAT && !self.refresh.slept;
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
                self.enter(Phase::Locking, LOOK_AGAIN);
                self.load(Area::Session, JOURNAL, OnLoad::Patience);
                self.in_turn();
            }
            Phase::Sending => self.beat(),
            Phase::Reading | Phase::Journaling | Phase::Confirming | Phase::Storing => {}
        }
    }

    /// The lock was not had in time: does anybody still work under it?
    pub(super) fn patience_loaded(&mut self, result: Loaded<'_>) {
        let journal = read_journal(result);
        if is_alive(&journal, self.now) {
            self.be_patient(self.now.since(journal.at));
        } else {
            self.seek_lock(true);
        }
    }

    /// Waits for the lock as long as its holder's last word, so many milliseconds ago, is to be believed. At random, so
    /// that those who lose patience do not all take it away from each other.
    pub(super) fn be_patient(&mut self, ago: u64) {
        let patience = LEASE.saturating_sub(ago) + self.spread.below(LOOK_AGAIN);
        self.enter(Phase::Locking, patience);
    }

    /// Whether this tab waits for a lock that another has.
    pub(super) fn is_patient(&self) -> bool {
        self.refresh.phase == Phase::Locking && !self.refresh.has_turn()
    }

    // ── The store and the journal ────────────────────────────────────────────────────────────────────────────────

    pub(super) fn reread(&mut self) {
        self.enter(Phase::Reading, FOR_EVER);
        self.refresh.read_at = self.now;
        self.load(Area::Session, SESSION, OnLoad::Refresh);
        self.in_turn();
    }

    /// The record is gone, and nothing says why: a message may be on its way, or another tab's second try to write it.
    /// Whether there is time to look again.
    pub(super) fn look_again(&mut self) -> bool {
        self.refresh.gone_at = self.refresh.gone_at.min(self.now);
        if self.now.since(self.refresh.gone_at) >= SETTLING_OF_A_COPY {
            return false;
        }
        match self.refresh.phase {
            Phase::Idle | Phase::Waiting => self.begin_refresh(),
            Phase::Locking | Phase::Settling => {}
            _ if self.refresh.has_turn() => self.enter(Phase::Settling, SETTLING_OF_A_COPY),
            _ => self.seek_lock(false),
        }
        true
    }

    /// Whether the page slept between a question to the store and its answer, which others may have made untrue. Once:
    /// a store that takes so long each time is not waited for for ever.
    pub(super) fn slept(&mut self) -> bool {
        // Without a lock, it is the moment between reading and writing that counts.
        let is_lease = self.refresh.leased && self.config.sharing != Sharing::Alone;
        let longest = if is_lease { SETTLING } else { BEAT };
        let slept = self.now.since(self.refresh.read_at) > longest && !self.refresh.slept;
        self.refresh.slept |= slept;
        slept
    }

    pub(super) fn refresh_loaded(&mut self, result: Loaded<'_>) {
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
                let mut validity = 0;
                for waiter in &self.waiters {
                    if let Wanted::Token(min_validity) = &waiter.wants {
                        validity = validity.max(*min_validity);
                    }
                }
                let is_good = self.is_enough(&tokens, validity);
                self.adopt(tokens, true);
                if is_good && self.refresh.is_new {
                    return self.renewed();
                }
            }
        }
        self.load(Area::Session, JOURNAL, OnLoad::Journal);
        self.in_turn();
    }

    pub(super) fn journal_loaded(&mut self, result: Loaded<'_>) {
        if self.slept() {
            return self.seek_lock(false);
        }
        if result.is_err() && self.refresh.journaled {
            // It was written, and cannot be read: there is no better lease to be had.
            return self.send_refresh();
        }
        let (generation, me) = (self.generation(), self.refresh.me);
        let mut journal = read_journal(result);
        self.learn_hold(&journal);
        if journal.generation != generation && !(journal.leased && is_alive(&journal, self.now)) {
            journal = Journal::new(generation);
        }
        if journal.is_end() {
            // Whoever wrote it could not remove the record, or has not yet.
            self.remove(Area::Session, SESSION);
            return self.drop_elsewhere(SignOutReason::read(&journal.reason));
        }
        let others = journal.by != 0 && journal.by != me;
        if is_alive(&journal, self.now) {
            // Who has the lock knows that another lock's holder is gone, and its answer with it; unless it has taken the
            // lock away in the same instant as another who had lost patience.
            let is_alive = self.refresh.stealing && journal.at >= self.refresh.sought_at;
            if others && (journal.leased || self.refresh.leased || is_alive) {
                return self.enter(Phase::Locking, LOOK_AGAIN);
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
                self.wait_until(earliest);
                if let Some(error) = self.refresh.held(self.now).cloned() {
                    self.refuse_all(&error);
                }
                return;
            }
        }
        self.write_journal(me, OnStore::Journal);
        self.in_turn();
        self.enter(Phase::Journaling, FOR_EVER);
    }

    pub(super) fn write_journal(&mut self, by: u64, then: OnStore<J>) {
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
            self.enter(Phase::Settling, settling);
        } else {
            self.send_refresh();
        }
    }

    pub(super) fn beat(&mut self) {
        if self.refresh.has_turn() && self.now.since(self.refresh.beat) < LEASE {
            self.write_journal(self.refresh.me, OnStore::Nothing);
            self.enter(Phase::Sending, BEAT);
        } else {
            // Others have taken over.
            self.refresh.leased = false;
            self.enter(Phase::Sending, FOR_EVER);
        }
    }
}
