//! What holds in every run, whatever is done to it: random clusters, random actions.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use crate::known_endpoints::{KnownEndpoints, rules_hold_the_known_endpoints};
use crate::support::{self, start};
use cluster::api::{
    Action, Kind, Labels, NsName, ObjectRef, PatchType, PolicyField, ServicePolicy, ServiceType,
    SessionAffinity, Str, TaintChange, TrafficPolicy, Uid,
};
use cluster::node::Machine;
use cluster::node::kube_proxy::ProxyMode;
use cluster::sim::{Run, Span, World};
use cluster::trace::{HopKind, PacketKind, Place};
use netfilter::{PerFamily, RuleEffect};
use proptest::prelude::*;

/// Something that a person could do, by numbers that are folded onto what is there.
#[derive(Clone, Debug)]
enum Operation {
    DeletePod(u8),
    Crash(u8),
    Readiness(u8, bool),
    Relabel(u8, bool),
    Type(u8, u8),
    Scale(u8, u8),
    Power(u8, bool),
    Cordon(u8, bool),
    Taint(u8, u8),
    Drain(u8, bool),
    CutOff(u8, bool),
    Pause(u8, bool),
    Mode(u8),
    Policy(u8, u8),
    Selector(u8, u8),
    Apply(u8),
    DeleteService(u8),
    IpFamilies(u8, u8),
    AddNode,
    Wait(u16),
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        any::<u8>().prop_map(Operation::DeletePod),
        any::<u8>().prop_map(Operation::Crash),
        any::<(u8, bool)>().prop_map(|(i, b)| Operation::Readiness(i, b)),
        any::<(u8, bool)>().prop_map(|(i, b)| Operation::Relabel(i, b)),
        any::<(u8, u8)>().prop_map(|(i, t)| Operation::Type(i, t)),
        any::<(u8, u8)>().prop_map(|(i, n)| Operation::Scale(i, n % 6)),
        any::<(u8, bool)>().prop_map(|(i, b)| Operation::Power(i, b)),
        any::<(u8, bool)>().prop_map(|(i, b)| Operation::Cordon(i, b)),
        any::<(u8, u8)>().prop_map(|(i, t)| Operation::Taint(i, t)),
        any::<(u8, bool)>().prop_map(|(i, b)| Operation::Drain(i, b)),
        any::<(u8, bool)>().prop_map(|(i, b)| Operation::CutOff(i, b)),
        any::<(u8, bool)>().prop_map(|(i, b)| Operation::Pause(i, b)),
        any::<u8>().prop_map(Operation::Mode),
        any::<(u8, u8)>().prop_map(|(i, p)| Operation::Policy(i, p)),
        any::<(u8, u8)>().prop_map(|(i, p)| Operation::Policy(i, p)),
        any::<(u8, u8)>().prop_map(|(i, s)| Operation::Selector(i, s)),
        any::<u8>().prop_map(Operation::Apply),
        any::<u8>().prop_map(Operation::DeleteService),
        any::<(u8, u8)>().prop_map(|(i, p)| Operation::IpFamilies(i, p)),
        Just(Operation::AddNode),
        (50..9_000u16).prop_map(Operation::Wait),
    ];
    proptest::collection::vec(operation, 1..14)
}

fn nth<T: Clone>(all: Vec<T>, index: u8) -> Option<T> {
    (!all.is_empty()).then(|| all[usize::from(index) % all.len()].clone())
}

fn action(world: &World, operation: &Operation) -> Option<Action> {
    let store = world.store();
    let pods: Vec<NsName> = store.pods.keys().cloned().collect();
    let services: Vec<NsName> = store.services.keys().cloned().collect();
    let nodes: Vec<_> = store.nodes.keys().map(|k| k.name.clone()).collect();
    let action = match operation {
        Operation::DeletePod(i) => Action::delete(pod_ref(&nth(pods, *i)?)),
        Operation::Crash(i) => Action::CrashPod { pod: nth(pods, *i)?, container: None },
        Operation::Readiness(i, pass) => {
            Action::SetReadiness { pod: nth(pods, *i)?, container: None, pass: *pass }
        }
        Operation::Relabel(i, app) => {
            let value = if *app { "web" } else { "other" };
            let labels: Labels = [("app".into(), value.into())].into_iter().collect();
            Action::SetLabels { object: pod_ref(&nth(pods, *i)?), labels }
        }
        Operation::Type(i, t) => {
            let types = [ServiceType::ClusterIP, ServiceType::NodePort, ServiceType::LoadBalancer];
            Action::SetServiceType { service: nth(services, *i)?, type_: types[usize::from(*t) % 3] }
        }
        Operation::Scale(i, n) => {
            let deployments = store.deployments.keys().cloned().collect();
            Action::scale_deployment(&nth(deployments, *i)?, u32::from(*n))
        }
        Operation::Power(i, on) => Action::PowerNode { node: nth(nodes, *i)?, on: *on },
        Operation::Cordon(i, on) => Action::Cordon { node: nth(nodes, *i)?, on: *on },
        Operation::Taint(i, t) => {
            let taint = TaintChange::parse(nth(TAINTS.to_vec(), *t)?).expect("each is one");
            Action::Taint { node: nth(nodes, *i)?, taints: vec![taint] }
        }
        Operation::Drain(i, force) => {
            let (delete_empty_dir_data, ignore_daemonsets) = (*force, *force);
            Action::Drain { node: nth(nodes, *i)?, force: *force, delete_empty_dir_data, ignore_daemonsets }
        }
        Operation::CutOff(i, on) => Action::CutOffNode { node: nth(nodes, *i)?, on: *on },
        Operation::Pause(i, on) => Action::PauseKubeProxy { node: nth(nodes, *i)?, on: *on },
        Operation::Mode(i) => Action::SetProxyMode { mode: nth(ProxyMode::ALL.to_vec(), *i)? },
        Operation::Policy(i, p) => {
            Action::SetServicePolicy { service: nth(services, *i)?, policy: nth(policies(), *p)? }
        }
        Operation::Selector(i, s) => {
            let selectors: [Labels; 3] = [
                [("app".into(), "web".into())].into_iter().collect(),
                [("app".into(), "other".into())].into_iter().collect(),
                Labels::new(),
            ];
            Action::SetSelector { service: nth(services, *i)?, selector: nth(selectors.to_vec(), *s)? }
        }
        Operation::Apply(i) => Action::apply(nth(APPLIED.to_vec(), *i)?),
        Operation::DeleteService(i) => {
            let NsName { namespace, name } = nth(services, *i)?;
            Action::delete(ObjectRef { kind: Kind::Service, namespace, name })
        }
        // With one family the cluster refuses one of them, and the others change nothing but the policy.
        Operation::IpFamilies(i, p) => {
            let object = ObjectRef::of_key(Kind::Service, &nth(services, *i)?);
            let policies = ["SingleStack", "PreferDualStack", "RequireDualStack"];
            let patch = format!("{{spec: {{ipFamilyPolicy: {}}}}}", nth(policies.to_vec(), *p)?);
            Action::Patch { object, type_: PatchType::Strategic, patch: Str::from(patch).into() }
        }
        Operation::AddNode => Action::AddNode { name: None, zone: Some("a".into()) },
        Operation::Wait(_) => return None,
    };
    assert_eq!(reason_not_to_try(&action), None, "{action:?}");
    Some(action)
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
        PolicyField::SessionAffinity => [SessionAffinity::ClientIP { timeout_s: 10 }, SessionAffinity::None]
            .map(P::SessionAffinity)
            .to_vec(),
        PolicyField::LoadBalancerSourceRanges => [&["203.0.113.0/25", "10.244.0.0/16"][..], &[]]
            .map(|ranges| P::LoadBalancerSourceRanges(texts(ranges)))
            .to_vec(),
        PolicyField::ExternalIps => [&["198.51.100.20"][..], &["198.51.100.21", "198.51.100.22"], &[]]
            .map(|ips| P::ExternalIps(texts(ips)))
            .to_vec(),
        PolicyField::TrafficDistribution => {
            [Some("PreferSameNode"), None].map(|value| P::TrafficDistribution(value.map(Into::into))).to_vec()
        }
        PolicyField::PublishNotReadyAddresses => [true, false].map(P::PublishNotReadyAddresses).to_vec(),
        PolicyField::TopologyMode => {
            [Some("Auto"), None].map(|value| P::TopologyMode(value.map(Into::into))).to_vec()
        }
    }
}

/// Why no operation is this action; `None` for one that an operation is. No default arm: whoever adds an action makes it
/// an operation, or says why it is none.
fn reason_not_to_try(action: &Action) -> Option<&'static str> {
    match action {
        Action::DeleteObject { .. }
        | Action::CrashPod { .. }
        | Action::SetReadiness { .. }
        | Action::SetLabels { .. }
        | Action::SetServiceType { .. }
        | Action::SetServicePolicy { .. }
        | Action::SetSelector { .. }
        | Action::Scale { .. }
        | Action::PowerNode { .. }
        | Action::Cordon { .. }
        | Action::Taint { .. }
        | Action::Drain { .. }
        | Action::CutOffNode { .. }
        | Action::PauseKubeProxy { .. }
        | Action::SetProxyMode { .. }
        | Action::Apply { .. }
        | Action::Patch { .. }
        | Action::AddNode { .. } => None,
        Action::SetLiveness { .. }
        | Action::FinishPod { .. }
        | Action::SetApp { .. }
        | Action::SetMissing { .. } => Some("kubelet_properties.rs does it"),
        Action::Create { .. } | Action::Replace { .. } => {
            Some("crates/fuzz/src/action.rs makes them, and patches.rs says what comes of each")
        }
        Action::SetPodCondition { .. } => Some("only a Pod with a readiness gate asks, in kubelet.rs"),
        Action::RolloutRestart { .. }
        | Action::RolloutUndo { .. }
        | Action::PauseRollout { .. }
        | Action::SetImage { .. } => Some("crates/fuzz/src/settling.rs tries them"),
        Action::SetIpMode { .. } => Some("both modes of each policy are compared in policies.rs"),
        Action::AddClient { .. }
        | Action::RemoveClient { .. }
        | Action::SetRate { .. }
        | Action::SendOne { .. } => Some("it changes who calls, and neither objects nor rules"),
    }
}

const TAINTS: &[&str] = &["a=b:NoExecute", "a:NoSchedule", "a-", "node.kubernetes.io/unreachable:NoExecute"];

/// A Service comes, or comes back, or is another from now on.
const APPLIED: &[&str] = &[
    "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}",
    "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, externalTrafficPolicy: Local, loadBalancerSourceRanges: [203.0.113.0/24], selector: {app: web}, ports: [{name: a, port: 80, targetPort: 8080}, {name: b, port: 53, protocol: UDP, targetPort: 8080}]}}",
    "{apiVersion: v1, kind: Service, metadata: {name: balanced}, spec: {type: LoadBalancer, sessionAffinity: ClientIP, externalIPs: [198.51.100.23], selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}",
    "{apiVersion: v1, kind: Service, metadata: {name: balanced}, spec: {type: LoadBalancer, allocateLoadBalancerNodePorts: false, selector: {app: web}, ports: [{port: 90, targetPort: 8080}]}}",
    "{apiVersion: v1, kind: Service, metadata: {name: also-web}, spec: {externalIPs: [198.51.100.24], selector: {app: web}, ports: [{port: 81, targetPort: 8080}]}}",
];

fn pod_ref(key: &NsName) -> ObjectRef {
    ObjectRef { kind: Kind::Pod, namespace: key.namespace.clone(), name: key.name.clone() }
}

const CLUSTER: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
      - {name: web, image: nginx, ports: [{containerPort: 8080}], readinessProbe: {periodSeconds: 1, httpGet: {port: 8080}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, ipFamilyPolicy: PreferDualStack, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: also-web}
spec: {selector: {app: web}, ports: [{port: 81, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: balanced}
spec:
  type: LoadBalancer
  ipFamilyPolicy: PreferDualStack
  externalTrafficPolicy: Local
  sessionAffinity: ClientIP
  loadBalancerSourceRanges: [203.0.113.0/24, '2001:db8:113::/64']
  externalIPs: [198.51.100.20, '2001:db8:1::20']
  selector: {app: web}
  ports: [{name: a, port: 80, targetPort: 8080}, {name: b, port: 53, protocol: UDP, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {containers: [{name: curl, image: curl}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  dns: pods
  clients:
  - {name: inside, from: pod/default/curl, to: 'http://web', rate: 4}
  - {name: kept, from: pod/default/curl, to: 'also-web:81', rate: 2, keepAlive: true}
  - {name: outside, from: outside, to: service/default/web, rate: 3}
  - {name: balanced, from: outside, to: service/default/balanced, rate: 2}
  - {name: datagrams, from: pod/default/curl, to: 'web:80', rate: 1, protocol: UDP}
";

pub fn mode() -> impl Strategy<Value = ProxyMode> {
    (0..ProxyMode::ALL.len()).prop_map(|n| ProxyMode::ALL[n])
}

/// One family, both, and both in the other order.
const RANGES: [&str; 3] = [
    "",
    "  podCIDR: 10.244.0.0/16,fd00:10:244::/56\n  serviceCIDR: 10.96.0.0/12,fd00:10:96::/112\n",
    "  podCIDR: fd00:10:244::/56,10.244.0.0/16\n  serviceCIDR: fd00:10:96::/112,10.96.0.0/12\n",
];

/// The cluster of these ranges with its kube-proxies in this mode.
fn cluster(mode: ProxyMode, ranges: &str) -> String {
    [CLUSTER.trim_end(), "\n  proxyMode: ", mode.as_str(), "\n", ranges].concat()
}

fn ranges() -> impl Strategy<Value = &'static str> {
    (0..RANGES.len()).prop_map(|n| RANGES[n])
}

/// Goes on in small steps, so that what must hold is checked at many moments.
fn advance(run: &mut Run, span: Span, check: &mut Checker) {
    for _ in 0..4 {
        let to = run.world().now() + Span(span.0 / 4);
        run.advance_to(to, u64::MAX);
        check.now(run.world());
    }
}

#[derive(Default)]
struct Checker {
    /// Where each established connection's packets to the server went first.
    targets: BTreeMap<u64, SocketAddr>,
    /// Some node forgot its connections: it was without power, or its kube-proxy left IPVS, whose
    /// connections end with it. A packet of theirs is sent anywhere then, as the middle of a connection that
    /// nobody knows, and a Pod that gets it refuses it.
    some_forgotten: bool,
    /// What each node that had nothing to write knew at the last look.
    known: BTreeMap<Uid, KnownEndpoints>,
    /// Of how many SYNs was asked where they went.
    asked: u32,
}

impl Checker {
    fn now(&mut self, world: &World) {
        addresses_are_unique(world);
        node_ports_are_unique(world);
        packets_are_accounted_for(world);
        self.connections_keep_their_target(world);
        self.new_connections_go_to_known_endpoints(world);
    }

    /// Whatever the rules are: where a node sent a SYN is an endpoint that it knew and that the called Service's
    /// policy allows. Asked of those SYNs that met it since the last look, if it has written no rules since, and
    /// had none to write then.
    fn new_connections_go_to_known_endpoints(&mut self, world: &World) {
        let traffic = world.traffic();
        let live = traffic.connections.values().flat_map(|l| &l.record.packets).map(|packet| &**packet);
        let finished = traffic.finished.iter().flat_map(|r| &r.packets).map(|packet| &**packet);
        let flying = traffic.flights.values().map(|flight| &flight.trace);
        for packet in live.chain(finished).chain(flying).filter(|packet| packet.kind == PacketKind::Syn) {
            for hop in
                packet.hops.iter().filter(|hop| hop.before.dst != hop.after.dst && !hop.hits.is_empty())
            {
                let Place::Node(uid) = hop.place else { continue };
                let known = self.known.get(&uid).filter(|known| known.still_holds(world, uid, hop.at));
                let Some(known) = known else { continue };
                self.asked += 1;
                let to = SocketAddr::new(hop.after.dst, hop.after.dst_port);
                let address = SocketAddr::new(hop.before.dst, hop.before.dst_port);
                let allowed = known.allowed(address, hop.before.protocol, packet.hops[0].place);
                assert!(allowed.contains(&to), "{}: {address} to {to}, allowed are {allowed:?}", known.node);
            }
        }
        let is_current = |machine: &&Machine| machine.power && machine.proxy.behind() == 0;
        let machines = world.machines().values().filter(is_current);
        self.known =
            machines.map(|machine| (machine.uid, KnownEndpoints::of(machine, world.now()))).collect();
    }

    fn connections_keep_their_target(&mut self, world: &World) {
        let live = world.traffic().connections.values().map(|l| &l.record);
        for record in live {
            for packet in record.packets.iter().filter(|p| !p.kind.is_reply()) {
                let Some(last) = packet.hops.iter().rev().find(|h| matches!(h.place, Place::Pod(_))) else {
                    continue;
                };
                if last.kind == HopKind::Sent || (self.some_forgotten && last.kind == HopKind::Refused) {
                    continue;
                }
                let to = SocketAddr::new(last.after.dst, last.after.dst_port);
                let first = *self.targets.entry(record.id.0).or_insert(to);
                assert_eq!(
                    first, to,
                    "connection {:?} keeps its target whatever the rules become",
                    record.id
                );
            }
        }
    }
}

fn addresses_are_unique(world: &World) {
    let mut seen: BTreeSet<IpAddr> =
        world.machines().values().flat_map(|m| m.addresses.values().copied()).collect();
    for pod in world.store().pods.iter().filter_map(|p| world.pod_runtime(p.meta.uid)) {
        for ip in pod.addresses.iter().flat_map(PerFamily::values) {
            assert!(seen.insert(*ip), "{ip} of {} is given once", pod.key);
        }
    }
    for service in world.store().services.iter() {
        for ip in service.spec.cluster_ips.iter().chain(service.ingress.iter().map(|i| &i.ip)) {
            assert!(seen.insert(*ip), "{ip} of {} is given once", service.meta.key());
        }
    }
}

fn node_ports_are_unique(world: &World) {
    let mut seen = BTreeSet::new();
    for service in world.store().services.iter() {
        for port in service.spec.ports.iter().filter(|p| p.node_port != 0) {
            assert!(
                seen.insert((port.node_port, port.protocol)),
                "node port {} is given once",
                port.node_port
            );
        }
    }
}

/// Every packet that was sent has exactly one verdict, or is in flight.
fn packets_are_accounted_for(world: &World) {
    let traffic = world.traffic();
    for live in traffic.connections.values() {
        let id = live.record.id;
        let flying = traffic.flights.values().filter(|f| f.trace.connection == id).count();
        assert_eq!(flying as u32, live.in_flight(), "what {id:?} has in flight is in flight");
        assert!(live.record.packets.iter().all(|p| p.ended.is_some()), "what is kept has ended");
    }
    assert!(traffic.flights.values().all(|f| f.trace.ended.is_none()), "what flies has not ended");
    let ended = traffic.finished.iter().flat_map(|r| &r.packets);
    assert!(ended.into_iter().all(|p| p.ended.is_some()), "an ended connection has no packet left");
}

/// A sync writes only what has changed since the last; what is in force then is what a sync from nothing
/// would write, of all that there is.
fn rules_are_those_of_a_sync_from_nothing(world: &World) {
    for machine in world
        .machines()
        .values()
        .filter(|m| m.power && m.proxy.behind() == 0 && m.proxy.synced_at().is_some())
    {
        assert!(machine.proxy.services.iter().eq(world.store().services.iter()), "{}", machine.name);
        assert!(machine.proxy.slices.iter().eq(world.store().slices.iter()), "{}", machine.name);
        let anew = world.rules_as_if(machine.uid, machine.proxy.mode).expect("the node is there");
        for (family, anew) in anew.iter() {
            let written = machine.rules(family).expect("it has the cluster's families");
            assert_eq!(written.to_string(), anew.to_string(), "{}", machine.name);
        }
    }
}

/// A connection to a Service's ClusterIP that was made while nothing changed went to one of the
/// endpoints that its node's rules held.
fn syns_were_rewritten_by_rules(world: &World) {
    let finished = world.traffic().finished.iter();
    for packet in finished.flat_map(|r| &r.packets).filter(|p| p.kind == PacketKind::Syn) {
        for hop in packet.hops.iter().filter(|h| h.before.dst != h.after.dst) {
            let Some(rules) = &hop.rules else {
                panic!("a destination is rewritten by a rule: {packet:?}");
            };
            let to = SocketAddr::new(hop.after.dst, hop.after.dst_port);
            let dnat = hop.hits.iter().any(|hit| {
                let after = hit.tuple_after.map(|t| SocketAddr::new(t.dst, t.dst_port));
                after == Some(to) && rules.effect(hit.at()) == Some(RuleEffect::Dnat)
            });
            assert!(
                dnat,
                "the DNAT to {to} is in the trace: {hop:?} {:?}",
                hop.hits.iter().map(|h| rules.rule_text(h.at())).collect::<Vec<_>>()
            );
        }
    }
}

/// The question is asked, and often, in a run in which nothing is done.
#[test]
fn new_connections_are_asked_where_they_went() {
    for mode in ProxyMode::ALL {
        for ranges in RANGES {
            let mut run = start(&cluster(mode, ranges), 7);
            let mut check = Checker::default();
            advance(&mut run, Span::from_secs(40), &mut check);
            assert!(check.asked > 50, "{}, {ranges}: {} connections", mode.as_str(), check.asked);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_these_hold(
        seed in any::<u64>(),
        mode in mode(),
        ranges in ranges(),
        operations in operations(),
    ) {
        let mut run = start(&cluster(mode, ranges), seed);
        let mut check = Checker::default();
        advance(&mut run, Span::from_secs(8), &mut check);
        for operation in &operations {
            match operation {
                Operation::Wait(ms) => advance(&mut run, Span::from_millis(u64::from(*ms)), &mut check),
                operation => {
                    check.some_forgotten |= matches!(operation, Operation::Mode(_) | Operation::Power(..));
                    // Refused or not: neither may break anything.
                    let _ = action(run.world(), operation).map(|a| run.act(a));
                    check.now(run.world());
                }
            }
            rules_hold_the_known_endpoints(run.world());
            rules_are_those_of_a_sync_from_nothing(run.world());
        }
        advance(&mut run, Span::from_secs(30), &mut check);
        rules_hold_the_known_endpoints(run.world());
        rules_are_those_of_a_sync_from_nothing(run.world());
        syns_were_rewritten_by_rules(run.world());
    }

    /// Replaying a run's log gives the run.
    #[test]
    fn the_log_is_the_run(
        seed in any::<u64>(),
        mode in mode(),
        ranges in ranges(),
        operations in operations(),
    ) {
        let mut run = start(&cluster(mode, ranges), seed);
        for operation in &operations {
            if let Operation::Wait(ms) = operation {
                let to = run.world().now() + Span::from_millis(u64::from(*ms));
                run.advance_to(to, u64::MAX);
            }
            let _ = action(run.world(), operation).map(|a| run.act(a));
        }
        let end = run.world().now() + Span::from_secs(5);
        run.advance_to(end, u64::MAX);
        let mut manifest = support::manifest(&cluster(mode, ranges));
        if let Some(scenario) = &mut manifest.scenario {
            scenario.actions = run.actions().to_vec();
        }
        let (mut again, _) = Run::new(&manifest, Some(seed));
        again.advance_to(end, u64::MAX);
        prop_assert_eq!(run.world().hash(), again.world().hash());
    }
}
