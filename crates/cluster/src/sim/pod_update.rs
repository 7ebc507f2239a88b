//! What `kubectl apply` may change of a Pod that is there: little (core validation.go, ValidatePodUpdate).

mod gates;

use std::collections::BTreeSet;

use crate::api::{
    Affinity, Container, DiagnosticKind, FieldError, FieldPath, PatchedPod, PodSpec, Rule, Str, TaintEffect,
    Toleration, TolerationOperator, pull_policy_of,
};

/// A Pod that is patched.
pub(super) struct PodUpdate<'a> {
    pub live: &'a PodSpec,
    pub patched: &'a PatchedPod,
}

impl PodUpdate<'_> {
    /// The Pod as it is from now on, but for what is added to its tolerations on the way (`admit`). Errors are those of
    /// ValidatePodUpdate, in its order; some are the last that it looks for.
    pub fn updated(&self, admit: impl Fn(&mut Vec<Toleration>)) -> Result<PodSpec, Vec<FieldError>> {
        let spec = FieldPath::new("spec");
        let (live, new) = (self.live, &self.patched.spec);
        let mut errors = self.patched.errors.clone();
        for (field, is_same) in [
            ("containers", new.containers.len() == live.containers.len()),
            ("initContainers", new.init_containers.len() == live.init_containers.len()),
        ] {
            if !is_same {
                errors.push(forbidden(&spec.child(field), Rule::ContainersOfPod));
                return Err(errors);
            }
        }
        if self.is_deadline_wrong(&spec, &mut errors) {
            return Err(errors);
        }
        let tolerations = self.tolerations(admit, &spec, &mut errors);
        gates::only_removed(&live.scheduling_gates, &new.scheduling_gates, &spec, &mut errors);
        if self.is_gated() {
            gates::only_tightened(live, new, &spec, &mut errors);
        }
        if self.patched.changes_kept || !self.is_same_but_for_what_may_change() {
            errors.push(forbidden(&spec, Rule::ImmutablePod));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut updated = PodSpec { active_deadline_s: new.active_deadline_s, tolerations, ..live.clone() };
        take_images(&mut updated.containers, &new.containers);
        take_images(&mut updated.init_containers, &new.init_containers);
        updated.termination_grace_period_s = new.termination_grace_period_s;
        updated.scheduling_gates.clone_from(&new.scheduling_gates);
        if self.is_gated() {
            updated.node_selector.clone_from(&new.node_selector);
            updated.affinity.clone_from(&new.affinity);
        }
        Ok(updated)
    }

    /// Whether it waits for somebody, and the scheduler has not looked at it yet.
    fn is_gated(&self) -> bool {
        !self.live.scheduling_gates.is_empty()
    }

    /// With the node affinity that is there, which `only_tightened` has looked at.
    fn munged_affinity(&self) -> Option<Box<Affinity>> {
        let (live, new) = (&self.live.affinity, &self.patched.spec.affinity);
        let [live_affinity, new_affinity] = [live, new].map(|affinity| affinity.as_deref().cloned());
        let live_affinity = live_affinity.unwrap_or_default();
        let node_affinity = live_affinity.node_affinity.clone();
        let munged = Affinity { node_affinity, ..new_affinity.unwrap_or_default() };
        if munged == live_affinity { live.clone() } else { new.clone() }
    }

    fn is_same_but_for_what_may_change(&self) -> bool {
        let (live, new) = (self.live, &self.patched.spec);
        let ends_at_once = live.termination_grace_period_s < 0 && new.termination_grace_period_s == 1;
        let munged = PodSpec {
            containers: munged_containers(&live.containers, &new.containers),
            init_containers: munged_containers(&live.init_containers, &new.init_containers),
            active_deadline_s: live.active_deadline_s,
            tolerations: live.tolerations.clone(),
            scheduling_gates: live.scheduling_gates.clone(),
            node_selector: if self.is_gated() { &live.node_selector } else { &new.node_selector }.clone(),
            affinity: if self.is_gated() { self.munged_affinity() } else { new.affinity.clone() },
            termination_grace_period_s: match ends_at_once {
                true => live.termination_grace_period_s,
                false => new.termination_grace_period_s,
            },
            // priority/admission.go, admitPod: what an update does not say stays.
            priority: new.priority.or(live.priority),
            preemption_policy: new.preemption_policy.or(live.preemption_policy),
            dns_policy: match is_cluster_first(new) && is_cluster_first(live) {
                true => live.dns_policy.clone(),
                false => new.dns_policy.clone(),
            },
            ..new.clone()
        };
        munged == *live
    }

    /// It is set, or lowered. Whether that is all that there is to say.
    fn is_deadline_wrong(&self, spec: &FieldPath<'_>, errors: &mut Vec<FieldError>) -> bool {
        let mut refuse = |value: &str, why| {
            let message = DiagnosticKind::Violates { value: value.into(), why };
            errors.push(spec.child("activeDeadlineSeconds").error(message));
        };
        match (self.live.active_deadline_s, self.patched.spec.active_deadline_s) {
            (Some(was), Some(new)) if new > was => {
                refuse(&new.to_string(), Rule::DeadlineRaised);
                true
            }
            (Some(_), None) => {
                // The nil of Go, as a text.
                refuse("\"null\"", Rule::DeadlineRemoved);
                false
            }
            (Some(_) | None, _) => false,
        }
    }

    /// The list of a text replaces what is there. Then those are added that every Pod has; none may be missing.
    fn tolerations(
        &self,
        admit: impl Fn(&mut Vec<Toleration>),
        spec: &FieldPath<'_>,
        errors: &mut Vec<FieldError>,
    ) -> Vec<Toleration> {
        let mut new = self.patched.spec.tolerations.clone();
        admit(&mut new);
        let there: BTreeSet<_> = new.iter().map(untimed).collect();
        if !self.live.tolerations.iter().all(|toleration| there.contains(&untimed(toleration))) {
            errors.push(forbidden(&spec.child("tolerations"), Rule::TolerationChanged));
        }
        new
    }
}

/// validateOnlyAddedTolerations: for how long may change.
fn untimed(toleration: &Toleration) -> (&Str, Option<&'static str>, &Str, Option<&'static str>) {
    let Toleration { key, operator, value, effect, toleration_seconds: _ } = toleration;
    (key, operator.map(TolerationOperator::as_str), value, effect.map(TaintEffect::as_str))
}

fn forbidden(path: &FieldPath<'_>, why: Rule) -> FieldError {
    path.error(DiagnosticKind::Forbidden { why })
}

fn is_cluster_first(spec: &PodSpec) -> bool {
    spec.dns_policy.as_deref().is_none_or(|policy| policy == "ClusterFirst")
}

/// With the images that are there. What the pull policy was by default may be said.
fn munged_containers(live: &[Container], new: &[Container]) -> Vec<Container> {
    let munged = |(live, new): (&Container, &Container)| {
        let is_default = |of: &Container| {
            of.image_pull_policy.is_none_or(|policy| policy.as_str() == pull_policy_of(&live.image))
        };
        let image_pull_policy = match is_default(live) && is_default(new) {
            true => live.image_pull_policy,
            false => new.image_pull_policy,
        };
        Container { image: live.image.clone(), image_pull_policy, ..new.clone() }
    };
    live.iter().zip(new).map(munged).collect()
}

fn take_images(to: &mut [Container], from: &[Container]) {
    for (to, from) in to.iter_mut().zip(from) {
        to.image = from.image.clone();
    }
}
