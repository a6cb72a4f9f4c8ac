//! Refreshing before the token runs out, without anyone asking, and without making a loop of it.

use crate::{
    scenario::{DAY, HOUR, MINUTE, SECOND, START, Scenario, Tab, signed_in},
    told::Told,
};
use serde_json::json;

/// Signs in at a server that says this about lifetimes.
fn living(expires_in: serde_json::Value) -> (Scenario, Tab) {
    let mut s = Scenario::new();
    s.server.expires_in = expires_in;
    let tab = s.tab();
    s.sign_in(tab);
    (s, tab)
}

#[test]
fn refresh_comes_before_the_expiry_without_anyone_asking() {
    let (mut s, tab) = signed_in();
    assert_eq!(s.machine(tab).deadline().unwrap().0, START + 59 * MINUTE);
    s.advance(59 * MINUTE - 1);
    assert_eq!(s.server.refreshes(), 0);
    s.advance(1);
    assert_eq!(s.server.refreshes(), 1);
    assert_eq!(s.told(tab)[1..], [Told::Refreshed("access-2".into())]);
    assert_eq!(s.session(tab).unwrap().expires_at, Some(START + 119 * MINUTE));
}

#[test]
fn refresh_repeats_and_no_caller_ever_waits() {
    let (mut s, tab) = living(json!(300));
    for minute in 0..60 {
        s.advance(MINUTE);
        let token = s.access_token(tab).unwrap();
        let session = s.session(tab).unwrap();
        assert_eq!(token, session.access_token);
        assert!(session.expires_at.unwrap() > s.now().0, "minute {minute}");
    }
    assert_eq!(s.server.refreshes(), 15, "every four minutes");
}

#[test]
fn refresh_is_spread_by_the_jitter_so_that_tabs_do_not_come_at_once() {
    let mut s = Scenario::new();
    s.config["autoRefresh"] = json!({ "leadTime": 60, "jitter": 600 });
    let mut dues: Vec<_> = (0..12)
        .map(|_| {
            let tab = s.tab_with_a_storage_of_its_own();
            s.sign_in(tab);
            s.machine(tab).deadline().unwrap().0 - START
        })
        .collect();
    assert!(dues.iter().all(|due| (49 * MINUTE..=59 * MINUTE).contains(due)), "{dues:?}");
    dues.sort_unstable();
    dues.dedup();
    assert!(dues.len() > 6, "{dues:?}");
}

#[test]
fn refresh_that_is_switched_off_and_on_again_catches_up() {
    let (mut s, tab) = signed_in();
    s.auto_refresh(tab, false);
    assert_eq!(s.machine(tab).deadline(), None);
    s.advance(5 * HOUR);
    assert_eq!(s.server.refreshes(), 0);
    assert!(s.session(tab).is_some());
    s.auto_refresh(tab, true);
    assert_eq!(s.server.refreshes(), 1);
    s.advance(HOUR);
    assert_eq!(s.server.refreshes(), 2);
}

#[test]
fn refresh_that_was_never_switched_on_may_be_started() {
    let mut s = Scenario::new();
    s.config["autoRefresh"] = json!(false);
    let tab = s.tab();
    s.sign_in(tab);
    s.auto_refresh(tab, true);
    s.advance(HOUR);
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn switching_auto_refresh_after_close_does_nothing() {
    let (mut s, tab) = signed_in();
    s.close(tab);
    s.auto_refresh(tab, true);
    s.recover(tab);
    s.advance(DAY);
    assert_eq!(s.server.refreshes(), 0);
}

// ── Odd lifetimes ───────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn tokens_that_are_born_expired_do_not_make_a_loop() {
    for (expires_in, time) in [(json!(0), DAY), (json!(1), 2 * HOUR), (json!("0"), HOUR), (json!(0.4), HOUR)] {
        let (mut s, tab) = living(expires_in.clone());
        s.advance(time);
        let refreshes = s.server.refreshes() as u64;
        assert!(refreshes <= time / (5 * SECOND), "{expires_in}: {refreshes} in {time} ms");
        assert!(s.session(tab).is_some());
    }
}

#[test]
fn access_token_that_is_born_expired_costs_a_caller_one_request() {
    let (mut s, tab) = living(json!(0));
    s.auto_refresh(tab, false);
    for n in 2..6 {
        assert_eq!(s.access_token(tab), Ok(format!("access-{n}")));
    }
    assert_eq!(s.server.refreshes(), 4);
}

#[test]
fn tokens_without_expiry_are_never_refreshed_unless_somebody_asks() {
    let (mut s, tab) = living(json!(null));
    assert_eq!(s.machine(tab).deadline(), None);
    s.advance(30 * DAY);
    assert_eq!(s.access_token(tab), Ok("access-1".into()));
    assert_eq!(s.server.refreshes(), 0);
    s.refresh(tab);
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn tokens_that_live_ten_years_are_left_alone() {
    let ten_years = 10 * 365 * DAY;
    for (expires_in, end) in [(json!(ten_years / SECOND), START + ten_years), (json!(1e300), u64::MAX)] {
        let (mut s, tab) = living(expires_in.clone());
        assert_eq!(s.session(tab).unwrap().expires_at, Some(end));
        s.advance(DAY);
        assert_eq!(s.access_token(tab), Ok("access-1".into()), "{expires_in}");
        assert_eq!(s.server.refreshes(), 0);
    }
}

#[test]
fn tokens_of_a_minute_are_not_refreshed_all_the_time() {
    let (mut s, _) = living(json!(60));
    s.advance(HOUR);
    assert_eq!(s.server.refreshes(), 80, "the lead time is a quarter of the lifetime");
}

// ── Clocks that are set ─────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn clock_that_jumps_a_day_back_costs_one_refresh_and_keeps_the_session() {
    let (mut s, tab) = signed_in();
    s.set_clock(-(DAY as i64));
    s.recover(tab);
    assert_eq!(s.server.refreshes(), 1);
    s.advance(50 * MINUTE);
    assert_eq!(s.server.refreshes(), 1);
    assert!(s.access_token(tab).is_ok());
    s.set_clock(DAY as i64);
    s.advance(MINUTE);
    assert_eq!(s.server.refreshes(), 2);
    assert!(s.access_token(tab).is_ok());
    let before = s.server.refreshes();
    s.advance(10 * HOUR);
    assert_eq!(s.server.refreshes() - before, 10, "then all is as it was");
}

#[test]
fn clock_that_jumps_a_day_forward_costs_one_refresh_and_keeps_the_session() {
    let (mut s, tab) = signed_in();
    s.server.gives_id_token_on_refresh = false;
    s.set_clock(DAY as i64);
    assert_eq!(s.server.refreshes(), 1);
    s.advance(50 * MINUTE);
    assert_eq!(s.server.refreshes(), 1);
    assert!(s.access_token(tab).is_ok());
    s.advance(10 * HOUR);
    assert_eq!(s.server.refreshes(), 12, "then all is as it was");
}

#[test]
fn clock_that_jumps_a_day_forward_keeps_the_session_of_a_server_that_gives_id_tokens_on_refresh() {
    let (mut s, tab) = signed_in();
    s.set_clock(DAY as i64);
    s.advance(HOUR);
    assert!(s.session(tab).is_some(), "{:?}", s.told(tab));
    assert!(s.access_token(tab).is_ok());
    assert!(s.server.refreshes() <= 3);
}

#[test]
fn device_that_slept_through_the_expiry_refreshes_once_when_it_wakes() {
    let (mut s, tab) = signed_in();
    s.auto_refresh(tab, false);
    s.advance(9 * HOUR);
    s.auto_refresh(tab, true);
    s.recover(tab);
    assert_eq!(s.server.refreshes(), 1);
    assert_eq!(s.access_token(tab), Ok("access-2".into()));
}
