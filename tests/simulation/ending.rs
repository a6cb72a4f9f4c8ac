//! How a schedule ends: nothing goes wrong any more, and then everything has to be well in bounded time.

use crate::{
    checks::LONGEST_WAIT,
    counts::Counts,
    exemptions,
    host::TICK,
    network::LIMIT,
    plan::{HOUR, MINUTE, Plan, SECOND, Storage},
    plant::Plant,
    tab::{Arrival, Ask},
    watch::{Invariant, Violation},
    world::World,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Within which time of the end of all troubles a tab has a good token: one that somebody looks at or asks, and any.
pub const GOOD_WITHIN: u64 = 75 * SECOND;
pub const GOOD_WITHIN_UNSEEN: u64 = 5 * MINUTE + 30 * SECOND;
/// The same, where the only trouble was that there was no network, and the tab is told that there is.
pub const GOOD_WHEN_TOLD: u64 = 30 * SECOND;
/// How often a program asks again that wants a token.
const ASKS_AGAIN: u64 = 10 * SECOND;

pub struct Outcome {
    pub violation: Option<Violation>,
    pub counts: Counts,
    pub digest: u64,
    pub line: Vec<String>,
}

/// Runs a schedule from its beginning to its end.
pub fn run(plan: &Plan, plant: Option<Plant>, with_line: bool) -> Outcome {
    let mut world = World::new(plan.clone(), plant, with_line);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        world.run_until(plan.length);
        world.end();
    }));
    if ended.is_err() {
        world.violated(Invariant::NoPanic, || "see the message above".into());
    }
    world.counts.schedules = 1;
    Outcome {
        violation: world.violation,
        counts: world.counts,
        digest: world.digest,
        line: world.line.unwrap_or_default(),
    }
}

impl World {
    fn end(&mut self) {
        if self.violation.is_some() {
            return;
        }
        let was_only_offline = self.is_only_offline();
        self.calm_down();
        let calm_at = self.time;
        let asked: Vec<bool> = (0..self.tabs.len()).map(|_| self.chance.one_in(2)).collect();
        self.run_until(self.time + if was_only_offline { 0 } else { LIMIT });
        // What is on its way is lost with its weather, and a pause that the server wished for is kept.
        let wished = self.watch.hold.map_or(0, |hold| hold.until).max(self.watch.misunderstood_until);
        // Where the clock was set, a minute may have been counted twice.
        let twice = self.watch.clock_set_at.map_or(0, |_| TICK);
        let from = (calm_at + LIMIT).max(wished + SECOND + twice);
        if self.server.revoked.is_none() && self.watch.ended_at().is_none() {
            if was_only_offline && wished < self.time {
                self.run_until(self.time + GOOD_WHEN_TOLD);
                self.all_good(|_, _| true, "told that the network is back");
            }
            while self.time < from + GOOD_WITHIN && self.violation.is_none() {
                self.run_until((self.time + ASKS_AGAIN).min(from + GOOD_WITHIN));
                for (tab, asked) in asked.iter().enumerate() {
                    if *asked && self.time < from + GOOD_WITHIN && !self.is_good_for(tab, 2 * ASKS_AGAIN) {
                        self.watch.asked_at = Some(self.time);
                        self.arrive(tab, Arrival::Ask(Ask::Token(2 * ASKS_AGAIN)));
                    }
                }
            }
            self.all_good(|world, tab| world.tabs[tab].visible || asked[tab], "looked at or asked");
            self.run_until(from + GOOD_WITHIN_UNSEEN);
            self.all_good(|_, _| true, "in the background");
        }
        if self.watch.ended_at().is_some() || self.server.revoked.is_some() {
            // Whoever heard nothing finds out when its token is due.
            let last = from.max(self.server.revoked_at);
            self.run_until(last + self.plan.lifetime + GOOD_WITHIN_UNSEEN + MINUTE);
            self.all_ended();
        } else {
            self.reload_finds_the_newest();
        }
        self.nobody_waits();
    }

    fn is_only_offline(&self) -> bool {
        let others = [self.writes_fail, self.reads_fail, self.locks_denied, self.locks_silent, self.messages_lost];
        self.offline > 0 && self.weather.is_empty() && others.iter().all(|failing| *failing == 0)
    }

    /// Asks a tab for its session, which it answers at once.
    fn probe(&mut self, tab: usize) {
        if self.tabs[tab].runs() {
            self.arrive(tab, Arrival::Ask(Ask::Session));
        }
    }

    fn is_good_for(&mut self, tab: usize, validity: u64) -> bool {
        self.probe(tab);
        let seen = self.tabs[tab].seen;
        !self.tabs[tab].runs() || seen.is_some_and(|view| view.expires_at > self.clock() + validity)
    }

    fn all_good(&mut self, concerns: impl Fn(&Self, usize) -> bool, which: &str) {
        // The session may have ended meanwhile, by a request that was late.
        for tab in 0..self.tabs.len() {
            if self.server.revoked.is_some() || self.watch.ended_at().is_some() || self.violation.is_some() {
                return;
            }
            if concerns(self, tab) && !self.is_good_for(tab, 0) {
                let exempt = exemptions::not_good(self, tab);
                let seen = self.tabs[tab].seen;
                self.violated_unless(exempt, Invariant::GoodTokenAgain, || format!("#{tab}, {which}, has {seen:?}"));
            }
        }
    }

    fn all_ended(&mut self) {
        for tab in 0..self.tabs.len() {
            self.probe(tab);
            if self.tabs[tab].runs() && self.tabs[tab].seen.is_some() {
                let exempt = exemptions::never_ends(self);
                self.violated_unless(exempt, Invariant::EndsEverywhere, || {
                    format!("#{tab} has a session that ended long ago")
                });
            }
        }
        let left = (0..self.disks.len()).find(|disk| {
            let mut its = self.tabs.iter().filter(|tab| tab.disk == *disk && !tab.is_gone());
            its.next().is_some() && self.stored_pair(*disk).is_some()
        });
        if let Some(disk) = left {
            let exempt = exemptions::left_in_the_store(self);
            self.violated_unless(exempt, Invariant::EndsEverywhere, || {
                format!("store {disk} has a session that ended long ago")
            });
        }
    }

    fn reload_finds_the_newest(&mut self) {
        if self.violation.is_some() || self.plan.storage == Storage::Memory {
            return;
        }
        let disk = self.tabs.iter().rev().find(|tab| !tab.is_gone()).map_or(0, |tab| tab.disk);
        let given = self.watch.given.get(&disk).copied();
        let tab = self.open(self.tabs.len(), disk, true);
        self.run_until(self.time + 2 * SECOND);
        let found = self.tabs[tab].seen.map(|view| view.pair());
        if found < given {
            let exempt = exemptions::not_stored(self, tab);
            self.violated_unless(exempt, Invariant::NewestPairStored, || {
                format!("a reload finds {found:?}, while somebody was given {given:?}")
            });
        }
        if found.is_none() {
            return;
        }
        self.watch.asked_at = Some(self.time);
        self.arrive(tab, Arrival::Ask(Ask::Refresh));
        self.run_until(self.time + LONGEST_WAIT);
        let is_alive = self.server.revoked.is_none() && self.watch.ended_at().is_none();
        if is_alive && self.tabs[tab].seen.map(|view| view.pair()) <= found {
            let exempt = exemptions::no_refresh(self, tab);
            self.violated_unless(exempt, Invariant::GoodTokenAgain, || {
                "a page that was reloaded gets nothing new".into()
            });
        }
    }

    fn nobody_waits(&mut self) {
        let now = self.time;
        for tab in 0..self.tabs.len() {
            let its = &self.tabs[tab];
            let waits = its.waiting.iter().find(|waiting| now - waiting.since > LONGEST_WAIT + HOUR / 60);
            if let (true, Some(waiting)) = (its.runs(), waits.copied()) {
                self.violated(Invariant::CallersAnsweredSoon, || {
                    format!("{:?} of #{tab} is never answered", waiting.ask)
                });
            }
        }
    }
}
