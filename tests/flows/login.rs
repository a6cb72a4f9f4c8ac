//! Beginning a login: what goes into the URL, what into the storage, and which of them first.

use crate::{
    scenario::{DAY, HOUR, MINUTE, SECOND, Scenario},
    server::{AUTHORIZE, CLIENT, parameters},
    told::Said,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pixie_auth::{ErrorCode, LoginOptions};
use serde_json::json;
use sha2::{Digest, Sha256};

#[test]
fn login_url_carries_the_request_and_nothing_else() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let (url, state) = s.login_url(tab);
    let (endpoint, query) = url.split_once('?').unwrap();
    assert_eq!(endpoint, AUTHORIZE);
    let request = parameters(query);
    let names: Vec<_> = request.keys().map(String::as_str).collect();
    let expected = [
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
    ];
    assert_eq!(names, expected);
    assert_eq!(request["response_type"], "code");
    assert_eq!(request["client_id"], CLIENT);
    assert_eq!(request["redirect_uri"], "https://app.example/callback");
    assert_eq!(request["scope"], "openid profile offline_access");
    assert_eq!(request["code_challenge_method"], "S256");
    assert_eq!(request["state"], state);
    assert_eq!((request["state"].len(), request["nonce"].len()), (32, 32), "192 bits each");
    assert_ne!(request["state"], request["nonce"]);
}

#[test]
fn login_in_a_window_of_its_own_has_a_state_that_says_so_and_comes_back_like_any_other() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let call = s.login(tab, &json!({ "inWindow": true }));
    let Ok(Said::LoginUrl { url, state }) = s.said(call) else { panic!("no URL") };
    assert!(state.starts_with("w.") && state.len() == 34, "{state}");
    assert_eq!(parameters(url.split_once('?').unwrap().1)["state"], state);
    let redirect = s.server.authorize(&url);
    let call = s.callback(tab, &redirect);
    assert!(matches!(s.said(call), Ok(Said::SignedIn { .. })));
    let (_, other) = s.login_url(tab);
    assert!(!other.contains('.'), "{other}");
}

#[test]
fn login_challenge_is_the_s256_of_the_verifier_that_is_stored_and_not_in_the_url() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let (url, state) = s.login_url(tab);
    let request = parameters(url.split_once('?').unwrap().1);
    let stored = parameters(s.disk().login(&state).unwrap());
    let verifier = &stored["code_verifier"];
    assert_eq!(verifier.len(), 43);
    assert_eq!(request["code_challenge"], URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)));
    assert!(!url.contains(verifier.as_str()));
    assert_eq!(stored["nonce"], request["nonce"]);
    assert_eq!(stored["redirect_uri"], request["redirect_uri"]);
}

#[test]
fn login_with_pkce_method_plain_says_so_and_sends_the_verifier() {
    let mut s = Scenario::new();
    s.config["pkceMethod"] = json!("plain");
    let tab = s.tab();
    let (url, state) = s.login_url(tab);
    let request = parameters(url.split_once('?').unwrap().1);
    assert_eq!(request["code_challenge_method"], "plain");
    assert_eq!(request["code_challenge"], parameters(s.disk().login(&state).unwrap())["code_verifier"]);
}

#[test]
fn login_options_go_into_the_url_and_cannot_override_the_protocol() {
    let mut s = Scenario::new();
    s.config["resource"] = json!("https://notes.example");
    let tab = s.tab();
    let call = s.login(
        tab,
        &json!({
            "scope": "openid email", "prompt": "consent", "loginHint": "ada@example.org", "maxAge": 300,
            "acrValues": "mfa", "uiLocales": "de en",
            "extraParameters": { "audience": "notes", "state": "mine", "redirect_uri": "https://evil.example" },
        }),
    );
    let Ok(Said::LoginUrl { url, state }) = s.said(call) else { panic!("no URL") };
    let request = parameters(url.split_once('?').unwrap().1);
    for (name, value) in [
        ("scope", "openid email"),
        ("prompt", "consent"),
        ("login_hint", "ada@example.org"),
        ("max_age", "300"),
        ("acr_values", "mfa"),
        ("ui_locales", "de en"),
        ("resource", "https://notes.example"),
        ("audience", "notes"),
        ("state", state.as_str()),
        ("redirect_uri", "https://app.example/callback"),
    ] {
        assert_eq!(request[name], value);
    }
}

#[test]
fn login_is_stored_before_its_url_is_given() {
    let mut s = Scenario::new();
    let tab = s.tab();
    s.journal(tab);
    let (_, state) = s.login_url(tab);
    let expected = [
        "load login: logins".into(),
        "store login: logins".into(),
        format!("store login: login {state}"),
        "settle".into(),
    ];
    assert_eq!(s.journal(tab), expected);
}

#[test]
fn login_that_navigates_leaves_the_page_only_when_it_is_stored() {
    let mut s = Scenario::new();
    let tab = s.tab();
    s.journal(tab);
    let entropy = s.entropy();
    let options = LoginOptions::default();
    let call = s.call(tab, |machine, caller| machine.login(caller, options, &entropy, true));
    assert_eq!(s.said(call), Ok(Said::Done));
    let journal = s.journal(tab);
    assert!(journal[2].starts_with("store login: login "), "{journal:?}");
    assert!(journal[3].starts_with("navigate https://as.example/authorize?response_type=code&"), "{journal:?}");
    assert_eq!(journal[4..], ["settle"]);
}

#[test]
fn login_over_a_storage_that_does_not_write_gives_an_error_and_no_url() {
    for code in [ErrorCode::StorageFull, ErrorCode::StorageUnavailable] {
        for navigate in [false, true] {
            let mut s = Scenario::new();
            let tab = s.tab();
            s.disk().writing = Some(code);
            s.journal(tab);
            let entropy = s.entropy();
            let options = LoginOptions::default();
            let call = s.call(tab, |machine, caller| machine.login(caller, options, &entropy, navigate));
            assert_eq!(s.said(call), Err(code.as_str()));
            assert!(!s.journal(tab).iter().any(|line| line.starts_with("navigate")));
        }
    }
}

#[test]
fn login_over_a_storage_that_does_not_read_gives_an_error_and_no_url() {
    let mut s = Scenario::new();
    let tab = s.tab();
    s.disk().reading = Some(ErrorCode::StorageUnavailable);
    let call = s.login(tab, &json!({}));
    assert_eq!(s.said(call), Err("storage_unavailable"));
}

#[test]
fn login_over_a_list_that_is_garbage_begins_all_the_same() {
    let mut s = Scenario::new();
    let tab = s.tab();
    s.login_url(tab);
    let key = s.disk().logins.keys().find(|key| key.ends_with(" logins")).unwrap().clone();
    s.disk().logins.insert(key, "{\"logins\":[]}".into());
    assert_eq!(s.sign_in(tab).access_token, "access-1");
}

#[test]
fn two_logins_under_way_do_not_clobber_each_other() {
    let mut s = Scenario::new();
    let (first, second) = (s.tab(), s.tab());
    let redirects = [s.redirect(first), s.redirect(second), s.redirect(first)];
    for (redirect, token) in redirects.iter().rev().zip(["access-1", "access-2", "access-3"]) {
        let call = s.callback(first, redirect);
        let Ok(Said::SignedIn { session, .. }) = s.said(call) else { panic!("{:?}", s.said(call)) };
        assert_eq!(session.access_token, token);
    }
}

#[test]
fn login_whose_answers_come_late_does_not_mix_with_another_one() {
    let mut s = Scenario::new();
    let tab = s.tab();
    s.storage = crate::scenario::Pace::Held;
    let calls = [s.login(tab, &json!({ "appState": "a" })), s.login(tab, &json!({ "appState": "b" }))];
    s.let_go_backwards();
    s.storage = crate::scenario::Pace::AtOnce;
    for (call, app_state) in calls.into_iter().zip(["a", "b"]) {
        let Ok(Said::LoginUrl { url, .. }) = s.said(call) else { panic!("no URL") };
        let redirect = s.server.authorize(&url);
        let callback = s.callback(tab, &redirect);
        assert!(
            matches!(s.said(callback), Ok(Said::SignedIn { app_state: Some(found), .. }) if found == app_state),
            "{:?}",
            s.said(callback)
        );
    }
}

#[test]
fn logins_that_nobody_ends_are_forgotten_after_a_day() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let old = s.redirect(tab);
    s.advance(DAY + MINUTE);
    let (_, recent) = s.login_url(tab);
    assert_eq!(s.disk().login_count(), 1);
    assert!(s.disk().login(&recent).is_some());
    let call = s.callback(tab, &old);
    assert_eq!(s.said(call), Err("callback_state_unknown"));
}

#[test]
fn logins_beyond_sixteen_push_out_the_oldest() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let redirects: Vec<_> = (0..40)
        .map(|_| {
            s.advance(SECOND);
            s.redirect(tab)
        })
        .collect();
    assert_eq!(s.disk().login_count(), 16);
    let call = s.callback(tab, &redirects[23]);
    assert_eq!(s.said(call), Err("callback_state_unknown"));
    for redirect in &redirects[24..] {
        let call = s.callback(tab, redirect);
        assert!(s.said(call).is_ok());
    }
}

#[test]
fn login_may_take_hours() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let redirect = s.redirect(tab);
    s.leave(tab);
    s.advance(23 * HOUR);
    let tab = s.tab();
    let call = s.callback(tab, &redirect);
    assert!(matches!(s.said(call), Ok(Said::SignedIn { .. })));
}

#[test]
fn login_with_a_redirect_uri_of_its_own_sends_it_in_both_requests() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let own = "http://127.0.0.1:51234/callback";
    let call = s.login(tab, &json!({ "redirectUri": own }));
    let Ok(Said::LoginUrl { url, .. }) = s.said(call) else { panic!("{:?}", s.said(call)) };
    assert_eq!(parameters(url.split_once('?').unwrap().1)["redirect_uri"], own);
    let redirect = s.server.authorize(&url);
    let call = s.callback(tab, &redirect);
    assert!(matches!(s.said(call), Ok(Said::SignedIn { .. })), "{:?}", s.said(call));
    assert_eq!(s.server.token_requests("authorization_code")[0].form["redirect_uri"], own);
}

#[test]
fn login_with_a_redirect_uri_that_is_none_is_invalid_config() {
    for wrong in ["callback", "http://127.0.0.1/#f", "com.example.app:/a b"] {
        let error = LoginOptions::read(&json!({ "redirectUri": wrong })).unwrap_err();
        assert_eq!((error.code(), error.subject()), (ErrorCode::InvalidConfig, "redirectUri"), "{wrong}");
    }
}
