//! What the lab's parts are made of: controls, and ways to show what is known. Each has its style sheet beside it.

mod button;
mod chip;
mod choice;
mod details;
mod facts;
mod field;
mod form;
mod listing;
mod rate_slider;
mod select;
mod slider;
mod table;
mod tag;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;
mod value_form;

pub use button::Button;
pub use chip::Chip;
pub use choice::Choice;
pub use details::Details;
pub use facts::{Fact, Facts};
pub use field::{Complaint, TextField};
pub use form::{Form, Submit};
pub use listing::Listing;
pub use rate_slider::RateSlider;
pub use select::Select;
pub use slider::Slider;
pub use table::Table;
pub use tag::{Tag, Tone};
pub use value_form::ValueForm;

/// As ARIA writes it.
pub fn aria_bool(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}
