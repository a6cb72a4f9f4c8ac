//! Opening a client: where the metadata come from, and what can be wrong with them.

use crate::{
    scenario::{SECOND, Scenario},
    server::{ISSUER, OAUTH_METADATA, OPENID_CONFIGURATION, Reply, TOKEN},
    told::Said,
};
use pixie_auth::{Config, ErrorCode, Machine};
use serde_json::{Value, json};

fn requests(scenario: &Scenario) -> Vec<&str> {
    scenario.server.seen.iter().map(|seen| seen.url.as_str()).collect()
}

#[test]
fn opening_with_an_issuer_reads_its_openid_configuration_once() {
    let mut s = Scenario::new();
    let (tab, opened) = s.try_tab(None);
    assert_eq!(opened, Ok(Said::Opened(Some(s.server.metadata.clone()))));
    assert_eq!(requests(&s), [OPENID_CONFIGURATION]);
    assert_eq!(s.server.seen[0].body, None, "it is a GET");
    assert_eq!(s.machine(tab).metadata().unwrap().token_endpoint, TOKEN);
    assert_eq!(s.session(tab), None);
    assert_eq!(s.access_token(tab), Err("no_session"));
    assert_eq!(s.told(tab), []);
}

#[test]
fn opening_where_openid_configuration_is_404_reads_rfc_8414s_document() {
    for status in [400, 401, 403, 404, 410] {
        let mut s = Scenario::new();
        s.server.discovery.insert(OPENID_CONFIGURATION.into(), Reply::answer(status, "<html>no</html>"));
        s.server.discovery.insert(OAUTH_METADATA.into(), Reply::answer(200, s.server.metadata.clone()));
        let (_, opened) = s.try_tab(None);
        assert_eq!(opened, Ok(Said::Opened(Some(s.server.metadata.clone()))), "{status}");
        assert_eq!(requests(&s), [OPENID_CONFIGURATION, OAUTH_METADATA]);
    }
}

#[test]
fn opening_with_given_metadata_sends_nothing() {
    let mut s = Scenario::new();
    let (tab, opened) = s.try_tab(Some(s.server.metadata.clone()));
    assert_eq!(opened, Ok(Said::Opened(None)));
    assert_eq!(s.sign_in(tab).access_token, "access-1");
    assert!(!requests(&s).contains(&OPENID_CONFIGURATION));
}

#[test]
fn opening_with_given_metadata_needs_no_issuer_in_the_configuration() {
    let mut s = Scenario::new();
    s.config.as_object_mut().unwrap().remove("issuer");
    s.config["metadata"] = s.server.metadata.clone();
    let (tab, opened) = s.try_tab(Some(s.server.metadata.clone()));
    assert_eq!(opened, Ok(Said::Opened(None)));
    assert_eq!(s.machine(tab).metadata().unwrap().issuer, ISSUER);
    assert_eq!(requests(&s), [""; 0]);
}

#[test]
fn opening_with_part_of_the_metadata_asks_for_the_rest_and_lets_the_program_go_first() {
    let mut s = Scenario::new();
    let (tab, opened) = s.try_tab(Some(json!({ "authorization_endpoint": "https://gate.example/authorize" })));
    assert!(opened.is_ok());
    let metadata = s.machine(tab).metadata().unwrap();
    assert_eq!(metadata.authorization_endpoint, "https://gate.example/authorize");
    assert_eq!(metadata.token_endpoint, TOKEN);
}

#[test]
fn opening_where_neither_document_can_be_read_is_discovery_failed() {
    let html = Reply::answer(200, "<!doctype html><title>Welcome</title>");
    let not_found = Reply::answer(404, "");
    for (openid, oauth, asked) in [
        (html.clone(), not_found.clone(), 1),
        (not_found.clone(), not_found.clone(), 2),
        (not_found.clone(), html, 2),
        (not_found.clone(), Reply::answer(200, "[]"), 2),
        (Reply::answer(500, "{}"), not_found, 1),
    ] {
        let mut s = Scenario::new();
        s.server.discovery.insert(OPENID_CONFIGURATION.into(), openid);
        s.server.discovery.insert(OAUTH_METADATA.into(), oauth);
        let (tab, opened) = s.try_tab(None);
        assert_eq!(opened, Err("discovery_failed"));
        assert_eq!(requests(&s).len(), asked);
        assert_eq!(s.journal(tab).last().unwrap(), "settle discovery_failed", "the storage is not looked at");
    }
}

#[test]
fn opening_without_a_connection_is_network_and_may_be_tried_again() {
    let mut s = Scenario::new();
    s.server.discovery.insert(OPENID_CONFIGURATION.into(), Reply::NoConnection);
    let (_, call) = s.open(0, None);
    assert_eq!(s.said(call), Err("network"));
    assert!(s.error(call).code().is_retryable());
    s.server.discovery.clear();
    assert!(s.try_tab(None).1.is_ok());
}

#[test]
fn opening_without_an_answer_ends_as_timeout() {
    let mut s = Scenario::new();
    s.server.discovery.insert(OPENID_CONFIGURATION.into(), Reply::Silence);
    let (_, call) = s.open(0, None);
    assert!(s.is_waiting(call));
    s.advance(15 * SECOND);
    assert_eq!(s.said(call), Err("timeout"));
}

#[test]
fn opening_with_another_issuers_document_is_issuer_mismatch_and_names_both() {
    for named in [json!("https://evil.example"), json!("https://as.example/"), json!(null)] {
        let mut s = Scenario::new();
        s.server.metadata["issuer"] = named.clone();
        let (_, call) = s.open(0, None);
        assert_eq!(s.said(call), Err("issuer_mismatch"));
        let message = s.error(call).message();
        assert!(message.contains(ISSUER) && message.contains(named.as_str().unwrap_or("none")), "{message}");
    }
}

#[test]
fn opening_with_an_endpoint_missing_or_in_the_clear_is_metadata_invalid() {
    for (name, value) in [
        ("authorization_endpoint", json!(null)),
        ("token_endpoint", json!("http://as.example/token")),
        ("end_session_endpoint", json!("javascript:alert(1)")),
    ] {
        let mut s = Scenario::new();
        s.server.metadata[name] = value;
        let (_, call) = s.open(0, None);
        assert_eq!(s.said(call), Err("metadata_invalid"));
        assert_eq!(s.error(call).subject(), name);
    }
}

#[test]
fn opening_that_failed_leaves_a_client_that_answers_everyone() {
    let mut s = Scenario::new();
    s.server.discovery.insert(OPENID_CONFIGURATION.into(), Reply::NoConnection);
    let (tab, _) = s.try_tab(None);
    assert_eq!(s.access_token(tab), Err("no_session"));
    let login = s.login(tab, &json!({}));
    assert_eq!(s.said(login), Err("invalid_config"));
    let callback = s.callback(tab, "https://app.example/callback?code=a&state=b");
    assert!(s.said(callback).is_err());
    let logout = s.logout(tab, false);
    assert_eq!(s.said(logout), Ok(Said::LogoutUrl(None)));
    assert_eq!(s.machine(tab).deadline(), None);
}

#[test]
fn opening_with_a_configuration_that_cannot_be_used_is_invalid_config() {
    let error = Config::read(&json!({ "issuer": ISSUER, "redirectUri": "https://app.example/cb" })).unwrap_err();
    assert_eq!((error.code(), error.subject()), (ErrorCode::InvalidConfig, "clientId"));
}

#[test]
fn machine_that_was_never_opened_asks_for_nothing() {
    let config = Config::read(&crate::scenario::config()).unwrap();
    let mut machine = Machine::<Value>::new(config, 7);
    assert!(machine.poll().is_none());
    assert_eq!(machine.deadline(), None);
    assert!(machine.metadata().is_none());
}
