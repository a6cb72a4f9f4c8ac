//! The client behind `AuthClient`.
//!
//! It is two functions and a number. The class that programs see is hand-written (pkg-template/auth-client.js): an
//! exported class costs the module 600 bytes for the borrow checks of each method, a line of JavaScript 30.

#![allow(unreachable_pub)] // wasm-bindgen exports public functions only.

use super::{error::auth_error, seldom, values};
use crate::{
    core::{
        machines::{
            io::{Answer, Caller, Event},
            seldom::Asked,
        },
        protocol::authorize::LoginOptions,
        words::{
            config::{self, Config},
            error::{Error, ErrorCode},
            json::Json,
            random::LOGIN_ENTROPY,
        },
    },
    web::{
        clock,
        driver::{Driver, Program},
        entropy,
        json::JsJson,
        page,
    },
};
use alloc::{rc::Rc, string::String};
use core::{fmt, ptr};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// The hand-written class, as far as this side calls it.
    #[derive(Clone)]
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
const USER_INFO: u32 = 11;
pub(super) const GRANT: u32 = 12;
pub(super) const REVOKE: u32 = 13;
pub(super) const AUTHORIZE: u32 = 14;
/// [`GET_ACCESS_TOKEN`] with a `resource` or a `scope`.
pub(super) const RESOURCE_TOKEN: u32 = 15;

/// A client of one authorization server.
type Client = Driver<Page>;

/// The program in the page.
pub struct Page(Told);

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Page")
    }
}

impl Program for Page {
    fn settle(&self, caller: Caller, result: Result<Answer<JsJson>, Error>) {
        let failed = result.is_err();
        self.0.settle(caller, result.map_or_else(|error| auth_error(&error), values::answer), failed);
    }

    fn notify(&self, event: Event<JsJson>) {
        let (name, detail) = values::event(&event);
        self.0.notify(name, detail);
    }
}

/// Opens a client for a caller, who is told the metadata that the server gave, if it was asked, or what is wrong with
/// the configuration. `deliver` is a function that calls [`deliver`]. `has_seldom` where the configuration has what few
/// have, and the second module is there. Gives the client's number, 0 where there is none.
///
/// The client stays for as long as the page does: whatever the host still has to tell it has to find it.
#[wasm_bindgen]
pub fn open(options: JsValue, told: Told, deliver: JsValue, caller: Caller, has_seldom: bool) -> *const Client {
    match begin(&JsJson(options), told.clone(), &deliver, caller, has_seldom) {
        Ok(driver) => Rc::into_raw(driver),
        Err(error) => {
            told.settle(caller, auth_error(&error), true);
            ptr::null()
        }
    }
}

fn begin(
    options: &JsJson,
    told: Told,
    deliver: &JsValue,
    caller: Caller,
    has_seldom: bool,
) -> Result<Rc<Client>, Error> {
    let mut config = Config::read_common(options)?;
    if has_seldom {
        config.fill_seldom(options)?;
    }
    let fetch = value(options, "fetch");
    if !fetch.is_undefined() && !fetch.is_function() {
        return Err(Error::about(ErrorCode::InvalidConfig, "fetch"));
    }
    if !config.allow_insecure && !page::has_subtle_crypto() {
        return Err(ErrorCode::InsecureContext.into());
    }
    let storage = value(options, "storage");
    let driver = Driver::answered_by(deliver, config, entropy::seed(), &storage, &fetch, Page(told))?;
    if let Some(machine) = driver.machine().command(caller, clock::now()) {
        machine.open(caller, options.member("metadata"));
    }
    driver.run();
    Ok(driver)
}

/// A member as it is; undefined where there is none.
fn value(options: &JsJson, name: &str) -> JsValue {
    options.member(name).map_or(JsValue::UNDEFINED, |value| value.0)
}

/// The client of a number.
fn client(number: *const Client) -> Option<&'static Client> {
    // SAFETY: the numbers that there are come from `open`, which gives up its part in the client for good.
    #[allow(unsafe_code)]
    unsafe {
        number.as_ref()
    }
}

/// Takes an answer of the host; see [`Driver::deliver`].
#[wasm_bindgen]
pub fn deliver(number: *const Client, arrival: u32, op: u32, status: f64, text: JsValue, extra: JsValue, sent_at: f64) {
    if let Some(client) = client(number) {
        client.deliver(arrival, op, status, JsJson(text).as_text(), JsJson(extra).as_text(), sent_at);
    }
}

/// Asks for something. Whoever asks is told the answer.
#[wasm_bindgen]
pub fn ask(number: *const Client, caller: Caller, request: u32, argument: JsValue) {
    if let Some(client) = client(number) {
        match forward(client, caller, request, &JsJson(argument)) {
            Ok(()) => client.run(),
            Err(error) => client.program.settle(caller, Err(error)),
        }
    }
}

fn forward(client: &Client, caller: Caller, request: u32, argument: &JsJson) -> Result<(), Error> {
    // Read first: a getter of the program's may call the client, which must not find the machine taken.
    let mut options = LoginOptions::default();
    let mut text = String::new();
    let mut min_validity = 0;
    let mut back = None;
    let mut asked = Asked::UserInfo;
    match request {
        LOGIN | CREATE_LOGIN_URL => options = login_options(argument, request == LOGIN)?,
        HANDLE_CALLBACK | HANDLE_LOGOUT_CALLBACK => text = url(argument)?,
        GET_ACCESS_TOKEN => config::millis(argument, "minValidity", &mut min_validity)?,
        USER_INFO..=RESOURCE_TOKEN => asked = seldom::asked(request, argument)?,
        LOGOUT => config::redirect_uri(argument, "postLogoutRedirectUri", &mut back)?,
        _ => {}
    }
    let local = argument.is_true("local");
    let stays = argument.says("redirect", false);
    let entropy = match request {
        LOGIN | CREATE_LOGIN_URL | LOGOUT => entropy::entropy()?,
        _ => [0; LOGIN_ENTROPY],
    };
    let now = clock::now();

    let mut machine = client.machine();
    match request {
        // Nobody waits for these.
        START_AUTO_REFRESH | STOP_AUTO_REFRESH => {
            machine.auto_refresh(request == START_AUTO_REFRESH, now);
            return Ok(());
        }
        CLOSE => {
            machine.close(caller);
            client.detach();
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
        USER_INFO..=RESOURCE_TOKEN => machine.ask(caller, asked),
        _ => {}
    }
    Ok(())
}

/// `appState`, which the class has written as text, or as something else where it could not; and `options`, where there
/// are others: then the class has waited for the second module.
fn login_options(argument: &JsJson, navigate: bool) -> Result<LoginOptions, Error> {
    if navigate && !page::has_page() {
        return Err(Error::about(ErrorCode::InvalidConfig, "no page to leave"));
    }
    let mut read = LoginOptions::default();
    if let Some(options) = argument.member("options") {
        read = seldom::login_options(&options)?;
    }
    if let Some(app_state) = argument.member("appState") {
        read.app_state = Some(app_state.as_text().ok_or_else(|| Error::about(ErrorCode::InvalidConfig, "appState"))?);
    }
    Ok(read)
}

/// A URL as text, which the class makes of it.
fn url(argument: &JsJson) -> Result<String, Error> {
    argument.as_text().ok_or_else(|| Error::about(ErrorCode::InvalidConfig, "url"))
}
