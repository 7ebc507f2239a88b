//! The shape of the kinds that are simulated: which fields they have and of which JSON type, as
//! the API server's decoder checks it before anything else. All diagnostics, not just the first.

use super::field_cursor::FieldCursor;
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, Severity, Type, Value};

/// The type of a field. Null is allowed everywhere: it is the same as no field.
#[derive(Clone, Copy)]
pub enum Shape {
    /// Not checked.
    Any,
    Str,
    Bool,
    Int32,
    Int64,
    IntOrStr,
    /// A resource quantity: a string or a number.
    Quantities,
    Strs,
    StrMap,
    Obj(&'static [Field]),
    List(&'static [Field]),
}

/// A field: its name, its type, whether it is kept but not simulated although it would change behaviour, and its
/// default.
pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub unsimulated: bool,
    pub default: Default,
}

/// What a field that is not written means (core/v1 defaults.go, and Go's zero values).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// No default: every written value matters.
    Nothing,
    /// The scalar of this text.
    Scalar(&'static str),
    Int(u32),
    /// This number; 0 means the same.
    NonZero(u32),
    /// The object without fields.
    EmptyObject,
    /// `Always` or `IfNotPresent`, depending on the tag of the container's image.
    ImagePullPolicy,
}

/// A field that the simulation reads, or that changes nothing it shows.
pub const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, unsimulated: false, default: Default::Nothing }
}

/// A field that would change behaviour, but is only kept.
pub const fn unsimulated(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, unsimulated: true, default: Default::Nothing }
}

/// Declares a struct together with the API's fields that each of its fields is read from. So none can be added without
/// them; all of them are the struct's `FIELDS`. `only_written` are those that no field holds.
macro_rules! api_struct {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident {
            $($(#[$doc:meta])* $field:ident: $type:ty = [$($of:expr),+ $(,)?],)*
        }
        only_written: [$($other:expr),* $(,)?]
    ) => {
        $(#[$attribute])*
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $name {
            /// The fields that a document may have here.
            pub(in crate::api) const FIELDS: &'static [Field] = &[$($($of,)+)* $($other),*];
        }
    };
}

pub(in crate::api) use api_struct;

impl Field {
    pub const fn default(self, default: Default) -> Field {
        Field { default, ..self }
    }
}

/// Checks every value under `cursor`, and every name of a field.
pub fn check(cursor: &FieldCursor<'_>, shape: Shape, diagnostics: &mut Diagnostics) {
    let Some(tree) = cursor.tree() else { return };
    match (shape, &tree.value) {
        (Shape::Any, _) | (_, Value::Null) => {}
        (Shape::Obj(fields), Value::Map(_)) => check_fields(cursor, fields, diagnostics),
        (Shape::List(fields), Value::Seq(items)) => {
            for index in 0..items.len() {
                check(&cursor.item(index), Shape::Obj(fields), diagnostics);
            }
        }
        (Shape::Strs, Value::Seq(items)) => {
            for index in 0..items.len() {
                check(&cursor.item(index), Shape::Str, diagnostics);
            }
        }
        (Shape::StrMap, Value::Map(entries)) => {
            for entry in entries.iter() {
                check(&cursor.entry(entry).at_value(), Shape::Str, diagnostics);
            }
        }
        (Shape::Quantities, Value::Map(entries)) => {
            for entry in entries.iter() {
                let cursor = cursor.entry(entry);
                if matches!(entry.value.value, Value::Bool(_) | Value::Seq(_) | Value::Map(_)) {
                    cursor.wrong_type(diagnostics, Type::String);
                }
            }
        }
        (shape, value) => check_scalar(cursor, shape, value, diagnostics),
    }
}

fn check_scalar(cursor: &FieldCursor<'_>, shape: Shape, value: &Value, diagnostics: &mut Diagnostics) {
    match (shape, value) {
        (Shape::Str, Value::String(_)) | (Shape::Bool, Value::Bool(_)) | (Shape::Int64, Value::Int(_)) => {}
        (Shape::IntOrStr, Value::String(_)) => {}
        (Shape::Int32 | Shape::IntOrStr, Value::Int(_)) => {
            cursor.int_in(diagnostics, i64::from(i32::MIN), i64::from(i32::MAX));
        }
        _ => cursor.wrong_type(diagnostics, expected(shape)),
    }
}

fn expected(shape: Shape) -> Type {
    match shape {
        Shape::Any | Shape::Str => Type::String,
        Shape::Bool => Type::Boolean,
        Shape::Int32 | Shape::Int64 => Type::Integer,
        Shape::IntOrStr => Type::IntegerOrString,
        Shape::Quantities | Shape::StrMap | Shape::Obj(_) => Type::Map,
        Shape::Strs | Shape::List(_) => Type::List,
    }
}

fn check_fields(cursor: &FieldCursor<'_>, fields: &'static [Field], diagnostics: &mut Diagnostics) {
    for entry in cursor.tree().map_or(&[][..], |t| t.entries()) {
        let cursor = cursor.entry(entry);
        let Some(field) = fields.iter().find(|f| f.name == &*entry.key) else {
            let field = crate::api::diagnostic::clip(&entry.key);
            cursor.report(diagnostics, Severity::Warning, DiagnosticKind::UnknownField { field });
            continue;
        };
        if field.unsimulated && says_something(&entry.value.value) {
            let kind = DiagnosticKind::FieldNotSimulated { field: field.name.into() };
            cursor.report(diagnostics, Severity::Info, kind);
        }
        check(&cursor.at_value(), field.shape, diagnostics);
    }
}

/// False for values that mean the same as no field.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) => false,
        Value::Seq(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Bool(true) | Value::Int(_) | Value::Float(_) => true,
    }
}
