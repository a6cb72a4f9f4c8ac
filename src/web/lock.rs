//! Locks that the tabs of an origin share (lock.js): the host's Web Locks.

use crate::core::machines::io::Lock;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/web/lock.js")]
extern "C" {
    /// The locks of one client.
    pub type Locks;

    #[wasm_bindgen(constructor)]
    /// None yet.
    pub fn new(deliver: &JsValue) -> Locks;

    /// Asks for a lock, or takes it from whoever has it. How it stands is delivered until it is released.
    #[wasm_bindgen(method)]
    pub fn request(this: &Locks, op: u32, name: &str, steal: bool);

    /// Gives a lock back, or waits for it no longer.
    #[wasm_bindgen(method)]
    pub fn release(this: &Locks, op: u32);

    /// Lets go of all.
    #[wasm_bindgen(method)]
    pub fn close(this: &Locks);
}

/// How a lock stands, by the number that lock.js has for it.
#[must_use]
pub fn standing(number: f64) -> Lock {
    if number > 0.0 {
        Lock::Granted
    } else if number < 0.0 {
        Lock::Lost
    } else {
        Lock::Unavailable
    }
}
