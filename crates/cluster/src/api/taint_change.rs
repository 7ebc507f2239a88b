//! What `kubectl taint` is told to do (kubectl pkg/cmd/taint/utils.go, parseTaints).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::decode::holds_name;
use super::{Format, NameRule, Str, Taint, TaintEffect};

/// `key=value:effect` adds a taint, or gives it another value; `key:effect-` takes one away, `key-` all of that key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaintChange {
    Add(Taint),
    Remove { key: Str, effect: Option<TaintEffect> },
}

impl TaintChange {
    /// `None` if it is nothing that kubectl takes.
    pub fn parse(text: &str) -> Option<TaintChange> {
        let (spec, removes) = text.strip_suffix('-').map_or((text, false), |spec| (spec, true));
        let (pair, effect) = match spec.split_once(':') {
            Some((pair, effect)) => (pair, Some(parse_effect(effect)?)),
            None => (spec, None),
        };
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !holds_name(key, NameRule::QualifiedName) || !holds_name(value, NameRule::LabelValue) {
            return None;
        }
        match (removes, effect) {
            (true, effect) => Some(TaintChange::Remove { key: key.into(), effect }),
            (false, Some(effect)) => {
                Some(TaintChange::Add(Taint { value: value.into(), ..Taint::new(key, effect) }))
            }
            (false, None) => None,
        }
    }

    /// False if there is nothing to take away.
    pub(crate) fn apply(&self, taints: &mut Vec<Taint>) -> bool {
        let before = taints.len();
        match self {
            TaintChange::Add(taint) => {
                match taints.iter_mut().find(|other| other.is_same(taint)) {
                    Some(other) => *other = taint.clone(),
                    None => taints.push(taint.clone()),
                }
                true
            }
            TaintChange::Remove { key, effect } => {
                taints
                    .retain(|taint| taint.key != *key || effect.is_some_and(|effect| effect != taint.effect));
                taints.len() < before
            }
        }
    }
}

fn parse_effect(text: &str) -> Option<TaintEffect> {
    TaintEffect::ALL.into_iter().find(|effect| effect.as_str() == text)
}

impl fmt::Display for TaintChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaintChange::Add(Taint { key, value, effect, .. }) if value.is_empty() => {
                write!(f, "{key}:{}", effect.as_str())
            }
            TaintChange::Add(Taint { key, value, effect, .. }) => {
                write!(f, "{key}={value}:{}", effect.as_str())
            }
            TaintChange::Remove { key, effect: Some(effect) } => write!(f, "{key}:{}-", effect.as_str()),
            TaintChange::Remove { key, effect: None } => write!(f, "{key}-"),
        }
    }
}

impl Serialize for TaintChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TaintChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TaintChange, D::Error> {
        let text = Str::deserialize(deserializer)?;
        TaintChange::parse(&text)
            .ok_or_else(|| serde::de::Error::invalid_value(serde::de::Unexpected::Str(&text), &Format::Taint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After kubectl pkg/cmd/taint/utils_test.go, TestParseTaints.
    #[test]
    fn taints_are_written_as_for_kubectl() {
        for (text, printed) in [
            ("foo=abc:NoSchedule", Some("foo=abc:NoSchedule")),
            ("foo:NoExecute", Some("foo:NoExecute")),
            ("foo=:PreferNoSchedule", Some("foo:PreferNoSchedule")),
            ("foo-", Some("foo-")),
            ("foo:NoSchedule-", Some("foo:NoSchedule-")),
            ("foo=abc:NoSchedule-", Some("foo:NoSchedule-")),
            ("example.com/foo=abc:NoSchedule", Some("example.com/foo=abc:NoSchedule")),
            ("", None),
            ("-", None),
            ("foo", None),
            ("foo=abc", None),
            ("foo=abc:", None),
            ("foo=abc:Nope", None),
            ("foo=abc:NoSchedule:NoSchedule", None),
            ("=abc:NoSchedule", None),
            ("foo=a b:NoSchedule", None),
        ] {
            let change = TaintChange::parse(text);
            assert_eq!(change.as_ref().map(ToString::to_string).as_deref(), printed, "{text}");
            let again = change.as_ref().and_then(|change| TaintChange::parse(&change.to_string()));
            assert_eq!(again, change, "{text}");
        }
    }

    #[test]
    fn a_node_has_one_taint_of_a_key_and_an_effect() {
        let change = |text: &str| TaintChange::parse(text).expect("a taint");
        let mut taints = Vec::new();
        for text in ["a=1:NoSchedule", "a=1:NoExecute", "b:NoSchedule", "a=2:NoSchedule"] {
            assert!(change(text).apply(&mut taints));
        }
        let there: Vec<String> = taints.iter().map(|t| TaintChange::Add(t.clone()).to_string()).collect();
        assert_eq!(there, ["a=2:NoSchedule", "a=1:NoExecute", "b:NoSchedule"]);
        assert!(!change("b:NoExecute-").apply(&mut taints) && !change("c-").apply(&mut taints));
        assert!(change("a:NoExecute-").apply(&mut taints) && taints.len() == 2);
        assert!(change("a-").apply(&mut taints) && taints.len() == 1);
    }
}
