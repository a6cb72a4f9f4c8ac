//! When to refresh, and when to try again. Pure arithmetic: the time and the randomness are arguments.
//!
//! ```text
//!            due, or a caller needs a token
//!   Idle ───────────────────────────────────▶ Busy
//!    ▲                                         │ │
//!    │ refreshed, or the session is over       │ │ anything else
//!    ├─────────────────────────────────────────┘ ▼
//!    └──────────────────────────────────────── Waiting
//!            refreshed by another tab            │ retry_at, Recovered, or a caller needs a token
//!                                                └────▶ Busy
//! ```

use crate::core::{
    memory::token_set::TokenSet,
    words::{
        config::Config,
        decimal::parse_decimal,
        error::{Error, ErrorCode},
        random::Spread,
        time::UnixMillis,
    },
};

/// The shortest time between two refreshes that nobody asked for: a token that is born expired must not
/// make a loop.
const SHORTEST_PAUSE: u64 = 5_000;
/// The first pause after a failure, and the longest.
const FIRST_PAUSE: u64 = 1_000;
const LONGEST_PAUSE: u64 = 60_000;
/// The pause after a refusal that only a person can mend.
const REFUSED_PAUSE: u64 = 60_000;
/// The longest `Retry-After` that is believed.
const LONGEST_RETRY_AFTER: u64 = 60 * 60 * 1000;

/// How refreshing stands.
#[derive(Debug)]
pub enum Phase {
    /// Nothing is under way.
    Idle,
    /// A refresh is under way; who asks shares it.
    Busy {
        /// How many tries failed before this one.
        failures: u32,
    },
    /// The last try failed.
    Waiting {
        /// How many tries failed.
        failures: u32,
        /// When the next one is.
        retry_at: UnixMillis,
        /// Why it failed.
        error: Error,
    },
}

impl Phase {
    /// How many tries have failed in a row.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        match self {
            Self::Idle => 0,
            Self::Busy { failures } | Self::Waiting { failures, .. } => *failures,
        }
    }

    /// The server's wish to be left alone, where it stands: nobody may ask before it is over.
    #[must_use]
    pub fn held(&self, now: UnixMillis) -> Option<&Error> {
        match self {
            Self::Waiting { retry_at, error, .. } if error.code() == ErrorCode::RateLimited && now < *retry_at => {
                Some(error)
            }
            Self::Idle | Self::Busy { .. } | Self::Waiting { .. } => None,
        }
    }
}

/// When the tokens are due for a refresh; `None` where they never are.
///
/// The lead time is at most a quarter of the lifetime, so that short tokens are not refreshed all the time,
/// and before it lies the jitter, so that many tabs and devices do not come at once.
#[must_use]
pub fn due(tokens: &TokenSet, config: &Config, spread: &mut Spread) -> Option<UnixMillis> {
    tokens.refresh_token.as_ref()?;
    let (end, lifetime) = (tokens.expires_at?, tokens.lifetime()?);
    let lead = config.lead_time.min(lifetime / 4);
    let jitter = config.jitter.unwrap_or(lead / 2).min(lifetime / 4);
    let due = end.minus(lead).minus(spread.below(jitter));
    Some(due.max(tokens.obtained_at.plus(SHORTEST_PAUSE)))
}

/// When to try again after a failure.
#[must_use]
pub fn retry_at(error: &Error, failures: u32, now: UnixMillis, spread: &mut Spread) -> UnixMillis {
    if let Some(seconds) = error.retry_after().and_then(parse_decimal) {
        let pause = seconds.saturating_mul(1000).clamp(FIRST_PAUSE, LONGEST_RETRY_AFTER);
        return now.plus(pause + spread.below(FIRST_PAUSE));
    }
    let pause = if error.code().is_retryable() {
        FIRST_PAUSE.saturating_mul(1 << failures.min(16)).min(LONGEST_PAUSE)
    } else {
        REFUSED_PAUSE
    };
    // The upper half is random: after an outage the devices come back one by one.
    now.plus(pause / 2 + spread.below(pause / 2))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::core::words::secret::Secret;
    use serde_json::{Value, json};

    fn config(auto: Value) -> Config {
        let config = json!({
            "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://app.example/cb", "autoRefresh": auto
        });
        Config::read(&config).unwrap()
    }

    fn tokens(lifetime: Option<u64>) -> TokenSet {
        TokenSet {
            access_token: Secret::new("at".into()),
            expires_at: lifetime.map(|seconds| UnixMillis(1_000_000 + seconds * 1000)),
            obtained_at: UnixMillis(1_000_000),
            scope: String::new(),
            refresh_token: Some(Secret::new("rt".into())),
            id_token: None,
        }
    }

    fn seconds_after(lifetime: u64, auto: Value, seed: u32) -> u64 {
        due(&tokens(Some(lifetime)), &config(auto), &mut Spread::new(seed)).unwrap().since(UnixMillis(1_000_000)) / 1000
    }

    #[test]
    fn due_is_before_the_expiry_by_lead_time_and_jitter() {
        for seed in 0..200 {
            assert!((3510..=3540).contains(&seconds_after(3600, json!(true), seed)));
            assert!((3565..=3570).contains(&seconds_after(3600, json!({ "leadTime": 30, "jitter": 5 }), seed)));
            assert!((37..=45).contains(&seconds_after(60, json!(true), seed)), "a quarter of a short lifetime");
            assert_eq!(seconds_after(3600, json!({ "leadTime": 60, "jitter": 0 }), seed), 3540);
        }
    }

    #[test]
    fn due_of_tokens_that_are_born_expired_does_not_loop() {
        for lifetime in [0, 1, 5] {
            assert_eq!(seconds_after(lifetime, json!({ "leadTime": 100_000, "jitter": 100_000 }), 7), 5);
        }
    }

    #[test]
    fn due_of_tokens_that_live_ten_years_is_near_their_end() {
        let ten_years = 10 * 365 * 24 * 3600;
        assert!(seconds_after(ten_years, json!(true), 1) > ten_years - 100);
    }

    #[test]
    fn tokens_without_expiry_or_refresh_token_are_never_due() {
        let mut spread = Spread::new(1);
        assert_eq!(due(&tokens(None), &config(json!(true)), &mut spread), None);
        let bare = TokenSet { refresh_token: None, ..tokens(Some(60)) };
        assert_eq!(due(&bare, &config(json!(true)), &mut spread), None);
    }

    #[test]
    fn retry_pauses_grow_to_a_minute_with_a_random_upper_half() {
        let error = Error::new(ErrorCode::Network);
        let mut spread = Spread::new(5);
        for (failures, longest) in [(0, 1_000), (1, 2_000), (5, 32_000), (6, 60_000), (60, 60_000)] {
            for _ in 0..100 {
                let pause = retry_at(&error, failures, UnixMillis(0), &mut spread).0;
                assert!((longest / 2..longest).contains(&pause), "{failures}: {pause}");
            }
        }
    }

    #[test]
    fn retry_after_in_seconds_is_kept_to() {
        let error = |after: &str| Error::new(ErrorCode::RateLimited).with_retry_after(Some(after.into()));
        let mut spread = Spread::new(5);
        assert!((7_000..8_000).contains(&retry_at(&error("7"), 0, UnixMillis(0), &mut spread).0));
        assert!((1_000..2_000).contains(&retry_at(&error("0"), 0, UnixMillis(0), &mut spread).0));
        assert!(retry_at(&error("99999999"), 0, UnixMillis(0), &mut spread).0 <= LONGEST_RETRY_AFTER + 1_000);
    }
}
