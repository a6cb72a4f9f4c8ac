//! Bugs planted on purpose, one at a time, between the machine and its host: each is one that an engine could have,
//! and each has to be found.

use crate::{
    tab::{JOURNAL_KEY, SESSION_KEY},
    watch::Invariant,
    world::{Event, World},
};
use pixie_auth::{Error, Secret};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// Every lock is granted to everybody: an engine without a lock.
    LockForAll,
    /// The session is read as it was when the lock was asked for: no re-read under the lock.
    StaleReadUnderLock,
    /// The journal is written only after the request is sent.
    JournalLate,
    /// What the journal says is not read.
    JournalUnread,
    /// A new pair is told and never stored.
    PairNotStored,
    /// The server's `invalid_grant` is taken for a failure that passes.
    GrantTakenForNetwork,
    /// A failure that passes is taken for the end of the session.
    NetworkTakenForGrant,
    /// Nothing happens when it is due.
    DeadlinesIgnored,
    /// A request that is never answered is waited for.
    TimeoutsNever,
    /// `Retry-After` is not read.
    RetryAfterStripped,
    /// That the network is back is not told.
    RecoveredNever,
    /// What other tabs tell is not heard.
    MessagesUnheard,
    /// The session is read as it was when the lock was asked for, before it is overwritten: no last look.
    StaleReadBeforeStore,
    /// Every caller is answered twice.
    AnsweredTwice,
    /// What the token is for is not said.
    ResourceUnsent,
    /// All tabs draw the same numbers.
    OneSeedForAll,
    /// A deadline that has passed is not left behind.
    TimeStandsStill,
}

/// By how much.
const LATE: u64 = 120;

/// Every plant, and what finds it.
pub const ALL: [(Plant, Invariant); 17] = [
    (Plant::LockForAll, Invariant::OneRefreshAtATime),
    (Plant::StaleReadUnderLock, Invariant::PresentedAgainOnlyInDoubt),
    (Plant::JournalLate, Invariant::OneRefreshAtATime),
    (Plant::JournalUnread, Invariant::RetryAfterKept),
    (Plant::PairNotStored, Invariant::NewestPairStored),
    (Plant::GrantTakenForNetwork, Invariant::EndsEverywhere),
    (Plant::NetworkTakenForGrant, Invariant::EndsOnlyByWord),
    (Plant::DeadlinesIgnored, Invariant::GoodTokenAgain),
    (Plant::TimeoutsNever, Invariant::GoodTokenAgain),
    (Plant::RetryAfterStripped, Invariant::RetryAfterKept),
    (Plant::RecoveredNever, Invariant::GoodTokenAgain),
    (Plant::MessagesUnheard, Invariant::EndsEverywhere),
    (Plant::StaleReadBeforeStore, Invariant::NewestPairStored),
    (Plant::AnsweredTwice, Invariant::CallersAnsweredOnce),
    (Plant::ResourceUnsent, Invariant::RightToken),
    (Plant::OneSeedForAll, Invariant::OneRefreshAtATime),
    (Plant::TimeStandsStill, Invariant::NoBusyLoop),
];

impl Plant {
    pub fn read(
        self,
        world: &World,
        tab: usize,
        key: &str,
        result: Result<Option<Secret>, Error>,
    ) -> Result<Option<Secret>, Error> {
        match self {
            Self::JournalUnread if key == JOURNAL_KEY => result.map(|_| None),
            Self::StaleReadUnderLock if key == SESSION_KEY && world.locks.holds(tab) => world.stale(tab, result),
            Self::StaleReadBeforeStore if key == SESSION_KEY && world.watch.is_granted(tab) => world.stale(tab, result),
            _ => result,
        }
    }

    pub fn lets_write(self, world: &mut World, tab: usize, key: &str, value: &str) -> bool {
        match self {
            Self::JournalLate if key == JOURNAL_KEY => {
                world.later(world.time + LATE, Event::Planted(tab, value.into()));
                false
            }
            Self::PairNotStored => key != SESSION_KEY,
            _ => true,
        }
    }

    pub fn lock_asked(self, world: &mut World, tab: usize) {
        if matches!(self, Self::StaleReadUnderLock | Self::StaleReadBeforeStore)
            && let Some(record) = world.disks[world.tabs[tab].disk].values.get(SESSION_KEY)
        {
            world.watch.stale.insert(tab, record.clone());
        }
    }
}

impl World {
    /// What the store held when the lock was asked for.
    fn stale(&self, tab: usize, fresh: Result<Option<Secret>, Error>) -> Result<Option<Secret>, Error> {
        let stale = self.watch.stale.get(&tab).cloned().map(Secret::new);
        fresh.map(|fresh| stale.or(fresh))
    }

    /// The journal that was late is written, if its tab is still there.
    pub fn write_late(&mut self, tab: usize, value: String) {
        let disk = self.tabs[tab].disk;
        if self.tabs[tab].runs() {
            self.disks[disk].values.insert(JOURNAL_KEY.into(), value);
        }
    }
}
