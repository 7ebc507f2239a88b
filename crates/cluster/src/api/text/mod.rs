//! Text to value trees and back: YAML as kubectl reads it, JSON, and kubectl's way of printing.

mod json;
mod print_json;
mod print_yaml;
mod scalar;
mod stream;
mod tabs;
mod yaml;

pub use print_json::{to_json, to_json_indented};
pub use print_yaml::to_yaml;
pub(super) use scalar::Decimal;
#[cfg(test)]
pub(super) use stream::PIECE;
pub(super) use stream::{Document, Stream};

/// A longer text is refused before it is read: a manifest is some kilobytes, and reading
/// a text takes about twenty times its size in memory.
pub const MAX_TEXT_BYTES: usize = 4 << 20;
/// Documents of one stream that are read.
pub const MAX_DOCUMENTS: usize = 2_000;
/// Values in one text, aliases counted each time they stand for something.
pub const MAX_NODES: usize = 200_000;
/// Commas and opening brackets in one document that is read as YAML. The parser reads all that is between two brackets
/// before it says anything of it, and keeps about a kilobyte for each comma meanwhile.
pub const MAX_IN_FLOW: usize = 50_000;
/// Maps and lists inside each other.
pub const MAX_DEPTH: usize = 64;
