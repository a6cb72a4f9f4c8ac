//! The signature of an ID token: which key, what the host says of it, and what becomes of a login or a refresh whose keys
//! cannot be had.

use crate::{
    scenario::{HOUR, MINUTE, Pace, SECOND, Scenario, Tab, signed_in},
    server::{KEYS, Reply, rsa_key},
    told::{Said, Told},
};
use pixie_auth::core::machines::io::Verdict;
use serde_json::{Value, json};

const fn good() -> Verdict {
    Verdict::Good { at_hash: None, c_hash: None }
}

/// A login whose redirect is there.
fn at_callback() -> (Scenario, Tab, String) {
    let mut s = Scenario::new();
    let tab = s.tab();
    let redirect = s.redirect(tab);
    (s, tab, redirect)
}

fn outcome(s: &mut Scenario, tab: Tab, redirect: &str) -> Result<(), &'static str> {
    let call = s.callback(tab, redirect);
    s.said(call).map(|said| assert!(matches!(said, Said::SignedIn { .. }), "{said:?}"))
}

// ── The keys ────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn keys_are_fetched_when_they_are_first_needed_and_kept() {
    let (mut s, tab, redirect) = at_callback();
    assert_eq!(s.server.key_requests, (0, 0));
    assert_eq!(outcome(&mut s, tab, &redirect), Ok(()));
    assert_eq!(s.server.key_requests, (1, 0));
    s.advance(5 * HOUR);
    assert_eq!((s.server.refreshes(), s.verified.len(), s.server.key_requests), (5, 6, (1, 0)));
}

#[test]
fn host_is_asked_about_the_token_as_it_came_and_the_key_that_it_names() {
    let (mut s, tab, redirect) = at_callback();
    s.server.keys = json!([rsa_key("0"), rsa_key("1"), rsa_key("2")]);
    assert_eq!(outcome(&mut s, tab, &redirect), Ok(()));
    let id_token = s.session(tab).unwrap().id_token.unwrap();
    let [signature] = &s.verified[..] else { panic!("{:?}", s.verified) };
    assert_eq!((&*signature.token, signature.algorithm), (&*id_token, "RS256"));
    assert_eq!(signature.key, rsa_key("1"));
}

#[test]
fn redirects_of_two_logins_at_once_are_each_verified_and_answered() {
    for network in [Pace::AtOnce, Pace::Held] {
        let (mut s, tab, first) = at_callback();
        let second = s.redirect(tab);
        s.network = network;
        let calls = [s.callback(tab, &first), s.callback(tab, &second)];
        // Answers come one by one: the code's, then the keys'.
        s.let_go_forwards();
        for call in calls {
            assert!(matches!(s.said(call), Ok(Said::SignedIn { .. })), "{:?}", s.said(call));
        }
        assert_eq!((s.server.exchanges(), s.verified.len()), (2, 2));
    }
}

#[test]
fn token_without_kid_is_tried_with_each_key_that_fits() {
    for (verdicts, outcome_expected, asked) in [
        (vec![Verdict::Bad, good()], Ok(()), 2),
        (vec![Verdict::Unable, good()], Ok(()), 2),
        (vec![Verdict::Bad, Verdict::Bad], Err("id_token_signature"), 2),
        (vec![Verdict::Bad, Verdict::Unable], Err("id_token_signature"), 2),
        (vec![Verdict::Unable, Verdict::Bad], Err("id_token_signature"), 2),
        (vec![Verdict::Unable, Verdict::Unable], Err("id_token_algorithm"), 2),
    ] {
        let (mut s, tab, redirect) = at_callback();
        s.server.key_id = None;
        s.server.keys = json!([rsa_key("a"), { "kty": "EC" }, rsa_key("b")]);
        s.verdicts.extend(verdicts);
        // What was tried was all that there is: the keys have just been fetched past all caches.
        s.server.key_id = Some("elsewhere".into());
        let unknown = s.redirect(tab);
        assert_eq!(outcome(&mut s, tab, &unknown), Err("id_token_key_not_found"));
        s.server.key_id = None;
        assert_eq!(outcome(&mut s, tab, &redirect), outcome_expected);
        assert_eq!(s.verified.len(), asked);
    }
}

#[test]
fn token_without_kid_that_no_known_key_verifies_has_the_keys_fetched_once_more() {
    let (mut s, tab, redirect) = at_callback();
    s.server.key_id = None;
    s.verdicts.extend([Verdict::Bad, good()]);
    assert_eq!(outcome(&mut s, tab, &redirect), Ok(()));
    assert_eq!(s.server.key_requests, (2, 1));
}

#[test]
fn signature_that_is_wrong_is_refused_for_good_and_nobody_is_signed_in() {
    let (mut s, tab, redirect) = at_callback();
    s.verdicts.push_back(Verdict::Bad);
    assert_eq!(outcome(&mut s, tab, &redirect), Err("id_token_signature"));
    assert_eq!((s.session(tab), s.disk().session()), (None, None));
    assert_eq!(s.server.key_requests, (1, 0));
    assert_eq!(outcome(&mut s, tab, &redirect), Err("id_token_signature"), "again");
    let reloaded = s.tab();
    assert_eq!(outcome(&mut s, reloaded, &redirect), Err("id_token_signature"), "and after a reload");
    assert_eq!((s.server.exchanges(), s.verified.len()), (1, 1));
    assert!(s.told(tab).is_empty());
}

#[test]
fn key_that_is_unknown_is_looked_for_once_past_all_caches() {
    let (mut s, tab, redirect) = at_callback();
    outcome(&mut s, tab, &redirect).unwrap();
    // The server signs with a new key from now on.
    (s.server.key_id, s.server.keys) = (Some("2".into()), json!([rsa_key("1"), rsa_key("2")]));
    let redirect = s.redirect(tab);
    assert_eq!(outcome(&mut s, tab, &redirect), Ok(()));
    assert_eq!(s.server.key_requests, (2, 1));
}

#[test]
fn key_that_is_nowhere_is_looked_for_again_after_a_minute_and_not_before() {
    let (mut s, tab, redirect) = at_callback();
    s.server.key_id = Some("2".into());
    assert_eq!(outcome(&mut s, tab, &redirect), Err("id_token_key_not_found"));
    // What a cache may have answered first is not believed to be all.
    assert_eq!(s.server.key_requests, (2, 1));
    for (after, requests) in [(59 * SECOND, (2, 1)), (SECOND, (3, 2)), (30 * SECOND, (3, 2))] {
        s.advance(after);
        let redirect = s.redirect(tab);
        assert_eq!(outcome(&mut s, tab, &redirect), Err("id_token_key_not_found"));
        assert_eq!(s.server.key_requests, requests);
    }
    s.server.keys = json!([rsa_key("2")]);
    s.advance(MINUTE);
    let redirect = s.redirect(tab);
    assert_eq!(outcome(&mut s, tab, &redirect), Ok(()));
}

#[test]
fn clock_that_is_set_back_does_not_keep_an_unknown_key_from_being_looked_for() {
    let (mut s, tab, redirect) = at_callback();
    s.server.key_id = Some("2".into());
    assert!(outcome(&mut s, tab, &redirect).is_err());
    s.server.keys = json!([rsa_key("2")]);
    s.set_clock(-(30 * MINUTE as i64));
    let redirect = s.redirect(tab);
    assert_eq!(outcome(&mut s, tab, &redirect), Ok(()));
}

#[test]
fn server_without_jwks_uri_cannot_give_an_id_token() {
    let mut s = Scenario::new();
    s.server.metadata["jwks_uri"] = Value::Null;
    let tab = s.tab();
    let redirect = s.redirect(tab);
    assert_eq!(outcome(&mut s, tab, &redirect), Err("metadata_invalid"));
    let mut s = Scenario::new();
    s.server.metadata["jwks_uri"] = json!("http://as.example/keys");
    assert_eq!(s.try_tab(None).1, Err("metadata_invalid"));
}

#[test]
fn algorithm_that_the_server_did_not_announce_is_refused() {
    for (announced, expected) in [(json!(["RS256"]), Ok(())), (json!(["ES256", "PS256"]), Err("id_token_algorithm"))] {
        let mut s = Scenario::new();
        s.server.metadata["id_token_signing_alg_values_supported"] = announced;
        let tab = s.tab();
        let redirect = s.redirect(tab);
        assert_eq!(outcome(&mut s, tab, &redirect), expected);
    }
}

// ── Hashes ──────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn hash_is_asked_for_where_the_token_has_one_and_compared() {
    let hashes = || Verdict::Good { at_hash: Some("a".into()), c_hash: Some("c".into()) };
    for (at_hash, c_hash, expected) in [
        (json!("a"), json!("c"), Ok(())),
        (json!("a"), json!(null), Ok(())),
        (json!(null), json!("c"), Ok(())),
        (json!("b"), json!("c"), Err("id_token_hash")),
        (json!("a"), json!("b"), Err("id_token_hash")),
    ] {
        let (mut s, tab, redirect) = at_callback();
        let claimed = (at_hash.clone(), c_hash.clone());
        s.server.edit_claims = Some(Box::new(move |claims| {
            (claims["at_hash"], claims["c_hash"]) = claimed.clone();
        }));
        s.verdicts.push_back(hashes());
        assert_eq!(outcome(&mut s, tab, &redirect), expected, "{at_hash} {c_hash}");
        let [signature] = &s.verified[..] else { panic!() };
        let hashed = signature.access_token.as_deref();
        assert_eq!(hashed, (!at_hash.is_null()).then_some("access-1"));
        let hashed = signature.code.as_deref();
        assert_eq!(hashed, (!c_hash.is_null()).then_some("code-1"));
    }
}

// ── Keys that cannot be had ─────────────────────────────────────────────────────────────────────────────────────

#[test]
fn login_whose_keys_cannot_be_had_goes_on_from_there_when_it_is_tried_again() {
    for (reply, code) in [
        (Reply::NoConnection, "network"),
        (Reply::Silence, "timeout"),
        (Reply::answer(503, "<html>"), "discovery_failed"),
        (Reply::answer(200, "<html>"), "discovery_failed"),
    ] {
        let (mut s, tab, redirect) = at_callback();
        s.server.discovery.insert(KEYS.into(), reply);
        let call = s.callback(tab, &redirect);
        s.advance(20 * SECOND);
        assert_eq!(s.said(call), Err(code));
        assert_eq!((s.session(tab), s.disk().session()), (None, None));
        // Still so.
        let call = s.callback(tab, &redirect);
        s.advance(20 * SECOND);
        assert_eq!(s.said(call), Err(code));
        s.server.discovery.clear();
        assert_eq!(outcome(&mut s, tab, &redirect), Ok(()));
        assert_eq!(s.server.exchanges(), 1, "the code is spent once");
        assert!(s.access_token(tab).is_ok());
        assert_eq!(outcome(&mut s, tab, &redirect), Ok(()), "and again the same answer");
    }
}

#[test]
fn login_whose_keys_could_not_be_had_is_verified_when_they_are_there() {
    let (mut s, tab, redirect) = at_callback();
    s.server.discovery.insert(KEYS.into(), Reply::NoConnection);
    assert_eq!(outcome(&mut s, tab, &redirect), Err("network"));
    s.server.discovery.clear();
    s.verdicts.push_back(Verdict::Bad);
    assert_eq!(outcome(&mut s, tab, &redirect), Err("id_token_signature"));
    assert_eq!(s.session(tab), None);
}

#[test]
fn refresh_whose_keys_cannot_be_had_keeps_the_new_pair_and_who_was_signed_in() {
    let (mut s, tab) = signed_in();
    let before = s.session(tab).unwrap();
    let reopened = s.tab();
    s.close(tab);
    for reply in [Reply::NoConnection, Reply::answer(500, ""), Reply::answer(200, json!({ "keys": [] }))] {
        let refreshes = s.server.refreshes();
        s.server.discovery.insert(KEYS.into(), reply);
        let call = s.refresh(reopened);
        s.advance(SECOND);
        assert!(s.said(call).is_ok());
        let after = s.session(reopened).unwrap();
        assert_eq!(s.server.refreshes(), refreshes + 1);
        assert_ne!(after.access_token, before.access_token);
        assert_eq!((&after.id_token, &after.claims), (&before.id_token, &before.claims));
    }
    s.server.discovery.clear();
    s.advance(2 * MINUTE);
    s.refresh(reopened);
    assert_ne!(s.session(reopened).unwrap().id_token, before.id_token);
}

#[test]
fn refresh_with_a_wrong_signature_is_refused_and_the_session_stands() {
    let (mut s, tab) = signed_in();
    s.told(tab);
    s.verdicts.push_back(Verdict::Bad);
    let call = s.refresh(tab);
    assert_eq!(s.said(call), Err("id_token_signature"));
    assert_eq!(s.access_token(tab), Ok("access-1".into()));
    assert!(matches!(s.told(tab)[..], [Told::RefreshDelayed { error: "id_token_signature", .. }]));
}

#[test]
fn refresh_that_takes_long_to_verify_is_still_its_tabs() {
    let (mut s, tab) = signed_in();
    let other = s.tab();
    s.server.discovery.insert(KEYS.into(), Reply::Silence);
    // The keys of this tab are known; those of the other are not.
    let call = s.refresh(other);
    s.advance(10 * SECOND);
    let waiting = s.refresh(tab);
    s.advance(10 * SECOND);
    assert!(s.said(call).is_ok() && s.said(waiting).is_ok());
    assert_eq!(s.server.refreshes(), 1);
    assert_eq!(s.access_token(tab), s.access_token(other));
}

// ── Hosts without cryptography ──────────────────────────────────────────────────────────────────────────────────

#[test]
fn host_without_cryptography_verifies_nothing_where_that_is_allowed() {
    let mut s = Scenario::new();
    s.config["allowInsecure"] = json!(true);
    let tab = s.tab();
    s.machine(tab).without_signatures();
    s.server.edit_claims = Some(Box::new(|claims| claims["at_hash"] = json!("x")));
    let redirect = s.redirect(tab);
    assert_eq!(outcome(&mut s, tab, &redirect), Ok(()));
    assert_eq!((s.verified.len(), s.server.key_requests), (0, (0, 0)));
}

#[test]
fn host_without_cryptography_is_asked_all_the_same_where_that_is_not_allowed() {
    let (mut s, tab, redirect) = at_callback();
    s.machine(tab).without_signatures();
    s.verdicts.push_back(Verdict::Unable);
    assert_eq!(outcome(&mut s, tab, &redirect), Err("id_token_algorithm"));
}

// ── Verdicts that come too late ─────────────────────────────────────────────────────────────────────────────────

#[test]
fn verdict_on_a_refresh_whose_session_has_ended_meanwhile_brings_nothing_back() {
    let (mut s, tab) = signed_in();
    s.cryptography = Pace::Held;
    s.refresh(tab);
    assert_eq!((s.held(), s.server.refreshes()), (1, 1));
    let call = s.logout(tab, true);
    assert!(s.said(call).is_ok());
    s.let_go(0);
    s.advance(MINUTE);
    assert_eq!((s.session(tab), s.disk().session()), (None, None));
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn verdict_on_a_refresh_whose_turn_is_over_is_nobodys() {
    let (mut s, tab) = signed_in();
    let other = s.tab();
    s.cryptography = Pace::Held;
    s.refresh(tab);
    assert_eq!((s.held(), s.server.refreshes()), (1, 1));
    let call = s.take_over(other);
    let before = (s.said(call).is_ok(), s.disk().session().map(String::from));
    s.let_go(0);
    s.advance_without_timers(0);
    assert_eq!((s.said(call).is_ok(), s.disk().session().map(String::from)), before, "what was stored meanwhile stays");
}
