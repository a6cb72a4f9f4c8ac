//! Tokens that are bound to a key (RFC 9449): proofs, nonces, and keys that are lost.

use crate::{
    bound::Binding,
    scenario::{HOUR, Locks, MINUTE, SECOND, START, Scenario, Tab},
    server::{Reply, TOKEN, parameters},
    told::{Said, Told},
};
use pixie_auth::SignOutReason;
use serde_json::json;

fn bound(binding: Binding) -> Scenario {
    let mut s = Scenario::new();
    s.config["dpop"] = json!(true);
    s.binding = Some(binding);
    s
}

fn signed_in() -> (Scenario, Tab) {
    let mut s = bound(Binding::default());
    let tab = s.tab();
    s.sign_in(tab);
    (s, tab)
}

fn proofs(s: &Scenario) -> usize {
    s.binding.as_ref().unwrap().proofs.len()
}

#[test]
fn login_binds_its_code_and_its_tokens_to_one_key() {
    let mut s = bound(Binding::default());
    let tab = s.tab();
    let (url, _) = s.login_url(tab);
    let jkt = parameters(url.split_once('?').unwrap().1)["dpop_jkt"].clone();
    let redirect = s.server.authorize(&url);
    let call = s.callback(tab, &redirect);
    let Ok(Said::SignedIn { session, .. }) = s.said(call) else { panic!("{:?}", s.said(call)) };
    let proof = &s.binding.as_ref().unwrap().proofs[0];
    assert_eq!((Some(&jkt), &jkt), (session.jkt.as_ref(), &proof.jkt));
    assert_eq!(proof.claims["iat"], START / 1000);
    assert_eq!((proof.claims.get("ath"), proof.claims.get("nonce")), (None, None));
    assert!(s.disk().session().unwrap().starts_with("v=2&"));
}

#[test]
fn login_without_dpop_opens_no_key_and_proves_nothing() {
    let (mut s, tab) = crate::scenario::signed_in();
    let call = s.refresh(tab);
    assert!(s.said(call).is_ok());
    let journal = s.journal(tab);
    assert!(!journal.iter().any(|line| line == "key" || line == "sign"), "{journal:?}");
    assert_eq!(s.session(tab).unwrap().jkt, None);
}

#[test]
fn refresh_after_a_restart_is_proved_by_the_same_key() {
    let (mut s, tab) = signed_in();
    s.leave(tab);
    let tab = s.tab();
    let call = s.refresh(tab);
    assert!(matches!(s.said(call), Ok(Said::Session(Some(_)))));
    let proofs = &s.binding.as_ref().unwrap().proofs;
    assert_eq!((proofs.len(), &proofs[0].jkt), (2, &proofs[1].jkt));
}

#[test]
fn nonce_that_is_wanted_is_sent_at_the_second_try_and_from_then_on() {
    let mut s = bound(Binding::with_nonce("first"));
    let tab = s.tab();
    s.sign_in(tab);
    assert_eq!((proofs(&s), s.server.exchanges()), (2, 1));
    let call = s.refresh(tab);
    assert!(s.said(call).is_ok());
    assert_eq!((proofs(&s), s.server.refreshes()), (3, 1));
    s.binding.as_mut().unwrap().nonce = Some("second".into());
    let call = s.refresh(tab);
    assert!(s.said(call).is_ok());
    assert_eq!((proofs(&s), s.server.refreshes()), (5, 2));
}

#[test]
fn nonce_that_is_wanted_again_and_again_is_sent_twice_and_not_more() {
    let mut s = bound(Binding { is_never_content: true, ..Binding::default() });
    let tab = s.tab();
    let redirect = s.redirect(tab);
    let call = s.callback(tab, &redirect);
    assert_eq!(s.said(call), Err("token_request_failed"));
    assert_eq!(s.error(call).oauth_error(), Some("use_dpop_nonce"));
    assert_eq!(proofs(&s), 2);
}

#[test]
fn nonce_outside_the_specifications_alphabet_is_never_sent() {
    let mut s = bound(Binding::with_nonce("a\"b"));
    let tab = s.tab();
    let redirect = s.redirect(tab);
    let call = s.callback(tab, &redirect);
    assert_eq!(s.said(call), Err("token_request_failed"));
    assert_eq!(proofs(&s), 1);
}

#[test]
fn nonce_that_comes_with_tokens_is_kept_for_the_next_request() {
    let (mut s, tab) = signed_in();
    s.binding.as_mut().unwrap().nonce = Some("later".into());
    s.server.next.push_back(Reply::NoConnection);
    for _ in 0..2 {
        s.refresh(tab);
        s.advance(10 * SECOND);
    }
    let before = proofs(&s);
    let call = s.refresh(tab);
    assert!(s.said(call).is_ok());
    assert_eq!(proofs(&s), before + 1);
}

#[test]
fn refresh_of_a_page_that_slept_before_its_second_try_is_not_sent() {
    let (mut s, tab) = signed_in();
    s.locks = Locks::Granted;
    s.binding.as_mut().unwrap().nonce = Some("new".into());
    s.network = crate::scenario::Pace::Held;
    let call = s.refresh(tab);
    assert_eq!((s.held(), proofs(&s)), (1, 2));
    s.advance_without_timers(20 * SECOND);
    s.let_go_forwards();
    assert_eq!((s.said(call), proofs(&s)), (Err("network"), 2));
    s.network = crate::scenario::Pace::AtOnce;
    s.advance(MINUTE);
    assert_eq!(s.server.refreshes(), 1, "it is tried again in a turn of its own");
}

#[test]
fn proof_says_the_servers_time_where_that_is_known() {
    let mut s = bound(Binding { tolerance: Some(60), ..Binding::default() });
    s.server.shows_date = true;
    s.set_clock(HOUR as i64);
    let tab = s.tab();
    s.sign_in(tab);
    assert_eq!(s.binding.as_ref().unwrap().proofs[0].claims["iat"], START / 1000);
}

#[test]
fn proof_of_a_wrong_clock_is_made_again_by_the_pages_server() {
    let mut s = bound(Binding { tolerance: Some(60), ..Binding::default() });
    s.set_clock(-(HOUR as i64));
    let tab = s.tab();
    s.sign_in(tab);
    assert_eq!(proofs(&s), 2);
    let call = s.refresh(tab);
    assert!(s.said(call).is_ok());
    assert_eq!(proofs(&s), 3);
}

#[test]
fn proof_that_is_refused_for_another_reason_than_the_clock_is_told() {
    for has_server in [true, false] {
        let mut s = bound(Binding::default());
        s.page_has_a_server = has_server;
        let tab = s.tab();
        s.server.always = Some(Reply::refusal(400, "invalid_dpop_proof"));
        let redirect = s.redirect(tab);
        let call = s.callback(tab, &redirect);
        assert_eq!(s.said(call), Err("token_request_failed"));
        assert_eq!((s.error(call).oauth_error(), proofs(&s)), (Some("invalid_dpop_proof"), 1));
    }
}

#[test]
fn session_whose_key_is_lost_ends_in_every_tab() {
    let (mut s, tab) = signed_in();
    s.keychain.kept.clear();
    let other = s.tab();
    assert_eq!(s.session(other), None);
    assert_eq!(s.access_token(other), Err("dpop_unavailable"));
    let call = s.refresh(other);
    assert_eq!((s.said(call), s.error(call).action().as_str()), (Err("dpop_unavailable"), "sign_in"));
    assert_eq!(s.disk().session(), None);
    s.advance(SECOND);
    assert_eq!(s.told(tab).last(), Some(&Told::SignedOut(SignOutReason::SessionEnded, Some("session_ended"))));
    assert_eq!(s.server.refreshes(), 0);
    s.sign_in(other);
    assert!(s.access_token(other).is_ok());
}

#[test]
fn key_of_another_tab_is_found_before_a_refresh() {
    let (mut s, tab) = signed_in();
    s.keychain.kept.clear();
    let other = s.tab();
    s.sign_in(other);
    s.advance(SECOND);
    let call = s.refresh(tab);
    assert!(matches!(s.said(call), Ok(Said::Session(Some(_)))), "{:?}", s.said(call));
    assert_eq!(s.session(tab), s.session(other));
}

#[test]
fn key_that_was_cleared_while_the_page_was_open_is_kept_again_by_a_login() {
    let (mut s, tab) = signed_in();
    s.keychain.kept.clear();
    s.disk().sessions.clear();
    let redirect = s.redirect(tab);
    s.leave(tab);
    let tab = s.tab();
    let call = s.callback(tab, &redirect);
    let Ok(Said::SignedIn { session, .. }) = s.said(call) else { panic!("{:?}", s.said(call)) };
    let proofs = &s.binding.as_ref().unwrap().proofs;
    assert_eq!((session.jkt.as_ref(), &proofs[0].jkt), (Some(&proofs[1].jkt), &proofs[1].jkt));
}

#[test]
fn refresh_whose_key_is_lost_meanwhile_ends_the_session() {
    let (mut s, tab) = signed_in();
    // Another tab's session, whose key went before this one could open it.
    let other = s.tab();
    s.keychain.kept.clear();
    s.leave(other);
    let third = s.tab();
    s.sign_in(third);
    s.advance(SECOND);
    s.leave(third);
    s.keychain.kept.clear();
    let call = s.refresh(tab);
    assert_eq!(s.said(call), Err("dpop_unavailable"));
    assert_eq!(s.told(tab).last(), Some(&Told::SignedOut(SignOutReason::SessionEnded, Some("dpop_unavailable"))));
    assert_eq!(s.disk().session(), None);
    assert_eq!(s.server.refreshes(), 0);
}

#[test]
fn session_from_before_dpop_gets_bound_tokens_at_once() {
    let (mut s, tab) = crate::scenario::signed_in();
    s.leave(tab);
    s.config["dpop"] = json!(true);
    s.binding = Some(Binding::default());
    let tab = s.tab();
    assert_eq!(s.server.refreshes(), 1);
    let session = s.session(tab).unwrap();
    assert!(session.jkt.is_some());
    assert!(s.disk().session().unwrap().starts_with("v=2&"));
}

#[test]
fn session_from_before_dpop_stands_where_it_is_not_refreshed() {
    let (mut s, tab) = crate::scenario::signed_in();
    s.leave(tab);
    s.config["dpop"] = json!(true);
    s.config["autoRefresh"] = json!(false);
    s.binding = Some(Binding::default());
    let tab = s.tab();
    assert_eq!((s.session(tab).unwrap().jkt, s.access_token(tab).is_ok()), (None, true));
}

#[test]
fn bound_session_is_none_where_dpop_is_switched_off_and_stays_until_somebody_signs_in() {
    let (mut s, tab) = signed_in();
    s.leave(tab);
    s.config["dpop"] = json!(false);
    s.binding = None;
    let tab = s.tab();
    assert_eq!((s.session(tab), s.access_token(tab)), (None, Err("dpop_unavailable")));
    assert!(s.disk().session().unwrap().starts_with("v=2&"));
    s.advance(2 * HOUR);
    assert!(s.disk().session().unwrap().starts_with("v=2&"));
    s.sign_in(tab);
    assert!(s.disk().session().unwrap().starts_with("v=1&"));
}

#[test]
fn bound_tokens_that_another_tab_tells_are_not_taken_by_one_without_dpop() {
    let (mut s, tab) = crate::scenario::signed_in();
    s.config["dpop"] = json!(true);
    s.binding = Some(Binding::default());
    let bound = s.tab();
    assert!(s.session(bound).unwrap().jkt.is_some());
    s.advance(SECOND);
    s.recover(tab);
    assert_eq!(s.session(tab).unwrap().jkt, None);
    assert!(s.access_token(tab).is_ok());
    s.advance(2 * HOUR);
    assert!(s.session(bound).unwrap().jkt.is_some(), "and not overwritten");
}

#[test]
fn tabs_with_one_key_share_a_refresh() {
    let (mut s, tab) = signed_in();
    let other = s.tab();
    let calls = [s.refresh(tab), s.refresh(other)];
    s.advance(SECOND);
    assert!(calls.iter().all(|call| s.said(*call).is_ok()));
    assert_eq!((s.keychain.kept.len(), s.session(tab)), (1, s.session(other)));
    assert!(s.server.refreshes() <= 2);
    s.advance(3 * HOUR);
    assert!(s.access_token(tab).is_ok() && s.access_token(other).is_ok());
}

#[test]
fn client_on_a_host_without_keys_does_not_open() {
    let mut s = bound(Binding::default());
    s.keychain.is_broken = true;
    assert_eq!(s.try_tab(None).1, Err("dpop_unavailable"));
    s.config["storage"] = json!("session");
    assert_eq!(s.try_tab(None).1, Err("dpop_unavailable"));
}

#[test]
fn key_in_memory_does_for_a_session_in_memory_and_binds_no_code() {
    let mut s = bound(Binding::default());
    s.keychain.is_broken = true;
    s.config["storage"] = json!("memory");
    let tab = s.tab();
    let (url, _) = s.login_url(tab);
    assert!(!url.contains("dpop_jkt"), "the code may come to another page, with another key");
    let redirect = s.server.authorize(&url);
    let call = s.callback(tab, &redirect);
    assert!(matches!(s.said(call), Ok(Said::SignedIn { session, .. }) if session.jkt.is_some()));
}

#[test]
fn close_while_the_key_is_being_opened_or_a_proof_signed_is_the_end() {
    let (mut s, tab) = signed_in();
    let redirect = s.redirect(tab);
    let now = s.now();
    let entropy_op = {
        let machine = s.machine(tab);
        machine.command(9_999, now).unwrap().refresh(9_999);
        let mut last = 0;
        while let Some(output) = machine.poll() {
            if let pixie_auth::Output::Sign { op, .. } = output {
                last = op;
            }
        }
        last
    };
    let machine = s.machine(tab);
    machine.close(9_998);
    machine.signed(entropy_op, Err(pixie_auth::ErrorCode::DpopUnavailable.into()), now);
    machine.keyed(entropy_op, Err(pixie_auth::ErrorCode::DpopUnavailable.into()), now);
    while let Some(output) = machine.poll() {
        assert!(!matches!(output, pixie_auth::Output::Send { .. }));
    }
    drop(redirect);
}

#[test]
fn prints_of_bound_tokens_hold_no_secret() {
    let mut s = bound(Binding::with_nonce("nonce"));
    s.prints = Some(String::new());
    let tab = s.tab();
    s.sign_in(tab);
    s.refresh(tab);
    let prints = s.prints.clone().unwrap();
    assert!(prints.contains("Sign {"));
    for secret in &s.server.secrets {
        assert!(!prints.contains(secret.as_str()), "{secret} was printed");
    }
    assert!(!prints.contains("entropy 1"));
    assert!(s.server.seen.iter().any(|seen| seen.url == TOKEN));
}
