//! One refresh, however many tabs want it in the same instant, and whatever the host has of locks.

use crate::{
    scenario::{Call, HOUR, Locks, MINUTE, Pace, SECOND, Scenario, Tab},
    server::Reply,
    told::{Said, Told},
};
use serde_json::json;

/// So many tabs of one session whose token has run out. None refreshes by itself.
fn tabs(number: usize, locks: Locks) -> (Scenario, Vec<Tab>) {
    let mut s = Scenario::new();
    s.locks = locks;
    s.config["autoRefresh"] = json!(false);
    let first = s.tab();
    s.sign_in(first);
    let tabs: Vec<_> = std::iter::once(first).chain((1..number).map(|_| s.tab())).collect();
    s.advance(HOUR);
    for tab in &tabs {
        s.told(*tab);
    }
    s.network = Pace::After(SECOND);
    (s, tabs)
}

fn ask(s: &mut Scenario, tabs: &[Tab]) -> Vec<Call> {
    tabs.iter().map(|tab| s.ask_for_token(*tab, 0)).collect()
}

#[test]
fn tabs_that_want_a_refresh_in_the_same_instant_send_one() {
    for locks in [Locks::Granted, Locks::Absent] {
        for channel in [true, false] {
            for storage in [Pace::AtOnce, Pace::After(20)] {
                let (mut s, tabs) = tabs(20, locks);
                (s.channel, s.storage) = (channel, storage);
                let calls = ask(&mut s, &tabs);
                s.advance(3 * SECOND);
                let case = format!("{locks:?}, {channel}, {storage:?}");
                assert_eq!(s.server.refreshes(), 1, "{case}");
                for (call, tab) in calls.iter().zip(&tabs) {
                    assert_eq!(s.said(*call), Ok(Said::AccessToken("access-2".into())), "{case}");
                    assert_eq!(s.told(*tab), [Told::Refreshed("access-2".into())], "{case}");
                }
            }
        }
    }
}

#[test]
fn tab_that_is_closed_with_the_lock_hands_it_on() {
    let (mut s, tabs) = tabs(3, Locks::Granted);
    s.server.next.push_back(Reply::NoConnection);
    let calls = ask(&mut s, &tabs);
    assert_eq!(s.server.refreshes(), 1);
    s.leave(tabs[0]);
    s.advance(3 * SECOND);
    assert_eq!(s.server.refreshes(), 2, "what was on its way is asked for again, once");
    assert!(calls[1..].iter().all(|call| s.said(*call) == Ok(Said::AccessToken("access-2".into()))));
}

#[test]
fn tab_that_is_closed_with_the_lease_holds_the_others_up_for_ten_seconds_at_most() {
    let (mut s, tabs) = tabs(3, Locks::Absent);
    s.server.next.push_back(Reply::NoConnection);
    let calls = ask(&mut s, &tabs);
    s.advance(SECOND);
    let at_work = usize::from(s.server.refreshes() == 0);
    assert_eq!(at_work, 0, "the lease is had within a second");
    for tab in &tabs[..2] {
        s.leave(*tab);
    }
    s.advance(12 * SECOND);
    assert_eq!(s.said(calls[2]), Ok(Said::AccessToken("access-2".into())));
    assert!(s.server.refreshes() <= 2);
}

#[test]
fn lock_that_is_never_granted_is_taken_after_ten_seconds_at_most() {
    for locks in [Locks::Silent, Locks::Dead] {
        let (mut s, tabs) = tabs(1, locks);
        let calls = ask(&mut s, &tabs);
        s.advance(7 * SECOND);
        assert!(s.is_waiting(calls[0]), "{locks:?}");
        assert_eq!(s.server.refreshes(), 0, "{locks:?}");
        s.advance(5 * SECOND);
        assert_eq!(s.said(calls[0]), Ok(Said::AccessToken("access-2".into())), "{locks:?}");
    }
}

#[test]
fn tab_that_works_for_long_keeps_its_lock() {
    let (mut s, tabs) = tabs(5, Locks::Granted);
    s.network = Pace::After(14 * SECOND);
    let calls = ask(&mut s, &tabs);
    s.advance(15 * SECOND);
    assert_eq!(s.server.refreshes(), 1, "a slow server is no reason to send it twice");
    assert!(calls.iter().all(|call| s.said(*call) == Ok(Said::AccessToken("access-2".into()))));
}

#[test]
fn tab_that_works_for_long_keeps_its_lease() {
    let (mut s, tabs) = tabs(5, Locks::Absent);
    s.network = Pace::After(14 * SECOND);
    let calls = ask(&mut s, &tabs);
    s.advance(17 * SECOND);
    assert_eq!(s.server.refreshes(), 1);
    assert!(calls.iter().all(|call| s.said(*call) == Ok(Said::AccessToken("access-2".into()))));
}

#[test]
fn client_that_is_closed_gives_its_lock_back() {
    let (mut s, tabs) = tabs(2, Locks::Granted);
    s.network = Pace::Held;
    let calls = ask(&mut s, &tabs);
    s.close(tabs[0]);
    assert_eq!(s.said(calls[0]), Err("client_closed"));
    s.network = Pace::AtOnce;
    s.advance(SECOND);
    assert_eq!(s.server.refreshes(), 2, "the other does not wait for it");
}

#[test]
fn copy_of_a_tab_whose_timers_are_a_minute_late_refreshes_all_the_same() {
    let mut s = Scenario::new();
    let tab = s.tab_with_a_storage_of_its_own();
    s.sign_in(tab);
    s.advance(HOUR - 2 * MINUTE);
    let call = s.refresh(tab);
    for _ in 0..6 {
        // A page that nobody looks at is woken once a minute.
        s.advance_without_timers(MINUTE);
        s.wake(tab);
    }
    assert!(s.said(call).is_ok());
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn memory_of_one_client_needs_no_lock() {
    let mut s = Scenario::new();
    s.locks = Locks::Dead;
    s.config["storage"] = json!("memory");
    let tab = s.tab();
    s.sign_in(tab);
    let call = s.refresh(tab);
    assert!(s.said(call).is_ok());
}

#[test]
fn copies_of_a_tab_share_their_refreshes_though_not_their_storage() {
    let mut s = Scenario::new();
    s.config["autoRefresh"] = json!({ "leadTime": 60, "jitter": 30 });
    let original = s.tab_with_a_storage_of_its_own();
    s.sign_in(original);
    let copies: Vec<_> = (0..5).map(|_| s.duplicate(original)).collect();
    s.network = Pace::After(SECOND);
    s.advance(10 * HOUR);
    let refreshes = s.server.refreshes();
    assert!((10..=11).contains(&refreshes), "{refreshes}");
    let newest = s.access_token(original);
    for copy in copies {
        assert_eq!(s.access_token(copy), newest);
    }
}
