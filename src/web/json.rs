//! JSON by the host's own parser, read by typed getters.

use crate::core::words::json::Json;
use alloc::{string::String, vec::Vec};
use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// A value of the host's: parsed JSON, or an object of options that the program gave.
#[derive(Clone, Debug)]
pub struct JsJson(pub JsValue);

impl Json for JsJson {
    fn parse(text: &str) -> Option<Self> {
        JSON::parse(text).ok().map(Self)
    }

    fn member(&self, name: &str) -> Option<Self> {
        Some(member(&self.0, name)).filter(|value| !value.is_null() && !value.is_undefined()).map(Self)
    }

    fn members(&self) -> Vec<(String, Self)> {
        let mut members = Vec::new();
        if self.0.is_object() {
            let names = Object::keys(self.0.unchecked_ref::<Object>());
            for index in 0..names.length() {
                let name = names.get(index).as_string().unwrap_or_default();
                if let Some(value) = self.member(&name) {
                    members.push((name, value));
                }
            }
        }
        members
    }

    fn as_text(&self) -> Option<String> {
        self.0.as_string()
    }

    fn as_number(&self) -> Option<f64> {
        self.0.as_f64()
    }

    fn as_bool(&self) -> Option<bool> {
        self.0.as_bool()
    }

    fn is_object(&self) -> bool {
        self.0.is_object() && !Array::is_array(&self.0)
    }
}

/// A member of anything; undefined where there is none, or where reading it throws.
pub(crate) fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}
