//! Keys that tokens are bound to, and the authorization server's part in it ([RFC 9449](https://www.rfc-editor.org/rfc/rfc9449)).

use crate::server::{Reply, TOKEN};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pixie_auth::{
    Error, ErrorCode, Request, Secret,
    core::{machines::io::ProofKey, protocol::dpop::PublicKey},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What one browser keeps in IndexedDB. A key goes by its `x`; no signature is real here, but each says by whom it is.
#[derive(Default)]
pub struct Keychain {
    pub kept: BTreeMap<String, String>,
    /// Nothing can be kept.
    pub is_broken: bool,
    made: u32,
}

impl Keychain {
    pub fn open(&mut self, name: &str, must_last: bool, opened: &mut Option<String>) -> Result<ProofKey, Error> {
        if self.is_broken && must_last {
            return Err(Error::about(ErrorCode::DpopUnavailable, "InvalidStateError"));
        }
        self.made += 1;
        let own = opened.clone().unwrap_or_else(|| digest(&format!("key {}", self.made)));
        let x = match self.is_broken {
            true => own,
            false => self.kept.entry(name.into()).or_insert(own).clone(),
        };
        *opened = Some(x.clone());
        Ok(ProofKey {
            public: public(&x),
            is_lasting: !self.is_broken,
            entropy: Secret::new(format!("entropy {}", self.made)),
        })
    }

    pub fn sign(&self, key: Option<&str>, input: &Secret) -> Result<Secret, Error> {
        let key = key.ok_or(ErrorCode::DpopUnavailable)?;
        Ok(Secret::new(format!("{}.{}", input.expose(), digest(key))))
    }
}

fn public(x: &str) -> PublicKey {
    PublicKey::new(x, &digest(x)).unwrap()
}

fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

/// A proof that reached the server.
#[derive(Clone, Debug)]
pub struct Proof {
    pub jkt: String,
    pub claims: Value,
}

impl Proof {
    /// Reads a proof, which has to be whole: RFC 9449 §4.3.
    pub fn read(jwt: &str) -> Self {
        let parts: Vec<_> = jwt.split('.').collect();
        let [header, claims] = [0, 1].map(|index: usize| {
            serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(parts[index]).unwrap()).unwrap()
        });
        let x = header["jwk"]["x"].as_str().unwrap();
        assert_eq!(parts[2..], [digest(x)], "signed by the key that it names");
        assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
        assert_eq!(header["jwk"], json!({ "kty": "EC", "crv": "P-256", "x": x, "y": digest(x) }));
        Self { jkt: public(x).thumbprint(), claims }
    }

    pub fn says(&self, claim: &str) -> &str {
        self.claims[claim].as_str().unwrap_or_default()
    }
}

/// A server that binds tokens to keys.
#[derive(Default)]
pub struct Binding {
    /// The nonce that it wants, which every answer shows.
    pub nonce: Option<String>,
    /// The same of whatever takes an access token.
    pub resource_nonce: Option<String>,
    /// A nonce that the token endpoint shows and does not want yet.
    pub shows_nonce_only: Option<String>,
    /// How many seconds off a proof may be.
    pub tolerance: Option<u64>,
    /// Refuses every proof for its nonce.
    pub is_never_content: bool,
    pub proofs: Vec<Proof>,
    pub seen: BTreeSet<String>,
    /// Which key a refresh token is bound to.
    pub tokens: BTreeMap<String, String>,
}

impl Binding {
    pub fn with_nonce(nonce: &str) -> Self {
        Self { nonce: Some(nonce.into()), ..Self::default() }
    }

    /// The nonce that an endpoint's answers show.
    pub fn nonce_at(&self, url: &str) -> Option<&String> {
        if url == TOKEN { self.shows_nonce_only.as_ref().or(self.nonce.as_ref()) } else { self.resource_nonce.as_ref() }
    }

    /// What is wrong with the proof of a request to the token endpoint.
    pub fn refusal(&mut self, request: &Request, now: u64) -> Option<Reply> {
        if request.url != TOKEN {
            return None;
        }
        let Some(proof) = &request.proof else {
            return Some(Reply::refusal(400, "invalid_dpop_proof"));
        };
        let proof = Proof::read(proof.expose());
        self.proofs.push(proof.clone());
        assert!(self.seen.insert(proof.says("jti").into()), "a jti is used once");
        assert_eq!((proof.says("htm"), proof.says("htu")), ("POST", TOKEN));
        if self.is_never_content || self.nonce.as_deref().is_some_and(|nonce| nonce != proof.says("nonce")) {
            if self.is_never_content {
                self.nonce = Some(format!("nonce-{}", self.proofs.len()));
            }
            return Some(Reply::refusal(400, "use_dpop_nonce"));
        }
        let off = proof.claims["iat"].as_u64().unwrap().abs_diff(now / 1000);
        if self.tolerance.is_some_and(|tolerance| off > tolerance) {
            return Some(Reply::refusal(400, "invalid_dpop_proof"));
        }
        let form = request.form.as_ref().unwrap().expose();
        let refresh_token = form.split('&').find_map(|pair| pair.strip_prefix("refresh_token="));
        let bound_to = refresh_token.and_then(|token| self.tokens.get(token));
        bound_to.filter(|jkt| **jkt != proof.jkt).map(|_| Reply::refusal(400, "invalid_grant"))
    }

    /// What the server gives is bound to the key of the last proof.
    pub fn bound(&mut self, request: &Request, reply: Reply) -> Reply {
        match reply {
            Reply::Answer { status: 200, body, retry_after } if request.url == TOKEN => {
                let mut body: Value = serde_json::from_str(&body).unwrap();
                body["token_type"] = json!("DPoP");
                if let (Some(token), Some(proof)) = (body["refresh_token"].as_str(), self.proofs.last()) {
                    self.tokens.insert(token.into(), proof.jkt.clone());
                }
                Reply::Answer { status: 200, body: body.to_string(), retry_after }
            }
            other => other,
        }
    }
}
