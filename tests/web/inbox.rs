//! Where what arrives by and by is kept until a test takes it.

use crate::stand_in::pause;
use std::{cell::RefCell, collections::VecDeque, rc::Rc};
use wasm_bindgen::{JsValue, closure::Closure};

/// Things in the order in which they arrived.
pub struct Inbox<T>(Rc<RefCell<VecDeque<T>>>);

impl<T> Clone for Inbox<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self(Rc::default())
    }
}

impl<T> Inbox<T> {
    pub fn put(&self, thing: T) {
        self.0.borrow_mut().push_back(thing);
    }

    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// What is here already.
    pub fn here(&self) -> Option<T> {
        self.0.borrow_mut().pop_front()
    }

    /// The next thing, which has to come within seconds.
    pub async fn take(&self) -> T {
        for _ in 0..1_000 {
            if let Some(thing) = self.here() {
                return thing;
            }
            pause(2).await;
        }
        panic!("nothing has come");
    }
}

/// What a facility of the host delivers, by the numbers of src/web/driver.rs.
#[derive(Debug)]
pub struct Arrival {
    pub what: u32,
    pub op: u32,
    pub number: f64,
    pub text: Option<String>,
    pub extra: Option<String>,
    pub sent_at: f64,
}

pub const LOADED: u32 = 0;
pub const STORED: u32 = 1;
pub const RESPONDED: u32 = 2;
pub const TIMER: u32 = 3;
pub const PAGE: u32 = 4;
pub const LOCK: u32 = 5;
pub const HEARD: u32 = 6;
pub const VERIFIED: u32 = 7;
pub const KEYED: u32 = 8;
pub const SIGNED: u32 = 9;

type Deliver = dyn Fn(u32, u32, f64, Option<String>, Option<String>, f64);

impl Inbox<Arrival> {
    /// The function that a facility delivers to.
    pub fn address(&self) -> JsValue {
        let inbox = self.clone();
        Closure::<Deliver>::new(move |what, op, number, text, extra, sent_at| {
            inbox.put(Arrival { what, op, number, text, extra, sent_at });
        })
        .into_js_value()
    }
}
