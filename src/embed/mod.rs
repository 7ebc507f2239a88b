//! A lab in somebody's page: its options, its links, its place in the document.

mod compression;
mod host;
mod link;
mod mount;
mod options;

pub use host::on_theme;
pub use link::{LinkError, decode, encode, is_link};
pub use mount::{add_style, attach};
pub use options::{Controls, Options};
