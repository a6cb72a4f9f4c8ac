//! Holds the table in refresh.md to the code: each state is reached, each input is given, and what comes is compared.

use super::{
    io::{Lock, Op, Output},
    machine::Machine,
    refresh::Phase,
};
use crate::core::{
    memory::{journal::Journal, record, token_set::TokenSet},
    words::{config::Config, http::Response, secret::Secret, time::UnixMillis},
};
use alloc::{format, string::String, vec::Vec};
use serde_json::{Value, json};

const STATES: [&str; 9] =
    ["Idle", "Locking", "Settling", "Reading", "Journaling", "Sending", "Confirming", "Storing", "Waiting"];
const INPUTS: [&str; 21] = [
    "the alarm",
    "asked",
    "lock granted",
    "no locks",
    "lock lost",
    "store: same",
    "store: news",
    "store: gone",
    "store: gone, and why",
    "journal: free",
    "journal: leased",
    "written",
    "tokens",
    "trouble",
    "`invalid_grant`",
    "told: refreshed",
    "told: delayed",
    "told: signed out",
    "better times",
    "logout",
    "login",
];
const START: UnixMillis = UnixMillis(1_800_000_000_000);

fn tokens(name: &str, obtained_at: UnixMillis) -> TokenSet {
    TokenSet {
        access_token: Secret::new(format!("access-{name}")),
        expires_at: Some(obtained_at.plus(3_600_000)),
        obtained_at,
        began: UnixMillis(0),
        renewals: 0,
        scope: "openid".into(),
        refresh_token: Some(Secret::new(format!("refresh-{name}"))),
        id_token: None,
        jkt: None,
    }
}

/// A machine whose host answers when it is told to.
struct Held {
    machine: Machine<Value>,
    now: UnixMillis,
    lock: Op,
    load: Op,
    store: Op,
    send: Op,
    is_journal: bool,
}

impl Held {
    fn idle(storage: &str) -> Self {
        let config = json!({
            "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://app.example/cb", "storage": storage,
            "autoRefresh": { "leadTime": 60, "jitter": 0 },
        });
        let machine = Machine::new(Config::read(&config).unwrap(), 7);
        let mut held = Self { machine, now: START, lock: 0, load: 0, store: 0, send: 0, is_journal: false };
        let endpoints = json!({
            "issuer": "https://as.example", "authorization_endpoint": "https://as.example/a",
            "token_endpoint": "https://as.example/t",
        });
        held.machine.command(1, START).unwrap().open(1, Some(endpoints));
        held.pump();
        held.store_says(Some(record::write(&tokens("1", START))));
        held.now = START.plus(50 * 60_000);
        held.machine.wake(held.now);
        held
    }

    fn pump(&mut self) {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Lock { op, .. } => self.lock = op,
                Output::Load { op, key, .. } => (self.load, self.is_journal) = (op, key.ends_with(" refresh")),
                Output::Store { op, .. } => self.store = op,
                Output::Send { op, .. } => self.send = op,
                _ => {}
            }
        }
    }

    fn store_says(&mut self, value: Option<Secret>) {
        let op = core::mem::take(&mut self.load);
        self.machine.loaded(op, Ok(value), self.now);
        self.pump();
    }

    fn responds(&mut self, status: u16, body: &str) {
        let response = Response { status, body: Secret::new(body.into()), ..Response::default() };
        let op = core::mem::take(&mut self.send);
        self.machine.responded(op, self.now, Ok(response), self.now);
        self.pump();
    }

    fn state(&self) -> String {
        match (&self.machine.session, self.machine.refresh.phase) {
            (None, Phase::Idle) => "signed out".into(),
            (_, phase) => format!("{phase:?}"),
        }
    }

    fn same(&mut self) {
        self.store_says(Some(record::write(&tokens("1", START))));
    }

    /// Brings a machine into a state, by the way that leads there.
    fn in_state(state: &str) -> Self {
        let mut held = Self::idle(if state == "Settling" { "session" } else { "local" });
        for step in ["Idle", "Locking", "Reading", "Journaling", "Sending", "Confirming", "Storing"] {
            if held.state() == state {
                return held;
            }
            match step {
                "Idle" => held.give("asked"),
                "Locking" => held.give("lock granted"),
                "Reading" => held.give("journal: free"),
                "Journaling" => held.give("written"),
                "Sending" if state == "Waiting" => held.give("trouble"),
                "Sending" => held.give("tokens"),
                _ => held.give("store: same"),
            }
        }
        assert_eq!(held.state(), state, "there is no way there");
        held
    }

    fn give(&mut self, input: &str) {
        let generation = tokens("1", START).generation();
        let at = self.now;
        match input {
            "the alarm" => {
                self.now = self.machine.deadline().unwrap_or(self.now.plus(5_000));
                self.machine.wake(self.now);
            }
            "asked" => {
                let caller = 100 + self.load;
                self.machine.command(caller, at).unwrap().refresh(caller);
            }
            "lock granted" => self.machine.locked(self.lock, Lock::Granted, at),
            "no locks" => self.machine.locked(self.lock, Lock::Unavailable, at),
            "lock lost" => self.machine.locked(self.lock, Lock::Lost, at),
            "store: same" => self.same(),
            "store: news" => self.store_says(Some(record::write(&tokens("2", at)))),
            "store: gone" => {
                self.store_says(None);
                // And the journal does not say why.
                self.store_says(None);
            }
            "store: gone, and why" => {
                self.store_says(None);
                let end = Journal { reason: "session_ended".into(), ..Journal::new(generation) };
                self.store_says(Some(Secret::new(end.write())));
            }
            "journal: free" | "journal: leased" => {
                if !self.is_journal && self.load != 0 {
                    self.same();
                }
                let lease = Journal { by: 99, leased: true, at, ..Journal::new(generation) };
                let journal = (input == "journal: leased").then(|| Secret::new(lease.write()));
                if self.is_journal {
                    self.store_says(journal);
                }
            }
            "written" => {
                let op = core::mem::take(&mut self.store);
                self.machine.stored(op, Ok(()), at);
            }
            "tokens" => self.responds(200, r#"{"access_token":"access-2","token_type":"Bearer","expires_in":3600}"#),
            "trouble" => self.responds(503, ""),
            "`invalid_grant`" => self.responds(400, r#"{"error":"invalid_grant"}"#),
            "told: refreshed" => {
                self.machine.heard("refreshed", at);
                self.pump();
                self.store_says(Some(record::write(&tokens("2", at))));
            }
            "told: delayed" => {
                let journal = Journal { at, failures: 1, reason: "network".into(), ..Journal::new(generation) };
                self.machine.heard(&format!("delayed\n{}\n{}\n", generation, journal.write()), at);
            }
            "told: signed out" => {
                self.machine.heard(&format!("signed_out\n{}\nsession_ended\n", generation), at);
            }
            "better times" => {
                self.now = at.plus(6_000);
                self.machine.recovered(self.now);
            }
            "logout" => self.machine.command(50, at).unwrap().logout(50, true, false, None, &[7; 107]),
            "login" => self.machine.make_way(),
            _ => panic!("{input}"),
        }
        self.pump();
    }
}

fn table() -> String {
    let mut table = format!("| | {} |\n|---|{}\n", STATES.join(" | "), "---|".repeat(STATES.len()));
    for input in INPUTS {
        let cells: Vec<_> = STATES
            .iter()
            .map(|state| {
                let mut held = Held::in_state(state);
                held.give(input);
                let after = held.state();
                if after == *state { "·".into() } else { after }
            })
            .collect();
        table.push_str(&format!("| {input} | {} |\n", cells.join(" | ")));
    }
    table
}

#[test]
fn table_of_states_and_inputs_is_what_the_code_does() {
    let (table, page) = (table(), include_str!("refresh.md"));
    assert!(page.contains(&table), "refresh.md has another table than:\n{table}");
}

#[test]
fn table_names_every_state_there_is() {
    for state in STATES {
        assert_eq!(Held::in_state(state).state(), state);
    }
}
