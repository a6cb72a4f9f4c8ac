//! What JavaScript sees. Conversions only: a request reads its argument and calls the machine through the driver;
//! the machine's answer is told to the program, by the number of the caller.

mod client;
mod error;
mod seldom;
mod values;

#[cfg(feature = "npm")]
mod artefact;
