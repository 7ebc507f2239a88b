//! ICMP echo: who answers a ping depends on who has the address, and of a Service's address on kube-proxy's mode.

use cluster::api::{Action, ClientFrom, ClientSpec, Kind};
use cluster::node::kube_proxy::ProxyMode;
use cluster::sim::Run;
use cluster::trace::{LossClass, Outcome, PacketKind};
use netfilter::Protocol;

use crate::support;

const CLUSTER: &str = "
apiVersion: packetyard/v1alpha1
kind: Scenario
spec: {nodes: [{name: node-1}, {name: node-2}], clients: []}
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {containers: [{name: c, image: curl}], nodeName: node-1}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: c, image: web, ports: [{containerPort: 80}]}], nodeName: node-2}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, clusterIP: 10.96.0.50, type: LoadBalancer, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {selector: {app: web}, clusterIP: None, ports: [{port: 80}]}
";

fn run(mode: ProxyMode) -> Run {
    support::started_in(mode, CLUSTER)
}

fn curl() -> ClientFrom {
    ClientFrom::Workload { namespace: "default".into(), kind: Kind::Pod, name: "curl".into() }
}

/// A client that pings when it is told to.
fn by_hand(name: &str, from: ClientFrom, to: &str) -> ClientSpec {
    ClientSpec { protocol: Protocol::Icmp, rate_milli: 0, ..ClientSpec::new(name.into(), from, to.into()) }
}

/// How one ping ended, and how it was lost.
fn ping(run: &mut Run, from: ClientFrom, to: &str) -> (Outcome, Option<LossClass>) {
    run.act(Action::AddClient { client: by_hand("ping", from, to) }).expect("it can be added");
    run.act(Action::SendOne { client: "ping".into() }).expect("its Pod runs");
    support::go_on(run, cluster::sim::Span::from_secs(20));
    let record = run.world().traffic().finished.iter().next_back().expect("it has ended").clone();
    run.act(Action::RemoveClient { client: "ping".into() }).expect("it is there");
    (record.ended.expect("it has ended").1, record.lost.map(|lost| lost.class))
}

#[test]
fn whoever_has_the_address_answers_in_every_mode() {
    for mode in ProxyMode::ALL {
        let mut run = run(mode);
        let node = || ClientFrom::Node { name: "node-1".into() };
        for (from, to) in [
            (curl(), "headless"),
            (curl(), "192.168.0.12"),
            (curl(), "192.168.0.11"),
            (node(), "headless"),
            (node(), "127.0.0.1"),
            (ClientFrom::Outside { ip: None }, "192.168.0.12"),
        ] {
            let found = ping(&mut run, from.clone(), to);
            assert_eq!(found, (Outcome::Delivered, None), "{from:?} to {to}, mode {}", mode.as_str());
        }
        let (outcome, lost) = ping(&mut run, curl(), "10.244.1.77");
        assert_eq!((outcome, lost), (Outcome::HostUnreachable, Some(LossClass::HostUnreachable)));
    }
}

/// No rule of mode iptables is about it, so it leaves the cluster; nftables rejects what no port of a Service takes; in
/// mode IPVS the address is the node's own, and KUBE-IPVS-FILTER rejects it.
#[test]
fn a_cluster_ip_answers_no_ping_and_each_mode_says_so_in_its_way() {
    for (mode, expected) in [
        (ProxyMode::Iptables, LossClass::NoRoute),
        (ProxyMode::Nftables, LossClass::NoSuchPort),
        (ProxyMode::Ipvs, LossClass::NoSuchPort),
    ] {
        let (outcome, lost) = ping(&mut run(mode), curl(), "web");
        assert_eq!(lost, Some(expected), "mode {}: {outcome:?}", mode.as_str());
        let is_told = matches!(outcome, Outcome::Refused { .. });
        assert_eq!(is_told, expected == LossClass::NoSuchPort, "mode {}: {outcome:?}", mode.as_str());
    }
}

#[test]
fn a_load_balancer_forwards_no_ping() {
    let found = ping(&mut run(ProxyMode::Iptables), ClientFrom::Outside { ip: None }, "service/default/web");
    assert_eq!(found.1, Some(LossClass::NotBalanced), "{:?}", found.0);
}

/// The Pod's address is not known outside: the node puts its own, and conntrack puts the Pod's back by the identifier.
#[test]
fn a_ping_to_outside_is_masqueraded_and_its_reply_put_back() {
    let mut run = run(ProxyMode::Iptables);
    let outside = by_hand("host", ClientFrom::Outside { ip: "203.0.113.77".parse().ok() }, "192.168.0.11");
    run.act(Action::AddClient { client: outside }).expect("it can be added");
    assert_eq!(ping(&mut run, curl(), "203.0.113.77"), (Outcome::Delivered, None));
    let record = run.world().traffic().finished.iter().next_back().expect("the ping").clone();
    let kinds: Vec<PacketKind> = record.packets.iter().map(|packet| packet.kind).collect();
    assert_eq!(kinds, [PacketKind::EchoRequest, PacketKind::EchoReply]);
    let request = &record.packets[0].hops.last().expect("it arrived").after;
    assert_eq!(request.src.to_string(), "192.168.0.11", "masquerade");
    let node = run.world().machine_named("node-1").expect("a node").uid;
    let lines = run.world().conntrack_lines(node).expect("a node");
    let line = lines.iter().find(|line| line.starts_with("icmp ")).expect("an entry");
    let id = record.tuple.expect("a tuple").src_port;
    let tuples = format!(
        "src=10.244.1.2 dst=203.0.113.77 type=8 code=0 id={id} src=203.0.113.77 dst=192.168.0.11 type=0 code=0 id={id} "
    );
    assert!(line.contains(&tuples), "{line}");
}

/// ENETUNREACH: nothing is sent from an address of the other family.
#[test]
fn nobody_reaches_an_address_of_a_family_that_it_has_not() {
    let mut run = run(ProxyMode::Iptables);
    for from in [curl(), ClientFrom::Node { name: "node-1".into() }, ClientFrom::Outside { ip: None }] {
        let (outcome, _) = ping(&mut run, from.clone(), "2001:db8:5::5");
        assert_eq!(outcome, Outcome::NetworkUnreachable, "{from:?}");
        let record = run.world().traffic().finished.iter().next_back().expect("the ping").clone();
        assert!(record.packets.is_empty(), "nothing was sent");
    }
}
