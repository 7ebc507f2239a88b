//! Patches of an object that is there, as kubectl makes them.

mod lists;
mod schema;
mod three_way;

pub(super) use schema::Schema;
pub(super) use three_way::three_way;
