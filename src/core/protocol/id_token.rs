//! The ID token, [OIDC Core §3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation).
//!
//! Its form, its algorithm and the key are [`jws`](super::jws)'s. What it says is checked here: against the login that it
//! answers, or on a refresh against the session that it belongs to (§12.2).

use crate::core::words::{
    cut::parts,
    error::{Error, ErrorCode},
    json::Json,
    secret::{Secret, constant_time_eq},
    time::UnixMillis,
};

/// Seconds from now beyond which a token says to be from the future: servers' clocks differ, and a login is not to fail for
/// that. What an ID token is good for is said by `exp` and `nonce`.
const TOO_FAR_AWAY: f64 = 300.0;

/// What an ID token is checked against.
#[derive(Debug)]
pub struct Expected<'a, J> {
    /// The issuer of the metadata.
    pub issuer: &'a str,
    /// This client.
    pub client_id: &'a str,
    /// The nonce of this login; on a refresh there is none.
    pub nonce: Option<&'a str>,
    /// How many seconds ago the user may have signed in, where this login said so.
    pub max_age: Option<u64>,
    /// The claims of the session that is refreshed.
    pub before: Option<&'a J>,
    /// Now; on a refresh it is not asked: §12.2 does not, the answer has just come, and a device whose clock runs
    /// ahead must not lose a session that the server has renewed.
    pub now: Option<UnixMillis>,
    /// Seconds by which clocks may differ.
    pub tolerance: u64,
}

/// Reads the claims of a token that was checked before.
///
/// # Errors
/// `id_token_malformed`.
pub fn claims<J: Json>(id_token: &Secret) -> Result<J, Error> {
    let mut parts = parts(id_token.expose(), b'.');
    let payload = parts.next().and_then(|_| parts.next());
    payload.and_then(J::parse_base64url).ok_or_else(|| ErrorCode::IdTokenMalformed.into())
}

/// Checks the claims; the numbers are those of the specification's steps. Encryption (1) is not offered; the signature
/// and its algorithm (6 to 8) are `jws`'s.
///
/// # Errors
/// One code for each step.
pub fn check<J: Json>(claims: &J, expected: &Expected<'_, J>) -> Result<(), Error> {
    let text = |name| claims.text(name).unwrap_or_default();
    // §2: iss, sub, aud, exp and iat are required.
    let missing = |name| Err(Error::about(ErrorCode::IdTokenMalformed, name));
    // 2. "The Issuer Identifier […] MUST exactly match the value of the iss (issuer) Claim."
    if !claims.is("iss", expected.issuer) {
        return if text("iss").is_empty() { missing("iss") } else { Err(ErrorCode::IdTokenIssuer.into()) };
    }
    let subject = text("sub");
    if subject.is_empty() {
        return missing("sub");
    }
    // 3. "The Client MUST validate that the aud (audience) Claim contains its client_id value."
    let is_client = |name| claims.is(name, expected.client_id);
    let audiences = if is_client("aud") { 1 } else { claims.lists("aud", expected.client_id) };
    if audiences == 0 {
        return if claims.has("aud") { Err(ErrorCode::IdTokenAudience.into()) } else { missing("aud") };
    }
    let Some(expiry) = claims.number("exp") else {
        return missing("exp");
    };
    let Some(issued_at) = claims.number("iat") else {
        return missing("iat");
    };
    // 4, 5. Of several audiences "the Client SHOULD verify that an azp Claim is present", and where it is,
    // "that its client_id is the Claim Value".
    if (audiences > 1 || claims.has("azp")) && !is_client("azp") {
        return Err(ErrorCode::IdTokenAuthorizedParty.into());
    }
    let tolerance = expected.tolerance as f64;
    let now = expected.now.map(|now| now.seconds() as f64);
    // 9. "The current time MUST be before the time represented by the exp Claim."
    if now.is_some_and(|now| now >= expiry + tolerance) {
        return Err(ErrorCode::IdTokenExpired.into());
    }
    // 10. "The iat Claim can be used to reject tokens that were issued too far away from the current time."
    if now.is_some_and(|now| issued_at > now + tolerance + TOO_FAR_AWAY) {
        return Err(ErrorCode::IdTokenIssuedAt.into());
    }
    // 11. "If a nonce value was sent […], a nonce Claim MUST be present and its value checked."
    if expected.nonce.is_some_and(|nonce| !constant_time_eq(text("nonce").as_bytes(), nonce.as_bytes())) {
        return Err(ErrorCode::IdTokenNonce.into());
    }
    // §12.2: sub "MUST be the same as in the ID Token issued when the original authentication occurred", and auth_time
    // "MUST represent the time of the original authentication". iss and aud are this client's, as they were then.
    let authenticated_at = || claims.number("auth_time");
    if let Some(before) = expected.before {
        if !before.is("sub", &subject) {
            return Err(ErrorCode::IdTokenSubject.into());
        }
        let (then, now) = (before.number("auth_time"), authenticated_at());
        if then.is_some() && now.is_some() && then != now {
            return Err(ErrorCode::IdTokenAuthTime.into());
        }
    }
    // 13. "When a max_age request is made […], the Client SHOULD check the auth_time Claim value."
    if let (Some(max_age), Some(now)) = (expected.max_age, now) {
        let until = authenticated_at().map(|at| at + max_age as f64 + tolerance);
        if until.is_none_or(|until| now > until) {
            return Err(ErrorCode::IdTokenAuthTime.into());
        }
    }
    Ok(())
}

/// Checks the hashes of what came along with the token, where it has any: §3.1.3.8, §3.3.2.10. Each is the left half of
/// a digest, base64url; `None` where there is nothing that it could be of.
///
/// # Errors
/// `id_token_hash`.
pub fn check_hashes(claims: &impl Json, at_hash: Option<&str>, c_hash: Option<&str>) -> Result<(), Error> {
    for (name, hash) in [("at_hash", at_hash), ("c_hash", c_hash)] {
        if hash.is_some() && claims.has(name) && claims.text(name).as_deref() != hash {
            return Err(Error::about(ErrorCode::IdTokenHash, name));
        }
    }
    Ok(())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::core::words::any_json::any_object;
    use ErrorCode::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn expected() -> Expected<'static, Value> {
        Expected {
            issuer: "https://as.example",
            client_id: "c",
            nonce: Some("n"),
            max_age: None,
            before: None,
            now: Some(UnixMillis(1_000_000)),
            tolerance: 5,
        }
    }

    fn good() -> Value {
        json!({ "iss": "https://as.example", "sub": "s", "aud": "c", "exp": 1001, "iat": 900, "nonce": "n" })
    }

    #[test]
    fn id_token_claims_are_read_from_the_middle_part() {
        let token = Secret::new("e30.eyJzdWIiOiJzIn0.c2ln".into());
        assert_eq!(claims::<Value>(&token).unwrap(), json!({ "sub": "s" }));
    }

    #[test]
    fn id_token_that_is_none_is_malformed() {
        for token in ["", "a", "a.b", "a.e30=.b", "a.W10.b", "a.bnVsbA.b", "a.!.b", "a._w.b"] {
            let error = claims::<Value>(&Secret::new(token.into())).unwrap_err();
            assert_eq!(error.code(), IdTokenMalformed, "{token}");
        }
    }

    #[test]
    fn id_token_with_all_claims_right_passes() {
        check(&good(), &expected()).unwrap();
        for (aud, azp) in [(json!(["c"]), json!(null)), (json!(["other", "c"]), json!("c")), (json!("c"), json!("c"))] {
            let mut token = good();
            (token["aud"], token["azp"]) = (aud, azp);
            check(&token, &expected()).unwrap();
        }
        let before = json!({ "sub": "s", "auth_time": 7 });
        check(&good(), &Expected { before: Some(&before), nonce: None, ..expected() }).unwrap();
    }

    #[test]
    fn id_token_with_one_claim_wrong_is_refused_for_it() {
        for (name, value, code) in [
            ("iss", json!("https://as.example/"), IdTokenIssuer),
            ("iss", json!(null), IdTokenMalformed),
            ("sub", json!(null), IdTokenMalformed),
            ("sub", json!(""), IdTokenMalformed),
            ("aud", json!("d"), IdTokenAudience),
            ("aud", json!(["d"]), IdTokenAudience),
            ("aud", json!([]), IdTokenAudience),
            ("aud", json!({ "0": "c" }), IdTokenAudience),
            ("aud", json!(null), IdTokenMalformed),
            ("exp", json!(995), IdTokenExpired),
            ("exp", json!("9999999999"), IdTokenMalformed),
            ("exp", json!(null), IdTokenMalformed),
            ("iat", json!(null), IdTokenMalformed),
            ("iat", json!(1306), IdTokenIssuedAt),
            ("aud", json!(["c", "d"]), IdTokenAuthorizedParty),
            ("azp", json!("d"), IdTokenAuthorizedParty),
            ("azp", json!(1), IdTokenAuthorizedParty),
            ("nonce", json!("m"), IdTokenNonce),
            ("nonce", json!(null), IdTokenNonce),
        ] {
            let mut token = good();
            token[name] = value.clone();
            assert_eq!(check(&token, &expected()).unwrap_err().code(), code, "{name} {value}");
        }
        let mut late = good();
        late["exp"] = json!(1);
        check(&late, &Expected { now: None, ..expected() }).unwrap();
    }

    #[test]
    fn id_token_without_a_required_claim_says_which() {
        for name in ["iss", "sub", "aud", "exp", "iat"] {
            let mut token = good();
            token[name] = json!(null);
            let error = check(&token, &expected()).unwrap_err();
            assert_eq!((error.code(), error.subject()), (IdTokenMalformed, name));
        }
    }

    #[test]
    fn refreshed_id_token_of_another_user_or_sign_in_is_refused() {
        let mut token = good();
        token["auth_time"] = json!(7);
        for (before, code) in [
            (json!({ "sub": "t" }), IdTokenSubject),
            (json!({}), IdTokenSubject),
            (json!({ "sub": "s", "auth_time": 8 }), IdTokenAuthTime),
        ] {
            let expected = Expected { before: Some(&before), now: None, nonce: None, ..expected() };
            assert_eq!(check(&token, &expected).unwrap_err().code(), code, "{before}");
        }
    }

    #[test]
    fn sign_in_that_is_older_than_max_age_is_refused_after_the_tolerance() {
        for (auth_time, max_age, is_good) in [
            (json!(990), Some(5), true),
            (json!(989), Some(5), false),
            (json!(0), None, true),
            (json!(null), Some(5), false),
            (json!("990"), Some(5), false),
        ] {
            let mut token = good();
            token["auth_time"] = auth_time.clone();
            let result = check(&token, &Expected { max_age, ..expected() });
            let code = (!is_good).then_some(IdTokenAuthTime);
            assert_eq!(result.err().map(|error| error.code()), code, "{auth_time} {max_age:?}");
        }
    }

    #[test]
    fn id_token_expires_after_the_tolerance_and_not_before() {
        let mut token = good();
        (token["exp"], token["iat"]) = (json!(996), json!(1305));
        check(&token, &expected()).unwrap();
    }

    #[test]
    fn id_token_hash_is_compared_where_there_is_one_and_something_that_it_is_of() {
        let hashes = |at: Value, c: Value| json!({ "at_hash": at, "c_hash": c });
        for (claims, at_hash, c_hash, is_good) in [
            (json!({}), Some("a"), Some("c"), true),
            (hashes(json!("a"), json!("c")), Some("a"), Some("c"), true),
            (hashes(json!("a"), json!("c")), Some("a"), None, true),
            (hashes(json!("b"), json!(null)), Some("a"), Some("c"), false),
            (hashes(json!(null), json!("b")), Some("a"), Some("c"), false),
            (hashes(json!(""), json!(null)), Some("a"), None, false),
            (hashes(json!(1), json!(null)), Some("a"), None, false),
        ] {
            assert_eq!(check_hashes(&claims, at_hash, c_hash).is_ok(), is_good, "{claims} {at_hash:?} {c_hash:?}");
        }
    }

    proptest! {
        #[test]
        fn id_token_claims_of_any_text_do_not_panic(text: String) {
            let _ = claims::<Value>(&Secret::new(text));
        }

        #[test]
        fn id_token_of_any_claims_passes_only_with_what_it_has_to_say(
            claims in any_object(CLAIMS, &["https://as.example", "s", "c", "n"]),
        ) {
            let mut token = good();
            token.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
            for token in [claims, token] {
                if check(&token, &expected()).is_ok() {
                    prop_assert!(token["iss"] == "https://as.example" && token["nonce"] == "n");
                    let audience = &token["aud"];
                    prop_assert!(*audience == "c" || audience.as_array().is_some_and(|all| all.contains(&json!("c"))));
                    prop_assert!(token["azp"].is_null() || token["azp"] == "c");
                    prop_assert!(token["exp"].as_f64() > Some(995.0) && token["iat"].as_f64() <= Some(1305.0));
                }
                let before = json!({ "sub": "s" });
                let refreshed = Expected { before: Some(&before), nonce: None, now: None, ..expected() };
                prop_assert!(check(&token, &refreshed).is_err() || token["sub"] == "s");
            }
        }
    }

    const CLAIMS: &[&str] = &["iss", "sub", "aud", "azp", "exp", "iat", "nonce", "auth_time"];
}
