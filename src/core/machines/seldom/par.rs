//! A login whose request is pushed ([RFC 9126](https://www.rfc-editor.org/rfc/rfc9126)), once the login is stored.

use super::{
    super::{
        io::Area,
        login::{Begun, login_name},
        machine::{Machine, OnSend, Responded},
    },
    Errand,
};
use crate::core::{
    protocol::par,
    words::{
        config::Par,
        error::{Error, ErrorCode},
        form::Form,
        http::Request,
        json::Json,
    },
};
use alloc::boxed::Box;

impl<J: Json> Machine<J> {
    #[inline(never)]
    pub(in super::super) fn push(&mut self, begun: Box<Begun>) {
        let endpoint =
            self.metadata.as_ref().and_then(|metadata| metadata.pushed_authorization_request_endpoint.as_ref());
        match endpoint {
            Some(endpoint) => {
                let mut form = Form::new();
                form.append(&begun.request);
                let request = Request::post(endpoint, form);
                self.send(request, OnSend::Errand(Box::new(Errand::Push(begun))));
            }
            None => self.push_failed(&begun, Error::about(ErrorCode::MetadataInvalid, par::ENDPOINT)),
        }
    }

    pub(super) fn pushed(&mut self, mut begun: Box<Begun>, result: &Responded) {
        let may_do_without =
            self.config.par == Par::Auto && !self.metadata.as_ref().is_some_and(|metadata| metadata.requires_par);
        let pushed = match result {
            // An endpoint that is not meant for pages withholds its answers from them (CORS).
            Err(_) if may_do_without => return self.give_url(begun),
            Err(unanswered) => Err((*unanswered).into()),
            Ok(response) => {
                let mut sent = Form::new();
                sent.append(&begun.request);
                par::pushed_request::<J>(&self.config, &sent.finish(), response)
            }
        };
        match pushed {
            Ok(request) => {
                begun.request = request;
                self.give_url(begun);
            }
            Err(error) => self.push_failed(&begun, error),
        }
    }

    /// The login does not begin: nobody will come back for it.
    fn push_failed(&mut self, begun: &Begun, error: Error) {
        self.remove(Area::Login, &login_name(&begun.state));
        self.refuse(begun.caller, error);
    }
}
