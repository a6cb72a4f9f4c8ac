//! A storage that outlives the tabs, and fails when it is told to.

use pixie_auth::{Area, Error, ErrorCode, Secret};
use std::collections::BTreeMap;

/// What one origin stores: one map for each area.
#[derive(Clone, Default)]
pub struct Disk {
    pub sessions: BTreeMap<String, String>,
    pub logins: BTreeMap<String, String>,
    /// How reading, writing and deleting fail, where they do.
    pub reading: Option<ErrorCode>,
    pub writing: Option<ErrorCode>,
    pub removing: Option<ErrorCode>,
    /// What fails is the session's area alone.
    pub only_sessions_fail: bool,
}

impl Disk {
    /// The stored session, as its record reads.
    pub fn session(&self) -> Option<&String> {
        let mut records = self.sessions.iter().filter(|(key, _)| key.ends_with(" session"));
        let record = records.next().map(|(_, record)| record);
        assert!(records.next().is_none(), "one client has one session");
        record
    }

    /// The stored login of a state.
    pub fn login(&self, state: &str) -> Option<&String> {
        let name = format!(" login {state}");
        self.logins.iter().find(|(key, _)| key.ends_with(&name)).map(|(_, login)| login)
    }

    /// How many logins are stored.
    pub fn login_count(&self) -> usize {
        self.logins.keys().filter(|key| key.contains(" login ")).count()
    }

    pub fn get(&self, area: Area, key: &str) -> Result<Option<Secret>, Error> {
        self.fail(area, self.reading)?;
        let values = if area == Area::Session { &self.sessions } else { &self.logins };
        Ok(values.get(key).map(|value| Secret::new(value.clone())))
    }

    pub fn set(&mut self, area: Area, key: &str, value: &Secret) -> Result<(), Error> {
        self.fail(area, self.writing)?;
        self.values(area).insert(key.into(), value.expose().into());
        Ok(())
    }

    pub fn remove(&mut self, area: Area, key: &str) -> Result<(), Error> {
        self.fail(area, self.removing)?;
        self.values(area).remove(key);
        Ok(())
    }

    fn values(&mut self, area: Area) -> &mut BTreeMap<String, String> {
        if area == Area::Session { &mut self.sessions } else { &mut self.logins }
    }

    fn fail(&self, area: Area, failure: Option<ErrorCode>) -> Result<(), Error> {
        match failure {
            Some(code) if area == Area::Session || !self.only_sessions_fail => Err(code.into()),
            _ => Ok(()),
        }
    }
}
