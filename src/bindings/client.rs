//! The client behind `AuthClient`.
//!
//! It has one method. The class that programs see is hand-written (pkg-template/auth-client.js): an exported
//! method costs the module 600 bytes for its borrow checks, a line of JavaScript 30.

use super::{error::auth_error, promises::Promises, values};
use crate::{
    core::{
        machines::{
            io::{Answer, Caller, Event},
            machine::Machine,
        },
        protocol::authorize::LoginOptions,
        words::{
            config::{self, Config},
            error::{Error, ErrorCode},
            json::Json,
            time::UnixMillis,
        },
    },
    web::{
        driver::{Driver, Program},
        entropy,
        json::JsJson,
        page,
        storage::Store,
    },
};
use alloc::{rc::Rc, string::String};
use core::{cell::RefCell, fmt};
use js_sys::{Function, Object, Promise};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/bindings/app_state.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = writeAppState)]
    fn write_app_state(value: &JsValue) -> Result<String, JsValue>;
}

/// What can be asked. auth-client.js says them by these numbers.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// `login(options)`
    Login = 0,
    /// `createLoginUrl(options)`
    CreateLoginUrl = 1,
    /// `handleCallback(url)`
    HandleCallback = 2,
    /// `getSession()`
    GetSession = 3,
    /// `getAccessToken(options)`
    GetAccessToken = 4,
    /// `refresh()`
    Refresh = 5,
    /// `startAutoRefresh()`
    StartAutoRefresh = 6,
    /// `stopAutoRefresh()`
    StopAutoRefresh = 7,
    /// `logout(options)`
    Logout = 8,
    /// `handleLogoutCallback(url)`
    HandleLogoutCallback = 9,
    /// `close()`
    Close = 10,
}

/// A client of one authorization server.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Client(Rc<Driver<Page>>);

/// The program in the page.
struct Page {
    promises: Promises,
    /// Told each event by name and detail.
    emit: Function,
    given: JsValue,
    /// The driver, from its making until the client is handed out.
    opening: RefCell<Option<Rc<Driver<Page>>>>,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Page")
    }
}

impl Program for Page {
    fn settle(&self, caller: Caller, result: Result<Answer<JsJson>, Error>) {
        let value = match result {
            Ok(Answer::Opened(discovered)) => Ok(self.opened(discovered)),
            Ok(answer) => Ok(values::answer(answer)),
            Err(error) => {
                if let Some(driver) = self.opening.take() {
                    driver.detach();
                }
                Err(auth_error(&error))
            }
        };
        self.promises.settle(caller, value);
    }

    fn notify(&self, event: Event<JsJson>) {
        let (name, detail) = values::event(&event);
        // The package's own function: it keeps what listeners throw to itself.
        let _ = self.emit.call2(&JsValue::UNDEFINED, &JsValue::from_str(name), &detail);
    }
}

impl Page {
    /// Hands the client out, and tells its class the metadata: the server's, and over them the program's.
    fn opened(&self, discovered: Option<JsJson>) -> JsValue {
        let metadata = Object::new();
        for part in [discovered.map_or(JsValue::UNDEFINED, |document| document.0), self.given.clone()] {
            Object::assign(&metadata, part.unchecked_ref());
        }
        let _ = self.emit.call2(&JsValue::UNDEFINED, &JsValue::UNDEFINED, &metadata);
        self.opening.take().map_or(JsValue::UNDEFINED, |driver| Client(driver).into())
    }
}

/// Opens a client. `emit` is told its metadata (with no name) before it is handed out, and then each event.
#[wasm_bindgen]
pub fn open(options: JsValue, emit: Function) -> Promise {
    match opening(JsJson(options), emit) {
        Ok(promise) => promise,
        Err(error) => Promise::reject(&auth_error(&error)),
    }
}

fn opening(options: JsJson, emit: Function) -> Result<Promise, Error> {
    let config = Config::read(&options)?;
    let member = |name| options.member(name).map_or(JsValue::UNDEFINED, |value| value.0);
    let fetch = member("fetch");
    if !fetch.is_undefined() && !fetch.is_function() {
        return Err(Error::about(ErrorCode::InvalidConfig, "fetch"));
    }
    if !config.allow_insecure && !page::has_subtle_crypto() {
        return Err(ErrorCode::InsecureContext.into());
    }
    let store = Store::read(&member("storage"))?;
    let given = member("metadata");
    let page = Page { promises: Promises::default(), emit, given: given.clone(), opening: RefCell::default() };
    let driver = Driver::new(config, entropy::seed(), store, fetch, page);
    driver.program.opening.replace(Some(driver.clone()));
    let (caller, promise) = driver.program.promises.open();
    let given = (!given.is_undefined()).then_some(JsJson(given));
    driver.machine(|machine, _| machine.open(caller, given));
    Ok(promise)
}

#[wasm_bindgen]
impl Client {
    /// Asks for something.
    pub fn ask(&self, request: Request, argument: JsValue) -> Promise {
        let (caller, promise) = self.0.program.promises.open();
        if let Err(error) = self.forward(caller, request, JsJson(argument)) {
            self.0.program.settle(caller, Err(error));
        }
        promise
    }

    fn forward(&self, caller: Caller, request: Request, argument: JsJson) -> Result<(), Error> {
        match request {
            Request::Login | Request::CreateLoginUrl => {
                let navigate = request == Request::Login;
                let options = login_options(&argument, navigate)?;
                let entropy = entropy::entropy()?;
                self.command(caller, |machine| machine.login(caller, options, &entropy, navigate));
            }
            Request::HandleCallback => {
                let url = text_of_url(argument)?;
                self.command(caller, |machine| machine.callback(caller, &url));
            }
            Request::GetSession => self.command(caller, |machine| machine.session(caller)),
            Request::GetAccessToken => {
                // This release has one token a session: to give it for another resource would be wrong in silence.
                if let Some(name) = ["resource", "scope"].into_iter().find(|name| argument.member(name).is_some()) {
                    return Err(Error::about(ErrorCode::InvalidConfig, name));
                }
                let min_validity = config::millis(&argument, "minValidity")?.unwrap_or(0);
                self.command(caller, |machine| machine.access_token(caller, min_validity));
            }
            Request::Refresh => self.command(caller, |machine| machine.refresh(caller)),
            Request::StartAutoRefresh => self.0.machine(|machine, now| machine.auto_refresh(true, now)),
            Request::StopAutoRefresh => self.0.machine(|machine, now| machine.auto_refresh(false, now)),
            Request::Logout => {
                let stays = argument.member("redirect").and_then(|value| value.as_bool()) == Some(false);
                let back = config::redirect_uri(&argument, "postLogoutRedirectUri")?;
                let entropy = entropy::entropy()?;
                let local = argument.is_true("local");
                self.command(caller, |machine| machine.logout(caller, local, !stays, back, &entropy));
            }
            Request::HandleLogoutCallback => {
                let url = text_of_url(argument)?;
                self.command(caller, |machine| machine.logout_callback(caller, url));
            }
            Request::Close => {
                self.0.machine(|machine, _| machine.close(caller));
                self.0.detach();
            }
        }
        Ok(())
    }

    fn command(&self, caller: Caller, call: impl FnOnce(&mut Machine<JsJson>)) {
        self.0.machine(|machine, now: UnixMillis| {
            if let Some(machine) = machine.command(caller, now) {
                call(machine);
            }
        });
    }
}

fn login_options(argument: &JsJson, navigate: bool) -> Result<LoginOptions, Error> {
    if navigate && page::location().is_undefined() {
        return Err(Error::about(ErrorCode::InvalidConfig, "no page to leave: use createLoginUrl"));
    }
    if argument.member("signal").is_some_and(|signal| signal.is_true("aborted")) {
        return Err(ErrorCode::Aborted.into());
    }
    let mut options = LoginOptions::read(argument)?;
    if let Some(app_state) = argument.member("appState") {
        let text = write_app_state(&app_state.0).map_err(|_| Error::about(ErrorCode::InvalidConfig, "appState"))?;
        options.app_state = Some(text);
    }
    Ok(options)
}

/// A URL as text: given as text or as an object, or the page's own.
fn text_of_url(url: JsJson) -> Result<String, Error> {
    let url = if url.0.is_undefined() { JsJson(page::location()) } else { url };
    url.as_text().or_else(|| url.text("href")).ok_or_else(|| Error::about(ErrorCode::InvalidConfig, "url"))
}
