//! The loop: the outputs of the machine one by one, then the timer.
//!
//! Every answer of the host calls the machine and runs the loop: there are no futures, so nothing is borrowed while
//! the host works or a listener runs. Who calls the machine while the loop runs (a listener calls the client) only
//! adds to the loop's work.

use super::{
    channel::Channel,
    clock, crypto,
    dpop::{self, Signer},
    fetch::{self, Requests},
    json::JsJson,
    lock::{self, Locks},
    page::{self, PageEvents},
    storage::{self, Stores},
    timer::Timer,
};
use crate::core::{
    machines::{
        io::{Answer, Caller, Event, Op, Output},
        machine::Machine,
    },
    words::{config::Config, error::Error, secret::Secret, time::UnixMillis},
};
use alloc::{rc::Rc, string::String};
use core::{
    cell::{Cell, OnceCell, RefCell, RefMut},
    fmt,
};
use wasm_bindgen::{JsValue, closure::Closure};

/// Who is told what comes of it.
pub trait Program: 'static {
    /// Answers a caller.
    fn settle(&self, caller: Caller, result: Result<Answer<JsJson>, Error>);
    /// Tells the listeners. They may call the driver again.
    fn notify(&self, event: Event<JsJson>);
}

/// A machine in its host.
pub struct Driver<P> {
    /// Who is told.
    pub program: P,
    machine: RefCell<Machine<JsJson>>,
    running: Cell<bool>,
    armed: Cell<Option<UnixMillis>>,
    host: Host,
}

/// The facilities of the host that one client uses.
struct Host {
    stores: Stores,
    requests: Requests,
    locks: Locks,
    channel: Channel,
    timer: Timer,
    events: PageEvents,
    signer: OnceCell<Signer>,
    deliver: JsValue,
}

impl<P: fmt::Debug> fmt::Debug for Driver<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("program", &self.program).finish_non_exhaustive()
    }
}

// What arrives. The facilities say it by these numbers; every other one is the page's.
const LOADED: u32 = 0;
const STORED: u32 = 1;
const RESPONDED: u32 = 2;
const TIMER: u32 = 3;
const LOCK: u32 = 5;
const HEARD: u32 = 6;
const VERIFIED: u32 = 7;
const KEYED: u32 = 8;
const SIGNED: u32 = 9;

/// What the page's number says.
const VISIBLE: u32 = 1;
const RECOVERED: u32 = 2;

/// What the host calls: what arrives, for which output, a number (a status, how a lock stands, what the page says), a
/// value, a body or a message, what was thrown or `Retry-After`, and when the request was sent.
type Deliver = dyn Fn(u32, Op, f64, Option<String>, Option<String>, f64);

impl<P: Program> Driver<P> {
    /// Puts a machine into the host. `storage` and `fetch` are the configuration's, or undefined.
    ///
    /// # Errors
    /// `invalid_config` where `storage` is none that there is, `storage_unavailable` where the page has none.
    pub fn new(config: Config, seed: u32, storage: &JsValue, fetch: &JsValue, program: P) -> Result<Rc<Self>, Error> {
        let slot = Rc::new(OnceCell::<Rc<Self>>::new());
        // The function holds the driver, and the driver the host with the function: an open client lives until it is
        // closed, whether or not the program still holds it, as its listeners and its timer are wanted.
        let this = slot.clone();
        let deliver = Closure::<Deliver>::new(move |arrival, op, number, text, extra, sent_at| {
            if let Some(driver) = this.get() {
                driver.deliver(arrival, op, number, text, extra, sent_at);
            }
        });
        let driver = Self::answered_by(&deliver.into_js_value(), config, seed, storage, fetch, program)?;
        let _ = slot.set(driver.clone());
        Ok(driver)
    }

    /// The same where somebody else brings the host's answers: `deliver` is a JavaScript function that calls
    /// [`deliver`](Self::deliver) of this driver. A closure of Rust's own is half a kilobyte of module.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn answered_by(
        deliver: &JsValue,
        config: Config,
        seed: u32,
        storage: &JsValue,
        fetch: &JsValue,
        program: P,
    ) -> Result<Rc<Self>, Error> {
        let host = Host {
            stores: Stores::open(storage, deliver)?,
            requests: Requests::new(fetch, config.request_timeout as f64, deliver),
            locks: Locks::new(deliver),
            channel: Channel::new(deliver, storage),
            timer: Timer::new(deliver),
            events: PageEvents::new(deliver),
            signer: OnceCell::new(),
            deliver: deliver.clone(),
        };
        let mut machine = Machine::new(config, seed);
        machine.visible(page::is_visible(), clock::now());
        if !page::has_subtle_crypto() {
            machine.without_signatures();
        }
        Ok(Rc::new(Self {
            program,
            machine: RefCell::new(machine),
            running: Cell::new(false),
            armed: Cell::new(None),
            host,
        }))
    }

    /// Where every answer of the host arrives: what, for which output, a number (a status, how a lock stands, what the
    /// page says), a value, a body or a message, what was thrown or `Retry-After`, and when the request was sent.
    pub fn deliver(
        &self,
        arrival: u32,
        op: Op,
        number: f64,
        text: Option<String>,
        extra: Option<String>,
        sent_at: f64,
    ) {
        let now = clock::now();
        let mut machine = self.machine();
        match arrival {
            LOADED => {
                let failure = extra.map(|thrown| storage::failure(&thrown));
                machine.loaded(op, failure.map_or(Ok(text.map(Secret::new)), Err), now);
            }
            STORED => machine.stored(op, extra.map_or(Ok(()), |thrown| Err(storage::failure(&thrown))), now),
            RESPONDED => {
                machine.responded(op, UnixMillis(sent_at as u64), fetch::result(number, text, extra), now);
            }
            TIMER => {
                // Whether or not it has come, the timer has to be set anew.
                self.armed.set(None);
                machine.wake(now);
            }
            LOCK => machine.locked(op, lock::standing(number), now),
            VERIFIED => machine.verified(op, crypto::verdict(number, text), now),
            KEYED => machine.keyed(op, dpop::key(number, text, extra), now),
            SIGNED => machine.signed(op, dpop::proof(text), now),
            HEARD => machine.heard(&text.unwrap_or_default(), now),
            _ => {
                let told = number as u32;
                machine.visible(told & VISIBLE != 0, now);
                if told & RECOVERED != 0 {
                    machine.recovered(now);
                }
            }
        }
        drop(machine);
        self.run();
    }

    /// The machine, to be called. [`run`](Self::run) comes after it.
    pub fn machine(&self) -> RefMut<'_, Machine<JsJson>> {
        self.machine.borrow_mut()
    }

    /// Performs what comes of a call.
    pub fn run(&self) {
        if self.running.replace(true) {
            return;
        }
        while let Some(output) = self.next_output() {
            self.perform(output);
        }
        self.running.set(false);
        let deadline = self.machine.borrow().deadline();
        if deadline != self.armed.replace(deadline) {
            self.host.timer.arm(deadline.map(|at| at.0 as f64));
        }
    }

    /// Lets go of the host: no more events, timers, locks and requests. What the machine still wants of them is lost.
    pub fn detach(&self) {
        self.host.events.close();
        self.host.locks.close();
        self.host.channel.close();
        self.host.timer.arm(None);
        self.host.requests.close();
    }

    fn next_output(&self) -> Option<Output<JsJson>> {
        self.machine.borrow_mut().poll()
    }

    fn perform(&self, output: Output<JsJson>) {
        let host = &self.host;
        match output {
            Output::Load { op, area, key } => host.stores.load(op, area as u32, &key),
            Output::Store { op, area, key, value } => host.stores.store(op, area as u32, &key, Some(value.expose())),
            Output::Remove { op, area, key } => host.stores.store(op, area as u32, &key, None),
            Output::Send { op, request } => host.requests.send(
                op,
                &request.url,
                request.form.as_ref().map(Secret::expose),
                request.authorization.as_ref().map(Secret::expose),
                request.proof.as_ref().map(Secret::expose),
                request.is_fresh,
                request.outlives_page,
            ),
            Output::Verify { op } => {
                if let Some(signature) = self.machine.borrow().signature(op) {
                    crypto::verify(&host.deliver, op, &signature);
                }
            }
            Output::Key { op, name, must_last } => dpop::open(&host.signer, &host.deliver, op, &name, must_last),
            Output::Sign { op, input } => dpop::sign(&host.signer, op, &input),
            Output::Lock { op, name, steal } => host.locks.request(op, &name, steal),
            Output::Unlock { op } => host.locks.release(op),
            Output::Listen(name) => host.channel.listen(&name),
            Output::Tell(message) => host.channel.tell(message.expose()),
            Output::Settle { caller, result } => self.program.settle(caller, result),
            Output::Notify(event) => self.program.notify(event),
            Output::Navigate(url) => page::navigate(url.expose()),
        }
    }
}
