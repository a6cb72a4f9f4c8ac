//! OAuth 2.0 and OpenID Connect sign-in for browsers, Electron and hybrid apps.
//!
//! This is the map; ARCHITECTURE.md tells the reasons.
//!
//! ```text
//! bindings ─▶ web ─▶ core::machines ─▶ core::{memory, protocol} ─▶ core::words
//! ```
//!
//! - [`core`] decides: the protocol, the memory and the machine, pure and tested natively, in virtual time.
//! - `web` performs: one facility of the host a file, nothing decided (wasm32 only, feature `web`).
//! - `bindings` translate for JavaScript (wasm32 only, feature `bindings`).
//! - `allocator` is the npm package's (wasm32 only, feature `npm`).
//! - `pkce_module` is the small module behind `pixie-auth/pkce` (wasm32 only, feature `pkce-module`).
//!
//! Read first: [`core::machines`], then `tests/flows`, where a login is told as a test.

// A final artefact brings its own panic handler; a library leaves that to the program that takes it.
#![cfg_attr(all(not(test), any(feature = "npm", feature = "pkce-module")), no_std)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)
)]

#[cfg(feature = "client")]
extern crate alloc;

// The README's example is a test: it has to compile.
#[cfg(all(doctest, not(target_arch = "wasm32")))]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod core;

#[cfg(any(all(target_arch = "wasm32", feature = "npm"), all(not(target_arch = "wasm32"), test)))]
mod allocator;
#[cfg(all(target_arch = "wasm32", feature = "bindings"))]
mod bindings;
#[cfg(all(target_arch = "wasm32", feature = "pkce-module", not(feature = "client")))]
mod pkce_module;
#[cfg(all(target_arch = "wasm32", feature = "web"))]
pub mod web;

pub use core::protocol::pkce::ChallengeMethod;
#[cfg(feature = "client")]
pub use core::{
    machines::{
        io::{Answer, Area, Event, Lock, Output, Session, SignOutReason, Signature, Verdict},
        machine::Machine,
        seldom::Asked,
    },
    memory::token_set::TokenSet,
    protocol::{authorize::LoginOptions, grant::GrantRequest, metadata::Metadata, pkce::CodeVerifier},
    words::{
        config::{Config, Sharing},
        error::{Action, Error, ErrorCode},
        http::{Request, Response, Unanswered},
        json::Json,
        secret::Secret,
        time::UnixMillis,
    },
};
