//! What the program is given, as JavaScript's values.

use super::error::auth_error;
use crate::{
    core::{
        machines::io::{Answer, Event, Snapshot},
        words::secret::Secret,
    },
    web::json::JsJson,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/bindings/values.js")]
extern "C" {
    #[wasm_bindgen(js_name = session)]
    fn js_session(
        access_token: &str,
        expires_at: Option<f64>,
        scope: &str,
        id_token: Option<&str>,
        claims: &JsValue,
        refreshable: bool,
        is_bound: bool,
    ) -> JsValue;

    #[wasm_bindgen(js_name = authorized)]
    fn js_authorized(authorization: &str, proof: Option<&str>, sent: Option<&str>, step: u32) -> JsValue;

    #[wasm_bindgen(js_name = loginUrl)]
    fn login_url(url: &str, state: &str) -> JsValue;

    #[wasm_bindgen(js_name = callbackResult)]
    fn callback_result(session: &JsValue, app_state: Option<&str>) -> JsValue;

    #[wasm_bindgen(js_name = logoutUrl)]
    fn logout_url(url: Option<&str>) -> JsValue;

    #[wasm_bindgen(js_name = refreshDelayed)]
    fn refresh_delayed(error: &JsValue, attempt: u32, retry_at: f64) -> JsValue;

    #[wasm_bindgen(js_name = signedOut)]
    fn signed_out(reason: &str, error: &JsValue) -> JsValue;
}

fn session(session: &Snapshot<JsJson>) -> JsValue {
    let tokens = &session.tokens;
    js_session(
        tokens.access_token.expose(),
        tokens.expires_at.map(|end| end.0 as f64),
        &tokens.scope,
        tokens.id_token.as_ref().map(|token| token.expose()),
        session.claims.as_ref().map_or(&JsValue::NULL, |claims| &claims.0),
        tokens.refresh_token.is_some(),
        tokens.jkt.is_some(),
    )
}

/// Beside what few programs ask for, in the second module.
#[inline(never)]
fn authorized(authorization: &Secret, proof: Option<&Secret>, sent: Option<&str>, step: u32) -> JsValue {
    js_authorized(authorization.expose(), proof.map(Secret::expose), sent, step)
}

/// An answer to a caller.
pub(super) fn answer(answer: Answer<JsJson>) -> JsValue {
    match answer {
        Answer::Done => JsValue::UNDEFINED,
        Answer::Opened(discovered) => discovered.map_or(JsValue::UNDEFINED, |document| document.0),
        Answer::LoginUrl { url, state } => login_url(&url, &state),
        Answer::Callback { session: snapshot, app_state } => callback_result(&session(&snapshot), app_state.as_deref()),
        Answer::Session(snapshot) => snapshot.as_ref().map_or(JsValue::NULL, session),
        Answer::AccessToken(token) => JsValue::from_str(token.expose()),
        Answer::Json(document) => document.0,
        Answer::Authorized { authorization, proof, nonce, step } => {
            authorized(&authorization, proof.as_ref(), nonce.as_deref(), step)
        }
        Answer::LogoutUrl(url) => logout_url(url.as_ref().map(|url| url.expose())),
    }
}

/// An event: its name and its detail.
pub(super) fn event(event: &Event<JsJson>) -> (&'static str, JsValue) {
    match event {
        Event::SignedIn(snapshot) => ("signedIn", session(snapshot)),
        Event::Refreshed(snapshot) => ("refreshed", session(snapshot)),
        Event::RefreshDelayed { error, attempt, retry_at } => {
            ("refreshDelayed", refresh_delayed(&auth_error(error), *attempt, retry_at.0 as f64))
        }
        Event::SignedOut { reason, error } => {
            let error = error.as_ref().map_or(JsValue::UNDEFINED, auth_error);
            ("signedOut", signed_out(reason.as_str(), &error))
        }
    }
}
