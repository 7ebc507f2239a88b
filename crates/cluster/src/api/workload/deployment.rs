//! `apps/v1` Deployment.

use serde::Serialize;

use super::super::decode::{self, Field, FieldCursor, FieldShape as Shape, Struct, field, fields, named};
use super::super::diagnostics::Diagnostics;
use super::super::field::{Error, Path};
use super::super::kind::Codec;
use super::super::validate::{self, violates};
use super::super::write::{at, map, overlay_template, put_or_remove, text};
use super::super::{
    ApiResource, DiagnosticKind, Meta, NameRule, PodTemplate, Resource, Rule, Scope, Selector, Tree, to_json,
};
use super::template::{count, nonzero, put_counts, strategy_of_type, validate_selected};
use super::{Conditions, IntOrPercent, has_status, immutable_selector};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deployment {
    pub meta: Meta,
    pub spec: DeploymentSpec,
    pub status: DeploymentStatus,
}

/// A limit or deadline that is not to hold is [`DeploymentSpec::NEVER`], the greatest int32.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeploymentSpec {
    pub replicas: u32,
    pub selector: Selector,
    pub template: PodTemplate,
    pub strategy: DeploymentStrategy,
    pub min_ready_s: u32,
    pub revision_history_limit: u32,
    pub paused: bool,
    pub progress_deadline_s: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum DeploymentStrategy {
    Recreate,
    RollingUpdate { max_surge: IntOrPercent, max_unavailable: IntOrPercent },
}

impl Default for DeploymentStrategy {
    fn default() -> DeploymentStrategy {
        let (max_surge, max_unavailable) = (IntOrPercent::Percent(25), IntOrPercent::Percent(25));
        DeploymentStrategy::RollingUpdate { max_surge, max_unavailable }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct DeploymentStatus {
    pub observed_generation: u32,
    pub replicas: u32,
    pub updated_replicas: u32,
    pub ready_replicas: u32,
    pub available_replicas: u32,
    pub unavailable_replicas: u32,
    pub terminating_replicas: u32,
    pub conditions: Conditions,
}

impl DeploymentSpec {
    /// apps/v1 defaults.go, SetDefaults_Deployment.
    const REVISION_HISTORY_LIMIT: u32 = 10;
    const PROGRESS_DEADLINE_S: u32 = 600;
    /// The greatest int32: no limit, no deadline (deployment_util.go, HasProgressDeadline).
    pub const NEVER: u32 = i32::MAX as u32;
}

has_status!(Deployment, |new: &DeploymentSpec, old: &DeploymentSpec| {
    immutable_selector(&new.selector, &old.selector)
});

impl Resource for Deployment {
    const API: ApiResource = ApiResource {
        kind: "Deployment",
        api_version: "apps/v1",
        plural: "deployments",
        singular: "deployment",
        short_names: &["deploy"],
        scope: Scope::Namespaced,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

const SPEC: &Struct = &named(
    "DeploymentSpec",
    &[
        field("replicas", Shape::Int32),
        field("selector", Shape::Obj(Selector::FIELDS)),
        field("template", Shape::Obj(fields::TEMPLATE)),
        field("strategy", Shape::Obj(STRATEGY)),
        field("minReadySeconds", Shape::Int32),
        field("revisionHistoryLimit", Shape::Int32),
        field("paused", Shape::Bool),
        field("progressDeadlineSeconds", Shape::Int32),
    ],
);

const STRATEGY: &Struct = &named(
    "DeploymentStrategy",
    &[
        field("type", Shape::Str),
        field(
            "rollingUpdate",
            Shape::Obj(&named(
                "RollingUpdateDeployment",
                &[field("maxUnavailable", Shape::IntOrStr), field("maxSurge", Shape::IntOrStr)],
            )),
        ),
    ],
);

impl Codec for Deployment {
    const FIELDS: &'static [Field] = &fields::object(SPEC);

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Deployment {
        let spec = root.field("spec");
        let mut number = |field, default| count(&spec.field(field), diagnostics).unwrap_or(default);
        let replicas = number("replicas", 1);
        let min_ready_s = number("minReadySeconds", 0);
        let revision_history_limit = number("revisionHistoryLimit", DeploymentSpec::REVISION_HISTORY_LIMIT);
        let progress_deadline_s = number("progressDeadlineSeconds", DeploymentSpec::PROGRESS_DEADLINE_S);
        Deployment {
            meta: decode::meta::decode::<Deployment>(root),
            spec: DeploymentSpec {
                replicas,
                selector: Selector::decode_of_workload(
                    &spec,
                    Some(DiagnosticKind::Required),
                    Rule::EmptySelectorOfDeployment,
                    diagnostics,
                ),
                template: decode::pod::template(&spec.field("template"), diagnostics),
                strategy: decode_strategy(&spec.field("strategy"), diagnostics),
                min_ready_s,
                revision_history_limit,
                paused: spec.field("paused").bool().unwrap_or(false),
                progress_deadline_s,
            },
            status: DeploymentStatus::default(),
        }
    }

    fn set_defaults(&mut self) {
        self.spec.template.spec.set_defaults();
    }

    /// apps validation.go, ValidateDeploymentSpec.
    fn validate(&self) -> Vec<Error> {
        let (mut errors, path) = (validate::meta::validate::<Deployment>(&self.meta), Path::new("spec"));
        let spec = &self.spec;
        validate_selected(&spec.selector, &spec.template, &path, &mut errors);
        validate_strategy(&spec.strategy, &path.child("strategy"), &mut errors);
        if spec.progress_deadline_s <= spec.min_ready_s {
            let value = spec.progress_deadline_s.to_string().into();
            let expected = "must be greater than minReadySeconds".into();
            errors.push(
                path.child("progressDeadlineSeconds").error(DiagnosticKind::Invalid { value, expected }),
            );
        }
        errors
    }

    fn print(&self, over: &mut Tree) {
        let (of, spec) = (&self.spec, at(over, "spec"));
        spec.put("progressDeadlineSeconds", Tree::int(i64::from(of.progress_deadline_s)));
        spec.put("replicas", Tree::int(i64::from(of.replicas)));
        spec.put("revisionHistoryLimit", Tree::int(i64::from(of.revision_history_limit)));
        put_or_remove(spec, "minReadySeconds", nonzero(of.min_ready_s));
        put_or_remove(spec, "paused", of.paused.then(|| Tree::bool(true)));
        of.selector.overlay(spec);
        let strategy = print_strategy(&of.strategy);
        spec.put("strategy", strategy);
        overlay_template(at(spec, "template"), &of.template);
        over.put("status", self.status.print());
    }
}

fn decode_strategy(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> DeploymentStrategy {
    let rolling = cursor.field("rollingUpdate");
    match cursor.field("type").text().map(|text| &**text) {
        Some("Recreate") => {
            if rolling.is_set() {
                let why = Rule::RollingUpdateWithRecreate;
                rolling.error(diagnostics, DiagnosticKind::Forbidden { why });
            }
            DeploymentStrategy::Recreate
        }
        Some("RollingUpdate") | None => rolling_update(&rolling, diagnostics),
        Some(unknown) => {
            let (value, allowed): (_, &[&str]) = (strategy_of_type(unknown), &["Recreate", "RollingUpdate"]);
            cursor.error(diagnostics, DiagnosticKind::UnsupportedStruct { value, allowed });
            rolling_update(&rolling, diagnostics)
        }
    }
}

fn rolling_update(rolling: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> DeploymentStrategy {
    let mut limit =
        |field| IntOrPercent::decode(&rolling.field(field), diagnostics).unwrap_or(IntOrPercent::Percent(25));
    let max_unavailable = limit("maxUnavailable");
    DeploymentStrategy::RollingUpdate { max_surge: limit("maxSurge"), max_unavailable }
}

fn validate_strategy(strategy: &DeploymentStrategy, path: &Path<'_>, errors: &mut Vec<Error>) {
    let DeploymentStrategy::RollingUpdate { max_surge, max_unavailable } = *strategy else { return };
    let rolling = path.child("rollingUpdate");
    let unavailable = rolling.child("maxUnavailable");
    if max_unavailable.is_zero() && max_surge.is_zero() {
        violates(&unavailable, to_json(&max_unavailable.print()), Rule::BothZero, errors);
    }
    max_unavailable.at_most_100_percent(&unavailable, errors);
}

fn print_strategy(strategy: &DeploymentStrategy) -> Tree {
    match strategy {
        DeploymentStrategy::Recreate => map([("type", text("Recreate"))]),
        DeploymentStrategy::RollingUpdate { max_surge, max_unavailable } => {
            let (surge, unavailable) = (max_surge.print(), max_unavailable.print());
            let rolling = map([("maxSurge", surge), ("maxUnavailable", unavailable)]);
            map([("rollingUpdate", rolling), ("type", text("RollingUpdate"))])
        }
    }
}

impl DeploymentStatus {
    fn print(&self) -> Tree {
        let mut out = Tree::map();
        put_counts(
            &mut out,
            &[
                ("availableReplicas", self.available_replicas),
                ("observedGeneration", self.observed_generation),
                ("readyReplicas", self.ready_replicas),
                ("replicas", self.replicas),
                ("unavailableReplicas", self.unavailable_replicas),
                ("updatedReplicas", self.updated_replicas),
            ],
        );
        if self.observed_generation > 0 {
            out.put("terminatingReplicas", Tree::int(i64::from(self.terminating_replicas)));
        }
        if !self.conditions.is_empty() {
            out.put("conditions", self.conditions.print(Some("lastUpdateTime")));
        }
        out
    }
}
