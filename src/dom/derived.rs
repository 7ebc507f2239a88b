//! A value worked out from states, when it is looked at after one of them has changed. It is one
//! kind of Leptos' memo for all types of value, for the same reason as [`super::State`].

use leptos::computed::Memo;
use leptos::owner::{LocalStorage, StoredValue};
use leptos::traits::*;
use std::any::Any;
use std::marker::PhantomData;
use std::rc::Rc;

type Cell = StoredValue<Rc<dyn Any>, LocalStorage>;

pub struct Derived<T> {
    /// Counts the values that differed from the one before.
    revision: Memo<u32>,
    cell: Cell,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Derived<T> {
    fn clone(&self) -> Derived<T> {
        *self
    }
}

impl<T> Copy for Derived<T> {}

impl<T: PartialEq + 'static> Derived<T> {
    pub fn new(work_out: impl Fn() -> T + Send + Sync + 'static) -> Derived<T> {
        let nothing: Rc<dyn Any> = Rc::new(());
        let cell = StoredValue::new_local(nothing);
        let revision = revision(Box::new(move || {
            let new = work_out();
            let old = cell.get_value().downcast::<T>();
            let differs = old.is_ok_and(|old| *old != new) || cell.get_value().is::<()>();
            if differs {
                let new: Rc<dyn Any> = Rc::new(new);
                cell.set_value(new);
            }
            differs
        }));
        Derived { revision, cell, of: PhantomData }
    }
}

fn revision(work_out: Box<dyn Fn() -> bool + Send + Sync>) -> Memo<u32> {
    Memo::new(move |count| count.map_or(0, |count| *count) + u32::from(work_out()))
}

impl<T: 'static> Derived<T> {
    pub fn track(&self) {
        self.revision.track();
    }

    /// Tracked.
    pub fn get(&self) -> Rc<T> {
        self.revision.get();
        self.value()
    }

    pub fn get_untracked(&self) -> Rc<T> {
        self.revision.get_untracked();
        self.value()
    }

    fn value(&self) -> Rc<T> {
        self.cell.get_value().downcast().expect("worked out by now")
    }

    /// Tracked.
    pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.get())
    }

    pub fn with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.get_untracked())
    }
}
