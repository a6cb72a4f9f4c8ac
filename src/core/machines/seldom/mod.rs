//! Flows that few programs need: the npm package has them in a module of its own, which is loaded on first need.
//!
//! What the other machines call of these is marked `#[inline(never)]`, so that it stays here.

pub mod authorize;
pub mod dpop;
mod proof;
