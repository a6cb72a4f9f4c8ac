//! One timer (timer.js), which asks the wall clock again at least once a minute.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/web/timer.js")]
extern "C" {
    /// A timer.
    pub type Timer;

    #[wasm_bindgen(constructor)]
    /// A timer that delivers when the deadline has come, or when it is time to ask again.
    pub fn new(deliver: &JsValue) -> Timer;

    /// Waits for another deadline (milliseconds since the Unix epoch), or for none.
    #[wasm_bindgen(method)]
    pub fn arm(this: &Timer, deadline: Option<f64>);
}
