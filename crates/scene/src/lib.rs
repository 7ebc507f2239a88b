//! What is drawn of a cluster, and where: pure functions of a World, without a browser.
//!
//! From the World to the screen in steps: [`facts`] (what there is), [`layout`] and [`routes`]
//! (where it is), [`dots`] (where each packet is), [`relations`] (what belongs to what is selected).
//! [`Scene`] is one moment of all that. Whoever draws it, as elements, on a canvas or as a still
//! picture, decides nothing.

pub mod camera;
pub mod dots;
pub mod facts;
pub mod geometry;
pub mod layout;
pub mod marks;
pub mod relations;
pub mod routes;
mod scene;
mod selection;
pub mod slots;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod walk;
pub mod words;

pub use scene::{Front, Light, MOST_ROWS, Scene, Trouble, recent_failures, told_tenths};
pub use selection::{HopRef, Selection, selection_of, selection_of_ref};
