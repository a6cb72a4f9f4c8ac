//! `application/x-www-form-urlencoded`: requests ([RFC 6749 appendix B](https://www.rfc-editor.org/rfc/rfc6749#appendix-B)),
//! queries of URLs, and what is kept in storage.

use alloc::{string::String, vec::Vec};

/// Pairs of a form, in order.
#[derive(Default)]
pub struct Form(String);

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

    /// The encoded form.
    #[must_use]
    pub fn finish(self) -> String {
        self.0
    }

    /// `endpoint` with this form as its query, after a query that it has already.
    #[must_use]
    pub fn append_to(self, endpoint: &str) -> String {
        let mut url = String::from(endpoint);
        url.push(if endpoint.contains('?') { '&' } else { '?' });
        url.push_str(&self.0);
        url
    }
}

fn encode(text: &str, out: &mut String) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => {
                out.push('%');
                out.extend(HEX.get(usize::from(byte >> 4)));
                out.extend(HEX.get(usize::from(byte & 15)));
            }
        }
    }
}

/// The decoded pairs of a form or query. A `%` that is not followed by two hex digits stands for itself.
#[must_use]
pub fn parse(form: &str) -> Vec<(String, String)> {
    form.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex(*high) << 4 | hex(*low));
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| String::from('\u{fffd}'))
}

const fn hex(digit: u8) -> u8 {
    (digit & 15) + 9 * (digit >> 6)
}

/// The first value of a name.
#[must_use]
pub fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// The query of a URL, without its fragment; empty where there is none.
#[must_use]
pub fn query(url: &str) -> &str {
    let url = url.split_once('#').map_or(url, |(before, _)| before);
    url.split_once('?').map_or("", |(_, query)| query)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn form_of_any_pairs_reads_back_the_same(pairs: Vec<(String, String)>) {
            let pairs: Vec<_> = pairs.into_iter().collect();
            let mut form = Form::new();
            for (name, value) in &pairs {
                form.push(name, value);
            }
            prop_assert_eq!(parse(&form.finish()), pairs);
        }

        #[test]
        fn form_parse_of_any_text_does_not_panic(text: String) {
            let _ = parse(&text);
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
    fn form_parse_of_a_broken_escape_keeps_it() {
        assert_eq!(parse("a=%4&b=%zz&c"), [("a", "%4"), ("b", "%zz"), ("c", "")].map(|(k, v)| (k.into(), v.into())));
    }

    #[test]
    fn query_of_a_url_leaves_out_its_fragment() {
        assert_eq!(query("https://a/b?c=d#e?f"), "c=d");
        assert_eq!(query("https://a/b#e?f"), "");
    }
}
