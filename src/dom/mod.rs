//! Elements as data, and one function that makes the document agree with them.
//!
//! Leptos' signals say when something is to be shown again; what is shown is a [`View`], which has
//! no type parameter. Leptos' own views are typed: each place where one is built brings code of its
//! own, which more than doubled what a reader has to download (see BENCHMARKS.md).
//!
//! A view that is shown again in the same place is patched, so a panel may be written as one
//! function of the World and keep its focus.

mod build;
mod derived;
mod live;
mod patch;
pub mod reactive;
mod state;

pub use build::{Element, Place, View, el, svg};
pub use derived::Derived;
pub use live::{Handle, mount, whenever};
pub use state::State;

/// Something that is done with an event.
pub type OnEvent = std::rc::Rc<dyn Fn(&web_sys::Event)>;
