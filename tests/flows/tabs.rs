//! Several tabs over one storage: what one brings, the others use.

use crate::{
    scenario::{HOUR, MINUTE, Pace, SECOND, Scenario, Tab, signed_in},
    told::{Said, Told},
};
use pixie_auth::SignOutReason;
use serde_json::json;

/// Two tabs of one session; neither refreshes by itself.
fn two_tabs() -> (Scenario, Tab, Tab) {
    let mut s = Scenario::new();
    s.config["autoRefresh"] = json!(false);
    let first = s.tab();
    s.sign_in(first);
    let second = s.tab();
    s.told(first);
    (s, first, second)
}

#[test]
fn newer_tokens_of_another_tab_are_adopted_instead_of_refreshing() {
    let (mut s, first, second) = two_tabs();
    s.advance(HOUR);
    assert_eq!(s.access_token(first), Ok("access-2".into()));
    assert_eq!(s.access_token(second), Ok("access-2".into()));
    assert_eq!(s.server.refreshes(), 1);
    assert_eq!(s.told(second), [Told::Refreshed("access-2".into())]);
    let (here, there) = (s.session(second), s.session(first));
    assert_eq!(here, there, "claims and all");
}

#[test]
fn tabs_with_schedulers_of_their_own_share_the_refreshes_that_do_not_collide() {
    let mut s = Scenario::new();
    s.config["autoRefresh"] = json!({ "leadTime": 300, "jitter": 200 });
    let tab = s.tab();
    s.sign_in(tab);
    for _ in 0..4 {
        s.tab();
    }
    s.advance(10 * HOUR);
    assert!((10..=13).contains(&s.server.refreshes()), "{}", s.server.refreshes());
    assert!(s.access_token(tab).is_ok());
}

#[test]
fn newer_tokens_of_another_tab_that_have_run_out_as_well_are_refreshed() {
    let (mut s, first, second) = two_tabs();
    s.refresh(first);
    s.advance(2 * HOUR);
    assert_eq!(s.access_token(second), Ok("access-3".into()));
    assert_eq!(s.server.token_requests("refresh_token")[1].form["refresh_token"], "refresh-2", "with the newest one");
}

#[test]
fn newer_tokens_of_another_tab_that_have_run_out_are_refreshed_once_for_all_callers() {
    let (mut s, first, second) = two_tabs();
    s.refresh(first);
    s.advance(2 * HOUR);
    s.network = Pace::After(SECOND);
    let calls: Vec<_> = (0..5).map(|_| s.ask_for_token(second, 0)).collect();
    s.advance(SECOND);
    assert!(calls.iter().all(|call| s.said(*call) == Ok(Said::AccessToken("access-3".into()))));
    assert_eq!(s.server.refreshes(), 2);
}

#[test]
fn newer_tokens_of_another_tab_that_do_not_last_as_long_as_is_asked_for_are_refreshed() {
    let (mut s, first, second) = two_tabs();
    s.advance(10 * MINUTE);
    s.refresh(first);
    s.advance(50 * MINUTE);
    let call = s.ask_for_token(second, 30 * MINUTE);
    let Ok(Said::AccessToken(token)) = s.said(call) else { panic!("{:?}", s.said(call)) };
    let end = s.session(second).unwrap().expires_at.unwrap();
    assert!(end >= s.now().0 + 30 * MINUTE, "{token} is good for {} s", (end - s.now().0) / SECOND);
}

#[test]
fn record_that_is_gone_is_a_logout_elsewhere() {
    let (mut s, first, second) = two_tabs();
    s.channel = false;
    s.logout(first, true);
    assert!(s.session(second).is_some(), "it has not heard of it");
    s.advance(HOUR);
    assert_eq!(s.access_token(second), Err("no_session"));
    assert_eq!(s.told(second), [Told::SignedOut(SignOutReason::Logout, None)]);
    assert_eq!(s.server.refreshes(), 0);
}

#[test]
fn record_that_is_gone_ends_the_session_on_the_schedule_too() {
    let (mut s, tab) = signed_in();
    s.told(tab);
    s.disk().sessions.clear();
    s.advance(HOUR);
    assert_eq!(s.told(tab), [Told::SignedOut(SignOutReason::Logout, None)]);
    assert_eq!(s.server.refreshes(), 0);
}

#[test]
fn record_that_is_garbage_is_no_logout() {
    let (mut s, tab) = signed_in();
    s.disk().sessions.values_mut().for_each(|record| *record = "garbage".into());
    let call = s.refresh(tab);
    assert!(s.said(call).is_ok());
    assert!(s.disk().session().unwrap().contains("access-2"), "and it is overwritten");
}

#[test]
fn session_that_another_tab_began_is_adopted_with_its_claims() {
    let (mut s, first, second) = two_tabs();
    s.logout(first, true);
    s.server.subject = "grace".into();
    s.sign_in(first);
    s.advance(30 * MINUTE);
    let call = s.refresh(second);
    assert!(s.said(call).is_ok());
    assert_eq!(s.session(second).unwrap().claims.unwrap()["sub"], "grace");
}

#[test]
fn session_of_another_tab_is_found_by_a_page_that_opens() {
    let (mut s, first, _) = two_tabs();
    s.refresh(first);
    let third = s.tab();
    assert_eq!(s.access_token(third), Ok("access-2".into()));
}

#[test]
fn tabs_with_storages_of_their_own_have_sessions_of_their_own() {
    let mut s = Scenario::new();
    let (first, second) = (s.tab(), s.tab_with_a_storage_of_its_own());
    s.sign_in(first);
    assert_eq!(s.session(second), None);
    s.server.subject = "grace".into();
    s.sign_in(second);
    s.logout(first, true);
    assert_eq!(s.access_token(second), Ok("access-2".into()));
}
