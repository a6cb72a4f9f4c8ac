//! The wall clock.

#![allow(clippy::disallowed_methods)] // Here, and nowhere else, the clock is read.

use crate::core::words::time::UnixMillis;

/// Now.
#[must_use]
pub fn now() -> UnixMillis {
    UnixMillis(js_sys::Date::now() as u64)
}
