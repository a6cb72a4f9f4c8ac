//! The machine, told as tests: logins, refreshes and their troubles, natively and in virtual time.
//!
//! Read `login.rs` and `callback.rs` first; [`scenario::Scenario`] is what they are told in.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(unreachable_pub)] // A test binary exports nothing.

mod bound;
mod disk;
mod scenario;
mod server;
mod told;

mod access_token;
mod authorize;
mod callback;
mod callback_elsewhere;
mod callback_refused;
mod close;
mod dpop;
mod dpop_requests;
mod error_codes;
mod grant;
mod id_token;
mod journal;
mod layering;
mod locks;
mod login;
mod logout;
mod messages;
mod metadata_kept;
mod opening;
mod par;
mod refresh_trouble;
mod resources;
mod resources_tabs;
mod resources_trouble;
mod revoke;
mod schedule;
mod secrets;
mod server_clock;
mod session_end;
mod signature;
mod simulation;
mod storage_trouble;
mod stored_session;
mod tabs;
mod token_response;
mod userinfo;
