//! Which endpoints get traffic while some terminate: the table that both proxiers' tests share, and IPVS's tests.

use super::fixture::{
    CLIENT, CLUSTER_IP, EXTERNAL_IP, LB_IP, NODE, POD, Seen, config, endpoint, http, http_slice, ip,
    load_balancer, service, terminating,
};
use super::ipvs_flows::{self, REFUSED};
use super::tracer::Flow;
use super::tracer::check_both;
use crate::api::{Endpoint, Service, ServiceType, TrafficPolicy};
use netfilter::Protocol::Tcp;

/// Name; endpoints; which ones a Pod reaches by the ClusterIP, and a client outside by the other address.
///
/// An endpoint is `NUMBER NODE STATE`: `closing` still serves while it terminates, `closed` does not.
type Case<'a> = (&'a str, &'a str, &'a str, &'a str);

const ONE_TWO: &str = "10.244.9.1:80, 10.244.9.2:80";
const TWO_THREE: &str = "10.244.9.2:80, 10.244.9.3:80";
const ONE_TWO_FOUR: &str = "10.244.9.1:80, 10.244.9.2:80, 10.244.9.4:80";
const ONE_TWO_FIVE: &str = "10.244.9.1:80, 10.244.9.2:80, 10.244.9.5:80";
const TWO_THREE_FIVE: &str = "10.244.9.2:80, 10.244.9.3:80, 10.244.9.5:80";
const FIVE: &str = "10.244.9.5:80";

/// TestTerminatingEndpointsTrafficPolicyLocal.
const LOCAL: &[Case] = &[
    (
        "ready endpoints exist",
        "1 here ready, 2 here ready, 3 here closing, 4 here closed, 5 there ready",
        ONE_TWO_FIVE,
        ONE_TWO,
    ),
    // The ready endpoint is on another node: each policy falls back to terminating endpoints separately.
    (
        "only terminating endpoints exist",
        "2 here closing, 3 here closing, 4 here closed, 5 there ready",
        FIVE,
        TWO_THREE,
    ),
    ("terminating endpoints on remote node", "5 there closing", FIVE, "DROP"),
    // One address twice, as upstream has it.
    ("no usable endpoints on any node", "5 here closed, 5 there closed", "REJECT", "REJECT"),
    ("not in upstream's table: another address there", "4 here closed, 5 there unready", "REJECT", "REJECT"),
];

/// TestTerminatingEndpointsTrafficPolicyCluster.
const CLUSTER: &[Case] = &[
    (
        "ready endpoints exist",
        "1 here ready, 2 here ready, 3 there closing, 4 there closed, 5 there ready",
        ONE_TWO_FIVE,
        ONE_TWO_FIVE,
    ),
    (
        "only terminating endpoints exist",
        "2 here closing, 3 here closing, 4 there closed, 5 there closing",
        TWO_THREE_FIVE,
        TWO_THREE_FIVE,
    ),
    ("terminating endpoints on remote node", "5 there closing", FIVE, FIVE),
    ("no usable endpoints on any node", "5 here closed, 5 there closed", "REJECT", "REJECT"),
    ("not in upstream's table: another address there", "4 here closed, 5 there unready", "REJECT", "REJECT"),
];

fn endpoints(text: &str) -> Vec<Endpoint> {
    text.split(", ").map(parse).collect()
}

fn parse(text: &str) -> Endpoint {
    let words: Vec<&str> = text.split(' ').collect();
    let [number, at, state] = words[..] else { panic!("an endpoint: {text}") };
    let address = format!("10.244.9.{number}");
    let node = Some(if at == "here" { NODE } else { "worker-2" });
    match state {
        "ready" => endpoint(&address, node),
        "unready" => Endpoint { ready: false, serving: false, ..endpoint(&address, node) },
        "closing" => terminating(&address, node, true),
        "closed" => terminating(&address, node, false),
        other => panic!("a state: {other}"),
    }
}

fn flows(internal: &'static str, external: &'static str, masquerade: bool) -> [Flow<'static>; 2] {
    [
        ("pod to clusterIP", POD, Tcp, CLUSTER_IP, 80, internal, false),
        ("external to LB", CLIENT, Tcp, LB_IP, 80, external, masquerade),
    ]
}

fn check_policy(test: &str, policy: TrafficPolicy, cases: &[Case<'static>]) {
    for &(name, text, internal, external) in cases {
        let mut lb = load_balancer("web", CLUSTER_IP, 0, &[LB_IP]);
        lb.spec.external_traffic_policy = Some(policy);
        lb.spec.health_check_node_port = 31000;
        let seen = Seen::default().with(lb).slice(http_slice("web", &endpoints(text)));
        let masquerade = policy == TrafficPolicy::Cluster && external.contains(':');
        check_both(&format!("{test}, {name}"), &config(), &seen, &flows(internal, external, masquerade));
        let after = format!("{test}, {name}, after endpoints deleted");
        check_both(&after, &config(), &seen.without_endpoints(), &flows("REJECT", "REJECT", false));
    }
}

#[test]
fn terminating_endpoints_under_external_policy_local() {
    check_policy("TestTerminatingEndpointsTrafficPolicyLocal", TrafficPolicy::Local, LOCAL);
}

#[test]
fn terminating_endpoints_under_external_policy_cluster() {
    check_policy("TestTerminatingEndpointsTrafficPolicyCluster", TrafficPolicy::Cluster, CLUSTER);
}

const READY: &str = "1 here ready, 2 here ready, 3 here closing, 4 here closed, 5 there ready";
const CLOSING: &str = "1 here closing, 2 here closing, 3 here closed, 4 there closing, 5 there unready";
const CLOSING_HERE: &str = "1 here closing, 2 here closing, 3 here closed, 4 there closing, 5 there ready";

/// Name; policy; endpoints; by the ClusterIP; by the external IP; how many are in KUBE-LOOP-BACK, where
/// every local endpoint is, whatever its state.
type IpvsCase<'a> = (&'a str, TrafficPolicy, &'a str, &'a str, &'a str, usize);

const IPVS: &[IpvsCase] = {
    use TrafficPolicy::{Cluster, Local};
    &[
        ("Test_EndpointSliceReadyAndTerminatingCluster", Cluster, READY, ONE_TWO_FIVE, ONE_TWO_FIVE, 4),
        ("Test_EndpointSliceReadyAndTerminatingLocal", Local, READY, ONE_TWO_FIVE, ONE_TWO, 4),
        ("Test_EndpointSliceOnlyReadyAndTerminatingCluster", Cluster, CLOSING, ONE_TWO_FOUR, ONE_TWO_FOUR, 3),
        ("Test_EndpointSliceOnlyReadyAndTerminatingLocal", Local, CLOSING_HERE, FIVE, ONE_TWO, 3),
        ("not upstream's: closing elsewhere", Cluster, "5 there closing", FIVE, FIVE, 0),
        ("not upstream's: closing elsewhere, it falls back", Local, "5 there closing", FIVE, FIVE, 0),
        ("not upstream's: none usable", Cluster, "4 there closed, 5 there unready", REFUSED, REFUSED, 0),
        ("not upstream's: none usable", Local, "4 there closed, 5 there unready", REFUSED, REFUSED, 0),
    ]
};

fn with_external_ip(policy: TrafficPolicy) -> Service {
    let mut web = service("web", CLUSTER_IP, &[http(0)]);
    web.spec.type_ = ServiceType::NodePort;
    web.spec.external_ips = vec![ip(EXTERNAL_IP)];
    web.spec.external_traffic_policy = Some(policy);
    web
}

fn in_loop_back(seen: &Seen) -> usize {
    let sets = ipvs_flows::rules(seen, &config()).ipset().to_string();
    sets.lines().filter(|line| line.starts_with("add KUBE-LOOP-BACK ")).count()
}

#[test]
fn terminating_endpoints_as_real_servers() {
    for &(test, policy, text, internal, external, looped) in IPVS {
        let masquerade = policy == TrafficPolicy::Cluster;
        let flows = |internal, external| {
            [
                ("clusterIP", POD, Tcp, CLUSTER_IP, 80, internal, false),
                ("externalIP", CLIENT, Tcp, EXTERNAL_IP, 80, external, masquerade),
            ]
        };
        let seen = Seen::default().with(with_external_ip(policy)).slice(http_slice("web", &endpoints(text)));
        ipvs_flows::check(test, &config(), &seen, &flows(internal, external));
        assert_eq!(in_loop_back(&seen), looped, "{test}");
        let seen = seen.without_endpoints();
        ipvs_flows::check(&format!("{test}, deleted"), &config(), &seen, &flows(REFUSED, REFUSED));
        assert_eq!(in_loop_back(&seen), 0, "{test}, deleted");
    }
}
