//! The UserInfo endpoint, [OIDC Core §5.3](https://openid.net/specs/openid-connect-core-1_0.html#UserInfo).

use super::token;
use crate::core::words::{
    concat::concat,
    error::{Error, ErrorCode},
    http::{Request, Response},
    json::Json,
    secret::Secret,
};

/// The name of the endpoint in the metadata.
pub const ENDPOINT: &str = "userinfo_endpoint";

/// The request, §5.3.1: a GET, with the token as a bearer token ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
#[must_use]
pub fn userinfo_request(endpoint: &str, access_token: &Secret) -> Request {
    let authorization = Some(Secret::new(concat(&["Bearer ", access_token.expose()])));
    Request { authorization, ..Request::get(endpoint.into()) }
}

/// Reads the answer. `subject` is the ID token's.
///
/// # Errors
/// `server_unavailable` for 5xx, `rate_limited` for 429, `token_request_failed` for every other refusal.
/// `metadata_invalid` where the body is no JSON object: a signed answer (§5.3.2, `application/jwt`) is given only to
/// clients that are registered for it. `userinfo_subject_mismatch` where `sub` is another, or is missing.
pub fn userinfo_response<J: Json>(response: &Response, sent: &Secret, subject: &str) -> Result<J, Error> {
    let body = response.object::<J>();
    if !response.is_success() {
        return Err(token::refusal(ErrorCode::TokenRequestFailed, response, body.as_ref(), &[sent]));
    }
    let Some(body) = body else {
        return Err(Error::about(ErrorCode::MetadataInvalid, ENDPOINT).with_status(response.status));
    };
    // §5.3.2: "The sub (subject) Claim MUST always be returned in the UserInfo Response", and "MUST be verified to exactly
    // match the sub Claim in the ID Token".
    match body.text("sub") {
        Some(found) if found == subject => Ok(body),
        _ => Err(ErrorCode::UserinfoSubjectMismatch.into()),
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use ErrorCode::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn read(status: u16, body: &str) -> Result<Value, Error> {
        let response =
            Response { status, body: Secret::new(body.into()), retry_after: Some("7".into()), ..Response::default() };
        userinfo_response(&response, &Secret::new("the-token".into()), "ada")
    }

    #[test]
    fn userinfo_request_bears_the_token_in_the_header_alone() {
        let request = userinfo_request("https://as.example/me", &Secret::new("at".into()));
        assert_eq!((request.url.as_str(), request.form.is_none()), ("https://as.example/me", true));
        assert_eq!(request.authorization.unwrap().expose(), "Bearer at");
    }

    #[test]
    fn userinfo_response_of_the_user_is_read() {
        let claims = read(200, r#"{"sub":"ada","email":"ada@example.org"}"#).unwrap();
        assert_eq!(claims["email"], "ada@example.org");
    }

    #[test]
    fn userinfo_response_of_another_user_or_of_nobody_is_refused() {
        for body in [r#"{"sub":"eve"}"#, r#"{"sub":"Ada"}"#, r#"{"sub":""}"#, r#"{"sub":["ada"]}"#, "{}"] {
            assert_eq!(read(200, body).unwrap_err().code(), UserinfoSubjectMismatch, "{body}");
        }
    }

    #[test]
    fn userinfo_response_that_is_no_object_blames_the_endpoint() {
        for body in ["", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln", "<html>", "[]", "null", "\"ada\""] {
            let error = read(200, body).unwrap_err();
            assert_eq!((error.code(), error.subject()), (MetadataInvalid, ENDPOINT), "{body}");
        }
    }

    #[test]
    fn refusals_are_told_apart_and_do_not_repeat_the_token() {
        for (status, expected) in
            [(401, TokenRequestFailed), (403, TokenRequestFailed), (404, TokenRequestFailed), (500, ServerUnavailable)]
        {
            assert_eq!(read(status, "").unwrap_err().code(), expected, "{status}");
        }
        let error = read(429, "").unwrap_err();
        assert_eq!((error.code(), error.retry_after()), (RateLimited, Some("7")));
        let error = read(403, r#"{"error":"insufficient_scope","error_description":"the-token"}"#).unwrap_err();
        assert_eq!((error.oauth_error(), error.oauth_error_description()), (Some("insufficient_scope"), None));
    }

    proptest! {
        #[test]
        fn userinfo_response_is_given_only_of_the_user(status: u16, body: String) {
            prop_assert!(read(status, &body).is_err());
        }
    }
}
