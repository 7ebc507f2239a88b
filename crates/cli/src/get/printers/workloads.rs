//! What makes Pods, and what guards them.

use cluster::api::Tree;

use super::{Printer, around_age, containers_and_images, label_selector, labels};
use crate::get::object::{Document, Object, human_duration, or_none, seconds};
use crate::table::{always, wide};

pub const DEPLOYMENT: Printer = Printer {
    columns: &[
        always("NAME"),
        always("READY"),
        always("UP-TO-DATE"),
        always("AVAILABLE"),
        always("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    cells: deployment,
};

fn deployment(object: &Object) -> Vec<String> {
    let tree = &object.tree;
    let [updated, available] = ["updated", "available"].map(|what| count(tree, what));
    around_age(object, [ready(tree), updated, available], template_and_selector(tree))
}

/// `2/3`
fn ready(tree: &Tree) -> String {
    format!("{}/{}", tree.number("status.readyReplicas"), tree.number("spec.replicas"))
}

fn count(tree: &Tree, which: &str) -> String {
    tree.number(&format!("status.{which}Replicas")).to_string()
}

fn template_and_selector(tree: &Tree) -> [String; 3] {
    let [containers, images] = containers_and_images(tree.at("spec.template"));
    [containers, images, label_selector(tree.at("spec.selector"))]
}

pub const REPLICA_SET: Printer = Printer {
    columns: &[
        always("NAME"),
        always("DESIRED"),
        always("CURRENT"),
        always("READY"),
        always("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    cells: |object| around_age(object, replicas(&object.tree), template_and_selector(&object.tree)),
};

/// A ReplicationController's selector is labels alone.
pub const REPLICATION_CONTROLLER: Printer = Printer {
    columns: REPLICA_SET.columns,
    cells: |object| {
        let [containers, images] = containers_and_images(object.tree.at("spec.template"));
        let selector = labels(object.tree.at("spec.selector"));
        around_age(object, replicas(&object.tree), [containers, images, selector])
    },
};

fn replicas(tree: &Tree) -> [String; 3] {
    ["spec.replicas", "status.replicas", "status.readyReplicas"].map(|path| tree.number(path).to_string())
}

pub const STATEFUL_SET: Printer = Printer {
    columns: &[always("NAME"), always("READY"), always("AGE"), wide("CONTAINERS"), wide("IMAGES")],
    cells: |object| {
        around_age(object, [ready(&object.tree)], containers_and_images(object.tree.at("spec.template")))
    },
};

pub const DAEMON_SET: Printer = Printer {
    columns: &[
        always("NAME"),
        always("DESIRED"),
        always("CURRENT"),
        always("READY"),
        always("UP-TO-DATE"),
        always("AVAILABLE"),
        always("NODE SELECTOR"),
        always("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    cells: daemon_set,
};

fn daemon_set(object: &Object) -> Vec<String> {
    let tree = &object.tree;
    let number = |field: &str| tree.number(&format!("status.{field}")).to_string();
    let before = [
        number("desiredNumberScheduled"),
        number("currentNumberScheduled"),
        number("numberReady"),
        number("updatedNumberScheduled"),
        number("numberAvailable"),
        labels(tree.at("spec.template.spec.nodeSelector")),
    ];
    around_age(object, before, template_and_selector(tree))
}

pub const CONTROLLER_REVISION: Printer = Printer {
    columns: &[always("NAME"), always("CONTROLLER"), always("REVISION"), always("AGE")],
    cells: controller_revision,
};

fn controller_revision(object: &Object) -> Vec<String> {
    let owners = object.tree.list("metadata.ownerReferences");
    let controller = owners.iter().find(|owner| owner.flag("controller"));
    let shown = |owner: &Tree| format!("{}/{}", crate::get::discovery::prefix_of(owner), owner.text("name"));
    around_age(object, [or_none(controller.map_or(String::new(), shown)), object.tree.text("revision")], [])
}

pub const JOB: Printer = Printer {
    columns: &[
        always("NAME"),
        always("STATUS"),
        always("COMPLETIONS"),
        always("DURATION"),
        always("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    cells: job,
};

fn job(object: &Object) -> Vec<String> {
    let tree = &object.tree;
    let succeeded = tree.number("status.succeeded");
    let completions =
        match (tree.at("spec.completions").and_then(Tree::as_int), tree.number("spec.parallelism")) {
            (Some(completions), _) => format!("{succeeded}/{completions}"),
            (None, parallelism @ 2..) => format!("{succeeded}/1 of {parallelism}"),
            (None, _) => format!("{succeeded}/1"),
        };
    around_age(
        object,
        [job_status(object).into(), completions, duration(object)],
        template_and_selector(tree),
    )
}

/// From its start to its completion, or to now.
fn duration(job: &Object) -> String {
    let moment = |field: &str| seconds(&job.tree.text(field));
    let start = moment("status.startTime");
    let length = |start| human_duration(moment("status.completionTime").unwrap_or(job.now) - start);
    start.map_or(String::new(), length)
}

fn job_status(job: &Object) -> &'static str {
    let conditions = job.tree.list("status.conditions");
    let holds =
        |type_: &str| conditions.iter().any(|c| c.text("type") == type_ && c.text("status") == "True");
    match () {
        () if holds("Complete") => "Complete",
        () if holds("Failed") => "Failed",
        () if job.is_deleted() => "Terminating",
        () if holds("Suspended") => "Suspended",
        () if holds("FailureTarget") => "FailureTarget",
        () if holds("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    }
}

pub const CRON_JOB: Printer = Printer {
    columns: &[
        always("NAME"),
        always("SCHEDULE"),
        always("TIMEZONE"),
        always("SUSPEND"),
        always("ACTIVE"),
        always("LAST SCHEDULE"),
        always("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    cells: cron_job,
};

fn cron_job(object: &Object) -> Vec<String> {
    let tree = &object.tree;
    let last = Some(tree.text("status.lastScheduleTime")).filter(|last| !last.is_empty());
    let before = [
        tree.text("spec.schedule"),
        or_none(tree.text("spec.timeZone")),
        if tree.flag("spec.suspend") { "True" } else { "False" }.into(),
        tree.list("status.active").len().to_string(),
        or_none(last.map_or(String::new(), |last| object.since(&last))),
    ];
    let [containers, images] = containers_and_images(tree.at("spec.jobTemplate.spec.template"));
    let selector = label_selector(tree.at("spec.jobTemplate.spec.selector"));
    around_age(object, before, [containers, images, selector])
}

pub const POD_DISRUPTION_BUDGET: Printer = Printer {
    columns: &[
        always("NAME"),
        always("MIN AVAILABLE"),
        always("MAX UNAVAILABLE"),
        always("ALLOWED DISRUPTIONS"),
        always("AGE"),
    ],
    cells: disruption_budget,
};

fn disruption_budget(object: &Object) -> Vec<String> {
    let limit = |path| match object.tree.text(path) {
        limit if limit.is_empty() => "N/A".into(),
        limit => limit,
    };
    let allowed = object.tree.number("status.disruptionsAllowed").to_string();
    around_age(object, [limit("spec.minAvailable"), limit("spec.maxUnavailable"), allowed], [])
}
