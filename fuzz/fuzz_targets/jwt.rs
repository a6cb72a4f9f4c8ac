#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| pixie_auth_fuzz::jwt::run(input));
