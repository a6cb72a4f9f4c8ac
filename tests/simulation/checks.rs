//! The invariants that are checked at each step.

use crate::{
    exemptions,
    plan::{HOUR, MINUTE, SECOND},
    server::Pair,
    tab::{Ask, RESOURCES, View, Waiting, number, pair_of},
    watch::{Attempt, Hold, Invariant, State, Violation},
    world::{Event, World},
};
use pixie_auth::{Response, Unanswered, core::machines::io::SignOutReason};

/// The most requests of one device in a minute, besides one for each event after which it may try at once.
pub const MOST_REQUESTS: u64 = 15;
pub const MOST_REQUESTS_UNASKED: u64 = 12;
/// The most calls of one machine in a second, besides one for each message that it hears and each caller.
pub const MOST_CALLS: u32 = 60;
/// The longest that a caller waits, not counting the time for which its page was frozen.
pub const LONGEST_WAIT: u64 = 60 * SECOND;
/// How soon a session that ended has to have ended everywhere, where the tabs hear each other.
pub const ENDS_WITHIN: u64 = 10 * SECOND;

impl World {
    pub fn violated(&mut self, invariant: Invariant, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            let what = what();
            self.note(|| format!("VIOLATED {invariant:?}: {what}"));
            self.violation = Some(Violation { invariant, at: self.time, what });
        }
    }

    /// The same, unless it cannot hold here.
    pub fn violated_unless(
        &mut self,
        exempt: Option<&'static str>,
        invariant: Invariant,
        what: impl FnOnce() -> String,
    ) {
        match exempt {
            Some(reason) => self.counts.exempt(reason),
            None => self.violated(invariant, what),
        }
    }

    // ── A request ───────────────────────────────────────────────────────────────────────────────────────────

    pub fn sent(&mut self, index: usize) {
        let flight = self.flights[index];
        let attempt = Attempt {
            tab: flight.tab,
            token: flight.token,
            sent_at: self.time,
            state: State::Flying,
            since: self.time,
            disturbed: self.tabs[flight.tab].losses > 0,
            limited: None,
        };
        self.one_at_a_time(&attempt);
        self.in_doubt(&attempt);
        self.retry_after_kept(&attempt);
        self.few_requests();
        self.watch.attempts.push(attempt);
    }

    fn one_at_a_time(&mut self, attempt: &Attempt) {
        let others = self.watch.attempts.iter().rev().take(20);
        let mut flying = others.filter(|other| other.state == State::Flying && !other.disturbed);
        if let Some(other) = flying.find(|other| self.tabs[other.tab].runs()).copied() {
            let exempt = exemptions::two_at_a_time(self, attempt, &other);
            self.violated_unless(exempt, Invariant::OneRefreshAtATime, || {
                format!(
                    "#{} sends r{} while #{}'s of r{} is in flight",
                    attempt.tab, attempt.token, other.tab, other.token
                )
            });
        }
    }

    fn in_doubt(&mut self, attempt: &Attempt) {
        // Without rotation a token is good for ever, and only a refusal makes it certain that it is not.
        let rotates = self.plan.rotates;
        let earlier = self.watch.attempts.iter().filter(|earlier| earlier.token == attempt.token);
        let mut certain = earlier.filter(|earlier| {
            !earlier.is_in_doubt() && (rotates || matches!(earlier.state, State::Refused | State::Ended))
        });
        if let Some(earlier) = certain.next_back().copied() {
            let exempt = exemptions::presented_again(self, attempt, &earlier);
            self.violated_unless(exempt, Invariant::PresentedAgainOnlyInDoubt, || {
                format!(
                    "#{} presents r{}, which #{} presented at {:.3} s: {:?} since {:.3} s",
                    attempt.tab,
                    attempt.token,
                    earlier.tab,
                    earlier.sent_at as f64 / 1000.0,
                    earlier.state,
                    earlier.since as f64 / 1000.0
                )
            });
        }
    }

    fn retry_after_kept(&mut self, attempt: &Attempt) {
        let Some(hold) = self.watch.hold.filter(|hold| self.time < hold.until) else { return };
        let exempt = exemptions::retry_after(self, attempt, &hold);
        self.violated_unless(exempt, Invariant::RetryAfterKept, || {
            format!("#{} sends {} ms too early", attempt.tab, hold.until - attempt.sent_at)
        });
    }

    /// Counts what is sent in an outage. What succeeds is as often as programs ask for it.
    fn few_requests(&mut self) {
        if self.offline == 0 && self.weather.is_empty() {
            return;
        }
        let now = self.time;
        let watch = &mut self.watch;
        watch.sends.push_back(now);
        for times in [&mut watch.sends, &mut watch.excuses] {
            while times.front().is_some_and(|at| at + MINUTE <= now) {
                times.pop_front();
            }
        }
        let is_asked = watch.asked_at.is_some_and(|at| at + MINUTE > now);
        let (sends, excuses) = (watch.sends.len() as u64, watch.excuses.len() as u64);
        let beyond = sends.saturating_sub(excuses);
        let (name, most) = if is_asked {
            ("requests in a minute, asked", MOST_REQUESTS)
        } else {
            ("requests in a minute, unasked", MOST_REQUESTS_UNASKED)
        };
        self.counts.extreme(name, beyond, self.plan.seed);
        if beyond > most {
            let exempt = exemptions::many_requests(self);
            self.violated_unless(exempt, Invariant::FewRequests, || {
                format!("{sends} requests in a minute, {excuses} of them excused")
            });
        }
    }

    /// An answer, or that there is none, is handed to a tab that runs.
    pub fn answered(&mut self, index: usize, result: &Result<Response, Unanswered>) {
        let (now, token) = (self.time, self.flights[index].token);
        let state = match result {
            Ok(response) if response.status == 200 => {
                let body = response.body.expose();
                let pair = body.split_once("\"access_token\":\"").and_then(|(_, rest)| rest.split_once('"'));
                pair.map_or(State::Failed, |(token, _)| State::Granted(number(token)))
            }
            Ok(response) if response.status == 400 => {
                if self.server.revoked.is_some() {
                    self.watch.refused_at.get_or_insert(now);
                    self.watch.refused_tab = self.flights[index].tab;
                    self.watch.refused_token = token;
                    self.later(now + ENDS_WITHIN, Event::Ended(now));
                }
                State::Refused
            }
            _ => State::Failed,
        };
        let attempt = &mut self.watch.attempts[index];
        (attempt.state, attempt.since) = (state, now);
        if let (Some(limited), Ok(_)) = (attempt.limited, result) {
            let exempt = limited.by_unseen_clock && self.skew != 0;
            if exempt {
                self.watch.misunderstood_until = now + HOUR;
            }
            let until = if exempt { now } else { now + limited.pause };
            if self.watch.hold.is_none_or(|before| before.until < until) {
                self.watch.hold = Some(Hold { tab: self.flights[index].tab, since: now, until });
            }
        }
        let words = format_state(state);
        self.digest(words << 32 | u64::from(token));
    }

    // ── Tokens ──────────────────────────────────────────────────────────────────────────────────────────────

    /// A session is about to be written over what is there.
    pub fn session_overwritten(&mut self, tab: usize, value: &str, is_late: bool) {
        let disk = self.tabs[tab].disk;
        let (Some(old), Some(new)) = (self.stored_pair(disk), pair_of(value)) else { return };
        if new < old {
            let exempt = exemptions::older_over_newer(self, tab, is_late);
            self.violated_unless(exempt, Invariant::NewestPairStored, || {
                format!("#{tab} writes pair {new} over pair {old}")
            });
        }
    }

    pub fn session_written(&mut self, tab: usize, value: &str, is_written: bool) {
        let (now, pair) = (self.time, pair_of(value));
        let mut attempts = self.watch.attempts.iter_mut().rev();
        let attempt = attempts.find(|attempt| attempt.tab == tab && Some(attempt.state) == pair.map(State::Granted));
        if let Some(attempt) = attempt {
            attempt.state = if is_written { State::Stored } else { State::Unstored };
            attempt.since = now;
        }
        if is_written {
            self.watch.unstored_since = None;
        } else {
            self.watch.unstored(now);
        }
    }

    /// A program is told of a pair.
    pub fn given(&mut self, tab: usize, view: View) {
        self.tabs[tab].seen = Some(view);
        self.given_token(tab, view.pair());
    }

    pub fn right_token(&mut self, tab: usize, ask: Ask, token: &str) {
        let letter = if let Ask::Resource(resource, _) = ask { RESOURCES[resource].1 } else { 'a' };
        if !token.starts_with(letter) {
            self.violated(Invariant::RightToken, || format!("{ask:?} of #{tab} is given {token}"));
        }
    }

    pub fn given_token(&mut self, tab: usize, pair: Pair) {
        let disk = self.tabs[tab].disk;
        let given = self.watch.given.entry(disk).or_default();
        *given = pair.max(*given);
        self.digest(u64::from(pair) << 24 | tab as u64);
        if self.stored_pair(disk) < Some(pair) {
            let exempt = exemptions::not_stored(self, tab);
            self.violated_unless(exempt, Invariant::NewestPairStored, || {
                format!("#{tab} gives out pair {pair}, which is not in the store")
            });
        }
    }

    // ── The end ─────────────────────────────────────────────────────────────────────────────────────────────

    /// A tab forgets its session. By the user's wish, where it was asked to.
    pub fn logs_out(&mut self, tab: usize) {
        let is_asked = self.tabs[tab].waiting.iter().any(|waiting| waiting.ask == Ask::Logout);
        if is_asked && self.watch.logged_out_at.is_none() {
            self.watch.logged_out_at = Some(self.time);
            self.watch.logout_tab = tab;
            self.later(self.time + ENDS_WITHIN, Event::Ended(self.time));
        }
    }

    pub fn signed_out(&mut self, tab: usize, reason: SignOutReason) {
        let now = self.time;
        self.digest(reason as u64 + 7);
        if reason == SignOutReason::Logout {
            self.logs_out(tab);
        }
        self.tabs[tab].seen = None;
        self.tabs[tab].signed_out = Some((now, reason));
        let is_so = match reason {
            SignOutReason::Logout => self.watch.logged_out_at.is_some() || self.watch.logout_asked,
            SignOutReason::SessionEnded => self.watch.refused_at.is_some(),
            SignOutReason::Expired => false,
        };
        if !is_so {
            let exempt = exemptions::wrong_end(self, tab, reason);
            let said = if self.watch.refused_at.is_some() { "the server said so" } else { "nobody said so" };
            self.violated_unless(exempt, Invariant::EndsOnlyByWord, || {
                format!("the session ends in #{tab} by {reason:?}: {said}")
            });
        }
    }

    /// Some time ago the session ended.
    pub fn check_ended(&mut self, ended_at: u64) {
        if self.watch.ended_at() != Some(ended_at) {
            return;
        }
        for tab in 0..self.tabs.len() {
            let its = &self.tabs[tab];
            let was_there = its.runs() && its.opened_at < ended_at && its.frozen_since + its.frozen <= ended_at;
            if was_there && its.seen.is_some() {
                let exempt = exemptions::ends_later(self, tab, ended_at);
                self.violated_unless(exempt, Invariant::EndsEverywhere, || {
                    format!("#{tab} still has the session that ended at {:.3} s", ended_at as f64 / 1000.0)
                });
            }
        }
    }

    // ── Callers and calls ───────────────────────────────────────────────────────────────────────────────────

    pub fn answered_caller(&mut self, tab: usize, waiting: &Waiting) {
        let frozen = self.tabs[tab].frozen_by(self.time) - waiting.frozen;
        let waited = self.time - waiting.since - frozen;
        self.counts.extreme("milliseconds that a caller waited", waited, self.plan.seed);
        if waited > LONGEST_WAIT {
            self.violated(Invariant::CallersAnsweredSoon, || format!("{:?} of #{tab} waited {waited} ms", waiting.ask));
        }
    }

    pub fn count_call(&mut self, tab: usize, is_from_outside: bool) {
        self.counts.calls += 1;
        let (second, its) = (self.time / SECOND, &mut self.tabs[tab]);
        if its.second != second {
            (its.second, its.calls) = (second, 0);
        }
        its.calls += u32::from(!is_from_outside);
        let calls = its.calls;
        self.counts.extreme("calls of a machine in a second", calls.into(), self.plan.seed);
        if calls > MOST_CALLS {
            self.violated(Invariant::NoBusyLoop, || format!("{calls} calls of #{tab} in one second"));
        }
    }
}

const fn format_state(state: State) -> u64 {
    match state {
        State::Flying => 0,
        State::Failed => 1,
        State::Granted(pair) => 2 + pair as u64 * 8,
        State::Stored => 3,
        State::Unstored => 4,
        State::Refused => 5,
        State::Ended => 6,
    }
}
