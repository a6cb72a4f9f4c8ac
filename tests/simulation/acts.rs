//! What a plan's acts do.

use crate::{
    plan::{Deed, Storage},
    plant::Plant,
    server::Revoked,
    tab::{Arrival, Ask, Trap},
    world::{Event, World},
};

impl World {
    pub fn act(&mut self, index: usize) {
        if self.calm {
            return;
        }
        let deed = self.plan.acts[index].deed;
        self.note(|| format!("{deed:?}"));
        match deed {
            Deed::Weather { weather, lasts, requests } => {
                self.weather.push((deed, weather, requests));
                self.ends(lasts, deed);
            }
            Deed::Offline { lasts } => {
                self.offline += 1;
                self.ends(lasts, deed);
            }
            Deed::WritesFail { lasts, remove } => {
                self.writes_fail += 1;
                self.removals_fail += u32::from(remove);
                self.ends(lasts, deed);
            }
            Deed::ReadsFail { lasts } => {
                self.reads_fail += 1;
                self.ends(lasts, deed);
            }
            Deed::LocksDenied { lasts } => {
                self.locks_denied += 1;
                self.ends(lasts, deed);
            }
            Deed::LocksSilent { lasts } => {
                self.locks_silent += 1;
                self.ends(lasts, deed);
            }
            Deed::MessagesLost { lasts } => {
                self.messages_lost += 1;
                self.ends(lasts, deed);
            }
            Deed::LockTaken { lasts } => {
                let told = self.locks.take();
                if !told.is_empty() {
                    self.counts.fault("lock stolen by somebody");
                }
                self.tell_locks(told);
                self.ends(lasts, deed);
            }
            Deed::Clock { by } => {
                self.counts.fault(if by > 0 { "clock set forward" } else { "clock set back" });
                self.clock_is_set();
                self.skew += by;
                self.watch.clock_set_at = Some(self.time);
                self.clock_was_set();
            }
            Deed::Open { visible } => {
                let place = self.tabs.iter().map(|tab| tab.place).max().unwrap_or(0) + 1;
                if self.plan.storage == Storage::Local {
                    self.counts.fault("opened");
                    self.open(place, 0, visible);
                }
            }
            Deed::Revoke => {
                self.counts.fault("ended by the server");
                self.server.revoke(Revoked::ByItself, self.time);
            }
            Deed::Kill { tab, .. }
            | Deed::Freeze { tab, .. }
            | Deed::Reload { tab, .. }
            | Deed::Duplicate { tab }
            | Deed::Show { tab, .. }
            | Deed::Ask { tab, .. }
            | Deed::AskResource { tab, .. }
            | Deed::Refresh { tab }
            | Deed::Logout { tab } => {
                if let Some(tab) = self.at_place(tab) {
                    self.act_on(tab, index, deed);
                }
            }
        }
    }

    fn ends(&mut self, lasts: u64, deed: Deed) {
        if lasts != u64::MAX {
            self.later(self.time + lasts, Event::Over(deed));
        }
    }

    fn act_on(&mut self, tab: usize, index: usize, deed: Deed) {
        match deed {
            Deed::Kill { steps: 0, .. } | Deed::Freeze { steps: 0, .. } | Deed::Reload { steps: 0, .. } => {
                self.spring(tab, deed);
            }
            Deed::Kill { steps, .. } | Deed::Freeze { steps, .. } | Deed::Reload { steps, .. } => {
                self.tabs[tab].traps.push(Trap { steps, deed });
            }
            Deed::Duplicate { .. } if self.plan.storage != Storage::Memory => {
                self.counts.fault("duplicated");
                let disk = self.disk_of_a_duplicate(tab);
                let place = self.tabs.iter().map(|tab| tab.place).max().unwrap_or(0) + 1;
                self.open(place, disk, true);
            }
            Deed::Show { visible, .. } => {
                self.counts.fault("hidden or shown");
                self.arrive(tab, Arrival::Visible(visible));
                if visible {
                    self.recovered(tab);
                }
            }
            Deed::Ask { times, .. } | Deed::AskResource { times, .. } => self.ask_again(index, times),
            Deed::Refresh { .. } => {
                self.counts.fault("refresh asked for");
                self.watch.excuse(self.time);
                self.watch.asked_at = Some(self.time);
                self.arrive(tab, Arrival::Ask(Ask::Refresh));
            }
            Deed::Logout { .. } => {
                self.counts.fault("logout");
                self.watch.logout_asked |= self.tabs[tab].seen.is_some();
                self.arrive(tab, Arrival::Ask(Ask::Logout));
            }
            _ => {}
        }
    }

    pub fn recovered(&mut self, tab: usize) {
        self.watch.excuse(self.time);
        if self.plant != Some(Plant::RecoveredNever) {
            self.arrive(tab, Arrival::Recovered);
        }
    }

    pub fn ask_again(&mut self, act: usize, left: u32) {
        let (tab, every, ask) = match self.plan.acts[act].deed {
            Deed::Ask { tab, validity, every, .. } => (tab, every, Ask::Token(validity)),
            Deed::AskResource { tab, resource, validity, every, .. } => (tab, every, Ask::Resource(resource, validity)),
            _ => return,
        };
        if self.calm || left == 0 {
            return;
        }
        if let Some(tab) = self.at_place(tab) {
            if matches!(ask, Ask::Resource(..)) {
                self.counts.fault("token of a resource asked for");
                self.watch.excuse(self.time);
            } else {
                self.counts.fault("token asked for");
            }
            self.watch.asked_at = Some(self.time);
            self.arrive(tab, Arrival::Ask(ask));
        }
        self.later(self.time + every, Event::Again { act, left: left - 1 });
    }

    pub fn over(&mut self, deed: Deed) {
        if self.calm {
            return;
        }
        self.note(|| format!("over: {deed:?}"));
        match deed {
            Deed::Weather { .. } => self.clear(deed),
            Deed::Offline { .. } => {
                self.offline -= 1;
                if self.offline == 0 {
                    self.everybody_recovered();
                }
            }
            Deed::WritesFail { remove, .. } => {
                self.writes_fail -= 1;
                self.removals_fail -= u32::from(remove);
            }
            Deed::ReadsFail { .. } => self.reads_fail -= 1,
            Deed::LocksDenied { .. } => self.locks_denied -= 1,
            Deed::LocksSilent { .. } => self.locks_silent -= 1,
            Deed::MessagesLost { .. } => self.messages_lost -= 1,
            Deed::LockTaken { .. } => {
                let told = self.locks.give_back();
                self.tell_locks(told);
            }
            _ => {}
        }
    }

    pub fn everybody_recovered(&mut self) {
        for tab in 0..self.tabs.len() {
            if !self.tabs[tab].is_gone() {
                self.recovered(tab);
            }
        }
    }

    // ── Traps ───────────────────────────────────────────────────────────────────────────────────────────────

    /// A tab has done something: an output was performed, or an answer handed in.
    pub fn step(&mut self, tab: usize) {
        if self.tabs[tab].traps.is_empty() || self.calm {
            return;
        }
        let traps = &mut self.tabs[tab].traps;
        for trap in traps.iter_mut() {
            trap.steps = trap.steps.saturating_sub(1);
        }
        if let Some(index) = traps.iter().position(|trap| trap.steps == 0) {
            let trap = traps.swap_remove(index);
            self.spring(tab, trap.deed);
        }
    }

    fn spring(&mut self, tab: usize, deed: Deed) {
        let in_refresh = self.watch.is_at_work(tab) || self.locks.holds(tab);
        match deed {
            Deed::Kill { .. } => {
                self.counts.fault(if in_refresh { "killed in a refresh" } else { "killed at rest" });
                self.kill(tab);
            }
            Deed::Freeze { lasts, .. } => {
                self.counts.fault(if in_refresh { "frozen in a refresh" } else { "frozen at rest" });
                self.freeze(tab, lasts);
            }
            Deed::Reload { .. } => {
                let (place, disk, visible) = (self.tabs[tab].place, self.tabs[tab].disk, self.tabs[tab].visible);
                self.counts.fault("reloaded");
                self.kill(tab);
                if self.plan.storage != Storage::Memory {
                    self.open(place, disk, visible);
                }
            }
            _ => {}
        }
    }

    /// Nothing goes wrong any more.
    pub fn calm_down(&mut self) {
        self.note(|| "calm".into());
        let was_offline = self.offline > 0;
        self.calm = true;
        self.weather.clear();
        (self.offline, self.writes_fail, self.removals_fail, self.reads_fail) = (0, 0, 0, 0);
        (self.locks_denied, self.locks_silent, self.messages_lost) = (0, 0, 0);
        let told = self.locks.give_back();
        self.tell_locks(told);
        for tab in 0..self.tabs.len() {
            self.tabs[tab].traps.clear();
            self.thaw(tab);
        }
        if was_offline {
            self.everybody_recovered();
        }
    }
}
