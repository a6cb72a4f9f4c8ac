//! JSON by the host's own parser (json.js), read by typed getters.

use crate::core::words::{json::Json, time::UnixMillis};
use alloc::{string::String, vec};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/web/json.js")]
extern "C" {
    fn parse(text: &str) -> Option<JsValue>;

    #[wasm_bindgen(js_name = parseBase64url)]
    fn parse_base64url(text: &str) -> Option<JsValue>;

    #[wasm_bindgen(js_name = parseHttpDate)]
    /// NaN where it is none.
    fn parse_http_date(text: &str) -> f64;

    #[wasm_bindgen(js_name = member)]
    fn js_member(value: &JsValue, name: &str) -> Option<JsValue>;

    // A member's value, where that is all that is wanted of it: one call instead of three.

    fn has(value: &JsValue, name: &str) -> bool;

    fn text(value: &JsValue, name: &str) -> i32;

    /// NaN where it is no number.
    fn number(value: &JsValue, name: &str) -> f64;

    fn is(value: &JsValue, name: &str, text: &str) -> bool;

    #[wasm_bindgen(js_name = is)]
    fn says(value: &JsValue, name: &str, wanted: bool) -> bool;

    fn lists(value: &JsValue, name: &str, text: &str) -> u32;

    // Texts come in two steps, so that there is no second way into the module's memory: each of these gives how many bytes
    // its text has, and -1 where there is none; then it is taken.

    #[wasm_bindgen(js_name = nameAt)]
    fn name_at(value: &JsValue, index: u32) -> i32;

    #[wasm_bindgen(js_name = isObject)]
    fn is_object(value: &JsValue) -> bool;

    #[wasm_bindgen(js_name = asText)]
    fn as_text(value: &JsValue) -> i32;

    /// Writes the text that was measured.
    fn take(into: &mut [u8]);

    /// NaN where it is no number, which JSON has none of.
    #[wasm_bindgen(js_name = asNumber)]
    fn as_number(value: &JsValue) -> f64;
}

/// A value of the host's: parsed JSON, or an object of options that the program gave.
#[derive(Clone, Debug)]
pub struct JsJson(pub JsValue);

/// The text that the host has just measured.
#[inline(never)]
#[allow(unsafe_code)]
fn taken(length: i32) -> Option<String> {
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    take(&mut bytes);
    // SAFETY: they are what TextEncoder gives, which is UTF-8 whatever the text. The check would be a kilobyte of module.
    Some(unsafe { String::from_utf8_unchecked(bytes) })
}

fn defined(number: f64) -> Option<f64> {
    (!number.is_nan()).then_some(number)
}

impl Json for JsJson {
    fn parse(text: &str) -> Option<Self> {
        parse(text).map(Self)
    }

    fn parse_base64url(text: &str) -> Option<Self> {
        parse_base64url(text).map(Self)
    }

    fn parse_http_date(text: &str) -> Option<UnixMillis> {
        let millis = parse_http_date(text);
        (!millis.is_nan()).then_some(UnixMillis(millis as u64))
    }

    fn member(&self, name: &str) -> Option<Self> {
        js_member(&self.0, name).map(Self)
    }

    fn nth_member(&self, index: u32) -> Option<(String, Option<Self>)> {
        let name = taken(name_at(&self.0, index))?;
        let value = self.member(&name);
        Some((name, value))
    }

    fn as_text(&self) -> Option<String> {
        taken(as_text(&self.0))
    }

    fn as_number(&self) -> Option<f64> {
        defined(as_number(&self.0))
    }

    fn has(&self, name: &str) -> bool {
        has(&self.0, name)
    }

    fn text(&self, name: &str) -> Option<String> {
        taken(text(&self.0, name))
    }

    fn number(&self, name: &str) -> Option<f64> {
        defined(number(&self.0, name))
    }

    fn is(&self, name: &str, text: &str) -> bool {
        is(&self.0, name, text)
    }

    fn lists(&self, name: &str, text: &str) -> u32 {
        lists(&self.0, name, text)
    }

    fn says(&self, name: &str, wanted: bool) -> bool {
        says(&self.0, name, wanted)
    }

    fn is_object(&self) -> bool {
        is_object(&self.0)
    }
}
