//! Patches of an object that is there, as kubectl makes them.

mod entries;
mod json;
mod lists;
mod merge;
mod patch_text;
mod schema;
mod strategic;
#[cfg(test)]
mod tests;
mod three_way;

use serde::{Deserialize, Serialize};

use super::{Kind, Str, Tree};
pub use patch_text::PatchText;
pub(super) use schema::Schema;
pub(super) use three_way::three_way;

/// `kubectl patch --type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PatchType {
    #[default]
    Strategic,
    Merge,
    Json,
}

/// Why a patch cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum PatchProblem {
    NotAnObject,
    /// A JSON patch that is none.
    NotAList,
    /// `$patch` with another value than `replace` and `delete`.
    UnknownDirective {
        value: Str,
    },
    /// `$retainKeys` is no list of all that the patch sets.
    RetainKeys,
    /// `$setElementOrder` of a list is none, or has not the items of the patch in their order.
    ElementOrder {
        list: Str,
    },
    /// An item of a list that is merged by that key does not have it.
    NoMergeKey {
        key: &'static str,
    },
    /// It changes which object it is.
    OfAnother,
    /// Of a custom resource no merge keys are known.
    NotStrategic,
    TooManyOperations {
        limit: u32,
    },
    Operation {
        /// Which one of the patch, from 0.
        index: u32,
        problem: OperationProblem,
    },
}

/// Why an operation of a JSON patch fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum OperationProblem {
    Missing {
        field: &'static str,
    },
    UnknownOperation,
    NotAPointer,
    NoSuchPath,
    /// What is added would make the object too large or too deep.
    TooLarge,
    NotEqual,
}

/// An object of that kind, patched.
pub fn patched(kind: &Kind, type_: PatchType, live: &Tree, patch: &Tree) -> Result<Tree, PatchProblem> {
    match type_ {
        PatchType::Strategic if kind.api().is_none() => Err(PatchProblem::NotStrategic),
        PatchType::Strategic => strategic::strategic(Schema::of(kind), live, patch),
        PatchType::Merge => merge::merge(live, patch),
        PatchType::Json => json::json(live, patch),
    }
}
