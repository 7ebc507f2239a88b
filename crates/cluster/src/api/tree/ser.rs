//! Any type that derives `Serialize` as a value tree: the counterpart of `de.rs`. What is `None` is left out of a map.

use std::fmt::Display;

use serde::ser::{self, Impossible, Serialize};

use super::de::TAG;
use super::{Tree, Value};
use crate::api::field::Error;

/// The name of a newtype around the text of a number that is no integer: see [`Value::Float`].
pub const NUMBER: &str = "Number";

/// # Panics
/// Where the type has what no tree holds: a float, bytes, a tuple, a map whose keys are no strings.
pub fn to_tree<T: Serialize + ?Sized>(value: &T) -> Tree {
    let Ok(tree) = value.serialize(Writer) else {
        panic!("the types that are written have a form as a tree")
    };
    tree
}

struct Writer;

impl ser::Error for Error {
    fn custom<T: Display>(message: T) -> Error {
        <Error as serde::de::Error>::custom(message)
    }
}

fn has_no_form<T>(what: &str) -> Result<T, Error> {
    Err(ser::Error::custom(format_args!("a tree holds no {what}")))
}

impl ser::Serializer for Writer {
    type Ok = Tree;
    type Error = Error;
    type SerializeSeq = Items;
    type SerializeTuple = Impossible<Tree, Error>;
    type SerializeTupleStruct = Impossible<Tree, Error>;
    type SerializeTupleVariant = Impossible<Tree, Error>;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    fn serialize_bool(self, value: bool) -> Result<Tree, Error> {
        Ok(Tree::bool(value))
    }

    fn serialize_i8(self, value: i8) -> Result<Tree, Error> {
        Ok(Tree::int(i64::from(value)))
    }

    fn serialize_i16(self, value: i16) -> Result<Tree, Error> {
        Ok(Tree::int(i64::from(value)))
    }

    fn serialize_i32(self, value: i32) -> Result<Tree, Error> {
        Ok(Tree::int(i64::from(value)))
    }

    fn serialize_i64(self, value: i64) -> Result<Tree, Error> {
        Ok(Tree::int(value))
    }

    fn serialize_u8(self, value: u8) -> Result<Tree, Error> {
        Ok(Tree::int(i64::from(value)))
    }

    fn serialize_u16(self, value: u16) -> Result<Tree, Error> {
        Ok(Tree::int(i64::from(value)))
    }

    fn serialize_u32(self, value: u32) -> Result<Tree, Error> {
        Ok(Tree::int(i64::from(value)))
    }

    fn serialize_u64(self, value: u64) -> Result<Tree, Error> {
        Ok(i64::try_from(value).map_or_else(|_| Tree::new(Value::Float(value.to_string().into())), Tree::int))
    }

    fn serialize_f32(self, _: f32) -> Result<Tree, Error> {
        has_no_form("float")
    }

    fn serialize_f64(self, _: f64) -> Result<Tree, Error> {
        has_no_form("float")
    }

    fn serialize_char(self, value: char) -> Result<Tree, Error> {
        Ok(Tree::string(value.encode_utf8(&mut [0; 4])))
    }

    fn serialize_str(self, value: &str) -> Result<Tree, Error> {
        Ok(Tree::string(value))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Tree, Error> {
        has_no_form("bytes")
    }

    fn serialize_none(self) -> Result<Tree, Error> {
        Ok(Tree::default())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Tree, Error> {
        Ok(Tree::default())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Tree, Error> {
        Ok(Tree::default())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Tree, Error> {
        Ok(Tree::string(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Tree, Error> {
        let tree = value.serialize(self)?;
        Ok(match (name, tree.value) {
            (NUMBER, Value::String(text)) => Tree::new(Value::Float(text)),
            (_, value) => Tree::new(value),
        })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Tree, Error> {
        let mut tagged = tagged(variant);
        for entry in value.serialize(self)?.entries() {
            tagged.put(&entry.key, entry.value.clone());
        }
        Ok(tagged)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Error> {
        Ok(Items(Vec::new()))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Error> {
        has_no_form("tuple")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Error> {
        has_no_form("tuple")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        has_no_form("tuple")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, Error> {
        Ok(Fields { tree: Tree::map(), key: None })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Error> {
        Ok(Fields { tree: Tree::map(), key: None })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields, Error> {
        Ok(Fields { tree: tagged(variant), key: None })
    }
}

fn tagged(variant: &str) -> Tree {
    let mut tree = Tree::map();
    tree.put(TAG, Tree::string(variant));
    tree
}

struct Items(Vec<Tree>);

impl ser::SerializeSeq for Items {
    type Ok = Tree;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.0.push(value.serialize(Writer)?);
        Ok(())
    }

    fn end(self) -> Result<Tree, Error> {
        Ok(Tree::seq(self.0))
    }
}

struct Fields {
    tree: Tree,
    /// Written, and its value is not.
    key: Option<Tree>,
}

impl Fields {
    fn put<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Error> {
        let tree = value.serialize(Writer)?;
        if tree.value != Value::Null {
            self.tree.put(key, tree);
        }
        Ok(())
    }
}

impl ser::SerializeMap for Fields {
    type Ok = Tree;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(key.serialize(Writer)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let Some(Value::String(key)) = self.key.take().map(|key| key.value) else {
            return has_no_form("key but a string");
        };
        self.put(&key, value)
    }

    fn end(self) -> Result<Tree, Error> {
        Ok(self.tree)
    }
}

impl ser::SerializeStruct for Fields {
    type Ok = Tree;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.put(key, value)
    }

    fn end(self) -> Result<Tree, Error> {
        Ok(self.tree)
    }
}

impl ser::SerializeStructVariant for Fields {
    type Ok = Tree;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.put(key, value)
    }

    fn end(self) -> Result<Tree, Error> {
        Ok(self.tree)
    }
}
