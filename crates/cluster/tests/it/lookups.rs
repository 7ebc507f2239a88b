//! With `dns: pods` a name is looked up by packets to the cluster's DNS: they meet rules, are lost when its Pods are gone,
//! and take time.

use cluster::api::{Action, Kind, NsName, ObjectRef};
use cluster::sim::{Run, Span};
use cluster::trace::{LossClass, Outcome, PacketKind, Place};
use cluster::traffic::Counts;
use netfilter::Family;

use crate::support;

const CLUSTER: &str = "
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  nodes: [{name: node-1}, {name: node-2}]
  dns: pods
  timing: realistic
  clients:
  - {name: short, from: pod/default/curl, to: 'http://web', rate: 2}
  - {name: other, from: pod/default/curl, to: 'http://api.shop', rate: 2}
  - {name: nobody, from: pod/default/curl, to: 'http://nobody', rate: 2}
  - {name: address, from: pod/default/curl, to: '10.96.0.50:80', rate: 2}
  - {name: kept, from: pod/default/curl, to: 'http://web', rate: 2, resolve: once}
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {containers: [{name: c, image: curl}], nodeName: node-1}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: c, image: web, ports: [{containerPort: 80}]}], nodeName: node-2}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, clusterIP: 10.96.0.50, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {containers: [{name: c, image: api, ports: [{containerPort: 80}]}], nodeName: node-1}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{port: 80}]}
";

fn counts(run: &Run, client: &str) -> Counts {
    run.world().traffic().stats.clients.get(client).expect("a client of that name").clone()
}

/// How many names were asked for by the last request of a client: A and AAAA of each.
fn names_asked(run: &Run, client: &str) -> usize {
    let ended = run.world().traffic().finished.iter().rev();
    let record = ended.into_iter().find(|record| &*record.client_name == client).expect("it has ended");
    record.lookup.iter().filter(|packet| packet.kind == PacketKind::DnsQuery(Family::V4)).count()
}

fn coredns() -> ObjectRef {
    ObjectRef::of_key(Kind::Deployment, &NsName::new("kube-system", "coredns"))
}

#[test]
fn the_cluster_has_its_own_objects() {
    let mut run = support::start(CLUSTER, 7);
    support::run_to(&mut run, 30);
    let store = run.world().store();
    let address = |namespace, name| {
        let service = store.services.get(&NsName::new(namespace, name)).expect("a Service");
        service.spec.cluster_ips.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(address("default", "kubernetes"), ["10.96.0.1"]);
    assert_eq!(address("kube-system", "kube-dns"), ["10.96.0.10"]);
    let slice = ObjectRef::of_key(Kind::EndpointSlice, &NsName::new("default", "kubernetes"));
    assert!(store.get(&slice).is_some(), "the API server's");
    assert_eq!(run.world().assumed_supplies().len(), 3, "of the cluster's own Pods nothing is said");
    let nodes: Vec<_> = store.pods.iter().filter(|p| &*p.meta.namespace == "kube-system").collect();
    assert!(nodes.iter().all(|pod| pod.status.is_ready()), "they are ready");
    assert_eq!(nodes.len(), 2);
    assert_ne!(nodes[0].spec.node_name, nodes[1].spec.node_name, "each on a node of its own");
}

#[test]
fn a_name_is_asked_for_in_the_order_of_the_search_list() {
    let mut run = support::start(CLUSTER, 7);
    support::run_to(&mut run, 30);
    for client in ["short", "other", "address", "kept"] {
        let counts = counts(&run, client);
        assert!(counts.delivered > 40 && counts.failed() == 0, "{client}: {counts:?}");
    }
    let nobody = counts(&run, "nobody");
    assert_eq!(
        (nobody.unresolved, nobody.failed()),
        (nobody.failed(), nobody.sent - nobody.abandoned),
        "{nobody:?}"
    );
    // web.default.svc.cluster.local; api.shop.default.svc..., api.shop.svc...; three, and the name as it is.
    assert_eq!(names_asked(&run, "short"), 1);
    assert_eq!(names_asked(&run, "other"), 2);
    assert_eq!(names_asked(&run, "nobody"), 4);
    assert_eq!(names_asked(&run, "address"), 0);
    assert_eq!(names_asked(&run, "kept"), 0, "it asked once");
    let slow = |client| counts(&run, client).latency_total.0 / counts(&run, client).delivered;
    assert!(slow("short") > slow("address"), "a lookup takes time");
}

#[test]
fn a_question_goes_through_rules_to_a_pod_of_the_dns() {
    let mut run = support::start(CLUSTER, 7);
    support::run_to(&mut run, 60);
    let world = run.world();
    let ended = world.traffic().finished.iter().filter(|record| &*record.client_name == "short");
    let queries = ended.flat_map(|record| &record.lookup).filter(|p| !p.kind.is_reply());
    let mut servers = std::collections::BTreeSet::new();
    for query in queries {
        let (first, last) = (&query.hops[0].before, query.hops.last().expect("it arrived"));
        assert_eq!((first.dst.to_string().as_str(), first.dst_port), ("10.96.0.10", 53));
        let Place::Pod(pod) = last.place else { panic!("{:?}", last.place) };
        let pod = world.store().pod_by_uid(pod).expect("a Pod");
        assert_eq!(&*pod.meta.namespace, "kube-system");
        servers.insert(pod.meta.name.clone());
    }
    assert_eq!(servers.len(), 2, "each by chance");
}

/// Without Pods kube-proxy's rules reject what goes to the Service, and the resolver gives up at once. Who has an address
/// already goes on.
#[test]
fn without_its_pods_no_name_is_resolved() {
    let mut run = support::start(CLUSTER, 7);
    support::run_to(&mut run, 20);
    run.act(Action::Scale { object: coredns(), replicas: 0 }).expect("it can be scaled");
    support::go_on(&mut run, Span::from_secs(30));
    let before = ["short", "address", "kept"].map(|client| counts(&run, client));
    support::go_on(&mut run, Span::from_secs(30));
    let after = ["short", "address", "kept"].map(|client| counts(&run, client));
    assert_eq!(after[0].delivered, before[0].delivered);
    assert!(after[0].no_dns > before[0].no_dns + 50, "{:?}", after[0]);
    assert!(after[0].lost.get(&LossClass::NoEndpoints).is_some_and(|lost| *lost > 50), "{:?}", after[0]);
    assert!(after[1].delivered > before[1].delivered + 50 && after[2].delivered > before[2].delivered + 50);
    let ended = run.world().traffic().finished.iter().rev();
    let record = ended.into_iter().find(|record| &*record.client_name == "short").expect("one");
    assert!(matches!(record.ended, Some((_, Outcome::NoDns { .. }))), "{:?}", record.ended);
    assert!(
        words::why(run.world(), record).sentence.contains("no endpoints"),
        "{}",
        words::why(run.world(), record).sentence
    );
    run.act(Action::Scale { object: coredns(), replicas: 1 }).expect("it can be scaled");
    support::go_on(&mut run, Span::from_secs(30));
    let (before, again) = (counts(&run, "short"), {
        support::go_on(&mut run, Span::from_secs(20));
        counts(&run, "short")
    });
    assert!(again.delivered > before.delivered + 30 && again.failed() == before.failed(), "{again:?}");
}

#[test]
fn a_run_with_lookups_is_the_same_again() {
    let hash = |seconds: u64| {
        let mut run = support::start(CLUSTER, 7);
        support::run_to(&mut run, seconds);
        run.world().hash()
    };
    let mut run = support::start(CLUSTER, 7);
    support::run_to(&mut run, 40);
    let then = run.world().now();
    support::go_on(&mut run, Span::from_secs(20));
    run.seek(then, u64::MAX);
    assert_eq!(run.world().hash(), hash(40), "back from a snapshot, in the midst of lookups");
}

/// A resolver hears the error, whatever its client does with the request; and what waits for DNS until it gives up was not
/// answered either.
#[test]
fn every_client_hears_that_dns_does_not_answer() {
    let one_way =
        "  - {name: short, from: pod/default/curl, to: 'statsd:8125', rate: 2, protocol: UDP, oneWay: true}";
    let text =
        CLUSTER.replace("  - {name: short, from: pod/default/curl, to: 'http://web', rate: 2}", one_way);
    assert_ne!(text, CLUSTER);
    let mut run = support::start(&text, 7);
    run.act(Action::Scale { object: coredns(), replicas: 0 }).expect("it can be scaled");
    support::run_to(&mut run, 60);
    let before = counts(&run, "short");
    support::go_on(&mut run, Span::from_secs(30));
    let after = counts(&run, "short");
    assert!(after.no_dns > before.no_dns + 50, "{after:?}");

    let mut run = support::start(CLUSTER, 7);
    let service = ObjectRef::of_key(Kind::Service, &NsName::new("kube-system", "kube-dns"));
    support::run_to(&mut run, 20);
    run.act(Action::delete(service)).expect("it is there");
    support::go_on(&mut run, Span::from_secs(60));
    let counts = counts(&run, "other");
    assert!(counts.no_dns > 50 && counts.timed_out == 0, "{counts:?}");
}

/// Each question has a socket of its own, and one is used again only after all others: an entry of conntrack decides about
/// no later lookup.
#[test]
fn no_two_lookups_have_one_socket() {
    let mut run = support::start(CLUSTER, 7);
    support::run_to(&mut run, 60);
    let ended = run.world().traffic().finished.iter().filter(|record| &*record.client_name == "other");
    let queries =
        ended.flat_map(|record| &record.lookup).filter(|p| p.kind == PacketKind::DnsQuery(Family::V4));
    let ports: Vec<u16> = queries.map(|query| query.hops[0].before.src_port).collect();
    let different: std::collections::BTreeSet<u16> = ports.iter().copied().collect();
    assert!(ports.len() > 100 && different.len() == ports.len(), "{} of {}", different.len(), ports.len());
}

/// What was asked of a Pod that is gone is told long after the client has given up: each lost request has its reason then.
#[test]
fn each_request_without_an_answer_from_dns_has_its_loss() {
    let text = CLUSTER.replace("rate: 2}\n  - {name: other", "rate: 40, timeout: 1s}\n  - {name: other");
    assert_ne!(text, CLUSTER);
    let mut run = support::start(&text, 7);
    support::run_to(&mut run, 5);
    run.act(Action::Scale { object: coredns(), replicas: 0 }).expect("it can be scaled");
    support::go_on(&mut run, Span::from_secs(20));
    run.act(Action::SetRate { client: "short".into(), rate_milli: 0 }).expect("it is there");
    support::go_on(&mut run, Span::from_secs(10));
    let counts = counts(&run, "short");
    assert!(counts.no_dns > 500, "{counts:?}");
    assert_eq!(counts.lost.values().sum::<u64>(), counts.no_dns, "{counts:?}");
}
