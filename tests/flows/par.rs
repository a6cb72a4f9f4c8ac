//! Logins whose request is pushed to the server first.

use crate::{
    scenario::{Pace, SECOND, Scenario, Tab},
    server::{AUTHORIZE, CLIENT, PAR, Reply, parameters},
    told::Said,
};
use pixie_auth::{ErrorCode, LoginOptions};
use serde_json::json;

/// A tab whose server names the endpoint.
fn offered() -> (Scenario, Tab) {
    let mut s = Scenario::new();
    s.server.metadata["pushed_authorization_request_endpoint"] = json!(PAR);
    let tab = s.tab();
    (s, tab)
}

/// The tab of a program that wants it so, whatever the server says.
fn configured(par: &str, requires: bool) -> (Scenario, Tab) {
    let mut s = Scenario::new();
    s.config["par"] = json!(par);
    s.server.metadata["require_pushed_authorization_requests"] = json!(requires);
    s.server.metadata["pushed_authorization_request_endpoint"] = json!(PAR);
    let tab = s.tab();
    (s, tab)
}

fn script(s: &mut Scenario, reply: Reply) {
    s.server.scripted.entry(PAR).or_default().push_back(reply);
}

#[test]
fn login_at_a_server_that_offers_it_pushes_the_request_and_names_it() {
    let (mut s, tab) = offered();
    let (url, state) = s.login_url(tab);
    assert_eq!(url, format!("{AUTHORIZE}?client_id={CLIENT}&request_uri=urn%3Apushed%3A0"));
    let pushed = &s.server.pushed[0];
    let names: Vec<_> = pushed.keys().map(String::as_str).collect();
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
    assert_eq!((&pushed["state"], pushed["client_id"].as_str()), (&state, CLIENT));
    assert_eq!(s.sign_in(tab).access_token, "access-1");
}

#[test]
fn login_is_stored_before_its_request_is_pushed() {
    let (mut s, tab) = offered();
    s.journal(tab);
    let (_, state) = s.login_url(tab);
    let expected = [
        "load login: logins".into(),
        "store login: logins".into(),
        format!("store login: login {state}"),
        format!("send {PAR}"),
        "settle".into(),
    ];
    assert_eq!(s.journal(tab), expected);
}

#[test]
fn login_that_navigates_leaves_for_the_pushed_request() {
    let (mut s, tab) = offered();
    s.journal(tab);
    let entropy = s.entropy();
    let call = s.call(tab, |machine, caller| machine.login(caller, LoginOptions::default(), &entropy, true));
    assert_eq!(s.said(call), Ok(Said::Done));
    let journal = s.journal(tab);
    assert_eq!(journal[4], format!("navigate {AUTHORIZE}?client_id={CLIENT}&request_uri=urn%3Apushed%3A0"));
}

#[test]
fn login_options_are_pushed_and_not_shown() {
    let (mut s, tab) = offered();
    let call =
        s.login(tab, &json!({ "loginHint": "ada@example.org", "extraParameters": { "request_uri": "urn:mine" } }));
    let Ok(Said::LoginUrl { url, .. }) = s.said(call) else { panic!("{:?}", s.said(call)) };
    assert!(!url.contains("ada") && !url.contains("mine"), "{url}");
    assert_eq!(s.server.pushed[0]["login_hint"], "ada@example.org");
    assert!(!s.server.pushed[0].contains_key("request_uri"));
}

#[test]
fn login_of_a_program_that_never_pushes_does_not() {
    let (mut s, tab) = configured("never", true);
    let (url, state) = s.login_url(tab);
    assert_eq!(parameters(url.split_once('?').unwrap().1)["state"], state);
    assert!(s.server.pushed.is_empty());
}

#[test]
fn login_that_has_to_push_to_a_server_without_an_endpoint_names_it() {
    for (par, requires) in [("always", false), ("auto", true)] {
        let mut s = Scenario::new();
        s.config["par"] = json!(par);
        s.server.metadata["require_pushed_authorization_requests"] = json!(requires);
        let tab = s.tab();
        let call = s.login(tab, &json!({}));
        let error = s.error(call);
        assert_eq!(error.code(), ErrorCode::MetadataInvalid, "{par}");
        assert_eq!(error.subject(), "pushed_authorization_request_endpoint");
    }
}

#[test]
fn push_that_is_not_answered_is_done_without_only_where_it_may_be() {
    for lost in [Reply::NoConnection, Reply::AnswerLost, Reply::Silence] {
        for (par, requires, is_needed) in
            [("auto", false, false), ("auto", true, true), ("always", false, true), ("always", true, true)]
        {
            let (mut s, tab) = configured(par, requires);
            script(&mut s, lost.clone());
            let call = s.login(tab, &json!({}));
            s.advance(16 * SECOND);
            match s.said(call) {
                Err(code) => assert!(is_needed && matches!(code, "network" | "timeout"), "{par} {requires} {code}"),
                Ok(Said::LoginUrl { url, state }) => {
                    assert!(!is_needed, "{par} {requires}");
                    assert_eq!(parameters(url.split_once('?').unwrap().1)["state"], state);
                    let redirect = s.server.authorize(&url);
                    let callback = s.callback(tab, &redirect);
                    assert!(matches!(s.said(callback), Ok(Said::SignedIn { .. })));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn push_that_is_refused_is_no_login_and_leaves_nothing_behind() {
    for (reply, code) in [
        (Reply::refusal(400, "invalid_request"), "authorization_failed"),
        (Reply::refusal(401, "invalid_client"), "authorization_failed"),
        (Reply::answer(404, "<html>"), "authorization_failed"),
        (Reply::answer(201, "{}"), "metadata_invalid"),
        (Reply::answer(200, "<html>"), "metadata_invalid"),
        (Reply::refusal(503, "temporarily_unavailable"), "server_unavailable"),
        (Reply::refusal(429, "slow_down").after("7"), "rate_limited"),
    ] {
        let (mut s, tab) = offered();
        script(&mut s, reply);
        let call = s.login(tab, &json!({}));
        assert_eq!(s.said(call), Err(code));
        assert!(!s.disk().logins.keys().any(|key| key.contains(" login ")), "{code}: {:?}", s.disk().logins);
        // And the next one is as if nothing had been.
        assert_eq!(s.sign_in(tab).access_token, "access-1");
    }
}

#[test]
fn push_that_is_refused_tells_the_servers_words() {
    let (mut s, tab) = offered();
    let words = json!({ "error": "invalid_request", "error_description": "The redirect_uri is not registered" });
    script(&mut s, Reply::answer(400, words));
    let call = s.login(tab, &json!({}));
    let error = s.error(call);
    assert_eq!((error.oauth_error(), error.status()), (Some("invalid_request"), Some(400)));
    assert_eq!(error.oauth_error_description(), Some("The redirect_uri is not registered"));
}

#[test]
fn login_that_cannot_be_stored_pushes_nothing() {
    let (mut s, tab) = offered();
    s.disk().writing = Some(ErrorCode::StorageFull);
    let call = s.login(tab, &json!({}));
    assert_eq!(s.said(call), Err("storage_full"));
    assert!(s.server.pushed.is_empty());
}

#[test]
fn client_that_is_closed_while_a_push_is_under_way_gives_no_url() {
    let (mut s, tab) = offered();
    s.network = Pace::After(SECOND);
    let call = s.login(tab, &json!({}));
    s.journal(tab);
    s.close(tab);
    assert_eq!(s.said(call), Err("client_closed"));
    s.advance(5 * SECOND);
    assert!(!s.journal(tab).iter().any(|line| line.starts_with("navigate")));
}

#[test]
fn two_pushes_at_once_do_not_mix() {
    let (mut s, tab) = offered();
    s.network = Pace::Held;
    let calls = [s.login(tab, &json!({ "appState": "a" })), s.login(tab, &json!({ "appState": "b" }))];
    s.let_go_backwards();
    s.network = Pace::AtOnce;
    for (call, app_state) in calls.into_iter().zip(["a", "b"]) {
        let Ok(Said::LoginUrl { url, .. }) = s.said(call) else { panic!("{:?}", s.said(call)) };
        let redirect = s.server.authorize(&url);
        let callback = s.callback(tab, &redirect);
        let said = s.said(callback);
        assert!(matches!(&said, Ok(Said::SignedIn { app_state: Some(found), .. }) if found == app_state), "{said:?}");
    }
}
