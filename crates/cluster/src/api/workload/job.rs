//! `batch/v1` Job.

use serde::Serialize;

use super::super::decode::{
    self, Field, FieldCursor, FieldShape as Shape, Struct, field, fields, named, unsimulated,
};
use super::super::diagnostics::Diagnostics;
use super::super::field::{Error, Path};
use super::super::kind::Codec;
use super::super::validate;
use super::super::write::{at, overlay_template, put_or_remove, rfc3339, text};
use super::super::{
    ApiResource, DiagnosticKind, Labels, Meta, NameRule, PodTemplate, Resource, Rule, Scope, Selector, Str,
    Tree, Uid, to_json,
};
use super::template::{count, ending_template, long_count, put_counts, validate_matching};
use super::{Conditions, default_labels, has_status, immutable, immutable_selector};
use crate::sim::Time;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Job {
    pub meta: Meta,
    pub spec: JobSpec,
    pub status: JobStatus,
}

/// `podFailurePolicy`, `successPolicy`, `maxFailedIndexes` and `managedBy` are kept, not simulated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobSpec {
    pub parallelism: u32,
    /// `None`: one Pod that succeeds ends the Job, and no other starts after it.
    pub completions: Option<u32>,
    pub active_deadline_s: Option<u64>,
    pub backoff_limit: u32,
    pub backoff_limit_per_index: Option<u32>,
    pub selector: Selector,
    pub manual_selector: bool,
    pub template: PodTemplate,
    pub ttl_seconds_after_finished: Option<u32>,
    pub completion_mode: CompletionMode,
    pub suspend: bool,
    pub pod_replacement_policy: PodReplacementPolicy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum CompletionMode {
    NonIndexed,
    Indexed,
}

/// When the Pod that replaces another is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PodReplacementPolicy {
    /// When it terminates.
    TerminatingOrFailed,
    /// When it has failed.
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct JobStatus {
    pub conditions: Conditions,
    pub start_time: Option<Time>,
    pub completion_time: Option<Time>,
    pub active: u32,
    pub ready: u32,
    pub succeeded: u32,
    pub failed: u32,
    pub terminating: u32,
    /// Sorted; upstream writes them as `1,3-5`.
    pub completed_indexes: Vec<u32>,
    /// With `backoffLimitPerIndex`.
    pub failed_indexes: Vec<u32>,
    /// The controller has written the status.
    pub is_observed: bool,
}

impl JobStatus {
    pub const COMPLETE: &'static str = "Complete";
    pub const FAILED: &'static str = "Failed";
    pub const SUSPENDED: &'static str = "Suspended";
    pub const FAILURE_TARGET: &'static str = "FailureTarget";
    pub const SUCCESS_CRITERIA_MET: &'static str = "SuccessCriteriaMet";

    /// controller/job/utils.go, IsJobFinished.
    pub fn is_finished(&self) -> bool {
        self.conditions.is_true(JobStatus::COMPLETE) || self.conditions.is_true(JobStatus::FAILED)
    }
}

/// batch validation.go, ValidateJobSpecUpdate.
fn forbidden_change(new: &JobSpec, old: &JobSpec) -> Option<Error> {
    let spec = Path::new("spec");
    if new.completions != old.completions && new.completion_mode == CompletionMode::NonIndexed {
        let value = new.completions.map_or("null".into(), |count| count.to_string());
        return Some(immutable(&spec.child("completions"), value));
    }
    if let Some(error) = immutable_selector(&new.selector, &old.selector) {
        return Some(error);
    }
    if new.template != old.template {
        // Upstream shows its own type, with each field that is not set.
        let value = new.template.written.field("spec").map_or("null".into(), to_json);
        return Some(immutable(&spec.child("template").child("spec"), value));
    }
    (new.completion_mode != old.completion_mode).then(|| {
        let mode = validate::quoted(new.completion_mode.as_str());
        immutable(&spec.child("completionMode"), mode)
    })
}

has_status!(Job, forbidden_change);

/// A selector that is written, though the Job has one of its own.
pub fn generated_selector(written: &Selector) -> Error {
    let (value, why) = (written.shown().into(), Rule::GeneratedSelector);
    Path::new("spec").child("selector").error(DiagnosticKind::Violates { value, why })
}

impl Job {
    pub const UID_LABEL: &'static str = "batch.kubernetes.io/controller-uid";
    pub const NAME_LABEL: &'static str = "batch.kubernetes.io/job-name";

    /// registry/batch/job/strategy.go, generateSelector: its Pods carry its uid. Labels are then defaulted again.
    pub(crate) fn generate_selector(&mut self, uid: Uid) {
        if !self.spec.manual_selector {
            let labels = &mut self.spec.template.labels;
            let uid: Str = uid.to_uuid().as_str().into();
            for key in [Job::UID_LABEL, "controller-uid"] {
                labels.insert(key.into(), uid.clone());
            }
            for key in [Job::NAME_LABEL, "job-name"] {
                labels.insert(key.into(), self.meta.name.clone());
            }
            let selector: Labels = [(Job::UID_LABEL.into(), uid)].into_iter().collect();
            self.spec.selector = Selector::of_labels(selector);
        }
        default_labels(&mut self.meta.labels, &self.spec.template.labels);
    }
}

impl Resource for Job {
    const API: ApiResource = ApiResource {
        kind: "Job",
        api_version: "batch/v1",
        plural: "jobs",
        singular: "job",
        short_names: &[],
        scope: Scope::Namespaced,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

const FIELDS: &[Field] = &[
    field("apiVersion", Shape::Str),
    field("kind", Shape::Str),
    field("metadata", Shape::Obj(fields::META)),
    field("spec", Shape::Obj(JobSpec::FIELDS)),
    field("status", Shape::Any),
];

impl JobSpec {
    pub(super) const FIELDS: &'static Struct = &named(
        "JobSpec",
        &[
            field("parallelism", Shape::Int32),
            field("completions", Shape::Int32),
            field("activeDeadlineSeconds", Shape::Int64),
            unsimulated("podFailurePolicy", Shape::Any),
            unsimulated("successPolicy", Shape::Any),
            field("backoffLimit", Shape::Int32),
            field("backoffLimitPerIndex", Shape::Int32),
            unsimulated("maxFailedIndexes", Shape::Int32),
            field("selector", Shape::Obj(Selector::FIELDS)),
            field("manualSelector", Shape::Bool),
            field("template", Shape::Obj(fields::TEMPLATE)),
            field("ttlSecondsAfterFinished", Shape::Int32),
            field("completionMode", Shape::Str),
            field("suspend", Shape::Bool),
            field("podReplacementPolicy", Shape::Str),
            unsimulated("managedBy", Shape::Str),
        ],
    );

    pub(super) fn decode(spec: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> JobSpec {
        const MODES: &[&str] = &["NonIndexed", "Indexed"];
        const REPLACEMENTS: &[&str] = &["Failed", "TerminatingOrFailed"];
        let mode = decode::pod_one_of(&spec.field("completionMode"), MODES, diagnostics);
        let replacement = decode::pod_one_of(&spec.field("podReplacementPolicy"), REPLACEMENTS, diagnostics);
        let deadline = long_count(&spec.field("activeDeadlineSeconds"), diagnostics);
        let mut number = |field| count(&spec.field(field), diagnostics);
        let (parallelism, completions) = (number("parallelism"), number("completions"));
        let per_index = number("backoffLimitPerIndex");
        // batch/v1 defaults.go, SetDefaults_Job.
        let backoff_limit = number("backoffLimit").unwrap_or(match per_index {
            Some(_) => i32::MAX as u32,
            None => 6,
        });
        JobSpec {
            parallelism: parallelism.unwrap_or(1),
            completions: completions.or(parallelism.is_none().then_some(1)),
            active_deadline_s: deadline,
            backoff_limit,
            backoff_limit_per_index: per_index,
            selector: Selector::decode(&spec.field("selector"), diagnostics),
            manual_selector: spec.field("manualSelector").bool().unwrap_or(false),
            template: ending_template(spec, diagnostics),
            ttl_seconds_after_finished: count(&spec.field("ttlSecondsAfterFinished"), diagnostics),
            completion_mode: match mode {
                Some("Indexed") => CompletionMode::Indexed,
                Some(_) | None => CompletionMode::NonIndexed,
            },
            suspend: spec.field("suspend").bool().unwrap_or(false),
            pod_replacement_policy: match replacement {
                Some("Failed") => PodReplacementPolicy::Failed,
                Some(_) | None => PodReplacementPolicy::TerminatingOrFailed,
            },
        }
    }

    /// batch validation.go, ValidateJobSpec.
    pub(super) fn validate(&self, path: &Path<'_>, errors: &mut Vec<Error>) {
        validate::pod::ending_template(&self.template, &path.child("template"), errors);
        match (self.manual_selector, self.selector.is_empty()) {
            (true, true) => errors.push(path.child("selector").error(DiagnosticKind::Required)),
            (true, false) => {
                self.selector.validate(&path.child("selector"), errors);
                validate_matching(&self.selector, &self.template, &path.child("template"), errors);
            }
            (false, _) => self.selector.validate(&path.child("selector"), errors),
        }
        let is_indexed = self.completion_mode == CompletionMode::Indexed;
        if is_indexed && self.completions.is_none() {
            errors.push(path.child("completions").error(DiagnosticKind::Required));
        }
        if let Some(limit) = self.backoff_limit_per_index.filter(|_| !is_indexed) {
            let (value, expected) = (limit.to_string().into(), "requires indexed completion mode".into());
            let field = path.child("backoffLimitPerIndex");
            errors.push(field.error(DiagnosticKind::Invalid { value, expected }));
        }
    }

    pub(super) fn overlay(&self, spec: &mut Tree) {
        let number = |n: u32| Tree::int(i64::from(n));
        let seconds = |n: u64| Tree::int(i64::try_from(n).unwrap_or(i64::MAX));
        spec.put("backoffLimit", number(self.backoff_limit));
        spec.put("completionMode", text(self.completion_mode.as_str()));
        put_or_remove(spec, "completions", self.completions.map(number));
        put_or_remove(spec, "activeDeadlineSeconds", self.active_deadline_s.map(seconds));
        put_or_remove(spec, "backoffLimitPerIndex", self.backoff_limit_per_index.map(number));
        put_or_remove(spec, "ttlSecondsAfterFinished", self.ttl_seconds_after_finished.map(number));
        spec.put("manualSelector", Tree::bool(self.manual_selector));
        spec.put("parallelism", number(self.parallelism));
        spec.put("podReplacementPolicy", text(self.pod_replacement_policy.as_str()));
        self.selector.overlay(spec);
        spec.put("suspend", Tree::bool(self.suspend));
        overlay_template(at(spec, "template"), &self.template);
    }
}

impl CompletionMode {
    pub fn as_str(self) -> &'static str {
        match self {
            CompletionMode::NonIndexed => "NonIndexed",
            CompletionMode::Indexed => "Indexed",
        }
    }
}

impl PodReplacementPolicy {
    fn as_str(self) -> &'static str {
        match self {
            PodReplacementPolicy::TerminatingOrFailed => "TerminatingOrFailed",
            PodReplacementPolicy::Failed => "Failed",
        }
    }
}

impl Codec for Job {
    const FIELDS: &'static [Field] = FIELDS;

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Job {
        Job {
            meta: decode::meta::decode::<Job>(root),
            spec: JobSpec::decode(&root.field("spec"), diagnostics),
            status: JobStatus::default(),
        }
    }

    fn set_defaults(&mut self) {
        self.spec.template.spec.set_defaults();
    }

    fn validate(&self) -> Vec<Error> {
        let mut errors = validate::meta::validate::<Job>(&self.meta);
        self.spec.validate(&Path::new("spec"), &mut errors);
        errors
    }

    fn print(&self, over: &mut Tree) {
        self.spec.overlay(at(over, "spec"));
        over.put("status", self.status.print(self.spec.completion_mode));
    }
}

impl JobStatus {
    fn print(&self, mode: CompletionMode) -> Tree {
        let mut out = Tree::map();
        if !self.is_observed {
            return out;
        }
        put_counts(
            &mut out,
            &[("active", self.active), ("failed", self.failed), ("succeeded", self.succeeded)],
        );
        out.put("ready", Tree::int(i64::from(self.ready)));
        out.put("terminating", Tree::int(i64::from(self.terminating)));
        out.put("uncountedTerminatedPods", Tree::map());
        if mode == CompletionMode::Indexed && !self.completed_indexes.is_empty() {
            out.put("completedIndexes", text(&index_text(&self.completed_indexes)));
        }
        if !self.failed_indexes.is_empty() {
            out.put("failedIndexes", text(&index_text(&self.failed_indexes)));
        }
        for (field, time) in [("startTime", self.start_time), ("completionTime", self.completion_time)] {
            put_or_remove(&mut out, field, time.map(|time| text(&rfc3339::print(time))));
        }
        if !self.conditions.is_empty() {
            out.put("conditions", self.conditions.print(Some("lastProbeTime")));
        }
        out
    }
}

/// indexed_job_utils.go, orderedIntervals.String: three or more in a row are an interval.
pub fn index_text(indexes: &[u32]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = indexes;
    while let Some(&first) = rest.first() {
        let run = rest.iter().zip(first..).take_while(|(index, expected)| *index == expected).count();
        let last = rest[run - 1];
        match run {
            1 => parts.push(first.to_string()),
            2 => parts.push(format!("{first},{last}")),
            _ => parts.push(format!("{first}-{last}")),
        }
        rest = &rest[run..];
    }
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// upstream's TestCalculateSucceededIndexes writes them so.
    #[test]
    fn indexes_in_a_row_are_an_interval() {
        for (indexes, text) in [
            (&[][..], ""),
            (&[0], "0"),
            (&[0, 1], "0,1"),
            (&[0, 1, 2], "0-2"),
            (&[1, 3, 4, 5, 7, 8], "1,3-5,7,8"),
        ] {
            assert_eq!(index_text(indexes), text);
        }
    }
}
