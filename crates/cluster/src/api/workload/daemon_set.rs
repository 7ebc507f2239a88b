//! `apps/v1` DaemonSet.

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
use super::{IntOrPercent, has_status, immutable_selector};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DaemonSet {
    pub meta: Meta,
    pub spec: DaemonSetSpec,
    pub status: DaemonSetStatus,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DaemonSetSpec {
    pub selector: Selector,
    pub template: PodTemplate,
    pub update_strategy: DaemonSetUpdateStrategy,
    pub min_ready_s: u32,
    pub revision_history_limit: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum DaemonSetUpdateStrategy {
    OnDelete,
    RollingUpdate { max_surge: IntOrPercent, max_unavailable: IntOrPercent },
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct DaemonSetStatus {
    pub observed_generation: u32,
    pub current_number_scheduled: u32,
    pub number_misscheduled: u32,
    pub desired_number_scheduled: u32,
    pub number_ready: u32,
    pub updated_number_scheduled: u32,
    pub number_available: u32,
    pub number_unavailable: u32,
}

has_status!(DaemonSet, |new: &DaemonSetSpec, old: &DaemonSetSpec| {
    immutable_selector(&new.selector, &old.selector)
});

impl DaemonSet {
    /// Counts the changes of the template; the API server keeps it (registry/apps/daemonset/strategy.go).
    pub const TEMPLATE_GENERATION: &'static str = "deprecated.daemonset.template.generation";
}

impl Resource for DaemonSet {
    const API: ApiResource = ApiResource {
        kind: "DaemonSet",
        api_version: "apps/v1",
        plural: "daemonsets",
        singular: "daemonset",
        short_names: &["ds"],
        scope: Scope::Namespaced,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

const SPEC: &Struct = &named(
    "DaemonSetSpec",
    &[
        field("selector", Shape::Obj(Selector::FIELDS)),
        field("template", Shape::Obj(fields::TEMPLATE)),
        field("updateStrategy", Shape::Obj(UPDATE_STRATEGY)),
        field("minReadySeconds", Shape::Int32),
        field("revisionHistoryLimit", Shape::Int32),
    ],
);

const UPDATE_STRATEGY: &Struct = &named(
    "DaemonSetUpdateStrategy",
    &[
        field("type", Shape::Str),
        field(
            "rollingUpdate",
            Shape::Obj(&named(
                "RollingUpdateDaemonSet",
                &[field("maxUnavailable", Shape::IntOrStr), field("maxSurge", Shape::IntOrStr)],
            )),
        ),
    ],
);

impl Codec for DaemonSet {
    const FIELDS: &'static [Field] = &fields::object(SPEC);

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> DaemonSet {
        let spec = root.field("spec");
        DaemonSet {
            meta: decode::meta::decode::<DaemonSet>(root),
            spec: DaemonSetSpec {
                selector: Selector::decode_of_workload(
                    &spec,
                    None,
                    Rule::EmptySelectorOfDaemonSet,
                    diagnostics,
                ),
                template: decode::pod::template(&spec.field("template"), diagnostics),
                update_strategy: update_strategy(&spec.field("updateStrategy"), diagnostics),
                min_ready_s: count(&spec.field("minReadySeconds"), diagnostics).unwrap_or(0),
                revision_history_limit: count(&spec.field("revisionHistoryLimit"), diagnostics).unwrap_or(10),
            },
            status: DaemonSetStatus::default(),
        }
    }

    fn set_defaults(&mut self) {
        self.spec.template.spec.set_defaults();
    }

    /// apps validation.go, ValidateDaemonSetSpec.
    fn validate(&self) -> Vec<Error> {
        let (mut errors, path) = (validate::meta::validate::<DaemonSet>(&self.meta), Path::new("spec"));
        validate_selected(&self.spec.selector, &self.spec.template, &path, &mut errors);
        let strategy = path.child("updateStrategy");
        let rolling = strategy.child("rollingUpdate");
        if let DaemonSetUpdateStrategy::RollingUpdate { max_surge, max_unavailable } =
            self.spec.update_strategy
        {
            let unavailable = rolling.child("maxUnavailable");
            max_unavailable.at_most_100_percent(&unavailable, &mut errors);
            max_surge.at_most_100_percent(&rolling.child("maxSurge"), &mut errors);
            match (max_unavailable.is_zero(), max_surge.is_zero()) {
                (true, true) => {
                    violates(&unavailable, to_json(&max_unavailable.print()), Rule::BothZero, &mut errors);
                }
                (false, false) => {
                    let (surge, why) = (to_json(&max_surge.print()), Rule::SurgeAndUnavailable);
                    violates(&rolling.child("maxSurge"), surge, why, &mut errors);
                }
                (true, false) | (false, true) => {}
            }
        }
        errors
    }

    fn print(&self, over: &mut Tree) {
        let (of, spec) = (&self.spec, at(over, "spec"));
        spec.put("revisionHistoryLimit", Tree::int(i64::from(of.revision_history_limit)));
        put_or_remove(spec, "minReadySeconds", nonzero(of.min_ready_s));
        of.selector.overlay(spec);
        overlay_template(at(spec, "template"), &of.template);
        spec.put("updateStrategy", print_update_strategy(of.update_strategy));
        over.put("status", self.status.print());
    }
}

fn update_strategy(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> DaemonSetUpdateStrategy {
    let rolling = cursor.field("rollingUpdate");
    const TYPES: &[&str] = &["RollingUpdate", "OnDelete"];
    let type_ = cursor.field("type");
    let type_ = type_.text().map(|text| &**text);
    if let Some(unknown) = type_.filter(|type_| !TYPES.contains(type_)) {
        let (value, allowed) = (strategy_of_type(unknown), TYPES);
        cursor.error(diagnostics, DiagnosticKind::UnsupportedStruct { value, allowed });
    }
    match type_ {
        Some("OnDelete") => DaemonSetUpdateStrategy::OnDelete,
        Some(_) | None => {
            let max_unavailable = IntOrPercent::decode(&rolling.field("maxUnavailable"), diagnostics);
            let max_surge = IntOrPercent::decode(&rolling.field("maxSurge"), diagnostics);
            DaemonSetUpdateStrategy::RollingUpdate {
                max_surge: max_surge.unwrap_or(IntOrPercent::Int(0)),
                max_unavailable: max_unavailable.unwrap_or(IntOrPercent::Int(1)),
            }
        }
    }
}

fn print_update_strategy(strategy: DaemonSetUpdateStrategy) -> Tree {
    match strategy {
        DaemonSetUpdateStrategy::OnDelete => map([("type", text("OnDelete"))]),
        DaemonSetUpdateStrategy::RollingUpdate { max_surge, max_unavailable } => {
            let rolling = map([("maxSurge", max_surge.print()), ("maxUnavailable", max_unavailable.print())]);
            map([("rollingUpdate", rolling), ("type", text("RollingUpdate"))])
        }
    }
}

impl DaemonSetStatus {
    fn print(&self) -> Tree {
        let mut out = Tree::map();
        for (field, number) in [
            ("currentNumberScheduled", self.current_number_scheduled),
            ("desiredNumberScheduled", self.desired_number_scheduled),
            ("numberMisscheduled", self.number_misscheduled),
            ("numberReady", self.number_ready),
        ] {
            out.put(field, Tree::int(i64::from(number)));
        }
        put_counts(
            &mut out,
            &[
                ("numberAvailable", self.number_available),
                ("numberUnavailable", self.number_unavailable),
                ("observedGeneration", self.observed_generation),
                ("updatedNumberScheduled", self.updated_number_scheduled),
            ],
        );
        out
    }
}
