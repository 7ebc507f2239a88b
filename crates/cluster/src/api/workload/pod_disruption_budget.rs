//! `policy/v1` PodDisruptionBudget.

use litemap::LiteMap;
use serde::Serialize;

use super::super::decode::{self, Field, FieldCursor, FieldShape as Shape, Struct, field, fields, named};
use super::super::diagnostics::Diagnostics;
use super::super::field::{Error, Path};
use super::super::kind::Codec;
use super::super::validate::{self, violates};
use super::super::write::{at, map, put_or_remove, rfc3339, text};
use super::super::{ApiResource, Meta, Name, NameRule, Resource, Rule, Scope, Selector, Tree, to_json};
use super::{Conditions, IntOrPercent, has_status};
use crate::sim::Time;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PodDisruptionBudget {
    pub meta: Meta,
    pub spec: PodDisruptionBudgetSpec,
    pub status: PodDisruptionBudgetStatus,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PodDisruptionBudgetSpec {
    pub min_available: Option<IntOrPercent>,
    pub max_unavailable: Option<IntOrPercent>,
    /// `None` matches no Pod, an empty one all of the namespace.
    pub selector: Option<Selector>,
    pub unhealthy_pod_eviction_policy: Option<UnhealthyPodEvictionPolicy>,
}

/// When a Pod that is not healthy may be evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum UnhealthyPodEvictionPolicy {
    /// When as many are healthy as the budget asks for. What holds if none is written.
    IfHealthyBudget,
    AlwaysAllow,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct PodDisruptionBudgetStatus {
    pub observed_generation: u32,
    pub disruptions_allowed: u32,
    pub current_healthy: u32,
    pub desired_healthy: u32,
    pub expected_pods: u32,
    /// Pods whose eviction was granted and that are not gone yet.
    pub disrupted_pods: LiteMap<Name, Time>,
    pub conditions: Conditions,
}

has_status!(PodDisruptionBudget, |_: &PodDisruptionBudgetSpec, _: &PodDisruptionBudgetSpec| None);

impl Resource for PodDisruptionBudget {
    const API: ApiResource = ApiResource {
        kind: "PodDisruptionBudget",
        api_version: "policy/v1",
        plural: "poddisruptionbudgets",
        singular: "poddisruptionbudget",
        short_names: &["pdb"],
        scope: Scope::Namespaced,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

const SPEC: &Struct = &named(
    "PodDisruptionBudgetSpec",
    &[
        field("minAvailable", Shape::IntOrStr),
        field("maxUnavailable", Shape::IntOrStr),
        field("selector", Shape::Obj(Selector::FIELDS)),
        field("unhealthyPodEvictionPolicy", Shape::Str),
    ],
);

impl Codec for PodDisruptionBudget {
    const FIELDS: &'static [Field] = &fields::object(SPEC);

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> PodDisruptionBudget {
        const POLICIES: &[&str] = &["AlwaysAllow", "IfHealthyBudget"];
        let spec = root.field("spec");
        let selector = spec.field("selector");
        let policy = decode::pod_one_of(&spec.field("unhealthyPodEvictionPolicy"), POLICIES, diagnostics);
        PodDisruptionBudget {
            meta: decode::meta::decode::<PodDisruptionBudget>(root),
            spec: PodDisruptionBudgetSpec {
                min_available: IntOrPercent::decode(&spec.field("minAvailable"), diagnostics),
                max_unavailable: IntOrPercent::decode(&spec.field("maxUnavailable"), diagnostics),
                selector: selector.is_set().then(|| Selector::decode(&selector, diagnostics)),
                unhealthy_pod_eviction_policy: policy.map(|policy| match policy {
                    "AlwaysAllow" => UnhealthyPodEvictionPolicy::AlwaysAllow,
                    _ => UnhealthyPodEvictionPolicy::IfHealthyBudget,
                }),
            },
            status: PodDisruptionBudgetStatus::default(),
        }
    }

    fn set_defaults(&mut self) {}

    /// policy validation.go, ValidatePodDisruptionBudgetSpec.
    fn validate(&self) -> Vec<Error> {
        let (mut errors, path) =
            (validate::meta::validate::<PodDisruptionBudget>(&self.meta), Path::new("spec"));
        let PodDisruptionBudgetSpec { min_available, max_unavailable, selector, .. } = &self.spec;
        if let (Some(min), Some(max)) = (min_available, max_unavailable) {
            // As upstream's own type is shown.
            let [min, max] = [min, max].map(|value| to_json(&value.print()));
            let selector = selector.as_ref().map_or("null".into(), Selector::shown);
            let value = format!(
                r#"{{"MinAvailable":{min},"Selector":{selector},"MaxUnavailable":{max},"UnhealthyPodEvictionPolicy":null}}"#
            );
            violates(&path, value, Rule::BudgetWithBoth, &mut errors);
        }
        for (field, value) in [("minAvailable", min_available), ("maxUnavailable", max_unavailable)] {
            if let Some(value) = value {
                value.at_most_100_percent(&path.child(field), &mut errors);
            }
        }
        if let Some(selector) = selector {
            selector.validate(&path.child("selector"), &mut errors);
        }
        errors
    }

    fn print(&self, over: &mut Tree) {
        let (of, spec) = (&self.spec, at(over, "spec"));
        put_or_remove(spec, "minAvailable", of.min_available.map(IntOrPercent::print));
        put_or_remove(spec, "maxUnavailable", of.max_unavailable.map(IntOrPercent::print));
        let policy = of.unhealthy_pod_eviction_policy.map(|policy| match policy {
            UnhealthyPodEvictionPolicy::IfHealthyBudget => text("IfHealthyBudget"),
            UnhealthyPodEvictionPolicy::AlwaysAllow => text("AlwaysAllow"),
        });
        put_or_remove(spec, "unhealthyPodEvictionPolicy", policy);
        if let Some(selector) = &of.selector {
            selector.overlay(spec);
        }
        over.put("status", self.status.print());
    }
}

impl PodDisruptionBudgetStatus {
    fn print(&self) -> Tree {
        let number = |number: u32| Tree::int(i64::from(number));
        let mut out = map([
            ("currentHealthy", number(self.current_healthy)),
            ("desiredHealthy", number(self.desired_healthy)),
            ("disruptionsAllowed", number(self.disruptions_allowed)),
            ("expectedPods", number(self.expected_pods)),
        ]);
        if self.observed_generation > 0 {
            out.put("observedGeneration", number(self.observed_generation));
        }
        if !self.disrupted_pods.is_empty() {
            let mut pods = Tree::map();
            for (name, at) in &self.disrupted_pods {
                pods.put(name, text(&rfc3339::print(*at)));
            }
            out.put("disruptedPods", pods);
        }
        if !self.conditions.is_empty() {
            let with_generation = |condition: &Tree| {
                let mut condition = condition.clone();
                condition.put("observedGeneration", number(self.observed_generation));
                condition
            };
            let conditions = self.conditions.print(None);
            out.put("conditions", Tree::seq(conditions.items().iter().map(with_generation).collect()));
        }
        out
    }
}
