//! Jobs and CronJobs. How Pods end is in the unit tests of the controller.

use std::collections::BTreeSet;

use super::{apply, history, minutes, object, pods_of, template};
use crate::support::{key, start};
use cluster::api::{Action, Job, Kind};
use cluster::sim::{LogEntry, Run, Span};

fn job(spec: &str) -> String {
    let template = template(1, "restartPolicy: Never,");
    format!("{{apiVersion: batch/v1, kind: Job, metadata: {{name: web}}, spec: {{{spec} {template}}}}}")
}

/// A run in which no container ends of itself for days.
fn begin(text: &str) -> Run {
    let apps =
        ["Job/web", "CronJob/often"].map(|of| format!("{{of: {of}, exits: {{after: 1000000s}}}}")).join(", ");
    let scenario = "\n---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  clients: []\n";
    start(&format!("{text}{scenario}  apps: [{apps}]\n"), 7)
}

fn web(run: &Run) -> Job {
    Job::clone(run.world().store().jobs.get(&key("web")).expect("it is there"))
}

#[test]
fn a_job_has_as_many_pods_as_it_may() {
    let mut run = begin(&job("completions: 6, parallelism: 2,"));
    minutes(&mut run, 1);
    let status = web(&run).status;
    assert_eq!((status.active, status.succeeded, status.terminating), (2, 0, 0));
    apply(&mut run, &job("completions: 6, parallelism: 3,"));
    minutes(&mut run, 1);
    assert_eq!(web(&run).status.active, 3);
    apply(&mut run, &job("completions: 6, parallelism: 1,"));
    minutes(&mut run, 1);
    assert_eq!(
        (web(&run).status.active, web(&run).status.failed),
        (1, 0),
        "those it gives up have not failed"
    );
}

#[test]
fn its_pods_carry_its_uid_and_a_finalizer() {
    let mut run = begin(&job(""));
    minutes(&mut run, 1);
    let job = web(&run);
    let pod = pods_of(run.world(), &Kind::Job).next().expect("it has one");
    let uid = job.meta.uid.to_uuid();
    for label in ["controller-uid", "batch.kubernetes.io/controller-uid"] {
        assert_eq!(pod.meta.labels.get(label).map(|value| &**value), Some(&*uid));
    }
    assert_eq!(pod.meta.labels.get("job-name").map(|value| &**value), Some("web"));
    let finalizers: Vec<&str> = pod.meta.finalizers.iter().map(|finalizer| &**finalizer).collect();
    assert_eq!(finalizers, ["batch.kubernetes.io/job-tracking"]);
    assert_eq!(job.meta.labels, job.spec.template.labels);
    apply(&mut run, &super::jobs::job(""));
    assert_eq!(web(&run).meta.generation, 1, "the generated labels are no change");
}

#[test]
fn an_indexed_job_gives_each_pod_an_index() {
    let mut run = begin(&job("completions: 3, parallelism: 3, completionMode: Indexed,"));
    minutes(&mut run, 1);
    let of = |pod: &std::sync::Arc<cluster::api::Pod>| {
        let name = "batch.kubernetes.io/job-completion-index";
        let index = pod.meta.annotations.get(name).expect("it has one");
        assert_eq!(pod.meta.labels.get(name), Some(index));
        assert!(pod.meta.name.starts_with(&format!("web-{index}-")), "{}", pod.meta.name);
        pod.spec.hostname.as_deref().unwrap_or("").to_string()
    };
    let hosts: Vec<String> = pods_of(run.world(), &Kind::Job).map(of).collect();
    assert_eq!(hosts, ["web-0", "web-1", "web-2"]);
}

#[test]
fn a_suspended_job_has_no_pods() {
    let mut run = begin(&job("completions: 2, parallelism: 2, suspend: true,"));
    minutes(&mut run, 1);
    assert_eq!((web(&run).status.active, web(&run).status.start_time), (0, None));
    assert!(web(&run).status.conditions.is_true("Suspended"));
    apply(&mut run, &job("completions: 2, parallelism: 2, suspend: false,"));
    minutes(&mut run, 1);
    assert_eq!(web(&run).status.active, 2);
    assert!(!web(&run).status.conditions.is_true("Suspended"));
    apply(&mut run, &job("completions: 2, parallelism: 2, suspend: true,"));
    minutes(&mut run, 1);
    assert_eq!((web(&run).status.active, web(&run).status.failed), (0, 0));
}

#[test]
fn a_deadline_ends_a_job_and_its_pods() {
    let mut run = begin(&job("activeDeadlineSeconds: 30, ttlSecondsAfterFinished: 60,"));
    let conditions = history(&mut run, Span::from_secs(60), |world| {
        let job = world.store().jobs.get(&key("web")).expect("it is there");
        job.status.conditions.iter().map(|condition| condition.type_).collect::<Vec<_>>().join(" ")
    });
    assert_eq!(conditions, ["", "FailureTarget", "FailureTarget Failed"]);
    let failed = web(&run).status.conditions.get("Failed").expect("it has failed").clone();
    assert_eq!(
        (failed.reason, &*failed.message),
        ("DeadlineExceeded", "Job was active longer than specified deadline")
    );
    assert_eq!((web(&run).status.failed, run.world().store().pods.len()), (1, 0));
    minutes(&mut run, 1);
    assert_eq!(run.world().store().jobs.len(), 0, "its time to live is over");
}

fn cron_job(policy: &str) -> String {
    let template = template(1, "restartPolicy: Never,");
    format!(
        "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: often}}, \
         spec: {{schedule: '* * * * *', concurrencyPolicy: {policy}, jobTemplate: {{spec: {{{template}}}}}}}}}"
    )
}

fn names(run: &Run) -> BTreeSet<String> {
    run.world().store().jobs.iter().map(|job| job.meta.name.to_string()).collect()
}

#[test]
fn a_cron_job_makes_a_job_each_minute() {
    let mut run = begin(&cron_job("Allow"));
    minutes(&mut run, 3);
    // The first minutes of 2026.
    let expected = ["often-29453761", "often-29453762"].map(String::from);
    assert!(names(&run).is_superset(&expected.into()), "{:?}", names(&run));
    let cron_job = run.world().store().cron_jobs.get(&key("often")).expect("it is there");
    assert_eq!(cron_job.status.active.len(), run.world().store().jobs.len());
    run.act(Action::delete(object(Kind::CronJob, "often"))).expect("it is there");
    minutes(&mut run, 1);
    assert_eq!((run.world().store().jobs.len(), run.world().store().pods.len()), (0, 0));
}

#[test]
fn forbid_leaves_a_job_out_and_replace_deletes_the_old_one() {
    let mut run = begin(&cron_job("Forbid"));
    minutes(&mut run, 4);
    assert_eq!(names(&run).len(), 1);
    let log = run.world().log().iter();
    assert!(log.filter(|logged| matches!(logged.entry, LogEntry::JobAlreadyActive { .. })).count() >= 2);
    let first = names(&run);
    apply(&mut run, &cron_job("Replace"));
    minutes(&mut run, 2);
    assert_eq!(names(&run).len(), 1);
    assert_ne!(names(&run), first);
}
