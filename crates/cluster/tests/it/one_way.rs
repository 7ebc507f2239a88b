//! A sender of datagrams that waits for no answer: a log shipper, statsd. It keeps its socket, so it keeps what conntrack
//! remembers of it.

use cluster::api::{Action, NsName, ObjectRef};
use cluster::sim::{Run, Span};
use cluster::trace::LossClass;
use cluster::traffic::Counts;

use crate::support;

const CLUSTER: &str = "
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  nodes: [{name: node-1}, {name: node-2}]
  clients: [{name: metrics, from: pod/default/agent, to: 'statsd:8125', protocol: UDP, rate: 10, oneWay: true}]
---
apiVersion: v1
kind: Pod
metadata: {name: agent}
spec: {containers: [{name: c, image: agent}], nodeName: node-1}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: statsd}
spec:
  selector: {matchLabels: {app: statsd}}
  template:
    metadata: {labels: {app: statsd}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: c, image: statsd, ports: [{containerPort: 8125, protocol: UDP}]}]
---
apiVersion: v1
kind: Service
metadata: {name: statsd}
spec: {selector: {app: statsd}, ports: [{port: 8125, protocol: UDP}]}
";

fn counts(run: &Run) -> Counts {
    run.world().traffic().stats.clients.get("metrics").expect("the client").clone()
}

#[test]
fn what_a_process_receives_is_delivered_from_one_socket() {
    let mut run = support::start(CLUSTER, 7);
    support::run_to(&mut run, 20);
    let counts = counts(&run);
    assert!(counts.delivered > 150, "{counts:?}");
    assert_eq!(counts.failed(), 0, "{counts:?}");
    let traffic = run.world().traffic();
    let open: Vec<_> = traffic.connections.values().map(|live| &live.record).collect();
    assert_eq!(open.len(), 1, "one socket");
    assert!(open[0].packets.iter().all(|packet| !packet.kind.is_reply()), "nobody answers");
    assert_eq!(u64::from(open[0].answered), counts.delivered);
    let answered: u64 = traffic.stats.pods.values().map(|pod| pod.answered).sum();
    assert_eq!(answered, counts.delivered, "the Pod has them");
}

/// C-07 and its reason: a kube-proxy that stands still does not clear the entry, so the sender goes on to the Pod that is
/// gone for as long as it sends, while a new socket would be served.
#[test]
fn a_stale_conntrack_entry_keeps_the_sender_at_the_pod_that_is_gone() {
    let mut run = support::start(CLUSTER, 7);
    support::run_to(&mut run, 10);
    let statsd = ObjectRef::of_key(cluster::api::Kind::Deployment, &NsName::new("default", "statsd"));
    run.act(Action::PauseKubeProxy { node: "node-1".into(), on: true }).expect("it runs");
    run.act(Action::RolloutRestart { object: statsd }).expect("a rollout");
    support::go_on(&mut run, Span::from_secs(60));
    let before = counts(&run);
    support::go_on(&mut run, Span::from_secs(60));
    let stuck = counts(&run);
    assert_eq!(stuck.delivered, before.delivered, "none of a whole minute arrives: {stuck:?}");
    assert!(stuck.lost.get(&LossClass::HostUnreachable).is_some_and(|lost| *lost > 500), "{stuck:?}");
    run.act(Action::PauseKubeProxy { node: "node-1".into(), on: false }).expect("it goes on");
    support::go_on(&mut run, Span::from_secs(60));
    let after = counts(&run);
    assert!(after.delivered > stuck.delivered + 400, "kube-proxy deleted the entry: {after:?}");
    let open: Vec<_> = run.world().traffic().connections.values().map(|live| live.record.started).collect();
    assert_eq!(open.len(), 1, "it is the same socket all the while");
}

#[test]
fn only_datagrams_go_one_way() {
    let text = CLUSTER.replace("protocol: UDP, rate: 10", "rate: 10");
    let manifest = cluster::api::parse(&text);
    let errors: Vec<_> = manifest.diagnostics.iter().map(ToString::to_string).collect();
    assert!(errors.iter().any(|error| error.contains("only a client with protocol UDP")), "{errors:?}");
}
