//! `-l`: a label query (apimachinery pkg/labels/selector.go, Parse).

use std::collections::BTreeSet;
use std::str::Chars;

use cluster::api::Labels;

use super::label_syntax;

/// All of its requirements are met by the objects that it selects; without any, each is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelQuery(Vec<Requirement>);

impl LabelQuery {
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|requirement| requirement.matches(labels))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    holds: Holds,
}

/// What holds of the key's value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Holds {
    Exists,
    DoesNotExist,
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    GreaterThan(i64),
    LessThan(i64),
}

impl Requirement {
    /// Requirement.Matches: what is unlike a value may have no such label at all.
    fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&*self.key).map(|value| &**value);
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match &self.holds {
            Holds::Exists => value.is_some(),
            Holds::DoesNotExist => value.is_none(),
            Holds::In(values) => value.is_some_and(|value| values.contains(value)),
            Holds::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Holds::GreaterThan(than) => number().is_some_and(|value| value > *than),
            Holds::LessThan(than) => number().is_some_and(|value| value < *than),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Equals,
    NotEquals,
    GreaterThan,
    LessThan,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Symbol(&'static str),
    End,
}

impl Token {
    /// What the message shows of it.
    fn text(&self) -> &str {
        match self {
            Token::Word(word) => word,
            Token::Symbol(symbol) => symbol,
            Token::End => "",
        }
    }
}

/// The longer ones first.
const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", ",", "(", ")", ">", "<"];
const WHITESPACE: [char; 4] = [' ', '\t', '\r', '\n'];
const OPERATORS: &str = "in, notin, =, ==, !=, gt, lt";

pub fn parse(query: &str) -> Result<LabelQuery, String> {
    let mut parser = Parser { tokens: tokens(query), at: 0 };
    let mut requirements = Vec::new();
    match parser.peek() {
        Token::End => return Ok(LabelQuery(requirements)),
        Token::Word(_) | Token::Symbol("!") => {}
        Token::Symbol(other) => {
            return Err(format!("found '{other}', expected: !, identifier, or 'end of string'"));
        }
    }
    loop {
        let requirement = parser.requirement();
        let requirement = requirement.map_err(|problem| format!("unable to parse requirement: {problem}"))?;
        requirements.push(requirement);
        match parser.next() {
            Token::End => return Ok(LabelQuery(requirements)),
            Token::Symbol(",") => match parser.peek() {
                Token::Word(_) | Token::Symbol("!") => {}
                other @ (Token::Symbol(_) | Token::End) => {
                    return Err(format!("found '{}', expected: identifier after ','", other.text()));
                }
            },
            other @ (Token::Word(_) | Token::Symbol(_)) => {
                return Err(format!("found '{}', expected: ',' or 'end of string'", other.text()));
            }
        }
    }
}

/// Lexer.Lex.
fn tokens(query: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest: Chars<'_> = query.chars();
    loop {
        let text = rest.as_str().trim_start_matches(WHITESPACE);
        if text.is_empty() {
            tokens.push(Token::End);
            return tokens;
        }
        let token = match SYMBOLS.iter().find(|symbol| text.starts_with(**symbol)) {
            Some(symbol) => Token::Symbol(symbol),
            None => {
                let is_end = |c: char| WHITESPACE.contains(&c) || "=!,()><".contains(c);
                Token::Word(text[..text.find(is_end).unwrap_or(text.len())].into())
            }
        };
        rest = text[token.text().len()..].chars();
        tokens.push(token);
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    /// Past the end there is only the end.
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    /// parseRequirement.
    fn requirement(&mut self) -> Result<Requirement, String> {
        let is_denied = self.peek() == &Token::Symbol("!");
        self.at += usize::from(is_denied);
        let key = match self.next() {
            Token::Word(key) => key,
            other @ (Token::Symbol(_) | Token::End) => {
                return Err(format!("found '{}', expected: identifier", other.text()));
            }
        };
        let problems = label_syntax::key(&key);
        if !problems.is_empty() {
            // The key has no path in a query, and Go prints none so.
            return Err(invalid("<nil>", &key, &problems.join("; ")));
        }
        let holds = match self.peek() {
            _ if is_denied => Holds::DoesNotExist,
            Token::End | Token::Symbol(",") => Holds::Exists,
            Token::Word(_) | Token::Symbol(_) => {
                let operator = self.operator()?;
                let values = match operator {
                    Operator::In | Operator::NotIn => self.values()?,
                    Operator::Equals | Operator::NotEquals | Operator::GreaterThan | Operator::LessThan => {
                        BTreeSet::from([self.value()?])
                    }
                };
                holds(&key, operator, values)?
            }
        };
        Ok(Requirement { key, holds })
    }

    fn operator(&mut self) -> Result<Operator, String> {
        match self.next().text() {
            "=" | "==" => Ok(Operator::Equals),
            "!=" => Ok(Operator::NotEquals),
            "in" => Ok(Operator::In),
            "notin" => Ok(Operator::NotIn),
            ">" => Ok(Operator::GreaterThan),
            "<" => Ok(Operator::LessThan),
            other => Err(format!("found '{other}', expected: {OPERATORS}")),
        }
    }

    /// parseExactValue: empty is a value.
    fn value(&mut self) -> Result<String, String> {
        match self.peek() {
            Token::End | Token::Symbol(",") => Ok(String::new()),
            Token::Word(value) => {
                let value = value.clone();
                self.at += 1;
                Ok(value)
            }
            Token::Symbol(symbol) => Err(format!("found '{symbol}', expected: identifier")),
        }
    }

    /// parseValues: `(a,b)`, in which `(,a)` has an empty one, too.
    fn values(&mut self) -> Result<BTreeSet<String>, String> {
        match self.next() {
            Token::Symbol("(") => {}
            other @ (Token::Word(_) | Token::Symbol(_) | Token::End) => {
                return Err(format!("found '{}' expected: '('", other.text()));
            }
        }
        match self.peek() {
            Token::Word(_) | Token::Symbol("," | ")") => self.values_up_to_the_end(),
            other @ (Token::Symbol(_) | Token::End) => {
                Err(format!("found '{}', expected: ',', ')' or identifier", other.text()))
            }
        }
    }

    /// parseIdentifiersList.
    fn values_up_to_the_end(&mut self) -> Result<BTreeSet<String>, String> {
        let mut values = BTreeSet::new();
        let mut last = String::new();
        loop {
            match self.next() {
                Token::Word(word) => {
                    last = word;
                    match self.peek() {
                        Token::Symbol("," | ")") => {}
                        other @ (Token::Word(_) | Token::Symbol(_) | Token::End) => {
                            return Err(format!("found '{}', expected: ',' or ')'", other.text()));
                        }
                    }
                }
                Token::Symbol(",") => {
                    values.insert(std::mem::take(&mut last));
                }
                Token::Symbol(")") => {
                    values.insert(last);
                    return Ok(values);
                }
                other @ (Token::Symbol(_) | Token::End) => {
                    return Err(format!("found '{}', expected: ',', or identifier", other.text()));
                }
            }
        }
    }
}

/// NewRequirement, of a key that is one.
fn holds(key: &str, operator: Operator, values: BTreeSet<String>) -> Result<Holds, String> {
    let mut problems = Vec::new();
    let compares = matches!(operator, Operator::GreaterThan | Operator::LessThan);
    let number = values.first().and_then(|value| value.parse::<i64>().ok());
    if let (true, None, Some(value)) = (compares, number, values.first()) {
        let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
        problems.push(invalid("values[0]", value, detail));
    }
    for (index, value) in values.iter().enumerate() {
        let found = label_syntax::value(value);
        if !found.is_empty() {
            problems.push(invalid(&format!("values[{index}][{key}]"), value, &found.join("; ")));
        }
    }
    match &problems[..] {
        [] => {}
        [problem] => return Err(problem.clone()),
        several => return Err(format!("[{}]", several.join(", "))),
    }
    let number = number.unwrap_or_default();
    Ok(match operator {
        Operator::In | Operator::Equals => Holds::In(values),
        Operator::NotIn | Operator::NotEquals => Holds::NotIn(values),
        Operator::GreaterThan => Holds::GreaterThan(number),
        Operator::LessThan => Holds::LessThan(number),
    })
}

/// field.Invalid.
fn invalid(path: &str, value: &str, detail: &str) -> String {
    format!("{path}: Invalid value: {value:?}: {detail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(query: &str, labels: &[(&str, &str)]) -> bool {
        let selector = parse(query).unwrap_or_else(|problem| panic!("{query}: {problem}"));
        selector.matches(&labels.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect())
    }

    #[test]
    fn queries_select_as_kubectls() {
        let web = [("app", "web"), ("tier", "front"), ("shard", "3")];
        for query in [
            "",
            "app=web",
            "app==web",
            "app = web , tier",
            "app!=api",
            "app in (api, web)",
            "app notin (api)",
            "!track",
            "track!=stable",
            "track notin (a,b),app",
            "app,tier in (front)",
            "shard>2",
            "shard > 2, shard < 4",
            "tier notin (,a)",
        ] {
            assert!(takes(query, &web), "{query}");
        }
        for query in [
            "app=api",
            "app!=web",
            "app in (api)",
            "app notin (web,api)",
            "!app",
            "track",
            "app=",
            "shard>3",
            "shard<3",
            "app>1",
            "track<9",
        ] {
            assert!(!takes(query, &web), "{query}");
        }
        assert!(takes("in in (in)", &[("in", "in")]));
        assert!(takes("a in (,b)", &[("a", "")]));
    }

    #[test]
    fn what_is_no_query_is_told() {
        for (query, problem) in [
            ("app=web,", "found '', expected: identifier after ','"),
            ("a,,b", "found ',', expected: identifier after ','"),
            ("=a", "found '=', expected: !, identifier, or 'end of string'"),
            ("!", "unable to parse requirement: found '', expected: identifier"),
            ("!a=b", "found '=', expected: ',' or 'end of string'"),
            ("app web", "unable to parse requirement: found 'web', expected: in, notin, =, ==, !=, gt, lt"),
            ("app in web", "unable to parse requirement: found 'web' expected: '('"),
            ("app=a b", "found 'b', expected: ',' or 'end of string'"),
            ("app in (a", "unable to parse requirement: found '', expected: ',' or ')'"),
            ("app in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
            ("app in (a,=", "unable to parse requirement: found '=', expected: ',', or identifier"),
            (
                "shard>two",
                "unable to parse requirement: values[0]: Invalid value: \"two\": for 'Gt', 'Lt' operators, the value \
                 must be an integer",
            ),
            (
                "/a",
                "unable to parse requirement: <nil>: Invalid value: \"/a\": prefix part must be non-empty",
            ),
        ] {
            assert_eq!(parse(query).expect_err(query), problem);
        }
    }

    #[test]
    fn values_are_those_of_labels() {
        let problem = parse("app in (web,a:b)").expect_err("no label has such a value");
        let begin =
            "unable to parse requirement: values[0][app]: Invalid value: \"a:b\": a valid label must be an";
        assert!(problem.starts_with(begin), "{problem}");
        let both = parse("shard>1:0").expect_err("it is no number, and no value");
        // So no number below zero can be written.
        assert!(parse("shard>-1").is_err());
        assert!(
            both.starts_with("unable to parse requirement: [values[0]: Invalid value: \"1:0\": for 'Gt'"),
            "{both}"
        );
    }
}
