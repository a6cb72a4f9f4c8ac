//! Proof Key for Code Exchange, [RFC 7636](https://www.rfc-editor.org/rfc/rfc7636).
//!
//! Nothing here allocates: the same source makes the small module behind `pixie-auth/pkce`
//! and is part of the full one.

pub use crate::core::words::challenge_method::ChallengeMethod;
use crate::core::words::{
    encoding::{base64url_character, base64url_into},
    secret::constant_time_eq,
    sha256::sha256,
};
#[cfg(feature = "client")]
use crate::core::words::{random::token, secret::Secret};
#[cfg(feature = "client")]
use alloc::string::String;

/// The fewest characters of a `code_verifier`, [RFC 7636 §4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1).
pub const VERIFIER_MIN: usize = 43;
/// The most characters of a `code_verifier`, [RFC 7636 §4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1).
pub const VERIFIER_MAX: usize = 128;
/// The characters of an S256 challenge: 32 bytes as base64url without padding.
pub const CHALLENGE_LENGTH: usize = 43;

/// Turns random bytes into as many characters of the base64url alphabet, in place.
///
/// The alphabet has 64 characters, so six bits of each byte choose one without bias; every
/// position is uniform, the last one too (the base64url of 32 bytes has only 16 values there).
pub fn characters_from_entropy(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = base64url_character(*byte);
    }
}

/// Whether this is a `code_verifier`: 43 to 128 characters of `ALPHA / DIGIT / "-" / "." / "_" / "~"`.
#[must_use]
pub fn is_code_verifier(verifier: &[u8]) -> bool {
    (VERIFIER_MIN..=VERIFIER_MAX).contains(&verifier.len())
        && verifier
            .iter()
            .all(|byte| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~'))
}

/// `BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))`, [RFC 7636 §4.2](https://www.rfc-editor.org/rfc/rfc7636#section-4.2).
#[must_use]
pub fn s256(verifier: &[u8]) -> [u8; CHALLENGE_LENGTH] {
    let mut challenge = [0; CHALLENGE_LENGTH];
    s256_into(verifier, &mut challenge);
    challenge
}

/// [`s256`] into a buffer of the caller's.
pub fn s256_into(verifier: &[u8], challenge: &mut [u8]) {
    base64url_into(&sha256(verifier), challenge);
}

/// What the server does with the pair, [RFC 7636 §4.6](https://www.rfc-editor.org/rfc/rfc7636#section-4.6), in constant time.
#[must_use]
pub fn verify(verifier: &[u8], challenge: &[u8], method: ChallengeMethod) -> bool {
    match method {
        ChallengeMethod::S256 => constant_time_eq(&s256(verifier), challenge),
        ChallengeMethod::Plain => constant_time_eq(verifier, challenge),
    }
}

/// A `code_verifier` that is not yet spent.
///
/// It cannot be cloned, does not print itself, and is wiped when it is dropped.
#[cfg(feature = "client")]
#[derive(Debug)]
pub struct CodeVerifier(Secret);

#[cfg(feature = "client")]
impl CodeVerifier {
    /// Makes a verifier of as many characters as there are random bytes.
    ///
    /// `None` where there are fewer than 43 or more than 128.
    ///
    /// ```
    /// use pixie_auth::{ChallengeMethod, CodeVerifier};
    /// let verifier = CodeVerifier::from_entropy(&[7; 43]).ok_or("43 bytes are enough")?;
    /// let challenge = verifier.challenge(ChallengeMethod::S256);
    /// assert_eq!(challenge.len(), 43);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn from_entropy(entropy: &[u8]) -> Option<Self> {
        Self::checked(Secret::new(token(entropy)))
    }

    /// Takes a verifier that was made before (and stored). `None` where it breaks RFC 7636 §4.1.
    #[must_use]
    pub fn parse(verifier: &str) -> Option<Self> {
        Self::checked(Secret::new(verifier.into()))
    }

    fn checked(verifier: Secret) -> Option<Self> {
        is_code_verifier(verifier.expose().as_bytes()).then_some(Self(verifier))
    }

    /// The verifier itself, for the token request and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The `code_challenge` for the authorization request.
    #[must_use]
    pub fn challenge(&self, method: ChallengeMethod) -> String {
        match method {
            ChallengeMethod::S256 => {
                let mut challenge = String::new();
                for character in &s256(self.expose().as_bytes()) {
                    challenge.push(char::from(*character));
                }
                challenge
            }
            ChallengeMethod::Plain => self.expose().into(),
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::{collection::vec, prelude::*, strategy::ValueTree, test_runner::TestRunner};
    use sha2::{Digest, Sha256};
    use std::collections::BTreeSet;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    /// What other people's code makes of a verifier.
    fn independent(verifier: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
    }

    fn text(challenge: [u8; CHALLENGE_LENGTH]) -> String {
        String::from_utf8(challenge.into()).unwrap()
    }

    #[test]
    fn challenge_of_rfc_7636_appendix_b_is_as_printed() {
        assert_eq!(text(s256(VERIFIER.as_bytes())), CHALLENGE);
        assert!(verify(VERIFIER.as_bytes(), CHALLENGE.as_bytes(), ChallengeMethod::S256));
        let verifier = CodeVerifier::parse(VERIFIER).unwrap();
        assert_eq!(verifier.expose(), VERIFIER);
        assert_eq!(verifier.challenge(ChallengeMethod::S256), CHALLENGE);
        assert_eq!(verifier.challenge(ChallengeMethod::Plain), VERIFIER);
    }

    #[test]
    fn s256_of_fips_180_messages_is_as_published() {
        for (message, digest) in [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
            ),
        ] {
            let bytes = URL_SAFE_NO_PAD.decode(s256(message.as_bytes())).unwrap();
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, digest, "{message}");
        }
    }

    #[test]
    fn s256_of_every_length_of_verifier_agrees_with_another_implementation() {
        for length in 0..=VERIFIER_MAX {
            let message: Vec<u8> = (0..length).map(|index| (index * 7) as u8).collect();
            assert_eq!(text(s256(&message)), independent(&message), "{length} bytes");
        }
    }

    #[test]
    fn ten_thousand_pairs_verify_against_another_sha_256_and_no_verifier_repeats() {
        let mut runner = TestRunner::deterministic();
        let entropy = vec(any::<u8>(), VERIFIER_MIN..=VERIFIER_MAX);
        let mut seen = BTreeSet::new();
        for _ in 0..10_000 {
            let verifier = CodeVerifier::from_entropy(&entropy.new_tree(&mut runner).unwrap().current()).unwrap();
            assert!(is_code_verifier(verifier.expose().as_bytes()));
            let challenge = verifier.challenge(ChallengeMethod::S256);
            assert_eq!(challenge, independent(verifier.expose().as_bytes()));
            assert!(verify(verifier.expose().as_bytes(), challenge.as_bytes(), ChallengeMethod::S256));
            assert!(seen.insert(String::from(verifier.expose())), "{} repeats", verifier.expose());
        }
    }

    #[test]
    fn characters_from_entropy_are_each_of_the_64_equally_often() {
        let mut every_byte: Vec<u8> = (0..=255).collect();
        characters_from_entropy(&mut every_byte);
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for character in alphabet {
            assert_eq!(every_byte.iter().filter(|found| *found == character).count(), 4);
        }
    }

    #[test]
    fn verifier_of_a_wrong_length_is_none() {
        for length in [0, 1, 42, 129, 1000] {
            assert!(CodeVerifier::from_entropy(&vec![7; length]).is_none(), "{length}");
            assert!(CodeVerifier::parse(&"a".repeat(length)).is_none(), "{length}");
            assert!(!is_code_verifier(&vec![b'a'; length]), "{length}");
        }
        for length in [43, 44, 64, 127, 128] {
            assert_eq!(CodeVerifier::from_entropy(&vec![7; length]).unwrap().expose().len(), length);
            assert_eq!(CodeVerifier::parse(&"a".repeat(length)).unwrap().expose().len(), length);
        }
    }

    #[test]
    fn verifier_with_a_character_outside_the_alphabet_is_none() {
        let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
        for character in (0..=255_u8).map(char::from) {
            let verifier = format!("{}{character}", "a".repeat(50));
            assert_eq!(CodeVerifier::parse(&verifier).is_some(), allowed.contains(character), "{character:?}");
        }
        assert!(CodeVerifier::parse(&format!(" {VERIFIER}")).is_none());
        assert!(CodeVerifier::parse(&format!("{VERIFIER}\n")).is_none());
    }

    #[test]
    fn verify_of_another_challenge_is_false() {
        let (verifier, challenge) = (VERIFIER.as_bytes(), CHALLENGE.as_bytes());
        for wrong in [&b""[..], &challenge[..42], &challenge[1..], b"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN"] {
            assert!(!verify(verifier, wrong, ChallengeMethod::S256));
        }
        assert!(!verify(verifier, format!("{CHALLENGE}=").as_bytes(), ChallengeMethod::S256), "padding is none of it");
        assert!(!verify(&verifier[1..], challenge, ChallengeMethod::S256));
        assert!(!verify(verifier, verifier, ChallengeMethod::S256), "plain is not taken for S256");
        assert!(verify(verifier, verifier, ChallengeMethod::Plain));
        assert!(!verify(verifier, challenge, ChallengeMethod::Plain));
    }

    #[test]
    fn challenge_methods_are_the_words_of_the_specification() {
        assert_eq!(ChallengeMethod::S256.as_str(), "S256");
        assert_eq!(ChallengeMethod::Plain.as_str(), "plain");
        assert_eq!(ChallengeMethod::default(), ChallengeMethod::S256);
    }

    #[test]
    fn debug_of_a_verifier_does_not_print_it() {
        let verifier = CodeVerifier::parse(VERIFIER).unwrap();
        assert_eq!(format!("{verifier:?}"), "CodeVerifier([redacted])");
    }

    proptest! {
        #[test]
        fn verifier_parse_of_any_text_agrees_with_the_specification(text: String) {
            let fits = (43..=128).contains(&text.len())
                && text.chars().all(|character| character.is_ascii_alphanumeric() || "-._~".contains(character));
            prop_assert_eq!(CodeVerifier::parse(&text).is_some(), fits);
        }

        #[test]
        fn s256_of_any_verifier_agrees_with_another_implementation(verifier in "[A-Za-z0-9._~-]{43,128}") {
            prop_assert_eq!(text(s256(verifier.as_bytes())), independent(verifier.as_bytes()));
        }
    }
}
