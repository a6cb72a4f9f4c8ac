//! Cutting text at an ASCII character. `str`'s own patterns do it with a searcher each and a vectorised search
//! behind them: a kilobyte of module for texts of a hundred bytes.

use alloc::string::String;

/// What is before the first of these ASCII characters and what is behind it; `None` where there is none.
#[must_use]
pub fn cut<'a>(text: &'a str, at: &[u8]) -> Option<(&'a str, &'a str)> {
    for (index, byte) in text.as_bytes().iter().enumerate() {
        for end in at {
            if byte == end {
                return Some((text.get(..index)?, text.get(index + 1..)?));
            }
        }
    }
    None
}

/// What is before the first of these characters, or all of it.
#[must_use]
pub fn before<'a>(text: &'a str, at: &[u8]) -> &'a str {
    cut(text, at).map_or(text, |(before, _)| before)
}

/// The parts between one ASCII character: one more than there are of them.
#[derive(Debug, Clone)]
pub struct Parts<'a> {
    rest: Option<&'a str>,
    at: u8,
}

/// Parts a text at each of one ASCII character.
#[must_use]
pub const fn parts(text: &str, at: u8) -> Parts<'_> {
    Parts { rest: Some(text), at }
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest?;
        match cut(text, &[self.at]) {
            Some((part, rest)) => {
                self.rest = Some(rest);
                Some(part)
            }
            None => self.rest.take(),
        }
    }
}

/// The next part as a text of its own, where it is not empty.
#[must_use]
#[inline(never)]
pub fn next_text(parts: &mut Parts<'_>) -> Option<String> {
    let part = parts.next()?;
    if part.is_empty() { None } else { Some(part.into()) }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cut_of_any_text_is_what_split_once_gives(text: String) {
            prop_assert_eq!(cut(&text, b"&"), text.split_once('&'));
            prop_assert_eq!(cut(&text, b"/?#"), text.split_once(['/', '?', '#']));
        }

        #[test]
        fn parts_of_any_text_are_what_split_gives(text in "[a&=é]{0,12}") {
            prop_assert!(parts(&text, b'&').eq(text.split('&')));
        }
    }
}
