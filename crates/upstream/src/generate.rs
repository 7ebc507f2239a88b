//! Clusters that change while they run, each from a list of numbers: fewer and smaller numbers make a simpler one, so
//! that proptest finds the smallest that differs.
//!
//! What upstream leaves to the order of a Go map is not made: an address in two EndpointSlices of a Service, and an
//! external address that two Services share.

use cluster::api::{Manifest, parse};
use fuzz::pick::Picks;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt;

/// The numbers that a cluster is made from.
#[derive(Clone)]
pub struct Numbers(Vec<u16>);

impl Numbers {
    pub fn any() -> impl Strategy<Value = Numbers> {
        proptest::collection::vec(any::<u16>(), 0..900).prop_map(Numbers)
    }

    /// A Scenario and its objects. The error is one of this generator.
    pub fn manifest(&self) -> Result<Manifest, String> {
        let manifest = parse(&Maker::new(&self.0).cluster());
        if let Some(error) = manifest.errors().next() {
            return Err(format!("{error:?}"));
        }
        Ok(manifest)
    }
}

/// YAML documents of one line each.
impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Maker::new(&self.0).cluster())
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Families {
    V4,
    V6,
    Both,
}

impl Families {
    fn of_slices(self) -> &'static [&'static str] {
        match self {
            Families::V4 => &["IPv4"],
            Families::V6 => &["IPv6"],
            Families::Both => &["IPv4", "IPv6"],
        }
    }
}

struct Maker<'a> {
    picks: Picks<'a>,
    families: Families,
    /// All Services' first ports have long names, or none has: no port is renamed to one (`exceptions.txt`).
    has_long_ports: bool,
    nodes: usize,
    services: usize,
    documents: Vec<Value>,
    actions: Vec<Value>,
}

const ZONES: [&str; 3] = ["a", "b", "c"];
const LONG: &str = "a-name-of-sixty-three-characters-as-long-as-an-api-server-takes";

impl<'a> Maker<'a> {
    fn new(numbers: &'a [u16]) -> Maker<'a> {
        let mut picks = Picks::new(numbers);
        let families = picks.of(&[Families::V4, Families::V4, Families::V6, Families::Both]);
        let has_long_ports = picks.seldom(4);
        Maker {
            picks,
            families,
            has_long_ports,
            nodes: 1,
            services: 0,
            documents: Vec::new(),
            actions: Vec::new(),
        }
    }

    fn cluster(mut self) -> String {
        self.nodes += self.picks.number() % 3;
        let nodes: Vec<Value> = (1..=self.nodes).map(|n| self.node(n)).collect();
        let mut spec = json!({"clients": [], "nodes": nodes, "kubeProxy": self.kube_proxy()});
        match self.families {
            Families::V4 => {}
            Families::V6 => spec["podCIDR"] = json!("fd00:10:244::/56"),
            Families::Both => {
                spec["podCIDR"] = json!("10.244.0.0/16,fd00:10:244::/56");
                spec["serviceCIDR"] = json!("10.96.0.0/12,fd00:10:96::/112");
            }
        }
        spec["cloud"] = json!({"ipMode": self.picks.of(&["VIP", "VIP", "Proxy"])});
        let schedulers = ["rr", "rr", "lc", "dh", "sh", "sed", "nq", "wrr", "wlc"];
        spec["ipvs"] = json!({"scheduler": self.picks.of(&schedulers)});
        for _ in 0..=self.picks.number() % 4 {
            self.add_service();
        }
        if self.picks.seldom(40) {
            self.large();
        }
        self.changes();
        spec["actions"] = json!(self.actions);
        self.documents.push(json!({"apiVersion": "packetyard/v1alpha1", "kind": "Scenario", "spec": spec}));
        self.documents.iter().map(|document| format!("---\n{document}\n")).collect()
    }

    fn node(&mut self, n: usize) -> Value {
        let mut node = json!({"name": format!("node-{n}")});
        if !self.picks.seldom(4) {
            node["zone"] = json!(self.picks.of(&ZONES));
        }
        node
    }

    fn kube_proxy(&mut self) -> Value {
        let mut config = json!({});
        if self.picks.seldom(5) {
            config["masqueradeAll"] = json!(true);
        }
        if self.picks.seldom(8) {
            let addresses = ["192.168.0.11", "10.1.2.3", "0.0.0.0", "fd00:192:168::11", "::"];
            config["bindAddress"] = json!(self.picks.of(&addresses));
        }
        if self.picks.seldom(5) {
            config["masqueradeBit"] = json!(self.picks.of(&[0, 1, 10, 15, 20, 30, 31]));
        }
        match self.picks.number() % 10 {
            8 => {
                config["detectLocalMode"] = json!("BridgeInterface");
                config["detectLocal"] = json!({"bridgeInterface": self.picks.of(&["cni0", "docker0"])});
            }
            9 => {
                config["detectLocalMode"] = json!("InterfaceNamePrefix");
                config["detectLocal"] = json!({"interfaceNamePrefix": self.picks.of(&["cni", "veth"])});
            }
            5 => config["detectLocalMode"] = json!("NodeCIDR"),
            6 => config["clusterCIDR"] = json!(""),
            7 => {
                config["clusterCIDR"] =
                    json!(self.picks.of(&["10.0.0.0/8", "fd00::/8", "10.0.0.0/8,fd00::/8"]))
            }
            _ => {}
        }
        if self.picks.seldom(3) {
            let some: [&[&str]; 9] = [
                &["primary"],
                &["0.0.0.0/0", "::/0"],
                &["192.168.0.0/24", "fd00:192:168::/64"],
                &["127.0.0.0/8", "192.168.0.0/16"],
                &["127.0.0.0/8", "::1/128"],
                &["10.0.0.0/8", "fd00::/8"],
                &["192.168.0.11/32", "192.168.0.12/32"],
                &["192.0.2.0/24"],
                &["::/0"],
            ];
            config["nodePortAddresses"] = json!(self.picks.of(&some));
        }
        if self.picks.seldom(5) {
            config["localhostNodePorts"] = json!(false);
        }
        if self.picks.seldom(4) {
            config["nfacct"] = json!(false);
        }
        config
    }

    fn add_service(&mut self) {
        let number = self.services;
        self.services += 1;
        let service = self.service(number);
        self.documents.push(service);
        for part in 0..=self.picks.number() % 2 {
            for family in self.families.of_slices() {
                let slice = self.slice(number, part, family);
                self.documents.push(slice);
            }
        }
    }

    /// A little fewer or more endpoints than those from which on kube-proxy writes no comments
    /// (largeClusterEndpointsThreshold, 1,000), so that no change crosses that number: `exceptions.txt`.
    fn large(&mut self) {
        let service = json!({"type": self.picks.of(&["ClusterIP", "NodePort"]), "ports": [{"port": 80}]});
        let meta = json!({"name": "large"});
        self.documents
            .push(json!({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": service}));
        let family = self.families.of_slices()[0];
        let all = self.picks.of(&[900, 1_100]);
        for (part, range) in [0..600, 600..all].into_iter().enumerate() {
            let address = |n: usize| match family {
                "IPv4" => format!("192.0.{}.{}", 3 + n / 250, 1 + n % 250),
                _ => format!("2001:db8:a::{:x}", 1 + n),
            };
            let endpoints: Vec<Value> = range.map(|n| json!({"addresses": [address(n)]})).collect();
            self.documents.push(json!({
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": {
                    "name": format!("large-{part}"), "labels": {"kubernetes.io/service-name": "large"},
                },
                "addressType": family, "endpoints": endpoints, "ports": [{"port": 8080}],
            }));
        }
    }

    fn service(&mut self, number: usize) -> Value {
        let kinds = ["ClusterIP", "NodePort", "LoadBalancer", "LoadBalancer"];
        let kind = self.picks.of(&kinds);
        let mut spec = json!({"type": kind, "ports": self.ports(number, kind != "ClusterIP")});
        let external_ips = self.picks.seldom(5);
        if external_ips {
            spec["externalIPs"] = json!(self.external_ips(number));
        }
        if (kind != "ClusterIP" || external_ips) && self.picks.seldom(3) {
            spec["externalTrafficPolicy"] = json!("Local");
        }
        if self.picks.seldom(4) {
            spec["internalTrafficPolicy"] = json!("Local");
        }
        if self.picks.seldom(4) {
            spec["sessionAffinity"] = json!("ClientIP");
            let seconds = self.picks.of(&[10_800, 1, 59, 60, 61, 90, 3_600, 12_345, 86_400]);
            spec["sessionAffinityConfig"] = json!({"clientIP": {"timeoutSeconds": seconds}});
        }
        if kind == "LoadBalancer" {
            self.balanced(&mut spec, number);
        }
        if self.picks.seldom(8) {
            spec["publishNotReadyAddresses"] = json!(true);
        }
        if self.picks.seldom(4) {
            spec["trafficDistribution"] =
                json!(self.picks.of(&["PreferSameZone", "PreferSameNode", "PreferClose"]));
        }
        if self.families == Families::Both {
            spec["ipFamilyPolicy"] =
                json!(self.picks.of(&["PreferDualStack", "SingleStack", "RequireDualStack"]));
        }
        if self.picks.seldom(16) && kind == "ClusterIP" && !external_ips {
            spec["clusterIP"] = json!("None");
        }
        json!({"apiVersion": "v1", "kind": "Service", "metadata": self.meta(number), "spec": spec})
    }

    fn meta(&mut self, number: usize) -> Value {
        let mut meta = json!({"name": name(number)});
        match self.picks.number() % 32 {
            29 => meta["labels"] = json!({"service.kubernetes.io/service-proxy-name": "other"}),
            30 => meta["labels"] = json!({"service.kubernetes.io/headless": ""}),
            31 => meta["annotations"] = json!({"service.kubernetes.io/topology-mode": "Auto"}),
            _ => {}
        }
        meta
    }

    fn ports(&mut self, number: usize, has_node_ports: bool) -> Vec<Value> {
        let count = [1, 1, 2, 3][self.picks.number() % 4];
        // One number in several protocols, as DNS has it.
        let one_number = self.picks.flag();
        let names = if self.has_long_ports { [LONG, "b", "c"] } else { ["a", "b", "c"] };
        let mut ports = Vec::new();
        for n in 0..count {
            let protocol = match one_number {
                true => ["TCP", "UDP", "SCTP"][n],
                false => self.picks.of(&["TCP", "TCP", "UDP", "SCTP"]),
            };
            let mut port = json!({"port": if one_number { 80 } else { 81 + n }, "protocol": protocol});
            // Even one alone may have a name.
            if count > 1 || self.has_long_ports || self.picks.flag() {
                port["name"] = json!(names[n]);
            }
            if has_node_ports {
                port["nodePort"] = json!(30_000 + 10 * number + if one_number { 0 } else { 1 + n });
            }
            ports.push(port);
        }
        ports
    }

    /// Each Service has its own.
    fn external_ips(&mut self, number: usize) -> Vec<String> {
        let count = 1 + self.picks.number() % 2;
        let family = |family: &&str, n| match *family {
            "IPv4" => format!("203.0.113.{}", 10 * number + n),
            _ => format!("2001:db8:7::{:x}", 1 + 10 * number + n),
        };
        (0..count).flat_map(|n| self.families.of_slices().iter().map(move |f| family(f, n))).collect()
    }

    fn balanced(&mut self, spec: &mut Value, number: usize) {
        if self.picks.seldom(3) {
            let ranges: [&[&str]; 9] = [
                &["203.0.113.0/24", "2001:db8::/32"],
                &["0.0.0.0/0", "::/0"],
                &["192.168.0.0/24", "fd00:192:168::/64"],
                &["192.168.0.11/32", "fd00:192:168::b/128"],
                &["10.0.0.0/9", "10.128.0.0/9"],
                &["10.244.1.0/24", "198.51.100.7/32", "2001:db8:7::9/128"],
                &["203.0.113.0/24"],
                &["2001:db8::/32"],
                &["198.51.100.0/24", "192.168.0.12/31"],
            ];
            spec["loadBalancerSourceRanges"] = json!(self.picks.of(&ranges));
        }
        if self.picks.seldom(6) {
            spec["allocateLoadBalancerNodePorts"] = json!(false);
            for port in spec["ports"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
                port.remove("nodePort");
            }
        }
        if spec["externalTrafficPolicy"] == "Local" {
            spec["healthCheckNodePort"] = json!(32_000 + number);
        }
    }

    fn slice(&mut self, number: usize, part: usize, family: &str) -> Value {
        let some = self.picks.number() % 5;
        let (health, hints) = (self.picks.number() % 4, self.picks.number() % 4);
        let endpoints: Vec<Value> =
            (0..some).map(|n| self.endpoint(number, part, family, n, health, hints)).collect();
        let ports = self.slice_ports(number);
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {
                "name": slice_name(number, part, family),
                "labels": {"kubernetes.io/service-name": name(number)},
            },
            "addressType": family, "endpoints": endpoints, "ports": ports,
        })
    }

    /// For each name and protocol that the Service's ports may have.
    fn slice_ports(&mut self, number: usize) -> Vec<Value> {
        let mut ports = Vec::new();
        for (n, name) in ["a", "b", "c", "", LONG].iter().enumerate() {
            if !self.picks.seldom(12) {
                let protocol = self.picks.of(&["TCP", "TCP", "UDP", "SCTP"]);
                ports.push(json!({"name": name, "port": 8080 + n + number, "protocol": protocol}));
            }
        }
        ports
    }

    fn endpoint(
        &mut self,
        number: usize,
        part: usize,
        family: &str,
        n: usize,
        health: usize,
        hints: usize,
    ) -> Value {
        let node = 1 + self.picks.number() % self.nodes;
        // No two slices of a Service have the same.
        let last = 10 + 20 * number + 10 * part + n;
        let address = match (family, self.picks.seldom(10)) {
            ("IPv4", false) => format!("10.244.{node}.{last}"),
            ("IPv4", true) => format!("192.0.2.{last}"),
            (_, false) => format!("fd00:10:244:{node}::{last:x}"),
            (_, true) => format!("2001:db8:9::{last:x}"),
        };
        let mut endpoint = json!({"addresses": [address]});
        if !self.picks.seldom(8) {
            endpoint["nodeName"] = json!(format!("node-{node}"));
        }
        if let Some((ready, serving, terminating)) = self.conditions(health) {
            endpoint["conditions"] = json!({"ready": ready, "serving": serving, "terminating": terminating});
        }
        let missing = self.picks.seldom(16);
        match hints {
            2 if !missing => endpoint["hints"] = json!({"forZones": [{"name": self.picks.of(&ZONES)}]}),
            3 if !missing => {
                let node = 1 + self.picks.number() % self.nodes;
                endpoint["hints"] =
                    json!({"forNodes": [{"name": format!("node-{node}")}], "forZones": [{"name": "a"}]});
            }
            _ => {}
        }
        endpoint
    }

    /// Ready, serving, terminating; `None`: nothing is said.
    fn conditions(&mut self, health: usize) -> Option<(bool, bool, bool)> {
        let going = [(false, true, true), (false, false, true), (false, false, false)];
        match health {
            0 | 1 => None,
            2 => Some(self.picks.of(&going)),
            _ => {
                Some(self.picks.of(&[(true, true, false), going[0], going[1], going[2], (true, true, true)]))
            }
        }
    }

    /// Some come between the same two syncs.
    fn changes(&mut self) {
        let mut at = 1_000;
        for _ in 0..self.picks.number() % 9 {
            at += self.picks.of(&[1_500, 300, 0, 2_500]);
            let number = self.picks.number() % (self.services + 1);
            let part = self.picks.number() % 2;
            let family = self.picks.of(self.families.of_slices());
            let change = match self.picks.number() % 10 {
                0 => json!({"do": "delete", "object": format!("service/default/{}", name(number))}),
                1 => {
                    let slice = slice_name(number, part, family);
                    json!({"do": "delete", "object": format!("endpointslice/default/{slice}")})
                }
                2 => {
                    let node = format!("node/node-{}", 1 + self.picks.number() % self.nodes);
                    let labels = json!({"topology.kubernetes.io/zone": self.picks.of(&ZONES)});
                    json!({"do": "setLabels", "object": node, "labels": labels})
                }
                3 => json!({"do": "setIpMode", "ipMode": self.picks.of(&["Proxy", "VIP"])}),
                4 | 5 => apply(&self.service(number)),
                _ => apply(&self.slice(number, part, family)),
            };
            let mut change = change;
            change["at"] = json!(format!("{at}ms"));
            self.actions.push(change);
        }
    }
}

fn apply(object: &Value) -> Value {
    json!({"do": "apply", "text": object.to_string()})
}

/// One in three is long.
fn name(number: usize) -> String {
    if number % 3 == 2 { format!("s{number}-{}", &LONG[..60]) } else { format!("svc-{number}") }
}

fn slice_name(number: usize, part: usize, family: &str) -> String {
    format!("slice-{number}-{part}-{}", family.to_lowercase())
}

#[cfg(test)]
mod tests {
    use cluster::sim::{LogEntry, Run, Span};
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    use super::*;

    fn some() -> Vec<Numbers> {
        let mut runner = TestRunner::deterministic();
        (0..100).map(|_| Numbers::any().new_tree(&mut runner).expect("a list").current()).collect()
    }

    #[test]
    fn the_api_server_takes_what_is_made_and_most_of_the_changes() {
        let (mut actions, mut refused) = (0, 0);
        for numbers in some() {
            let manifest = numbers.manifest().unwrap_or_else(|error| panic!("{error}\n{numbers:?}"));
            let (mut run, refusals) = Run::new(&manifest, None);
            assert_eq!(refusals, [], "{numbers:?}");
            run.advance_to_origin(u64::MAX);
            run.advance_to(run.world().now() + Span::from_secs(30), u64::MAX);
            actions += run.actions().len();
            let log = run.world().log().iter();
            refused += log.filter(|logged| matches!(logged.entry, LogEntry::Refused { .. })).count();
        }
        assert!(actions > 200, "{actions} actions");
        assert!(4 * refused < actions, "{refused} of {actions} actions were refused");
    }
}
