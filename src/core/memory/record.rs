//! A session as it is stored: a form that begins with its version.

use super::token_set::TokenSet;
use crate::core::words::{
    decimal::{decimal, parse_decimal},
    form::{self, Form},
    secret::Secret,
    time::UnixMillis,
};
use alloc::{boxed::Box, string::String};

/// The version of tokens that anybody may bear.
const VERSION: &str = "1";
/// The version of those that are bound to a key (RFC 9449): 0.1.0 would take them for the others.
const BOUND: &str = "2";

/// Writes a session down.
#[must_use]
pub fn write(tokens: &TokenSet) -> Secret {
    let mut form = Form::new();
    form.push("v", if tokens.jkt.is_some() { BOUND } else { VERSION });
    form.push("access_token", tokens.access_token.expose());
    push_number(&mut form, "obtained_at", tokens.obtained_at.0);
    push_number(&mut form, "began", tokens.began.0);
    push_number(&mut form, "renewals", tokens.renewals);
    if let Some(end) = tokens.expires_at {
        push_number(&mut form, "expires_at", end.0);
    }
    form.push("scope", &tokens.scope);
    form.push_some("refresh_token", tokens.refresh_token.as_ref().map(Secret::expose));
    form.push_some("id_token", tokens.id_token.as_ref().map(Secret::expose));
    form.push_some("jkt", tokens.jkt.as_deref());
    Secret::new(form.finish())
}

#[inline(never)]
fn push_number(form: &mut Form, name: &str, number: u64) {
    form.push(name, &decimal(number));
}

/// Whether what could not be read is another release's, or another configuration's: not to be overwritten.
#[must_use]
pub fn is_foreign(record: &str) -> bool {
    form::text(record, "v").is_some_and(|version| version != VERSION)
}

/// Reads it again. `None` where it is of another version, or is none.
#[must_use]
pub fn read(record: &str) -> Option<Box<TokenSet>> {
    // Each text into its place, which is a box's: one that is handed on is moved each time.
    let mut tokens = Box::new(TokenSet {
        access_token: Secret::default(),
        expires_at: number(record, "expires_at"),
        obtained_at: number(record, "obtained_at")?,
        // Records of 0.1.0 have neither.
        began: number(record, "began").unwrap_or(UnixMillis(0)),
        renewals: number(record, "renewals").map_or(0, |renewals| renewals.0),
        scope: text(record, "scope"),
        refresh_token: form::text(record, "refresh_token").map(Secret::new),
        id_token: form::text(record, "id_token").map(Secret::new),
        jkt: None,
    });
    tokens.access_token = Secret::new(text(record, "access_token"));
    let version = text(record, "v");
    if version == BOUND {
        tokens.jkt = form::text(record, "jkt");
    }
    let is_known = version == VERSION || tokens.jkt.is_some();
    let is_endless = tokens.expires_at.is_none() && !text(record, "expires_at").is_empty();
    if !is_known || is_endless || tokens.access_token.expose().is_empty() {
        return None;
    }
    Some(tokens)
}

fn number(record: &str, name: &str) -> Option<UnixMillis> {
    parse_decimal(&text(record, name)).map(UnixMillis)
}

/// Empty where there is none.
#[inline(never)]
fn text(record: &str, name: &str) -> String {
    form::value(record, name).unwrap_or_default()
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Do not change this string: it stands for what earlier releases have left in people's browsers.
    const FROZEN_V1: &str =
        "v=1&access_token=a%2Bt&obtained_at=1000&expires_at=61000&scope=openid+a&refresh_token=r%26t&id_token=x.y.z";
    const NOW_V1: &str = "v=1&access_token=a%2Bt&obtained_at=1000&began=500&renewals=3&expires_at=61000&scope=openid+a&refresh_token=r%26t&id_token=x.y.z";

    fn tokens() -> TokenSet {
        TokenSet {
            access_token: Secret::new("a+t".into()),
            expires_at: Some(UnixMillis(61_000)),
            obtained_at: UnixMillis(1_000),
            began: UnixMillis(500),
            renewals: 3,
            scope: "openid a".into(),
            refresh_token: Some(Secret::new("r&t".into())),
            id_token: Some(Secret::new("x.y.z".into())),
            jkt: None,
        }
    }

    #[test]
    fn record_of_version_1_reads_as_it_was_written() {
        assert_eq!(write(&tokens()).expose(), NOW_V1);
        assert_eq!(read(NOW_V1).as_deref(), Some(&tokens()));
        assert_eq!(read(FROZEN_V1).as_deref(), Some(&TokenSet { began: UnixMillis(0), renewals: 0, ..tokens() }));
    }

    #[test]
    fn record_of_version_2_is_of_tokens_that_are_bound_to_a_key() {
        let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        let bound = TokenSet { jkt: Some(jkt.into()), ..tokens() };
        let record = format!("{}&jkt={jkt}", NOW_V1.replace("v=1", "v=2"));
        assert_eq!(write(&bound).expose(), record);
        assert_eq!(read(&record).as_deref(), Some(&bound));
        assert!(is_foreign(&record) && !is_foreign(NOW_V1), "a client without a key leaves it alone, as 0.1.0 does");
    }

    #[test]
    fn record_of_another_version_or_garbage_is_none() {
        for record in [
            "",
            "garbage",
            "{\"access_token\":\"at\"}",
            "v=2&access_token=a&obtained_at=1&scope=",
            "v=3&access_token=a&obtained_at=1&scope=&jkt=k",
            "v=1&access_token=a&scope=",
            "v=1&access_token=&obtained_at=1&scope=",
            "v=1&access_token=a&obtained_at=-1&scope=",
            "v=1&access_token=a&obtained_at=1&expires_at=x&scope=",
        ] {
            assert_eq!(read(record), None, "{record}");
        }
    }

    proptest! {
        #[test]
        fn record_of_any_tokens_reads_back_the_same(
            access in "\\PC{1,40}", scope in "\\PC{0,40}", refresh in proptest::option::of("\\PC{1,40}"),
            obtained in 0..1_u64 << 48, expires in proptest::option::of(0..1_u64 << 48),
            jkt in proptest::option::of("[A-Za-z0-9_-]{43}"),
        ) {
            let tokens = TokenSet {
                access_token: Secret::new(access),
                expires_at: expires.map(UnixMillis),
                obtained_at: UnixMillis(obtained),
                began: UnixMillis(obtained / 2),
                renewals: obtained % 1000,
                scope,
                refresh_token: refresh.map(Secret::new),
                id_token: None,
                jkt,
            };
            let read = read(write(&tokens).expose());
            prop_assert_eq!(read.as_deref(), Some(&tokens));
        }

        #[test]
        fn record_read_of_any_text_does_not_panic(text: String) {
            let _ = read(&text);
        }
    }
}
