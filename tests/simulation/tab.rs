//! A page that is open, frozen or gone.

use crate::{
    disk::Disk,
    plan::{Deed, Plan, Storage},
    server::Pair,
};
use pixie_auth::{
    Config, Error, Lock, Machine, Response, Secret, TokenSet, Unanswered, UnixMillis,
    core::{
        machines::io::{Caller, Op, SignOutReason},
        memory::record,
    },
};
use serde_json::{Value, json};
use std::{collections::VecDeque, rc::Rc};

pub const ISSUER: &str = "https://as.example";
pub const TOKEN: &str = "https://as.example/token";
pub const CLIENT: &str = "c";
/// Other resources than the session's own; their tokens begin with these letters.
pub const RESOURCES: [(&str, char); 2] = [("https://x.example", 'x'), ("https://y.example", 'y')];
pub const SESSION_KEY: &str = "pixie-auth c https://as.example session";
pub const JOURNAL_KEY: &str = "pixie-auth c https://as.example refresh";

/// What comes to a tab.
#[derive(Debug)]
pub enum Arrival {
    Loaded(Op, Result<Option<Secret>, Error>),
    Stored(Op, Result<(), Error>),
    /// Of which attempt, which request, sent when by the device's clock.
    Responded(usize, Op, u64, Result<Response, Unanswered>),
    Locked(Op, Lock),
    Heard(Rc<str>),
    Recovered,
    Visible(bool),
    Ask(Ask),
}

/// What a program asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    Open,
    Session,
    Token(u64),
    /// For a resource, by its place in [`RESOURCES`].
    Resource(usize, u64),
    Refresh,
    Logout,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Running,
    Frozen,
    Gone,
}

/// Somebody who waits for an answer.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    pub caller: Caller,
    pub ask: Ask,
    pub since: u64,
    /// How long the tab had been frozen by then.
    pub frozen: u64,
}

/// Something that is done to a tab after so many more of its steps.
#[derive(Clone, Copy, Debug)]
pub struct Trap {
    pub steps: u32,
    pub deed: Deed,
}

pub struct Tab {
    pub machine: Machine<Value>,
    pub life: Life,
    /// The place that it is named by; a reload keeps it.
    pub place: usize,
    pub disk: usize,
    pub visible: bool,
    pub listens: Option<String>,
    /// Answers of a storage that answers at once.
    pub at_once: VecDeque<Arrival>,
    /// What came while it was frozen.
    pub inbox: Vec<Arrival>,
    pub traps: Vec<Trap>,
    pub waiting: Vec<Waiting>,
    /// When the timer goes off, and when it was set.
    pub timer: Option<u64>,
    pub timer_set: u64,
    /// The storage answers in order.
    pub storage_busy_until: u64,
    pub messages_busy_until: u64,
    pub opened_at: u64,
    pub frozen_since: u64,
    pub frozen: u64,
    /// Counts freezes, so that a thaw belongs to one.
    pub freezes: u32,
    /// When it was last frozen, or died.
    pub stopped_at: Option<u64>,
    /// How many locks it has lost without knowing yet.
    pub losses: u32,
    /// The locks that it asked for, and has not given back.
    pub wanted: Vec<Op>,
    /// Whether what it does now was decided before it was frozen.
    pub is_late: bool,
    /// What a probe of its session gave last.
    pub seen: Option<View>,
    /// Whether it ever had one.
    pub was_signed_in: bool,
    pub signed_out: Option<(u64, SignOutReason)>,
    /// Machine calls in this second.
    pub calls: u32,
    pub second: u64,
    /// When reading the store last failed for it.
    pub read_failed: Option<u64>,
}

/// The session as a tab has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    pub access: Pair,
    pub refresh: Option<Pair>,
    pub expires_at: u64,
}

impl View {
    /// Which pair it is. The token of a resource brings a new refresh token, and the access token stays.
    pub fn pair(&self) -> Pair {
        self.access.max(self.refresh.unwrap_or(0))
    }

    pub fn of(tokens: &TokenSet) -> Self {
        Self {
            access: number(tokens.access_token.expose()),
            refresh: tokens.refresh_token.as_ref().map(|token| number(token.expose())),
            expires_at: tokens.expires_at.map_or(u64::MAX, |end| end.0),
        }
    }
}

/// The pair in a record, which is looked for often.
pub fn pair_of(record: &str) -> Option<Pair> {
    let pair = |name: &str| -> Option<Pair> {
        let (_, rest) = record.split_once(name)?;
        rest.split('&').next()?.parse().ok()
    };
    Some(pair("access_token=a")?.max(pair("refresh_token=r").unwrap_or(0)))
}

/// The number in `a12` or `r12`.
pub fn number(token: &str) -> Pair {
    token[1..].parse().unwrap()
}

impl Tab {
    pub fn new(config: &Config, seed: u32, place: usize, disk: usize, visible: bool, now: u64) -> Self {
        Self {
            machine: Machine::new(config.clone(), seed),
            life: Life::Running,
            place,
            disk,
            visible,
            listens: None,
            at_once: VecDeque::new(),
            inbox: Vec::new(),
            traps: Vec::new(),
            waiting: Vec::new(),
            timer: None,
            timer_set: now,
            storage_busy_until: now,
            messages_busy_until: now,
            opened_at: now,
            frozen_since: 0,
            frozen: 0,
            freezes: 0,
            stopped_at: None,
            losses: 0,
            wanted: Vec::new(),
            is_late: false,
            seen: None,
            was_signed_in: false,
            signed_out: None,
            calls: 0,
            second: 0,
            read_failed: None,
        }
    }

    pub fn runs(&self) -> bool {
        self.life == Life::Running
    }

    pub fn is_gone(&self) -> bool {
        self.life == Life::Gone
    }

    /// How long it has been frozen in all.
    pub const fn frozen_by(&self, now: u64) -> u64 {
        match self.life {
            Life::Frozen => self.frozen + now - self.frozen_since,
            Life::Running | Life::Gone => self.frozen,
        }
    }
}

pub fn metadata() -> Value {
    json!({ "issuer": ISSUER, "authorization_endpoint": "https://as.example/authorize", "token_endpoint": TOKEN })
}

pub fn config(plan: &Plan) -> Config {
    let storage = match plan.storage {
        Storage::Local => "local",
        Storage::Session => "session",
        Storage::Memory => "memory",
    };
    Config::read(&json!({
        "issuer": ISSUER, "clientId": CLIENT, "redirectUri": "https://app.example/cb", "metadata": metadata(),
        "scope": "offline_access", "storage": storage,
    }))
    .unwrap()
}

/// A store in which somebody has signed in just now.
pub fn signed_in(plan: &Plan, now: u64) -> Disk {
    let tokens = TokenSet {
        access_token: Secret::new("a0".into()),
        expires_at: Some(UnixMillis(now + plan.lifetime)),
        obtained_at: UnixMillis(now),
        began: UnixMillis(0),
        renewals: 0,
        scope: "offline_access".into(),
        refresh_token: Some(Secret::new("r0".into())),
        id_token: None,
        jkt: None,
    };
    let mut disk = Disk::default();
    disk.values.insert(SESSION_KEY.into(), record::write(&tokens).expose().into());
    disk
}
