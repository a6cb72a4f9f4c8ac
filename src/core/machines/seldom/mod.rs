//! What few programs ask for. The machine comes in here only where one has.

pub(super) mod resource;
