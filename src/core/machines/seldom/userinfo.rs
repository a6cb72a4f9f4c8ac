//! What the server says of the user.

use super::{
    super::{
        io::{Answer, Caller},
        machine::{Machine, OnSend, Responded},
        session::{Waiter, Wanted},
    },
    Errand,
};
use crate::core::{
    protocol::userinfo,
    words::{
        error::{Error, ErrorCode},
        json::Json,
        secret::Secret,
    },
};
use alloc::{boxed::Box, string::String};

/// A question to the UserInfo endpoint.
#[derive(Debug, Default)]
pub(in super::super) struct UserInfo {
    caller: Caller,
    /// Whom it is about.
    subject: String,
    sent: Secret,
    /// Whether the server has refused a token.
    again: bool,
}

impl<J: Json> Machine<J> {
    pub(super) fn user_info(&mut self, caller: Caller) {
        let endpoint = self.metadata.as_ref().and_then(|metadata| metadata.userinfo_endpoint.as_ref());
        if endpoint.is_none() {
            return self.refuse(caller, Error::about(ErrorCode::MetadataInvalid, userinfo::ENDPOINT));
        }
        let Some(session) = &self.session else {
            return self.refuse(caller, self.absence());
        };
        let is_good = session.tokens.is_good_for(0, self.now);
        let asked = UserInfo { caller, subject: self.subject(), ..UserInfo::default() };
        if asked.subject.is_empty() {
            // Without an ID token nobody can say whose answer it would be (OIDC Core §5.3.2).
            return self.refuse(caller, ErrorCode::UserinfoSubjectMismatch.into());
        }
        if is_good { self.send_user_info(asked) } else { self.refresh_for(asked) }
    }

    fn refresh_for(&mut self, asked: UserInfo) {
        let caller = asked.caller;
        self.wait_for_refresh(Waiter { caller, wants: Wanted::Errand(Box::new(Errand::UserInfo(asked))) });
    }

    pub(super) fn send_user_info(&mut self, mut asked: UserInfo) {
        let endpoint = self.metadata.as_ref().and_then(|metadata| metadata.userinfo_endpoint.as_ref());
        let (Some(endpoint), Some(session)) = (endpoint, &self.session) else {
            return self.refuse(asked.caller, self.absence());
        };
        if self.subject() != asked.subject {
            return self.refuse(asked.caller, ErrorCode::NoSession.into());
        }
        asked.sent = session.tokens.access_token.clone();
        let request = userinfo::userinfo_request(endpoint, &asked.sent);
        self.send(request, OnSend::Errand(Box::new(Errand::UserInfo(asked))));
    }

    pub(super) fn user_info_responded(&mut self, mut asked: UserInfo, result: &Responded) {
        let session = self.session.as_ref().filter(|_| self.subject() == asked.subject);
        let Some(session) = session else {
            // What is known of a user is not told to the next one.
            return self.refuse(asked.caller, self.absence());
        };
        let response = match result {
            // RFC 6750 §3.1: "The access token provided is expired, revoked, malformed, or invalid".
            Ok(response) if response.status == 401 && !asked.again => {
                asked.again = true;
                let is_new = session.tokens.access_token != asked.sent;
                return if is_new { self.send_user_info(asked) } else { self.refresh_for(asked) };
            }
            Ok(response) => response,
            Err(unanswered) => return self.refuse(asked.caller, (*unanswered).into()),
        };
        let claims = userinfo::userinfo_response(response, &asked.sent, &asked.subject);
        self.settle(asked.caller, claims.map(Answer::Json));
    }
}
