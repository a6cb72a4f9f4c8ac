//! THE machine: one client, from its opening to its close.
//!
//! Its flows lie beside it, each a chain of jobs: a job is what to do with the answer to one output.

use super::{
    callback::CallbackJob,
    io::{Answer, Area, Caller, Op, Output, Snapshot},
    login::LoginJob,
    logout::LogoutJob,
    open::OpenJob,
    refresh::Phase,
    session::{RefreshJob, Waiter},
};
use crate::core::{
    protocol::metadata::Metadata,
    words::{
        config::Config,
        error::{Error, ErrorCode},
        http::{Request, Response, Unanswered},
        json::Json,
        random::Spread,
        secret::Secret,
        time::UnixMillis,
    },
};
use alloc::{boxed::Box, string::String, vec::Vec};

/// One client.
#[derive(Debug)]
pub struct Machine<J> {
    pub(super) config: Config,
    pub(super) metadata: Option<Metadata>,
    pub(super) now: UnixMillis,
    pub(super) spread: Spread,

    pub(super) session: Option<Snapshot<J>>,
    /// Why there is no session, where it is not that nobody has signed in yet.
    pub(super) ended: Option<ErrorCode>,
    /// Counts sessions, so that an answer to a question of the last one is not taken for one of this one's.
    pub(super) epoch: u32,
    /// Whether the store holds the session. Where it could not be written, its absence says nothing.
    pub(super) persisted: bool,
    pub(super) auto: bool,
    pub(super) refresh_due: Option<UnixMillis>,
    pub(super) phase: Phase,
    pub(super) waiters: Vec<Waiter>,
    pub(super) callbacks: Vec<super::callback::Progress<J>>,

    closed: bool,
    jobs: Vec<(Op, Box<Job<J>>)>,
    last_op: Op,
    outputs: Vec<Output<J>>,
}

/// What to do with the answer to an output.
#[derive(Debug)]
pub(super) enum Job<J> {
    Open(OpenJob<J>),
    Login(LoginJob),
    Callback(CallbackJob<J>),
    Refresh(RefreshJob<J>),
    Logout(LogoutJob),
    /// Nothing: it is done as well as it can be.
    Nothing,
}

/// An answer of the host.
pub(super) enum Reply {
    Loaded(Result<Option<Secret>, Error>),
    Stored(Result<(), Error>),
    Responded(UnixMillis, Result<Response, Unanswered>),
}

impl<J: Json> Machine<J> {
    /// A client that is not open yet. `seed` spreads its refreshes.
    #[must_use]
    pub const fn new(config: Config, seed: u32) -> Self {
        Self {
            auto: config.auto_refresh,
            config,
            metadata: None,
            now: UnixMillis(0),
            spread: Spread::new(seed),
            session: None,
            ended: None,
            epoch: 0,
            persisted: false,
            refresh_due: None,
            phase: Phase::Idle,
            waiters: Vec::new(),
            callbacks: Vec::new(),
            closed: false,
            jobs: Vec::new(),
            last_op: 0,
            outputs: Vec::new(),
        }
    }

    // ── What the program asks for: first `command`, then one of the flows ───────────────────────────────────

    /// Lets a caller in: the time is set, and what is due is done. `None` where the client is closed, which the
    /// caller is then told.
    pub fn command(&mut self, caller: Caller, now: UnixMillis) -> Option<&mut Self> {
        if self.closed {
            self.settle(caller, Err(ErrorCode::ClientClosed.into()));
            return None;
        }
        self.wake(now);
        Some(self)
    }

    /// `startAutoRefresh`, `stopAutoRefresh`.
    pub fn auto_refresh(&mut self, on: bool, now: UnixMillis) {
        self.auto = on;
        self.wake(now);
    }

    /// `close`: ends everything and lets go of every secret. The stored session stays.
    pub fn close(&mut self, caller: Caller) {
        let mut callers: Vec<Caller> = self.waiters.drain(..).map(|waiter| waiter.caller).collect();
        callers.extend(self.callbacks.drain(..).flat_map(|progress| progress.into_callers()));
        callers.extend(self.jobs.drain(..).filter_map(|(_, job)| job.caller()));
        for caller in callers {
            self.settle(caller, Err(ErrorCode::ClientClosed.into()));
        }
        self.session = None;
        self.closed = true;
        self.settle(caller, Ok(Answer::Done));
    }

    // ── What the host answers ───────────────────────────────────────────────────────────────────────────────

    /// Answers [`Output::Load`]: the value, or that there is none, or that the storage fails.
    pub fn loaded(&mut self, op: Op, result: Result<Option<Secret>, Error>, now: UnixMillis) {
        self.reply(op, Reply::Loaded(result), now);
    }

    /// Answers [`Output::Store`] and [`Output::Remove`].
    pub fn stored(&mut self, op: Op, result: Result<(), Error>, now: UnixMillis) {
        self.reply(op, Reply::Stored(result), now);
    }

    /// Answers [`Output::Send`]. The response comes with the instant at which the request was sent.
    pub fn responded(&mut self, op: Op, sent_at: UnixMillis, result: Result<Response, Unanswered>, now: UnixMillis) {
        self.reply(op, Reply::Responded(sent_at, result), now);
    }

    /// The deadline has come, or it may have.
    pub fn wake(&mut self, now: UnixMillis) {
        self.now = now;
        self.refresh_on_time();
        self.callbacks_on_time();
    }

    /// The page became visible again, or the network came back: what waits for better times may try now.
    pub fn recovered(&mut self, now: UnixMillis) {
        self.wake(now);
        self.refresh_again();
    }

    // ── What comes of it ────────────────────────────────────────────────────────────────────────────────────

    /// The next thing to perform.
    pub fn poll(&mut self) -> Option<Output<J>> {
        if self.outputs.is_empty() { None } else { Some(self.outputs.remove(0)) }
    }

    /// When to hand in [`Input::Wake`], at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<UnixMillis> {
        [self.refresh_deadline(), self.callback_deadline()].into_iter().flatten().min()
    }

    /// The server's metadata, once it is open.
    #[must_use]
    pub const fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    fn reply(&mut self, op: Op, reply: Reply, now: UnixMillis) {
        self.now = now;
        let Some(index) = self.jobs.iter().position(|(waiting, _)| *waiting == op) else {
            return;
        };
        match *self.jobs.swap_remove(index).1 {
            Job::Open(job) => self.open_reply(job, reply),
            Job::Login(job) => self.login_reply(job, reply),
            Job::Callback(job) => self.callback_reply(job, reply),
            Job::Refresh(job) => self.refresh_reply(job, reply),
            Job::Logout(job) => self.logout_reply(job, reply),
            Job::Nothing => {}
        }
    }

    pub(super) fn settle(&mut self, caller: Caller, result: Result<Answer<J>, Error>) {
        self.outputs.push(Output::Settle { caller, result });
    }

    pub(super) fn emit(&mut self, output: Output<J>) {
        self.outputs.push(output);
    }

    fn begin(&mut self, job: Job<J>) -> Op {
        self.last_op += 1;
        self.jobs.push((self.last_op, Box::new(job)));
        self.last_op
    }

    pub(super) fn load(&mut self, area: Area, name: &str, job: Job<J>) {
        let (op, key) = (self.begin(job), self.key(name));
        self.emit(Output::Load { op, area, key });
    }

    pub(super) fn store(&mut self, area: Area, name: &str, value: Secret, job: Job<J>) {
        let (op, key) = (self.begin(job), self.key(name));
        self.emit(Output::Store { op, area, key, value });
    }

    pub(super) fn remove(&mut self, area: Area, name: &str) {
        let (op, key) = (self.begin(Job::Nothing), self.key(name));
        self.emit(Output::Remove { op, area, key });
    }

    pub(super) fn send(&mut self, request: Request, job: Job<J>) {
        let op = self.begin(job);
        self.emit(Output::Send { op, request });
    }

    /// The key of what is stored: one origin may hold several clients and issuers.
    fn key(&self, name: &str) -> String {
        let issuer = self.metadata.as_ref().map(|metadata| metadata.issuer.as_str());
        let mut key = String::from("pixie-auth ");
        for part in [&self.config.client_id, " ", issuer.unwrap_or_default(), " ", name] {
            key.push_str(part);
        }
        key
    }
}

impl<J> Job<J> {
    const fn caller(&self) -> Option<Caller> {
        match self {
            Self::Open(job) => Some(job.caller()),
            Self::Login(job) => Some(job.caller()),
            Self::Logout(job) => Some(job.caller()),
            Self::Callback(job) => job.caller(),
            Self::Refresh(_) | Self::Nothing => None,
        }
    }
}
