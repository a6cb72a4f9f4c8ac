//! The token endpoint: exchange ([RFC 6749 §4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3)),
//! refresh ([§6](https://www.rfc-editor.org/rfc/rfc6749#section-6)) and what it answers
//! ([§5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1), [§5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).

use super::{callback::ValidatedCallback, metadata::Metadata, pkce::CodeVerifier};
use crate::core::words::{
    config::Config,
    decimal::parse_decimal,
    error::{Error, ErrorCode},
    form::Form,
    http::{Request, Response},
    json::Json,
    secret::Secret,
};
use alloc::string::String;

/// What a token endpoint gave.
#[derive(Debug)]
pub struct TokenResponse {
    /// `access_token`.
    pub access_token: Secret,
    /// `expires_in`, seconds.
    pub expires_in: Option<u64>,
    /// `scope`; absent where it is what was asked for.
    pub scope: Option<String>,
    /// `refresh_token`.
    pub refresh_token: Option<Secret>,
    /// `id_token`.
    pub id_token: Option<Secret>,
    /// The thumbprint of the key that the tokens are bound to, for who proved to have it; no field of the answer's.
    pub jkt: Option<String>,
}

/// Which request a response answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// `authorization_code`.
    AuthorizationCode,
    /// `refresh_token`.
    RefreshToken,
    /// Any other, whose answer is not to become the session.
    Other,
}

/// The request that spends a code. It takes the verifier, which is gone after it.
#[must_use]
pub fn exchange_request(
    config: &Config,
    metadata: &Metadata,
    callback: &ValidatedCallback,
    verifier: CodeVerifier,
    redirect_uri: &str,
) -> Request {
    let mut form = Form::new();
    form.push("grant_type", "authorization_code");
    form.push("code", callback.code().expose());
    form.push("redirect_uri", redirect_uri);
    form.push("code_verifier", verifier.expose());
    finish(config, metadata, form, &config.resource)
}

/// The request that spends a refresh token, for a token for these resources
/// ([RFC 8707 §2.2](https://www.rfc-editor.org/rfc/rfc8707#section-2.2)) and, where it is to be less than what was
/// granted, for a scope.
#[must_use]
pub fn refresh_request(
    config: &Config,
    metadata: &Metadata,
    refresh_token: &Secret,
    resource: &[String],
    scope: Option<&str>,
) -> Request {
    let mut form = Form::new();
    form.push("grant_type", "refresh_token");
    form.push("refresh_token", refresh_token.expose());
    form.push_some("scope", scope);
    finish(config, metadata, form, resource)
}

fn finish(config: &Config, metadata: &Metadata, mut form: Form, resource: &[String]) -> Request {
    // RFC 6749 §3.2.1: a public client names itself.
    form.push("client_id", &config.client_id);
    for resource in resource {
        form.push("resource", resource);
    }
    Request::post(&metadata.token_endpoint, form)
}

/// Reads the answer. `sent` are the secrets of the request: words of the server that repeat one are dropped.
///
/// # Errors
/// `server_unavailable` for 5xx, `rate_limited` for 429, `session_ended` for `invalid_grant` on a refresh,
/// `token_request_failed` for every other refusal, `token_response_invalid` where a 200 is no token response.
pub fn token_response<J: Json>(
    config: &Config,
    grant: Grant,
    response: &Response,
    sent: &[&Secret],
) -> Result<TokenResponse, Error> {
    let body = response.object::<J>();
    if !response.is_success() {
        let is_spent = || body.as_ref().is_some_and(|body| body.is("error", "invalid_grant"));
        let has_ended = grant == Grant::RefreshToken && is_spent();
        let code = if has_ended { ErrorCode::SessionEnded } else { ErrorCode::TokenRequestFailed };
        return Err(refusal(code, response, body.as_ref(), sent));
    }
    let invalid = |field| Error::about(ErrorCode::TokenResponseInvalid, field).with_status(response.status);
    let body = body.ok_or_else(|| invalid("no JSON object"))?;
    let text = |name| body.text(name).filter(|text| !text.is_empty());
    let access_token = text("access_token").map(Secret::new).ok_or_else(|| invalid("access_token"))?;
    // §5.1: "Value is case insensitive." A token of another type is none that can be used (§7.1); with DPoP a bearer
    // token is one that was not bound to the key (RFC 9449 §5).
    let wanted = if config.dpop { "dpop" } else { "bearer" };
    match body.text("token_type") {
        Some(token_type) if token_type.eq_ignore_ascii_case(wanted) => {}
        // A refresh has already spent the old pair: to refuse the new one for a word would end a good session.
        None if grant == Grant::RefreshToken => {}
        // RFC 8693 §2.2.1: "If the issued token is not an access token".
        Some(token_type) if grant == Grant::Other && token_type.eq_ignore_ascii_case("N_A") => {}
        _ => return Err(invalid("token_type")),
    }
    // Servers in the field write it as a string, too.
    let expires_in = match body.number("expires_in") {
        Some(number) => (number >= 0.0).then_some(number as u64),
        None => body.text("expires_in").and_then(|text| parse_decimal(&text)),
    };
    if expires_in.is_none() && grant != Grant::RefreshToken && body.has("expires_in") {
        return Err(invalid("expires_in"));
    }
    Ok(TokenResponse {
        access_token,
        expires_in,
        scope: text("scope"),
        refresh_token: text("refresh_token").map(Secret::new),
        id_token: text("id_token").map(Secret::new),
        jkt: None,
    })
}

/// A refusal in the server's own words: `code`, unless the status says that it is for now only.
pub(super) fn refusal<J: Json>(code: ErrorCode, response: &Response, body: Option<&J>, sent: &[&Secret]) -> Error {
    let word = |name| body.and_then(|body| body.text(name));
    let code = match response.status {
        429 => ErrorCode::RateLimited,
        500..=599 => ErrorCode::ServerUnavailable,
        _ => code,
    };
    Error::new(code).with_status(response.status).with_retry_after(response.retry_after.clone()).with_oauth(
        word("error"),
        word("error_description"),
        sent,
    )
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use ErrorCode::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const GOOD: &str = r#""access_token":"at","token_type":"Bearer""#;

    fn config(dpop: bool) -> Config {
        let config = json!({
            "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://app.example/cb", "dpop": dpop
        });
        Config::read(&config).unwrap()
    }

    fn read(grant: Grant, status: u16, body: &str) -> Result<TokenResponse, Error> {
        let response =
            Response { status, body: Secret::new(body.into()), retry_after: Some("7".into()), ..Response::default() };
        token_response::<Value>(&config(false), grant, &response, &[&Secret::new("the-code".into())])
    }

    fn code(grant: Grant, status: u16, body: &str) -> ErrorCode {
        read(grant, status, body).unwrap_err().code()
    }

    #[test]
    fn token_response_with_every_field_is_read() {
        let body = format!(
            r#"{{{GOOD},"expires_in":3600,"scope":"a b","refresh_token":"rt","id_token":"it","session_state":"x"}}"#
        );
        let tokens = read(Grant::AuthorizationCode, 200, &body).unwrap();
        assert_eq!(tokens.access_token.expose(), "at");
        assert_eq!((tokens.expires_in, tokens.scope.as_deref()), (Some(3600), Some("a b")));
        assert_eq!(tokens.refresh_token.unwrap().expose(), "rt");
        assert_eq!(tokens.id_token.unwrap().expose(), "it");
    }

    #[test]
    fn token_response_of_servers_in_the_field_is_borne() {
        for body in [
            r#"{"access_token":"at","token_type":"bearer","expires_in":"60"}"#,
            r#"{"access_token":"at","token_type":"BEARER","expires_in":60.9,"scope":"","refresh_token":"","id_token":null}"#,
        ] {
            let tokens = read(Grant::AuthorizationCode, 200, body).unwrap();
            assert_eq!((tokens.expires_in, tokens.scope, tokens.refresh_token), (Some(60), None, None));
        }
        assert_eq!(read(Grant::AuthorizationCode, 200, &format!("{{{GOOD}}}")).unwrap().expires_in, None);
    }

    #[test]
    fn token_response_that_breaks_the_specification_is_refused_by_field() {
        for (body, field) in [
            ("", "no JSON object"),
            ("<html></html>", "no JSON object"),
            ("[]", "no JSON object"),
            (r#"{"token_type":"Bearer"}"#, "access_token"),
            (r#"{"access_token":"","token_type":"Bearer"}"#, "access_token"),
            (r#"{"access_token":7,"token_type":"Bearer"}"#, "access_token"),
            (r#"{"access_token":"at"}"#, "token_type"),
            (r#"{"access_token":"at","token_type":"mac"}"#, "token_type"),
            (r#"{"access_token":"at","token_type":"DPoP"}"#, "token_type"),
            (r#"{"access_token":"at","token_type":"Bearer","expires_in":-1}"#, "expires_in"),
            (r#"{"access_token":"at","token_type":"Bearer","expires_in":"soon"}"#, "expires_in"),
            (r#"{"access_token":"at","token_type":"Bearer","expires_in":{}}"#, "expires_in"),
        ] {
            let error = read(Grant::AuthorizationCode, 200, body).unwrap_err();
            assert_eq!((error.code(), error.subject()), (TokenResponseInvalid, field), "{body}");
        }
    }

    #[test]
    fn token_response_of_another_type_than_dpop_is_refused_where_the_tokens_are_to_be_bound() {
        for (grant, token_type, is_good) in [
            (Grant::AuthorizationCode, json!("DPoP"), true),
            (Grant::AuthorizationCode, json!("dpop"), true),
            (Grant::AuthorizationCode, json!("Bearer"), false),
            (Grant::AuthorizationCode, json!(null), false),
            (Grant::RefreshToken, json!("Bearer"), false),
            (Grant::RefreshToken, json!(null), true),
        ] {
            let body = json!({ "access_token": "at", "token_type": token_type });
            let response = Response { status: 200, body: Secret::new(body.to_string()), ..Response::default() };
            let read = token_response::<Value>(&config(true), grant, &response, &[]);
            assert_eq!(read.is_ok(), is_good, "{grant:?} {token_type}");
        }
    }

    #[test]
    fn refresh_response_keeps_a_rotated_pair_over_a_word() {
        let tokens = read(Grant::RefreshToken, 200, r#"{"access_token":"at","expires_in":-5}"#).unwrap();
        assert_eq!(tokens.expires_in, None);
    }

    #[test]
    fn refusals_are_told_apart() {
        use Grant::{AuthorizationCode as Code, RefreshToken as Refresh};
        for (grant, status, body, expected) in [
            (Refresh, 400, r#"{"error":"invalid_grant"}"#, SessionEnded),
            (Refresh, 403, r#"{"error":"invalid_grant"}"#, SessionEnded),
            (Code, 400, r#"{"error":"invalid_grant"}"#, TokenRequestFailed),
            (Refresh, 400, r#"{"error":"invalid_client"}"#, TokenRequestFailed),
            (Refresh, 403, r#"{"error":"blocked_by_policy"}"#, TokenRequestFailed),
            (Refresh, 400, "", TokenRequestFailed),
            (Refresh, 404, "<html>", TokenRequestFailed),
            (Refresh, 0, "", TokenRequestFailed),
            (Refresh, 429, "", RateLimited),
            (Refresh, 500, r#"{"error":"invalid_grant"}"#, ServerUnavailable),
            (Code, 503, "<html>", ServerUnavailable),
        ] {
            assert_eq!(code(grant, status, body), expected, "{status} {body}");
        }
    }

    #[test]
    fn refusal_carries_the_servers_words_but_no_secret() {
        let error =
            read(Grant::AuthorizationCode, 400, r#"{"error":"invalid_grant","error_description":"the-code is spent"}"#)
                .unwrap_err();
        assert_eq!((error.oauth_error(), error.oauth_error_description()), (Some("invalid_grant"), None));
        assert_eq!((error.status(), error.retry_after()), (Some(400), Some("7")));
    }

    proptest! {
        #[test]
        fn token_response_of_any_body_does_not_panic(status: u16, body: String) {
            let _ = read(Grant::RefreshToken, status, &body);
        }
    }
}
