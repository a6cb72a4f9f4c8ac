//! What has to hold, and what has to be remembered to see whether it does.

use crate::server::Pair;
use std::collections::{BTreeMap, VecDeque};

/// What must hold at every step. Where one cannot, `exemptions.rs` says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// A refresh token is presented again only when every attempt with it so far came to an uncertain end.
    PresentedAgainOnlyInDoubt,
    /// A session ends by the server's word or the user's wish, and a tab is told the one that it was.
    EndsOnlyByWord,
    /// When it ends, it ends in every living tab, soon.
    EndsEverywhere,
    /// Of one session, one refresh is in flight at a time.
    OneRefreshAtATime,
    /// When the troubles are over, everybody has a good token in bounded time.
    GoodTokenAgain,
    /// A device sends few requests, whatever happens.
    FewRequests,
    /// Who is told to wait, waits, and so does the whole device.
    RetryAfterKept,
    CallersAnsweredOnce,
    CallersAnsweredSoon,
    NoBusyLoop,
    /// Who asks for a resource's token is given that, and whoever asks for the session's own, that one.
    RightToken,
    /// What anybody was given is in the store, and no older pair is written over a newer one.
    NewestPairStored,
    /// Nothing panics, not even an overflow.
    NoPanic,
}

#[derive(Clone, Debug)]
pub struct Violation {
    pub invariant: Invariant,
    pub at: u64,
    pub what: String,
}

/// How one attempt to refresh stands, as its tab can know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Flying,
    /// No word from the server: no connection, no answer in time, an answer of something else, 5xx, 429.
    Failed,
    /// Answered with this pair, which is not in the store yet.
    Granted(Pair),
    Stored,
    /// Its pair could not be stored.
    Unstored,
    /// `invalid_grant`, and the record is still in the store.
    Refused,
    /// The same, and it is not any more.
    Ended,
}

#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    pub tab: usize,
    pub token: Pair,
    pub sent_at: u64,
    pub state: State,
    /// When that came to be.
    pub since: u64,
    /// Its tab died, was frozen or lost its lock before its pair was stored.
    pub disturbed: bool,
    /// What `Retry-After` said, in milliseconds, if anything.
    pub limited: Option<Limited>,
}

#[derive(Clone, Copy, Debug)]
pub struct Limited {
    pub pause: u64,
    /// Said as a date, which a device whose clock is wrong cannot understand.
    pub by_unseen_clock: bool,
}

/// What the server wished for.
#[derive(Clone, Copy, Debug)]
pub struct Hold {
    /// Who was told.
    pub tab: usize,
    pub since: u64,
    pub until: u64,
}

impl Attempt {
    /// Whether whoever comes later cannot know what became of the token.
    pub const fn is_in_doubt(&self) -> bool {
        self.disturbed || matches!(self.state, State::Failed | State::Unstored)
    }
}

#[derive(Default)]
pub struct Watch {
    pub attempts: Vec<Attempt>,
    /// The newest pair that anybody was told of who shares a store.
    pub given: BTreeMap<usize, Pair>,
    /// Since when the store lacks a pair, because it could not be written or removed.
    pub unstored_since: Option<u64>,
    /// When a session, anything, could not be written, and a session not be removed.
    pub unstored_at: Option<u64>,
    pub write_failed_at: Option<u64>,
    pub removal_failed_at: Option<u64>,
    /// When a page that went on wrote a session that it had decided to write before.
    pub late_at: Option<u64>,
    pub message_lost_at: Option<u64>,
    pub without_lock_at: Option<u64>,
    pub clock_set_at: Option<u64>,
    /// When the server first said `invalid_grant` to a tab, and when a user first signed out.
    pub refused_at: Option<u64>,
    pub refused_tab: usize,
    pub refused_token: Pair,
    pub logged_out_at: Option<u64>,
    pub logout_tab: usize,
    /// Whether a user ever wished to.
    pub logout_asked: bool,
    /// That nobody may send.
    pub hold: Option<Hold>,
    /// The requests of the last minute, and what allows one more each.
    pub sends: VecDeque<u64>,
    pub excuses: VecDeque<u64>,
    pub asked_at: Option<u64>,
    /// Until when a device whose clock is wrong may believe that it has to wait.
    pub misunderstood_until: u64,
    /// For a planted bug: what a tab reads instead.
    pub stale: BTreeMap<usize, String>,
}

impl Watch {
    /// A tab died, was frozen, or lost its lock.
    pub fn disturbed(&mut self, tab: usize) {
        // The newest attempts are the ones that may be open.
        for attempt in self.attempts.iter_mut().rev().take(32) {
            if attempt.tab == tab && matches!(attempt.state, State::Flying | State::Granted(_) | State::Refused) {
                attempt.disturbed = true;
            }
        }
    }

    /// A tab removed the session from its store.
    pub fn removed(&mut self, tab: usize) {
        let attempts = self.attempts.iter_mut().rev().take(32);
        for attempt in attempts.filter(|attempt| attempt.tab == tab && attempt.state == State::Refused) {
            attempt.state = State::Ended;
        }
    }

    /// Whether it has a pair that it has not stored yet.
    pub fn is_granted(&self, tab: usize) -> bool {
        let mut its = self.attempts.iter().rev().take(32).filter(|attempt| attempt.tab == tab);
        its.any(|attempt| matches!(attempt.state, State::Granted(_)))
    }

    pub fn is_at_work(&self, tab: usize) -> bool {
        let mut open = self.attempts.iter().rev().take(32).filter(|attempt| attempt.tab == tab);
        open.any(|attempt| matches!(attempt.state, State::Flying | State::Granted(_)))
    }

    /// Something happened after which a tab may rightly try at once.
    pub fn excuse(&mut self, now: u64) {
        self.excuses.push_back(now);
    }

    pub fn unstored(&mut self, now: u64) {
        self.unstored_since.get_or_insert(now);
        self.unstored_at = Some(now);
    }

    pub const fn message_lost(&mut self, now: u64) {
        self.message_lost_at = Some(now);
    }

    pub const fn without_lock(&mut self, now: u64) {
        self.without_lock_at = Some(now);
    }

    pub fn limited(&mut self, attempt: usize, limited: Limited) {
        self.attempts[attempt].limited = Some(limited);
    }

    /// When the session first ended.
    pub fn ended_at(&self) -> Option<u64> {
        match (self.refused_at, self.logged_out_at) {
            (Some(refused), Some(logged_out)) => Some(refused.min(logged_out)),
            (refused, logged_out) => refused.or(logged_out),
        }
    }
}
