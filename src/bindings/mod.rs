//! What JavaScript sees. Conversions only: each call reads its arguments, calls the machine through the driver,
//! and gives a promise that the machine's answer settles.

mod client;
mod error;
mod promises;
mod values;

#[cfg(feature = "npm")]
mod allocator;
