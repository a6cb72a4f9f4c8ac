//! The thin shell in a browser, a worker, Electron or Node: it performs what the machine wants and decides nothing.
//!
//! One facility of the host a file; [`driver`] joins them to the machine. Those that are mostly calls of the host
//! (fetch, storage, lock, channel, timer, page) are JavaScript beside their Rust declarations: through web-sys and gloo-storage
//! they took 5 kB more of module (see ARCHITECTURE.md).

pub mod channel;
pub mod clock;
pub mod crypto;
pub mod dpop;
pub mod driver;
pub mod entropy;
pub mod fetch;
pub mod json;
pub mod lock;
pub mod page;
pub mod storage;
pub mod timer;
