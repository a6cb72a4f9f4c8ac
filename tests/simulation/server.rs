//! An authorization server with one session: it rotates refresh tokens, and ends the session when a superseded one is
//! presented. Pairs go by numbers: pair 3 is the access token `a3` and the refresh token `r3`.

/// The number of a pair.
pub type Pair = u32;

/// Why the server's session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// A superseded refresh token was presented.
    Reuse(Pair),
    ByItself,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// This access token, with this refresh token, for so many milliseconds.
    Granted {
        access: Pair,
        refresh: Pair,
        lives: u64,
    },
    InvalidGrant,
}

pub struct Server {
    rotates: bool,
    grace: u64,
    lifetime: u64,
    /// The newest pair, and when it was made.
    pub newest: Pair,
    made_at: u64,
    pub revoked: Option<Revoked>,
    pub revoked_at: u64,
}

impl Server {
    /// With one session, whose first pair was made at 0.
    pub const fn new(rotates: bool, grace: u64, lifetime: u64) -> Self {
        Self { rotates, grace, lifetime, newest: 0, made_at: 0, revoked: None, revoked_at: 0 }
    }

    pub const fn is_superseded(&self, refresh: Pair) -> bool {
        self.rotates && refresh < self.newest
    }

    pub const fn refresh_token(&self) -> Pair {
        if self.rotates { self.newest } else { 0 }
    }

    pub fn refresh(&mut self, token: Pair, now: u64) -> Word {
        if self.revoked.is_some() {
            return Word::InvalidGrant;
        }
        if self.is_superseded(token) {
            // Within the grace period, the one before the newest is answered as it was when it was superseded.
            if token + 1 == self.newest && now < self.made_at + self.grace {
                return self.granted(now);
            }
            self.revoke(Revoked::Reuse(token), now);
            return Word::InvalidGrant;
        }
        self.newest += 1;
        self.made_at = now;
        self.granted(now)
    }

    pub const fn revoke(&mut self, why: Revoked, now: u64) {
        if self.revoked.is_none() {
            (self.revoked, self.revoked_at) = (Some(why), now);
        }
    }

    fn granted(&self, now: u64) -> Word {
        let lives = (self.made_at + self.lifetime).saturating_sub(now);
        Word::Granted { access: self.newest, refresh: self.refresh_token(), lives }
    }
}
