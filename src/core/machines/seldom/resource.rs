//! Access tokens for other resources and scopes ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)), besides the
//! session's own.
//!
//! Each is had by a refresh that asks for it (§2.2; RFC 6749 §6 for the scope), in a turn like any other: under the
//! lock, written down before it is sent, and what it brings is stored before anyone is told, as the refresh token may be
//! another one afterwards. The session's own access token stays as it was. Where that one is to be refreshed as well, it
//! goes first: what fails for the session need not be tried for a resource.
//!
//! Whoever waits for one of these is not served by the session's own token, and the other way round. One request serves
//! all who ask for the same; those who ask for something else have the next turn.

use crate::core::{
    machines::{
        io::{Answer, Caller, Session},
        machine::Machine,
        schedule,
        session::{Waiter, Wanted},
    },
    words::{config::Config, cut::parts, error::Error, json::Json, secret::Secret, time::UnixMillis},
};
use alloc::{boxed::Box, rc::Rc, string::String, vec, vec::Vec};

/// What a token is asked for.
#[derive(Debug)]
pub(in crate::core::machines) struct Aim {
    /// `resource`, each of them.
    pub(in crate::core::machines) resource: Vec<String>,
    /// `scope`; without it, whatever the server gives for the resource.
    pub(in crate::core::machines) scope: Option<String>,
}

impl Aim {
    fn is_same(&self, other: &Self) -> bool {
        self.resource == other.resource
            && match (&self.scope, &other.scope) {
                (Some(scope), Some(others)) => is_same_scope(scope, others),
                (scope, others) => scope.is_none() && others.is_none(),
            }
    }

    /// Whether it is what the session's own token is for.
    fn is_own(&self, config: &Config, granted: &str) -> bool {
        self.resource == config.resource && self.scope.as_ref().is_none_or(|scope| is_same_scope(scope, granted))
    }
}

/// Whether two scopes have the same words: their order has no meaning (RFC 6749 §3.3).
fn is_same_scope(scope: &str, other: &str) -> bool {
    let is_within =
        |scope, other| parts(scope, b' ').all(|word| word.is_empty() || parts(other, b' ').any(|it| it == word));
    is_within(scope, other) && is_within(other, scope)
}

/// What was asked for, and what came of it.
#[derive(Debug)]
pub(in crate::core::machines) struct Aimed {
    pub(in crate::core::machines) aim: Rc<Aim>,
    /// `None` until the server has answered.
    outcome: Option<Result<Secret, Error>>,
    /// When the token ends, if ever; of a failure, until when nobody is to ask again.
    until: Option<UnixMillis>,
    failures: u32,
}

impl Aimed {
    const fn new(aim: Rc<Aim>) -> Self {
        Self { aim, outcome: None, until: None, failures: 0 }
    }

    fn is_good_for(&self, millis: u64, now: UnixMillis) -> bool {
        let millis = if self.is_token() { millis } else { 0 };
        self.until.is_none_or(|end| now < end && now.plus(millis) <= end)
    }

    const fn is_token(&self) -> bool {
        matches!(self.outcome, Some(Ok(_)))
    }
}

impl<J: Json> Machine<J> {
    /// `getAccessToken` with a `resource` or a `scope`: a token for these that is good for so many milliseconds. Without
    /// `resource` it is for the configuration's.
    #[inline(never)]
    pub fn resource_token(
        &mut self,
        caller: Caller,
        resource: Option<String>,
        scope: Option<String>,
        min_validity: u64,
    ) {
        let Some(session) = &self.session else {
            return self.refuse(caller, self.absence());
        };
        let resource = resource.map_or_else(|| self.config.resource.clone(), |resource| vec![resource]);
        let aim = Aim { resource, scope };
        if aim.is_own(&self.config, &session.tokens.scope) {
            return self.access_token(caller, min_validity);
        }
        let mut known = self.aimed.iter().filter(|known| known.aim.is_same(&aim));
        match known.find(|known| known.is_good_for(min_validity, self.now)).and_then(|known| known.outcome.clone()) {
            Some(outcome) => self.settle(caller, outcome.map(Answer::AccessToken)),
            None => {
                self.wait_for_refresh(Waiter { caller, wants: Wanted::Token(min_validity), aim: Some(Rc::new(aim)) })
            }
        }
    }

    /// Somebody waits for such a token, and a request is about to be sent: is it for that?
    #[inline(never)]
    pub(in crate::core::machines) fn take_aim(&mut self) {
        let is_due = self.auto && self.refresh_due.is_some_and(|due| due <= self.now);
        let is_wanted = is_due || self.refresh.failures > 0 || self.waiters.iter().any(|waiter| waiter.aim.is_none());
        if !is_wanted && let Some(aim) = self.waiters.first().and_then(|waiter| waiter.aim.clone()) {
            self.refresh.aim = Some(Box::new(Aimed::new(aim)));
        }
    }

    /// The server gave the token: it is kept until the rest is stored, which is the session as it was, but for the
    /// refresh token and the ID token.
    #[inline(never)]
    pub(in crate::core::machines) fn take_aimed(&mut self, session: Option<&mut Session<J>>) {
        if let (Some(aimed), Some(session), Some(before)) = (&mut self.refresh.aim, session, &self.session) {
            let (tokens, before) = (&mut session.tokens, &before.tokens);
            aimed.until = tokens.expires_at;
            aimed.outcome = Some(Ok(core::mem::replace(&mut tokens.access_token, before.access_token.clone())));
            (tokens.expires_at, tokens.obtained_at) = (before.expires_at, before.obtained_at);
            tokens.scope.clone_from(&before.scope);
            tokens.jkt.clone_from(&before.jkt);
        }
    }

    /// What there was to store is stored: whoever asked for this gets it.
    #[inline(never)]
    pub(in crate::core::machines) fn hit(&mut self, aimed: Box<Aimed>) {
        if let Some(outcome) = aimed.outcome.clone() {
            self.tell_aimed(aimed, &outcome, false);
        }
    }

    /// It failed, and that is no failure of the session's. What will pass concerns all who ask for such tokens; a
    /// refusal, those who asked for this one. Nobody tries again unless asked, and not at once.
    #[inline(never)]
    pub(in crate::core::machines) fn missed(&mut self, mut aimed: Box<Aimed>, error: Error) {
        let is_passing = error.code().is_retryable();
        let mut failed = self.aimed.iter().filter(|known| !known.is_token() && known.aim.is_same(&aimed.aim));
        aimed.failures = failed.next().map_or(1, |failed| failed.failures + 1);
        let pause = schedule::caller_pause(if is_passing { aimed.failures } else { u32::MAX });
        aimed.until = Some(self.now.plus(pause));
        let outcome = Err(error);
        aimed.outcome = Some(outcome.clone());
        self.rest();
        self.tell_aimed(aimed, &outcome, is_passing);
        self.release_waiters(false);
    }

    fn tell_aimed(&mut self, aimed: Box<Aimed>, outcome: &Result<Secret, Error>, all: bool) {
        for waiter in core::mem::take(&mut self.waiters) {
            match &waiter.aim {
                Some(aim) if all || aim.is_same(&aimed.aim) => {
                    self.settle(waiter.caller, outcome.clone().map(Answer::AccessToken));
                }
                _ => self.waiters.push(waiter),
            }
        }
        let (now, is_token) = (self.now, aimed.is_token());
        self.aimed.retain(|known| {
            // A token that does not last as long as somebody wished for is good for others still.
            let is_replaced = known.aim.is_same(&aimed.aim) && (is_token || !known.is_token());
            known.is_good_for(0, now) && !is_replaced
        });
        self.aimed.push(aimed);
    }

    /// The clock was set back by so much. Where it is no correction, nobody knows how old these tokens are.
    #[inline(never)]
    pub(in crate::core::machines) fn shift_aimed(&mut self, by: u64, is_correction: bool) {
        self.aimed.retain(|_| is_correction);
        for aimed in &mut self.aimed {
            aimed.until = aimed.until.map(|until| until.minus(by));
        }
    }

    /// Times may be better: whoever asks now may try.
    #[inline(never)]
    pub(in crate::core::machines) fn aim_again(&mut self) {
        self.aimed.retain(|aimed| aimed.is_token());
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn aim(resource: &[&str], scope: Option<&str>) -> Aim {
        Aim { resource: resource.iter().map(|resource| (*resource).into()).collect(), scope: scope.map(Into::into) }
    }

    #[test]
    fn aims_are_the_same_by_resource_and_by_the_words_of_the_scope() {
        let notes = aim(&["https://notes.example"], Some("read write"));
        assert!(notes.is_same(&aim(&["https://notes.example"], Some("write  read"))));
        assert!(notes.is_same(&aim(&["https://notes.example"], Some("read write read"))));
        assert!(!notes.is_same(&aim(&["https://notes.example"], Some("read"))));
        assert!(!notes.is_same(&aim(&["https://notes.example"], Some("read write all"))));
        assert!(!notes.is_same(&aim(&["https://notes.example"], None)));
        assert!(!notes.is_same(&aim(&["https://mail.example"], Some("read write"))));
        assert!(aim(&[], None).is_same(&aim(&[], None)));
    }

    #[test]
    fn aim_at_the_sessions_own_resource_and_scope_is_its_own() {
        let config = json!({
            "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://app.example/cb",
            "resource": "https://notes.example"
        });
        let config = Config::read(&config).unwrap();
        for (resource, scope, is_own) in [
            ("https://notes.example", None, true),
            ("https://notes.example", Some("b openid"), true),
            ("https://notes.example", Some("openid"), false),
            ("https://mail.example", None, false),
        ] {
            assert_eq!(aim(&[resource], scope).is_own(&config, "openid b"), is_own, "{resource} {scope:?}");
        }
    }

    proptest! {
        #[test]
        fn scopes_are_the_same_where_their_sets_of_words_are(one in "[ab ]{0,6}", other in "[ab ]{0,6}") {
            let set = |scope: &str| scope.split_whitespace().map(String::from).collect::<std::collections::BTreeSet<_>>();
            prop_assert_eq!(is_same_scope(&one, &other), set(&one) == set(&other));
        }
    }
}
