//! Many devices and many tabs, in virtual time: the [`herd`] that comes back after an outage, and random schedules of
//! everything that can go wrong between tabs, a storage, locks, a network and a server.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(unreachable_pub)] // A test binary exports nothing.

mod acts;
mod chance;
mod checks;
mod counts;
mod disk;
mod ending;
mod exemptions;
mod herd;
mod host;
mod locks;
mod network;
mod notes;
mod plan;
mod plant;
mod plants;
mod print;
mod schedules;
mod server;
mod shrink;
mod tab;
mod watch;
mod world;
