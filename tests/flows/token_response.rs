//! What the token endpoint answers to a code: what is borne, and what is refused.

use crate::{
    scenario::Scenario,
    server::Reply,
    told::{Told, View},
};
use pixie_auth::Error;
use serde_json::{Value, json};

/// Ends a login whose token response was changed like this.
fn signed_in_with(edit: impl Fn(&mut Value) + 'static) -> View {
    let mut s = Scenario::new();
    s.server.edit_tokens = Some(Box::new(edit));
    let tab = s.tab();
    let session = s.sign_in(tab);
    assert_eq!(s.told(tab), [Told::SignedIn(session.access_token.clone())]);
    assert_eq!(s.session(tab).as_ref(), Some(&session));
    session
}

/// Hands in a redirect at a server that answers the code like this; it is refused for good.
fn refused_with(reply: Reply) -> Error {
    let mut s = Scenario::new();
    let tab = s.tab();
    let redirect = s.redirect(tab);
    s.server.next.push_back(reply.clone());
    let call = s.callback(tab, &redirect);
    let error = s.error(call);
    let again = s.callback(tab, &redirect);
    assert_eq!(s.error(again), error, "{reply:?}: the same answer again");
    assert_eq!(s.server.exchanges(), 1, "{reply:?}: a code that was sent is not sent again");
    assert_eq!((s.session(tab), s.disk().session()), (None, None));
    assert_eq!(s.told(tab), []);
    s.leave(tab);
    let tab = s.tab();
    let after_reload = s.callback(tab, &redirect);
    assert_eq!(s.said(after_reload), Err(error.code().as_str()), "{reply:?}: and after a reload");
    assert_eq!(s.server.exchanges(), 1);
    error
}

fn refused_with_body(body: impl ToString) -> (&'static str, String) {
    let error = refused_with(Reply::answer(200, body));
    (error.code().as_str(), error.subject().into())
}

#[test]
fn token_type_of_another_case_is_borne() {
    for token_type in ["bearer", "BEARER", "bEaReR"] {
        assert_eq!(signed_in_with(move |body| body["token_type"] = json!(token_type)).access_token, "access-1");
    }
}

#[test]
fn members_that_are_left_out_are_borne() {
    let session = signed_in_with(|body| {
        for name in ["expires_in", "scope", "refresh_token"] {
            body.as_object_mut().unwrap().remove(name);
        }
    });
    assert_eq!((session.expires_at, session.refresh_token), (None, None));
    assert_eq!(session.scope, "openid profile offline_access", "without scope it is what was asked for");
}

#[test]
fn members_that_nobody_knows_are_borne() {
    let session = signed_in_with(|body| {
        body["session_state"] = json!("f3a5");
        body["not-before-policy"] = json!(0);
    });
    assert_eq!(session.access_token, "access-1");
}

#[test]
fn expires_in_as_a_string_or_a_fraction_is_borne() {
    for expires_in in [json!("3600"), json!(3600.9), json!(3.6e3)] {
        let session = signed_in_with(move |body| body["expires_in"] = expires_in.clone());
        assert_eq!(session.expires_at, Some(crate::scenario::START + 3_600_000));
    }
}

#[test]
fn scope_that_was_granted_is_shown_and_not_the_one_that_was_asked_for() {
    assert_eq!(signed_in_with(|body| body["scope"] = json!("openid")).scope, "openid");
    assert_eq!(signed_in_with(|body| body["scope"] = json!("openid notes:read")).scope, "openid notes:read");
}

#[test]
fn answer_that_is_no_json_object_is_token_response_invalid() {
    for body in ["", "<!doctype html>", "null", "\"access\"", "[]", "{\"access_token\":"] {
        assert_eq!(refused_with_body(body).0, "token_response_invalid", "{body}");
    }
}

#[test]
fn answer_with_a_member_wrong_is_token_response_invalid_and_names_it() {
    for (member, value) in [
        ("access_token", json!(null)),
        ("access_token", json!("")),
        ("access_token", json!(7)),
        ("token_type", json!(null)),
        ("token_type", json!("mac")),
        ("token_type", json!("DPoP")),
        ("expires_in", json!(-1)),
        ("expires_in", json!("soon")),
        ("expires_in", json!([3600])),
    ] {
        let mut body = json!({ "access_token": "access", "token_type": "Bearer", "expires_in": 3600 });
        body[member] = value.clone();
        let (code, subject) = refused_with_body(&body);
        assert_eq!((code, subject.as_str()), ("token_response_invalid", member), "{body}");
    }
}

#[test]
fn refusal_of_the_code_is_token_request_failed_with_the_servers_words_and_status() {
    let body = json!({ "error": "invalid_grant", "error_description": "the code has expired" });
    let error = refused_with(Reply::answer(400, body));
    assert_eq!(error.code().as_str(), "token_request_failed");
    assert_eq!(error.status(), Some(400));
    assert_eq!(error.oauth_error(), Some("invalid_grant"));
    assert_eq!(error.oauth_error_description(), Some("the code has expired"));
    assert_eq!(error.code().action().as_str(), "sign_in");
}

#[test]
fn refusal_without_words_is_token_request_failed() {
    for (status, body) in [(400, ""), (401, "<html>"), (403, "{}"), (404, "null"), (0, ""), (302, "")] {
        let error = refused_with(Reply::answer(status, body));
        assert_eq!((error.code().as_str(), error.status()), ("token_request_failed", Some(status)));
        assert_eq!(error.oauth_error(), None);
    }
}

#[test]
fn refusal_that_repeats_the_code_does_not_get_into_the_error() {
    let body = json!({ "error": "code-1", "error_description": "code code-1 was spent at noon" });
    let error = refused_with(Reply::answer(400, body));
    assert_eq!((error.oauth_error(), error.oauth_error_description()), (None, None));
    assert!(!format!("{error} {error:?} {}", error.message()).contains("code-1"));
}

#[test]
fn refusal_with_words_that_are_no_plain_text_drops_them() {
    let body = json!({ "error": "bad\u{7}", "error_description": "<b>\n\"quoted\"</b>" });
    let error = refused_with(Reply::answer(400, body));
    assert_eq!((error.oauth_error(), error.oauth_error_description()), (None, None));
}
