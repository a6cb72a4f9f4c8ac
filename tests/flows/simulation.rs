//! Random days in the life of a session: outages, reloads, slow storages, impatient callers. Whatever comes, nobody
//! waits for ever, the server is not flooded, and the session stands, as long as no one has ended it.

use crate::{
    scenario::{Call, DAY, HOUR, MINUTE, Pace, SECOND, Scenario, Tab},
    server::Reply,
    told::Told,
};
use pixie_auth::ErrorCode;
use serde_json::json;

/// Numbers that are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % below
    }
}

struct Day {
    s: Scenario,
    tab: Tab,
    calls: Vec<Call>,
    asked: u64,
}

fn begin(chance: &mut Chance) -> Day {
    let mut s = Scenario::new();
    s.config["autoRefresh"] = json!({ "leadTime": 1 + chance.below(120), "jitter": chance.below(120) });
    s.server.expires_in = json!(30 + chance.below(3600));
    s.server.gives_id_token_on_refresh = chance.below(2) == 0;
    let tab = s.tab();
    s.sign_in(tab);
    s.told(tab);
    Day { s, tab, calls: Vec::new(), asked: 0 }
}

impl Day {
    fn ask(&mut self, chance: &mut Chance) {
        let tab = self.tab;
        let call = match chance.below(4) {
            0 => self.s.refresh(tab),
            1 => self.s.ask_for_token(tab, chance.below(2 * HOUR)),
            _ => self.s.ask_for_token(tab, 0),
        };
        self.asked += 1;
        self.calls.push(call);
    }

    /// Lets what is on its way arrive: whoever leaves while the server answers a refresh loses the new pair for good.
    fn calm_down(&mut self) {
        for _ in 0..10_000 {
            if self.s.is_quiet() && !self.calls.iter().any(|call| self.s.is_waiting(*call)) {
                return;
            }
            self.s.advance(SECOND);
        }
        panic!("something is always on its way");
    }

    fn reload(&mut self) {
        self.calm_down();
        if self.s.disk().session().is_some() {
            self.s.disk().reading = None;
            (self.s.storage, self.s.network) = (Pace::AtOnce, Pace::AtOnce);
            assert!(!self.calls.drain(..).any(|call| self.s.is_waiting(call)), "nothing is on its way, yet one waits");
            self.s.leave(self.tab);
            self.tab = self.s.tab();
        }
    }

    fn step(&mut self, chance: &mut Chance) {
        match chance.below(14) {
            0..=3 => self.s.advance(chance.below(2 * HOUR)),
            4 => self.s.advance(chance.below(20 * SECOND)),
            5 | 6 => self.ask(chance),
            7 => {
                let trouble = [
                    Reply::NoConnection,
                    Reply::Silence,
                    Reply::answer(503, "<html>"),
                    Reply::answer(500, "").after("90"),
                    Reply::answer(429, "").after("45"),
                    Reply::refusal(401, "invalid_client"),
                    Reply::answer(200, "<html>captive portal</html>"),
                ];
                self.s.server.always = trouble.into_iter().nth(chance.below(7) as usize);
            }
            8 => self.s.server.always = None,
            9 => self.s.network = Pace::After(chance.below(10 * SECOND)),
            10 => self.s.storage = if chance.below(2) == 0 { Pace::AtOnce } else { Pace::After(chance.below(SECOND)) },
            11 => {
                let failure = [None, Some(ErrorCode::StorageFull), None][chance.below(3) as usize];
                self.s.disk().writing = failure;
                self.s.disk().reading = failure.filter(|_| chance.below(2) == 0);
            }
            12 => self.s.recover(self.tab),
            _ => self.reload(),
        }
    }
}

#[test]
fn session_stands_through_any_weather_until_somebody_ends_it() {
    for seed in 1..=150 {
        let chance = &mut Chance(0x9e37_79b9_7f4a_7c15 ^ (seed << 20));
        let mut day = begin(chance);
        let began = day.s.now().0;
        for _ in 0..60 {
            day.step(chance);
        }

        // The weather clears up.
        day.s.server.always = None;
        (day.s.network, day.s.storage) = (Pace::AtOnce, Pace::AtOnce);
        (day.s.disk().reading, day.s.disk().writing) = (None, None);
        day.s.advance(2 * MINUTE);
        for call in &day.calls {
            assert!(!day.s.is_waiting(*call), "seed {seed}: somebody waits for ever");
        }
        let told = day.s.told(day.tab);
        assert!(!told.iter().any(|told| matches!(told, Told::SignedOut(..))), "seed {seed}: {told:?}");
        assert!(day.s.access_token(day.tab).is_ok(), "seed {seed}: {:?}", day.s.access_token(day.tab));

        let elapsed = day.s.now().0 - began;
        let requests = day.s.server.refreshes() as u64;
        assert!(requests <= 20 + day.asked + elapsed / (15 * SECOND), "seed {seed}: {requests} in {elapsed} ms");

        let call = day.s.refresh(day.tab);
        assert!(day.s.said(call).is_ok(), "seed {seed}");
        let newest = day.s.session(day.tab);
        day.s.leave(day.tab);
        day.tab = day.s.tab();
        assert_eq!(day.s.session(day.tab), newest, "seed {seed}: a reload finds what was newest");
    }
}

#[test]
fn session_that_somebody_ends_stays_ended_in_any_weather() {
    for seed in 1..=60 {
        let chance = &mut Chance(0x2545_f491_4f6c_dd1d ^ (seed << 20));
        let mut day = begin(chance);
        for _ in 0..20 {
            day.step(chance);
        }
        day.s.disk().writing = None;
        let by_the_server = chance.below(2) == 0;
        if by_the_server {
            day.s.server.revoke_everything();
        } else {
            day.s.logout(day.tab, true);
        }
        for _ in 0..20 {
            day.step(chance);
        }
        day.s.server.always = None;
        (day.s.disk().reading, day.s.disk().writing) = (None, None);
        day.s.advance(DAY);
        let ended = if by_the_server { ["session_ended", "no_session"] } else { ["no_session"; 2] };
        let code = day.s.access_token(day.tab).unwrap_err();
        assert!(ended.contains(&code), "seed {seed}: {code}");
        assert_eq!(day.s.disk().session(), None, "seed {seed}");
        let before = day.s.server.refreshes();
        day.s.advance(DAY);
        assert_eq!(day.s.server.refreshes(), before, "seed {seed}: nothing is left to refresh");
    }
}
