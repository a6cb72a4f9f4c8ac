//! Makes a schedule that fails shorter, as long as it fails in the same way.

use crate::{
    ending::{Outcome, run},
    plan::{Deed, Plan},
    plant::Plant,
    watch::Invariant,
};

/// The shortest plan that was found, and its run with a time line.
pub fn shrink(plan: &Plan, plant: Option<Plant>, invariant: Invariant) -> (Plan, Outcome) {
    let fails = |plan: &Plan| run(plan, plant, false).violation.is_some_and(|found| found.invariant == invariant);
    let mut shortest = plan.clone();
    loop {
        let next = simpler(&shortest).into_iter().find(|simpler| fails(simpler));
        match next {
            Some(simpler) => shortest = simpler,
            None => break,
        }
    }
    let outcome = run(&shortest, plant, true);
    (shortest, outcome)
}

/// Plans that are a little simpler, those that drop most first.
fn simpler(plan: &Plan) -> Vec<Plan> {
    let mut plans = Vec::new();
    let mut with = |change: &dyn Fn(&mut Plan)| {
        let mut simpler = plan.clone();
        change(&mut simpler);
        plans.push(simpler);
    };
    let acts = plan.acts.len();
    if acts > 3 {
        with(&|plan| drop(plan.acts.drain(..acts / 2)));
        with(&|plan| plan.acts.truncate(acts / 2));
    }
    for index in 0..acts {
        with(&|plan| {
            plan.acts.remove(index);
        });
    }
    for fewer in [1, 2, plan.tabs.len() / 2, plan.tabs.len() - 1] {
        if fewer > 0 && fewer < plan.tabs.len() {
            with(&|plan| plan.tabs.truncate(fewer));
        }
    }
    if plan.storage_delay > 0 {
        with(&|plan| plan.storage_delay = 0);
    }
    if plan.network_delay > 4 {
        with(&|plan| plan.network_delay = 4);
    }
    if !plan.locks {
        with(&|plan| plan.locks = true);
    }
    if !plan.messages {
        with(&|plan| plan.messages = true);
    }
    if !plan.rotates {
        with(&|plan| plan.rotates = true);
    }
    if !plan.dates {
        with(&|plan| plan.dates = true);
    }
    if plan.grace > 0 {
        with(&|plan| plan.grace = 0);
    }
    for index in 0..acts {
        if let Deed::Ask { times: 2.., .. } | Deed::AskResource { times: 2.., .. } = plan.acts[index].deed {
            with(&|plan| {
                if let Deed::Ask { times, .. } | Deed::AskResource { times, .. } = &mut plan.acts[index].deed {
                    *times = 1;
                }
            });
        }
    }
    let last = plan.acts.last().map_or(0, |act| act.at);
    for length in [last + 1, last + (plan.length - last) / 2] {
        if length < plan.length {
            with(&|plan| plan.length = length);
        }
    }
    plans
}
