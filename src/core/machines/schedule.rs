//! When to refresh, and when to try again. Pure arithmetic: the time and the randomness are arguments.

use crate::core::{
    memory::token_set::TokenSet,
    words::{config::Config, decimal::parse_decimal, json::Json, random::Spread, time::UnixMillis},
};

/// The shortest time between two refreshes that nobody asked for: a token that is born expired must not
/// make a loop.
pub const SHORTEST_PAUSE: u64 = 5_000;
/// The first pause after a failure, and the longest, where somebody looks on or waits.
const FIRST_PAUSE: u64 = 1_000;
const LONGEST_PAUSE: u64 = 60_000;
/// The longest pause where a caller waits.
const LONGEST_WAIT: u64 = 5_000;
/// The pauses where nobody looks on and nobody waits. After an outage these devices are most of the herd: the pauses
/// are long, with no shorter ones before them, and the first is at random, so that devices that fell due in one
/// instant come back over minutes (tests/simulation/herd.rs).
const FIRST_UNSEEN_PAUSE: u64 = 30_000;
const UNSEEN_PAUSE: u64 = 240_000;
const LONGEST_UNSEEN_PAUSE: u64 = 285_000;
/// The longest `Retry-After` that is believed.
pub(super) const LONGEST_RETRY_AFTER: u64 = 60 * 60 * 1000;

/// An instant that does not come.
pub(super) const NEVER: UnixMillis = UnixMillis(u64::MAX);

/// What was reckoned by a clock that was set back by so much.
#[inline(never)]
pub(super) fn set_back(at: UnixMillis, by: u64) -> UnixMillis {
    if at == NEVER { NEVER } else { at.minus(by) }
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

/// How long to wait after so many failures in a row, in milliseconds. `eager` where somebody looks on, or waits.
#[must_use]
pub fn pause(failures: u32, eager: bool, spread: &mut Spread) -> u64 {
    let least = least_pause(failures, eager);
    // The upper half is random: after an outage the devices come back one by one.
    least + spread.below(if eager { least } else { LONGEST_UNSEEN_PAUSE - least })
}

/// The shortest that [`pause`] gives.
#[must_use]
pub fn least_pause(failures: u32, eager: bool) -> u64 {
    if eager {
        (FIRST_PAUSE << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE) / 2
    } else if failures < 2 {
        FIRST_UNSEEN_PAUSE
    } else {
        UNSEEN_PAUSE
    }
}

/// How long after a failure a caller waits for the next try.
#[must_use]
pub fn caller_pause(failures: u32) -> u64 {
    least_pause(failures, true).min(LONGEST_WAIT)
}

/// How long `Retry-After` asks to wait, in milliseconds; `server_now` is the server's clock.
#[must_use]
pub fn retry_after<J: Json>(header: &str, server_now: UnixMillis) -> Option<u64> {
    let pause = match parse_decimal(header) {
        Some(seconds) => seconds.min(LONGEST_RETRY_AFTER) * 1000,
        None => J::parse_http_date(header)?.since(server_now),
    };
    Some(pause.clamp(FIRST_PAUSE, LONGEST_RETRY_AFTER))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::core::words::secret::Secret;
    use alloc::string::String;
    use proptest::prelude::*;
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
            began: UnixMillis(0),
            renewals: 0,
            scope: String::new(),
            refresh_token: Some(Secret::new("rt".into())),
            id_token: None,
            jkt: None,
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
    fn due_without_a_jitter_of_the_programs_is_spread_over_half_the_lead_time() {
        // Seeds as a host has them: of all 32 bits.
        let seeds = (0..200_u32).map(|index| index.wrapping_mul(0x9e37_79b9));
        let dues: Vec<_> = seeds.map(|seed| seconds_after(3600, json!(true), seed)).collect();
        assert!(dues.iter().min() < Some(&3515) && dues.iter().max() > Some(&3535), "{dues:?}");
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
    fn pauses_of_the_eager_grow_to_a_minute_with_a_random_upper_half() {
        let mut spread = Spread::new(5);
        for (failures, longest) in [(1, 1_000), (2, 2_000), (6, 32_000), (7, 60_000), (60, 60_000)] {
            for _ in 0..100 {
                let pause = pause(failures, true, &mut spread);
                assert!((longest / 2..longest).contains(&pause), "{failures}: {pause}");
                assert!(pause >= least_pause(failures, true));
            }
        }
    }

    #[test]
    fn pauses_of_the_unseen_are_minutes_and_spread() {
        let mut spread = Spread::new(5);
        let pauses: Vec<_> = (2..100).map(|failures| pause(failures, false, &mut spread)).collect();
        assert!(pauses.iter().all(|pause| (240_000..285_000).contains(pause)), "{pauses:?}");
        assert!(pauses.iter().max().unwrap() - pauses.iter().min().unwrap() > 30_000);
        let firsts: Vec<_> = (0..100).map(|_| pause(1, false, &mut spread)).collect();
        assert!(firsts.iter().all(|pause| (30_000..285_000).contains(pause)), "{firsts:?}");
        assert!(firsts.iter().max().unwrap() - firsts.iter().min().unwrap() > 200_000);
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let now = UnixMillis(784_111_777_000);
        for (header, pause) in [
            ("7", Some(7_000)),
            ("0", Some(1_000)),
            ("99999999", Some(3_600_000)),
            ("Sun, 06 Nov 1994 08:51:37 GMT", Some(120_000)),
            ("Sun, 06 Nov 1994 08:40:37 GMT", Some(1_000)),
            ("Sun, 06 Nov 2094 08:40:37 GMT", Some(3_600_000)),
            ("soon", None),
            ("-5", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(retry_after::<Value>(header, now), pause, "{header}");
        }
    }

    proptest! {
        #[test]
        fn retry_after_of_any_header_is_within_an_hour(header in "\\PC{0,20}|-?[0-9]{0,20}", now: u64) {
            let pause = retry_after::<Value>(&header, UnixMillis(now));
            prop_assert!(pause.is_none_or(|pause| (FIRST_PAUSE..=LONGEST_RETRY_AFTER).contains(&pause)));
        }
    }
}
