//! Any other grant at the token endpoint, [RFC 6749 §4.5](https://www.rfc-editor.org/rfc/rfc6749#section-4.5): token
//! exchange ([RFC 8693 §2.1](https://www.rfc-editor.org/rfc/rfc8693#section-2.1)), assertions
//! ([RFC 7523 §2.1](https://www.rfc-editor.org/rfc/rfc7523#section-2.1)), a server's own.

use super::{
    metadata::Metadata,
    token::{self, Grant, TokenResponse},
};
use crate::core::words::{
    config::{self, Config},
    error::{Error, ErrorCode},
    form::{self, Form},
    http::{Request, Response},
    json::Json,
    secret::Secret,
};
use alloc::{string::String, vec::Vec};

/// What the program cannot say otherwise.
const OWN: [&str; 2] = ["grant_type", "client_id"];

/// Parameters of RFC 8693 §2.1 and RFC 6749 that are no secrets. Every other value is taken to be one.
const PUBLIC: [&str; 6] =
    ["scope", "audience", "resource", "requested_token_type", "subject_token_type", "actor_token_type"];

/// What is shorter is found in many a word, and would take the server's `error` with it.
const SHORTEST_SECRET: usize = 4;

/// A grant that the program has.
#[derive(Debug, Default)]
pub struct GrantRequest {
    grant_type: String,
    parameters: Secret,
    /// What no error may repeat.
    secrets: Vec<Secret>,
    /// Whether what comes of it becomes the session.
    pub adopt: bool,
}

impl GrantRequest {
    /// Reads `grantType`, `parameters` (strings, or arrays of them, which are repeated) and `adopt`.
    ///
    /// # Errors
    /// `invalid_config` with the member's name.
    pub fn read<J: Json>(grant: &J) -> Result<Self, Error> {
        let invalid = |name: &str| Error::about(ErrorCode::InvalidConfig, name);
        let mut read = Self { adopt: grant.is_true("adopt"), ..Self::default() };
        let mut grant_type = None;
        config::text(grant, "grantType", &mut grant_type)?;
        read.grant_type = grant_type.ok_or_else(|| invalid("grantType"))?;
        let parameters = grant.member("parameters").filter(J::is_object).ok_or_else(|| invalid("parameters"))?;
        let mut form = Form::new();
        let mut index = 0;
        while let Some((name, value)) = parameters.nth_member(index) {
            index += 1;
            if value.is_none() || OWN.contains(&name.as_str()) {
                continue;
            }
            for text in config::texts(&parameters, &name)? {
                form.push(&name, &text);
                if text.len() >= SHORTEST_SECRET && !PUBLIC.contains(&name.as_str()) {
                    read.secrets.push(Secret::new(text));
                }
            }
        }
        read.parameters = Secret::new(form.finish());
        Ok(read)
    }

    /// The request. A public client names itself (RFC 6749 §3.2.1), and the configured resources (RFC 8707 §2.2) stand
    /// where the program names none.
    #[must_use]
    pub fn request(&self, config: &Config, metadata: &Metadata) -> Request {
        let mut form = Form::new();
        form.push("grant_type", &self.grant_type);
        form.push("client_id", &config.client_id);
        if form::value(self.parameters.expose(), "resource").is_none() {
            for resource in &config.resource {
                form.push("resource", resource);
            }
        }
        form.append_encoded(self.parameters.expose());
        Request::post(&metadata.token_endpoint, form)
    }

    /// The scope that is asked for.
    #[must_use]
    pub fn scope(&self) -> String {
        form::value(self.parameters.expose(), "scope").unwrap_or_default()
    }

    /// Reads the answer. A token that is no access token (RFC 8693 §2.2.1) is none that a session could have.
    ///
    /// # Errors
    /// As [`token::token_response`].
    pub fn response<J: Json>(&self, config: &Config, response: &Response) -> Result<TokenResponse, Error> {
        let grant = if self.adopt { Grant::AuthorizationCode } else { Grant::Other };
        let secrets: Vec<_> = self.secrets.iter().collect();
        token::token_response::<J>(config, grant, response, &secrets)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use ErrorCode::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

    fn form(resource: &Value, grant: &Value) -> String {
        let config = json!({
            "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://a.example/", "resource": resource,
        });
        let config = Config::read(&config).unwrap();
        let found =
            json!({ "authorization_endpoint": "https://as.example/a", "token_endpoint": "https://as.example/t" });
        let metadata = Metadata::read(&config, None, Some(&found)).unwrap();
        let request = GrantRequest::read(grant).unwrap().request(&config, &metadata);
        assert_eq!(request.url, "https://as.example/t");
        request.form.unwrap().expose().into()
    }

    #[test]
    fn grant_request_says_the_scope_that_it_asks_for() {
        let scope = |parameters: Value| {
            GrantRequest::read(&json!({ "grantType": EXCHANGE, "parameters": parameters })).unwrap().scope()
        };
        assert_eq!(scope(json!({ "scope": "notes openid", "x": "y" })), "notes openid");
        assert_eq!(scope(json!({ "x": "y" })), "");
    }

    fn respond(adopt: bool, status: u16, body: &str) -> Result<TokenResponse, Error> {
        let grant = json!({
            "grantType": EXCHANGE, "adopt": adopt,
            "parameters": { "subject_token": "the-token", "scope": "notes", "otp": "4711", "step": "n" },
        });
        let response =
            Response { status, body: Secret::new(body.into()), retry_after: Some("7".into()), ..Response::default() };
        let config = json!({ "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://a.example/" });
        let config = Config::read(&config).unwrap();
        GrantRequest::read(&grant).unwrap().response::<Value>(&config, &response)
    }

    #[test]
    fn grant_request_names_type_and_client_and_repeats_lists() {
        let grant = json!({
            "grantType": "urn:x", "parameters": { "audience": ["a", "b c"], "assertion": "e.y.J", "nothing": null },
        });
        assert_eq!(
            form(&json!(null), &grant),
            "grant_type=urn%3Ax&client_id=c&assertion=e.y.J&audience=a&audience=b+c"
        );
    }

    #[test]
    fn grant_parameters_cannot_override_the_protocol() {
        let grant = json!({ "grantType": "a", "parameters": { "grant_type": "b", "client_id": "d", "x": "y" } });
        assert_eq!(form(&json!(null), &grant), "grant_type=a&client_id=c&x=y");
    }

    #[test]
    fn grant_has_the_configured_resource_unless_it_names_one() {
        let configured = json!("https://notes.example");
        let none = json!({ "grantType": "a", "parameters": {} });
        assert_eq!(form(&configured, &none), "grant_type=a&client_id=c&resource=https%3A%2F%2Fnotes.example");
        let own = json!({ "grantType": "a", "parameters": { "resource": ["u:1", "u:2"] } });
        assert_eq!(form(&configured, &own), "grant_type=a&client_id=c&resource=u%3A1&resource=u%3A2");
    }

    #[test]
    fn grant_that_is_none_is_refused_by_member() {
        for (grant, member) in [
            (json!({ "parameters": {} }), "grantType"),
            (json!({ "grantType": "", "parameters": {} }), "grantType"),
            (json!({ "grantType": 7, "parameters": {} }), "grantType"),
            (json!({ "grantType": "a" }), "parameters"),
            (json!({ "grantType": "a", "parameters": "x=y" }), "parameters"),
            (json!({ "grantType": "a", "parameters": [] }), "parameters"),
            (json!({ "grantType": "a", "parameters": { "x": 7 } }), "x"),
            (json!({ "grantType": "a", "parameters": { "x": [] } }), "x"),
            (json!({ "grantType": "a", "parameters": { "x": ["y", 7] } }), "x"),
            (json!({ "grantType": "a", "parameters": { "x": { "y": "z" } } }), "x"),
        ] {
            let error = GrantRequest::read(&grant).unwrap_err();
            assert_eq!((error.code(), error.subject()), (InvalidConfig, member), "{grant}");
        }
    }

    #[test]
    fn grant_response_of_another_type_is_taken_but_not_as_a_session() {
        let body = r#"{"access_token":"x","token_type":"N_A","issued_token_type":"urn:saml2"}"#;
        assert_eq!(respond(false, 200, body).unwrap().access_token.expose(), "x");
        let error = respond(true, 200, body).unwrap_err();
        assert_eq!((error.code(), error.subject()), (TokenResponseInvalid, "token_type"));
        for body in [r#"{"access_token":"x"}"#, r#"{"access_token":"x","token_type":"mac"}"#] {
            assert_eq!(respond(false, 200, body).unwrap_err().code(), TokenResponseInvalid, "{body}");
        }
    }

    #[test]
    fn refusals_are_told_apart_and_repeat_nothing_that_was_sent_in_confidence() {
        for (status, body, expected) in [
            (400, r#"{"error":"invalid_grant"}"#, TokenRequestFailed),
            (400, "", TokenRequestFailed),
            (429, "", RateLimited),
            (502, "", ServerUnavailable),
        ] {
            assert_eq!(respond(false, status, body).unwrap_err().code(), expected, "{status} {body}");
        }
        for (description, is_kept) in [("no scope notes", true), ("no the-token", false), ("4711 is wrong", false)] {
            let body = json!({ "error": "invalid_request", "error_description": description });
            let error = respond(false, 400, &body.to_string()).unwrap_err();
            assert_eq!(error.oauth_error(), Some("invalid_request"));
            assert_eq!(error.oauth_error_description().is_some(), is_kept, "{description}");
        }
    }

    proptest! {
        #[test]
        fn grant_response_of_any_body_does_not_panic(status: u16, adopt: bool, body: String) {
            let _ = respond(adopt, status, &body);
        }
    }
}
