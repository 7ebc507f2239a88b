//! A cluster of two IP families.

use crate::support::{go_on, key, manifest, settle, start};
use cluster::api::Action;
use cluster::node::kube_proxy::ProxyMode;
use cluster::sim::{Run, Span, Time, World};
use litemap::LiteMap;
use netfilter::Family;

/// Services of either family and of both, and whoever calls them: by name, at an address, from outside.
const MANIFESTS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: both}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  ipFamilyPolicy: PreferDualStack
  clusterIP: 10.96.0.50
  clusterIPs: [10.96.0.50, 'fd00:10:96::50']
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: four}
spec: {type: NodePort, clusterIP: 10.96.0.60, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: six}
spec: {type: NodePort, clusterIP: 'fd00:10:96::60', selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: six-local}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  clusterIP: 'fd00:10:96::70'
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: primary}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {containers: [{name: curl, image: curl}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
metadata: {name: two-families}
spec:
  clients:
  - {name: by-name, from: pod/default/curl, to: 'both:80', rate: 2}
  - {name: second-address, from: pod/default/curl, to: '[fd00:10:96::50]:80', rate: 2}
  - {name: four, from: pod/default/curl, to: 'four:80', rate: 2}
  - {name: six, from: pod/default/curl, to: 'six:80', rate: 2}
  - {name: primary, from: pod/default/curl, to: 'primary:80', rate: 2}
  - {name: headless, from: pod/default/curl, to: 'headless:80', rate: 2}
  - {name: outside, from: outside, to: service/default/both, rate: 2}
  - {name: outside-four, from: {ip: 203.0.113.9}, to: service/default/both, rate: 2}
  - {name: outside-six, from: {ip: '2001:db8::9'}, to: service/default/both, rate: 2}
  - {name: balanced-six, from: outside, to: service/default/six-local, rate: 2}
  - {name: node-port-four, from: outside, to: service/default/four, rate: 2}
  - {name: node-port-six, from: outside, to: service/default/six, rate: 2}
";

fn ranges(primary: Family, v4: &str, v6: &str) -> String {
    match primary {
        Family::V4 => format!("{v4},{v6}"),
        Family::V6 => format!("{v6},{v4}"),
    }
}

fn settled(mode: ProxyMode, primary: Family) -> Run {
    let pods = ranges(primary, "10.244.0.0/16", "fd00:10:244::/56");
    let services = ranges(primary, "10.96.0.0/12", "fd00:10:96::/112");
    let mode = mode.as_str();
    let text = format!("{MANIFESTS}  podCIDR: {pods}\n  serviceCIDR: {services}\n  proxyMode: {mode}\n");
    let manifest = manifest(&text);
    // With seed 7 three clients of one Pod have the same source ports, and IPVS mixes up their replies.
    let (mut run, refusals) = Run::new(&manifest, Some(8));
    assert_eq!(refusals, [], "the API server takes these manifests");
    settle(&mut run);
    // What was under way then has ended.
    go_on(&mut run, Span::from_secs(60));
    run
}

fn each(check: impl Fn(Run, ProxyMode, Family)) {
    for mode in ProxyMode::ALL {
        for primary in [Family::V4, Family::V6] {
            check(settled(mode, primary), mode, primary);
        }
    }
}

#[test]
fn services_of_either_family_and_of_both_are_reached() {
    each(|mut run, mode, primary| {
        let counts = |world: &World| -> LiteMap<String, (u64, u64)> {
            let clients = world.traffic().stats.clients.iter();
            clients.map(|(name, c)| (name.to_string(), (c.delivered, c.failed()))).collect()
        };
        let before = counts(run.world());
        go_on(&mut run, Span::from_secs(20));
        for (name, (delivered, failed)) in counts(run.world()) {
            let (delivered_before, failed_before) = before[&name];
            let about = format!("{name}, mode {}, {primary:?} first", mode.as_str());
            assert!(delivered > delivered_before + 20, "{about}: {delivered_before}, {delivered}");
            assert_eq!(failed, failed_before, "{about}");
        }
        assert_eq!(before.len(), 12);
        packets_met_rules_of_their_own_family(run.world(), &format!("{mode:?}, {primary:?} first"));
    });
}

fn packets_met_rules_of_their_own_family(world: &World, about: &str) {
    let mut met: LiteMap<Family, u32> = LiteMap::new();
    for packet in world.traffic().finished.iter().flat_map(|record| &record.packets) {
        for hop in packet.hops.iter().filter(|hop| !hop.hits.is_empty()) {
            let rules = hop.rules.as_ref().expect("they are kept with what matched");
            assert_eq!(rules.family(), Family::of(hop.before.dst), "{about}");
            *met.entry(rules.family()).or_insert(0) += 1;
        }
    }
    assert!(met.len() == 2 && met.values().all(|count| *count > 20), "{about}: {met:?}");
}

/// meta_proxier.go, OnEndpointSliceAdd.
#[test]
fn an_endpoint_slice_concerns_the_proxier_of_its_family() {
    each(|mut run, mode, primary| {
        let slice = "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv6, \
                      metadata: {name: more, labels: {kubernetes.io/service-name: six}}, \
                      ports: [{name: '', port: 80}], endpoints: [{addresses: ['fd00:10:244:9::9']}]}";
        run.act(Action::apply(slice)).expect("it is applied");
        let acted = run.world().now();
        go_on(&mut run, Span::from_secs(10));
        let has_synced = |at: Option<Time>| at.is_some_and(|at| at > acted);
        for machine in run.world().machines().values() {
            for (family, proxier) in machine.proxy.proxiers.iter() {
                let about = format!("{mode:?}, {primary:?} first: {family:?}");
                assert_eq!(has_synced(proxier.synced_at), family == Family::V6, "{about}");
            }
            let anew = run.world().rules_as_if(machine.uid, mode).expect("the node is there");
            for (family, rules) in anew.iter() {
                let in_force = machine.rules(family).expect("it has the cluster's families").to_string();
                assert_eq!(in_force.contains("fd00:10:244:9::9"), family == Family::V6);
                assert_eq!(in_force, rules.to_string(), "{mode:?}: as a sync from nothing writes them");
            }
        }
    });
}

/// cmd/kube-proxy server_linux.go, getLocalDetectors: a family that `clusterCIDR` has no range of has no detector.
#[test]
fn a_proxier_knows_pods_by_the_cluster_cidr_of_its_family() {
    for (said, v4, v6) in [
        (
            "10.0.0.0/8,fd00::/16",
            Some("! -s 10.0.0.0/8 -j KUBE-MARK-MASQ"),
            Some("! -s fd00::/16 -j KUBE-MARK-MASQ"),
        ),
        ("fd00::/16", None, Some("! -s fd00::/16 -j KUBE-MARK-MASQ")),
        ("10.0.0.0/8", Some("! -s 10.0.0.0/8 -j KUBE-MARK-MASQ"), None),
    ] {
        let pods = ranges(Family::V4, "10.244.0.0/16", "fd00:10:244::/56");
        let services = ranges(Family::V4, "10.96.0.0/12", "fd00:10:96::/112");
        let text = format!(
            "{MANIFESTS}  podCIDR: {pods}\n  serviceCIDR: {services}\n  kubeProxy: {{clusterCIDR: '{said}'}}\n"
        );
        let mut run = start(&text, 8);
        settle(&mut run);
        let machine = run.world().machine_named("node-1").expect("the node");
        for (family, expected) in [(Family::V4, v4), (Family::V6, v6)] {
            let rules = machine.rules(family).expect("both are there").to_string();
            let has_any = rules.lines().any(|line| line.contains("cluster IP") && line.contains("! -s "));
            assert_eq!(has_any, expected.is_some(), "{said}: {rules}");
            assert!(expected.is_none_or(|expected| rules.contains(expected)), "{said}: {rules}");
        }
    }
}

/// An exported cluster says it in its Nodes alone.
#[test]
fn nodes_bring_their_families_with_them() {
    let node = |name: &str, ranges: &str| {
        format!(
            "{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}, spec: {{podCIDRs: [{ranges}]}}}}\n---\n"
        )
    };
    for (first, expected) in [
        ("10.244.5.0/24", vec![Family::V4]),
        ("'fd00:10:244:5::/64'", vec![Family::V6]),
        ("10.244.5.0/24, 'fd00:10:244:5::/64'", vec![Family::V4, Family::V6]),
        ("'fd00:10:244:5::/64', 10.244.5.0/24", vec![Family::V6, Family::V4]),
    ] {
        let text = node("one", first) + &node("other", "");
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {nodeName: one, containers: [{name: a, image: a}]}}";
        let mut run = start(&(text + pod), 8);
        settle(&mut run);
        let world = run.world();
        let config = world.config();
        for families in [config.pod_cidrs.families(), config.service_cidrs.families()] {
            assert_eq!(families.collect::<Vec<_>>(), expected, "{first}");
        }
        assert!(
            world.store().nodes.iter().all(|node| node.spec.pod_cidrs.len() == expected.len()),
            "{first}"
        );
        let ips = world.store().pods.get(&key("a")).and_then(|pod| pod.status.pod_ips).expect("it runs");
        assert_eq!(ips.families().collect::<Vec<_>>(), expected, "{first}");
        assert!(
            ips.values().all(|ip| ip.to_string().contains("244:5::") || ip.to_string().contains("244.5."))
        );
    }
}

/// Of several Nodes each counts, and none of their families is hidden by a `serviceCIDR`, which adds its own.
#[test]
fn every_node_and_a_service_range_bring_families() {
    use Family::{V4, V6};
    let (v4, v6) = ("10.244.5.0/24", "'fd00:10:244:5::/64'");
    for (nodes, services, expected) in [
        ([v4, v6], "", (vec![V4, V6], vec![V4, V6])),
        ([v6, v4], "", (vec![V6, V4], vec![V6, V4])),
        (["", v6], "", (vec![V6], vec![V6])),
        ([&format!("{v4}, {v6}"), ""], "10.96.0.0/12", (vec![V4, V6], vec![V4])),
        ([v4, v6], "fd00:10:96::/112", (vec![V4, V6], vec![V6])),
        ([v4, ""], "fd00:10:96::/112", (vec![V4, V6], vec![V6])),
        (["", ""], "fd00:10:96::/112,10.96.0.0/12", (vec![V6, V4], vec![V6, V4])),
    ] {
        let mut text = String::new();
        for (name, ranges) in ["one", "other"].iter().zip(nodes) {
            text += &format!(
                "{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}, spec: {{podCIDRs: [{ranges}]}}}}\n---\n"
            );
        }
        if !services.is_empty() {
            text += &format!(
                "{{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {{serviceCIDR: '{services}'}}}}\n"
            );
        }
        let mut run = start(&text, 8);
        settle(&mut run);
        let config = run.world().config();
        let found = (config.pod_cidrs.families().collect(), config.service_cidrs.families().collect());
        assert_eq!(found, expected, "{nodes:?}, {services}");
        let of_nodes = run.world().store().nodes.iter().map(|node| node.spec.pod_cidrs.len());
        assert_eq!(of_nodes.collect::<Vec<_>>(), [expected.0.len(); 2], "{nodes:?}, {services}");
    }
}

/// Who calls a node port chooses among the node's addresses, not among the Service's: `both` has an address of each
/// family, and those of IPv6 are no unique local ones on the nodes, as outside.
#[test]
fn a_node_port_is_called_at_the_nodes_preferred_address() {
    let text = |nodes: &str, families: &str| {
        format!(
            "{{apiVersion: v1, kind: Node, metadata: {{name: one}}, status: {{addresses: [{nodes}]}}}}\n---\n\
             {{apiVersion: v1, kind: Service, metadata: {{name: web}}, spec: {{type: NodePort, {families}, \
               ports: [{{port: 80}}]}}}}\n---\n\
             {{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {{podCIDR: '10.244.0.0/16,fd00:10:244::/56', \
               serviceCIDR: '10.96.0.0/12,fd00:10:96::/112', \
               clients: [{{name: c, from: outside, to: service/default/web, rate: 5}}]}}}}"
        )
    };
    let global = "{type: InternalIP, address: 192.168.7.1}, {type: InternalIP, address: '2001:db8:7::1'}";
    let local = "{type: InternalIP, address: 192.168.7.1}, {type: InternalIP, address: 'fd00:7::1'}";
    for (nodes, families, expected) in [
        (global, "ipFamilyPolicy: RequireDualStack", "2001:db8:7::1"),
        (local, "ipFamilyPolicy: RequireDualStack", "192.168.7.1"),
        (global, "ipFamilies: [IPv4]", "192.168.7.1"),
        (local, "ipFamilies: [IPv6]", "fd00:7::1"),
    ] {
        let mut run = start(&text(nodes, families), 8);
        settle(&mut run);
        go_on(&mut run, Span::from_secs(5));
        let finished = &run.world().traffic().finished;
        let called: Vec<String> =
            finished.iter().map(|record| record.packets[0].hops[0].before.dst.to_string()).collect();
        assert!(called.len() > 5 && called.iter().all(|to| to == expected), "{expected}: {called:?}");
    }
}

/// The plugin portmap opens a hostPort at the node's addresses of both families, or of that of its `hostIP`.
#[test]
fn a_host_port_is_open_in_both_families() {
    let pods = ranges(Family::V4, "10.244.0.0/16", "fd00:10:244::/56");
    for mode in ProxyMode::ALL {
        let text = format!(
            "apiVersion: v1
kind: Pod
metadata: {{name: web}}
spec:
  nodeName: node-2
  containers:
  - name: web
    image: nginx
    ports:
    - {{containerPort: 80, hostPort: 8080}}
    - {{containerPort: 80, hostPort: 8081, hostIP: 'fd00:192:168::c'}}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  podCIDR: {pods}
  proxyMode: {}
  clients:
  - {{name: four, from: outside, to: '192.168.0.12:8080', rate: 2}}
  - {{name: six, from: outside, to: '[fd00:192:168::c]:8080', rate: 2}}
  - {{name: only-six, from: outside, to: '[fd00:192:168::c]:8081', rate: 2}}
  - {{name: not-four, from: outside, to: '192.168.0.12:8081', rate: 2}}
",
            mode.as_str()
        );
        let mut run = start(&text, 8);
        settle(&mut run);
        go_on(&mut run, Span::from_secs(30));
        let counts = &run.world().traffic().stats.clients;
        for (name, expected) in [("four", true), ("six", true), ("only-six", true), ("not-four", false)] {
            let of_client = counts.iter().find(|(client, _)| &***client == name).expect("it has called").1;
            assert_eq!(of_client.delivered > 20, expected, "{mode:?}, {name}: {of_client:?}");
            assert_eq!(of_client.refused > 20, !expected, "{mode:?}, {name}: {of_client:?}");
        }
    }
}
