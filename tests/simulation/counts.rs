//! What was run, and how often each fault really struck.

use std::collections::BTreeMap;

#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Counts {
    pub schedules: u64,
    pub events: u64,
    pub calls: u64,
    pub requests: u64,
    pub pairs: u64,
    /// How often each fault struck, by its name.
    pub faults: BTreeMap<&'static str, u64>,
    /// How often an exemption was needed, by its reason.
    pub exempt: BTreeMap<&'static str, u64>,
    /// The longest and the most of what there are bounds for.
    pub extremes: BTreeMap<&'static str, (u64, u64)>,
}

/// Every fault that there is, so that one that never strikes is found.
pub const FAULTS: &[&str] = &[
    "request lost",
    "request lost in silence",
    "answer lost",
    "answer lost in silence",
    "request doubled, the first answer arrives",
    "request doubled, the second answer arrives",
    "request late",
    "request late beyond the limit",
    "server error",
    "gateway error after the work was done",
    "429 in seconds",
    "429 as a date",
    "429 as a date, no Date seen",
    "server down",
    "captive portal",
    "offline",
    "write failed",
    "removal failed",
    "read failed",
    "slow storage",
    "lock absent",
    "lock denied",
    "lock never answered",
    "lock stolen by a tab",
    "lock stolen by somebody",
    "messages absent",
    "message lost",
    "clock set forward",
    "clock set back",
    "killed at rest",
    "killed in a refresh",
    "frozen at rest",
    "frozen in a refresh",
    "reloaded",
    "opened",
    "duplicated",
    "hidden or shown",
    "token asked for",
    "token of a resource asked for",
    "refresh asked for",
    "logout",
    "ended by the server",
];

impl Counts {
    pub fn fault(&mut self, name: &'static str) {
        *self.faults.entry(name).or_default() += 1;
    }

    pub fn exempt(&mut self, reason: &'static str) {
        *self.exempt.entry(reason).or_default() += 1;
    }

    /// Remembers the largest value, and in which schedule it was.
    pub fn extreme(&mut self, name: &'static str, value: u64, seed: u64) {
        let most = self.extremes.entry(name).or_default();
        if value > most.0 {
            *most = (value, seed);
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.schedules += other.schedules;
        self.events += other.events;
        self.calls += other.calls;
        self.requests += other.requests;
        self.pairs += other.pairs;
        for (name, times) in &other.faults {
            *self.faults.entry(name).or_default() += times;
        }
        for (reason, times) in &other.exempt {
            *self.exempt.entry(reason).or_default() += times;
        }
        for (name, (value, seed)) in &other.extremes {
            self.extreme(name, *value, *seed);
        }
    }
}
