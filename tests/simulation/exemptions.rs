//! Where an invariant cannot hold, and why. Each exemption is as narrow as its reason; a run counts how often each
//! was needed.

use crate::{
    plan::{MINUTE, SECOND, Storage},
    watch::{Attempt, Hold},
    world::World,
};
use pixie_auth::core::machines::io::SignOutReason;

const UNREADABLE: &str = "a tab that cannot read the store cannot see what others did";
const UNWRITABLE: &str = "no locks, and a store in which no lease can be written";
const SLOW_LEASE: &str = "no locks, and a store that answers later than a lease takes to settle";
const LATE: &str =
    "a page that is stopped between deciding and doing does it when it goes on: no store compares and sets";
const UNTOLD: &str = "who knew was stopped before it could say so";
const SIGNING_OUT: &str = "a user wished to sign out, and the page may have died over it";
const UNSAID: &str = "an end that can neither be told nor stored";
const NOTHING_SHARED: &str = "duplicates share no store: without locks nothing keeps one from what another does";
const UNHEARD: &str = "duplicates share no store: without messages none knows of what another did";

impl World {
    /// Whether something happened between then and now.
    fn since(&self, at: Option<u64>, then: u64) -> bool {
        at.is_some_and(|at| at >= then)
    }

    /// Whether the tabs are duplicates of each other, each with a store of its own, and did not hear each other.
    fn is_unheard(&self, since: u64) -> bool {
        self.plan.storage == Storage::Session && self.since(self.watch.message_lost_at, since)
    }

    /// Whether a tab was stopped just when it should have told the others.
    fn stopped_untold(&self, tab: usize, since: u64) -> bool {
        self.tabs[tab].stopped_at.is_some_and(|at| at + SECOND >= since && at <= since + 2 * SECOND)
    }

    /// Whether a tab was stopped while the answer came that it has at this instant.
    fn stopped_lately(&self, tab: usize, at: u64) -> bool {
        self.tabs[tab].stopped_at.is_some_and(|stopped| stopped + 5 * MINUTE >= at)
    }

    /// Whether somebody had to do without a lock, of late.
    fn is_without_locks(&self) -> bool {
        self.watch.without_lock_at.is_some()
    }
}

pub fn two_at_a_time(world: &World, attempt: &Attempt, other: &Attempt) -> Option<&'static str> {
    let its = &world.tabs[attempt.tab];
    if its.is_late || world.since(world.watch.late_at, other.sent_at) {
        return Some(LATE);
    }
    let knows_better = world.tabs[other.tab].seen.is_some_and(|view| view.refresh != Some(other.token));
    if other.tab == attempt.tab || knows_better {
        return Some("who is told of a newer pair waits no longer for what it sent");
    }
    // Once they have different pairs, they have different locks as well.
    if world.is_unheard(0) {
        return Some(UNHEARD);
    }
    if world.since(world.watch.write_failed_at, other.sent_at) && world.tabs[other.tab].runs() {
        return Some(
            "who is told of tokens that cannot be stored waits no longer for its own, and gives the lock back",
        );
    }
    if !world.is_without_locks() {
        return None;
    }
    if world.plan.storage == Storage::Session {
        return Some(NOTHING_SHARED);
    }
    if world.since(world.watch.write_failed_at, other.sent_at.saturating_sub(MINUTE)) {
        return Some(UNWRITABLE);
    }
    if world.plan.storage_delay > 0 {
        return Some(SLOW_LEASE);
    }
    if world.since(world.watch.clock_set_at, other.sent_at) {
        return Some("no locks, and a lease ends by the device's clock, which was set meanwhile");
    }
    let reads = [its.read_failed, world.tabs[other.tab].read_failed];
    let begun = other.sent_at.saturating_sub(MINUTE);
    reads.iter().any(|failed| world.since(*failed, begun)).then_some(UNREADABLE)
}

pub fn presented_again(world: &World, attempt: &Attempt, earlier: &Attempt) -> Option<&'static str> {
    if world.since(world.tabs[attempt.tab].read_failed, earlier.sent_at) {
        return Some(UNREADABLE);
    }
    if world.since(world.watch.late_at, earlier.sent_at) {
        return Some(LATE);
    }
    if world.tabs[attempt.tab].opened_at >= earlier.sent_at && world.watch.removal_failed_at.is_some() {
        return Some("what could not be removed is found by a tab that is opened later");
    }
    // A message takes some milliseconds, and whoever waited for the lock has it sooner.
    let is_early = attempt.sent_at < earlier.since + 50;
    let is_unsaid = is_early || world.since(world.watch.message_lost_at, earlier.sent_at);
    if is_unsaid && world.since(world.watch.removal_failed_at, earlier.sent_at) {
        return Some(UNSAID);
    }
    if !world.plan.rotates && world.watch.unstored_at.is_some() {
        return Some(
            "a server that gives one refresh token for ever, and a store that shows how often it was used too late",
        );
    }
    if world.plan.storage == Storage::Session && world.tabs[attempt.tab].opened_at >= earlier.since {
        return Some("a duplicate whose page was loaded anew, or copied, before it had heard of what another did");
    }
    if world.plan.storage == Storage::Session {
        let disk = world.tabs[attempt.tab].disk;
        let knew = |tab: usize| tab == earlier.tab || world.tabs[tab].disk == disk;
        if (0..world.tabs.len()).any(|tab| knew(tab) && world.stopped_untold(tab, earlier.since)) {
            return Some(UNTOLD);
        }
    }
    // Who sends while another's is in flight cannot know how that one ends.
    two_at_a_time(world, attempt, earlier)
}

pub fn retry_after(world: &World, attempt: &Attempt, hold: &Hold) -> Option<&'static str> {
    let its = &world.tabs[attempt.tab];
    if world.since(world.watch.clock_set_at, hold.since) {
        return Some("a pause is kept by the device's clock, which was set meanwhile");
    }
    if its.is_late || world.since(world.watch.late_at, hold.since) {
        return Some(LATE);
    }
    if world.is_unheard(hold.since) {
        return Some(UNHEARD);
    }
    if world.stopped_untold(hold.tab, hold.since) {
        return Some(UNTOLD);
    }
    if its.opened_at >= hold.since && world.plan.storage == Storage::Session {
        return Some("a duplicate that was opened later has not heard that somebody was told to wait");
    }
    // The message takes some milliseconds, and whoever waited for the lock has it sooner.
    let is_unheard = !world.plan.messages || world.since(world.watch.message_lost_at, hold.since);
    let is_at_once = attempt.sent_at < hold.since + 50;
    if world.stopped_lately(hold.tab, hold.since) {
        return Some("a page that slept over the answer tells it, and does not write over what others wrote meanwhile");
    }
    let is_early = its.opened_at >= hold.since || is_at_once || is_unheard;
    if is_early && world.since(world.watch.write_failed_at, hold.since) {
        return Some("what could not be written is not known to a tab that has not heard it");
    }
    let reads = [its.read_failed, world.tabs[hold.tab].read_failed];
    if reads.iter().any(|failed| world.since(*failed, hold.since.saturating_sub(MINUTE))) {
        return Some(UNREADABLE);
    }
    (world.is_without_locks() && world.plan.storage == Storage::Session).then_some(NOTHING_SHARED)
}

pub fn many_requests(world: &World) -> Option<&'static str> {
    let a_minute_ago = world.time.saturating_sub(MINUTE);
    if world.is_unheard(a_minute_ago) {
        return Some(UNHEARD);
    }
    if world.plan.storage == Storage::Session && world.is_without_locks() {
        return Some(NOTHING_SHARED);
    }
    let reads = world.tabs.iter().any(|tab| world.since(tab.read_failed, a_minute_ago));
    let lost = world.since(world.watch.message_lost_at, a_minute_ago);
    if reads && (lost || !world.plan.messages || world.is_without_locks()) {
        return Some(UNREADABLE);
    }
    let fails = world.since(world.watch.write_failed_at, a_minute_ago);
    fails.then_some(
        "where the journal cannot be written, who holds the lock cannot show that it is at work, and is robbed",
    )
}

pub fn older_over_newer(world: &World, tab: usize, is_late: bool) -> Option<&'static str> {
    if is_late {
        return Some(LATE);
    }
    world.since(world.tabs[tab].read_failed, world.time.saturating_sub(SECOND)).then_some(UNREADABLE)
}

pub fn not_stored(world: &World, tab: usize) -> Option<&'static str> {
    let is_bare = world.watch.unstored_at.is_some();
    if world.watch.logout_asked {
        return Some(SIGNING_OUT);
    }
    if world.watch.late_at.is_some() || world.tabs[tab].is_late {
        return Some(LATE);
    }
    if world.tabs[tab].read_failed.is_some() {
        return Some(UNREADABLE);
    }
    if is_bare {
        return Some("what could not be stored is not there until the next pair is");
    }
    if world.watch.unstored_since.is_some() {
        return Some("the store could not be written, or the old pair in it removed");
    }
    if world.watch.ended_at().is_some() {
        return Some("the session has ended elsewhere, and this tab does not know yet");
    }
    None
}

pub fn wrong_end(world: &World, _tab: usize, reason: SignOutReason) -> Option<&'static str> {
    let is_over = world.watch.ended_at().is_some() && reason == SignOutReason::Logout;
    let is_unheard = !world.plan.messages || world.watch.message_lost_at.is_some();
    if world.watch.late_at.is_some() {
        return Some(LATE);
    }
    if is_over && world.is_without_locks() && world.plan.storage_delay > 0 {
        return Some(SLOW_LEASE);
    }
    let failed_at = world.watch.write_failed_at;
    if failed_at.is_some_and(|at| (0..world.tabs.len()).any(|tab| world.stopped_untold(tab, at))) {
        return Some("a page that died over a store in which the new pair did not find room beside the old one");
    }
    if is_over && is_unheard && world.watch.write_failed_at.is_some() {
        return Some(UNSAID);
    }
    if is_over && world.tabs.iter().any(|tab| tab.read_failed.is_some()) {
        return Some("a tab that cannot read the store writes over the reason that another left there");
    }
    let untold = |at: u64| (0..world.tabs.len()).any(|tab| world.stopped_untold(tab, at));
    if world.watch.unstored_at.is_some_and(untold) {
        return Some(UNTOLD);
    }
    let is_lost = world.watch.message_lost_at.is_some() && world.watch.unstored_at.is_some();
    if is_lost || !world.plan.messages && world.watch.unstored_at.is_some() {
        return Some(
            "the new pair can neither be stored nor told, so that a tab finds nothing but that the old one is gone",
        );
    }
    None
}

pub fn ends_later(world: &World, tab: usize, ended_at: u64) -> Option<&'static str> {
    if world.is_unheard(0) {
        return Some(UNHEARD);
    }
    if world.watch.unstored_at.is_some() {
        return Some("tabs that have different pairs, as one could not be stored: each finds out when its own is due");
    }
    if !world.plan.messages || world.since(world.watch.message_lost_at, ended_at) {
        return Some("a tab that hears nothing finds the end when it next reads the store");
    }
    if world.plan.storage == Storage::Session && world.tabs[tab].opened_at >= ended_at {
        return Some("a duplicate that was opened later, of a tab that had not heard of the end");
    }
    let knew = [world.watch.refused_tab, world.watch.logout_tab];
    if knew.iter().any(|tab| world.stopped_untold(*tab, ended_at)) {
        return Some(UNTOLD);
    }
    if world.plan.storage == Storage::Session && world.is_without_locks() {
        return Some(NOTHING_SHARED);
    }
    if world.tabs[tab].seen.is_some_and(|view| view.refresh != Some(world.watch.refused_token)) {
        return Some("the server's word was about an older pair: a tab with a newer one finds out when that is due");
    }
    world.since(world.tabs[tab].read_failed, ended_at).then_some(UNREADABLE)
}

pub fn not_good(world: &World, tab: usize) -> Option<&'static str> {
    if world.watch.logout_asked {
        return Some(SIGNING_OUT);
    }
    let its = &world.tabs[tab];
    if its.signed_out.is_some() {
        return wrong_end(world, tab, SignOutReason::Logout);
    }
    let found_nothing = !its.was_signed_in && world.watch.unstored_at.is_some();
    found_nothing.then_some("a tab that was opened while the pair could not be stored has found no session")
}

pub fn never_ends(world: &World) -> Option<&'static str> {
    let ended_at = world.watch.ended_at().unwrap_or_default();
    if world.plan.storage == Storage::Session && world.tabs.iter().any(|tab| tab.opened_at >= ended_at) {
        return Some("a duplicate that was opened later, of a tab that had not heard of the end");
    }
    let knew = [world.watch.refused_tab, world.watch.logout_tab];
    let is_untold = world.watch.ended_at().is_some_and(|at| knew.iter().any(|tab| world.stopped_untold(*tab, at)));
    if (is_untold || world.watch.message_lost_at.is_some()) && world.tabs.iter().any(|tab| tab.read_failed.is_some()) {
        return Some("an end that is not told, and a store that cannot be read before it is overwritten");
    }
    if world.watch.removal_failed_at.is_some() {
        return Some("what could not be removed is left in the store");
    }
    if !world.plan.messages && world.plan.storage_delay > 0 {
        return Some(
            "a slow store, in which a write that was under way ends after the removal, and nobody hears of it",
        );
    }
    if world.watch.ended_at().is_some_and(|at| world.since(world.watch.late_at, at)) {
        return Some(LATE);
    }
    if world.plan.storage == Storage::Session
        && world.watch.ended_at().is_some_and(|at| (0..world.tabs.len()).any(|tab| world.stopped_untold(tab, at)))
    {
        return Some(UNTOLD);
    }
    world.is_unheard(0).then_some(UNHEARD)
}

pub fn left_in_the_store(world: &World) -> Option<&'static str> {
    never_ends(world)
}

pub fn no_refresh(_world: &World, _tab: usize) -> Option<&'static str> {
    None
}
