//! Something else in the place of a part of the page, until it goes out of sight.

use js_sys::{Function, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/tests/web/stand_in.js")]
extern "C" {
    #[wasm_bindgen(js_name = pause)]
    fn js_pause(millis: f64) -> Promise;

    #[wasm_bindgen(catch)]
    fn evaluate(expression: &str) -> Result<JsValue, JsValue>;

    fn replace(object: &JsValue, name: &str, descriptor: &JsValue) -> Function;

    type VirtualTime;

    #[wasm_bindgen(constructor)]
    fn new() -> VirtualTime;

    #[wasm_bindgen(method)]
    fn pending(this: &VirtualTime) -> u32;

    #[wasm_bindgen(method)]
    fn next(this: &VirtualTime) -> f64;

    #[wasm_bindgen(method)]
    fn advance(this: &VirtualTime, millis: f64) -> Promise;

    #[wasm_bindgen(method)]
    fn jump(this: &VirtualTime, millis: f64);

    #[wasm_bindgen(method)]
    fn restore(this: &VirtualTime);
}

/// The value of a JavaScript expression.
pub fn js(expression: &str) -> JsValue {
    evaluate(expression).unwrap()
}

/// Waits by the real clock.
pub async fn pause(millis: u32) {
    js_pause(f64::from(millis)).await.unwrap();
}

/// A member of an object that is replaced.
pub struct StandIn(Function);

impl StandIn {
    /// The object and the property's descriptor are JavaScript expressions.
    pub fn new(object: &str, name: &str, descriptor: &str) -> Self {
        Self(replace(&js(object), name, &js(descriptor)))
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.0.call0(&JsValue::UNDEFINED).unwrap();
    }
}

/// The page's clock and timers, standing still.
pub struct Time(VirtualTime);

impl Time {
    pub fn stand_still() -> Self {
        Self(VirtualTime::new())
    }

    /// How many timers are set.
    pub fn timers(&self) -> u32 {
        self.0.pending()
    }

    /// How many milliseconds the next timer waits.
    pub fn next_timer(&self) -> f64 {
        self.0.next()
    }

    pub async fn advance(&self, millis: u32) {
        self.0.advance(f64::from(millis)).await.unwrap();
    }

    pub fn jump(&self, millis: f64) {
        self.0.jump(millis);
    }
}

impl Drop for Time {
    fn drop(&mut self) {
        self.0.restore();
    }
}
