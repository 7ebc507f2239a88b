//! JSON to value trees. Only what is JSON to the letter is taken: everything else is left to the
//! YAML reader, whose diagnostics name the place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::MAX_DEPTH;
use super::scalar::resolve;
use super::yaml::Budget;
use crate::api::{Entry, Position, Str, Tree, Value};

/// What a text of JSON values holds.
#[derive(Default)]
pub struct Json {
    pub trees: Vec<Tree>,
    /// Keys that came twice in one map: the key, its last place, its first.
    pub duplicates: Vec<(Str, Position, Position)>,
}

/// The values of a text that holds one JSON value after the other. `None` when it is no JSON or
/// goes over a limit.
pub fn parse(text: &str, line: u32, budget: &mut Budget) -> Option<Json> {
    let place = Position { line, column: 1 };
    let mut reader = Reader { text, at: 0, marked: 0, place, budget, out: Json::default() };
    while reader.skip_space() {
        let tree = reader.value(0)?;
        reader.out.trees.push(tree);
    }
    Some(reader.out)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// `place` is the place of this byte: it only moves forward, so that long lines stay cheap.
    marked: usize,
    place: Position,
    budget: &'a mut Budget,
    out: Json,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// True when something follows the blanks.
    fn skip_space(&mut self) -> bool {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.peek().is_some()
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        self.skip_space();
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn position(&mut self) -> Position {
        for c in self.text[self.marked..self.at].chars() {
            match c {
                '\n' => self.place = Position { line: self.place.line.saturating_add(1), column: 1 },
                _ => self.place.column = self.place.column.saturating_add(1),
            }
        }
        self.marked = self.at;
        self.place
    }

    fn value(&mut self, depth: usize) -> Option<Tree> {
        self.skip_space();
        if !self.budget.take(1) {
            return None;
        }
        let position = self.position();
        let value = match self.peek()? {
            b'{' if depth < MAX_DEPTH => self.map(depth + 1)?,
            b'[' if depth < MAX_DEPTH => self.seq(depth + 1)?,
            b'"' => Value::String(self.string()?.into()),
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.word("true", Value::Bool(true))?,
            b'f' => self.word("false", Value::Bool(false))?,
            b'n' => self.word("null", Value::Null)?,
            _ => return None,
        };
        Some(Tree { value, position })
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())?;
        Some(value)
    }

    fn seq(&mut self, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        self.at += 1;
        if self.eat(b']').is_some() {
            return Some(Value::Seq(Arc::new(items)));
        }
        loop {
            items.push(self.value(depth)?);
            if self.eat(b']').is_some() {
                return Some(Value::Seq(Arc::new(items)));
            }
            self.eat(b',')?;
        }
    }

    fn map(&mut self, depth: usize) -> Option<Value> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut index: BTreeMap<Str, usize> = BTreeMap::new();
        self.at += 1;
        if self.eat(b'}').is_some() {
            return Some(Value::Map(Arc::new(entries)));
        }
        loop {
            self.skip_space();
            let position = self.position();
            if self.peek()? != b'"' {
                return None;
            }
            let key: Str = self.string()?.into();
            self.eat(b':')?;
            let value = self.value(depth)?;
            let entry = Entry { key: key.clone(), position, value };
            match index.get(&key) {
                Some(&at) => {
                    self.out.duplicates.push((key, position, entries[at].position));
                    entries[at] = entry;
                }
                None => {
                    index.insert(key, entries.len());
                    entries.push(entry);
                }
            }
            if self.eat(b'}').is_some() {
                return Some(Value::Map(Arc::new(entries)));
            }
            self.eat(b',')?;
        }
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?`: the YAML reader's rules for numbers read
    /// every such text alike.
    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with('0') {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        match resolve(&self.text[start..self.at]) {
            // Larger than any float: encoding/json refuses it.
            Value::String(_) => None,
            value => Some(value),
        }
    }

    fn digits(&mut self) -> Option<&str> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then(|| &self.text[start..self.at])
    }

    fn string(&mut self) -> Option<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c: char| c == '"' || c == '\\' || c < ' ')?;
            out.push_str(&rest[..plain]);
            self.at += plain + 1;
            match rest.as_bytes()[plain] {
                b'"' => return Some(out),
                b'\\' => out.push(self.escape()?),
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return None,
        })
    }

    /// `encoding/json` turns half of a surrogate pair into U+FFFD.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex4()?;
        if !(0xD800..0xDC00).contains(&first) {
            return Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let before = self.at;
        if self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            let second = self.hex4()?;
            if (0xDC00..0xE000).contains(&second) {
                return char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
            }
        }
        self.at = before;
        Some(char::REPLACEMENT_CHARACTER)
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    }
}
