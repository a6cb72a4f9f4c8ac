//! A million devices, an outage of ten minutes, and what the server sees when it is back.
//!
//! Each device is a few bytes: when it is due and how long it pauses are the functions of the machine itself, and
//! nothing else of it matters here, as the tabs of a device send like one (which the simulator holds).

use crate::print::print;
use pixie_auth::{
    Config, Secret, TokenSet, UnixMillis,
    core::{machines::schedule, words::random::Spread},
};
use serde_json::json;
use std::fmt::Write;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

const DEVICES: usize = 1_000_000;
/// One in so many has its page in the foreground.
const FOREGROUND_ONE_IN: usize = 100;
const LIFETIME: u64 = HOUR;
/// The outage, after the first minutes of a steady state.
const OUTAGE: std::ops::Range<u64> = 10 * MINUTE..20 * MINUTE;
/// The hour after the server's return is what is looked at.
const END: u64 = OUTAGE.end + HOUR;
/// How long a request is under way.
const ROUND_TRIP: u64 = 50;
/// What all clocks show at the beginning.
const START: u64 = 1_800_000_000_000;

/// How long a device pauses after so many failures.
fn pause(failures: u32, eager: bool, spread: &mut Spread) -> u64 {
    schedule::pause(failures, eager, spread)
}

/// One row of the table.
struct Row {
    name: &'static str,
    /// Within which time before the beginning everybody signed in, evenly.
    signed_in_within: u64,
    /// Whether the devices draw numbers of their own.
    jitter: bool,
}

struct Device {
    spread: Spread,
    failures: u32,
    eager: bool,
    /// Whether it has a token that is good, or one that it will refresh in time.
    waits: bool,
}

/// Which device is next, in a list for each millisecond.
struct Queue {
    first: Vec<u32>,
    next: Vec<u32>,
}

impl Queue {
    const NONE: u32 = u32::MAX;

    fn new() -> Self {
        Self { first: vec![Self::NONE; END as usize], next: vec![Self::NONE; DEVICES] }
    }

    fn push(&mut self, at: u64, device: u32) {
        if let Some(first) = self.first.get_mut(at as usize) {
            self.next[device as usize] = std::mem::replace(first, device);
        }
    }

    fn pop(&mut self, at: u64) -> Option<u32> {
        let first = &mut self.first[at as usize];
        let device = (*first != Self::NONE).then_some(*first)?;
        *first = self.next[device as usize];
        Some(device)
    }
}

/// What came of it, counted from the server's return.
struct Outcome {
    /// The most requests in one second, over the mean of the hour.
    peak_over_mean: f64,
    peak: u64,
    /// When the last device was good again: all of them, and those in the foreground.
    all_good: u64,
    foreground_good: u64,
    requests_in_outage: u64,
}

fn run(row: &Row) -> Outcome {
    let auto = if row.jitter { json!(true) } else { json!({ "jitter": 0 }) };
    let config = json!({
        "issuer": "https://as.example", "clientId": "c", "redirectUri": "https://app.example/cb", "autoRefresh": auto
    });
    let config = Config::read(&config).unwrap();
    let mut tokens = TokenSet {
        access_token: Secret::new("at".into()),
        expires_at: None,
        obtained_at: UnixMillis(0),
        began: UnixMillis(0),
        renewals: 0,
        scope: String::new(),
        refresh_token: Some(Secret::new("rt".into())),
        id_token: None,
        jkt: None,
    };
    let mut due = |obtained_at: u64, spread: &mut Spread| {
        tokens.obtained_at = UnixMillis(obtained_at);
        tokens.expires_at = Some(UnixMillis(obtained_at + LIFETIME));
        schedule::due(&tokens, &config, spread).unwrap().0
    };

    let mut queue = Queue::new();
    let mut devices: Vec<Device> = (0..DEVICES)
        .map(|index| {
            let seed = if row.jitter { (index as u32 + 1).wrapping_mul(0x9e37_79b9) } else { 1 };
            let eager = index % FOREGROUND_ONE_IN == 0;
            Device { spread: Spread::new(seed), failures: 0, eager, waits: false }
        })
        .collect();
    for (index, device) in devices.iter_mut().enumerate() {
        // In an order that has nothing to do with that of the devices; those who came first sit in the middle of
        // the outage where all came together.
        let place = (index as u64).wrapping_mul(7_368_787) % DEVICES as u64;
        let age = if row.signed_in_within == LIFETIME { 0 } else { LIFETIME - 15 * MINUTE };
        let before = place * row.signed_in_within / DEVICES as u64;
        let at = due(START - age - before, &mut device.spread);
        // Whoever would have been due before the beginning has refreshed then.
        let at = if at < START { due(at, &mut device.spread) } else { at };
        queue.push(at - START, index as u32);
    }

    let mut per_second = vec![0_u64; (HOUR / SECOND) as usize];
    let mut outcome = Outcome { peak_over_mean: 0.0, peak: 0, all_good: 0, foreground_good: 0, requests_in_outage: 0 };
    for now in 0..END {
        while let Some(index) = queue.pop(now) {
            let device = &mut devices[index as usize];
            if OUTAGE.contains(&now) {
                device.failures += 1;
                device.waits = true;
                outcome.requests_in_outage += 1;
                let again = ROUND_TRIP + pause(device.failures, device.eager, &mut device.spread);
                queue.push(now + again, index);
                continue;
            }
            if let Some(second) = now.checked_sub(OUTAGE.end) {
                per_second[(second / SECOND) as usize] += 1;
                if std::mem::take(&mut device.waits) {
                    let good = second + ROUND_TRIP;
                    outcome.all_good = outcome.all_good.max(good);
                    if device.eager {
                        outcome.foreground_good = outcome.foreground_good.max(good);
                    }
                }
            }
            device.failures = 0;
            let next = due(START + now, &mut device.spread) - START;
            queue.push(next.max(now + ROUND_TRIP), index);
        }
    }
    assert!(devices.iter().all(|device| !device.waits), "somebody never came back");
    outcome.peak = per_second.iter().copied().max().unwrap();
    let mean = per_second.iter().sum::<u64>() as f64 / per_second.len() as f64;
    outcome.peak_over_mean = outcome.peak as f64 / mean;
    outcome
}

#[test]
fn herd_after_an_outage_comes_back_spread_out_and_soon() {
    let rows = [
        Row { name: "steady state", signed_in_within: LIFETIME, jitter: true },
        Row { name: "steady state, one random sequence for all, jitter 0", signed_in_within: LIFETIME, jitter: false },
        Row { name: "all signed in within a minute", signed_in_within: MINUTE, jitter: true },
        Row { name: "all signed in within a minute, one sequence, jitter 0", signed_in_within: MINUTE, jitter: false },
    ];
    let outcomes = rows.each_ref().map(run);
    let mut table = format!(
        "herd: {DEVICES} devices, 1 in {FOREGROUND_ONE_IN} in the foreground, tokens of an hour, 10 minutes of outage\n\
         {:<56} {:>9} {:>10} {:>9} {:>11} {:>14}",
        "", "peak/mean", "peak (1/s)", "all good", "foreground", "outage (1/s)"
    );
    for (row, outcome) in rows.iter().zip(&outcomes) {
        let seconds = |millis: u64| format!("{:.1} s", millis as f64 / 1000.0);
        let in_outage = outcome.requests_in_outage * SECOND / (OUTAGE.end - OUTAGE.start);
        let _ = write!(
            table,
            "\n{:<56} {:>9.2} {:>10} {:>9} {:>11} {in_outage:>14}",
            row.name,
            outcome.peak_over_mean,
            outcome.peak,
            seconds(outcome.all_good),
            seconds(outcome.foreground_good)
        );
    }
    print(&table);
    let steady = &outcomes[0];
    assert!(steady.peak_over_mean <= 4.0, "{:.2}", steady.peak_over_mean);
    assert!(steady.all_good <= 5 * MINUTE, "{}", steady.all_good);
    assert!(steady.foreground_good <= MINUTE, "{}", steady.foreground_good);
}
