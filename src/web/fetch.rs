//! Requests by the host's `fetch`, or the program's own.
//!
//! Each has a time limit, carries no credentials, and does not follow a redirect with a form in it.

use super::{clock, host, timer::Timer};
use crate::core::{
    machines::io::Op,
    words::{
        http::{Request, Response, Unanswered},
        secret::Secret,
        time::UnixMillis,
    },
};
use alloc::string::String;
use js_sys::{Function, Object};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortController;

/// A request on its way.
#[derive(Debug)]
pub struct Flight {
    /// The request's number.
    pub op: Op,
    /// When it was sent.
    pub sent_at: UnixMillis,
    status: u16,
    retry_after: Option<String>,
    controller: Option<AbortController>,
    _limit: Timer,
}

/// The functions that are called as a flight goes on.
#[derive(Debug)]
pub struct Course {
    /// With the host's `Response`.
    pub answered: JsValue,
    /// With whatever was thrown.
    pub failed: JsValue,
    /// With nothing.
    pub timed_out: JsValue,
}

/// Sends a request. `own` is the program's `fetch`; the page's is looked up each time, as programs wrap it.
///
/// # Errors
/// `network` where `fetch` itself throws, or there is none.
pub fn send(op: Op, request: &Request, own: &JsValue, limit: u64, course: &Course) -> Result<Flight, Unanswered> {
    let fetch = if own.is_function() { own.clone() } else { host::global("fetch") };
    let fetch: &Function = fetch.dyn_ref().ok_or(Unanswered::Network)?;
    let controller = AbortController::new().ok();
    let sent_at = clock::now();
    let init = init(request, controller.as_ref());
    let answer =
        fetch.call2(&JsValue::UNDEFINED, &JsValue::from_str(&request.url), &init).map_err(|_| Unanswered::Network)?;
    host::promise(&answer).then(&course.answered, &course.failed);
    Ok(Flight { op, sent_at, status: 0, retry_after: None, controller, _limit: Timer::start(limit, &course.timed_out) })
}

fn init(request: &Request, controller: Option<&AbortController>) -> JsValue {
    let (init, headers) = (Object::new(), Object::new());
    let text = |name: &str, value: &str| host::set(&init, name, &JsValue::from_str(value));
    host::set(&headers, "Accept", &JsValue::from_str("application/json"));
    if let Some(form) = &request.form {
        let form_type = JsValue::from_str("application/x-www-form-urlencoded");
        host::set(&headers, "Content-Type", &form_type);
        text("method", "POST");
        text("body", form.expose());
        text("redirect", "manual");
        text("cache", "no-store");
    }
    text("credentials", "omit");
    text("referrerPolicy", "no-referrer");
    host::set(&init, "headers", &headers);
    if let Some(controller) = controller {
        host::set(&init, "signal", &controller.signal());
    }
    init.unchecked_into()
}

impl Flight {
    /// Takes the head of the response and reads on.
    pub fn answered(&mut self, response: &JsValue, read: &JsValue, failed: &JsValue) {
        // Not web-sys's Response: the program's own fetch may give one of another realm, or its likeness.
        self.status = host::member(response, "status").as_f64().unwrap_or_default() as u16;
        let name = JsValue::from_str("Retry-After");
        let headers = host::member(response, "headers");
        self.retry_after =
            host::call(&headers, "get", &name, &JsValue::UNDEFINED).ok().and_then(|value| value.as_string());
        let text = host::call(response, "text", &JsValue::UNDEFINED, &JsValue::UNDEFINED);
        let text = text.unwrap_or_else(|thrown| host::reject(&thrown));
        host::promise(&text).then(read, failed);
    }

    /// The response, now that its body is there.
    #[must_use]
    pub fn finish(&mut self, body: &JsValue) -> Response {
        Response {
            status: self.status,
            body: Secret::new(body.as_string().unwrap_or_default()),
            retry_after: self.retry_after.take(),
        }
    }

    /// Gives it up.
    pub fn abort(&self) {
        if let Some(controller) = &self.controller {
            controller.abort();
        }
    }
}
