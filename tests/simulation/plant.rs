//! Bugs planted on purpose, one at a time, between the machine and its host: each is one that an engine could have,
//! and each has to be found.

use crate::{
    tab::{JOURNAL_KEY, SESSION_KEY},
    world::World,
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
    /// A logout leaves the record in the store, and tells nobody.
    MessagesUnheard,
}

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
            Self::StaleReadUnderLock if key == SESSION_KEY && world.locks.holds(tab) => {
                let stale = world.watch.stale.get(&tab).cloned().map(Secret::new);
                result.map(|fresh| stale.or(fresh))
            }
            _ => result,
        }
    }

    pub fn lets_write(self, world: &mut World, tab: usize, key: &str, value: &str) -> bool {
        match self {
            Self::JournalLate if key == JOURNAL_KEY => {
                world.watch.late = Some((tab, value.into()));
                false
            }
            Self::PairNotStored => key != SESSION_KEY,
            _ => true,
        }
    }

    pub fn lock_asked(self, world: &mut World, tab: usize) {
        if self == Self::StaleReadUnderLock
            && let Some(record) = world.disks[world.tabs[tab].disk].values.get(SESSION_KEY)
        {
            world.watch.stale.insert(tab, record.clone());
        }
    }

    pub fn sent(self, world: &mut World, tab: usize) {
        if self == Self::JournalLate
            && let Some((by, value)) = world.watch.late.take()
        {
            let disk = world.tabs[by].disk;
            if by == tab {
                world.disks[disk].values.insert(JOURNAL_KEY.into(), value);
            }
        }
    }
}
