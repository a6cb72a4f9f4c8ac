//! What drives the machines of a scenario: time, the network, and the order in which a host does things.

use super::{Arrival, Call, Delivery, Locks, Pace, SECOND, Scenario, Tab, Verified};
use crate::bound::Proof;
use crate::server::{CLIENT, ISSUER, KEYS, Reply};
use pixie_auth::{
    Answer, Area, Error, Lock, Machine, Output, Request, Response, Secret, Unanswered, UnixMillis,
    core::machines::io::{Caller, Op, Verdict},
};
use serde_json::Value;

impl Scenario {
    // ── Time ────────────────────────────────────────────────────────────────────────────────────────────────

    /// The device's clock.
    pub const fn now(&self) -> UnixMillis {
        UnixMillis(self.time.saturating_add_signed(self.skew))
    }

    /// Somebody sets the device's clock.
    pub fn set_clock(&mut self, by: i64) {
        self.skew += by;
        self.run();
    }

    /// Lets the time pass, from one deadline or answer to the next.
    pub fn advance(&mut self, millis: u64) {
        let target = self.time + millis;
        self.run();
        while let Some(next) = self.next_event().filter(|next| *next <= target) {
            self.time = self.time.max(next);
            self.run();
        }
        self.time = target;
        self.run();
    }

    /// The same where no timer goes off: answers come, alarms do not.
    pub fn advance_without_timers(&mut self, millis: u64) {
        let target = self.time + millis;
        self.timers = false;
        while let Some(due) = self.deliveries.iter().map(|delivery| delivery.due).min().filter(|due| *due <= target) {
            self.time = self.time.max(due);
            self.run();
        }
        self.time = target;
        self.timers = true;
    }

    /// The pages hang but for this one, whose host is quick: it refreshes, and takes the lock from whoever has it.
    pub fn take_over(&mut self, tab: Tab) -> Call {
        self.advance_without_timers(20 * SECOND);
        self.cryptography = Pace::After(0);
        let call = self.refresh(tab);
        for _ in 0..20 {
            self.advance_without_timers(SECOND);
            self.wake(tab);
        }
        call
    }

    /// A timer that goes off late.
    pub fn wake(&mut self, tab: Tab) {
        let now = self.now();
        self.machine(tab).wake(now);
        self.timers = false;
        self.run();
        self.timers = true;
    }

    fn next_event(&self) -> Option<u64> {
        let deadlines = self.tabs.iter().filter_map(|tab| tab.machine.as_ref()?.deadline());
        let deadlines = deadlines.map(|deadline| deadline.0.saturating_add_signed(-self.skew));
        self.deliveries.iter().map(|delivery| delivery.due).chain(deadlines).min()
    }

    /// Whether nothing is on its way to a tab.
    pub fn is_quiet(&self) -> bool {
        self.deliveries.is_empty() && self.held.is_empty()
    }

    /// How many answers are held back.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Lets one held answer go.
    pub fn let_go(&mut self, index: usize) {
        let delivery = self.held.remove(index);
        self.deliver(delivery);
        self.run();
    }

    /// Lets all held answers go and whatever they lead to, the newest first.
    pub fn let_go_backwards(&mut self) {
        while !self.held.is_empty() {
            self.let_go(self.held.len() - 1);
        }
    }

    /// Lets all held answers go and whatever they lead to, the oldest first.
    pub fn let_go_forwards(&mut self) {
        while !self.held.is_empty() {
            self.let_go(0);
        }
    }

    // ── The host ────────────────────────────────────────────────────────────────────────────────────────────

    /// Performs until there is nothing left to do at this instant.
    pub(super) fn run(&mut self) {
        let mut wakes = 0;
        loop {
            if let Some((tab, output)) = self.next_output() {
                self.perform(tab, output);
            } else if let Some(index) = self.deliveries.iter().position(|delivery| delivery.due <= self.time) {
                let delivery = self.deliveries.remove(index);
                self.deliver(delivery);
            } else if self.wake_one() {
                wakes += 1;
                assert!(wakes < 100, "a deadline that has passed makes a busy loop");
            } else {
                return;
            }
        }
    }

    fn next_output(&mut self) -> Option<(usize, Output<Value>)> {
        self.tabs.iter_mut().enumerate().find_map(|(tab, client)| Some((tab, client.machine.as_mut()?.poll()?)))
    }

    fn wake_one(&mut self) -> bool {
        if !self.timers {
            return false;
        }
        let now = self.now();
        let due = |machine: &&mut Machine<Value>| machine.deadline().is_some_and(|deadline| deadline <= now);
        let machine = self.tabs.iter_mut().filter_map(|client| client.machine.as_mut()).find(due);
        machine.map(|machine| machine.wake(now)).is_some()
    }

    fn perform(&mut self, tab: usize, output: Output<Value>) {
        if let Some(prints) = &mut self.prints {
            prints.push_str(&format!("{output:?}\n{:?}\n", self.tabs[tab].machine));
        }
        let line = journal_line(&output);
        self.tabs[tab].journal.push(line);
        let disk = &mut self.disks[self.tabs[tab].disk];
        match output {
            Output::Load { op, area, key } => {
                let is_late = area == Area::Session && self.sees_nothing_stored == Some(Tab(tab));
                let arrival = Arrival::Loaded(if is_late { Ok(None) } else { disk.get(area, &key) });
                self.answer_later(tab, op, self.storage, arrival);
            }
            Output::Store { op, area, key, value } => {
                let arrival = Arrival::Stored(disk.set(area, &key, &value));
                self.answer_later(tab, op, self.storage, arrival);
            }
            Output::Remove { op, area, key } => {
                let arrival = Arrival::Stored(disk.remove(area, &key));
                self.answer_later(tab, op, self.storage, arrival);
            }
            Output::Send { op, request } => self.send(tab, op, &request),
            Output::Verify { op } => {
                let verdict = self.verdict(tab, op);
                self.answer_later(tab, op, self.cryptography, Arrival::Verified(verdict));
            }
            Output::Key { op, name, must_last } => {
                let opened = self.keychain.open(&name, must_last, &mut self.tabs[tab].key);
                self.answer_later(tab, op, Pace::After(0), Arrival::Keyed(opened));
            }
            Output::Sign { op, input } => {
                let signed = self.keychain.sign(self.tabs[tab].key.as_deref(), &input);
                self.answer_later(tab, op, self.cryptography, Arrival::Signed(signed));
            }
            Output::Lock { op, name, steal } => self.lock(tab, op, name, steal),
            Output::Unlock { op } => {
                for name in self.queues.keys().cloned().collect::<Vec<_>>() {
                    self.give_back(&name, |waiting| waiting == (tab, op));
                }
            }
            Output::Listen(name) => self.tabs[tab].hears = Some(name),
            Output::Tell(message) => self.tell(tab, message.expose()),
            Output::Settle { caller, result } => self.settle(caller, result),
            Output::Notify(event) => self.tabs[tab].told.push(event.into()),
            Output::Navigate(_) => {}
        }
    }

    fn lock(&mut self, tab: usize, op: Op, name: String, steal: bool) {
        let answer = match self.locks {
            Locks::Absent => Some(Lock::Unavailable),
            Locks::Dead => None,
            Locks::Silent => steal.then_some(Lock::Granted),
            Locks::Granted => {
                let holder = self.queues.entry(name.clone()).or_default().first().copied();
                if steal && let Some((robbed, lost)) = holder {
                    self.answer_later(robbed, lost, Pace::After(0), Arrival::Locked(Lock::Lost));
                }
                let queue = self.queues.entry(name).or_default();
                if steal && !queue.is_empty() {
                    queue.remove(0);
                }
                let place = if steal { 0 } else { queue.len() };
                queue.insert(place, (tab, op));
                (place == 0).then_some(Lock::Granted)
            }
        };
        if let Some(answer) = answer {
            self.answer_later(tab, op, Pace::After(0), Arrival::Locked(answer));
        }
    }

    /// Gives a lock back, or a place in the queue for it; the next one gets it.
    pub(super) fn give_back(&mut self, name: &str, is: impl Fn((usize, Op)) -> bool) {
        let queue = self.queues.get_mut(name).unwrap();
        let before = queue.first().copied();
        queue.retain(|waiting| !is(*waiting));
        if let Some((next, op)) = queue.first().copied().filter(|next| before != Some(*next)) {
            self.answer_later(next, op, Pace::After(0), Arrival::Locked(Lock::Granted));
        }
    }

    fn tell(&mut self, tab: usize, message: &str) {
        let name = self.tabs[tab].hears.clone();
        for other in 0..self.tabs.len() {
            if self.channel && other != tab && self.tabs[other].hears == name {
                self.answer_later(other, 0, Pace::After(0), Arrival::Heard(message.into()));
            }
        }
    }

    fn send(&mut self, tab: usize, op: Op, request: &Request) {
        if request.url.starts_with("/?") && request.form.is_none() {
            // The page's own server.
            let date = self.page_has_a_server.then(|| http_date(self.time));
            let response = Response { status: 200, date, ..Response::default() };
            return self.answer_later(tab, op, Pace::After(0), Arrival::Responded(self.now(), Ok(response)));
        }
        assert!(request.url.starts_with("https://"), "sent in the clear: {}", request.url);
        let body = request.form.as_ref().map(Secret::expose);
        // The keys come at once: when they do is not what most tests are about.
        let is_for_keys = request.url == KEYS;
        let pace = if is_for_keys { Pace::After(0) } else { self.network };
        let reply = match is_for_keys {
            true => self.server.reply_with_keys(request.is_fresh),
            false => match self.binding.as_mut().and_then(|binding| binding.refusal(request, self.time)) {
                Some(refusal) => refusal,
                None => {
                    let authorization = request.authorization.as_ref().map(Secret::expose);
                    let reply = self.server.reply(&request.url, body, authorization, self.time);
                    if let Some(seen) = self.server.seen.last_mut() {
                        seen.proof = request.proof.as_ref().map(|proof| Proof::read(proof.expose()));
                    }
                    reply
                }
            },
        };
        let reply = match &mut self.binding {
            Some(binding) => binding.bound(request, reply),
            None => reply,
        };
        let dpop_nonce = self.binding.as_ref().and_then(|binding| binding.nonce_at(&request.url).cloned());
        let (pace, result) = match reply {
            Reply::Answer { status, body, retry_after } => {
                let response = Response { status, body: Secret::new(body), retry_after, date: self.date(), dpop_nonce };
                (pace, Ok(response))
            }
            Reply::NoConnection | Reply::AnswerLost => (pace, Err(Unanswered::Network)),
            Reply::Silence => (Pace::After(15 * SECOND), Err(Unanswered::Timeout)),
        };
        // Even a host that answers at once does so after the loop has come to rest.
        let pace = if pace == Pace::AtOnce { Pace::After(0) } else { pace };
        self.answer_later(tab, op, pace, Arrival::Responded(self.now(), result));
    }

    /// What the test says of the next signature; otherwise it is good.
    fn verdict(&mut self, tab: usize, op: Op) -> Verdict {
        let signature = self.tabs[tab].machine.as_ref().unwrap().signature(op).unwrap();
        self.verified.push(Verified {
            algorithm: signature.algorithm,
            key: signature.key.clone(),
            token: signature.token.into(),
            access_token: signature.access_token.map(Into::into),
            code: signature.code.map(Into::into),
        });
        self.verdicts.pop_front().unwrap_or(Verdict::Good { at_hash: None, c_hash: None })
    }

    fn date(&self) -> Option<String> {
        self.server.shows_date.then(|| http_date(self.time))
    }

    fn settle(&mut self, caller: Caller, result: Result<Answer<Value>, Error>) {
        assert!(self.open_calls.remove(&caller), "a caller that waits for nothing is answered: {result:?}");
        self.answers.insert(caller, result.map(Into::into));
    }

    fn answer_later(&mut self, tab: usize, op: Op, pace: Pace, arrival: Arrival) {
        let after = if let Pace::After(millis) = pace { millis } else { 0 };
        let delivery = Delivery { tab, op, due: self.time + after, arrival };
        match pace {
            Pace::AtOnce => self.deliver(delivery),
            Pace::After(_) => self.deliveries.push(delivery),
            Pace::Held => self.held.push(delivery),
        }
    }

    fn deliver(&mut self, Delivery { tab, op, arrival, .. }: Delivery) {
        let now = self.now();
        let Some(machine) = &mut self.tabs[tab].machine else {
            return;
        };
        match arrival {
            Arrival::Locked(lock) => machine.locked(op, lock, now),
            Arrival::Heard(message) => machine.heard(&message, now),
            Arrival::Verified(verdict) => machine.verified(op, verdict, now),
            Arrival::Keyed(result) => machine.keyed(op, result, now),
            Arrival::Signed(result) => machine.signed(op, result, now),
            Arrival::Loaded(result) => machine.loaded(op, result, now),
            Arrival::Stored(result) => machine.stored(op, result, now),
            Arrival::Responded(sent_at, result) => machine.responded(op, sent_at, result, now),
        }
    }
}

/// An instant as servers write it.
pub fn http_date(millis: u64) -> String {
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + std::time::Duration::from_millis(millis))
}

fn journal_line(output: &Output<Value>) -> String {
    let name = |key: &str| String::from(key.strip_prefix(&format!("pixie-auth {CLIENT} {ISSUER} ")).unwrap_or(key));
    match output {
        Output::Load { area, key, .. } => format!("load {} {}", word(*area), name(key)),
        Output::Store { area, key, .. } => format!("store {} {}", word(*area), name(key)),
        Output::Remove { area, key, .. } => format!("remove {} {}", word(*area), name(key)),
        Output::Send { request, .. } => format!("send {}", request.url),
        Output::Verify { .. } => "verify".into(),
        Output::Key { .. } => "key".into(),
        Output::Sign { .. } => "sign".into(),
        Output::Lock { steal, .. } => (if *steal { "steal" } else { "lock" }).into(),
        Output::Unlock { .. } => "unlock".into(),
        Output::Listen(_) => "listen".into(),
        Output::Tell(_) => "tell".into(),
        Output::Settle { result: Ok(_), .. } => "settle".into(),
        Output::Settle { result: Err(error), .. } => format!("settle {}", error.code().as_str()),
        Output::Notify(_) => "notify".into(),
        Output::Navigate(url) => format!("navigate {}", url.expose()),
    }
}

const fn word(area: Area) -> &'static str {
    match area {
        Area::Session => "session:",
        Area::Login => "login:",
    }
}
