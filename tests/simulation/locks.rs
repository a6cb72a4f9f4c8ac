//! Locks as the Web Locks API has them: one holder a name, those who wait in order, and a steal that asks nobody.

use pixie_auth::{Lock, core::machines::io::Op};
use std::collections::VecDeque;

/// Who is told what.
pub type Told = (usize, Op, Lock);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Tab(usize, Op),
    /// No tab of ours.
    Somebody,
}

#[derive(Default)]
struct Named {
    name: String,
    holder: Option<Holder>,
    waiting: VecDeque<(usize, Op)>,
}

#[derive(Default)]
pub struct Locks {
    all: Vec<Named>,
    /// A bug to be found: every request is granted.
    grants_all: bool,
}

impl Locks {
    pub fn new(grants_all: bool) -> Self {
        Self { all: Vec::new(), grants_all }
    }

    fn named(&mut self, name: &str) -> usize {
        if let Some(index) = self.all.iter().position(|named| named.name == name) {
            return index;
        }
        self.all.push(Named { name: name.into(), ..Named::default() });
        self.all.len() - 1
    }

    pub fn request(&mut self, tab: usize, op: Op, name: &str, steal: bool) -> Vec<Told> {
        let index = self.named(name);
        let grants_all = self.grants_all;
        let named = &mut self.all[index];
        if grants_all {
            return vec![(tab, op, Lock::Granted)];
        }
        if steal {
            let mut told = lost(named.holder.replace(Holder::Tab(tab, op)));
            told.push((tab, op, Lock::Granted));
            return told;
        }
        named.waiting.push_back((tab, op));
        grant(named)
    }

    pub fn release(&mut self, tab: usize, op: Op) -> Vec<Told> {
        self.remove(|of, its| of == tab && its == op)
    }

    /// A tab has gone, and with it what it has and what it waits for.
    pub fn gone(&mut self, tab: usize) -> Vec<Told> {
        self.remove(|of, _| of == tab)
    }

    fn remove(&mut self, is_it: impl Fn(usize, Op) -> bool) -> Vec<Told> {
        let mut told = Vec::new();
        for named in &mut self.all {
            named.waiting.retain(|(tab, op)| !is_it(*tab, *op));
            if matches!(named.holder, Some(Holder::Tab(tab, op)) if is_it(tab, op)) {
                named.holder = None;
            }
            told.extend(grant(named));
        }
        told
    }

    /// Somebody else takes every lock that there is.
    pub fn take(&mut self) -> Vec<Told> {
        self.all.iter_mut().flat_map(|named| lost(named.holder.replace(Holder::Somebody))).collect()
    }

    /// Somebody else gives back what is still theirs.
    pub fn give_back(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        for named in &mut self.all {
            if named.holder == Some(Holder::Somebody) {
                named.holder = None;
                told.extend(grant(named));
            }
        }
        told
    }

    pub fn holds(&self, tab: usize) -> bool {
        self.all.iter().any(|named| matches!(named.holder, Some(Holder::Tab(of, _)) if of == tab))
    }
}

fn lost(holder: Option<Holder>) -> Vec<Told> {
    match holder {
        Some(Holder::Tab(tab, op)) => vec![(tab, op, Lock::Lost)],
        Some(Holder::Somebody) | None => Vec::new(),
    }
}

fn grant(named: &mut Named) -> Vec<Told> {
    match (named.holder, named.waiting.pop_front()) {
        (None, Some((tab, op))) => {
            named.holder = Some(Holder::Tab(tab, op));
            vec![(tab, op, Lock::Granted)]
        }
        (_, Some(first)) => {
            named.waiting.push_front(first);
            Vec::new()
        }
        (_, None) => Vec::new(),
    }
}
