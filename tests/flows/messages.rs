//! What one tab does, the others hear of at once; and who heard nothing catches up.

use crate::{
    scenario::{HOUR, MINUTE, SECOND, Scenario, Tab},
    server::Reply,
    told::Told,
};
use pixie_auth::{SignOutReason, core::memory::record};

fn two_tabs() -> (Scenario, Tab, Tab) {
    let mut s = Scenario::new();
    let first = s.tab();
    s.sign_in(first);
    let second = s.tab();
    s.told(first);
    (s, first, second)
}

/// Two tabs with storages of their own, in each of which the same user has signed in.
fn two_sessions() -> (Scenario, Tab, Tab) {
    let mut s = Scenario::new();
    let first = s.tab_with_a_storage_of_its_own();
    let second = s.tab_with_a_storage_of_its_own();
    s.sign_in(first);
    s.advance(SECOND);
    s.sign_in(second);
    (s, first, second)
}

#[test]
fn refresh_in_one_tab_is_told_in_the_others() {
    let (mut s, first, second) = two_tabs();
    s.refresh(first);
    assert_eq!(s.told(second), [Told::Refreshed("access-2".into())]);
    assert_eq!(s.access_token(second), Ok("access-2".into()));
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn refresh_that_fails_in_one_tab_is_told_in_the_others_and_not_tried_by_each() {
    let (mut s, first, second) = two_tabs();
    for _ in 0..8 {
        s.tab();
    }
    s.server.always = Some(Reply::answer(503, ""));
    let call = s.refresh(first);
    assert_eq!(s.said(call), Err("server_unavailable"));
    assert!(
        matches!(s.told(second)[..], [Told::RefreshDelayed { error: "server_unavailable", attempt: 1, .. }]),
        "{:?}",
        s.told(second)
    );
    s.advance(HOUR);
    let a_minute = s.server.refreshes() / 60;
    assert!(a_minute <= 3, "ten tabs send like one: {a_minute}");
}

#[test]
fn login_in_one_tab_is_told_before_the_store_shows_it() {
    let mut s = Scenario::new();
    let (first, second) = (s.tab(), s.tab());
    let redirect = s.redirect(first);
    s.sees_nothing_stored = Some(second);
    s.callback(first, &redirect);
    assert_eq!(s.told(second), [Told::SignedIn("access-1".into())]);
    s.sees_nothing_stored = None;
    s.advance(MINUTE);
    assert_eq!(s.access_token(second), Ok("access-1".into()));
    s.logout(second, true);
    assert!(s.session(first).is_none());
}

#[test]
fn login_in_one_tab_is_told_in_the_others() {
    let mut s = Scenario::new();
    let (first, second) = (s.tab(), s.tab());
    s.sign_in(first);
    assert_eq!(s.told(second), [Told::SignedIn("access-1".into())]);
    assert_eq!(s.access_token(second), Ok("access-1".into()));
}

#[test]
fn logout_in_one_tab_is_told_in_the_others() {
    let (mut s, first, second) = two_tabs();
    s.logout(first, true);
    assert_eq!(s.told(second), [Told::SignedOut(SignOutReason::Logout, None)]);
    assert_eq!(s.access_token(second), Err("no_session"));
}

#[test]
fn end_by_the_server_is_told_once_in_each_tab_with_its_reason() {
    let (mut s, first, second) = two_tabs();
    s.server.revoke_everything();
    let call = s.refresh(first);
    assert_eq!(s.said(call), Err("session_ended"));
    for tab in [first, second] {
        let ended = [Told::SignedOut(SignOutReason::SessionEnded, Some("session_ended"))];
        assert_eq!(s.told(tab), ended);
        assert_eq!(s.access_token(tab), Err("session_ended"));
    }
    s.advance(HOUR);
    assert_eq!(s.told(second), []);
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn tab_that_heard_nothing_catches_up_when_it_is_seen_again() {
    let (mut s, first, second) = two_tabs();
    s.channel = false;
    s.refresh(first);
    assert_eq!(s.told(second), []);
    s.recover(second);
    assert_eq!(s.told(second), [Told::Refreshed("access-2".into())]);
    s.server.revoke_everything();
    s.refresh(first);
    s.recover(second);
    let ended = [Told::SignedOut(SignOutReason::SessionEnded, Some("session_ended"))];
    assert_eq!(s.told(second), ended, "the reason, too");
}

#[test]
fn tab_that_heard_nothing_of_a_login_finds_it_when_it_is_seen_again() {
    let mut s = Scenario::new();
    let (first, second) = (s.tab(), s.tab());
    s.channel = false;
    s.sign_in(first);
    s.recover(second);
    assert_eq!(s.told(second), [Told::SignedIn("access-1".into())]);
}

#[test]
fn logout_reaches_the_users_other_sessions_in_tabs_with_storages_of_their_own() {
    let (mut s, first, second) = two_sessions();
    s.told(second);
    s.logout(first, true);
    assert_eq!(s.told(second), [Told::SignedOut(SignOutReason::Logout, None)]);
}

#[test]
fn tokens_of_a_client_that_keeps_them_in_memory_are_told_to_nobody() {
    let mut s = Scenario::new();
    s.config["storage"] = serde_json::json!("memory");
    let tab = s.tab();
    s.sign_in(tab);
    s.journal(tab);
    s.refresh(tab);
    assert!(s.server.refreshes() == 1 && !s.journal(tab).contains(&"tell".to_owned()));
}

#[test]
fn end_by_the_server_does_not_reach_another_session_of_the_same_user() {
    let (mut s, first, second) = two_sessions();
    s.server.next.push_back(Reply::refusal(400, "invalid_grant"));
    let call = s.refresh(first);
    s.advance(SECOND);
    assert_eq!(s.said(call), Err("session_ended"));
    assert!(s.access_token(second).is_ok());
}

#[test]
fn tokens_that_cannot_be_stored_reach_the_other_tabs_all_the_same() {
    let (mut s, first, second) = two_tabs();
    s.disk().writing = Some(pixie_auth::ErrorCode::StorageFull);
    s.refresh(first);
    assert_eq!(s.told(second), [Told::Refreshed("access-2".into())]);
    s.advance(3 * HOUR);
    for tab in [first, second] {
        assert!(s.access_token(tab).is_ok());
        assert!(!s.told(tab).iter().any(|told| matches!(told, Told::SignedOut(..))));
    }
    s.disk().writing = None;
    s.advance(HOUR);
    assert!(s.disk().session().is_some(), "and are written down when it goes again");
}

#[test]
fn message_that_is_garbage_or_of_another_pair_changes_nothing() {
    let (mut s, _, second) = two_tabs();
    let stored = record::read(s.disk().session().unwrap()).unwrap();
    let pair = stored.generation();
    let messages = [
        String::new(),
        "garbage".into(),
        "refreshed".into(),
        "refreshed\n1\nv=1&access_token=evil&obtained_at=1&scope=\nada".into(),
        format!("refreshed\n{pair}\nv=1&access_token=evil&obtained_at=1&scope=\neve"),
        "signed_out\n1\nsession_ended\nada".into(),
        format!("signed_out\n{pair}\nsession_ended\neve"),
        "delayed\n1\n1 1 0 0 9999999999999 9 0 network\nada".into(),
        format!("delayed\n{pair}\ngarbage\nada"),
    ];
    for message in &messages {
        let now = s.now();
        s.machine(second).heard(message, now);
        s.advance(0);
        assert_eq!(s.told(second), [], "{message}");
        assert_eq!(s.access_token(second), Ok("access-1".into()), "{message}");
    }
}

#[test]
fn message_after_close_is_not_heard() {
    let (mut s, first, second) = two_tabs();
    s.close(second);
    s.refresh(first);
    s.advance(MINUTE);
    assert_eq!(s.told(second), []);
}
