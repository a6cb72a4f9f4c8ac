//! The pure core: no JavaScript, no async, no clock, no randomness, no I/O.
//!
//! In scope: what OAuth 2.0 and OpenID Connect ask of a public client, and when to do it.
//! Out of scope: doing it. Bytes, instants and responses come in as arguments; effects go out as values.

pub mod protocol;
pub mod words;

#[cfg(feature = "client")]
pub mod machines;
#[cfg(feature = "client")]
pub mod memory;
