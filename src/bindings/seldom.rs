//! What few programs ask for, as JavaScript says it. The npm package has it in a second module: see ARCHITECTURE.md.

use super::client::{AUTHORIZE, GRANT, RESOURCE_TOKEN, REVOKE};
use crate::{
    core::{
        machines::seldom::Asked,
        protocol::authorize::LoginOptions,
        words::{
            config,
            error::{Error, ErrorCode},
            json::Json,
        },
    },
    web::json::JsJson,
};

/// Reads a request.
///
/// # Errors
/// `invalid_config` with the member's name.
#[inline(never)]
pub(super) fn asked(request: u32, argument: &JsJson) -> Result<Asked, Error> {
    Ok(match request {
        GRANT => Asked::grant(argument)?,
        REVOKE => Asked::Revoke,
        AUTHORIZE => Asked::authorize(argument),
        RESOURCE_TOKEN => {
            let (mut resource, mut scope, mut min_validity) = (None, None, 0);
            config::text(argument, "resource", &mut resource)?;
            config::text(argument, "scope", &mut scope)?;
            config::millis(argument, "minValidity", &mut min_validity)?;
            Asked::Token { resource, scope, min_validity }
        }
        _ => Asked::UserInfo,
    })
}

/// Reads a login's options but for `appState`.
///
/// # Errors
/// `aborted` where the program's signal says so; `invalid_config` with the member's name.
#[inline(never)]
pub(super) fn login_options(options: &JsJson) -> Result<LoginOptions, Error> {
    if options.member("signal").is_some_and(|signal| signal.is_true("aborted")) {
        return Err(ErrorCode::Aborted.into());
    }
    LoginOptions::read(options)
}
