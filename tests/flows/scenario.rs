//! Tabs, a storage, an authorization server, and clocks that stand still until they are told to move.
//!
//! This is all that a machine needs of its host, and the order in which `src/web/driver.rs` does it: outputs one by
//! one, then what the host answers, then the deadline. Whatever a test does, the scenario itself holds that every
//! caller is answered at most once, that nothing is sent in the clear, and that no deadline makes a busy loop.

mod host;

pub use host::http_date;

use crate::{
    bound::{Binding, Keychain},
    disk::Disk,
    server::{CLIENT, ISSUER, Server},
    told::{Said, Told, View},
};
use pixie_auth::{
    Asked, Config, Error, Lock, LoginOptions, Machine, Response, Secret, Unanswered, UnixMillis,
    core::{
        machines::io::{Caller, Op, ProofKey, Verdict},
        words::random::{Entropy, LOGIN_ENTROPY},
    },
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub const SECOND: u64 = 1_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;
/// When every scenario begins.
pub const START: u64 = 1_800_000_000_000;

/// One client: a page that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tab(usize);

/// A question that a program asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call(Caller);

/// When the host answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    AtOnce,
    After(u64),
    /// When the test lets it go.
    Held,
}

/// What a host has of locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locks {
    /// One holder at a time, first come, first served.
    Granted,
    /// None.
    Absent,
    /// A request is never answered, a theft is.
    Silent,
    /// Nothing is ever answered.
    Dead,
}

struct Client {
    /// `None` once the page has gone.
    machine: Option<Machine<Value>>,
    disk: usize,
    told: Vec<Told>,
    journal: Vec<String>,
    /// The key that it has opened.
    key: Option<String>,
    /// The name under which it hears the others.
    hears: Option<String>,
}

enum Arrival {
    Locked(Lock),
    Heard(String),
    Loaded(Result<Option<Secret>, Error>),
    Stored(Result<(), Error>),
    Verified(Verdict),
    Keyed(Result<ProofKey, Error>),
    Signed(Result<Secret, Error>),
    Responded(UnixMillis, Result<Response, Unanswered>),
}

/// A signature that the host was asked about.
#[derive(Debug)]
pub struct Verified {
    pub algorithm: &'static str,
    pub key: Value,
    pub token: String,
    pub access_token: Option<String>,
    pub code: Option<String>,
}

struct Delivery {
    tab: usize,
    op: Op,
    due: u64,
    arrival: Arrival,
}

pub struct Scenario {
    pub server: Server,
    /// The configuration of the tabs that are opened from now on.
    pub config: Value,
    pub storage: Pace,
    pub network: Pace,
    /// When the host has verified or signed something.
    pub cryptography: Pace,
    /// What the host says of the next signatures; when there is nothing left, that they are good.
    pub verdicts: VecDeque<Verdict>,
    /// The signatures that it was asked about.
    pub verified: Vec<Verified>,
    /// The keys that tokens are bound to.
    pub keychain: Keychain,
    /// The server's part in that, where it has one.
    pub binding: Option<Binding>,
    /// Whether timers go off.
    timers: bool,
    /// What the host has of locks.
    pub locks: Locks,
    /// Whether the page comes from a server, which shows it its clock.
    pub page_has_a_server: bool,
    /// A tab whose process does not see yet what others have stored as a session.
    pub sees_nothing_stored: Option<Tab>,
    /// Whether tabs hear each other.
    pub channel: bool,
    /// Who holds a lock and who waits for it, by its name.
    queues: BTreeMap<String, Vec<(usize, Op)>>,
    /// Everything that any output or machine ever printed, where a test wants it.
    pub prints: Option<String>,
    disks: Vec<Disk>,
    tabs: Vec<Client>,
    /// The server's clock; the device's differs by `skew`.
    time: u64,
    skew: i64,
    deliveries: Vec<Delivery>,
    held: Vec<Delivery>,
    open_calls: BTreeSet<Caller>,
    answers: BTreeMap<Caller, Result<Said, Error>>,
    callers: Caller,
    entropy: u8,
}

/// A configuration without surprises: no random spread, so that instants can be foretold.
pub fn config() -> Value {
    json!({
        "issuer": ISSUER, "clientId": CLIENT, "redirectUri": "https://app.example/callback",
        "storage": "local", "scope": "openid profile offline_access", "autoRefresh": { "leadTime": 60, "jitter": 0 },
    })
}

/// A tab in which somebody is signed in.
pub fn signed_in() -> (Scenario, Tab) {
    let mut scenario = Scenario::new();
    let tab = scenario.tab();
    scenario.sign_in(tab);
    (scenario, tab)
}

/// The same, with nothing left to be told, at a server with one more endpoint.
pub fn signed_in_at(endpoint: &str, url: &str) -> (Scenario, Tab) {
    let mut scenario = Scenario::new();
    scenario.server.metadata[endpoint] = json!(url);
    let tab = scenario.tab();
    scenario.sign_in(tab);
    scenario.told(tab);
    (scenario, tab)
}

impl Scenario {
    pub fn new() -> Self {
        Self {
            server: Server::new(),
            config: config(),
            storage: Pace::AtOnce,
            network: Pace::AtOnce,
            cryptography: Pace::After(0),
            verdicts: VecDeque::new(),
            verified: Vec::new(),
            keychain: Keychain::default(),
            binding: None,
            timers: true,
            locks: Locks::Granted,
            page_has_a_server: true,
            sees_nothing_stored: None,
            channel: true,
            queues: BTreeMap::new(),
            prints: None,
            disks: vec![Disk::default()],
            tabs: Vec::new(),
            time: START,
            skew: 0,
            deliveries: Vec::new(),
            held: Vec::new(),
            open_calls: BTreeSet::new(),
            answers: BTreeMap::new(),
            callers: 0,
            entropy: 0,
        }
    }

    // ── Tabs ────────────────────────────────────────────────────────────────────────────────────────────────

    /// Opens a tab over the storage that all such tabs share.
    pub fn tab(&mut self) -> Tab {
        let (tab, call) = self.open(0, None);
        assert!(matches!(self.said(call), Ok(Said::Opened(_))), "{:?}", self.said(call));
        tab
    }

    /// Opens a tab that shares nothing with the others but the server.
    pub fn tab_with_a_storage_of_its_own(&mut self) -> Tab {
        self.tab_over(Disk::default())
    }

    /// Duplicates a tab: the copy has a storage of its own, which begins as a copy of the original's.
    pub fn duplicate(&mut self, tab: Tab) -> Tab {
        self.tab_over(self.disks[self.tabs[tab.0].disk].clone())
    }

    /// Opens a tab over a sessionStorage.
    fn tab_over(&mut self, disk: Disk) -> Tab {
        self.disks.push(disk);
        let config = self.config.clone();
        self.config["storage"] = json!("session");
        let (tab, call) = self.open(self.disks.len() - 1, None);
        self.config = config;
        assert!(matches!(self.said(call), Ok(Said::Opened(_))), "{:?}", self.said(call));
        tab
    }

    /// Opens a tab, however that ends.
    pub fn try_tab(&mut self, given: Option<Value>) -> (Tab, Result<Said, &'static str>) {
        let (tab, call) = self.open(0, given);
        (tab, self.said(call))
    }

    pub fn open(&mut self, disk: usize, given: Option<Value>) -> (Tab, Call) {
        let config = Config::read(&self.config).unwrap();
        let seed = (self.tabs.len() as u32 + 1).wrapping_mul(0x9e37_79b9);
        let machine = Some(Machine::new(config, seed));
        self.tabs.push(Client { machine, disk, told: Vec::new(), journal: Vec::new(), key: None, hears: None });
        let tab = Tab(self.tabs.len() - 1);
        (tab, self.call(tab, |machine, caller| machine.open(caller, given)))
    }

    /// The page goes: nothing that is under way comes back to it. What is stored stays.
    pub fn leave(&mut self, tab: Tab) {
        self.tabs[tab.0].machine = None;
        for name in self.queues.keys().cloned().collect::<Vec<_>>() {
            self.give_back(&name, |(holder, _)| holder == tab.0);
        }
        self.run();
    }

    /// The storage that tabs share.
    pub fn disk(&mut self) -> &mut Disk {
        &mut self.disks[0]
    }

    // ── What a program asks for ─────────────────────────────────────────────────────────────────────────────

    pub fn call(&mut self, tab: Tab, ask: impl FnOnce(&mut Machine<Value>, Caller)) -> Call {
        self.callers += 1;
        let (caller, now) = (self.callers, self.now());
        self.open_calls.insert(caller);
        let machine = self.tabs[tab.0].machine.as_mut().expect("a page that has gone asks nothing");
        if let Some(machine) = machine.command(caller, now) {
            ask(machine, caller);
        }
        self.run();
        Call(caller)
    }

    /// `createLoginUrl` with options as JavaScript gives them.
    pub fn login(&mut self, tab: Tab, options: &Value) -> Call {
        let mut read = LoginOptions::read(options).unwrap();
        read.app_state = options["appState"].as_str().map(Into::into);
        let entropy = self.entropy();
        self.call(tab, |machine, caller| machine.login(caller, read, &entropy, false))
    }

    /// `createLoginUrl` that has to succeed: the URL and its state.
    pub fn login_url(&mut self, tab: Tab) -> (String, String) {
        let call = self.login(tab, &json!({}));
        match self.said(call) {
            Ok(Said::LoginUrl { url, state }) => (url, state),
            other => panic!("no URL: {other:?}"),
        }
    }

    pub fn callback(&mut self, tab: Tab, url: &str) -> Call {
        self.call(tab, |machine, caller| machine.callback(caller, url))
    }

    /// A login and its callback, both of which have to succeed.
    pub fn sign_in(&mut self, tab: Tab) -> View {
        let redirect = self.redirect(tab);
        let call = self.callback(tab, &redirect);
        match self.said(call) {
            Ok(Said::SignedIn { session, .. }) => session,
            other => panic!("not signed in: {other:?}"),
        }
    }

    /// A login at the server: the redirect that the user comes back with.
    pub fn redirect(&mut self, tab: Tab) -> String {
        let (url, _) = self.login_url(tab);
        self.server.authorize(&url)
    }

    pub fn ask_for_token(&mut self, tab: Tab, min_validity: u64) -> Call {
        self.call(tab, |machine, caller| machine.access_token(caller, min_validity))
    }

    /// `getAccessToken`, answered without the time moving.
    pub fn access_token(&mut self, tab: Tab) -> Result<String, &'static str> {
        let call = self.ask_for_token(tab, 0);
        match self.said(call)? {
            Said::AccessToken(token) => Ok(token),
            other => panic!("no access token: {other:?}"),
        }
    }

    /// `getAccessToken` with a resource or a scope.
    pub fn ask_for_resource(&mut self, tab: Tab, resource: Option<&str>, scope: Option<&str>, validity: u64) -> Call {
        let [resource, scope] = [resource, scope].map(|text| text.map(String::from));
        self.call(tab, |machine, caller| machine.ask(caller, Asked::Token { resource, scope, min_validity: validity }))
    }

    pub fn refresh(&mut self, tab: Tab) -> Call {
        self.call(tab, Machine::refresh)
    }

    pub fn session(&mut self, tab: Tab) -> Option<View> {
        let call = self.call(tab, Machine::session);
        match self.said(call) {
            Ok(Said::Session(session)) => session,
            other => panic!("no session or null: {other:?}"),
        }
    }

    pub fn logout(&mut self, tab: Tab, local: bool) -> Call {
        let entropy = self.entropy();
        self.call(tab, |machine, caller| machine.logout(caller, local, false, None, &entropy))
    }

    /// `userInfo`, `revoke`.
    pub fn ask(&mut self, tab: Tab, asked: Asked) -> Call {
        self.call(tab, |machine, caller| machine.ask(caller, asked))
    }

    /// `grant`: `grantType`, `parameters`, `adopt`.
    pub fn grant(&mut self, tab: Tab, grant: &Value) -> Call {
        self.ask(tab, Asked::grant(grant).unwrap())
    }

    pub fn close(&mut self, tab: Tab) -> Call {
        self.call(tab, Machine::close)
    }

    pub fn auto_refresh(&mut self, tab: Tab, on: bool) {
        let now = self.now();
        self.machine(tab).auto_refresh(on, now);
        self.run();
    }

    /// The network came back, or the page became visible.
    pub fn recover(&mut self, tab: Tab) {
        let now = self.now();
        self.machine(tab).recovered(now);
        self.run();
    }

    pub fn machine(&mut self, tab: Tab) -> &mut Machine<Value> {
        self.tabs[tab.0].machine.as_mut().unwrap()
    }

    pub fn entropy(&mut self) -> Entropy {
        self.entropy += 1;
        // Different in each place, so that a verifier, a state and a nonce are.
        std::array::from_fn::<u8, LOGIN_ENTROPY, _>(|index| (index as u8).wrapping_mul(11) ^ self.entropy)
    }

    // ── What came of it ─────────────────────────────────────────────────────────────────────────────────────

    /// The answer to a call, which has to be there; an error goes by its code.
    pub fn said(&self, call: Call) -> Result<Said, &'static str> {
        let answer = self.answers.get(&call.0).expect("an answer is there");
        answer.clone().map_err(|error| error.code().as_str())
    }

    /// The error that a call came to.
    pub fn error(&self, call: Call) -> Error {
        self.answers[&call.0].clone().expect_err("the call failed")
    }

    pub fn is_waiting(&self, call: Call) -> bool {
        self.open_calls.contains(&call.0)
    }

    /// What listeners were told since the last time that a test asked.
    pub fn told(&mut self, tab: Tab) -> Vec<Told> {
        std::mem::take(&mut self.tabs[tab.0].told)
    }

    /// What was performed, in order: `load`, `store`, `remove`, `send`, `navigate`, `settle`, `notify`.
    pub fn journal(&mut self, tab: Tab) -> Vec<String> {
        std::mem::take(&mut self.tabs[tab.0].journal)
    }
}
