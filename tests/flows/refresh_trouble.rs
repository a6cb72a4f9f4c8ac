//! Refreshes that fail: what is tried again, when, and that the session stands.

use crate::{
    scenario::{DAY, HOUR, MINUTE, Pace, SECOND, Scenario, Tab, signed_in},
    server::Reply,
    told::{Said, Told},
};
use serde_json::json;

/// A tab whose token has just run out at a server that answers like this.
fn expired_at(reply: Reply) -> (Scenario, Tab) {
    let (mut s, tab) = signed_in();
    s.server.always = Some(reply);
    s.told(tab);
    s.advance(HOUR);
    (s, tab)
}

#[test]
fn refresh_without_a_connection_is_delayed_and_says_when_it_is_tried_again() {
    let (mut s, tab) = signed_in();
    s.server.always = Some(Reply::NoConnection);
    s.told(tab);
    s.advance(59 * MINUTE);
    let now = s.now().0;
    let told = s.told(tab);
    let [Told::RefreshDelayed { error: "network", attempt: 1, retry_at }] = told[..] else { panic!("{told:?}") };
    assert!((now + 500..now + 1_000).contains(&retry_at));
    assert_eq!(s.machine(tab).deadline().unwrap().0, retry_at);
    s.advance(retry_at - now - 1);
    assert_eq!(s.server.refreshes(), 1);
    s.advance(1);
    assert_eq!(s.server.refreshes(), 2);
    assert!(matches!(s.told(tab)[..], [Told::RefreshDelayed { attempt: 2, .. }]));
}

#[test]
fn refresh_backs_off_to_a_minute_and_no_further() {
    let (mut s, tab) = expired_at(Reply::NoConnection);
    s.advance(HOUR);
    let seen = s.server.token_requests("refresh_token");
    let pauses: Vec<_> = seen.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    for (failures, pause) in pauses.iter().enumerate() {
        let longest = (SECOND << failures.min(6)).min(MINUTE);
        assert!((longest / 2..longest).contains(pause), "after {failures} failures: {pause}");
    }
    assert!(pauses.len() > 60, "it does not give up");
    assert!(s.session(tab).is_some());
}

#[test]
fn session_outlives_a_week_without_the_server_and_recovers_by_itself() {
    for reply in [Reply::NoConnection, Reply::Silence, Reply::answer(503, "<html>"), Reply::answer(500, "")] {
        let (mut s, tab) = expired_at(reply);
        s.advance(7 * DAY);
        assert!(s.server.refreshes() < 22_000, "{}", s.server.refreshes());
        assert!(s.session(tab).is_some());
        let told = s.told(tab);
        assert!(told.iter().all(|told| matches!(told, Told::RefreshDelayed { .. })), "{:?}", told.last());
        s.server.always = None;
        s.advance(90 * SECOND);
        assert_eq!(s.access_token(tab), Ok("access-2".into()));
        assert_eq!(s.told(tab).last(), Some(&Told::Refreshed("access-2".into())));
    }
}

#[test]
fn refresh_after_an_outage_counts_its_attempts_from_one_again() {
    let (mut s, tab) = expired_at(Reply::NoConnection);
    s.advance(10 * MINUTE);
    s.server.always = None;
    s.advance(2 * MINUTE);
    s.told(tab);
    s.server.always = Some(Reply::NoConnection);
    s.advance(HOUR);
    assert!(matches!(s.told(tab)[0], Told::RefreshDelayed { attempt: 1, .. }));
}

#[test]
fn refresh_is_tried_at_once_when_the_network_is_back() {
    let (mut s, tab) = expired_at(Reply::NoConnection);
    s.advance(HOUR);
    s.server.always = None;
    let before = s.server.refreshes();
    s.recover(tab);
    s.advance(5 * SECOND);
    assert_eq!(s.server.refreshes(), before + 1);
    assert_eq!(s.access_token(tab), Ok("access-2".into()));
}

#[test]
fn recovery_where_nothing_is_wrong_sends_nothing() {
    let (mut s, tab) = signed_in();
    for _ in 0..20 {
        s.recover(tab);
    }
    assert_eq!(s.server.refreshes(), 0);
}

#[test]
fn recovery_while_a_refresh_is_under_way_does_not_send_a_second_one() {
    let (mut s, tab) = signed_in();
    s.network = Pace::Held;
    let call = s.refresh(tab);
    for _ in 0..20 {
        s.recover(tab);
    }
    assert_eq!(s.server.refreshes(), 1);
    s.let_go_forwards();
    assert!(s.said(call).is_ok());
}

#[test]
fn caller_who_needs_a_token_in_an_outage_gets_an_error_that_says_retry() {
    let (mut s, tab) = expired_at(Reply::NoConnection);
    let call = s.ask_for_token(tab, 0);
    s.advance(5 * SECOND);
    assert_eq!(s.said(call), Err("network"));
    assert!(s.error(call).code().is_retryable());
    assert_eq!(s.error(call).code().action().as_str(), "retry");
    s.server.always = None;
    let call = s.ask_for_token(tab, 0);
    s.advance(5 * SECOND);
    let said = Ok(Said::AccessToken("access-2".into()));
    assert_eq!(s.said(call), said, "and whoever asks again need not wait for the schedule");
}

#[test]
fn refresh_without_the_scheduler_fails_in_silence_but_for_its_caller() {
    let mut s = Scenario::new();
    s.config["autoRefresh"] = json!(false);
    let tab = s.tab();
    s.sign_in(tab);
    s.told(tab);
    s.server.always = Some(Reply::NoConnection);
    let call = s.refresh(tab);
    assert_eq!(s.said(call), Err("network"));
    assert_eq!(s.told(tab), [], "no other try is planned, so none is announced");
    s.recover(tab);
    s.advance(DAY);
    assert_eq!(s.server.refreshes(), 1);
}

// ── A server that wants to be left alone ────────────────────────────────────────────────────────────────────────

#[test]
fn rate_limit_is_kept_to_even_when_callers_ask() {
    let (mut s, tab) = expired_at(Reply::answer(429, "").after("120"));
    assert_eq!(s.server.refreshes(), 1);
    let told = s.told(tab);
    let [Told::RefreshDelayed { error: "rate_limited", attempt: 1, retry_at }] = told[..] else { panic!("{told:?}") };
    s.server.always = None;
    while s.now().0 + SECOND < retry_at {
        assert_eq!(s.access_token(tab), Err("rate_limited"));
        let call = s.refresh(tab);
        assert_eq!(s.said(call), Err("rate_limited"));
        s.recover(tab);
        s.advance(SECOND);
    }
    assert_eq!(s.server.refreshes(), 1);
    s.advance(2 * SECOND);
    assert_eq!(s.server.refreshes(), 2);
    assert_eq!(s.access_token(tab), Ok("access-2".into()));
}

#[test]
fn rate_limit_leaves_a_good_token_good() {
    let (mut s, tab) = signed_in();
    s.server.always = Some(Reply::answer(429, "").after("600"));
    let call = s.refresh(tab);
    assert_eq!(s.said(call), Err("rate_limited"));
    assert_eq!(s.error(call).retry_after(), Some("600"));
    assert_eq!(s.access_token(tab), Ok("access-1".into()));
}

#[test]
fn retry_after_of_a_failing_server_is_kept_to_by_the_schedule() {
    let (mut s, _) = expired_at(Reply::answer(503, "").after("300"));
    s.advance(4 * MINUTE - SECOND);
    assert_eq!(s.server.refreshes(), 1);
    s.advance(2 * MINUTE);
    assert_eq!(s.server.refreshes(), 2);
}

#[test]
fn retry_after_that_is_a_date_or_garbage_or_absurd_does_not_stop_the_refreshes() {
    for after in ["Wed, 21 Oct 2027 07:28:00 GMT", "soon", "-5", "", "99999999999999999999", "31536000"] {
        let (mut s, tab) = expired_at(Reply::answer(429, "").after(after));
        s.server.always = None;
        s.advance(HOUR + 2 * SECOND);
        assert!(s.access_token(tab).is_ok(), "{after}");
    }
}

// ── Refusals that are not the session's end ─────────────────────────────────────────────────────────────────────

#[test]
fn refusal_other_than_invalid_grant_is_an_error_and_the_session_stands() {
    for reply in [
        Reply::refusal(400, "invalid_client"),
        Reply::refusal(401, "invalid_client"),
        Reply::refusal(403, "blocked_by_policy"),
        Reply::refusal(400, "invalid_scope"),
        Reply::answer(400, ""),
        Reply::answer(403, "<html>invalid_grant</html>"),
        Reply::answer(404, "not found"),
        Reply::answer(0, ""),
    ] {
        let (mut s, tab) = expired_at(reply.clone());
        assert_eq!(s.access_token(tab), Err("token_request_failed"), "{reply:?}");
        s.advance(DAY);
        assert!(s.server.refreshes() < 3_000, "a refusal is not asked for all the time: {}", s.server.refreshes());
        assert!(s.session(tab).is_some() && s.disk().session().is_some());
        s.server.always = None;
        assert_eq!(s.access_token(tab), Ok("access-2".into()), "{reply:?}");
    }
}

#[test]
fn answer_that_is_no_token_response_is_an_error_and_the_session_stands() {
    for body in ["", "<html>", "null", "[]", "{}", r#"{"access_token":"","token_type":"Bearer"}"#] {
        let (mut s, tab) = expired_at(Reply::answer(200, body));
        let call = s.ask_for_token(tab, 0);
        s.advance(5 * SECOND);
        assert_eq!(s.said(call), Err("token_response_invalid"), "{body}");
        assert!(s.session(tab).is_some() && s.disk().session().is_some());
        s.server.always = None;
        let call = s.ask_for_token(tab, 0);
        s.advance(5 * SECOND);
        assert_eq!(s.said(call), Ok(Said::AccessToken("access-2".into())), "{body}");
    }
}

#[test]
fn refreshed_id_token_of_another_user_is_refused_and_the_session_stands() {
    let (mut s, tab) = signed_in();
    s.server.subject = "eve".into();
    let call = s.refresh(tab);
    assert_eq!(s.said(call), Err("id_token_subject"));
    let session = s.session(tab).unwrap();
    assert_eq!((session.access_token.as_str(), &session.claims.unwrap()["sub"]), ("access-1", &json!("ada")));
    assert!(s.disk().session().unwrap().contains("access-1"));
    assert_eq!(s.access_token(tab), Ok("access-1".into()));
}

#[test]
fn refreshed_id_token_with_something_else_wrong_is_refused_for_it() {
    for (name, value, code) in [
        ("iss", json!("https://evil.example"), "id_token_issuer"),
        ("aud", json!("another"), "id_token_audience"),
        ("iat", json!(null), "id_token_malformed"),
    ] {
        let (mut s, tab) = signed_in();
        s.server.edit_claims = Some(Box::new(move |claims| claims[name] = value.clone()));
        let call = s.refresh(tab);
        assert_eq!(s.said(call), Err(code));
        assert_eq!(s.access_token(tab), Ok("access-1".into()));
    }
}

#[test]
fn refresh_over_a_storage_that_does_not_read_uses_what_is_in_memory() {
    let (mut s, tab) = signed_in();
    s.disk().reading = Some(pixie_auth::ErrorCode::StorageUnavailable);
    let call = s.refresh(tab);
    assert!(matches!(s.said(call), Ok(Said::Session(Some(session))) if session.access_token == "access-2"));
}
