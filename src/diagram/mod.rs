//! The picture: the cluster drawn from the World, with every packet on its way.
//!
//! From the World to the screen in four steps, the first three of them pure: [`facts`] (what there
//! is), [`layout`] and [`routes`] (where it is), [`dots`] (where each packet is), and the drawing:
//! boxes as elements, which can be focused and read aloud, and packets on one canvas above them.

pub mod bands;
mod camera;
pub mod dots;
pub mod facts;
pub mod failures;
pub mod geometry;
pub mod gestures;
pub mod input;
mod layout;
pub mod marks;
pub mod packets;
pub mod relations;
pub mod routes;
pub mod scene;
mod slots;
#[cfg(test)]
mod testing;
mod view;
mod walk;
pub mod words;

pub use relations::{first_service, service_of};
pub use view::diagram;
