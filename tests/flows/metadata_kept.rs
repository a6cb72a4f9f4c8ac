//! The server's metadata, kept: for ten minutes as they are, and after that where the server cannot be asked.

use crate::{
    scenario::{MINUTE, SECOND, Scenario, Tab},
    server::{OPENID_CONFIGURATION, Reply},
    told::Said,
};
use serde_json::json;

fn discoveries(s: &Scenario) -> usize {
    s.server.seen.iter().filter(|seen| seen.url == OPENID_CONFIGURATION).count()
}

/// Opens one more tab: what it is told of the metadata.
fn opened(s: &mut Scenario) -> Result<(Tab, bool), &'static str> {
    let (tab, said) = s.try_tab(None);
    let Said::Opened(document) = said? else { panic!("not opened") };
    Ok((tab, document.is_some_and(|document| document == s.server.metadata)))
}

/// The name and the text under which they are kept.
fn kept(s: &mut Scenario) -> (String, String) {
    let mut kept = s.disk().logins.iter().filter(|(key, _)| key.ends_with(" metadata"));
    let (key, value) = kept.next().expect("they are kept");
    (key.clone(), value.clone())
}

#[test]
fn metadata_are_asked_for_again_after_ten_minutes_and_not_before() {
    let mut s = Scenario::new();
    for (minutes, asked) in [(0, 1), (0, 1), (9, 1), (1, 2), (9, 2)] {
        s.advance(minutes * MINUTE);
        let (tab, same) = opened(&mut s).unwrap();
        assert_eq!((same, discoveries(&s)), (true, asked));
        s.sign_in(tab);
    }
}

#[test]
fn metadata_are_taken_as_they_were_where_the_server_cannot_be_asked() {
    for reply in [Reply::NoConnection, Reply::answer(503, ""), Reply::answer(200, "<html>"), Reply::answer(404, "")] {
        let mut s = Scenario::new();
        let first = opened(&mut s).unwrap().0;
        s.sign_in(first);
        s.close(first);
        s.advance(24 * 60 * MINUTE);
        s.server.discovery.insert(OPENID_CONFIGURATION.into(), reply);
        let (tab, same) = opened(&mut s).unwrap();
        assert!(same);
        assert!(s.session(tab).is_some(), "who was signed in is, without a network");
    }
}

#[test]
fn metadata_of_a_server_that_does_not_answer_are_taken_after_the_time_limit() {
    let mut s = Scenario::new();
    opened(&mut s).unwrap();
    s.advance(11 * MINUTE);
    s.server.discovery.insert(OPENID_CONFIGURATION.into(), Reply::Silence);
    let (_, call) = s.open(0, None);
    s.advance(20 * SECOND);
    assert!(matches!(s.said(call), Ok(Said::Opened(Some(_)))));
}

#[test]
fn metadata_that_name_another_issuer_now_are_not_replaced_by_the_kept_ones() {
    let mut s = Scenario::new();
    opened(&mut s).unwrap();
    s.advance(11 * MINUTE);
    s.server.metadata["issuer"] = json!("https://evil.example");
    assert_eq!(opened(&mut s).unwrap_err(), "issuer_mismatch");
}

#[test]
fn metadata_that_cannot_be_used_are_not_kept() {
    let mut s = Scenario::new();
    s.server.metadata["token_endpoint"] = json!("http://as.example/token");
    assert_eq!(opened(&mut s).unwrap_err(), "metadata_invalid");
    s.server.metadata["token_endpoint"] = json!("https://as.example/token");
    assert!(opened(&mut s).unwrap().1);
}

#[test]
fn metadata_that_are_garbage_of_another_issuer_or_from_the_future_are_asked_for() {
    let mut s = Scenario::new();
    opened(&mut s).unwrap();
    let (key, good) = kept(&mut s);
    let (at, document) = good.split_once('\n').unwrap();
    let foreign = document.replace("https://as.example", "https://evil.example");
    let later = at.parse::<u64>().unwrap() + MINUTE;
    for (number, value) in [
        String::new(),
        "x".into(),
        format!("{at}\n"),
        format!("{at}\n[]"),
        format!("x\n{document}"),
        format!("{at}\n{foreign}"),
        format!("{later}\n{document}"),
    ]
    .into_iter()
    .enumerate()
    {
        s.disk().logins.insert(key.clone(), value.clone());
        assert!(opened(&mut s).unwrap().1);
        assert_eq!(discoveries(&s), number + 2, "{value}");
    }
}

#[test]
fn metadata_are_asked_for_where_nothing_can_be_stored() {
    let mut s = Scenario::new();
    s.disk().writing = Some(pixie_auth::ErrorCode::StorageFull);
    assert!(opened(&mut s).unwrap().1);
    assert!(opened(&mut s).unwrap().1);
    assert_eq!(discoveries(&s), 2);
}
