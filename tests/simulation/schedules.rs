//! The run: hundreds of thousands of schedules, each from its seed alone.

use crate::{
    counts::{Counts, FAULTS},
    ending::run,
    plan::Plan,
    plant::Plant,
    print::print,
    shrink::shrink,
    watch::Invariant,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// How many schedules one run has, unless `SIMULATE_SCHEDULES` says otherwise.
const SCHEDULES: u64 = 200_000;
const AT_ONCE: u64 = 250;

fn number_of(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

/// The seeds that fail, by what they violate.
type Failed = BTreeMap<Invariant, BTreeSet<u64>>;

/// Runs the schedules of these seeds on all cores. What was run, and what failed.
fn run_all(seeds: std::ops::Range<u64>) -> (Counts, Failed) {
    let next = AtomicU64::new(seeds.start);
    let all = Mutex::new((Counts::default(), Failed::new()));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut counts = Counts::default();
                let mut failed = Vec::new();
                loop {
                    let from = next.fetch_add(AT_ONCE, Ordering::Relaxed);
                    if from >= seeds.end {
                        break;
                    }
                    for seed in from..seeds.end.min(from + AT_ONCE) {
                        let outcome = run(&Plan::new(seed), None, false);
                        counts.add(&outcome.counts);
                        failed.extend(outcome.violation.map(|violation| (violation.invariant, seed)));
                    }
                }
                let mut all = all.lock().unwrap();
                all.0.add(&counts);
                for (invariant, seed) in failed {
                    all.1.entry(invariant).or_default().insert(seed);
                }
            });
        }
    });
    all.into_inner().unwrap()
}

/// Tells how a seed fails, in as few steps as were found.
pub fn report(seed: u64, plant: Option<Plant>, invariant: Invariant) -> String {
    let (plan, outcome) = shrink(&Plan::new(seed), plant, invariant);
    let mut text = format!("seed {seed} violates {invariant:?}; shortened to\n{plan}");
    for line in &outcome.line {
        let _ = writeln!(text, "{line}");
    }
    if let Some(violation) = outcome.violation {
        let at = violation.at as f64 / 1000.0;
        let _ = writeln!(text, "{:?} at {at:.3} s: {}", violation.invariant, violation.what);
    }
    let _ = write!(text, "again: SIMULATE_SEED={seed} cargo test --test simulation schedules");
    text
}

fn summary(counts: &Counts) -> String {
    let mut text = format!(
        "simulation: {} schedules, {} events, {} machine calls, {} requests, {} new pairs\nfaults that struck:",
        counts.schedules, counts.events, counts.calls, counts.requests, counts.pairs
    );
    for name in FAULTS {
        let _ = write!(text, "\n  {:>10}  {name}", counts.faults.get(name).copied().unwrap_or(0));
    }
    text.push_str("\nthe most that was seen:");
    for (name, (value, seed)) in &counts.extremes {
        let _ = write!(text, "\n  {value:>10}  {name} (seed {seed})");
    }
    text.push_str("\nexempt, by reason:");
    for (reason, times) in &counts.exempt {
        let _ = write!(text, "\n  {times:>10}  {reason}");
    }
    text
}

#[test]
fn schedules_of_any_faults_violate_nothing() {
    if let Some(seed) = number_of("SIMULATE_SEED") {
        let outcome = run(&Plan::new(seed), None, true);
        print(&format!("{}\n{}", Plan::new(seed), outcome.line.join("\n")));
        if let Some(violation) = outcome.violation {
            panic!("{}", report(seed, None, violation.invariant));
        }
        return;
    }
    let schedules = number_of("SIMULATE_SCHEDULES").unwrap_or(SCHEDULES);
    let (counts, failed) = run_all(1..schedules + 1);
    print(&summary(&counts));
    for (invariant, seeds) in &failed {
        let some: Vec<_> = seeds.iter().take(10).collect();
        print(&format!("VIOLATED {invariant:?} by {} schedules: {some:?}", seeds.len()));
    }
    if let Some((invariant, seeds)) = failed.first_key_value() {
        panic!("{}", report(*seeds.first().unwrap(), None, *invariant));
    }
    print("0 violations");
    if schedules < SCHEDULES / 10 {
        return;
    }
    for name in FAULTS {
        assert!(counts.faults.contains_key(name), "no schedule has: {name}");
    }
    for name in counts.faults.keys() {
        assert!(FAULTS.contains(name), "not in the list of faults: {name}");
    }
}

#[test]
fn schedule_of_one_seed_is_the_same_each_time() {
    for seed in 1..500 {
        let [one, other] = [false, true].map(|with_line| run(&Plan::new(seed), None, with_line));
        assert_eq!((one.digest, one.counts), (other.digest, other.counts), "seed {seed}");
    }
}
