//! The server's clock, measured by `Date` and by `iat`: a device that is hours wrong signs in and refreshes in time.

use crate::{
    scenario::{DAY, HOUR, MINUTE, SECOND, Scenario, http_date, signed_in},
    server::Reply,
    told::{Said, Told},
};
use serde_json::json;

#[test]
fn device_that_is_hours_wrong_signs_in_and_refreshes_in_time() {
    for hours in [-13, -3, 3, 13] {
        for (shows_date, page_has_a_server) in [(true, true), (false, true), (false, false)] {
            let mut s = Scenario::new();
            s.server.shows_date = shows_date;
            s.page_has_a_server = page_has_a_server;
            s.set_clock(hours * HOUR as i64);
            let tab = s.tab();
            s.sign_in(tab);
            s.advance(10 * HOUR);
            assert_eq!(s.server.refreshes(), 10, "{hours}, {shows_date}");
            assert!(s.access_token(tab).is_ok());
        }
    }
}

#[test]
fn device_that_is_days_wrong_signs_in_where_a_server_shows_its_clock() {
    let mut s = Scenario::new();
    s.set_clock(30 * DAY as i64);
    let tab = s.tab();
    s.sign_in(tab);
    assert!(s.access_token(tab).is_ok());
}

#[test]
fn id_token_that_has_expired_is_refused_whatever_it_says_of_its_beginning() {
    for (issued, page_has_a_server) in [(0, false), (60, false), (7_200, true), (2 * 24 * 3600, false)] {
        let mut s = Scenario::new();
        s.page_has_a_server = page_has_a_server;
        s.server.edit_claims = Some(Box::new(move |claims| {
            let now = claims["iat"].as_u64().unwrap();
            claims["iat"] = json!(now - issued);
            claims["exp"] = json!(now - 30);
        }));
        let tab = s.tab();
        let redirect = s.redirect(tab);
        let call = s.callback(tab, &redirect);
        assert_eq!(s.said(call), Err("id_token_expired"), "{issued}, {page_has_a_server}");
    }
}

#[test]
fn retry_after_as_a_date_is_reckoned_by_the_servers_clock() {
    for hours in [-3, 0, 3] {
        let (mut s, tab) = signed_in();
        s.server.shows_date = true;
        s.set_clock(hours * HOUR as i64);
        s.advance(MINUTE);
        s.told(tab);
        let until = s.now().0.saturating_add_signed(-hours * HOUR as i64) + 20 * MINUTE;
        s.server.always = Some(Reply::answer(429, "").after(&http_date(until)));
        s.refresh(tab);
        let told = s.told(tab);
        let [.., Told::RefreshDelayed { error: "rate_limited", retry_at, .. }] = told[..] else { panic!("{told:?}") };
        let pause = retry_at - s.now().0;
        assert!((20 * MINUTE - SECOND..20 * MINUTE + 2 * SECOND).contains(&pause), "{hours}: {pause}");
    }
}

#[test]
fn clock_that_is_corrected_by_seconds_all_the_time_does_not_make_refreshes() {
    let (mut s, tab) = signed_in();
    for _ in 0..300 {
        s.set_clock(-4_000);
        s.advance(10 * SECOND);
        s.set_clock(4_000);
        s.advance(SECOND);
    }
    assert_eq!(s.server.refreshes(), 0);
    let call = s.ask_for_token(tab, 0);
    assert_eq!(s.said(call), Ok(Said::AccessToken("access-1".into())));
}

#[test]
fn page_that_opens_under_a_clock_that_was_set_back_does_not_take_old_tokens_for_new() {
    let (mut s, tab) = signed_in();
    s.advance(50 * MINUTE);
    s.leave(tab);
    s.set_clock(-(DAY as i64));
    let tab = s.tab();
    s.advance(SECOND);
    assert_eq!(s.server.refreshes(), 1);
    assert_eq!(s.access_token(tab), Ok("access-2".into()));
}
