//! The protocol: one specification a file, stateless. Each builds a request or reads a response.

pub mod pkce;

#[cfg(feature = "client")]
pub mod authorize;
#[cfg(feature = "client")]
pub mod callback;
#[cfg(feature = "client")]
pub mod dpop;
#[cfg(feature = "client")]
pub mod end_session;
#[cfg(feature = "client")]
pub mod grant;
#[cfg(feature = "client")]
pub mod id_token;
#[cfg(feature = "client")]
pub mod jws;
#[cfg(feature = "client")]
pub mod metadata;
#[cfg(feature = "client")]
pub mod par;
#[cfg(feature = "client")]
pub mod revocation;
#[cfg(feature = "client")]
pub mod token;
#[cfg(feature = "client")]
pub mod userinfo;
