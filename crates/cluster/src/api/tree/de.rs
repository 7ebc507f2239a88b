//! Value trees as serde's data: what a [`Tree`] says, as any type that derives `Deserialize`. The first thing that
//! is wrong is returned, with its path.
//!
//! As in the API server's JSON, a field that is null is a field that is not there. An enum whose variants have
//! fields is a map that names the variant in `do`; another enum is the name itself.

use std::fmt::Display;
use std::iter::Enumerate;
use std::slice;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::{Entry, Tree, Type, Value};
use crate::api::DiagnosticKind;
use crate::api::decode::shown;
use crate::api::diagnostic::clip;
use crate::api::field::Error;

/// The field that names an enum's variant.
pub(super) const TAG: &str = "do";

pub fn from_tree<T: DeserializeOwned>(tree: &Tree) -> Result<T, Error> {
    T::deserialize(Reader(tree))
}

struct Reader<'de>(&'de Tree);

impl Reader<'_> {
    /// A whole number of 0 or more.
    fn number_up_to(&self, max: i32) -> Result<u32, Error> {
        let Value::Int(number) = &self.0.value else { return Err(self.wrong_type(Type::Integer)) };
        u32::try_from(*number).ok().filter(|n| *n <= max.unsigned_abs()).ok_or_else(|| {
            let value = number.to_string().into();
            Error::new(DiagnosticKind::OutOfRange { value, min: 0, max: i64::from(max) })
        })
    }

    fn wrong_type(&self, expected: Type) -> Error {
        let value = &self.0.value;
        Error::new(match value {
            Value::Null => DiagnosticKind::Required,
            found => DiagnosticKind::WrongType { expected, found: found.type_of(), value: shown(found) },
        })
    }
}

impl<'de> de::Deserializer<'de> for Reader<'de> {
    type Error = Error;

    /// A number that is no integer is its text: the core decides nothing by a float.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(number) => visitor.visit_i64(*number),
            Value::Float(text) | Value::String(text) => visitor.visit_str(text),
            Value::Seq(items) => visitor.visit_seq(Items(items.iter().enumerate())),
            Value::Map(entries) => visitor.visit_map(Fields::new(entries, |_| false)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.value {
            Value::Bool(_) => self.deserialize_any(visitor),
            _ => Err(self.wrong_type(Type::Boolean)),
        }
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.number_up_to(i32::from(u8::MAX)).and_then(|number| visitor.visit_u32(number))
    }

    /// Numbers are int32 in Kubernetes' API.
    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.number_up_to(i32::MAX).and_then(|number| visitor.visit_u32(number))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.value {
            Value::String(_) => self.deserialize_any(visitor),
            _ => Err(self.wrong_type(Type::String)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.value {
            Value::Seq(_) => self.deserialize_any(visitor),
            _ => Err(self.wrong_type(Type::List)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.value {
            Value::Map(_) => self.deserialize_any(visitor),
            _ => Err(self.wrong_type(Type::Map)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.0.value {
            Value::Map(entries) => visitor.visit_map(Fields::new(entries, is_null)),
            _ => Err(self.wrong_type(Type::Map)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.0.value {
            Value::String(name) => visitor.visit_enum(text(name)),
            Value::Map(entries) => visitor.visit_enum(Tagged { tree: self.0, entries }),
            _ => Err(self.wrong_type(Type::String)),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u16 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple
        tuple_struct identifier ignored_any
    }
}

fn text(text: &str) -> StrDeserializer<'_, Error> {
    text.into_deserializer()
}

fn is_null(entry: &Entry) -> bool {
    entry.value.value == Value::Null
}

struct Items<'de>(Enumerate<slice::Iter<'de, Tree>>);

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some((index, tree)) = self.0.next() else { return Ok(None) };
        seed.deserialize(Reader(tree)).map(Some).map_err(|error| error.under_item(index))
    }
}

/// The fields of a map but those that are hidden.
struct Fields<'de> {
    entries: slice::Iter<'de, Entry>,
    is_hidden: fn(&Entry) -> bool,
    /// Its key was read.
    current: Option<&'de Entry>,
}

impl<'de> Fields<'de> {
    fn new(entries: &'de [Entry], is_hidden: fn(&Entry) -> bool) -> Fields<'de> {
        Fields { entries: entries.iter(), is_hidden, current: None }
    }
}

impl<'de> de::MapAccess<'de> for Fields<'de> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let is_hidden = self.is_hidden;
        self.current = self.entries.find(|entry| !is_hidden(entry));
        self.current.map(|entry| seed.deserialize(text(&entry.key))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let entry = self.current.expect("a value is asked for after its key");
        seed.deserialize(Reader(&entry.value)).map_err(|error| error.under(&entry.key))
    }
}

/// A variant with fields.
struct Tagged<'de> {
    tree: &'de Tree,
    entries: &'de [Entry],
}

impl<'de> de::EnumAccess<'de> for Tagged<'de> {
    type Error = Error;
    type Variant = Tagged<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Tagged<'de>), Error> {
        let null = Tree::default();
        let tag = Reader(self.tree.field(TAG).unwrap_or(&null));
        let Value::String(name) = &tag.0.value else { return Err(tag.wrong_type(Type::String).under(TAG)) };
        let variant = seed.deserialize(text(name)).map_err(|error| error.under(TAG))?;
        Ok((variant, self))
    }
}

impl<'de> de::VariantAccess<'de> for Tagged<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        let fields = Fields::new(self.entries, |entry| &*entry.key == TAG);
        seed.deserialize(MapAccessDeserializer::new(fields))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        Err(de::Error::invalid_type(Unexpected::Map, &visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Fields::new(self.entries, |entry| is_null(entry) || &*entry.key == TAG))
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.message.fmt(f)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: Display>(message: T) -> Error {
        Error::new(DiagnosticKind::Invalid { value: "".into(), expected: message.to_string().into() })
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Error {
        Error::invalid_value(found, expected)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Error {
        let value = match found {
            Unexpected::Str(text) => format!("{:?}", clip(text)),
            Unexpected::Bool(value) => value.to_string(),
            Unexpected::Signed(number) => number.to_string(),
            Unexpected::Unsigned(number) => number.to_string(),
            Unexpected::Unit => "null".to_owned(),
            Unexpected::Seq => "a list".to_owned(),
            Unexpected::Map => "a map".to_owned(),
            Unexpected::Other(what) => what.to_owned(),
            Unexpected::Float(_)
            | Unexpected::Char(_)
            | Unexpected::Bytes(_)
            | Unexpected::Option
            | Unexpected::NewtypeStruct
            | Unexpected::Enum
            | Unexpected::UnitVariant
            | Unexpected::NewtypeVariant
            | Unexpected::TupleVariant
            | Unexpected::StructVariant => "this".to_owned(),
        };
        Error::new(DiagnosticKind::Invalid { value: value.into(), expected: expected.to_string().into() })
    }

    fn unknown_variant(variant: &str, allowed: &'static [&'static str]) -> Error {
        Error::new(DiagnosticKind::Unsupported { value: clip(variant), allowed })
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Error {
        Error::new(DiagnosticKind::UnknownArgument { field: clip(field), known }).under(field)
    }

    fn missing_field(field: &'static str) -> Error {
        Error::new(DiagnosticKind::Required).under(field)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};

    use super::super::ser::to_tree;
    use super::*;

    #[derive(Debug, PartialEq, Deserialize, Serialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    enum Step {
        Wait {
            seconds: u32,
            #[serde(default)]
            awake: bool,
        },
        Say {
            words: Vec<String>,
            to: Option<String>,
            with: BTreeMap<String, Mood>,
        },
    }

    #[derive(Debug, PartialEq, Deserialize, Serialize)]
    enum Mood {
        Glad,
        Sad,
    }

    fn tree(text: &str) -> Tree {
        let mut diagnostics = Default::default();
        let mut stream = crate::api::text::Stream::new(text, &mut diagnostics);
        let mut documents = std::iter::from_fn(|| stream.step(&mut diagnostics)).flatten();
        documents.next().expect("the text has a document").tree
    }

    #[test]
    fn what_is_read_is_written_the_same() {
        for text in ["do: wait\nseconds: 3\nawake: true\n", "do: say\nwords:\n- a\n- b\nwith:\n  x: Glad\n"] {
            let step: Step = from_tree(&tree(text)).expect("it is one");
            assert_eq!(crate::api::to_yaml(&to_tree(&step)), text);
        }
        let null = from_tree(&tree("{do: wait, seconds: 1, awake: null}"));
        assert_eq!(null, Ok(Step::Wait { seconds: 1, awake: false }));
    }

    #[test]
    fn a_number_is_in_the_range_of_its_type() {
        assert_eq!(from_tree::<u8>(&tree("255")), Ok(255));
        assert_eq!(from_tree::<u32>(&tree("2147483647")), Ok(2_147_483_647));
        for (text, max) in [("256", 255), ("-1", 255), ("4294967295", 255)] {
            let refused = from_tree::<u8>(&tree(text)).expect_err("it is out of range").to_string();
            assert_eq!(refused, format!("Invalid value: {text}: must be between 0 and {max}, inclusive"));
        }
    }

    #[test]
    fn what_is_wrong_has_its_path() {
        for (text, path, message) in [
            ("{do: wait}", "seconds", "Required value"),
            ("{do: wait, seconds: null}", "seconds", "Required value"),
            ("{do: wait, seconds: -1}", "seconds", "Invalid value: -1: must be greater than or equal to 0"),
            (
                "{do: wait, seconds: '1'}",
                "seconds",
                "must be an integer, not a string (\"1\"); write it without quotes",
            ),
            (
                "{do: wait, seconds: 1, a: 1}",
                "a",
                "unknown field \"a\"; the fields are \"seconds\", \"awake\"",
            ),
            ("{do: run}", "do", "Unsupported value: \"run\": supported values: \"wait\", \"say\""),
            ("{seconds: 1}", "do", "Required value"),
            ("{do: 1}", "do", "must be a string, not an integer (1); put it in quotes"),
            ("{do: say, words: a}", "words", "must be a list, not a string (a)"),
            ("{do: say, words: [a, 1]}", "words 1", "must be a string, not an integer (1); put it in quotes"),
            (
                "{do: say, words: [], with: {x: Mad}}",
                "with x",
                "Unsupported value: \"Mad\": supported values: \"Glad\", \"Sad\"",
            ),
        ] {
            let error = from_tree::<Step>(&tree(text)).expect_err("it is wrong");
            let steps: Vec<String> = error
                .path
                .iter()
                .map(|step| match step {
                    crate::api::field::Step::Field(key)
                    | crate::api::field::Step::Key(key)
                    | crate::api::field::Step::Renamed(key, _) => key.to_string(),
                    crate::api::field::Step::Item(index) => index.to_string(),
                })
                .collect();
            assert_eq!((steps.join(" ").as_str(), error.to_string().as_str()), (path, message), "{text}");
        }
    }
}
