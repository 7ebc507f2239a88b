//! What keeps Pods from a node, and which Pods do not mind: `v1` Taint and Toleration.

use serde::Serialize;

use super::Str;

/// An entry of a Node's `spec.taints`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Taint {
    pub key: Str,
    pub value: Str,
    pub effect: TaintEffect,
    /// `timeAdded`, as written: a controller says when it added one.
    pub time_added: Option<Str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TaintEffect {
    NoSchedule,
    PreferNoSchedule,
    NoExecute,
}

impl TaintEffect {
    pub const ALL: [TaintEffect; 3] =
        [TaintEffect::NoSchedule, TaintEffect::PreferNoSchedule, TaintEffect::NoExecute];

    pub fn as_str(self) -> &'static str {
        match self {
            TaintEffect::NoSchedule => "NoSchedule",
            TaintEffect::PreferNoSchedule => "PreferNoSchedule",
            TaintEffect::NoExecute => "NoExecute",
        }
    }

    /// scheduler plugins/helper/taint.go, DoNotScheduleTaintsFilterFunc.
    pub fn forbids_scheduling(self) -> bool {
        match self {
            TaintEffect::NoSchedule | TaintEffect::NoExecute => true,
            TaintEffect::PreferNoSchedule => false,
        }
    }
}

impl Taint {
    /// node.kubernetes.io/unschedulable, which a cordoned node has.
    pub const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
    /// Of a node whose Ready condition is False.
    pub const NOT_READY: &str = "node.kubernetes.io/not-ready";
    /// Of a node whose Ready condition is Unknown.
    pub const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
    /// What a person says of a node that is off for good: its Pods may be deleted by force.
    pub const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

    /// Without a value.
    pub fn new(key: &str, effect: TaintEffect) -> Taint {
        Taint { key: key.into(), value: "".into(), effect, time_added: None }
    }

    /// v1 taint.go, MatchTaint: a node has one taint of a key and an effect.
    pub fn is_same(&self, other: &Taint) -> bool {
        (&self.key, self.effect) == (&other.key, other.effect)
    }
}

/// An entry of a Pod's `spec.tolerations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Toleration {
    /// Empty: every key.
    pub key: Str,
    /// None: `Equal`.
    pub operator: Option<TolerationOperator>,
    pub value: Str,
    /// None: every effect.
    pub effect: Option<TaintEffect>,
    /// For how long a taint NoExecute is tolerated. None: for ever.
    pub toleration_seconds: Option<i64>,
}

/// `Lt` and `Gt` are behind a feature gate that 1.36 has off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum TolerationOperator {
    #[default]
    Equal,
    Exists,
}

impl TolerationOperator {
    pub fn as_str(self) -> &'static str {
        match self {
            TolerationOperator::Equal => "Equal",
            TolerationOperator::Exists => "Exists",
        }
    }
}

impl Toleration {
    /// core/v1 toleration.go, ToleratesTaint.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        let same_effect = self.effect.is_none_or(|effect| effect == taint.effect);
        let same_key = self.key.is_empty() || self.key == taint.key;
        let same_value = match self.operator.unwrap_or_default() {
            TolerationOperator::Equal => self.value == taint.value,
            TolerationOperator::Exists => true,
        };
        same_effect && same_key && same_value
    }
}

/// component-helpers corev1/helpers.go, TolerationsTolerateTaint.
pub fn tolerate(tolerations: &[Toleration], taint: &Taint) -> bool {
    tolerations.iter().any(|toleration| toleration.tolerates(taint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toleration(
        key: &str,
        operator: TolerationOperator,
        value: &str,
        effect: Option<TaintEffect>,
    ) -> Toleration {
        Toleration {
            key: key.into(),
            operator: Some(operator),
            value: value.into(),
            effect,
            toleration_seconds: None,
        }
    }

    /// After core/v1 toleration_test.go, TestTolerationToleratesTaint.
    #[test]
    fn a_toleration_matches_key_value_and_effect() {
        use TaintEffect::{NoExecute, NoSchedule};
        use TolerationOperator::{Equal, Exists};
        let taint = Taint { value: "bar".into(), ..Taint::new("foo", NoSchedule) };
        for (key, operator, value, effect, tolerates) in [
            ("foo", Exists, "", Some(NoSchedule), true),
            ("foo", Exists, "", None, true),
            ("", Exists, "", Some(NoSchedule), true),
            ("", Exists, "", None, true),
            ("other", Exists, "", Some(NoSchedule), false),
            ("foo", Exists, "", Some(NoExecute), false),
            ("foo", Equal, "bar", Some(NoSchedule), true),
            ("foo", Equal, "bar", None, true),
            ("foo", Equal, "baz", Some(NoSchedule), false),
            ("foo", Equal, "bar", Some(NoExecute), false),
        ] {
            let toleration = toleration(key, operator, value, effect);
            assert_eq!(toleration.tolerates(&taint), tolerates, "{toleration:?}");
        }
    }
}
