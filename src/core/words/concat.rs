//! Texts put together.

use alloc::string::String;

/// One text of several. `push_str` at each of the places where texts are joined is more module than a list of them.
#[must_use]
#[inline(never)]
pub fn concat(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}
