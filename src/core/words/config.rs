//! What the program says about itself: read once, checked at once.

use super::challenge_method::ChallengeMethod;
use super::{
    cut::cut,
    error::{Error, ErrorCode::InvalidConfig},
    json::Json,
    url,
};
use alloc::{string::String, vec::Vec};

/// A member of the configuration that this release does not know yet. It protects, so to leave it out in silence would be
/// worse than to refuse it.
const NOT_YET: &str = "encrypt";

/// Who else reads what a client stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Nobody: it is this client's memory.
    Alone,
    /// Nobody, but a duplicate of the tab begins with a copy.
    Tab,
    /// The other tabs of this origin.
    Shared,
}

/// Whether the authorization request is pushed first ([RFC 9126](https://www.rfc-editor.org/rfc/rfc9126)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Par {
    /// Where the server's metadata name the endpoint.
    Auto,
    /// In any case.
    Always,
    /// In none.
    Never,
}

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// `issuer`; where it is absent the given metadata stand alone.
    pub issuer: Option<String>,
    /// `client_id`, [RFC 6749 §2.2](https://www.rfc-editor.org/rfc/rfc6749#section-2.2).
    pub client_id: String,
    /// `redirect_uri`, [RFC 6749 §3.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2).
    pub redirect_uri: String,
    /// `post_logout_redirect_uri`, OIDC RP-Initiated Logout §2.
    pub post_logout_redirect_uri: Option<String>,
    /// `scope`, words separated by spaces.
    pub scope: String,
    /// `resource`, [RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2).
    pub resource: Vec<String>,
    /// `code_challenge_method`.
    pub method: ChallengeMethod,
    /// `par`.
    pub par: Par,
    /// `dpop`: tokens are bound to a key of this client's ([RFC 9449](https://www.rfc-editor.org/rfc/rfc9449)).
    pub dpop: bool,
    /// Origins that `fetch` may send a token to; empty for the page's own.
    pub allowed_origins: Vec<String>,
    /// Who shares the storage.
    pub sharing: Sharing,
    /// Whether refreshes are scheduled.
    pub auto_refresh: bool,
    /// Milliseconds before expiry at which a refresh is due at the latest.
    pub lead_time: u64,
    /// Milliseconds over which tabs and devices are spread, before that.
    pub jitter: Option<u64>,
    /// Seconds by which clocks may differ.
    pub clock_tolerance: u64,
    /// Plain http to other machines is allowed.
    pub allow_insecure: bool,
    /// Milliseconds that one request may take.
    pub request_timeout: u64,
}

impl Config {
    /// Reads `AuthClientConfig`.
    ///
    /// # Errors
    /// `invalid_config` with the member's name.
    pub fn read(config: &impl Json) -> Result<Self, Error> {
        let mut read = Self::read_common(config)?;
        read.fill_seldom(config)?;
        Ok(read)
    }

    /// Reads it but for what [`fill_seldom`](Self::fill_seldom) reads.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_common(config: &impl Json) -> Result<Self, Error> {
        let mut read = Self {
            issuer: None,
            client_id: String::new(),
            redirect_uri: String::new(),
            post_logout_redirect_uri: None,
            scope: String::new(),
            resource: Vec::new(),
            method: ChallengeMethod::S256,
            par: Par::Auto,
            dpop: false,
            allowed_origins: Vec::new(),
            sharing: Sharing::Shared,
            auto_refresh: !config.says("autoRefresh", false),
            lead_time: 60_000,
            jitter: None,
            clock_tolerance: 5,
            allow_insecure: config.is_true("allowInsecure"),
            request_timeout: 15_000,
        };
        // Filled in place: each way out has one value to drop, and not as many as are read by then.
        read.fill(config)?;
        Ok(read)
    }

    fn fill(&mut self, config: &impl Json) -> Result<(), Error> {
        if config.is_true(NOT_YET) {
            return Err(invalid(NOT_YET));
        }
        text(config, "issuer", &mut self.issuer)?;
        match &self.issuer {
            Some(issuer) if !self.allows(issuer) || cut(issuer, b"?#").is_some() => {
                return Err(invalid("issuer (https, or http to loopback)"));
            }
            None if !config.has("metadata") => return Err(invalid("issuer")),
            _ => {}
        }
        let mut required = None;
        text(config, "clientId", &mut required)?;
        self.client_id = required.take().ok_or_else(|| invalid("clientId"))?;
        redirect_uri(config, "redirectUri", &mut required)?;
        self.redirect_uri = required.ok_or_else(|| invalid("redirectUri"))?;
        redirect_uri(config, "postLogoutRedirectUri", &mut self.post_logout_redirect_uri)?;
        let mut scope = None;
        text(config, "scope", &mut scope)?;
        self.scope = scope.unwrap_or_else(|| String::from("openid"));
        // What it names is opened by the shell, which refuses what there is not. An object is the program's own.
        if config.is("storage", "memory") {
            self.sharing = Sharing::Alone;
        } else if !config.has("storage") || config.text("storage").is_some_and(|storage| storage != "local") {
            self.sharing = Sharing::Tab;
        }
        Ok(())
    }

    /// What few configurations have. The npm package has it in its second module, and asks where one of these is there:
    /// auth-client.js has their names.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[inline(never)]
    pub fn fill_seldom(&mut self, config: &impl Json) -> Result<(), Error> {
        self.dpop = config.is_true("dpop");
        if word(config, "pkceMethod", &["S256", "plain"])? > 0 {
            self.method = ChallengeMethod::Plain;
        }
        self.par = match word(config, "par", &["auto", "always", "never"])? {
            0 => Par::Auto,
            1 => Par::Always,
            _ => Par::Never,
        };
        if let Some(auto) = config.member("autoRefresh") {
            millis(&auto, "leadTime", &mut self.lead_time)?;
            if auto.has("jitter") {
                millis(&auto, "jitter", self.jitter.get_or_insert(0))?;
            }
        }
        let mut tolerance = self.clock_tolerance * 1_000;
        millis(config, "clockTolerance", &mut tolerance)?;
        self.clock_tolerance = tolerance / 1_000;
        millis(config, "requestTimeout", &mut self.request_timeout)?;
        self.resource = texts(config, "resource")?;
        self.allowed_origins = texts(config, "allowedOrigins")?;
        // One with a path, or in capitals, would never be equal to what the host says, and that in silence.
        let is_origin = |origin: &String| self.allows(origin) && url::origin(origin) == Some(origin);
        if self.allowed_origins.iter().any(|origin| !is_origin(origin) || has_capitals(origin)) {
            return Err(invalid("allowedOrigins"));
        }
        Ok(())
    }

    /// Whether a secret may be sent to this URL.
    #[must_use]
    pub fn allows(&self, url: &str) -> bool {
        url::is_secure(url) || self.allow_insecure && url::is_http(url)
    }
}

fn has_capitals(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn invalid(name: &str) -> Error {
    Error::about(InvalidConfig, name)
}

// The readers below write into a place of the caller's: to hand a text through a `Result` takes more code at each call.

/// An optional string that is not empty. Where it is not there, `into` stays as it is.
pub(crate) fn text(json: &impl Json, name: &str, into: &mut Option<String>) -> Result<(), Error> {
    match json.text(name) {
        Some(text) if !text.is_empty() => *into = Some(text),
        None if !json.has(name) => {}
        _ => return Err(invalid(name)),
    }
    Ok(())
}

/// Which of these words a member is; 0 where it is absent.
fn word(json: &impl Json, name: &str, words: &[&str]) -> Result<usize, Error> {
    match words.iter().position(|word| json.is(name, word)) {
        Some(place) => Ok(place),
        None if json.has(name) => Err(invalid(name)),
        None => Ok(0),
    }
}

/// An optional redirect URI.
pub(crate) fn redirect_uri(json: &impl Json, name: &str, into: &mut Option<String>) -> Result<(), Error> {
    text(json, name, into)?;
    match into {
        Some(uri) if !url::is_redirect_uri(uri) => Err(invalid(name)),
        _ => Ok(()),
    }
}

/// A string or an array of strings.
pub(crate) fn texts<J: Json>(json: &J, name: &str) -> Result<Vec<String>, Error> {
    let mut texts = Vec::new();
    if let Some(value) = json.member(name) {
        match value.as_text() {
            Some(text) => texts.push(text),
            None => {
                let mut index = 0;
                while !value.is_object()
                    && let Some((_, element)) = value.nth_member(index)
                {
                    index += 1;
                    if let Some(element) = element {
                        texts.push(element.as_text().ok_or_else(|| invalid(name))?);
                    }
                }
                if texts.is_empty() {
                    return Err(invalid(name));
                }
            }
        }
    }
    Ok(texts)
}

/// Seconds, as milliseconds.
pub(crate) fn millis(json: &impl Json, name: &str, into: &mut u64) -> Result<(), Error> {
    match json.number(name) {
        Some(seconds) if seconds >= 0.0 => *into = (seconds * 1000.0) as u64,
        None if !json.has(name) => {}
        _ => return Err(invalid(name)),
    }
    Ok(())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::core::words::any_json::any_object;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn base() -> Value {
        json!({ "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://app.example/cb" })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut config = base();
        config[name] = value;
        config
    }

    #[test]
    fn config_with_the_three_required_members_has_the_documented_defaults() {
        let config = Config::read(&base()).unwrap();
        assert_eq!(config.scope, "openid");
        assert_eq!(config.method, ChallengeMethod::S256);
        assert!(config.auto_refresh && !config.allow_insecure);
        assert_eq!((config.lead_time, config.clock_tolerance, config.request_timeout), (60_000, 5, 15_000));
    }

    #[test]
    fn config_with_a_wrong_member_is_refused_by_its_name() {
        for (name, value) in [
            ("clientId", json!(null)),
            ("clientId", json!("")),
            ("clientId", json!(7)),
            ("redirectUri", json!(null)),
            ("redirectUri", json!("/callback")),
            ("redirectUri", json!("https://app.example/#x")),
            ("postLogoutRedirectUri", json!("x")),
            ("scope", json!(["openid"])),
            ("resource", json!([1])),
            ("pkceMethod", json!("s256")),
            ("clockTolerance", json!(-1)),
            ("requestTimeout", json!("15")),
            ("encrypt", json!(true)),
            ("par", json!("sometimes")),
            ("allowedOrigins", json!([])),
            ("allowedOrigins", json!(["https://api.example", "https://api.example/"])),
            ("allowedOrigins", json!("https://api.example/v1")),
            ("allowedOrigins", json!("https://API.example")),
            ("allowedOrigins", json!("http://api.example")),
            ("allowedOrigins", json!("*")),
        ] {
            let error = Config::read(&with(name, value.clone())).unwrap_err();
            assert_eq!((error.code(), error.subject()), (InvalidConfig, name), "{name} {value}");
        }
        for issuer in [json!("http://as.example"), json!("as.example"), json!("https://as.example?x"), json!(1)] {
            assert_eq!(Config::read(&with("issuer", issuer)).unwrap_err().code(), InvalidConfig);
        }
        assert_eq!(Config::read(&Value::Null).unwrap_err().subject(), "issuer");
    }

    #[test]
    fn config_with_a_plain_http_issuer_needs_the_switch() {
        let mut config = with("issuer", json!("http://as.lan"));
        assert!(Config::read(&config).is_err());
        config["allowInsecure"] = json!(true);
        assert!(Config::read(&config).is_ok());
    }

    #[test]
    fn config_reads_dpop_and_the_origins_that_may_have_a_token() {
        let config = Config::read(&with("allowedOrigins", json!("https://api.example:8443"))).unwrap();
        assert_eq!((config.allowed_origins, config.dpop), (vec![String::from("https://api.example:8443")], false));
        assert!(Config::read(&with("dpop", json!(true))).unwrap().dpop);
    }

    #[test]
    fn config_reads_auto_refresh_as_switch_or_settings() {
        assert!(!Config::read(&with("autoRefresh", json!(false))).unwrap().auto_refresh);
        let config = Config::read(&with("autoRefresh", json!({ "leadTime": 30, "jitter": 2.5 }))).unwrap();
        assert_eq!((config.auto_refresh, config.lead_time, config.jitter), (true, 30_000, Some(2_500)));
    }

    /// The members that are read, and one that is not.
    const MEMBERS: &[&str] = &[
        "issuer",
        "clientId",
        "redirectUri",
        "postLogoutRedirectUri",
        "scope",
        "resource",
        "pkceMethod",
        "par",
        "dpop",
        "storage",
        "autoRefresh",
        "leadTime",
        "jitter",
        "clockTolerance",
        "allowInsecure",
        "requestTimeout",
        "metadata",
        "encrypt",
        "other",
    ];
    const WORDS: &[&str] = &[
        "https://as.example",
        "http://as.example",
        "http://localhost",
        "https://as.example/?x",
        "app.example:/cb",
        "c",
        "S256",
        "plain",
        "auto",
        "never",
        "local",
        "memory",
    ];

    proptest! {
        #[test]
        fn config_of_any_members_is_refused_or_holds_what_it_has_to(given in any_object(MEMBERS, WORDS)) {
            let mut all = base();
            all.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
            for given in [given, all] {
                match Config::read(&given) {
                    Ok(config) => {
                        prop_assert!(!config.client_id.is_empty() && !config.scope.is_empty());
                        prop_assert!(url::is_redirect_uri(&config.redirect_uri));
                        prop_assert!(config.post_logout_redirect_uri.is_none_or(|uri| url::is_redirect_uri(&uri)));
                        match &config.issuer {
                            Some(issuer) => prop_assert!(url::is_secure(issuer) || config.allow_insecure),
                            None => prop_assert!(!given["metadata"].is_null()),
                        }
                    }
                    Err(error) => prop_assert_eq!(error.code(), InvalidConfig),
                }
            }
        }
    }
}
