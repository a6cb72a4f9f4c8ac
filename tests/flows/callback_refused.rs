//! Redirects that are not what they should be.

use crate::{scenario::Scenario, server::ISSUER, told::Said};
use serde_json::json;

/// Begins a login, hands in a redirect with this query (`{state}` stands for the login's) and gives the error.
fn refused(announces_iss: bool, query: &str) -> &'static str {
    let mut s = Scenario::new();
    s.server.metadata["authorization_response_iss_parameter_supported"] = json!(announces_iss);
    let tab = s.tab();
    let (_, state) = s.login_url(tab);
    let url = format!("https://app.example/callback?{}", query.replace("{state}", &state));
    let call = s.callback(tab, &url);
    assert_eq!(s.server.exchanges(), 0, "{query}: the code was sent");
    assert_eq!(s.session(tab), None);
    assert_eq!(s.told(tab), []);
    s.said(call).unwrap_err()
}

#[test]
fn callback_with_something_wrong_is_refused_for_it_and_sends_nothing() {
    for (announces_iss, query, code) in [
        (false, "", "callback_invalid"),
        (false, "state={state}", "callback_invalid"),
        (false, "code=&state={state}", "callback_invalid"),
        (false, "code=a&code=b&state={state}", "callback_invalid"),
        (false, "code=a&state={state}&state={state}", "callback_invalid"),
        (false, "code=a", "callback_state_unknown"),
        (false, "code=a&state=", "callback_state_unknown"),
        (false, "code=a&state=foreign", "callback_state_unknown"),
        (false, "code=a&state={state}x", "callback_state_unknown"),
        (false, "error=access_denied", "callback_state_unknown"),
        (true, "code=a&state={state}", "callback_issuer_missing"),
        (true, "code=a&state={state}&iss=https%3A%2F%2Fevil.example", "callback_issuer_mismatch"),
        (true, "code=a&state={state}&iss=https%3A%2F%2Fas.example%2F", "callback_issuer_mismatch"),
        (false, "code=a&state={state}&iss=https%3A%2F%2Fevil.example", "callback_issuer_mismatch"),
        (true, "error=access_denied&state={state}&iss=https%3A%2F%2Fevil.example", "callback_issuer_mismatch"),
        (true, "error=access_denied&state={state}", "authorization_failed"),
        (true, "error=access_denied&state={state}&iss=https%3A%2F%2Fas.example", "authorization_failed"),
        (false, "error=temporarily_unavailable&code=a&state={state}", "authorization_failed"),
    ] {
        assert_eq!(refused(announces_iss, query), code, "{query}");
    }
}

#[test]
fn callback_of_a_server_that_does_not_announce_iss_needs_none() {
    let mut s = Scenario::new();
    s.server.metadata["authorization_response_iss_parameter_supported"] = json!(null);
    let tab = s.tab();
    let redirect = s.redirect(tab);
    let without = redirect.split("&iss=").next().unwrap();
    let call = s.callback(tab, without);
    assert!(matches!(s.said(call), Ok(Said::SignedIn { .. })));
}

#[test]
fn callback_of_a_user_who_refused_gives_the_servers_words() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let (_, state) = s.login_url(tab);
    let call = s.callback(
        tab,
        &format!(
            "https://app.example/callback?error=access_denied&error_description=Ada+said+no&state={state}#fragment"
        ),
    );
    let error = s.error(call);
    assert_eq!(error.code().as_str(), "authorization_failed");
    assert_eq!((error.oauth_error(), error.oauth_error_description()), (Some("access_denied"), Some("Ada said no")));
    assert_eq!(error.code().action().as_str(), "sign_in");
}

#[test]
fn callback_of_a_login_begun_in_another_tab_with_its_own_storage_is_unknown() {
    let mut s = Scenario::new();
    let here = s.tab();
    let there = s.tab_with_a_storage_of_its_own();
    let redirect = s.redirect(there);
    let call = s.callback(here, &redirect);
    assert_eq!(s.said(call), Err("callback_state_unknown"));
    let call = s.callback(there, &redirect);
    assert!(s.said(call).is_ok(), "where it was begun it ends well");
}

#[test]
fn callback_of_another_clients_login_is_unknown() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let redirect = s.redirect(tab);
    s.config["clientId"] = json!("another-spa");
    let other = s.tab();
    let call = s.callback(other, &redirect);
    assert_eq!(s.said(call), Err("callback_state_unknown"));
}

#[test]
fn callback_of_another_issuer_leaves_the_login_open_for_the_true_redirect_after_a_reload() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let redirect = s.redirect(tab);
    let forged = redirect.replace("as.example", "evil.example");
    let call = s.callback(tab, &forged);
    assert_eq!(s.said(call), Err("callback_issuer_mismatch"));
    s.leave(tab);
    let tab = s.tab();
    let call = s.callback(tab, &redirect);
    assert!(matches!(s.said(call), Ok(Said::SignedIn { .. })), "{:?}", s.said(call));
}

#[test]
fn callback_of_another_issuer_leaves_the_login_open_for_the_true_redirect_in_the_same_page() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let redirect = s.redirect(tab);
    for forged in [redirect.replace("as.example", "evil.example"), redirect.replace("&iss=", "&not_iss=")] {
        let call = s.callback(tab, &forged);
        assert!(s.said(call).unwrap_err().starts_with("callback_issuer_"));
    }
    let call = s.callback(tab, &redirect);
    assert!(matches!(s.said(call), Ok(Said::SignedIn { .. })), "{:?}", s.said(call));
}

#[test]
fn callback_with_a_foreign_code_is_refused_by_the_server_and_not_sent_again() {
    let mut s = Scenario::new();
    let (mine, theirs) = (s.tab(), s.tab_with_a_storage_of_its_own());
    let (my_redirect, their_redirect) = (s.redirect(mine), s.redirect(theirs));
    let their_code = their_redirect.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let mixed = my_redirect.replace("code=code-1", &format!("code={their_code}"));
    assert_ne!(mixed, my_redirect);
    for _ in 0..2 {
        let call = s.callback(mine, &mixed);
        assert_eq!(s.said(call), Err("token_request_failed"), "PKCE: the code belongs to another verifier");
    }
    assert_eq!(s.server.exchanges(), 1);
    assert_eq!(s.session(mine), None);
    assert!(mixed.contains("iss=") && ISSUER.contains("as.example"));
}
