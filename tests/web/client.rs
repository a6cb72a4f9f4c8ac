//! A program that has a driver, asks it, and keeps what it is told.

use crate::{
    inbox::Inbox,
    stand_in::{js, pause},
};
use js_sys::Reflect;
use pixie_auth::{
    Answer, Config, Error, Event, LoginOptions, Machine,
    core::machines::io::Caller,
    web::{
        clock,
        driver::{Driver, Program},
        entropy,
        json::JsJson,
    },
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};
use wasm_bindgen::JsValue;

type Said = Result<Answer<JsJson>, Error>;

/// What a listener does when it is told something.
type Reaction = Box<dyn Fn(&Event<JsJson>)>;

/// The program.
#[derive(Default)]
pub struct Listener {
    answers: RefCell<BTreeMap<Caller, Said>>,
    pub told: Inbox<Event<JsJson>>,
    pub reaction: RefCell<Option<Reaction>>,
}

impl Program for Listener {
    fn settle(&self, caller: Caller, result: Said) {
        assert!(self.answers.borrow_mut().insert(caller, result).is_none(), "a caller is told once");
    }

    fn notify(&self, event: Event<JsJson>) {
        if let Some(reaction) = self.reaction.borrow().as_ref() {
            reaction(&event);
        }
        self.told.put(event);
    }
}

/// A driver, asked as `AuthClient` does.
#[derive(Clone)]
pub struct Client {
    pub driver: Rc<Driver<Listener>>,
    callers: Rc<Cell<Caller>>,
}

impl Client {
    /// The configuration is JavaScript, on top of one that is whole.
    pub fn new(config: &str, storage: &JsValue, fetch: &JsValue) -> Result<Self, Error> {
        // Another test's server said it, or another page's: what is kept of the metadata is tests/flows' subject.
        js(
            "Object.keys(sessionStorage).filter((key) => key.endsWith(' metadata')).forEach((key) => sessionStorage.removeItem(key))",
        );
        let whole = "issuer: 'https://as.example', clientId: 'notes-spa', redirectUri: 'https://app.example/callback'";
        let options = js(&format!("{{ {whole}, ...{config} }}"));
        Reflect::set(&options, &"storage".into(), storage).unwrap();
        let config = Config::read(&JsJson(options))?;
        let driver = Driver::new(config, entropy::seed(), storage, fetch, Listener::default())?;
        Ok(Self { driver, callers: Rc::default() })
    }

    /// Asks, and does not wait.
    pub fn begin(&self, ask: impl FnOnce(&mut Machine<JsJson>, Caller)) -> Caller {
        let caller = self.callers.get() + 1;
        self.callers.set(caller);
        if let Some(machine) = self.driver.machine().command(caller, clock::now()) {
            ask(machine, caller);
        }
        self.driver.run();
        caller
    }

    /// The answer, where it is there.
    pub fn answer(&self, caller: Caller) -> Option<Said> {
        self.driver.program.answers.borrow_mut().remove(&caller)
    }

    /// Waits for the answer.
    pub async fn said(&self, caller: Caller) -> Said {
        for _ in 0..1_000 {
            if let Some(answer) = self.answer(caller) {
                return answer;
            }
            pause(2).await;
        }
        panic!("nobody answers");
    }

    pub async fn ask(&self, ask: impl FnOnce(&mut Machine<JsJson>, Caller)) -> Said {
        let caller = self.begin(ask);
        self.said(caller).await
    }

    /// The same, where an error goes by its code.
    pub async fn code(&self, ask: impl FnOnce(&mut Machine<JsJson>, Caller)) -> Result<Answer<JsJson>, &'static str> {
        self.ask(ask).await.map_err(|error| error.code().as_str())
    }

    pub async fn open(&self) -> Result<Answer<JsJson>, &'static str> {
        self.code(|machine, caller| machine.open(caller, None)).await
    }

    pub async fn login_url(&self) -> String {
        let entropy = entropy::entropy().unwrap();
        match self.code(|machine, caller| machine.login(caller, LoginOptions::default(), &entropy, false)).await {
            Ok(Answer::LoginUrl { url, .. }) => url,
            other => panic!("{other:?}"),
        }
    }

    pub async fn access_token(&self, min_validity: u64) -> Result<String, &'static str> {
        match self.code(|machine, caller| machine.access_token(caller, min_validity)).await? {
            Answer::AccessToken(token) => Ok(token.expose().into()),
            other => panic!("{other:?}"),
        }
    }

    /// Closes as `AuthClient` does.
    pub async fn close(&self) {
        assert!(matches!(self.ask(Machine::close).await, Ok(Answer::Done)));
        self.driver.detach();
    }
}
