//! `-l`: a label query (apimachinery pkg/labels/selector.go, Parse).

use std::str::Chars;

use cluster::api::{Operator, Requirement, Selector};

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
const SYMBOLS: [&str; 7] = ["==", "!=", "=", "!", ",", "(", ")"];
const OPERATORS: &str = "in, notin, =, ==, !=";

pub fn parse(query: &str) -> Result<Selector, String> {
    let mut parser = Parser { tokens: tokens(query), at: 0 };
    let mut selector = Selector::default();
    if parser.peek() == &Token::End {
        return Ok(selector);
    }
    loop {
        let requirement = parser.requirement();
        let requirement = requirement.map_err(|problem| format!("unable to parse requirement: {problem}"))?;
        selector.match_expressions.push(requirement);
        match parser.next() {
            Token::End => return Ok(selector),
            Token::Symbol(",") => {}
            other => return Err(format!("found '{}', expected: ',' or 'end of string'", other.text())),
        }
    }
}

fn tokens(query: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest: Chars<'_> = query.chars();
    loop {
        let text = rest.as_str().trim_start();
        if text.is_empty() {
            tokens.push(Token::End);
            return tokens;
        }
        let token = match SYMBOLS.iter().find(|symbol| text.starts_with(**symbol)) {
            Some(symbol) => Token::Symbol(symbol),
            None => {
                let is_end = |c: char| c.is_whitespace() || "=!,()".contains(c);
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

    fn requirement(&mut self) -> Result<Requirement, String> {
        let is_denied = self.peek() == &Token::Symbol("!");
        self.at += usize::from(is_denied);
        let key = match self.next() {
            Token::Word(key) => key,
            other => return Err(format!("found '{}', expected: identifier", other.text())),
        };
        let requirement = |operator, values: Vec<String>| Requirement {
            key: key.as_str().into(),
            operator,
            values: values.iter().map(|value| value.as_str().into()).collect(),
        };
        match self.peek() {
            _ if is_denied => Ok(requirement(Operator::DoesNotExist, Vec::new())),
            Token::End | Token::Symbol(",") => Ok(requirement(Operator::Exists, Vec::new())),
            Token::Word(_) | Token::Symbol(_) => {
                let (operator, values) = self.operator_and_values()?;
                Ok(requirement(operator, values))
            }
        }
    }

    /// As in a LabelSelector, what is unlike a value may have no such label at all.
    fn operator_and_values(&mut self) -> Result<(Operator, Vec<String>), String> {
        let token = self.next();
        match token.text() {
            "=" | "==" => Ok((Operator::In, vec![self.value()?])),
            "!=" => Ok((Operator::NotIn, vec![self.value()?])),
            "in" => Ok((Operator::In, self.values()?)),
            "notin" => Ok((Operator::NotIn, self.values()?)),
            other => Err(format!("found '{other}', expected: {OPERATORS}")),
        }
    }

    /// Empty is a value.
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

    /// `(a,b)`, in which `(,a)` has an empty one, too.
    fn values(&mut self) -> Result<Vec<String>, String> {
        match self.next() {
            Token::Symbol("(") => {}
            other => return Err(format!("found '{}' expected: '('", other.text())),
        }
        let mut values = vec![String::new()];
        loop {
            match self.next() {
                Token::Symbol(")") => return Ok(values),
                Token::Symbol(",") => values.push(String::new()),
                Token::Word(word) if values.last().is_some_and(String::is_empty) => {
                    values.pop();
                    values.push(word);
                }
                other => return Err(format!("found '{}', expected: ',' or ')'", other.text())),
            }
        }
    }
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
        let web = [("app", "web"), ("tier", "front")];
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
        ] {
            assert!(takes(query, &web), "{query}");
        }
        for query in ["app=api", "app!=web", "app in (api)", "app notin (web,api)", "!app", "track", "app="] {
            assert!(!takes(query, &web), "{query}");
        }
        assert!(takes("in in (in)", &[("in", "in")]));
        assert!(takes("a in (,b)", &[("a", "")]));
    }

    #[test]
    fn what_is_no_query_is_told() {
        for (query, problem) in [
            ("app=web,", "unable to parse requirement: found '', expected: identifier"),
            ("app web", "unable to parse requirement: found 'web', expected: in, notin, =, ==, !="),
            ("app in web", "unable to parse requirement: found 'web' expected: '('"),
            ("app=a b", "found 'b', expected: ',' or 'end of string'"),
            ("app in (a", "unable to parse requirement: found '', expected: ',' or ')'"),
        ] {
            assert_eq!(parse(query).expect_err(query), problem);
        }
    }
}
