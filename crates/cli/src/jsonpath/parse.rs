//! Reading a template (client-go util/jsonpath/parser.go).

use super::ParseError;
use super::quote::unquote;

/// Ranges in ranges, and filters in filters, are as deep as this.
const DEPTH: usize = 100;

#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// In an action, and a text is one too: one thing applied after the other.
    List(Vec<Node>),
    Text(String),
    Field(String),
    /// `range`, `end`, or a word that has no meaning.
    Identifier(String),
    Array(Slice),
    Filter {
        left: Vec<Node>,
        operator: String,
        right: Vec<Node>,
    },
    Int(i64),
    Float(f64),
    Bool(bool),
    Wildcard,
    Recursive,
    Union(Vec<Vec<Node>>),
}

/// `[1]`, `[1:3]`, `[-2:]`, `[::2]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    pub start: Option<i64>,
    pub end: End,
    pub step: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Open,
    At(i64),
    /// There is one index: it ends after that.
    After(i64),
}

pub fn parse(text: &str) -> Result<Vec<Node>, ParseError> {
    let mut parser = Parser::new(text, 0, 0);
    let parsed = parser.template().and_then(|nodes| parser.check_ranges(&nodes).map(|()| nodes));
    parsed.map_err(|Wrong { why, at }| {
        let at = usize::try_from(at).unwrap_or(0).min(text.len());
        let column = text.char_indices().take_while(|(index, _)| *index < at).count() + 1;
        ParseError { why, column }
    })
}

/// What is wrong, and at which byte of the whole template.
struct Wrong {
    why: String,
    at: i64,
}

type Parsed<T> = Result<T, Wrong>;

struct Parser<'a> {
    text: &'a str,
    /// Where `text` begins in the whole template; in braces that the template does not have, before there.
    base: i64,
    /// The next character.
    pos: usize,
    /// What was read from here on is not taken yet.
    start: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, base: i64, depth: usize) -> Parser<'a> {
        Parser { text, base, pos: 0, start: 0, depth }
    }

    fn wrong<T>(&self, at: usize, why: impl Into<String>) -> Parsed<T> {
        Err(Wrong { why: why.into(), at: self.base.saturating_add_unsigned(at as u64) })
    }

    fn rest(&self) -> &'a str {
        &self.text[self.pos..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.pos += next.len_utf8();
        Some(next)
    }

    fn take(&mut self) -> &'a str {
        let taken = &self.text[self.start..self.pos];
        self.start = self.pos;
        taken
    }

    /// The byte before the character that was read last.
    fn is_escaped(&self) -> bool {
        self.pos >= 2 && self.text.as_bytes()[self.pos - 2] == b'\\'
    }

    fn template(&mut self) -> Parsed<Vec<Node>> {
        let mut nodes = Vec::new();
        while !self.rest().is_empty() {
            self.pos += self.rest().find('{').unwrap_or(self.rest().len());
            if self.pos > self.start {
                nodes.push(Node::Text(self.take().into()));
            }
            if self.next().is_some() {
                self.take();
                nodes.push(Node::List(self.action()?));
            }
        }
        Ok(nodes)
    }

    /// What stands in braces, of a text that has none.
    fn part(&self, text: &str, at: usize) -> Parsed<Vec<Node>> {
        if self.depth >= DEPTH {
            return self.wrong(at, format!("more than {DEPTH} filters in each other"));
        }
        let braced = format!("{{{text}}}");
        let base = self.base.saturating_add_unsigned(at as u64) - 1;
        let nodes = Parser::new(&braced, base, self.depth + 1).template()?;
        match nodes.into_iter().next() {
            Some(Node::List(nodes)) => Ok(nodes),
            _ => Ok(Vec::new()),
        }
    }

    /// Up to the brace that closes it.
    fn action(&mut self) -> Parsed<Vec<Node>> {
        let mut nodes = Vec::new();
        loop {
            let at = self.pos;
            if self.rest().starts_with("[?(") {
                nodes.push(self.filter()?);
                continue;
            }
            if self.rest().starts_with("..") {
                if nodes.last() == Some(&Node::Recursive) {
                    return self.wrong(at, "invalid multiple recursive descent");
                }
                self.pos += "..".len();
                self.take();
                nodes.push(Node::Recursive);
                if self.peek().is_some_and(is_alphanumeric) {
                    nodes.push(self.field());
                }
                continue;
            }
            match self.next() {
                None | Some('\r' | '\n') => return self.wrong(at, "unclosed action"),
                Some('}') => {
                    self.take();
                    return Ok(nodes);
                }
                // The object itself.
                Some(' ' | '@' | '$') => {
                    self.take();
                }
                Some('[') => self.brackets(&mut nodes)?,
                Some(quote @ ('"' | '\'')) => nodes.push(self.quoted(quote)?),
                Some('.') => {
                    self.take();
                    nodes.push(self.field());
                }
                Some(c) if matches!(c, '+' | '-') || c.is_ascii_digit() => nodes.push(self.number(at)?),
                Some(c) if is_alphanumeric(c) => nodes.push(self.identifier()),
                Some(c) => {
                    let why = format!("unrecognized character in action: {}", code_point(c));
                    return self.wrong(at, why);
                }
            }
        }
    }

    fn field(&mut self) -> Node {
        self.take();
        while let Some(c) = self.peek().filter(|c| !is_terminator(*c)) {
            self.next();
            if c == '\\' {
                self.next();
            }
        }
        match self.take() {
            "*" => Node::Wildcard,
            name => Node::Field(name.replace('\\', "")),
        }
    }

    fn identifier(&mut self) -> Node {
        while self.peek().is_some_and(|c| !is_terminator(c)) {
            self.next();
        }
        match self.take() {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            word => Node::Identifier(word.into()),
        }
    }

    fn number(&mut self, at: usize) -> Parsed<Node> {
        while self.peek().is_some_and(|c| c == '.' || c.is_ascii_digit()) {
            self.next();
        }
        let text = self.take();
        match (text.parse(), text.parse()) {
            (Ok(number), _) => Ok(Node::Int(number)),
            (Err(_), Ok(number)) => Ok(Node::Float(number)),
            (Err(_), Err(_)) => self.wrong(at, format!("cannot parse number {text}")),
        }
    }

    fn quoted(&mut self, quote: char) -> Parsed<Node> {
        let at = self.start;
        loop {
            match self.next() {
                None | Some('\n') => return self.wrong(at, "unterminated quoted string"),
                Some(c) if c == quote && !self.is_escaped() => break,
                Some(_) => {}
            }
        }
        let quoted = self.take();
        match unquote(quoted) {
            Some(text) => Ok(Node::Text(text)),
            None => self.wrong(at, format!("unquote string {quoted} error invalid syntax")),
        }
    }

    /// `[*]`, `[1:3]`, `['key']`, or several with commas.
    fn brackets(&mut self, nodes: &mut Vec<Node>) -> Parsed<()> {
        let at = self.start;
        loop {
            match self.next() {
                None | Some('\n') => return self.wrong(at, "unterminated array"),
                Some(']') => break,
                Some(_) => {}
            }
        }
        let taken = self.take();
        let inside = match &taken[1..taken.len() - 1] {
            "*" => ":",
            inside => inside,
        };
        if inside.contains(',') {
            nodes.push(self.union(inside, at + 1)?);
        } else if let Some(key) = quoted_key(inside) {
            nodes.extend(self.part(&format!(".{key}"), at + 1)?);
        } else {
            let slice = slice(inside).or_else(|why| self.wrong(at, why))?;
            nodes.push(Node::Array(slice));
        }
        Ok(())
    }

    fn union(&self, inside: &str, mut at: usize) -> Parsed<Node> {
        let mut parts = Vec::new();
        for part in inside.split(',') {
            parts.push(self.part(&format!("[{}]", part.trim_matches(' ')), at)?);
            at += part.len() + 1;
        }
        Ok(Node::Union(parts))
    }

    /// `[?(@.a == "b")]`, `[?(@.a)]`
    fn filter(&mut self) -> Parsed<Node> {
        let at = self.pos;
        self.pos += "[?(".len();
        self.take();
        let from = self.pos;
        let (mut quote, mut is_closed) = (None, false);
        loop {
            match self.next() {
                None | Some('\n') => return self.wrong(at, "unterminated filter"),
                Some(c @ ('"' | '\'')) => match quote {
                    None => quote = Some(c),
                    Some(quote) => is_closed |= quote == c && !self.is_escaped(),
                },
                Some(')') if quote.is_some() == is_closed => break,
                Some(_) => {}
            }
        }
        let end = self.pos;
        if self.next() != Some(']') {
            return self.wrong(end, "unclosed array expect ]");
        }
        let taken = self.take();
        let text = &taken[..taken.len() - ")]".len()];
        Ok(match comparison(text) {
            None => Node::Filter { left: self.part(text, from)?, operator: EXISTS.into(), right: Vec::new() },
            Some((left, operator, right)) => Node::Filter {
                left: self.part(left, from)?,
                operator: operator.into(),
                right: self.part(right, from + left.len() + operator.len())?,
            },
        })
    }

    fn check_ranges(&self, nodes: &[Node]) -> Parsed<()> {
        let is_range = |node: &Node| matches!(node, Node::Identifier(word) if word == RANGE);
        let ranges =
            nodes.iter().filter(|node| matches!(node, Node::List(inside) if inside.iter().any(is_range)));
        match ranges.count() > DEPTH {
            true => self.wrong(0, format!("more than {DEPTH} ranges")),
            false => Ok(()),
        }
    }
}

/// The operator of a filter without one.
pub const EXISTS: &str = "exists";
pub const RANGE: &str = "range";
pub const END: &str = "end";

/// `'key'`
fn quoted_key(text: &str) -> Option<&str> {
    let key = text.strip_prefix('\'')?.strip_suffix('\'')?;
    (!key.contains('\'')).then_some(key)
}

/// What is compared, and how: the operator is as long as it can be, if something is left to compare with.
fn comparison(text: &str) -> Option<(&str, &str, &str)> {
    let is_operator = |c: char| matches!(c, '!' | '<' | '>' | '=');
    let begin = text.find(is_operator).filter(|begin| *begin > 0)?;
    let after = &text[begin..];
    let length = after.find(|c| !is_operator(c)).unwrap_or(after.len() - 1);
    (length > 0).then(|| (&text[..begin], &after[..length], &after[length..]))
}

fn slice(text: &str) -> Result<Slice, String> {
    let invalid = || format!("invalid array index {text}");
    let parts: Vec<&str> = text.split(':').collect();
    let is_index = |part: &&str| part.strip_prefix('-').unwrap_or(part).bytes().all(|b| b.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(is_index) {
        return Err(invalid());
    }
    let index = |at: usize| match parts.get(at) {
        None | Some(&"") => Ok(None),
        Some(part) => part.parse().map(Some).map_err(|_| format!("array index {part} is not a number")),
    };
    let start = index(0)?;
    let end = match index(1)? {
        Some(end) => End::At(end),
        None if parts.len() == 1 => End::After(start.unwrap_or(0).wrapping_add(1)),
        None => End::Open,
    };
    Ok(Slice { start, end, step: index(2)? })
}

fn is_terminator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphabetic() || c.is_ascii_digit()
}

/// `U+003D '='` (Go's `%#U`).
fn code_point(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    if c.is_control() { code } else { format!("{code} '{c}'") }
}
