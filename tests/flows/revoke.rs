//! Revoking the session's tokens, aloud and as part of a logout.

use crate::{
    scenario::{HOUR, Pace, SECOND, Scenario, Tab, signed_in_at},
    server::{CLIENT, END_SESSION, REVOKE, Reply},
    told::{Said, Told},
};
use pixie_auth::{Asked, ErrorCode, SignOutReason};
use serde_json::json;

/// A tab in which somebody is signed in, at a server that revokes.
fn signed_in() -> (Scenario, Tab) {
    signed_in_at("revocation_endpoint", REVOKE)
}

fn script(s: &mut Scenario, reply: Reply) {
    s.server.scripted.entry(REVOKE).or_default().push_back(reply);
}

fn requests(s: &Scenario) -> Vec<(&str, &str)> {
    let asked = s.server.seen.iter().filter(|seen| seen.url == REVOKE);
    asked.map(|seen| (seen.form["token"].as_str(), seen.form["token_type_hint"].as_str())).collect()
}

const LOGOUT: Told = Told::SignedOut(SignOutReason::Logout, None);

#[test]
fn revoke_sends_the_refresh_token_then_the_access_token_and_ends_the_session_in_every_tab() {
    let (mut s, tab) = signed_in();
    let other = s.tab();
    s.told(other);
    let call = s.ask(tab, Asked::Revoke);
    s.advance(SECOND);
    assert_eq!(s.said(call), Ok(Said::Done));
    assert_eq!(requests(&s), [("refresh-1", "refresh_token"), ("access-1", "access_token")]);
    assert_eq!(s.server.seen.last().unwrap().form["client_id"], CLIENT);
    assert_eq!((s.session(tab), s.session(other), s.disk().session()), (None, None, None));
    assert_eq!((s.told(tab), s.told(other)), (vec![LOGOUT], vec![LOGOUT]));
    assert_eq!(s.access_token(tab), Err("no_session"));
}

#[test]
fn revoke_without_a_refresh_token_sends_the_access_token() {
    let mut s = Scenario::new();
    s.server.metadata["revocation_endpoint"] = json!(REVOKE);
    s.server.gives_refresh_token = false;
    let tab = s.tab();
    s.sign_in(tab);
    let call = s.ask(tab, Asked::Revoke);
    assert_eq!(s.said(call), Ok(Said::Done));
    assert_eq!(requests(&s), [("access-1", "access_token")]);
}

#[test]
fn revoke_at_a_server_that_cannot_revoke_access_tokens_is_good() {
    let (mut s, tab) = signed_in();
    script(&mut s, Reply::answer(200, ""));
    script(&mut s, Reply::refusal(400, "unsupported_token_type"));
    let call = s.ask(tab, Asked::Revoke);
    assert_eq!(s.said(call), Ok(Said::Done));
    assert_eq!(s.session(tab), None);
}

#[test]
fn revoke_that_fails_leaves_the_session_and_may_be_called_again() {
    for (reply, code) in [
        (Reply::NoConnection, "network"),
        (Reply::AnswerLost, "network"),
        (Reply::Silence, "timeout"),
        (Reply::answer(503, ""), "server_unavailable"),
        (Reply::answer(429, "").after("3"), "rate_limited"),
        (Reply::refusal(400, "invalid_client"), "token_request_failed"),
        (Reply::refusal(400, "unsupported_token_type"), "token_request_failed"),
    ] {
        for step in [0, 1] {
            let (mut s, tab) = signed_in();
            if step == 1 {
                if matches!(&reply, Reply::Answer { body, .. } if body.contains("unsupported")) {
                    continue;
                }
                script(&mut s, Reply::answer(200, ""));
            }
            script(&mut s, reply.clone());
            let call = s.ask(tab, Asked::Revoke);
            s.advance(16 * SECOND);
            assert_eq!(s.said(call), Err(code), "{step}");
            assert!(s.session(tab).is_some() && s.told(tab).is_empty(), "{step} {code}");
            let call = s.ask(tab, Asked::Revoke);
            assert_eq!(s.said(call), Ok(Said::Done), "{step} {code}");
            assert_eq!(s.told(tab), [LOGOUT]);
        }
    }
}

#[test]
fn revoke_without_an_endpoint_or_a_session_is_refused() {
    let (mut s, tab) = crate::scenario::signed_in();
    let call = s.ask(tab, Asked::Revoke);
    let error = s.error(call);
    assert_eq!((error.code(), error.subject()), (ErrorCode::MetadataInvalid, "revocation_endpoint"));
    assert!(s.session(tab).is_some());

    let (mut s, tab) = signed_in();
    s.logout(tab, true);
    let call = s.ask(tab, Asked::Revoke);
    assert_eq!(s.said(call), Err("no_session"));
}

#[test]
fn revoke_that_a_refresh_overtakes_revokes_what_it_brought() {
    let (mut s, tab) = signed_in();
    s.network = Pace::Held;
    let call = s.ask(tab, Asked::Revoke);
    s.network = Pace::AtOnce;
    // The server has not heard of it yet, as far as this refresh is concerned.
    s.server.reinstate_everything();
    s.refresh(tab);
    s.advance(SECOND);
    assert_eq!(s.session(tab).unwrap().access_token, "access-2");
    s.let_go(0);
    s.advance(SECOND);
    assert_eq!(s.said(call), Ok(Said::Done));
    let expected = [("refresh-1", "refresh_token"), ("refresh-2", "refresh_token"), ("access-2", "access_token")];
    assert_eq!(requests(&s), expected);
    assert_eq!(s.session(tab), None);
}

#[test]
fn revoke_that_a_logout_overtakes_is_done() {
    let (mut s, tab) = signed_in();
    s.network = Pace::Held;
    let call = s.ask(tab, Asked::Revoke);
    s.network = Pace::AtOnce;
    s.logout(tab, true);
    s.let_go_forwards();
    s.advance(SECOND);
    assert_eq!(s.said(call), Ok(Said::Done));
    assert_eq!(s.told(tab), [LOGOUT]);
}

#[test]
fn revoke_that_a_new_login_overtakes_leaves_it() {
    let (mut s, tab) = signed_in();
    s.network = Pace::Held;
    let call = s.ask(tab, Asked::Revoke);
    s.network = Pace::AtOnce;
    s.advance(SECOND);
    let newest = s.sign_in(tab);
    s.let_go_forwards();
    s.advance(SECOND);
    assert_eq!(s.said(call), Ok(Said::Done));
    assert_eq!(s.session(tab), Some(newest));
    assert_eq!(requests(&s), [("refresh-1", "refresh_token"), ("access-1", "access_token")]);
}

#[test]
fn two_revocations_at_once_end_one_session() {
    let (mut s, tab) = signed_in();
    s.network = Pace::After(SECOND);
    let calls = [s.ask(tab, Asked::Revoke), s.ask(tab, Asked::Revoke)];
    s.advance(5 * SECOND);
    for call in calls {
        assert_eq!(s.said(call), Ok(Said::Done));
    }
    assert_eq!(s.told(tab), [LOGOUT]);
}

// ── As part of a logout ─────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn logout_revokes_the_refresh_token_before_the_page_is_left_and_does_not_wait() {
    for local in [true, false] {
        for reply in [Reply::answer(200, ""), Reply::NoConnection, Reply::Silence, Reply::answer(503, "")] {
            let (mut s, tab) = signed_in();
            script(&mut s, reply);
            s.journal(tab);
            let call = s.logout(tab, local);
            assert_eq!(url(s.said(call).unwrap()).is_none(), local);
            assert_eq!(requests(&s), [("refresh-1", "refresh_token")]);
            assert_eq!(s.journal(tab)[0], format!("send {REVOKE}"));
            s.advance(HOUR);
            assert_eq!(requests(&s).len(), 1);
            assert_eq!(s.session(tab), None);
        }
    }
}

fn url(said: Said) -> Option<String> {
    match said {
        Said::LogoutUrl(url) => url.inspect(|url| assert!(url.starts_with(END_SESSION))),
        other => panic!("{other:?}"),
    }
}

#[test]
fn logout_without_a_refresh_token_revokes_the_access_token() {
    let mut s = Scenario::new();
    s.server.metadata["revocation_endpoint"] = json!(REVOKE);
    s.server.gives_refresh_token = false;
    let tab = s.tab();
    s.sign_in(tab);
    s.logout(tab, true);
    assert_eq!(requests(&s), [("access-1", "access_token")]);
}

#[test]
fn logout_without_a_session_revokes_nothing() {
    let (mut s, tab) = signed_in();
    s.logout(tab, true);
    s.logout(tab, true);
    assert_eq!(requests(&s).len(), 1);
}

#[test]
fn logout_and_close_leave_a_request_that_outlives_the_page() {
    let (mut s, tab) = signed_in();
    let entropy = s.entropy();
    let now = s.now();
    let machine = s.machine(tab);
    machine.command(900, now).unwrap().logout(900, false, true, None, &entropy);
    machine.close(901);
    let mut outlives = Vec::new();
    while let Some(output) = machine.poll() {
        if let pixie_auth::Output::Send { request, .. } = output {
            outlives.push((request.url.clone(), request.outlives_page));
        }
    }
    assert_eq!(outlives, [(String::from(REVOKE), true)]);
}
