//! A whole login, its refreshes and its end, in a page, with an authorization server that is a script.

use crate::{
    client::Client,
    stand_in::{Time, js},
};
use js_sys::Array;
use pixie_auth::{Answer, Event, Json, Machine, SignOutReason};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen(module = "/tests/web/server.js")]
extern "C" {
    type AuthorizationServer;

    #[wasm_bindgen(constructor)]
    fn new() -> AuthorizationServer;

    #[wasm_bindgen(method)]
    fn fetch(this: &AuthorizationServer) -> JsValue;

    #[wasm_bindgen(method)]
    fn authorize(this: &AuthorizationServer, url: &str) -> String;

    #[wasm_bindgen(method, js_name = setLifetime)]
    fn set_lifetime(this: &AuthorizationServer, seconds: u32);

    #[wasm_bindgen(method, js_name = failOnce)]
    fn fail_once(this: &AuthorizationServer);

    #[wasm_bindgen(method)]
    fn seen(this: &AuthorizationServer) -> Array;
}

/// The authorization server.
pub struct Server(AuthorizationServer);

impl Server {
    pub fn new() -> Self {
        Self(AuthorizationServer::new())
    }

    pub fn fetch(&self) -> JsValue {
        self.0.fetch()
    }

    pub fn fail_once(&self) {
        self.0.fail_once();
    }

    /// The grant types and paths that were asked for.
    pub fn requests(&self) -> Vec<String> {
        self.0.seen().iter().map(|request| request.as_string().unwrap()).collect()
    }
}

/// A client in which somebody has just signed in.
pub async fn signed_in(config: &str, storage: &JsValue) -> (Client, Server) {
    let server = Server::new();
    let client = Client::new(config, storage, &server.fetch()).unwrap();
    assert!(matches!(client.open().await, Ok(Answer::Opened(Some(_)))));
    let redirect = server.0.authorize(&client.login_url().await);
    let answer = client.code(|machine, caller| machine.callback(caller, &redirect)).await;
    assert!(matches!(answer, Ok(Answer::Callback { .. })), "{answer:?}");
    (client, server)
}

#[wasm_bindgen_test]
async fn story_of_a_login_its_callback_a_refresh_a_reload_and_the_end() {
    js("sessionStorage.clear()");
    let server = Server::new();
    let client = Client::new("{ scope: 'openid profile' }", &js("'session'"), &server.fetch()).unwrap();
    let Ok(Answer::Opened(Some(metadata))) = client.open().await else { panic!("not opened") };
    assert_eq!(metadata.text("issuer").as_deref(), Some("https://as.example"));
    assert_eq!(client.access_token(0).await, Err("no_session"));

    // The user goes to the server and comes back to a page that begins anew.
    let url = client.login_url().await;
    client.close().await;
    let redirect = server.0.authorize(&url);
    let client = Client::new("{ scope: 'openid profile' }", &js("'session'"), &server.fetch()).unwrap();
    client.open().await.unwrap();
    let both = [(); 2].map(|()| client.begin(|machine, caller| machine.callback(caller, &redirect)));
    for call in both {
        let Ok(Answer::Callback { session, .. }) = client.said(call).await else { panic!("not signed in") };
        assert_eq!(session.tokens.access_token.expose(), "access-1");
        let claims = session.claims.as_ref().unwrap();
        assert_eq!(claims.text("sub").as_deref(), Some("ada"));
        assert_eq!(claims.text("name").as_deref(), Some("Ada Lovelace – ℵ"));
    }
    assert!(matches!(client.driver.program.told.here(), Some(Event::SignedIn(_))));
    assert_eq!(client.driver.program.told.len(), 0);
    assert_eq!(client.access_token(0).await, Ok("access-1".into()));

    let Ok(Answer::Session(Some(session))) = client.code(Machine::refresh).await else { panic!("not refreshed") };
    assert_eq!(session.tokens.access_token.expose(), "access-2");
    assert!(matches!(client.driver.program.told.here(), Some(Event::Refreshed(_))));

    // A reload keeps the session, and the same redirect again gives the same answer.
    client.close().await;
    let client = Client::new("{ scope: 'openid profile' }", &js("'session'"), &server.fetch()).unwrap();
    client.open().await.unwrap();
    assert_eq!(client.access_token(0).await, Ok("access-2".into()));
    let again = client.code(|machine, caller| machine.callback(caller, &redirect)).await;
    assert!(matches!(again, Ok(Answer::Callback { .. })), "{again:?}");

    let entropy = pixie_auth::web::entropy::entropy().unwrap();
    let logout = client.code(|machine, caller| machine.logout(caller, true, false, None, &entropy)).await;
    assert!(matches!(logout, Ok(Answer::LogoutUrl(None))), "{logout:?}");
    let told = client.driver.program.told.here();
    assert!(matches!(told, Some(Event::SignedOut { reason: SignOutReason::Logout, .. })), "{told:?}");
    assert_eq!(client.access_token(0).await, Err("no_session"));
    client.close().await;

    let stored = js("JSON.stringify(sessionStorage)").as_string().unwrap();
    assert!(!stored.contains("access-") && !stored.contains("code_verifier"), "{stored}");
    let grants: Vec<_> = server.requests().into_iter().filter(|request| !request.starts_with('/')).collect();
    assert_eq!(grants, ["authorization_code", "refresh_token"], "one code, spent once");
}

#[wasm_bindgen_test]
async fn story_of_an_hour_in_which_the_page_refreshes_by_itself() {
    let time = Time::stand_still();
    let server = Server::new();
    server.0.set_lifetime(600);
    let client = Client::new("{ autoRefresh: { leadTime: 60, jitter: 0 } }", &js("'memory'"), &server.fetch()).unwrap();
    let opening = client.begin(|machine, caller| machine.open(caller, None));
    time.advance(0).await;
    client.said(opening).await.unwrap();
    let redirect = server.0.authorize(&client.login_url().await);
    client.code(|machine, caller| machine.callback(caller, &redirect)).await.unwrap();
    assert_eq!(client.driver.program.told.len(), 1);

    time.advance(539_000).await;
    assert_eq!(client.driver.program.told.len(), 1, "nine minutes are not over");
    time.advance(2_000).await;
    assert_eq!(client.driver.program.told.len(), 2);
    time.advance(54 * 60_000).await;
    assert_eq!(client.driver.program.told.len(), 8);
    assert_eq!(client.access_token(0).await, Ok("access-8".into()));

    // The clock of a device that slept: the next look at it finds the refresh due.
    time.jump(3.0 * 86_400_000.0);
    time.advance(61_000).await;
    assert_eq!(client.access_token(0).await, Ok("access-9".into()));
    client.close().await;
    assert_eq!(time.timers(), 0);
}
