//! JSON by the host's own parser (json.js), read by typed getters.

use crate::core::words::{json::Json, time::UnixMillis};
use alloc::string::String;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/web/json.js")]
extern "C" {
    fn parse(text: &str) -> JsValue;

    #[wasm_bindgen(js_name = parseBase64url)]
    fn parse_base64url(text: &str) -> JsValue;

    #[wasm_bindgen(js_name = parseHttpDate)]
    /// NaN where it is none.
    fn parse_http_date(text: &str) -> f64;

    /// A member of anything; undefined where there is none, where it is null, or where reading it throws.
    pub(crate) fn member(value: &JsValue, name: &str) -> JsValue;

    #[wasm_bindgen(js_name = nameAt)]
    fn name_at(value: &JsValue, index: u32) -> Option<String>;

    #[wasm_bindgen(js_name = isObject)]
    fn is_object(value: &JsValue) -> bool;

    #[wasm_bindgen(js_name = asText)]
    fn as_text(value: &JsValue) -> Option<String>;

    /// NaN where it is no number, which JSON has none of.
    #[wasm_bindgen(js_name = asNumber)]
    fn as_number(value: &JsValue) -> f64;

    /// 0 for false, 1 for true.
    #[wasm_bindgen(js_name = asBool)]
    fn as_bool(value: &JsValue) -> u32;
}

/// A value of the host's: parsed JSON, or an object of options that the program gave.
#[derive(Clone, Debug)]
pub struct JsJson(pub JsValue);

impl JsJson {
    fn defined(value: JsValue) -> Option<Self> {
        (!value.is_undefined()).then_some(Self(value))
    }
}

impl Json for JsJson {
    fn parse(text: &str) -> Option<Self> {
        Self::defined(parse(text))
    }

    fn parse_base64url(text: &str) -> Option<Self> {
        Self::defined(parse_base64url(text))
    }

    fn parse_http_date(text: &str) -> Option<UnixMillis> {
        let millis = parse_http_date(text);
        (!millis.is_nan()).then_some(UnixMillis(millis as u64))
    }

    fn member(&self, name: &str) -> Option<Self> {
        Self::defined(member(&self.0, name))
    }

    fn nth_member(&self, index: u32) -> Option<(String, Option<Self>)> {
        let name = name_at(&self.0, index)?;
        let value = self.member(&name);
        Some((name, value))
    }

    fn as_text(&self) -> Option<String> {
        as_text(&self.0)
    }

    fn as_number(&self) -> Option<f64> {
        Some(as_number(&self.0)).filter(|number| !number.is_nan())
    }

    fn as_bool(&self) -> Option<bool> {
        match as_bool(&self.0) {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn is_object(&self) -> bool {
        is_object(&self.0)
    }
}
