//! `application/x-www-form-urlencoded`: requests ([RFC 6749 appendix B](https://www.rfc-editor.org/rfc/rfc6749#appendix-B)),
//! queries of URLs, and what is kept in storage.

use super::cut::{Parts, before, cut, parts};
use alloc::string::String;

/// Pairs of a form, in order.
#[derive(Default)]
pub struct Form(String);

impl core::fmt::Debug for Form {
    // A form may hold a secret.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Form([redacted])")
    }
}

impl Form {
    /// An empty form.
    #[must_use]
    pub const fn new() -> Self {
        Self(String::new())
    }

    /// Adds a pair.
    pub fn push(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        encode(name, &mut self.0);
        self.0.push('=');
        encode(value, &mut self.0);
    }

    /// Adds a pair where there is a value.
    pub fn push_some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.push(name, value);
        }
    }

    /// Adds the pairs of another form.
    pub fn append(&mut self, other: &Self) {
        self.append_encoded(&other.0);
    }

    /// Adds the pairs of an encoded form.
    pub fn append_encoded(&mut self, other: &str) {
        if !self.0.is_empty() && !other.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(other);
    }

    /// The encoded form.
    #[must_use]
    pub fn finish(self) -> String {
        self.0
    }

    /// `endpoint` with this form as its query, after a query that it has already.
    #[must_use]
    pub fn append_to(self, endpoint: &str) -> String {
        let mut url = String::from(endpoint);
        url.push(if cut(endpoint, b"?").is_some() { '&' } else { '?' });
        url.push_str(&self.0);
        url
    }
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => {
                out.push('%');
                for digit in &[byte >> 4, byte & 15] {
                    out.push(char::from(digit + if *digit < 10 { b'0' } else { b'A' - 10 }));
                }
            }
        }
    }
}

/// The decoded values of a name, in order.
pub fn values<'a>(form: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let mut parts = parts(form, b'&');
    core::iter::from_fn(move || next(&mut parts, name))
}

/// The next value of a name among the parts of a form.
fn next(parts: &mut Parts<'_>, name: &str) -> Option<String> {
    for pair in parts {
        let (key, value) = cut(pair, b"=").unwrap_or((pair, ""));
        if decode(key) == name {
            return Some(decode(value));
        }
    }
    None
}

/// Whether a name is there more than once.
#[must_use]
pub fn repeats(form: &str, name: &str) -> bool {
    let mut parts = parts(form, b'&');
    next(&mut parts, name).is_some() && next(&mut parts, name).is_some()
}

/// The first value of a name. A `%` that is not followed by two hex digits stands for itself.
#[must_use]
pub fn value(form: &str, name: &str) -> Option<String> {
    next(&mut parts(form, b'&'), name)
}

/// The first value of a name, where it is not empty.
#[must_use]
pub fn text(form: &str, name: &str) -> Option<String> {
    value(form, name).filter(|text| !text.is_empty())
}

fn decode(text: &str) -> String {
    let mut decoded = Utf8::default();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(hex(*high) << 4 | hex(*low));
                rest = after;
            }
            _ => decoded.push(*first),
        }
    }
    if decoded.missing > 0 {
        decoded.text.push(char::REPLACEMENT_CHARACTER);
    }
    decoded.text
}

/// UTF-8 byte by byte. What is none becomes U+FFFD. (The standard library's check is made for long texts; it is
/// three times the module of all of this file's decoding.)
#[derive(Default)]
struct Utf8 {
    text: String,
    character: u32,
    /// How many bytes of the character are still to come.
    missing: u32,
    /// The least character that takes as many bytes: a longer spelling of a lesser one is none.
    least: u32,
}

impl Utf8 {
    fn push(&mut self, byte: u8) {
        let bits = u32::from(byte);
        if self.missing > 0 && byte & 0xc0 == 0x80 {
            self.character = self.character << 6 | bits & 0x3f;
            self.missing -= 1;
            if self.missing == 0 {
                let character = char::from_u32(self.character).filter(|_| self.character >= self.least);
                self.text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            return;
        }
        if self.missing > 0 {
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
        (self.character, self.missing, self.least) = match byte {
            0xc0..=0xdf => (bits & 0x1f, 1, 0x80),
            0xe0..=0xef => (bits & 0x0f, 2, 0x800),
            0xf0..=0xf7 => (bits & 0x07, 3, 0x1_0000),
            _ => (0, 0, 0),
        };
        if self.missing == 0 {
            self.text.push(if byte < 0x80 { char::from(byte) } else { char::REPLACEMENT_CHARACTER });
        }
    }
}

const fn hex(digit: u8) -> u8 {
    (digit & 15) + 9 * (digit >> 6)
}

/// The query of a URL, without its fragment; empty where there is none.
#[must_use]
pub fn query(url: &str) -> &str {
    cut(before(url, b"#"), b"?").map_or("", |(_, query)| query)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn form_of_any_pair_reads_back_the_same(name: String, value: String, before in "[a-z]{0,3}") {
            let mut form = Form::new();
            form.push("!", &before);
            form.push(&name, &value);
            prop_assume!(name != "!");
            prop_assert_eq!(super::value(&form.finish(), &name), Some(value));
        }

        #[test]
        fn form_values_of_any_text_do_not_panic(text: String, name: String) {
            let _ = values(&text, &name).count();
            let _ = query(&text);
        }
    }

    #[test]
    fn form_encodes_as_rfc_6749_appendix_b_shows() {
        let mut form = Form::new();
        form.push("k", " %&+\u{a3}\u{20ac}");
        assert_eq!(form.finish(), "k=+%25%26%2B%C2%A3%E2%82%AC");
    }

    #[test]
    fn form_value_with_a_broken_escape_keeps_it() {
        for (form, expected) in [("a=%4", "%4"), ("a=%zz", "%zz"), ("x=1&a", ""), ("a=%", "%"), ("a=b=c", "b=c")] {
            assert_eq!(value(form, "a").as_deref(), Some(expected), "{form}");
        }
        assert_eq!(value("b=1", "a"), None);
        assert_eq!(text("a=", "a"), None);
    }

    proptest! {
        #[test]
        fn form_value_of_any_bytes_agrees_with_the_standard_library_on_what_is_utf_8(bytes: Vec<u8>) {
            let escaped: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
            let decoded = value(&format!("a={escaped}"), "a").unwrap();
            match std::str::from_utf8(&bytes) {
                Ok(text) => prop_assert_eq!(decoded, text),
                Err(_) => prop_assert!(decoded.contains(char::REPLACEMENT_CHARACTER)),
            }
        }
    }

    #[test]
    fn form_values_of_a_name_come_in_order() {
        assert_eq!(values("a=1&b=2&%61=3", "a").collect::<Vec<_>>(), ["1", "3"]);
    }

    #[test]
    fn query_of_a_url_leaves_out_its_fragment() {
        assert_eq!(query("https://a/b?c=d#e?f"), "c=d");
        assert_eq!(query("https://a/b#e?f"), "");
    }
}
