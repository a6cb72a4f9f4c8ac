//! Closing a client: everyone is answered, nothing goes on, and the stored session stays.

use crate::{
    scenario::{Call, DAY, HOUR, Pace, Scenario, signed_in},
    told::Said,
};
use pixie_auth::Machine;
use serde_json::json;

#[test]
fn close_answers_every_caller_that_waits() {
    let (mut s, tab) = signed_in();
    let redirect = s.redirect(tab);
    (s.network, s.storage) = (Pace::Held, Pace::Held);
    let waiting: Vec<Call> = vec![
        s.refresh(tab),
        s.ask_for_token(tab, 2 * HOUR),
        s.login(tab, &json!({})),
        s.callback(tab, &redirect),
        s.callback(tab, &redirect),
        s.call(tab, |machine, caller| machine.logout_callback(caller, "https://app.example/?state=x".into())),
    ];
    assert!(waiting.iter().all(|call| s.is_waiting(*call)));
    let close = s.close(tab);
    assert_eq!(s.said(close), Ok(Said::Done));
    for call in waiting {
        assert_eq!(s.said(call), Err("client_closed"));
    }
    s.let_go_forwards();
}

#[test]
fn close_while_opening_answers_whoever_opens() {
    let mut s = Scenario::new();
    s.network = Pace::Held;
    let (tab, opening) = s.open(0, None);
    s.close(tab);
    assert_eq!(s.said(opening), Err("client_closed"));
    s.let_go_forwards();
}

#[test]
fn close_refuses_every_later_command() {
    let (mut s, tab) = signed_in();
    s.close(tab);
    assert_eq!(s.access_token(tab), Err("client_closed"));
    let redirect = "https://app.example/callback?code=a&state=b";
    let calls = [
        s.refresh(tab),
        s.login(tab, &json!({})),
        s.callback(tab, redirect),
        s.logout(tab, false),
        s.call(tab, Machine::session),
        s.call(tab, |machine, caller| machine.logout_callback(caller, redirect.into())),
    ];
    for call in calls {
        assert_eq!(s.said(call), Err("client_closed"));
        assert_eq!(s.error(call).code().action().as_str(), "fix_config");
    }
}

#[test]
fn close_keeps_the_stored_session_for_the_next_page() {
    let (mut s, tab) = signed_in();
    let record = s.disk().session().cloned();
    s.told(tab);
    s.close(tab);
    assert_eq!(s.disk().session().cloned(), record);
    assert_eq!(s.told(tab), [], "nobody was signed out");
    let tab = s.tab();
    assert_eq!(s.access_token(tab), Ok("access-1".into()));
}

#[test]
fn close_stops_the_schedule() {
    let (mut s, tab) = signed_in();
    s.close(tab);
    assert_eq!(s.machine(tab).deadline(), None);
    s.advance(DAY);
    s.recover(tab);
    assert_eq!(s.server.refreshes(), 0);
}
