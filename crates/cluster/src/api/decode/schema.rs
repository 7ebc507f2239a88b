//! The shape of the kinds that are simulated: which fields they have and of which JSON type, as
//! the API server's decoder checks it before anything else. All diagnostics, not just the first.

use super::field_cursor::FieldCursor;
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, Problem, Severity, Tree, Type, Value};

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
    Obj(&'static Struct),
    List(&'static Struct),
}

/// A struct of upstream's types.go.
pub struct Struct {
    /// Its name there; empty for one of a Scenario, which no API server decodes.
    pub name: &'static str,
    pub fields: &'static [Field],
}

pub const fn named(name: &'static str, fields: &'static [Field]) -> Struct {
    Struct { name, fields }
}

/// A part of a Scenario.
pub const fn ours(fields: &'static [Field]) -> Struct {
    named("", fields)
}

impl Shape {
    fn is_number(self) -> bool {
        matches!(self, Shape::Int32 | Shape::Int64 | Shape::IntOrStr)
    }
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
            pub(in crate::api) const FIELDS: &'static Struct =
                &crate::api::decode::named(stringify!($name), &[$($($of,)+)* $($other),*]);
        }
    };
}

pub(in crate::api) use api_struct;

impl Field {
    pub const fn default(self, default: Default) -> Field {
        Field { default, ..self }
    }
}

/// Checks every value of an object, and every name of a field.
pub fn check(cursor: &FieldCursor<'_>, of: &'static Struct, diagnostics: &mut Diagnostics) {
    check_value(cursor, Shape::Obj(of), of, diagnostics);
}

/// `parent` is the struct whose field it is.
fn check_value(cursor: &FieldCursor<'_>, shape: Shape, parent: &Struct, diagnostics: &mut Diagnostics) {
    let Some(tree) = cursor.tree() else { return };
    match (shape, &tree.value) {
        (Shape::Any, _) | (_, Value::Null) => {}
        (Shape::Obj(of), Value::Map(_)) => check_fields(cursor, of, diagnostics),
        (Shape::List(of), Value::Seq(items)) => {
            for index in 0..items.len() {
                check_value(&cursor.item(index), Shape::Obj(of), parent, diagnostics);
            }
        }
        (Shape::Strs, Value::Seq(items)) => {
            for index in 0..items.len() {
                check_value(&cursor.item(index), Shape::Str, parent, diagnostics);
            }
        }
        (Shape::StrMap, Value::Map(entries)) => {
            for entry in entries.iter() {
                if !matches!(entry.value.value, Value::String(_) | Value::Null) {
                    let go_path = cursor.go_path();
                    wrong_type(&cursor.entry(entry).at_value(), Shape::Str, parent, go_path, diagnostics);
                }
            }
        }
        (Shape::Quantities, Value::Map(entries)) => {
            for entry in entries.iter() {
                let cursor = cursor.entry(entry);
                if matches!(entry.value.value, Value::Bool(_) | Value::Seq(_) | Value::Map(_)) {
                    undecodable(&cursor, Problem::Quantity, diagnostics);
                }
            }
        }
        (Shape::Str, Value::String(_))
        | (Shape::Bool, Value::Bool(_))
        | (Shape::Int64, Value::Int(_))
        | (Shape::IntOrStr, Value::String(_)) => {}
        (Shape::Int32 | Shape::IntOrStr, Value::Int(number)) if i32::try_from(*number).is_ok() => {}
        (shape, _) => wrong_type(cursor, shape, parent, cursor.go_path(), diagnostics),
    }
}

/// A value of another type, or a number that the type does not hold. Beside the API server's words a note says what to
/// do; for a Scenario, which no API server reads, that is the error.
fn wrong_type(
    cursor: &FieldCursor<'_>,
    shape: Shape,
    parent: &Struct,
    go_path: String,
    diagnostics: &mut Diagnostics,
) {
    let Some(Tree { value, .. }) = cursor.tree() else { return };
    let is_wide = shape.is_number() && matches!(value, Value::Int(_));
    let hint = match is_wide {
        true => {
            let (min, max) = (i64::from(i32::MIN), i64::from(i32::MAX));
            DiagnosticKind::OutOfRange { value: super::shown(value), min, max }
        }
        false => cursor.wrong_type_of(expected(shape)),
    };
    if parent.name.is_empty() {
        return cursor.error(diagnostics, hint);
    }
    let found = value.type_of();
    let is_number = matches!(value, Value::Int(_) | Value::Float(_)) && shape.is_number();
    let number = if is_number { super::shown(value) } else { "".into() };
    let (field, expected) = ([parent.name, &go_path].concat().into(), go_type(shape).into());
    undecodable(cursor, Problem::Type { found, number, field, expected }, diagnostics);
    cursor.report(diagnostics, Severity::Info, hint);
}

/// As encoding/json names the type of a field.
fn go_type(shape: Shape) -> String {
    match shape {
        Shape::Any | Shape::Str => "string".into(),
        Shape::StrMap => "map[string]string".into(),
        Shape::Bool => "bool".into(),
        Shape::Int32 | Shape::IntOrStr => "int32".into(),
        Shape::Int64 => "int64".into(),
        Shape::Quantities => "v1.ResourceList".into(),
        Shape::Strs => "[]string".into(),
        Shape::Obj(of) => ["v1.", of.name].concat(),
        Shape::List(of) => ["[]v1.", of.name].concat(),
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

/// What the API server's decoder, or kubectl's for the metadata, refuses the whole object for.
pub fn undecodable(cursor: &FieldCursor<'_>, problem: Problem, diagnostics: &mut Diagnostics) {
    let root = cursor.object();
    let text = |key| root.field(key).and_then(|tree| tree.as_str()).cloned().unwrap_or_default();
    let (kind, api_version) = (text("kind"), text("apiVersion"));
    // kubectl itself reads the metadata into its type.
    let is_kubectls = cursor.path().starts_with("metadata") && matches!(problem, Problem::Type { .. });
    let kind = if is_kubectls { "".into() } else { kind };
    cursor.error(diagnostics, DiagnosticKind::Undecodable { kind, api_version, problem });
}

fn check_fields(cursor: &FieldCursor<'_>, of: &Struct, diagnostics: &mut Diagnostics) {
    for entry in cursor.tree().map_or(&[][..], |t| t.entries()) {
        let cursor = cursor.entry(entry);
        let Some(field) = of.fields.iter().find(|f| f.name == &*entry.key) else {
            unknown_field(&cursor, &entry.key, of, diagnostics);
            continue;
        };
        if field.unsimulated && says_something(&entry.value.value) {
            let kind = DiagnosticKind::FieldNotSimulated { field: field.name.into() };
            cursor.report(diagnostics, Severity::Info, kind);
        }
        check_value(&cursor.at_value(), field.shape, of, diagnostics);
    }
}

fn unknown_field(cursor: &FieldCursor<'_>, key: &str, of: &Struct, diagnostics: &mut Diagnostics) {
    if of.name.is_empty() {
        let field = crate::api::diagnostic::clip(key);
        cursor.report(diagnostics, Severity::Warning, DiagnosticKind::UnknownField { field });
    } else {
        undecodable(cursor, Problem::UnknownField { path: cursor.path().into() }, diagnostics);
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
