//! The action `setServicePolicy`: one field of a Service's spec, under its own name.

use super::read::required_map;
use crate::api::decode::{Spot, pod_one_of};
use crate::api::findings::Findings;
use crate::api::{
    Diagnostic, DiagnosticKind, KubeObject, Service, ServicePolicy, SessionAffinity, Source, Str,
    TOPOLOGY_MODE, TrafficPolicy, Tree, Type, Value, decode_object, to_tree,
};

/// Seconds that an idle client stays bound (defaults.go, SetDefaults_Service).
const AFFINITY_TIMEOUT_S: u32 = 10_800;

const FIELDS: [&str; 8] = [
    "externalTrafficPolicy",
    "internalTrafficPolicy",
    "sessionAffinity",
    "trafficDistribution",
    "loadBalancerSourceRanges",
    "externalIPs",
    "publishNotReadyAddresses",
    TOPOLOGY_MODE,
];

/// Exactly one of the fields. `None` with an error among the findings.
pub fn read(spot: &Spot<'_>, findings: &mut Findings) -> Option<ServicePolicy> {
    let tree = spot.tree()?;
    let mut named = FIELDS.iter().filter(|field| tree.field(field).is_some());
    let (first, second) = (named.next(), named.next());
    let Some(field) = first else {
        required_map(&spot.field("externalTrafficPolicy"), findings);
        return None;
    };
    let value = spot.field(field);
    if let Some(second) = second {
        // One action, one change: two of them would be undone as one.
        let field = Str::from(*second);
        spot.field(second).error(findings, DiagnosticKind::UnknownField { field });
        return None;
    }
    Some(match *field {
        "externalTrafficPolicy" => ServicePolicy::ExternalTrafficPolicy(traffic_policy(&value, findings)?),
        "internalTrafficPolicy" => ServicePolicy::InternalTrafficPolicy(traffic_policy(&value, findings)?),
        "sessionAffinity" => ServicePolicy::SessionAffinity(affinity(spot, &value, findings)?),
        // Empty, or null: the field is taken away.
        "trafficDistribution" => ServicePolicy::TrafficDistribution(value.text().cloned()),
        "loadBalancerSourceRanges" => ServicePolicy::LoadBalancerSourceRanges(value.strings()),
        "externalIPs" => ServicePolicy::ExternalIps(value.strings()),
        TOPOLOGY_MODE => ServicePolicy::TopologyMode(value.text().cloned()),
        _ => ServicePolicy::PublishNotReadyAddresses(value.bool().or_else(|| {
            value.wrong_type(findings, Type::Boolean);
            None
        })?),
    })
}

fn traffic_policy(spot: &Spot<'_>, findings: &mut Findings) -> Option<TrafficPolicy> {
    match pod_one_of(spot, &["Cluster", "Local"], findings) {
        Some("Local") => Some(TrafficPolicy::Local),
        Some(_) => Some(TrafficPolicy::Cluster),
        None => {
            if spot.text().is_none() {
                spot.error(findings, DiagnosticKind::Required);
            }
            None
        }
    }
}

fn affinity(action: &Spot<'_>, spot: &Spot<'_>, findings: &mut Findings) -> Option<SessionAffinity> {
    if pod_one_of(spot, &["ClientIP", "None"], findings)? == "None" {
        return Some(SessionAffinity::None);
    }
    let seconds = action.field("timeoutSeconds");
    if !seconds.is_set() {
        return Some(SessionAffinity::ClientIP { timeout_s: AFFINITY_TIMEOUT_S });
    }
    let timeout = seconds.int_in(findings, 0, i64::from(i32::MAX)).and_then(|s| u32::try_from(s).ok());
    Some(SessionAffinity::ClientIP { timeout_s: timeout? })
}

/// The field and its value, as the action and as a Service's spec have them.
pub fn put(out: &mut Tree, policy: &ServicePolicy) {
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

/// The action's arguments.
pub fn write(out: &mut Tree, policy: &ServicePolicy) {
    put(out, policy);
    if let ServicePolicy::SessionAffinity(SessionAffinity::ClientIP { timeout_s }) = policy {
        out.put("timeoutSeconds", Tree::int(i64::from(*timeout_s)));
    }
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
