//! The time line's words.

use crate::{
    tab::{Arrival, SESSION_KEY, View},
    world::World,
};
use pixie_auth::{Event, Output, Secret, core::memory::record};
use serde_json::Value;

impl World {
    pub fn note_arrival(&mut self, tab: usize, arrival: &Arrival) {
        let text = match arrival {
            Arrival::Loaded(op, Ok(Some(value))) => format!("◂ {op} loaded {}", short(value.expose())),
            Arrival::Loaded(op, Ok(None)) => format!("◂ {op} loaded nothing"),
            Arrival::Loaded(op, Err(error)) => format!("◂ {op} loading failed: {}", error.code().as_str()),
            Arrival::Stored(op, Ok(())) => format!("◂ {op} stored"),
            Arrival::Stored(op, Err(error)) => format!("◂ {op} storing failed: {}", error.code().as_str()),
            Arrival::Responded(_, op, _, Ok(response)) => {
                let after = response.retry_after.as_ref().map(|after| format!(", Retry-After {after}"));
                format!("◂ {op} {} {}{}", response.status, response.body.expose(), after.unwrap_or_default())
            }
            Arrival::Responded(_, op, _, Err(why)) => format!("◂ {op} {why:?}"),
            Arrival::Locked(op, lock) => format!("◂ {op} lock {lock:?}"),
            Arrival::Heard(text) => format!("◂ hears {}", short(text)),
            Arrival::Recovered => "◂ recovered".into(),
            Arrival::Visible(visible) => format!("◂ visible {visible}"),
            Arrival::Ask(ask) => format!("◂ asked: {ask:?}"),
        };
        self.note_tab(tab, || text);
    }

    pub fn note_output(&mut self, tab: usize, output: &Output<Value>) {
        let text = match output {
            Output::Load { op, key, .. } => format!("▸ {op} load {}", name(key)),
            Output::Store { op, key, value, .. } => format!("▸ {op} store {}: {}", name(key), short(value.expose())),
            Output::Remove { op, key, .. } => format!("▸ {op} remove {}", name(key)),
            Output::Send { op, request } => {
                let form = request.form.as_ref().map(Secret::expose).unwrap_or_default();
                format!("▸ {op} send {}", form.split('&').find(|pair| pair.starts_with("refresh_token=")).unwrap_or(""))
            }
            Output::Lock { op, steal, .. } => format!("▸ {op} {}", if *steal { "steal" } else { "lock" }),
            Output::Unlock { op } => format!("▸ {op} unlock"),
            Output::Listen(_) => "▸ listen".into(),
            Output::Tell(text) => format!("▸ tell {}", short(text.expose())),
            Output::Settle { caller, result: Ok(_) } => format!("▸ settle {caller}"),
            Output::Settle { caller, result: Err(error) } => format!("▸ settle {caller}: {}", error.code().as_str()),
            Output::Notify(Event::SignedIn(session)) => format!("▸ signed in: {:?}", View::of(&session.tokens)),
            Output::Notify(Event::Refreshed(session)) => format!("▸ refreshed: {:?}", View::of(&session.tokens)),
            Output::Notify(Event::RefreshDelayed { error, attempt, retry_at }) => {
                let pause = retry_at.0.saturating_sub(self.clock());
                format!("▸ delayed by {}, attempt {attempt}, again in {pause} ms", error.code().as_str())
            }
            Output::Notify(Event::SignedOut { reason, .. }) => format!("▸ signed out: {}", reason.as_str()),
            Output::Navigate(_) => "▸ navigate".into(),
            Output::Verify { op } => format!("▸ {op} verify"),
            Output::Key { op, .. } => format!("▸ {op} key"),
            Output::Sign { op, .. } => format!("▸ {op} sign"),
        };
        self.note_tab(tab, || text);
    }
}

fn name(key: &str) -> &str {
    if key == SESSION_KEY { "session" } else { key.rsplit(' ').next().unwrap_or(key) }
}

/// A record or a message, in few words.
fn short(text: &str) -> String {
    match record::read(text) {
        Some(tokens) => format!("{:?}", View::of(&tokens)),
        None => text.replace("v=1&", ""),
    }
}
