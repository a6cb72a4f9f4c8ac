//! Where an invariant cannot hold, and why. Each exemption is as narrow as its reason; a run counts how often each
//! was needed.

use crate::{
    plan::Storage,
    watch::{Attempt, State},
    world::World,
};
use pixie_auth::core::machines::io::SignOutReason;

pub fn two_at_a_time(_world: &World, _attempt: &Attempt, _other: &Attempt) -> Option<&'static str> {
    None
}

pub fn presented_again(world: &World, attempt: &Attempt, earlier: &Attempt) -> Option<&'static str> {
    let its = &world.tabs[attempt.tab];
    if its.read_failed.is_some_and(|at| at >= earlier.sent_at) {
        return Some("a tab that cannot read the store cannot see that its token was superseded");
    }
    if world.plan.storage == Storage::Session
        && world.watch.message_lost_at.is_some_and(|at| at >= earlier.sent_at)
        && earlier.state != State::Flying
    {
        return Some("a duplicate with a store of its own hears of new tokens by messages alone");
    }
    None
}

pub fn retry_after(world: &World, _attempt: &Attempt, since: u64) -> Option<&'static str> {
    if world.watch.clock_set_at.is_some_and(|at| at >= since) {
        return Some("a pause is kept by the device's clock, which was set meanwhile");
    }
    None
}

pub fn many_requests(_world: &World) -> Option<&'static str> {
    None
}

pub fn older_over_newer(_world: &World, _tab: usize) -> Option<&'static str> {
    None
}

pub fn not_stored(world: &World, tab: usize) -> Option<&'static str> {
    if world.watch.unstored_since.is_some() {
        return Some("the store could not be written, or the old pair in it removed");
    }
    if world.watch.ended_at().is_some() {
        return Some("the session has ended elsewhere, and this tab does not know yet");
    }
    let _ = tab;
    None
}

pub fn wrong_end(_world: &World, _tab: usize, _reason: SignOutReason) -> Option<&'static str> {
    None
}

pub fn ends_later(world: &World, _tab: usize, ended_at: u64) -> Option<&'static str> {
    if !world.plan.messages || world.watch.message_lost_at.is_some_and(|at| at >= ended_at) {
        return Some("a tab that hears nothing finds the end when it next reads the store");
    }
    None
}

pub fn not_good(_world: &World, _tab: usize) -> Option<&'static str> {
    None
}

pub fn never_ends(_world: &World, _tab: usize) -> Option<&'static str> {
    None
}

pub fn left_in_the_store(_world: &World) -> Option<&'static str> {
    None
}

pub fn no_refresh(_world: &World, _tab: usize) -> Option<&'static str> {
    None
}
