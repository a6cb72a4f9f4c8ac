//! What the tabs of one client tell each other, and how one that heard nothing catches up.
//!
//! A message is four lines: what happened, to which pair of tokens, something about it, and whose they are. New tokens
//! are in it: a store that is shared may show them later than the message comes (Chromium hands a lock over before
//! another process sees what was written into localStorage under it), a copy of a tab has a store of its own, and
//! there are stores that are full. Whoever can hear a message can read the store.

use super::{
    io::{Area, Event, Output, SignOutReason, Snapshot},
    machine::{Loaded, Machine, OnLoad, OnStore},
    refresh::{JOURNAL, Phase, Stored, read_journal},
    session::SESSION,
};
use crate::core::{
    memory::{journal::Journal, record, token_set::TokenSet},
    words::{
        concat::concat,
        config::Sharing,
        cut::parts,
        decimal::decimal,
        error::{Error, ErrorCode},
        json::Json,
        secret::Secret,
    },
};
use alloc::{boxed::Box, string::String};

/// There are new tokens, which are in the store.
pub(super) const REFRESHED: &str = "refreshed";
/// There are new tokens, which could not be stored.
pub(super) const UNSTORED: &str = "unstored";
/// A refresh failed: with its journal.
pub(super) const DELAYED: &str = "delayed";
/// A refresh is under way, still.
pub(super) const BUSY: &str = "busy";
/// Somebody signed in: with the record, where it is in the store.
pub(super) const SIGNED_IN: &str = "signed_in";
/// The session is over: with the reason.
pub(super) const SIGNED_OUT: &str = "signed_out";

impl<J: Json> Machine<J> {
    // ── Telling ─────────────────────────────────────────────────────────────────────────────────────────────

    /// A message about a pair of tokens of whoever is signed in.
    pub(super) fn message(&self, what: &str, generation: u64, detail: &str) -> Secret {
        Secret::new(concat(&[what, "\n", &decimal(generation), "\n", detail, "\n", &self.subject()]))
    }

    /// There are new tokens, in place of this pair.
    pub(super) fn tell_refreshed(&mut self, before: u64) {
        // Nobody else has these, and nobody else is to see them.
        if self.config.sharing != Sharing::Alone {
            self.tell_tokens(if self.persisted { REFRESHED } else { UNSTORED }, before, true);
        }
    }

    /// Tells something about a pair of tokens, with the record of those that there are now.
    pub(super) fn tell_tokens(&mut self, what: &str, generation: u64, with_record: bool) {
        let session = self.session.as_ref().filter(|_| with_record);
        let record = session.map(|session| record::write(&session.tokens)).unwrap_or_default();
        let message = self.message(what, generation, record.expose());
        self.emit(Output::Tell(message));
    }

    // ── Hearing ─────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn take_message(&mut self, message: &str) {
        let mut lines = parts(message, b'\n');
        let mut line = || lines.next().unwrap_or_default();
        let (what, generation, detail, subject) = (line(), line(), line(), line());
        let is_the_users = self.session.is_some() && subject == self.subject();
        let is_of_this_pair = is_the_users && generation == decimal(self.generation());
        match what {
            DELAYED => {
                let is_reading = self.refresh.phase == Phase::Reading;
                if is_the_users && let Some(journal) = Journal::read(detail) {
                    if is_of_this_pair && (is_reading || self.refresh.is_open()) {
                        self.learn(&journal, 0);
                        if !is_reading && self.refresh.phase != Phase::Sending {
                            self.delayed();
                        }
                    } else {
                        self.learn_hold(&journal);
                    }
                }
            }
            BUSY => {
                if is_of_this_pair && self.is_patient() {
                    self.be_patient(0);
                }
            }
            REFRESHED | UNSTORED if !detail.is_empty() => {
                // Where this tab is about to refresh, or has sent it, it is told what it would be answered, or better.
                let is_open = !matches!(self.refresh.phase, Phase::Confirming | Phase::Storing);
                if is_the_users
                    && is_open
                    && let Some(tokens) = self.read_record(detail)
                {
                    let is_stored = what == REFRESHED;
                    if self.is_newer(&tokens) {
                        self.take_told(tokens, is_stored);
                    } else if !is_stored && tokens.generation() == self.generation() {
                        // What this tab has already.
                        self.persisted = false;
                    }
                }
            }
            SIGNED_OUT => {
                // What the server says is meant for this pair. A logout is meant for all of the user's sessions, though
                // where the store is shared, it may have come before the login that this tab has not heard of.
                let is_alone = self.config.sharing != Sharing::Shared;
                let reason = SignOutReason::read(detail);
                let is_for_all = is_alone && is_the_users && reason == SignOutReason::Logout;
                if is_of_this_pair || is_for_all {
                    // What this tab writes at this moment would come after the other's removal.
                    if is_alone || !self.refresh.is_open() && !self.is_signing_in() {
                        self.remove(Area::Session, SESSION);
                    }
                    self.drop_elsewhere(reason);
                } else {
                    self.catch_up(false);
                }
            }
            _ => match self.read_record(detail) {
                // Of a login, and the store may show it later than the message comes.
                Some(tokens) if self.is_news_told(&tokens) => self.take_news(tokens),
                _ => self.catch_up(false),
            },
        }
    }

    /// Whether a login that is told of is to be taken, as if it had been found in the store.
    fn is_news_told(&self, tokens: &TokenSet) -> bool {
        let is_later = self.session.as_ref().is_none_or(|session| session.tokens.began < tokens.began);
        self.config.sharing == Sharing::Shared && self.refresh.is_open() && is_later && self.is_news(tokens)
    }

    /// Takes what another tab has stored.
    fn take_news(&mut self, tokens: Box<TokenSet>) {
        let is_signed_in = self.session.is_some();
        self.adopt(tokens, true);
        if is_signed_in {
            return self.renewed();
        }
        self.epoch += 1;
        if let Some(session) = self.session.clone() {
            self.emit(Output::Notify(Event::SignedIn(session)));
        }
    }

    /// Whether tokens came after this tab's own, of the same login.
    fn is_newer(&self, tokens: &TokenSet) -> bool {
        self.session.as_ref().is_some_and(|session| session.tokens.is_older_than(tokens))
    }

    /// Takes tokens that another tab told. A copy of that tab writes them down for itself.
    fn take_told(&mut self, tokens: Box<TokenSet>, is_stored: bool) {
        let is_copy = self.config.sharing == Sharing::Tab;
        let value = record::write(&tokens);
        self.adopt(tokens, is_copy || is_stored);
        if is_copy {
            self.store(Area::Session, SESSION, value, OnStore::Kept(self.epoch));
        }
        self.renewed();
    }

    /// Looks what other tabs did, where they can do anything.
    /// `is_seen` where nobody has just told something: then what is not there may be written.
    pub(super) fn catch_up(&mut self, is_seen: bool) {
        if self.config.sharing == Sharing::Shared && self.refresh.is_open() {
            self.load(Area::Session, SESSION, OnLoad::CatchUp(self.epoch, is_seen));
        }
    }

    pub(super) fn caught_up(&mut self, epoch: u32, is_seen: bool, result: Loaded<'_>) {
        if epoch != self.epoch || !self.refresh.is_open() {
            return;
        }
        match self.stored_session(result) {
            Stored::News(tokens) => self.take_news(tokens),
            Stored::Gone => self.session_gone(None),
            Stored::Nothing if is_seen => {
                // It could not be written; perhaps now.
                if let Some(session) = &self.session {
                    let value = record::write(&session.tokens);
                    self.store(Area::Session, SESSION, value, OnStore::Kept(self.epoch));
                }
            }
            Stored::Same | Stored::Nothing | Stored::Foreign => {}
        }
    }

    pub(super) fn kept(&mut self, epoch: u32, result: &Result<(), Error>) {
        if epoch == self.epoch && self.session.is_some() {
            self.session_stored(result);
        }
    }

    /// The record is gone: the journal says why.
    pub(super) fn session_gone(&mut self, renewed: Option<Snapshot<J>>) {
        self.load(Area::Session, JOURNAL, OnLoad::Gone(self.epoch, self.refresh.turn, renewed));
    }

    pub(super) fn gone_loaded(&mut self, epoch: u32, turn: u32, renewed: Option<Snapshot<J>>, result: Loaded<'_>) {
        if epoch == self.epoch && self.session.is_some() {
            let journal = read_journal(result);
            if !journal.is_end() {
                // Nobody said so. The server has just said otherwise, or else there may be a message on its way.
                if let Some(session) = renewed {
                    return self.store_confirmed(turn, session);
                }
                if self.look_again() {
                    return;
                }
            }
            self.drop_elsewhere(SignOutReason::read(&journal.reason));
        }
    }

    /// Another tab ended the session, and has seen to the store.
    pub(super) fn drop_elsewhere(&mut self, reason: SignOutReason) {
        let error = (reason == SignOutReason::SessionEnded).then(|| ErrorCode::SessionEnded.into());
        if self.refresh.journaled {
            // Over what the other tab wrote.
            self.journal_end(reason);
        }
        self.drop_session(reason, error);
    }

    pub(super) fn subject(&self) -> String {
        let claims = self.session.as_ref().and_then(|session| session.claims.as_ref());
        claims.and_then(|claims| claims.text("sub")).unwrap_or_default()
    }
}
