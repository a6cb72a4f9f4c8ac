//! Tokens for other resources that are not given: whom that concerns, and whom it does not.

use crate::{
    resources::{MAIL, NOTES, ask, signed_in, token_for},
    scenario::{HOUR, MINUTE, Pace, SECOND, Scenario},
    server::Reply,
    told::{Said, Told},
};
use pixie_auth::{ErrorCode, SignOutReason, core::machines::io::Verdict};
use serde_json::json;

#[test]
fn resource_without_a_session_is_no_session() {
    let mut s = Scenario::new();
    let tab = s.tab();
    let call = ask(&mut s, tab, NOTES);
    assert_eq!(s.said(call), Err("no_session"));
}

#[test]
fn resource_without_a_refresh_token_is_no_refresh_token() {
    let mut s = Scenario::new();
    s.server.gives_refresh_token = false;
    let tab = s.tab();
    s.sign_in(tab);
    let call = ask(&mut s, tab, NOTES);
    assert_eq!(s.said(call), Err("no_refresh_token"));
    assert_eq!(s.access_token(tab), Ok("access-1".into()));
}

#[test]
fn refusal_of_a_resource_or_scope_is_told_to_its_callers_alone_in_the_servers_words() {
    let (mut s, tab) = signed_in();
    s.server.resources = vec![NOTES.into(), MAIL.into()];
    s.network = Pace::After(SECOND);
    let unknown = [ask(&mut s, tab, "https://x.example"), ask(&mut s, tab, "https://x.example")];
    let beyond = s.ask_for_resource(tab, Some(NOTES), Some("admin"), 0);
    let mail = ask(&mut s, tab, MAIL);
    let own = s.refresh(tab);
    s.advance(SECOND);
    for call in unknown {
        assert_eq!(s.said(call), Err("token_request_failed"));
        assert_eq!(s.error(call).oauth_error(), Some("invalid_target"));
    }
    s.advance(3 * SECOND);
    assert_eq!(s.said(beyond), Err("token_request_failed"));
    assert_eq!(s.error(beyond).oauth_error(), Some("invalid_scope"));
    token_for(&s, mail, MAIL);
    assert!(s.said(own).is_ok());
    assert_eq!(s.server.refreshes(), 4, "nobody had to wait for a failure's pause");
    assert_eq!(s.told(tab), [Told::Refreshed("access-2".into())], "and no listener is told");
}

#[test]
fn refusal_of_a_resource_leaves_no_word_in_the_journal_and_none_for_other_tabs() {
    let (mut s, tab) = signed_in();
    let other = s.tab();
    s.server.next.push_back(Reply::refusal(400, "invalid_target"));
    s.journal(tab);
    ask(&mut s, tab, NOTES);
    assert!(s.disk().sessions.keys().all(|key| !key.ends_with(" refresh")));
    assert!(!s.journal(tab).contains(&"tell".into()));
    assert_eq!(s.told(other), []);
    let call = s.refresh(other);
    assert!(s.said(call).is_ok());
}

#[test]
fn refusal_of_a_resource_is_repeated_for_a_while_without_asking_again() {
    let (mut s, tab) = signed_in();
    s.server.next.push_back(Reply::refusal(400, "invalid_target"));
    for _ in 0..100 {
        let call = ask(&mut s, tab, NOTES);
        assert_eq!(s.error(call).oauth_error(), Some("invalid_target"));
        s.advance(20);
    }
    let mail = ask(&mut s, tab, MAIL);
    token_for(&s, mail, MAIL);
    assert_eq!(s.server.refreshes(), 2);
    s.advance(3 * SECOND);
    let call = ask(&mut s, tab, NOTES);
    token_for(&s, call, NOTES);
}

#[test]
fn failure_that_passes_is_told_to_all_who_ask_for_resources_and_tried_again_only_for_who_asks() {
    for (reply, code) in
        [(Reply::NoConnection, "network"), (Reply::answer(503, ""), "server_unavailable"), (Reply::Silence, "timeout")]
    {
        let mut s = Scenario::new();
        let tab = s.tab();
        s.sign_in(tab);
        s.told(tab);
        s.server.always = Some(reply);
        s.network = Pace::After(SECOND);
        let calls = [ask(&mut s, tab, NOTES), ask(&mut s, tab, MAIL)];
        s.advance(20 * SECOND);
        s.network = Pace::AtOnce;
        assert!(calls.iter().all(|call| s.said(*call) == Err(code)), "{code}");
        s.advance(20 * MINUTE);
        assert_eq!(s.server.refreshes(), 1, "{code}");
        assert_eq!(s.told(tab), [], "{code}");
        assert_eq!(s.access_token(tab), Ok("access-1".into()));
        s.server.always = None;
        let call = ask(&mut s, tab, NOTES);
        token_for(&s, call, NOTES);
    }
}

#[test]
fn failure_that_passes_is_no_loop_however_often_somebody_asks() {
    let (mut s, tab) = signed_in();
    s.server.always = Some(Reply::NoConnection);
    for _ in 0..600 {
        let call = ask(&mut s, tab, NOTES);
        assert_eq!(s.said(call), Err("network"));
        s.advance(100);
    }
    let sent = s.server.refreshes();
    assert!((10..=16).contains(&sent), "{sent} in a minute");
    s.server.always = None;
    s.recover(tab);
    let call = ask(&mut s, tab, NOTES);
    token_for(&s, call, NOTES);
}

#[test]
fn failure_to_get_a_token_that_lasts_longer_leaves_the_one_that_there_is() {
    let (mut s, tab) = signed_in();
    s.server.expires_in = json!(600);
    ask(&mut s, tab, NOTES);
    s.advance(5 * MINUTE);
    s.server.always = Some(Reply::NoConnection);
    let call = s.ask_for_resource(tab, Some(NOTES), None, 8 * MINUTE);
    assert_eq!(s.said(call), Err("network"));
    let call = ask(&mut s, tab, NOTES);
    assert_eq!(token_for(&s, call, NOTES), "access-2");
}

#[test]
fn session_that_cannot_be_refreshed_is_tried_first_and_alone() {
    let mut s = Scenario::new();
    let tab = s.tab();
    s.sign_in(tab);
    s.server.always = Some(Reply::NoConnection);
    s.advance(HOUR);
    let before = s.server.refreshes();
    let calls = [ask(&mut s, tab, NOTES), ask(&mut s, tab, MAIL)];
    s.advance(6 * SECOND);
    assert!(calls.iter().all(|call| s.said(*call) == Err("network")));
    assert!(s.server.refreshes() - before <= 2);
    assert!(s.server.token_requests("refresh_token").iter().all(|seen| !seen.form.contains_key("resource")));
    s.server.always = None;
    let call = ask(&mut s, tab, NOTES);
    s.advance(6 * SECOND);
    token_for(&s, call, NOTES);
}

#[test]
fn server_that_wants_to_be_left_alone_is_left_alone_by_all() {
    let (mut s, tab) = signed_in();
    let other = s.tab();
    s.server.next.push_back(Reply::answer(429, "").after("60"));
    let call = ask(&mut s, tab, NOTES);
    assert_eq!(s.said(call), Err("rate_limited"));
    for tab in [tab, other] {
        for call in [ask(&mut s, tab, MAIL), s.refresh(tab)] {
            assert_eq!(s.said(call), Err("rate_limited"));
        }
    }
    assert_eq!(s.server.refreshes(), 1);
    s.advance(62 * SECOND);
    let call = ask(&mut s, tab, MAIL);
    s.advance(SECOND);
    token_for(&s, call, MAIL);
}

#[test]
fn invalid_grant_ends_the_session_for_everybody() {
    let (mut s, tab) = signed_in();
    let other = s.tab();
    let kept = ask(&mut s, tab, MAIL);
    token_for(&s, kept, MAIL);
    s.network = Pace::After(SECOND);
    s.server.revoke_everything();
    let calls = [ask(&mut s, tab, NOTES), s.ask_for_resource(tab, None, Some("openid"), 0)];
    s.advance(SECOND);
    assert!(calls.iter().all(|call| s.said(*call) == Err("session_ended")));
    for tab in [tab, other] {
        assert_eq!(s.told(tab), [Told::SignedOut(SignOutReason::SessionEnded, Some("session_ended"))]);
    }
    let call = ask(&mut s, tab, MAIL);
    assert_eq!(s.said(call), Err("session_ended"), "what was kept is gone with it");
}

#[test]
fn id_token_that_is_not_good_is_told_to_who_asked_and_the_session_stands() {
    let (mut s, tab) = signed_in();
    s.verdicts.push_back(Verdict::Bad);
    let call = ask(&mut s, tab, NOTES);
    assert_eq!(s.said(call), Err("id_token_signature"));
    assert_eq!(s.access_token(tab), Ok("access-1".into()));
    assert_eq!(s.told(tab), []);
}

#[test]
fn id_tokens_hash_is_held_against_the_token_that_it_came_with() {
    let (mut s, tab) = signed_in();
    s.verified.clear();
    s.server.edit_claims = Some(Box::new(|claims| claims["at_hash"] = json!("x")));
    ask(&mut s, tab, NOTES);
    let hashed: Vec<_> = s.verified.iter().map(|it| it.access_token.as_deref().unwrap()).collect();
    assert_eq!(hashed, ["access-2"]);
}

#[test]
fn session_that_could_not_be_stored_lives_on_with_the_newest_refresh_token() {
    let (mut s, tab) = signed_in();
    s.disk().writing = Some(ErrorCode::StorageFull);
    for resource in [NOTES, MAIL] {
        let call = ask(&mut s, tab, resource);
        token_for(&s, call, resource);
    }
    assert_eq!(s.disk().session(), None, "a spent refresh token is not found by a reload");
    let call = s.refresh(tab);
    assert!(s.said(call).is_ok());
}

// ── The end of a session ────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn logout_forgets_what_was_kept_and_answers_who_waits() {
    let (mut s, tab) = signed_in();
    ask(&mut s, tab, NOTES);
    s.network = Pace::After(SECOND);
    let waiting = ask(&mut s, tab, MAIL);
    s.logout(tab, true);
    assert_eq!(s.said(waiting), Err("no_session"));
    let call = ask(&mut s, tab, NOTES);
    assert_eq!(s.said(call), Err("no_session"));
    s.advance(SECOND);
    s.network = Pace::AtOnce;
    s.sign_in(tab);
    for resource in [NOTES, MAIL] {
        let call = ask(&mut s, tab, resource);
        assert!(
            !["access-2", "access-3"].contains(&token_for(&s, call, resource).as_str()),
            "it is the other session's"
        );
    }
}

#[test]
fn login_over_a_session_forgets_what_was_kept_and_serves_who_waits_from_the_new_one() {
    let (mut s, tab) = signed_in();
    ask(&mut s, tab, NOTES);
    s.advance(SECOND);
    s.network = Pace::Held;
    let waiting = ask(&mut s, tab, MAIL);
    let redirect = s.redirect(tab);
    s.network = Pace::AtOnce;
    let call = s.callback(tab, &redirect);
    assert!(s.said(call).is_ok());
    s.let_go_forwards();
    let newest = s.session(tab).unwrap().access_token;
    for (resource, call) in [(MAIL, waiting), (NOTES, ask(&mut s, tab, NOTES))] {
        let token = token_for(&s, call, resource);
        let number = |token: &str| token.strip_prefix("access-").unwrap().parse::<u32>().unwrap();
        assert!(number(&token) > number(&newest), "{token} is of the session before {newest}");
    }
}

#[test]
fn client_that_is_closed_answers_who_waits() {
    let (mut s, tab) = signed_in();
    s.network = Pace::Held;
    let call = ask(&mut s, tab, NOTES);
    s.close(tab);
    assert_eq!(s.said(call), Err("client_closed"));
}

#[test]
fn secrets_of_resources_are_not_printed() {
    let mut s = Scenario::new();
    s.prints = Some(String::new());
    let tab = s.tab();
    s.sign_in(tab);
    let call = ask(&mut s, tab, NOTES);
    let token = token_for(&s, call, NOTES);
    ask(&mut s, tab, MAIL);
    assert!(!s.prints.as_ref().unwrap().contains(&token));
    assert_eq!(s.said(call), Ok(Said::AccessToken(token)));
}
