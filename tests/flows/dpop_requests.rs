//! Which requests carry a proof of the key, and which answers have one made again (RFC 9449 §5 to §9).

use crate::{
    bound::Binding,
    scenario::{MINUTE, Pace, SECOND, Scenario, Tab},
    server::{AUTHORIZE, PAR, REVOKE, Reply, Seen, TOKEN, USERINFO},
    told::Said,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pixie_auth::Asked;
use serde_json::json;
use sha2::{Digest, Sha256};

/// A tab whose tokens are bound, at a server with every endpoint.
fn signed_in_with(binding: Binding) -> (Scenario, Tab) {
    let mut s = Scenario::new();
    s.config["dpop"] = json!(true);
    s.binding = Some(binding);
    s.server.metadata["userinfo_endpoint"] = json!(USERINFO);
    s.server.metadata["revocation_endpoint"] = json!(REVOKE);
    let tab = s.tab();
    s.sign_in(tab);
    (s, tab)
}

fn signed_in() -> (Scenario, Tab) {
    signed_in_with(Binding::default())
}

fn sent_to<'a>(s: &'a Scenario, url: &str) -> Vec<&'a Seen> {
    s.server.seen.iter().filter(|seen| seen.url == url).collect()
}

fn user_info(s: &mut Scenario, tab: Tab) -> Result<Said, &'static str> {
    let call = s.ask(tab, Asked::UserInfo);
    s.advance(SECOND);
    s.said(call)
}

#[test]
fn resource_is_asked_with_a_bound_token_and_a_proof_of_that_very_token() {
    let (mut s, tab) = signed_in();
    assert!(user_info(&mut s, tab).is_ok());
    let [seen] = sent_to(&s, USERINFO)[..] else { panic!("asked once") };
    assert_eq!(seen.authorization.as_deref(), Some("DPoP access-1"));
    let proof = seen.proof.as_ref().unwrap();
    assert_eq!((proof.says("htm"), proof.says("htu")), ("GET", USERINFO));
    assert_eq!(proof.says("ath"), URL_SAFE_NO_PAD.encode(Sha256::digest("access-1")));
    assert_eq!(proof.jkt, s.binding.as_ref().unwrap().proofs[0].jkt);
}

#[test]
fn resource_is_asked_without_a_proof_where_the_token_is_from_before_dpop() {
    let mut s = Scenario::new();
    s.server.metadata["userinfo_endpoint"] = json!(USERINFO);
    let tab = s.tab();
    s.sign_in(tab);
    s.leave(tab);
    s.config["dpop"] = json!(true);
    s.config["autoRefresh"] = json!(false);
    s.binding = Some(Binding::default());
    let tab = s.tab();
    assert!(user_info(&mut s, tab).is_ok());
    let [seen] = sent_to(&s, USERINFO)[..] else { panic!("asked once") };
    assert_eq!((seen.authorization.as_deref(), seen.proof.is_none()), (Some("Bearer access-1"), true));
}

#[test]
fn revocation_carries_no_proof() {
    let (mut s, tab) = signed_in();
    let call = s.ask(tab, Asked::Revoke);
    s.advance(SECOND);
    assert_eq!(s.said(call), Ok(Said::Done));
    let seen = sent_to(&s, REVOKE);
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|seen| seen.proof.is_none() && seen.authorization.is_none()));
}

#[test]
fn pushed_request_carries_a_proof_where_the_key_lasts_until_the_code_comes_back() {
    for lasts in [true, false] {
        let mut s = Scenario::new();
        s.config["dpop"] = json!(true);
        s.binding = Some(Binding::default());
        s.server.metadata["pushed_authorization_request_endpoint"] = json!(PAR);
        if !lasts {
            s.keychain.is_broken = true;
            s.config["storage"] = json!("memory");
        }
        let tab = s.tab();
        let (url, _) = s.login_url(tab);
        assert!(url.starts_with(AUTHORIZE));
        let [seen] = sent_to(&s, PAR)[..] else { panic!("pushed once") };
        assert_eq!(seen.proof.as_ref().map(|proof| proof.says("htu")), lasts.then_some(PAR));
    }
}

#[test]
fn nonces_of_a_resource_and_of_the_token_endpoint_are_kept_apart() {
    let (mut s, tab) =
        signed_in_with(Binding { resource_nonce: Some("resource".into()), ..Binding::with_nonce("token") });
    s.server.scripted.entry(USERINFO).or_default().push_back(Reply::answer(401, ""));
    assert!(user_info(&mut s, tab).is_ok());
    let nonces: Vec<_> = sent_to(&s, USERINFO).iter().map(|seen| seen.proof.as_ref().unwrap().says("nonce")).collect();
    assert_eq!((nonces, s.server.refreshes()), (vec!["", "resource"], 0));
    let before = s.binding.as_ref().unwrap().proofs.len();
    let call = s.refresh(tab);
    s.advance(SECOND);
    assert!(s.said(call).is_ok());
    let proofs = &s.binding.as_ref().unwrap().proofs[before..];
    assert_eq!(proofs.iter().map(|proof| proof.says("nonce")).collect::<Vec<_>>(), ["token"]);
}

#[test]
fn resource_that_answers_well_with_a_new_nonce_is_not_asked_again() {
    let (mut s, tab) = signed_in_with(Binding { resource_nonce: Some("new".into()), ..Binding::default() });
    assert!(user_info(&mut s, tab).is_ok());
    assert_eq!(sent_to(&s, USERINFO).len(), 1);
}

#[test]
fn refusal_of_the_token_endpoint_that_shows_a_new_nonce_and_asks_for_none_stands() {
    let (mut s, tab) = signed_in();
    s.binding.as_mut().unwrap().shows_nonce_only = Some("shown".into());
    for status in [400, 401] {
        let before = sent_to(&s, TOKEN).len();
        s.server.next.push_back(Reply::refusal(status, "invalid_client"));
        let call = s.refresh(tab);
        s.advance(SECOND);
        assert!(s.said(call).is_err());
        assert_eq!(sent_to(&s, TOKEN).len(), before + 1, "{status}");
        s.advance(5 * MINUTE);
    }
}

#[test]
fn proof_that_is_signed_when_its_turn_is_over_sends_nothing() {
    let (mut s, tab) = signed_in();
    let other = s.tab();
    s.cryptography = Pace::Held;
    s.refresh(tab);
    assert_eq!((s.held(), s.server.refreshes()), (1, 0));
    s.take_over(other);
    assert_eq!(s.server.refreshes(), 1);
    // Back again, it has a turn of its own, in which it waits for another proof.
    s.wake(tab);
    s.cryptography = Pace::Held;
    s.refresh(tab);
    s.advance(SECOND);
    assert_eq!((s.held(), s.server.refreshes()), (2, 1));
    s.let_go(0);
    s.advance(SECOND);
    assert_eq!(s.server.refreshes(), 1);
    s.let_go(0);
    s.advance(SECOND);
    assert_eq!(s.server.refreshes(), 2);
}
