//! The memory: what is remembered between one call and the next, and how it is written down.

pub mod journal;
pub mod record;
pub mod token_set;
pub mod transaction;
