//! Signing out, here and at the server, and coming back from it.

use crate::{
    scenario::{HOUR, Scenario, Tab, signed_in},
    server::{CLIENT, END_SESSION, parameters},
    told::{Said, Told},
};
use pixie_auth::{ErrorCode, SignOutReason};
use serde_json::json;
use std::collections::BTreeMap;

const BACK: &str = "https://app.example/signed-out";

/// A tab whose logout comes back to the page.
fn with_a_way_back() -> (Scenario, Tab) {
    let mut s = Scenario::new();
    s.config["postLogoutRedirectUri"] = json!(BACK);
    let tab = s.tab();
    s.sign_in(tab);
    s.told(tab);
    (s, tab)
}

/// The parameters of the URL that a logout gives.
fn logout_request(s: &mut Scenario, tab: Tab) -> BTreeMap<String, String> {
    let call = s.logout(tab, false);
    let Ok(Said::LogoutUrl(Some(url))) = s.said(call) else { panic!("{:?}", s.said(call)) };
    let (endpoint, query) = url.split_once('?').unwrap();
    assert_eq!(endpoint, END_SESSION);
    parameters(query)
}

#[test]
fn logout_that_is_local_ends_the_session_here_and_asks_nobody() {
    let (mut s, tab) = with_a_way_back();
    let requests = s.server.seen.len();
    let call = s.logout(tab, true);
    assert_eq!(s.said(call), Ok(Said::LogoutUrl(None)));
    assert_eq!(s.told(tab), [Told::SignedOut(SignOutReason::Logout, None)]);
    assert_eq!((s.session(tab), s.disk().session()), (None, None));
    assert_eq!(s.access_token(tab), Err("no_session"));
    s.advance(5 * HOUR);
    assert_eq!(s.server.seen.len(), requests);
    s.leave(tab);
    let tab = s.tab();
    assert_eq!(s.session(tab), None);
}

#[test]
fn logout_gives_the_url_that_ends_the_servers_session() {
    let (mut s, tab) = with_a_way_back();
    let id_token = s.session(tab).unwrap().id_token.unwrap();
    let request = logout_request(&mut s, tab);
    let names: Vec<_> = request.keys().map(String::as_str).collect();
    assert_eq!(names, ["client_id", "id_token_hint", "post_logout_redirect_uri", "state"]);
    assert_eq!(request["id_token_hint"], id_token);
    assert_eq!((request["client_id"].as_str(), request["post_logout_redirect_uri"].as_str()), (CLIENT, BACK));
    assert_eq!(request["state"].len(), 32);
    assert!(s.disk().logins.values().any(|value| *value == request["state"]), "it is stored for the way back");
    assert_eq!(s.told(tab), [Told::SignedOut(SignOutReason::Logout, None)]);
}

#[test]
fn logout_without_a_way_back_sends_no_state_and_stores_none() {
    let (mut s, tab) = signed_in();
    let request = logout_request(&mut s, tab);
    let names: Vec<_> = request.keys().map(String::as_str).collect();
    assert_eq!(names, ["client_id", "id_token_hint"]);
    assert!(!s.disk().logins.keys().any(|key| key.ends_with(" logout")));
}

#[test]
fn logout_with_a_way_back_of_its_own_takes_that_one() {
    let (mut s, tab) = with_a_way_back();
    let entropy = s.entropy();
    let back = Some("https://app.example/goodbye".into());
    let call = s.call(tab, |machine, caller| machine.logout(caller, false, false, back, &entropy));
    let Ok(Said::LogoutUrl(Some(url))) = s.said(call) else { panic!("{:?}", s.said(call)) };
    assert!(url.contains("post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fgoodbye&"), "{url}");
}

#[test]
fn logout_at_a_server_without_an_endpoint_for_it_is_local() {
    let mut s = Scenario::new();
    s.server.metadata["end_session_endpoint"] = json!(null);
    let tab = s.tab();
    s.sign_in(tab);
    let call = s.logout(tab, false);
    assert_eq!(s.said(call), Ok(Said::LogoutUrl(None)));
    assert_eq!(s.session(tab), None);
}

#[test]
fn logout_leaves_the_page_after_the_session_is_removed_and_the_state_stored() {
    let (mut s, tab) = with_a_way_back();
    s.journal(tab);
    let entropy = s.entropy();
    s.call(tab, |machine, caller| machine.logout(caller, false, true, None, &entropy));
    let journal = s.journal(tab);
    let gone = ["store session: refresh", "remove session: session", "notify", "store login: logout", "tell"];
    assert_eq!(journal[..5], gone);
    assert!(journal[5].starts_with("navigate https://as.example/logout?id_token_hint="), "{journal:?}");
    assert_eq!(journal[6..], ["settle"]);
}

#[test]
fn logout_without_a_session_still_ends_the_servers_and_tells_nothing() {
    let mut s = Scenario::new();
    s.config["postLogoutRedirectUri"] = json!(BACK);
    let tab = s.tab();
    let request = logout_request(&mut s, tab);
    let names: Vec<_> = request.keys().map(String::as_str).collect();
    assert_eq!(names, ["client_id", "post_logout_redirect_uri", "state"]);
    assert_eq!(s.told(tab), []);
}

#[test]
fn logout_that_cannot_store_its_state_leaves_all_the_same() {
    let (mut s, tab) = with_a_way_back();
    s.disk().writing = Some(ErrorCode::StorageFull);
    let request = logout_request(&mut s, tab);
    assert_eq!(s.session(tab), None);
    s.disk().writing = None;
    let back = format!("{BACK}?state={}", request["state"]);
    let call = s.call(tab, |machine, caller| machine.logout_callback(caller, back));
    assert_eq!(s.said(call), Err("logout_state_mismatch"), "but the way back cannot be checked");
}

#[test]
fn logout_while_a_refresh_fails_stops_the_tries() {
    let (mut s, tab) = signed_in();
    s.server.always = Some(crate::server::Reply::NoConnection);
    s.advance(2 * HOUR);
    s.logout(tab, true);
    let before = s.server.refreshes();
    s.advance(HOUR);
    assert_eq!(s.server.refreshes(), before);
}

// ── The way back ────────────────────────────────────────────────────────────────────────────────────────────────

fn come_back(s: &mut Scenario, tab: Tab, query: &str) -> Result<Said, &'static str> {
    let url = format!("{BACK}{query}");
    let call = s.call(tab, |machine, caller| machine.logout_callback(caller, url));
    s.said(call)
}

#[test]
fn logout_callback_with_the_state_that_was_sent_is_good_once_and_after_a_reload() {
    let (mut s, tab) = with_a_way_back();
    let request = logout_request(&mut s, tab);
    s.leave(tab);
    let tab = s.tab();
    let query = format!("?state={}", request["state"]);
    assert_eq!(come_back(&mut s, tab, &query), Ok(Said::Done));
    assert_eq!(come_back(&mut s, tab, &query), Err("logout_state_mismatch"), "it is forgotten once it was used");
}

#[test]
fn logout_callback_with_another_state_or_none_is_a_mismatch_and_leaves_the_true_one_good() {
    let (mut s, tab) = with_a_way_back();
    let request = logout_request(&mut s, tab);
    for query in ["", "?", "?state=", "?state=foreign", "?error=x", "#state=x"] {
        assert_eq!(come_back(&mut s, tab, query), Err("logout_state_mismatch"), "{query}");
    }
    assert_eq!(come_back(&mut s, tab, &format!("?state={}", request["state"])), Ok(Said::Done));
}

#[test]
fn logout_callback_that_nobody_waits_for_is_a_mismatch() {
    let (mut s, tab) = with_a_way_back();
    for query in ["", "?state=", "?state=anything"] {
        assert_eq!(come_back(&mut s, tab, query), Err("logout_state_mismatch"));
    }
    assert!(s.session(tab).is_some(), "a forged way back signs nobody out");
}

#[test]
fn logout_callback_over_a_storage_that_does_not_read_is_storage_unavailable() {
    let (mut s, tab) = with_a_way_back();
    s.disk().reading = Some(ErrorCode::StorageUnavailable);
    assert_eq!(come_back(&mut s, tab, "?state=x"), Err("storage_unavailable"));
}
