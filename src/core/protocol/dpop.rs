//! Demonstrating Proof of Possession, [RFC 9449](https://www.rfc-editor.org/rfc/rfc9449): the proof that goes along with
//! a token, up to its signature, which is the host's.
//!
//! There is no JSON writer: what is written is of alphabets in which nothing has to be escaped.

use super::pkce::s256;
use crate::core::words::{
    class::{Class, is_all},
    concat::concat,
    cut::before,
    decimal::decimal,
    encoding::base64url_into,
    secret::Secret,
};
use alloc::{string::String, vec};

/// The public half of a P-256 key, as in a JWK ([RFC 7518 §6.2.1](https://www.rfc-editor.org/rfc/rfc7518#section-6.2.1)).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicKey {
    /// `x`, base64url.
    pub x: String,
    /// `y`, base64url.
    pub y: String,
    /// The header of its proofs, base64url: made once for all of them.
    header: String,
}

/// What one proof says ([RFC 9449 §4.2](https://www.rfc-editor.org/rfc/rfc9449#section-4.2)).
#[derive(Debug)]
pub struct Claims<'a> {
    /// `jti`, of base64url characters.
    pub id: &'a str,
    /// `htm`.
    pub method: &'a str,
    /// Where to: `htu` is it without query and fragment.
    pub url: &'a str,
    /// `iat`, seconds.
    pub issued_at: u64,
    /// [`ath`] of the token that it goes along with.
    pub ath: Option<&'a str>,
    /// `nonce`: one that [`is_nonce`].
    pub nonce: Option<&'a str>,
}

impl PublicKey {
    /// `None` where these are no coordinates: 32 bytes each, as base64url.
    #[must_use]
    pub fn new(x: &str, y: &str) -> Option<Self> {
        let is_coordinate = |text: &str| text.len() == 43 && is_all(text, Class::Base64url);
        if !is_coordinate(x) || !is_coordinate(y) {
            return None;
        }
        let header = concat(&[
            r#"{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","x":""#,
            x,
            r#"","y":""#,
            y,
            r#"","crv":"P-256"}}"#,
        ]);
        Some(Self { x: x.into(), y: y.into(), header: base64url(header.as_bytes()) })
    }

    /// The thumbprint ([RFC 7638 §3](https://www.rfc-editor.org/rfc/rfc7638#section-3)), which is `jkt`.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        digest(concat(&[r#"{"crv":"P-256","kty":"EC","x":""#, &self.x, r#"","y":""#, &self.y, r#""}"#]).as_bytes())
    }

    /// Header and claims of a proof: what is to be signed with ES256.
    #[must_use]
    pub fn signing_input(&self, claims: &Claims<'_>) -> String {
        let mut payload = concat(&[
            r#"{"jti":""#,
            claims.id,
            r#"","htm":""#,
            &plain(claims.method),
            r#"","htu":""#,
            &plain(before(claims.url, b"?#")),
            r#"","iat":"#,
            &decimal(claims.issued_at),
        ]);
        if let Some(ath) = claims.ath {
            payload = concat(&[&payload, r#","ath":""#, ath, "\""]);
        }
        if let Some(nonce) = claims.nonce {
            payload = concat(&[&payload, r#","nonce":""#, nonce, "\""]);
        }
        payload.push('}');
        concat(&[&self.header, ".", &base64url(payload.as_bytes())])
    }
}

/// `ath`: the hash of a token, [RFC 9449 §4.2](https://www.rfc-editor.org/rfc/rfc9449#section-4.2).
#[must_use]
pub fn ath(token: &Secret) -> String {
    digest(token.expose().as_bytes())
}

/// A `jti` for the proof of this number: 256 bits that nobody else has, as long as nobody else has the entropy.
#[must_use]
pub fn proof_id(entropy: &Secret, number: u32) -> String {
    digest(concat(&[entropy.expose(), ".", &decimal(u64::from(number))]).as_bytes())
}

/// Whether a server may give this as a nonce ([RFC 9449 §8.1](https://www.rfc-editor.org/rfc/rfc9449#section-8.1)):
/// characters that stand for themselves in JSON.
#[must_use]
pub fn is_nonce(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_nqchar)
}

const fn is_nqchar(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && byte != b'"' && byte != b'\\'
}

/// A text of a URL in characters that stand for themselves in JSON: others are percent-encoded, as hosts do it where
/// they send the request.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if is_nqchar(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in &[byte >> 4, byte & 15] {
                out.push(char::from(digit + if *digit < 10 { b'0' } else { b'A' - 10 }));
            }
        }
    }
    out
}

/// SHA-256 as base64url.
fn digest(message: &[u8]) -> String {
    characters(&s256(message))
}

fn base64url(bytes: &[u8]) -> String {
    let mut out = vec![0; bytes.len() / 3 * 4 + 4];
    let length = base64url_into(bytes, &mut out);
    characters(out.get(..length).unwrap_or_default())
}

fn characters(ascii: &[u8]) -> String {
    let mut text = String::with_capacity(ascii.len());
    for character in ascii {
        text.push(char::from(*character));
    }
    text
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// The key of RFC 9449's examples.
    fn key() -> PublicKey {
        let key = PublicKey::new(
            "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
            "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        );
        key.unwrap()
    }

    fn parts(input: &str) -> [Value; 2] {
        let parts: Vec<_> = input.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
        [0, 1].map(|index: usize| serde_json::from_slice(&parts[index]).unwrap())
    }

    fn claims<'a>(method: &'a str, url: &'a str, nonce: Option<&'a str>) -> Claims<'a> {
        Claims { id: "-BwC3ESc6acc2lTc", method, url, issued_at: 1_562_262_616, ath: None, nonce }
    }

    #[test]
    fn thumbprint_of_rfc_9449s_key_is_its_jkt() {
        assert_eq!(key().thumbprint(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    }

    #[test]
    fn digest_of_rfc_7638s_and_rfc_8037s_keys_are_their_thumbprints() {
        // §3.1: an RSA key, in the form of §3.2.
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let members = concat(&[r#"{"e":"AQAB","kty":"RSA","n":""#, n, r#""}"#]);
        assert_eq!(digest(members.as_bytes()), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        // RFC 8037, appendix A.3: an Ed25519 key.
        let members = br#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        assert_eq!(digest(members), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn signing_input_of_rfc_9449s_token_request_is_its_proof() {
        // Figure 2, but for its signature.
        let input = key().signing_input(&claims("POST", "https://server.example.com/token", None));
        assert_eq!(
            input,
            concat!(
                "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXp",
                "Da0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydi",
                "I6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1w",
                "bGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ"
            )
        );
        let [header, payload] = parts(&input);
        assert_eq!(
            header,
            json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": { "kty": "EC", "crv": "P-256", "x": key().x, "y": key().y } })
        );
        assert_eq!(
            payload,
            json!({ "jti": "-BwC3ESc6acc2lTc", "htm": "POST", "htu": "https://server.example.com/token", "iat": 1_562_262_616 })
        );
    }

    #[test]
    fn signing_input_with_rfc_9449s_token_has_its_ath() {
        let token = Secret::new("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU".into());
        let claims = Claims {
            ath: Some(&ath(&token)),
            nonce: Some("eyJ7S_zG.eyJH0-Z.HX4w-7v"),
            ..claims("GET", "https://r/x", None)
        };
        let [_, payload] = parts(&key().signing_input(&claims));
        assert_eq!(payload["ath"], "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
        assert_eq!(payload["nonce"], "eyJ7S_zG.eyJH0-Z.HX4w-7v");
    }

    #[test]
    fn public_key_of_anything_but_two_coordinates_is_none() {
        let good = "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs";
        for wrong in ["", "l8tFrhx", "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBF\"", &good.replace('-', "+")] {
            assert_eq!((PublicKey::new(wrong, good), PublicKey::new(good, wrong)), (None, None), "{wrong}");
        }
    }

    #[test]
    fn proof_ids_do_not_repeat_and_depend_on_the_entropy() {
        let (one, other) = (Secret::new("one".into()), Secret::new("other".into()));
        let ids: Vec<_> = (0..1000).flat_map(|number| [proof_id(&one, number), proof_id(&other, number)]).collect();
        assert!(ids.iter().all(|id| id.len() == 43));
        assert_eq!(std::collections::BTreeSet::from_iter(&ids).len(), ids.len());
    }

    #[test]
    fn nonce_outside_rfc_9449s_alphabet_is_none() {
        for nonce in ["a", "eyJ7S_zG.eyJH0-Z.HX4w-7v", "!#[]~"] {
            assert!(is_nonce(nonce), "{nonce}");
        }
        for text in ["", " ", "a b", "a\"b", "a\\b", "\u{7f}", "é", "a\n"] {
            assert!(!is_nonce(text), "{text:?}");
        }
    }

    #[test]
    fn signing_input_percent_encodes_what_would_have_to_be_escaped() {
        let [_, payload] = parts(&key().signing_input(&claims("GET", "https://a.example/\n\u{ba}\"\\/x", None)));
        assert_eq!(payload["htu"], "https://a.example/%0A%C2%BA%22%5C/x");
    }

    proptest! {
        #[test]
        fn signing_input_of_any_url_method_and_nonce_is_json_that_says_them(
            method: String, url: String, nonce in "[!#-\\[\\]-~]{1,40}",
        ) {
            prop_assert!(is_nonce(&nonce));
            let [_, payload] = parts(&key().signing_input(&claims(&method, &url, Some(&nonce))));
            prop_assert_eq!(payload["nonce"].as_str(), Some(&*nonce));
            let htu = payload["htu"].as_str().unwrap();
            prop_assert!(!htu.contains(['?', '#']) && htu.bytes().all(is_nqchar));
            let path = url.split(['?', '#']).next().unwrap();
            if path.bytes().all(is_nqchar) {
                prop_assert_eq!(htu, path);
            }
            prop_assert_eq!(payload.as_object().unwrap().len(), 5);
        }

        #[test]
        fn base64url_of_any_bytes_is_what_the_base64_crate_gives(bytes: Vec<u8>) {
            prop_assert_eq!(base64url(&bytes), URL_SAFE_NO_PAD.encode(&bytes));
        }
    }
}
