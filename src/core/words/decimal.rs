//! Whole numbers as text. `core::fmt` would do it too, at 3 kB of module.

use super::class::{Class, is_all};
use alloc::string::String;

/// The decimal digits of a number.
#[must_use]
pub fn decimal(number: u64) -> String {
    let mut digits = String::new();
    write(number, &mut digits);
    digits
}

fn write(number: u64, digits: &mut String) {
    if number > 9 {
        write(number / 10, digits);
    }
    digits.push(char::from(b'0' + (number % 10) as u8));
}

/// Reads 1 to 15 decimal digits and nothing else.
#[must_use]
pub fn parse_decimal(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 15 || !is_all(text, Class::Digits) {
        return None;
    }
    Some(text.bytes().fold(0, |sum, digit| sum * 10 + u64::from(digit & 15)))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decimal_of_any_number_is_what_display_gives(number: u64) {
            prop_assert_eq!(decimal(number), number.to_string());
        }

        #[test]
        fn parse_decimal_reads_back_what_decimal_wrote(number in 0..1_000_000_000_000_000_u64) {
            prop_assert_eq!(parse_decimal(&decimal(number)), Some(number));
        }
    }

    #[test]
    fn parse_decimal_of_anything_else_is_none() {
        for text in ["", "-1", "+1", "1.0", " 1", "1e3", "1234567890123456"] {
            assert_eq!(parse_decimal(text), None, "{text:?}");
        }
    }
}
