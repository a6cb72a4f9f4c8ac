//! What must not be read by accident: wiped on drop, redacted in print, compared in constant time.

use core::hint::black_box;

/// Whether two byte strings are equal, in a time that depends on their lengths alone.
#[must_use]
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    let difference = left.iter().zip(right).fold(0, |sum, (a, b)| black_box(sum | (a ^ b)));
    left.len() == right.len() && black_box(difference) == 0
}

/// Overwrites bytes with zeros in a way that the compiler may not leave out.
pub fn wipe(bytes: &mut [u8]) {
    zeroize::Zeroize::zeroize(bytes);
}

#[cfg(feature = "client")]
pub use text::Secret;

#[cfg(feature = "client")]
mod text {
    use alloc::string::String;
    use core::fmt;

    /// A token, a code or another secret text.
    ///
    /// It has no `Display`, prints as `[redacted]`, and its memory is overwritten when it is dropped.
    #[derive(Clone, Default)]
    pub struct Secret(String);

    impl Secret {
        /// Takes the text; there is no other copy of it here.
        #[must_use]
        pub const fn new(text: String) -> Self {
            Self(text)
        }

        /// The text itself, for the wire or the store.
        #[must_use]
        pub fn expose(&self) -> &str {
            &self.0
        }
    }

    impl PartialEq for Secret {
        fn eq(&self, other: &Self) -> bool {
            super::constant_time_eq(self.0.as_bytes(), other.0.as_bytes())
        }
    }

    impl Eq for Secret {}

    impl fmt::Debug for Secret {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let Self(_) = self;
            f.write_str("[redacted]")
        }
    }

    // The allocator of the npm package's module overwrites whatever is given back.
    #[cfg(not(feature = "npm"))]
    impl Drop for Secret {
        // Once in a module, not at each of the places where a secret goes out of sight.
        #[inline(never)]
        fn drop(&mut self) {
            zeroize::Zeroize::zeroize(&mut self.0);
        }
    }
}
