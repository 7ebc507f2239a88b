//! The look of a lab: one style sheet for its shadow root, and the same colours for its canvas.

mod palette;
#[cfg(test)]
mod tests;

pub use palette::{Palette, palette};

/// Tokens and what every part shares.
pub const THEME_CSS: &str = include_str!("theme.css");
/// The picture.
pub const DIAGRAM_CSS: &str = include_str!("diagram.css");
