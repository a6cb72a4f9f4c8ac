//! What is fuzzed, a parser or a family of them a module: each `run` takes any text, and panics where something that
//! has to hold does not. `tests/fuzz_seeds.rs` of the crate runs them over the seeds, on the stable compiler.

pub mod answers;
pub mod callback;
pub mod jwks;
pub mod jwt;
pub mod login_options;
pub mod metadata;
pub mod retry_after_date;
pub mod stored_record;
pub mod token_response;
// Its independent word is the url crate, which the crate's own tests do without.
pub mod url;
