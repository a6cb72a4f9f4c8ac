//! One timer (timer.js), which asks the wall clock again at least once a minute.

use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/web/timer.js")]
extern "C" {
    /// A timer.
    pub type Timer;

    #[wasm_bindgen(constructor)]
    fn new(look: &JsValue) -> Timer;

    /// Waits for another deadline (milliseconds since the Unix epoch), or for none.
    #[wasm_bindgen(method)]
    pub fn arm(this: &Timer, deadline: Option<f64>);
}

impl Timer {
    /// A timer that calls `look` when the deadline has come, or when it is time to ask again.
    #[must_use]
    pub fn open(look: Closure<dyn Fn()>) -> Self {
        Self::new(&look.into_js_value())
    }
}
