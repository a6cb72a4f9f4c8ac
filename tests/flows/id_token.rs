//! The ID token that comes with the code's answer.

use crate::{
    scenario::{START, Scenario},
    told::Said,
};
use serde_json::{Value, json};

/// Ends a login whose ID token has one claim changed.
fn with_claim(name: &'static str, value: Value) -> Result<(), &'static str> {
    let mut s = Scenario::new();
    s.server.edit_claims = Some(Box::new(move |claims| claims[name] = value.clone()));
    let tab = s.tab();
    let redirect = s.redirect(tab);
    let call = s.callback(tab, &redirect);
    match s.said(call) {
        Ok(Said::SignedIn { .. }) => Ok(()),
        Ok(other) => panic!("{other:?}"),
        Err(code) => {
            assert_eq!((s.session(tab), s.disk().session()), (None, None));
            let again = s.callback(tab, &redirect);
            assert_eq!(s.said(again), Err(code));
            assert_eq!(s.server.exchanges(), 1);
            Err(code)
        }
    }
}

/// Ends a login whose token response carries this ID token.
fn with_id_token(scope: &str, id_token: Value) -> Result<Said, &'static str> {
    let mut s = Scenario::new();
    s.config["scope"] = json!(scope);
    s.server.edit_tokens = Some(Box::new(move |body| body["id_token"] = id_token.clone()));
    let tab = s.tab();
    let redirect = s.redirect(tab);
    let call = s.callback(tab, &redirect);
    s.said(call)
}

#[test]
fn id_token_with_one_claim_wrong_is_refused_for_it() {
    let now = START / 1000;
    for (name, value, code) in [
        ("iss", json!("https://evil.example"), "id_token_issuer"),
        ("iss", json!("https://as.example/"), "id_token_issuer"),
        ("iss", json!(null), "id_token_malformed"),
        ("aud", json!("another-spa"), "id_token_audience"),
        ("aud", json!(["another-spa", "third"]), "id_token_audience"),
        ("aud", json!([]), "id_token_audience"),
        ("aud", json!(null), "id_token_malformed"),
        ("exp", json!(now - 5), "id_token_expired"),
        ("exp", json!(0), "id_token_expired"),
        ("exp", json!("never"), "id_token_malformed"),
        ("iat", json!(null), "id_token_malformed"),
        ("iat", json!(now + 306), "id_token_issued_at"),
        ("aud", json!(["third", "notes-spa"]), "id_token_authorized_party"),
        ("azp", json!("third"), "id_token_authorized_party"),
        ("sub", json!(""), "id_token_malformed"),
        ("sub", json!(null), "id_token_malformed"),
        ("nonce", json!("another login's"), "id_token_nonce"),
        ("nonce", json!(""), "id_token_nonce"),
        ("nonce", json!(null), "id_token_nonce"),
    ] {
        assert_eq!(with_claim(name, value.clone()), Err(code), "{name}: {value}");
    }
}

#[test]
fn id_token_as_servers_in_the_field_write_it_is_borne() {
    let now = START / 1000;
    for (name, value) in [
        ("aud", json!(["notes-spa"])),
        ("exp", json!(now - 4)),
        ("exp", json!(now as f64 + 0.5)),
        ("iat", json!(now + 100)),
        ("azp", json!("notes-spa")),
        ("sid", json!({ "unexpected": [] })),
    ] {
        assert_eq!(with_claim(name, value.clone()), Ok(()), "{name}: {value}");
    }
}

#[test]
fn id_token_expiry_is_borne_within_the_tolerance_that_was_configured() {
    for (tolerance, code) in [(json!(60), None), (json!(0), Some("id_token_expired"))] {
        let mut s = Scenario::new();
        s.config["clockTolerance"] = tolerance;
        s.server.edit_claims = Some(Box::new(|claims| claims["exp"] = json!(START / 1000 - 2)));
        let tab = s.tab();
        let redirect = s.redirect(tab);
        let call = s.callback(tab, &redirect);
        assert_eq!(s.said(call).err(), code);
    }
}

#[test]
fn id_token_that_is_missing_is_refused_where_openid_was_asked_for() {
    for id_token in [json!(null), json!(""), json!(7)] {
        assert_eq!(with_id_token("profile openid", id_token), Err("id_token_missing"));
    }
}

#[test]
fn id_token_is_not_missed_where_openid_was_not_asked_for() {
    for scope in ["notes:read", "openidish"] {
        let said = with_id_token(scope, json!(null));
        let Ok(Said::SignedIn { session, .. }) = said else { panic!("{said:?}") };
        assert_eq!((session.claims, session.id_token), (None, None));
    }
}

#[test]
fn id_token_that_cannot_be_read_is_malformed() {
    for id_token in [
        "x",
        "a.b",
        "a.b.c",
        "a.e30.b.c",
        "eyJhbGciOiJSUzI1NiJ9.bnVsbA.e30",
        "W10.e30.e30",
        "eyJhbGciOiJSUzI1NiJ9._w.e30",
    ] {
        assert_eq!(with_id_token("openid", json!(id_token)), Err("id_token_malformed"), "{id_token}");
    }
}

#[test]
fn id_token_of_another_login_of_the_same_user_is_refused_for_its_nonce() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let first = s.sign_in(tab).id_token.unwrap();
    s.server.edit_tokens = Some(Box::new(move |body| body["id_token"] = json!(first)));
    let redirect = s.redirect(tab);
    let call = s.callback(tab, &redirect);
    assert_eq!(s.said(call), Err("id_token_nonce"));
    assert_eq!(s.access_token(tab), Ok("access-1".into()), "the session that was there stands");
}
