//! Every policy that a manifest can ask for, from its field to where packets go: each case runs
//! with the field and without it, and goes another way.

use std::collections::BTreeSet;

use crate::support::{self, go_on, seconds};
use cluster::api::{Action, ClientSpec, Kind, Manifest, NsName};
use cluster::sim::{Run, Span};
use cluster::trace::Outcome;

/// Two nodes in zone a, one in zone b; a Pod of the Service and a caller on each.
fn cluster(service: &str, annotations: &str, scenario: &str) -> String {
    let mut text = String::new();
    for (i, zone) in [(1, "a"), (2, "a"), (3, "b")] {
        text += &format!(
            "apiVersion: v1\nkind: Node\nmetadata: {{name: node-{i}, labels: {{topology.kubernetes.io/zone: {zone}}}}}\n---\n"
        );
    }
    for i in 1..=3 {
        text += &format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: w{i}, labels: {{app: web}}}}\nspec:\n  nodeName: node-{i}\n  \
             containers: [{{name: web, image: nginx, ports: [{{containerPort: 8080}}, {{containerPort: 8080, protocol: UDP}}]}}]\n---\n\
             apiVersion: v1\nkind: Pod\nmetadata: {{name: c{i}}}\nspec:\n  nodeName: node-{i}\n  \
             containers: [{{name: curl, image: curlimages/curl}}]\n---\n"
        );
    }
    text += &format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web, annotations: {{{annotations}}}}}\nspec:\n  \
         selector: {{app: web}}\n  ports:\n  - {{name: tcp, port: 80, targetPort: 8080{}}}\n  \
         - {{name: udp, protocol: UDP, port: 80, targetPort: 8080}}\n  {service}\n---\n\
         apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  clients: []\n  {scenario}\n",
        if service.contains("NodePort") || service.contains("LoadBalancer") {
            ", nodePort: 30080"
        } else {
            ""
        }
    );
    text
}

struct Case {
    name: &'static str,
    /// Fields of the Service's spec, in both runs.
    base: &'static str,
    /// The field itself: an annotation if it has a slash in it, a line of the Scenario if it
    /// begins with a dot, and else a line of the Service's spec.
    field: &'static str,
    /// Done before the calls.
    actions: &'static [&'static str],
    from: &'static str,
    to: &'static str,
    /// The Pods that answer, or how the requests are lost; and the source that the Pod saw.
    without: &'static str,
    with: &'static str,
}

const ALL: &str = "w1 w2 w3";
const NONE: Case = Case {
    name: "",
    base: "type: ClusterIP",
    field: "",
    actions: &[],
    from: "pod/default/c1",
    to: "web:80",
    without: ALL,
    with: ALL,
};
const UNREADY: &[&str] = &["w1", "w2", "w3"];

const CASES: &[Case] = &[
    Case { name: "iTP", field: "internalTrafficPolicy: Local", with: "w1", ..NONE },
    Case {
        name: "eTP, from outside",
        base: "type: NodePort",
        field: "externalTrafficPolicy: Local",
        from: "outside",
        to: "192.168.0.12:30080",
        without: "w1 w2 w3 masqueraded",
        with: "w2",
        ..NONE
    },
    Case {
        name: "eTP, from a Pod to its own node (short-circuit)",
        base: "type: NodePort",
        field: "externalTrafficPolicy: Local",
        to: "192.168.0.11:30080",
        without: "w1 w2 w3 masqueraded",
        with: ALL,
        ..NONE
    },
    Case {
        name: "eTP does not touch the ClusterIP",
        base: "type: NodePort",
        field: "externalTrafficPolicy: Local",
        ..NONE
    },
    Case { name: "same zone", field: "trafficDistribution: PreferSameZone", with: "w1 w2", ..NONE },
    Case { name: "close is same zone", field: "trafficDistribution: PreferClose", with: "w1 w2", ..NONE },
    Case { name: "same node", field: "trafficDistribution: PreferSameNode", with: "w1", ..NONE },
    Case {
        name: "same node falls back to the zone",
        field: "trafficDistribution: PreferSameNode",
        actions: &["w1"],
        without: "w2 w3",
        with: "w2",
        ..NONE
    },
    Case {
        name: "same zone falls back to all",
        field: "trafficDistribution: PreferSameZone",
        actions: &["w3"],
        from: "pod/default/c3",
        without: "w1 w2",
        with: "w1 w2",
        ..NONE
    },
    Case { name: "topology-mode", field: "service.kubernetes.io/topology-mode: Auto", with: "w1 w2", ..NONE },
    Case { name: "topology-mode is exact", field: "service.kubernetes.io/topology-mode: aUto", ..NONE },
    Case {
        name: "topology-mode with too few endpoints",
        field: "service.kubernetes.io/topology-mode: Auto",
        actions: &["w1", "w2"],
        without: "w3",
        with: "w3",
        ..NONE
    },
    Case {
        name: "source ranges",
        base: "type: LoadBalancer",
        field: "loadBalancerSourceRanges: [198.18.0.0/15]",
        from: "outside",
        to: "service/default/web",
        without: "w1 w2 w3 masqueraded, by the balancer",
        with: "SourceNotAllowed",
        ..NONE
    },
    Case {
        name: "source ranges hold for Pods too",
        base: "type: LoadBalancer",
        field: "loadBalancerSourceRanges: [198.18.0.0/15]",
        to: "198.51.100.1:80",
        without: "w1 w2 w3 masqueraded",
        with: "SourceNotAllowed",
        ..NONE
    },
    Case {
        name: "source ranges are not asked at the node port",
        base: "type: LoadBalancer",
        field: "loadBalancerSourceRanges: [198.18.0.0/15]",
        from: "outside",
        to: "192.168.0.11:30080",
        without: "w1 w2 w3 masqueraded",
        with: "w1 w2 w3 masqueraded",
        ..NONE
    },
    Case {
        name: "externalIPs, from a Pod",
        field: "externalIPs: [198.18.0.7]",
        to: "198.18.0.7:80",
        without: "NoRoute",
        with: "w1 w2 w3 masqueraded",
        ..NONE
    },
    Case {
        name: "externalIPs, from outside",
        field: "externalIPs: [198.18.0.7]",
        from: "outside",
        to: "198.18.0.7:80",
        without: "NoRoute",
        with: "w1 w2 w3 masqueraded",
        ..NONE
    },
    Case {
        name: "publishNotReadyAddresses",
        field: "publishNotReadyAddresses: true",
        actions: UNREADY,
        without: "NoEndpoints",
        with: ALL,
        ..NONE
    },
    Case { name: "affinity", field: "sessionAffinity: ClientIP", with: "w3", ..NONE },
    Case {
        name: "affinity's time-out",
        base: "sessionAffinity: ClientIP",
        field: "sessionAffinityConfig: {clientIP: {timeoutSeconds: 1}}",
        without: "w3",
        with: ALL,
        ..NONE
    },
    Case {
        name: "ipMode VIP is short-circuited on the node, Proxy leaves the cluster",
        base: "type: LoadBalancer",
        field: ".cloud: {ipMode: Proxy}",
        to: "198.51.100.1:80",
        without: "w1 w2 w3 masqueraded",
        with: "w1 w2 w3 masqueraded, by the balancer",
        ..NONE
    },
    Case {
        name: "ipMode Proxy hides the client even from policy Local",
        base: "type: LoadBalancer\n  externalTrafficPolicy: Local",
        field: ".cloud: {ipMode: Proxy}",
        from: "outside",
        to: "service/default/web",
        without: "w1 w2 w3, by the balancer",
        with: "w1 w2 w3 masqueraded, by the balancer",
        ..NONE
    },
    Case {
        name: "no node ports, and the balancer's address still works",
        base: "type: LoadBalancer",
        field: "allocateLoadBalancerNodePorts: false",
        to: "198.51.100.1:80",
        without: "w1 w2 w3 masqueraded",
        with: "w1 w2 w3 masqueraded",
        ..NONE
    },
];

#[test]
fn every_field_reaches_the_rules() {
    let mut wrong = Vec::new();
    for case in CASES {
        for (with, expected) in [(false, case.without), (true, case.with)] {
            let found = observe(case, with);
            if found != expected {
                wrong.push(format!("{}, field {with}: {found:?} and not {expected:?}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn observe(case: &Case, with: bool) -> String {
    let field = if with { case.field } else { "" };
    let (mut service, mut annotations, mut scenario) = (case.base.to_owned(), "", "");
    match field {
        f if f.starts_with('.') => scenario = &f[1..],
        f if f.contains("io/") => annotations = f,
        f => service = format!("{service}\n  {f}"),
    }
    let mut text = cluster(&service, annotations, scenario);
    if field.starts_with("allocate") {
        text = text.replace(", nodePort: 30080", "");
    }
    let manifest = support::manifest(&text);
    let (mut run, refusals) = Run::new(&manifest, Some(7));
    assert_eq!(refusals, [], "{}", case.name);
    run.advance_to(seconds(10), u64::MAX);
    for pod in case.actions {
        let pod = NsName::new("default", pod);
        run.act(Action::SetReadiness { pod, container: None, pass: false }).expect("the Pod runs");
    }
    go_on(&mut run, Span::from_secs(10));
    run.act(Action::AddClient { client: client(case) }).expect("the client can be added");
    go_on(&mut run, Span::from_secs(60));
    seen(&run)
}

/// Read as a scenario's client is.
fn client(case: &Case) -> ClientSpec {
    let text = format!(
        "apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  clients:\n  - {{name: probe, from: {}, to: '{}', rate: 1}}\n",
        case.from, case.to
    );
    let manifest: Manifest = support::manifest(&text);
    manifest.scenario.and_then(|s| s.clients).expect("it has clients").remove(0)
}

fn seen(run: &Run) -> String {
    let mut found: BTreeSet<String> = BTreeSet::new();
    let (mut masqueraded, mut balanced) = (false, false);
    for record in run.world().traffic().finished.iter() {
        match (record.ended, &record.server, record.lost) {
            (Some((_, Outcome::Delivered)), Some((pod, _)), _) => {
                found.insert(pod.name.to_string());
                let source = record.tuple.map(|t| t.src);
                // What only a hairpin masquerades is the Pod's call to itself: not here.
                masqueraded |= record.server_saw.map(|(ip, _)| ip) != source;
                let via =
                    |p: &cluster::trace::Segment| matches!(p.to, cluster::trace::Place::LoadBalancer(_));
                balanced |= record.packets.iter().any(|p| p.segments.iter().any(via));
            }
            (_, _, Some(lost)) => {
                found.insert(format!("{:?}", lost.class));
            }
            other => {
                found.insert(format!("{other:?}"));
            }
        }
    }
    let mut text = found.into_iter().collect::<Vec<_>>().join(" ");
    if masqueraded {
        text += " masqueraded";
    }
    if balanced {
        text += ", by the balancer";
    }
    text
}

/// S-01: a client is bound to one Pod, and each node binds it on its own.
#[test]
fn affinity_is_each_nodes_own() {
    let mut servers = BTreeSet::new();
    for node in ["192.168.0.11", "192.168.0.12", "192.168.0.13"] {
        let to: &'static str = match node {
            "192.168.0.11" => "192.168.0.11:30080",
            "192.168.0.12" => "192.168.0.12:30080",
            _ => "192.168.0.13:30080",
        };
        let base = "type: NodePort\n  sessionAffinity: ClientIP";
        let found = observe(&Case { name: node, base, from: "outside", to, ..NONE }, false);
        assert_eq!(found.split(' ').count(), 2, "one Pod, masqueraded: {found}");
        servers.insert(found);
    }
    assert!(servers.len() > 1, "the nodes choose for themselves: {servers:?}");
}

/// C-07: datagrams of one socket go to another Pod once theirs is no serving endpoint any more; a
/// TCP connection stays where it is.
#[test]
fn datagrams_move_when_their_endpoint_goes() {
    // So that no datagram is on its way while it happens.
    let mut run = support::start(&cluster("type: ClusterIP", "", "timing: realistic"), 7);
    run.advance_to(seconds(15), u64::MAX);
    let text = "apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  clients:\n  \
                - {name: udp, from: pod/default/c1, to: 'web:80', rate: 0.5, protocol: UDP, keepAlive: true}\n  \
                - {name: tcp, from: pod/default/c1, to: 'web:80', rate: 0.5, keepAlive: true}\n";
    for client in support::manifest(text).scenario.and_then(|s| s.clients).expect("two clients") {
        run.act(Action::AddClient { client }).expect("it can be added");
    }
    go_on(&mut run, Span::from_secs(10));
    let open = |run: &Run, name: &str| {
        let live = run.world().traffic().connections.values();
        let found = live.map(|l| &l.record).find(|r| &*r.client_name == name).expect("it is open");
        (found.tuple, found.server.clone().expect("it was served").0)
    };
    let (udp, tcp) = (open(&run, "udp"), open(&run, "tcp"));
    for pod in [&udp.1, &tcp.1] {
        run.act(Action::SetReadiness { pod: pod.clone(), container: None, pass: false })
            .expect("the Pod runs");
    }
    go_on(&mut run, Span::from_secs(20));
    assert_eq!(open(&run, "tcp"), tcp, "nobody touches the connection");
    let after = open(&run, "udp");
    assert_eq!(after.0, udp.0, "the same socket");
    assert!(after.1 != udp.1 && after.1 != tcp.1, "the Pod that is left answers it: {after:?}");
}

/// E-05: the zone is the Node's label, and kube-proxy hears when it changes.
#[test]
fn a_node_that_moves_to_another_zone_gets_other_rules() {
    let case =
        Case { field: "trafficDistribution: PreferSameZone", with: "w3", from: "pod/default/c1", ..NONE };
    let text = cluster(&format!("type: ClusterIP\n  {}", case.field), "", "");
    let mut run = support::start(&text, 7);
    run.advance_to(seconds(15), u64::MAX);
    let labels = [("topology.kubernetes.io/zone".into(), "b".into())].into_iter().collect();
    let object = cluster::api::ObjectRef { kind: Kind::Node, namespace: "".into(), name: "node-1".into() };
    run.act(Action::SetLabels { object, labels }).expect("a Node's labels can be set");
    go_on(&mut run, Span::from_secs(10));
    run.act(Action::AddClient { client: client(&case) }).expect("the client can be added");
    go_on(&mut run, Span::from_secs(60));
    // w1 is on node-1, but its endpoint keeps zone a until something else changes the Service's slices
    // (endpointslice_controller.go, updateNode: only a change of readiness counts).
    assert_eq!(seen(&run), "w3");
}
