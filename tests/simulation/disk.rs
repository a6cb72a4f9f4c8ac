//! A store that outlives the tabs, and fails when it is told to.

use pixie_auth::{Error, ErrorCode, Secret};
use std::collections::BTreeMap;

#[derive(Clone, Default)]
pub struct Disk {
    pub values: BTreeMap<String, String>,
}

/// What is failing.
#[derive(Clone, Copy, Default)]
pub struct Failing {
    pub reads: bool,
    pub writes: bool,
    pub removals: bool,
}

impl Disk {
    pub fn get(&self, key: &str, failing: Failing) -> Result<Option<Secret>, Error> {
        if failing.reads {
            return Err(ErrorCode::StorageUnavailable.into());
        }
        Ok(self.values.get(key).map(|value| Secret::new(value.clone())))
    }

    /// Writes, or removes where there is no value.
    pub fn set(&mut self, key: &str, value: Option<&str>, failing: Failing) -> Result<(), Error> {
        match value {
            Some(_) if failing.writes => return Err(ErrorCode::StorageFull.into()),
            Some(value) => drop(self.values.insert(key.into(), value.into())),
            None if failing.removals => return Err(ErrorCode::StorageUnavailable.into()),
            None => drop(self.values.remove(key)),
        }
        Ok(())
    }
}
