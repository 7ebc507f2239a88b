//! The rows of workloads, from their status.

use cluster::api::{
    ControllerRevision, CronJob, DaemonSet, Deployment, IntOrPercent, Job, JobStatus, Meta,
    PodDisruptionBudget, ReplicaSetSpec, ReplicaSetStatus, StatefulSet,
};
use cluster::sim::Time;

use super::rows::{Row, age, labels, row};

fn of(now: Time, meta: &Meta, mut cells: Vec<String>, wide: Vec<String>) -> Row {
    cells.push(age(now, meta.created));
    row(&meta.namespace, &meta.name, cells, wide)
}

pub fn deployment(now: Time, deployment: &Deployment) -> Row {
    let (spec, status) = (&deployment.spec, &deployment.status);
    let cells = vec![
        format!("{}/{}", status.ready_replicas, spec.replicas),
        status.updated_replicas.to_string(),
        status.available_replicas.to_string(),
    ];
    of(now, &deployment.meta, cells, vec![labels(&spec.selector.match_labels)])
}

/// A ReplicaSet or a ReplicationController.
pub fn replicated(now: Time, meta: &Meta, spec: &ReplicaSetSpec, status: &ReplicaSetStatus) -> Row {
    let cells = [spec.replicas, status.replicas, status.ready_replicas].map(|n| n.to_string());
    of(now, meta, cells.to_vec(), vec![labels(&spec.selector.match_labels)])
}

pub fn stateful_set(now: Time, set: &StatefulSet) -> Row {
    let cells = vec![format!("{}/{}", set.status.ready_replicas, set.spec.replicas)];
    of(now, &set.meta, cells, Vec::new())
}

pub fn daemon_set(now: Time, set: &DaemonSet) -> Row {
    let status = &set.status;
    let numbers = [
        status.desired_number_scheduled,
        status.current_number_scheduled,
        status.number_ready,
        status.updated_number_scheduled,
        status.number_available,
    ];
    let mut cells = numbers.map(|n| n.to_string()).to_vec();
    cells.push(labels(&set.spec.template.spec.node_selector));
    of(now, &set.meta, cells, vec![labels(&set.spec.selector.match_labels)])
}

pub fn controller_revision(now: Time, revision: &ControllerRevision) -> Row {
    let owner = revision.meta.owner.as_ref();
    let controller = owner.map_or("<none>".to_string(), |owner| {
        let kind = owner.kind.api().map_or_else(|| owner.kind.to_string(), |api| api.qualified());
        format!("{kind}/{}", owner.name)
    });
    of(now, &revision.meta, vec![controller, revision.revision.to_string()], Vec::new())
}

pub fn job(now: Time, job: &Job) -> Row {
    let (spec, status) = (&job.spec, &job.status);
    let completions = match spec.completions {
        Some(completions) => format!("{}/{completions}", status.succeeded),
        None if spec.parallelism > 1 => format!("{}/1 of {}", status.succeeded, spec.parallelism),
        None => format!("{}/1", status.succeeded),
    };
    let duration =
        status.start_time.map_or(String::new(), |start| age(status.completion_time.unwrap_or(now), start));
    let cells = vec![job_status(job).to_string(), completions, duration];
    of(now, &job.meta, cells, vec![labels(&spec.selector.match_labels)])
}

fn job_status(job: &Job) -> &'static str {
    let conditions = &job.status.conditions;
    let known = [
        (JobStatus::COMPLETE, "Complete"),
        (JobStatus::FAILED, "Failed"),
        (JobStatus::SUSPENDED, "Suspended"),
        (JobStatus::FAILURE_TARGET, "FailureTarget"),
        (JobStatus::SUCCESS_CRITERIA_MET, "SuccessCriteriaMet"),
    ];
    known.into_iter().find(|(type_, _)| conditions.is_true(type_)).map_or("Running", |(_, shown)| shown)
}

pub fn cron_job(now: Time, cron_job: &CronJob) -> Row {
    let (spec, status) = (&cron_job.spec, &cron_job.status);
    let suspend = if spec.suspend { "True" } else { "False" };
    let cells = vec![
        spec.schedule.to_string(),
        spec.time_zone.as_ref().map_or_else(|| "<none>".into(), |zone| zone.to_string()),
        suspend.into(),
        status.active.len().to_string(),
        status.last_schedule_time.map_or_else(|| "<none>".into(), |last| age(now, last)),
    ];
    of(now, &cron_job.meta, cells, Vec::new())
}

pub fn disruption_budget(now: Time, budget: &PodDisruptionBudget) -> Row {
    let limit = |limit: Option<IntOrPercent>| match limit {
        None => "N/A".to_string(),
        Some(IntOrPercent::Int(number)) => number.to_string(),
        Some(IntOrPercent::Percent(percent)) => format!("{percent}%"),
    };
    let cells = vec![
        limit(budget.spec.min_available),
        limit(budget.spec.max_unavailable),
        budget.status.disruptions_allowed.to_string(),
    ];
    of(now, &budget.meta, cells, Vec::new())
}
