//! The machines: they decide and never act. Calls and the time go in, outputs and a deadline come out.
//!
//! Drive [`Machine`](machine::Machine) like this, and it needs nothing else:
//!
//! 1. call it: what the program asks for goes through [`command`](machine::Machine::command), what the host
//!    answers through [`loaded`](machine::Machine::loaded), [`stored`](machine::Machine::stored) and
//!    [`responded`](machine::Machine::responded);
//! 2. call [`poll`](machine::Machine::poll) until it gives `None`, and perform each [`Output`](io::Output);
//!    an answer may be handed in at once;
//! 3. sleep until [`deadline`](machine::Machine::deadline), then call [`wake`](machine::Machine::wake).

pub mod io;
pub mod machine;
pub mod refresh;

mod callback;
mod login;
mod logout;
mod open;
mod session;
