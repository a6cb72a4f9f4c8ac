//! A server's keys, and which of them fit a signature. The first line is the algorithm, and behind a space the key's id.

use pixie_auth::{
    Response, Secret,
    core::protocol::jws::{key_set, next_key},
};
use serde_json::Value;

pub fn run(input: &str) {
    let (wanted, body) = input.split_once('\n').unwrap_or(("RS256", input));
    let (algorithm, key_id) = wanted.split_once(' ').map_or((wanted, None), |(algorithm, id)| (algorithm, Some(id)));
    let response = Response { status: 200, body: Secret::new(body.into()), ..Response::default() };
    let Ok(keys) = key_set::<Value>(&response) else {
        return;
    };
    let members = match &keys {
        Value::Array(keys) => keys.len(),
        Value::Object(keys) => keys.len(),
        _ => 0,
    };
    let mut from = 0;
    while let Some((key, next)) = next_key(&keys, algorithm, key_id, from) {
        assert!(next > from && next as usize <= members, "{from} {next} {members}");
        from = next;
        let is_absent_or = |name: &str, wanted: &str| key[name].is_null() || key[name] == wanted;
        assert!(key_id.is_none_or(|id| key["kid"] == id));
        assert!(is_absent_or("use", "sig") && is_absent_or("alg", algorithm));
        // An object's members count like an array's: no server has them, and none is harmed.
        let operations = key["key_ops"].as_array().map(|operations| operations.iter().any(|one| one == "verify"));
        assert!(operations.unwrap_or(key["key_ops"].is_null() || key["key_ops"].is_object()));
        match algorithm {
            "ES256" => assert!(key["kty"] == "EC" && key["crv"] == "P-256"),
            "ES384" => assert!(key["kty"] == "EC" && key["crv"] == "P-384"),
            "ES512" => assert!(key["kty"] == "EC" && key["crv"] == "P-521"),
            "EdDSA" => assert!(key["kty"] == "OKP" && key["crv"] == "Ed25519"),
            _ => assert!(key["kty"] == "RSA" && key["n"].as_str().is_some_and(|modulus| modulus.len() >= 342)),
        }
    }
}
