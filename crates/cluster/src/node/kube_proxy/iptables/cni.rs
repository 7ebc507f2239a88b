//! Rules in the same tables that are not kube-proxy's.

use super::super::ProxyConfig;
use super::fixed::nat;
use netfilter::{AddressMatch, Chain, Match, Rule, RuleSet, Target};

/// The CNI plugin's masquerading: traffic that leaves the Pod network gets the node's address. (The bridge
/// plugin's `ipMasq`, flannel, kindnet and ip-masq-agent do the same in chains of their own.) This rule is
/// appended and kube-proxy's are prepended, so kube-proxy's come first.
pub(in crate::node::kube_proxy) fn masquerade(cfg: &ProxyConfig, rules: &mut RuleSet) {
    let Some(pods) = cfg.cni_masquerade_cidr else { return };
    let chain = rules.nat.declare(Chain::new("CNI-MASQ".into()));
    let from_pods = Match::Source(AddressMatch::within(pods));
    let to_elsewhere = Match::Destination(AddressMatch::outside(pods));
    let rule = Rule::new(&[from_pods, to_elsewhere], Target::Masquerade { random_fully: false });
    rules.nat.append(chain, rule.commented("pod traffic that leaves the pod network"));
    let jump = Rule::new(&[], Target::Jump(chain));
    rules.nat.append(nat::POSTROUTING, jump.commented("CNI masquerading"));
}
