//! Scenario documents, there and back.

use std::ops::RangeInclusive;

use proptest::prelude::*;

use super::{check_fine, check_problem};
use crate::api::*;
use crate::node::kube_proxy::ProxyMode;
use crate::sim::{Moment, Span};
use crate::traffic::MAX_RATE_MILLI;
use netfilter::{Cidr, Family, InterfaceName, PerFamily, Protocol, Scheduler};

fn scenario(spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!("apiVersion: packetyard/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\nspec:\n{spec}")
}

fn read(spec: &str) -> Scenario {
    check_fine(&scenario(spec)).scenario.unwrap()
}

#[test]
fn a_scenario_in_full() {
    let text = "title: 'One: dies'\nseed: 7\nnodes:\n- {name: node-1, zone: a}\n- {name: node-2, ready: false}\npodCIDR: 10.244.0.0/16\nserviceCIDR: 10.96.0.0/12\nproxyMode: nftables\ntiming: realistic\nat: 1m30s\nmodel: '3'\nclients:\n- {name: browser, from: outside, to: http://web, rate: 2}\n- {name: v, from: {ip: 203.0.113.10}, to: '10.244.1.4:8080', rate: 0.5, keepAlive: true, protocol: UDP, timeout: 1500ms}\n- {name: w, from: deploy/default/frontend, to: service/default/web}\n- {name: z, from: pod/curl, to: web:80}\nactions:\n- {at: 12.5s, do: delete, object: pod/default/web-0}\n- {at: 0, do: scale, deployment: web, replicas: 0}\n";
    let scenario = read(text);
    assert_eq!(scenario.seed, Some(7));
    assert_eq!(scenario.at, Some(Moment(90_000_000_000)));
    assert_eq!(scenario.timing, Some(TimingProfile::Realistic));
    let nodes = scenario.nodes.as_ref().unwrap();
    assert_eq!((nodes[0].ready, nodes[1].ready, nodes[0].zone.as_deref()), (true, false, Some("a")));
    let clients = scenario.clients.as_ref().unwrap();
    let rates: Vec<u32> = clients.iter().map(|c| c.rate_milli).collect();
    assert_eq!(rates, [2000, 500, 1000, 1000]);
    assert_eq!(clients[1].from, ClientFrom::Outside { ip: Some("203.0.113.10".parse().unwrap()) });
    assert_eq!((clients[1].timeout, clients[1].protocol), (Some(Span::from_millis(1500)), Protocol::Udp));
    let from = |kind: Kind, name: &str| ClientFrom::Workload {
        namespace: "default".into(),
        kind,
        name: name.into(),
    };
    assert_eq!(clients[2].from, from(Kind::Deployment, "frontend"));
    assert_eq!(clients[3].from, from(Kind::Pod, "curl"));
    let object = ObjectRef { kind: Kind::Pod, namespace: "default".into(), name: "web-0".into() };
    let first = TimedAction { at: Moment(12_500_000_000), action: Action::delete(object) };
    assert_eq!(scenario.actions[0], first);
    assert_eq!(parse(&scenario.to_text()).scenario, Some(scenario));
}

#[test]
fn what_is_done_while_the_cluster_settles_has_a_negative_time() {
    let action = "actions: [{at: -2s, do: cordon, node: node-1, enabled: true}]";
    assert_eq!(read(action).actions[0].at, Moment(-2_000_000_000));
    assert_eq!(read(&format!("start: settled\n{action}")).start, Some(Start::Settled));
    check_problem(
        &scenario(&format!("start: cold\n{action}")),
        "spec.actions[0].at: Invalid value: \"-2s\": must be a length of time, such as 250ms, 12.5s or 1m30s",
    );
    check_problem(
        &scenario("at: yesterday"),
        "spec.at: Invalid value: \"yesterday\": must be a time from when the clients begin, such as 12.5s, 1m30s or -2s",
    );
}

#[test]
fn an_empty_scenario_says_nothing() {
    let empty = parse("apiVersion: packetyard/v1alpha1\nkind: Scenario\n");
    assert_eq!((empty.scenario, empty.diagnostics), (Some(Scenario::default()), vec![]));
}

#[test]
fn a_scenario_stands_beside_manifests() {
    let service = super::service("");
    let text = format!("{}---\n{service}", scenario("seed: 1"));
    let manifest = check_fine(&text);
    assert_eq!((manifest.objects.len(), manifest.scenario.is_some()), (1, true));
    check_problem(
        &format!("{text}---\n{}", scenario("seed: 2")),
        "at most one Scenario, and one is on line 1",
    );
}

#[test]
fn a_range_of_each_family_stands_with_a_comma() {
    let manifest = check_fine(&scenario(
        "podCIDR: fd00:10:244::/56, 10.244.0.0/16\nserviceCIDR: 10.96.0.0/12\nkubeProxy: {clusterCIDR: '10.0.0.0/8,fd00::/16'}",
    ));
    let scenario = manifest.scenario.expect("it has one");
    let cidr = |text: &str| text.parse::<Cidr>().expect("a range");
    let pods = PerFamily::dual(Family::V6, cidr("fd00:10:244::/56"), cidr("10.244.0.0/16"));
    assert_eq!(scenario.pod_cidrs, Some(pods));
    // Services may be of one of the Pods' families alone.
    assert_eq!(scenario.service_cidrs, Some(PerFamily::single(Family::V4, cidr("10.96.0.0/12"))));
    let text = scenario.to_text();
    assert!(text.contains("podCIDR: fd00:10:244::/56,10.244.0.0/16\n"), "{text}");
    assert!(text.contains("clusterCIDR: 10.0.0.0/8,fd00::/16\n"), "{text}");
}

#[test]
fn rules_of_a_scenario() {
    for (spec, expected) in [
        ("seed: -1", "spec.seed: Invalid value: \"-1\": must be a whole number"),
        ("seed: x", "spec.seed: Invalid value"),
        ("title: 5", "spec.title: must be a string, not an integer"),
        ("speed: 5", "spec.speed: unknown field"),
        ("podCIDR: 10.244.0.0", "spec.podCIDR: Invalid value"),
        (
            "podCIDR: fd00::/56\nserviceCIDR: 10.96.0.0/12",
            "spec.serviceCIDR: Invalid value: \"10.96.0.0/12\": `podCIDR` has no range of this IP family",
        ),
        (
            "podCIDR: fd00::/56\nserviceCIDR: fd00:1::/112,10.96.0.0/12",
            "spec.serviceCIDR: Invalid value: \"10.96.0.0/12\": `podCIDR` has no range of this IP family",
        ),
        (
            "podCIDR: 10.244.0.0/16,10.245.0.0/16",
            "spec.podCIDR: Invalid value: \"10.244.0.0/16,10.245.0.0/16\": must be one range, or an IPv4 and an IPv6 range",
        ),
        (
            "serviceCIDR: 'fd00::/112,10.96.0.0/12,fd01::/112'",
            "must be one range, or an IPv4 and an IPv6 range",
        ),
        ("podCIDR: '10.244.0.0/16,fd00::'", "spec.podCIDR: Invalid value: \"fd00::\": must be a valid CIDR"),
        ("podCIDR: 10.244.0.0/16,", "spec.podCIDR: Invalid value: \"\": must be a valid CIDR"),
        (
            "podCIDR: 10.244.0.0/16,fd00::/63",
            "spec.podCIDR: Invalid value: \"fd00::/63\": too small: there are 3 nodes",
        ),
        (
            "serviceCIDR: 10.96.0.0/12,fd00::/126",
            "spec.serviceCIDR: Invalid value: \"fd00::/126\": the service cluster IP range must be at least 8",
        ),
        (
            "podCIDR: 10.244.0.0/32",
            "spec.podCIDR: Invalid value: \"10.244.0.0/32\": too small: there are 3 nodes, each with a range of its own; write a prefix of /28 or shorter",
        ),
        (
            "podCIDR: 10.244.0.0/31\nnodes: [{name: a}]",
            "there is 1 node, each with a range of its own; write a prefix of /28",
        ),
        (
            "podCIDR: 10.244.0.0/23\nnodes: [{name: a}, {name: b}, {name: c}, {name: d}]",
            "there are 4 nodes, each with a range of its own; write a prefix of /21",
        ),
        ("podCIDR: fd00::/63", "there are 3 nodes, each with a range of its own; write a prefix of /62"),
        ("podCIDR: fd00::/128\nnodes: []", "write a prefix of /63"),
        (
            "serviceCIDR: 10.96.0.0/30",
            "spec.serviceCIDR: Invalid value: \"10.96.0.0/30\": the service cluster IP range must be at least 8 IP addresses; write a prefix of /29",
        ),
        (
            "podCIDR: 10.0.0.0/8,fd00::/47",
            "spec.podCIDR: Invalid value: \"fd00::/47\": too large: kube-controller-manager has at most 65536 parts for nodes, each a /64; write a prefix of /48 or longer",
        ),
        (
            "serviceCIDR: 10.0.0.0/8,fd00::/63",
            "spec.serviceCIDR: Invalid value: \"fd00::/63\": too large: the API server allocates IPv6 addresses from a /64 or less; write a prefix of /64 or longer",
        ),
        ("serviceCIDR: fd00::/128", "write a prefix of /125 or shorter"),
        ("proxyMode: ebpf", "supported values: \"iptables\", \"ipvs\", \"nftables\""),
        ("ipvs: {scheduler: mh}", "spec.ipvs.scheduler: Unsupported value: \"mh\""),
        (
            "kubeProxy: {masqueradeBit: 32}",
            "spec.kubeProxy.masqueradeBit: Invalid value: 32: must be between 0 and 31",
        ),
        ("kubeProxy: {clusterCIDR: 10.0.0.0}", "spec.kubeProxy.clusterCIDR: Invalid value"),
        (
            "kubeProxy: {detectLocalMode: BridgeInterface}",
            "spec.kubeProxy.detectLocal.bridgeInterface: Invalid value: \"\": must be the name of an interface",
        ),
        (
            "kubeProxy: {clusterCIDR: 'fd00::/48,fd01::/48'}",
            "must be one range, or an IPv4 and an IPv6 range",
        ),
        ("kubeProxy: {masqueradeAl: true}", "spec.kubeProxy.masqueradeAl: unknown field"),
        (
            "kubeProxy: {nodePortAddresses: [primary, 10.0.0.0/8]}",
            "spec.kubeProxy.nodePortAddresses[0]: Invalid value",
        ),
        (
            "kubeProxy: {syncPeriod: 0s}",
            "spec.kubeProxy.syncPeriod: Invalid value: \"0s\": must be greater than 0",
        ),
        ("kubeProxy: {syncPeriod: 1s, minSyncPeriod: 2s}", "must be less than or equal to syncPeriod"),
        (
            "actions: [{at: 1s, do: setServicePolicy, service: a}]",
            "spec.actions[0].externalTrafficPolicy: Required value",
        ),
        (
            "actions: [{at: 1s, do: setServicePolicy, service: a, externalTrafficPolicy: local}]",
            "spec.actions[0].externalTrafficPolicy: Unsupported value: \"local\"",
        ),
        (
            "actions: [{at: 1s, do: setServicePolicy, service: a, sessionAffinity: None, internalTrafficPolicy: Local}]",
            "spec.actions[0]: Invalid value: one action sets one field of a Service, and this sets sessionAffinity too",
        ),
        ("cloud: {ipMode: proxy}", "spec.cloud.ipMode: Unsupported value: \"proxy\""),
        (
            "cloud: kind",
            "spec.cloud: Unsupported value: \"kind\": supported values: \"none\", \"{ipMode: VIP}\"",
        ),
        ("serviceCIDR: 10.96.0.0/29", "spec.dns: Invalid value: \"pods\": needs a serviceCIDR"),
        ("dns: none", "spec.dns: Unsupported value"),
        ("cloud: ''", "spec.cloud: Unsupported value: \"\""),
        ("cloud: {pool: a}", "spec.cloud.pool: unknown field"),
        ("cloud: {addressPool: []}", "spec.cloud.addressPool: Required value"),
        ("cloud: {addressPool: 10.0.9.0/24}", "spec.cloud.addressPool: must be a list"),
        ("cloud: {addressPool: [7]}", "spec.cloud.addressPool[0]: must be a string"),
        (
            "cloud: {addressPool: [10.0.9.0/24, 10.0.8.9-10.0.8.1]}",
            "spec.cloud.addressPool[1]: Invalid value: \"10.0.8.9-10.0.8.1\": must be a range of addresses",
        ),
        (
            "cloud: {addressPool: [10.0.9.0/24, 10.0.9.9-10.0.9.9]}",
            "spec.cloud.addressPool[1]: Invalid value: \"10.0.9.9-10.0.9.9\": overlaps with 10.0.9.0/24: the pool has it",
        ),
        (
            "cloud: {addressPool: [10.0.9.0/24], ipMode: VIP}",
            "spec.cloud.ipMode: Forbidden: may not be set together with `addressPool`",
        ),
        (
            "cloud: {addressPool: [10.0.9.0/24, 10.244.7.0-10.244.7.9]}",
            "spec.cloud.addressPool[1]: Invalid value: \"10.244.7.0-10.244.7.9\": overlaps with 10.244.0.0/16: Pods have",
        ),
        (
            "cloud: {addressPool: [10.111.0.0/16]}",
            "spec.cloud.addressPool[0]: Invalid value: \"10.111.0.0/16\": overlaps with 10.96.0.0/12: Services have",
        ),
        (
            "cloud: {addressPool: [203.0.113.9-203.0.113.9]}",
            "spec.cloud.addressPool[0]: Invalid value: \"203.0.113.9/32\": overlaps with 203.0.113.0/24: clients outside",
        ),
        (
            "cloud: {addressPool: ['fe80::1-fe80::9']}",
            "spec.cloud.addressPool[0]: Invalid value: \"fe80::1-fe80::9\": overlaps with fe80::/10: no machine can",
        ),
        (
            "cloud: {addressPool: [172.18.0.0/24]}\nclients: [{name: c, from: {ip: 172.18.0.9}, to: web}]",
            "spec.cloud.addressPool[0]: Invalid value: \"172.18.0.0/24\": overlaps with 172.18.0.9/32: a client outside",
        ),
        ("cloud: 1", "spec.cloud: Unsupported value: \"1\": supported values: \"none\""),
        ("cni: {ipMasq: 'no'}", "spec.cni.ipMasq: must be a boolean"),
        ("cni: {ipMask: false}", "spec.cni.ipMask: unknown field"),
        ("actions: [{at: 1s, do: cutOffNode, node: a}]", "spec.actions[0].enabled: Required value"),
        ("actions: [{at: 1s, do: pauseKubeProxy, enabled: true}]", "spec.actions[0].node: Required value"),
        ("timing: slow", "Unsupported value: \"slow\""),
        ("at: 5", "spec.at: Invalid value: \"5\": must be a time from when the clients begin"),
        ("start: cold\nat: -5s", "spec.at: Invalid value: \"-5s\": must be a length of time"),
        ("nodes: [{name: a1}, {name: a1}]", "spec.nodes[1].name: Duplicate value"),
        (
            "nodes: [{name: a, zone: 'x y'}]",
            "spec.nodes[0].zone: Invalid value: \"x y\": a valid label must be an empty string or",
        ),
        ("nodes: [{name: a, zone: \"\\u202Egnp\"}]", "spec.nodes[0].zone: Invalid value"),
        ("nodes: [{name: a, zone: <b>}]", "spec.nodes[0].zone: Invalid value"),
        ("nodes: [{zone: a}]", "spec.nodes[0].name: Required value"),
        ("nodes: [{name: A}]", "spec.nodes[0].name: Invalid value"),
        ("clients: [{name: a, to: x}, {name: a, to: x}]", "spec.clients[1].name: Duplicate value"),
        ("clients: [{name: a}]", "spec.clients[0].to: Required value"),
        ("clients: [{to: a}]", "spec.clients[0].name: Required value"),
        ("clients: [{name: a, to: 'a b'}]", "without blanks"),
        ("clients: [{name: a, to: \"\\u202Eb:80\"}]", "spec.clients[0].to: Invalid value"),
        ("clients: [{name: a, to: 'web:http'}]", "spec.clients[0].to: Invalid value"),
        ("clients: [{name: a, to: 'service/A/b'}]", "spec.clients[0].to: Invalid value"),
        ("clients: [{name: a, to: 'http://<b>/'}]", "spec.clients[0].to: Invalid value"),
        ("clients: [{name: A, to: b}]", "spec.clients[0].name: Invalid value"),
        ("clients: [{name: a, to: b, from: node/<b>}]", "spec.clients[0].from: Invalid value"),
        ("clients: [{name: a, to: b, from: deploy/Default/web}]", "spec.clients[0].from: Invalid value"),
        ("model: <b>", "spec.model: Invalid value"),
        ("clients: [{name: a, to: b, rate: 0.0001}]", "at most three decimals"),
        ("clients: [{name: a, to: b, rate: -1}]", "requests per second"),
        (
            "clients: [{name: a, to: b, rate: 4294967}]",
            "spec.clients[0].rate: Invalid value: 4294967: must be between 0 and 1000, inclusive",
        ),
        (
            "clients: [{name: a, to: b, rate: 1000.001}]",
            "Invalid value: 1000.001: must be between 0 and 1000",
        ),
        ("clients: [{name: a, to: b, rate: 9223372036854775807}]", "must be between 0 and 1000, inclusive"),
        (
            "actions: [{at: 1s, do: addClient, client: {name: a, to: b, rate: 1001}}]",
            "spec.actions[0].client.rate: Invalid value: 1001: must be between 0 and 1000",
        ),
        ("actions: [{at: 1s, do: setRate, client: a, rate: 1001}]", "must be between 0 and 1000"),
        ("clients: [{name: a, to: b, from: inside}]", "must be outside"),
        ("clients: [{name: a, to: b, from: svc/default/x}]", "must be outside"),
        ("clients: [{name: a, to: b, from: {ip: x}}]", "spec.clients[0].from.ip: Invalid value"),
        ("clients: [{name: a, to: b, protocol: QUIC}]", "Unsupported value"),
        ("clients: {name: a}", "spec.clients: must be a list"),
        ("actions: {at: 1s}", "spec.actions: must be a list"),
        ("actions: [x]", "spec.actions[0]: must be a map"),
        ("actions: [{do: addNode}]", "spec.actions[0].at: Required value"),
        ("actions: [{at: 1s}]", "spec.actions[0].do: Required value"),
        ("actions: [{at: 1s, do: addNode, zone: 'a b'}]", "spec.actions[0].zone: Invalid value"),
        ("actions: [{at: 1s, do: addNode, name: A}]", "spec.actions[0].name: Invalid value"),
        (
            "actions: [{at: 1s, do: powerNode, node: <b>, enabled: true}]",
            "spec.actions[0].node: Invalid value",
        ),
        ("actions: [{at: 1s, do: sendOne, client: A}]", "spec.actions[0].client: Invalid value"),
        ("actions: [{at: 1s, do: crashPod, pod: Default/web}]", "spec.actions[0].pod: Invalid value"),
        (
            "actions: [{at: 1s, do: delete, object: 'pod/default/<b>%'}]",
            "spec.actions[0].object: Invalid value",
        ),
        (
            "actions: [{at: 1s, do: addClient, client: {name: A, to: b}}]",
            "spec.actions[0].client.name: Invalid value",
        ),
        ("actions: [{at: 1s, do: explode}]", "Unsupported value: \"explode\""),
        ("actions: [{at: 1s, do: crashPod}]", "spec.actions[0].pod: Required value"),
        ("actions: [{at: 1s, do: crashPod, pod: a/b/c}]", "NAMESPACE/NAME"),
        ("actions: [{at: 1s, do: delete, object: web}]", "KIND/NAMESPACE/NAME"),
        ("actions: [{at: 1s, do: scale, deployment: a, replicas: -1}]", "greater than or equal to 0"),
        ("actions: [{at: 1s, do: scale, deployment: a}]", "spec.actions[0].replicas: Required value"),
        ("actions: [{at: 1s, do: setReadiness, pod: a, pass: 'no'}]", "must be a boolean"),
        (
            "actions: [{at: 1s, do: cordon, node: a, on: yes, off: no}]",
            "spec.actions[0].true: unknown field \"true\"; the fields are \"node\", \"enabled\"",
        ),
        ("actions: [{at: 1s, do: setServiceType, service: a, type: X}]", "Unsupported value"),
        ("actions: [{at: 1s, do: setRate, client: a, rate: fast}]", "requests per second"),
        ("actions: [{at: 1s, do: addClient}]", "spec.actions[0].client: Required value"),
    ] {
        let found = super::problems(&parse(&scenario(spec)));
        assert!(found.iter().any(|p| p.contains(expected)), "{spec}: {found:#?}");
    }
    let other = scenario("seed: 1").replace("v1alpha1", "v2");
    check_problem(&other, "no matches for kind \"Scenario\" in version \"packetyard/v2\"");
}

#[test]
fn lists_have_limits() {
    let many =
        |item: &dyn Fn(usize) -> String, count: usize| (0..count).map(item).collect::<Vec<_>>().join(", ");
    let (client, node) = (|i| format!("{{name: c{i}, to: web}}"), |i| format!("{{name: n{i}}}"));
    let (action, range) = (|_| "{at: 1s, do: addNode}".to_string(), |i: usize| format!("10.{i}.0.0/16"));
    for (field, item, limit) in [
        ("clients", &client as &dyn Fn(usize) -> String, 200),
        ("nodes", &node, 240),
        ("actions", &action, 10_000),
    ] {
        assert_eq!(super::problems(&parse(&scenario(&format!("{field}: [{}]", many(item, limit))))), [""; 0]);
        let found = super::problems(&parse(&scenario(&format!("{field}: [{}]", many(item, limit + 1)))));
        let expected = format!("spec.{field}: Too many: {}: must have at most {limit} items", limit + 1);
        assert!(found.len() == 1 && found[0].contains(&expected), "{found:#?}");
    }
    let ranges = |count| scenario(&format!("kubeProxy: {{nodePortAddresses: [{}]}}", many(&range, count)));
    assert_eq!(super::problems(&parse(&ranges(64))), [""; 0]);
    assert!(super::problems(&parse(&ranges(65)))[0].contains("nodePortAddresses: Too many: 65"));
    check_problem(
        &scenario(&format!("description: '{}'", "x".repeat(300_000))),
        "spec.description: Too long",
    );
}

#[test]
fn an_action_that_is_wrong_takes_the_scenario_with_it() {
    let manifest = parse(&scenario("actions: [{at: 1s, do: explode}]"));
    assert_eq!(manifest.scenario, None);
}

fn str_() -> impl Strategy<Value = Str> {
    "\\PC{0,12}|[ -~\\n\\t]{0,30}|(yes|null|1|0x1|~|a: b|- c|#|\\n|a\\n|\\na|  a\\n b\\n\\n|\u{feff}|\u{85}|\u{2028}|'|\"|\\\\)"
        .prop_map(|s: String| s.as_str().into())
}

fn name() -> impl Strategy<Value = Name> {
    "[a-z0-9]{1,3}(-[a-z0-9]{1,3})?".prop_map(|s: String| s.as_str().into())
}

fn ns_name() -> impl Strategy<Value = NsName> {
    (name(), name()).prop_map(|(namespace, name)| NsName { namespace, name })
}

fn object() -> impl Strategy<Value = ObjectRef> {
    let kind = prop_oneof!["Pod|Service|Deployment|Node|Gadget|ClusterGadget"].prop_map(|k| Kind::named(&k));
    (kind, name(), name(), any::<bool>()).prop_map(|(kind, namespace, name, bare)| {
        let namespace = if kind == Kind::Node || (bare && kind.as_str().ends_with("Gadget")) {
            "".into()
        } else {
            namespace
        };
        ObjectRef { kind, namespace, name }
    })
}

fn label_value() -> impl Strategy<Value = Str> {
    "([A-Za-z0-9]{1,3}([-_.][A-Za-z0-9]{1,3})?)?".prop_map(|s: String| Str::from(s.as_str()))
}

fn labels() -> impl Strategy<Value = Labels> {
    proptest::collection::btree_map(name(), label_value(), 0..3).prop_map(|map| map.into_iter().collect())
}

fn client() -> impl Strategy<Value = ClientSpec> {
    let from = prop_oneof![
        proptest::option::of(any::<std::net::IpAddr>()).prop_map(|ip| ClientFrom::Outside { ip }),
        (name(), "Deployment|ReplicaSet|Pod", name()).prop_map(|(namespace, kind, name)| {
            ClientFrom::Workload { namespace, kind: Kind::named(&kind), name }
        }),
    ];
    let to = "(https?://)?[a-z0-9.-]{1,12}(:[1-9][0-9]{0,3})?|(http://|tcp://)[a-z]{1,3}/[!-~]{0,12}\
        |(http://)?\\[fd00::[0-9a-f]{1,4}\\](:80)?|service/[a-z]{1,3}/[a-z0-9]{1,3}(:[1-9]{1,4})?"
        .prop_map(|s: String| Str::from(s.as_str()));
    let protocol = prop_oneof![
        (Just(Protocol::Tcp), Just(false)),
        (Just(Protocol::Udp), any::<bool>()),
        (Just(Protocol::Sctp), Just(false))
    ];
    let rest = (0..=MAX_RATE_MILLI, any::<bool>(), proptest::option::of(any::<u64>().prop_map(Span)));
    (name(), from, to, protocol, rest).prop_map(
        |(name, from, to, (protocol, one_way), (rate_milli, keep_alive, timeout))| ClientSpec {
            name,
            from,
            to,
            protocol,
            rate_milli,
            keep_alive,
            one_way,
            resolve: [Resolve::EachTime, Resolve::Ttl, Resolve::Once][rate_milli as usize % 3],
            timeout,
        },
    )
}

fn container() -> impl Strategy<Value = Option<Name>> {
    proptest::option::of("[a-z][a-z0-9]{0,5}".prop_map(|s: String| Name::from(s.as_str())))
}

fn app() -> impl Strategy<Value = App> {
    let span = || proptest::option::of(any::<u64>().prop_map(Span));
    let exits = (any::<u64>(), any::<u8>()).prop_map(|(after, code)| Exits { after: Span(after), code });
    let ports = || proptest::collection::vec(any::<u16>(), 0..3);
    let said = (proptest::option::of(ports()), ports(), proptest::option::of(exits));
    (object(), container(), said, (span(), span(), span())).prop_map(
        |(of, container, (serves, refuses, exits), (start_up, drains, pre_stop))| App {
            of,
            container,
            serves,
            refuses,
            start_up,
            drains,
            pre_stop,
            exits,
        },
    )
}

fn prerequisite() -> impl Strategy<Value = Prerequisite> {
    prop_oneof![
        "[a-z]{1,5}/[a-z]{1,5}:[0-9]".prop_map(|s: String| Prerequisite::Image(s.as_str().into())),
        ns_name().prop_map(Prerequisite::ConfigMap),
        ns_name().prop_map(Prerequisite::Secret),
        ns_name().prop_map(Prerequisite::PersistentVolumeClaim),
    ]
}

fn taint_change() -> impl Strategy<Value = TaintChange> {
    let effect = || proptest::sample::select(TaintEffect::ALL.to_vec());
    prop_oneof![
        (name(), label_value(), effect()).prop_map(|(key, value, effect)| {
            TaintChange::Add(Taint { value, ..Taint::new(&key, effect) })
        }),
        (name(), proptest::option::of(effect()))
            .prop_map(|(key, effect)| TaintChange::Remove { key, effect }),
    ]
}

fn patch_type() -> impl Strategy<Value = PatchType> {
    proptest::sample::select(vec![PatchType::Strategic, PatchType::Merge, PatchType::Json])
}

/// A strategy for each action: one that is forgotten does not compile.
macro_rules! actions {
    ($($kind:ident => $strategy:expr),* $(,)?) => {
        fn action() -> impl Strategy<Value = Action> {
            let known = |action: &Action| match action {
                $(Action::$kind { .. } => true),*
            };
            prop_oneof![$($strategy),*].prop_filter("a kind of action", known)
        }
    };
}

actions! {
    Apply => str_().prop_map(|text| Action::apply(&text)),
    Create => str_().prop_map(|text| Action::Create { text: text.into() }),
    Replace => str_().prop_map(|text| Action::Replace { text: text.into() }),
    Patch => (object(), patch_type(), str_())
        .prop_map(|(object, type_, patch)| Action::Patch { object, type_, patch: patch.into() }),
    DeleteObject => (object(), proptest::sample::select(Propagation::ALL.to_vec()), proptest::option::of(0..i32::MAX as u32)).prop_map(
        |(object, propagation_policy, grace_period_seconds)| Action::DeleteObject {
            object,
            propagation_policy,
            grace_period_seconds,
        },
    ),
    SetLabels => (object(), labels()).prop_map(|(object, labels)| Action::SetLabels { object, labels }),
    SetServiceType => (ns_name(), type_())
        .prop_map(|(service, type_)| Action::SetServiceType { service, type_ }),
    SetServicePolicy => (ns_name(), policy())
        .prop_map(|(service, policy)| Action::SetServicePolicy { service, policy }),
    SetSelector => (ns_name(), labels())
        .prop_map(|(service, selector)| Action::SetSelector { service, selector }),
    Scale => (object(), 0..i32::MAX as u32)
        .prop_map(|(object, replicas)| Action::Scale { object, replicas }),
    RolloutRestart => object().prop_map(|object| Action::RolloutRestart { object }),
    RolloutUndo => (object(), proptest::option::of(0..i32::MAX as u32))
        .prop_map(|(object, to_revision)| Action::RolloutUndo { object, to_revision }),
    PauseRollout => (ns_name(), any::<bool>())
        .prop_map(|(deployment, on)| Action::PauseRollout { deployment, on }),
    SetImage => (object(), name(), str_())
        .prop_map(|(object, container, image)| Action::SetImage { object, container, image }),
    SetReadiness => (ns_name(), container(), any::<bool>())
        .prop_map(|(pod, container, pass)| Action::SetReadiness { pod, container, pass }),
    SetLiveness => (ns_name(), container(), any::<bool>())
        .prop_map(|(pod, container, pass)| Action::SetLiveness { pod, container, pass }),
    CrashPod => (ns_name(), container()).prop_map(|(pod, container)| Action::CrashPod { pod, container }),
    FinishPod => (ns_name(), container(), any::<u8>())
        .prop_map(|(pod, container, exit_code)| Action::FinishPod { pod, container, exit_code }),
    SetPodCondition => (ns_name(), name(), any::<bool>())
        .prop_map(|(pod, type_, status)| Action::SetPodCondition { pod, type_, status }),
    SetApp => app().prop_map(|app| Action::SetApp { app }),
    SetMissing => (prerequisite(), any::<bool>()).prop_map(|(what, missing)| Action::SetMissing { what, missing }),
    PowerNode => (name(), any::<bool>()).prop_map(|(node, on)| Action::PowerNode { node, on }),
    Cordon => (name(), any::<bool>()).prop_map(|(node, on)| Action::Cordon { node, on }),
    Taint => (name(), proptest::collection::vec(taint_change(), 0..3))
        .prop_map(|(node, taints)| Action::Taint { node, taints }),
    Drain => (name(), any::<(bool, bool, bool)>()).prop_map(
        |(node, (force, delete_empty_dir_data, ignore_daemonsets))| Action::Drain {
            node,
            force,
            delete_empty_dir_data,
            ignore_daemonsets,
        },
    ),
    CutOffNode => (name(), any::<bool>()).prop_map(|(node, on)| Action::CutOffNode { node, on }),
    PauseKubeProxy => (name(), any::<bool>()).prop_map(|(node, on)| Action::PauseKubeProxy { node, on }),
    AddNode => (proptest::option::of(name()), proptest::option::of(label_value()))
        .prop_map(|(name, zone)| Action::AddNode { name, zone }),
    AddClient => client().prop_map(|client| Action::AddClient { client }),
    RemoveClient => name().prop_map(|client| Action::RemoveClient { client }),
    SetRate => (name(), 0..=MAX_RATE_MILLI)
        .prop_map(|(client, rate_milli)| Action::SetRate { client, rate_milli }),
    SendOne => name().prop_map(|client| Action::SendOne { client }),
    SetIpMode => any::<bool>().prop_map(|proxy| Action::SetIpMode { proxy }),
    SetProxyMode => any::<usize>().prop_map(|n| Action::SetProxyMode { mode: nth_mode(n) }),
}

fn type_() -> impl Strategy<Value = ServiceType> {
    prop_oneof![Just(ServiceType::ClusterIP), Just(ServiceType::NodePort), Just(ServiceType::ExternalName)]
}

fn cidrs() -> impl Strategy<Value = Vec<Cidr>> {
    let cidr = (any::<std::net::IpAddr>(), 0..=32u8).prop_map(|(a, l)| Cidr::new(a, l).unwrap());
    proptest::collection::vec(cidr, 0..3)
}

/// Of one family, or of two in either order, with prefixes of these lengths.
fn ranges(v4: RangeInclusive<u8>, v6: RangeInclusive<u8>) -> impl Strategy<Value = PerFamily<Cidr>> {
    let v4 = (any::<std::net::Ipv4Addr>(), v4).prop_map(|(a, l)| Cidr::new(a.into(), l).unwrap());
    let v6 = (any::<std::net::Ipv6Addr>(), v6).prop_map(|(a, l)| Cidr::new(a.into(), l).unwrap());
    (v4, v6, 0..4).prop_map(|(v4, v6, which)| match which {
        0 => PerFamily::single(Family::V4, v4),
        1 => PerFamily::single(Family::V6, v6),
        2 => PerFamily::dual(Family::V4, v4, v6),
        _ => PerFamily::dual(Family::V6, v6, v4),
    })
}

fn policy() -> impl Strategy<Value = ServicePolicy> {
    let which = prop_oneof![Just(TrafficPolicy::Cluster), Just(TrafficPolicy::Local)];
    let affinity = prop_oneof![
        Just(SessionAffinity::None),
        (0..i32::MAX as u32).prop_map(|timeout_s| SessionAffinity::ClientIP { timeout_s })
    ];
    let texts = || proptest::collection::vec(str_(), 0..3);
    prop_oneof![
        which.clone().prop_map(ServicePolicy::ExternalTrafficPolicy),
        which.prop_map(ServicePolicy::InternalTrafficPolicy),
        affinity.prop_map(ServicePolicy::SessionAffinity),
        proptest::option::of(name()).prop_map(ServicePolicy::TrafficDistribution),
        texts().prop_map(ServicePolicy::LoadBalancerSourceRanges),
        texts().prop_map(ServicePolicy::ExternalIps),
        any::<bool>().prop_map(ServicePolicy::PublishNotReadyAddresses),
        proptest::option::of(name()).prop_map(ServicePolicy::TopologyMode),
    ]
}

fn kube_proxy() -> impl Strategy<Value = KubeProxy> {
    let addresses = prop_oneof![Just(NodePortAddresses::Primary), cidrs().prop_map(NodePortAddresses::In)];
    let interface = InterfaceName::new("cni0").expect("a name");
    let mode = prop_oneof![
        Just(DetectLocalMode::ClusterCidr),
        Just(DetectLocalMode::NodeCidr),
        Just(DetectLocalMode::BridgeInterface(interface)),
        Just(DetectLocalMode::InterfaceNamePrefix(interface))
    ];
    let flags = (any::<[Option<bool>; 4]>(), proptest::option::of(0..=31u8));
    let periods = (proptest::option::of(0..1_000u64), proptest::option::of(1_000..9_000u64));
    let own = (proptest::option::of(any::<std::net::IpAddr>()), proptest::option::of(cidrs()));
    let cluster_cidr = proptest::option::of(proptest::option::of(ranges(0..=32, 0..=32)));
    (cluster_cidr, proptest::option::of(mode), flags, proptest::option::of(addresses), periods, own).prop_map(
        |(cluster_cidr, mode, flags, addresses, periods, own)| KubeProxy {
            cluster_cidr,
            detect_local_mode: mode,
            masquerade_all: flags.0[0],
            masquerade_bit: flags.1,
            node_port_addresses: addresses,
            localhost_node_ports: flags.0[1],
            nfacct: flags.0[2],
            strict_arp: flags.0[3],
            bind_address: own.0,
            exclude_cidrs: own.1,
            min_sync_period: periods.0.map(Span::from_millis),
            sync_period: periods.1.map(Span::from_millis),
        },
    )
}

fn nth_mode(n: usize) -> ProxyMode {
    ProxyMode::ALL[n % ProxyMode::ALL.len()]
}

fn moment(start: Option<Start>, at: u64) -> Moment {
    let distance = i64::try_from(at / 2).expect("half of it is small enough");
    let is_before = at % 2 == 1 && start != Some(Start::Cold);
    Moment(if is_before { -distance } else { distance })
}

fn any_scenario() -> impl Strategy<Value = Scenario> {
    let option = proptest::option::of::<BoxedStrategy<Str>>;
    let words = (
        option(name().boxed()),
        option(str_().boxed()),
        option(str_().boxed()),
        option(label_value().boxed()),
    );
    // Of these every node gets a part.
    let pods = proptest::option::of(ranges(0..=16, 48..=56));
    let services = proptest::option::of(ranges(0..=16, 64..=112));
    let nodes = proptest::option::of(proptest::collection::btree_map(
        name(),
        (option(label_value().boxed()), any::<bool>()),
        0..3,
    ));
    let clients = proptest::option::of(proptest::collection::vec(client(), 0..3));
    let actions = proptest::collection::vec((any::<u64>(), action()), 0..4);
    let scheduler = proptest::option::of(0..Scheduler::NAMES.len());
    let said = (proptest::collection::vec(app(), 0..3), proptest::collection::vec(prerequisite(), 0..3));
    let rest =
        (any::<Option<u64>>(), any::<Option<u64>>(), any::<Option<bool>>(), any::<Option<bool>>(), scheduler);
    (words, (pods, services), nodes, clients, actions, (rest, proptest::option::of(kube_proxy()), said))
        .prop_map(move |(words, cidrs, nodes, clients, actions, (rest, proxy, (apps, missing)))| {
            let node = |(name, (zone, ready))| ScenarioNode { name, zone, ready };
            let start = rest.4.map(|n| if n % 2 == 0 { Start::Cold } else { Start::Settled });
            let numbered = |(index, client): (usize, ClientSpec)| ClientSpec {
                name: format!("c{index}").as_str().into(),
                ..client
            };
            Scenario {
                name: words.0,
                title: words.1,
                description: words.2,
                model: words.3,
                seed: rest.0,
                nodes: nodes.map(|nodes| nodes.into_iter().map(node).collect()),
                pod_cidrs: cidrs.0,
                service_cidrs: cidrs.1.filter(|services| {
                    let has =
                        |pods: PerFamily<_>| services.families().all(|family| pods.get(family).is_some());
                    cidrs.0.is_none_or(has)
                }),
                kube_proxy: proxy,
                ip_masq: rest.3,
                // A text says it of all apps, or of each.
                apps_drain: rest.2.filter(|_| apps.is_empty()),
                apps,
                missing,
                dns: rest.4.map(|n| [ClusterDns::Ideal, ClusterDns::Pods][n % 2]),
                // Nothing else has addresses of its pool.
                cloud: rest
                    .4
                    .map(any_cloud)
                    .filter(|cloud| cloud.address_pool().is_none() || cidrs.0.is_none() && cidrs.1.is_none()),
                proxy_mode: rest.2.map(|first| nth_mode(usize::from(!first))),
                ipvs_scheduler: rest.4.and_then(|n| Scheduler::parse(Scheduler::NAMES[n])),
                timing: rest
                    .3
                    .map(|real| if real { TimingProfile::Realistic } else { TimingProfile::Teaching }),
                field_validation: rest.4.map(|n| FieldValidation::ALL[n % FieldValidation::ALL.len()]),
                clients: clients.map(|clients| clients.into_iter().enumerate().map(numbered).collect()),
                actions: actions
                    .into_iter()
                    .map(|(at, action)| TimedAction { at: moment(start, at), action })
                    .collect(),
                at: rest.1.map(|at| moment(start, at)),
                start,
            }
        })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(scenario in any_scenario()) {
        let text = scenario.to_text();
        let manifest = parse(&text);
        prop_assert_eq!(manifest.diagnostics, vec![], "{}", &text);
        prop_assert_eq!(manifest.scenario.as_ref(), Some(&scenario), "{}", &text);
    }
}

fn any_cloud(n: usize) -> CloudProvider {
    let pool = "kind: Scenario\napiVersion: packetyard/v1alpha1\nspec: {cloud: {addressPool: [192.0.2.0/25, \
                192.0.2.200-192.0.2.250, '2001:db8:9::/120']}}\n";
    let pool = parse(pool).scenario.and_then(|scenario| scenario.cloud);
    [CloudProvider::None, CloudProvider::Vip, CloudProvider::Proxy, pool.expect("a pool")][n % 4].clone()
}
