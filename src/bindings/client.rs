//! The client behind `AuthClient`.
//!
//! It has one method. The class that programs see is hand-written (pkg-template/auth-client.js): an exported
//! method costs the module 600 bytes for its borrow checks, a line of JavaScript 30.

use super::{error::auth_error, values};
use crate::{
    core::{
        machines::io::{Answer, Caller, Event},
        protocol::authorize::LoginOptions,
        words::{
            config::{self, Config},
            error::{Error, ErrorCode},
            json::Json,
        },
    },
    web::{
        clock,
        driver::{Driver, Program},
        entropy,
        json::{JsJson, member},
        page,
    },
};
use alloc::{rc::Rc, string::String};
use core::{cell::RefCell, fmt};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// The hand-written class, as far as this side calls it.
    pub type Told;

    /// Keeps the promise of a caller.
    #[wasm_bindgen(method)]
    fn settle(this: &Told, caller: Caller, value: JsValue, failed: bool);

    /// Tells the listeners of an event.
    #[wasm_bindgen(method)]
    fn notify(this: &Told, name: &str, detail: JsValue);
}

/// What can be asked. auth-client.js says it by these numbers.
const LOGIN: u32 = 0;
const CREATE_LOGIN_URL: u32 = 1;
const HANDLE_CALLBACK: u32 = 2;
const GET_SESSION: u32 = 3;
const GET_ACCESS_TOKEN: u32 = 4;
const REFRESH: u32 = 5;
const START_AUTO_REFRESH: u32 = 6;
const STOP_AUTO_REFRESH: u32 = 7;
const LOGOUT: u32 = 8;
const HANDLE_LOGOUT_CALLBACK: u32 = 9;
const CLOSE: u32 = 10;

/// A client of one authorization server.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Client(Rc<Driver<Page>>);

/// The program in the page.
struct Page {
    told: Told,
    /// Whoever opens the client and has not been told yet.
    opening: RefCell<Option<Rc<Driver<Page>>>>,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Page")
    }
}

impl Program for Page {
    fn settle(&self, caller: Caller, result: Result<Answer<JsJson>, Error>) {
        let opening = self.opening.take();
        let failed = result.is_err();
        let value = match result {
            Ok(answer) => values::answer(answer),
            Err(error) => {
                if let Some(driver) = opening {
                    driver.detach();
                }
                auth_error(&error)
            }
        };
        self.told.settle(caller, value, failed);
    }

    fn notify(&self, event: Event<JsJson>) {
        let (name, detail) = values::event(&event);
        self.told.notify(name, detail);
    }
}

#[wasm_bindgen]
impl Client {
    /// Opens a client for a caller, who is told the metadata that the server gave, if it was asked. `deliver` is a
    /// function that calls [`deliver`](Self::deliver).
    ///
    /// # Errors
    /// What is wrong with the configuration.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue, told: Told, deliver: JsValue, caller: Caller) -> Result<Client, JsValue> {
        Self::open(&JsJson(options), told, &deliver, caller).map_err(|error| auth_error(&error))
    }

    fn open(options: &JsJson, told: Told, deliver: &JsValue, caller: Caller) -> Result<Self, Error> {
        let config = Config::read(options)?;
        let fetch = member(&options.0, "fetch");
        if !fetch.is_undefined() && !fetch.is_function() {
            return Err(Error::about(ErrorCode::InvalidConfig, "fetch"));
        }
        if !config.allow_insecure && !page::has_subtle_crypto() {
            return Err(ErrorCode::InsecureContext.into());
        }
        let program = Page { told, opening: RefCell::default() };
        let storage = member(&options.0, "storage");
        let driver = Driver::answered_by(deliver, config, entropy::seed(), &storage, &fetch, program)?;
        driver.program.opening.replace(Some(driver.clone()));
        if let Some(machine) = driver.machine().command(caller, clock::now()) {
            machine.open(caller, options.member("metadata"));
        }
        driver.run();
        Ok(Self(driver))
    }

    /// Takes an answer of the host; see [`Driver::deliver`].
    pub fn deliver(
        &self,
        arrival: u32,
        op: u32,
        number: f64,
        text: Option<String>,
        extra: Option<String>,
        sent_at: f64,
    ) {
        self.0.deliver(arrival, op, number, text, extra, sent_at);
    }

    /// Asks for something. Whoever asks is told the answer.
    pub fn ask(&self, caller: Caller, request: u32, argument: JsValue) {
        match self.forward(caller, request, &JsJson(argument)) {
            Ok(()) => self.0.run(),
            Err(error) => self.0.program.settle(caller, Err(error)),
        }
    }

    fn forward(&self, caller: Caller, request: u32, argument: &JsJson) -> Result<(), Error> {
        // Read first: a getter of the program's may call the client, which must not find the machine taken.
        let mut options = LoginOptions::default();
        let mut text = String::new();
        let mut min_validity = 0;
        let mut back = None;
        match request {
            LOGIN | CREATE_LOGIN_URL => options = login_options(argument, request == LOGIN)?,
            HANDLE_CALLBACK | HANDLE_LOGOUT_CALLBACK => text = url(argument)?,
            GET_ACCESS_TOKEN => {
                // This release has one token a session: to give it for another resource would be wrong in silence.
                for name in ["resource", "scope"] {
                    if argument.member(name).is_some() {
                        return Err(Error::about(ErrorCode::InvalidConfig, name));
                    }
                }
                min_validity = config::millis(argument, "minValidity", 0)?;
            }
            LOGOUT => back = config::redirect_uri(argument, "postLogoutRedirectUri")?,
            _ => {}
        }
        let local = argument.is_true("local");
        let stays = argument.member("redirect").is_some_and(|value| value.as_bool() == Some(false));
        let entropy = entropy::entropy()?;
        let now = clock::now();

        let mut machine = self.0.machine();
        match request {
            // Nobody waits for these.
            START_AUTO_REFRESH | STOP_AUTO_REFRESH => {
                machine.auto_refresh(request == START_AUTO_REFRESH, now);
                return Ok(());
            }
            CLOSE => {
                machine.close(caller);
                self.0.detach();
                return Ok(());
            }
            _ => {}
        }
        let Some(machine) = machine.command(caller, now) else {
            return Ok(());
        };
        match request {
            LOGIN | CREATE_LOGIN_URL => machine.login(caller, options, &entropy, request == LOGIN),
            HANDLE_CALLBACK => machine.callback(caller, &text),
            GET_SESSION => machine.session(caller),
            GET_ACCESS_TOKEN => machine.access_token(caller, min_validity),
            REFRESH => machine.refresh(caller),
            LOGOUT => machine.logout(caller, local, !stays, back, &entropy),
            HANDLE_LOGOUT_CALLBACK => machine.logout_callback(caller, text),
            _ => {}
        }
        Ok(())
    }
}

fn login_options(argument: &JsJson, navigate: bool) -> Result<LoginOptions, Error> {
    if navigate && !page::has_page() {
        return Err(Error::about(ErrorCode::InvalidConfig, "no page to leave"));
    }
    if argument.member("signal").is_some_and(|signal| signal.is_true("aborted")) {
        return Err(ErrorCode::Aborted.into());
    }
    let mut options = LoginOptions::read(argument)?;
    if let Some(app_state) = argument.member("appState") {
        // The class has written it as text; where it could not, it left something else.
        options.app_state =
            Some(app_state.as_text().ok_or_else(|| Error::about(ErrorCode::InvalidConfig, "appState"))?);
    }
    Ok(options)
}

/// A URL as text, which the class makes of it.
fn url(argument: &JsJson) -> Result<String, Error> {
    argument.as_text().ok_or_else(|| Error::about(ErrorCode::InvalidConfig, "url"))
}
