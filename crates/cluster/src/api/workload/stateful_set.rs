//! `apps/v1` StatefulSet.

use serde::Serialize;

use super::super::decode::{self, Field, FieldCursor, FieldShape as Shape, Struct, field, fields, named};
use super::super::diagnostics::Diagnostics;
use super::super::field::{Error, Path};
use super::super::kind::Codec;
use super::super::validate;
use super::super::write::{at, map, overlay_template, put_or_remove, text};
use super::super::{
    ApiResource, DiagnosticKind, Labels, Meta, NameRule, PodTemplate, Resource, Rule, Scope, Selector, Str,
    Tree,
};
use super::has_status;
use super::template::{count, nonzero, put_counts, strategy_of_type, text_or, validate_selected};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatefulSet {
    pub meta: Meta,
    pub spec: StatefulSetSpec,
    pub status: StatefulSetStatus,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatefulSetSpec {
    pub replicas: u32,
    pub selector: Selector,
    pub template: PodTemplate,
    /// Its Pods' subdomain; empty for none.
    pub service_name: Str,
    pub pod_management_policy: PodManagementPolicy,
    pub update_strategy: StatefulSetUpdateStrategy,
    /// Negative for all.
    pub revision_history_limit: i32,
    pub min_ready_s: u32,
    /// `ordinals.start`: the number of the first Pod.
    pub start: u32,
    pub volume_claim_templates: Vec<VolumeClaimTemplate>,
    pub when_deleted: Retention,
    pub when_scaled: Retention,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PodManagementPolicy {
    /// One Pod after the other.
    OrderedReady,
    Parallel,
}

/// `maxUnavailable` is not read: the feature MaxUnavailableStatefulSet is off by default in 1.36.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum StatefulSetUpdateStrategy {
    OnDelete,
    RollingUpdate {
        /// Pods with a lower ordinal are not updated.
        partition: u32,
    },
}

/// What becomes of a claim (`persistentVolumeClaimRetentionPolicy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Retention {
    Retain,
    Delete,
}

/// Of a PersistentVolumeClaim only its metadata is read; the volume itself is not simulated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VolumeClaimTemplate {
    pub name: Str,
    pub labels: Labels,
    pub annotations: Labels,
    /// As written.
    #[serde(skip)]
    pub written: Tree,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct StatefulSetStatus {
    pub observed_generation: u32,
    pub replicas: u32,
    pub ready_replicas: u32,
    pub available_replicas: u32,
    pub current_replicas: u32,
    pub updated_replicas: u32,
    /// Names of ControllerRevisions.
    pub current_revision: Str,
    pub update_revision: Str,
}

/// apps validation.go, ValidateStatefulSetUpdate: all but these fields may not change.
fn forbidden_change(new: &StatefulSetSpec, old: &StatefulSetSpec) -> Option<Error> {
    let allowed = StatefulSetSpec {
        replicas: old.replicas,
        template: old.template.clone(),
        update_strategy: old.update_strategy,
        revision_history_limit: old.revision_history_limit,
        min_ready_s: old.min_ready_s,
        start: old.start,
        when_deleted: old.when_deleted,
        when_scaled: old.when_scaled,
        ..new.clone()
    };
    let why = Rule::ImmutableStatefulSet;
    (allowed != *old).then(|| Path::new("spec").error(DiagnosticKind::Forbidden { why }))
}

has_status!(StatefulSet, forbidden_change);

impl Resource for StatefulSet {
    const API: ApiResource = ApiResource {
        kind: "StatefulSet",
        api_version: "apps/v1",
        plural: "statefulsets",
        singular: "statefulset",
        short_names: &["sts"],
        scope: Scope::Namespaced,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Label;
}

const SPEC: &Struct = &named(
    "StatefulSetSpec",
    &[
        field("replicas", Shape::Int32),
        field("selector", Shape::Obj(Selector::FIELDS)),
        field("template", Shape::Obj(fields::TEMPLATE)),
        field("volumeClaimTemplates", Shape::Any),
        field("serviceName", Shape::Str),
        field("podManagementPolicy", Shape::Str),
        field("updateStrategy", Shape::Obj(UPDATE_STRATEGY)),
        field("revisionHistoryLimit", Shape::Int32),
        field("minReadySeconds", Shape::Int32),
        field("persistentVolumeClaimRetentionPolicy", Shape::Obj(RETENTION)),
        field("ordinals", Shape::Obj(&named("StatefulSetOrdinals", &[field("start", Shape::Int32)]))),
    ],
);

const UPDATE_STRATEGY: &Struct = &named(
    "StatefulSetUpdateStrategy",
    &[
        field("type", Shape::Str),
        field(
            "rollingUpdate",
            Shape::Obj(&named(
                "RollingUpdateStatefulSetStrategy",
                &[field("partition", Shape::Int32), field("maxUnavailable", Shape::IntOrStr)],
            )),
        ),
    ],
);

const RETENTION: &Struct = &named(
    "StatefulSetPersistentVolumeClaimRetentionPolicy",
    &[field("whenDeleted", Shape::Str), field("whenScaled", Shape::Str)],
);

impl Codec for StatefulSet {
    const FIELDS: &'static [Field] = &fields::object(SPEC);

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> StatefulSet {
        let spec = root.field("spec");
        let claims = spec.field("volumeClaimTemplates");
        let retention = spec.field("persistentVolumeClaimRetentionPolicy");
        StatefulSet {
            meta: decode::meta::decode::<StatefulSet>(root),
            spec: StatefulSetSpec {
                replicas: count(&spec.field("replicas"), diagnostics).unwrap_or(1),
                selector: Selector::decode_of_workload(
                    &spec,
                    Some(DiagnosticKind::Required),
                    Rule::EmptySelectorOfStatefulSet,
                    diagnostics,
                ),
                template: decode::pod::template_with_claims(&spec.field("template"), diagnostics),
                service_name: text_or(&spec.field("serviceName"), ""),
                pod_management_policy: management(&spec.field("podManagementPolicy"), diagnostics),
                update_strategy: update_strategy(&spec.field("updateStrategy"), diagnostics),
                revision_history_limit: spec
                    .field("revisionHistoryLimit")
                    .number(diagnostics, i64::from(i32::MIN), i64::from(i32::MAX))
                    .unwrap_or(10),
                min_ready_s: count(&spec.field("minReadySeconds"), diagnostics).unwrap_or(0),
                start: count(&spec.field("ordinals").field("start"), diagnostics).unwrap_or(0),
                volume_claim_templates: (0..claims.len()).map(|i| claim(&claims.item(i))).collect(),
                when_deleted: Retention::decode(&retention.field("whenDeleted"), diagnostics),
                when_scaled: Retention::decode(&retention.field("whenScaled"), diagnostics),
            },
            status: StatefulSetStatus::default(),
        }
    }

    fn set_defaults(&mut self) {
        self.spec.template.spec.set_defaults();
    }

    /// apps validation.go, ValidateStatefulSetSpec.
    fn validate(&self) -> Vec<Error> {
        let (mut errors, path) = (validate::meta::validate::<StatefulSet>(&self.meta), Path::new("spec"));
        let spec = &self.spec;
        validate_selected(&spec.selector, &spec.template, &path, &mut errors);
        if !spec.service_name.is_empty() {
            let service = path.child("serviceName");
            validate::name(&service, &spec.service_name, NameRule::Dns1123Label, &mut errors);
        }
        errors
    }

    fn print(&self, over: &mut Tree) {
        let (of, spec) = (&self.spec, at(over, "spec"));
        let retention = map([
            ("whenDeleted", text(of.when_deleted.as_str())),
            ("whenScaled", text(of.when_scaled.as_str())),
        ]);
        spec.put("persistentVolumeClaimRetentionPolicy", retention);
        spec.put("podManagementPolicy", text(of.pod_management_policy.as_str()));
        spec.put("replicas", Tree::int(i64::from(of.replicas)));
        spec.put("revisionHistoryLimit", Tree::int(i64::from(of.revision_history_limit)));
        put_or_remove(spec, "minReadySeconds", nonzero(of.min_ready_s));
        put_or_remove(spec, "ordinals", nonzero(of.start).map(|start| map([("start", start)])));
        put_or_remove(spec, "serviceName", (!of.service_name.is_empty()).then(|| text(&of.service_name)));
        of.selector.overlay(spec);
        overlay_template(at(spec, "template"), &of.template);
        spec.put("updateStrategy", print_update_strategy(of.update_strategy));
        over.put("status", self.status.print());
    }
}

impl PodManagementPolicy {
    fn as_str(self) -> &'static str {
        match self {
            PodManagementPolicy::OrderedReady => "OrderedReady",
            PodManagementPolicy::Parallel => "Parallel",
        }
    }
}

impl Retention {
    fn as_str(self) -> &'static str {
        match self {
            Retention::Retain => "Retain",
            Retention::Delete => "Delete",
        }
    }

    fn decode(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Retention {
        match decode::pod_one_of(cursor, &["Retain", "Delete"], diagnostics) {
            Some("Delete") => Retention::Delete,
            Some(_) | None => Retention::Retain,
        }
    }
}

fn management(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> PodManagementPolicy {
    match decode::pod_one_of(cursor, &["OrderedReady", "Parallel"], diagnostics) {
        Some("Parallel") => PodManagementPolicy::Parallel,
        Some(_) | None => PodManagementPolicy::OrderedReady,
    }
}

fn update_strategy(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> StatefulSetUpdateStrategy {
    let type_ = cursor.field("type");
    match type_.text().map(|text| &**text) {
        Some("OnDelete") => {
            let rolling = cursor.field("rollingUpdate");
            if rolling.is_set() {
                let partition = rolling.field("partition").int().unwrap_or(0);
                rolling.error(diagnostics, rolling_update_only(partition));
            }
            StatefulSetUpdateStrategy::OnDelete
        }
        Some(unknown) if unknown != "RollingUpdate" => {
            let (value, why) = (strategy_of_type(unknown), Rule::StatefulSetStrategy);
            cursor.error(diagnostics, DiagnosticKind::Violates { value, why });
            StatefulSetUpdateStrategy::OnDelete
        }
        Some(_) | None => StatefulSetUpdateStrategy::RollingUpdate {
            partition: count(&cursor.field("rollingUpdate").field("partition"), diagnostics).unwrap_or(0),
        },
    }
}

/// As upstream shows its struct.
fn rolling_update_only(partition: i64) -> DiagnosticKind {
    let value = format!(r#"{{"Partition":{partition},"MaxUnavailable":null}}"#).into();
    DiagnosticKind::Violates { value, why: Rule::RollingUpdateOnly }
}

fn claim(cursor: &FieldCursor<'_>) -> VolumeClaimTemplate {
    let metadata = cursor.field("metadata");
    VolumeClaimTemplate {
        name: text_or(&metadata.field("name"), ""),
        labels: metadata.field("labels").labels(),
        annotations: metadata.field("annotations").labels(),
        written: cursor.tree().cloned().unwrap_or_default(),
    }
}

fn print_update_strategy(strategy: StatefulSetUpdateStrategy) -> Tree {
    match strategy {
        StatefulSetUpdateStrategy::OnDelete => map([("type", text("OnDelete"))]),
        StatefulSetUpdateStrategy::RollingUpdate { partition } => {
            let rolling = map([("partition", Tree::int(i64::from(partition)))]);
            map([("rollingUpdate", rolling), ("type", text("RollingUpdate"))])
        }
    }
}

impl StatefulSetStatus {
    fn print(&self) -> Tree {
        let mut out = map([
            ("availableReplicas", Tree::int(i64::from(self.available_replicas))),
            ("replicas", Tree::int(i64::from(self.replicas))),
        ]);
        put_counts(
            &mut out,
            &[
                ("currentReplicas", self.current_replicas),
                ("observedGeneration", self.observed_generation),
                ("readyReplicas", self.ready_replicas),
                ("updatedReplicas", self.updated_replicas),
            ],
        );
        if self.observed_generation > 0 {
            out.put("collisionCount", Tree::int(0));
            out.put("currentRevision", text(&self.current_revision));
            out.put("updateRevision", text(&self.update_revision));
        }
        out
    }
}
