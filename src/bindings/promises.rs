//! The callers that wait for an answer, each with its promise's two functions.

use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;

use crate::core::machines::io::Caller;

#[derive(Debug, Default)]
pub(super) struct Promises {
    last: Cell<Caller>,
    waiting: RefCell<Vec<(Caller, Function, Function)>>,
}

impl Promises {
    /// A new caller with its promise.
    pub(super) fn open(&self) -> (Caller, Promise) {
        let caller = self.last.get() + 1;
        self.last.set(caller);
        let promise = Promise::new(&mut |resolve, reject| self.waiting.borrow_mut().push((caller, resolve, reject)));
        (caller, promise)
    }

    /// Keeps the promise.
    pub(super) fn settle(&self, caller: Caller, result: Result<JsValue, JsValue>) {
        let Some(index) = self.waiting.borrow().iter().position(|(waiting, ..)| *waiting == caller) else {
            return;
        };
        let (_, resolve, reject) = self.waiting.borrow_mut().swap_remove(index);
        // A promise's own functions do not throw.
        let _ = match result {
            Ok(value) => resolve.call1(&JsValue::UNDEFINED, &value),
            Err(error) => reject.call1(&JsValue::UNDEFINED, &error),
        };
    }
}
