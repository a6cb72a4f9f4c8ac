//! The table of error codes, the TypeScript union and the tests agree.

use pixie_auth::ErrorCode;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder that end like this.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path, endings),
            false => Vec::from_iter(endings.iter().any(|end| path.to_string_lossy().ends_with(end)).then_some(path)),
        })
        .collect()
}

/// The text of every test: the files below tests/ but for this one, and the test modules in src/.
fn tests() -> String {
    let in_tests = files(&root().join("tests"), &[".rs", ".mjs", ".ts"]).into_iter();
    let texts = in_tests.filter(|path| !path.ends_with(file!())).map(|path| fs::read_to_string(path).unwrap());
    let in_src = files(&root().join("src"), &[".rs"]).into_iter().map(|path| fs::read_to_string(path).unwrap());
    let modules = in_src.filter_map(|text| Some(text.split_once("\nmod tests {")?.1.to_owned()));
    texts.chain(modules).collect()
}

#[test]
fn error_codes_are_exactly_those_of_the_typescript_union() {
    let types = fs::read_to_string(root().join("pkg-template/index.d.ts")).unwrap();
    let union = types.split_once("export type AuthErrorCode =").unwrap().1.split_once(';').unwrap().0;
    let declared: Vec<_> = union.split('"').skip(1).step_by(2).collect();
    let known: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(declared.len(), declared.iter().collect::<BTreeSet<_>>().len(), "the union names a code twice");
    assert_eq!(BTreeSet::from_iter(declared), BTreeSet::from_iter(known));
}

#[test]
fn error_codes_are_each_produced_by_some_test() {
    let tests = tests();
    let is_named = |code: &ErrorCode| {
        let (word, variant) = (format!("\"{}\"", code.as_str()), format!("{code:?}"));
        let is_whole = |(index, _): (usize, &str)| {
            let around = [tests[..index].chars().next_back(), tests[index + variant.len()..].chars().next()];
            !around.into_iter().flatten().any(|character| character.is_alphanumeric() || character == '_')
        };
        tests.contains(&word) || tests.match_indices(variant.as_str()).any(is_whole)
    };
    let forgotten: Vec<_> = ErrorCode::ALL.iter().filter(|code| !is_named(code)).map(|code| code.as_str()).collect();
    assert_eq!(forgotten, [""; 0], "codes that no test produces");
}

#[test]
fn error_words_that_the_packages_javascript_spells_out_are_the_tables() {
    let mut spelt = BTreeSet::new();
    for path in files(&root().join("pkg-template"), &[".js"]) {
        let text = fs::read_to_string(path).unwrap();
        for words in text.split("new AuthError(\"").skip(1) {
            let [code, _, action, _, message] = *words.splitn(6, '"').take(5).collect::<Vec<_>>() else {
                panic!("{words:.60}");
            };
            let row = ErrorCode::read(code).unwrap_or_else(|| panic!("{code} is no code"));
            assert_eq!(action, row.action().as_str(), "{code}");
            let about = message.strip_prefix(row.message()).unwrap_or_else(|| panic!("{code}: {message}"));
            assert!(about.is_empty() || about.starts_with(": "), "{code}: {message}");
            spelt.insert(code.to_owned());
        }
    }
    assert!(spelt.contains("wasm_load_failed") && spelt.contains("popup_closed"), "{spelt:?}");
}

#[test]
fn error_actions_say_retry_exactly_where_an_error_is_retryable() {
    for code in ErrorCode::ALL {
        assert_eq!(code.is_retryable(), code.action().as_str() == "retry", "{code:?}");
        assert!(!code.message().is_empty() && !code.section().is_empty());
    }
}

/// docs/errors.md, as the table has it.
fn documented() -> String {
    let mut text = String::from(
        "# Errors\n\n\
        What the package throws is an `AuthError`: `code` says what happened and is stable, `action` what to do about it,\n\
        `retryable` whether the same call may succeed later by itself, `message` a sentence for people. Where the server said\n\
        something, `oauthError`, `oauthErrorDescription` and `status` have its words. None carries a token, a code, a verifier\n\
        or the body of a response.\n\n\
        | action | what to do |\n\
        |---|---|\n\
        | `retry` | try again, later: it may go away by itself |\n\
        | `sign_in` | let the user sign in again |\n\
        | `fix_config` | mend the configuration or the call |\n\
        | `report` | tell whoever runs the server: it breaks a rule of the protocol |\n\n\
        `token_request_failed` has the action `sign_in` where the server said `invalid_grant`, and `fix_config` otherwise.\n\n\
        | code | action | what happened | follows |\n\
        |---|---|---|---|\n",
    );
    for code in ErrorCode::ALL {
        let action = match code {
            ErrorCode::TokenRequestFailed => "`sign_in`, `fix_config`".into(),
            code => format!("`{}`", code.action().as_str()),
        };
        text.push_str(&format!("| `{}` | {action} | {} | {} |\n", code.as_str(), code.message(), code.section()));
    }
    text.push_str("\n`WRITE_DOCS=1 cargo test --test flows error_documentation` writes this file anew.\n");
    text
}

#[test]
fn error_documentation_is_the_table() {
    let path = root().join("docs/errors.md");
    if std::env::var_os("WRITE_DOCS").is_some() {
        fs::write(&path, documented()).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), documented());
}
