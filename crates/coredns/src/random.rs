//! Clusters made at random: Services of each kind, with EndpointSlices that nobody but their author would write.

use std::fmt::Write;

use netfilter::{Chance, Purpose};

/// The draws of one cluster, one after the other.
struct Draws {
    chance: Chance,
    ordinal: u64,
}

#[derive(Clone, Copy)]
struct Any;

impl Purpose for Any {
    fn number(self) -> u64 {
        u64::MAX
    }
}

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.ordinal += 1;
        self.chance.below(Any, 0, self.ordinal, bound)
    }

    fn one_of<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let at = self.below(from.len() as u64);
        from[at as usize]
    }
}

const NAMESPACES: [&str; 3] = ["default", "shop", "pod"];
/// Names that mean something else in another place.
const NAMES: [&str; 8] = ["web", "db", "svc", "pod", "default", "shop", "ns", "any"];
const HOSTNAMES: [&str; 4] = ["", "first", "same", "10-0-0-1"];
const TARGETS: [&str; 10] = [
    "example.com",
    "web.shop.svc.cluster.local",
    "db.shop.svc.cluster.local.",
    "svc.default.svc.cluster.local",
    "pod.pod.svc.cluster.local",
    "nothing.shop.svc.cluster.local",
    "10-0-0-1.shop.pod.cluster.local",
    "cluster.local",
    "192.0.2.1",
    "1.0.96.10.in-addr.arpa",
];
const PORTS: [&str; 5] = [
    "{port: 80}",
    "{name: http, port: 80}",
    "{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}",
    "{name: http, port: 80}, {name: other, port: 81}, {name: sctp, port: 80, protocol: SCTP}",
    "{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}",
];
const SLICE_PORTS: [&str; 5] = [
    "",
    "{name: http, port: 8080, protocol: TCP}",
    "{name: http, port: 8080, protocol: TCP}, {name: dns, port: 53, protocol: UDP}",
    "{name: '', port: 8080, protocol: TCP}",
    "{name: http, port: 8080, protocol: TCP}, {name: http, port: 8081, protocol: UDP}",
];

pub fn manifests(seed: u64) -> String {
    let mut draws = Draws { chance: Chance::new(seed), ordinal: 0 };
    let mut text = String::new();
    for namespace in NAMESPACES {
        let _ = writeln!(text, "---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}");
        for name in NAMES {
            if draws.below(4) > 0 {
                service(&mut text, &mut draws, namespace, name);
            }
        }
    }
    text.push_str("---\n{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {clients: []}}\n");
    text
}

fn service(text: &mut String, draws: &mut Draws, namespace: &str, name: &str) {
    let spec = match draws.below(3) {
        0 => format!("type: ExternalName, externalName: {}", draws.one_of(&TARGETS)),
        1 => format!("ports: [{}]", draws.one_of(&PORTS)),
        _ => format!("clusterIP: None, ports: [{}]", draws.one_of(&PORTS)),
    };
    let _ = writeln!(
        text,
        "---\n{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: {namespace}}}, spec: {{{spec}}}}}"
    );
    for number in 0..draws.below(3) {
        slice(text, draws, namespace, name, number);
    }
}

fn slice(text: &mut String, draws: &mut Draws, namespace: &str, service: &str, number: u64) {
    let is_v6 = draws.below(3) == 0;
    let family = if is_v6 { "IPv6" } else { "IPv4" };
    let ports = draws.one_of(&SLICE_PORTS);
    let _ = writeln!(
        text,
        "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: {service}-{number}, namespace: \
         {namespace}, labels: {{kubernetes.io/service-name: {service}}}}}\naddressType: {family}\nports: \
         [{ports}]\nendpoints:"
    );
    for at in 0..1 + draws.below(4) {
        let low = draws.below(4) * 10 + at;
        let address = if is_v6 { format!("'2001:db8::{low}'") } else { format!("172.16.0.{}", low + 1) };
        let ready = draws.below(4) > 0;
        let hostname = draws.one_of(&HOSTNAMES);
        let hostname = if hostname.is_empty() { String::new() } else { format!(", hostname: {hostname}") };
        let _ = writeln!(text, "- {{addresses: [{address}], conditions: {{ready: {ready}}}{hostname}}}");
    }
}
