//! What must hold whatever a text says and whatever a person does. `cargo xtask fuzz` looks for what breaks
//! it for as long as one likes; `cargo test -p packetyard-fuzz` goes through a fixed share of the same.

pub mod action;
pub mod campaign;
pub mod cluster;
pub mod invariants;
pub mod pick;
pub mod sequence;
pub mod settling;
pub mod state;
pub mod text;
