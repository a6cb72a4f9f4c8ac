//! The host of each tab: what arrives is handed in, what comes out is performed, one by one.

use crate::{
    plant::Plant,
    server::Pair,
    tab::{Arrival, Ask, Life, RESOURCES, SESSION_KEY, View, Waiting, number, pair_of},
    watch::Invariant,
    world::{Access, Event, START, World},
};
use pixie_auth::{
    Answer, Error, Event as Notice, Lock, Output, Unanswered, UnixMillis,
    core::machines::io::{Caller, Op},
};
use serde_json::Value;
use std::rc::Rc;

/// A timer asks the clock again after so long at the latest, as the page's does.
pub const TICK: u64 = 60_000;

impl World {
    // ── In ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// Something comes to a tab, and all that comes of it is done.
    pub fn arrive(&mut self, tab: usize, arrival: Arrival) {
        match self.tabs[tab].life {
            Life::Gone => return,
            Life::Frozen => return self.tabs[tab].inbox.push(arrival),
            Life::Running => {}
        }
        // A host says nothing of a lock that was given back.
        if let Arrival::Locked(op, Lock::Granted | Lock::Unavailable) = &arrival
            && !self.tabs[tab].wanted.contains(op)
        {
            return;
        }
        self.call(tab, arrival);
        self.drain(tab);
    }

    fn call(&mut self, tab: usize, arrival: Arrival) {
        self.count_call(tab, matches!(arrival, Arrival::Heard(_) | Arrival::Ask(_)));
        self.tabs[tab].is_late = false;
        if self.line.is_some() {
            self.note_arrival(tab, &arrival);
        }
        let now = self.now();
        let machine = &mut self.tabs[tab].machine;
        match arrival {
            Arrival::Loaded(op, result) => machine.loaded(op, result, now),
            Arrival::Stored(op, result) => machine.stored(op, result, now),
            Arrival::Responded(attempt, op, sent_at, mut result) => {
                // Of a page that slept, the time limit may be first, or the answer.
                let waited = self.time - self.flights[attempt].sent_at;
                if waited > crate::network::LIMIT && result.is_ok() && self.chance.one_in(2) {
                    result = Err(Unanswered::Timeout);
                }
                self.answered(attempt, &result);
                self.tabs[tab].machine.responded(op, UnixMillis(sent_at), result, now);
            }
            Arrival::Locked(op, lock) => {
                machine.locked(op, lock, now);
                self.tabs[tab].losses -= u32::from(lock == Lock::Lost);
            }
            Arrival::Heard(text) => machine.heard(&text, now),
            Arrival::Recovered => machine.recovered(now),
            Arrival::Visible(visible) => {
                self.tabs[tab].visible = visible;
                self.tabs[tab].machine.visible(visible, now);
            }
            Arrival::Ask(ask) => self.ask(tab, ask),
        }
        self.step(tab);
    }

    fn ask(&mut self, tab: usize, ask: Ask) {
        self.callers += 1;
        let (caller, now, time) = (self.callers, self.now(), self.time);
        let given = (ask == Ask::Open).then(|| self.metadata.clone());
        let its = &mut self.tabs[tab];
        its.waiting.push(Waiting { caller, ask, since: time, frozen: its.frozen_by(time) });
        let Some(machine) = its.machine.command(caller, now) else { return };
        match ask {
            Ask::Open => machine.open(caller, given),
            Ask::Session => machine.session(caller),
            Ask::Token(validity) => machine.access_token(caller, validity),
            Ask::Resource(resource, validity) => {
                machine.resource_token(caller, Some(RESOURCES[resource].0.into()), None, validity);
            }
            Ask::Refresh => machine.refresh(caller),
            Ask::Logout => machine.logout(caller, true, false, None, &[7; 107]),
        }
    }

    pub fn timer(&mut self, tab: usize) {
        if !self.tabs[tab].runs() {
            return;
        }
        self.tabs[tab].timer = None;
        let still = self.plant == Some(Plant::TimeStandsStill);
        let now = if still { UnixMillis(self.now().0 - 1) } else { self.now() };
        self.count_call(tab, false);
        self.note_tab(tab, || "timer".into());
        self.tabs[tab].machine.wake(now);
        self.step(tab);
        self.drain(tab);
    }

    /// Performs until there is nothing left to do at this instant, or nobody to do it.
    pub fn drain(&mut self, tab: usize) {
        while self.tabs[tab].runs() && self.violation.is_none() {
            if let Some(arrival) = self.tabs[tab].at_once.pop_front() {
                self.call(tab, arrival);
            } else if let Some(output) = self.tabs[tab].machine.poll() {
                self.perform(tab, output);
                self.step(tab);
            } else {
                return self.set_timer(tab);
            }
        }
    }

    fn set_timer(&mut self, tab: usize) {
        let deadline = self.tabs[tab].machine.deadline();
        let at = deadline.map(|deadline| self.time_of(deadline.0));
        if self.tabs[tab].timer == at || self.plant == Some(Plant::DeadlinesIgnored) {
            return;
        }
        self.tabs[tab].timer = at;
        self.tabs[tab].timer_set = self.time;
        if let Some(at) = at {
            self.later(at, Event::Timer(tab));
        }
    }

    /// When the device's clock will show this, if nobody sets it.
    fn time_of(&self, clock: u64) -> u64 {
        clock.saturating_add_signed(-self.skew).saturating_sub(START).max(self.time)
    }

    /// The clock is about to be set: what timers have asked since they were set is made up for.
    pub fn clock_is_set(&mut self) {
        for tab in 0..self.tabs.len() {
            if self.tabs[tab].timer.is_some() && self.tabs[tab].timer_set + TICK <= self.time {
                self.timer(tab);
            }
        }
    }

    /// The clock was set: each timer goes off when it would have. (Where no clock is set, a timer that only asks again
    /// changes nothing, and is left out.)
    pub fn clock_was_set(&mut self) {
        for tab in 0..self.tabs.len() {
            let Some(at) = self.tabs[tab].timer else { continue };
            let tick = self.time + TICK - (self.time - self.tabs[tab].timer_set) % TICK;
            let at = at.max(self.time).min(tick);
            self.tabs[tab].timer = Some(at);
            self.later(at, Event::Timer(tab));
        }
    }

    // ── Out ─────────────────────────────────────────────────────────────────────────────────────────────────

    fn perform(&mut self, tab: usize, output: Output<Value>) {
        if self.line.is_some() {
            self.note_output(tab, &output);
        }
        match output {
            Output::Load { op, key, .. } => self.storage(tab, op, key, Access::Read),
            Output::Store { op, key, value, .. } => {
                self.storage(tab, op, key, Access::Write(value.expose().into(), self.tabs[tab].is_late))
            }
            Output::Remove { op, key, .. } => {
                if self.tabs[tab].is_late {
                    self.watch.late_at = Some(self.time);
                }
                self.storage(tab, op, key, Access::Remove);
            }
            Output::Send { op, request } => self.send(tab, op, &request),
            Output::Lock { op, name, steal } => {
                self.tabs[tab].wanted.push(op);
                self.lock(tab, op, &name, steal);
            }
            Output::Unlock { op } => {
                self.tabs[tab].wanted.retain(|wanted| *wanted != op);
                let told = self.locks.release(tab, op);
                self.tell_locks(told);
            }
            Output::Listen(name) => self.tabs[tab].listens = Some(name),
            Output::Tell(text) => self.tell(tab, text.expose()),
            Output::Settle { caller, result } => {
                self.settle(tab, caller, result);
                if self.plant == Some(Plant::AnsweredTwice) {
                    self.settle(tab, caller, Ok(Answer::Done));
                }
            }
            Output::Notify(Notice::SignedIn(session) | Notice::Refreshed(session)) => {
                self.given(tab, View::of(&session.tokens));
            }
            Output::Notify(Notice::SignedOut { reason, .. }) => self.signed_out(tab, reason),
            Output::Notify(Notice::RefreshDelayed { .. }) | Output::Navigate(_) => {}
            // This server gives no ID tokens, and binds none to a key.
            Output::Verify { .. } | Output::Key { .. } | Output::Sign { .. } => {}
        }
    }

    fn settle(&mut self, tab: usize, caller: Caller, result: Result<Answer<Value>, Error>) {
        let Some(index) = self.tabs[tab].waiting.iter().position(|waiting| waiting.caller == caller) else {
            return self.violated(Invariant::CallersAnsweredOnce, || format!("caller {caller} is answered again"));
        };
        let waiting = self.tabs[tab].waiting.swap_remove(index);
        self.answered_caller(tab, &waiting);
        match (waiting.ask, result) {
            // `create` fails: there is no client.
            (Ask::Open, Err(_)) => self.kill(tab),
            (Ask::Open, Ok(_)) => self.tabs[tab].at_once.push_back(Arrival::Ask(Ask::Session)),
            (Ask::Session, Ok(Answer::Session(session))) => {
                self.tabs[tab].seen = session.map(|session| View::of(&session.tokens));
                self.tabs[tab].was_signed_in |= self.tabs[tab].seen.is_some();
            }
            (ask, Ok(Answer::AccessToken(token))) => {
                self.right_token(tab, ask, token.expose());
                self.given_token(tab, number(token.expose()));
            }
            (Ask::Refresh, Ok(Answer::Session(Some(session)))) => self.given(tab, View::of(&session.tokens)),
            _ => {}
        }
    }

    fn storage(&mut self, tab: usize, op: Op, key: String, what: Access) {
        if self.plan.storage_delay == 0 {
            return self.storage_works(tab, op, &key, what);
        }
        self.counts.fault("slow storage");
        let done = self.time.max(self.tabs[tab].storage_busy_until) + self.chance.below(self.plan.storage_delay);
        self.tabs[tab].storage_busy_until = done;
        self.later(done, Event::Storage { tab, op, key, what });
    }

    pub fn storage_works(&mut self, tab: usize, op: Op, key: &str, what: Access) {
        let failing = self.failing();
        let disk = self.tabs[tab].disk;
        let arrival = match what {
            Access::Read => {
                let mut result = self.disks[disk].get(key, failing);
                if failing.reads {
                    self.counts.fault("read failed");
                    self.tabs[tab].read_failed = Some(self.time);
                }
                if let Some(plant) = self.plant {
                    result = plant.read(self, tab, key, result);
                }
                Arrival::Loaded(op, result)
            }
            Access::Write(value, is_late) => {
                if failing.writes {
                    self.counts.fault("write failed");
                    self.watch.write_failed_at = Some(self.time);
                }
                if is_late && !failing.writes {
                    self.watch.late_at = Some(self.time);
                }
                if key == SESSION_KEY && !failing.writes {
                    self.session_overwritten(tab, &value, is_late);
                }
                let is_applied = self.plant.is_none_or(|plant| plant.lets_write(self, tab, key, &value));
                let result = if is_applied || failing.writes {
                    self.disks[disk].set(key, Some(&value), failing)
                } else {
                    Ok(())
                };
                if key == SESSION_KEY {
                    self.session_written(tab, &value, result.is_ok());
                }
                Arrival::Stored(op, result)
            }
            Access::Remove => {
                let result = self.disks[disk].set(key, None, failing);
                if key == SESSION_KEY && result.is_ok() {
                    self.watch.removed(tab);
                    self.logs_out(tab);
                }
                if failing.removals {
                    self.counts.fault("removal failed");
                    if key == SESSION_KEY {
                        self.watch.removal_failed_at = Some(self.time);
                        self.watch.unstored(self.time);
                    }
                }
                Arrival::Stored(op, result)
            }
        };
        if self.plan.storage_delay == 0 {
            self.tabs[tab].at_once.push_back(arrival);
        } else {
            let answered = self.time + self.chance.below(3);
            self.tabs[tab].storage_busy_until = self.tabs[tab].storage_busy_until.max(answered);
            self.later(answered, Event::Arrive(tab, arrival));
        }
    }

    // ── Between tabs ────────────────────────────────────────────────────────────────────────────────────────

    fn lock(&mut self, tab: usize, op: Op, name: &str, steal: bool) {
        if let Some(plant) = self.plant {
            plant.lock_asked(self, tab);
        }
        if !self.plan.locks || self.locks_denied > 0 {
            self.counts.fault(if self.plan.locks { "lock denied" } else { "lock absent" });
            self.watch.without_lock(self.time);
            return self.tell_locks(vec![(tab, op, Lock::Unavailable)]);
        }
        if self.locks_silent > 0 {
            self.counts.fault("lock never answered");
            self.watch.without_lock(self.time);
            return;
        }
        if steal {
            self.counts.fault("lock stolen by a tab");
        }
        let told = self.locks.request(tab, op, name, steal);
        self.tell_locks(told);
    }

    pub fn tell_locks(&mut self, told: Vec<(usize, Op, Lock)>) {
        for (tab, op, lock) in told {
            if lock == Lock::Lost {
                self.watch.disturbed(tab);
                self.tabs[tab].losses += 1;
            }
            let at = self.time + self.chance.below(3);
            self.later(at, Event::Arrive(tab, Arrival::Locked(op, lock)));
        }
    }

    fn tell(&mut self, tab: usize, text: &str) {
        let name = self.tabs[tab].listens.clone();
        if name.is_none() || self.tabs.len() == 1 {
            return;
        }
        if !self.plan.messages || self.messages_lost > 0 {
            self.counts.fault(if self.plan.messages { "message lost" } else { "messages absent" });
            return self.watch.message_lost(self.time);
        }
        if self.plant == Some(Plant::MessagesUnheard) {
            return;
        }
        let text: Rc<str> = text.into();
        let at = self.tabs[tab].messages_busy_until.max(self.time + self.chance.below(20));
        self.tabs[tab].messages_busy_until = at;
        for other in 0..self.tabs.len() {
            if other != tab && !self.tabs[other].is_gone() && self.tabs[other].listens == name {
                self.later(at, Event::Arrive(other, Arrival::Heard(text.clone())));
            }
        }
    }

    // ── What a store holds ──────────────────────────────────────────────────────────────────────────────────

    pub fn stored_pair(&self, disk: usize) -> Option<Pair> {
        pair_of(self.disks[disk].values.get(SESSION_KEY)?)
    }
}
