//! A storage that fails while a session is used, and one that takes its time.

use crate::{
    scenario::{HOUR, Pace, SECOND, Scenario, signed_in},
    told::{Said, Told},
};
use pixie_auth::ErrorCode;
use serde_json::json;

#[test]
fn refresh_that_cannot_be_stored_is_used_all_the_same_and_the_old_record_removed() {
    for code in [ErrorCode::StorageFull, ErrorCode::StorageUnavailable] {
        let (mut s, tab) = signed_in();
        s.disk().writing = Some(code);
        let call = s.refresh(tab);
        assert!(matches!(s.said(call), Ok(Said::Session(Some(session))) if session.access_token == "access-2"));
        assert_eq!(s.disk().session(), None, "a reload must not find a refresh token that is spent");
        s.advance(5 * HOUR);
        assert!(s.access_token(tab).is_ok(), "in this page the session goes on");
        assert!(s.server.refreshes() >= 5);
    }
}

#[test]
fn refresh_after_the_storage_has_room_again_is_stored_again() {
    let (mut s, tab) = signed_in();
    s.disk().writing = Some(ErrorCode::StorageFull);
    s.refresh(tab);
    s.disk().writing = None;
    s.refresh(tab);
    s.leave(tab);
    let tab = s.tab();
    assert_eq!(s.access_token(tab), Ok("access-3".into()));
}

#[test]
fn older_record_that_could_neither_be_overwritten_nor_removed_is_not_taken_for_a_newer_one() {
    let (mut s, tab) = signed_in();
    s.disk().writing = Some(ErrorCode::StorageUnavailable);
    s.disk().removing = Some(ErrorCode::StorageUnavailable);
    s.refresh(tab);
    s.told(tab);
    let call = s.refresh(tab);
    assert!(
        matches!(s.said(call), Ok(Said::Session(Some(session))) if session.access_token == "access-3"),
        "{:?}",
        s.said(call)
    );
    s.advance(5 * HOUR);
    assert!(s.access_token(tab).is_ok(), "{:?}", s.told(tab));
}

#[test]
fn logout_over_a_storage_that_fails_ends_the_session_here() {
    let (mut s, tab) = signed_in();
    s.disk().removing = Some(ErrorCode::StorageUnavailable);
    s.disk().writing = Some(ErrorCode::StorageUnavailable);
    let call = s.logout(tab, true);
    assert_eq!(s.said(call), Ok(Said::LogoutUrl(None)));
    assert_eq!(s.session(tab), None);
    assert_eq!(s.access_token(tab), Err("no_session"));
}

#[test]
fn login_area_that_works_is_enough_to_sign_in_where_the_sessions_area_does_not() {
    let mut s = Scenario::new();
    let tab = s.tab();
    s.disk().only_sessions_fail = true;
    s.disk().writing = Some(ErrorCode::StorageFull);
    assert_eq!(s.sign_in(tab).access_token, "access-1");
    assert_eq!(s.disk().session(), None);
}

// ── Answers that come late, and in another order ────────────────────────────────────────────────────────────────

/// The whole way from opening to signing out over a storage that answers in this order.
fn whole_way(let_go: fn(&mut Scenario)) {
    let mut s = Scenario::new();
    (s.storage, s.network) = (Pace::Held, Pace::Held);
    let (tab, opened) = s.open(0, None);
    let_go(&mut s);
    assert!(matches!(s.said(opened), Ok(Said::Opened(_))));

    let login = s.login(tab, &json!({ "appState": "here" }));
    let_go(&mut s);
    let Ok(Said::LoginUrl { url, .. }) = s.said(login) else { panic!("{:?}", s.said(login)) };

    let redirect = s.server.authorize(&url);
    let callbacks = [s.callback(tab, &redirect), s.callback(tab, &redirect)];
    let_go(&mut s);
    for call in callbacks {
        let Ok(Said::SignedIn { session, app_state }) = s.said(call) else { panic!("{:?}", s.said(call)) };
        assert_eq!((session.access_token.as_str(), app_state.as_deref()), ("access-1", Some("here")));
    }

    let calls = [s.refresh(tab), s.ask_for_token(tab, 2 * HOUR)];
    let_go(&mut s);
    assert!(matches!(s.said(calls[0]), Ok(Said::Session(Some(session))) if session.access_token == "access-2"));
    assert_eq!(s.said(calls[1]), Ok(Said::AccessToken("access-2".into())));
    assert!(s.disk().session().unwrap().contains("access-2"));

    let logout = s.logout(tab, true);
    let_go(&mut s);
    assert_eq!(s.said(logout), Ok(Said::LogoutUrl(None)));
    assert_eq!(s.disk().session(), None);
    assert_eq!((s.server.exchanges(), s.server.refreshes()), (1, 1));
    let told = s.told(tab);
    assert!(
        matches!(told[..], [Told::SignedIn(_), Told::Refreshed(_), Told::SignedOut(..)]),
        "each is told once and in order: {told:?}"
    );
}

#[test]
fn answers_that_come_late_lead_the_same_way() {
    whole_way(Scenario::let_go_forwards);
}

#[test]
fn answers_that_come_in_the_opposite_order_lead_the_same_way() {
    whole_way(Scenario::let_go_backwards);
}

#[test]
fn answers_that_come_twice_or_to_nobody_are_ignored() {
    let (mut s, tab) = signed_in();
    let (now, before) = (s.now(), s.session(tab));
    for op in 0..200 {
        let machine = s.machine(tab);
        machine.loaded(op, Ok(None), now);
        machine.stored(op, Err(ErrorCode::StorageFull.into()), now);
        machine.responded(op, now, Err(pixie_auth::Unanswered::Network), now);
        assert!(machine.poll().is_none());
    }
    assert_eq!(s.session(tab), before);
}

#[test]
fn logout_while_the_refreshed_session_is_being_written_ends_it() {
    let (mut s, tab) = signed_in();
    s.storage = Pace::Held;
    let waiting = s.refresh(tab);
    s.let_go(0);
    assert_eq!(s.held(), 1, "the new session is being written");
    let logout = s.logout(tab, true);
    s.let_go_backwards();
    assert_eq!((s.said(waiting), s.said(logout)), (Err("no_session"), Ok(Said::LogoutUrl(None))));
    assert_eq!(s.disk().session(), None);
    assert_eq!(s.session(tab), None);
}

#[test]
fn stored_session_that_is_read_for_a_refresh_after_a_logout_is_ignored() {
    let (mut s, tab) = signed_in();
    s.storage = Pace::Held;
    let waiting = s.refresh(tab);
    s.logout(tab, true);
    s.told(tab);
    s.let_go_forwards();
    assert_eq!(s.said(waiting), Err("no_session"));
    assert_eq!(s.told(tab), []);
    assert_eq!((s.session(tab), s.server.refreshes()), (None, 0));
}

#[test]
fn logout_while_a_new_session_is_being_written_leaves_page_and_storage_of_one_mind() {
    for let_go in [Scenario::let_go_forwards, Scenario::let_go_backwards] {
        let (mut s, tab) = signed_in();
        let redirect = s.redirect(tab);
        s.callback(tab, &redirect);
        let redirect = s.redirect(tab);
        s.storage = Pace::Held;
        s.callback(tab, &redirect);
        while !s.disk().session().unwrap().contains("access-3") {
            s.let_go(0);
        }
        s.logout(tab, true);
        let_go(&mut s);
        s.storage = Pace::AtOnce;
        assert_eq!(s.session(tab).is_some(), s.disk().session().is_some(), "{:?}", s.told(tab));
    }
}

#[test]
fn login_that_is_being_written_when_the_session_before_it_runs_out_stands() {
    let mut s = Scenario::new();
    s.server.gives_refresh_token = false;
    let tab = s.tab();
    s.sign_in(tab);
    s.advance(HOUR - SECOND);
    let redirect = s.redirect(tab);
    s.storage = Pace::After(2 * SECOND);
    let call = s.callback(tab, &redirect);
    s.advance(10 * SECOND);
    s.storage = Pace::AtOnce;
    assert!(matches!(s.said(call), Ok(Said::SignedIn { .. })), "{:?} {:?}", s.said(call), s.told(tab));
    assert_eq!(s.access_token(tab), Ok("access-2".into()));
    assert!(s.disk().session().is_some_and(|record| record.contains("access-2")));
}
