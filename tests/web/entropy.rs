use crate::stand_in::StandIn;
use pixie_auth::{core::words::random::LOGIN_ENTROPY, web::entropy};
use std::collections::BTreeSet;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn entropy_differs_each_time_and_in_each_place() {
    let draws: Vec<_> = (0..100).map(|_| entropy::entropy().unwrap()).collect();
    for place in 0..LOGIN_ENTROPY {
        let values: BTreeSet<u8> = draws.iter().map(|draw| draw[place]).collect();
        assert!(values.len() > 40, "byte {place} took {} values of 100", values.len());
    }
    assert_eq!(draws.iter().collect::<BTreeSet<_>>().len(), 100);
}

#[wasm_bindgen_test]
fn seed_differs_each_time() {
    let seeds: BTreeSet<u32> = (0..100).map(|_| entropy::seed()).collect();
    assert!(seeds.len() > 95 && !seeds.contains(&0), "{}", seeds.len());
}

#[wasm_bindgen_test]
fn entropy_of_a_host_without_a_source_is_an_error_and_never_zeros() {
    let _stand_in = StandIn::new("crypto", "getRandomValues", "{ value() { throw new Error('no source') } }");
    let error = entropy::entropy().unwrap_err();
    assert_eq!(error.code().as_str(), "insecure_context");
    assert_eq!(error.subject(), "crypto.getRandomValues");
    assert_ne!(entropy::seed(), 0, "what only spreads load falls back to the clock");
}
