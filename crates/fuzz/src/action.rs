//! Anything that a person could do to a cluster: mostly to what is there, now and then to what is not.

use cluster::api::Kind as ObjectKind;
use cluster::api::{
    Action, App, ClientFrom, ClientSpec, Exits, Labels, Name, NsName, ObjectRef, PatchType, PolicyField,
    Prerequisite, Propagation, Resolve, ServicePolicy, ServiceType, SessionAffinity, Str, TaintChange,
    TrafficPolicy,
};
use cluster::node::kube_proxy::ProxyMode;
use cluster::sim::{Span, World};
use netfilter::Protocol;

use crate::pick::Picks;

/// One declaration for the kinds, their list, and whose kind an action is: the match has no default arm, so
/// that an action that is forgotten here does not compile.
macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $($kind),*
        }

        impl Kind {
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),*];

            pub fn of(action: &Action) -> Kind {
                match action {
                    $(Action::$kind { .. } => Kind::$kind),*
                }
            }
        }
    };
}

kinds! {
    DeleteObject,
    SendOne,
    CrashPod,
    SetReadiness,
    SetLiveness,
    FinishPod,
    SetPodCondition,
    SetApp,
    SetMissing,
    Scale,
    RolloutRestart,
    RolloutUndo,
    PauseRollout,
    SetImage,
    SetLabels,
    SetSelector,
    SetServiceType,
    SetServicePolicy,
    PowerNode,
    CutOffNode,
    PauseKubeProxy,
    Cordon,
    Taint,
    Drain,
    AddNode,
    SetProxyMode,
    SetIpMode,
    AddClient,
    RemoveClient,
    SetRate,
    Apply,
    Create,
    Replace,
    Patch,
}

/// An action of the kind, in the cluster as it is now.
pub fn make(kind: Kind, picks: &mut Picks<'_>, world: &World) -> Action {
    match kind {
        Kind::DeleteObject => Action::DeleteObject {
            object: object(picks, world),
            propagation_policy: picks.of(&[
                Propagation::Background,
                Propagation::Background,
                Propagation::Foreground,
                Propagation::Orphan,
            ]),
            grace_period_seconds: picks.of(&[None, None, Some(0), Some(1), Some(100_000)]),
        },
        Kind::SendOne => Action::SendOne { client: client(picks, world) },
        Kind::CrashPod => Action::CrashPod { pod: pod(picks, world), container: None },
        Kind::SetReadiness => {
            Action::SetReadiness { pod: pod(picks, world), container: None, pass: picks.flag() }
        }
        Kind::SetLiveness => {
            Action::SetLiveness { pod: pod(picks, world), container: None, pass: picks.flag() }
        }
        Kind::FinishPod => {
            let (pod, exit_code) = (pod(picks, world), picks.of(&[0, 1, 137, u8::MAX]));
            Action::FinishPod { pod, container: container(picks), exit_code }
        }
        Kind::SetPodCondition => {
            let type_ = picks.of(&["example.com/ok", "Ready", "-"]);
            Action::SetPodCondition { pod: pod(picks, world), type_: type_.into(), status: picks.flag() }
        }
        Kind::SetApp => Action::SetApp { app: app(picks, world) },
        Kind::SetMissing => {
            let what = picks.of(&["image/nginx", "cm/settings", "secret/default/s", "pvc/data"]);
            let what = Prerequisite::parse(what).expect("each names one");
            Action::SetMissing { what, missing: picks.flag() }
        }
        Kind::Scale => Action::Scale {
            object: workload(picks, world),
            replicas: picks.of(&[3, 1, 0, 2, 5, 8, 20, 100_000]),
        },
        Kind::RolloutRestart => Action::RolloutRestart { object: workload(picks, world) },
        Kind::RolloutUndo => {
            let to_revision = picks.of(&[None, None, Some(1), Some(2), Some(99)]);
            Action::RolloutUndo { object: workload(picks, world), to_revision }
        }
        Kind::PauseRollout => {
            let deployments = world.store().deployments.keys().cloned().collect();
            let deployment = one_of(picks, deployments, &[NsName::new("default", "nobody")]);
            Action::PauseRollout { deployment, on: picks.flag() }
        }
        Kind::SetImage => {
            let (container, image) = (picks.of(&["web", "a", "nobody"]), picks.of(&["web:2", "web:3", ""]));
            Action::SetImage {
                object: workload(picks, world),
                container: container.into(),
                image: image.into(),
            }
        }
        Kind::SetLabels => Action::SetLabels { object: object(picks, world), labels: labels(picks) },
        Kind::SetSelector => Action::SetSelector { service: service(picks, world), selector: labels(picks) },
        Kind::SetServiceType => {
            let types = [
                ServiceType::ClusterIP,
                ServiceType::NodePort,
                ServiceType::LoadBalancer,
                ServiceType::ExternalName,
            ];
            Action::SetServiceType { service: service(picks, world), type_: picks.of(&types) }
        }
        Kind::SetServicePolicy => {
            let (service, policy) = (service(picks, world), picks.of(&policies()));
            Action::SetServicePolicy { service, policy }
        }
        Kind::PowerNode => Action::PowerNode { node: node(picks, world), on: picks.flag() },
        Kind::CutOffNode => Action::CutOffNode { node: node(picks, world), on: !picks.flag() },
        Kind::PauseKubeProxy => Action::PauseKubeProxy { node: node(picks, world), on: !picks.flag() },
        Kind::Cordon => Action::Cordon { node: node(picks, world), on: !picks.flag() },
        Kind::Taint => {
            let taint = picks.of(&[
                "a=b:NoExecute",
                "a:NoSchedule",
                "a-",
                "node.kubernetes.io/unreachable:NoExecute-",
            ]);
            let taint = TaintChange::parse(taint).expect("each is one");
            Action::Taint { node: node(picks, world), taints: vec![taint] }
        }
        Kind::Drain => {
            let (node, force, delete_empty_dir_data) = (node(picks, world), picks.flag(), picks.flag());
            let ignore_daemonsets = picks.flag();
            Action::Drain { node, force, delete_empty_dir_data, ignore_daemonsets }
        }
        Kind::AddNode => {
            let name = match picks.number() % 4 {
                0 | 1 => None,
                2 => Some(node(picks, world)),
                _ => Some(Name::from(picks.of(&["another", "A", "-", "\u{202e}n"]))),
            };
            let zone = [None, Some("a"), Some("b"), Some("x y")];
            Action::AddNode { name, zone: picks.of(&zone).map(Str::from) }
        }
        Kind::SetProxyMode => Action::SetProxyMode { mode: picks.of(&ProxyMode::ALL) },
        Kind::SetIpMode => Action::SetIpMode { proxy: !picks.flag() },
        Kind::AddClient => Action::AddClient { client: new_client(picks, world) },
        Kind::RemoveClient => Action::RemoveClient { client: client(picks, world) },
        Kind::SetRate => {
            let rate_milli = picks.of(&[1_000, 0, 20_000, 300, 4_000_000]);
            Action::SetRate { client: client(picks, world), rate_milli }
        }
        Kind::Apply => Action::apply(picks.of(APPLIED)),
        Kind::Create => Action::Create { text: Str::from(picks.of(APPLIED)).into() },
        Kind::Replace => Action::Replace { text: Str::from(picks.of(APPLIED)).into() },
        Kind::Patch => {
            let (type_, patch) = picks.of(PATCHES);
            Action::Patch { object: object(picks, world), type_, patch: Str::from(patch).into() }
        }
    }
}

/// One of those that are there; seldom, or when there is none, one that is not.
fn one_of<T: Clone>(picks: &mut Picks<'_>, there: Vec<T>, missing: &[T]) -> T {
    if there.is_empty() || picks.seldom(16) { picks.of(missing) } else { picks.of(&there) }
}

fn container(picks: &mut Picks<'_>) -> Option<Name> {
    picks.of(&[None, None, Some("web"), Some("nobody")]).map(Name::from)
}

fn app(picks: &mut Picks<'_>, world: &World) -> App {
    let of = ObjectRef::of_key(ObjectKind::Pod, &pod(picks, world));
    let mut span = || picks.of(&[None, Some(0), Some(3), Some(100_000)]).map(Span::from_secs);
    let (start_up, drains, pre_stop, after) = (span(), span(), span(), span());
    App {
        of,
        container: container(picks),
        serves: picks.of(&[None, Some([80, 8080])]).map(|ports| ports.to_vec()),
        refuses: picks.of(&[None, Some(80)]).into_iter().collect(),
        start_up,
        drains,
        pre_stop,
        exits: after.map(|after| Exits { after, code: picks.of(&[0, 1, u8::MAX]) }),
    }
}

fn pod(picks: &mut Picks<'_>, world: &World) -> NsName {
    let missing =
        [NsName::new("default", "nobody"), NsName::new("nowhere", "x"), NsName::new("", "\u{202e}")];
    one_of(picks, world.store().pods.keys().cloned().collect(), &missing)
}

fn service(picks: &mut Picks<'_>, world: &World) -> NsName {
    one_of(picks, world.store().services.keys().cloned().collect(), &[NsName::new("default", "nobody")])
}

fn node(picks: &mut Picks<'_>, world: &World) -> Name {
    let nodes = world.store().nodes.keys().map(|key| key.name.clone()).collect();
    one_of(picks, nodes, &["node-99".into(), "N".into()])
}

fn client(picks: &mut Picks<'_>, world: &World) -> Name {
    let clients = world.traffic().clients.values().map(|client| client.spec.name.clone()).collect();
    one_of(picks, clients, &["nobody".into(), "\u{202e}".into()])
}

/// One that may have a size and a template.
fn workload(picks: &mut Picks<'_>, world: &World) -> ObjectRef {
    let store = world.store();
    let (kind, keys): (ObjectKind, Vec<NsName>) = match picks.number() % 5 {
        0 | 1 => (ObjectKind::Deployment, store.deployments.keys().cloned().collect()),
        2 => (ObjectKind::StatefulSet, store.stateful_sets.keys().cloned().collect()),
        3 => (ObjectKind::DaemonSet, store.daemon_sets.keys().cloned().collect()),
        _ => (ObjectKind::ReplicaSet, store.replica_sets.keys().cloned().collect()),
    };
    let key = one_of(picks, keys, &[NsName::new("default", "nobody")]);
    ObjectRef::of_key(kind, &key)
}

/// Every other one is a Pod.
fn object(picks: &mut Picks<'_>, world: &World) -> ObjectRef {
    let kind = match picks.flag() {
        false => ObjectKind::Pod,
        true => picks.of(ObjectKind::SIMULATED),
    };
    let there = world.store().metas(&kind).map(|meta| ObjectRef::new(kind.clone(), meta)).collect();
    let missing = |kind: ObjectKind| ObjectRef::of_key(kind, &NsName::new("default", "nobody"));
    one_of(picks, there, &[missing(ObjectKind::Pod), missing(ObjectKind::named("Gadget"))])
}

fn labels(picks: &mut Picks<'_>) -> Labels {
    let all: [&[(&str, &str)]; 6] = [
        &[("app", "web")],
        &[("app", "other")],
        &[],
        &[("app", "web"), ("tier", "front")],
        &[("topology.kubernetes.io/zone", "b")],
        &[("a b", "\u{202e}")],
    ];
    picks.of(&all).iter().map(|(key, value)| (Str::from(*key), Str::from(*value))).collect()
}

fn new_client(picks: &mut Picks<'_>, world: &World) -> ClientSpec {
    let new = (1..).map(|n| format!("new-{n}")).find(|name| world.traffic().client_named(name).is_none());
    let name = match picks.seldom(12) {
        true => client(picks, world),
        false => new.unwrap_or_default().as_str().into(),
    };
    let workload = |kind: ObjectKind, key: NsName| ClientFrom::Workload {
        namespace: key.namespace,
        kind,
        name: key.name,
    };
    let from = match picks.number() % 5 {
        0 => ClientFrom::Outside { ip: None },
        1 => workload(ObjectKind::Pod, pod(picks, world)),
        2 => ClientFrom::Node { name: node(picks, world) },
        3 => workload(ObjectKind::Deployment, NsName::new("default", "web")),
        _ => ClientFrom::Outside { ip: "203.0.113.9".parse().ok() },
    };
    let to = [
        "http://web",
        "service/default/web",
        "also-web:81",
        "service/default/balanced",
        "10.244.1.2:8080",
        "192.168.0.11:30080",
        "127.0.0.1:80",
        "web",
        "10.244.1.2",
        "nobody:80",
        "service/default/nobody",
        "web:http",
        "\u{202e}:80",
    ];
    use Protocol::{Icmp, Sctp, Tcp, Udp};
    let protocol = picks.of(&[Tcp, Tcp, Udp, Udp, Sctp, Icmp]);
    ClientSpec {
        name,
        from,
        to: picks.of(&to).into(),
        protocol,
        // Of others it is refused.
        one_way: (protocol == Protocol::Udp || picks.seldom(12)) && picks.flag(),
        rate_milli: picks.of(&[1_000, 0, 10_000, 200]),
        keep_alive: picks.flag(),
        resolve: picks.of(&[Resolve::EachTime, Resolve::Ttl, Resolve::Once]),
        timeout: picks.of(&[None, Some(Span::from_secs(1)), Some(Span::from_secs(60))]),
    }
}

fn policies() -> Vec<ServicePolicy> {
    PolicyField::ALL.iter().flat_map(|field| values(*field)).collect()
}

/// To something and back; a Service that cannot have one refuses it. No default arm: a field that is forgotten does not
/// compile.
fn values(field: PolicyField) -> Vec<ServicePolicy> {
    use ServicePolicy as P;
    let texts = |text: &[&str]| text.iter().map(|t| (*t).into()).collect::<Vec<_>>();
    let traffic = [TrafficPolicy::Local, TrafficPolicy::Cluster];
    match field {
        PolicyField::ExternalTrafficPolicy => traffic.map(P::ExternalTrafficPolicy).to_vec(),
        PolicyField::InternalTrafficPolicy => traffic.map(P::InternalTrafficPolicy).to_vec(),
        PolicyField::SessionAffinity => [
            SessionAffinity::ClientIP { timeout_s: 10 },
            SessionAffinity::ClientIP { timeout_s: 0 },
            SessionAffinity::None,
        ]
        .map(P::SessionAffinity)
        .to_vec(),
        PolicyField::LoadBalancerSourceRanges => {
            [&["203.0.113.0/25", "10.244.0.0/16"][..], &["no range"], &[]]
                .map(|ranges| P::LoadBalancerSourceRanges(texts(ranges)))
                .to_vec()
        }
        PolicyField::ExternalIps => {
            [&["198.51.100.20"][..], &["198.51.100.21", "198.51.100.22"], &["127.0.0.1"], &[]]
                .map(|ips| P::ExternalIps(texts(ips)))
                .to_vec()
        }
        PolicyField::TrafficDistribution => {
            [Some("PreferSameNode"), Some("PreferSameZone"), Some("Nearby"), None]
                .map(|value| P::TrafficDistribution(value.map(Into::into)))
                .to_vec()
        }
        PolicyField::PublishNotReadyAddresses => [true, false].map(P::PublishNotReadyAddresses).to_vec(),
        PolicyField::TopologyMode => {
            [Some("Auto"), None].map(|value| P::TopologyMode(value.map(Into::into))).to_vec()
        }
    }
}

/// What changes an object of some kind, and is refused of the others.
const PATCHES: &[(PatchType, &str)] = &[
    (PatchType::Strategic, "{metadata: {labels: {app: other, tier: a}, annotations: {a: b}}}"),
    (
        PatchType::Strategic,
        "{spec: {replicas: 2, template: {spec: {containers: [{name: c, image: 'nginx:2'}]}}}}",
    ),
    (
        PatchType::Strategic,
        "{spec: {type: NodePort, ports: [{port: 80, nodePort: 30080}, {port: 81, targetPort: 8080}]}}",
    ),
    (PatchType::Strategic, "{spec: {$retainKeys: [selector], selector: null}}"),
    (PatchType::Merge, "{spec: {selector: {app: other}, externalTrafficPolicy: Local}}"),
    (
        PatchType::Merge,
        "{spec: {unschedulable: true, taints: [{key: a, effect: NoExecute}]}, metadata: {name: x}}",
    ),
    (PatchType::Merge, "{spec: {ipFamilyPolicy: RequireDualStack}}"),
    (PatchType::Merge, "{spec: {ipFamilyPolicy: SingleStack}}"),
    (
        PatchType::Merge,
        "{spec: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv6, IPv4], clusterIPs: null}}",
    ),
    (PatchType::Merge, "{spec: null}"),
    (PatchType::Json, "[{op: replace, path: /spec/replicas, value: 1}]"),
    (
        PatchType::Json,
        "[{op: add, path: /spec/ports/-, value: {name: b, port: 90}}, {op: remove, path: /spec/selector}]",
    ),
    (PatchType::Json, "[{op: copy, from: /metadata, path: /spec/template/metadata/annotations}]"),
    (PatchType::Json, "]"),
    (PatchType::Merge, "{metadata: {finalizers: [example.com/hold]}}"),
    (PatchType::Merge, "{metadata: {finalizers: null}}"),
];

/// An object comes, or comes back, or is another from now on; some texts are refused, and some half way.
const APPLIED: &[&str] = &[
    "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}",
    "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, externalTrafficPolicy: Local, loadBalancerSourceRanges: [203.0.113.0/24], selector: {app: web}, ports: [{name: a, port: 80, targetPort: 8080}, {name: b, port: 53, protocol: UDP, targetPort: 8080}]}}",
    "{apiVersion: v1, kind: Service, metadata: {name: balanced}, spec: {type: LoadBalancer, sessionAffinity: ClientIP, externalIPs: [198.51.100.23], selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}",
    "{apiVersion: v1, kind: Service, metadata: {name: balanced}, spec: {type: LoadBalancer, allocateLoadBalancerNodePorts: false, selector: {app: web}, ports: [{port: 90, targetPort: 8080}]}}",
    "{apiVersion: v1, kind: Service, metadata: {name: nobody}, spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}",
    "{apiVersion: v1, kind: Service, metadata: {name: named}, spec: {type: ExternalName, externalName: web.default.svc.cluster.local}}",
    "{apiVersion: v1, kind: Pod, metadata: {name: nobody, labels: {app: web}}, spec: {containers: [{name: c, image: nginx}]}}",
    "{apiVersion: v1, kind: Pod, metadata: {name: bound}, spec: {nodeName: node-2, containers: [{name: c, image: curl}]}}",
    "{apiVersion: v1, kind: Node, metadata: {name: node-9, labels: {topology.kubernetes.io/zone: b}}}",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 4, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web, v: '2'}}, spec: {terminationGracePeriodSeconds: 3, containers: [{name: c, image: nginx, ports: [{containerPort: 8080}]}]}}}}",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: second}, spec: {strategy: {type: Recreate}, selector: {matchLabels: {app: other}}, template: {metadata: {labels: {app: other}}, spec: {containers: [{name: c, image: nginx}]}}}}",
    "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: by-hand, labels: {kubernetes.io/service-name: also-web}}, addressType: IPv4, ports: [{port: 8080}], endpoints: [{addresses: [10.244.1.2]}]}",
    "{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: more}, spec: {cidrs: [10.200.0.0/29, 'fd00:200::/125']}}",
    // Refused: the second object, when the first is taken already; a field that does not change; a text.
    "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Service, metadata: {name: first}, spec: {selector: {app: web}, ports: [{port: 80}]}}, {apiVersion: v1, kind: Service, metadata: {name: last}, spec: {clusterIP: 192.0.2.1, ports: [{port: 80}]}}]}",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {selector: {matchLabels: {app: else}}, template: {metadata: {labels: {app: else}}, spec: {containers: [{name: c, image: nginx}]}}}}",
    "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 0}]}}",
    "not a document",
    "",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Cluster;

    #[test]
    fn each_kind_is_made_and_recognised() {
        let run = Cluster::default().start(1);
        for kind in Kind::ALL {
            for numbers in 0..64u16 {
                let action =
                    make(*kind, &mut Picks::new(&[numbers, numbers / 2, numbers / 3, 0]), run.world());
                assert_eq!(Kind::of(&action), *kind);
            }
        }
    }
}
