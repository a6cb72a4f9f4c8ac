//! `Retry-After` and `Date`, by another parser's word.

use pixie_auth::{
    UnixMillis,
    core::{machines::schedule, words::http_date::parse_http_date},
};
use serde_json::Value;
use std::time::{Duration, UNIX_EPOCH};

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

pub fn run(header: &str) {
    let ours = parse_http_date(header);
    if let Ok(theirs) = httpdate::parse_http_date(header) {
        let theirs = theirs.duration_since(UNIX_EPOCH).map(|since| since.as_millis() as u64).ok();
        // Two digits of a year are this century's here, and may be the last one's there, behind which any character is
        // as good as a space.
        let has_two_digits = header.contains("day, ");
        assert!(has_two_digits || ours.map(|ours| ours.0) == theirs, "{ours:?} {theirs:?}");
    }
    if let Some(instant) = ours {
        assert!(instant.0 % 1000 == 0 && instant < UnixMillis(253_402_387_200_000), "{instant:?}");
        let written = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(instant.0.min(253_402_300_799_000)));
        assert!(parse_http_date(&written).is_some());
    }
    let pause = schedule::retry_after::<Value>(header, NOW);
    assert!(pause.is_none_or(|pause| (1_000..=3_600_000).contains(&pause)), "{pause:?}");
    if let Ok(seconds) = header.parse::<u32>()
        && !header.starts_with('+')
    {
        assert_eq!(pause, Some((u64::from(seconds) * 1000).clamp(1_000, 3_600_000)).filter(|_| header.len() <= 15));
    }
    if let Some(instant) = ours.filter(|_| pause.is_some() && !header.bytes().all(|byte| byte.is_ascii_digit())) {
        assert_eq!(pause, Some(instant.since(NOW).clamp(1_000, 3_600_000)));
    }
}
