//! What the tabs of an origin tell each other (channel.js): by a BroadcastChannel, or by the storage that they share.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/web/channel.js")]
extern "C" {
    /// The channel of one client.
    pub type Channel;

    #[wasm_bindgen(constructor)]
    /// One that is silent yet. `storage` is the configuration's.
    pub fn new(deliver: &JsValue, storage: &JsValue) -> Channel;

    /// Hears and tells under this name from now on; what the others tell is delivered.
    #[wasm_bindgen(method)]
    pub fn listen(this: &Channel, name: &str);

    /// Tells the others.
    #[wasm_bindgen(method)]
    pub fn tell(this: &Channel, message: &str);

    /// Hears and tells no more.
    #[wasm_bindgen(method)]
    pub fn close(this: &Channel);
}
