//! What has to be known of a URL: whether a secret may be sent there. The rest is the host's.

use super::{
    class::{Class, is_all},
    cut::{before, cut, parts},
};

/// Whether a URL is one that the protocol may talk to: https, or http to this very machine.
///
/// Loopback is `localhost` and names below it, `127.0.0.0/8` and `[::1]`
/// ([RFC 8252 §8.3](https://www.rfc-editor.org/rfc/rfc8252#section-8.3)).
#[must_use]
pub fn is_secure(url: &str) -> bool {
    http_host(url).is_some_and(|(is_https, host)| is_https || is_loopback(host))
}

/// Whether an http or https URL is the latter, and its host.
fn http_host(url: &str) -> Option<(bool, &str)> {
    let (scheme, host) = split(url)?;
    let is_https = scheme.eq_ignore_ascii_case("https");
    (!host.is_empty() && (is_https || scheme.eq_ignore_ascii_case("http"))).then_some((is_https, host))
}

/// The origin of an http or https URL, as it is written there
/// ([RFC 6454 §6.2](https://www.rfc-editor.org/rfc/rfc6454#section-6.2)).
#[must_use]
pub fn origin(url: &str) -> Option<&str> {
    http_host(url)?;
    let (scheme, rest) = cut(url, b":")?;
    let authority = before(rest.get(2..)?, b"/?#");
    url.get(..scheme.len() + 3 + authority.len())
}

/// Whether it is an http or https URL with a host.
#[must_use]
pub fn is_http(url: &str) -> bool {
    http_host(url).is_some()
}

/// Whether it is an absolute URI without a fragment: what a `redirect_uri` must be
/// ([RFC 6749 §3.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2)). Private-use schemes
/// ([RFC 8252 §7.1](https://www.rfc-editor.org/rfc/rfc8252#section-7.1)) are as good as https.
#[must_use]
pub fn is_redirect_uri(uri: &str) -> bool {
    let Some((scheme, rest)) = cut(uri, b":") else {
        return false;
    };
    scheme.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && is_all(scheme, Class::Scheme)
        && !rest.is_empty()
        && is_all(uri, Class::OfUrl)
        && cut(uri, b"#").is_none()
        && (is_http(uri) || !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https"))
}

/// Scheme and host. `None` where there is no authority, where user information could hide the host,
/// or where white space or a backslash would let the host's parser read another one.
fn split(url: &str) -> Option<(&str, &str)> {
    if !is_all(url, Class::OfUrl) {
        return None;
    }
    let (scheme, rest) = cut(url, b":")?;
    let rest = rest.strip_prefix("//")?;
    let authority = before(rest, b"/?#");
    if cut(authority, b"@").is_some() {
        return None;
    }
    let host = match authority.strip_prefix('[') {
        Some(address) => cut(address, b"]")?.0,
        None => before(authority, b":"),
    };
    Some((scheme, host))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.ends_with(".localhost")
        || host == "::1"
        || host.strip_prefix("127.").is_some_and(|rest| {
            parts(rest, b'.').count() == 3
                && parts(rest, b'.').all(|part| !part.is_empty() && is_all(part, Class::Digits))
        })
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn is_secure_takes_https_and_loopback_only() {
        for url in [
            "https://a.example",
            "HTTPS://a.example/x?y#z",
            "https://[2001:db8::1]:8443/",
            "http://localhost:3000/x",
            "http://app.localhost/",
            "http://127.0.0.1",
            "http://127.9.8.7:1/",
            "http://[::1]:80/",
        ] {
            assert!(is_secure(url), "{url}");
        }
        for url in [
            "",
            "a.example",
            "https://",
            "http://a.example",
            "http://192.168.0.1/",
            "http://127.0.0.1.evil.example/",
            "http://127.evil.example/",
            // Names to a browser, not addresses.
            "http://127.9../",
            "http://127.../",
            "http://localhost.evil.example",
            "http://localhost@evil.example/",
            "http://localhost\\@evil.example/",
            "http://evil.example\t/",
            "ftp://localhost/",
            "javascript:alert(1)",
        ] {
            assert!(!is_secure(url), "{url}");
        }
    }

    #[test]
    fn origin_of_a_url_is_what_is_before_its_path() {
        for (url, expected) in [
            ("https://a.example", Some("https://a.example")),
            ("https://a.example/x?y=https://b.example#z", Some("https://a.example")),
            ("http://[::1]:8080?x", Some("http://[::1]:8080")),
            ("https://a.example:8443#x", Some("https://a.example:8443")),
            ("https://a.example@evil.example/", None),
            ("https://a.example\\@evil.example/", None),
            ("ftp://a.example/", None),
            ("/x", None),
            ("", None),
        ] {
            assert_eq!(origin(url), expected, "{url}");
        }
    }

    #[test]
    fn is_redirect_uri_takes_absolute_uris_without_fragment() {
        for uri in
            ["https://a.example/callback", "http://192.168.0.2/cb?x=y", "com.example.app:/callback", "app://x/cb"]
        {
            assert!(is_redirect_uri(uri), "{uri}");
        }
        for uri in
            ["", "/callback", "https:", "https://", "https:/a", "a b:/x", "https://a.example/#x", "1app:/x", ":x"]
        {
            assert!(!is_redirect_uri(uri), "{uri}");
        }
    }

    proptest! {
        #[test]
        fn is_secure_of_any_text_is_https_or_loopback_and_hides_no_other_host(
            url in "(https?|HTTPS|ftp|javascript)?:?/{0,3}(localhost|127\\.|\\[::1\\]|a\\.example|[a-z0-9.@:/?#%\\\\ \t\\[\\]]){0,6}"
        ) {
            if is_secure(&url) {
                prop_assert!(is_http(&url) && !url.contains([' ', '\\', '\t']));
                let (scheme, rest) = url.split_once("://").unwrap();
                let authority = rest.split(['/', '?', '#']).next().unwrap();
                prop_assert!(!authority.contains('@'));
                let is_loopback = ["localhost", "127.", "[::1]"].iter().any(|host| authority.contains(host));
                prop_assert!(scheme.eq_ignore_ascii_case("https") || is_loopback);
            }
        }

        #[test]
        fn is_redirect_uri_of_any_text_has_a_scheme_and_no_fragment(uri: String) {
            if is_redirect_uri(&uri) {
                prop_assert!(uri.starts_with(|first: char| first.is_ascii_alphabetic()));
                prop_assert!(uri.contains(':') && !uri.contains('#'));
            }
        }
    }
}
