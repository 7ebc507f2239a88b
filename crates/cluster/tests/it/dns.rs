//! Cluster DNS: what a name comes to, and the records that a Service has.

use crate::support::{self, key, settle, start};
use cluster::dns::{Answer, Shuffle};
use cluster::sim::World;

const SERVICES: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.10, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}, {name: dns, port: 53, protocol: UDP}]}
---
apiVersion: v1
kind: Service
metadata: {name: unnamed}
spec: {clusterIP: 10.96.0.11, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: nobody}
spec: {clusterIP: None, selector: {app: nobody}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {type: ExternalName, externalName: api.example.com.}
---
apiVersion: v1
kind: Service
metadata: {name: alias}
spec: {type: ExternalName, externalName: web.default.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: ring}
spec: {type: ExternalName, externalName: ring.default.svc.cluster.local}
";

fn world() -> World {
    let mut run = start(SERVICES, 7);
    settle(&mut run);
    run.world().clone()
}

fn records(world: &World, service: &str) -> Vec<String> {
    let service = world.store().services.get(&key(service)).expect("it is there");
    world.dns_records(service).iter().map(ToString::to_string).collect()
}

fn resolve(world: &World, name: &str) -> Answer {
    world.resolve(&world.cluster_first("default"), name, Shuffle::default())
}

fn said(records: &[String]) -> Vec<&str> {
    records.iter().map(|record| &**record).collect()
}

#[test]
fn only_a_port_with_a_name_has_an_srv_record() {
    let world = world();
    assert_eq!(
        said(&records(&world, "web")),
        [
            "web.default.svc.cluster.local. 30 IN A 10.96.0.10",
            "_http._tcp.web.default.svc.cluster.local. 30 IN SRV 0 100 80 web.default.svc.cluster.local.",
            "_dns._udp.web.default.svc.cluster.local. 30 IN SRV 0 100 53 web.default.svc.cluster.local.",
        ]
    );
    assert_eq!(said(&records(&world, "unnamed")), ["unnamed.default.svc.cluster.local. 30 IN A 10.96.0.11"]);
}

#[test]
fn a_headless_service_has_a_name_for_each_ready_endpoint_and_srv_leads_there() {
    let world = world();
    let records = records(&world, "headless");
    assert_eq!(records.len(), 6, "{records:?}");
    let ip = world.store().slices.iter().find(|s| &*s.service == "headless").expect("a slice").endpoints[0]
        .address;
    let own = format!("{}.headless.default.svc.cluster.local", ip.to_string().replace('.', "-"));
    assert!(records.contains(&format!("headless.default.svc.cluster.local. 30 IN A {ip}")), "{records:?}");
    assert!(records.contains(&format!("{own}. 30 IN A {ip}")), "{records:?}");
    let srv = format!("_http._tcp.headless.default.svc.cluster.local. 30 IN SRV 0 50 8080 {own}.");
    assert!(records.contains(&srv), "{records:?}");
    assert_eq!(resolve(&world, &own), Answer::Addresses { name: own, aliases: vec![], addresses: vec![ip] });
    assert_eq!(said(&self::records(&world, "nobody")), [""; 0]);
}

#[test]
fn a_name_for_a_name_is_told_and_so_is_where_it_ends() {
    let world = world();
    let full = "web.default.svc.cluster.local".to_string();
    assert_eq!(
        resolve(&world, "alias"),
        Answer::Addresses {
            name: "alias.default.svc.cluster.local".into(),
            aliases: vec![full.clone()],
            addresses: vec!["10.96.0.10".parse().expect("an address")],
        }
    );
    assert_eq!(resolve(&world, "api"), Answer::Outside { aliases: vec!["api.example.com".into()] });
    assert_eq!(resolve(&world, "ring"), Answer::NoSuchName);
    assert_eq!(resolve(&world, "nothing"), Answer::NoSuchName);
    assert_eq!(
        said(&records(&world, "api")),
        ["api.default.svc.cluster.local. 30 IN CNAME api.example.com."]
    );
    assert_eq!(
        said(&records(&world, "alias")),
        [format!("alias.default.svc.cluster.local. 30 IN CNAME {full}.")]
    );
}

#[test]
fn whoever_is_outside_knows_no_name_of_the_cluster() {
    let clients = "
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  clients:
  - {name: outside, from: outside, to: 'http://web', rate: 1}
  - {name: on-a-node, from: node/node-1, to: 'http://web', rate: 1}
";
    let mut run = start(&[SERVICES, clients].concat(), 7);
    settle(&mut run);
    support::go_on(&mut run, cluster::sim::Span::from_secs(30));
    let counts = |client: &str| {
        run.world().traffic().stats.clients.get(client).expect("a client of that name").clone()
    };
    let outside = counts("outside");
    assert!(outside.unresolved > 20 && outside.unresolved == outside.sent, "{outside:?}");
    assert!(counts("on-a-node").delivered > 10, "{:?}", counts("on-a-node"));
}

/// kubelet dns/dns.go, getPodDNSType.
#[test]
fn a_pod_asks_the_cluster_or_its_node() {
    for (spec, is_answered) in [
        ("", true),
        ("dnsPolicy: ClusterFirst,", true),
        ("dnsPolicy: Default,", false),
        ("hostNetwork: true,", false),
        ("hostNetwork: true, dnsPolicy: ClusterFirst,", false),
        ("hostNetwork: true, dnsPolicy: ClusterFirstWithHostNet,", true),
        (
            "dnsPolicy: None, dnsConfig: {nameservers: [10.96.0.10], searches: [default.svc.cluster.local]},",
            true,
        ),
        ("dnsPolicy: None, dnsConfig: {nameservers: [10.96.0.10], searches: [svc.cluster.local.]},", false),
        (
            "dnsPolicy: None, dnsConfig: {nameservers: [8.8.8.8], searches: [default.svc.cluster.local]},",
            false,
        ),
        ("dnsConfig: {nameservers: [8.8.8.8], options: [{name: ndots, value: '1'}]},", true),
        ("dnsPolicy: Default, dnsConfig: {nameservers: [10.96.0.10]},", false),
    ] {
        let text = format!(
            "{SERVICES}---\n{{apiVersion: v1, kind: Pod, metadata: {{name: caller}}, spec: {{{spec} containers: \
             [{{name: c, image: i}}]}}}}\n---\n{{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {{clients: \
             [{{name: c, from: pod/default/caller, to: 'http://web', rate: 5}}]}}}}\n"
        );
        let mut run = start(&text, 7);
        settle(&mut run);
        support::go_on(&mut run, cluster::sim::Span::from_secs(5));
        let counts = run.world().traffic().stats.clients.get("c").expect("it is one");
        let (delivered, unresolved) = (counts.delivered > 0, counts.unresolved > 0);
        assert_eq!((delivered, unresolved), (is_answered, !is_answered), "{spec}");
    }
}
