//! What becomes of a request.

use crate::{
    plan::{Deed, Weather},
    plant::Plant,
    server::Word,
    tab::{Arrival, TOKEN, number},
    watch::Limited,
    world::{Answered, Event, Flight, START, World},
};
use pixie_auth::{Request, Response, Secret, Unanswered, core::machines::io::Op};

/// After so long the host gives a request up.
pub const LIMIT: u64 = 15_000;

impl World {
    pub fn send(&mut self, tab: usize, op: Op, request: &Request) {
        assert_eq!(request.url, TOKEN, "a refresh goes to the token endpoint");
        let form = request.form.as_ref().unwrap().expose();
        let token = form.split('&').find_map(|pair| pair.strip_prefix("refresh_token=")).map(number).unwrap();
        let letter = match form.split('&').find_map(|pair| pair.strip_prefix("resource=https%3A%2F%2F")) {
            Some(resource) if self.plant != Some(Plant::ResourceUnsent) => resource.chars().next().unwrap(),
            _ => 'a',
        };
        let attempt = self.flights.len();
        let flight = Flight { tab, op, token, letter, sent_at: self.time, sent_by_clock: self.clock() };
        self.flights.push(flight);
        self.counts.requests += 1;
        self.digest(u64::from(token) << 8 | tab as u64);
        self.sent(attempt);
        let there = self.time + 1 + self.chance.below(self.plan.network_delay);
        if self.offline > 0 {
            self.counts.fault("offline");
            return self.unanswered(attempt, self.time + 1, Unanswered::Network);
        }
        match self.weather_now() {
            None => self.hears(there, attempt, Answered::Yes),
            Some(weather) => self.in_weather(attempt, there, weather),
        }
    }

    fn weather_now(&mut self) -> Option<Weather> {
        let (_, weather, requests) = self.weather.last_mut()?;
        let weather = *weather;
        *requests -= 1;
        if *requests == 0 {
            self.weather.pop();
        }
        Some(weather)
    }

    fn in_weather(&mut self, attempt: usize, there: u64, weather: Weather) {
        let timeout = self.flights[attempt].sent_at + LIMIT;
        let name = match weather {
            Weather::RequestLost { silent: true } => {
                self.unanswered(attempt, timeout, Unanswered::Timeout);
                "request lost in silence"
            }
            Weather::RequestLost { silent: false } => {
                self.unanswered(attempt, there, Unanswered::Network);
                "request lost"
            }
            Weather::AnswerLost { silent } => {
                self.hears(there, attempt, Answered::No);
                let back = there + self.chance.below(self.plan.network_delay);
                if silent {
                    self.unanswered(attempt, timeout, Unanswered::Timeout);
                    "answer lost in silence"
                } else {
                    self.unanswered(attempt, back.min(timeout), Unanswered::Network);
                    "answer lost"
                }
            }
            Weather::Twice { later, first_arrives } => {
                let first = if first_arrives { Answered::Yes } else { Answered::No };
                self.hears(there, attempt, first);
                self.hears(there + later, attempt, if first_arrives { Answered::No } else { Answered::Yes });
                if first_arrives {
                    "request doubled, the first answer arrives"
                } else {
                    if there + later >= timeout {
                        self.unanswered(attempt, timeout, Unanswered::Timeout);
                    }
                    "request doubled, the second answer arrives"
                }
            }
            Weather::Late { by } => {
                self.hears(there + by, attempt, Answered::Yes);
                if there + by >= timeout {
                    self.unanswered(attempt, timeout, Unanswered::Timeout);
                    "request late beyond the limit"
                } else {
                    "request late"
                }
            }
            Weather::ServerError { status } => {
                self.responds(attempt, there, status, "<html>", None);
                "server error"
            }
            Weather::GatewayError => {
                self.hears(there, attempt, Answered::AsGatewayError);
                "gateway error after the work was done"
            }
            Weather::Limited { seconds, as_date } => {
                let after =
                    if as_date { http_date(START / 1000 + self.time / 1000 + seconds) } else { seconds.to_string() };
                // A date is in whole seconds, and so is the clock that it is held against.
                let pause = (seconds * 1000).saturating_sub(if as_date { 3_000 } else { 0 });
                let by_unseen_clock = as_date && !self.plan.dates;
                self.watch.limited(attempt, Limited { pause, by_unseen_clock });
                self.responds(attempt, there, 429, "", Some(after));
                match (as_date, self.plan.dates) {
                    (false, _) => "429 in seconds",
                    (true, true) => "429 as a date",
                    (true, false) => "429 as a date, no Date seen",
                }
            }
            Weather::Down => {
                self.unanswered(attempt, there, Unanswered::Network);
                "server down"
            }
            Weather::Portal => {
                self.responds(attempt, there, 200, "<html>", None);
                "captive portal"
            }
        };
        self.counts.fault(name);
        self.note(|| format!("         the request meets: {name}"));
    }

    fn hears(&mut self, at: u64, attempt: usize, answer: Answered) {
        self.later(at, Event::Hears { attempt, answer });
    }

    pub fn server_hears(&mut self, attempt: usize, answer: Answered) {
        let Flight { token, letter, .. } = self.flights[attempt];
        let before = self.server.newest;
        let word = self.server.refresh(token, self.time);
        self.counts.pairs += u64::from(self.server.newest - before);
        self.note(|| format!("         the server hears of r{token}: {word:?}"));
        self.digest(u64::from(token) << 16 | u64::from(self.server.newest));
        let back = self.time + self.chance.below(self.plan.network_delay);
        match answer {
            Answered::No => {}
            Answered::AsGatewayError => self.responds(attempt, back, 504, "<html>", None),
            Answered::Yes => match word {
                Word::InvalidGrant if self.plant == Some(Plant::GrantTakenForNetwork) => {
                    self.responds(attempt, back, 503, "", None);
                }
                Word::InvalidGrant => self.responds(attempt, back, 400, "{\"error\":\"invalid_grant\"}", None),
                Word::Granted { access, refresh, lives } => {
                    let rotated =
                        if self.plan.rotates { format!(",\"refresh_token\":\"r{refresh}\"") } else { String::new() };
                    let seconds = lives / 1000;
                    let body = format!(
                        "{{\"access_token\":\"{letter}{access}\",\"token_type\":\"Bearer\",\"expires_in\":{seconds}{rotated}}}"
                    );
                    self.responds(attempt, back, 200, &body, None);
                }
            },
        }
    }

    fn responds(&mut self, attempt: usize, at: u64, status: u16, body: &str, retry_after: Option<String>) {
        let (status, body) = match self.plant {
            Some(Plant::NetworkTakenForGrant) if status >= 500 => (400, "{\"error\":\"invalid_grant\"}"),
            _ => (status, body),
        };
        let retry_after = retry_after.filter(|_| self.plant != Some(Plant::RetryAfterStripped));
        let date = self.plan.dates.then(|| http_date((START + at) / 1000));
        let response = Response { status, body: Secret::new(body.into()), retry_after, date, ..Response::default() };
        let sent_at = self.flights[attempt].sent_at;
        if at < sent_at + LIMIT {
            self.comes_back(attempt, at, Ok(response));
        } else if self.time < sent_at + LIMIT {
            self.comes_back(attempt, sent_at + LIMIT, Err(Unanswered::Timeout));
        }
        // Otherwise the host has given it up already.
    }

    fn unanswered(&mut self, attempt: usize, at: u64, why: Unanswered) {
        if why != Unanswered::Timeout || self.plant != Some(Plant::TimeoutsNever) {
            self.comes_back(attempt, at, Err(why));
        }
    }

    fn comes_back(&mut self, attempt: usize, at: u64, result: Result<Response, Unanswered>) {
        let Flight { tab, op, sent_by_clock, .. } = self.flights[attempt];
        self.later(at, Event::Arrive(tab, Arrival::Responded(attempt, op, sent_by_clock, result)));
    }

    /// The weather that an act brought is over.
    pub fn clear(&mut self, deed: Deed) {
        self.weather.retain(|(of, ..)| *of != deed);
    }
}

/// An HTTP-date of seconds since the epoch.
pub fn http_date(seconds: u64) -> String {
    let (days, clock) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March: then the leap day is the last of its year.
    let shifted = days + 719_468;
    let era_day = shifted % 146_097;
    let era_year = (era_day - era_day / 1_460 + era_day / 36_524 - era_day / 146_096) / 365;
    let year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
    let from_march = (5 * year_day + 2) / 153;
    let day = year_day - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 2 } else { from_march - 10 };
    let year = era_year + shifted / 146_097 * 400 + u64::from(month < 2);
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(days % 7) as usize];
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month as usize];
    format!("{weekday}, {day:02} {month} {year} {:02}:{:02}:{:02} GMT", clock / 3600, clock / 60 % 60, clock % 60)
}
