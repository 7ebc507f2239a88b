//! What is drawn of a cluster, and where: pure functions of a World, without a browser.
//!
//! From the World to the screen in steps: [`facts`] (what there is), [`layout`] and [`routes`]
//! (where it is), [`dots`] (where each packet is), [`relations`] (what belongs to what is selected).
//! [`Scene`] is one moment of all that. Code that draws it, as elements, on a canvas or as a still image, makes no
//! decisions of its own.

pub mod bands;
pub mod camera;
pub mod cards;
pub mod dots;
pub mod facts;
pub mod failures;
pub mod geometry;
pub mod layout;
pub mod marks;
pub mod navigation;
pub mod network;
pub mod palette;
pub mod pod_slots;
pub mod relations;
pub mod routes;
mod scene;
mod selection;
pub mod svg;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod typeface;
pub mod words;

pub use scene::{
    Emphasis, Highlight, MOST_ROWS, RecentFailures, Scene, Shown, Standing, display_tenths, recent_failures,
};
pub use selection::{HopRef, Selection, selection_of, selection_of_ref};
