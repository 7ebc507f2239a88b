//! The chains, rules and elements of one service port ("Build rules for each service-port" in syncProxyRules).

use std::net::IpAddr;

use super::endpoint_rules::{Endpoints, choice, endpoint_chains};
use super::fixed::{Fixed, address, mark};
use super::names::service_port_chain_name_base;
use crate::node::kube_proxy::{Categorized, Port, ProxyConfig, ServicePortInfo};
use netfilter::nft::{Chain, Element, Rule, RuleGroup, SetId, Statement, Verdict};
use netfilter::{ChainId, End, Tuple};

/// A service port while its chains are written.
struct Plan<'a> {
    cfg: &'a ProxyConfig,
    fixed: &'a Fixed,
    service: &'a ServicePortInfo,
    /// Whether there is a usable endpoint on any node.
    has_endpoints: bool,
    /// Whether there is one for traffic from this node to the ClusterIP.
    has_internal: bool,
    /// Whether there is one for outside traffic that arrives at this node.
    has_external: bool,
    cluster: Option<ChainId>,
    local: Option<ChainId>,
    external: Option<ChainId>,
    firewall: Option<ChainId>,
}

pub(super) fn write(fixed: &Fixed, cfg: &ProxyConfig, port: &Port, found: &Categorized) -> RuleGroup {
    let (service, all) = (&port.service, &port.endpoints);
    let mut out = RuleGroup::default();
    let table = &mut out;
    let reachable: &[usize] = if found.has_any { &found.reachable } else { &[] };
    let endpoints = Endpoints { service, all, reachable };
    let own = endpoint_chains(table, &endpoints);
    endpoints.note_hairpins(table, fixed.hairpin_connections);
    let plan = Plan::declare(table, fixed, cfg, service, found);
    plan.capture(table);
    plan.external_rules(table);
    plan.firewall_rules(table);
    for (chain, chosen) in [(plan.cluster, &found.cluster), (plan.local, &found.local)] {
        let Some(chain) = chain else { continue };
        for rule in choice(&endpoints, &own, chosen.as_deref().unwrap_or_default()) {
            table.append(chain, rule);
        }
    }
    out
}

impl<'a> Plan<'a> {
    fn declare(
        table: &mut RuleGroup,
        fixed: &'a Fixed,
        cfg: &'a ProxyConfig,
        service: &'a ServicePortInfo,
        found: &Categorized,
    ) -> Plan<'a> {
        let has = |list: &Option<Vec<usize>>| list.as_ref().is_some_and(|list| !list.is_empty());
        let has_local = has(&found.local);
        let has_endpoints = found.has_any;
        let base = service_port_chain_name_base(&service.name);
        let mut chain =
            |wanted: bool, prefix: &str| wanted.then(|| table.declare(Chain::new([prefix, &base].concat())));
        let ranges = &service.load_balancer_source_ranges;
        Plan {
            cfg,
            fixed,
            service,
            has_endpoints,
            has_internal: has_endpoints && (!service.internal_policy_local || has_local),
            has_external: has_endpoints && (!service.external_policy_local || has_local),
            cluster: chain(has(&found.cluster) && service.uses_cluster_endpoints(), "service-"),
            local: chain(has_local && service.uses_local_endpoints(), "local-"),
            // Needed even without an endpoint for outside traffic: traffic from Pods and from the node uses all.
            external: chain(has_endpoints && service.externally_accessible(), "external-"),
            // M-09: unlike in iptables mode, it exists even if there are no endpoints.
            firewall: chain(!service.load_balancer_vips.is_empty() && !ranges.is_empty(), "firewall-"),
        }
    }

    /// The map elements that send packets to the service port's chains, or that drop or reject them.
    fn capture(&self, table: &mut RuleGroup) {
        let (service, fixed) = (self.service, self.fixed);
        let cluster_ip = Element { owner: Some(service.owner.clone()), ..address(service.cluster_ip) };
        table.insert(fixed.cluster_ips, cluster_ip);
        let internal = if service.internal_policy_local { self.local } else { self.cluster };
        match internal.filter(|_| self.has_internal) {
            Some(chain) => self.lead(table, fixed.service_ips, service.cluster_ip, service.port, chain),
            None => self.stop(table, fixed.no_endpoint_services, service.cluster_ip, service.port),
        }
        for ip in service.external_ips.iter().chain(&service.load_balancer_vips) {
            if let Some(chain) = self.external {
                self.lead(table, fixed.service_ips, *ip, service.port, chain);
            }
            if !self.has_external {
                self.stop(table, fixed.no_endpoint_services, *ip, service.port);
            }
        }
        for ip in &service.load_balancer_vips {
            if let Some(chain) = self.firewall {
                self.lead(table, fixed.firewall_ips, *ip, service.port, chain);
            }
        }
        if service.node_port == 0 {
            return;
        }
        // A NodePort's key has no address.
        let any = service.cluster_ip;
        if let Some(chain) = self.external {
            self.lead(table, fixed.service_node_ports, any, service.node_port, chain);
        }
        if !self.has_external {
            self.stop(table, fixed.no_endpoint_node_ports, any, service.node_port);
        }
    }

    fn lead(&self, table: &mut RuleGroup, map: SetId, ip: IpAddr, port: u16, to: ChainId) {
        table.insert(map, self.element(ip, port, Verdict::Goto(to)));
    }

    /// M-08.
    fn stop(&self, table: &mut RuleGroup, map: SetId, ip: IpAddr, port: u16) {
        let verdict = match self.has_endpoints {
            true => Verdict::Drop,
            false => Verdict::Goto(self.fixed.reject_chain),
        };
        let comment = Some(self.service.name.to_string().into());
        table.insert(map, Element { comment, ..self.element(ip, port, verdict) });
    }

    fn element(&self, ip: IpAddr, port: u16, verdict: Verdict) -> Element {
        let protocol = self.service.name.protocol;
        let key = Tuple { src: ip, src_port: 0, dst: ip, dst_port: port, protocol };
        Element { key, verdict: Some(verdict), comment: None, owner: Some(self.service.owner.clone()) }
    }

    /// The chain `external-`: M-02, M-03.
    fn external_rules(&self, table: &mut RuleGroup) {
        let Some(external) = self.external else { return };
        let mut append = |statements: &[Statement], comment: Option<&str>| {
            let rule = Rule::new(statements).owned_by(&self.service.owner);
            table.append(
                external,
                match comment {
                    Some(comment) => rule.commented(comment),
                    None => rule,
                },
            );
        };
        let goto = |chain| Statement::Verdict(Verdict::Goto(chain));
        let from_here = || Statement::Local(End::Source);
        if !self.service.external_policy_local {
            append(&[mark(self.cfg)], Some("masquerade"));
        } else if let Some(cluster) = self.cluster {
            if let Some(detector) = self.cfg.local_detector() {
                append(&[detector.statement(true), goto(cluster)], Some("short-circuit pod traffic"));
            }
            append(&[from_here(), mark(self.cfg)], Some("masquerade local traffic"));
            append(&[from_here(), goto(cluster)], Some("short-circuit local traffic"));
        }
        let rest = if self.service.external_policy_local { self.local } else { self.cluster };
        if let Some(chain) = rest {
            append(&[goto(chain)], None);
        }
    }

    /// The chain `firewall-`: M-09.
    fn firewall_rules(&self, table: &mut RuleGroup) {
        let Some(firewall) = self.firewall else { return };
        let mut allowed = self.service.load_balancer_source_ranges.clone();
        // If the node itself calls the load balancer's address, which may be a local address, that address is
        // also the packet's source.
        if self.cfg.node_ip().is_some_and(|ip| allowed.iter().any(|range| range.contains(ip))) {
            let vips = self.service.load_balancer_vips.iter();
            allowed.extend(vips.map(|ip| netfilter::Cidr::host(*ip)));
        }
        let from_elsewhere = Statement::OutsideOf(End::Source, allowed.into());
        let rule = Rule::new([from_elsewhere, Statement::Verdict(Verdict::Drop)]);
        table.append(firewall, rule.owned_by(&self.service.owner));
    }
}
