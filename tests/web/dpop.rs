use crate::{
    inbox::{Arrival, Inbox, KEYED, SIGNED},
    stand_in::{StandIn, js},
};
use js_sys::Promise;
use pixie_auth::{
    Secret,
    core::machines::io::ProofKey,
    web::dpop::{self, Signer},
};
use std::cell::OnceCell;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

/// A client's key, and what is delivered of it.
struct Client {
    signer: OnceCell<Signer>,
    told: Inbox<Arrival>,
    address: JsValue,
}

impl Client {
    fn new() -> Self {
        let told = Inbox::default();
        let address = told.address();
        Self { signer: OnceCell::new(), told, address }
    }

    fn ask(&self, name: &str, must_last: bool) {
        dpop::open(&self.signer, &self.address, 7, name, must_last);
    }

    async fn opened(&self) -> Result<ProofKey, String> {
        let Arrival { what, op, number, text, extra, .. } = self.told.take().await;
        assert_eq!((what, op), (KEYED, 7));
        dpop::key(number, text, extra).map_err(|error| format!("{} {}", error.code().as_str(), error.subject()))
    }

    async fn open(&self, name: &str) -> ProofKey {
        self.ask(name, true);
        self.opened().await.unwrap()
    }

    async fn sign(&self, input: &str) -> Option<String> {
        dpop::sign(&self.signer, 8, &Secret::new(input.into()));
        let Arrival { what, op, text, .. } = self.told.take().await;
        assert_eq!((what, op), (SIGNED, 8));
        dpop::proof(text).ok().map(|jwt| jwt.expose().into())
    }
}

/// What a promise of JavaScript's comes to.
async fn awaited(expression: &str) -> JsValue {
    js(expression).unchecked_into::<Promise>().await.unwrap()
}

#[wasm_bindgen_test]
async fn key_that_was_made_is_found_again_and_another_name_has_another() {
    let made = Client::new().open("c found-again").await;
    let found = Client::new().open("c found-again").await;
    assert!(made.is_lasting && found.is_lasting);
    assert_eq!(made.public, found.public);
    assert_ne!(made.entropy, found.entropy, "each client has its own");
    assert_eq!(made.entropy.expose().len(), 43);
    assert_ne!(Client::new().open("c another").await.public, made.public);
}

#[wasm_bindgen_test]
async fn key_that_many_clients_make_at_the_same_time_is_one() {
    let clients = [Client::new(), Client::new(), Client::new(), Client::new()];
    for client in &clients {
        client.ask("c together", true);
    }
    let mut keys = Vec::new();
    for client in &clients {
        keys.push(client.opened().await.unwrap().public);
    }
    assert!(keys.iter().all(|key| *key == keys[0]));
    // And it is the one that each signs with.
    for client in &clients {
        let jwt = client.sign("header.claims").await.unwrap();
        assert!(is_signed(&keys[0].x, &keys[0].y, &jwt).await);
    }
}

/// Whether a JWT is signed by ES256 with a key of these coordinates.
async fn is_signed(x: &str, y: &str, jwt: &str) -> bool {
    awaited(&format!(
        "(async () => {{
            const key = await crypto.subtle.importKey('jwk', {{ kty: 'EC', crv: 'P-256', x: '{x}', y: '{y}' }}, {{ name: 'ECDSA', namedCurve: 'P-256' }}, false, ['verify']);
            const [header, claims, signature] = '{jwt}'.split('.');
            const bytes = Uint8Array.from(atob(signature.replace(/-/g, '+').replace(/_/g, '/')), (one) => one.charCodeAt(0));
            return crypto.subtle.verify({{ name: 'ECDSA', hash: 'SHA-256' }}, key, bytes, new TextEncoder().encode(`${{header}}.${{claims}}`));
        }})()"
    ))
    .await
    .is_truthy()
}

#[wasm_bindgen_test]
async fn key_in_the_database_cannot_be_exported() {
    Client::new().open("c kept").await;
    let kept = awaited(
        "new Promise((resolve, reject) => {
            const request = indexedDB.open('pixie-auth dpop', 1);
            request.onsuccess = () => {
                const get = request.result.transaction('keys').objectStore('keys').get('c kept');
                get.onsuccess = async () => {
                    const { privateKey } = get.result;
                    request.result.close();
                    const exported = await crypto.subtle.exportKey('jwk', privateKey).then(() => true, () => false);
                    resolve(`${privateKey.extractable} ${privateKey.usages} ${exported}`);
                };
            };
            request.onerror = reject;
        })",
    );
    assert_eq!(kept.await.as_string().unwrap(), "false sign false");
}

#[wasm_bindgen_test]
async fn key_that_was_cleared_is_kept_again_when_it_is_asked_for() {
    let client = Client::new();
    let made = client.open("c cleared").await;
    awaited(
        "new Promise((resolve, reject) => Object.assign(indexedDB.deleteDatabase('pixie-auth dpop'), { onsuccess: () => resolve(), onerror: reject }))",
    )
    .await;
    assert_eq!(client.open("c cleared").await.public, made.public);
    assert_eq!(Client::new().open("c cleared").await.public, made.public);
}

#[wasm_bindgen_test]
async fn key_without_a_database_is_none_or_in_memory_alone() {
    let _none = StandIn::new("globalThis", "indexedDB", "{ value: undefined, configurable: true }");
    let client = Client::new();
    client.ask("c memory", true);
    assert_eq!(client.opened().await.unwrap_err(), "dpop_unavailable TypeError");
    assert_eq!(client.sign("header.claims").await, None);
    client.ask("c memory", false);
    let first = client.opened().await.unwrap();
    client.ask("c memory", false);
    let again = client.opened().await.unwrap();
    assert!(!first.is_lasting);
    assert_eq!(first.public, again.public);
    assert!(is_signed(&first.public.x, &first.public.y, &client.sign("header.claims").await.unwrap()).await);
}

#[wasm_bindgen_test]
fn key_of_something_else_than_two_coordinates_is_unavailable() {
    for text in ["", "x", "x\ny\nz"] {
        assert!(dpop::key(1.0, Some(text.into()), None).is_err(), "{text}");
    }
}
