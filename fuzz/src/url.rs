//! Which URLs a secret may be sent to, by the word of a parser that reads URLs as browsers do.

use pixie_auth::core::words::url::{is_http, is_redirect_uri, is_secure};
use url::{Host, Url};

pub fn run(text: &str) {
    let parsed = Url::parse(text);
    if is_http(text)
        && let Ok(url) = &parsed
    {
        assert!(matches!(url.scheme(), "http" | "https"), "{url}");
        assert!(url.username().is_empty() && url.password().is_none(), "{url}");
    }
    if is_secure(text) {
        assert!(is_http(text));
        // What a browser cannot read, it sends nothing to.
        if let Ok(url) = &parsed {
            let is_loopback = match url.host() {
                Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            };
            assert!(url.scheme() == "https" || is_loopback, "{url}");
        }
    }
    if is_redirect_uri(text)
        && let Ok(url) = &parsed
    {
        assert!(url.fragment().is_none(), "{url}");
        assert!(!matches!(url.scheme(), "http" | "https") || is_http(text), "{url}");
    }
}
