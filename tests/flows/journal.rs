//! A refresh leaves word before it is sent: a tab that dies, or an answer that is lost, is made good by the next.

use crate::{
    scenario::{HOUR, Locks, MINUTE, Pace, SECOND, Scenario, signed_in},
    server::Reply,
    told::Told,
};
use serde_json::json;

/// The stored journal.
fn journal(s: &mut Scenario) -> Option<String> {
    s.disk().sessions.iter().find(|(key, _)| key.ends_with(" refresh")).map(|(_, value)| value.clone())
}

#[test]
fn journal_is_there_while_a_refresh_is_under_way_and_gone_afterwards_and_holds_no_secret() {
    let (mut s, tab) = signed_in();
    s.network = Pace::After(SECOND);
    let call = s.refresh(tab);
    let written = journal(&mut s).expect("it is written before the request is sent");
    assert_eq!(s.server.refreshes(), 1);
    assert!(s.server.secrets.iter().all(|secret| !written.contains(secret.as_str())), "{written}");
    s.advance(SECOND);
    assert!(s.said(call).is_ok());
    assert_eq!(journal(&mut s), None);
}

#[test]
fn page_that_is_reloaded_while_the_request_is_on_its_way_asks_again_at_once() {
    let (mut s, tab) = signed_in();
    s.advance(HOUR - 2 * MINUTE);
    s.server.next.push_back(Reply::NoConnection);
    s.network = Pace::After(SECOND);
    s.refresh(tab);
    s.leave(tab);
    s.network = Pace::AtOnce;
    let tab = s.tab();
    let call = s.refresh(tab);
    assert!(s.said(call).is_ok());
    assert_eq!(s.server.refreshes(), 2);
}

#[test]
fn page_that_is_reloaded_time_and_again_does_not_ask_each_time() {
    let (mut s, mut tab) = signed_in();
    s.advance(HOUR - 2 * MINUTE);
    s.server.always = Some(Reply::NoConnection);
    for _ in 0..60 {
        s.network = Pace::After(SECOND);
        s.refresh(tab);
        s.advance(500);
        s.leave(tab);
        s.network = Pace::AtOnce;
        tab = s.tab();
    }
    assert!(s.server.refreshes() <= 15, "{} in 30 seconds", s.server.refreshes());
}

#[test]
fn failure_is_known_to_the_page_that_opens_after_it() {
    let (mut s, tab) = signed_in();
    s.server.always = Some(Reply::answer(429, "").after("600"));
    s.refresh(tab);
    s.leave(tab);
    let tab = s.tab();
    let call = s.refresh(tab);
    assert_eq!(s.said(call), Err("rate_limited"));
    assert_eq!(s.server.refreshes(), 1, "the server asked to be left alone");
}

#[test]
fn journal_that_is_garbage_or_of_another_pair_does_not_stop_the_refreshes() {
    for text in ["garbage", "2 1 7 1 1 0 0 ", "1 1 7 1 99999999999999 99 99999999999999 rate_limited"] {
        let (mut s, tab) = signed_in();
        let key = s.disk().sessions.keys().next().unwrap().replace(" session", " refresh");
        s.disk().sessions.insert(key, text.into());
        let call = s.refresh(tab);
        assert!(s.said(call).is_ok(), "{text}");
    }
}

#[test]
fn answer_that_is_lost_is_asked_for_again_while_the_server_still_gives_it() {
    let mut s = Scenario::new();
    s.server.rotates = false;
    let tab = s.tab();
    s.sign_in(tab);
    s.told(tab);
    s.server.next.push_back(Reply::AnswerLost);
    s.advance(HOUR);
    assert_eq!(s.server.refreshes(), 2);
    assert!(matches!(s.told(tab)[..], [Told::RefreshDelayed { attempt: 1, .. }, Told::Refreshed(_)]));
}

#[test]
fn record_of_another_release_is_neither_read_nor_overwritten() {
    let (mut s, tab) = signed_in();
    let newer = "v=2&access_token=of-another-release";
    s.disk().sessions.values_mut().for_each(|record| *record = newer.into());
    let call = s.refresh(tab);
    assert_eq!(s.said(call), Err("storage_corrupt"));
    assert_eq!(s.server.refreshes(), 0, "its refresh token may be the newer one");
    assert_eq!(s.access_token(tab), Ok("access-1".into()), "what this page has is good as long as it lasts");
    assert_eq!(s.disk().session().map(String::as_str), Some(newer));
}

#[test]
fn store_that_is_edited_while_the_answer_is_on_its_way_does_not_lose_the_new_pair() {
    for edit in ["garbage", ""] {
        let (mut s, tab) = signed_in();
        s.network = Pace::After(SECOND);
        let call = s.refresh(tab);
        s.disk().sessions.values_mut().for_each(|record| *record = edit.into());
        s.advance(SECOND);
        assert!(s.said(call).is_ok(), "{edit}");
        assert!(s.disk().session().unwrap().contains("access-2"), "{edit}");
    }
}

#[test]
fn login_elsewhere_while_the_answer_is_on_its_way_is_not_overwritten() {
    for locks in [Locks::Granted, Locks::Absent] {
        let (mut s, tab) = signed_in();
        s.locks = locks;
        s.channel = false;
        let other = s.tab();
        s.network = Pace::After(3 * SECOND);
        let call = s.refresh(tab);
        s.advance(SECOND);
        s.network = Pace::AtOnce;
        s.server.subject = "grace".into();
        s.sign_in(other);
        s.advance(5 * SECOND);
        assert!(s.said(call).is_ok());
        for tab in [tab, other] {
            assert_eq!(s.session(tab).unwrap().claims.unwrap()["sub"], "grace", "{locks:?}");
        }
    }
}

#[test]
fn logout_elsewhere_while_the_answer_is_on_its_way_stands() {
    let (mut s, tab) = signed_in();
    s.channel = false;
    let other = s.tab();
    s.config["autoRefresh"] = json!(false);
    s.network = Pace::After(3 * SECOND);
    let call = s.refresh(tab);
    s.advance(SECOND);
    s.logout(other, true);
    s.advance(5 * SECOND);
    assert_eq!(s.said(call), Err("no_session"));
    assert_eq!(s.disk().session(), None);
}
