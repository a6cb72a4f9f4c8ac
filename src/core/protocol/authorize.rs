//! The authorization request, [RFC 6749 §4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1) and
//! [OIDC Core §3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest).

use crate::core::words::{
    config::{self, Config},
    decimal::decimal,
    error::{Error, ErrorCode},
    form::Form,
    json::Json,
};
use alloc::string::String;

/// What one login asks for beyond the configuration.
#[derive(Debug, Default)]
pub struct LoginOptions {
    /// `scope` instead of the configuration's.
    pub scope: Option<String>,
    /// `redirect_uri` instead of the configuration's: a port that is free is known when it is taken
    /// ([RFC 8252 §7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)).
    pub redirect_uri: Option<String>,
    /// Other parameters, under their names on the wire: `prompt`, `login_hint`, …
    pub parameters: Form,
    /// What the callback gives back, as text.
    pub app_state: Option<String>,
    /// Whether it goes on in a window of its own, whose opener waits for the redirect.
    pub in_window: bool,
}

/// The members of the program's options that are parameters, by their names on the wire.
const PARAMETERS: [&str; 5] = ["prompt", "login_hint", "max_age", "acr_values", "ui_locales"];

/// Parameters that decide how and where the answer comes: those of the program are left out, as they cannot be
/// overridden.
const OWN: [&str; 12] = [
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
    "dpop_jkt",
];

impl LoginOptions {
    /// Reads `LoginOptions` but for `appState` and `signal`, which are the host's.
    ///
    /// # Errors
    /// `invalid_config` with the member's name.
    pub fn read(options: &impl Json) -> Result<Self, Error> {
        let mut read = Self::default();
        config::text(options, "scope", &mut read.scope)?;
        config::redirect_uri(options, "redirectUri", &mut read.redirect_uri)?;
        read.take(options, true)?;
        read.in_window = options.is_true("inWindow");
        if let Some(extra) = options.member("extraParameters") {
            read.take(&extra, false)?;
        }
        Ok(read)
    }

    /// Takes members as parameters: of the options those that are some, of the extra ones all others.
    fn take(&mut self, members: &impl Json, known: bool) -> Result<(), Error> {
        let mut wrong = Ok(());
        let mut index = 0;
        while let Some((member, value)) = members.nth_member(index) {
            index += 1;
            let name = if known { snake_case(&member) } else { member };
            let Some(value) = value.filter(|_| is_one(&name, &PARAMETERS) == known && !is_one(&name, &OWN)) else {
                continue;
            };
            let text = if known && name == "max_age" {
                value.as_number().filter(|seconds| *seconds >= 0.0).map(|seconds| decimal(seconds as u64))
            } else {
                value.as_text()
            };
            match text.filter(|text| !known || !text.is_empty()) {
                Some(value) => self.parameters.push(&name, &value),
                None => wrong = Err(Error::about(ErrorCode::InvalidConfig, &name)),
            }
        }
        wrong
    }
}

/// The name on the wire of a member of JavaScript's: `loginHint` → `login_hint`.
fn snake_case(member: &str) -> String {
    let mut name = String::new();
    for byte in member.bytes() {
        if byte.is_ascii_uppercase() {
            name.push('_');
        }
        // A name with a byte beyond ASCII is none of ours, whatever becomes of it.
        name.push(char::from(byte.to_ascii_lowercase()));
    }
    name
}

fn is_one(name: &str, names: &[&str]) -> bool {
    names.contains(&name)
}

/// The parameters of the authorization request.
#[must_use]
pub fn authorization_request(
    config: &Config,
    options: &LoginOptions,
    redirect_uri: &str,
    state: &str,
    nonce: &str,
    code_challenge: &str,
) -> Form {
    let mut form = Form::new();
    form.push("response_type", "code");
    form.push("client_id", &config.client_id);
    form.push("redirect_uri", redirect_uri);
    form.push("scope", options.scope.as_ref().unwrap_or(&config.scope));
    form.push("state", state);
    form.push("nonce", nonce);
    form.push("code_challenge", code_challenge);
    form.push("code_challenge_method", config.method.as_str());
    for resource in &config.resource {
        form.push("resource", resource);
    }
    form.append(&options.parameters);
    form
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::core::words::any_json::any_object;
    use crate::core::words::form;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn url(config: &Value, options: &Value) -> String {
        let config = Config::read(config).unwrap();
        let form = authorization_request(
            &config,
            &LoginOptions::read(options).unwrap(),
            &config.redirect_uri,
            "st",
            "no",
            "ch",
        );
        form.append_to("https://as.example/a?tenant=1")
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
             &resource=https%3A%2F%2Fapi.example&resource=https%3A%2F%2Fb.example&acr_values=1&login_hint=a+b&max_age=0&prompt=login\
             &ui_locales=de&audience=https%3A%2F%2Fapi.example"
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
        for (name, value) in
            [("scope", json!(1)), ("prompt", json!("")), ("max_age", json!(-1)), ("login_hint", json!({}))]
        {
            let member = match name {
                "max_age" => "maxAge",
                "login_hint" => "loginHint",
                same => same,
            };
            let error = LoginOptions::read(&json!({ (member): value })).unwrap_err();
            assert_eq!((error.code(), error.subject()), (ErrorCode::InvalidConfig, name));
        }
        let error = LoginOptions::read(&json!({ "extraParameters": { "someThing": true } })).unwrap_err();
        assert_eq!(error.subject(), "someThing");
    }

    #[test]
    fn login_options_that_are_null_or_no_parameters_are_left_out() {
        let options =
            json!({ "prompt": null, "appState": {}, "signal": 1, "extraParameters": { "a": null, "someThing": "x" } });
        assert_eq!(LoginOptions::read(&options).unwrap().parameters.finish(), "someThing=x");
    }

    const MEMBERS: &[&str] = &[
        "scope",
        "prompt",
        "loginHint",
        "maxAge",
        "acrValues",
        "uiLocales",
        "extraParameters",
        "clientId",
        "redirectUri",
        "client_id",
        "redirect_uri",
        "state",
        "nonce",
        "code_challenge",
        "request",
        "response_mode",
        "other",
    ];

    proptest! {
        #[test]
        fn login_options_of_any_members_leave_the_protocols_own_alone(
            mut options in any_object(MEMBERS, &["x", "x&state=y", "ℵ"]),
            extra in proptest::option::of(any_object(MEMBERS, &["x", "x&client_id=y"])),
        ) {
            if let Some(extra) = extra {
                options["extraParameters"] = extra;
            }
            if LoginOptions::read(&options).is_ok() {
                let url = url(&config(), &options);
                let query = form::query(&url);
                for (name, value) in [
                    ("client_id", "c"),
                    ("redirect_uri", "https://app.example/cb?x=y"),
                    ("response_type", "code"),
                    ("scope", options["scope"].as_str().unwrap_or("openid")),
                    ("state", "st"),
                    ("nonce", "no"),
                    ("code_challenge", "ch"),
                ] {
                    prop_assert_eq!(form::values(query, name).collect::<Vec<_>>(), [value], "{}", url);
                }
                for name in ["request", "request_uri", "response_mode"] {
                    prop_assert!(form::value(query, name).is_none(), "{}", url);
                }
            }
        }
    }
}
