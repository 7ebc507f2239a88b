//! kube-proxy's nftables backend (pkg/proxy/nftables/proxier.go, setupNFTables and syncProxyRules), as
//! Kubernetes 1.36 has it: masquerading of ClusterIPs is one rule for all Services, hairpins are a set,
//! and endpoints have chains of their own only for session affinity.

mod describe;
mod endpoint_rules;
mod fixed;
mod names;
mod service_rules;
mod stale;

pub(super) use describe::{endpoint_choices, port_summary, rule_role, rules_of, selection_reason};
pub use names::{service_port_chain_name_base, service_port_endpoint_chain_name_base};
pub(super) use stale::stale_chains;

use std::sync::Arc;

use super::{Ports, ProxyConfig, Reuse, ServicePortName, categorize};
use netfilter::nft::{RuleGroup, Table};

/// The table that a sync writes, for the service ports that this node's kube-proxy knows.
///
/// Unused chains are not included: kube-proxy empties them and deletes them later
/// (`node/stale_chains.rs`). Nothing jumps to them.
///
/// kube-proxy recreates its base chains whenever it starts (setupNFTables), so they run before iptables' chains of
/// the same priority. The CNI plugin's masquerading therefore sees only what kube-proxy has not rewritten, as in
/// iptables mode.
pub fn build(cfg: &ProxyConfig, ports: &Ports, reuse: &Reuse<'_>) -> Table {
    let (mut table, fixed) = fixed::top_level(cfg);
    let last = reuse.last().and_then(|last| last.rules.nftables()).map_or(&[][..], Table::groups);
    for (at, port) in ports.values().enumerate() {
        let written = reuse.place(at).and_then(|at| last.get(at)).cloned();
        table.add(written.unwrap_or_else(|| {
            let found = categorize(&port.endpoints, &port.service, &cfg.node_name, cfg.zone.as_deref());
            Arc::new(service_rules::write(&fixed, cfg, port, &found))
        }));
    }
    table
}

/// The longest comment that nft takes (libnftnl, NFTNL_UDATA_COMMENT_MAXLEN; knftables has it as CommentLengthMax).
pub const COMMENT_LENGTH_MAX: usize = 128;

/// The service port because of which nft refuses the whole table that was built of `ports`: kube-proxy writes its name
/// as the comment of an element, however long it is (N-04).
pub(super) fn refused(table: &Table, ports: &Ports) -> Option<Arc<ServicePortName>> {
    let is_refused = |(name, group): &(&Arc<ServicePortName>, &Arc<RuleGroup>)| {
        let has_comment = || group.elements.iter().any(|(_, element)| element.comment.is_some());
        name.text_len() > COMMENT_LENGTH_MAX && has_comment()
    };
    let (name, _) = ports.keys().zip(table.groups()).find(is_refused)?;
    Some(Arc::clone(name))
}
