//! Rules in the same tables that are not kube-proxy's.

use std::net::SocketAddr;

use super::super::ProxyConfig;
use super::fixed::nat;
use crate::net::{PortMap, PortMapEntry};
use crate::node::kube_proxy::hash::hex_hash;
use netfilter::{AddressMatch, Chain, ChainId, End, Family, MarkOp, Match, Rule, RuleSet, Target};

pub(in crate::node::kube_proxy) fn write(cfg: &ProxyConfig, rules: &mut RuleSet) {
    port_maps(cfg, rules);
    masquerade(cfg, rules);
}

/// The CNI plugin's masquerading: traffic that leaves the Pod network gets the node's address. (The bridge
/// plugin's `ipMasq`, flannel, kindnet and ip-masq-agent do the same in chains of their own.) This rule is
/// appended and kube-proxy's are prepended, so kube-proxy's come first.
fn masquerade(cfg: &ProxyConfig, rules: &mut RuleSet) {
    let Some(pods) = cfg.cni_masquerade_cidr else { return };
    let chain = rules.nat.declare(Chain::new("CNI-MASQ".into()));
    let from_pods = Match::Source(AddressMatch::within(pods));
    let to_elsewhere = Match::Destination(AddressMatch::outside(pods));
    let rule = Rule::new(&[from_pods, to_elsewhere], Target::Masquerade { random_fully: false });
    rules.nat.append(chain, rule.commented("pod traffic that leaves the pod network"));
    let jump = Rule::new(&[], Target::Jump(chain));
    rules.nat.append(nat::POSTROUTING, jump.commented("CNI masquerading"));
}

/// portmap's `markMasqBit` (13).
const MARK: u32 = 1 << 13;
/// The network's name in the plugin's configuration.
const NETWORK: &str = "pods";

/// The plugin portmap (portmap_iptables.go): what comes to one of the node's addresses and a `hostPort` is rewritten to
/// the Pod, after kube-proxy's chains have seen it. Each Pod has a chain of its own; the latest is asked first.
/// Upstream jumps there by one `multiport` match for up to 15 ports, here by a rule for each port; and the id of a
/// container is that of its Pod.
fn port_maps(cfg: &ProxyConfig, rules: &mut RuleSet) {
    let of_family: Vec<&PortMap> =
        cfg.port_maps.iter().filter(|map| Family::of(map.address) == cfg.family).collect();
    if of_family.is_empty() {
        return;
    }
    let mark = rules.nat.declare(Chain::new("CNI-HOSTPORT-SETMARK".into()));
    let rule = Rule::new(&[], Target::Mark(MarkOp::Or(MARK)));
    rules.nat.append(mark, rule.commented("CNI portfwd masquerade mark"));
    let masquerade = rules.nat.declare(Chain::new("CNI-HOSTPORT-MASQ".into()));
    let marked = Match::Mark { value: MARK, mask: MARK, invert: false };
    rules.nat.append(masquerade, Rule::new(&[marked], Target::Masquerade { random_fully: false }));
    let jump = Rule::new(&[], Target::Jump(masquerade));
    rules.nat.append(nat::POSTROUTING, jump.commented("CNI portfwd requiring masquerade"));
    let to_maps = rules.nat.declare(Chain::new("CNI-HOSTPORT-DNAT".into()));
    for from in [nat::PREROUTING, nat::OUTPUT] {
        let local = Match::Local(End::Destination);
        rules.nat.append(from, Rule::new(&[local], Target::Jump(to_maps)));
    }
    for map in of_family {
        port_map(map, to_maps, mark, rules);
    }
}

/// genDnatChain, fillDnatRules.
fn port_map(map: &PortMap, to_maps: ChainId, mark: ChainId, rules: &mut RuleSet) {
    let id = map.pod.to_uuid();
    // Upstream has quotes around both, which iptables-save prints with backslashes.
    let comment = format!("dnat name: {NETWORK} id: {id}");
    let hash = hex_hash(&format!("{NETWORK}{id}"));
    let chain = rules.nat.declare(Chain::new(["CNI-DN-", &hash[..21]].concat().into()));
    for entry in &map.entries {
        let jump = Rule::new(&called(entry), Target::Jump(chain));
        rules.nat.append(to_maps, jump.commented(comment.as_str()));
    }
    for entry in &map.entries {
        let mut matches = called(entry);
        matches.extend(entry.host_ip.map(|ip| Match::Destination(AddressMatch::host(ip))));
        let from = |source: AddressMatch| {
            let matches: Vec<Match> = matches.iter().copied().chain([Match::Source(source)]).collect();
            Rule::new(&matches, Target::Jump(mark))
        };
        rules.nat.append(chain, from(AddressMatch::within(map.range)));
        if map.address.is_ipv4() {
            let localhost = std::net::Ipv4Addr::LOCALHOST.into();
            rules.nat.append(chain, from(AddressMatch::host(localhost)));
        }
        let to = SocketAddr::new(map.address, entry.container_port);
        rules.nat.append(chain, Rule::new(&matches, Target::Dnat(to)));
    }
}

fn called(entry: &PortMapEntry) -> Vec<Match> {
    vec![Match::Protocol(entry.protocol), Match::DestinationPort(entry.host_port)]
}
