//! TestInternalExternalMasquerade of both proxiers: four configurations, and
//! in each of them every kind of source to every kind of destination of three Services.

use super::fixture::{CLIENT, NODE, NODE_IP, POD, Seen, config, endpoint, http_slice, load_balancer};
use super::tracer::{check, check_both};
use crate::api::TrafficPolicy::{Cluster, Local};
use crate::net::Protocol::Tcp;
use crate::node::kube_proxy::ProxyConfig;

const LO: &str = "127.0.0.1";

/// Name, ClusterIP, NodePort, LB IP, and the last number of its local endpoint.
struct Target {
    name: &'static str,
    cluster_ip: &'static str,
    node_port: u16,
    lb_ip: &'static str,
    both: &'static str,
    here: &'static str,
}

const PLAIN: Target = Target {
    name: "plain",
    cluster_ip: "10.96.0.1",
    node_port: 30001,
    lb_ip: "198.51.100.1",
    both: "10.244.0.1:80, 10.244.1.1:80",
    here: "10.244.0.1:80",
};
const ETP_LOCAL: Target = Target {
    name: "etp-local",
    cluster_ip: "10.96.0.2",
    node_port: 30002,
    lb_ip: "198.51.100.2",
    both: "10.244.0.2:80, 10.244.1.2:80",
    here: "10.244.0.2:80",
};
const ITP_LOCAL: Target = Target {
    name: "itp-local",
    cluster_ip: "10.96.0.3",
    node_port: 30003,
    lb_ip: "198.51.100.3",
    both: "10.244.0.3:80, 10.244.1.3:80",
    here: "10.244.0.3:80",
};

fn seen() -> Seen {
    let mut seen = Seen::default();
    for (n, target, external, internal) in
        [(1, PLAIN, Cluster, Cluster), (2, ETP_LOCAL, Local, Cluster), (3, ITP_LOCAL, Cluster, Local)]
    {
        let mut lb = load_balancer(target.name, target.cluster_ip, target.node_port, &[target.lb_ip]);
        lb.spec.external_traffic_policy = external;
        lb.spec.internal_traffic_policy = internal;
        let endpoints = [
            endpoint(&format!("10.244.0.{n}"), Some(NODE)),
            endpoint(&format!("10.244.1.{n}"), Some("worker-2")),
        ];
        seen = seen.with(lb).slice(http_slice(target.name, &endpoints));
    }
    seen
}

#[test]
fn internal_external_masquerade() {
    for detector in [true, false] {
        for masquerade_all in [false, true] {
            let cluster_cidr = config().cluster_cidr.filter(|_| detector);
            let cfg = ProxyConfig { cluster_cidr, masquerade_all, ..config() };
            let test = format!("detector {detector}, masqueradeAll {masquerade_all}");
            let seen = seen();
            for target in [PLAIN, ETP_LOCAL, ITP_LOCAL] {
                for source in [POD, NODE_IP, CLIENT] {
                    check_from(&test, &cfg, &seen, &target, source);
                }
                // Not in the table of nftables, which has no NodePorts on localhost. LOCAL sources may
                // always reach all endpoints.
                let flow = ("localhost to NodePort", LO, Tcp, LO, target.node_port, target.both, true);
                check(&test, &cfg, &seen.rules(&cfg), &[flow]);
            }
        }
    }
}

fn check_from(test: &str, cfg: &ProxyConfig, seen: &Seen, target: &Target, source: &str) {
    let detector = cfg.cluster_cidr.is_some();
    // M-01. Upstream's four tables are this rule, written out.
    let to_cluster_ip = if target.name == ITP_LOCAL.name { target.here } else { target.both };
    let snat_cluster_ip = cfg.masquerade_all || (detector && source != POD);
    // M-02 to M-04.
    let etp_local = target.name == ETP_LOCAL.name;
    let (outside, snat_outside) = match (etp_local, source) {
        (false, _) => (target.both, true),
        (true, POD) if detector => (target.both, false),
        (true, NODE_IP) => (target.both, true),
        (true, _) => (target.here, false),
    };
    let name = format!("{source} to {}", target.name);
    check_both(
        test,
        cfg,
        seen,
        &[
            (&name, source, Tcp, target.cluster_ip, 80, to_cluster_ip, snat_cluster_ip),
            (&name, source, Tcp, NODE_IP, target.node_port, outside, snat_outside),
            (&name, source, Tcp, target.lb_ip, 80, outside, snat_outside),
        ],
    );
}
