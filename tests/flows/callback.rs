//! Ending a login: one redirect, one code, one answer, however often and wherever it is handed in.

use crate::{
    scenario::{Pace, SECOND, START, Scenario},
    server::Reply,
    told::{Said, Told},
};
use pixie_auth::{Machine, SignOutReason};
use serde_json::json;

const AT_A_STRANGER: &str = "https://app.example/callback?code=a&state=b";

#[test]
fn callback_exchanges_the_code_for_a_session_and_tells_it() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let call = s.login(tab, &json!({ "appState": "{\"to\":\"/notes?id=7&x\"}" }));
    let Ok(Said::LoginUrl { url, .. }) = s.said(call) else { panic!("no URL") };
    let redirect = s.server.authorize(&url);
    let call = s.callback(tab, &redirect);
    let Ok(Said::SignedIn { session, app_state }) = s.said(call) else { panic!("{:?}", s.said(call)) };
    assert_eq!(app_state.as_deref(), Some("{\"to\":\"/notes?id=7&x\"}"));
    assert_eq!(session.access_token, "access-1");
    assert_eq!(session.refresh_token.as_deref(), Some("refresh-1"));
    assert_eq!(session.expires_at, Some(START + 3_600_000));
    assert_eq!(session.scope, "openid profile offline_access");
    assert_eq!(session.claims.as_ref().unwrap()["sub"], "ada");
    assert_eq!(s.told(tab), [Told::SignedIn("access-1".into())]);
    assert_eq!(s.session(tab), Some(session));
}

#[test]
fn callback_sends_exactly_the_token_request_of_the_specification() {
    let mut s = Scenario::new();
    s.config["resource"] = json!("https://notes.example");
    let tab = s.tab();
    let redirect = s.redirect(tab);
    let call = s.callback(tab, &redirect);
    assert!(s.said(call).is_ok());
    let seen = s.server.token_requests("authorization_code")[0];
    let verifier = &seen.form["code_verifier"];
    assert_eq!(
        seen.body.as_deref().unwrap(),
        format!(
            "grant_type=authorization_code&code=code-1&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback\
             &code_verifier={verifier}&client_id=notes-spa&resource=https%3A%2F%2Fnotes.example"
        )
    );
}

#[test]
fn callback_marks_the_login_spent_before_the_code_is_sent_and_stores_the_session_before_it_is_told() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let (url, state) = s.login_url(tab);
    let redirect = s.server.authorize(&url);
    s.journal(tab);
    s.callback(tab, &redirect);
    let expected = [
        format!("load login: login {state}"),
        format!("store login: login {state}"),
        "send https://as.example/token".into(),
        "send https://as.example/keys".into(),
        "verify".into(),
        "store session: session".into(),
        format!("store login: login {state}"),
        "remove session: refresh".into(),
        "tell".into(),
        "notify".into(),
        "settle".into(),
    ];
    assert_eq!(s.journal(tab), expected);
    assert!(!s.disk().login(&state).unwrap().contains("code_verifier"), "a spent login keeps no verifier");
}

#[test]
fn callback_counts_the_lifetime_from_when_the_request_was_sent() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let redirect = s.redirect(tab);
    s.network = Pace::After(10 * SECOND);
    let call = s.callback(tab, &redirect);
    s.advance(10 * SECOND);
    let Ok(Said::SignedIn { session, .. }) = s.said(call) else { panic!("{:?}", s.said(call)) };
    assert_eq!(session.expires_at, Some(START + 3_600_000));
}

#[test]
fn callback_without_app_state_gives_none_back() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let redirect = s.redirect(tab);
    let call = s.callback(tab, &redirect);
    assert!(matches!(s.said(call), Ok(Said::SignedIn { app_state: None, .. })));
}

#[test]
fn callback_takes_the_session_of_an_earlier_login_over() {
    let (mut s, tab) = crate::scenario::signed_in();
    assert_eq!(s.sign_in(tab).access_token, "access-2");
    assert_eq!(s.access_token(tab), Ok("access-2".into()));
    assert!(s.disk().session().unwrap().contains("access-2"));
    assert_eq!(s.told(tab), ["access-1", "access-2"].map(|token| Told::SignedIn(token.into())));
}

// ── The same redirect again ─────────────────────────────────────────────────────────────────────────────────────

#[test]
fn callback_twice_in_sequence_gives_the_same_answer_and_spends_the_code_once() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let redirect = s.redirect(tab);
    let calls = [s.callback(tab, &redirect), s.callback(tab, &redirect), s.callback(tab, &redirect)];
    let answers = calls.map(|call| s.said(call));
    assert!(matches!(answers[0], Ok(Said::SignedIn { .. })));
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(s.server.exchanges(), 1);
    assert_eq!(s.told(tab).len(), 1);
}

#[test]
fn callback_many_times_at_once_gives_all_the_same_answer_and_spends_the_code_once() {
    for storage in [Pace::AtOnce, Pace::Held] {
        let mut s = Scenario::new();
        let tab = s.tab();
        let redirect = s.redirect(tab);
        (s.network, s.storage) = (Pace::Held, storage);
        let calls: Vec<_> = (0..10).map(|_| s.callback(tab, &redirect)).collect();
        assert!(calls.iter().all(|call| s.is_waiting(*call)));
        s.let_go_forwards();
        let first = s.said(calls[0]);
        assert!(matches!(first, Ok(Said::SignedIn { .. })), "{first:?}");
        assert!(calls.iter().all(|call| s.said(*call) == first));
        assert_eq!(s.server.exchanges(), 1);
    }
}

#[test]
fn callback_again_after_a_reload_gives_the_same_answer_without_a_request() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let call = s.login(tab, &json!({ "appState": "7" }));
    let Ok(Said::LoginUrl { url, .. }) = s.said(call) else { panic!("no URL") };
    let redirect = s.server.authorize(&url);
    let first = s.callback(tab, &redirect);
    s.leave(tab);
    let tab = s.tab();
    let second = s.callback(tab, &redirect);
    assert_eq!(s.said(first), s.said(second));
    assert!(matches!(s.said(second), Ok(Said::SignedIn { .. })));
    assert_eq!(s.server.exchanges(), 1);
    assert_eq!(s.told(tab), [], "the login was told when it happened");
}

#[test]
fn callback_again_after_the_session_was_ended_is_no_way_back_in() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let redirect = s.redirect(tab);
    s.callback(tab, &redirect);
    s.logout(tab, true);
    assert_eq!(s.told(tab)[1], Told::SignedOut(SignOutReason::Logout, None));
    s.leave(tab);
    let tab = s.tab();
    let call = s.callback(tab, &redirect);
    assert_eq!(s.said(call), Err("callback_state_unknown"));
    assert_eq!(s.session(tab), None);
    assert_eq!(s.server.exchanges(), 1);
}

#[test]
fn callback_of_a_login_that_the_user_refused_is_refused_again_after_a_reload() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let (_, state) = s.login_url(tab);
    let redirect = format!("https://app.example/callback?error=access_denied&state={state}");
    let call = s.callback(tab, &redirect);
    assert_eq!(s.said(call), Err("authorization_failed"));
    s.leave(tab);
    let tab = s.tab();
    let call = s.callback(tab, &redirect);
    assert_eq!(s.said(call), Err("authorization_failed"));
    let with_code = format!("https://app.example/callback?code=code-1&state={state}&iss=https%3A%2F%2Fas.example");
    s.leave(tab);
    let tab = s.tab();
    let call = s.callback(tab, &with_code);
    assert_eq!(s.said(call), Err("authorization_failed"), "a login has one end");
    assert_eq!(s.server.exchanges(), 0);
}

// ── Trouble on the way that may go away ─────────────────────────────────────────────────────────────────────────

#[test]
fn callback_that_meets_network_trouble_may_be_tried_again_with_the_same_url() {
    for (reply, code) in [
        (Reply::NoConnection, "network"),
        (Reply::Silence, "timeout"),
        (Reply::answer(500, ""), "server_unavailable"),
        (Reply::answer(503, "<html>"), "server_unavailable"),
        (Reply::answer(429, ""), "rate_limited"),
    ] {
        for reload in [false, true] {
            let mut s = Scenario::new();
            let mut tab = s.tab();
            let redirect = s.redirect(tab);
            s.server.next.push_back(reply.clone());
            let call = s.callback(tab, &redirect);
            s.advance(15 * SECOND);
            assert_eq!(s.said(call), Err(code));
            assert!(s.error(call).code().is_retryable());
            assert_eq!(s.told(tab), []);
            if reload {
                s.leave(tab);
                tab = s.tab();
            }
            let call = s.callback(tab, &redirect);
            assert!(matches!(s.said(call), Ok(Said::SignedIn { .. })), "{code}: {:?}", s.said(call));
            assert_eq!(s.server.exchanges(), 2);
        }
    }
}

#[test]
fn callback_whose_answer_was_lost_finds_the_code_spent_and_says_so() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let redirect = s.redirect(tab);
    s.server.next.push_back(Reply::AnswerLost);
    let call = s.callback(tab, &redirect);
    assert_eq!(s.said(call), Err("network"));
    let call = s.callback(tab, &redirect);
    assert_eq!(s.said(call), Err("token_request_failed"));
    assert_eq!(s.error(call).oauth_error(), Some("invalid_grant"));
    let call = s.callback(tab, &redirect);
    assert_eq!(s.said(call), Err("token_request_failed"));
    assert_eq!(s.server.exchanges(), 2, "what is refused for good is not sent again");
}

#[test]
fn callback_over_a_storage_that_does_not_read_may_be_tried_again() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let redirect = s.redirect(tab);
    s.disk().reading = Some(pixie_auth::ErrorCode::StorageUnavailable);
    let call = s.callback(tab, &redirect);
    assert_eq!(s.said(call), Err("storage_unavailable"));
    s.disk().reading = None;
    let call = s.callback(tab, &redirect);
    assert!(matches!(s.said(call), Ok(Said::SignedIn { .. })));
}

#[test]
fn callback_that_cannot_store_the_session_signs_in_all_the_same_and_removes_the_old_one() {
    let (mut s, tab) = crate::scenario::signed_in();
    let redirect = s.redirect(tab);
    s.disk().writing = Some(pixie_auth::ErrorCode::StorageFull);
    let call = s.callback(tab, &redirect);
    let Ok(Said::SignedIn { session, .. }) = s.said(call) else { panic!("{:?}", s.said(call)) };
    assert_eq!(session.access_token, "access-2");
    assert_eq!(s.disk().session(), None, "a reload must not find the session that this one replaced");
    s.advance(2 * crate::scenario::HOUR);
    assert_eq!(s.server.refreshes(), 2, "what is not in the storage is no sign of a logout");
    assert!(s.access_token(tab).is_ok());
}

#[test]
fn callback_of_a_login_that_is_garbage_is_storage_corrupt_and_forgets_it() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let (url, state) = s.login_url(tab);
    let redirect = s.server.authorize(&url);
    let key = s.disk().logins.keys().find(|key| key.contains(" login ")).unwrap().clone();
    s.disk().logins.insert(key, "{}".into());
    let call = s.callback(tab, &redirect);
    assert_eq!(s.said(call), Err("storage_corrupt"));
    assert_eq!(s.disk().login(&state), None);
}

#[test]
fn callback_that_nobody_waits_for_any_more_leaves_no_session_behind() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let redirect = s.redirect(tab);
    s.network = Pace::Held;
    let call = s.callback(tab, &redirect);
    let closed = s.call(tab, Machine::close);
    assert_eq!((s.said(call), s.said(closed)), (Err("client_closed"), Ok(Said::Done)));
    s.let_go_forwards();
    assert_eq!(s.told(tab), []);
    assert_eq!(s.disk().session(), None);
}

#[test]
fn callback_of_a_stranger_is_unknown_and_sends_nothing() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let call = s.callback(tab, AT_A_STRANGER);
    assert_eq!(s.said(call), Err("callback_state_unknown"));
    assert_eq!(s.server.exchanges(), 0);
}
