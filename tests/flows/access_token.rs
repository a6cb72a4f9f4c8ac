//! Handing out the access token, and refreshing it where somebody asks.

use crate::{
    scenario::{HOUR, MINUTE, Pace, SECOND, START, Scenario, Tab, signed_in},
    server::Reply,
    told::{Said, Told},
};
use serde_json::json;

/// A tab whose scheduler is off: what is refreshed, somebody asked for.
fn signed_in_without_scheduler() -> (Scenario, Tab) {
    let mut s = Scenario::new();
    s.config["autoRefresh"] = json!(false);
    let tab = s.tab();
    s.sign_in(tab);
    s.told(tab);
    (s, tab)
}

#[test]
fn access_token_without_a_session_is_no_session() {
    let mut s = Scenario::new();
    let tab = s.tab();
    assert_eq!(s.access_token(tab), Err("no_session"));
    let call = s.refresh(tab);
    assert_eq!(s.said(call), Err("no_session"));
}

#[test]
fn access_token_that_is_good_is_given_at_once_while_the_network_is_down() {
    let (mut s, tab) = signed_in();
    s.server.always = Some(Reply::NoConnection);
    s.journal(tab);
    for _ in 0..5 {
        assert_eq!(s.access_token(tab), Ok("access-1".into()));
        s.advance(10 * MINUTE);
    }
    assert_eq!(s.journal(tab), ["settle"; 5], "nobody is asked, not even the storage");
}

#[test]
fn access_token_that_ran_out_is_refreshed_first() {
    let (mut s, tab) = signed_in_without_scheduler();
    s.advance(HOUR - 1);
    assert_eq!(s.access_token(tab), Ok("access-1".into()));
    s.advance(1);
    assert_eq!(s.access_token(tab), Ok("access-2".into()));
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn access_token_is_refreshed_where_it_is_not_good_for_the_validity_that_is_asked_for() {
    let (mut s, tab) = signed_in_without_scheduler();
    s.advance(50 * MINUTE);
    let call = s.ask_for_token(tab, 10 * MINUTE);
    assert_eq!(s.said(call), Ok(Said::AccessToken("access-1".into())));
    let call = s.ask_for_token(tab, 10 * MINUTE + 1);
    assert_eq!(s.said(call), Ok(Said::AccessToken("access-2".into())));
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn access_token_for_longer_than_the_server_gives_is_the_newest_there_is_and_no_loop() {
    let (mut s, tab) = signed_in_without_scheduler();
    let call = s.ask_for_token(tab, 5 * HOUR);
    assert_eq!(s.said(call), Ok(Said::AccessToken("access-2".into())));
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn twenty_callers_share_one_refresh() {
    let (mut s, tab) = signed_in_without_scheduler();
    s.advance(2 * HOUR);
    s.network = Pace::After(2 * SECOND);
    let mut calls: Vec<_> = (0..10).map(|_| s.ask_for_token(tab, 0)).collect();
    s.advance(SECOND);
    calls.extend((0..9).map(|_| s.ask_for_token(tab, MINUTE)));
    let refresh = s.refresh(tab);
    assert!(calls.iter().all(|call| s.is_waiting(*call)));
    s.advance(SECOND);
    for call in calls {
        assert_eq!(s.said(call), Ok(Said::AccessToken("access-2".into())));
    }
    let session = s.session(tab);
    assert_eq!(s.said(refresh), Ok(Said::Session(session)));
    assert_eq!(s.server.refreshes(), 1);
    assert_eq!(s.told(tab), [Told::Refreshed("access-2".into())]);
}

#[test]
fn twenty_callers_share_one_failure_too() {
    let (mut s, tab) = signed_in_without_scheduler();
    s.advance(2 * HOUR);
    s.network = Pace::After(SECOND);
    s.server.next.push_back(Reply::answer(502, "<html>"));
    let calls: Vec<_> = (0..20).map(|_| s.ask_for_token(tab, 0)).collect();
    s.advance(SECOND);
    for call in calls {
        assert_eq!(s.said(call), Err("server_unavailable"));
        assert_eq!(s.error(call).status(), Some(502));
    }
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn refresh_sends_exactly_the_request_of_the_specification() {
    let mut s = Scenario::new();
    s.config["resource"] = json!("https://notes.example");
    let tab = s.tab();
    s.sign_in(tab);
    s.refresh(tab);
    assert_eq!(
        s.server.token_requests("refresh_token")[0].body.as_deref().unwrap(),
        "grant_type=refresh_token&refresh_token=refresh-1&client_id=notes-spa&resource=https%3A%2F%2Fnotes.example"
    );
}

#[test]
fn refresh_goes_to_the_server_though_the_token_is_good() {
    let (mut s, tab) = signed_in_without_scheduler();
    let call = s.refresh(tab);
    let Ok(Said::Session(Some(session))) = s.said(call) else { panic!("{:?}", s.said(call)) };
    assert_eq!(session.access_token, "access-2");
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn refresh_leaves_word_before_it_is_sent_and_stores_the_new_pair_before_it_tells_anyone() {
    let (mut s, tab) = signed_in_without_scheduler();
    s.journal(tab);
    s.refresh(tab);
    let expected = [
        "lock",
        "load session: session",
        "load session: refresh",
        "store session: refresh",
        "send https://as.example/token",
        "verify",
        "load session: session",
        "store session: session",
        "tell",
        "notify",
        "remove session: refresh",
        "settle",
        "unlock",
    ];
    assert_eq!(s.journal(tab), expected);
}

#[test]
fn refresh_counts_the_lifetime_from_when_it_was_sent() {
    let (mut s, tab) = signed_in_without_scheduler();
    s.advance(HOUR);
    s.network = Pace::After(7 * SECOND);
    s.refresh(tab);
    s.advance(7 * SECOND);
    assert_eq!(s.session(tab).unwrap().expires_at, Some(START + 2 * HOUR));
}

// ── What the answer brings and what it leaves out ───────────────────────────────────────────────────────────────

#[test]
fn refresh_with_rotation_keeps_the_new_refresh_token() {
    let (mut s, tab) = signed_in_without_scheduler();
    for n in 2..6 {
        s.refresh(tab);
        assert_eq!(s.session(tab).unwrap().refresh_token, Some(format!("refresh-{n}")));
        let record = s.disk().session().unwrap().clone();
        assert!(record.contains(&format!("refresh-{n}")) && !record.contains(&format!("refresh-{}", n - 1)));
    }
}

#[test]
fn refresh_without_a_new_refresh_token_keeps_the_old_one() {
    let (mut s, tab) = signed_in_without_scheduler();
    s.server.rotates = false;
    for n in 2..6 {
        assert!(matches!(s.refresh(tab), call if s.said(call).is_ok()));
        let session = s.session(tab).unwrap();
        assert_eq!((session.access_token, session.refresh_token.unwrap()), (format!("access-{n}"), "refresh-1".into()));
    }
}

#[test]
fn refresh_with_an_id_token_brings_its_claims() {
    let (mut s, tab) = signed_in_without_scheduler();
    let before = s.session(tab).unwrap();
    s.refresh(tab);
    let after = s.session(tab).unwrap();
    assert_ne!(after.id_token, before.id_token);
    assert_ne!(after.claims.unwrap()["name"], before.claims.unwrap()["name"]);
}

#[test]
fn refresh_without_an_id_token_keeps_the_claims() {
    let (mut s, tab) = signed_in_without_scheduler();
    s.server.gives_id_token_on_refresh = false;
    let before = s.session(tab).unwrap();
    s.refresh(tab);
    let after = s.session(tab).unwrap();
    assert_eq!((after.id_token, after.claims), (before.id_token.clone(), before.claims.clone()));
    s.leave(tab);
    let tab = s.tab();
    assert_eq!(s.session(tab).unwrap().claims, before.claims, "and so does a reload");
}

#[test]
fn refresh_with_a_narrower_scope_shows_it() {
    let (mut s, tab) = signed_in_without_scheduler();
    s.server.edit_tokens = Some(Box::new(|body| body["scope"] = json!("openid")));
    s.refresh(tab);
    assert_eq!(s.session(tab).unwrap().scope, "openid");
    s.server.edit_tokens = Some(Box::new(|body| body["scope"] = json!(null)));
    s.refresh(tab);
    assert_eq!(s.session(tab).unwrap().scope, "openid", "without scope it is as it was");
}

#[test]
fn refresh_without_expires_in_has_no_expiry_and_is_good_for_any_time() {
    let (mut s, tab) = signed_in_without_scheduler();
    s.server.expires_in = json!(null);
    s.refresh(tab);
    assert_eq!(s.session(tab).unwrap().expires_at, None);
    let call = s.ask_for_token(tab, 1_000 * HOUR);
    assert_eq!(s.said(call), Ok(Said::AccessToken("access-2".into())));
    assert_eq!(s.server.refreshes(), 1);
}

// ── Sessions that nothing can refresh ───────────────────────────────────────────────────────────────────────────

#[test]
fn access_token_without_a_refresh_token_that_is_asked_to_last_longer_is_no_refresh_token() {
    let mut s = Scenario::new();
    s.server.gives_refresh_token = false;
    let tab = s.tab();
    s.sign_in(tab);
    assert_eq!(s.access_token(tab), Ok("access-1".into()));
    let call = s.ask_for_token(tab, 2 * HOUR);
    assert_eq!(s.said(call), Err("no_refresh_token"));
    let call = s.refresh(tab);
    assert_eq!(s.said(call), Err("no_refresh_token"));
    assert!(s.session(tab).is_some(), "the session stands while it lasts");
}
