//! What `kubectl apply` may change of a Pod that is there: little (core validation.go, ValidatePodUpdate).

use std::collections::BTreeSet;

use crate::api::{
    Container, DiagnosticKind, FieldError, FieldPath, PodSpec, Rule, Str, TaintEffect, Toleration,
    TolerationOperator,
};

/// The texts of an apply, without what the API server and the scheduler set: that has not changed.
pub(super) struct PodTexts<'a> {
    /// What was applied last; `None` of a Pod that somebody else has made.
    pub before: Option<&'a PodSpec>,
    pub new: &'a PodSpec,
}

impl PodTexts<'_> {
    /// The Pod as it is from now on, but for what is added to its tolerations on the way (`admit`).
    pub fn updated(
        &self,
        live: &PodSpec,
        admit: impl Fn(&mut Vec<Toleration>),
    ) -> Result<PodSpec, FieldError> {
        let spec = FieldPath::new("spec");
        let base = self.before.unwrap_or(live);
        let inits_are_said = self.before.is_some() || !self.new.init_containers.is_empty();
        if self.new.containers.len() != live.containers.len() {
            return Err(forbidden(&spec.child("containers"), Rule::ContainersOfPod));
        }
        if inits_are_said && self.new.init_containers.len() != live.init_containers.len() {
            return Err(forbidden(&spec.child("initContainers"), Rule::ContainersOfPod));
        }
        let active_deadline_s = self.deadline(live, &spec)?;
        let tolerations = self.tolerations(live, admit, &spec)?;
        let ends_at_once = live.termination_grace_period_s < 0 && self.new.termination_grace_period_s == 1;
        let is_allowed = differ_in_images_only(&base.containers, &self.new.containers)
            && (!inits_are_said || differ_in_images_only(&base.init_containers, &self.new.init_containers))
            && self.before.is_none_or(|before| self.says_the_same(before, ends_at_once));
        if !is_allowed {
            return Err(forbidden(&spec, Rule::ImmutablePod));
        }
        let mut updated = PodSpec { active_deadline_s, tolerations, ..live.clone() };
        take_images(&mut updated.containers, &self.new.containers);
        take_images(&mut updated.init_containers, &self.new.init_containers);
        if ends_at_once {
            updated.termination_grace_period_s = 1;
        }
        Ok(updated)
    }

    /// Whether nothing differs but what may.
    fn says_the_same(&self, before: &PodSpec, ends_at_once: bool) -> bool {
        let munged = PodSpec {
            containers: before.containers.clone(),
            init_containers: before.init_containers.clone(),
            active_deadline_s: before.active_deadline_s,
            tolerations: before.tolerations.clone(),
            termination_grace_period_s: match ends_at_once {
                true => before.termination_grace_period_s,
                false => self.new.termination_grace_period_s,
            },
            ..self.new.clone()
        };
        munged == *before
    }

    /// It is set, or lowered.
    fn deadline(&self, live: &PodSpec, spec: &FieldPath<'_>) -> Result<Option<u32>, FieldError> {
        let refused = |value: &str, why| {
            let message = DiagnosticKind::Violates { value: value.into(), why };
            Err(spec.child("activeDeadlineSeconds").error(message))
        };
        match (live.active_deadline_s, self.new.active_deadline_s) {
            (Some(was), Some(new)) if new > was => refused(&new.to_string(), Rule::DeadlineRaised),
            (Some(_) | None, Some(new)) => Ok(Some(new)),
            // The nil of Go, as a text.
            (Some(_), None) if self.before.is_some_and(|before| before.active_deadline_s.is_some()) => {
                refused("\"null\"", Rule::DeadlineRemoved)
            }
            (was, None) => Ok(was),
        }
    }

    /// The list of a text replaces what is there. Then those are added that every Pod has; none may be missing.
    fn tolerations(
        &self,
        live: &PodSpec,
        admit: impl Fn(&mut Vec<Toleration>),
        spec: &FieldPath<'_>,
    ) -> Result<Vec<Toleration>, FieldError> {
        let is_said = |spec: &PodSpec| !spec.tolerations.is_empty();
        if !is_said(self.new) && !self.before.is_some_and(is_said) {
            return Ok(live.tolerations.clone());
        }
        let mut new = self.new.tolerations.clone();
        admit(&mut new);
        let there: BTreeSet<_> = new.iter().map(untimed).collect();
        match live.tolerations.iter().all(|toleration| there.contains(&untimed(toleration))) {
            true => Ok(new),
            false => Err(forbidden(&spec.child("tolerations"), Rule::TolerationChanged)),
        }
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

fn differ_in_images_only(old: &[Container], new: &[Container]) -> bool {
    let is_same =
        |(old, new): (&Container, &Container)| Container { image: old.image.clone(), ..new.clone() } == *old;
    old.len() == new.len() && old.iter().zip(new).all(is_same)
}

fn take_images(to: &mut [Container], from: &[Container]) {
    for (to, from) in to.iter_mut().zip(from) {
        to.image = from.image.clone();
    }
}
