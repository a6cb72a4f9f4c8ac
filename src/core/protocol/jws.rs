//! The signature of an ID token: a JWS ([RFC 7515](https://www.rfc-editor.org/rfc/rfc7515)) in its compact form, the
//! algorithms that are taken ([RFC 7518 §3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1),
//! [RFC 8037 §3.1](https://www.rfc-editor.org/rfc/rfc8037#section-3.1)), and the key among those of the server
//! ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)) that it was made with.
//!
//! Whether the signature is right is for the host to say: it has the cryptography.

use crate::core::words::{
    class::{Class, is_all},
    cut::parts,
    error::{Error, ErrorCode},
    http::Response,
    json::Json,
};
use alloc::{rc::Rc, string::String};

/// The algorithms that are taken. What is signed with a secret (`HS256`) or not at all (`none`) would have to be
/// believed to whoever knows this client, which is everybody.
const ALGORITHMS: [&str; 10] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/// Those that a server uses, of the ones that are taken: a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Algorithms(u32);

impl Algorithms {
    /// Any: the server does not say.
    pub const ANY: Self = Self(!0);

    /// What a server announces. One that names none of those that are taken is not believed: what it signs is looked at.
    #[must_use]
    pub fn announced(is_announced: impl Fn(&str) -> bool) -> Self {
        let mut algorithms = 0;
        for (place, algorithm) in ALGORITHMS.iter().enumerate() {
            algorithms |= u32::from(is_announced(algorithm)) << place;
        }
        if algorithms == 0 { Self::ANY } else { Self(algorithms) }
    }
}

/// The base64url characters of a modulus of 2,048 bits: RSA keys that are shorter are none
/// ([RFC 7518 §3.3](https://www.rfc-editor.org/rfc/rfc7518#section-3.3)).
const SHORTEST_MODULUS: usize = 342;

/// The header of a JWS.
#[derive(Debug)]
pub struct Header {
    /// As it came, base64url.
    text: String,
    /// `alg`, one of those that are taken.
    pub algorithm: &'static str,
    /// `kid`.
    pub key_id: Option<String>,
}

/// Header and payload of a JWS whose signature is still to be verified.
#[derive(Debug)]
pub struct Jws<P> {
    /// Its header.
    pub header: Rc<Header>,
    /// The payload: a JWT's members.
    pub claims: P,
}

impl<J: Json> Jws<J> {
    /// Takes a JWT apart; see [`take_apart`](Self::take_apart).
    ///
    /// # Errors
    /// `id_token_malformed`, `id_token_algorithm`.
    pub fn parse(token: &str, announced: Algorithms, known: Option<&Rc<Header>>) -> Result<Self, Error> {
        // RFC 7519 §7.2: the payload of a JWT is a JSON object.
        Self::take_apart::<J>(token, announced, known, |payload| J::parse_base64url(payload))
    }
}

impl<P> Jws<P> {
    /// Takes a JWS apart ([RFC 7515 §5.2](https://www.rfc-editor.org/rfc/rfc7515#section-5.2), its steps in brackets).
    /// `announced` are the algorithms that the server says it uses. `known` is a header that was read before: the same
    /// again is not read anew. `read` reads the payload, base64url.
    ///
    /// # Errors
    /// `id_token_malformed`, `id_token_algorithm`.
    pub fn take_apart<J: Json>(
        token: &str,
        announced: Algorithms,
        known: Option<&Rc<Header>>,
        read: impl FnOnce(&str) -> Option<P>,
    ) -> Result<Self, Error> {
        // [1] Three parts, each base64url and nothing else.
        let mut segments = parts(token, b'.');
        let (Some(header), Some(payload), Some(signature), None) =
            (segments.next(), segments.next(), segments.next(), segments.next())
        else {
            return Err(malformed("parts"));
        };
        for part in &[header, payload, signature] {
            if !is_base64url(part) {
                return Err(malformed("parts"));
            }
        }
        let header = match known.filter(|known| known.text == header) {
            Some(known) => known.clone(),
            None => Rc::new(Header::read::<J>(header, announced)?),
        };
        // [6] The payload.
        let claims = read(payload).ok_or_else(|| malformed("payload"))?;
        Ok(Self { header, claims })
    }
}

impl Header {
    fn read<J: Json>(text: &str, announced: Algorithms) -> Result<Self, Error> {
        // [2, 3] The header is a JSON object.
        let header = J::parse_base64url(text).ok_or_else(|| malformed("header"))?;
        // [4] Extensions that have to be understood are not.
        if header.has("crit") {
            return Err(malformed("crit"));
        }
        // OIDC Core §3.1.3.7, 7 and 8: the algorithm is one of those that are taken, and that the server announced.
        let algorithm = header.text("alg").unwrap_or_default();
        let Some((place, algorithm)) = ALGORITHMS.iter().enumerate().find(|(_, known)| **known == algorithm) else {
            return Err(ErrorCode::IdTokenAlgorithm.into());
        };
        if announced.0 >> place & 1 == 0 {
            return Err(ErrorCode::IdTokenAlgorithm.into());
        }
        Ok(Self { text: text.into(), algorithm, key_id: header.text("kid") })
    }
}

fn malformed(part: &'static str) -> Error {
    Error::about(ErrorCode::IdTokenMalformed, part)
}

/// Reads the server's answer with its keys, [RFC 7517 §5](https://www.rfc-editor.org/rfc/rfc7517#section-5).
///
/// # Errors
/// `discovery_failed` where it is no key set.
pub fn key_set<J: Json>(response: &Response) -> Result<J, Error> {
    let document: Option<J> = if response.is_success() { response.object() } else { None };
    let keys = document.and_then(|document| document.member("keys"));
    keys.ok_or_else(|| Error::about(ErrorCode::DiscoveryFailed, "jwks_uri").with_status(response.status))
}

/// The next key of a set that a signature may have been made with, and its place behind it.
#[must_use]
pub fn next_key<J: Json>(keys: &J, algorithm: &str, key_id: Option<&str>, mut from: u32) -> Option<(J, u32)> {
    while let Some((_, key)) = keys.nth_member(from) {
        from += 1;
        if let Some(key) = key
            && fits(&key, algorithm, key_id)
        {
            return Some((key, from));
        }
    }
    None
}

/// Whether a signature may have been made with a key: [RFC 7517 §4](https://www.rfc-editor.org/rfc/rfc7517#section-4),
/// OIDC Core §10.1.
fn fits<J: Json>(key: &J, algorithm: &str, key_id: Option<&str>) -> bool {
    // "kid": the key that the signature names; where it names none, any.
    if key_id.is_some_and(|key_id| !key.is("kid", key_id)) {
        return false;
    }
    // "use", "key_ops", "alg": where the key says what it is for, it is for this.
    let says = |name, wanted: &str| key.is(name, wanted) || !key.has(name);
    let verifies = key.lists("key_ops", "verify") > 0 || !key.has("key_ops");
    if !verifies || !says("use", "sig") || !says("alg", algorithm) {
        return false;
    }
    // "kty", "crv": RFC 7518 §3.3 to §3.5, RFC 8037 §2.
    let (kind, curve) = match algorithm {
        "ES256" => ("EC", "P-256"),
        "ES384" => ("EC", "P-384"),
        "ES512" => ("EC", "P-521"),
        "EdDSA" => ("OKP", "Ed25519"),
        _ => {
            return key.is("kty", "RSA") && key.text("n").is_some_and(|modulus| modulus.len() >= SHORTEST_MODULUS);
        }
    };
    key.is("kty", kind) && key.is("crv", curve)
}

/// Whether it is base64url without padding, and nothing else: what a JWS is made of (RFC 7515 §2).
fn is_base64url(text: &str) -> bool {
    text.len() % 4 != 1 && is_all(text, Class::Base64url)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::core::words::{any_json::any_object, secret::Secret};
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn token(header: &Value) -> String {
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        format!("{header}.eyJzdWIiOiJzIn0.c2ln")
    }

    fn parse(token: &str) -> Result<(String, Option<String>), ErrorCode> {
        let jws = Jws::<Value>::parse(token, Algorithms::ANY, None).map_err(|error| error.code())?;
        assert_eq!(jws.claims, json!({ "sub": "s" }));
        Ok((jws.header.algorithm.into(), jws.header.key_id.clone()))
    }

    #[test]
    fn jws_with_an_algorithm_that_is_taken_is_taken_apart() {
        for algorithm in ALGORITHMS {
            assert_eq!(
                parse(&token(&json!({ "alg": algorithm, "kid": "k" }))),
                Ok((algorithm.into(), Some("k".into())))
            );
        }
        assert_eq!(parse(&token(&json!({ "alg": "ES256", "typ": "JWT" }))), Ok(("ES256".into(), None)));
    }

    #[test]
    fn jws_with_another_algorithm_is_refused_for_it() {
        for algorithm in [
            json!("none"),
            json!("None"),
            json!("HS256"),
            json!("HS512"),
            json!("RS1"),
            json!("rs256"),
            json!("RS256 "),
            json!("RS256 RS384"),
            json!(""),
            json!(null),
            json!(256),
            json!("ES256K"),
        ] {
            let code = parse(&token(&json!({ "alg": algorithm }))).unwrap_err();
            assert_eq!(code, ErrorCode::IdTokenAlgorithm, "{algorithm}");
        }
    }

    #[test]
    fn jws_with_an_algorithm_that_the_server_did_not_announce_is_refused_for_it() {
        let token = token(&json!({ "alg": "RS256" }));
        let only = |words: &[&str]| Algorithms::announced(|algorithm| words.contains(&algorithm));
        assert!(Jws::<Value>::parse(&token, only(&["RS256", "ES256"]), None).is_ok());
        let error = Jws::<Value>::parse(&token, only(&["PS256", "EdDSA"]), None).unwrap_err();
        assert_eq!(error.code(), ErrorCode::IdTokenAlgorithm);
        // None that is taken: the server's word is worth nothing.
        for words in [&[][..], &["HS256", "none"]] {
            assert_eq!(only(words), Algorithms::ANY, "{words:?}");
        }
    }

    #[test]
    fn jws_that_is_none_is_malformed() {
        let good = token(&json!({ "alg": "RS256" }));
        let critical = token(&json!({ "alg": "RS256", "crit": ["exp"] }));
        let header = good.split_once('.').unwrap().0;
        for text in [
            "",
            "a",
            "..",
            &format!("{good}."),
            &format!("{good}.AAAA.AAAA"),
            &format!(" {good}"),
            &format!("{good}="),
            &format!("{header}.eyJzdWIiOiJzIn0.c2l+"),
            &format!("{header}.eyJzdWIiOiJzIn0.c2lnA"),
            &format!("{header}.W10.c2ln"),
            &format!("{header}.bnVsbA.c2ln"),
            &format!("{header}..c2ln"),
            "W10.eyJzdWIiOiJzIn0.c2ln",
            "_w.eyJzdWIiOiJzIn0.c2ln",
            &critical,
        ] {
            assert_eq!(parse(text), Err(ErrorCode::IdTokenMalformed), "{text}");
        }
    }

    #[test]
    fn jws_whose_header_is_known_shares_it_and_another_is_read() {
        let [first, same, other] = ["RS256", "RS256", "ES256"].map(|algorithm| token(&json!({ "alg": algorithm })));
        let parse = |token: &str, known: Option<&Rc<Header>>| Jws::<Value>::parse(token, Algorithms::ANY, known);
        let known = parse(&first, None).unwrap().header;
        assert!(Rc::ptr_eq(&parse(&same, Some(&known)).unwrap().header, &known));
        assert_eq!(parse(&other, Some(&known)).unwrap().header.algorithm, "ES256");
        let none = token(&json!({ "alg": "none" }));
        assert_eq!(parse(&none, Some(&known)).unwrap_err().code(), ErrorCode::IdTokenAlgorithm);
    }

    fn rsa(edit: Value) -> Value {
        let mut key = json!({ "kty": "RSA", "n": "n".repeat(342), "e": "AQAB", "kid": "k" });
        for (name, value) in edit.as_object().unwrap() {
            key[name] = value.clone();
        }
        key
    }

    #[test]
    fn key_fits_by_what_it_says_of_itself() {
        let point = |curve: &str| json!({ "kty": "EC", "crv": curve, "x": "x", "y": "y" });
        for (key, algorithm, key_id, does) in [
            (rsa(json!({})), "RS256", Some("k"), true),
            (rsa(json!({})), "PS512", None, true),
            (rsa(json!({})), "RS256", Some("l"), false),
            (rsa(json!({ "kid": null })), "RS256", Some("k"), false),
            (rsa(json!({ "use": "sig", "key_ops": ["verify"], "alg": "RS256" })), "RS256", Some("k"), true),
            (rsa(json!({ "key_ops": ["encrypt", "verify"] })), "RS256", None, true),
            (rsa(json!({ "use": "enc" })), "RS256", None, false),
            (rsa(json!({ "key_ops": ["encrypt"] })), "RS256", None, false),
            (rsa(json!({ "key_ops": "verify" })), "RS256", None, false),
            (rsa(json!({ "alg": "RS384" })), "RS256", None, false),
            (rsa(json!({ "alg": 256 })), "RS256", None, false),
            (rsa(json!({ "n": "n".repeat(341) })), "RS256", None, false),
            (rsa(json!({ "n": 5 })), "RS256", None, false),
            (rsa(json!({})), "ES256", None, false),
            (point("P-256"), "ES256", None, true),
            (point("P-384"), "ES384", None, true),
            (point("P-521"), "ES512", None, true),
            (point("P-256"), "ES384", None, false),
            (point("secp256k1"), "ES256", None, false),
            (point("P-256"), "RS256", None, false),
            (point("Ed25519"), "EdDSA", None, false),
            (json!({ "kty": "OKP", "crv": "Ed25519", "x": "x" }), "EdDSA", None, true),
            (json!({ "kty": "OKP", "crv": "X25519", "x": "x" }), "EdDSA", None, false),
            (json!({ "kty": "oct", "k": "secret" }), "RS256", None, false),
            (json!("key"), "RS256", None, false),
        ] {
            assert_eq!(fits(&key, algorithm, key_id), does, "{key} {algorithm} {key_id:?}");
        }
    }

    #[test]
    fn next_key_goes_from_one_that_fits_to_the_next() {
        let keys = json!([rsa(json!({ "kid": "a" })), null, rsa(json!({ "use": "enc" })), rsa(json!({ "kid": "b" }))]);
        let (first, from) = next_key(&keys, "RS256", None, 0).unwrap();
        let (second, from) = next_key(&keys, "RS256", None, from).unwrap();
        assert_eq!((first["kid"].as_str(), second["kid"].as_str()), (Some("a"), Some("b")));
        assert!(next_key(&keys, "RS256", None, from).is_none());
        assert!(next_key(&json!({}), "RS256", None, 0).is_none());
        assert_eq!(next_key(&keys, "RS256", Some("b"), 0).unwrap().1, 4);
    }

    #[test]
    fn key_set_that_is_none_is_discovery_failed() {
        let response = |status, body: &str| Response { status, body: Secret::new(body.into()), ..Response::default() };
        assert_eq!(key_set::<Value>(&response(200, r#"{"keys":[]}"#)).unwrap(), json!([]));
        for (status, body) in [(200, ""), (200, "<html>"), (200, "[]"), (200, "{}"), (404, r#"{"keys":[]}"#), (503, "")]
        {
            let error = key_set::<Value>(&response(status, body)).unwrap_err();
            assert_eq!((error.code(), error.status()), (ErrorCode::DiscoveryFailed, Some(status)), "{status} {body}");
        }
    }

    proptest! {
        #[test]
        fn jws_parse_of_any_text_does_not_panic(text: String) {
            let _ = Jws::<Value>::parse(&text, Algorithms::ANY, None);
        }

        #[test]
        fn jws_that_parses_has_three_parts_of_base64url_and_an_allowed_algorithm(
            parts in proptest::collection::vec("[A-Za-z0-9_=+/ -]{0,8}|eyJhbGciOiJSUzI1NiJ9|e30", 1..5)
        ) {
            let text = parts.join(".");
            if let Ok(jws) = Jws::<Value>::parse(&text, Algorithms::ANY, None) {
                prop_assert_eq!(parts.len(), 3);
                prop_assert!(parts.iter().all(|part| URL_SAFE_NO_PAD.decode(part).is_ok() || part.len() % 4 != 1));
                prop_assert!(ALGORITHMS.contains(&jws.header.algorithm));
            }
        }

        #[test]
        fn next_key_of_any_set_comes_to_its_end_and_gives_none_that_is_for_something_else(
            keys in proptest::collection::vec(any_object(KEY, KEY_WORDS), 0..6),
            algorithm in proptest::sample::select(&ALGORITHMS[..]),
            key_id in proptest::option::of("k"),
        ) {
            let body = json!({ "keys": keys }).to_string();
            let response = Response { status: 200, body: Secret::new(body), ..Response::default() };
            let keys = key_set::<Value>(&response).unwrap();
            let mut from = 0;
            while let Some((key, next)) = next_key(&keys, algorithm, key_id.as_deref(), from) {
                prop_assert!(next > from);
                from = next;
                prop_assert!(matches!(key["kty"].as_str(), Some("RSA" | "EC" | "OKP")));
                prop_assert!(key["use"].is_null() || key["use"] == "sig");
                prop_assert!(key["alg"].is_null() || key["alg"] == algorithm);
                prop_assert!(key_id.is_none() || key["kid"] == "k");
            }
        }
    }

    const KEY: &[&str] = &["kty", "kty", "crv", "crv", "n", "use", "alg", "kid", "key_ops"];
    const KEY_WORDS: &[&str] =
        &["RSA", "EC", "EC", "OKP", "oct", "P-256", "P-384", "Ed25519", "sig", "enc", "ES256", "k"];
}
