//! `batch/v1` CronJob.

use serde::Serialize;

use super::super::cron::Schedule;
use super::super::decode::{
    self, Field, FieldCursor, FieldShape as Shape, Struct, field, fields, named, unsimulated,
};
use super::super::diagnostics::Diagnostics;
use super::super::field::{Error, Path};
use super::super::kind::Codec;
use super::super::validate;
use super::super::write::{at, map, put_labels, put_or_remove, rfc3339, text};
use super::super::{
    ApiResource, DiagnosticKind, Labels, Meta, Name, NameRule, Resource, Scope, Str, Tree, Uid,
};
use super::template::{count, long_count, text_or};
use super::{JobSpec, has_status};
use crate::sim::Time;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CronJob {
    pub meta: Meta,
    pub spec: CronJobSpec,
    pub status: CronJobStatus,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CronJobSpec {
    /// As written; [`Schedule`] reads it.
    pub schedule: Str,
    /// Kept, not simulated: the schedule is in UTC.
    pub time_zone: Option<Str>,
    pub starting_deadline_s: Option<u64>,
    pub concurrency_policy: ConcurrencyPolicy,
    pub suspend: bool,
    pub job_template: JobTemplate,
    pub successful_jobs_history_limit: u32,
    pub failed_jobs_history_limit: u32,
}

/// What is done when a Job is due while another still runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ConcurrencyPolicy {
    Allow,
    /// The new one is left out.
    Forbid,
    /// The old one is deleted.
    Replace,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobTemplate {
    pub labels: Labels,
    pub annotations: Labels,
    pub spec: JobSpec,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct CronJobStatus {
    /// Its Jobs that run.
    pub active: Vec<(Name, Uid)>,
    pub last_schedule_time: Option<Time>,
    pub last_successful_time: Option<Time>,
}

has_status!(CronJob, |_: &CronJobSpec, _: &CronJobSpec| None);

impl Resource for CronJob {
    const API: ApiResource = ApiResource {
        kind: "CronJob",
        api_version: "batch/v1",
        plural: "cronjobs",
        singular: "cronjob",
        short_names: &["cj"],
        scope: Scope::Namespaced,
    };
    const NAME_RULE: NameRule = NameRule::Dns1123Subdomain;
}

const SPEC: &Struct = &named(
    "CronJobSpec",
    &[
        field("schedule", Shape::Str),
        unsimulated("timeZone", Shape::Str),
        field("startingDeadlineSeconds", Shape::Int64),
        field("concurrencyPolicy", Shape::Str),
        field("suspend", Shape::Bool),
        field("jobTemplate", Shape::Obj(JOB_TEMPLATE)),
        field("successfulJobsHistoryLimit", Shape::Int32),
        field("failedJobsHistoryLimit", Shape::Int32),
    ],
);

const JOB_TEMPLATE: &Struct = &named(
    "JobTemplateSpec",
    &[field("metadata", Shape::Obj(fields::META)), field("spec", Shape::Obj(JobSpec::FIELDS))],
);

impl Codec for CronJob {
    const FIELDS: &'static [Field] = &fields::object(SPEC);

    fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> CronJob {
        let spec = root.field("spec");
        let template = spec.field("jobTemplate");
        let metadata = template.field("metadata");
        CronJob {
            meta: decode::meta::decode::<CronJob>(root),
            spec: CronJobSpec {
                schedule: text_or(&spec.field("schedule"), ""),
                time_zone: spec.field("timeZone").str().cloned(),
                starting_deadline_s: long_count(&spec.field("startingDeadlineSeconds"), diagnostics),
                concurrency_policy: concurrency(&spec.field("concurrencyPolicy"), diagnostics),
                suspend: spec.field("suspend").bool().unwrap_or(false),
                job_template: JobTemplate {
                    labels: metadata.field("labels").labels(),
                    annotations: metadata.field("annotations").labels(),
                    spec: JobSpec::decode(&template.field("spec"), diagnostics),
                },
                successful_jobs_history_limit: count(&spec.field("successfulJobsHistoryLimit"), diagnostics)
                    .unwrap_or(3),
                failed_jobs_history_limit: count(&spec.field("failedJobsHistoryLimit"), diagnostics)
                    .unwrap_or(1),
            },
            status: CronJobStatus::default(),
        }
    }

    fn set_defaults(&mut self) {
        self.spec.job_template.spec.template.spec.set_defaults();
    }

    /// batch validation.go, ValidateCronJobSpec.
    fn validate(&self) -> Vec<Error> {
        let (mut errors, path) = (validate::meta::validate::<CronJob>(&self.meta), Path::new("spec"));
        let (spec, schedule) = (&self.spec, path.child("schedule"));
        let invalid = |path: &Path<'_>, value: &str, expected: String| {
            path.error(DiagnosticKind::Invalid { value: validate::quoted(value), expected: expected.into() })
        };
        if spec.schedule.is_empty() {
            errors.push(schedule.error(DiagnosticKind::Required));
        } else if spec.schedule.contains("TZ") {
            let expected = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
            errors.push(invalid(&schedule, &spec.schedule, expected.into()));
        } else if let Err(problem) = Schedule::parse(&spec.schedule) {
            errors.push(invalid(&schedule, &spec.schedule, problem));
        }
        if spec.time_zone.as_deref() == Some("") {
            let expected = "timeZone must be nil or non-empty string";
            errors.push(invalid(&path.child("timeZone"), "", expected.into()));
        }
        let template = path.child("jobTemplate");
        spec.job_template.spec.validate(&template.child("spec"), &mut errors);
        errors
    }

    fn print(&self, over: &mut Tree) {
        let (of, spec) = (&self.spec, at(over, "spec"));
        spec.put("concurrencyPolicy", text(of.concurrency_policy.as_str()));
        spec.put("failedJobsHistoryLimit", Tree::int(i64::from(of.failed_jobs_history_limit)));
        spec.put("schedule", text(&of.schedule));
        spec.put("successfulJobsHistoryLimit", Tree::int(i64::from(of.successful_jobs_history_limit)));
        spec.put("suspend", Tree::bool(of.suspend));
        put_or_remove(spec, "timeZone", of.time_zone.as_deref().map(text));
        // The template's own spec stays as written: the API server sets the defaults of a Job when one is made.
        let metadata = at(at(spec, "jobTemplate"), "metadata");
        put_labels(metadata, "labels", &of.job_template.labels);
        put_labels(metadata, "annotations", &of.job_template.annotations);
        let namespace = &self.meta.namespace;
        over.put("status", self.status.print(namespace));
    }
}

fn concurrency(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> ConcurrencyPolicy {
    match decode::pod_one_of(cursor, &["Allow", "Forbid", "Replace"], diagnostics) {
        Some("Forbid") => ConcurrencyPolicy::Forbid,
        Some("Replace") => ConcurrencyPolicy::Replace,
        Some(_) | None => ConcurrencyPolicy::Allow,
    }
}

impl ConcurrencyPolicy {
    fn as_str(self) -> &'static str {
        match self {
            ConcurrencyPolicy::Allow => "Allow",
            ConcurrencyPolicy::Forbid => "Forbid",
            ConcurrencyPolicy::Replace => "Replace",
        }
    }
}

impl CronJobStatus {
    fn print(&self, namespace: &str) -> Tree {
        let mut out = Tree::map();
        if !self.active.is_empty() {
            let job = |(name, uid): &(Name, Uid)| {
                map([
                    ("apiVersion", text("batch/v1")),
                    ("kind", text("Job")),
                    ("name", text(name)),
                    ("namespace", text(namespace)),
                    ("uid", text(&uid.to_uuid())),
                ])
            };
            out.put("active", Tree::seq(self.active.iter().map(job).collect()));
        }
        let times = [
            ("lastScheduleTime", self.last_schedule_time),
            ("lastSuccessfulTime", self.last_successful_time),
        ];
        for (field, time) in times {
            put_or_remove(&mut out, field, time.map(|time| text(&rfc3339::print(time))));
        }
        out
    }
}
