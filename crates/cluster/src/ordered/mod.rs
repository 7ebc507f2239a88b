//! Maps and sets in the order of their keys, as one sorted vector each.
//!
//! In place of `BTreeMap` and `BTreeSet`, for the page's sake: each use of those costs 4 to 6 kB
//! of wasm, and the core has some fifty; these cost a tenth of it (measured: 33 kB of 208 kB, brotli).
//! The price is an insertion or a removal that moves what comes after it, which is nothing at the
//! sizes of a laboratory; what input can make large is built by [`Map::from_iter`], which sorts.

mod map;
mod set;
mod sort;

pub use map::{Entry, Map};
pub use set::Set;
pub use sort::{sort_by, sort_by_key};
