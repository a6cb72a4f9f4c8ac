use crate::{
    client::Client,
    stand_in::{StandIn, Time, js},
    story::{Server, signed_in},
};
use pixie_auth::{Answer, Event, Machine};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn driver_over_a_storage_that_cannot_be_had_is_an_error() {
    let open =
        |storage: &str| Client::new("{}", &js(storage), &JsValue::UNDEFINED).err().map(|error| error.code().as_str());
    assert_eq!(open("'cookie'"), Some("invalid_config"));
    assert_eq!(open("{ get() {} }"), Some("invalid_config"));
    let _stand_in =
        StandIn::new("globalThis", "localStorage", "{ get() { throw new DOMException('', 'SecurityError') } }");
    assert_eq!(open("'local'"), Some("storage_unavailable"));
}

#[wasm_bindgen_test]
async fn driver_takes_the_storages_words_for_what_the_program_is_told() {
    let full = "async () => { throw Object.assign(new Error(), { name: 'QuotaExceededError' }) }";
    for (methods, at_opening, at_login) in [
        ("get() { throw new Error() }, set() {}, remove() {}".to_owned(), Some("storage_unavailable"), None),
        ("get: async () => 7, set() {}, remove() {}".to_owned(), Some("storage_unavailable"), None),
        (format!("get() {{}}, set: {full}, remove() {{}}"), None, Some("storage_full")),
        ("get() {}, set() { throw new Error() }, remove() {}".to_owned(), None, Some("storage_unavailable")),
    ] {
        let server = Server::new();
        let client = Client::new("{}", &js(&format!("{{ {methods} }}")), &server.fetch()).unwrap();
        assert_eq!(client.open().await.err(), at_opening, "{methods}");
        if at_opening.is_none() {
            let entropy = pixie_auth::web::entropy::entropy().unwrap();
            let login = client.code(|machine, caller| machine.login(caller, Default::default(), &entropy, false)).await;
            assert_eq!(login.err(), at_login, "{methods}");
        }
        client.close().await;
    }
}

#[wasm_bindgen_test]
async fn driver_ends_a_request_at_the_configured_limit() {
    let time = Time::stand_still();
    let never = js("() => new Promise(() => {})");
    let client = Client::new("{ clientId: 'limited', requestTimeout: 2.5 }", &js("'memory'"), &never).unwrap();
    let opening = client.begin(|machine, caller| machine.open(caller, None));
    time.advance(2_499).await;
    assert!(client.answer(opening).is_none());
    time.advance(1).await;
    assert_eq!(client.said(opening).await.unwrap_err().code().as_str(), "timeout");
    client.close().await;
}

#[wasm_bindgen_test]
async fn driver_without_a_connection_says_network() {
    let client = Client::new(
        "{ clientId: 'offline' }",
        &js("'memory'"),
        &js("async () => { throw new TypeError('Failed to fetch') }"),
    )
    .unwrap();
    assert_eq!(client.open().await.err(), Some("network"));
    client.close().await;
}

#[wasm_bindgen_test]
async fn listener_may_call_the_client_again_from_within() {
    let (client, _server) = signed_in("{}", &js("'memory'")).await;
    let again = Rc::new(std::cell::Cell::new(0));
    let (inner, calls) = (client.clone(), again.clone());
    *client.driver.program.reaction.borrow_mut() = Some(Box::new(move |event| {
        if matches!(event, Event::Refreshed(_)) {
            calls.set(inner.begin(|machine, caller| machine.access_token(caller, 0)));
            assert!(inner.answer(calls.get()).is_none(), "what a listener asks is answered when it has returned");
        }
    }));
    assert!(client.ask(Machine::refresh).await.is_ok());
    let Ok(Answer::AccessToken(token)) = client.said(again.get()).await else { panic!("no token") };
    assert_eq!(token.expose(), "access-2");
    client.driver.program.reaction.take();
    client.close().await;
}

#[wasm_bindgen_test]
async fn listener_may_close_the_client_from_within() {
    let (client, server) = signed_in("{}", &js("'memory'")).await;
    let inner = client.clone();
    *client.driver.program.reaction.borrow_mut() = Some(Box::new(move |_| {
        inner.begin(Machine::close);
        inner.driver.detach();
    }));
    assert!(client.ask(Machine::refresh).await.is_ok(), "what was there before is still told, and once");
    assert_eq!(client.access_token(0).await, Err("client_closed"));
    assert_eq!(server.requests().last().unwrap(), "refresh_token");
    client.driver.program.reaction.take();
}

#[wasm_bindgen_test]
async fn driver_tries_again_soon_when_the_network_is_back() {
    let time = Time::stand_still();
    let (client, server) = signed_in("{}", &js("'memory'")).await;
    client.driver.program.told.here();
    server.fail_once();
    let call = client.begin(Machine::refresh);
    time.advance(0).await;
    assert_eq!(client.said(call).await.unwrap_err().code().as_str(), "network");
    assert!(matches!(client.driver.program.told.here(), Some(Event::RefreshDelayed { attempt: 1, .. })));
    js("dispatchEvent(new Event('online'))");
    // Half a second after the last try, the shortest pause there is.
    time.advance(501).await;
    assert!(matches!(client.driver.program.told.here(), Some(Event::Refreshed(_))));
    assert_eq!(client.access_token(0).await, Ok("access-2".into()));
    client.close().await;
}

#[wasm_bindgen_test]
async fn driver_of_a_page_that_is_being_hidden_does_not_try_again() {
    let time = Time::stand_still();
    let (client, server) = signed_in("{}", &js("'memory'")).await;
    server.fail_once();
    let call = client.begin(Machine::refresh);
    time.advance(0).await;
    assert!(client.said(call).await.is_err());
    let before = server.requests().len();
    let _stand_in = StandIn::new("document", "visibilityState", "{ value: 'hidden' }");
    js("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))");
    time.advance(500).await;
    assert_eq!(server.requests().len(), before);
    client.close().await;
}

#[wasm_bindgen_test]
async fn driver_that_lets_go_of_the_host_leaves_no_timer_and_hears_nothing() {
    let time = Time::stand_still();
    let (client, server) = signed_in("{}", &js("'memory'")).await;
    let never = js("() => new Promise(() => {})");
    // Another client: what the first one's server said is kept for it.
    let opening = Client::new("{ clientId: 'opening' }", &js("'memory'"), &never).unwrap();
    opening.begin(|machine, caller| machine.open(caller, None));
    assert_eq!(time.timers(), 2, "the next refresh, and the limit of the request");
    client.close().await;
    opening.close().await;
    assert_eq!(time.timers(), 0);
    let before = server.requests().len();
    js("dispatchEvent(new Event('online'))");
    time.advance(86_400_000).await;
    assert_eq!(server.requests().len(), before);
}

#[wasm_bindgen_test]
async fn driver_that_lets_go_of_the_host_takes_its_listeners_away() {
    js("globalThis.gone = []");
    let spy = "{ value(event) { gone.push(event); return EventTarget.prototype.removeEventListener.apply(this, arguments) } }";
    let _stand_in = StandIn::new("globalThis", "removeEventListener", spy);
    let client = Client::new("{ clientId: 'waiting' }", &js("'memory'"), &js("() => new Promise(() => {})")).unwrap();
    assert_eq!(js("gone.length").as_f64(), Some(0.0));
    client.close().await;
    assert_eq!(js("gone.sort().join()").as_string().unwrap(), "online,pageshow,visibilitychange");
    js("delete globalThis.gone");
}
