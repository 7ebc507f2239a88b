//! The picture in the page: boxes as elements, which can be focused and read aloud, and packets on
//! one canvas above them. What is drawn, and where, is the crate `scene`'s.

pub mod bands;
pub mod failures;
pub mod gestures;
pub mod input;
pub mod packets;
pub mod picture;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;
mod view;

pub use view::Diagram;
