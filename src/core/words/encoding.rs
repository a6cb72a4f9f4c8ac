//! base64url without padding, [RFC 4648 §5](https://www.rfc-editor.org/rfc/rfc4648#section-5).
//!
//! Written here because of its bytes: in the small module the base64 crate's engine makes 5,200 bytes
//! of these 250. The tests hold both directions to that crate.

#[cfg(feature = "client")]
use alloc::vec::Vec;

/// The character for the low six bits.
#[must_use]
pub const fn base64url_character(bits: u8) -> u8 {
    match bits & 63 {
        upper @ 0..=25 => b'A' + upper,
        lower @ 26..=51 => b'a' - 26 + lower,
        digit @ 52..=61 => digit - 52 + b'0',
        62 => b'-',
        _ => b'_',
    }
}

/// Writes the base64url of `bytes` to the start of `out` and gives how many characters were written:
/// all of them, where `out` has room.
pub fn base64url_into(bytes: &[u8], out: &mut [u8]) -> usize {
    let mut bits = 0_u32;
    let mut width = 0;
    let mut written = 0;
    let mut bytes = bytes.iter();
    for to in out {
        if width < 6 {
            match bytes.next() {
                Some(byte) => {
                    bits = bits << 8 | u32::from(*byte);
                    width += 8;
                }
                None if width == 0 => break,
                None => {
                    bits <<= 6 - width;
                    width = 6;
                }
            }
        }
        width -= 6;
        *to = base64url_character((bits >> width) as u8);
        written += 1;
    }
    written
}

/// The bytes behind a base64url text; `None` where it is none (padding and stray bits included).
#[cfg(feature = "client")]
#[must_use]
pub fn base64url_decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let mut bits = 0_u32;
    let mut width = 0;
    for character in text.bytes() {
        let six = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        width += 6;
        if width >= 8 {
            width -= 8;
            bytes.push((bits >> width) as u8);
            bits &= (1 << width) - 1;
        }
    }
    (width < 6 && bits == 0).then_some(bytes)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn base64url_of_any_bytes_is_what_the_base64_crate_gives(bytes: Vec<u8>) {
            let mut out = vec![0; bytes.len() * 2 + 2];
            let length = base64url_into(&bytes, &mut out);
            let expected = URL_SAFE_NO_PAD.encode(&bytes);
            prop_assert_eq!(&out[..length], expected.as_bytes());
        }

        #[test]
        fn base64url_decode_of_any_text_agrees_with_the_base64_crate(text in "[A-Za-z0-9_=+/.-]{0,24}") {
            prop_assert_eq!(base64url_decode(&text), URL_SAFE_NO_PAD.decode(&text).ok());
        }
    }

    #[test]
    fn base64url_into_a_short_buffer_writes_what_fits() {
        let mut out = [0; 2];
        assert_eq!(base64url_into(b"abc", &mut out), 2);
        assert_eq!(&out, b"YW");
    }
}
