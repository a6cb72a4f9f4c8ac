//! From a token's form to its signature: the core's checks and choice of a key, then the browser's word.

use crate::{
    crypto::verdict,
    stand_in::{StandIn, js},
};
use pixie_auth::{
    ErrorCode, Json, Response, Secret,
    core::{
        machines::io::Verdict,
        protocol::jws::{self, Algorithms, Jws},
    },
    web::json::JsJson,
};
use wasm_bindgen_test::wasm_bindgen_test;

/// What becomes of a JWS under a key set, as the machine has it: form and algorithm, then each key that fits, by the
/// host's word, until one is the right one. Its payload need not be a JWT's.
pub async fn judge(token: &str, key_set: &str) -> Result<(), ErrorCode> {
    let jws = Jws::take_apart::<JsJson>(token, Algorithms::ANY, None, |_| Some(())).map_err(|error| error.code())?;
    let response = Response { status: 200, body: Secret::new(key_set.into()), ..Response::default() };
    let keys = jws::key_set::<JsJson>(&response).unwrap();
    let (mut failure, mut next) = (ErrorCode::IdTokenKeyNotFound, 0);
    while let Some((key, behind)) = jws::next_key(&keys, jws.header.algorithm, jws.header.key_id.as_deref(), next) {
        next = behind;
        match verdict(jws.header.algorithm, key, token, [None, None]).await {
            Verdict::Good { .. } => return Ok(()),
            Verdict::Bad => failure = ErrorCode::IdTokenSignature,
            Verdict::Unable => failure = ErrorCode::IdTokenAlgorithm,
        }
    }
    Err(failure)
}

/// RFC 7515, appendix A.2: header, payload, signature, and the public key.
const A2: (&str, &str, &str, &str) = (
    "eyJhbGciOiJSUzI1NiJ9",
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t\
     1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12j\
     zDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ\
     Ge77Rw",
    r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#,
);
/// RFC 7515, appendix A.3.
const A3: (&str, &str, &str, &str) = (
    "eyJhbGciOiJFUzI1NiJ9",
    A2.1,
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
);
/// RFC 7515, appendix A.4. Its payload is the word "Payload".
const A4: (&str, &str, &str, &str) = (
    "eyJhbGciOiJFUzUxMiJ9",
    "UGF5bG9hZA",
    "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZC\
     PEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
    r#"{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#,
);
/// RFC 8037, appendices A.2 and A.4.
const ED25519: (&str, &str, &str, &str) = (
    "eyJhbGciOiJFZERTQSJ9",
    "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
);

#[wasm_bindgen_test]
async fn signature_of_a_specifications_example_is_right_and_of_nothing_else() {
    for (header, payload, signature, key) in [A2, A3, A4, ED25519] {
        let keys = format!(r#"{{"keys":[{key}]}}"#);
        assert_eq!(judge(&format!("{header}.{payload}.{signature}"), &keys).await, Ok(()), "{header}");
        let first = if signature.starts_with('A') { "B" } else { "A" };
        for (payload, signature) in [
            ("e30", signature.to_owned()),
            ("", signature.to_owned()),
            (payload, String::new()),
            (payload, format!("{first}{}", &signature[1..])),
            (payload, signature[..signature.len() - 4].to_owned()),
            (payload, format!("{signature}AAAA")),
        ] {
            let token = format!("{header}.{payload}.{signature}");
            assert_eq!(judge(&token, &keys).await.unwrap_err(), ErrorCode::IdTokenSignature, "{token}");
        }
    }
}

#[wasm_bindgen_test]
async fn signature_by_the_second_of_two_keys_that_fit_is_right() {
    let other = A3.3.replace("f83O", "f83P");
    let token = format!("{}.{}.{}", A3.0, A3.1, A3.2);
    let wycheproof = r#"{"kty":"EC","crv":"P-256","x":"04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY","y":"UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw"}"#;
    for (keys, result) in [
        (format!("{other},{}", A3.3), Ok(())),
        (format!("{wycheproof},{other},{}", A3.3), Ok(())),
        // A point that is on no curve is no key.
        (other.clone(), Err(ErrorCode::IdTokenAlgorithm)),
        (wycheproof.to_owned(), Err(ErrorCode::IdTokenSignature)),
        (A4.3.to_owned(), Err(ErrorCode::IdTokenKeyNotFound)),
        (String::new(), Err(ErrorCode::IdTokenKeyNotFound)),
    ] {
        assert_eq!(judge(&token, &format!(r#"{{"keys":[{keys}]}}"#)).await, result, "{keys}");
    }
}

/// A key as it came from a server's set.
fn key(text: &str) -> JsJson {
    JsJson::parse(text).unwrap()
}

#[wasm_bindgen_test]
async fn half_hashes_are_of_what_is_asked_for() {
    let token = format!("{}.{}.{}", A2.0, A2.1, A2.2);
    for (hashed, has) in [
        ([Some("access"), Some("code")], [true, true]),
        ([Some("access"), None], [true, false]),
        ([None, Some("code")], [false, true]),
        ([None, None], [false, false]),
    ] {
        match verdict("RS256", key(A2.3), &token, hashed).await {
            Verdict::Good { at_hash, c_hash } => assert_eq!([at_hash.is_some(), c_hash.is_some()], has, "{hashed:?}"),
            other => panic!("{other:?}"),
        }
    }
}

#[wasm_bindgen_test]
async fn half_hashes_are_as_long_as_the_algorithm_has_it() {
    for ((header, payload, signature, jwk), algorithm, characters) in
        [(A3, "ES256", 22), (A4, "ES512", 43), (ED25519, "EdDSA", 43)]
    {
        let token = format!("{header}.{payload}.{signature}");
        match verdict(algorithm, key(jwk), &token, [Some("access"), Some("ℵ")]).await {
            Verdict::Good { at_hash, c_hash } => {
                assert_eq!([at_hash.unwrap().len(), c_hash.unwrap().len()], [characters; 2], "{algorithm}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[wasm_bindgen_test]
async fn host_without_cryptography_is_unable() {
    let _stand_in = StandIn::new("crypto", "subtle", "{ value: undefined }");
    let token = format!("{}.{}.{}", A3.0, A3.1, A3.2);
    assert!(matches!(verdict("ES256", key(A3.3), &token, [None, None]).await, Verdict::Unable));
}

#[wasm_bindgen_test]
async fn host_that_cannot_hash_what_is_asked_for_is_unable() {
    let token = format!("{}.{}.{}", A3.0, A3.1, A3.2);
    let stand_in = StandIn::new("crypto.subtle", "digest", "{ value: async () => { throw new Error() } }");
    assert_eq!(js("typeof crypto.subtle.verify").as_string().unwrap(), "function");
    // The signature is right, and what it was to be compared with is missing.
    let verdict = verdict("ES256", key(A3.3), &token, [Some("access"), None]).await;
    drop(stand_in);
    assert!(matches!(verdict, Verdict::Unable), "{verdict:?}");
}
