//! What a token endpoint answers, and the tokens that are stored of it. The first line is the status; an `r` before it
//! is for a refresh, a `d` for tokens that are bound to a key.

use pixie_auth::{
    Config, ErrorCode, Response, Secret, TokenSet, UnixMillis,
    core::{
        memory::record,
        protocol::token::{Grant, token_response},
    },
};
use serde_json::{Value, json};

const SENT: &str = "sent-secret";

pub fn run(input: &str) {
    let (status, body) = input.split_once('\n').unwrap_or(("200", input));
    let (grant, status) = match status.strip_prefix('r') {
        Some(status) => (Grant::RefreshToken, status),
        None => (Grant::AuthorizationCode, status),
    };
    let (is_bound, status) = status.strip_prefix('d').map_or((false, status), |status| (true, status));
    let config = json!({
        "issuer": "https://as.example",
        "clientId": "c",
        "redirectUri": "https://app.example/cb",
        "dpop": is_bound,
    });
    let config = Config::read(&config).expect("a configuration");
    let status = status.parse().unwrap_or(200);
    let response = Response { status, body: Secret::new(body.into()), ..Response::default() };
    let sent = Secret::new(SENT.into());
    match token_response::<Value>(&config, grant, &response, &[&sent]) {
        Ok(answer) => {
            assert!((200..300).contains(&status));
            let document: Value = serde_json::from_str(body).expect("what was taken is JSON");
            let text = |name: &str| document[name].as_str().filter(|text| !text.is_empty());
            assert_eq!(Some(answer.access_token.expose()), text("access_token"));
            assert_eq!(answer.refresh_token.as_ref().map(Secret::expose), text("refresh_token"));
            assert_eq!(answer.id_token.as_ref().map(Secret::expose), text("id_token"));
            assert_eq!(answer.scope.as_deref(), text("scope"));
            match text("token_type") {
                Some(kind) => assert!(kind.eq_ignore_ascii_case(if is_bound { "dpop" } else { "bearer" })),
                None => assert!(grant == Grant::RefreshToken),
            }
            if let Some(seconds) = document["expires_in"].as_u64() {
                assert!(answer.expires_in.is_some_and(|ours| ours as f64 == seconds as f64));
            }
            // The store has instants of 15 digits; a lifetime beyond them has to come to no worse than none.
            let sent_at = UnixMillis(1_700_000_000_000);
            let tokens = TokenSet::new(answer, sent_at, "openid");
            let has_end = tokens.expires_at.is_none_or(|end| end.0 < 1_000_000_000_000_000);
            let read = record::read(record::write(&tokens).expose());
            assert!(!has_end || read.as_deref() == Some(&tokens), "{read:?} {tokens:?}");
            assert!(tokens.expires_at.is_none_or(|end| end >= sent_at));
        }
        Err(error) => {
            assert!(matches!(
                error.code(),
                ErrorCode::RateLimited
                    | ErrorCode::ServerUnavailable
                    | ErrorCode::SessionEnded
                    | ErrorCode::TokenRequestFailed
                    | ErrorCode::TokenResponseInvalid
            ));
            assert_eq!(error.code() == ErrorCode::TokenResponseInvalid, (200..300).contains(&status));
            assert!(error.code() != ErrorCode::SessionEnded || grant == Grant::RefreshToken);
            assert!(!format!("{error:?} {error}").contains(SENT), "the server's words repeat what it was sent");
        }
    }
}
