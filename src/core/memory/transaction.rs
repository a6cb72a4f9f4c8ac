//! One login under way, and what is left of it when its code is spent.

use crate::core::{
    protocol::pkce::CodeVerifier,
    words::{
        cut::{cut, parts},
        decimal::{decimal, parse_decimal},
        form::{self, Form},
        secret::Secret,
        time::UnixMillis,
    },
};
use alloc::string::String;

const VERSION: &str = "1";
/// How long a login may take: somebody may look for a second factor over lunch, or take a mail's link tomorrow.
const LIFETIME: u64 = 24 * 60 * 60 * 1000;
/// How many logins are remembered, so that the storage does not fill up.
const MOST: usize = 16;

/// What a spent login says whose code has brought a session.
pub const SIGNED_IN: &str = "signed_in";

/// One login as it is stored, by its `state`: what the redirect back needs to know of it. Each step reads what it needs.
#[derive(Debug, Default)]
pub struct Login(Secret);

impl Login {
    /// One whose redirect has not come yet. `redirect_uri`, `scope` and `max_age` are as they were sent; `app_state` is what
    /// `handleCallback` gives back.
    #[must_use]
    pub fn open(
        verifier: &CodeVerifier,
        nonce: &str,
        redirect_uri: &str,
        scope: &str,
        max_age: Option<&str>,
        app_state: Option<&str>,
    ) -> Self {
        let mut form = Form::new();
        form.push("v", VERSION);
        form.push("code_verifier", verifier.expose());
        form.push("nonce", nonce);
        form.push("redirect_uri", redirect_uri);
        form.push("scope", scope);
        form.push_some("max_age", max_age);
        form.push_some("app_state", app_state);
        Self(Secret::new(form.finish()))
    }

    /// One whose code was sent, or is about to be: what remains is enough to give the same answer to the same redirect, and
    /// the verifier is gone. `outcome` is [`SIGNED_IN`] or an error's code; empty while the exchange is under way.
    #[must_use]
    pub fn spent(outcome: &str, app_state: Option<&str>) -> Self {
        let mut form = Form::new();
        form.push("v", VERSION);
        form.push("spent", outcome);
        form.push_some("app_state", app_state);
        Self(Secret::new(form.finish()))
    }

    /// Reads it again; `None` where it is none.
    #[must_use]
    pub fn read(login: Secret) -> Option<Self> {
        let login = Self(login);
        let is_whole = login.outcome().is_some() || login.verifier().is_some();
        (login.text("v") == VERSION && is_whole).then_some(login)
    }

    /// Writes it down.
    #[must_use]
    pub fn write(self) -> Secret {
        self.0
    }

    /// How the exchange went, where the code was sent; see [`spent`](Self::spent).
    #[must_use]
    pub fn outcome(&self) -> Option<String> {
        form::value(self.0.expose(), "spent")
    }

    /// `code_verifier`.
    #[must_use]
    pub fn verifier(&self) -> Option<CodeVerifier> {
        CodeVerifier::parse(&self.text("code_verifier"))
    }

    /// `nonce`, `redirect_uri` or `scope`: what has a verifier was written here, and whole.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        form::value(self.0.expose(), name).unwrap_or_default()
    }

    /// `max_age`, where it was sent: seconds.
    #[must_use]
    pub fn max_age(&self) -> Option<u64> {
        parse_decimal(&self.text("max_age"))
    }

    /// What `handleCallback` gives back.
    #[must_use]
    pub fn app_state(&self) -> Option<String> {
        form::value(self.0.expose(), "app_state")
    }

    /// Whether `openid` was asked for, so that an ID token has to come.
    #[must_use]
    pub fn asks_for_id_token(&self) -> bool {
        parts(&self.text("scope"), b' ').any(|word| word == "openid")
    }
}

/// The list of logins that are stored, so that those nobody ends do not stay for ever: a form of their states,
/// each with the time it was begun at, oldest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Logins(String);

impl Logins {
    /// Reads the list.
    #[must_use]
    pub const fn read(list: String) -> Self {
        Self(list)
    }

    /// Writes it down.
    #[must_use]
    pub fn write(self) -> Secret {
        Secret::new(self.0)
    }

    /// Adds a login.
    pub fn add(&mut self, state: &str, now: UnixMillis) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        // A state is of the base64url alphabet: it needs no escapes.
        self.0.push_str(state);
        self.0.push('=');
        self.0.push_str(&decimal(now.0));
    }

    /// Takes the state of a login that is to be forgotten off the list: one too old, or one too many.
    pub fn forget(&mut self, now: UnixMillis) -> Option<String> {
        let (first, rest) = cut(&self.0, b"&")?;
        let (state, begun) = cut(first, b"=").unwrap_or((first, ""));
        // One from the future was begun under another clock: it counts as new, and the number bounds it.
        let is_old = parse_decimal(begun).is_none_or(|begun| now.since(UnixMillis(begun)) > LIFETIME);
        if !is_old && parts(&self.0, b'&').count() <= MOST {
            return None;
        }
        let (state, rest) = (String::from(state), String::from(rest));
        self.0 = rest;
        Some(state)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::core::protocol::pkce::ChallengeMethod;
    use proptest::prelude::*;

    fn open() -> Login {
        let verifier = CodeVerifier::from_entropy(&[9; 43]).unwrap();
        let app_state = Some("{\"to\":\"/a?b&c\"}");
        Login::open(&verifier, "n", "https://app.example/cb", "openid", Some("60"), app_state)
    }

    fn read(login: &str) -> Option<Login> {
        Login::read(Secret::new(login.into()))
    }

    #[test]
    fn open_login_reads_back_with_its_verifier() {
        let read = Login::read(open().write()).unwrap();
        let verifier = read.verifier().unwrap();
        assert_eq!(verifier.expose(), CodeVerifier::from_entropy(&[9; 43]).unwrap().expose());
        assert_eq!(verifier.challenge(ChallengeMethod::Plain), verifier.expose());
        assert_eq!((read.outcome(), read.max_age(), read.app_state()), (None, Some(60), open().app_state()));
        assert!(read.asks_for_id_token());
    }

    #[test]
    fn spent_login_keeps_its_outcome_and_no_verifier() {
        for outcome in ["", SIGNED_IN, "id_token_nonce"] {
            let written = Login::spent(outcome, None).write();
            assert!(!written.expose().contains("code_verifier"));
            let read = Login::read(written).unwrap();
            assert_eq!((read.outcome().as_deref(), read.app_state()), (Some(outcome), None));
            assert!(read.verifier().is_none());
        }
    }

    #[test]
    fn login_that_is_garbage_is_none() {
        for text in ["", "x", "v=2&spent=", "v=1", "v=1&code_verifier=short&nonce=n&redirect_uri=r&scope=s"] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn logins_beyond_sixteen_or_a_day_are_forgotten_oldest_first() {
        let mut logins = Logins::default();
        for index in 0..16 {
            logins.add(&format!("s{index}"), UnixMillis(index));
            assert_eq!(logins.forget(UnixMillis(index)), None);
        }
        logins.add("s16", UnixMillis(16));
        assert_eq!(logins.forget(UnixMillis(16)).as_deref(), Some("s0"));
        assert_eq!(logins.forget(UnixMillis(16)), None);
        let mut logins = Logins::read(logins.write().expose().into());
        logins.add("s17", UnixMillis(LIFETIME + 10));
        let forgotten: Vec<_> = std::iter::from_fn(|| logins.forget(UnixMillis(LIFETIME + 10))).collect();
        assert_eq!(forgotten, (1..10).map(|index| format!("s{index}")).collect::<Vec<_>>());
    }

    #[test]
    fn logins_that_are_garbage_are_forgotten() {
        let mut logins = Logins::read("garbage&&a=b".into());
        logins.add("s", UnixMillis(5));
        let forgotten: Vec<_> = std::iter::from_fn(|| logins.forget(UnixMillis(5))).collect();
        assert_eq!(forgotten, ["garbage", "", "a"]);
    }

    #[test]
    fn debug_of_a_login_does_not_print_the_verifier() {
        assert!(!format!("{:?}", open()).contains(open().verifier().unwrap().expose()));
    }

    proptest! {
        #[test]
        fn login_read_of_any_text_does_not_panic(text: String) {
            let _ = read(&text);
            let mut logins = Logins::read(text);
            while logins.forget(UnixMillis(0)).is_some() {}
        }

        #[test]
        fn login_of_any_words_reads_back_the_same(
            verifier in "[A-Za-z0-9._~-]{43,128}", nonce in "\\PC{0,20}", redirect_uri in "\\PC{0,20}",
            scope in "\\PC{0,20}", max_age in proptest::option::of(0..1_u64 << 48),
            app_state in proptest::option::of("\\PC{0,20}"),
        ) {
            let parsed = CodeVerifier::parse(&verifier).unwrap();
            let seconds = max_age.map(|seconds| seconds.to_string());
            let login =
                Login::open(&parsed, &nonce, &redirect_uri, &scope, seconds.as_deref(), app_state.as_deref());
            let Some(read) = Login::read(login.write()) else { panic!("no login") };
            let read_verifier = read.verifier().unwrap();
            prop_assert_eq!(read_verifier.expose(), verifier);
            prop_assert_eq!((read.text("nonce"), read.text("redirect_uri")), (nonce, redirect_uri));
            prop_assert_eq!((read.text("scope"), read.max_age(), read.app_state()), (scope, max_age, app_state));
            prop_assert_eq!(read.outcome(), None);
        }

        #[test]
        fn login_that_is_spent_reads_back_the_same(
            app_state in proptest::option::of("\\PC{0,20}"), outcome in "(signed_in|[a-z_]{1,9})?",
        ) {
            let Some(read) = Login::read(Login::spent(&outcome, app_state.as_deref()).write()) else {
                panic!("no login")
            };
            prop_assert_eq!((read.outcome(), read.app_state()), (Some(outcome), app_state));
        }
    }
}
