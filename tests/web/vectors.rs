//! Signatures that other projects collected, read in place: `../shared/vectors`, which `npm test -- wasm` serves under
//! `/vectors/` (scripts/test/vectors.mjs) and prints the reports of. Where the folder is not there, `npm test` leaves
//! these tests out, and says so.

use crate::{jws::judge, stand_in::js};
use js_sys::Promise;
use pixie_auth::{ErrorCode, Json, web::json::JsJson};
use std::collections::BTreeMap;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

async fn promised(expression: &str) -> Option<String> {
    js(expression).unchecked_into::<Promise>().await.unwrap().as_string()
}

async fn text(file: &str) -> String {
    promised(&format!("fetch('/vectors/{file}').then(answer => answer.ok ? answer.text() : null)"))
        .await
        .expect("the vectors are served by `npm test -- wasm` alone")
}

async fn json(file: &str) -> JsJson {
    JsJson::parse(&text(file).await).unwrap()
}

/// Shows a line with the results of `npm test`.
async fn report(line: &str) {
    let body = js_sys::JSON::stringify(&line.into()).unwrap().as_string().unwrap();
    promised(&format!("fetch('/vectors/', {{ method: 'POST', body: {body} }}).then(() => null)")).await;
}

fn elements(list: &JsJson) -> impl Iterator<Item = JsJson> {
    (0..).map_while(|index| list.nth_member(index)).filter_map(|(_, element)| element)
}

fn as_json(value: &JsJson) -> String {
    js_sys::JSON::stringify(&value.0).unwrap().as_string().unwrap()
}

/// How the cases of one file went.
#[derive(Default)]
struct Tally {
    accepted: Vec<u32>,
    /// What is invalid by its own file's word, by the code that it is refused with.
    invalid: BTreeMap<&'static str, Vec<u32>>,
    /// What is valid and not taken here, by the code that it is refused with.
    policy: BTreeMap<&'static str, Vec<u32>>,
    invalid_accepted: Vec<u32>,
}

impl Tally {
    fn count(&mut self, case: u32, is_valid: bool, result: Result<(), ErrorCode>) {
        match (is_valid, result) {
            (true, Ok(())) => self.accepted.push(case),
            (false, Ok(())) => self.invalid_accepted.push(case),
            (true, Err(code)) => self.policy.entry(code.as_str()).or_default().push(case),
            (false, Err(code)) => self.invalid.entry(code.as_str()).or_default().push(case),
        }
    }

    fn refused(&self) -> usize {
        self.invalid.values().map(Vec::len).sum()
    }

    fn refused_as(&self) -> String {
        let numbers = self.invalid.iter().map(|(code, cases)| format!("{code} {}", cases.len()));
        numbers.collect::<Vec<_>>().join(", ")
    }

    /// How many valid ones are refused.
    fn policy(&self) -> usize {
        self.policy.values().map(Vec::len).sum()
    }
}

/// The cases of one of Wycheproof's files: those with public keys, and those with secrets.
async fn wycheproof(file: &str) -> [Tally; 2] {
    let mut tallies = [Tally::default(), Tally::default()];
    for group in elements(&json(file).await.member("testGroups").unwrap()) {
        let public = group.member("public");
        let is_public = public.is_some();
        // What has no public part is for HMAC.
        let keys = as_json(&public.or_else(|| group.member("private")).unwrap());
        let keys = if keys.contains(r#""keys""#) { keys } else { format!(r#"{{"keys":[{keys}]}}"#) };
        for case in elements(&group.member("tests").unwrap()) {
            let token = case.member("jws").unwrap();
            // A JWS that is no text is in the JSON serialization.
            let token = token.as_text().unwrap_or_else(|| as_json(&token));
            let is_valid = match case.text("result").as_deref() {
                Some("valid") => true,
                Some("invalid") => false,
                other => panic!("{other:?}"),
            };
            let number = case.number("tcId").unwrap() as u32;
            tallies[usize::from(!is_public)].count(number, is_valid, judge(&token, &keys).await);
        }
    }
    tallies
}

#[wasm_bindgen_test]
async fn wycheproofs_signatures_are_right_where_they_are_and_refused_where_not() {
    let [public, secret] = wycheproof("wycheproof/json_web_signature_test.json").await;
    report(&format!(
        "wycheproof JWS: 401 cases, all ran. 361 with a public key: accepted {}, refused {} ({}), refused by policy {} \
         (the key's \"alg\" is another: {:?}). 40 with a secret (HMAC is not taken): refused {} invalid and {} valid",
        public.accepted.len(),
        public.refused(),
        public.refused_as(),
        public.policy(),
        public.policy.values().flatten().collect::<Vec<_>>(),
        secret.refused(),
        secret.policy(),
    ))
    .await;
    assert_eq!([&public.invalid_accepted, &secret.invalid_accepted], [&[] as &[u32]; 2]);
    assert_eq!((public.accepted.len(), public.refused()), (32, 325));
    // PS384 by a key for PS256, ES512 by one for "ES521".
    assert_eq!(public.policy, BTreeMap::from([("id_token_key_not_found", vec![346, 347, 350, 351])]));
    assert_eq!((secret.accepted.len(), secret.refused()), (0, 30));
    let hmac = [
        ("id_token_algorithm", vec![1, 348, 352, 357, 358, 359, 376, 377]),
        // With a "?" among its base64url.
        ("id_token_malformed", vec![372, 373]),
    ];
    assert_eq!(secret.policy, BTreeMap::from(hmac));
}

#[wasm_bindgen_test]
async fn wycheproofs_keys_are_taken_for_what_they_are_for() {
    let [public, secret] = wycheproof("wycheproof/json_web_key_test.json").await;
    report(&format!(
        "wycheproof JWK: 26 cases, all ran. 11 with a public key: accepted {}, refused {} ({}), accepted though invalid \
         {:?} (ROCA: a weak key of the server's own). 15 with a secret (HMAC is not taken): refused {} invalid and {} valid",
        public.accepted.len(),
        public.refused(),
        public.refused_as(),
        public.invalid_accepted,
        secret.refused(),
        secret.policy(),
    ))
    .await;
    assert_eq!(public.accepted, [5]);
    // A key that its owner made badly is the owner's to replace; nothing of the signature shows it.
    assert_eq!(public.invalid_accepted, [7]);
    assert_eq!((public.refused(), public.policy()), (9, 0));
    assert_eq!((secret.accepted.len(), secret.invalid_accepted.len(), secret.refused()), (0, 0, 11));
    assert_eq!(secret.policy, BTreeMap::from([("id_token_algorithm", vec![2, 13, 14, 15])]));
}

#[wasm_bindgen_test]
async fn cookbooks_signatures_are_right_by_the_keys_of_the_cookbook() {
    let mut accepted = Vec::new();
    let mut refused = Vec::new();
    for (example, key, result) in [
        ("4_1.rsa_v15_signature", Some("3_3.rsa_public_key"), Ok(())),
        ("4_2.rsa-pss_signature", Some("3_3.rsa_public_key"), Ok(())),
        ("4_3.ecdsa_signature", Some("3_1.ec_public_key"), Ok(())),
        ("4_4.hmac-sha2_integrity_protection", None, Err(ErrorCode::IdTokenAlgorithm)),
        ("4_5.signature_with_detached_content", None, Err(ErrorCode::IdTokenAlgorithm)),
        ("ed25519", None, Ok(())),
    ] {
        let file = json(&format!("rfc7520/jws/{example}.json")).await;
        let key = match key {
            Some(key) => text(&format!("rfc7520/jwk/{key}.json")).await,
            None => as_json(&file.member("input").unwrap().member("key").unwrap()),
        };
        let token = file.member("output").unwrap().text("compact").unwrap();
        assert_eq!(judge(&token, &format!(r#"{{"keys":[{key}]}}"#)).await, result, "{example}");
        if result.is_ok() { &mut accepted } else { &mut refused }.push(example);
    }
    report(&format!(
        "RFC 7520 cookbook and RFC 8037: 6 JWS, all ran: accepted {} ({}), refused by policy {} (HS256: {})",
        accepted.len(),
        accepted.join(", "),
        refused.len(),
        refused.join(", "),
    ))
    .await;
}
