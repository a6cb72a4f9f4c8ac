//! What the endpoints beside the token endpoint answer: userinfo, pushed requests, revocation, and grants of the
//! program's own. The first line is the status.

use pixie_auth::{
    Config, ErrorCode, Metadata, Response, Secret,
    core::{
        protocol::{grant::GrantRequest, par, revocation, userinfo},
        words::form,
    },
};
use serde_json::{Value, json};

const SENT: &str = "sent-secret";

/// No error may show what was sent.
fn keeps(error: &pixie_auth::Error) {
    assert!(!format!("{error:?} {error}").contains(SENT), "{error:?}");
}

pub fn run(input: &str) {
    let (status, body) = input.split_once('\n').unwrap_or(("200", input));
    let status = status.parse().unwrap_or(200);
    let is_success = (200..300).contains(&status);
    let response = Response { status, body: Secret::new(body.into()), ..Response::default() };
    let document: Option<Value> = serde_json::from_str(body).ok().filter(Value::is_object);
    let sent = Secret::new(SENT.into());

    match userinfo::userinfo_response::<Value>(&response, &sent, "s") {
        Ok(claims) => assert!(is_success && claims["sub"] == "s" && document.as_ref() == Some(&claims)),
        Err(error) => keeps(&error),
    }

    let config = json!({ "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://app.example/cb" });
    let config = Config::read(&config).expect("a configuration");
    match par::pushed_request::<Value>(&config, &format!("state={SENT}&nonce=n"), &response) {
        Ok(request) => {
            let query = request.finish();
            let named = document.as_ref().and_then(|document| document["request_uri"].as_str());
            assert!(is_success && named.is_some_and(|uri| !uri.is_empty()));
            assert_eq!(form::value(&query, "request_uri").as_deref(), named);
            assert_eq!(form::values(&query, "client_id").collect::<Vec<_>>(), ["c"]);
        }
        Err(error) => keeps(&error),
    }

    for may_be_unable in [false, true] {
        match revocation::revocation_response::<Value>(&response, &sent, may_be_unable) {
            Ok(()) => {
                let is_unable = || document.as_ref().is_some_and(|body| body["error"] == "unsupported_token_type");
                assert!(is_success || may_be_unable && is_unable());
            }
            Err(error) => keeps(&error),
        }
    }

    // The same text as what the program asks for.
    if let Some(document) = &document
        && let Ok(mut grant) = GrantRequest::read(document)
    {
        let server =
            json!({ "authorization_endpoint": "https://as.example/a", "token_endpoint": "https://as.example/t" });
        let metadata = Metadata::read(&config, Some(&server), None).expect("metadata");
        let form = grant.request(&config, &metadata).form.expect("a form");
        let values = |name: &str| {
            let pairs = form_urlencoded::parse(form.expose().as_bytes());
            pairs.filter(|(found, _)| found == name).map(|(_, value)| value.into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(values("client_id"), ["c"]);
        assert_eq!(values("grant_type").first().map(String::as_str), document["grantType"].as_str());
        assert_eq!(values("grant_type").len(), 1);
        for adopt in [false, true] {
            grant.adopt = adopt;
            if let Err(error) = grant.response::<Value>(&config, &response) {
                assert!(!is_success || error.code() == ErrorCode::TokenResponseInvalid);
            }
        }
    }
}
