use crate::{
    inbox::{Arrival, Inbox, PAGE},
    stand_in::{StandIn, js},
};
use pixie_auth::web::page::{self, PageEvents};
use wasm_bindgen_test::wasm_bindgen_test;

const ONLINE: &str = "dispatchEvent(new Event('online'))";
const SHOWN_OR_HIDDEN: &str = "document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))";
const FROM_CACHE: &str = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))";

fn events() -> (PageEvents, Inbox<Arrival>) {
    let heard = Inbox::default();
    (PageEvents::new(&heard.address()), heard)
}

/// What a browser does when the network is back, the page is shown again, or comes out of the cache.
fn dispatch_all() {
    for event in [ONLINE, SHOWN_OR_HIDDEN, FROM_CACHE] {
        js(event);
    }
}

#[wasm_bindgen_test]
fn page_events_are_heard_each_once() {
    let (events, heard) = events();
    dispatch_all();
    assert_eq!(heard.len(), 3);
    assert_eq!(heard.here().unwrap().what, PAGE);
    js("dispatchEvent(new Event('offline'))");
    assert_eq!(heard.len(), 2);
    events.close();
}

/// What the page says: 1 where it is visible, and 2 more where times may be better.
fn said(event: &str) -> f64 {
    let (events, heard) = events();
    js(event);
    events.close();
    heard.here().unwrap().number
}

#[wasm_bindgen_test]
fn page_that_is_visible_says_so_and_that_times_may_be_better() {
    assert!(page::is_visible());
    for event in [ONLINE, SHOWN_OR_HIDDEN, FROM_CACHE] {
        assert_eq!(said(event), 3.0, "{event}");
    }
}

#[wasm_bindgen_test]
fn page_that_is_hidden_does_not_say_that_times_are_better_but_the_network_does() {
    let _stand_in = StandIn::new("document", "visibilityState", "{ value: 'hidden' }");
    assert!(!page::is_visible());
    assert_eq!(said(SHOWN_OR_HIDDEN), 0.0);
    assert_eq!(said(ONLINE), 2.0);
    assert_eq!(said(FROM_CACHE), 2.0);
}

#[wasm_bindgen_test]
fn page_events_are_not_heard_after_close() {
    let (events, heard) = events();
    events.close();
    events.close();
    dispatch_all();
    assert_eq!(heard.len(), 0);
}

#[wasm_bindgen_test]
fn page_events_of_another_client_are_heard_on() {
    let ((first, first_heard), (second, second_heard)) = (events(), events());
    first.close();
    dispatch_all();
    assert_eq!((first_heard.len(), second_heard.len()), (0, 3));
    second.close();
}

#[wasm_bindgen_test]
fn page_is_there_and_has_subtle_crypto_on_loopback() {
    assert!(page::has_page());
    assert!(page::has_subtle_crypto());
}

#[wasm_bindgen_test]
fn page_over_plain_http_has_no_subtle_crypto() {
    let _stand_in = StandIn::new("crypto", "subtle", "{ value: undefined }");
    assert!(!page::has_subtle_crypto());
}

#[wasm_bindgen_test]
fn host_without_crypto_at_all_has_no_subtle_crypto() {
    let _stand_in = StandIn::new("globalThis", "crypto", "{ value: undefined }");
    assert!(!page::has_subtle_crypto());
}

#[wasm_bindgen_test]
fn navigate_goes_to_the_url() {
    // A fragment alone leaves the page where it is.
    let before = js("location.href").as_string().unwrap();
    page::navigate("#signed-in");
    assert_eq!(js("location.hash").as_string().unwrap(), "#signed-in");
    js(&format!("history.replaceState(null, '', {before:?})"));
}
