//! What callers and listeners were told, in a form that a test can compare.

use pixie_auth::{Answer, Event, Session, SignOutReason};
use serde_json::Value;

/// A session as the program sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub id_token: Option<String>,
    pub expires_at: Option<u64>,
    pub scope: String,
    pub claims: Option<Value>,
    /// The key that the tokens are bound to.
    pub jkt: Option<String>,
}

impl From<&Session<Value>> for View {
    fn from(session: &Session<Value>) -> Self {
        let tokens = &session.tokens;
        let text = |secret: &pixie_auth::Secret| String::from(secret.expose());
        Self {
            access_token: text(&tokens.access_token),
            refresh_token: tokens.refresh_token.as_ref().map(text),
            id_token: tokens.id_token.as_ref().map(text),
            expires_at: tokens.expires_at.map(|end| end.0),
            scope: tokens.scope.clone(),
            claims: session.claims.clone(),
            jkt: tokens.jkt.clone(),
        }
    }
}

/// The answer to a caller.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Done,
    Opened(Option<Value>),
    LoginUrl { url: String, state: String },
    SignedIn { session: View, app_state: Option<String> },
    Session(Option<View>),
    AccessToken(String),
    LogoutUrl(Option<String>),
    Json(Value),
    Authorized(Carried),
}

/// What one try of `fetch` carries along.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried {
    pub authorization: String,
    pub proof: Option<String>,
    pub nonce: Option<String>,
    pub step: u32,
}

impl From<Answer<Value>> for Said {
    fn from(answer: Answer<Value>) -> Self {
        match answer {
            Answer::Done => Self::Done,
            Answer::Opened(metadata) => Self::Opened(metadata),
            Answer::LoginUrl { url, state } => Self::LoginUrl { url, state },
            Answer::Callback { session, app_state } => Self::SignedIn { session: View::from(&*session), app_state },
            Answer::Session(session) => Self::Session(session.map(|session| View::from(&*session))),
            Answer::AccessToken(token) => Self::AccessToken(token.expose().into()),
            Answer::Json(document) => Self::Json(document),
            Answer::Authorized { authorization, proof, nonce, step } => Self::Authorized(Carried {
                authorization: authorization.expose().into(),
                proof: proof.map(|proof| proof.expose().into()),
                nonce,
                step,
            }),
            Answer::LogoutUrl(url) => Self::LogoutUrl(url.map(|url| url.expose().into())),
        }
    }
}

/// What listeners were told. Sessions go by their access tokens, errors by their codes.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    SignedIn(String),
    Refreshed(String),
    RefreshDelayed { error: &'static str, attempt: u32, retry_at: u64 },
    SignedOut(SignOutReason, Option<&'static str>),
}

impl From<Event<Value>> for Told {
    fn from(event: Event<Value>) -> Self {
        match event {
            Event::SignedIn(session) => Self::SignedIn(View::from(&*session).access_token),
            Event::Refreshed(session) => Self::Refreshed(View::from(&*session).access_token),
            Event::RefreshDelayed { error, attempt, retry_at } => {
                Self::RefreshDelayed { error: error.code().as_str(), attempt, retry_at: retry_at.0 }
            }
            Event::SignedOut { reason, error } => Self::SignedOut(reason, error.map(|error| error.code().as_str())),
        }
    }
}
