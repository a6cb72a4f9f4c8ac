//! The few host functions for which js-sys has only a form that is typed by its callbacks.

use alloc::string::String;
use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// Anything with a `then`.
    pub(super) type Thenable;

    /// Waits for it, with plain functions.
    #[wasm_bindgen(method)]
    pub(super) fn then(this: &Thenable, fulfilled: &JsValue, rejected: &JsValue) -> JsValue;

    /// Makes a promise of a value that may be one.
    #[wasm_bindgen(js_namespace = Promise, js_name = resolve)]
    pub(super) fn promise(value: &JsValue) -> Thenable;

    /// A promise that is rejected.
    #[wasm_bindgen(js_namespace = Promise)]
    pub(super) fn reject(reason: &JsValue) -> JsValue;

    /// Binds numbers before a function's own arguments.
    pub(super) type Callback;

    /// The function with its first two arguments fixed.
    #[wasm_bindgen(method)]
    pub(super) fn bind(this: &Callback, context: &JsValue, kind: u32, id: u32) -> JsValue;
}

/// A member of the global object.
pub(crate) fn global(name: &str) -> JsValue {
    member(&js_sys::global(), name)
}

/// A member of anything; undefined where there is none, or where reading it throws.
pub(crate) fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a member of an object that was made here.
pub(crate) fn set(object: &JsValue, name: &str, value: &JsValue) {
    // It cannot fail on an object that is neither frozen nor a proxy.
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}

/// Calls a method; what it throws is the error, and so is that there is none.
pub(crate) fn call(object: &JsValue, name: &str, first: &JsValue, second: &JsValue) -> Result<JsValue, JsValue> {
    match member(object, name).dyn_ref::<Function>() {
        Some(method) => method.call2(object, first, second),
        None => Err(JsValue::UNDEFINED),
    }
}

/// `name` of something thrown, which may be anything.
pub(crate) fn name(thrown: &JsValue) -> String {
    member(thrown, "name").as_string().unwrap_or_default()
}
