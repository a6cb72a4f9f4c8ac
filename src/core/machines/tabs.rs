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

    fn send_message(&mut self, message: Form) {
        self.emit(Output::Tell(Secret::new(message.finish())));
    }

    pub(super) fn tell_refreshed(&mut self, before: UnixMillis) {
        let mut message = Form::new();
        message.push(TOLD, REFRESHED);
        if let Some(session) = self.session.as_ref().filter(|_| !self.is_shared()) {
            message.push("generation", &decimal(before.0));
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

    pub(super) fn tell_signed_out(&mut self, reason: SignOutReason) {
        let mut message = Form::new();
        message.push(TOLD, SIGNED_OUT);
        message.push("reason", reason.as_str());
        message.push("generation", &decimal(self.generation().0));
        message.push("subject", &self.subject());
        self.send_message(message);
    }

    // ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn take_message(&mut self, message: &str) {
        let text = |name| form::text(message, name);
        let is_of_this_pair = text("generation") == Some(decimal(self.generation().0));
        match text(TOLD).as_deref() {
            None => match Journal::read(message) {
                Some(journal) if is_of_this_pair && self.session.is_some() && self.refresh.is_open() => {
                    self.learn(&journal, 0);
                    self.delayed();
                }
                _ => {}
            },
            Some(REFRESHED) => match text("record").and_then(|record| record::read(&record)) {
                None => self.catch_up(),
                Some(tokens) if is_of_this_pair && self.session.is_some() && self.refresh.is_open() => {
                    // A copy of the tab writes it down for itself; where the store is shared, it cannot be written.
                    self.persisted = self.config.sharing == Sharing::Tab;
                    if self.persisted {
                        self.store(Area::Session, SESSION, record::write(&tokens), OnStore::Nothing);
                    }
                    self.adopt(tokens);
                    self.renewed();
                }
                Some(_) => {}
            },
            Some(SIGNED_OUT) if self.config.sharing != Sharing::Shared => {
                // A store of its own: a logout is meant for all of the user's, what the server says for this pair.
                let is_logout = text("reason").as_deref() == Some(SignOutReason::Logout.as_str());
                let concerns = is_of_this_pair || is_logout && text("subject").unwrap_or_default() == self.subject();
                if concerns && self.session.is_some() {
                    self.remove(Area::Session, SESSION);
                    self.drop_session(
                        if is_logout { SignOutReason::Logout } else { SignOutReason::SessionEnded },
                        None,
                    );
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
                self.adopt(tokens);
                self.renewed();
            }
            Stored::News(tokens) => {
                self.epoch += 1;
                self.adopt(tokens);
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
        let reasons = [SignOutReason::SessionEnded, SignOutReason::Expired];
        let reason = reasons.into_iter().find(|reason| ended.as_deref() == Some(reason.as_str()));
        let error = (reason == Some(SignOutReason::SessionEnded)).then(|| ErrorCode::SessionEnded.into());
        self.refresh.journaled = false;
        self.drop_session(reason.unwrap_or(SignOutReason::Logout), error);
    }

    fn is_shared(&self) -> bool {
        self.persisted && self.config.sharing == Sharing::Shared
    }

    fn subject(&self) -> String {
        let claims = self.session.as_ref().and_then(|session| session.claims.as_ref());
        claims.and_then(|claims| claims.text("sub")).unwrap_or_default()
    }
}
