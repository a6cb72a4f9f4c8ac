//! What the fuzzer begins with (fuzz/seeds) and what it found, through the same functions, on the stable compiler.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(unreachable_pub)] // A test binary exports nothing.

use std::{fs, path::Path};

macro_rules! seeds {
    ($($target:ident: $file:literal, $test:ident;)*) => {$(
        #[path = $file]
        mod $target;

        #[test]
        fn $test() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(stringify!($target));
            let mut count = 0;
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                // The test's output is shown where it fails: the last line names the seed.
                eprintln!("{}", path.display());
                $target::run(&fs::read_to_string(path).unwrap());
                count += 1;
            }
            assert!(count > 5);
        }
    )*};
}

seeds! {
    answers: "../fuzz/src/answers.rs", seeds_of_answers_hold;
    callback: "../fuzz/src/callback.rs", seeds_of_callback_hold;
    jwks: "../fuzz/src/jwks.rs", seeds_of_jwks_hold;
    jwt: "../fuzz/src/jwt.rs", seeds_of_jwt_hold;
    login_options: "../fuzz/src/login_options.rs", seeds_of_login_options_hold;
    metadata: "../fuzz/src/metadata.rs", seeds_of_metadata_hold;
    retry_after_date: "../fuzz/src/retry_after_date.rs", seeds_of_retry_after_date_hold;
    stored_record: "../fuzz/src/stored_record.rs", seeds_of_stored_record_hold;
    token_response: "../fuzz/src/token_response.rs", seeds_of_token_response_hold;
}
