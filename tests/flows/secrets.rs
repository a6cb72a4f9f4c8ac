//! Nothing that a machine gives or holds prints a token, a code or a verifier.

use crate::{
    scenario::{HOUR, Scenario, Tab},
    server::{PAR, REVOKE, Reply, USERINFO},
    told::Said,
};
use pixie_auth::{Asked, CodeVerifier, Secret};
use serde_json::json;

/// A scenario that writes down what every output and machine prints, in which secrets are easily told apart.
fn watched() -> (Scenario, Tab) {
    let mut s = Scenario::new();
    s.prints = Some(String::new());
    s.server.edit_tokens = Some(Box::new(|body| {
        for name in ["access_token", "refresh_token"] {
            if let Some(token) = body[name].as_str() {
                body[name] = json!(format!("PLANTED-{token}"));
            }
        }
    }));
    let tab = s.tab();
    (s, tab)
}

/// Holds that something was printed, and none of the secrets that the server gave or was sent.
fn assert_nothing_leaked(s: &Scenario) {
    let prints = s.prints.as_ref().unwrap();
    assert!(prints.contains("Settle") && prints.contains("[redacted]"), "there is something to look through");
    assert!(s.server.secrets.len() > 3);
    for secret in &s.server.secrets {
        assert!(!prints.contains(secret.as_str()), "{secret} was printed");
    }
    assert!(!prints.contains("PLANTED"));
}

#[test]
fn prints_of_a_login_and_its_refreshes_hold_no_secret() {
    let (mut s, tab) = watched();
    let redirect = s.redirect(tab);
    s.server.next.push_back(Reply::NoConnection);
    s.callback(tab, &redirect);
    s.callback(tab, &redirect);
    s.callback(tab, &redirect);
    // The server knows the refresh token without the mark that was planted on it.
    s.server.rotates = false;
    s.server.next.push_back(Reply::answer(
        200,
        json!({ "access_token": "PLANTED-access", "token_type": "Bearer", "refresh_token": "PLANTED-refresh" }),
    ));
    s.ask_for_token(tab, 2 * HOUR);
    s.refresh(tab);
    s.session(tab);
    s.logout(tab, true);
    assert_nothing_leaked(&s);
}

#[test]
fn prints_of_errors_hold_no_secret_that_the_server_repeats() {
    let (mut s, tab) = watched();
    let redirect = s.redirect(tab);
    let repeating = |secret: &str| json!({ "error": secret, "error_description": format!("not {secret}") });
    s.server.next.push_back(Reply::answer(400, repeating("code-1")));
    s.callback(tab, &redirect);
    s.sign_in(tab);
    s.server.next.push_back(Reply::answer(400, repeating("PLANTED-refresh-1")));
    let call = s.refresh(tab);
    let error = s.error(call);
    let printed = format!("{error} {error:?} {} {}", error.message(), error.subject());
    assert!(printed.starts_with("token_request_failed") && !printed.contains("PLANTED"), "{printed}");
    assert_nothing_leaked(&s);
}

#[test]
fn prints_of_a_token_endpoints_garbage_do_not_hold_it() {
    let (mut s, tab) = watched();
    for body in ["PLANTED", "{\"access_token\":\"PLANTED", "[\"PLANTED\"]"] {
        let redirect = s.redirect(tab);
        s.server.next.push_back(Reply::answer(200, body));
        let call = s.callback(tab, &redirect);
        assert_eq!(s.said(call), Err("token_response_invalid"));
    }
    let redirect = s.redirect(tab);
    s.server.next.push_back(Reply::answer(200, json!({ "access_token": "PLANTED", "token_type": "PLANTED" })));
    let call = s.callback(tab, &redirect);
    assert_eq!(s.said(call), Err("token_response_invalid"));
    assert!(!s.prints.unwrap().contains("PLANTED"));
}

#[test]
fn prints_of_a_stored_session_hold_no_secret() {
    let (mut s, tab) = watched();
    s.sign_in(tab);
    s.leave(tab);
    let tab = s.tab();
    s.access_token(tab).unwrap();
    s.refresh(tab);
    assert_nothing_leaked(&s);
}

#[test]
fn prints_of_a_logout_at_the_server_do_not_hold_the_id_token() {
    let (mut s, tab) = watched();
    let id_token = s.sign_in(tab).id_token.unwrap();
    let call = s.logout(tab, false);
    assert!(matches!(s.said(call), Ok(Said::LogoutUrl(Some(url))) if url.contains(&id_token)));
    assert_nothing_leaked(&s);
}

#[test]
fn prints_of_userinfo_grants_and_revocations_hold_no_secret() {
    let (mut s, tab) = watched();
    s.server.edit_tokens = None;
    s.server.metadata["userinfo_endpoint"] = json!(USERINFO);
    s.server.metadata["revocation_endpoint"] = json!(REVOKE);
    s.server.metadata["pushed_authorization_request_endpoint"] = json!(PAR);
    let tab_before = tab;
    let tab = s.tab();
    s.leave(tab_before);
    s.sign_in(tab);
    s.server.secrets.push("PLANTED-subject".into());
    for adopt in [false, true] {
        let parameters = json!({ "subject_token": "PLANTED-subject", "scope": "openid" });
        let grant_type = "urn:ietf:params:oauth:grant-type:token-exchange";
        s.grant(tab, &json!({ "grantType": grant_type, "parameters": parameters, "adopt": adopt }));
        s.ask(tab, Asked::UserInfo);
    }
    s.ask(tab, Asked::Revoke);
    s.advance(HOUR);
    assert_nothing_leaked(&s);
}

#[test]
fn prints_of_the_words_themselves_hold_nothing() {
    let secret = Secret::new("PLANTED".into());
    assert_eq!(format!("{secret:?}"), "[redacted]");
    let verifier = CodeVerifier::parse(&"PLANTED".repeat(7)).unwrap();
    assert!(!format!("{verifier:?}").contains("PLANTED"));
}
