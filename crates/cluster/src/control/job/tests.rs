//! What becomes of a Job when its Pods end: cases of job_controller_test.go (TestControllerSyncJob,
//! TestTrackJobStatusAndRemoveFinalizers, TestSyncJobWithJobBackoffLimitPerIndex and their neighbours).

use crate::api::{Action, Job, JobStatus, NsName, parse};
use crate::sim::{Span, World};

const SUCCESS: u8 = 0;
const FAILURE: u8 = 1;

fn world(spec: &str) -> World {
    let text = format!(
        "{{apiVersion: batch/v1, kind: Job, metadata: {{name: a}}, spec: {{{spec} template: {{spec: {{restartPolicy: Never, \
         containers: [{{name: a, image: b}}]}}}}}}}}\n---\n\
         {{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {{dns: ideal, apps: [{{of: Job/a, exits: {{after: 1000000s}}}}]}}}}"
    );
    let (mut world, refusals) = World::load(&parse(&text), None);
    assert_eq!(refusals, []);
    pass(&mut world, 30);
    world
}

fn pass(world: &mut World, seconds: u64) {
    let to = world.now() + Span::from_secs(seconds);
    while !world.advance_to(to, u64::MAX) {}
}

fn job(world: &World) -> &Job {
    world.store.jobs.get(&NsName::new("default", "a")).expect("it is there")
}

fn active(world: &World) -> Vec<NsName> {
    world.store.pods.iter().filter(|pod| super::is_active(pod)).map(|pod| pod.meta.key()).collect()
}

/// The process of the first active Pod whose name begins so ends.
fn end(world: &mut World, name: &str, exit_code: u8) {
    let pod = active(world).into_iter().find(|key| key.name.starts_with(name)).expect("one is active");
    world.apply(&Action::FinishPod { pod, container: None, exit_code }).expect("it runs");
    pass(world, 5);
}

fn conditions(world: &World) -> Vec<(&'static str, &'static str)> {
    job(world).status.conditions.iter().map(|condition| (condition.type_, condition.reason)).collect()
}

#[test]
fn a_job_is_complete_when_enough_pods_have_succeeded() {
    let mut world = world("completions: 3, parallelism: 2,");
    end(&mut world, "a-", SUCCESS);
    assert_eq!((job(&world).status.active, job(&world).status.succeeded), (2, 1));
    end(&mut world, "a-", SUCCESS);
    assert_eq!((job(&world).status.active, job(&world).status.succeeded), (1, 2), "only one is still needed");
    end(&mut world, "a-", SUCCESS);
    let expected = [
        (JobStatus::SUCCESS_CRITERIA_MET, "CompletionsReached"),
        (JobStatus::COMPLETE, "CompletionsReached"),
    ];
    assert_eq!(conditions(&world), expected);
    let status = &job(&world).status;
    assert_eq!((status.active, status.succeeded, status.failed), (0, 3, 0));
    assert!(status.completion_time.is_some());
    assert_eq!(world.store.pods.len(), 3, "its Pods stay, to be looked at");
    assert!(world.store.pods.iter().all(|pod| pod.meta.finalizers.is_empty()));
}

#[test]
fn without_completions_one_success_ends_it() {
    let mut world = world("parallelism: 2,");
    end(&mut world, "a-", SUCCESS);
    assert_eq!((job(&world).status.active, conditions(&world).len()), (1, 0), "the others may go on");
    end(&mut world, "a-", SUCCESS);
    assert!(job(&world).status.is_finished());
}

#[test]
fn a_failed_pod_is_replaced_after_a_while_that_doubles() {
    let mut world = world("");
    for wait in [10, 20, 40] {
        end(&mut world, "a-", FAILURE);
        pass(&mut world, wait - 7);
        assert_eq!(active(&world), [], "not yet after {wait} s");
        pass(&mut world, 10);
        assert_eq!(active(&world).len(), 1, "again after {wait} s");
    }
    assert_eq!((job(&world).status.failed, conditions(&world).len()), (3, 0));
}

#[test]
fn more_failures_than_the_back_off_limit_end_it() {
    let mut world = world("backoffLimit: 1, completions: 4, parallelism: 3,");
    end(&mut world, "a-", FAILURE);
    pass(&mut world, 30);
    assert_eq!((job(&world).status.failed, job(&world).status.active), (1, 3));
    end(&mut world, "a-", FAILURE);
    pass(&mut world, 60);
    let expected =
        [(JobStatus::FAILURE_TARGET, "BackoffLimitExceeded"), (JobStatus::FAILED, "BackoffLimitExceeded")];
    assert_eq!(conditions(&world), expected);
    assert_eq!(
        (job(&world).status.active, job(&world).status.failed),
        (0, 4),
        "those that ran have failed with it"
    );
}

#[test]
fn a_pod_that_is_deleted_has_failed() {
    let mut deleted = world("");
    let key = active(&deleted).remove(0);
    deleted.delete_pod(&key, None);
    pass(&mut deleted, 1);
    assert_eq!(job(&deleted).status.failed, 1);
    let mut kept = world("podReplacementPolicy: Failed,");
    let key = active(&kept).remove(0);
    kept.delete_pod(&key, None);
    pass(&mut kept, 1);
    assert_eq!(job(&kept).status.failed, 0, "only those that ended count");
}

#[test]
fn an_index_is_done_once() {
    let mut world = world("completions: 3, parallelism: 2, completionMode: Indexed,");
    end(&mut world, "a-1-", SUCCESS);
    assert_eq!(job(&world).status.completed_indexes, [1]);
    end(&mut world, "a-0-", FAILURE);
    pass(&mut world, 30);
    let names: Vec<String> = active(&world).iter().map(|key| key.name[..4].to_string()).collect();
    assert_eq!(names, ["a-0-", "a-2-"], "the index whose Pod failed is tried again");
    end(&mut world, "a-0-", SUCCESS);
    end(&mut world, "a-2-", SUCCESS);
    assert_eq!((&*job(&world).status.completed_indexes, job(&world).status.succeeded), (&[0, 1, 2][..], 3));
    assert!(job(&world).status.conditions.is_true(JobStatus::COMPLETE));
}

#[test]
fn an_index_may_fail_alone() {
    let mut world =
        world("completions: 2, parallelism: 2, completionMode: Indexed, backoffLimitPerIndex: 0,");
    end(&mut world, "a-0-", FAILURE);
    pass(&mut world, 60);
    assert_eq!(
        (&*job(&world).status.failed_indexes, active(&world).len()),
        (&[0][..], 1),
        "it is not tried again"
    );
    end(&mut world, "a-1-", SUCCESS);
    let expected = [(JobStatus::FAILURE_TARGET, "FailedIndexes"), (JobStatus::FAILED, "FailedIndexes")];
    assert_eq!(conditions(&world), expected);
}
