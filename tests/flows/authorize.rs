//! `fetch`: which requests carry the token, and what becomes of those that are refused.

use crate::{
    bound::{Binding, Proof},
    scenario::{Call, HOUR, Pace, SECOND, START, Scenario, Tab},
    server::Reply,
    told::{Carried, Said},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pixie_auth::core::machines::seldom::Asked;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const API: &str = "https://api.example/notes?page=1";

fn signed_in() -> (Scenario, Tab) {
    let mut s = Scenario::new();
    s.config["allowedOrigins"] = json!(["https://api.example"]);
    let tab = s.tab();
    s.sign_in(tab);
    (s, tab)
}

fn signed_in_with_a_key() -> (Scenario, Tab) {
    let mut s = Scenario::new();
    s.config["allowedOrigins"] = json!(["https://api.example"]);
    s.config["dpop"] = json!(true);
    s.binding = Some(Binding::default());
    let tab = s.tab();
    s.sign_in(tab);
    (s, tab)
}

fn request() -> Value {
    json!({ "url": API, "method": "GET", "page": "https://app.example", "replayable": true })
}

fn ask(s: &mut Scenario, tab: Tab, request: &Value) -> Call {
    let request = Asked::authorize(request);
    s.call(tab, |machine, caller| machine.ask(caller, request))
}

/// What it is to carry, if anything.
fn authorize(s: &mut Scenario, tab: Tab, request: &Value) -> Result<Option<Carried>, &'static str> {
    let call = ask(s, tab, request);
    match s.said(call)? {
        Said::Authorized(carried) => Ok(Some(carried)),
        Said::Done => Ok(None),
        other => panic!("{other:?}"),
    }
}

/// The same request with the last try's answer.
fn answered(carried: &Carried, status: u16, nonce: Option<&str>) -> Value {
    let mut request = request();
    request["status"] = json!(status);
    request["nonce"] = json!(nonce);
    request["authorization"] = json!(carried.authorization);
    request["sent"] = json!(carried.nonce);
    request["step"] = json!(carried.step);
    request
}

fn first(s: &mut Scenario, tab: Tab) -> Carried {
    authorize(s, tab, &request()).unwrap().unwrap()
}

#[test]
fn request_to_an_allowed_origin_carries_the_token() {
    let (mut s, tab) = signed_in();
    let Carried { authorization, proof, nonce, .. } = first(&mut s, tab);
    assert_eq!((authorization.as_str(), proof, nonce), ("Bearer access-1", None, None));
}

#[test]
fn request_to_another_origin_is_refused_before_anything_else() {
    let (mut s, tab) = signed_in();
    for url in [
        "https://app.example/",
        "http://api.example/notes",
        "https://api.example:8443/",
        "https://api.example.evil.example/",
        "https://evil.example/?https://api.example/",
        "https://api.example@evil.example/",
        "https://evil.example#https://api.example",
        "data:text/plain,x",
        "/notes",
        "",
    ] {
        let mut request = request();
        request["url"] = json!(url);
        let call = ask(&mut s, tab, &request);
        assert_eq!(s.said(call), Err("origin_not_allowed"), "{url}");
    }
    let call = s.logout(tab, true);
    assert!(s.said(call).is_ok());
    let call = ask(&mut s, tab, &request());
    assert_eq!(s.said(call), Err("no_session"));
}

#[test]
fn request_to_the_pages_own_origin_is_allowed_where_none_is_named() {
    let (mut s, tab) = crate::scenario::signed_in();
    let with = |url: &str, page: Value| {
        let mut request = request();
        (request["url"], request["page"]) = (json!(url), page);
        request
    };
    for (url, page, is_allowed) in [
        ("https://app.example/notes", json!("https://app.example"), true),
        (API, json!("https://app.example"), false),
        (API, json!(null), false),
        ("https://app.example/", json!("null"), false),
        ("", json!(""), false),
    ] {
        let answer = authorize(&mut s, tab, &with(url, page.clone()));
        assert_eq!(
            answer.map(|carried| carried.is_some()),
            if is_allowed { Ok(true) } else { Err("origin_not_allowed") },
            "{url} {page}"
        );
    }
}

#[test]
fn request_with_a_token_that_has_run_out_waits_for_a_new_one() {
    let (mut s, tab) = signed_in();
    s.auto_refresh(tab, false);
    s.advance(2 * HOUR);
    assert_eq!(first(&mut s, tab).authorization, "Bearer access-2");
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn answer_that_is_no_401_stands() {
    let (mut s, tab) = signed_in();
    let carried = first(&mut s, tab);
    for status in [200, 400, 403, 500] {
        assert_eq!(authorize(&mut s, tab, &answered(&carried, status, None)), Ok(None), "{status}");
    }
    assert_eq!(s.server.refreshes(), 0);
}

#[test]
fn token_that_is_refused_is_renewed_once_and_the_request_sent_again_once() {
    let (mut s, tab) = signed_in();
    let carried = first(&mut s, tab);
    let again = authorize(&mut s, tab, &answered(&carried, 401, None)).unwrap().unwrap();
    assert_eq!((again.authorization.as_str(), s.server.refreshes()), ("Bearer access-2", 1));
    assert_eq!(authorize(&mut s, tab, &answered(&again, 401, None)), Ok(None));
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn token_that_was_renewed_meanwhile_is_sent_without_another_refresh() {
    let (mut s, tab) = signed_in();
    let requests = [first(&mut s, tab), first(&mut s, tab), first(&mut s, tab)];
    s.network = Pace::Held;
    let calls = requests.clone().map(|carried| ask(&mut s, tab, &answered(&carried, 401, None)));
    s.network = Pace::AtOnce;
    s.let_go_forwards();
    for call in calls {
        assert!(matches!(s.said(call), Ok(Said::Authorized(carried)) if carried.authorization == "Bearer access-2"));
    }
    let late = authorize(&mut s, tab, &answered(&requests[0], 401, None)).unwrap().unwrap();
    assert_eq!((late.authorization.as_str(), s.server.refreshes()), ("Bearer access-2", 1));
}

#[test]
fn token_of_another_login_is_not_sent_in_the_place_of_one_that_is_refused() {
    let (mut s, tab) = signed_in();
    let carried = first(&mut s, tab);
    s.advance(SECOND);
    s.sign_in(tab);
    assert_eq!(authorize(&mut s, tab, &answered(&carried, 401, None)), Ok(None));
    assert_eq!(s.server.refreshes(), 0);
}

#[test]
fn token_that_cannot_be_renewed_leaves_the_answer_as_it_is() {
    let mut s = Scenario::new();
    s.config["allowedOrigins"] = json!("https://api.example");
    s.server.gives_refresh_token = false;
    let tab = s.tab();
    s.sign_in(tab);
    let carried = first(&mut s, tab);
    assert_eq!(authorize(&mut s, tab, &answered(&carried, 401, None)), Ok(None));
}

#[test]
fn refresh_that_fails_after_a_401_is_what_the_caller_is_told() {
    let (mut s, tab) = signed_in();
    let carried = first(&mut s, tab);
    s.server.next.push_back(Reply::NoConnection);
    assert_eq!(authorize(&mut s, tab, &answered(&carried, 401, None)), Err("network"));
    s.advance(10 * SECOND);
    s.server.revoke_everything();
    let carried = first(&mut s, tab);
    assert_eq!(authorize(&mut s, tab, &answered(&carried, 401, None)), Err("session_ended"));
}

#[test]
fn body_that_cannot_be_sent_again_fails_after_the_token_was_renewed() {
    let (mut s, tab) = signed_in();
    let with = |mut request: Value| {
        request["replayable"] = json!(false);
        request
    };
    let carried = authorize(&mut s, tab, &with(request())).unwrap().unwrap();
    assert_eq!(authorize(&mut s, tab, &with(answered(&carried, 200, None))), Ok(None));
    assert_eq!(authorize(&mut s, tab, &with(answered(&carried, 401, None))), Err("body_not_replayable"));
    assert_eq!(s.server.refreshes(), 1);
    assert_eq!(first(&mut s, tab).authorization, "Bearer access-2");
}

#[test]
fn answer_of_another_origin_says_nothing_about_the_token() {
    let (mut s, tab) = signed_in_with_a_key();
    let carried = first(&mut s, tab);
    let mut led = answered(&carried, 401, Some("evil"));
    led["at"] = json!("https://evil.example/notes");
    assert_eq!(authorize(&mut s, tab, &led), Ok(None));
    assert_eq!((first(&mut s, tab).nonce, s.server.refreshes()), (None, 0));
    led["at"] = json!("https://api.example/elsewhere");
    assert_eq!(authorize(&mut s, tab, &led).unwrap().unwrap().nonce.as_deref(), Some("evil"));
}

#[test]
fn bound_token_goes_with_a_proof_of_its_own() {
    let (mut s, tab) = signed_in_with_a_key();
    let carried = first(&mut s, tab);
    assert_eq!(carried.authorization, "DPoP access-1");
    let proof = Proof::read(&carried.proof.unwrap());
    assert_eq!((proof.says("htm"), proof.says("htu")), ("GET", "https://api.example/notes"));
    assert_eq!(proof.says("ath"), URL_SAFE_NO_PAD.encode(Sha256::digest("access-1")));
    assert_eq!(proof.claims["iat"], START / 1000);
    let jtis = [proof.says("jti").to_owned(), Proof::read(&first(&mut s, tab).proof.unwrap()).says("jti").to_owned()];
    assert_ne!(jtis[0], jtis[1]);
}

#[test]
fn nonce_of_a_resource_is_sent_once_more_and_from_then_on_to_its_origin() {
    let (mut s, tab) = signed_in_with_a_key();
    let carried = first(&mut s, tab);
    let again = authorize(&mut s, tab, &answered(&carried, 401, Some("n1"))).unwrap().unwrap();
    assert_eq!((again.nonce.as_deref(), s.server.refreshes()), (Some("n1"), 0));
    assert_eq!(Proof::read(again.proof.as_ref().unwrap()).says("nonce"), "n1");
    // Another that was under way without it, and is refused for the same nonce.
    let other = authorize(&mut s, tab, &answered(&carried, 401, Some("n1"))).unwrap().unwrap();
    assert_eq!((other.nonce.as_deref(), s.server.refreshes()), (Some("n1"), 0));
    assert_eq!(first(&mut s, tab).nonce.as_deref(), Some("n1"));
    // A new one may come with any answer.
    assert_eq!(authorize(&mut s, tab, &answered(&again, 200, Some("n2"))), Ok(None));
    assert_eq!(first(&mut s, tab).nonce.as_deref(), Some("n2"));
}

#[test]
fn refusal_with_the_nonce_that_was_sent_is_the_tokens() {
    let (mut s, tab) = signed_in_with_a_key();
    let carried = first(&mut s, tab);
    let second = authorize(&mut s, tab, &answered(&carried, 401, Some("n1"))).unwrap().unwrap();
    let third = authorize(&mut s, tab, &answered(&second, 401, Some("n1"))).unwrap().unwrap();
    assert_eq!((third.authorization.as_str(), s.server.refreshes()), ("DPoP access-2", 1));
    assert_eq!(authorize(&mut s, tab, &answered(&third, 401, Some("n2"))), Ok(None), "three tries and not more");
    assert_eq!(s.server.refreshes(), 1);
}

#[test]
fn nonce_is_nothing_to_a_bearer_token() {
    let (mut s, tab) = signed_in();
    let carried = first(&mut s, tab);
    let again = authorize(&mut s, tab, &answered(&carried, 401, Some("n1"))).unwrap().unwrap();
    assert_eq!((again.nonce, s.server.refreshes()), (None, 1));
}

#[test]
fn key_that_is_lost_ends_the_session_at_the_next_request() {
    let (mut s, tab) = signed_in_with_a_key();
    s.keychain.kept.clear();
    let other = s.tab();
    s.sign_in(other);
    s.advance(SECOND);
    // It is found again, as the other tab's.
    assert_eq!(first(&mut s, tab).authorization, "DPoP access-2");
    s.keychain.kept.clear();
    s.leave(other);
    let third = s.tab();
    s.sign_in(third);
    s.advance(SECOND);
    s.keychain.kept.clear();
    let call = ask(&mut s, tab, &request());
    assert_eq!(s.said(call), Err("dpop_unavailable"));
}
