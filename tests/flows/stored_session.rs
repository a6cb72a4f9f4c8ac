//! Opening over what an earlier page has left in the storage.

use crate::{
    scenario::{HOUR, MINUTE, Scenario, signed_in},
    told::{Said, Told},
};
use pixie_auth::{ErrorCode, SignOutReason};
use serde_json::json;

#[test]
fn restart_keeps_the_session_without_a_request_to_the_token_endpoint() {
    let (mut s, tab) = signed_in();
    let before = s.session(tab);
    s.leave(tab);
    let tab = s.tab();
    assert_eq!(s.session(tab), before);
    assert!(before.unwrap().claims.unwrap()["name"].is_string());
    assert_eq!(s.access_token(tab), Ok("access-1".into()));
    assert_eq!((s.server.exchanges(), s.server.refreshes()), (1, 0));
    assert_eq!(s.told(tab), [], "nobody has signed in here and now");
}

#[test]
fn restart_keeps_the_refresh_where_it_was_due() {
    let (mut s, tab) = signed_in();
    s.advance(40 * MINUTE);
    s.leave(tab);
    let tab = s.tab();
    s.advance(19 * MINUTE - 1);
    assert_eq!(s.server.refreshes(), 0);
    s.advance(1);
    assert_eq!(s.server.refreshes(), 1);
    assert_eq!(s.told(tab), [Told::Refreshed("access-2".into())]);
}

#[test]
fn stored_session_that_expired_is_refreshed_at_once_and_stays_a_session() {
    let (mut s, tab) = signed_in();
    s.leave(tab);
    s.advance(9 * HOUR);
    let tab = s.tab();
    assert_eq!(s.access_token(tab), Ok("access-2".into()));
    assert_eq!(s.server.refreshes(), 1, "the scheduler and the caller share one");
    assert_eq!(s.told(tab), [Told::Refreshed("access-2".into())]);
}

#[test]
fn stored_session_that_expired_waits_for_a_caller_where_auto_refresh_is_off() {
    let (mut s, tab) = signed_in();
    s.leave(tab);
    s.advance(9 * HOUR);
    s.config["autoRefresh"] = json!(false);
    let tab = s.tab();
    s.advance(HOUR);
    assert_eq!(s.server.refreshes(), 0);
    assert_eq!(s.session(tab).unwrap().access_token, "access-1", "getSession never goes to the network");
    assert_eq!(s.access_token(tab), Ok("access-2".into()));
}

#[test]
fn stored_session_that_expired_without_a_refresh_token_is_over() {
    let mut s = Scenario::new();
    s.server.gives_refresh_token = false;
    let tab = s.tab();
    s.sign_in(tab);
    s.leave(tab);
    s.advance(2 * HOUR);
    let tab = s.tab();
    assert_eq!(s.session(tab), None);
    assert_eq!(s.told(tab), [Told::SignedOut(SignOutReason::Expired, None)]);
    assert_eq!(s.access_token(tab), Err("session_ended"));
    assert_eq!(s.disk().session(), None);
    assert_eq!(s.server.refreshes(), 0);
}

#[test]
fn stored_session_is_not_another_clients_or_issuers() {
    let (mut s, _) = signed_in();
    s.config["clientId"] = json!("another-spa");
    let tab = s.tab();
    assert_eq!(s.session(tab), None);
}

#[test]
fn opening_over_a_storage_that_cannot_be_read_is_storage_unavailable() {
    let mut s = Scenario::new();
    s.disk().reading = Some(ErrorCode::StorageUnavailable);
    assert_eq!(s.try_tab(None).1, Err("storage_unavailable"));
}

#[test]
fn opening_over_garbage_gives_a_client_without_a_session_that_says_why() {
    let (mut s, tab) = signed_in();
    s.leave(tab);
    let written = s.disk().session().unwrap().clone();
    let garbage = ["", "null", "{\"access_token\":\"a\"}", "v=2&access_token=a&obtained_at=1&scope=", "%%%&&&==="];
    let cut = written.split('&').next().unwrap();
    for record in garbage.into_iter().chain([cut]) {
        let key = s.disk().sessions.keys().next().unwrap().clone();
        s.disk().sessions.insert(key, record.into());
        let (tab, opened) = s.try_tab(None);
        assert!(matches!(opened, Ok(Said::Opened(_))), "{record}");
        assert_eq!(s.session(tab), None);
        assert_eq!(s.access_token(tab), Err("storage_corrupt"), "{record}");
    }
}

#[test]
fn garbage_in_the_storage_gives_way_to_the_next_login() {
    let (mut s, tab) = signed_in();
    s.leave(tab);
    s.disk().sessions.values_mut().for_each(|record| *record = "garbage".into());
    let tab = s.tab();
    s.sign_in(tab);
    assert_eq!(s.access_token(tab), Ok("access-2".into()));
    s.leave(tab);
    let tab = s.tab();
    assert_eq!(s.access_token(tab), Ok("access-2".into()));
}

#[test]
fn stored_session_with_an_unreadable_id_token_keeps_its_tokens_without_claims() {
    let (mut s, tab) = signed_in();
    s.leave(tab);
    let id_token = s.server.secrets.iter().find(|secret| secret.contains('.')).unwrap().clone();
    s.disk().sessions.values_mut().for_each(|record| *record = record.replace(&id_token, "garbage"));
    let tab = s.tab();
    assert_eq!(s.session(tab).unwrap().claims, None);
    assert_eq!(s.access_token(tab), Ok("access-1".into()));
}
