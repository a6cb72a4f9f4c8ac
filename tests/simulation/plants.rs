//! That the simulator finds bugs: each that is planted breaks the invariant that it should.

use crate::{
    ending::run,
    plan::Plan,
    plant::{ALL, Plant},
    print::print,
    watch::Invariant,
};
use std::{fmt::Write, thread};

/// Within so many schedules each has to be found.
const WITHIN: u64 = 10_000;

/// The first schedule that goes wrong with the bug, as it should, and not without it.
fn found_at(plant: Plant, invariant: Invariant) -> Option<u64> {
    (1..=WITHIN).find(|seed| {
        let plan = Plan::new(*seed);
        let violation = run(&plan, Some(plant), false).violation;
        violation.is_some_and(|violation| violation.invariant == invariant)
            && run(&plan, None, false).violation.is_none()
    })
}

#[test]
fn planted_bug_of_each_kind_is_found_by_the_invariant_that_it_breaks() {
    let (some, others) = ALL.split_at(ALL.len() / 2);
    let find = |plants: &'static [(Plant, Invariant)]| -> Vec<Option<u64>> {
        plants.iter().map(|(plant, invariant)| found_at(*plant, *invariant)).collect()
    };
    let found = thread::scope(|scope| {
        let first = scope.spawn(move || find(some));
        let second = find(others);
        [first.join().unwrap(), second].concat()
    });
    let mut text = String::from("planted bugs, and the first schedule that finds each:");
    for ((plant, invariant), seed) in ALL.iter().zip(&found) {
        let seed = seed.map_or("NOT FOUND".into(), |seed| format!("seed {seed}"));
        let _ = write!(text, "\n  {:<22} {:<28} {seed}", format!("{plant:?}"), format!("{invariant:?}"));
    }
    print(&text);
    assert!(found.iter().all(Option::is_some), "a planted bug is not found within {WITHIN} schedules");
}
