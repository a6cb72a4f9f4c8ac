//! One schedule as it runs: the tabs, what they share, and the queue of what is to come.

use crate::{
    chance::Chance,
    counts::Counts,
    disk::{Disk, Failing},
    locks::Locks,
    plan::{Deed, Plan, Storage, Weather},
    plant::Plant,
    server::Server,
    tab::{Arrival, Ask, Life, Tab, config, metadata, signed_in},
    watch::{Violation, Watch},
};
use pixie_auth::{Config, UnixMillis, core::machines::io::Op};
use serde_json::Value;
use std::{cmp::Reverse, collections::BinaryHeap};

/// What all clocks show at the beginning.
pub const START: u64 = 1_800_000_000_000;

/// What is to come.
#[derive(Debug)]
pub enum Event {
    Act(usize),
    /// What an act began ends.
    Over(Deed),
    Thaw(usize, u32),
    Timer(usize),
    Arrive(usize, Arrival),
    /// The server hears of an attempt, in one of its copies. Whether its answer arrives, and as what.
    Hears {
        attempt: usize,
        answer: Answered,
    },
    /// The storage does what it was asked to: read, write or remove.
    Storage {
        tab: usize,
        op: Op,
        key: String,
        what: Access,
    },
    /// Some time ago the session ended.
    Ended(u64),
    /// For a planted bug: what is written too late.
    Planted(usize, String),
    /// Asks once more.
    Again {
        act: usize,
        left: u32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    Yes,
    /// Nobody hears of it.
    No,
    /// As an error of something in between.
    AsGatewayError,
}

#[derive(Debug)]
pub enum Access {
    Read,
    /// Whether that was decided before its tab was frozen.
    Write(String, bool),
    Remove,
}

/// A request on its way.
#[derive(Clone, Copy, Debug)]
pub struct Flight {
    pub tab: usize,
    pub op: Op,
    pub token: u32,
    /// The letter of what it asks for.
    pub letter: char,
    pub sent_at: u64,
    /// By the device's clock.
    pub sent_by_clock: u64,
}

pub struct World {
    pub plan: Plan,
    pub plant: Option<Plant>,
    pub chance: Chance,
    /// The server's clock, which goes as it should; the device's differs by `skew`.
    pub time: u64,
    pub skew: i64,
    pub tabs: Vec<Tab>,
    pub disks: Vec<Disk>,
    pub locks: Locks,
    pub server: Server,
    pub flights: Vec<Flight>,
    /// What is the matter, and for how many requests.
    pub weather: Vec<(Deed, Weather, u32)>,
    pub offline: u32,
    pub writes_fail: u32,
    pub removals_fail: u32,
    pub reads_fail: u32,
    pub locks_denied: u32,
    pub locks_silent: u32,
    pub messages_lost: u32,
    /// Nothing goes wrong any more.
    pub calm: bool,
    pub watch: Watch,
    pub counts: Counts,
    pub config: Config,
    pub metadata: Value,
    pub callers: u32,
    pub seeds: u32,
    pub digest: u64,
    pub violation: Option<Violation>,
    /// The time line, where somebody wants to read it.
    pub line: Option<Vec<String>>,
    queue: BinaryHeap<Reverse<(u64, u32, usize)>>,
    events: Vec<Option<Event>>,
    free: Vec<usize>,
    order: u32,
}

impl World {
    pub fn new(plan: Plan, plant: Option<Plant>, line: bool) -> Self {
        let config = config(&plan);
        let server = Server::new(plan.rotates, plan.grace, plan.lifetime);
        let mut world = Self {
            chance: Chance::new(!plan.seed),
            time: 0,
            skew: 0,
            tabs: Vec::new(),
            disks: vec![signed_in(&plan, START)],
            locks: Locks::new(plant == Some(Plant::LockForAll)),
            server,
            flights: Vec::new(),
            weather: Vec::new(),
            offline: 0,
            writes_fail: 0,
            removals_fail: 0,
            reads_fail: 0,
            locks_denied: 0,
            locks_silent: 0,
            messages_lost: 0,
            calm: false,
            watch: Watch::default(),
            counts: Counts::default(),
            config,
            metadata: metadata(),
            callers: 0,
            seeds: 0,
            digest: 0xcbf2_9ce4_8422_2325,
            violation: None,
            line: line.then(Vec::new),
            queue: BinaryHeap::new(),
            events: Vec::new(),
            free: Vec::new(),
            order: 0,
            plant,
            plan,
        };
        for place in 0..world.plan.tabs.len() {
            let visible = world.plan.tabs[place];
            let disk = if place == 0 { 0 } else { world.disk_of_a_duplicate(0) };
            world.open(place, disk, visible);
        }
        for index in 0..world.plan.acts.len() {
            world.later(world.plan.acts[index].at, Event::Act(index));
        }
        world
    }

    /// The device's clock.
    pub const fn clock(&self) -> u64 {
        (START + self.time).saturating_add_signed(self.skew)
    }

    pub const fn now(&self) -> UnixMillis {
        UnixMillis(self.clock())
    }

    pub fn failing(&self) -> Failing {
        Failing { reads: self.reads_fail > 0, writes: self.writes_fail > 0, removals: self.removals_fail > 0 }
    }

    // ── The queue ───────────────────────────────────────────────────────────────────────────────────────────

    pub fn later(&mut self, at: u64, event: Event) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.events[slot] = Some(event);
                slot
            }
            None => {
                self.events.push(Some(event));
                self.events.len() - 1
            }
        };
        self.order += 1;
        self.queue.push(Reverse((at.max(self.time), self.order, slot)));
    }

    /// Lets the time pass. Ends early where something is not as it has to be.
    pub fn run_until(&mut self, end: u64) {
        while self.violation.is_none() {
            match self.queue.peek() {
                Some(Reverse((at, ..))) if *at <= end => {}
                _ => break,
            }
            let Some(Reverse((at, _, slot))) = self.queue.pop() else { break };
            let event = self.events[slot].take();
            self.free.push(slot);
            self.time = at;
            if let Some(event) = event {
                self.happen(event);
            }
        }
        self.time = self.time.max(end);
    }

    fn happen(&mut self, event: Event) {
        self.counts.events += 1;
        match event {
            Event::Act(index) => self.act(index),
            Event::Over(deed) => self.over(deed),
            Event::Thaw(tab, freezes) if self.tabs[tab].freezes == freezes => self.thaw(tab),
            Event::Thaw(..) => {}
            Event::Timer(tab) if self.tabs[tab].timer == Some(self.time) => self.timer(tab),
            Event::Timer(_) => {}
            Event::Arrive(tab, arrival) => self.arrive(tab, arrival),
            Event::Hears { attempt, answer } => self.server_hears(attempt, answer),
            Event::Storage { tab, op, key, what } => self.storage_works(tab, op, &key, what),
            Event::Ended(at) => self.check_ended(at),
            Event::Planted(tab, value) => self.write_late(tab, value),
            Event::Again { act, left } => self.ask_again(act, left),
        }
    }

    // ── What is written down ────────────────────────────────────────────────────────────────────────────────

    pub fn note(&mut self, text: impl FnOnce() -> String) {
        if let Some(line) = &mut self.line {
            line.push(format!("{:>12.3} s  {}", self.time as f64 / 1000.0, text()));
        }
    }

    pub fn note_tab(&mut self, tab: usize, text: impl FnOnce() -> String) {
        if self.line.is_some() {
            let place = self.tabs[tab].place;
            self.note(|| format!("tab {place} #{tab}  {}", text()));
        }
    }

    pub const fn digest(&mut self, what: u64) {
        self.digest = (self.digest ^ what ^ self.time).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(17);
    }

    // ── Tabs ────────────────────────────────────────────────────────────────────────────────────────────────

    /// Opens a tab over a store.
    pub fn open(&mut self, place: usize, disk: usize, visible: bool) -> usize {
        self.seeds += 1;
        let number = if self.plant == Some(Plant::OneSeedForAll) { 1 } else { self.seeds };
        let seed = (self.plan.seed as u32).wrapping_mul(0x9e37_79b9) ^ number.wrapping_mul(0x85eb_ca6b);
        let tab = self.tabs.len();
        self.tabs.push(Tab::new(&self.config, seed, place, disk, visible, self.time));
        self.watch.excuse(self.time);
        self.note_tab(tab, || format!("opens, {}", if visible { "in the foreground" } else { "in the background" }));
        self.arrive(tab, Arrival::Visible(visible));
        self.arrive(tab, Arrival::Ask(Ask::Open));
        tab
    }

    /// The tab that a place names.
    pub fn at_place(&self, place: usize) -> Option<usize> {
        self.tabs.iter().rposition(|tab| tab.place == place && !tab.is_gone())
    }

    /// A store of its own for a duplicate, where it does not share its opener's.
    pub fn disk_of_a_duplicate(&mut self, of: usize) -> usize {
        let disk = self.tabs[of].disk;
        if self.plan.storage != Storage::Session {
            return disk;
        }
        self.disks.push(self.disks[disk].clone());
        self.disks.len() - 1
    }

    pub fn kill(&mut self, tab: usize) {
        if self.tabs[tab].is_gone() {
            return;
        }
        self.note_tab(tab, || "is gone".into());
        if self.tabs[tab].runs() {
            self.tabs[tab].stopped_at = Some(self.time);
        }
        self.tabs[tab].life = Life::Gone;
        self.tabs[tab].timer = None;
        self.tabs[tab].inbox.clear();
        self.tabs[tab].waiting.clear();
        self.watch.disturbed(tab);
        let told = self.locks.gone(tab);
        self.tell_locks(told);
    }

    pub fn freeze(&mut self, tab: usize, lasts: u64) {
        if !self.tabs[tab].runs() {
            return;
        }
        self.note_tab(tab, || format!("is frozen for {} s", lasts / 1000));
        let its = &mut self.tabs[tab];
        its.life = Life::Frozen;
        its.frozen_since = self.time;
        its.stopped_at = Some(self.time);
        its.freezes += 1;
        let freezes = its.freezes;
        self.watch.disturbed(tab);
        self.later(self.time + lasts, Event::Thaw(tab, freezes));
    }

    pub fn thaw(&mut self, tab: usize) {
        if self.tabs[tab].life != Life::Frozen {
            return;
        }
        self.note_tab(tab, || "thaws".into());
        let its = &mut self.tabs[tab];
        its.frozen += self.time - its.frozen_since;
        its.life = Life::Running;
        // It goes on where it was stopped, then with what came meanwhile, then with the timer.
        let inbox = std::mem::take(&mut its.inbox);
        its.is_late = true;
        self.drain(tab);
        self.tabs[tab].is_late = false;
        for arrival in inbox {
            self.arrive(tab, arrival);
        }
        let was_set = self.watch.clock_set_at.is_some_and(|at| at >= self.tabs[tab].frozen_since);
        if self.tabs[tab].runs() && self.tabs[tab].timer.is_some_and(|timer| was_set || timer <= self.time) {
            self.timer(tab);
        }
        if self.tabs[tab].runs() && self.chance.one_in(2) {
            self.watch.excuse(self.time);
            self.arrive(tab, Arrival::Recovered);
        }
    }
}
