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

use super::Errand;
use crate::core::{
    machines::{
        io::{Answer, Caller, Session},
        machine::Machine,
        schedule,
        session::{Waiter, Wanted},
    },
    protocol::token,
    words::{config::Config, cut::parts, error::Error, json::Json, secret::Secret, time::UnixMillis},
};
use alloc::{boxed::Box, rc::Rc, string::String, vec, vec::Vec};

/// What a token is asked for.
#[derive(Debug)]
pub(in crate::core::machines) struct Aim {
    /// `resource`, each of them.
    resource: Vec<String>,
    /// `scope`; without it, whatever the server gives for the resource.
    scope: Option<String>,
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

/// All that was asked for.
#[derive(Debug, Default)]
pub(in crate::core::machines) struct Aims {
    /// What came of it.
    aimed: Vec<Aimed>,
    /// What the refresh under way is for, as long as it is for one of these (`Refresh::is_aimed`).
    current: Option<Aimed>,
}

/// What was asked for, and what came of it.
#[derive(Debug)]
struct Aimed {
    aim: Rc<Aim>,
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

impl<J> Waiter<J> {
    /// What the token has to be for, where it is not the session's own.
    fn aim(&self) -> Option<&Rc<Aim>> {
        match &self.wants {
            Wanted::Errand(errand) => match &**errand {
                Errand::Token(aim) => Some(aim),
                _ => None,
            },
            _ => None,
        }
    }
}

impl<J: Json> Machine<J> {
    /// A token for these that is good for so many milliseconds. Without `resource` it is for the configuration's.
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
        let aims = self.aims.get_or_insert_default();
        let mut known = aims.aimed.iter().filter(|known| known.aim.is_same(&aim));
        match known.find(|known| known.is_good_for(min_validity, self.now)).and_then(|known| known.outcome.clone()) {
            Some(outcome) => self.settle(caller, outcome.map(Answer::AccessToken)),
            None => {
                let wants = Wanted::Errand(Box::new(Errand::Token(Rc::new(aim))));
                self.wait_for_refresh(Waiter { caller, wants });
            }
        }
    }

    /// A request is about to be sent: is it for such a token, which somebody waits for? Then that is sent.
    #[inline(never)]
    pub(in crate::core::machines) fn sends_aimed(&mut self) -> bool {
        let is_due = self.auto && self.refresh_due <= self.now;
        let is_wanted = is_due || self.refresh.failures > 0 || self.waiters.iter().any(|waiter| waiter.aim().is_none());
        let aim = self.waiters.first().and_then(Waiter::aim).filter(|_| !is_wanted).cloned();
        let tokens = self.session.as_ref().map(|session| &session.tokens);
        let refresh_token = tokens.and_then(|tokens| tokens.refresh_token.clone());
        let (Some(aim), Some(refresh_token), Some(metadata), Some(aims)) =
            (aim, refresh_token, &self.metadata, &mut self.aims)
        else {
            return false;
        };
        let (resource, scope) = (&aim.resource, aim.scope.as_deref());
        let request = token::refresh_request(&self.config, metadata, &refresh_token, resource, scope);
        aims.current = Some(Aimed::new(aim));
        self.refresh.is_aimed = true;
        self.send_refresh_as(request, refresh_token);
        true
    }

    /// The server gave the token: it is kept until the rest is stored, which is the session as it was, but for the
    /// refresh token and the ID token.
    #[inline(never)]
    pub(in crate::core::machines) fn take_aimed(&mut self, session: &mut Session<J>) {
        let aimed = self.aims.as_mut().and_then(|aims| aims.current.as_mut());
        if let (Some(aimed), Some(before)) = (aimed, &self.session) {
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
    pub(in crate::core::machines) fn hit(&mut self) {
        if let Some(aimed) = self.current_aim()
            && let Some(outcome) = aimed.outcome.clone()
        {
            self.tell_aimed(aimed, &outcome, false);
        }
    }

    fn current_aim(&mut self) -> Option<Aimed> {
        self.aims.as_mut().and_then(|aims| aims.current.take())
    }

    /// It failed, and that is no failure of the session's. What will pass concerns all who ask for such tokens; a
    /// refusal, those who asked for this one. Nobody tries again unless asked, and not at once.
    #[inline(never)]
    pub(in crate::core::machines) fn missed(&mut self, error: Error) {
        let current = self.current_aim();
        let (Some(mut aimed), Some(aims)) = (current, &self.aims) else {
            return;
        };
        let is_passing = error.code().is_retryable();
        let mut failed = aims.aimed.iter().filter(|known| !known.is_token() && known.aim.is_same(&aimed.aim));
        aimed.failures = failed.next().map_or(1, |failed| failed.failures + 1);
        let pause = schedule::caller_pause(if is_passing { aimed.failures } else { u32::MAX });
        aimed.until = Some(self.now.plus(pause));
        let outcome = Err(error);
        aimed.outcome = Some(outcome.clone());
        self.rest();
        self.tell_aimed(aimed, &outcome, is_passing);
        self.release_waiters(false);
    }

    fn tell_aimed(&mut self, aimed: Aimed, outcome: &Result<Secret, Error>, all: bool) {
        for waiter in core::mem::take(&mut self.waiters) {
            match waiter.aim() {
                Some(aim) if all || aim.is_same(&aimed.aim) => {
                    self.settle(waiter.caller, outcome.clone().map(Answer::AccessToken));
                }
                _ => self.waiters.push(waiter),
            }
        }
        let (now, is_token) = (self.now, aimed.is_token());
        if let Some(aims) = &mut self.aims {
            aims.aimed.retain(|known| {
                // A token that does not last as long as somebody wished for is good for others still.
                let is_replaced = known.aim.is_same(&aimed.aim) && (is_token || !known.is_token());
                known.is_good_for(0, now) && !is_replaced
            });
            aims.aimed.push(aimed);
        }
    }

    /// The clock was set back by so much. Where it is no correction, nobody knows how old these tokens are.
    #[inline(never)]
    pub(in crate::core::machines) fn shift_aimed(&mut self, by: u64, is_correction: bool) {
        if let Some(aims) = &mut self.aims {
            aims.aimed.retain(|_| is_correction);
            for aimed in &mut aims.aimed {
                aimed.until = aimed.until.map(|until| until.minus(by));
            }
        }
    }

    /// Times may be better: whoever asks now may try.
    #[inline(never)]
    pub(in crate::core::machines) fn aim_again(&mut self) {
        if let Some(aims) = &mut self.aims {
            aims.aimed.retain(Aimed::is_token);
        }
    }

    /// They are of another session. Who waits for one, waits.
    #[inline(never)]
    pub(in crate::core::machines) fn forget_aims(&mut self) {
        self.aims = Some(Box::default());
        self.refresh.is_aimed = false;
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
