//! Tokens for other resources and scopes (RFC 8707), each kept while it is good.

use crate::{
    scenario::{Call, HOUR, MINUTE, Pace, SECOND, Scenario, Tab},
    told::{Said, Told},
};
use serde_json::json;

pub const NOTES: &str = "https://notes.example";
pub const MAIL: &str = "https://mail.example";

/// A tab that refreshes when somebody asks, and not by itself.
pub fn signed_in() -> (Scenario, Tab) {
    let mut s = Scenario::new();
    s.config["autoRefresh"] = json!(false);
    let tab = s.tab();
    s.sign_in(tab);
    s.told(tab);
    (s, tab)
}

pub fn ask(s: &mut Scenario, tab: Tab, resource: &str) -> Call {
    s.ask_for_resource(tab, Some(resource), None, 0)
}

/// The token that a call came to, which has to be for what was asked for.
#[track_caller]
pub fn token_for(s: &Scenario, call: Call, resource: &str) -> String {
    match s.said(call) {
        Ok(Said::AccessToken(token)) => {
            assert_eq!(s.server.purposes[&token].0.as_deref(), Some(resource), "{token}");
            token
        }
        other => panic!("no token: {other:?}"),
    }
}

// ── What is sent and what is kept ───────────────────────────────────────────────────────────────────────────────

#[test]
fn resource_is_asked_for_by_a_refresh_that_names_it_and_the_scope() {
    let (mut s, tab) = signed_in();
    s.ask_for_resource(tab, Some(NOTES), Some("profile openid"), 0);
    assert_eq!(
        s.server.token_requests("refresh_token")[0].body.as_deref().unwrap(),
        "grant_type=refresh_token&refresh_token=refresh-1&scope=profile+openid&client_id=notes-spa\
         &resource=https%3A%2F%2Fnotes.example"
    );
}

#[test]
fn resource_of_the_configuration_is_meant_where_only_a_scope_is_asked_for() {
    let mut s = Scenario::new();
    s.config["resource"] = json!(NOTES);
    let tab = s.tab();
    s.sign_in(tab);
    let call = s.ask_for_resource(tab, None, Some("profile"), 0);
    let token = token_for(&s, call, NOTES);
    assert_eq!(s.server.purposes[&token].1, "profile");
}

#[test]
fn resource_and_scope_that_are_the_sessions_own_get_its_own_token() {
    let mut s = Scenario::new();
    s.config["resource"] = json!(NOTES);
    let tab = s.tab();
    s.sign_in(tab);
    let own = ["offline_access openid  profile", "openid profile offline_access"];
    let mut calls = vec![ask(&mut s, tab, NOTES), s.ask_for_resource(tab, None, None, 0)];
    calls.extend(own.map(|scope| s.ask_for_resource(tab, Some(NOTES), Some(scope), 0)));
    assert!(calls.iter().all(|call| s.said(*call) == Ok(Said::AccessToken("access-1".into()))));
    assert_eq!(s.server.refreshes(), 0);
}

#[test]
fn token_of_a_resource_is_kept_and_given_again_by_resource_and_by_the_words_of_the_scope() {
    let (mut s, tab) = signed_in();
    for _ in 0..3 {
        let call = ask(&mut s, tab, NOTES);
        assert_eq!(token_for(&s, call, NOTES), "access-2");
        let call = ask(&mut s, tab, MAIL);
        assert_eq!(token_for(&s, call, MAIL), "access-3");
        for scope in ["openid profile", "profile openid"] {
            let call = s.ask_for_resource(tab, Some(NOTES), Some(scope), 0);
            assert_eq!(token_for(&s, call, NOTES), "access-4");
        }
        let call = s.ask_for_resource(tab, None, Some("profile"), 0);
        assert_eq!(s.said(call), Ok(Said::AccessToken("access-5".into())));
        assert_eq!(s.access_token(tab), Ok("access-1".into()));
    }
    assert_eq!(s.server.refreshes(), 4);
}

#[test]
fn session_stays_as_it_was_but_for_the_refresh_token_and_the_id_token() {
    let (mut s, tab) = signed_in();
    let before = s.session(tab).unwrap();
    s.advance(MINUTE);
    let call = s.ask_for_resource(tab, Some(NOTES), Some("openid"), 0);
    token_for(&s, call, NOTES);
    let after = s.session(tab).unwrap();
    assert_eq!(
        (&after.access_token, after.expires_at, &after.scope),
        (&before.access_token, before.expires_at, &before.scope)
    );
    assert_eq!(after.refresh_token, Some("refresh-2".into()));
    assert_ne!((&after.id_token, &after.claims), (&before.id_token, &before.claims), "what came is verified and kept");
    assert_eq!(s.told(tab), [], "there are no new tokens of the session's to tell of");
    s.leave(tab);
    let tab = s.tab();
    assert_eq!(s.session(tab), Some(after), "and so does a reload");
}

#[test]
fn refresh_token_that_came_is_stored_before_anyone_is_told() {
    let (mut s, tab) = signed_in();
    s.server.gives_id_token_on_refresh = false;
    s.journal(tab);
    ask(&mut s, tab, NOTES);
    let expected = [
        "lock",
        "load session: session",
        "load session: refresh",
        "store session: refresh",
        "send https://as.example/token",
        "load session: session",
        "store session: session",
        "tell",
        "remove session: refresh",
        "settle",
        "unlock",
    ];
    assert_eq!(s.journal(tab), expected);
}

#[test]
fn refresh_token_stays_where_the_server_gives_no_other() {
    let (mut s, tab) = signed_in();
    s.server.rotates = false;
    for resource in [NOTES, MAIL] {
        let call = ask(&mut s, tab, resource);
        token_for(&s, call, resource);
        assert_eq!(s.session(tab).unwrap().refresh_token, Some("refresh-1".into()));
        assert!(s.disk().session().unwrap().contains("refresh-1"));
    }
}

// ── Until when ──────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn token_of_a_resource_that_has_run_out_or_does_not_last_is_replaced() {
    let (mut s, tab) = signed_in();
    s.server.expires_in = json!(600);
    ask(&mut s, tab, NOTES);
    s.advance(5 * MINUTE);
    let call = s.ask_for_resource(tab, Some(NOTES), None, 5 * MINUTE);
    assert_eq!(token_for(&s, call, NOTES), "access-2");
    let call = s.ask_for_resource(tab, Some(NOTES), None, 5 * MINUTE + 1);
    assert_eq!(token_for(&s, call, NOTES), "access-3");
    s.advance(10 * MINUTE - 1);
    let call = ask(&mut s, tab, NOTES);
    assert_eq!(token_for(&s, call, NOTES), "access-3");
    s.advance(1);
    let call = ask(&mut s, tab, NOTES);
    assert_eq!(token_for(&s, call, NOTES), "access-4");
    assert_eq!(s.access_token(tab), Ok("access-1".into()), "the session's own lasts as long as it did");
}

#[test]
fn token_of_a_resource_for_longer_than_the_server_gives_is_the_newest_there_is() {
    let (mut s, tab) = signed_in();
    let call = s.ask_for_resource(tab, Some(NOTES), None, 5 * HOUR);
    assert_eq!(token_for(&s, call, NOTES), "access-2");
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn token_of_a_resource_without_expiry_is_good_for_any_time() {
    let (mut s, tab) = signed_in();
    s.server.expires_in = json!(null);
    for _ in 0..2 {
        let call = s.ask_for_resource(tab, Some(NOTES), None, 1_000 * HOUR);
        assert_eq!(token_for(&s, call, NOTES), "access-2");
    }
}

#[test]
fn clock_that_is_corrected_moves_the_end_along_and_another_time_asks_anew() {
    let (mut s, tab) = signed_in();
    s.server.expires_in = json!(600);
    ask(&mut s, tab, NOTES);
    s.set_clock(-(30 * SECOND as i64));
    assert!(s.access_token(tab).is_ok(), "and somebody looks at it");
    s.advance(10 * MINUTE - 1);
    let call = ask(&mut s, tab, NOTES);
    assert_eq!(token_for(&s, call, NOTES), "access-2");
    s.advance(1);
    let call = ask(&mut s, tab, NOTES);
    assert_eq!(token_for(&s, call, NOTES), "access-3", "not 30 seconds later");
    s.set_clock(-(2 * HOUR as i64));
    let call = ask(&mut s, tab, NOTES);
    assert_eq!(token_for(&s, call, NOTES), "access-4", "nobody knows how old it is");
}

// ── One request for all who ask for the same ────────────────────────────────────────────────────────────────────

#[test]
fn callers_of_one_resource_share_a_request_and_those_of_others_follow_one_by_one() {
    let (mut s, tab) = signed_in();
    s.network = Pace::After(SECOND);
    let mut calls = Vec::new();
    for _ in 0..10 {
        calls.push((NOTES, ask(&mut s, tab, NOTES)));
        calls.push((MAIL, ask(&mut s, tab, MAIL)));
    }
    assert_eq!(s.server.refreshes(), 1);
    s.advance(SECOND);
    assert_eq!(s.server.refreshes(), 2);
    let told: Vec<_> = calls.iter().map(|(_, call)| !s.is_waiting(*call)).collect();
    assert_eq!(told, [true, false].repeat(10));
    s.advance(SECOND);
    for (resource, call) in calls {
        token_for(&s, call, resource);
    }
    let sent: Vec<_> =
        s.server.token_requests("refresh_token").iter().map(|seen| seen.form["refresh_token"].clone()).collect();
    assert_eq!(sent, ["refresh-1", "refresh-2"]);
}

#[test]
fn callers_of_the_sessions_own_token_are_not_served_by_a_resources_and_the_other_way_round() {
    let (mut s, tab) = signed_in();
    s.advance(HOUR);
    s.network = Pace::After(SECOND);
    let notes = ask(&mut s, tab, NOTES);
    let own = s.ask_for_token(tab, 0);
    let refresh = s.refresh(tab);
    s.advance(SECOND);
    token_for(&s, notes, NOTES);
    assert!(s.is_waiting(own) && s.is_waiting(refresh));
    let mail = ask(&mut s, tab, MAIL);
    s.advance(SECOND);
    assert_eq!(s.said(own), Ok(Said::AccessToken("access-3".into())));
    assert!(matches!(s.said(refresh), Ok(Said::Session(Some(session))) if session.access_token == "access-3"));
    assert!(s.is_waiting(mail));
    s.advance(SECOND);
    token_for(&s, mail, MAIL);
    assert_eq!(s.server.refreshes(), 3);
    assert_eq!(s.told(tab), [Told::Refreshed("access-3".into())]);
}

#[test]
fn session_whose_own_token_is_due_is_refreshed_before_a_resource_is_asked_for() {
    let mut s = Scenario::new();
    let tab = s.tab();
    s.sign_in(tab);
    s.advance_without_timers(HOUR);
    let call = ask(&mut s, tab, NOTES);
    assert_eq!(token_for(&s, call, NOTES), "access-3");
    assert_eq!(s.access_token(tab), Ok("access-2".into()));
    assert_eq!(s.server.refreshes(), 2);
}

#[test]
fn storage_that_is_slow_is_waited_for() {
    let (mut s, tab) = signed_in();
    s.storage = Pace::After(50);
    let call = ask(&mut s, tab, NOTES);
    while s.is_waiting(call) {
        assert!(s.server.refreshes() == 0 || s.session(tab).unwrap().refresh_token == Some("refresh-1".into()));
        s.advance(10);
    }
    token_for(&s, call, NOTES);
    assert!(s.disk().session().unwrap().contains("refresh-2"));
}
