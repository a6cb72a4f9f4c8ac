//! The loop: the outputs of the machine one by one, then the timer.
//!
//! Every answer of the host arrives at one JavaScript function, [`Driver::deliver`], that was bound to what it is
//! and to its number: there are no futures, so nothing is borrowed while the host works or a listener runs.
//! Who calls the machine while the loop runs (a listener calls the client) only adds to the loop's work.

use super::{
    clock,
    fetch::{self, Course, Flight},
    host::{self, Callback},
    json::JsJson,
    page,
    storage::{self, Given, Store},
    timer::Timer,
};
use crate::core::{
    machines::{
        io::{Answer, Area, Caller, Event, Op, Output},
        machine::Machine,
    },
    words::{
        config::Config,
        error::{Error, ErrorCode},
        http::{Request, Response, Unanswered},
        secret::Secret,
        time::UnixMillis,
    },
};
use alloc::{rc::Rc, vec::Vec};
use core::{
    cell::{Cell, RefCell},
    fmt,
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

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
    store: Store,
    login_store: Option<Store>,
    fetch: JsValue,
    request_timeout: u64,
    flights: RefCell<Vec<Flight>>,
    timer: Timer,
    armed: Cell<Option<UnixMillis>>,
    deliver: RefCell<JsValue>,
    on_page_event: RefCell<JsValue>,
}

impl<P: fmt::Debug> fmt::Debug for Driver<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("program", &self.program).finish_non_exhaustive()
    }
}

/// What the host answers to.
#[derive(Clone, Copy)]
#[repr(u32)]
enum Arrival {
    Loaded,
    LoadFailed,
    Stored,
    StoreFailed,
    Answered,
    Read,
    SendFailed,
    TimedOut,
    Timer,
    Page,
}

const ARRIVALS: [Arrival; 10] = [
    Arrival::Loaded,
    Arrival::LoadFailed,
    Arrival::Stored,
    Arrival::StoreFailed,
    Arrival::Answered,
    Arrival::Read,
    Arrival::SendFailed,
    Arrival::TimedOut,
    Arrival::Timer,
    Arrival::Page,
];

impl<P: Program> Driver<P> {
    /// Puts a machine into the host. `fetch` is the program's own, or undefined.
    pub fn new(config: Config, seed: u32, store: Store, fetch: JsValue, program: P) -> Rc<Self> {
        let driver = Rc::new(Self {
            program,
            request_timeout: config.request_timeout,
            machine: RefCell::new(Machine::new(config, seed)),
            running: Cell::new(false),
            login_store: store.for_logins(),
            store,
            fetch,
            flights: RefCell::default(),
            timer: Timer::default(),
            armed: Cell::new(None),
            deliver: RefCell::default(),
            on_page_event: RefCell::default(),
        });
        // The function holds the driver, and the driver the function: an open client lives until it is closed,
        // whether or not the program still holds it, as its listeners and its timer are wanted.
        let this = driver.clone();
        let deliver =
            Closure::<dyn Fn(u32, u32, JsValue)>::new(move |arrival, op, value| this.deliver(arrival, op, &value));
        driver.deliver.replace(deliver.into_js_value());
        driver.on_page_event.replace(driver.bound(Arrival::Page, 0));
        page::listen(true, &driver.on_page_event.borrow());
        driver
    }

    /// Calls the machine and performs what comes of it.
    pub fn machine(&self, call: impl FnOnce(&mut Machine<JsJson>, UnixMillis)) {
        call(&mut self.machine.borrow_mut(), clock::now());
        self.run();
    }

    fn run(&self) {
        if self.running.replace(true) {
            return;
        }
        while let Some(output) = self.next_output() {
            self.perform(output);
        }
        self.running.set(false);
        self.arm();
    }

    /// Lets go of the host: no more events, timers and requests.
    pub fn detach(&self) {
        page::listen(false, &self.on_page_event.borrow());
        for flight in self.flights.take() {
            flight.abort();
        }
        self.arm();
    }

    fn next_output(&self) -> Option<Output<JsJson>> {
        self.machine.borrow_mut().poll()
    }

    fn arm(&self) {
        let (deadline, now) = (self.machine.borrow().deadline(), clock::now());
        // A timer that looks early has to be set again, though the deadline is the same.
        if deadline != self.armed.replace(deadline) {
            self.timer.arm(deadline, now, &self.bound(Arrival::Timer, 0));
        }
    }

    fn perform(&self, output: Output<JsJson>) {
        match output {
            Output::Load { op, area, key } => match self.store(area).get(&key) {
                Given::Now(result) => self.loaded(op, result),
                Given::Later(promise) => self.wait(&promise, Arrival::Loaded, Arrival::LoadFailed, op),
            },
            Output::Store { op, area, key, value } => self.written(op, self.store(area).set(&key, &value)),
            Output::Remove { op, area, key } => self.written(op, self.store(area).remove(&key)),
            Output::Send { op, request } => self.send(op, &request),
            Output::Settle { caller, result } => self.program.settle(caller, result),
            Output::Notify(event) => self.program.notify(event),
            Output::Navigate(url) => page::navigate(&url),
        }
    }

    fn loaded(&self, op: Op, result: Result<Option<Secret>, Error>) {
        self.machine(|machine, now| machine.loaded(op, result, now));
    }

    fn stored(&self, op: Op, result: Result<(), Error>) {
        self.machine(|machine, now| machine.stored(op, result, now));
    }

    fn responded(&self, op: Op, sent_at: UnixMillis, result: Result<Response, Unanswered>) {
        self.machine(|machine, now| machine.responded(op, sent_at, result, now));
    }

    fn written(&self, op: Op, given: Given<()>) {
        match given {
            Given::Now(result) => self.stored(op, result),
            Given::Later(promise) => self.wait(&promise, Arrival::Stored, Arrival::StoreFailed, op),
        }
    }

    fn store(&self, area: Area) -> &Store {
        match (area, &self.login_store) {
            (Area::Login, Some(store)) => store,
            _ => &self.store,
        }
    }

    fn send(&self, op: Op, request: &Request) {
        let course = Course {
            answered: self.bound(Arrival::Answered, op),
            failed: self.bound(Arrival::SendFailed, op),
            timed_out: self.bound(Arrival::TimedOut, op),
        };
        match fetch::send(op, request, &self.fetch, self.request_timeout, &course) {
            Ok(flight) => self.flights.borrow_mut().push(flight),
            Err(unanswered) => self.responded(op, clock::now(), Err(unanswered)),
        }
    }

    fn wait(&self, promise: &JsValue, fulfilled: Arrival, rejected: Arrival, op: Op) {
        host::promise(promise).then(&self.bound(fulfilled, op), &self.bound(rejected, op));
    }

    fn bound(&self, arrival: Arrival, op: Op) -> JsValue {
        self.deliver.borrow().unchecked_ref::<Callback>().bind(&JsValue::UNDEFINED, arrival as u32, op)
    }

    /// Where every answer of the host arrives.
    fn deliver(&self, arrival: u32, op: Op, value: &JsValue) {
        let Some(arrival) = ARRIVALS.get(arrival as usize) else {
            return;
        };
        match arrival {
            Arrival::Loaded => self.loaded(op, loaded(value)),
            Arrival::LoadFailed => self.loaded(op, Err(storage::failure(value))),
            Arrival::Stored => self.stored(op, Ok(())),
            Arrival::StoreFailed => self.stored(op, Err(storage::failure(value))),
            Arrival::Answered => self.answered(op, value),
            Arrival::Read => self.landed(op, |flight| Ok(flight.finish(value))),
            Arrival::SendFailed => self.landed(op, |_| Err(Unanswered::Network)),
            Arrival::TimedOut => self.landed(op, |flight| {
                flight.abort();
                Err(Unanswered::Timeout)
            }),
            Arrival::Timer => {
                self.armed.set(None);
                self.machine(Machine::wake);
            }
            Arrival::Page => self.machine(Machine::recovered),
        }
    }

    fn answered(&self, op: Op, response: &JsValue) {
        if let Some(flight) = self.flights.borrow_mut().iter_mut().find(|flight| flight.op == op) {
            flight.answered(response, &self.bound(Arrival::Read, op), &self.bound(Arrival::SendFailed, op));
        }
    }

    /// The end of a flight, whichever comes first; what comes later finds it gone.
    fn landed(&self, op: Op, end: impl FnOnce(&mut Flight) -> Result<Response, Unanswered>) {
        let index = self.flights.borrow().iter().position(|flight| flight.op == op);
        if let Some(index) = index {
            let mut flight = self.flights.borrow_mut().swap_remove(index);
            let result = end(&mut flight);
            self.responded(op, flight.sent_at, result);
        }
    }
}

/// What a program's store gave: a string, or null or undefined for nothing.
fn loaded(value: &JsValue) -> Result<Option<Secret>, Error> {
    if value.is_null() || value.is_undefined() {
        return Ok(None);
    }
    value.as_string().map(|value| Some(Secret::new(value))).ok_or_else(|| ErrorCode::StorageUnavailable.into())
}
