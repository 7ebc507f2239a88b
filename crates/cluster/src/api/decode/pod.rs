//! `v1` Pod and Pod templates.

use std::collections::BTreeSet;

use super::field_cursor::{FieldCursor, shown};
use super::{container, dns_config, meta, priority_class, resources, scheduling, volume};
use crate::api::diagnostic::clip;
use crate::api::diagnostics::Diagnostics;
use crate::api::{Container, DiagnosticKind, Pod, PodSpec, PodStatus, PodTemplate, RestartPolicy, Rule, Str};
use netfilter::Protocol;

pub fn decode(root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Pod {
    let meta = meta::decode::<Pod>(root);
    let cursor = root.field("spec");
    let spec = spec(&cursor, diagnostics);
    mounts(&cursor, diagnostics);
    Pod { meta, spec, status: PodStatus::default(), written: std::sync::Arc::default() }
}

pub fn template(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> PodTemplate {
    mounts(&cursor.field("spec"), diagnostics);
    template_with_claims(cursor, diagnostics)
}

/// Of a StatefulSet, whose claims are volumes, too.
pub fn template_with_claims(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> PodTemplate {
    let metadata = cursor.field("metadata");
    PodTemplate {
        labels: metadata.field("labels").labels(),
        annotations: metadata.field("annotations").labels(),
        spec: spec(&cursor.field("spec"), diagnostics),
        written: cursor.tree().cloned().unwrap_or_default(),
    }
}

fn spec(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> PodSpec {
    let text = |field: &str| cursor.field(field).text().cloned();
    let grace_period = cursor.field("terminationGracePeriodSeconds");
    let restart_policy = one_of(&cursor.field("restartPolicy"), RestartPolicy::NAMES, diagnostics);
    no_ephemeral_containers(cursor, diagnostics);
    PodSpec {
        node_name: text("nodeName"),
        init_containers: containers(&cursor.field("initContainers"), diagnostics),
        containers: containers(&cursor.field("containers"), diagnostics),
        restart_policy: restart_policy.and_then(RestartPolicy::named).unwrap_or_default(),
        termination_grace_period_s: grace_period
            .int()
            .unwrap_or(i64::from(PodSpec::DEFAULT_TERMINATION_GRACE_PERIOD_S)),
        active_deadline_s: cursor.field("activeDeadlineSeconds").number(diagnostics, 1, i64::from(i32::MAX)),
        dns_policy: text("dnsPolicy"),
        dns_config: dns_config::decode(cursor, diagnostics),
        readiness_gates: readiness_gates(&cursor.field("readinessGates")),
        hostname: text("hostname"),
        subdomain: text("subdomain"),
        host_network: cursor.field("hostNetwork").bool().unwrap_or(false),
        volumes: volume::decode(&cursor.field("volumes")),
        node_selector: cursor.field("nodeSelector").labels(),
        affinity: scheduling::affinity(&cursor.field("affinity"), diagnostics),
        tolerations: scheduling::tolerations(&cursor.field("tolerations"), diagnostics),
        topology_spread_constraints: scheduling::topology_spread_constraints(
            &cursor.field("topologySpreadConstraints"),
            diagnostics,
        ),
        scheduling_gates: scheduling::scheduling_gates(&cursor.field("schedulingGates"), diagnostics),
        scheduler_name: text("schedulerName").unwrap_or_else(|| PodSpec::DEFAULT_SCHEDULER.into()),
        priority_class_name: text("priorityClassName"),
        priority: cursor.field("priority").int().and_then(|priority| i32::try_from(priority).ok()),
        preemption_policy: priority_class::preemption_policy(&cursor.field("preemptionPolicy"), diagnostics),
        overhead: resources::list(&cursor.field("overhead"), diagnostics),
        resources: resources::requirements(&cursor.field("resources"), diagnostics),
    }
}

fn containers(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<Container> {
    (0..list.len()).map(|i| container::decode(&list.item(i), diagnostics)).collect()
}

fn readiness_gates(list: &FieldCursor<'_>) -> Vec<Str> {
    (0..list.len()).filter_map(|i| list.item(i).field("conditionType").text().cloned()).collect()
}

/// They are only added to a Pod that runs.
fn no_ephemeral_containers(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    let ephemeral = cursor.field("ephemeralContainers");
    if ephemeral.len() > 0 {
        ephemeral.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::EphemeralContainers });
    }
}

/// A container mounts only volumes that the Pod has.
pub fn mounts(spec: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    let volumes = spec.field("volumes").tree().map_or(&[][..], |volumes| volumes.items());
    let there: BTreeSet<&Str> = volumes.iter().filter_map(|volume| volume.field("name")?.as_str()).collect();
    for list in ["initContainers", "containers"].map(|list| spec.field(list)) {
        for i in 0..list.len() {
            let container = list.item(i);
            let mounts = container.field("volumeMounts");
            for mount in 0..mounts.len() {
                let mount = mounts.item(mount);
                let name = mount.field("name");
                if let Some(text) = name.text().filter(|name| !there.contains(name)) {
                    name.error(diagnostics, DiagnosticKind::NotFound { value: clip(text) });
                }
            }
        }
    }
}

/// A text that must be there. A value of another type was reported before.
pub fn required(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Str {
    let is_other_type = cursor.is_set() && cursor.str().is_none();
    if cursor.text().is_none() && !is_other_type {
        cursor.error(diagnostics, DiagnosticKind::Required);
    }
    cursor.text().cloned().unwrap_or_else(|| "".into())
}

/// TCP when nothing is written.
pub fn protocol(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Protocol> {
    let Some(text) = cursor.text() else { return Some(Protocol::Tcp) };
    let all = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
    let found = all.into_iter().find(|p| p.as_str() == &**text);
    if found.is_none() {
        unsupported(cursor, &["SCTP", "TCP", "UDP"], diagnostics);
    }
    found
}

pub fn unsupported(
    cursor: &FieldCursor<'_>,
    allowed: &'static [&'static str],
    diagnostics: &mut Diagnostics,
) {
    let value = cursor.tree().map_or_else(|| "".into(), |t| shown(&t.value));
    cursor.error(diagnostics, DiagnosticKind::Unsupported { value, allowed });
}

/// One of `allowed`, or nothing.
pub fn one_of<'a>(
    cursor: &FieldCursor<'a>,
    allowed: &'static [&'static str],
    diagnostics: &mut Diagnostics,
) -> Option<&'a str> {
    let text = cursor.text()?;
    if !allowed.contains(&&**text) {
        unsupported(cursor, allowed, diagnostics);
        return None;
    }
    Some(text)
}
