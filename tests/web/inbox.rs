//! Where what arrives by and by is kept until a test takes it.

use crate::stand_in::pause;
use std::{cell::RefCell, collections::VecDeque, rc::Rc};

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
