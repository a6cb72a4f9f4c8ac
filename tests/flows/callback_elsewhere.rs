//! A redirect that is handed in while another page is busy with the same one.

use crate::{
    scenario::{Pace, SECOND, Scenario, Tab, signed_in},
    server::Reply,
    told::Said,
};

/// Two tabs over one storage; the first one is exchanging the code, and its answer is held back.
fn under_way() -> (Scenario, Tab, Tab, String) {
    let mut s = Scenario::new();
    let (first, second) = (s.tab(), s.tab());
    let redirect = s.redirect(first);
    s.network = Pace::Held;
    s.callback(first, &redirect);
    s.network = Pace::AtOnce;
    (s, first, second, redirect)
}

#[test]
fn callback_under_way_elsewhere_is_waited_for_and_answered_from_the_storage() {
    let (mut s, first, second, redirect) = under_way();
    let call = s.callback(second, &redirect);
    s.advance(3 * SECOND);
    assert!(s.is_waiting(call));
    s.let_go_forwards();
    s.advance(SECOND);
    let Ok(Said::SignedIn { session, .. }) = s.said(call) else { panic!("{:?}", s.said(call)) };
    assert_eq!(Some(session), s.session(first));
    assert_eq!(s.server.exchanges(), 1);
    assert_eq!(s.access_token(second), Ok("access-1".into()));
}

#[test]
fn callback_under_way_elsewhere_that_is_refused_is_refused_here() {
    let mut s = Scenario::new();
    let (first, second) = (s.tab(), s.tab());
    let redirect = s.redirect(first);
    s.network = Pace::Held;
    s.server.next.push_back(Reply::refusal(400, "invalid_grant"));
    s.callback(first, &redirect);
    let call = s.callback(second, &redirect);
    s.let_go_forwards();
    s.advance(SECOND);
    assert_eq!(s.said(call), Err("token_request_failed"));
    assert_eq!(s.server.exchanges(), 1);
}

#[test]
fn callback_under_way_elsewhere_that_meets_network_trouble_is_taken_over() {
    let mut s = Scenario::new();
    let (first, second) = (s.tab(), s.tab());
    let redirect = s.redirect(first);
    s.server.next.push_back(Reply::Silence);
    s.callback(first, &redirect);
    s.advance(5 * SECOND);
    let call = s.callback(second, &redirect);
    s.advance(11 * SECOND);
    assert!(matches!(s.said(call), Ok(Said::SignedIn { .. })), "{:?}", s.said(call));
    assert_eq!(s.server.exchanges(), 2);
}

#[test]
fn callback_under_way_in_a_page_that_has_gone_is_given_up_after_the_time_limit() {
    let (mut s, first, second, redirect) = under_way();
    s.leave(first);
    let calls = [s.callback(second, &redirect), s.callback(second, &redirect)];
    s.advance(14 * SECOND);
    assert!(calls.iter().all(|call| s.is_waiting(*call)));
    s.advance(2 * SECOND);
    assert!(calls.iter().all(|call| s.said(*call) == Err("callback_state_unknown")));
    assert_eq!(s.server.exchanges(), 1);
    assert_eq!(s.machine(second).deadline(), None, "nobody looks any longer");
}

#[test]
fn callback_after_a_reload_in_the_middle_of_the_exchange_does_not_spend_the_code_again() {
    let (mut s, first, _, redirect) = under_way();
    s.leave(first);
    let reloaded = s.tab();
    let call = s.callback(reloaded, &redirect);
    s.advance(20 * SECOND);
    assert_eq!(s.said(call), Err("callback_state_unknown"));
    assert_eq!(s.server.exchanges(), 1);
}

#[test]
fn callback_that_waits_looks_into_the_storage_now_and_then_and_not_all_the_time() {
    let (mut s, _, second, redirect) = under_way();
    s.journal(second);
    s.callback(second, &redirect);
    s.advance(10 * SECOND);
    let looks = s.journal(second).len();
    assert!((10..=50).contains(&looks), "{looks}");
}

#[test]
fn callback_that_waits_for_a_slow_storage_has_one_look_at_a_time() {
    let (mut s, _, second, redirect) = under_way();
    s.storage = Pace::After(2 * SECOND);
    s.journal(second);
    let call = s.callback(second, &redirect);
    s.advance(10 * SECOND);
    assert!(s.journal(second).len() <= 5);
    s.advance(20 * SECOND);
    assert_eq!(s.said(call), Err("callback_state_unknown"));
}

#[test]
fn callback_that_waits_when_the_client_is_closed_is_told_so() {
    let (mut s, _, second, redirect) = under_way();
    let call = s.callback(second, &redirect);
    s.close(second);
    assert_eq!(s.said(call), Err("client_closed"));
    s.advance(20 * SECOND);
}

#[test]
fn callback_done_elsewhere_gives_that_session_and_not_an_older_one_of_this_tab() {
    let (mut s, old) = signed_in();
    let fresh = s.tab();
    assert_eq!(s.access_token(fresh), Ok("access-1".into()));
    let redirect = s.redirect(fresh);
    s.callback(fresh, &redirect);
    let call = s.callback(old, &redirect);
    let Ok(Said::SignedIn { session, .. }) = s.said(call) else { panic!("{:?}", s.said(call)) };
    assert_eq!(session.access_token, "access-2");
    assert_eq!(s.access_token(old), Ok("access-2".into()));
}
