//! Pushed authorization requests, [RFC 9126](https://www.rfc-editor.org/rfc/rfc9126): the authorization request goes to
//! the server itself, and the URL only names it.

use super::token;
use crate::core::words::{
    config::Config,
    error::{Error, ErrorCode},
    form::{self, Form},
    http::Response,
    json::Json,
    secret::Secret,
};
use alloc::vec::Vec;

/// The name of the endpoint in the metadata, §5.
pub const ENDPOINT: &str = "pushed_authorization_request_endpoint";

/// Parameters that may say who the user is, or show what this login is known by.
const SECRETS: [&str; 5] = ["state", "nonce", "code_challenge", "login_hint", "id_token_hint"];

/// Reads the answer to the authorization request that was pushed, §2.2, and gives the one that stands for it (§4: "The
/// client uses the request_uri value"; `client_id` goes along by RFC 9101 §5).
///
/// # Errors
/// `server_unavailable` for 5xx, `rate_limited` for 429, `authorization_failed` for every other refusal (§2.3, by RFC
/// 6749 §5.2); where a 2xx names no `request_uri`, what the metadata call the endpoint is none: `metadata_invalid`.
pub fn pushed_request<J: Json>(config: &Config, pushed: &str, response: &Response) -> Result<Form, Error> {
    let body = response.object::<J>();
    if !response.is_success() {
        let mut secrets = Vec::new();
        for name in &SECRETS {
            secrets.push(Secret::new(form::value(pushed, name).unwrap_or_default()));
        }
        let secrets: Vec<_> = secrets.iter().collect();
        return Err(token::refusal(ErrorCode::AuthorizationFailed, response, body.as_ref(), &secrets));
    }
    match body.and_then(|body| body.text("request_uri")).filter(|request_uri| !request_uri.is_empty()) {
        Some(request_uri) => {
            let mut form = Form::new();
            form.push("client_id", &config.client_id);
            form.push("request_uri", &request_uri);
            Ok(form)
        }
        None => Err(Error::about(ErrorCode::MetadataInvalid, ENDPOINT).with_status(response.status)),
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use ErrorCode::*;
    use alloc::string::String;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(status: u16, body: &str) -> Result<String, Error> {
        let config = json!({ "issuer": "https://as.example", "clientId": "c d", "redirectUri": "https://a.example/" });
        let response =
            Response { status, body: Secret::new(body.into()), retry_after: Some("7".into()), ..Response::default() };
        let pushed = "response_type=code&state=st-1&login_hint=ada%40example.org";
        pushed_request::<Value>(&Config::read(&config).unwrap(), pushed, &response).map(Form::finish)
    }

    #[test]
    fn pushed_request_is_named_with_the_client() {
        for status in [200, 201] {
            let form = read(status, r#"{"request_uri":"urn:example:1/2","expires_in":60}"#).unwrap();
            assert_eq!(form, "client_id=c+d&request_uri=urn%3Aexample%3A1%2F2");
        }
    }

    #[test]
    fn pushed_request_without_a_name_blames_the_endpoint() {
        for body in ["", "<html>", "[]", "{}", r#"{"request_uri":""}"#, r#"{"request_uri":7}"#] {
            let error = read(201, body).unwrap_err();
            assert_eq!(
                (error.code(), error.subject(), error.status()),
                (MetadataInvalid, ENDPOINT, Some(201)),
                "{body}"
            );
        }
    }

    #[test]
    fn refusals_are_told_apart_and_repeat_nothing_that_was_sent() {
        for (status, expected) in [
            (400, AuthorizationFailed),
            (401, AuthorizationFailed),
            (404, AuthorizationFailed),
            (0, AuthorizationFailed),
        ] {
            assert_eq!(read(status, r#"{"error":"invalid_request"}"#).unwrap_err().code(), expected, "{status}");
        }
        assert_eq!(read(503, "").unwrap_err().code(), ServerUnavailable);
        let error = read(429, "").unwrap_err();
        assert_eq!((error.code(), error.retry_after()), (RateLimited, Some("7")));
        let error = read(400, r#"{"error":"invalid_request","error_description":"no ada@example.org"}"#).unwrap_err();
        assert_eq!((error.oauth_error(), error.oauth_error_description()), (Some("invalid_request"), None));
    }

    proptest! {
        #[test]
        fn pushed_request_of_any_body_does_not_panic(status: u16, body: String) {
            let _ = read(status, &body);
        }
    }
}
