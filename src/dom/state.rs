//! A value that says when it changes. It is Leptos' trigger with a cell beside it: Leptos' own
//! signals are compiled again for each type of value.

use leptos::owner::{LocalStorage, StoredValue};
use leptos::signal::Trigger;
use leptos::traits::*;
use std::any::Any;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

/// Gone with the owner that it was made under, as a signal is.
pub struct State<T> {
    changed: Trigger,
    cell: StoredValue<Rc<dyn Any>, LocalStorage>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for State<T> {
    fn clone(&self) -> State<T> {
        *self
    }
}

impl<T> Copy for State<T> {}

impl<T> PartialEq for State<T> {
    fn eq(&self, other: &State<T>) -> bool {
        self.cell == other.cell
    }
}

const GONE: &str = "the state's owner is still there";

impl<T: 'static> State<T> {
    pub fn new(value: T) -> State<T> {
        let cell: Rc<dyn Any> = Rc::new(RefCell::new(value));
        State { changed: Trigger::new(), cell: StoredValue::new_local(cell), of: PhantomData }
    }

    fn cell(&self) -> Option<Rc<RefCell<T>>> {
        self.cell.try_get_value()?.downcast().ok()
    }

    /// Tracked, as all that does not say otherwise.
    pub fn track(&self) {
        self.changed.track();
    }

    pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        self.track();
        self.with_untracked(read)
    }

    pub fn with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.cell().expect(GONE).borrow())
    }

    /// Nothing happens when it is gone.
    pub fn update(&self, change: impl FnOnce(&mut T)) {
        if let Some(cell) = self.cell() {
            change(&mut cell.borrow_mut());
            self.changed.notify();
        }
    }

    /// Nothing happens when it is gone.
    pub fn set(&self, value: T) {
        self.update(|old| *old = value);
    }
}

impl<T: Clone + 'static> State<T> {
    pub fn get(&self) -> T {
        self.with(T::clone)
    }

    pub fn get_untracked(&self) -> T {
        self.with_untracked(T::clone)
    }

    /// `None` when it is gone.
    pub fn try_get_untracked(&self) -> Option<T> {
        Some(self.cell()?.borrow().clone())
    }
}
