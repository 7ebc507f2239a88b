//! The myths: popular explanations that are wrong, each with a scenario that shows what is true.

use super::KEY_PREFIX;
use crate::text;
use cluster::api::{Scenario, parse};

pub struct Myth {
    /// `myth-kube-proxy-takes-turns`
    pub name: &'static str,
    /// The scenario, as the core's tests run it. Its title is the claim, its description says what is true.
    pub text: &'static str,
    /// Where to look.
    pub watch: &'static [&'static str],
}

impl Myth {
    pub fn scenario(&self) -> Scenario {
        parse(self.text).scenario.unwrap_or_default()
    }
}

/// What a myth claims, as a sentence. The title of its scenario is `Myth: kube-proxy takes turns`.
pub fn claim(scenario: &Scenario) -> String {
    let title = scenario.title.as_deref().unwrap_or_default();
    text::sentence(title.strip_prefix(TITLE_PREFIX).unwrap_or(title))
}

const TITLE_PREFIX: &str = "Myth: ";

pub fn myths() -> &'static [Myth] {
    &MYTHS
}

/// Whether a key is that of a myth, or of one that there was once.
pub fn is_myth(key: &str) -> bool {
    key.strip_prefix(KEY_PREFIX).is_some_and(|name| name.starts_with("myth-"))
}

/// The myth that a key stands for.
pub fn myth_of(key: &str) -> Option<&'static Myth> {
    let name = key.strip_prefix(KEY_PREFIX)?;
    MYTHS.iter().find(|myth| myth.name == name)
}

/// Its name, and what to watch.
macro_rules! myth {
    ($name:literal, $($watch:literal),+ $(,)?) => {
        Myth {
            name: $name,
            text: include_str!(concat!("../../crates/cluster/tests/scenarios/", $name, "/input.yaml")),
            watch: &[$($watch),+],
        }
    };
}

#[rustfmt::skip]
static MYTHS: [Myth; 22] = [
    myth!(
        "myth-a-cluster-ip-is-a-machine",
        "Two calls to the same address: port 80 is answered, port 81 times out.",
        "Select a call to port 81 under Path: no rule matched it. Then switch to nftables mode: it is refused.",
    ),
    myth!(
        "myth-a-new-pod-gets-the-old-address",
        "The web Pod is taken away at 10 s and made again at 18 s: compare its address with the one before.",
    ),
    myth!(
        "myth-a-node-port-is-everywhere",
        "Until 25 s by-bridge-address is answered as by-node-address is: the same node, another of its addresses.",
        "Then kube-proxy goes over to nftables mode, where by-bridge-address is refused.",
        "nodePortAddresses says the same to any mode: load this text with kubeProxy: {nodePortAddresses: [primary]} in its Scenario.",
    ),
    myth!(
        "myth-a-node-that-is-not-ready-gets-no-balanced-traffic",
        "node-2 is cut off at 15 s. Select the load balancer: long after the node is NotReady it still counts as healthy.",
        "Packets that reach node-2 are still sent on to the Pod.",
    ),
    myth!(
        "myth-a-pod-leaves-the-cluster-for-the-load-balancer",
        "The load balancer has no node at all: the client outside gets nothing.",
        "curl calls the same address from inside and is answered: its own node sends the packet to a Pod.",
    ),
    myth!(
        "myth-a-terminating-pod-stops-at-once",
        "w1 is deleted at 12 s. Select the Service: its endpoint is not ready, and still serving.",
        "New connections are still sent to it, and refused there once its app listens no more.",
    ),
    myth!(
        "myth-affinity-is-for-the-whole-cluster",
        "One client address, three nodes: select the Service and compare which Pod answers through which node.",
    ),
    myth!(
        "myth-an-unready-pod-loses-its-connections",
        "From 12 s on new connections are refused, and the one that is kept open is still answered by w2.",
    ),
    myth!(
        "myth-cluster-ips-come-from-the-whole-range",
        "Every ClusterIP and every node port is from the upper part of its range: the lower part is kept for those who ask for one.",
    ),
    myth!(
        "myth-external-name-is-a-proxy",
        "Select a call of outward under Path: api is an alias of api.example.com, which no record here answers for.",
        "A call of alias says the name that it led to, and is answered. alias-other-port is not: no port is mapped.",
        "Select the Service api, then DNS under About: one CNAME. kube-proxy has no rule for it.",
    ),
    myth!(
        "myth-internal-policy-local-falls-back",
        "The Pod runs on another node than the caller: its calls are dropped, though an endpoint is ready.",
        "Switch to ipvs mode: there it does fall back, as the Service has a node port. Make it a ClusterIP: now it does not.",
    ),
    myth!(
        "myth-kube-proxy-balances-a-headless-service",
        "Every kube-proxy stops at 10 s, and nothing changes.",
        "A call to port 80 is refused by the Pod itself: no rule leads from one port to another.",
    ),
    myth!(
        "myth-kube-proxy-takes-turns",
        "Select the Service, then Endpoints: the shares come near each other as calls add up; the order is by chance.",
        "kept-open goes to one Pod for as long as it lives.",
    ),
    myth!(
        "myth-local-policy-is-for-everybody",
        "outside reaches w1 only. curl and node-3 call a node port too, and reach both Pods.",
    ),
    myth!(
        "myth-no-endpoints-is-a-time-out",
        "The Service web has no endpoint: refused at once. api has one, on another node, and policy Local: silence.",
    ),
    myth!(
        "myth-prefer-close-knows-the-load",
        "w1 answers everything while w2 and w3 idle. At 25 s it is not ready, and both of them are used.",
    ),
    myth!(
        "myth-scaling-down-takes-the-oldest",
        "Five Pods from 10 s on, three again at 25 s: it is the youngest that go.",
    ),
    myth!(
        "myth-source-ranges-protect-a-service",
        "by-load-balancer gets no answer. by-node-port and by-cluster-ip do.",
        "Select a lost call and look at its Rules: the firewall chain that dropped it.",
    ),
    myth!(
        "myth-srv-is-for-every-port",
        "Select the Service named, then DNS under About: an SRV record for its port http. unnamed has an address only.",
        "headless has one for each ready Pod: with the Pod's own name, and the port that it listens on.",
        "CoreDNS answers to SRV of a bare name with all ports, too. No client should count on it.",
    ),
    myth!(
        "myth-the-source-address-is-always-lost",
        "Select a connection of each client under Path: “The Pod saw” says whose address arrived.",
    ),
    myth!(
        "myth-topology-mode-stays-in-the-zone",
        "Until 25 s every call stays on node-1. Then one Pod of another zone is not ready, and calls go everywhere.",
    ),
    myth!(
        "myth-traffic-goes-through-kube-proxy",
        "Every kube-proxy stops at 10 s, and packets go on.",
        "Delete a Pod then: the rules go on sending to its address.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::api::Severity;
    use std::collections::BTreeSet;

    #[test]
    fn each_opens_without_an_error_and_says_what_is_claimed_and_what_is_true() {
        for myth in &MYTHS {
            let manifest = parse(myth.text);
            // A warning may be what it is about: a selector that matches nothing.
            let errors = manifest.diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
            assert_eq!(errors, 0, "{}: {:?}", myth.name, manifest.diagnostics);
            let scenario = manifest.scenario.expect("a Scenario document");
            assert!(scenario.title.is_some_and(|title| title.starts_with(TITLE_PREFIX)), "{}", myth.name);
            assert!(scenario.description.is_some(), "{}", myth.name);
            assert!(myth_of(&crate::scenarios::key_of(myth.name)).is_some());
        }
    }

    #[test]
    fn the_list_has_every_myth_that_the_core_tests() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/cluster/tests/scenarios");
        let entries = std::fs::read_dir(folder).expect("the core's scenarios");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        let tested: BTreeSet<String> = names.filter(|name| name.starts_with("myth-")).collect();
        assert_eq!(MYTHS.iter().map(|myth| myth.name.to_owned()).collect::<BTreeSet<_>>(), tested);
    }
}
