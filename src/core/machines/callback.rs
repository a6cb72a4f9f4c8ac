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
    machine::{Job, Machine, Reply},
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
        error::{Error, ErrorCode},
        http::{Response, Unanswered},
        json::Json,
        secret::Secret,
        time::UnixMillis,
    },
};
use alloc::{boxed::Box, rc::Rc, string::String, vec::Vec};

/// How often to look whether an exchange elsewhere is done.
const LOOK_AGAIN: u64 = 250;

/// A redirect that was handed in.
#[derive(Debug)]
pub(super) struct Progress<J> {
    state: String,
    callers: Vec<Caller>,
    /// The answer, once it is there.
    answer: Option<Result<SignedIn<J>, Error>>,
    /// Set while somebody else exchanges the code: when to look again, and until when.
    look: Option<(UnixMillis, UnixMillis)>,
    callback: Option<Callback>,
}

#[derive(Debug)]
struct SignedIn<J> {
    session: Snapshot<J>,
    app_state: Option<String>,
}

impl<J> Clone for SignedIn<J> {
    fn clone(&self) -> Self {
        Self { session: self.session.clone(), app_state: self.app_state.clone() }
    }
}

impl<J> Progress<J> {
    pub(super) fn into_callers(self) -> Vec<Caller> {
        self.callers
    }
}

#[derive(Debug)]
pub(super) enum CallbackJob<J> {
    Load { state: String },
    Spend { exchange: Box<Exchange>, callback: ValidatedCallback },
    Send { exchange: Box<Exchange>, code: Secret },
    Store { state: String, signed_in: SignedInJob<J> },
    Adopt { state: String, app_state: Option<String> },
}

/// Keeps the private parts of [`SignedIn`] out of the machine's sight.
#[derive(Debug)]
pub(super) struct SignedInJob<J>(SignedIn<J>);

/// An exchange under way. The login is kept as it was, for the case that the network fails.
#[derive(Debug)]
pub(super) struct Exchange {
    state: String,
    login: Secret,
    nonce: String,
    scope: String,
    app_state: Option<String>,
    request: Option<(crate::core::protocol::pkce::CodeVerifier, String)>,
}

impl<J> CallbackJob<J> {
    /// Its callers wait in [`Progress`].
    pub(super) const fn caller(&self) -> Option<Caller> {
        None
    }
}

impl<J: Json> Machine<J> {
    /// `handleCallback`: takes the redirect.
    pub fn callback(&mut self, caller: Caller, url: &str) {
        let callback = match Callback::parse(url) {
            Ok(callback) => callback,
            Err(error) => return self.settle(caller, Err(error)),
        };
        let state = String::from(callback.state());
        if let Some(progress) = self.callbacks.iter_mut().find(|progress| progress.state == state) {
            match progress.answer.clone() {
                Some(answer) => self.settle(caller, answer.map(Answer::from)),
                None => progress.callers.push(caller),
            }
            return;
        }
        self.callbacks.push(Progress {
            state: state.clone(),
            callers: alloc::vec![caller],
            answer: None,
            look: None,
            callback: Some(callback),
        });
        self.load_login(state);
    }

    fn load_login(&mut self, state: String) {
        self.load(Area::Login, &login_name(&state), Job::Callback(CallbackJob::Load { state }));
    }

    pub(super) fn callback_reply(&mut self, job: CallbackJob<J>, reply: Reply) {
        match (job, reply) {
            (CallbackJob::Load { state }, Reply::Loaded(Ok(login))) => self.login_loaded(state, login),
            (CallbackJob::Load { state } | CallbackJob::Adopt { state, .. }, Reply::Loaded(Err(error))) => {
                self.finish_callback(&state, Err(error));
            }
            // Where the mark could not be written the code is as good as before, and is sent once all the same.
            (CallbackJob::Spend { exchange, callback }, Reply::Stored(_)) => self.exchange(exchange, &callback),
            (CallbackJob::Send { exchange, code }, Reply::Responded(sent_at, result)) => {
                self.exchanged(&exchange, &code, sent_at, result);
            }
            (CallbackJob::Store { state, signed_in }, Reply::Stored(result)) => {
                self.session_stored(result);
                self.keep_outcome(&state, signed_in.0.app_state.clone(), Outcome::SignedIn);
                self.start_session(signed_in.0.session.clone());
                self.emit(Output::Notify(Event::SignedIn(signed_in.0.session.clone())));
                self.finish_callback(&state, Ok(signed_in.0));
            }
            (CallbackJob::Adopt { state, app_state }, Reply::Loaded(Ok(record))) => {
                if let Some(tokens) = record.and_then(|record| record::read(record.expose())) {
                    self.persisted = true;
                    self.adopt(tokens);
                }
                self.answer_from_session(&state, app_state);
            }
            _ => {}
        }
    }

    fn login_loaded(&mut self, state: String, login: Option<Secret>) {
        let Some(login) = login else {
            return self.finish_callback(&state, Err(ErrorCode::CallbackStateUnknown.into()));
        };
        match Login::read(login.expose()) {
            None => {
                self.remove(Area::Login, &login_name(&state));
                self.finish_callback(&state, Err(ErrorCode::StorageCorrupt.into()));
            }
            Some(Login::Spent(spent)) => self.already_spent(&state, spent),
            Some(Login::Open(transaction)) => self.check_callback(state, login, transaction),
        }
    }

    fn check_callback(&mut self, state: String, login: Secret, transaction: Transaction) {
        let callback = self.progress(&state).and_then(|progress| progress.callback.take());
        let (Some(callback), Some(metadata)) = (callback, &self.metadata) else {
            return self.finish_callback(&state, Err(ErrorCode::CallbackInvalid.into()));
        };
        let Transaction { verifier, nonce, redirect_uri, scope, app_state } = transaction;
        match callback.validate(metadata, &state) {
            Ok(callback) => {
                let mark = Login::Spent(Spent { app_state: app_state.clone(), outcome: None });
                let name = login_name(&state);
                let request = Some((verifier, redirect_uri));
                let exchange = Box::new(Exchange { state, login, nonce, scope, app_state, request });
                self.store(Area::Login, &name, mark.write(), Job::Callback(CallbackJob::Spend { exchange, callback }));
            }
            Err(error) => {
                // A redirect that the server did not send leaves the login open for the one that it does.
                if error.code() == ErrorCode::AuthorizationFailed {
                    self.keep_outcome(&state, app_state, Outcome::Failed(error.code().as_str().into()));
                }
                self.finish_callback(&state, Err(error));
            }
        }
    }

    fn exchange(&mut self, mut exchange: Box<Exchange>, callback: &ValidatedCallback) {
        let (Some((verifier, redirect_uri)), Some(metadata)) = (exchange.request.take(), &self.metadata) else {
            return;
        };
        let request = token::exchange_request(&self.config, metadata, callback, verifier, &redirect_uri);
        let code = callback.code().clone();
        self.send(request, Job::Callback(CallbackJob::Send { exchange, code }));
    }

    fn exchanged(
        &mut self,
        exchange: &Exchange,
        code: &Secret,
        sent_at: UnixMillis,
        result: Result<Response, Unanswered>,
    ) {
        let session = result
            .map_err(Error::from)
            .and_then(|response| token::token_response::<J>(Grant::AuthorizationCode, &response, &[code]))
            .map(|response| TokenSet::new(response, sent_at, &exchange.scope))
            .and_then(|tokens| self.signed_in(tokens, exchange));
        match session {
            Ok(session) => {
                let value = record::write(&session.tokens);
                let signed_in = SignedIn { session: Rc::new(session), app_state: exchange.app_state.clone() };
                let job = CallbackJob::Store { state: exchange.state.clone(), signed_in: SignedInJob(signed_in) };
                self.store(Area::Session, SESSION, value, Job::Callback(job));
            }
            Err(error) => {
                if error.code().is_retryable() {
                    self.store(Area::Login, &login_name(&exchange.state), exchange.login.clone(), Job::Nothing);
                } else {
                    let outcome = Outcome::Failed(error.code().as_str().into());
                    self.keep_outcome(&exchange.state, exchange.app_state.clone(), outcome);
                }
                self.finish_callback(&exchange.state, Err(error));
            }
        }
    }

    fn signed_in(&self, tokens: TokenSet, exchange: &Exchange) -> Result<Session<J>, Error> {
        let Some(id_token) = &tokens.id_token else {
            return if self.config.asks_for_id_token(&exchange.scope) {
                Err(ErrorCode::IdTokenMissing.into())
            } else {
                Ok(Session { tokens, claims: None })
            };
        };
        let claims: J = id_token::claims(id_token)?;
        id_token::check(&claims, &self.expected(Some(&exchange.nonce), None))?;
        Ok(Session { tokens, claims: Some(claims) })
    }

    /// What an ID token is to be checked against.
    pub(super) fn expected<'a>(&'a self, nonce: Option<&'a str>, subject: Option<&'a str>) -> Expected<'a> {
        Expected {
            issuer: self.metadata.as_ref().map_or("", |metadata| &metadata.issuer),
            client_id: &self.config.client_id,
            nonce,
            subject,
            now: self.now,
            tolerance: self.config.clock_tolerance,
        }
    }

    fn already_spent(&mut self, state: &str, spent: Spent) {
        match spent.outcome {
            Some(Outcome::SignedIn) if self.session.is_some() => self.answer_from_session(state, spent.app_state),
            Some(Outcome::SignedIn) => {
                let job = CallbackJob::Adopt { state: state.into(), app_state: spent.app_state };
                self.load(Area::Session, SESSION, Job::Callback(job));
            }
            Some(Outcome::Failed(code)) => {
                let known = ErrorCode::ALL.iter().find(|known| known.as_str() == code);
                self.finish_callback(state, Err(known.copied().unwrap_or(ErrorCode::CallbackStateUnknown).into()));
            }
            None => {
                let (now, limit) = (self.now, self.config.request_timeout);
                if let Some(progress) = self.progress(state) {
                    let until = progress.look.map_or(now.plus(limit), |(_, until)| until);
                    if now < until {
                        progress.look = Some((now.plus(LOOK_AGAIN), until));
                        return;
                    }
                }
                self.finish_callback(state, Err(ErrorCode::CallbackStateUnknown.into()));
            }
        }
    }

    fn answer_from_session(&mut self, state: &str, app_state: Option<String>) {
        let answer = match &self.session {
            Some(session) => Ok(SignedIn { session: session.clone(), app_state }),
            None => Err(ErrorCode::CallbackStateUnknown.into()),
        };
        self.finish_callback(state, answer);
    }

    fn keep_outcome(&mut self, state: &str, app_state: Option<String>, outcome: Outcome) {
        let spent = Login::Spent(Spent { app_state, outcome: Some(outcome) });
        self.store(Area::Login, &login_name(state), spent.write(), Job::Nothing);
    }

    fn finish_callback(&mut self, state: &str, answer: Result<SignedIn<J>, Error>) {
        let Some(index) = self.callbacks.iter().position(|progress| progress.state == state) else {
            return;
        };
        let mut progress = self.callbacks.swap_remove(index);
        for caller in progress.callers.drain(..) {
            self.settle(caller, answer.clone().map(Answer::from));
        }
        // What may go away, and what is no answer to the redirect at all, is asked anew the next time.
        let lasts = answer.as_ref().err().is_none_or(|error| {
            matches!(
                error.code().action(),
                crate::core::words::error::Action::SignIn | crate::core::words::error::Action::Report
            )
        });
        if lasts {
            progress.answer = Some(answer);
            progress.look = None;
            self.callbacks.push(progress);
        }
    }

    fn progress(&mut self, state: &str) -> Option<&mut Progress<J>> {
        self.callbacks.iter_mut().find(|progress| progress.state == state)
    }

    pub(super) fn callback_deadline(&self) -> Option<UnixMillis> {
        self.callbacks.iter().filter_map(|progress| progress.look).map(|(at, _)| at).min()
    }

    pub(super) fn callbacks_on_time(&mut self) {
        let now = self.now;
        let due = |progress: &&mut Progress<J>| progress.look.is_some_and(|(at, _)| at <= now);
        let mut states = Vec::new();
        for progress in self.callbacks.iter_mut().filter(due) {
            // The next look is set when this one's answer is there; until then it must not come due again.
            progress.look = progress.look.map(|(_, until)| (UnixMillis(u64::MAX), until));
            states.push(progress.state.clone());
        }
        for state in states {
            self.load_login(state);
        }
    }
}

impl<J> From<SignedIn<J>> for Answer<J> {
    fn from(SignedIn { session, app_state }: SignedIn<J>) -> Self {
        Self::Callback { session, app_state }
    }
}
