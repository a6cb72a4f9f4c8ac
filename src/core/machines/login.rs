//! Beginning a login: a transaction that is stored, then a URL.

use super::{
    io::{Answer, Area, Caller, Output},
    machine::{Job, Machine, Reply},
};
use crate::core::{
    memory::transaction::{Login, Logins, Transaction},
    protocol::{
        authorize::{LoginOptions, authorization_url},
        pkce::{CodeVerifier, VERIFIER_MIN},
    },
    words::{
        error::ErrorCode,
        json::Json,
        random::{Entropy, TOKEN_LENGTH, token},
        secret::Secret,
    },
};
use alloc::{boxed::Box, string::String};

/// The name under which the list of logins is stored.
const LOGINS: &str = "logins";

/// The name under which one login is stored.
pub(super) fn login_name(state: &str) -> String {
    let mut name = String::from("login ");
    name.push_str(state);
    name
}

#[derive(Debug)]
pub(super) enum LoginJob {
    List(Box<Begun>),
    Store(Box<Begun>),
}

/// A login that is about to be stored.
#[derive(Debug)]
pub(super) struct Begun {
    caller: Caller,
    navigate: bool,
    state: String,
    url: String,
    transaction: Secret,
}

impl LoginJob {
    pub(super) const fn caller(&self) -> Caller {
        let (Self::List(begun) | Self::Store(begun)) = self;
        begun.caller
    }
}

impl<J: Json> Machine<J> {
    /// `login` where the page is to leave for the URL (`navigate`), `createLoginUrl` where it is not.
    pub fn login(&mut self, caller: Caller, options: LoginOptions, entropy: &Entropy, navigate: bool) {
        let (for_verifier, rest) = entropy.split_at(VERIFIER_MIN);
        let (for_state, for_nonce) = rest.split_at(TOKEN_LENGTH);
        let (Some(metadata), Some(verifier)) = (&self.metadata, CodeVerifier::from_entropy(for_verifier)) else {
            return self.settle(caller, Err(ErrorCode::InvalidConfig.into()));
        };
        let (state, nonce) = (token(for_state), token(for_nonce));
        let challenge = verifier.challenge(self.config.method);
        let url = authorization_url(&self.config, metadata, &options, &state, &nonce, &challenge);
        let transaction = Login::Open(Transaction {
            verifier,
            nonce,
            redirect_uri: self.config.redirect_uri.clone(),
            scope: options.scope.unwrap_or_else(|| self.config.scope.clone()),
            app_state: options.app_state,
        });
        let begun = Begun { caller, navigate, state, url, transaction: transaction.write() };
        self.load(Area::Login, LOGINS, Job::Login(LoginJob::List(Box::new(begun))));
    }

    pub(super) fn login_reply(&mut self, job: LoginJob, reply: Reply) {
        match (job, reply) {
            (LoginJob::List(mut begun), Reply::Loaded(Ok(list))) => {
                let mut logins = Logins::read(list.as_ref().map_or("", Secret::expose));
                for forgotten in logins.add(&begun.state, self.now) {
                    self.remove(Area::Login, &login_name(&forgotten));
                }
                // The list first: a login that nobody lists would stay for ever.
                self.store(Area::Login, LOGINS, logins.write(), Job::Nothing);
                let transaction = core::mem::take(&mut begun.transaction);
                let name = login_name(&begun.state);
                self.store(Area::Login, &name, transaction, Job::Login(LoginJob::Store(begun)));
            }
            (LoginJob::Store(begun), Reply::Stored(Ok(()))) => {
                let Begun { caller, navigate, state, url, transaction: _ } = *begun;
                if navigate {
                    self.emit(Output::Navigate(url));
                    self.settle(caller, Ok(Answer::Done));
                } else {
                    self.settle(caller, Ok(Answer::LoginUrl { url, state }));
                }
            }
            (job, Reply::Loaded(Err(error)) | Reply::Stored(Err(error))) => self.settle(job.caller(), Err(error)),
            _ => {}
        }
    }
}
