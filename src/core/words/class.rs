//! Texts of certain characters. One search for all of them: an iterator with a closure of its own for each is a function for
//! each.

/// Which ASCII characters a text may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `0` to `9`.
    Digits,
    /// Of base64url ([RFC 4648 §5](https://www.rfc-editor.org/rfc/rfc4648#section-5)), without padding.
    Base64url,
    /// Of a URL's scheme ([RFC 3986 §3.1](https://www.rfc-editor.org/rfc/rfc3986#section-3.1)), behind the first.
    Scheme,
    /// Of `error` and `error_description` ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
    Words,
    /// All, those beyond ASCII too, but white space, controls, and the backslash, which a host's parser reads as a slash.
    OfUrl,
}

/// The ASCII characters of each class, a bit each.
const MEMBERS: [[u32; 4]; 5] = [
    [0, 0x03ff_0000, 0, 0],
    [0, 0x03ff_2000, 0x87ff_fffe, 0x07ff_fffe],
    [0, 0x03ff_6800, 0x07ff_fffe, 0x07ff_fffe],
    [0, 0xffff_fffb, 0xefff_ffff, 0x7fff_ffff],
    [0, 0xffff_fffe, 0xefff_ffff, 0xffff_ffff],
];

/// Whether all of a text's bytes are of a class.
#[must_use]
#[inline(never)]
#[allow(clippy::indexing_slicing)] // Each class has its row.
pub fn is_all(text: &str, class: Class) -> bool {
    let members = &MEMBERS[class as usize];
    for byte in text.as_bytes() {
        let is_of_it = match members.get(usize::from(byte >> 5)) {
            Some(bits) => bits >> (byte & 31) & 1 != 0,
            None => class == Class::OfUrl,
        };
        if !is_of_it {
            return false;
        }
    }
    true
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use alloc::string::String;

    /// The ASCII characters of a class.
    fn of(class: Class) -> String {
        (0..128).map(char::from).filter(|character| is_all(&String::from(*character), class)).collect()
    }

    #[test]
    fn class_has_the_characters_of_its_specification_and_no_others() {
        let alphabetic = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let lower = alphabetic.to_lowercase();
        assert_eq!(of(Class::Digits), "0123456789");
        assert_eq!(of(Class::Base64url), format!("-0123456789{alphabetic}_{lower}"));
        assert_eq!(of(Class::Scheme), format!("+-.0123456789{alphabetic}{lower}"));
        let printable: String = (' '..='~').collect();
        assert_eq!(of(Class::Words), printable.replace(['"', '\\'], ""));
        assert_eq!(of(Class::OfUrl), printable.replace([' ', '\\'], "") + "\u{7f}");
    }

    #[test]
    fn class_of_what_is_beyond_ascii_is_a_urls_alone() {
        for class in [Class::Digits, Class::Base64url, Class::Scheme, Class::Words] {
            assert!(!is_all("ℵ", class) && !is_all("1é", class), "{class:?}");
            assert!(is_all("", class), "{class:?}");
        }
        assert!(is_all("ℵ", Class::OfUrl));
    }
}
