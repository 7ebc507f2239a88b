//! What CoreDNS answers: names, types and what comes of them as in its own tests (plugin/kubernetes handler_test.go,
//! handler_case_test.go, handler_pod_insecure_test.go, kubernetes_apex_test.go, reverse_test.go, ns_test.go), for a
//! cluster of our own.

use crate::support;
use cluster::dns::{DomainName, Question, Rcode, RecordType, Response, Shuffle};
use cluster::sim::{Run, World};
use netfilter::{Family, PerFamily};

const CLUSTER: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: empty}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: unmade}, spec: {clusterIP: 10.96.0.102, ports: [{port: 80}]}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.0.100, ports: [{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}]}
---
apiVersion: v1
kind: Service
metadata: {name: two, namespace: shop}
spec: {clusterIP: 10.96.0.101, clusterIPs: [10.96.0.101, 'fd00:10:96::101'], ipFamilies: [IPv4, IPv6], ipFamilyPolicy: RequireDualStack, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: peers, namespace: shop}
spec: {clusterIP: None, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: portless, namespace: shop}
spec: {clusterIP: None}
---
apiVersion: v1
kind: Service
metadata: {name: nobody, namespace: shop}
spec: {clusterIP: None, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: out, namespace: shop}
spec: {type: ExternalName, externalName: ext.interwebs.test}
---
apiVersion: v1
kind: Service
metadata: {name: in, namespace: shop}
spec: {type: ExternalName, externalName: web.shop.svc.cluster.local.}
---
apiVersion: v1
kind: Service
metadata: {name: again, namespace: shop}
spec: {type: ExternalName, externalName: in.shop.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: lost, namespace: shop}
spec: {type: ExternalName, externalName: nowhere.shop.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: address, namespace: shop}
spec: {type: ExternalName, externalName: 192.0.2.1}
---
apiVersion: v1
kind: Service
metadata: {name: ring, namespace: shop}
spec: {type: ExternalName, externalName: gnir.shop.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: gnir, namespace: shop}
spec: {type: ExternalName, externalName: ring.shop.svc.cluster.local}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints: [{addresses: [172.16.0.1]}, {addresses: [172.16.0.2], hostname: first}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: peers-1, namespace: shop, labels: {kubernetes.io/service-name: peers}}
addressType: IPv4
ports: [{name: http, port: 80, protocol: TCP}]
endpoints:
- {addresses: [172.16.1.2]}
- {addresses: [172.16.1.3]}
- {addresses: [172.16.1.4], hostname: same}
- {addresses: [172.16.1.5], hostname: same}
- {addresses: [172.16.1.6], conditions: {ready: false}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: peers-2, namespace: shop, labels: {kubernetes.io/service-name: peers}}
addressType: IPv6
ports: [{name: http, port: 80, protocol: TCP}]
endpoints: [{addresses: ['5678:abcd::1']}, {addresses: ['5678:abcd::']}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: portless-1, namespace: shop, labels: {kubernetes.io/service-name: portless}}
addressType: IPv4
endpoints: [{addresses: [172.16.2.20]}]
---
{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {clients: [], dns: ideal}}
";

/// The zone's record, in whose authority something is denied.
const DENIAL: &str = "! cluster.local. 30 IN SOA";

fn world() -> World {
    let mut manifest = support::manifest(CLUSTER);
    let ranges = |v4: &str, v6: &str| {
        let range = |text: &str| text.parse().expect("a range");
        Some(PerFamily::dual(Family::V4, range(v4), range(v6)))
    };
    let scenario = manifest.scenario.as_mut().expect("the fixture has one");
    scenario.pod_cidrs = ranges("10.244.0.0/16", "fd00:10:244::/56");
    scenario.service_cidrs = ranges("10.96.0.0/16", "fd00:10:96::/112");
    let (run, refusals) = Run::new(&manifest, Some(7));
    assert_eq!(refusals, [], "the API server takes the fixture");
    run.world().clone()
}

fn ask(world: &World, name: &str, kind: RecordType) -> Response {
    let name = DomainName::parse(name).unwrap_or_else(|problem| panic!("{name}: {problem}"));
    world.dns_answer(Question { name, kind }, Shuffle::default())
}

/// The status, the records of the answer, those added with `+`, those of the authority with `!`, what is asked for
/// outside with `->`. Each section in order; of SOA without its numbers.
fn said(response: &Response) -> Vec<String> {
    let section = |mark: &str, records: &[cluster::dns::DnsRecord]| {
        let line = |record: &cluster::dns::DnsRecord| match record.kind() {
            RecordType::Soa => format!("{mark}{} {} IN SOA", record.name, record.ttl),
            _ => format!("{mark}{record}"),
        };
        let mut lines: Vec<String> = records.iter().map(line).collect();
        lines.sort();
        lines
    };
    let mut lines: Vec<String> = response.rcode.iter().map(|rcode| rcode.name().to_string()).collect();
    lines.extend(section("", &response.answer));
    lines.extend(section("! ", &response.authority));
    lines.extend(section("+ ", &response.additional));
    lines.extend(response.outside.iter().map(|name| format!("-> {name}")));
    lines
}

#[track_caller]
fn check(cases: &[(&str, RecordType, &[&str])]) {
    let world = world();
    for (name, kind, expected) in cases {
        assert_eq!(said(&ask(&world, name, *kind)), *expected, "{name} {}", kind.name());
    }
}

const NO_DATA: &[&str] = &["NOERROR", DENIAL];
const NO_NAME: &[&str] = &["NXDOMAIN", DENIAL];

use RecordType::{A, Aaaa, Any, Axfr, Cname, Https, Mx, Ns, Ptr, Soa, Srv, Txt};

#[test]
fn a_service_has_its_addresses_and_its_ports() {
    let web = "web.shop.svc.cluster.local. 30 IN A 10.96.0.100";
    let extra: &str = &format!("+ {web}");
    check(&[
        ("web.shop.svc.cluster.local.", A, &["NOERROR", web]),
        ("web.shop.svc.cluster.local.", Aaaa, NO_DATA),
        ("web.shop.svc.cluster.local.", Txt, NO_DATA),
        ("web.shop.svc.cluster.local.", Cname, NO_DATA),
        ("web.shop.svc.cluster.local.", Mx, NO_DATA),
        ("web.shop.svc.cluster.local.", Https, NO_DATA),
        ("web.shop.svc.cluster.local.", Any, NO_DATA),
        ("web.shop.svc.cluster.local.", Ptr, NO_DATA),
        ("nowhere.shop.svc.cluster.local.", A, NO_NAME),
        ("nowhere.shop.svc.cluster.local.", Https, NO_NAME),
        ("nowhere.shop.svc.cluster.local.", Txt, NO_NAME),
        ("web.default.svc.cluster.local.", A, NO_NAME),
        (
            "_http._tcp.web.shop.svc.cluster.local.",
            Srv,
            &[
                "NOERROR",
                "_http._tcp.web.shop.svc.cluster.local. 30 IN SRV 0 100 80 web.shop.svc.cluster.local.",
                extra,
            ],
        ),
        ("_http._udp.web.shop.svc.cluster.local.", Srv, NO_NAME),
        ("_ftp._tcp.web.shop.svc.cluster.local.", Srv, NO_NAME),
        // A port's name has the Service's address.
        (
            "_http._tcp.web.shop.svc.cluster.local.",
            A,
            &["NOERROR", "_http._tcp.web.shop.svc.cluster.local. 30 IN A 10.96.0.100"],
        ),
        (
            "web.shop.svc.cluster.local.",
            Srv,
            &[
                "NOERROR",
                "web.shop.svc.cluster.local. 30 IN SRV 0 50 53 web.shop.svc.cluster.local.",
                "web.shop.svc.cluster.local. 30 IN SRV 0 50 80 web.shop.svc.cluster.local.",
                extra,
            ],
        ),
    ]);
}

#[test]
fn a_service_of_two_families_has_half_the_weight() {
    check(&[
        ("two.shop.svc.cluster.local.", A, &["NOERROR", "two.shop.svc.cluster.local. 30 IN A 10.96.0.101"]),
        (
            "two.shop.svc.cluster.local.",
            Aaaa,
            &["NOERROR", "two.shop.svc.cluster.local. 30 IN AAAA fd00:10:96::101"],
        ),
        (
            "_http._tcp.two.shop.svc.cluster.local.",
            Srv,
            &[
                "NOERROR",
                "_http._tcp.two.shop.svc.cluster.local. 30 IN SRV 0 50 80 two.shop.svc.cluster.local.",
                "+ two.shop.svc.cluster.local. 30 IN A 10.96.0.101",
                "+ two.shop.svc.cluster.local. 30 IN AAAA fd00:10:96::101",
            ],
        ),
    ]);
}

#[test]
fn a_headless_service_has_its_ready_endpoints() {
    check(&[
        (
            "peers.shop.svc.cluster.local.",
            A,
            &[
                "NOERROR",
                "peers.shop.svc.cluster.local. 30 IN A 172.16.1.2",
                "peers.shop.svc.cluster.local. 30 IN A 172.16.1.3",
                "peers.shop.svc.cluster.local. 30 IN A 172.16.1.4",
                "peers.shop.svc.cluster.local. 30 IN A 172.16.1.5",
            ],
        ),
        (
            "_http._tcp.peers.shop.svc.cluster.local.",
            Srv,
            &[
                "NOERROR",
                "_http._tcp.peers.shop.svc.cluster.local. 30 IN SRV 0 16 80 172-16-1-2.peers.shop.svc.cluster.local.",
                "_http._tcp.peers.shop.svc.cluster.local. 30 IN SRV 0 16 80 172-16-1-3.peers.shop.svc.cluster.local.",
                "_http._tcp.peers.shop.svc.cluster.local. 30 IN SRV 0 16 80 5678-abcd--0.peers.shop.svc.cluster.local.",
                "_http._tcp.peers.shop.svc.cluster.local. 30 IN SRV 0 16 80 5678-abcd--1.peers.shop.svc.cluster.local.",
                "_http._tcp.peers.shop.svc.cluster.local. 30 IN SRV 0 16 80 same.peers.shop.svc.cluster.local.",
                "+ 172-16-1-2.peers.shop.svc.cluster.local. 30 IN A 172.16.1.2",
                "+ 172-16-1-3.peers.shop.svc.cluster.local. 30 IN A 172.16.1.3",
                "+ 5678-abcd--0.peers.shop.svc.cluster.local. 30 IN AAAA 5678:abcd::",
                "+ 5678-abcd--1.peers.shop.svc.cluster.local. 30 IN AAAA 5678:abcd::1",
                "+ same.peers.shop.svc.cluster.local. 30 IN A 172.16.1.4",
                "+ same.peers.shop.svc.cluster.local. 30 IN A 172.16.1.5",
            ],
        ),
        (
            "same.peers.shop.svc.cluster.local.",
            A,
            &[
                "NOERROR",
                "same.peers.shop.svc.cluster.local. 30 IN A 172.16.1.4",
                "same.peers.shop.svc.cluster.local. 30 IN A 172.16.1.5",
            ],
        ),
        (
            "5678-abcd--0.peers.shop.svc.cluster.local.",
            Aaaa,
            &["NOERROR", "5678-abcd--0.peers.shop.svc.cluster.local. 30 IN AAAA 5678:abcd::"],
        ),
        ("172-16-1-4.peers.shop.svc.cluster.local.", A, NO_NAME),
        ("172-16-1-6.peers.shop.svc.cluster.local.", A, NO_NAME),
        ("nobody.shop.svc.cluster.local.", A, NO_NAME),
        (
            "portless.shop.svc.cluster.local.",
            A,
            &["NOERROR", "portless.shop.svc.cluster.local. 30 IN A 172.16.2.20"],
        ),
        ("portless.shop.svc.cluster.local.", Srv, NO_DATA),
    ]);
}

/// A Service with a ClusterIP has them too: CoreDNS does not ask what kind it is.
#[test]
fn endpoints_have_names_under_any_service() {
    check(&[
        (
            "first.web.shop.svc.cluster.local.",
            A,
            &["NOERROR", "first.web.shop.svc.cluster.local. 30 IN A 172.16.0.2"],
        ),
        (
            "172-16-0-1.web.shop.svc.cluster.local.",
            A,
            &["NOERROR", "172-16-0-1.web.shop.svc.cluster.local. 30 IN A 172.16.0.1"],
        ),
        ("bogus.web.shop.svc.cluster.local.", A, NO_NAME),
    ]);
}

#[test]
fn an_external_name_is_an_alias_that_is_followed_in_the_cluster() {
    let web = "web.shop.svc.cluster.local. 30 IN A 10.96.0.100";
    let alias = "in.shop.svc.cluster.local. 30 IN CNAME web.shop.svc.cluster.local.";
    check(&[
        (
            "out.shop.svc.cluster.local.",
            Cname,
            &["NOERROR", "out.shop.svc.cluster.local. 30 IN CNAME ext.interwebs.test."],
        ),
        (
            "out.shop.svc.cluster.local.",
            A,
            &[
                "NOERROR",
                "out.shop.svc.cluster.local. 30 IN CNAME ext.interwebs.test.",
                "-> ext.interwebs.test.",
            ],
        ),
        ("out.shop.svc.cluster.local.", Srv, NO_DATA),
        ("endpoint.out.shop.svc.cluster.local.", Cname, NO_NAME),
        ("_http._tcp.out.shop.svc.cluster.local.", Cname, NO_NAME),
        ("in.shop.svc.cluster.local.", A, &["NOERROR", alias, web]),
        (
            "again.shop.svc.cluster.local.",
            A,
            &["NOERROR", "again.shop.svc.cluster.local. 30 IN CNAME in.shop.svc.cluster.local.", alias, web],
        ),
        // Without an address at the end there is no alias.
        ("in.shop.svc.cluster.local.", Aaaa, NO_DATA),
        ("lost.shop.svc.cluster.local.", A, NO_DATA),
        ("ring.shop.svc.cluster.local.", A, NO_DATA),
        ("address.shop.svc.cluster.local.", A, NO_NAME),
    ]);
}

#[test]
fn what_is_above_services_is_there_and_has_nothing() {
    check(&[
        ("cluster.local.", A, NO_DATA),
        ("svc.cluster.local.", A, NO_DATA),
        ("pod.cluster.local.", A, NO_DATA),
        ("shop.svc.cluster.local.", A, NO_DATA),
        ("empty.svc.cluster.local.", Ns, NO_DATA),
        ("shop.pod.cluster.local.", A, NO_DATA),
        ("svc.cluster.local.", Txt, NO_NAME),
        ("nonamespace.svc.cluster.local.", A, NO_NAME),
        // A namespace that no text makes is there, if anything is in it.
        ("unmade.svc.cluster.local.", A, NO_DATA),
        ("web.unmade.svc.cluster.local.", Aaaa, NO_DATA),
        ("unmad.svc.cluster.local.", A, NO_NAME),
        ("web.nonamespace.svc.cluster.local.", Txt, NO_NAME),
        ("foo.cluster.local.", Ns, NO_NAME),
        ("*.shop.svc.cluster.local.", A, NO_NAME),
        ("any.shop.svc.cluster.local.", A, NO_NAME),
        ("a.b.c.web.shop.svc.cluster.local.", A, NO_NAME),
    ]);
}

#[test]
fn the_zone_tells_of_itself() {
    check(&[
        (
            "dns-version.cluster.local.",
            Txt,
            &["NOERROR", "dns-version.cluster.local. 28800 IN TXT \"1.1.0\""],
        ),
        ("cluster.local.", Soa, &["NOERROR", "cluster.local. 30 IN SOA"]),
        // It does not look whether there is such a name.
        ("nowhere.shop.svc.cluster.local.", Soa, NO_DATA),
        (
            "cluster.local.",
            Ns,
            &[
                "NOERROR",
                "cluster.local. 30 IN NS ns.dns.cluster.local.",
                "+ ns.dns.cluster.local. 30 IN A 10.96.0.10",
            ],
        ),
        ("ns.dns.cluster.local.", A, &["NOERROR", "ns.dns.cluster.local. 30 IN A 10.96.0.10"]),
        ("ns.dns.cluster.local.", Aaaa, NO_DATA),
        ("ns.dns.cluster.local.", Txt, NO_NAME),
        ("dns.cluster.local.", A, NO_NAME),
        ("cluster.local.", Axfr, &["REFUSED"]),
    ]);
    let soa = &ask(&world(), "cluster.local.", Soa).answer[0].to_string();
    let known = "cluster.local. 30 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 17";
    assert!(soa.starts_with(known) && soa.ends_with(" 7200 1800 86400 30"), "{soa}");
}

#[test]
fn a_pod_s_name_is_its_address_and_nobody_looks_for_the_pod() {
    check(&[
        (
            "10-240-0-1.shop.pod.cluster.local.",
            A,
            &["NOERROR", "10-240-0-1.shop.pod.cluster.local. 30 IN A 10.240.0.1"],
        ),
        ("10-240-0-1.shop.pod.cluster.local.", Aaaa, NO_DATA),
        (
            "1234-abcd--1.shop.pod.cluster.local.",
            Aaaa,
            &["NOERROR", "1234-abcd--1.shop.pod.cluster.local. 30 IN AAAA 1234:abcd::1"],
        ),
        ("10-240-0-1.nonamespace.pod.cluster.local.", A, NO_NAME),
        ("172-0-0-256.shop.pod.cluster.local.", A, NO_NAME),
        ("web-0.shop.pod.cluster.local.", A, NO_NAME),
    ]);
}

#[test]
fn an_address_has_the_names_that_lead_to_it() {
    let service = "100.0.96.10.in-addr.arpa. 30 IN PTR web.shop.svc.cluster.local.";
    let two = "1.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa.";
    let of_two: &str = &format!("{two} 30 IN PTR two.shop.svc.cluster.local.");
    check(&[
        ("100.0.96.10.in-addr.arpa.", Ptr, &["NOERROR", service]),
        (two, Ptr, &["NOERROR", of_two]),
        (
            "2.1.16.172.in-addr.arpa.",
            Ptr,
            &["NOERROR", "2.1.16.172.in-addr.arpa. 30 IN PTR 172-16-1-2.peers.shop.svc.cluster.local."],
        ),
        (
            "2.0.16.172.in-addr.arpa.",
            Ptr,
            &["NOERROR", "2.0.16.172.in-addr.arpa. 30 IN PTR first.web.shop.svc.cluster.local."],
        ),
        // `fallthrough in-addr.arpa ip6.arpa`
        ("6.1.16.172.in-addr.arpa.", Ptr, &["-> 6.1.16.172.in-addr.arpa."]),
        ("100.0.96.10.in-addr.arpa.", A, &["-> 100.0.96.10.in-addr.arpa."]),
        ("example.com.", A, &["-> example.com."]),
    ]);
}

/// handler_case_test.go: case does not matter, and what is answered has that of the question.
#[test]
fn case_is_kept_and_does_not_matter() {
    check(&[
        ("WEB.Shop.svc.CLUSTER.local.", A, &["NOERROR", "WEB.Shop.svc.CLUSTER.local. 30 IN A 10.96.0.100"]),
        ("Cluster.Local.", Soa, &["NOERROR", "Cluster.Local. 30 IN SOA"]),
        ("Cluster.Local.", Ns, &["NOERROR", "! Cluster.Local. 30 IN SOA"]),
        ("Nowhere.shop.svc.Cluster.Local.", A, &["NXDOMAIN", "! Cluster.Local. 30 IN SOA"]),
        (
            "_HTTP._TCP.web.shop.SVC.Cluster.local.",
            Srv,
            &[
                "NOERROR",
                "_HTTP._TCP.web.shop.SVC.Cluster.local. 30 IN SRV 0 100 80 web.shop.svc.Cluster.local.",
                "+ web.shop.svc.Cluster.local. 30 IN A 10.96.0.100",
            ],
        ),
    ]);
}

#[test]
fn the_order_of_addresses_is_by_chance_and_the_alias_is_first() {
    let world = world();
    let question = |name: &str| Question { name: DomainName::parse(name).expect("a name"), kind: A };
    let order = |ordinal: u64| {
        let shuffle = Shuffle { subject: 1, ordinal };
        let response = world.dns_answer(question("peers.shop.svc.cluster.local"), shuffle);
        assert_eq!(response.rcode, Some(Rcode::NoError));
        response.answer.iter().map(ToString::to_string).collect::<Vec<String>>()
    };
    assert_eq!(order(3), order(3));
    assert!((0..8).any(|ordinal| order(ordinal) != order(8)), "each asks anew");
    let alias = world.dns_answer(question("in.shop.svc.cluster.local"), Shuffle::default());
    assert_eq!(alias.answer[0].kind(), Cname);
}
