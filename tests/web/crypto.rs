//! Signatures of every algorithm, made and verified by the browser.

use crate::{
    inbox::{Arrival, Inbox, VERIFIED},
    stand_in::js,
};
use js_sys::{Promise, Reflect};
use pixie_auth::{
    core::machines::io::{Signature, Verdict},
    web::{crypto, json::JsJson},
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

/// Makes a pair of keys and a token: `{ jwk, token }`.
async fn made(algorithm: &str, generate: &str, sign: &str) -> (JsValue, String) {
    let work: Promise = js(&format!(
        "(async () => {{
            const pair = await crypto.subtle.generateKey({generate}, true, ['sign', 'verify']);
            const text = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=/g, '');
            const encode = (value) => text(new TextEncoder().encode(JSON.stringify(value)));
            const signed = `${{encode({{ alg: '{algorithm}' }})}}.${{encode({{ sub: 'ada' }})}}`;
            const signature = await crypto.subtle.sign({sign}, pair.privateKey, new TextEncoder().encode(signed));
            return {{
                jwk: await crypto.subtle.exportKey('jwk', pair.publicKey),
                secret: await crypto.subtle.exportKey('jwk', pair.privateKey),
                token: `${{signed}}.${{text(new Uint8Array(signature))}}`,
            }};
        }})()"
    ))
    .unchecked_into();
    let made = work.await.unwrap();
    let member = |name: &str| Reflect::get(&made, &name.into()).unwrap();
    (made.clone(), member("token").as_string().unwrap())
}

fn key(made: &JsValue, name: &str) -> JsJson {
    JsJson(Reflect::get(made, &name.into()).unwrap())
}

/// What the host says of a token's signature by one key, together with an access token and a code to be hashed.
pub async fn verdict(algorithm: &str, key: JsJson, token: &str, hashed: [Option<&str>; 2]) -> Verdict {
    let answers = Inbox::<Arrival>::default();
    let [access_token, code] = hashed;
    let algorithm = String::from(algorithm).leak();
    let signature = Signature { algorithm, key: &key, token, access_token, code };
    crypto::verify(&answers.address(), 7, &signature);
    let answer = answers.take().await;
    assert_eq!((answer.what, answer.op), (VERIFIED, 7));
    crypto::verdict(answer.number, answer.text)
}

fn changed(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}.{first}{}", &signature[1..])
}

#[wasm_bindgen_test]
async fn signature_of_every_algorithm_is_right_and_a_changed_one_is_not() {
    let rsa = |name: &str, bits: u32| {
        format!(
            "{{ name: '{name}', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-{bits}' }}"
        )
    };
    for bits in [256, 384, 512] {
        let curve = if bits == 512 { 521 } else { bits };
        for (algorithm, generate, sign) in [
            (format!("RS{bits}"), rsa("RSASSA-PKCS1-v1_5", bits), "'RSASSA-PKCS1-v1_5'".into()),
            (format!("PS{bits}"), rsa("RSA-PSS", bits), format!("{{ name: 'RSA-PSS', saltLength: {} }}", bits / 8)),
            (
                format!("ES{bits}"),
                format!("{{ name: 'ECDSA', namedCurve: 'P-{curve}' }}"),
                format!("{{ name: 'ECDSA', hash: 'SHA-{bits}' }}"),
            ),
        ] {
            let (made, token) = made(&algorithm, &generate, &sign).await;
            let good = verdict(&algorithm, key(&made, "jwk"), &token, [None, None]).await;
            assert!(matches!(good, Verdict::Good { at_hash: None, c_hash: None }), "{algorithm}");
            let bad = verdict(&algorithm, key(&made, "jwk"), &changed(&token), [None, None]).await;
            assert!(matches!(bad, Verdict::Bad), "{algorithm}");
            // A server that shows its private key: the public part is what is looked at.
            let shown = verdict(&algorithm, key(&made, "secret"), &token, [None, None]).await;
            assert!(matches!(shown, Verdict::Good { .. }), "{algorithm}");
        }
    }
}

#[wasm_bindgen_test]
async fn ed25519_is_verified_where_the_browser_has_it_and_unable_where_not() {
    let has: Promise =
        js("crypto.subtle.generateKey('Ed25519', true, ['sign']).then(() => true, () => false)").unchecked_into();
    // RFC 8037 A.4: the signature there is over a text that is no JWT; the host does not look at it.
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let jwk = || JsJson(js("({ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' })"));
    let (good, bad) = (
        verdict("EdDSA", jwk(), token, [None, None]).await,
        verdict("EdDSA", jwk(), &changed(token), [None, None]).await,
    );
    if has.await.unwrap().is_truthy() {
        assert!(matches!((good, bad), (Verdict::Good { .. }, Verdict::Bad)));
    } else {
        assert!(matches!((good, bad), (Verdict::Unable, Verdict::Unable)));
    }
}

#[wasm_bindgen_test]
async fn hashes_are_the_left_halves_of_digests_as_the_specification_has_them() {
    let (made, token) =
        made("RS256", "{ name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }", "'RSASSA-PKCS1-v1_5'").await;
    let hashed = [
        Some("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
        Some("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
    ];
    let Verdict::Good { at_hash, c_hash } = verdict("RS256", key(&made, "jwk"), &token, hashed).await else {
        panic!("not verified")
    };
    // OIDC Core A.3, A.4.
    assert_eq!(at_hash.as_deref(), Some("77QmUPtjPfzWtF2AnpK9RQ"));
    assert_eq!(c_hash.as_deref(), Some("LDktKdoQak3Pk0cnXxCltA"));
}

#[wasm_bindgen_test]
async fn key_that_the_browser_cannot_use_is_unable_and_nothing_throws() {
    for jwk in [
        "{}",
        "{ kty: 'RSA', n: 'AQAB', e: '' }",
        "{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }",
        "{ kty: 1, n: {}, e: [] }",
    ] {
        for algorithm in ["RS256", "ES256", "EdDSA"] {
            let verdict = verdict(algorithm, JsJson(js(&format!("({jwk})"))), "e30.e30.AAAA", [None, None]).await;
            assert!(matches!(verdict, Verdict::Unable | Verdict::Bad), "{jwk} {algorithm}");
        }
    }
}
