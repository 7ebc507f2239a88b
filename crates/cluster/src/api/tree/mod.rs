//! The ordered value tree: what the wire carries, unknown fields included.
//!
//! It is the stored truth of an object; the typed structs beside it are derived. Subtrees are
//! shared, so a clone costs one reference count and an edit copies only the way to the edited
//! place.

mod de;
mod ser;

use std::sync::Arc;

use serde::Serialize;

use super::Str;

pub(super) use de::from_tree;
pub(super) use ser::{NUMBER, to_tree};

/// Where something was written: line and column from 1, the column in characters. `0:0` for
/// what no text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

impl Position {
    pub const NONE: Position = Position { line: 0, column: 0 };
}

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Tree {
    pub value: Value,
    pub position: Position,
}

/// What JSON can say, with integers and the order of keys kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// Any number that is no `i64`, as its text: the core decides nothing by a float.
    Float(Str),
    String(Str),
    Seq(Arc<Vec<Tree>>),
    Map(Arc<Vec<Entry>>),
}

impl Default for Tree {
    fn default() -> Tree {
        Tree::new(Value::Null)
    }
}

/// A key of a map, where it was written, and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: Str,
    pub position: Position,
    pub value: Tree,
}

/// Two trees are equal when they say the same: where they were written does not count.
impl Eq for Tree {}

impl PartialEq for Tree {
    fn eq(&self, other: &Tree) -> bool {
        self.value == other.value
    }
}

impl Eq for Entry {}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.key == other.key && self.value == other.value
    }
}

/// A step on the way into a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

impl<'a> From<&'a str> for Step<'a> {
    fn from(key: &'a str) -> Step<'a> {
        Step::Key(key)
    }
}

impl From<usize> for Step<'_> {
    fn from(index: usize) -> Self {
        Step::Item(index)
    }
}

impl Tree {
    pub fn new(value: Value) -> Tree {
        Tree { value, position: Position::NONE }
    }

    #[inline(never)]
    pub fn string(text: &str) -> Tree {
        Tree::new(Value::String(text.into()))
    }

    pub fn int(number: i64) -> Tree {
        Tree::new(Value::Int(number))
    }

    pub fn bool(value: bool) -> Tree {
        Tree::new(Value::Bool(value))
    }

    pub fn seq(items: Vec<Tree>) -> Tree {
        Tree::new(Value::Seq(Arc::new(items)))
    }

    /// An empty map, to be filled with [`Tree::put`].
    pub fn map() -> Tree {
        Tree::new(Value::Map(Arc::new(Vec::new())))
    }

    /// The entries of a map; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        let Value::Map(entries) = &self.value else { return &[] };
        entries
    }

    /// The items of a sequence; none for anything else.
    pub fn items(&self) -> &[Tree] {
        let Value::Seq(items) = &self.value else { return &[] };
        items
    }

    pub fn as_str(&self) -> Option<&Str> {
        let Value::String(text) = &self.value else { return None };
        Some(text)
    }

    pub fn as_int(&self) -> Option<i64> {
        let Value::Int(number) = self.value else { return None };
        Some(number)
    }

    pub fn as_bool(&self) -> Option<bool> {
        let Value::Bool(value) = self.value else { return None };
        Some(value)
    }

    /// The value of a map's key.
    #[inline(never)]
    pub fn field(&self, key: &str) -> Option<&Tree> {
        self.entries().iter().find(|e| &*e.key == key).map(|e| &e.value)
    }

    /// The value at the end of `path`.
    pub fn get(&self, path: &[Step<'_>]) -> Option<&Tree> {
        path.iter().try_fold(self, |tree, step| match *step {
            Step::Key(key) => tree.field(key),
            Step::Item(index) => tree.items().get(index),
        })
    }

    /// Puts `value` at the end of `path`. Maps that miss on the way are made, other fields keep
    /// their order, and a new key goes last. False, and nothing is changed, when the path leads
    /// through a scalar or past the end of a sequence (one past the end appends).
    pub fn set(&mut self, path: &[Step<'_>], value: Tree) -> bool {
        self.can_hold(path) && self.set_checked(path, value)
    }

    fn can_hold(&self, path: &[Step<'_>]) -> bool {
        let Some((step, rest)) = path.split_first() else { return true };
        let next = match (step, &self.value) {
            (Step::Key(_) | Step::Item(0), Value::Null) => None,
            (Step::Key(key), Value::Map(_)) => self.field(key),
            (Step::Item(index), Value::Seq(items)) if *index <= items.len() => items.get(*index),
            _ => return false,
        };
        match next {
            Some(tree) => tree.can_hold(rest),
            // What is made on the way is made of maps and of sequences' first items.
            None => rest.iter().all(|s| matches!(s, Step::Key(_) | Step::Item(0))),
        }
    }

    fn set_checked(&mut self, path: &[Step<'_>], value: Tree) -> bool {
        let Some((step, rest)) = path.split_first() else {
            *self = value;
            return true;
        };
        match *step {
            Step::Key(key) => self.slot(key).set_checked(rest, value),
            Step::Item(index) => {
                if self.value == Value::Null {
                    self.value = Value::Seq(Arc::default());
                }
                let Value::Seq(items) = &mut self.value else { return false };
                let items = Arc::make_mut(items);
                if index == items.len() {
                    items.push(Tree::new(Value::Null));
                }
                items.get_mut(index).is_some_and(|item| item.set_checked(rest, value))
            }
        }
    }

    /// The value of `key` in this map, made if it misses. What is no map becomes one.
    pub(super) fn slot(&mut self, key: &str) -> &mut Tree {
        if !matches!(self.value, Value::Map(_)) {
            self.value = Value::Map(Arc::default());
        }
        let Value::Map(entries) = &mut self.value else { unreachable!("made a map just above") };
        let entries = Arc::make_mut(entries);
        let index = entries.iter().position(|e| &*e.key == key).unwrap_or_else(|| {
            let value = Tree::new(Value::Null);
            entries.push(Entry { key: key.into(), position: Position::NONE, value });
            entries.len() - 1
        });
        &mut entries[index].value
    }

    /// Sets one key of this map.
    #[inline(never)]
    pub fn put(&mut self, key: &str, value: Tree) {
        *self.slot(key) = value;
    }

    /// Without places in a text.
    pub fn unplaced(&self) -> Tree {
        let value = match &self.value {
            Value::Map(entries) => {
                let unplaced = |entry: &Entry| Entry {
                    key: entry.key.clone(),
                    position: Position::NONE,
                    value: entry.value.unplaced(),
                };
                Value::Map(Arc::new(entries.iter().map(unplaced).collect()))
            }
            Value::Seq(items) => Value::Seq(Arc::new(items.iter().map(Tree::unplaced).collect())),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {
                self.value.clone()
            }
        };
        Tree::new(value)
    }

    /// The same tree with the keys of every map in the order of their bytes, as kubectl prints
    /// objects that it got from the server.
    pub fn sorted(&self) -> Tree {
        let value = match &self.value {
            Value::Seq(items) => Value::Seq(Arc::new(items.iter().map(Tree::sorted).collect())),
            Value::Map(entries) => {
                let sorted = entries.iter().map(|e| Entry { value: e.value.sorted(), ..e.clone() });
                let mut sorted: Vec<Entry> = sorted.collect();
                sorted.sort_by(|a, b| a.key.cmp(&b.key));
                Value::Map(Arc::new(sorted))
            }
            value => value.clone(),
        };
        Tree { value, position: self.position }
    }

    /// Takes the value at the end of `path` away. False when there was none.
    pub fn remove(&mut self, path: &[Step<'_>]) -> bool {
        if path.is_empty() || self.get(path).is_none() {
            return false;
        }
        self.remove_checked(path);
        true
    }

    fn remove_checked(&mut self, path: &[Step<'_>]) {
        let (step, rest) = (path[0], &path[1..]);
        match (step, &mut self.value) {
            (Step::Key(key), Value::Map(entries)) => {
                let entries = Arc::make_mut(entries);
                if rest.is_empty() {
                    entries.retain(|e| &*e.key != key);
                } else if let Some(entry) = entries.iter_mut().find(|e| &*e.key == key) {
                    entry.value.remove_checked(rest);
                }
            }
            (Step::Item(index), Value::Seq(items)) => {
                let items = Arc::make_mut(items);
                if rest.is_empty() {
                    items.remove(index);
                } else if let Some(item) = items.get_mut(index) {
                    item.remove_checked(rest);
                }
            }
            _ => {}
        }
    }
}

/// What a tree is called in a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    List,
    Map,
    IntegerOrString,
}

impl Value {
    pub fn type_of(&self) -> Type {
        match self {
            Value::Null => Type::Null,
            Value::Bool(_) => Type::Boolean,
            Value::Int(_) => Type::Integer,
            Value::Float(_) => Type::Number,
            Value::String(_) => Type::String,
            Value::Seq(_) => Type::List,
            Value::Map(_) => Type::Map,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Tree {
        let mut tree = Tree::map();
        tree.put("b", Tree::int(1));
        tree.put("a", Tree::seq(vec![Tree::string("x"), Tree::string("y")]));
        tree
    }

    #[test]
    fn an_edit_keeps_the_other_fields_and_their_order() {
        let mut tree = example();
        let before = tree.clone();
        assert!(tree.set(&["c".into(), "d".into()], Tree::bool(true)));
        assert!(tree.set(&["a".into(), 1.into()], Tree::string("z")));
        assert!(tree.set(&["a".into(), 2.into()], Tree::string("last")));
        let keys: Vec<&str> = tree.entries().iter().map(|e| &*e.key).collect();
        assert_eq!(keys, ["b", "a", "c"]);
        assert_eq!(tree.get(&["a".into(), 1.into()]), Some(&Tree::string("z")));
        assert_eq!(tree.get(&["c".into(), "d".into()]), Some(&Tree::bool(true)));
        assert_eq!(before, example(), "a shared tree is not touched by an edit of its copy");
    }

    #[test]
    fn an_edit_that_cannot_be_made_changes_nothing() {
        let mut tree = example();
        assert!(!tree.set(&["b".into(), "x".into()], Tree::int(2)));
        assert!(!tree.set(&["a".into(), 7.into()], Tree::int(2)));
        assert!(!tree.set(&["new".into(), 7.into()], Tree::int(2)));
        assert!(!Tree::new(Value::Null).set(&[7.into()], Tree::int(2)));
        assert!(!tree.remove(&["a".into(), 9.into()]));
        assert!(!tree.remove(&[]));
        assert_eq!(tree, example());
    }

    #[test]
    fn remove_deletes_one_value() {
        let mut tree = example();
        assert!(tree.remove(&["a".into(), 0.into()]));
        assert_eq!(tree.field("a"), Some(&Tree::seq(vec![Tree::string("y")])));
        assert!(tree.remove(&["b".into()]));
        assert_eq!(tree.entries().len(), 1);
    }
}
