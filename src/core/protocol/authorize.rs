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
#[derive(Debug, Default)]
pub struct LoginOptions {
    /// `scope` instead of the configuration's.
    pub scope: Option<String>,
    /// Other parameters, under their names on the wire: `prompt`, `login_hint`, … Those that [`OWN`] names are
    /// left out of the request: they cannot be overridden.
    pub parameters: Vec<(String, String)>,
    /// What the callback gives back, as text.
    pub app_state: Option<String>,
}

/// The members of the program's options that are parameters, and their names on the wire.
const PARAMETERS: [(&str, &str); 5] = [
    ("prompt", "prompt"),
    ("loginHint", "login_hint"),
    ("maxAge", "max_age"),
    ("acrValues", "acr_values"),
    ("uiLocales", "ui_locales"),
];

/// Parameters that decide how and where the answer comes.
const OWN: [&str; 11] = [
    "request",
    "request_uri",
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
];

impl LoginOptions {
    /// Reads `LoginOptions` but for `appState` and `signal`, which are the host's.
    ///
    /// # Errors
    /// `invalid_config` with the member's name.
    pub fn read(options: &impl Json) -> Result<Self, Error> {
        let mut read = Self { scope: config::text(options, "scope")?, ..Self::default() };
        for (member, name) in PARAMETERS {
            let value = match options.number(member) {
                Some(seconds) if member == "maxAge" && seconds >= 0.0 => Some(decimal(seconds as u64)),
                _ if member == "maxAge" && options.member(member).is_some() => {
                    return Err(Error::about(ErrorCode::InvalidConfig, member));
                }
                _ => config::text(options, member)?,
            };
            if let Some(value) = value {
                read.parameters.push((name.into(), value));
            }
        }
        if let Some(extra) = options.member("extraParameters") {
            for (name, value) in extra.members() {
                let value = value.as_text().ok_or_else(|| Error::about(ErrorCode::InvalidConfig, "extraParameters"))?;
                // The options' own members were there first.
                if !PARAMETERS.iter().any(|(_, known)| *known == name) {
                    read.parameters.push((name, value));
                }
            }
        }
        Ok(read)
    }
}

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
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", &config.client_id),
        ("redirect_uri", &config.redirect_uri),
        ("scope", options.scope.as_ref().unwrap_or(&config.scope)),
        ("state", state),
        ("nonce", nonce),
        ("code_challenge", code_challenge),
        ("code_challenge_method", config.method.as_str()),
    ] {
        form.push(name, value);
    }
    for resource in &config.resource {
        form.push("resource", resource);
    }
    for (name, value) in &options.parameters {
        if !OWN.contains(&name.as_str()) {
            form.push(name, value);
        }
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
             &scope=openid+profile&state=st&nonce=no&code_challenge=ch&code_challenge_method=S256\
             &resource=https%3A%2F%2Fapi.example&resource=https%3A%2F%2Fb.example&prompt=login&login_hint=a+b&max_age=0\
             &acr_values=1&ui_locales=de&audience=https%3A%2F%2Fapi.example"
        );
    }

    #[test]
    fn extra_parameters_do_not_override_the_protocols_own() {
        let mut extra = serde_json::Map::new();
        for name in OWN {
            extra.insert(name.into(), json!("evil"));
        }
        extra.insert("prompt".into(), json!("evil"));
        let url = url(&config(), &json!({ "prompt": "login", "extraParameters": extra }));
        assert!(!url.contains("evil"), "{url}");
        assert_eq!(form::value(form::query(&url), "state").as_deref(), Some("st"));
        assert_eq!(form::value(form::query(&url), "prompt").as_deref(), Some("login"));
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
