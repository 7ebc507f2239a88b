//! Why a workload has no Pod.

use serde::Serialize;

use super::template::Template;
use crate::api::{CronJob, DaemonSet, Deployment, Job, Labels, Meta, Pod, PodStatus, Str};
use crate::sim::{Refusal, World};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum NotMade {
    /// It wants none.
    ScaledToZero,
    /// A Deployment without a ReplicaSet, and `paused`, makes none.
    Paused,
    /// A Job or CronJob, by `suspend`.
    Suspended,
    /// A Job is over.
    Ended,
    /// A CronJob has no Job that runs or is kept: the next one comes by this schedule.
    NotDue { schedule: Str },
    /// No node is fit for a DaemonSet's Pods: none has the labels of its `nodeSelector`; where these are empty, for
    /// another reason.
    NoNode { labels: Labels },
    /// The API server refuses its Pods.
    Refused(Refusal),
    /// Its controller has not come to it yet.
    NotYet,
}

impl World {
    pub(super) fn why_not_made(&self, template: &Template<'_>) -> NotMade {
        if let Some(held) = &template.held {
            return held.clone();
        }
        let Some(of) = template.of_pods else { return NotMade::NotYet };
        let meta = Meta {
            name: format!("{}-", template.of.name).as_str().into(),
            namespace: template.of.namespace.clone(),
            labels: of.labels.clone(),
            ..Meta::default()
        };
        let (spec, written) = (of.spec.clone(), of.written.clone().into());
        let mut pod = Pod { meta, spec, status: PodStatus::default(), written };
        self.admit_one_more(&mut pod).map_or_else(NotMade::Refused, |()| NotMade::NotYet)
    }

    pub(super) fn deployment_makes_none(&self, deployment: &Deployment) -> Option<NotMade> {
        let is_new = || self.store().replica_sets_of(deployment.meta.uid).next().is_none();
        let is_paused = deployment.spec.paused && deployment.spec.replicas > 0 && is_new();
        is_paused.then_some(NotMade::Paused).or(wants_none(deployment.spec.replicas))
    }

    pub(super) fn daemon_set_makes_none(&self, set: &DaemonSet) -> Option<NotMade> {
        let is_counted = set.status.observed_generation == set.meta.generation;
        (is_counted && set.status.desired_number_scheduled == 0).then(|| {
            let labels = &set.spec.template.spec.node_selector;
            let mut nodes = self.store().nodes.iter();
            let is_there =
                nodes.any(|node| labels.iter().all(|(key, value)| node.meta.labels.get(key) == Some(value)));
            NotMade::NoNode { labels: if is_there { Labels::new() } else { labels.clone() } }
        })
    }

    pub(super) fn cron_job_makes_none(&self, cron_job: &CronJob) -> Option<NotMade> {
        if cron_job.spec.suspend {
            return Some(NotMade::Suspended);
        }
        let has_no_job = self.store().jobs_of(cron_job.meta.uid).next().is_none();
        has_no_job.then(|| NotMade::NotDue { schedule: cron_job.spec.schedule.clone() })
    }
}

pub(super) fn wants_none(replicas: u32) -> Option<NotMade> {
    (replicas == 0).then_some(NotMade::ScaledToZero)
}

pub(super) fn job_makes_none(job: &Job) -> Option<NotMade> {
    match job.spec.suspend {
        true => Some(NotMade::Suspended),
        false => job.status.is_finished().then_some(NotMade::Ended),
    }
}
