//! JSON as the core sees it: read member by member, whoever parsed it.
//!
//! In a page the host's own parser does the work (`web::json`); a native program has serde_json do it.

use super::{encoding::base64url_decode, time::UnixMillis};
use alloc::string::String;
#[cfg(not(target_arch = "wasm32"))]
use alloc::string::ToString;

/// A JSON value that somebody else parsed.
///
/// A value of another type than the one asked for is as good as absent: what servers send is read
/// tolerantly, and what a field must be is for the protocol's files to say.
pub trait Json: Clone + 'static {
    /// Parses a text; `None` where it is not a JSON object.
    fn parse(text: &str) -> Option<Self>;
    /// Parses what is behind a base64url text, as in the parts of a JWT; `None` where there is no JSON object.
    fn parse_base64url(text: &str) -> Option<Self> {
        Self::parse(core::str::from_utf8(&base64url_decode(text)?).ok()?)
    }
    /// Parses an HTTP-date ([RFC 9110 §5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7)); `None` where it
    /// is none. A page's host parses dates as it parses JSON: our own parser is 0.6 kB of module.
    fn parse_http_date(text: &str) -> Option<UnixMillis>;
    /// A member of an object, where it is there and not null.
    fn member(&self, name: &str) -> Option<Self>;
    /// A member of an object or an array by its number: its name, and its value where that is not null. `None` behind
    /// the last, and for anything else.
    fn nth_member(&self, index: u32) -> Option<(String, Option<Self>)>;
    /// A string.
    fn as_text(&self) -> Option<String>;
    /// A number.
    fn as_number(&self) -> Option<f64>;
    /// Whether it is an object (an array is not).
    fn is_object(&self) -> bool;

    /// Whether a member is there and not null.
    fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }

    /// A member that is a string.
    fn text(&self, name: &str) -> Option<String> {
        self.member(name)?.as_text()
    }

    /// A member that is a number.
    fn number(&self, name: &str) -> Option<f64> {
        self.member(name)?.as_number()
    }

    /// Whether a member is this text.
    fn is(&self, name: &str, text: &str) -> bool {
        self.text(name).as_deref() == Some(text)
    }

    /// How many elements there are in a member that is an array with this text among them; 0 where it is none.
    fn lists(&self, name: &str, text: &str) -> u32;

    /// Whether a member is this boolean.
    fn says(&self, name: &str, wanted: bool) -> bool;

    /// Whether a member is `true`.
    fn is_true(&self, name: &str) -> bool {
        self.says(name, true)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Json for serde_json::Value {
    fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(Self::is_object)
    }

    fn parse_http_date(text: &str) -> Option<UnixMillis> {
        super::http_date::parse_http_date(text)
    }

    fn member(&self, name: &str) -> Option<Self> {
        self.get(name).filter(|value| !value.is_null()).cloned()
    }

    fn nth_member(&self, index: u32) -> Option<(String, Option<Self>)> {
        let (name, value) = match self {
            Self::Array(elements) => (index.to_string(), elements.get(index as usize)?),
            Self::Object(members) => members.iter().nth(index as usize).map(|(name, value)| (name.clone(), value))?,
            _ => return None,
        };
        Some((name, Some(value.clone()).filter(|value| !value.is_null())))
    }

    fn as_text(&self) -> Option<String> {
        self.as_str().map(Into::into)
    }

    fn lists(&self, name: &str, text: &str) -> u32 {
        let elements = self.get(name).and_then(Self::as_array);
        elements
            .filter(|elements| elements.iter().any(|element| element == text))
            .map_or(0, |elements| elements.len() as u32)
    }

    fn as_number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn says(&self, name: &str, wanted: bool) -> bool {
        self.get(name).and_then(Self::as_bool) == Some(wanted)
    }

    fn is_object(&self) -> bool {
        self.is_object()
    }
}
