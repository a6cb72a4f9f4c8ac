//! What a server says about itself, and what the program says in its place: a line of JSON each, the program's second.
//! The third is the issuer.

use pixie_auth::{
    Config, LoginOptions, Metadata, Response, Secret,
    core::{
        protocol::{authorize, metadata},
        words::form,
    },
};
use serde_json::{Value, json};

pub fn run(input: &str) {
    let mut lines = input.split('\n');
    let discovered = lines.next().unwrap_or_default();
    let given: Option<Value> = lines.next().and_then(|given| serde_json::from_str(given).ok());
    let issuer = lines.next().unwrap_or("https://as.example");
    for url in [metadata::openid_configuration_url(issuer), metadata::oauth_authorization_server_url(issuer)] {
        assert_eq!(url.matches("/.well-known/").count(), 1 + issuer.matches("/.well-known/").count(), "{url}");
    }
    let config = json!({
        "issuer": issuer,
        "clientId": "c",
        "redirectUri": "https://app.example/cb",
        "allowInsecure": issuer.len().is_multiple_of(2),
    });
    let Ok(config) = Config::read(&config) else {
        return;
    };
    let response = Response { status: 200, body: Secret::new(discovered.into()), ..Response::default() };
    let document = match metadata::metadata_response::<Value>(issuer, &response) {
        Ok(document) => {
            assert!(document.is_object() && document["issuer"] == issuer);
            Some(document)
        }
        Err(error) => {
            assert!(error.subject().len() <= issuer.len() + "expected , found ".len() + 4 * 200);
            None
        }
    };
    let Ok(metadata) = Metadata::read(&config, given.as_ref(), document.as_ref()) else {
        return;
    };
    assert_eq!(metadata.issuer, issuer);
    let required = [Some(&metadata.authorization_endpoint), Some(&metadata.token_endpoint)];
    let optional = [
        metadata.jwks_uri.as_ref(),
        metadata.userinfo_endpoint.as_ref(),
        metadata.revocation_endpoint.as_ref(),
        metadata.pushed_authorization_request_endpoint.as_ref(),
        metadata.end_session_endpoint.as_ref(),
    ];
    for endpoint in required.into_iter().chain(optional).flatten() {
        assert!(config.allows(endpoint), "{endpoint}");
    }
    let options = LoginOptions::default();
    let request =
        authorize::authorization_request(&config, &options, &config.redirect_uri, "state", "nonce", "challenge");
    let url = request.append_to(&metadata.authorization_endpoint);
    // What the endpoint brings along of its own comes first, and a fragment of its hides all the rest.
    if !metadata.authorization_endpoint.contains(['?', '#']) {
        for (name, value) in [("state", "state"), ("nonce", "nonce"), ("client_id", "c"), ("response_type", "code")] {
            assert_eq!(form::values(form::query(&url), name).collect::<Vec<_>>(), [value], "{url}");
        }
    }
}
