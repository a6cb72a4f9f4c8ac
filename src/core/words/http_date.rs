//! HTTP-date, [RFC 9110 §5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7): the three forms that have to be read.

use super::{decimal::parse_decimal, time::UnixMillis};

const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`.
#[must_use]
pub fn parse_http_date(text: &str) -> Option<UnixMillis> {
    let mut words = text.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut word = || words.next();
    let (_, second, third) = (word()?, word()?, word()?);
    let number = |word: Option<&str>| parse_decimal(word?);
    let (day, month, year, clock) = match parse_decimal(second) {
        Some(day) => (day, third, Some(number(word())?), [number(word())?, number(word())?, number(word())?]),
        None => (parse_decimal(third)?, second, None, [number(word())?, number(word())?, number(word())?]),
    };
    let year = match year.or_else(|| number(word()))? {
        // Two digits: of this century, until somebody asks what it said in the one before.
        year @ 0..=99 => 2000 + year,
        year => year,
    };
    let month = MONTHS.chunks_exact(3).position(|name| name == month.as_bytes())? as u64;
    let [hours, minutes, seconds] = clock;
    if !(1970..=9999).contains(&year) || !(1..=31).contains(&day) || hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    // Years that begin in March: then the leap day is the last of its year.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    let seconds = (days.checked_sub(719_468)? * 24 + hours) * 3600 + minutes * 60 + seconds;
    Some(UnixMillis(seconds * 1000))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn http_date_of_each_form_is_the_specifications_instant() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(parse_http_date(text), Some(UnixMillis(784_111_777_000)), "{text}");
        }
        assert_eq!(parse_http_date("Sunday, 06-Nov-26 08:49:37 GMT"), parse_http_date("Fri, 06 Nov 2026 08:49:37 GMT"),);
    }

    #[test]
    fn http_date_counts_leap_days_and_ends_of_years() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
            ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200),
            ("Tue, 31 Dec 2024 23:59:59 GMT", 1_735_689_599),
            ("Sun, 01 Mar 2400 00:00:00 GMT", 13_574_649_600),
        ] {
            assert_eq!(parse_http_date(text), Some(UnixMillis(seconds * 1000)), "{text}");
        }
    }

    #[test]
    fn http_date_that_is_none_is_none() {
        for text in [
            "",
            "120",
            "soon",
            "Sun, 06 Nov",
            "Sun, 06 Nob 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "Sun, 06 Nov 99999 08:49:37 GMT",
        ] {
            assert_eq!(parse_http_date(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn http_date_of_any_instant_reads_back_the_same(seconds in 0..32_503_680_000_u64) {
            let instant = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            let text = httpdate::fmt_http_date(instant);
            prop_assert_eq!(parse_http_date(&text), Some(UnixMillis(seconds * 1000)), "{}", text);
        }

        #[test]
        fn http_date_of_any_text_does_not_panic(text: String) {
            let _ = parse_http_date(&text);
        }
    }
}
