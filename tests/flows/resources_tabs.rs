//! Tokens for other resources with several tabs: each has its own, and all have one refresh token.

use crate::{
    resources::{MAIL, NOTES, ask, signed_in, token_for},
    scenario::{Call, HOUR, Locks, Pace, SECOND, Scenario, Tab},
    told::{Said, Told},
};
use serde_json::json;
use std::collections::BTreeSet;

fn two_tabs() -> (Scenario, Tab, Tab) {
    let (mut s, first) = signed_in();
    let second = s.tab();
    (s, first, second)
}

/// No refresh token is presented twice.
#[track_caller]
fn assert_each_is_presented_once(s: &Scenario) {
    let sent = s.server.token_requests("refresh_token");
    let tokens: BTreeSet<_> = sent.iter().map(|seen| seen.form["refresh_token"].as_str()).collect();
    assert_eq!(tokens.len(), sent.len(), "{tokens:?}");
}

#[test]
fn refresh_token_that_a_resource_brought_is_what_another_tab_presents() {
    for channel in [true, false] {
        let (mut s, first, second) = two_tabs();
        s.channel = channel;
        let call = ask(&mut s, first, NOTES);
        token_for(&s, call, NOTES);
        assert_eq!(s.session(second).unwrap().refresh_token == Some("refresh-2".into()), channel);
        let call = ask(&mut s, second, MAIL);
        token_for(&s, call, MAIL);
        let call = s.refresh(first);
        assert!(matches!(s.said(call), Ok(Said::Session(Some(session))) if session.access_token == "access-4"));
        s.advance(HOUR);
        assert_eq!(s.access_token(second), Ok("access-5".into()), "channel: {channel}");
        assert_each_is_presented_once(&s);
    }
}

#[test]
fn refresh_token_that_a_resource_brought_is_told_to_a_copy_of_the_tab() {
    let mut s = Scenario::new();
    s.config["autoRefresh"] = json!(false);
    let original = s.tab_with_a_storage_of_its_own();
    s.sign_in(original);
    let copy = s.duplicate(original);
    let call = ask(&mut s, original, NOTES);
    s.advance(SECOND);
    token_for(&s, call, NOTES);
    let call = s.refresh(copy);
    s.advance(SECOND);
    assert!(s.said(call).is_ok());
    assert_each_is_presented_once(&s);
}

#[test]
fn tabs_that_ask_for_all_kinds_of_tokens_in_the_same_instant_present_each_refresh_token_once() {
    for locks in [Locks::Granted, Locks::Absent] {
        for channel in [true, false] {
            for storage in [Pace::AtOnce, Pace::After(20)] {
                let (mut s, first, second) = two_tabs();
                (s.locks, s.channel) = (locks, channel);
                let tabs = [first, second, s.tab(), s.tab()];
                s.advance(HOUR);
                (s.network, s.storage) = (Pace::After(SECOND), storage);
                let mut calls: Vec<(&str, Call)> = Vec::new();
                let mut own = Vec::new();
                for tab in tabs {
                    calls.push((NOTES, ask(&mut s, tab, NOTES)));
                    own.push(s.ask_for_token(tab, 0));
                    calls.push((MAIL, ask(&mut s, tab, MAIL)));
                }
                s.advance(40 * SECOND);
                for (resource, call) in calls {
                    token_for(&s, call, resource);
                }
                let newest = s.said(own[0]);
                for call in own {
                    assert_eq!(s.said(call), newest, "{locks:?} {channel} {storage:?}");
                }
                assert_each_is_presented_once(&s);
                assert_eq!(s.server.refreshes(), 9, "two for each tab, and one for all");
            }
        }
    }
}

#[test]
fn tokens_that_another_tab_brings_meanwhile_serve_the_sessions_callers_and_not_the_resources() {
    let (mut s, first, second) = two_tabs();
    s.advance(HOUR);
    s.told(second);
    s.network = Pace::After(SECOND);
    let theirs = s.refresh(first);
    let notes = ask(&mut s, second, NOTES);
    let own = s.ask_for_token(second, 0);
    s.advance(SECOND);
    assert!(s.said(theirs).is_ok());
    assert_eq!(s.said(own), Ok(Said::AccessToken("access-2".into())));
    assert!(s.is_waiting(notes));
    s.advance(2 * SECOND);
    assert_eq!(token_for(&s, notes, NOTES), "access-3");
    assert_eq!(s.told(second), [Told::Refreshed("access-2".into())]);
    assert_each_is_presented_once(&s);
}

#[test]
fn refresh_token_that_another_tabs_resource_brings_does_not_serve_the_sessions_callers() {
    for channel in [true, false] {
        let (mut s, first, second) = two_tabs();
        s.channel = channel;
        s.advance(HOUR);
        s.network = Pace::After(SECOND);
        ask(&mut s, first, NOTES);
        let calls = [s.ask_for_token(second, 0), s.refresh(second)];
        s.advance(SECOND);
        assert!(calls.iter().all(|call| s.is_waiting(*call)), "channel: {channel}");
        s.advance(2 * SECOND);
        assert_eq!(s.said(calls[0]), Ok(Said::AccessToken("access-3".into())), "channel: {channel}");
        assert!(s.said(calls[1]).is_ok());
        assert_each_is_presented_once(&s);
    }
}

#[test]
fn answer_that_comes_after_the_lock_was_lost_is_kept_and_given() {
    let (mut s, first, second) = two_tabs();
    s.server.rotates = false;
    s.network = Pace::Held;
    let notes = ask(&mut s, first, NOTES);
    assert_eq!(s.server.refreshes(), 1);
    let own = s.refresh(second);
    s.network = Pace::AtOnce;
    // The first tab sleeps, so that it does not say that it is at work.
    s.advance_without_timers(12 * SECOND);
    s.wake(second);
    s.advance_without_timers(SECOND);
    assert!(s.said(own).is_ok(), "the second tab took the lock away");
    s.let_go_forwards();
    s.advance(20 * SECOND);
    token_for(&s, notes, NOTES);
    let [here, there] = [first, second].map(|tab| s.session(tab));
    assert_eq!(here, there);
}

#[test]
fn session_of_somebody_else_that_another_tab_began_serves_who_waits_for_a_resource() {
    let (mut s, first, second) = two_tabs();
    s.channel = false;
    let call = ask(&mut s, second, NOTES);
    token_for(&s, call, NOTES);
    s.advance(SECOND);
    s.logout(first, true);
    s.server.subject = "grace".into();
    s.sign_in(first);
    s.advance(SECOND);
    let mail = ask(&mut s, second, MAIL);
    token_for(&s, mail, MAIL);
    assert_eq!(s.session(second).unwrap().claims.unwrap()["sub"], "grace");
    let before = s.server.refreshes();
    let call = ask(&mut s, second, NOTES);
    token_for(&s, call, NOTES);
    assert_eq!(s.server.refreshes(), before + 1, "what was kept was Ada's");
}
