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

/// What the redirect back needs to know of the login that it ends. Keyed by the `state`.
#[derive(Debug)]
pub struct Transaction {
    /// `code_verifier`.
    pub verifier: CodeVerifier,
    /// `nonce`.
    pub nonce: String,
    /// `redirect_uri`, as it was sent.
    pub redirect_uri: String,
    /// `scope`, as it was sent.
    pub scope: String,
    /// `max_age`, where it was sent: seconds.
    pub max_age: Option<u64>,
    /// What `handleCallback` gives back.
    pub app_state: Option<String>,
}

impl Transaction {
    /// Whether `openid` was asked for, so that an ID token has to come.
    #[must_use]
    pub fn asks_for_id_token(&self) -> bool {
        parts(&self.scope, b' ').any(|word| word == "openid")
    }
}

/// How a login stands.
#[derive(Debug)]
pub enum Login {
    /// Its redirect has not come yet.
    Open(Transaction),
    /// Its code was sent, or is about to be.
    Spent(Spent),
}

/// What remains: enough to give the same answer to the same redirect. The verifier is gone.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Spent {
    /// What `handleCallback` gives back.
    pub app_state: Option<String>,
    /// `None` while the exchange is under way.
    pub outcome: Option<Outcome>,
}

/// How the exchange went.
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum Outcome {
    /// A session came of it.
    SignedIn,
    /// An error, by its code.
    Failed(String),
}

impl Login {
    /// Writes it down.
    #[must_use]
    pub fn write(&self) -> Secret {
        let mut form = Form::new();
        form.push("v", VERSION);
        match self {
            Self::Open(transaction) => {
                form.push("code_verifier", transaction.verifier.expose());
                form.push("nonce", &transaction.nonce);
                form.push("redirect_uri", &transaction.redirect_uri);
                form.push("scope", &transaction.scope);
                form.push_some("max_age", transaction.max_age.map(decimal).as_deref());
                form.push_some("app_state", transaction.app_state.as_deref());
            }
            Self::Spent(Spent { app_state, outcome }) => {
                form.push(
                    "spent",
                    match outcome {
                        None => "",
                        Some(Outcome::SignedIn) => "signed_in",
                        Some(Outcome::Failed(code)) => code,
                    },
                );
                form.push_some("app_state", app_state.as_deref());
            }
        }
        Secret::new(form.finish())
    }

    /// Reads it again; `None` where it is none.
    #[must_use]
    pub fn read(login: &str) -> Option<Self> {
        let text = |name| form::value(login, name);
        if text("v").as_deref() != Some(VERSION) {
            return None;
        }
        let app_state = text("app_state");
        if let Some(outcome) = text("spent") {
            let outcome = match outcome.as_str() {
                "" => None,
                "signed_in" => Some(Outcome::SignedIn),
                _ => Some(Outcome::Failed(outcome)),
            };
            return Some(Self::Spent(Spent { app_state, outcome }));
        }
        let max_age = text("max_age").and_then(|seconds| parse_decimal(&seconds));
        let verifier = CodeVerifier::parse(&text("code_verifier")?)?;
        // What has a verifier was written here, and whole.
        let text = |name| text(name).unwrap_or_default();
        let (nonce, redirect_uri, scope) = (text("nonce"), text("redirect_uri"), text("scope"));
        Some(Self::Open(Transaction { verifier, nonce, redirect_uri, scope, max_age, app_state }))
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

    fn transaction() -> Transaction {
        Transaction {
            verifier: CodeVerifier::from_entropy(&[9; 43]).unwrap(),
            nonce: "n".into(),
            redirect_uri: "https://app.example/cb".into(),
            scope: "openid".into(),
            max_age: Some(60),
            app_state: Some("{\"to\":\"/a?b&c\"}".into()),
        }
    }

    #[test]
    fn open_login_reads_back_with_its_verifier() {
        let open = Login::Open(transaction()).write();
        let Some(Login::Open(read)) = Login::read(open.expose()) else { panic!("not open") };
        assert_eq!(read.verifier.expose(), transaction().verifier.expose());
        assert_eq!(read.verifier.challenge(ChallengeMethod::Plain), read.verifier.expose());
        assert_eq!((read.max_age, read.app_state), (Some(60), transaction().app_state));
    }

    #[test]
    fn spent_login_keeps_its_outcome_and_no_verifier() {
        for outcome in [None, Some(Outcome::SignedIn), Some(Outcome::Failed("id_token_nonce".into()))] {
            let spent = Spent { app_state: None, outcome };
            let written = Login::Spent(spent.clone()).write();
            assert!(!written.expose().contains("code_verifier"));
            let Some(Login::Spent(read)) = Login::read(written.expose()) else { panic!("not spent") };
            assert_eq!(read, spent);
        }
    }

    #[test]
    fn login_that_is_garbage_is_none() {
        for text in ["", "x", "v=2&spent=", "v=1", "v=1&code_verifier=short&nonce=n&redirect_uri=r&scope=s"] {
            assert!(Login::read(text).is_none(), "{text}");
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
    fn debug_of_a_transaction_does_not_print_the_verifier() {
        let transaction = transaction();
        assert!(!format!("{transaction:?}").contains(transaction.verifier.expose()));
    }

    proptest! {
        #[test]
        fn login_read_of_any_text_does_not_panic(text: String) {
            let _ = Login::read(&text);
            let mut logins = Logins::read(text);
            while logins.forget(UnixMillis(0)).is_some() {}
        }

        #[test]
        fn login_of_any_words_reads_back_the_same(
            verifier in "[A-Za-z0-9._~-]{43,128}", nonce in "\\PC{0,20}", redirect_uri in "\\PC{0,20}",
            scope in "\\PC{0,20}", max_age in proptest::option::of(0..1_u64 << 48),
            app_state in proptest::option::of("\\PC{0,20}"),
        ) {
            let verifier = CodeVerifier::parse(&verifier).unwrap();
            let login = Login::Open(Transaction { verifier, nonce, redirect_uri, scope, max_age, app_state });
            let Some(Login::Open(read)) = Login::read(login.write().expose()) else { panic!("no login") };
            let Login::Open(written) = login else { panic!("no login") };
            prop_assert_eq!(read.verifier.expose(), written.verifier.expose());
            prop_assert_eq!(read.nonce, written.nonce);
            prop_assert_eq!(read.redirect_uri, written.redirect_uri);
            prop_assert_eq!(read.scope, written.scope);
            prop_assert_eq!((read.max_age, read.app_state), (written.max_age, written.app_state));
        }

        #[test]
        fn login_that_is_spent_reads_back_the_same(
            app_state in proptest::option::of("\\PC{0,20}"), outcome in "(signed_in|[a-z_]{1,9})?",
        ) {
            let outcome = match outcome.as_str() {
                "" => None,
                "signed_in" => Some(Outcome::SignedIn),
                _ => Some(Outcome::Failed(outcome)),
            };
            let spent = Spent { app_state, outcome };
            let Some(Login::Spent(read)) = Login::read(Login::Spent(spent.clone()).write().expose()) else {
                panic!("no login")
            };
            prop_assert_eq!(read, spent);
        }
    }
}
