//! What the tabs of one client tell each other, and how one that heard nothing catches up.
//!
//! A message is a form. `told` says what it is; without it, it is the journal of a refresh that failed. Tokens are in
//! it only where the others cannot read them in the store.

use super::{
    io::{Area, Event, Output, SignOutReason},
    machine::{Machine, OnLoad, OnStore},
    refresh::{JOURNAL, Stored},
    session::SESSION,
};
use crate::core::{
    memory::{journal::Journal, record},
    words::{
        config::Sharing,
        decimal::decimal,
        error::{Error, ErrorCode},
        form::{self, Form},
        json::Json,
        secret::Secret,
        time::UnixMillis,
    },
};
use alloc::string::String;

const TOLD: &str = "told";
const REFRESHED: &str = "refreshed";
const SIGNED_IN: &str = "signed_in";
const SIGNED_OUT: &str = "signed_out";

impl<J: Json> Machine<J> {
    // ── Telling ─────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn send_message(&mut self, message: Form) {
        self.emit(Output::Tell(Secret::new(message.finish())));
    }

    pub(super) fn tell_refreshed(&mut self, before: UnixMillis) {
        let mut message = Form::new();
        message.push(TOLD, REFRESHED);
        if let Some(session) = self.session.as_ref().filter(|_| !self.is_shared()) {
            self.push_pair(&mut message, before);
            message.push("record", record::write(&session.tokens).expose());
        }
        self.send_message(message);
    }

    pub(super) fn tell_trouble(&mut self) {
        let journal = self.failure();
        self.emit(Output::Tell(Secret::new(journal.write())));
    }

    pub(super) fn tell_signed_in(&mut self) {
        let mut message = Form::new();
        message.push(TOLD, SIGNED_IN);
        self.send_message(message);
    }

    pub(super) fn signed_out_message(&self, reason: SignOutReason) -> Form {
        let mut message = Form::new();
        message.push(TOLD, SIGNED_OUT);
        message.push("reason", reason.as_str());
        self.push_pair(&mut message, self.generation());
        message
    }

    /// Whose tokens it is about, and which of the user's.
    fn push_pair(&self, message: &mut Form, generation: UnixMillis) {
        message.push("generation", &decimal(generation.0));
        message.push("subject", &self.subject());
    }

    // ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn take_message(&mut self, message: &str) {
        let text = |name| form::text(message, name);
        let is_the_users = text("subject").unwrap_or_default() == self.subject();
        let is_of_this_pair = is_the_users && text("generation") == Some(decimal(self.generation().0));
        match text(TOLD).as_deref() {
            None => match Journal::read(message) {
                Some(journal) if journal.generation == self.generation() && self.session.is_some() && self.refresh.is_open() => {
                    self.learn(&journal, 0);
                    self.delayed();
                }
                _ => {}
            },
            Some(REFRESHED) => match text("record").and_then(|record| record::read(&record)) {
                None => self.catch_up(),
                Some(tokens) if is_of_this_pair && self.session.is_some() && self.refresh.is_open() => {
                    // A copy of the tab writes it down for itself; where the store is shared, it cannot be written.
                    let is_copy = self.config.sharing == Sharing::Tab;
                    if is_copy {
                        self.store(Area::Session, SESSION, record::write(&tokens), OnStore::Nothing);
                    }
                    self.adopt(tokens, is_copy);
                    self.renewed();
                }
                Some(_) => {}
            },
            // What the server says is meant for this pair. A logout is meant for all of the user's sessions, though
            // where the store is shared, it may have come before the login that this tab has not heard of.
            Some(SIGNED_OUT) if self.session.is_some() => {
                let said = text("reason");
                let reason = SignOutReason::ALL.into_iter().find(|reason| said.as_deref() == Some(reason.as_str()));
                let is_alone = self.config.sharing != Sharing::Shared;
                let is_for_all = is_alone && is_the_users && reason == Some(SignOutReason::Logout);
                match reason {
                    Some(reason) if is_of_this_pair || is_for_all => {
                        if is_alone {
                            self.remove(Area::Session, SESSION);
                        }
                        self.drop_elsewhere(reason);
                    }
                    _ => self.catch_up(),
                }
            }
            _ => self.catch_up(),
        }
    }

    /// Looks what other tabs did, where they can do anything.
    pub(super) fn catch_up(&mut self) {
        if self.config.sharing == Sharing::Shared && self.refresh.is_open() {
            self.load(Area::Session, SESSION, OnLoad::CatchUp(self.epoch));
        }
    }

    pub(super) fn caught_up(&mut self, epoch: u32, result: Result<Option<Secret>, Error>) {
        if epoch != self.epoch || !self.refresh.is_open() {
            return;
        }
        match self.stored_session(result) {
            Stored::News(tokens) if self.session.is_some() => {
                self.adopt(tokens, true);
                self.renewed();
            }
            Stored::News(tokens) => {
                self.epoch += 1;
                self.adopt(tokens, true);
                if let Some(session) = self.session.clone() {
                    self.emit(Output::Notify(Event::SignedIn(session)));
                }
            }
            Stored::Gone => self.session_gone(),
            Stored::Same | Stored::Foreign => {}
        }
    }

    /// The record is gone: the journal says why.
    pub(super) fn session_gone(&mut self) {
        self.load(Area::Session, JOURNAL, OnLoad::Gone(self.epoch));
    }

    pub(super) fn gone_loaded(&mut self, epoch: u32, result: Result<Option<Secret>, Error>) {
        if epoch != self.epoch || self.session.is_none() {
            return;
        }
        let journal = result.ok().flatten().and_then(|journal| Journal::read(journal.expose()));
        let ended = journal.and_then(|journal| journal.ended);
        let reason = SignOutReason::ALL.into_iter().find(|reason| ended.as_deref() == Some(reason.as_str()));
        self.drop_elsewhere(reason.unwrap_or(SignOutReason::Logout));
    }

    /// Another tab ended the session, and has seen to the store.
    fn drop_elsewhere(&mut self, reason: SignOutReason) {
        let error = (reason == SignOutReason::SessionEnded).then(|| ErrorCode::SessionEnded.into());
        self.refresh.journaled = false;
        self.drop_session(reason, error);
    }

    fn is_shared(&self) -> bool {
        self.persisted && self.config.sharing == Sharing::Shared
    }

    fn subject(&self) -> String {
        let claims = self.session.as_ref().and_then(|session| session.claims.as_ref());
        claims.and_then(|claims| claims.text("sub")).unwrap_or_default()
    }
}
