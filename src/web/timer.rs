//! One timer.
//!
//! It never waits for more than a minute: then it asks the wall clock again. So deadlines beyond 2^31 ms,
//! a sleeping machine and a clock that was set are all the same to it.

use crate::core::words::time::UnixMillis;
use core::cell::RefCell;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    // A page gives numbers, Node gives objects.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, millis: u32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

const LONGEST: u64 = 60_000;

/// A timer that calls a function when the deadline has come, or when it is time to look again.
#[derive(Debug, Default)]
pub struct Timer(RefCell<JsValue>);

impl Timer {
    /// Waits for another deadline, or for none.
    pub fn arm(&self, deadline: Option<UnixMillis>, now: UnixMillis, callback: &JsValue) {
        let timer = match deadline {
            // One millisecond more: hosts round down, and a timer that is early has to be set again.
            Some(deadline) => set_timeout(callback, deadline.since(now).min(LONGEST) as u32 + 1),
            None => JsValue::UNDEFINED,
        };
        clear_timeout(&self.0.replace(timer));
    }

    /// Waits for so many milliseconds.
    pub fn start(millis: u64, callback: &JsValue) -> Self {
        Self(RefCell::new(set_timeout(callback, millis.min(0x7fff_ffff) as u32)))
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.0.borrow());
    }
}
