//! The journal of the refresh: that one is under way is written down before it is sent, so that a tab that dies, or an
//! answer that is lost, leaves word for the next. Where a host has no locks it is the lease as well.
//!
//! It names the pair of tokens by a number that is made of its refresh token, and holds no secret.

use crate::core::words::{
    cut::parts,
    decimal::{decimal, parse_decimal},
    time::UnixMillis,
};
use alloc::string::String;

/// The version that this release writes and reads.
const VERSION: u64 = 1;

/// How the refresh of one pair of tokens stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Which pair ([`TokenSet::generation`](super::token_set::TokenSet::generation)).
    pub generation: u64,
    /// Who has a refresh under way, by its number; 0 where nobody has.
    pub by: u64,
    /// Whether that one holds no lock, so that this record is all that keeps the others off.
    pub leased: bool,
    /// When that one was last known to be alive; where there is none, when the last try failed.
    pub at: UnixMillis,
    /// How many tries failed.
    pub failures: u64,
    /// Until when the server wants to be left alone; 0 where it did not say.
    pub wish: UnixMillis,
    /// Why the last try failed, by its code; or why the session is over.
    pub reason: String,
}

impl Journal {
    /// One that says nothing about a pair yet.
    #[must_use]
    pub const fn new(generation: u64) -> Self {
        Self {
            generation,
            by: 0,
            leased: false,
            at: UnixMillis(0),
            failures: 0,
            wish: UnixMillis(0),
            reason: String::new(),
        }
    }

    /// Whether it says that the session is over.
    #[must_use]
    pub fn is_end(&self) -> bool {
        self.by == 0 && self.failures == 0 && !self.reason.is_empty()
    }

    /// Writes it down: words separated by spaces, the version first.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = String::new();
        let Self { generation, by, leased, at, failures, wish, reason } = self;
        for number in &[VERSION, *generation, *by, u64::from(*leased), at.0, *failures, wish.0] {
            text.push_str(&decimal(*number));
            text.push(' ');
        }
        text.push_str(reason);
        text
    }

    /// Reads it again. `None` where it is of another version, or is none.
    #[must_use]
    pub fn read(journal: &str) -> Option<Self> {
        let mut words = parts(journal, b' ');
        let mut numbers = [0; 7];
        for number in &mut numbers {
            *number = parse_decimal(words.next()?)?;
        }
        let [version, generation, by, leased, at, failures, wish] = numbers;
        let reason = words.next()?.into();
        (version == VERSION).then_some(Self {
            generation,
            by,
            leased: leased != 0,
            at: UnixMillis(at),
            // What was edited by hand must not make a pause of years.
            failures: failures.min(99),
            wish: UnixMillis(wish),
            reason,
        })
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn journal_of_another_version_or_garbage_is_none() {
        for journal in ["", "2 1 0 0 0 0 0 ", "1", "1 1 0 0 0 0 0", "1 x 0 0 0 0 0 ", "v=1&access_token=a"] {
            assert_eq!(Journal::read(journal), None, "{journal}");
        }
    }

    proptest! {
        #[test]
        fn journal_reads_back_the_same(
            generation in 0..1_u64 << 48, by in 0..1_u64 << 32, leased: bool, at in 0..1_u64 << 48,
            failures in 0..99_u64, wish in 0..1_u64 << 48, reason in "[a-z_]{0,9}",
        ) {
            let journal = Journal {
                generation,
                by,
                leased,
                at: UnixMillis(at),
                failures,
                wish: UnixMillis(wish),
                reason,
            };
            prop_assert_eq!(Journal::read(&journal.write()), Some(journal));
        }

        #[test]
        fn journal_read_of_any_text_does_not_panic(text: String) {
            let _ = Journal::read(&text);
        }
    }
}
