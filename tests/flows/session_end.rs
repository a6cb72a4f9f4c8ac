//! The three things that end a session: the server's `invalid_grant`, a logout, and running out for good. And what
//! arrives after the end.

use crate::{
    scenario::{DAY, HOUR, Pace, SECOND, Scenario, signed_in},
    server::Reply,
    told::{Said, Told},
};
use pixie_auth::SignOutReason;
use serde_json::json;

#[test]
fn invalid_grant_ends_the_session_once_and_removes_it() {
    for status in [400, 401, 403] {
        let (mut s, tab) = signed_in();
        s.told(tab);
        s.server.always = Some(Reply::refusal(status, "invalid_grant"));
        s.network = Pace::After(SECOND);
        let calls: Vec<_> = (0..5).map(|_| s.ask_for_token(tab, 2 * HOUR)).collect();
        s.advance(SECOND);
        for call in calls {
            assert_eq!(s.said(call), Err("session_ended"));
            assert_eq!(s.error(call).oauth_error(), Some("invalid_grant"));
            assert_eq!(s.error(call).code().action().as_str(), "sign_in");
        }
        s.advance(DAY);
        assert_eq!(s.told(tab), [Told::SignedOut(SignOutReason::SessionEnded, Some("session_ended"))]);
        assert_eq!(s.server.refreshes(), 1);
        assert_eq!(s.disk().session(), None);
        assert_eq!(s.session(tab), None);
        assert_eq!(s.access_token(tab), Err("session_ended"), "who asks later is told why");
        let call = s.refresh(tab);
        assert_eq!(s.said(call), Err("session_ended"));
    }
}

#[test]
fn invalid_grant_on_the_schedule_ends_the_session_without_a_caller() {
    let (mut s, tab) = signed_in();
    s.server.revoke_everything();
    s.told(tab);
    s.advance(HOUR);
    assert_eq!(s.told(tab), [Told::SignedOut(SignOutReason::SessionEnded, Some("session_ended"))]);
    assert_eq!(s.machine(tab).deadline(), None);
}

#[test]
fn session_that_the_server_ended_gives_way_to_a_new_login() {
    let (mut s, tab) = signed_in();
    s.server.revoke_everything();
    s.advance(HOUR);
    assert_eq!(s.sign_in(tab).access_token, "access-2");
    assert_eq!(s.access_token(tab), Ok("access-2".into()));
    s.advance(HOUR);
    assert_eq!(s.access_token(tab), Ok("access-3".into()));
}

#[test]
fn session_that_the_server_ended_is_no_session_after_a_reload() {
    let (mut s, tab) = signed_in();
    s.server.revoke_everything();
    s.advance(HOUR);
    s.leave(tab);
    let tab = s.tab();
    assert_eq!(s.access_token(tab), Err("no_session"));
}

#[test]
fn session_without_a_refresh_token_ends_at_its_expiry_and_not_before() {
    let mut s = Scenario::new();
    s.server.gives_refresh_token = false;
    let tab = s.tab();
    s.sign_in(tab);
    s.told(tab);
    s.advance(HOUR - 1);
    assert_eq!(s.access_token(tab), Ok("access-1".into()));
    assert_eq!(s.told(tab), []);
    s.advance(1);
    assert_eq!(s.told(tab), [Told::SignedOut(SignOutReason::Expired, None)]);
    assert_eq!(s.access_token(tab), Err("session_ended"));
    assert_eq!(s.disk().session(), None);
    s.advance(DAY);
    assert_eq!(s.told(tab), []);
    assert_eq!(s.server.refreshes(), 0);
}

#[test]
fn session_without_a_refresh_token_ends_where_auto_refresh_is_off_too() {
    let mut s = Scenario::new();
    s.server.gives_refresh_token = false;
    s.config["autoRefresh"] = json!(false);
    let tab = s.tab();
    s.sign_in(tab);
    s.told(tab);
    s.advance(HOUR);
    assert_eq!(s.told(tab), [Told::SignedOut(SignOutReason::Expired, None)]);
}

#[test]
fn session_without_a_refresh_token_and_without_expiry_stays() {
    let mut s = Scenario::new();
    s.server.gives_refresh_token = false;
    s.server.expires_in = json!(null);
    let tab = s.tab();
    s.sign_in(tab);
    s.advance(365 * DAY);
    assert_eq!(s.access_token(tab), Ok("access-1".into()));
}

// ── What arrives after the end ──────────────────────────────────────────────────────────────────────────────────

#[test]
fn refresh_that_is_answered_after_a_logout_is_ignored() {
    for reply in [None, Some(Reply::refusal(400, "invalid_grant")), Some(Reply::answer(500, ""))] {
        let (mut s, tab) = signed_in();
        s.network = Pace::Held;
        s.server.always = reply;
        let waiting = s.refresh(tab);
        s.logout(tab, true);
        assert_eq!(s.said(waiting), Err("no_session"), "whoever waits is told when it ends");
        s.told(tab);
        s.let_go_forwards();
        assert_eq!(s.told(tab), []);
        assert_eq!((s.session(tab), s.disk().session()), (None, None));
        assert_eq!(s.access_token(tab), Err("no_session"));
        assert_eq!(s.machine(tab).deadline(), None);
    }
}

#[test]
fn refresh_that_is_answered_after_close_is_ignored_and_the_stored_session_stays() {
    for reply in [None, Some(Reply::refusal(400, "invalid_grant")), Some(Reply::NoConnection)] {
        let (mut s, tab) = signed_in();
        s.network = Pace::Held;
        s.server.always = reply;
        let waiting = s.refresh(tab);
        let before = s.disk().session().cloned();
        s.close(tab);
        assert_eq!(s.said(waiting), Err("client_closed"));
        s.told(tab);
        s.let_go_forwards();
        assert_eq!(s.told(tab), []);
        assert_eq!(s.disk().session().cloned(), before);
    }
}

#[test]
fn refresh_of_an_old_session_that_is_answered_late_does_not_touch_the_new_one() {
    for reply in [None, Some(Reply::refusal(400, "invalid_grant")), Some(Reply::NoConnection)] {
        let (mut s, tab) = signed_in();
        let redirect = s.redirect(tab);
        s.network = Pace::Held;
        s.server.next.extend(reply);
        let waiting = s.refresh(tab);
        s.network = Pace::AtOnce;
        let call = s.callback(tab, &redirect);
        let Ok(Said::SignedIn { session, .. }) = s.said(call) else { panic!("{:?}", s.said(call)) };
        assert_eq!(s.said(waiting), Ok(Said::Session(Some(session.clone()))), "the new session is what was wanted");
        let record = s.disk().session().cloned();
        s.told(tab);
        s.let_go_forwards();
        assert_eq!(s.told(tab), []);
        assert_eq!(s.session(tab), Some(session));
        assert_eq!(s.disk().session().cloned(), record);
    }
}

#[test]
fn refresh_of_an_old_session_does_not_overwrite_the_new_one_in_a_slow_storage() {
    let (mut s, tab) = signed_in();
    let redirect = s.redirect(tab);
    s.network = Pace::Held;
    s.refresh(tab);
    s.network = Pace::AtOnce;
    s.storage = Pace::Held;
    let call = s.callback(tab, &redirect);
    // The login is read and marked; then its session is being written when the old refresh is answered.
    while !s.disk().session().unwrap().contains("access-3") {
        s.let_go(s.held() - 1);
    }
    s.let_go_forwards();
    s.storage = Pace::AtOnce;
    let Ok(Said::SignedIn { session, .. }) = s.said(call) else { panic!("{:?}", s.said(call)) };
    assert_eq!(s.session(tab), Some(session));
    assert!(s.disk().session().unwrap().contains("access-3"), "{:?}", s.disk().session());
}
