//! Rules from EndpointSlices as anybody may write them: controllers hint all ready endpoints or none, and give no
//! endpoint conditions that contradict each other; other authors need not.

use proptest::prelude::*;

use crate::known_endpoints::rules_hold_the_known_endpoints;
use crate::properties::mode;
use crate::support::{seconds, start};

/// The conditions, the node and the hints of an endpoint in a slice that no controller wrote: any mixture.
fn endpoint() -> impl Strategy<Value = String> {
    let maybe = || proptest::option::of(any::<bool>());
    let hints =
        (proptest::option::of(1..4u8), proptest::option::of(proptest::sample::select(vec!["a", "b"])));
    (maybe(), maybe(), maybe(), proptest::option::of(1..4u8), hints).prop_map(
        |(ready, serving, terminating, node, (for_node, for_zone))| {
            let conditions = [("ready", ready), ("serving", serving), ("terminating", terminating)];
            let conditions: Vec<String> =
                conditions.iter().filter_map(|(name, on)| Some(format!("{name}: {}", (*on)?))).collect();
            let node = node.map(|node| format!("nodeName: node-{node}, "));
            let nodes = for_node.map(|node| format!("forNodes: [{{name: node-{node}}}]"));
            let zones = for_zone.map(|zone| format!("forZones: [{{name: {zone}}}]"));
            let hints: Vec<String> = [nodes, zones].into_iter().flatten().collect();
            let (conditions, hints) = (conditions.join(", "), hints.join(", "));
            format!("{}conditions: {{{conditions}}}, hints: {{{hints}}}", node.unwrap_or_default())
        },
    )
}

/// Two slices of endpoints, each with an address of its own. Some are in the other slice, too, as the Pod that had
/// the address before. (Of two that do not terminate upstream takes either.)
fn slices() -> impl Strategy<Value = [Vec<String>; 2]> {
    proptest::collection::vec((endpoint(), any::<bool>(), any::<bool>()), 0..8).prop_map(|endpoints| {
        let mut slices = [Vec::new(), Vec::new()];
        for (host, (endpoint, second, reused)) in (1..).zip(endpoints) {
            let (here, there) = (usize::from(second), usize::from(!second));
            let address = format!("addresses: [10.244.9.{host}]");
            let terminates = endpoint.contains("terminating: true");
            slices[here].push(format!("{{{address}, {endpoint}}}"));
            if reused && !terminates {
                let before = "conditions: {ready: false, serving: true, terminating: true}, nodeName: node-1";
                slices[there].push(format!("{{{address}, {before}}}"));
            }
        }
        slices
    })
}

/// A Service without a selector, and its EndpointSlices.
fn by_hand(policies: (&str, &str), type_: &str, slices: &[Vec<String>; 2]) -> String {
    let nodes = ["a", "b", "a"].iter().zip(1..).map(|(zone, nth)| {
        format!("{{apiVersion: v1, kind: Node, metadata: {{name: node-{nth}, labels: {{topology.kubernetes.io/zone: {zone}}}}}}}\n---\n")
    });
    let external = match type_ {
        "ClusterIP" => String::new(),
        _ => format!(", externalTrafficPolicy: {}", policies.1),
    };
    let slices = slices.iter().enumerate().map(|(nth, endpoints)| {
        format!(
            "---\n{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: {{name: by-hand-{nth}, \
             labels: {{kubernetes.io/service-name: by-hand}}}}, ports: [{{name: http, port: 8080}}], endpoints: [{}]}}\n",
            endpoints.join(", ")
        )
    });
    nodes
        .chain([format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: by-hand}}, spec: {{type: {type_}, \
             internalTrafficPolicy: {}{external}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}}}\n",
            policies.0
        )])
        .chain(slices)
        .collect()
}

proptest! {
    #[test]
    fn rules_hold_what_any_endpoint_slice_allows(
        mode in mode(),
        internal in proptest::sample::select(vec!["Cluster", "Local"]),
        external in proptest::sample::select(vec!["Cluster", "Local"]),
        type_ in proptest::sample::select(vec!["ClusterIP", "NodePort"]),
        slices in slices(),
    ) {
        let manifests = by_hand((internal, external), type_, &slices);
        let scenario = "---\n{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {proxyMode: ";
        let mut run = start(&[&manifests, scenario, mode.as_str(), "}}\n"].concat(), 7);
        run.advance_to(seconds(20), u64::MAX);
        let machines = run.world().machines();
        prop_assert!(machines.values().all(|machine| machine.proxy.behind() == 0 && machine.proxy.zone.is_some()));
        rules_hold_the_known_endpoints(run.world());
    }
}
