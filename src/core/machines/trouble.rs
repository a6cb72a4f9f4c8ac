//! Refreshes that fail: what is remembered, learned from other tabs, told to them, and when the next try is.

use super::{
    io::{Event, Output},
    machine::Machine,
    refresh::{LEASE, LOOK_AGAIN, Phase},
    schedule,
    tabs::DELAYED,
};
use crate::core::{
    memory::journal::Journal,
    words::{
        error::{Error, ErrorCode},
        json::Json,
        time::UnixMillis,
    },
};

impl<J: Json> Machine<J> {
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
    pub(super) fn believed(&self, wish: UnixMillis) -> UnixMillis {
        wish.min(self.now.plus(schedule::LONGEST_RETRY_AFTER))
    }

    /// Keeps why it failed, unless the server wants to be left alone: then that stays the reason until it is over.
    pub(super) fn failed_by(&mut self, error: Error) {
        if self.refresh.held(self.now).is_none() || error.code() == ErrorCode::RateLimited {
            self.refresh.trouble = Some(error);
        }
    }

    /// How many failures the next pause counts: what only a person can mend is not mended in a second.
    pub(super) fn gravity(&self) -> u32 {
        let transient = self.refresh.trouble.as_ref().is_none_or(|trouble| trouble.code().is_retryable());
        if transient { self.refresh.failures } else { 99 }
    }

    pub(super) fn refresh_failed(&mut self, error: Error) {
        // A server that wants to be left alone wants it of the session, too.
        if self.refresh.is_aimed && error.code() != ErrorCode::RateLimited {
            return self.missed(error);
        }
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
        let pause = schedule::pause(self.gravity(), self.visible, &mut self.spread);
        self.wait_until(self.refresh.failed_at.plus(pause));
        let error = self.refresh.trouble.clone().unwrap_or_else(|| ErrorCode::Network.into());
        if self.auto {
            let (attempt, retry_at) = (self.refresh.failures, self.refresh.alarm);
            self.emit(Output::Notify(Event::RefreshDelayed { error: error.clone(), attempt, retry_at }));
        }
        self.refuse_all(&error);
    }

    pub(super) fn wait_until(&mut self, at: UnixMillis) {
        let at = match self.refresh.wish {
            // Those who were all told the same do not come back all at once.
            wish if wish > at => wish.plus(self.spread.below(LOOK_AGAIN)),
            _ => at,
        };
        // It stays written down.
        self.refresh.journaled = false;
        self.rest();
        self.refresh.phase = Phase::Waiting;
        self.refresh.alarm = at.max(self.now);
    }
}
