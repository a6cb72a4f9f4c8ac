use crate::stand_in::Time;
use pixie_auth::web::clock;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn clock_tells_the_time_of_the_page_in_milliseconds() {
    let before = crate::stand_in::js("Date.now()").as_f64().unwrap() as u64;
    let now = clock::now().0;
    let after = crate::stand_in::js("Date.now()").as_f64().unwrap() as u64;
    assert!((before..=after).contains(&now) && now > 1_600_000_000_000, "{now}");
}

#[wasm_bindgen_test]
fn clock_is_read_anew_each_time() {
    let time = Time::stand_still();
    let before = clock::now();
    assert_eq!(clock::now(), before);
    time.jump(86_400_000.0);
    assert_eq!(clock::now().since(before), 86_400_000);
    time.jump(-2.0 * 86_400_000.0);
    assert_eq!(before.since(clock::now()), 86_400_000);
}
