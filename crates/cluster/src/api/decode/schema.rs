//! The shape of the kinds that are simulated: which fields they have and of which JSON type, as
//! the API server's decoder checks it before anything else. All findings, not just the first.

use super::spot::Spot;
use crate::api::findings::Findings;
use crate::api::{DiagnosticKind, Severity, Type, Value};

/// What a field may hold. Null is allowed everywhere: it is the same as no field.
#[derive(Clone, Copy)]
pub enum Shape {
    /// Not looked into.
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

/// A field: its name, what it holds, whether it would change behaviour here but does not, and
/// what the API server makes of it when it is absent.
pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub unsimulated: bool,
    pub default: Default,
}

/// What a field that is not written means (core/v1 defaults.go, and Go's zero values).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// Nothing: each value that is written says something.
    Nothing,
    /// The scalar of this text.
    Scalar(&'static str),
    /// The scalar of this text, which 0 stands for too.
    NonZero(&'static str),
    /// The object without fields.
    EmptyObject,
    /// `Always` or `IfNotPresent`, as the tag of the container's image has it.
    ImagePullPolicy,
}

/// A field that the simulation reads, or that changes nothing it shows.
pub const fn f(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, unsimulated: false, default: Default::Nothing }
}

/// A field that would change behaviour, and is only kept.
pub const fn kept(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, unsimulated: true, default: Default::Nothing }
}

impl Field {
    pub const fn default(self, default: Default) -> Field {
        Field { default, ..self }
    }
}

/// Checks every value under `spot`, and every name of a field.
pub fn check(spot: &Spot<'_>, shape: Shape, findings: &mut Findings) {
    let Some(tree) = spot.tree() else { return };
    match (shape, &tree.value) {
        (Shape::Any, _) | (_, Value::Null) => {}
        (Shape::Obj(fields), Value::Map(_)) => check_fields(spot, fields, findings),
        (Shape::List(fields), Value::Seq(items)) => {
            for index in 0..items.len() {
                check(&spot.item(index), Shape::Obj(fields), findings);
            }
        }
        (Shape::Strs, Value::Seq(items)) => {
            for index in 0..items.len() {
                check(&spot.item(index), Shape::Str, findings);
            }
        }
        (Shape::StrMap, Value::Map(entries)) => {
            for entry in entries.iter() {
                check(&spot.entry(entry).at_value(), Shape::Str, findings);
            }
        }
        (Shape::Quantities, Value::Map(entries)) => {
            for entry in entries.iter() {
                let spot = spot.entry(entry);
                if matches!(entry.value.value, Value::Bool(_) | Value::Seq(_) | Value::Map(_)) {
                    spot.wrong_type(findings, Type::String);
                }
            }
        }
        (shape, value) => check_scalar(spot, shape, value, findings),
    }
}

fn check_scalar(spot: &Spot<'_>, shape: Shape, value: &Value, findings: &mut Findings) {
    match (shape, value) {
        (Shape::Str, Value::String(_)) | (Shape::Bool, Value::Bool(_)) | (Shape::Int64, Value::Int(_)) => {}
        (Shape::IntOrStr, Value::String(_)) => {}
        (Shape::Int32 | Shape::IntOrStr, Value::Int(_)) => {
            spot.int_in(findings, i64::from(i32::MIN), i64::from(i32::MAX));
        }
        _ => spot.wrong_type(findings, expected(shape)),
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

fn check_fields(spot: &Spot<'_>, fields: &'static [Field], findings: &mut Findings) {
    for entry in spot.tree().map_or(&[][..], |t| t.entries()) {
        let spot = spot.entry(entry);
        let Some(field) = fields.iter().find(|f| f.name == &*entry.key) else {
            let field = crate::api::diagnostic::clip(&entry.key);
            spot.report(findings, Severity::Warning, DiagnosticKind::UnknownField { field });
            continue;
        };
        if field.unsimulated && says_something(&entry.value.value) {
            let kind = DiagnosticKind::FieldNotSimulated { field: field.name.into() };
            spot.report(findings, Severity::Info, kind);
        }
        check(&spot.at_value(), field.shape, findings);
    }
}

/// False for what is as good as no field.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) => false,
        Value::Seq(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Bool(true) | Value::Int(_) | Value::Float(_) => true,
    }
}
