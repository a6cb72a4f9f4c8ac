//! The machines: they decide and never act. Calls and the time go in, outputs and a deadline come out.
//!
//! Drive [`Machine`](machine::Machine) like this, and it needs nothing else:
//!
//! 1. call it: what the program asks for goes through [`command`](machine::Machine::command), what the host
//!    answers through [`loaded`](machine::Machine::loaded), [`stored`](machine::Machine::stored),
//!    [`verified`](machine::Machine::verified), [`keyed`](machine::Machine::keyed), [`signed`](machine::Machine::signed),
//!    [`responded`](machine::Machine::responded) and [`locked`](machine::Machine::locked), what it hears by itself
//!    through [`heard`](machine::Machine::heard), [`visible`](machine::Machine::visible) and
//!    [`recovered`](machine::Machine::recovered);
//! 2. call [`poll`](machine::Machine::poll) until it gives `None`, and perform each [`Output`](io::Output);
//!    an answer may be handed in at once;
//! 3. sleep until [`deadline`](machine::Machine::deadline), then call [`wake`](machine::Machine::wake).

pub mod io;
pub mod machine;
pub mod schedule;
pub mod seldom;

mod callback;
mod login;
mod logout;
mod open;
mod refresh;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod refresh_table;
mod session;
mod tabs;
mod trouble;
mod turn;
mod verify;
