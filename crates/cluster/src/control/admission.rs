//! What the API server does to each new Pod before it stores it, besides defaults and validation
//! (plugin/pkg/admission: priority, defaulttolerationseconds, podtopologylabels; registry/core/pod/strategy.go,
//! PrepareForCreate).

use crate::api::{
    Codec, Labels, Node, Operator, Pod, PodCondition, PreemptionPolicy, PriorityClass, Requirement, Selector,
    Str, Taint, TaintEffect, Toleration, TolerationOperator, tolerate,
};
use crate::sim::{Refusal, Span, World};

/// podtopologylabels/admission.go: of its node's labels, those that a Pod gets when it is bound, or made for it.
pub(crate) fn topology_labels(node: &Node) -> Labels {
    let is_topology =
        |key: &str| matches!(key, "topology.kubernetes.io/zone" | "topology.kubernetes.io/region");
    let labels = node.meta.labels.iter().filter(|(key, _)| is_topology(key));
    labels.map(|(key, value)| (key.clone(), value.clone())).collect()
}

impl World {
    pub(crate) fn admit_pod(&self, pod: &mut Pod) -> Result<(), Refusal> {
        pod.set_defaults();
        self.admit_priority(pod)?;
        tolerate_for_a_while(&mut pod.spec.tolerations, self.timing.node_eviction);
        if let Some(node) = pod.spec.node_name.as_ref().and_then(|name| self.store.node(name)) {
            for (label, value) in topology_labels(node) {
                pod.meta.labels.entry(label).or_insert(value);
            }
        }
        merge_label_keys(pod);
        if !pod.spec.scheduling_gates.is_empty() {
            let condition = PodCondition {
                reason: Some("SchedulingGated"),
                message: Some("Scheduling is blocked due to non-empty scheduling gates".into()),
                ..PodCondition::new(false)
            };
            pod.status.conditions.scheduled = Some(condition.after(None, self.clock.now()));
        }
        Ok(())
    }

    /// priority/admission.go, admitPod.
    fn admit_priority(&self, pod: &mut Pod) -> Result<(), Refusal> {
        let (priority, policy) = match &pod.spec.priority_class_name {
            Some(name) => self
                .priority_of(name)
                .ok_or_else(|| Refusal::NoPriorityClass { pod: pod.meta.key(), class: name.clone() })?,
            None => match self.default_priority_class() {
                Some(class) => {
                    pod.spec.priority_class_name = Some(class.meta.name.clone());
                    (class.value, class.preemption_policy)
                }
                None => (0, PreemptionPolicy::default()),
            },
        };
        if let Some(given) = pod.spec.priority.filter(|given| *given != priority) {
            return Err(Refusal::PriorityIsComputed { pod: pod.meta.key(), given, computed: priority });
        }
        pod.spec.priority = Some(priority);
        pod.spec.preemption_policy = Some(policy);
        Ok(())
    }

    fn priority_of(&self, name: &Str) -> Option<(i32, PreemptionPolicy)> {
        let system = PriorityClass::SYSTEM.iter().find(|(system, _)| *system == &**name);
        if let Some((_, value)) = system {
            return Some((*value, PreemptionPolicy::default()));
        }
        let class = self.store.priority_class(name)?;
        Some((class.value, class.preemption_policy))
    }

    /// getDefaultPriorityClass: of several, the one of the lowest value.
    fn default_priority_class(&self) -> Option<&PriorityClass> {
        let defaults = self.store.priority_classes.iter().filter(|class| class.global_default);
        defaults.min_by_key(|class| class.value).map(|class| &**class)
    }
}

/// defaulttolerationseconds/admission.go: of a new Pod, and of one that is changed.
pub(crate) fn tolerate_for_a_while(tolerations: &mut Vec<Toleration>, time: Span) {
    let seconds = i64::try_from(time.0 / 1_000_000_000).unwrap_or(i64::MAX);
    for key in [Taint::NOT_READY, Taint::UNREACHABLE] {
        if !tolerate(tolerations, &Taint::new(key, TaintEffect::NoExecute)) {
            tolerations.push(Toleration {
                key: key.into(),
                operator: Some(TolerationOperator::Exists),
                value: "".into(),
                effect: Some(TaintEffect::NoExecute),
                toleration_seconds: Some(seconds),
            });
        }
    }
}

/// mutatePodAffinity, mutateTopologySpreadConstraints: `matchLabelKeys` become requirements of the selectors.
fn merge_label_keys(pod: &mut Pod) {
    let labels = &pod.meta.labels;
    for term in pod.spec.affinity.iter_mut().flat_map(|affinity| affinity.pod_terms_mut()) {
        if let Some(selector) = &mut term.label_selector {
            require_labels(selector, &term.match_label_keys, Operator::In, labels);
            require_labels(selector, &term.mismatch_label_keys, Operator::NotIn, labels);
        }
    }
    for constraint in &mut pod.spec.topology_spread_constraints {
        if let Some(selector) = &mut constraint.label_selector {
            require_labels(selector, &constraint.match_label_keys, Operator::In, labels);
        }
    }
}

fn require_labels(selector: &mut Selector, keys: &[Str], operator: Operator, labels: &Labels) {
    for key in keys {
        if let Some(value) = labels.get(key) {
            let values = vec![value.clone()];
            selector.match_expressions.push(Requirement { key: key.clone(), operator, values });
        }
    }
}
