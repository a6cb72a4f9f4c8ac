//! Any other grant, and taking what comes of it as the session.

use crate::{
    disk::Disk,
    scenario::{HOUR, MINUTE, Pace, SECOND, Scenario, Tab, signed_in},
    server::{CLIENT, Reply},
    told::{Said, Told, View},
};
use pixie_auth::{Asked, ErrorCode, SignOutReason, core::machines::io::Verdict};
use serde_json::{Value, json};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

fn exchange(adopt: bool, scope: &str) -> Value {
    json!({ "grantType": EXCHANGE, "parameters": { "subject_token": "theirs", "scope": scope }, "adopt": adopt })
}

fn granted(s: &Scenario, call: crate::scenario::Call) -> View {
    match s.said(call) {
        Ok(Said::Session(Some(session))) => session,
        other => panic!("nothing was granted: {other:?}"),
    }
}

fn nobody() -> (Scenario, Tab) {
    let mut s = Scenario::new();
    let tab = s.tab();
    (s, tab)
}

#[test]
fn grant_without_a_session_gives_tokens_and_no_session() {
    let (mut s, tab) = nobody();
    let call = s.grant(tab, &exchange(false, "notes"));
    let view = granted(&s, call);
    assert_eq!((view.access_token.as_str(), view.scope.as_str(), view.claims), ("access-1", "notes", None));
    assert!(view.expires_at.is_some());
    let form = &s.server.token_requests(EXCHANGE)[0].form;
    assert_eq!((form["client_id"].as_str(), form["subject_token"].as_str()), (CLIENT, "theirs"));
    assert_eq!((s.session(tab), s.disk().session()), (None, None));
    assert!(s.told(tab).is_empty());
}

#[test]
fn grant_beside_a_session_leaves_it_as_it_is() {
    let (mut s, tab) = signed_in();
    let before = s.session(tab);
    s.told(tab);
    let call = s.grant(tab, &exchange(false, "notes"));
    assert_eq!(granted(&s, call).access_token, "access-2");
    assert_eq!(s.session(tab), before);
    assert!(s.told(tab).is_empty());
}

#[test]
fn grant_that_is_adopted_becomes_the_session_in_every_tab_and_is_refreshed() {
    let (mut s, tab) = nobody();
    let other = s.tab();
    let call = s.grant(tab, &exchange(true, "openid notes"));
    let view = granted(&s, call);
    s.advance(SECOND);
    assert_eq!(s.session(tab), Some(view.clone()));
    assert_eq!(s.session(other).map(|session| session.access_token), Some("access-1".into()));
    assert_eq!(s.told(tab), [Told::SignedIn("access-1".into())]);
    assert_eq!(s.told(other), [Told::SignedIn("access-1".into())]);
    assert_eq!(view.claims.unwrap()["sub"], "ada");
    s.advance(HOUR);
    assert_eq!(s.session(tab).unwrap().access_token, "access-2");
    s.leave(tab);
    s.leave(other);
    let tab = s.tab();
    assert_eq!(s.session(tab).unwrap().access_token, "access-2");
}

#[test]
fn grant_that_is_adopted_replaces_the_session() {
    let (mut s, tab) = signed_in();
    s.told(tab);
    let call = s.grant(tab, &exchange(true, "openid"));
    assert_eq!(granted(&s, call).access_token, "access-2");
    assert_eq!(s.session(tab).unwrap().access_token, "access-2");
    assert_eq!(s.told(tab), [Told::SignedIn("access-2".into())]);
}

#[test]
fn grant_that_is_adopted_is_stored_before_it_is_told() {
    let (mut s, tab) = nobody();
    s.journal(tab);
    s.grant(tab, &exchange(true, "openid"));
    let journal = s.journal(tab);
    let place = |line: &str| journal.iter().position(|found| found == line).unwrap_or_else(|| panic!("{journal:?}"));
    assert!(place("verify") < place("store session: session"));
    assert!(place("store session: session") < place("tell"));
    assert!(place("notify") < place("settle"));
}

#[test]
fn grant_whose_adoption_cannot_be_stored_lives_in_memory() {
    let (mut s, tab) = nobody();
    s.disk().writing = Some(ErrorCode::StorageFull);
    let call = s.grant(tab, &exchange(true, "openid"));
    assert_eq!(granted(&s, call).access_token, "access-1");
    assert_eq!(s.access_token(tab), Ok("access-1".into()));
}

#[test]
fn grant_whose_adoption_a_logout_overtakes_is_no_session() {
    for is_signed_in in [true, false] {
        // While the server works, then while the store does.
        for store_is_slow in [true, false] {
            let (mut s, tab) = if is_signed_in { signed_in() } else { nobody() };
            let pace = if store_is_slow { &mut s.storage } else { &mut s.network };
            *pace = Pace::Held;
            let call = s.grant(tab, &exchange(true, "openid"));
            s.advance(SECOND);
            assert!(s.is_waiting(call));
            s.logout(tab, true);
            s.let_go_forwards();
            (s.storage, s.network) = (Pace::AtOnce, Pace::AtOnce);
            s.advance(MINUTE);
            assert_eq!(s.said(call), Err("no_session"), "{is_signed_in} {store_is_slow}");
            assert_eq!((s.session(tab), s.disk().session()), (None, None), "{is_signed_in} {store_is_slow}");
            assert!(!s.told(tab).iter().any(|told| *told == Told::SignedIn("access-2".into())));
            // And nothing is left of it that keeps the next login out.
            s.sign_in(tab);
            s.advance(2 * HOUR);
            assert!(s.access_token(tab).is_ok());
        }
    }
}

#[test]
fn grant_whose_adoption_a_logout_and_a_login_overtake_leaves_the_login() {
    let (mut s, tab) = signed_in();
    s.network = Pace::Held;
    let call = s.grant(tab, &exchange(true, "openid"));
    s.network = Pace::AtOnce;
    s.logout(tab, true);
    let newest = s.sign_in(tab);
    s.let_go(0);
    s.advance(SECOND);
    assert_eq!(s.said(call), Err("no_session"));
    assert_eq!(s.session(tab), Some(newest));
    assert!(s.disk().session().is_some());
}

#[test]
fn grant_that_is_adopted_drops_the_answer_to_a_refresh_of_the_session_before() {
    let (mut s, tab) = signed_in();
    s.network = Pace::Held;
    let refresh = s.refresh(tab);
    s.advance(SECOND);
    s.network = Pace::AtOnce;
    let call = s.grant(tab, &exchange(true, "openid"));
    let session = granted(&s, call);
    s.let_go_forwards();
    s.advance(SECOND);
    assert_eq!(s.session(tab), Some(session.clone()));
    assert_eq!(s.said(refresh), Ok(Said::Session(Some(session))));
}

#[test]
fn grant_whose_id_token_is_wrong_gives_nothing() {
    for (field, value, code) in [
        ("iss", json!("https://evil.example"), "id_token_issuer"),
        ("aud", json!("another"), "id_token_audience"),
        ("exp", json!(1_000), "id_token_expired"),
        ("sub", json!(null), "id_token_malformed"),
    ] {
        for adopt in [true, false] {
            let (mut s, tab) = signed_in();
            let before = s.session(tab);
            let value = value.clone();
            s.server.edit_claims = Some(Box::new(move |claims| claims[field] = value.clone()));
            let call = s.grant(tab, &exchange(adopt, "openid"));
            assert_eq!(s.said(call), Err(code));
            assert_eq!(s.session(tab), before);
        }
    }
}

#[test]
fn grant_whose_id_token_is_forged_gives_nothing() {
    for adopt in [true, false] {
        let (mut s, tab) = signed_in();
        let before = s.session(tab);
        s.verdicts.extend([Verdict::Bad, Verdict::Bad]);
        let call = s.grant(tab, &exchange(adopt, "openid"));
        s.advance(SECOND);
        assert_eq!(s.said(call), Err("id_token_signature"));
        assert_eq!(s.session(tab), before);
    }
}

#[test]
fn grant_whose_id_token_hashes_another_token_gives_nothing() {
    let (mut s, tab) = nobody();
    s.server.edit_claims = Some(Box::new(|claims| claims["at_hash"] = json!("mine")));
    s.verdicts.push_back(Verdict::Good { at_hash: Some("theirs".into()), c_hash: None });
    let call = s.grant(tab, &exchange(false, "openid"));
    s.advance(SECOND);
    assert_eq!(s.said(call), Err("id_token_hash"));
}

#[test]
fn grant_of_a_token_that_is_no_access_token_is_given_but_not_adopted() {
    for (adopt, code) in [(false, None), (true, Some("token_response_invalid"))] {
        let (mut s, tab) = nobody();
        s.server.edit_tokens = Some(Box::new(|body| body["token_type"] = json!("N_A")));
        let call = s.grant(tab, &exchange(adopt, "notes"));
        assert_eq!(s.said(call).err(), code);
        assert_eq!(s.session(tab), None);
    }
}

#[test]
fn grant_that_fails_is_told_why_and_changes_nothing() {
    for (reply, code) in [
        (Reply::NoConnection, "network"),
        (Reply::AnswerLost, "network"),
        (Reply::Silence, "timeout"),
        (Reply::refusal(400, "invalid_grant"), "token_request_failed"),
        (Reply::refusal(400, "unsupported_grant_type"), "token_request_failed"),
        (Reply::refusal(500, "x"), "server_unavailable"),
        (Reply::refusal(429, "x").after("3"), "rate_limited"),
        (Reply::answer(200, "<html>"), "token_response_invalid"),
    ] {
        let (mut s, tab) = signed_in();
        let before = s.session(tab);
        s.told(tab);
        s.server.next.push_back(reply);
        let call = s.grant(tab, &exchange(true, "openid"));
        s.advance(16 * SECOND);
        assert_eq!(s.said(call), Err(code));
        assert_eq!(s.session(tab), before);
        assert!(s.told(tab).is_empty());
    }
}

#[test]
fn grant_that_is_refused_tells_the_servers_words_but_not_what_was_sent() {
    let (mut s, tab) = nobody();
    let words = json!({ "error": "invalid_request", "error_description": "subject token theirs is not good" });
    s.server.next.push_back(Reply::answer(400, words));
    let call = s.grant(tab, &exchange(false, "notes"));
    let error = s.error(call);
    assert_eq!((error.oauth_error(), error.oauth_error_description()), (Some("invalid_request"), None));
}

#[test]
fn grant_that_is_none_is_refused_before_anything_is_sent() {
    let error = Asked::grant(&json!({ "grantType": "a", "parameters": { "x": 7 } })).unwrap_err();
    assert_eq!((error.code(), error.subject()), (ErrorCode::InvalidConfig, "x"));
}

#[test]
fn client_that_is_closed_during_a_grant_stores_nothing() {
    let (mut s, tab) = nobody();
    s.network = Pace::Held;
    let call = s.grant(tab, &exchange(true, "openid"));
    s.close(tab);
    s.let_go_forwards();
    assert_eq!(s.said(call), Err("client_closed"));
    assert_eq!(Disk::session(s.disk()), None);
}

#[test]
fn logout_in_another_tab_ends_what_was_adopted() {
    let (mut s, tab) = nobody();
    let other = s.tab();
    s.grant(tab, &exchange(true, "openid"));
    s.advance(SECOND);
    s.told(tab);
    s.logout(other, true);
    s.advance(SECOND);
    assert_eq!(s.session(tab), None);
    assert_eq!(s.told(tab), [Told::SignedOut(SignOutReason::Logout, None)]);
}
