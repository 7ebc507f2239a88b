//! Pods in their node's network namespace, and what programs listen on.

use crate::support::{self, go_on, key};
use cluster::api::{Action, App, Kind, ObjectRef};
use cluster::node::kubelet::PortAssumption;
use cluster::sim::{Run, Span};
use cluster::traffic::Counts;

fn counts<'a>(run: &'a Run, client: &str) -> &'a Counts {
    run.world().traffic().stats.clients.get(client).expect("a client of that name")
}

const HOST: &str = "
apiVersion: v1
kind: Pod
metadata: {name: agent, labels: {app: agent}}
spec: {nodeName: node-2, hostNetwork: true, containers: [{name: agent, image: i, ports: [{containerPort: 9100}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: agent}
spec: {selector: {app: agent}, ports: [{port: 80, targetPort: 9100}]}
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {nodeName: node-1, containers: [{name: curl, image: curl}]}
---
apiVersion: v1
kind: Pod
metadata: {name: beside, labels: {app: beside}}
spec: {nodeName: node-2, hostNetwork: true, containers: [{name: c, image: i, ports: [{containerPort: 1}]}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  timing: realistic
  clients:
  - {name: service, from: pod/default/curl, to: 'http://agent'}
  - {name: node, from: pod/default/curl, to: '192.168.0.12:9100'}
  - {name: closed, from: pod/default/curl, to: '192.168.0.12:9999'}
  - {name: own, from: pod/default/beside, to: 'http://agent'}
  - {name: machine, from: node/node-2, to: '192.168.0.12:9100'}
";

#[test]
fn its_address_is_the_nodes_and_packets_reach_its_process() {
    for mode in ["iptables", "nftables", "ipvs"] {
        let text = HOST.replace("  timing: realistic", &format!("  timing: realistic\n  proxyMode: {mode}"));
        let mut run = support::start(&text, 7);
        go_on(&mut run, Span::from_secs(30));
        let pod = run.world().store().pods.get(&key("agent")).expect("it is there");
        assert_eq!(pod.status.pod_ip().map(|ip| ip.to_string()).as_deref(), Some("192.168.0.12"));
        for client in ["service", "node", "own", "machine"] {
            let before = counts(&run, client).failed();
            go_on(&mut run, Span::from_secs(10));
            let counts = counts(&run, client);
            assert!(counts.delivered > 5 && counts.failed() == before, "{mode} {client}: {counts:?}");
        }
        assert_eq!(counts(&run, "closed").delivered, 0);
    }
}

/// The port that a Pod with hostNetwork declares is its hostPort, too.
#[test]
fn two_cannot_have_one_port_of_a_node() {
    let other = HOST
        .replace("metadata: {name: beside, labels: {app: beside}}", "metadata: {name: second}")
        .replace("[{containerPort: 1}]", "[{containerPort: 9100}]")
        .replace("  - {name: own, from: pod/default/beside, to: 'http://agent'}\n", "");
    let mut run = support::start(&other, 7);
    go_on(&mut run, Span::from_secs(60));
    let reason = |name: &str| {
        let pod = run.world().store().pods.get(&key(name)).expect("it is there");
        pod.status.reason.as_ref().map(|reason| reason.to_string())
    };
    assert_eq!((reason("agent"), reason("second")), (None, Some("NodePorts".into())));
}

#[test]
fn an_app_is_told_what_it_listens_on() {
    let mut run = support::start(
        &[
            support::TWO_SERVERS,
            "---\n{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {timing: realistic, \
             clients: [{name: caller, from: pod/default/curl, to: 'http://web'}]}}\n",
        ]
        .concat(),
        7,
    );
    go_on(&mut run, Span::from_secs(20));
    let app = |pod: &str, serves: Vec<u16>| App {
        of: ObjectRef { kind: Kind::Pod, namespace: "default".into(), name: pod.into() },
        container: None,
        serves: Some(serves),
        refuses: Vec::new(),
        start_up: None,
        drains: None,
        pre_stop: None,
        exits: None,
    };
    let taken = |run: &Run, port| {
        let pod = run.world().store().pods.get(&key("web")).expect("it is there").clone();
        run.world().port_assumption(&pod, port)
    };
    assert_eq!((taken(&run, 8080), taken(&run, 80)), (PortAssumption::Declared, PortAssumption::NotServed));
    for pod in ["web", "other"] {
        run.act(Action::SetApp { app: app(pod, vec![80]) }).expect("anybody may");
    }
    assert_eq!(
        (taken(&run, 8080), taken(&run, 80)),
        (PortAssumption::RefusedByApp, PortAssumption::ServedByApp)
    );
    let before = counts(&run, "caller").refused;
    go_on(&mut run, Span::from_secs(10));
    assert!(counts(&run, "caller").refused > before + 5, "nobody listens on the target port");
    for pod in ["web", "other"] {
        run.act(Action::SetApp { app: app(pod, vec![8080]) }).expect("anybody may");
    }
    let before = counts(&run, "caller").delivered;
    go_on(&mut run, Span::from_secs(10));
    assert!(counts(&run, "caller").delivered > before + 5);
    assert_eq!(run.world().apps().count(), 2, "what is said of the same Pod takes the place of the older");
}
