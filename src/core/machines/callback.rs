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
    io::{Answer, Area, Caller, Event, Output, Snapshot},
    login::login_name,
    machine::{Loaded, Machine, OnLoad, OnSend, OnStore, Responded},
    refresh::Stored,
    schedule::{NEVER, set_back},
    session::SESSION,
    verify::{For, Verifying},
};
use crate::core::{
    memory::{
        record,
        token_set::TokenSet,
        transaction::{self, Login},
    },
    protocol::{
        callback::{Callback, ValidatedCallback},
        token::{self, Grant},
    },
    words::{
        concat::concat,
        decimal::decimal,
        error::{Error, ErrorCode},
        json::Json,
        secret::Secret,
        time::UnixMillis,
    },
};
use alloc::{boxed::Box, string::String, vec::Vec};

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
    /// Where somebody else exchanges the code: when to look again, and until when.
    look_at: UnixMillis,
    look_until: UnixMillis,
    /// The redirect, until its login is found.
    callback: Option<Callback>,
    /// The same, when it was checked.
    checked: Option<ValidatedCallback>,
    /// The login as it was stored, which is put back where the network fails.
    login: Login,
    /// Its tokens, where the keys to verify them with could not be had.
    verifying: Option<Box<Verifying<J>>>,
    session: Option<Snapshot<J>>,
    /// How many logouts there had been when its tokens came.
    ends: u32,
    app_state: Option<String>,
    error: Option<Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Waits for its login.
    Begun,
    /// Waits for the mark.
    Checked,
    /// Waits for the tokens, or to be stored.
    Sent,
    /// Somebody else exchanges the code.
    Elsewhere,
    /// Its answer is there.
    Done,
    /// Its tokens are here, but the keys to verify them with are not.
    Unverified,
    /// Its answer was a failure, and the same redirect may be tried again.
    Failed,
}

// While a redirect is worked on it is out of the machine's list, so that both can be borrowed.
impl<J: Json> Machine<J> {
    /// `handleCallback`: takes the redirect.
    pub fn callback(&mut self, caller: Caller, url: &str) {
        let callback = match Callback::parse(url) {
            Ok(callback) => callback,
            Err(error) => return self.refuse(caller, error),
        };
        let mut progress = match self.callbacks.iter().position(|progress| progress.state == callback.state()) {
            Some(index) => self.callbacks.swap_remove(index),
            None => {
                let progress = Box::new(Progress {
                    id: self.next_op(),
                    state: callback.state().into(),
                    callers: Vec::new(),
                    step: Step::Begun,
                    look_at: NEVER,
                    look_until: NEVER,
                    callback: Some(callback),
                    checked: None,
                    login: Login::default(),
                    verifying: None,
                    session: None,
                    ends: 0,
                    app_state: None,
                    error: None,
                });
                self.load_login(&progress);
                progress
            }
        };
        progress.callers.push(caller);
        self.tell(&mut progress);
        let verifying = progress.verifying.take();
        if verifying.is_some() {
            progress.step = Step::Sent;
            progress.error = None;
        }
        self.callbacks.push(progress);
        if let Some(verifying) = verifying {
            self.verify_signature(verifying);
        }
    }

    pub(super) fn take_out(&mut self, id: u32) -> Option<Box<Progress<J>>> {
        let index = self.callbacks.iter().position(|progress| progress.id == id)?;
        Some(self.callbacks.swap_remove(index))
    }

    pub(super) fn put_back(&mut self, progress: Box<Progress<J>>) {
        if progress.step != Step::Failed {
            self.callbacks.push(progress);
        }
    }

    fn load_login(&mut self, progress: &Progress<J>) {
        self.load(Area::Login, &login_name(&progress.state), OnLoad::Login(progress.id));
    }

    pub(super) fn login_loaded(&mut self, progress: &mut Progress<J>, result: Loaded<'_>) {
        let login = match result {
            Err(error) => return self.fail(progress, error.clone()),
            Ok(None) => return self.fail(progress, ErrorCode::CallbackStateUnknown.into()),
            Ok(Some(login)) => login,
        };
        let Some(login) = Login::read(login.clone()) else {
            self.remove(Area::Login, &login_name(&progress.state));
            return self.fail(progress, ErrorCode::StorageCorrupt.into());
        };
        progress.app_state = login.app_state();
        if let Some(outcome) = login.outcome() {
            self.already_spent(progress, &outcome);
        } else {
            progress.login = login;
            self.check_callback(progress);
        }
    }

    fn check_callback(&mut self, progress: &mut Progress<J>) {
        let (Some(callback), Some(metadata)) = (progress.callback.take(), &self.metadata) else {
            return;
        };
        match callback.validate(metadata, &progress.state) {
            Ok(callback) => {
                progress.checked = Some(callback);
                progress.step = Step::Checked;
                self.keep_outcome(progress, "", OnStore::Spent(progress.id));
            }
            // A redirect that the server did not send leaves the login open for the one that it does.
            Err(error) if error.code() == ErrorCode::AuthorizationFailed => self.fail_for_good(progress, error),
            Err(error) => self.fail(progress, error),
        }
    }

    pub(super) fn exchange(&mut self, progress: &mut Progress<J>) {
        if let (Step::Checked, Some(callback), Some(verifier), Some(metadata)) =
            (progress.step, &progress.checked, progress.login.verifier(), &self.metadata)
        {
            let redirect_uri = progress.login.text("redirect_uri");
            let request = token::exchange_request(&self.config, metadata, callback, verifier, &redirect_uri);
            progress.step = Step::Sent;
            self.send(request, OnSend::Exchange(progress.id));
        }
    }

    /// The answer to the code of a redirect.
    pub(super) fn exchanged(&mut self, id: u32, sent_at: UnixMillis, result: &Responded) {
        let mut verifying = None;
        self.with(id, |machine, progress| {
            let Some(callback) = &progress.checked else {
                return;
            };
            match machine.token_response(For::Exchange(id), sent_at, result, callback.code(), Some(&progress.login)) {
                Ok(good) => verifying = Some(good),
                Err(error) => machine.exchange_failed(progress, error),
            }
        });
        // Not before the redirect is in the list again, where it is looked for when it is verified.
        if let Some(verifying) = verifying {
            self.verify(verifying);
        }
    }

    /// The signature of the ID token is right, or there is none, or it is not right, or its key could not be had.
    pub(super) fn exchange_verified(
        &mut self,
        progress: &mut Progress<J>,
        mut verifying: Box<Verifying<J>>,
        result: Result<(), Error>,
    ) {
        match result {
            Ok(()) => self.store_session(progress, verifying.into_snapshot()),
            Err(error)
                if matches!(error.code(), ErrorCode::IdTokenExpired | ErrorCode::IdTokenIssuedAt)
                    && !verifying.has_asked
                    && self.skew.is_none() =>
            {
                // Or is it this device's clock? The page's own server shows its clock. No cache has an answer to this.
                let url = concat(&["/?", &decimal(self.now.0)]);
                verifying.has_asked = true;
                self.get(url, false, OnSend::Clock(verifying));
            }
            // The code is spent and the tokens are here: the same redirect, handed in again, begins at the keys.
            Err(error) if error.code().is_retryable() => {
                progress.verifying = Some(verifying);
                progress.error = Some(error);
                progress.step = Step::Done;
                self.tell(progress);
                progress.step = Step::Unverified;
            }
            Err(error) => self.exchange_failed(progress, error),
        }
    }

    fn store_session(&mut self, progress: &mut Progress<J>, session: Snapshot<J>) {
        let value = record::write(&session.tokens);
        progress.session = Some(session);
        progress.ends = self.ends;
        // What is still to come of the session before is not to be written over this one.
        self.epoch += 1;
        self.make_way();
        self.store(Area::Session, SESSION, value, OnStore::SignedIn(progress.id));
    }

    fn exchange_failed(&mut self, progress: &mut Progress<J>, error: Error) {
        if !error.code().is_retryable() {
            return self.fail_for_good(progress, error);
        }
        let login = core::mem::take(&mut progress.login);
        self.store(Area::Login, &login_name(&progress.state), login.write(), OnStore::Nothing);
        self.fail(progress, error);
    }

    /// Reads the answer of the token endpoint to what was `sent`. An ID token that is in it is still to be verified.
    pub(super) fn token_response(
        &self,
        whose: For,
        sent_at: UnixMillis,
        result: &Responded,
        sent: &Secret,
        login: Option<&Login>,
    ) -> Result<Box<Verifying<J>>, Error> {
        let grant = if login.is_some() { Grant::AuthorizationCode } else { Grant::RefreshToken };
        let response = result.as_ref().map_err(|unanswered| *unanswered)?;
        let mut response = token::token_response::<J>(&self.config, grant, response, &[sent])?;
        response.jkt = self.jkt();
        let has_id_token = response.id_token.is_some();
        let scope = login.map(|login| login.text("scope")).unwrap_or_default();
        let mut verifying = Verifying::new(whose, TokenSet::new(response, sent_at, &scope));
        if let Some(login) = login {
            verifying.code = Some(sent.clone());
            verifying.nonce = Some(login.text("nonce"));
            verifying.max_age = login.max_age();
            if !has_id_token && login.asks_for_id_token() {
                return Err(ErrorCode::IdTokenMissing.into());
            }
        } else {
            let before = self.session.as_ref().ok_or(ErrorCode::NoSession)?;
            verifying.session.tokens.succeed(&before.tokens);
            verifying.session.claims = before.claims.clone();
        }
        if has_id_token {
            self.take_id_token(&mut verifying)?;
        }
        Ok(verifying)
    }

    /// The server's clock: as it was seen; where nobody shows one (the page of an app has no server), by when it says
    /// that it issued the ID token, which answers this login's nonce and so is new. A device may be hours wrong; what
    /// is further off, or hardly off, is not the clock's doing.
    pub(super) fn server_now_by(&self, issued_at: Option<f64>) -> UnixMillis {
        let issued_at = UnixMillis(issued_at.unwrap_or_default() as u64 * 1000);
        let off = issued_at.since(self.now) + self.now.since(issued_at);
        if self.skew.is_none() && (CLOCK_IS_WRONG..CLOCK_IS_NOT_TO_BLAME).contains(&off) {
            issued_at
        } else {
            self.server_now()
        }
    }

    pub(super) fn callback_stored(&mut self, progress: &mut Progress<J>, result: &Result<(), Error>) {
        if progress.ends != self.ends {
            self.remove(Area::Session, SESSION);
            return self.fail_for_good(progress, ErrorCode::NoSession.into());
        }
        self.session_stored(result);
        self.keep_outcome(progress, transaction::SIGNED_IN, OnStore::Nothing);
        if let Some(session) = &progress.session {
            self.start_session(session.clone());
            self.emit(Output::Notify(Event::SignedIn(session.clone())));
        }
        self.finish(progress);
    }

    fn already_spent(&mut self, progress: &mut Progress<J>, outcome: &str) {
        match outcome {
            // The store first: this tab may have an older session.
            transaction::SIGNED_IN => self.load(Area::Session, SESSION, OnLoad::Adopt(progress.id)),
            "" => {
                if progress.step != Step::Elsewhere {
                    progress.look_until = self.now.plus(self.config.request_timeout);
                }
                if self.now >= progress.look_until {
                    return self.fail(progress, ErrorCode::CallbackStateUnknown.into());
                }
                progress.step = Step::Elsewhere;
                progress.look_at = self.now.plus(LOOK_AGAIN);
            }
            code => self.fail(progress, ErrorCode::read(code).unwrap_or(ErrorCode::CallbackStateUnknown).into()),
        }
    }

    pub(super) fn adopt_loaded(&mut self, progress: &mut Progress<J>, result: Loaded<'_>) {
        if let Stored::News(tokens) = self.stored_session(result) {
            self.epoch += 1;
            self.adopt(tokens, true);
            self.rest();
            // Their refresh belongs to the session before, and will not be answered.
            self.release_waiters(true);
        }
        progress.session = self.session.clone();
        if progress.session.is_some() {
            self.finish(progress);
        } else {
            self.fail(progress, ErrorCode::CallbackStateUnknown.into());
        }
    }

    /// Writes down how far the login is: the verifier goes, what the same redirect is to be answered stays.
    fn keep_outcome(&mut self, progress: &Progress<J>, outcome: &str, then: OnStore<J>) {
        let spent = Login::spent(outcome, progress.app_state.as_deref());
        self.store(Area::Login, &login_name(&progress.state), spent.write(), then);
    }

    /// Tells the failure; the same redirect may be tried again.
    fn fail(&mut self, progress: &mut Progress<J>, error: Error) {
        progress.error = Some(error);
        self.finish(progress);
        progress.step = Step::Failed;
    }

    /// Tells the failure, now and whenever the same redirect is handed in again.
    fn fail_for_good(&mut self, progress: &mut Progress<J>, error: Error) {
        self.keep_outcome(progress, error.code().as_str(), OnStore::Nothing);
        progress.error = Some(error);
        self.finish(progress);
    }

    fn finish(&mut self, progress: &mut Progress<J>) {
        progress.step = Step::Done;
        progress.login = Login::default();
        progress.checked = None;
        self.tell(progress);
    }

    /// Tells those who wait, where the answer is there.
    fn tell(&mut self, progress: &mut Progress<J>) {
        if progress.step != Step::Done {
            return;
        }
        for caller in &core::mem::take(&mut progress.callers) {
            let result = match (&progress.error, &progress.session) {
                (Some(error), _) => Err(error.clone()),
                (None, Some(session)) => {
                    Ok(Answer::Callback { session: session.clone(), app_state: progress.app_state.clone() })
                }
                (None, None) => Err(ErrorCode::CallbackStateUnknown.into()),
            };
            self.settle(*caller, result);
        }
    }

    /// Whether a login's tokens are being written.
    pub(super) fn is_signing_in(&self) -> bool {
        self.adopting > 0
            || self.callbacks.iter().any(|progress| progress.session.is_some() && progress.step == Step::Sent)
    }

    /// The clock was set back by so much.
    pub(super) fn callbacks_set_back(&mut self, by: u64) {
        for progress in &mut self.callbacks {
            progress.look_at = set_back(progress.look_at, by);
            progress.look_until = set_back(progress.look_until, by);
        }
    }

    pub(super) fn callback_deadline(&self) -> UnixMillis {
        self.callbacks.iter().fold(NEVER, |earliest, progress| earliest.min(progress.look_at))
    }

    pub(super) fn callbacks_on_time(&mut self) {
        while let Some(index) = self.callbacks.iter().position(|progress| progress.look_at <= self.now) {
            let mut progress = self.callbacks.swap_remove(index);
            // The next look is set when this one's answer is there; until then it must not come due again.
            progress.look_at = NEVER;
            self.load_login(&progress);
            self.callbacks.push(progress);
        }
    }
}
