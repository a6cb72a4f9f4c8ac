//! The options of one login: whatever a program writes there, the parameters that decide how the answer comes are ours.

use pixie_auth::{
    Config, LoginOptions,
    core::{protocol::authorize::authorization_request, words::form},
};
use serde_json::{Value, json};

pub fn run(input: &str) {
    let Ok(options) = serde_json::from_str::<Value>(input) else {
        return;
    };
    let config = json!({ "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://app.example/cb" });
    let config = Config::read(&config).expect("a configuration");
    let Ok(options) = LoginOptions::read(&options) else {
        return;
    };
    let scope = options.scope.clone().unwrap_or_else(|| "openid".into());
    let request = authorization_request(&config, &options, &config.redirect_uri, "state", "nonce", "challenge");
    let url = request.append_to("https://as.example/a");
    let query = form::query(&url);
    assert_eq!(url.find(query), Some("https://as.example/a?".len()));
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "c"),
        ("redirect_uri", "https://app.example/cb"),
        ("scope", &scope),
        ("state", "state"),
        ("nonce", "nonce"),
        ("code_challenge", "challenge"),
        ("code_challenge_method", "S256"),
    ] {
        let values = form_urlencoded::parse(query.as_bytes()).filter(|(found, _)| found == name);
        assert_eq!(values.map(|(_, value)| value.into_owned()).collect::<Vec<_>>(), [value], "{name} in {url}");
    }
    for name in ["request", "request_uri", "response_mode"] {
        assert!(form_urlencoded::parse(query.as_bytes()).all(|(found, _)| found != name), "{name} in {url}");
    }
}
