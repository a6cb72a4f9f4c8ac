//! Token revocation, [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009).

use super::{metadata::Metadata, token};
use crate::core::words::{
    config::Config,
    error::{Error, ErrorCode},
    form::Form,
    http::{Request, Response},
    json::Json,
    secret::Secret,
};

/// The name of the endpoint in the metadata.
pub const ENDPOINT: &str = "revocation_endpoint";

/// The hint that goes with a refresh token, §2.1.
pub const REFRESH_TOKEN: &str = "refresh_token";
/// The hint that goes with an access token.
pub const ACCESS_TOKEN: &str = "access_token";

/// The request, §2.1. `None` where the server has no such endpoint.
#[must_use]
pub fn revocation_request(config: &Config, metadata: &Metadata, token: &Secret, hint: &str) -> Option<Request> {
    let endpoint = metadata.revocation_endpoint.as_ref()?;
    let mut form = Form::new();
    form.push("token", token.expose());
    form.push("token_type_hint", hint);
    form.push("client_id", &config.client_id);
    Some(Request::post(endpoint, form))
}

/// Reads the answer, §2.2: a token that was not good any more counts as revoked.
///
/// # Errors
/// `server_unavailable` for 5xx, `rate_limited` for 429, `token_request_failed` for every other refusal; but that the
/// server revokes no tokens of this type (§2.2.1) is none where it `may_be_unable`.
pub fn revocation_response<J: Json>(response: &Response, sent: &Secret, may_be_unable: bool) -> Result<(), Error> {
    if response.is_success() {
        return Ok(());
    }
    let body = response.object::<J>();
    let error = token::refusal(ErrorCode::TokenRequestFailed, response, body.as_ref(), &[sent]);
    let is_unable = error.code() == ErrorCode::TokenRequestFailed
        && body.and_then(|body| body.text("error")).as_deref() == Some("unsupported_token_type");
    if may_be_unable && is_unable { Ok(()) } else { Err(error) }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use ErrorCode::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const UNSUPPORTED: &str = r#"{"error":"unsupported_token_type"}"#;

    fn read(status: u16, body: &str, may_be_unable: bool) -> Result<(), Error> {
        let response =
            Response { status, body: Secret::new(body.into()), retry_after: Some("7".into()), ..Response::default() };
        revocation_response::<Value>(&response, &Secret::new("the-token".into()), may_be_unable)
    }

    fn request(found: &Value) -> Option<Request> {
        let config = json!({ "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://a.example/" });
        let config = Config::read(&config).unwrap();
        let metadata = Metadata::read(&config, None, Some(found)).unwrap();
        revocation_request(&config, &metadata, &Secret::new("a+b".into()), REFRESH_TOKEN)
    }

    #[test]
    fn revocation_request_names_token_hint_and_client() {
        let mut found =
            json!({ "authorization_endpoint": "https://as.example/a", "token_endpoint": "https://as.example/t" });
        assert!(request(&found).is_none());
        found[ENDPOINT] = json!("https://as.example/r");
        let request = request(&found).unwrap();
        assert_eq!(request.url, "https://as.example/r");
        assert_eq!(request.form.unwrap().expose(), "token=a%2Bb&token_type_hint=refresh_token&client_id=c");
    }

    #[test]
    fn revocation_response_is_good_whatever_the_body_of_a_success_is() {
        for body in ["", "<html>", "{}", UNSUPPORTED] {
            assert_eq!(read(200, body, false), Ok(()), "{body}");
        }
    }

    #[test]
    fn revocation_response_may_say_that_access_tokens_are_not_revoked() {
        assert_eq!(read(400, UNSUPPORTED, true), Ok(()));
        assert_eq!(read(400, UNSUPPORTED, false).unwrap_err().code(), TokenRequestFailed);
        assert_eq!(read(503, UNSUPPORTED, true).unwrap_err().code(), ServerUnavailable);
    }

    #[test]
    fn refusals_are_told_apart_and_do_not_repeat_the_token() {
        for status in [400, 401, 404, 0] {
            assert_eq!(read(status, "", true).unwrap_err().code(), TokenRequestFailed, "{status}");
        }
        let error = read(429, "", true).unwrap_err();
        assert_eq!((error.code(), error.retry_after()), (RateLimited, Some("7")));
        let error = read(400, r#"{"error":"invalid_request","error_description":"the-token?"}"#, true).unwrap_err();
        assert_eq!((error.oauth_error(), error.oauth_error_description()), (Some("invalid_request"), None));
    }

    proptest! {
        #[test]
        fn revocation_response_is_good_only_where_the_server_says_so(status: u16, body: String) {
            prop_assert_eq!(read(status, &body, false).is_ok(), (200..300).contains(&status));
        }
    }
}
