//! The URL of a redirect, from the authorization server and from the end of a session. Whoever can make somebody follow
//! a link writes it.

use pixie_auth::{
    Config, ErrorCode, Metadata,
    core::{
        protocol::{callback::Callback, end_session},
        words::form,
    },
};
use serde_json::json;

const ISSUER: &str = "https://as.example";

fn metadata(announces_iss: bool) -> Metadata {
    let config = json!({ "issuer": ISSUER, "clientId": "c", "redirectUri": "https://app.example/cb" });
    let document = json!({
        "authorization_endpoint": ISSUER,
        "token_endpoint": ISSUER,
        "authorization_response_iss_parameter_supported": announces_iss,
    });
    Metadata::read(&Config::read(&config).expect("a configuration"), Some(&document), None).expect("metadata")
}

/// The values of a parameter, by another decoder's word.
fn values(query: &str, wanted: &str) -> Vec<String> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.filter(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).collect()
}

/// How many characters stand for what is no UTF-8 is each decoder's own affair.
fn same(ours: &str, theirs: &str) -> bool {
    ours == theirs || ours.contains('\u{fffd}') && theirs.contains('\u{fffd}')
}

pub fn run(url: &str) {
    let query = form::query(url);
    for name in ["code", "state", "iss", "error", "error_description"] {
        let theirs = values(query, name);
        let ours: Vec<_> = form::values(query, name).collect();
        assert_eq!(ours.len(), theirs.len(), "{name}");
        assert!(ours.iter().zip(&theirs).all(|(ours, theirs)| same(ours, theirs)), "{name}: {ours:?} {theirs:?}");
        assert_eq!(form::repeats(query, name), theirs.len() > 1, "{name}");
        assert_eq!(form::value(query, name).as_ref(), ours.first());
    }
    let state = form::text(query, "state");
    assert_eq!(end_session::check_state(url, state.as_deref()).is_ok(), state.is_some());
    assert!(end_session::check_state(url, None).is_err());
    assert!(end_session::check_state(url, Some("")).is_err());

    let Ok(callback) = Callback::parse(url) else {
        return;
    };
    let state = callback.state().to_owned();
    assert!(!state.is_empty() && !query.is_empty());
    for name in ["code", "state", "iss", "error"] {
        assert!(values(query, name).len() < 2, "{name} is there twice");
    }
    for announces_iss in [false, true] {
        let parse = || Callback::parse(url).expect("what parsed once parses again");
        for other in [format!("{state}x"), String::new()] {
            let refused = parse().validate(&metadata(announces_iss), &other).expect_err("the state of another login");
            assert_eq!(refused.code(), ErrorCode::CallbackStateUnknown);
        }
        let issuer = form::text(query, "iss");
        match parse().validate(&metadata(announces_iss), &state) {
            Ok(validated) => {
                assert_eq!(Some(validated.code().expose()), form::text(query, "code").as_deref());
                assert!(form::text(query, "error").is_none(), "a code beside an error is none");
                assert!(issuer.as_deref().map_or(!announces_iss, |issuer| issuer == ISSUER));
            }
            Err(error) => {
                let code = error.code();
                assert_eq!(code == ErrorCode::CallbackIssuerMismatch, issuer.is_some_and(|issuer| issuer != ISSUER));
                assert!(
                    matches!(
                        code,
                        ErrorCode::CallbackIssuerMismatch
                            | ErrorCode::CallbackIssuerMissing
                            | ErrorCode::AuthorizationFailed
                    ),
                    "{code:?}"
                );
            }
        }
    }
}
