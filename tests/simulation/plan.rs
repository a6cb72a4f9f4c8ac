//! What a seed stands for: a device, its tabs, its server, and what goes wrong when. A plan is plain data, so that one
//! that fails can be made shorter.

use crate::{chance::Chance, tab::RESOURCES};
use std::fmt;

pub const SECOND: u64 = 1_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;

/// What the tabs store in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// One store for all.
    Local,
    /// One for each tab; a duplicate begins with a copy.
    Session,
    /// One tab's own.
    Memory,
}

#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub storage: Storage,
    /// Who is there from the beginning: whether each is in the foreground.
    pub tabs: Vec<bool>,
    /// Of an access token, in milliseconds.
    pub lifetime: u64,
    /// For how long a superseded refresh token is answered with the pair that superseded it.
    pub grace: u64,
    pub rotates: bool,
    /// Whether the host has locks, and messages between tabs.
    pub locks: bool,
    pub messages: bool,
    /// The longest that the storage takes; 0 where it answers at once.
    pub storage_delay: u64,
    /// The longest that a request is on its way, there and back each.
    pub network_delay: u64,
    /// Whether the page sees the server's `Date`.
    pub dates: bool,
    /// After it, nothing goes wrong any more.
    pub length: u64,
    pub acts: Vec<Act>,
}

#[derive(Clone, Debug)]
pub struct Act {
    pub at: u64,
    pub deed: Deed,
}

/// What happens to requests that are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// The server never hears of it. In silence, until the limit runs out, or at once.
    RequestLost { silent: bool },
    /// The server does its work, and nobody hears of it.
    AnswerLost { silent: bool },
    /// The server hears it twice, and one of its answers arrives.
    Twice { later: u64, first_arrives: bool },
    /// The server hears of it so much later.
    Late { by: u64 },
    /// Nothing is done.
    ServerError { status: u16 },
    /// It is done, and something between says otherwise.
    GatewayError,
    /// Too many requests.
    Limited { seconds: u64, as_date: bool },
    /// The server is being started again.
    Down,
    /// Somebody else answers.
    Portal,
}

/// What one act does. A tab is named by its place; a place where nobody is does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// For so long, or for so many requests.
    Weather {
        weather: Weather,
        lasts: u64,
        requests: u32,
    },
    /// No network at all; when it is back, every tab is told.
    Offline {
        lasts: u64,
    },
    /// Nothing is written; `remove` says whether that goes for removals, too.
    WritesFail {
        lasts: u64,
        remove: bool,
    },
    ReadsFail {
        lasts: u64,
    },
    LocksDenied {
        lasts: u64,
    },
    /// Who asks for a lock is never answered.
    LocksSilent {
        lasts: u64,
    },
    /// Somebody who is no tab of ours takes the lock and keeps it.
    LockTaken {
        lasts: u64,
    },
    MessagesLost {
        lasts: u64,
    },
    /// The device's clock is set.
    Clock {
        by: i64,
    },
    /// After so many more steps of that tab.
    Kill {
        tab: usize,
        steps: u32,
    },
    Freeze {
        tab: usize,
        steps: u32,
        lasts: u64,
    },
    Reload {
        tab: usize,
        steps: u32,
    },
    Open {
        visible: bool,
    },
    /// A tab opened from another, with a copy of what that one stores.
    Duplicate {
        tab: usize,
    },
    Show {
        tab: usize,
        visible: bool,
    },
    /// `getAccessToken`, so many times.
    Ask {
        tab: usize,
        validity: u64,
        times: u32,
        every: u64,
    },
    /// `getAccessToken` for a resource, so many times.
    AskResource {
        tab: usize,
        resource: usize,
        validity: u64,
        times: u32,
        every: u64,
    },
    /// `refresh`.
    Refresh {
        tab: usize,
    },
    Logout {
        tab: usize,
    },
    /// The server ends the session.
    Revoke,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { storage, tabs, lifetime, grace, rotates, locks, messages, .. } = self;
        let Self { storage_delay, network_delay, dates, length, .. } = self;
        let shown = |visible: &bool| if *visible { "in the foreground" } else { "in the background" };
        let tabs: Vec<_> = tabs.iter().map(shown).collect();
        writeln!(f, "  storage {storage:?}, delay ≤ {storage_delay} ms; locks: {locks}; messages: {messages}")?;
        writeln!(f, "  tokens of {} s, rotation: {rotates}, grace {grace} ms, Date: {dates}", lifetime / SECOND)?;
        writeln!(f, "  network delay ≤ {network_delay} ms; {} s long; tabs: {}", length / SECOND, tabs.join(", "))?;
        for act in &self.acts {
            writeln!(f, "  at {:.3} s: {:?}", act.at as f64 / 1000.0, act.deed)?;
        }
        Ok(())
    }
}

impl Plan {
    pub fn new(seed: u64) -> Self {
        let chance = &mut Chance::new(seed);
        let storage = match chance.below(10) {
            0 | 1 => Storage::Session,
            2 => Storage::Memory,
            _ => Storage::Local,
        };
        let tabs = match chance.below(100) {
            _ if storage == Storage::Memory => 1,
            0..20 => 1,
            20..60 => 2,
            60..78 => 3,
            78..92 => chance.between(4, 6),
            92..98 => chance.between(6, 11),
            _ => chance.between(11, 21),
        };
        let lifetime = chance.pick(&[MINUTE, MINUTE, 5 * MINUTE, 5 * MINUTE, 5 * MINUTE, HOUR]);
        let length = lifetime * chance.between(1, 4) + chance.below(lifetime);
        let mut plan = Self {
            seed,
            storage,
            tabs: (0..tabs).map(|tab| if tab == 0 { !chance.one_in(3) } else { chance.one_in(5) }).collect(),
            lifetime,
            grace: if chance.one_in(2) { 0 } else { chance.scaled(2 * SECOND, 2 * MINUTE) },
            rotates: !chance.one_in(8),
            locks: !chance.one_in(6),
            messages: !chance.one_in(6),
            // The page's own storages answer at once; the program's own need not.
            storage_delay: if storage == Storage::Local && chance.one_in(3) { chance.scaled(2, SECOND) } else { 0 },
            network_delay: chance.scaled(4, SECOND),
            dates: !chance.one_in(3),
            length,
            acts: Vec::new(),
        };
        // Most schedules have few faults, so that each can be seen alone; some have all at once.
        let acts = chance.below(6) + if chance.one_in(4) { chance.below(10) } else { 0 };
        for _ in 0..acts {
            let at = chance.below(length);
            let deed = plan.deed(chance, at);
            plan.acts.push(Act { at, deed });
        }
        if plan.rotates {
            plan.ask_for_resources(&mut Chance::new(seed.rotate_left(32)));
        }
        plan.acts.sort_by_key(|act| act.at);
        plan
    }

    /// A modest share of the programs wants tokens for other resources, too. The die is another one, so that the rest of
    /// the plan is what it is without.
    fn ask_for_resources(&mut self, chance: &mut Chance) {
        if !chance.one_in(5) {
            return;
        }
        for _ in 0..chance.between(1, 5) {
            let deed = Deed::AskResource {
                tab: chance.below(self.tabs.len() as u64 + 1) as usize,
                resource: chance.below(RESOURCES.len() as u64) as usize,
                validity: if chance.one_in(2) { 0 } else { chance.below(self.lifetime) },
                times: if chance.one_in(3) { chance.scaled(2, 30) as u32 } else { 1 },
                every: chance.scaled(100, 20 * SECOND),
            };
            self.acts.push(Act { at: chance.below(self.length), deed });
        }
    }

    fn deed(&self, chance: &mut Chance, at: u64) -> Deed {
        let tab = chance.below(self.tabs.len() as u64 + 1) as usize;
        let lasts = chance.scaled(SECOND, self.length - at);
        let steps = if chance.one_in(4) { 0 } else { chance.below(24) as u32 };
        match chance.below(44) {
            0..12 => {
                let by_number = chance.one_in(2);
                let requests = if by_number { chance.between(1, 6) as u32 } else { u32::MAX };
                let lasts = if by_number { u64::MAX } else { lasts };
                Deed::Weather { weather: Self::weather(chance), lasts, requests }
            }
            12 | 13 => Deed::Offline { lasts },
            14 | 15 => Deed::WritesFail { lasts, remove: chance.one_in(2) },
            16 => Deed::ReadsFail { lasts },
            17 => Deed::LocksDenied { lasts },
            18 => Deed::LocksSilent { lasts },
            19 => Deed::LockTaken { lasts },
            20 => Deed::MessagesLost { lasts },
            21 | 22 => {
                let by = chance.scaled(SECOND, 12 * HOUR) as i64;
                Deed::Clock { by: if chance.one_in(2) { by } else { -by } }
            }
            23 | 24 => Deed::Kill { tab, steps },
            25..28 => Deed::Freeze { tab, steps, lasts: chance.scaled(SECOND, 3 * HOUR) },
            28..31 => Deed::Reload { tab, steps },
            31 => Deed::Open { visible: chance.one_in(2) },
            32 | 33 => Deed::Duplicate { tab },
            34 | 35 => Deed::Show { tab, visible: !chance.one_in(3) },
            36..39 => {
                let validity = if chance.one_in(2) { 0 } else { chance.below(self.lifetime) };
                let times = if chance.one_in(3) { chance.scaled(2, 60) as u32 } else { 1 };
                Deed::Ask { tab, validity, times, every: chance.scaled(100, 5 * SECOND) }
            }
            39..42 => Deed::Refresh { tab },
            42 => Deed::Logout { tab },
            _ if chance.one_in(2) => Deed::Revoke,
            _ => Deed::Refresh { tab },
        }
    }

    fn weather(chance: &mut Chance) -> Weather {
        match chance.below(12) {
            0 => Weather::RequestLost { silent: chance.one_in(2) },
            1 | 2 => Weather::AnswerLost { silent: chance.one_in(2) },
            3 => Weather::Twice { later: chance.scaled(1, 2 * MINUTE), first_arrives: chance.one_in(2) },
            4 => Weather::Late { by: chance.scaled(SECOND, 5 * MINUTE) },
            5 => Weather::ServerError { status: chance.pick(&[500, 502, 503]) },
            6 => Weather::GatewayError,
            7 | 8 => Weather::Limited { seconds: chance.scaled(1, 10 * 60), as_date: chance.one_in(2) },
            9 | 10 => Weather::Down,
            _ => Weather::Portal,
        }
    }
}
