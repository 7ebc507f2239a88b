//! What the action `setServicePolicy` makes of a Service.

use crate::api::{
    Diagnostic, KubeObject, Service, ServicePolicy, SessionAffinity, Source, Str, TOPOLOGY_MODE,
    TrafficPolicy, Tree, Value, decode_object, to_tree,
};

/// The field and its value, as a Service's spec has them.
fn put(out: &mut Tree, policy: &ServicePolicy) {
    let texts = |list: &[Str]| Tree::seq(list.iter().map(|s| Tree::string(s)).collect());
    let value = match policy {
        ServicePolicy::ExternalTrafficPolicy(policy) | ServicePolicy::InternalTrafficPolicy(policy) => {
            Tree::string(policy.as_str())
        }
        ServicePolicy::SessionAffinity(SessionAffinity::None) => Tree::string("None"),
        ServicePolicy::SessionAffinity(SessionAffinity::ClientIP { .. }) => Tree::string("ClientIP"),
        ServicePolicy::TrafficDistribution(Some(text)) | ServicePolicy::TopologyMode(Some(text)) => {
            Tree::string(text)
        }
        ServicePolicy::TrafficDistribution(None) | ServicePolicy::TopologyMode(None) => Tree::string(""),
        ServicePolicy::LoadBalancerSourceRanges(list) | ServicePolicy::ExternalIps(list) => texts(list),
        ServicePolicy::PublishNotReadyAddresses(on) => Tree::bool(*on),
    };
    out.put(policy.field(), value);
}

/// The Service with that field set, read again as if it had been applied so.
pub fn patched(
    service: &Service,
    source: Option<&Source>,
    policy: &ServicePolicy,
) -> (Option<Service>, Vec<Diagnostic>) {
    let mut tree = to_tree(&KubeObject::Service(service.clone()), source.map(|source| &source.tree));
    match policy {
        ServicePolicy::TopologyMode(mode) => annotate(&mut tree, mode.as_ref()),
        _ => patch(tree.slot("spec"), policy),
    }
    match decode_object(&tree) {
        (Some(KubeObject::Service(service)), diagnostics) => (Some(service), diagnostics),
        (_, diagnostics) => (None, diagnostics),
    }
}

/// As `kubectl annotate` would. The annotation's older name goes: it would say the same, or be overruled.
fn annotate(tree: &mut Tree, mode: Option<&Str>) {
    let annotations = tree.slot("metadata").slot("annotations");
    annotations.remove(&[TOPOLOGY_MODE.into()]);
    annotations.remove(&["service.kubernetes.io/topology-aware-hints".into()]);
    if let Some(mode) = mode {
        annotations.put(TOPOLOGY_MODE, Tree::string(mode));
    }
}

/// The Service's spec with that field set as `kubectl patch` would leave it: what depends on the
/// old value goes with it (registry/core/service, dropTypeDependentFields).
fn patch(spec: &mut Tree, policy: &ServicePolicy) {
    match policy {
        ServicePolicy::TrafficDistribution(None) => {
            spec.remove(&["trafficDistribution".into()]);
            return;
        }
        ServicePolicy::ExternalTrafficPolicy(TrafficPolicy::Cluster) => {
            spec.remove(&["healthCheckNodePort".into()]);
        }
        ServicePolicy::SessionAffinity(SessionAffinity::None) => {
            spec.remove(&["sessionAffinityConfig".into()]);
        }
        ServicePolicy::SessionAffinity(SessionAffinity::ClientIP { timeout_s }) => {
            let config = spec.slot("sessionAffinityConfig");
            *config = Tree::map();
            let client = config.slot("clientIP");
            *client = Tree::map();
            client.put("timeoutSeconds", Tree::int(i64::from(*timeout_s)));
        }
        _ => {}
    }
    put(spec, policy);
    // An empty list is no list.
    if spec.field(policy.field()).is_some_and(|t| matches!(&t.value, Value::Seq(items) if items.is_empty())) {
        spec.remove(&[policy.field().into()]);
    }
}
