//! THE machine: one client, from its opening to its close.
//!
//! Its flows lie beside it, each a chain of outputs and of what to do with their answers.

use super::{
    callback::Progress,
    io::{Answer, Area, Caller, Lock, Op, Output, Signature, Snapshot},
    login::Begun,
    open::Opening,
    refresh::Refresh,
    schedule::NEVER,
    seldom::{Came, Errand, dpop::Dpop, resource::Aims},
    session::Waiter,
    verify::{Keys, Verifying},
};
use crate::core::{
    protocol::metadata::Metadata,
    words::{
        concat::concat,
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

/// What a storage says of a key.
pub(super) type Loaded<'a> = &'a Result<Option<Secret>, Error>;
/// What came of a request.
pub(super) type Responded = Result<Response, Unanswered>;

/// Clocks are corrected by less all the time.
const CLOCK_NOISE: u64 = 1_000;

/// One client.
#[derive(Debug)]
pub struct Machine<J> {
    // In boxes, so that the rest is near the beginning, where an instruction names it by one byte.
    pub(super) config: Box<Config>,
    pub(super) metadata: Option<Box<Metadata>>,
    pub(super) now: UnixMillis,
    pub(super) spread: Spread,

    pub(super) session: Option<Snapshot<J>>,
    /// Why there is no session, where it is not that nobody has signed in yet.
    pub(super) ended: Option<ErrorCode>,
    /// Counts sessions, so that an answer to a question of the last one is not taken for one of this one's.
    pub(super) epoch: u32,
    /// Whether the store holds the session. Where it could not be written, its absence says nothing.
    pub(super) persisted: bool,
    /// Counts logouts: a login that one overtakes does not stand.
    pub(super) ends: u32,
    /// How many grants are being stored as the session.
    pub(super) adopting: u32,
    /// The tokens that the store is known to hold, by their mark.
    pub(super) known: Option<u64>,
    pub(super) auto: bool,
    pub(super) refresh_due: UnixMillis,
    pub(super) refresh: Refresh,
    /// Whether somebody looks at the page.
    pub(super) visible: bool,
    /// The server's clock less this device's, in milliseconds, where the server has let it be seen.
    pub(super) skew: Option<i64>,
    /// Whether the host can verify signatures. Where it cannot, and `allowInsecure` says so, nobody does.
    pub(super) verifies: bool,
    pub(super) keys: Option<Keys<J>>,
    /// Where tokens are bound to a key: that key.
    pub(super) dpop: Option<Box<Dpop<J>>>,
    pub(super) waiters: Vec<Waiter<J>>,
    /// Where others than the session's own were asked for: those tokens.
    pub(super) aims: Option<Box<Aims>>,
    #[allow(clippy::vec_box)] // They are taken out and put back: a word moves, not all of it.
    pub(super) callbacks: Vec<Box<Progress<J>>>,

    closed: bool,
    /// Who was let in and has not been told yet.
    admitted: Vec<Caller>,
    last_op: Op,
    /// What to do with the answers that are under way.
    waiting: Vec<Waiting<J>>,
    outputs: Vec<Output<J>>,
}

/// An answer that is under way.
#[derive(Debug)]
struct Waiting<J> {
    op: Op,
    /// The turn of the refresh that it belongs to: when that is over, nobody wants it any more. 0 for others.
    turn: u32,
    then: Then<J>,
}

/// What to do with an answer.
#[derive(Debug)]
enum Then<J> {
    Load(OnLoad<J>),
    Store(OnStore<J>),
    Send(OnSend<J>),
    Verify(Box<Verifying<J>>),
}

/// What to do with what is read.
#[derive(Debug)]
pub(super) enum OnLoad<J> {
    /// Opening: the metadata that were kept.
    Metadata(Box<Opening<J>>),
    /// Opening: adopt the session.
    Open(Box<Opening<J>>),
    /// A login's beginning: put it on the list.
    Logins(Box<Begun>),
    /// A redirect, by its number: find its login.
    Login(u32),
    /// A redirect that was answered elsewhere: take the session that came of it.
    Adopt(u32),
    /// A refresh, in its turn: adopt what another tab brought, or go on.
    Refresh,
    /// A refresh, in its turn: the lock was not had in time.
    Patience,
    /// A refresh, in its turn: go on, unless another tab is at it.
    Journal,
    /// A refresh, in its turn: what came of it, which is written where the store is as it was.
    Confirm(Result<Snapshot<J>, Error>),
    /// Something happened elsewhere, in an epoch; or nothing is known to have.
    CatchUp(u32, bool),
    /// The session is gone, in an epoch: why?
    /// With the tokens that a refresh has just brought.
    Gone(u32, u32, Option<Snapshot<J>>),
    /// What is seldom asked for: go on.
    Errand(Box<Errand<J>>),
}

/// What to do when something is written.
#[derive(Debug)]
pub(super) enum OnStore<J> {
    /// Nothing: it is done as well as it can be.
    Nothing,
    /// A login's beginning: give the URL out.
    Login(Box<Begun>),
    /// A redirect, by its number: its login is marked, so exchange its code.
    Spent(u32),
    /// A redirect, by its number: its session is stored, so tell.
    SignedIn(u32),
    /// An end that is in the store, so tell the others, and give the lock back.
    Tell(Secret, Option<Op>),
    /// The journal is as it should be, so give the lock back.
    Unlock(Op),
    /// Tokens that are in the store now, or not, in an epoch.
    Kept(u32),
    /// A refresh, in its turn: it is written down, so send it.
    Journal,
    /// A refresh, in its turn: the new session is stored, so tell. Whether this was the second try.
    Refreshed(Snapshot<J>, bool),
    /// A logout: leave.
    Logout(Box<super::logout::Leaving>),
    /// What is seldom asked for: go on.
    Errand(Box<Errand<J>>),
}

/// What to do with a response.
#[derive(Debug)]
pub(super) enum OnSend<J> {
    /// Opening: the metadata, at the first or at the second place.
    Discover(Box<Opening<J>>),
    /// A redirect, by its number: the tokens.
    Exchange(u32),
    /// A redirect's tokens: another server's clock was looked at.
    Clock(Box<Verifying<J>>),
    /// A refresh, in its turn: the tokens. With the refresh token that was sent.
    Refresh(Secret),
    /// The server's keys, for an ID token.
    Keys(Box<Verifying<J>>),
    /// What is seldom asked for: go on.
    Errand(Box<Errand<J>>),
}

impl<J: Json> Machine<J> {
    /// A client that is not open yet. `seed` spreads its refreshes.
    #[must_use]
    pub fn new(config: Config, seed: u32) -> Self {
        Self {
            auto: config.auto_refresh,
            config: Box::new(config),
            metadata: None,
            now: UnixMillis(0),
            spread: Spread::new(seed),
            session: None,
            ended: None,
            epoch: 0,
            persisted: false,
            ends: 0,
            adopting: 0,
            known: None,
            refresh_due: NEVER,
            refresh: Refresh::new(seed),
            visible: true,
            skew: None,
            verifies: true,
            keys: None,
            dpop: None,
            waiters: Vec::new(),
            aims: None,
            callbacks: Vec::new(),
            closed: false,
            admitted: Vec::new(),
            last_op: 0,
            waiting: Vec::new(),
            outputs: Vec::new(),
        }
    }

    // ── What the program asks for: first `command`, then one of the flows ───────────────────────────────────

    /// Lets a caller in: the time is set, and what is due is done. `None` where the client is closed, which the
    /// caller is then told.
    pub fn command(&mut self, caller: Caller, now: UnixMillis) -> Option<&mut Self> {
        if self.closed {
            self.refuse(caller, ErrorCode::ClientClosed.into());
            return None;
        }
        self.admitted.push(caller);
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
        // Who is told is taken off the list.
        while let Some(waiting) = self.admitted.iter().find(|waiting| **waiting != caller) {
            self.refuse(*waiting, ErrorCode::ClientClosed.into());
        }
        self.waiters.clear();
        self.callbacks.clear();
        self.waiting.clear();
        self.session = None;
        self.known = None;
        self.forget_aimed();
        if self.dpop.is_some() {
            self.forget_key();
        }
        self.unlock();
        self.closed = true;
        self.settle(caller, Ok(Answer::Done));
    }

    // ── What the host answers ───────────────────────────────────────────────────────────────────────────────

    /// Answers [`Output::Load`]: the value, or that there is none, or that the storage fails.
    pub fn loaded(&mut self, op: Op, result: Result<Option<Secret>, Error>, now: UnixMillis) {
        self.tick(now);
        let Some(Then::Load(then)) = self.then(op) else {
            return;
        };
        // Who goes on looks at it: what everybody took would have to be let go by everybody.
        let result = &result;
        match then {
            OnLoad::Metadata(opening) => self.metadata_loaded(opening, result),
            OnLoad::Open(opening) => self.open_loaded(opening, result),
            OnLoad::Logins(begun) => self.logins_loaded(begun, result),
            OnLoad::Login(id) => self.with(id, |machine, progress| machine.login_loaded(progress, result)),
            OnLoad::Adopt(id) => self.with(id, |machine, progress| machine.adopt_loaded(progress, result)),
            OnLoad::Refresh => self.refresh_loaded(result),
            OnLoad::Patience => self.patience_loaded(result),
            OnLoad::Journal => self.journal_loaded(result),
            OnLoad::Confirm(outcome) => self.confirm_loaded(outcome, result),
            OnLoad::CatchUp(epoch, is_seen) => self.caught_up(epoch, is_seen, result),
            OnLoad::Gone(epoch, turn, renewed) => self.gone_loaded(epoch, turn, renewed, result),
            OnLoad::Errand(errand) => self.errand(errand, Came::Loaded(result)),
        }
    }

    /// Answers [`Output::Store`] and [`Output::Remove`].
    pub fn stored(&mut self, op: Op, result: Result<(), Error>, now: UnixMillis) {
        self.tick(now);
        let Some(Then::Store(then)) = self.then(op) else {
            return;
        };
        match then {
            OnStore::Nothing => {}
            OnStore::Login(begun) => self.login_stored(begun, &result),
            // Where the mark could not be written the code is as good as before, and is sent once all the same.
            OnStore::Spent(id) => self.with(id, Self::exchange),
            OnStore::SignedIn(id) => self.with(id, |machine, progress| machine.callback_stored(progress, &result)),
            OnStore::Tell(message, lock) => {
                self.emit(Output::Tell(message));
                if let Some(op) = lock {
                    self.emit(Output::Unlock { op });
                }
            }
            OnStore::Unlock(op) => self.emit(Output::Unlock { op }),
            OnStore::Kept(epoch) => self.kept(epoch, &result),
            OnStore::Journal => self.journal_stored(&result),
            OnStore::Refreshed(session, again) => self.refresh_stored(session, again, &result),
            // The session is over here in any case; that the way back cannot be checked must not keep the user.
            OnStore::Logout(leaving) => self.leave(*leaving),
            OnStore::Errand(errand) => self.errand(errand, Came::Stored(&result)),
        }
    }

    /// Answers [`Output::Send`]. The response comes with the instant at which the request was sent.
    pub fn responded(
        &mut self,
        op: Op,
        sent_at: UnixMillis,
        mut result: Result<Response, Unanswered>,
        now: UnixMillis,
    ) {
        self.tick(now);
        if let Some(date) = result.as_ref().ok().and_then(|response| J::parse_http_date(response.date.as_deref()?)) {
            self.skew = Some(date.0 as i64 - now.0 as i64);
        }
        if self.dpop.is_some() && self.is_made_again(op, sent_at, &mut result) {
            return;
        }
        let Some(Then::Send(then)) = self.then(op) else {
            return;
        };
        match then {
            OnSend::Discover(opening) => self.discovered(opening, &result),
            OnSend::Exchange(id) => self.exchanged(id, sent_at, &result),
            OnSend::Clock(verifying) => self.verify(verifying),
            OnSend::Refresh(sent) => self.refresh_responded(&sent, sent_at, &result),
            OnSend::Keys(verifying) => self.keys_responded(verifying, &result),
            OnSend::Errand(errand) => self.errand(errand, Came::Response(sent_at, &result)),
        }
    }

    /// Answers [`Output::Lock`]: whether it was granted; later, maybe, that it was lost.
    pub fn locked(&mut self, op: Op, lock: Lock, now: UnixMillis) {
        self.tick(now);
        self.lock_answered(op, lock);
    }

    /// Another tab told something ([`Output::Tell`]).
    pub fn heard(&mut self, message: &str, now: UnixMillis) {
        self.tick(now);
        if !self.closed {
            // First: it may say that what is due is done.
            self.take_message(message);
            self.wake(now);
        }
    }

    /// The host has no cryptography (it is no secure context): with `allowInsecure` signatures are not verified, without
    /// it there is to be no client.
    pub fn without_signatures(&mut self) {
        self.verifies = false;
    }

    /// Whether somebody looks at the page: what is due again after a failure comes sooner there.
    pub fn visible(&mut self, visible: bool, now: UnixMillis) {
        self.tick(now);
        self.visible = visible;
    }

    /// The deadline has come, or it may have.
    pub fn wake(&mut self, now: UnixMillis) {
        self.tick(now);
        self.refresh_on_time();
        self.callbacks_on_time();
    }

    /// The page became visible again, or the network came back: what waits for better times may try now.
    pub fn recovered(&mut self, now: UnixMillis) {
        self.wake(now);
        if !self.closed {
            self.refresh_again();
        }
    }

    // ── What comes of it ────────────────────────────────────────────────────────────────────────────────────

    /// The next thing to perform.
    pub fn poll(&mut self) -> Option<Output<J>> {
        if self.outputs.is_empty() { None } else { Some(self.outputs.remove(0)) }
    }

    /// What [`Output::Verify`] is about.
    pub fn signature(&self, op: Op) -> Option<Signature<'_, J>> {
        self.waiting.iter().find(|waiting| waiting.op == op).and_then(|waiting| match &waiting.then {
            Then::Verify(verifying) => verifying.signature(),
            _ => None,
        })
    }

    /// When to call [`wake`](Self::wake), at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<UnixMillis> {
        let deadline = self.refresh_deadline().min(self.callback_deadline());
        (deadline != NEVER).then_some(deadline)
    }

    /// The server's metadata, once it is open.
    #[must_use]
    pub fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_deref()
    }

    pub(super) fn settle(&mut self, caller: Caller, result: Result<Answer<J>, Error>) {
        if let Some(index) = self.admitted.iter().position(|admitted| *admitted == caller) {
            self.admitted.swap_remove(index);
        }
        self.outputs.push(Output::Settle { caller, result });
    }

    pub(super) fn refuse(&mut self, caller: Caller, error: Error) {
        self.settle(caller, Err(error));
    }

    /// Tells those who wait for a refresh that there is none.
    pub(super) fn refuse_all(&mut self, error: &Error) {
        for waiter in &core::mem::take(&mut self.waiters) {
            self.refuse(waiter.caller, error.clone());
        }
    }

    pub(super) fn emit(&mut self, output: Output<J>) {
        self.outputs.push(output);
    }

    /// Now is later than before, unless the clock was set back.
    pub(super) fn tick(&mut self, now: UnixMillis) {
        let back = self.now.since(now);
        self.now = now;
        if back > CLOCK_NOISE {
            self.set_back(back);
            self.callbacks_set_back(back);
        }
    }

    /// The thumbprint of the key that new tokens are bound to.
    pub(super) fn jkt(&self) -> Option<String> {
        self.dpop.as_ref().map(|dpop| dpop.jkt.clone())
    }

    /// The server's clock, as far as it is known.
    pub(super) fn server_now(&self) -> UnixMillis {
        UnixMillis(self.now.0.saturating_add_signed(self.skew.unwrap_or(0)))
    }

    fn then(&mut self, op: Op) -> Option<Then<J>> {
        let index = self.waiting.iter().position(|waiting| waiting.op == op)?;
        let Waiting { turn, then, .. } = self.waiting.swap_remove(index);
        if turn != 0 && turn != self.refresh.turn { None } else { Some(then) }
    }

    /// Of which turn of the refresh an answer is that is waited for; 0 for others.
    pub(super) fn turn_of(&self, op: Op) -> Option<u32> {
        self.waiting.iter().find(|waiting| waiting.op == op).map(|waiting| waiting.turn)
    }

    pub(super) fn verifying(&mut self, op: Op) -> Option<Box<Verifying<J>>> {
        match self.then(op)? {
            Then::Verify(verifying) => Some(verifying),
            _ => None,
        }
    }

    /// What was just asked belongs to this turn of the refresh.
    pub(super) fn in_turn(&mut self) {
        if let Some(waiting) = self.waiting.last_mut() {
            waiting.turn = self.refresh.turn;
        }
    }

    pub(super) fn wait_for_verdict(&mut self, verifying: Box<Verifying<J>>) -> Op {
        self.wait(Then::Verify(verifying))
    }

    /// Somebody is waited for: by the number that this gives.
    fn wait(&mut self, then: Then<J>) -> Op {
        let op = self.next_op();
        self.waiting.push(Waiting { op, turn: 0, then });
        op
    }

    /// Works on a redirect.
    pub(super) fn with(&mut self, id: u32, work: impl FnOnce(&mut Self, &mut Progress<J>)) {
        if let Some(mut progress) = self.take_out(id) {
            work(self, &mut progress);
            self.put_back(progress);
        }
    }

    pub(super) fn next_op(&mut self) -> Op {
        self.last_op += 1;
        self.last_op
    }

    pub(super) fn load(&mut self, area: Area, name: &str, then: OnLoad<J>) {
        let (op, key) = (self.wait(Then::Load(then)), self.key(name));
        self.emit(Output::Load { op, area, key });
    }

    pub(super) fn store(&mut self, area: Area, name: &str, value: Secret, then: OnStore<J>) {
        let (op, key) = (self.wait(Then::Store(then)), self.key(name));
        self.emit(Output::Store { op, area, key, value });
    }

    pub(super) fn remove(&mut self, area: Area, name: &str) {
        self.remove_and(area, name, OnStore::Nothing);
    }

    pub(super) fn remove_and(&mut self, area: Area, name: &str, then: OnStore<J>) {
        let (op, key) = (self.wait(Then::Store(then)), self.key(name));
        self.emit(Output::Remove { op, area, key });
    }

    /// Asks for something that anybody may read. `is_fresh` where no cache may answer.
    #[inline(never)]
    pub(super) fn get(&mut self, url: String, is_fresh: bool, then: OnSend<J>) {
        self.send(Request { is_fresh, ..Request::get(url) }, then);
    }

    pub(super) fn send(&mut self, request: Request, then: OnSend<J>) {
        let op = self.wait(Then::Send(then));
        if self.dpop.is_some() {
            return self.prove(op, request);
        }
        self.emit(Output::Send { op, request });
    }

    /// The key of what is stored: one origin may hold several clients and issuers.
    pub(super) fn key(&self, name: &str) -> String {
        let issuer = self.metadata.as_ref().map(|metadata| metadata.issuer.as_str()).or(self.config.issuer.as_deref());
        concat(&["pixie-auth ", &self.config.client_id, " ", issuer.unwrap_or_default(), " ", name])
    }
}
