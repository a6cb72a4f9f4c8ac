//! The thin shell in a browser, a worker, Electron or Node: it performs what the machine wants and decides nothing.
//!
//! One facility of the host a file; [`driver`] joins them to the machine.

pub mod clock;
pub mod driver;
pub mod entropy;
pub mod fetch;
pub mod json;
pub mod page;
pub mod storage;
pub mod timer;

mod host;
