//! What the server says of the user.

use crate::{
    scenario::{HOUR, MINUTE, Pace, SECOND, Scenario, Tab, signed_in_at},
    server::{Reply, USERINFO},
    told::{Said, Told},
};
use pixie_auth::{Asked, ErrorCode, SignOutReason};
use serde_json::json;

/// A tab in which somebody is signed in, at a server with the endpoint.
fn signed_in() -> (Scenario, Tab) {
    signed_in_at("userinfo_endpoint", USERINFO)
}

fn script(s: &mut Scenario, reply: Reply) {
    s.server.scripted.entry(USERINFO).or_default().push_back(reply);
}

/// The tokens that it was asked with.
fn asked_with(s: &Scenario) -> Vec<&str> {
    let asked = s.server.seen.iter().filter(|seen| seen.url == USERINFO);
    asked.map(|seen| seen.authorization.as_deref().unwrap().strip_prefix("Bearer ").unwrap()).collect()
}

#[test]
fn userinfo_with_a_good_token_is_asked_once() {
    let (mut s, tab) = signed_in();
    let call = s.ask(tab, Asked::UserInfo);
    assert_eq!(s.said(call), Ok(Said::Json(json!({ "sub": "ada", "email": "ada@example.org", "by": "access-1" }))));
    assert_eq!((asked_with(&s), s.server.refreshes()), (vec!["access-1"], 0));
}

#[test]
fn userinfo_with_a_token_that_has_run_out_is_asked_after_a_refresh() {
    let (mut s, tab) = signed_in();
    s.auto_refresh(tab, false);
    s.advance(2 * HOUR);
    let call = s.ask(tab, Asked::UserInfo);
    s.advance(SECOND);
    assert!(matches!(s.said(call), Ok(Said::Json(_))), "{:?}", s.said(call));
    assert_eq!((asked_with(&s), s.server.refreshes()), (vec!["access-2"], 1));
}

#[test]
fn userinfo_that_is_refused_is_asked_again_after_one_refresh() {
    let (mut s, tab) = signed_in();
    s.server.refused.push("access-1".into());
    let call = s.ask(tab, Asked::UserInfo);
    s.advance(SECOND);
    assert!(matches!(s.said(call), Ok(Said::Json(_))), "{:?}", s.said(call));
    assert_eq!((asked_with(&s), s.server.refreshes()), (vec!["access-1", "access-2"], 1));
}

#[test]
fn userinfo_that_is_refused_twice_is_not_asked_a_third_time() {
    let (mut s, tab) = signed_in();
    s.server.refused.extend(["access-1".into(), "access-2".into()]);
    let call = s.ask(tab, Asked::UserInfo);
    s.advance(MINUTE);
    let error = s.error(call);
    assert_eq!((error.code(), error.status()), (ErrorCode::TokenRequestFailed, Some(401)));
    assert_eq!((asked_with(&s), s.server.refreshes()), (vec!["access-1", "access-2"], 1));
    assert!(s.session(tab).is_some(), "the session stands");
}

#[test]
fn userinfo_that_was_refused_for_a_token_that_is_renewed_meanwhile_needs_no_refresh_of_its_own() {
    let (mut s, tab) = signed_in();
    s.server.refused.push("access-1".into());
    s.network = Pace::Held;
    let call = s.ask(tab, Asked::UserInfo);
    s.network = Pace::AtOnce;
    s.refresh(tab);
    s.advance(SECOND);
    s.let_go(0);
    s.advance(SECOND);
    assert!(matches!(s.said(call), Ok(Said::Json(_))), "{:?}", s.said(call));
    assert_eq!((asked_with(&s), s.server.refreshes()), (vec!["access-1", "access-2"], 1));
}

#[test]
fn userinfo_whose_refresh_fails_is_told_why() {
    for (reply, code) in [
        (Reply::NoConnection, "network"),
        (Reply::refusal(503, "x"), "server_unavailable"),
        (Reply::refusal(429, "x"), "rate_limited"),
        (Reply::refusal(400, "invalid_grant"), "session_ended"),
    ] {
        let (mut s, tab) = signed_in();
        s.server.refused.push("access-1".into());
        s.server.next.push_back(reply);
        let call = s.ask(tab, Asked::UserInfo);
        s.advance(SECOND / 2);
        assert_eq!(s.said(call), Err(code));
        assert_eq!(asked_with(&s), ["access-1"]);
    }
}

#[test]
fn userinfo_that_is_refused_without_a_refresh_token_asks_for_a_new_sign_in() {
    let mut s = Scenario::new();
    s.server.metadata["userinfo_endpoint"] = json!(USERINFO);
    s.server.gives_refresh_token = false;
    let tab = s.tab();
    s.sign_in(tab);
    s.server.refused.push("access-1".into());
    let call = s.ask(tab, Asked::UserInfo);
    assert_eq!(s.said(call), Err("no_refresh_token"));
}

#[test]
fn userinfo_of_another_user_is_refused() {
    let (mut s, tab) = signed_in();
    s.server.subject = "eve".into();
    let call = s.ask(tab, Asked::UserInfo);
    assert_eq!(s.said(call), Err("userinfo_subject_mismatch"));
    assert!(s.session(tab).is_some());
}

#[test]
fn userinfo_of_a_session_without_an_id_token_is_not_asked_for() {
    let mut s = Scenario::new();
    s.server.metadata["userinfo_endpoint"] = json!(USERINFO);
    s.config["scope"] = json!("profile");
    let tab = s.tab();
    s.sign_in(tab);
    let call = s.ask(tab, Asked::UserInfo);
    assert_eq!(s.said(call), Err("userinfo_subject_mismatch"));
    assert!(asked_with(&s).is_empty());
}

#[test]
fn userinfo_that_cannot_be_had_is_told_why_and_the_session_stands() {
    for (reply, code) in [
        (Reply::NoConnection, "network"),
        (Reply::Silence, "timeout"),
        (Reply::answer(500, ""), "server_unavailable"),
        (Reply::answer(429, "").after("3"), "rate_limited"),
        (Reply::answer(403, ""), "token_request_failed"),
        (Reply::answer(200, "eyJ.eyJ.c2ln"), "metadata_invalid"),
        (Reply::answer(200, "{}"), "userinfo_subject_mismatch"),
    ] {
        let (mut s, tab) = signed_in();
        script(&mut s, reply);
        let call = s.ask(tab, Asked::UserInfo);
        s.advance(16 * SECOND);
        assert_eq!(s.said(call), Err(code));
        assert!(s.session(tab).is_some());
        assert_eq!(s.server.refreshes(), 0);
    }
}

#[test]
fn userinfo_without_an_endpoint_or_a_session_is_refused() {
    let (mut s, tab) = crate::scenario::signed_in();
    let call = s.ask(tab, Asked::UserInfo);
    let error = s.error(call);
    assert_eq!((error.code(), error.subject()), (ErrorCode::MetadataInvalid, "userinfo_endpoint"));

    let (mut s, tab) = signed_in();
    s.logout(tab, true);
    let call = s.ask(tab, Asked::UserInfo);
    assert_eq!(s.said(call), Err("no_session"));
}

#[test]
fn userinfo_that_arrives_after_the_session_has_ended_is_not_given() {
    let (mut s, tab) = signed_in();
    s.network = Pace::Held;
    let call = s.ask(tab, Asked::UserInfo);
    s.logout(tab, true);
    s.let_go(0);
    assert_eq!(s.said(call), Err("no_session"));
    assert_eq!(s.told(tab), [Told::SignedOut(SignOutReason::Logout, None)]);
}

#[test]
fn userinfo_that_arrives_when_somebody_else_is_signed_in_is_not_given() {
    let (mut s, tab) = signed_in();
    s.network = Pace::Held;
    let call = s.ask(tab, Asked::UserInfo);
    s.network = Pace::AtOnce;
    s.server.subject = "eve".into();
    s.sign_in(tab);
    s.let_go(0);
    assert_eq!(s.said(call), Err("no_session"));
}
