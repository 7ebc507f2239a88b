//! SCTP: an association is opened, served and closed as a TCP connection is, in packets of its own; conntrack and IPVS
//! have its states.

use cluster::node::kube_proxy::ProxyMode;
use cluster::sim::Run;
use cluster::trace::{LossClass, Outcome, PacketKind};

use crate::support;

const CLUSTER: &str = "
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  nodes: [{name: node-1}, {name: node-2}]
  timing: realistic
  clients:
  - {name: amf, from: pod/default/amf, to: 'smf:36412', protocol: SCTP, rate: 5}
  - {name: kept, from: pod/default/amf, to: 'smf:36412', protocol: SCTP, rate: 5, keepAlive: true}
  - {name: closed, from: pod/default/amf, to: 'smf:9', protocol: SCTP, rate: 1}
  - {name: nobody, from: pod/default/amf, to: 'nobody:36412', protocol: SCTP, rate: 1, timeout: 2s}
---
apiVersion: v1
kind: Pod
metadata: {name: amf}
spec: {containers: [{name: c, image: amf}], nodeName: node-1}
---
apiVersion: v1
kind: Pod
metadata: {name: smf, labels: {app: smf}}
spec:
  containers: [{name: c, image: smf, ports: [{containerPort: 36412, protocol: SCTP}]}]
  nodeName: node-2
---
apiVersion: v1
kind: Service
metadata: {name: smf}
spec:
  selector: {app: smf}
  ports: [{name: s, port: 36412, protocol: SCTP}, {name: closed, port: 9, protocol: SCTP}]
---
apiVersion: v1
kind: Service
metadata: {name: nobody}
spec: {selector: {app: nobody}, ports: [{port: 36412, protocol: SCTP}]}
";

fn run(mode: ProxyMode) -> Run {
    support::started_in(mode, CLUSTER)
}

#[test]
fn associations_are_opened_served_and_closed_in_every_mode() {
    for mode in ProxyMode::ALL {
        let run = run(mode);
        let traffic = run.world().traffic();
        for client in ["amf", "kept"] {
            let counts = traffic.stats.clients.get(client).expect("a client of that name");
            assert!(counts.delivered > 100, "{client}, mode {}: {counts:?}", mode.as_str());
            assert_eq!(counts.failed(), 0, "{client}, mode {}: {counts:?}", mode.as_str());
        }
        let record = traffic.finished.iter().find(|record| &*record.client_name == "amf").expect("one");
        let kinds: Vec<PacketKind> = record.packets.iter().map(|packet| packet.kind).collect();
        use PacketKind as K;
        assert_eq!(kinds, [K::Syn, K::SynAck, K::Request, K::Response, K::Fin], "mode {}", mode.as_str());
        let node = run.world().machine_named("node-1").expect("a node").uid;
        let lines = run.world().conntrack_lines(node).expect("a node");
        let has = |state: &str| lines.iter().any(|line| line.starts_with("sctp ") && line.contains(state));
        assert!(has(" ESTABLISHED ") && has(" SHUTDOWN_SENT "), "mode {}: {lines:?}", mode.as_str());
    }
}

/// A closed port answers with ABORT. What a rule rejects gets an ICMP error, which is a soft one to SCTP: its INIT is sent
/// again until somebody gives up.
#[test]
fn an_abort_is_a_refusal_and_an_icmp_error_is_not() {
    for mode in ProxyMode::ALL {
        let run = run(mode);
        let last = |client: &str| {
            let ended = run.world().traffic().finished.iter().rev();
            let record = ended.into_iter().find(|record| &*record.client_name == client).expect("one");
            (record.ended.expect("it has ended").1, record.lost.map(|lost| lost.class))
        };
        let closed = (last("closed").1, matches!(last("closed").0, Outcome::Refused { .. }));
        assert_eq!(closed, (Some(LossClass::NothingListens), true), "mode {}", mode.as_str());
        let nobody = (last("nobody").1, matches!(last("nobody").0, Outcome::TimedOut { .. }));
        assert_eq!(nobody, (Some(LossClass::NoEndpoints), true), "mode {}", mode.as_str());
    }
}
