//! The authorization request, [RFC 6749 §4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1) and
//! [OIDC Core §3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest), as a URL.

use super::metadata::Metadata;
use crate::core::words::{
    config::{self, Config},
    decimal::decimal,
    error::{Error, ErrorCode},
    form::Form,
    json::Json,
};
use alloc::{string::String, vec::Vec};

/// What one login asks for beyond the configuration.
#[derive(Debug, Clone, Default)]
pub struct LoginOptions {
    /// `scope` instead of the configuration's.
    pub scope: Option<String>,
    /// `prompt`.
    pub prompt: Option<String>,
    /// `login_hint`.
    pub login_hint: Option<String>,
    /// `max_age`, seconds.
    pub max_age: Option<u64>,
    /// `acr_values`.
    pub acr_values: Option<String>,
    /// `ui_locales`.
    pub ui_locales: Option<String>,
    /// Other parameters. Those of the protocol are left out: they cannot be overridden.
    pub extra: Vec<(String, String)>,
    /// What the callback gives back, as text.
    pub app_state: Option<String>,
}

impl LoginOptions {
    /// Reads `LoginOptions` but for `appState` and `signal`, which are the host's.
    ///
    /// # Errors
    /// `invalid_config` with the member's name.
    pub fn read(options: &impl Json) -> Result<Self, Error> {
        let max_age = match options.member("maxAge") {
            None => None,
            Some(value) => match value.as_number() {
                Some(seconds) if seconds >= 0.0 => Some(seconds as u64),
                _ => return Err(Error::about(ErrorCode::InvalidConfig, "maxAge")),
            },
        };
        let mut extra = Vec::new();
        for (name, value) in options.member("extraParameters").map(|extra| extra.members()).unwrap_or_default() {
            match value.as_text() {
                Some(value) => extra.push((name, value)),
                None => return Err(Error::about(ErrorCode::InvalidConfig, "extraParameters")),
            }
        }
        Ok(Self {
            scope: config::text(options, "scope")?,
            prompt: config::text(options, "prompt")?,
            login_hint: config::text(options, "loginHint")?,
            max_age,
            acr_values: config::text(options, "acrValues")?,
            ui_locales: config::text(options, "uiLocales")?,
            extra,
            app_state: None,
        })
    }
}

/// Parameters that an extra one may not take: they decide how and where the answer comes.
const OWN: [&str; 14] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "login_hint",
    "max_age",
    "acr_values",
    "ui_locales",
];

/// The URL of the authorization request.
#[must_use]
pub fn authorization_url(
    config: &Config,
    metadata: &Metadata,
    options: &LoginOptions,
    state: &str,
    nonce: &str,
    code_challenge: &str,
) -> String {
    let mut form = Form::new();
    form.push("response_type", "code");
    form.push("client_id", &config.client_id);
    form.push("redirect_uri", &config.redirect_uri);
    form.push("scope", options.scope.as_deref().unwrap_or(&config.scope));
    form.push("state", state);
    form.push("nonce", nonce);
    form.push("code_challenge", code_challenge);
    form.push("code_challenge_method", config.method.as_str());
    form.push_some("prompt", options.prompt.as_deref());
    form.push_some("login_hint", options.login_hint.as_deref());
    form.push_some("max_age", options.max_age.map(decimal).as_deref());
    form.push_some("acr_values", options.acr_values.as_deref());
    form.push_some("ui_locales", options.ui_locales.as_deref());
    for resource in &config.resource {
        form.push("resource", resource);
    }
    for (name, value) in options.extra.iter().filter(|(name, _)| !OWN.contains(&name.as_str())) {
        form.push(name, value);
    }
    form.append_to(&metadata.authorization_endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::words::form;
    use serde_json::{Value, json};

    fn url(config: &Value, options: &Value) -> String {
        let config = Config::read(config).unwrap();
        let found = json!({ "authorization_endpoint": "https://as.example/a?tenant=1", "token_endpoint": "https://as.example/t" });
        let metadata = Metadata::read(&config, None, Some(&found)).unwrap();
        authorization_url(&config, &metadata, &LoginOptions::read(options).unwrap(), "st", "no", "ch")
    }

    fn config() -> Value {
        json!({
            "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://app.example/cb?x=y",
            "resource": ["https://api.example", "https://b.example"]
        })
    }

    #[test]
    fn authorization_url_carries_the_protocol_and_the_options() {
        let options = json!({
            "scope": "openid profile", "prompt": "login", "loginHint": "a b", "maxAge": 0, "acrValues": "1",
            "uiLocales": "de", "extraParameters": { "audience": "https://api.example" }
        });
        assert_eq!(
            url(&config(), &options),
            "https://as.example/a?tenant=1&response_type=code&client_id=c&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Fx%3Dy\
             &scope=openid+profile&state=st&nonce=no&code_challenge=ch&code_challenge_method=S256&prompt=login&login_hint=a+b\
             &max_age=0&acr_values=1&ui_locales=de&resource=https%3A%2F%2Fapi.example&resource=https%3A%2F%2Fb.example\
             &audience=https%3A%2F%2Fapi.example"
        );
    }

    #[test]
    fn extra_parameters_do_not_override_the_protocols_own() {
        let mut extra = serde_json::Map::new();
        for name in OWN {
            extra.insert(name.into(), json!("evil"));
        }
        let url = url(&config(), &json!({ "extraParameters": extra }));
        assert!(!url.contains("evil"), "{url}");
        let pairs = form::parse(form::query(&url));
        assert_eq!(form::value(&pairs, "state"), Some("st"));
    }

    #[test]
    fn login_options_of_a_wrong_type_are_refused_by_name() {
        for (name, value) in [
            ("scope", json!(1)),
            ("prompt", json!("")),
            ("maxAge", json!(-1)),
            ("maxAge", json!("1")),
            ("extraParameters", json!({ "a": 1 })),
        ] {
            let error = LoginOptions::read(&json!({ (name): value })).unwrap_err();
            assert_eq!((error.code(), error.subject()), (ErrorCode::InvalidConfig, name));
        }
    }
}
