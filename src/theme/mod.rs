//! The look of a lab: tokens for its style sheets, and the same colours for its canvas.

mod palette;
#[cfg(test)]
mod tests;

pub use palette::{Palette, palette};
