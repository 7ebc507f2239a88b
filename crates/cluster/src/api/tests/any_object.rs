//! Objects of every kind that is simulated, with any of their fields: what is shown of each decodes to it again.

use std::collections::BTreeSet;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::written::check_round_but_for_other_fields;
use crate::api::ServiceSpec;

/// A map with all of `required`, and with any of `optional`.
fn fields(
    required: Vec<(&'static str, BoxedStrategy<Value>)>,
    optional: Vec<(&'static str, BoxedStrategy<Value>)>,
) -> BoxedStrategy<Value> {
    let required = required.into_iter().map(|(key, value)| value.prop_map(move |v| (key, Some(v))).boxed());
    let optional =
        optional.into_iter().map(|(key, value)| option::of(value).prop_map(move |v| (key, v)).boxed());
    let all: Vec<_> = required.chain(optional).collect();
    all.prop_map(|fields| {
        let fields = fields.into_iter().filter_map(|(key, value)| Some((key.to_string(), value?)));
        Value::Object(fields.collect::<Map<_, _>>())
    })
    .boxed()
}

fn one_of(values: &'static [&'static str]) -> BoxedStrategy<Value> {
    select(values).prop_map(|value| json!(value)).boxed()
}

fn matching(pattern: &'static str) -> BoxedStrategy<Value> {
    pattern.prop_map(|text| json!(text)).boxed()
}

fn flag() -> BoxedStrategy<Value> {
    any::<bool>().prop_map(|on| json!(on)).boxed()
}

fn number(least: u32, most: u32) -> BoxedStrategy<Value> {
    (least..=most).prop_map(|number| json!(number)).boxed()
}

fn list(item: BoxedStrategy<Value>, most: usize) -> BoxedStrategy<Value> {
    vec(item, 0..=most).prop_map(Value::Array).boxed()
}

/// A label's, a port's or an object's name.
const NAME: &str = "[a-z]([a-z0-9]{0,3}(-[a-z0-9]{1,3})?)?";

fn labels() -> BoxedStrategy<Value> {
    let key = "([a-z]{1,3}\\.example/)?[A-Za-z]([A-Za-z0-9]{0,3}[-_.][A-Za-z0-9]{1,3})?";
    // Of those that YAML would take for something else, too.
    let value = "([A-Za-z0-9]{1,3}([-_.][A-Za-z0-9]{1,3})?)?|yes|null|0x1|1e3|2026-01-01|true";
    btree_map(key, value, 0..3).prop_map(|map| json!(map)).boxed()
}

/// Any text, of which YAML needs much to be quoted.
fn text() -> BoxedStrategy<Value> {
    matching("\\PC{0,12}|[ -~\\n\\t]{0,20}|- a|a: b|#|~|'|\\\\|  a\\n b\\n\\n")
}

fn metadata() -> BoxedStrategy<Value> {
    let annotations =
        btree_map("[a-z]{1,3}\\.example/[a-z]{1,3}", text(), 0..2).prop_map(|map| json!(map)).boxed();
    fields(
        vec![("name", matching(NAME))],
        vec![("namespace", matching(NAME)), ("labels", labels()), ("annotations", annotations)],
    )
}

/// Of those whose names only tell them apart when there are several: `name` is required then.
fn named(items: Vec<Value>, key: &str) -> Value {
    let items = items.into_iter().enumerate().map(|(nth, mut item)| {
        item[key] = json!(format!("n{nth}"));
        item
    });
    Value::Array(items.collect())
}

fn object(
    version: &'static str,
    kind: &'static str,
    parts: Vec<(&'static str, BoxedStrategy<Value>)>,
) -> BoxedStrategy<Value> {
    let head = [
        ("apiVersion", Just(json!(version)).boxed()),
        ("kind", Just(json!(kind)).boxed()),
        ("metadata", metadata()),
    ];
    fields(head.into_iter().chain(parts).collect(), Vec::new())
}

/// Without a namespace: nodes and namespaces have none.
fn cluster_object(
    version: &'static str,
    kind: &'static str,
    parts: Vec<(&'static str, BoxedStrategy<Value>)>,
) -> BoxedStrategy<Value> {
    object(version, kind, parts)
        .prop_map(|mut object| {
            object["metadata"].as_object_mut().expect("a map").remove("namespace");
            object
        })
        .boxed()
}

fn protocol() -> BoxedStrategy<Value> {
    one_of(&["TCP", "UDP", "SCTP"])
}

/// A number or a container port's name.
fn port_or_name() -> BoxedStrategy<Value> {
    prop_oneof![number(1, 65_535), matching("[a-z]{1,5}")].boxed()
}

fn service() -> BoxedStrategy<Value> {
    let types = one_of(&["ClusterIP", "headless", "NodePort", "LoadBalancer", "ExternalName"]);
    let spec = types.prop_flat_map(|type_| {
        let type_ = type_.as_str().expect("a string").to_string();
        let has_ports = type_ != "ExternalName";
        let mut required = Vec::new();
        let mut optional = vec![
            ("selector", labels()),
            ("internalTrafficPolicy", one_of(&["Cluster", "Local"])),
            ("publishNotReadyAddresses", flag()),
            ("trafficDistribution", one_of(&["PreferClose", "PreferSameNode", "PreferSameZone"])),
        ];
        if type_ == "headless" {
            required.push(("clusterIP", Just(json!("None")).boxed()));
        } else {
            required.push(("type", Just(json!(type_)).boxed()));
        }
        if type_ == "ExternalName" {
            required.push(("externalName", matching("[a-z]{1,5}\\.example\\.com\\.?")));
        }
        if has_ports {
            required.push(("ports", service_ports(type_ == "NodePort" || type_ == "LoadBalancer")));
            optional.push(("sessionAffinity", one_of(&["ClientIP", "None"])));
        }
        if ["ClusterIP", "NodePort", "LoadBalancer"].contains(&&*type_) {
            optional
                .push(("clusterIP", (16..250u8).prop_map(|last| json!(format!("10.96.0.{last}"))).boxed()));
            optional.push(("externalIPs", list(matching("192\\.0\\.2\\.[1-9]"), 2)));
        }
        if type_ != "ExternalName" {
            optional.push(("ipFamilies", select(vec![json!(["IPv4"]), json!(["IPv4", "IPv6"])]).boxed()));
            optional
                .push(("ipFamilyPolicy", one_of(&["SingleStack", "PreferDualStack", "RequireDualStack"])));
        }
        if ["NodePort", "LoadBalancer"].contains(&&*type_) {
            optional.push(("externalTrafficPolicy", one_of(&["Cluster", "Local"])));
        }
        if type_ == "LoadBalancer" {
            optional.push(("allocateLoadBalancerNodePorts", flag()));
            optional.push(("loadBalancerIP", matching("192\\.0\\.2\\.[1-9]")));
            optional.push(("loadBalancerClass", matching("[a-z]{1,3}\\.example/[a-z]{1,3}")));
            optional.push(("loadBalancerSourceRanges", list(matching("203\\.0\\.113\\.0/2[4-9]"), 2)));
        }
        (fields(required, optional), 1..86_400u32, option::of(31_000..32_000u32))
    });
    let spec = spec.prop_map(|(mut spec, timeout, health_port)| {
        if spec["sessionAffinity"] == "ClientIP" {
            spec["sessionAffinityConfig"] = json!({"clientIP": {"timeoutSeconds": timeout}});
        }
        if spec["clusterIP"].is_string() {
            spec["clusterIPs"] = json!([spec["clusterIP"]]);
        }
        if spec["type"] == "LoadBalancer" && spec["externalTrafficPolicy"] == "Local" {
            spec["healthCheckNodePort"] = json!(health_port.unwrap_or(0));
        }
        spec
    });
    object("v1", "Service", vec![("spec", spec.boxed())])
}

fn service_ports(has_node_ports: bool) -> BoxedStrategy<Value> {
    let mut optional = vec![
        ("protocol", protocol()),
        ("targetPort", port_or_name()),
        ("appProtocol", matching("[a-z]{1,4}")),
    ];
    if has_node_ports {
        optional.push(("nodePort", Just(json!(0)).boxed()));
    }
    vec(fields(vec![("port", number(1, 65_535))], optional), 1..4)
        .prop_map(|mut ports| {
            // No port twice, and no node port.
            for (nth, port) in ports.iter_mut().enumerate() {
                port["port"] =
                    json!(port["port"].as_u64().expect("a number") % 20_000 + 20_000 * nth as u64 + 1);
                if !port["nodePort"].is_null() {
                    port["nodePort"] = json!(30_100 + nth);
                }
            }
            if ports.len() == 1 { Value::Array(ports) } else { named(ports, "name") }
        })
        .boxed()
}

fn probe() -> BoxedStrategy<Value> {
    let port = || prop_oneof![number(1, 65_535), Just(json!("p0"))].boxed();
    let asks = prop_oneof![
        port().prop_map(|port| json!({"httpGet": {"path": "/", "port": port}})),
        port().prop_map(|port| json!({"tcpSocket": {"port": port}})),
        number(1, 65_535).prop_map(|port| json!({"grpc": {"port": port}})),
        Just(json!({"exec": {"command": ["true"]}})),
    ];
    let times = fields(
        Vec::new(),
        vec![
            ("initialDelaySeconds", number(0, 60)),
            ("periodSeconds", number(1, 60)),
            ("timeoutSeconds", number(1, 60)),
            ("successThreshold", number(1, 5)),
            ("failureThreshold", number(1, 5)),
        ],
    );
    (asks, times)
        .prop_map(|(mut probe, times)| {
            probe.as_object_mut().expect("a map").extend(times.as_object().expect("a map").clone());
            probe
        })
        .boxed()
}

fn until_first_success() -> BoxedStrategy<Value> {
    probe()
        .prop_map(|mut probe| {
            probe["successThreshold"] = json!(1);
            probe
        })
        .boxed()
}

fn container() -> BoxedStrategy<Value> {
    let host = vec![
        ("protocol", protocol()),
        ("hostPort", number(0, 65_535)),
        ("hostIP", matching("192\\.168\\.0\\.[1-9]")),
    ];
    let port = fields(vec![("containerPort", number(1, 65_535))], host);
    let ports = vec(port, 0..3).prop_map(|ports| {
        let ports = ports.into_iter().zip(["p0", "p1", "p2"]).map(|(mut port, name)| {
            port["name"] = json!(name);
            port
        });
        Value::Array(ports.collect())
    });
    let env = fields(vec![("name", matching("[A-Z]{1,4}"))], vec![("value", text())]);
    fields(
        vec![("image", matching("[a-z]{1,4}(:[0-9]\\.[0-9])?")), ("ports", ports.boxed())],
        vec![
            ("env", list(env, 3)),
            ("command", list(text(), 2)),
            ("args", list(text(), 2)),
            ("readinessProbe", probe()),
            ("livenessProbe", until_first_success()),
            ("startupProbe", until_first_success()),
            ("imagePullPolicy", one_of(&["Always", "IfNotPresent"])),
            ("resources", fields(Vec::new(), vec![("requests", quantities()), ("limits", quantities())])),
        ],
    )
}

fn quantities() -> BoxedStrategy<Value> {
    fields(
        Vec::new(),
        vec![
            ("cpu", prop_oneof![number(1, 9), matching("[1-9]00m|[1-9]\\.5")].boxed()),
            ("memory", matching("[1-9]{1,3}(Ki|Mi|Gi|k|M|G|)|1\\.5Gi|1e6")),
            ("example.com/gpu", number(1, 9)),
        ],
    )
}

fn selector() -> BoxedStrategy<Value> {
    let expression = prop_oneof![
        Just(json!({"key": "app", "operator": "In", "values": ["w", "x"]})),
        Just(json!({"key": "gone", "operator": "DoesNotExist"})),
    ];
    fields(Vec::new(), vec![("matchLabels", labels()), ("matchExpressions", list(expression.boxed(), 2))])
}

fn node_selector_term() -> BoxedStrategy<Value> {
    let expression = prop_oneof![
        Just(json!({"key": "zone", "operator": "In", "values": ["a", "b"]})),
        Just(json!({"key": "cores", "operator": "Gt", "values": ["4"]})),
        Just(json!({"key": "gpu", "operator": "Exists"})),
    ];
    let field = Just(json!([{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]));
    fields(
        Vec::new(),
        vec![("matchExpressions", list(expression.boxed(), 2)), ("matchFields", field.boxed())],
    )
}

fn pod_affinity() -> BoxedStrategy<Value> {
    let term = || {
        let keys = || Just(json!(["app"])).boxed();
        let optional = vec![
            ("namespaces", Just(json!(["other"])).boxed()),
            ("namespaceSelector", selector()),
            ("matchLabelKeys", keys()),
        ];
        fields(vec![("topologyKey", matching(NAME)), ("labelSelector", selector())], optional)
    };
    let weighted = fields(vec![("weight", number(1, 100)), ("podAffinityTerm", term())], Vec::new());
    let [required, preferred] = KINDS_OF_AFFINITY;
    fields(Vec::new(), vec![(required, list(term(), 2)), (preferred, list(weighted, 2))])
}

const KINDS_OF_AFFINITY: [&str; 2] =
    ["requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"];

fn affinity() -> BoxedStrategy<Value> {
    let [required, preferred] = KINDS_OF_AFFINITY;
    let terms = vec(node_selector_term(), 1..3).prop_map(|terms| json!({"nodeSelectorTerms": terms}));
    let weighted = fields(vec![("weight", number(1, 100)), ("preference", node_selector_term())], Vec::new());
    let node = fields(Vec::new(), vec![(required, terms.boxed()), (preferred, list(weighted, 2))]);
    fields(
        Vec::new(),
        vec![("nodeAffinity", node), ("podAffinity", pod_affinity()), ("podAntiAffinity", pod_affinity())],
    )
}

fn toleration() -> BoxedStrategy<Value> {
    prop_oneof![
        Just(json!({"operator": "Exists"})),
        Just(json!({"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})),
        Just(json!({"key": "a", "operator": "Equal", "value": "b"})),
        Just(json!({"key": "a", "value": "b", "effect": "NoSchedule"})),
    ]
    .boxed()
}

fn spread_constraint() -> BoxedStrategy<Value> {
    fields(
        vec![
            ("maxSkew", number(1, 5)),
            ("topologyKey", matching(NAME)),
            ("whenUnsatisfiable", one_of(&["DoNotSchedule"])),
            ("labelSelector", selector()),
        ],
        vec![
            ("minDomains", number(1, 3)),
            ("nodeAffinityPolicy", one_of(&["Honor", "Ignore"])),
            ("nodeTaintsPolicy", one_of(&["Honor", "Ignore"])),
            ("matchLabelKeys", Just(json!(["app"])).boxed()),
        ],
    )
}

fn pod_spec() -> BoxedStrategy<Value> {
    let containers = vec(container(), 1..3).prop_map(|containers| named(containers, "name")).boxed();
    let sidecars = vec(container(), 0..2).prop_map(|containers| {
        let containers = containers.into_iter().enumerate().map(|(nth, mut container)| {
            container["name"] = json!(format!("init{nth}"));
            container["restartPolicy"] = json!("Always");
            container
        });
        Value::Array(containers.collect())
    });
    fields(
        vec![("containers", containers)],
        vec![
            ("initContainers", sidecars.boxed()),
            ("terminationGracePeriodSeconds", number(0, 600)),
            ("dnsPolicy", one_of(&["ClusterFirst", "ClusterFirstWithHostNet", "Default"])),
            ("restartPolicy", one_of(&["Always"])),
            ("hostname", matching(NAME)),
            ("subdomain", matching(NAME)),
            ("nodeSelector", labels()),
            ("affinity", affinity()),
            ("tolerations", list(toleration(), 3)),
            ("topologySpreadConstraints", list(spread_constraint(), 1)),
            ("schedulingGates", Just(json!([{"name": "example.com/gate"}])).boxed()),
            ("schedulerName", one_of(&["default-scheduler", "another"])),
            ("priorityClassName", matching(NAME)),
            ("priority", number(0, 9)),
            ("preemptionPolicy", one_of(&["Never", "PreemptLowerPriority"])),
            ("overhead", quantities()),
        ],
    )
}

fn pod() -> BoxedStrategy<Value> {
    let spec = (pod_spec(), option::of(matching(NAME))).prop_map(|(mut spec, node)| {
        // With gates it is on no node yet.
        if let Some(node) = node.filter(|_| spec.get("schedulingGates").is_none()) {
            spec["nodeName"] = node;
        }
        spec
    });
    object("v1", "Pod", vec![("spec", spec.boxed())])
}

/// A selector and the template that it matches.
fn workload_spec(optional: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let optional = optional.into_iter().chain([("replicas", number(0, 5))]).collect();
    let template = (labels(), pod_spec(), option::of(labels()));
    (fields(Vec::new(), optional), template, any::<[bool; 3]>())
        .prop_map(|(mut spec, (mut labels, pod_spec, annotations), [in_, not_in, exists])| {
            labels["app"] = json!("x");
            let mut expressions = Vec::new();
            if in_ {
                expressions.push(json!({"key": "app", "operator": "In", "values": ["w", "x"]}));
            }
            if not_in {
                expressions.push(json!({"key": "track", "operator": "NotIn", "values": ["canary"]}));
            }
            if exists {
                expressions.push(json!({"key": "app", "operator": "Exists"}));
                expressions.push(json!({"key": "gone", "operator": "DoesNotExist"}));
            }
            spec["selector"] = json!({"matchLabels": {"app": "x"}, "matchExpressions": expressions});
            spec["template"] = json!({"metadata": {"labels": labels}, "spec": pod_spec});
            if let Some(annotations) = annotations {
                spec["template"]["metadata"]["annotations"] = annotations;
            }
            spec
        })
        .boxed()
}

fn deployment() -> BoxedStrategy<Value> {
    let amount = || prop_oneof![number(1, 9), (1..100u32).prop_map(|n| json!(format!("{n}%")))].boxed();
    let rolling = fields(Vec::new(), vec![("maxSurge", amount()), ("maxUnavailable", amount())]);
    let strategy = prop_oneof![
        Just(json!({"type": "Recreate"})),
        rolling.prop_map(|rolling| json!({"type": "RollingUpdate", "rollingUpdate": rolling})),
    ];
    let optional = vec![("strategy", strategy.boxed()), ("minReadySeconds", number(0, 9))];
    object("apps/v1", "Deployment", vec![("spec", workload_spec(optional))])
}

fn replica_set() -> BoxedStrategy<Value> {
    object("apps/v1", "ReplicaSet", vec![("spec", workload_spec(Vec::new()))])
}

fn node() -> BoxedStrategy<Value> {
    let taints = Just(json!([
        {"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule", "value": "1"},
        {"key": "a", "effect": "PreferNoSchedule"}
    ]));
    let spec = fields(
        Vec::new(),
        vec![
            ("podCIDR", matching("10\\.24[4-7]\\.0\\.0/24")),
            ("unschedulable", flag()),
            ("taints", taints.boxed()),
        ],
    );
    let addresses =
        matching("192\\.168\\.0\\.[1-9]").prop_map(|ip| json!([{"type": "InternalIP", "address": ip}]));
    let conditions =
        one_of(&["True", "False", "Unknown"]).prop_map(|status| json!([{"type": "Ready", "status": status}]));
    let status = fields(
        Vec::new(),
        vec![
            ("addresses", addresses.boxed()),
            ("conditions", conditions.boxed()),
            ("allocatable", quantities()),
        ],
    );
    cluster_object("v1", "Node", vec![("spec", spec), ("status", status)])
}

fn priority_class() -> BoxedStrategy<Value> {
    let fields = vec![
        ("value", number(0, 1_000_000_000)),
        ("globalDefault", flag()),
        ("preemptionPolicy", one_of(&["Never", "PreemptLowerPriority"])),
    ];
    cluster_object("scheduling.k8s.io/v1", "PriorityClass", fields)
}

fn endpoint_slice() -> BoxedStrategy<Value> {
    let name = |key: &'static str| matching(NAME).prop_map(move |name| json!([{key: name}])).boxed();
    let conditions =
        fields(Vec::new(), vec![("ready", flag()), ("serving", flag()), ("terminating", flag())]);
    let hints = fields(Vec::new(), vec![("forZones", name("name")), ("forNodes", name("name"))]);
    let target = matching(NAME)
        .prop_map(|name| json!({"kind": "Pod", "name": name, "uid": "00000000-0000-4000-8000-00000000000a"}));
    let endpoint = fields(
        vec![("addresses", vec(matching("10\\.244\\.[1-9]\\.[1-9]"), 1..3).prop_map(Value::Array).boxed())],
        vec![
            ("conditions", conditions),
            ("nodeName", matching(NAME)),
            ("zone", matching(NAME)),
            ("hostname", matching(NAME)),
            ("targetRef", target.boxed()),
            ("hints", hints),
        ],
    );
    let port = fields(vec![("port", number(1, 65_535))], vec![("protocol", protocol())]);
    let ports = vec(port, 1..3).prop_map(|ports| named(ports, "name"));
    object(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        vec![
            ("addressType", Just(json!("IPv4")).boxed()),
            ("ports", ports.boxed()),
            ("endpoints", list(endpoint, 4)),
        ],
    )
    .prop_map(|mut slice| {
        slice["metadata"]["labels"]["kubernetes.io/service-name"] = json!("web");
        slice
    })
    .boxed()
}

fn any_object() -> impl Strategy<Value = Value> {
    let anything =
        fields(Vec::new(), vec![("text", text()), ("list", list(number(0, 9), 3)), ("labels", labels())]);
    prop_oneof![
        3 => service(),
        2 => pod(),
        2 => deployment(),
        1 => replica_set(),
        1 => node(),
        2 => endpoint_slice(),
        1 => cluster_object("v1", "Namespace", Vec::new()),
        1 => priority_class(),
        1 => object("example.com/v1", "Gadget", vec![("spec", anything)]),
    ]
}

/// A field of Service that is forgotten above is missed here.
#[test]
fn every_field_of_a_service_is_tried() {
    let mut runner = TestRunner::deterministic();
    let mut tried = BTreeSet::new();
    for _ in 0..500 {
        let service = service().new_tree(&mut runner).expect("a Service").current();
        tried.extend(service["spec"].as_object().expect("a map").keys().cloned());
    }
    for field in ServiceSpec::FIELDS.fields.iter().filter(|field| !field.unsimulated) {
        assert!(tried.contains(field.name), "{} is in no Service of this file", field.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn what_is_shown_of_any_object_decodes_to_it(object in any_object()) {
        check_round_but_for_other_fields(&object.to_string());
    }
}
