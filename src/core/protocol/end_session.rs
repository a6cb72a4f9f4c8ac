//! [OIDC RP-Initiated Logout 1.0](https://openid.net/specs/openid-connect-rpinitiated-1_0.html).

use crate::core::words::{
    config::Config,
    error::{Error, ErrorCode},
    form::{self, Form},
    secret::{Secret, constant_time_eq},
};
use alloc::string::String;

/// The URL that ends the server's session, §2. The state goes along only where the browser is to come back.
#[must_use]
pub fn end_session_url(
    endpoint: &str,
    config: &Config,
    id_token: Option<&Secret>,
    post_logout_redirect_uri: Option<&str>,
    state: &str,
) -> String {
    let mut form = Form::new();
    form.push_some("id_token_hint", id_token.map(Secret::expose));
    form.push("client_id", &config.client_id);
    if let Some(uri) = post_logout_redirect_uri {
        form.push("post_logout_redirect_uri", uri);
        form.push("state", state);
    }
    form.append_to(endpoint)
}

/// Checks the state of the redirect back from the server, §3.
///
/// # Errors
/// `logout_state_mismatch` where it is missing or not the one that was sent.
pub fn check_state(url: &str, sent: Option<&str>) -> Result<(), Error> {
    match (form::text(form::query(url), "state"), sent) {
        (Some(found), Some(sent)) if constant_time_eq(found.as_bytes(), sent.as_bytes()) => Ok(()),
        _ => Err(ErrorCode::LogoutStateMismatch.into()),
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn end_session_url_sends_a_state_only_with_a_way_back() {
        let config =
            json!({ "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://app.example/cb" });
        let config = Config::read(&config).unwrap();
        let id_token = Secret::new("a.b.c".into());
        assert_eq!(
            end_session_url("https://as.example/end", &config, Some(&id_token), Some("https://app.example/"), "st"),
            "https://as.example/end?id_token_hint=a.b.c&client_id=c&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2F&state=st"
        );
        assert_eq!(
            end_session_url("https://as.example/end?x", &config, None, None, "st"),
            "https://as.example/end?x&client_id=c"
        );
    }

    #[test]
    fn logout_redirect_needs_the_state_that_was_sent() {
        assert!(check_state("https://app.example/?state=st", Some("st")).is_ok());
        for (url, sent) in [
            ("https://app.example/?state=other", Some("st")),
            ("https://app.example/", Some("st")),
            ("https://app.example/?state=st", None),
            ("https://app.example/?state=", None),
        ] {
            assert_eq!(check_state(url, sent).unwrap_err().code(), ErrorCode::LogoutStateMismatch);
        }
    }

    proptest! {
        #[test]
        fn logout_redirect_of_any_url_is_taken_only_with_the_state_that_was_sent(url: String, sent in "[a-z]{1,3}") {
            let with_state = [url.clone(), "?state=".into(), sent.clone()].concat();
            for url in [url, with_state] {
                let is_there = form::text(form::query(&url), "state").as_deref() == Some(sent.as_str());
                prop_assert_eq!(check_state(&url, Some(&sent)).is_ok(), is_there);
                prop_assert!(check_state(&url, None).is_err());
            }
        }
    }
}
