//! The ID token, [OIDC Core §3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation).
//!
//! This release reads the claims of a token that came straight from the token endpoint over TLS (step 6 lets a
//! client take that in place of the signature) and checks issuer, audience, expiry and nonce.

use crate::core::words::{
    cut::parts,
    error::{Error, ErrorCode},
    json::Json,
    secret::{Secret, constant_time_eq},
    time::UnixMillis,
};

/// What an ID token is checked against.
#[derive(Debug)]
pub struct Expected<'a> {
    /// The issuer of the metadata.
    pub issuer: &'a str,
    /// This client.
    pub client_id: &'a str,
    /// The nonce of this login; on a refresh there is none.
    pub nonce: Option<&'a str>,
    /// `sub` of the session that is refreshed.
    pub subject: Option<&'a str>,
    /// Now; on a refresh it is not asked: §12.2 does not, the answer has just come, and a device whose clock runs
    /// ahead must not lose a session that the server has renewed.
    pub now: Option<UnixMillis>,
    /// Seconds by which clocks may differ.
    pub tolerance: u64,
}

/// Reads the claims.
///
/// # Errors
/// `id_token_malformed`.
pub fn claims<J: Json>(id_token: &Secret) -> Result<J, Error> {
    let mut parts = parts(id_token.expose(), b'.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(ErrorCode::IdTokenMalformed.into());
    };
    J::parse_base64url(payload).filter(J::is_object).ok_or_else(|| ErrorCode::IdTokenMalformed.into())
}

/// Checks the claims; the numbers are those of the specification's steps.
///
/// # Errors
/// One code for each step.
pub fn check<J: Json>(claims: &J, expected: &Expected<'_>) -> Result<(), Error> {
    // §2: iss, sub, aud, exp and iat are required.
    let text = |name| claims.text(name).unwrap_or_default();
    let (issuer, subject) = (text("iss"), text("sub"));
    let expiry = claims.number("exp");
    let audience = claims.member("aud");
    let missing = match (&audience, expiry, claims.number("iat")) {
        _ if issuer.is_empty() => "iss",
        _ if subject.is_empty() => "sub",
        (None, ..) => "aud",
        (_, None, _) => "exp",
        (.., None) => "iat",
        _ => "",
    };
    let (Some(audience), Some(expiry), "") = (audience, expiry, missing) else {
        return Err(Error::about(ErrorCode::IdTokenMalformed, missing));
    };
    // 2. "The Issuer Identifier […] MUST exactly match the value of the iss (issuer) Claim."
    if issuer != expected.issuer {
        return Err(ErrorCode::IdTokenIssuer.into());
    }
    // 3. "The Client MUST validate that the aud (audience) Claim contains its client_id value."
    let is_client = |value: &J| value.as_text().as_deref() == Some(expected.client_id);
    let mut contains = is_client(&audience);
    let mut index = 0;
    while !audience.is_object()
        && let Some((_, element)) = audience.nth_member(index)
    {
        index += 1;
        contains |= element.as_ref().is_some_and(is_client);
    }
    if !contains {
        return Err(ErrorCode::IdTokenAudience.into());
    }
    // 9. "The current time MUST be before the time represented by the exp Claim."
    if expected.now.is_some_and(|now| now.seconds() as f64 >= expiry + expected.tolerance as f64) {
        return Err(ErrorCode::IdTokenExpired.into());
    }
    // 11. "If a nonce value was sent […], a nonce Claim MUST be present and its value checked."
    if expected.nonce.is_some_and(|nonce| !constant_time_eq(text("nonce").as_bytes(), nonce.as_bytes())) {
        return Err(ErrorCode::IdTokenNonce.into());
    }
    // §12.2: on a refresh "its sub Claim Value MUST be the same as in the ID Token issued when the original
    // authentication occurred".
    match expected.subject {
        Some(before) if before != subject => Err(ErrorCode::IdTokenSubject.into()),
        _ => Ok(()),
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use ErrorCode::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn expected() -> Expected<'static> {
        Expected {
            issuer: "https://as.example",
            client_id: "c",
            nonce: Some("n"),
            subject: None,
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
        for token in ["", "a", "a.b", "a.e30", "a.e30.b.c", "a.e30=.b", "a.W10.b", "a.bnVsbA.b", "a.!.b", "a._w.b"] {
            let error = claims::<Value>(&Secret::new(token.into())).unwrap_err();
            assert_eq!(error.code(), IdTokenMalformed, "{token}");
        }
    }

    #[test]
    fn id_token_with_all_claims_right_passes() {
        check(&good(), &expected()).unwrap();
        let mut array = good();
        array["aud"] = json!(["other", "c"]);
        check(&array, &expected()).unwrap();
        check(&good(), &Expected { subject: Some("s"), nonce: None, ..expected() }).unwrap();
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
        let other = Expected { subject: Some("t"), ..expected() };
        assert_eq!(check(&good(), &other).unwrap_err().code(), IdTokenSubject);
    }

    #[test]
    fn id_token_expires_after_the_tolerance_and_not_before() {
        let mut token = good();
        token["exp"] = json!(996);
        check(&token, &expected()).unwrap();
    }

    proptest! {
        #[test]
        fn id_token_claims_of_any_text_do_not_panic(text: String) {
            let _ = claims::<Value>(&Secret::new(text));
        }
    }
}
