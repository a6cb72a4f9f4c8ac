//! An ID token. A text with a line break is header and claims as JSON, and the algorithms that the server announced;
//! any other is the token itself.

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD},
};
use pixie_auth::{
    Json, Secret, UnixMillis,
    core::protocol::{
        id_token::{self, Expected},
        jws::{Algorithms, Jws},
    },
};
use serde_json::{Value, json};

const ALGORITHMS: [&str; 10] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const ISSUER: &str = "https://as.example";
const NOW: u64 = 1_700_000_000;
const TOLERANCE: u64 = 5;

/// base64url that may have bits left over at its end, as hosts read it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

fn expected<'a>(before: Option<&'a Value>) -> Expected<'a, Value> {
    Expected {
        issuer: ISSUER,
        client_id: "c",
        nonce: before.is_none().then_some("n"),
        max_age: before.is_none().then_some(60),
        before,
        now: before.is_none().then_some(UnixMillis(NOW * 1000)),
        tolerance: TOLERANCE,
    }
}

fn names_client(audience: &Value) -> bool {
    *audience == "c" || audience.as_array().is_some_and(|audience| audience.iter().any(|one| one == "c"))
}

pub fn run(input: &str) {
    let mut lines = input.split('\n');
    let (token, announced) = match (lines.next(), lines.next()) {
        (Some(header), Some(claims)) => {
            let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
            (format!("{}.{}.c2ln", encode(header), encode(claims)), lines.next().unwrap_or_default())
        }
        _ => (input.to_owned(), ""),
    };
    let words: Vec<_> = announced.split(' ').collect();
    let announced = Algorithms::announced(|algorithm| words.contains(&algorithm));
    let Ok(jws) = Jws::<Value>::parse(&token, announced, None) else {
        return;
    };
    let parts: Vec<_> = token.split('.').collect();
    assert_eq!(parts.len(), 3);
    assert!(parts.iter().all(|part| LENIENT.decode(part).is_ok()), "{parts:?}");
    let header: Value = serde_json::from_slice(&LENIENT.decode(parts[0]).unwrap()).expect("the header is JSON");
    assert!(header.is_object() && header.get("crit").is_none_or(Value::is_null));
    assert_eq!(header["alg"], jws.header.algorithm);
    assert_eq!(header["kid"].as_str(), jws.header.key_id.as_deref());
    assert!(ALGORITHMS.contains(&jws.header.algorithm));
    assert!(announced == Algorithms::ANY || words.contains(&jws.header.algorithm));
    let apart = Jws::take_apart::<Value>(&token, announced, None, |payload| Some(payload.to_owned()))
        .expect("what was parsed can be taken apart");
    assert_eq!(
        (&apart.header.algorithm, &apart.header.key_id, apart.claims.as_str()),
        (&jws.header.algorithm, &jws.header.key_id, parts[1])
    );
    let claims = jws.claims;
    assert!(claims.is_object());
    assert_eq!(id_token::claims::<Value>(&Secret::new(token.clone())).ok(), Some(claims.clone()));

    let number = |name: &str| claims.number(name);
    if id_token::check(&claims, &expected(None)).is_ok() {
        assert_eq!(claims["iss"], ISSUER);
        assert!(claims["sub"].as_str().is_some_and(|subject| !subject.is_empty()));
        assert!(names_client(&claims["aud"]));
        assert!(claims["azp"].is_null() || claims["azp"] == "c");
        assert!(!claims["azp"].is_null() || claims["aud"].as_array().is_none_or(|audience| audience.len() == 1));
        assert_eq!(claims["nonce"], "n");
        let (now, tolerance) = (NOW as f64, TOLERANCE as f64);
        assert!(number("exp").unwrap() + tolerance > now && number("iat").unwrap() <= now + tolerance + 300.0);
        assert!(number("auth_time").unwrap() + 60.0 + tolerance >= now);
    }
    let before = json!({ "sub": "s", "auth_time": 7 });
    if id_token::check(&claims, &expected(Some(&before))).is_ok() {
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!(ISSUER), &json!("s")));
        assert!(names_client(&claims["aud"]));
        assert!(number("auth_time").is_none_or(|at| at == 7.0));
    }
    let hashes = id_token::check_hashes(&claims, Some("a"), Some("c"));
    let is_equal = |name: &str, hash: &str| claims[name].is_null() || claims[name] == hash;
    assert_eq!(hashes.is_ok(), is_equal("at_hash", "a") && is_equal("c_hash", "c"));
}
