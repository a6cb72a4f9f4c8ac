//! What the authorization server says about itself:
//! [OIDC Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig) and
//! [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414).

use super::jws::Algorithms;
use crate::core::words::{
    concat::concat,
    config::Config,
    cut::{before, cut},
    error::{Error, ErrorCode},
    http::Response,
    json::Json,
};
use alloc::string::String;

/// What has to be there.
pub const AUTHORIZATION_ENDPOINT: &str = "authorization_endpoint";
/// What has to be there, too.
pub const TOKEN_ENDPOINT: &str = "token_endpoint";

/// The part of the metadata that the core needs.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// `issuer`.
    pub issuer: String,
    /// `authorization_endpoint`.
    pub authorization_endpoint: String,
    /// `token_endpoint`.
    pub token_endpoint: String,
    /// `jwks_uri`: where the keys are that ID tokens are signed with.
    pub jwks_uri: Option<String>,
    /// `userinfo_endpoint`, OIDC Core §5.3.
    pub userinfo_endpoint: Option<String>,
    /// `revocation_endpoint`, [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009).
    pub revocation_endpoint: Option<String>,
    /// `pushed_authorization_request_endpoint`, [RFC 9126 §5](https://www.rfc-editor.org/rfc/rfc9126#section-5).
    pub pushed_authorization_request_endpoint: Option<String>,
    /// `require_pushed_authorization_requests`.
    pub requires_par: bool,
    /// `id_token_signing_alg_values_supported`.
    pub id_token_algorithms: Algorithms,
    /// `end_session_endpoint`, OIDC RP-Initiated Logout §2.1.
    pub end_session_endpoint: Option<String>,
    /// `authorization_response_iss_parameter_supported`, [RFC 9207 §3](https://www.rfc-editor.org/rfc/rfc9207#section-3).
    pub announces_iss: bool,
}

/// Where the metadata of an issuer are, by OIDC Discovery §4.1: behind the issuer's path.
#[must_use]
pub fn openid_configuration_url(issuer: &str) -> String {
    concat(&[issuer.strip_suffix('/').unwrap_or(issuer), "/.well-known/openid-configuration"])
}

/// Where they are by [RFC 8414 §3.1](https://www.rfc-editor.org/rfc/rfc8414#section-3.1): before the issuer's path.
#[must_use]
pub fn oauth_authorization_server_url(issuer: &str) -> String {
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    // The third slash begins the path: the first two are the authority's.
    let rest = cut(issuer, b"/").and_then(|(_, rest)| cut(rest, b"/")).map_or("", |(_, rest)| rest);
    let path = issuer.len() - rest.len() + before(rest, b"/").len();
    let (authority, path) = issuer.split_at_checked(path).unwrap_or_default();
    concat(&[authority, "/.well-known/oauth-authorization-server", path])
}

/// Reads the document that the server gave.
///
/// # Errors
/// `discovery_failed` where it is no JSON object; `issuer_mismatch` where it names another issuer
/// ([RFC 8414 §3.3](https://www.rfc-editor.org/rfc/rfc8414#section-3.3)).
pub fn metadata_response<J: Json>(issuer: &str, response: &Response) -> Result<J, Error> {
    let document: Option<J> = if response.is_success() { response.object() } else { None };
    let Some(document) = document else {
        return Err(Error::about(ErrorCode::DiscoveryFailed, issuer).with_status(response.status));
    };
    match document.text("issuer") {
        Some(named) if named == issuer => Ok(document),
        named => {
            // What is too long to be one is none: an error is to stay a line.
            let named = named.as_deref().filter(|named| named.len() < 200).unwrap_or("none");
            let subject = concat(&["expected ", issuer, ", found ", named]);
            Err(Error::about(ErrorCode::IssuerMismatch, &subject))
        }
    }
}

impl Metadata {
    /// Puts together what the program gave and what the server said; the program's word goes first.
    ///
    /// # Errors
    /// `metadata_invalid` with the field's name, where one is missing, or is neither https nor loopback.
    pub fn read<J: Json>(config: &Config, given: Option<&J>, discovered: Option<&J>) -> Result<Self, Error> {
        let documents = Documents { config, given, discovered };
        let mut metadata = Self {
            issuer: String::new(),
            authorization_endpoint: String::new(),
            token_endpoint: String::new(),
            jwks_uri: None,
            userinfo_endpoint: None,
            revocation_endpoint: None,
            pushed_authorization_request_endpoint: None,
            requires_par: documents.says("require_pushed_authorization_requests"),
            id_token_algorithms: documents.algorithms("id_token_signing_alg_values_supported"),
            end_session_endpoint: None,
            announces_iss: documents.says("authorization_response_iss_parameter_supported"),
        };
        let (mut authorization_endpoint, mut token_endpoint) = (None, None);
        for (name, into) in [
            ("jwks_uri", &mut metadata.jwks_uri),
            ("userinfo_endpoint", &mut metadata.userinfo_endpoint),
            ("revocation_endpoint", &mut metadata.revocation_endpoint),
            ("pushed_authorization_request_endpoint", &mut metadata.pushed_authorization_request_endpoint),
            ("end_session_endpoint", &mut metadata.end_session_endpoint),
            (AUTHORIZATION_ENDPOINT, &mut authorization_endpoint),
            (TOKEN_ENDPOINT, &mut token_endpoint),
        ] {
            documents.endpoint(name, into)?;
        }
        metadata.authorization_endpoint = authorization_endpoint.ok_or_else(|| invalid(AUTHORIZATION_ENDPOINT))?;
        metadata.token_endpoint = token_endpoint.ok_or_else(|| invalid(TOKEN_ENDPOINT))?;
        metadata.issuer = match &config.issuer {
            Some(issuer) => issuer.clone(),
            None => documents.text("issuer").ok_or_else(|| invalid("issuer"))?,
        };
        Ok(metadata)
    }
}

/// Where a field may stand.
struct Documents<'a, J> {
    config: &'a Config,
    given: Option<&'a J>,
    discovered: Option<&'a J>,
}

impl<J: Json> Documents<'_, J> {
    /// The document whose word on a field goes.
    fn having(&self, name: &str) -> Option<&J> {
        [self.given, self.discovered].into_iter().flatten().find(|document| document.has(name))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.having(name)?.text(name)
    }

    fn says(&self, name: &str) -> bool {
        self.having(name).is_some_and(|document| document.is_true(name))
    }

    fn algorithms(&self, name: &str) -> Algorithms {
        let document = self.having(name);
        Algorithms::announced(|algorithm| document.is_some_and(|document| document.lists(name, algorithm) > 0))
    }

    fn endpoint(&self, name: &str, into: &mut Option<String>) -> Result<(), Error> {
        *into = self.text(name);
        let is_allowed = into.as_ref().map_or_else(|| self.having(name).is_none(), |url| self.config.allows(url));
        if is_allowed { Ok(()) } else { Err(invalid(name)) }
    }
}

fn invalid(name: &str) -> Error {
    Error::about(ErrorCode::MetadataInvalid, name)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::core::words::any_json::any_object;
    use crate::core::words::secret::Secret;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn response(status: u16, body: &str) -> Response {
        Response { status, body: Secret::new(body.into()), ..Response::default() }
    }

    fn config() -> Config {
        let config =
            json!({ "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://app.example/cb" });
        Config::read(&config).unwrap()
    }

    #[test]
    fn well_known_urls_go_behind_or_before_the_path() {
        for (issuer, openid, oauth) in [
            (
                "https://a.example",
                "https://a.example/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.example/",
                "https://a.example/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.example/t/1",
                "https://a.example/t/1/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server/t/1",
            ),
            (
                "http://localhost:80/t/",
                "http://localhost:80/t/.well-known/openid-configuration",
                "http://localhost:80/.well-known/oauth-authorization-server/t",
            ),
        ] {
            assert_eq!(openid_configuration_url(issuer), openid);
            assert_eq!(oauth_authorization_server_url(issuer), oauth);
        }
    }

    #[test]
    fn metadata_response_that_is_no_json_object_is_discovery_failed() {
        for (status, body) in
            [(200, "<html>"), (200, ""), (200, "[]"), (200, "null"), (404, "{}"), (500, "{}"), (0, "")]
        {
            let error = metadata_response::<Value>("https://as.example", &response(status, body)).unwrap_err();
            assert_eq!((error.code(), error.status()), (ErrorCode::DiscoveryFailed, Some(status)), "{status} {body}");
        }
    }

    #[test]
    fn metadata_response_of_another_issuer_is_issuer_mismatch() {
        for body in
            [r#"{"issuer":"https://as.example/"}"#, r#"{"issuer":"https://evil.example"}"#, r#"{"issuer":1}"#, "{}"]
        {
            let error = metadata_response::<Value>("https://as.example", &response(200, body)).unwrap_err();
            assert_eq!(error.code(), ErrorCode::IssuerMismatch, "{body}");
        }
    }

    #[test]
    fn metadata_response_of_an_issuer_without_end_is_told_in_a_line() {
        for (length, found) in [(199, "e".repeat(199)), (200, "none".into()), (100_000, "none".into())] {
            let body = json!({ "issuer": "e".repeat(length) }).to_string();
            let error = metadata_response::<Value>("https://as.example", &response(200, &body)).unwrap_err();
            assert_eq!(error.subject(), format!("expected https://as.example, found {found}"));
        }
    }

    #[test]
    fn metadata_without_a_needed_endpoint_or_with_an_insecure_one_is_invalid() {
        let whole =
            json!({ "authorization_endpoint": "https://as.example/a", "token_endpoint": "https://as.example/t" });
        assert!(Metadata::read(&config(), None, Some(&whole)).is_ok());
        for (name, value) in [
            ("authorization_endpoint", json!(null)),
            ("authorization_endpoint", json!("javascript:alert(1)")),
            ("token_endpoint", json!("http://as.example/t")),
            ("token_endpoint", json!(5)),
            ("end_session_endpoint", json!("http://as.example/e")),
        ] {
            let mut broken = whole.clone();
            broken[name] = value;
            let error = Metadata::read(&config(), None, Some(&broken)).unwrap_err();
            assert_eq!((error.code(), error.subject()), (ErrorCode::MetadataInvalid, name));
        }
    }

    #[test]
    fn metadata_given_by_the_program_go_over_the_servers() {
        let given = json!({ "token_endpoint": "https://proxy.example/t" });
        let found = json!({
            "authorization_endpoint": "https://as.example/a",
            "token_endpoint": "https://as.example/t",
            "authorization_response_iss_parameter_supported": true,
        });
        let metadata = Metadata::read(&config(), Some(&given), Some(&found)).unwrap();
        assert_eq!(metadata.token_endpoint, "https://proxy.example/t");
        assert!(metadata.announces_iss);
    }

    const FIELDS: &[&str] = &[
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "revocation_endpoint",
        "pushed_authorization_request_endpoint",
        "end_session_endpoint",
        "id_token_signing_alg_values_supported",
        "authorization_response_iss_parameter_supported",
    ];
    const WORDS: &[&str] =
        &["https://as.example", "https://as.example/x", "http://as.example", "http://[::1]/", "RS256"];

    proptest! {
        #[test]
        fn metadata_of_any_documents_have_no_endpoint_but_secure_ones(
            given in any_object(FIELDS, WORDS), mut found in any_object(FIELDS, WORDS),
        ) {
            for complete in [false, true] {
                if complete {
                    for name in ["authorization_endpoint", "token_endpoint", "issuer"] {
                        found[name] = json!("https://as.example");
                    }
                }
                let read = metadata_response::<Value>("https://as.example", &response(200, &found.to_string()));
                prop_assert_eq!(read.is_ok(), found["issuer"] == "https://as.example");
                for given in [None, Some(&given)] {
                    let Ok(metadata) = Metadata::read(&config(), given, Some(&found)) else { continue };
                    prop_assert_eq!(&metadata.issuer, "https://as.example");
                    let optional = [metadata.jwks_uri, metadata.userinfo_endpoint, metadata.revocation_endpoint];
                    let others = [metadata.pushed_authorization_request_endpoint, metadata.end_session_endpoint];
                    let required = [metadata.authorization_endpoint, metadata.token_endpoint];
                    for endpoint in required.into_iter().chain(optional.into_iter().flatten()).chain(others.into_iter().flatten()) {
                        prop_assert!(config().allows(&endpoint), "{}", endpoint);
                    }
                }
            }
        }

        #[test]
        fn well_known_urls_of_any_issuer_do_not_panic(issuer: String) {
            prop_assert!(openid_configuration_url(&issuer).ends_with("/.well-known/openid-configuration"));
            prop_assert!(oauth_authorization_server_url(&issuer).contains("/.well-known/oauth-authorization-server"));
        }
    }
}
