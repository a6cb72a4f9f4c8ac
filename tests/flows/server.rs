//! An authorization server that is honest (it checks PKCE, rotates refresh tokens and revokes a family when one is
//! used twice) until a test tells it otherwise.

use crate::bound::Proof;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};

pub const ISSUER: &str = "https://as.example";
pub const CLIENT: &str = "notes-spa";
pub const AUTHORIZE: &str = "https://as.example/authorize";
pub const TOKEN: &str = "https://as.example/token";
pub const END_SESSION: &str = "https://as.example/logout";
pub const USERINFO: &str = "https://as.example/me";
pub const REVOKE: &str = "https://as.example/revoke";
pub const PAR: &str = "https://as.example/par";
pub const KEYS: &str = "https://as.example/keys";
pub const OPENID_CONFIGURATION: &str = "https://as.example/.well-known/openid-configuration";
pub const OAUTH_METADATA: &str = "https://as.example/.well-known/oauth-authorization-server";

/// What comes back for a request.
#[derive(Clone, Debug)]
pub enum Reply {
    Answer {
        status: u16,
        body: String,
        retry_after: Option<String>,
    },
    /// The connection fails before the server hears of it.
    NoConnection,
    /// The server does its work, but the answer is lost on the way.
    AnswerLost,
    /// Nothing at all, until the time limit of the host runs out.
    Silence,
}

impl Reply {
    pub fn answer(status: u16, body: impl ToString) -> Self {
        Self::Answer { status, body: body.to_string(), retry_after: None }
    }

    pub fn refusal(status: u16, error: &str) -> Self {
        Self::answer(status, json!({ "error": error }))
    }

    pub fn after(self, seconds: &str) -> Self {
        match self {
            Self::Answer { status, body, .. } => Self::Answer { status, body, retry_after: Some(seconds.into()) },
            other => other,
        }
    }
}

/// A request that was sent.
#[derive(Clone, Debug)]
pub struct Seen {
    pub at: u64,
    pub url: String,
    /// The form as it was on the wire; `None` for a GET.
    pub body: Option<String>,
    pub form: BTreeMap<String, String>,
    /// The header of that name.
    pub authorization: Option<String>,
    /// `DPoP`.
    pub proof: Option<Proof>,
}

/// Somebody changes an answer of the server's on its way.
type Edit = Box<dyn Fn(&mut Value)>;

struct Login {
    request: BTreeMap<String, String>,
    code_is_spent: bool,
}

/// The refresh tokens that descend from one login: the newest one is good.
struct Family {
    newest: String,
    nonce: Option<String>,
    scope: String,
    revoked: bool,
}

pub struct Server {
    pub metadata: Value,
    /// `expires_in`; null leaves it out.
    pub expires_in: Value,
    pub subject: String,
    /// Whether pages may read the header `Date`.
    pub shows_date: bool,
    pub gives_refresh_token: bool,
    pub rotates: bool,
    pub gives_id_token_on_refresh: bool,
    /// Each is used up by one token request.
    pub next: VecDeque<Reply>,
    /// Instead of every answer of the token endpoint.
    pub always: Option<Reply>,
    /// Instead of an answer of another endpoint, by URL: each is used up by one request.
    pub scripted: BTreeMap<&'static str, VecDeque<Reply>>,
    /// The tokens that were revoked.
    pub revoked: Vec<String>,
    /// Access tokens that are not taken any more.
    pub refused: Vec<String>,
    /// The requests that were pushed.
    pub pushed: Vec<BTreeMap<String, String>>,
    /// Instead of the metadata, by URL.
    pub discovery: BTreeMap<String, Reply>,
    pub edit_tokens: Option<Edit>,
    pub edit_claims: Option<Edit>,
    /// The public keys, which [`Reply`]s in `discovery` go before.
    pub keys: Value,
    /// How often the keys were asked for, and how often so that no cache could answer.
    pub key_requests: (u32, u32),
    /// `kid` of the ID tokens.
    pub key_id: Option<String>,
    /// The resources that there are (RFC 8707); where none is named, any.
    pub resources: Vec<String>,
    /// What each access token is for: its resource and its scope.
    pub purposes: BTreeMap<String, (Option<String>, String)>,
    pub seen: Vec<Seen>,
    /// Every token, code and verifier that ever was: none of them may be printed.
    pub secrets: Vec<String>,
    logins: BTreeMap<String, Login>,
    families: Vec<Family>,
    issued: u32,
}

impl Server {
    pub fn new() -> Self {
        Self {
            metadata: json!({
                "issuer": ISSUER,
                "authorization_endpoint": AUTHORIZE,
                "token_endpoint": TOKEN,
                "jwks_uri": KEYS,
                "end_session_endpoint": END_SESSION,
                "authorization_response_iss_parameter_supported": true,
            }),
            expires_in: json!(3600),
            subject: "ada".into(),
            shows_date: false,
            gives_refresh_token: true,
            rotates: true,
            gives_id_token_on_refresh: true,
            next: VecDeque::new(),
            always: None,
            scripted: BTreeMap::new(),
            revoked: Vec::new(),
            refused: Vec::new(),
            pushed: Vec::new(),
            discovery: BTreeMap::new(),
            edit_tokens: None,
            edit_claims: None,
            keys: json!([rsa_key("1")]),
            key_requests: (0, 0),
            key_id: Some("1".into()),
            resources: Vec::new(),
            purposes: BTreeMap::new(),
            seen: Vec::new(),
            secrets: Vec::new(),
            logins: BTreeMap::new(),
            families: Vec::new(),
            issued: 0,
        }
    }

    /// The user signs in at the URL of an authorization request; the redirect that they are sent back with.
    pub fn authorize(&mut self, url: &str) -> String {
        let (endpoint, query) = url.split_once('?').expect("an authorization request has a query");
        assert_eq!(endpoint, self.metadata["authorization_endpoint"]);
        let mut request = parameters(query);
        if let Some(name) = request.get("request_uri") {
            let number: usize = name.strip_prefix("urn:pushed:").unwrap().parse().unwrap();
            request = self.pushed[number].clone();
        }
        let code = format!("code-{}", self.logins.len() + 1);
        let redirect =
            format!("{}?code={code}&state={}&iss=https%3A%2F%2Fas.example", request["redirect_uri"], request["state"]);
        self.secrets.push(code.clone());
        self.logins.insert(code, Login { request, code_is_spent: false });
        redirect
    }

    /// The requests that spent a code or a refresh token.
    pub fn token_requests(&self, grant_type: &str) -> Vec<&Seen> {
        self.seen.iter().filter(|seen| seen.form.get("grant_type").is_some_and(|grant| grant == grant_type)).collect()
    }

    pub fn exchanges(&self) -> usize {
        self.token_requests("authorization_code").len()
    }

    pub fn refreshes(&self) -> usize {
        self.token_requests("refresh_token").len()
    }

    /// The server forgets everyone: what it gave is worth nothing any more.
    pub fn revoke_everything(&mut self) {
        self.families.iter_mut().for_each(|family| family.revoked = true);
    }

    /// The server has not heard of any revocation yet.
    pub fn reinstate_everything(&mut self) {
        self.families.iter_mut().for_each(|family| family.revoked = false);
    }

    /// The keys, which are not among what was `seen`.
    pub fn reply_with_keys(&mut self, is_fresh: bool) -> Reply {
        self.key_requests.0 += 1;
        self.key_requests.1 += u32::from(is_fresh);
        self.discovery.get(KEYS).cloned().unwrap_or_else(|| Reply::answer(200, json!({ "keys": self.keys })))
    }

    /// Takes a request at an instant of the server's own clock.
    pub fn reply(&mut self, url: &str, body: Option<&str>, authorization: Option<&str>, now: u64) -> Reply {
        let form = body.map(parameters).unwrap_or_default();
        self.seen.push(Seen {
            at: now,
            url: url.into(),
            body: body.map(Into::into),
            form: form.clone(),
            authorization: authorization.map(Into::into),
            proof: None,
        });
        if let Some(reply) = self.scripted.get_mut(url).and_then(VecDeque::pop_front) {
            if matches!(reply, Reply::AnswerLost) {
                self.other_endpoint(url, &form, authorization);
            }
            return reply;
        }
        if let Some(reply) = self.other_endpoint(url, &form, authorization) {
            return reply;
        }
        if body.is_none() {
            return match self.discovery.get(url) {
                Some(reply) => reply.clone(),
                None if url == OPENID_CONFIGURATION => Reply::answer(200, &self.metadata),
                None => Reply::answer(404, "<html>not found</html>"),
            };
        }
        self.secrets.extend(form.get("code_verifier").cloned());
        assert_eq!(url, self.metadata["token_endpoint"], "a form goes to the token endpoint and nowhere else");
        match self.next.pop_front().or_else(|| self.always.clone()) {
            None => self.token(&form, now),
            Some(Reply::AnswerLost) => {
                self.token(&form, now);
                Reply::AnswerLost
            }
            Some(reply) => reply,
        }
    }

    /// UserInfo, revocation and pushed requests, where the metadata name them.
    fn other_endpoint(&mut self, url: &str, form: &BTreeMap<String, String>, bearer: Option<&str>) -> Option<Reply> {
        if url == self.metadata["userinfo_endpoint"] {
            let token = bearer.and_then(|bearer| bearer.split_once(' ')).unwrap_or_default().1;
            let is_good = token.starts_with("access-") && !self.refused.iter().any(|refused| refused == token);
            let claims = json!({ "sub": self.subject, "email": "ada@example.org", "by": token });
            return Some(if is_good { Reply::answer(200, claims) } else { Reply::answer(401, "") });
        }
        if url == self.metadata["revocation_endpoint"] {
            assert_eq!(form["client_id"], CLIENT);
            let token = form["token"].clone();
            for family in self.families.iter_mut().filter(|family| family.newest == token) {
                family.revoked = true;
            }
            self.revoked.push(token);
            return Some(Reply::answer(200, ""));
        }
        if url == self.metadata["pushed_authorization_request_endpoint"] {
            self.pushed.push(form.clone());
            let name = format!("urn:pushed:{}", self.pushed.len() - 1);
            return Some(Reply::answer(201, json!({ "request_uri": name, "expires_in": 60 })));
        }
        None
    }

    fn token(&mut self, form: &BTreeMap<String, String>, now: u64) -> Reply {
        let resource = form.get("resource").cloned();
        if resource.as_ref().is_some_and(|it| !self.resources.is_empty() && !self.resources.contains(it)) {
            return Reply::refusal(400, "invalid_target");
        }
        // RFC 6749 §6: not more than was granted.
        let is_granted = |scope: &String| {
            let mut families = self.families.iter().filter(|family| form.get("refresh_token") == Some(&family.newest));
            families.all(|family| scope.split(' ').all(|word| family.scope.split(' ').any(|granted| granted == word)))
        };
        if !form.get("scope").is_none_or(is_granted) {
            return Reply::refusal(400, "invalid_scope");
        }
        let granted = match form["grant_type"].as_str() {
            "authorization_code" => self.exchange(form),
            "refresh_token" => self.refresh(form),
            "urn:ietf:params:oauth:grant-type:token-exchange" => {
                let newest = format!("refresh-{}", self.issued + 1);
                let scope = form.get("scope").cloned().unwrap_or_else(|| "openid".into());
                self.families.push(Family {
                    newest: newest.clone(),
                    nonce: None,
                    scope: scope.clone(),
                    revoked: false,
                });
                Some((None, scope, self.gives_refresh_token.then_some(newest)))
            }
            _ => return Reply::refusal(400, "unsupported_grant_type"),
        };
        let Some((nonce, scope, refresh_token)) = granted else {
            return Reply::refusal(400, "invalid_grant");
        };
        let scope = form.get("scope").cloned().unwrap_or(scope);
        self.issued += 1;
        self.purposes.insert(format!("access-{}", self.issued), (resource, scope.clone()));
        let mut body = json!({
            "access_token": format!("access-{}", self.issued), "token_type": "Bearer",
            "expires_in": self.expires_in, "scope": scope,
        });
        if let Some(refresh_token) = refresh_token {
            body["refresh_token"] = json!(refresh_token);
        }
        let is_first = form["grant_type"] == "authorization_code";
        if scope.split(' ').any(|word| word == "openid") && (is_first || self.gives_id_token_on_refresh) {
            body["id_token"] = json!(self.id_token(nonce.filter(|_| is_first), now));
        }
        if let Some(edit) = &self.edit_tokens {
            edit(&mut body);
        }
        for name in ["access_token", "refresh_token", "id_token"] {
            self.secrets.extend(body[name].as_str().map(String::from));
        }
        Reply::answer(200, body)
    }

    fn exchange(&mut self, form: &BTreeMap<String, String>) -> Option<(Option<String>, String, Option<String>)> {
        let login = self.logins.get_mut(&form["code"]).filter(|login| !login.code_is_spent)?;
        let asked = &login.request;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
        let fits = asked["code_challenge"] == challenge
            && asked["code_challenge_method"] == "S256"
            && asked["redirect_uri"] == form["redirect_uri"]
            && asked["client_id"] == form["client_id"];
        if !fits {
            return None;
        }
        login.code_is_spent = true;
        let (nonce, scope) = (asked.get("nonce").cloned(), asked["scope"].clone());
        let newest = format!("refresh-{}", self.issued + 1);
        self.families.push(Family {
            newest: newest.clone(),
            nonce: nonce.clone(),
            scope: scope.clone(),
            revoked: false,
        });
        Some((nonce, scope, self.gives_refresh_token.then_some(newest)))
    }

    fn refresh(&mut self, form: &BTreeMap<String, String>) -> Option<(Option<String>, String, Option<String>)> {
        let (used, next) = (&form["refresh_token"], format!("refresh-{}", self.issued + 1));
        let family = self.families.iter_mut().find(|family| family.newest == *used && !family.revoked);
        let Some(family) = family else {
            // RFC 9700 §4.14.2: a refresh token that is used twice was stolen from somebody.
            if self.rotates {
                self.revoke_everything();
            }
            return None;
        };
        if self.rotates {
            family.newest.clone_from(&next);
        }
        Some((family.nonce.clone(), family.scope.clone(), self.rotates.then_some(next)))
    }

    fn id_token(&self, nonce: Option<String>, now: u64) -> String {
        let seconds = now / 1000;
        let mut claims = json!({
            "iss": ISSUER, "sub": self.subject, "aud": CLIENT, "iat": seconds, "exp": seconds + 3600,
            "name": format!("{} #{}", self.subject, self.issued),
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        if let Some(edit) = &self.edit_claims {
            edit(&mut claims);
        }
        let [header, payload] = [json!({ "alg": "RS256", "kid": self.key_id }), claims]
            .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode("signature"))
    }
}

/// A public key, as far as anybody looks at it: no signature is real here.
pub fn rsa_key(key_id: &str) -> Value {
    json!({ "kty": "RSA", "kid": key_id, "use": "sig", "e": "AQAB", "n": "n".repeat(342) })
}

/// The parameters of a form or query, each of which may be there once.
pub fn parameters(form: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    for pair in form.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let before = parameters.insert(decoded(name), decoded(value));
        assert!(before.is_none(), "{name} is there twice: {form}");
    }
    parameters
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| char::from(digit.unwrap()));
                u8::from_str_radix(&String::from_iter(digits), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}
