//! Ending a login: one redirect, one code, one answer, however often it is handed in.
//!
//! ```text
//! load the login ─▶ check the redirect ─▶ mark it spent ─▶ exchange ─▶ check the ID token
//!                                                              ─▶ store the session ─▶ keep the outcome ─▶ tell
//! ```
//!
//! The outcome is kept in memory (whoever asks again gets the same), and by its code in the storage, so that it
//! outlives a reload. A login that is spent without an outcome is being exchanged elsewhere: that is waited for.
//! A failure that may go away opens the login again, so that the same redirect can be tried once more.

use super::{
    io::{Answer, Area, Caller, Event, Output, Session, Snapshot},
    login::login_name,
    machine::{Machine, OnLoad, OnSend, OnStore},
    session::SESSION,
};
use crate::core::{
    memory::{
        record,
        token_set::TokenSet,
        transaction::{Login, Outcome, Spent, Transaction},
    },
    protocol::{
        callback::{Callback, ValidatedCallback},
        id_token::{self, Expected},
        token::{self, Grant},
    },
    words::{
        decimal::decimal,
        error::{Error, ErrorCode},
        http::{Request, Response, Unanswered},
        json::Json,
        secret::Secret,
        time::UnixMillis,
    },
};
use alloc::{boxed::Box, rc::Rc, string::String, vec::Vec};

/// How often to look whether an exchange elsewhere is done.
const LOOK_AGAIN: u64 = 250;

/// By how much a device's clock has to be off to be called wrong, and how far off it may be.
const CLOCK_IS_WRONG: u64 = 5 * 60 * 1000;
const CLOCK_IS_NOT_TO_BLAME: u64 = 24 * 60 * 60 * 1000;

/// A redirect that was handed in, and how far it is.
#[derive(Debug)]
pub(super) struct Progress<J> {
    id: u32,
    state: String,
    callers: Vec<Caller>,
    step: Step,
    /// The redirect, until its login is found.
    callback: Option<Callback>,
    /// The login as it was stored: read again at each step, and put back where the network fails.
    login: Secret,
    session: Option<Snapshot<J>>,
    /// How many logouts there had been when its tokens came.
    ends: u32,
    app_state: Option<String>,
    error: Option<Error>,
}

#[derive(Debug)]
enum Step {
    /// Waits for its login.
    Begun,
    /// Waits for the mark.
    Checked(ValidatedCallback),
    /// Waits for the tokens, or to be stored.
    Sent,
    /// Somebody else exchanges the code: when to look again, and until when.
    Elsewhere(UnixMillis, UnixMillis),
    /// Its answer is there.
    Done,
}

impl<J: Json> Machine<J> {
    /// `handleCallback`: takes the redirect.
    pub fn callback(&mut self, caller: Caller, url: &str) {
        let callback = match Callback::parse(url) {
            Ok(callback) => callback,
            Err(error) => return self.settle(caller, Err(error)),
        };
        if let Some(progress) = self.callbacks.iter_mut().find(|progress| progress.state == callback.state()) {
            progress.callers.push(caller);
            let id = progress.id;
            return self.tell(id);
        }
        let id = self.next_op();
        self.callbacks.push(Progress {
            id,
            state: callback.state().into(),
            callers: alloc::vec![caller],
            step: Step::Begun,
            callback: Some(callback),
            login: Secret::default(),
            session: None,
            ends: 0,
            app_state: None,
            error: None,
        });
        self.load_login(id);
    }

    fn load_login(&mut self, id: u32) {
        if let Some(progress) = self.progress(id) {
            let name = login_name(&progress.state);
            self.load(Area::Login, &name, OnLoad::Login(id));
        }
    }

    pub(super) fn login_loaded(&mut self, id: u32, result: Result<Option<Secret>, Error>) {
        let login = match result {
            Err(error) => return self.fail(id, error),
            Ok(None) => return self.fail(id, ErrorCode::CallbackStateUnknown.into()),
            Ok(Some(login)) => login,
        };
        match Login::read(login.expose()) {
            None => {
                if let Some(progress) = self.progress(id) {
                    let name = login_name(&progress.state);
                    self.remove(Area::Login, &name);
                }
                self.fail(id, ErrorCode::StorageCorrupt.into());
            }
            Some(Login::Spent(spent)) => self.already_spent(id, spent),
            Some(Login::Open(transaction)) => {
                if let Some(progress) = self.progress(id) {
                    progress.login = login;
                    progress.app_state = transaction.app_state;
                }
                self.check_callback(id);
            }
        }
    }

    fn check_callback(&mut self, id: u32) {
        let Some(index) = self.callbacks.iter().position(|progress| progress.id == id) else {
            return;
        };
        let (Some(progress), Some(metadata)) = (self.callbacks.get_mut(index), &self.metadata) else {
            return;
        };
        let Some(callback) = progress.callback.take() else {
            return;
        };
        match callback.validate(metadata, &progress.state) {
            Ok(callback) => {
                progress.step = Step::Checked(callback);
                self.keep_outcome(id, None, OnStore::Spent(id));
            }
            Err(error) => {
                // A redirect that the server did not send leaves the login open for the one that it does.
                if error.code() == ErrorCode::AuthorizationFailed {
                    self.fail_for_good(id, error);
                } else {
                    self.fail(id, error);
                }
            }
        }
    }

    /// The login of a redirect that was checked.
    fn transaction(&mut self, id: u32) -> Option<Transaction> {
        match Login::read(self.progress(id)?.login.expose())? {
            Login::Open(transaction) => Some(transaction),
            Login::Spent(_) => None,
        }
    }

    pub(super) fn exchange(&mut self, id: u32) {
        let transaction = self.transaction(id);
        let step = self.progress(id).map(|progress| core::mem::replace(&mut progress.step, Step::Sent));
        if let (Some(Step::Checked(callback)), Some(transaction), Some(metadata)) = (step, transaction, &self.metadata)
        {
            let Transaction { verifier, redirect_uri, .. } = transaction;
            let request = token::exchange_request(&self.config, metadata, &callback, verifier, &redirect_uri);
            self.send(request, OnSend::Exchange(id, callback.code().clone()));
        }
    }

    pub(super) fn exchanged(
        &mut self,
        id: u32,
        code: Secret,
        sent_at: UnixMillis,
        result: Result<Response, Unanswered>,
        has_asked: bool,
    ) {
        match self.new_session(id, &code, sent_at, &result, has_asked) {
            Err(error) if error.code() == ErrorCode::IdTokenExpired && !has_asked && self.skew.is_none() => {
                // Or is it this device's clock? The page's own server shows its clock. No cache has an answer to this.
                let mut url = String::from("/?");
                url.push_str(&decimal(self.now.0));
                self.send(Request::get(url), OnSend::Clock(Box::new((id, code, sent_at, result))));
            }
            Ok(session) => {
                let value = record::write(&session.tokens);
                let ends = self.ends;
                if let Some(progress) = self.progress(id) {
                    progress.session = Some(Rc::new(session));
                    progress.ends = ends;
                }
                // What is still to come of the session before is not to be written over this one.
                self.epoch += 1;
                self.make_way();
                self.store(Area::Session, SESSION, value, OnStore::SignedIn(id));
            }
            Err(error) if !error.code().is_retryable() => self.fail_for_good(id, error),
            Err(error) => {
                if let Some(progress) = self.progress(id) {
                    let (name, login) = (login_name(&progress.state), progress.login.clone());
                    self.store(Area::Login, &name, login, OnStore::Nothing);
                }
                self.fail(id, error);
            }
        }
    }

    fn new_session(
        &mut self,
        id: u32,
        code: &Secret,
        sent_at: UnixMillis,
        result: &Result<Response, Unanswered>,
        has_asked: bool,
    ) -> Result<Session<J>, Error> {
        let response = result.as_ref().map_err(|unanswered| *unanswered)?;
        let response = token::token_response::<J>(Grant::AuthorizationCode, response, &[code])?;
        let transaction = self.transaction(id).ok_or(ErrorCode::StorageCorrupt)?;
        let mut session = Session { tokens: TokenSet::new(response, sent_at, &transaction.scope), claims: None };
        match &session.tokens.id_token {
            Some(id_token) => {
                let claims: J = id_token::claims(id_token)?;
                let issued_at = claims.number("iat").filter(|_| has_asked);
                let now = Some(self.server_now_by(issued_at));
                id_token::check(&claims, &Expected { now, ..self.expected(Some(&transaction.nonce), None) })?;
                session.claims = Some(claims);
            }
            None if transaction.asks_for_id_token() => return Err(ErrorCode::IdTokenMissing.into()),
            None => {}
        }
        Ok(session)
    }

    /// The server's clock: as it was seen; where nobody shows one (the page of an app has no server), by when it says
    /// that it issued the ID token, which answers this login's nonce and so is new. A device may be hours wrong; what
    /// is further off, or hardly off, is not the clock's doing.
    fn server_now_by(&self, issued_at: Option<f64>) -> UnixMillis {
        let issued_at = UnixMillis(issued_at.unwrap_or_default() as u64 * 1000);
        let off = issued_at.since(self.now) + self.now.since(issued_at);
        if self.skew.is_none() && (CLOCK_IS_WRONG..CLOCK_IS_NOT_TO_BLAME).contains(&off) {
            issued_at
        } else {
            self.server_now()
        }
    }

    /// What an ID token is to be checked against.
    pub(super) fn expected<'a>(&'a self, nonce: Option<&'a str>, subject: Option<&'a str>) -> Expected<'a> {
        Expected {
            issuer: self.metadata.as_ref().map_or("", |metadata| &metadata.issuer),
            client_id: &self.config.client_id,
            nonce,
            subject,
            now: None,
            tolerance: self.config.clock_tolerance,
        }
    }

    pub(super) fn callback_stored(&mut self, id: u32, result: &Result<(), Error>) {
        let ends = self.ends;
        if self.progress(id).is_some_and(|progress| progress.ends != ends) {
            self.remove(Area::Session, SESSION);
            return self.fail_for_good(id, ErrorCode::NoSession.into());
        }
        self.session_stored(result);
        self.keep_outcome(id, Some(Outcome::SignedIn), OnStore::Nothing);
        if let Some(session) = self.progress(id).and_then(|progress| progress.session.clone()) {
            self.start_session(session.clone());
            self.emit(Output::Notify(Event::SignedIn(session)));
        }
        self.finish(id);
    }

    fn already_spent(&mut self, id: u32, spent: Spent) {
        let (now, limit) = (self.now, self.config.request_timeout);
        let Some(progress) = self.progress(id) else {
            return;
        };
        progress.app_state = spent.app_state;
        match spent.outcome {
            // The store first: this tab may have an older session.
            Some(Outcome::SignedIn) => self.load(Area::Session, SESSION, OnLoad::Adopt(id)),
            Some(Outcome::Failed(code)) => {
                let known = ErrorCode::ALL.iter().find(|known| known.as_str() == code);
                self.fail(id, (*known.unwrap_or(&ErrorCode::CallbackStateUnknown)).into());
            }
            None => {
                let until = if let Step::Elsewhere(_, until) = progress.step { until } else { now.plus(limit) };
                if now >= until {
                    return self.fail(id, ErrorCode::CallbackStateUnknown.into());
                }
                progress.step = Step::Elsewhere(now.plus(LOOK_AGAIN), until);
            }
        }
    }

    pub(super) fn adopt_loaded(&mut self, id: u32, result: Result<Option<Secret>, Error>) {
        let stored = result.ok().flatten().and_then(|record| record::read(record.expose()));
        if let Some(tokens) = stored.filter(|tokens| self.is_news(tokens)) {
            self.epoch += 1;
            self.adopt(tokens, true);
            self.rest();
            // Their refresh belongs to the session before, and will not be answered.
            self.release_waiters();
        }
        let session = self.session.clone();
        match self.progress(id) {
            Some(progress) if session.is_some() => {
                progress.session = session;
                self.finish(id);
            }
            _ => self.fail(id, ErrorCode::CallbackStateUnknown.into()),
        }
    }

    /// Writes down how far the login is: the verifier goes, what the same redirect is to be answered stays.
    fn keep_outcome(&mut self, id: u32, outcome: Option<Outcome>, then: OnStore<J>) {
        if let Some(progress) = self.progress(id) {
            let spent = Login::Spent(Spent { app_state: progress.app_state.clone(), outcome });
            let name = login_name(&progress.state);
            self.store(Area::Login, &name, spent.write(), then);
        }
    }

    /// Tells the failure; the same redirect may be tried again.
    fn fail(&mut self, id: u32, error: Error) {
        if let Some(progress) = self.progress(id) {
            progress.error = Some(error);
        }
        self.finish(id);
        if let Some(index) = self.callbacks.iter().position(|progress| progress.id == id) {
            self.callbacks.swap_remove(index);
        }
    }

    /// Tells the failure, now and whenever the same redirect is handed in again.
    fn fail_for_good(&mut self, id: u32, error: Error) {
        self.keep_outcome(id, Some(Outcome::Failed(error.code().as_str().into())), OnStore::Nothing);
        if let Some(progress) = self.progress(id) {
            progress.error = Some(error);
        }
        self.finish(id);
    }

    fn finish(&mut self, id: u32) {
        if let Some(progress) = self.progress(id) {
            progress.step = Step::Done;
            progress.login = Secret::default();
        }
        self.tell(id);
    }

    /// Tells those who wait, where the answer is there.
    fn tell(&mut self, id: u32) {
        let Some(progress) = self.progress(id).filter(|progress| matches!(progress.step, Step::Done)) else {
            return;
        };
        let callers = core::mem::take(&mut progress.callers);
        let (session, app_state, error) =
            (progress.session.clone(), progress.app_state.clone(), progress.error.clone());
        for caller in callers {
            let result = match (&error, &session) {
                (None, Some(session)) => {
                    Ok(Answer::Callback { session: session.clone(), app_state: app_state.clone() })
                }
                (error, _) => Err(error.clone().unwrap_or_else(|| ErrorCode::CallbackStateUnknown.into())),
            };
            self.settle(caller, result);
        }
    }

    fn progress(&mut self, id: u32) -> Option<&mut Progress<J>> {
        self.callbacks.iter_mut().find(|progress| progress.id == id)
    }

    /// Whether a login's tokens are being written.
    pub(super) fn is_signing_in(&self) -> bool {
        self.callbacks.iter().any(|progress| progress.session.is_some() && matches!(progress.step, Step::Sent))
    }

    /// The clock was set back by so much.
    pub(super) fn callbacks_set_back(&mut self, by: u64) {
        for progress in &mut self.callbacks {
            if let Step::Elsewhere(at, until) = &mut progress.step {
                (*at, *until) = (at.minus(by), until.minus(by));
            }
        }
    }

    pub(super) fn callback_deadline(&self) -> Option<UnixMillis> {
        let mut deadline = None;
        for progress in &self.callbacks {
            if let Step::Elsewhere(at, _) = progress.step {
                deadline = Some(deadline.map_or(at, |earlier: UnixMillis| earlier.min(at)));
            }
        }
        deadline.filter(|at| at.0 < u64::MAX)
    }

    pub(super) fn callbacks_on_time(&mut self) {
        let now = self.now;
        while let Some(progress) =
            self.callbacks.iter_mut().find(|progress| matches!(progress.step, Step::Elsewhere(at, _) if at <= now))
        {
            if let Step::Elsewhere(at, _) = &mut progress.step {
                // The next look is set when this one's answer is there; until then it must not come due again.
                *at = UnixMillis(u64::MAX);
            }
            let id = progress.id;
            self.load_login(id);
        }
    }
}
