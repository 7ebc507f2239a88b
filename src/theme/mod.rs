//! The look of a lab: tokens for its style sheets. The canvas has the same colours from the crate `scene`.

#[cfg(test)]
mod tests;
