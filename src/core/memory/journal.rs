//! The journal of the refresh: that one is under way is written down before it is sent, so that a tab that dies, or an
//! answer that is lost, leaves word for the next. Where a host has no locks it is the lease as well.
//!
//! It names the pair of tokens by the instant at which it was obtained, and holds no secret.

use crate::core::words::{
    decimal::{decimal, parse_decimal},
    form::{self, Form},
    time::UnixMillis,
};
use alloc::string::String;

const VERSION: &str = "1";

/// How the refresh of one pair of tokens stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Which pair: when it was obtained.
    pub generation: UnixMillis,
    /// Who has a refresh under way, by its number; 0 where nobody has.
    pub by: u64,
    /// Whether that one holds no lock, so that this record is all that keeps the others off.
    pub leased: bool,
    /// When that one was last known to be alive; where there is none, when the last try failed.
    pub at: UnixMillis,
    /// How many tries failed.
    pub failures: u32,
    /// Until when the server wants to be left alone; 0 where it did not say.
    pub wish: UnixMillis,
    /// Why the last try failed, by its code.
    pub error: String,
    /// Why the session is over, where it is.
    pub ended: Option<String>,
}

impl Journal {
    /// One that says nothing about a pair yet.
    #[must_use]
    pub const fn new(generation: UnixMillis) -> Self {
        Self {
            generation,
            by: 0,
            leased: false,
            at: UnixMillis(0),
            failures: 0,
            wish: UnixMillis(0),
            error: String::new(),
            ended: None,
        }
    }

    /// Writes it down.
    #[must_use]
    pub fn write(&self) -> String {
        let mut form = Form::new();
        form.push("v", VERSION);
        for (name, number) in [
            ("generation", self.generation.0),
            ("by", self.by),
            ("leased", u64::from(self.leased)),
            ("at", self.at.0),
            ("failures", u64::from(self.failures)),
            ("wish", self.wish.0),
        ] {
            form.push(name, &decimal(number));
        }
        form.push("error", &self.error);
        form.push_some("ended", self.ended.as_deref());
        form.finish()
    }

    /// Reads it again. `None` where it is of another version, or is none.
    #[must_use]
    pub fn read(journal: &str) -> Option<Self> {
        if form::value(journal, "v").as_deref() != Some(VERSION) {
            return None;
        }
        let number = |name| parse_decimal(&form::value(journal, name)?);
        let mut read = Self::new(UnixMillis(number("generation")?));
        read.by = number("by")?;
        read.leased = number("leased")? != 0;
        read.at = UnixMillis(number("at")?);
        // What was edited by hand must not make a pause of years.
        read.failures = number("failures")?.min(99) as u32;
        read.wish = UnixMillis(number("wish")?);
        read.error = form::value(journal, "error")?;
        read.ended = form::value(journal, "ended");
        Some(read)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn journal_of_another_version_or_garbage_is_none() {
        for journal in ["", "v=2&generation=1&by=0&leased=0&at=0&failures=0&wish=0&error=", "v=1", "v=1&generation=x"] {
            assert_eq!(Journal::read(journal), None, "{journal}");
        }
    }

    proptest! {
        #[test]
        fn journal_reads_back_the_same(
            generation in 0..1_u64 << 48, by in 0..1_u64 << 32, leased: bool, at in 0..1_u64 << 48,
            failures in 0..99_u32, wish in 0..1_u64 << 48, ended in proptest::option::of("[a-z_]{1,9}"),
        ) {
            let journal = Journal {
                generation: UnixMillis(generation),
                by,
                leased,
                at: UnixMillis(at),
                failures,
                wish: UnixMillis(wish),
                error: "network".into(),
                ended,
            };
            prop_assert_eq!(Journal::read(&journal.write()), Some(journal));
        }

        #[test]
        fn journal_read_of_any_text_does_not_panic(text: String) {
            let _ = Journal::read(&text);
        }
    }
}
