//! CronJob -> Jobs, at the times of its schedule. Source: pkg/controller/cronjob (cronjob_controllerv2.go, utils.go).

use std::sync::Arc;

use super::pods::is_not_terminating;
use crate::api::{
    ConcurrencyPolicy, CronJob, CronJobStatus, Job, JobStatus, Kind, Meta, NsName, OwnerRef, Schedule,
    rfc3339,
};
use crate::sim::{LogEntry, OBJECT_LIMIT, Refusal, Span, Time, WorkItem, World};

const SCHEDULED_TIMESTAMP: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/// nextScheduleDelta: a little after the time, so that it has come.
const DELTA: Span = Span(100_000_000);

impl World {
    pub(crate) fn reconcile_cron_job(&mut self, key: &NsName) {
        let Some(cron_job) = self.store.cron_jobs.get(key).filter(is_not_terminating).cloned() else {
            return;
        };
        let jobs: Vec<Arc<Job>> = self.store.jobs_of(cron_job.meta.uid).cloned().collect();
        let mut status = cron_job.status.clone();
        self.note_ended_jobs(&cron_job, &jobs, &mut status);
        self.delete_old_jobs(&cron_job, &jobs);
        self.start_due_job(&cron_job, &mut status);
        if status != cron_job.status {
            self.update_object::<CronJob>(key, |stored| stored.status = status);
        }
    }

    /// The first part of syncCronJob: which of its Jobs still run.
    fn note_ended_jobs(&mut self, cron_job: &CronJob, jobs: &[Arc<Job>], status: &mut CronJobStatus) {
        for job in jobs.iter().filter(|job| job.status.is_finished()) {
            let uid = job.meta.uid;
            if status.active.iter().any(|(_, active)| *active == uid) {
                status.active.retain(|(_, active)| *active != uid);
                let (cron_job, name) = (cron_job.meta.key(), job.meta.name.clone());
                let succeeded = job.status.conditions.is_true(JobStatus::COMPLETE);
                self.record(LogEntry::SawCompletedJob { cron_job, job: name, succeeded });
            }
            status.last_successful_time = status.last_successful_time.max(job.status.completion_time);
        }
        status.active.retain(|(_, uid)| jobs.iter().any(|job| job.meta.uid == *uid));
    }

    /// cleanupFinishedJobs.
    fn delete_old_jobs(&mut self, cron_job: &CronJob, jobs: &[Arc<Job>]) {
        for (type_, limit) in [
            (JobStatus::COMPLETE, cron_job.spec.successful_jobs_history_limit),
            (JobStatus::FAILED, cron_job.spec.failed_jobs_history_limit),
        ] {
            let mut finished: Vec<&Arc<Job>> =
                jobs.iter().filter(|job| job.status.conditions.is_true(type_)).collect();
            finished.sort_by_key(|job| {
                (job.status.start_time.is_none(), job.status.start_time, job.meta.name.clone())
            });
            let surplus = finished.len().saturating_sub(limit as usize);
            for job in finished.into_iter().take(surplus) {
                self.delete_job_of(cron_job, &job.meta);
            }
        }
    }

    fn delete_job_of(&mut self, cron_job: &CronJob, job: &Meta) {
        self.remove_object::<Job>(&job.key());
        self.record(LogEntry::DeletedJob { cron_job: cron_job.meta.key(), job: job.name.clone() });
    }

    /// The second part of syncCronJob.
    fn start_due_job(&mut self, cron_job: &CronJob, status: &mut CronJobStatus) {
        let (spec, now) = (&cron_job.spec, self.now());
        let Ok(schedule) = Schedule::parse(&spec.schedule) else { return };
        if spec.suspend {
            return;
        }
        if let Some(due) = due_time(cron_job, status, &schedule, now)
            && status.last_schedule_time != Some(due)
        {
            self.start_job(cron_job, status, due);
        }
        if let Some(next) = schedule.next(now) {
            self.enqueue_after(WorkItem::CronJob(cron_job.meta.key()), (next + DELTA).since(now));
        }
    }

    fn start_job(&mut self, cron_job: &CronJob, status: &mut CronJobStatus, due: Time) {
        let name = format!("{}-{}", cron_job.meta.name, rfc3339::unix_minutes(due));
        let key = NsName::new(&cron_job.meta.namespace, &name);
        let is_known = self.store.jobs.get(&key).is_some();
        if is_known || self.store.jobs.len() >= OBJECT_LIMIT as usize {
            return;
        }
        match cron_job.spec.concurrency_policy {
            ConcurrencyPolicy::Forbid if !status.active.is_empty() => {
                return self.record(LogEntry::JobAlreadyActive { cron_job: cron_job.meta.key() });
            }
            ConcurrencyPolicy::Replace => {
                for (name, _) in std::mem::take(&mut status.active) {
                    let old = NsName { namespace: key.namespace.clone(), name };
                    if let Some(old) = self.store.jobs.get(&old).cloned() {
                        self.delete_job_of(cron_job, &old.meta);
                    }
                }
            }
            ConcurrencyPolicy::Forbid | ConcurrencyPolicy::Allow => {}
        }
        // Without an event: it will not change (cronjob_controllerv2.go, syncCronJob).
        let Ok(job) = self.create_job(job_at(cron_job, key, due)) else { return };
        status.active.push((job.meta.name.clone(), job.meta.uid));
        status.last_schedule_time = Some(due);
        self.record(LogEntry::CreatedJob { cron_job: cron_job.meta.key(), job: job.meta.name.clone() });
    }

    /// The API server gives a new Job its selector.
    pub(crate) fn create_job(&mut self, mut job: Job) -> Result<Arc<Job>, Refusal> {
        job.generate_selector(self.store.next_uid());
        self.create_object(job)
    }
}

/// getJobFromTemplate2.
fn job_at(cron_job: &CronJob, key: NsName, due: Time) -> Job {
    let template = &cron_job.spec.job_template;
    let mut annotations = template.annotations.clone();
    annotations.insert(SCHEDULED_TIMESTAMP.into(), rfc3339::print(due).as_str().into());
    let owner = OwnerRef::new(Kind::CronJob, &cron_job.meta);
    let meta = Meta {
        name: key.name,
        namespace: key.namespace,
        labels: template.labels.clone(),
        annotations,
        owner: Some(owner),
        ..Meta::default()
    };
    Job { meta, spec: template.spec.clone(), status: JobStatus::default() }
}

/// nextScheduleTime: the last time that has passed since the last Job, unless it is too late for it.
fn due_time(cron_job: &CronJob, status: &CronJobStatus, schedule: &Schedule, now: Time) -> Option<Time> {
    let last = status.last_schedule_time.unwrap_or(cron_job.meta.created);
    let deadline = cron_job.spec.starting_deadline_s.map(Span::from_secs);
    let earliest = deadline.map_or(last, |deadline| last.max(Time(now.0.saturating_sub(deadline.0))));
    let mut due = schedule.next(earliest).filter(|first| *first <= now)?;
    while let Some(next) = schedule.next(due).filter(|next| *next <= now) {
        due = next;
    }
    deadline.is_none_or(|deadline| due + deadline >= now).then_some(due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{KubeObject, parse};

    fn cron_job(more: &str) -> CronJob {
        let text = format!(
            "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: a}}, spec: {{schedule: '0 * * * *', {more} \
             jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: a, image: b}}]}}}}}}}}}}}}"
        );
        let manifest = parse(&text);
        match manifest.objects.into_iter().next().map(|parsed| parsed.object) {
            Some(KubeObject::CronJob(cron_job)) => cron_job,
            other => panic!("{other:?} {:?}", manifest.diagnostics),
        }
    }

    /// utils_test.go, TestNextScheduleTime: minutes of the last Job and now, and the minute that is due.
    #[test]
    fn the_last_time_that_has_passed_is_due() {
        let minute = |n: u64| Time(n * 60_000_000_000);
        let schedule = Schedule::parse("0 * * * *").expect("a schedule");
        for (more, last, now, due) in [
            ("", None, 30, None),
            ("", None, 61, Some(60)),
            ("", Some(60), 90, None),
            ("", Some(60), 125, Some(120)),
            ("", Some(60), 305, Some(300)),
            ("startingDeadlineSeconds: 120,", Some(60), 121, Some(120)),
            ("startingDeadlineSeconds: 120,", Some(60), 125, None),
        ] {
            let status = CronJobStatus { last_schedule_time: last.map(minute), ..CronJobStatus::default() };
            let found = due_time(&cron_job(more), &status, &schedule, minute(now));
            assert_eq!(found, due.map(minute), "{more} {last:?} {now}");
        }
    }
}
