//! The rules and chains of one service port.

use std::net::IpAddr;

use super::endpoint_rules::Reachable;
use super::fixed::{filter, localhost_node_ports, loopback, nat};
use crate::node::kube_proxy::hash::port_proto_hash;
use crate::node::kube_proxy::{Categorized, EndpointInfo, ProxyConfig, ServicePortInfo};
use netfilter::{
    AddressMatch, Chain, ChainId, End, Family, Match, Protocol, RejectWith, Rule, RuleGroup, TableName,
    Target,
};

/// Writes the rules of service ports, one after the other.
pub(super) struct Writer<'a> {
    pub cfg: &'a ProxyConfig,
    pub with_comments: bool,
}

/// Which of a service port's own chains exist, and their indexes.
struct Plan<'a> {
    cfg: &'a ProxyConfig,
    service: &'a ServicePortInfo,
    hash: String,
    /// Whether there is a usable endpoint on any node.
    has_endpoints: bool,
    /// Whether there is one for traffic from this node to the ClusterIP.
    has_internal: bool,
    /// Whether there is one for outside traffic that arrives at this node.
    has_external: bool,
    external: Option<ChainId>,
    firewall: Option<ChainId>,
    cluster: Option<ChainId>,
    local: Option<ChainId>,
    /// How many of these four chains exist. The endpoints' chains come after them.
    count: usize,
}

impl Writer<'_> {
    /// Everything between "Build rules for each service-port" and the next one in syncProxyRules.
    pub fn service(
        &self,
        service: &ServicePortInfo,
        endpoints: &[EndpointInfo],
        categorized: &Categorized,
    ) -> RuleGroup {
        let plan = Plan::new(self.cfg, service, categorized);
        let mut out = RuleGroup::default();
        plan.capture_cluster_ip(&mut out);
        plan.capture_external_ips(&mut out);
        plan.capture_load_balancer_ips(&mut out);
        plan.capture_node_port(&mut out);
        plan.accept_health_checks(&mut out);
        let reachable = Reachable {
            service,
            endpoints,
            first_chain: plan.count,
            reachable: if categorized.has_any { &categorized.reachable } else { &[] },
            with_comments: self.with_comments,
        };
        plan.own_chains(&mut out, categorized, &reachable);
        out.chains.extend(reachable.chains());
        out.recent_lists = reachable.recent_lists();
        out
    }
}

/// Which chains of its own a service port has, besides those of its endpoints.
pub struct OwnChains {
    pub external: bool,
    pub firewall: bool,
    pub cluster: bool,
    pub local: bool,
}

impl OwnChains {
    /// `any`, `cluster`, `local`: whether there is a usable endpoint at all, for policy Cluster, for policy Local.
    pub fn of(service: &ServicePortInfo, any: bool, cluster: bool, local: bool) -> OwnChains {
        OwnChains {
            // Needed even without an endpoint for outside traffic: traffic from Pods and from the node uses all.
            external: any && service.externally_accessible(),
            // M-09: without endpoints no firewall is needed, since the packet is rejected anyway.
            firewall: any
                && !service.load_balancer_vips.is_empty()
                && !service.load_balancer_source_ranges.is_empty(),
            cluster: cluster && service.uses_cluster_endpoints(),
            local: local && service.uses_local_endpoints(),
        }
    }

    /// What the chains' names begin with.
    pub fn prefixes(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.external, "KUBE-EXT-"),
            (self.firewall, "KUBE-FW-"),
            (self.cluster, "KUBE-SVC-"),
            (self.local, "KUBE-SVL-"),
        ];
        all.into_iter().filter_map(|(exists, prefix)| exists.then_some(prefix))
    }
}

impl<'a> Plan<'a> {
    fn new(cfg: &'a ProxyConfig, service: &'a ServicePortInfo, found: &Categorized) -> Plan<'a> {
        let has = |list: &Option<Vec<usize>>| list.as_ref().is_some_and(|list| !list.is_empty());
        let has_local = has(&found.local);
        let has_endpoints = found.has_any;
        let own = OwnChains::of(service, has_endpoints, has(&found.cluster), has_local);
        let mut count = 0;
        let mut chain = |wanted: bool| {
            wanted.then(|| {
                count += 1;
                ChainId::own(count - 1)
            })
        };
        Plan {
            external: chain(own.external),
            firewall: chain(own.firewall),
            cluster: chain(own.cluster),
            local: chain(own.local),
            count,
            has_endpoints,
            has_internal: has_endpoints && (!service.internal_policy_local || has_local),
            has_external: has_endpoints && (!service.external_policy_local || has_local),
            hash: port_proto_hash(&service.name),
            cfg,
            service,
        }
    }

    fn capture_cluster_ip(&self, out: &mut RuleGroup) {
        let to = self.destination(self.service.cluster_ip);
        match self.internal_chain() {
            Some(chain) => out.added.push((
                TableName::Nat,
                nat::KUBE_SERVICES,
                self.jump(&to, chain, Some("cluster IP")),
            )),
            None => out.added.push((TableName::Filter, filter::KUBE_SERVICES, self.refuse(&to))),
        }
    }

    fn capture_external_ips(&self, out: &mut RuleGroup) {
        for ip in &self.service.external_ips {
            let to = self.destination(*ip);
            if let Some(chain) = self.external {
                out.added.push((
                    TableName::Nat,
                    nat::KUBE_SERVICES,
                    self.jump(&to, chain, Some("external IP")),
                ));
            }
            self.refuse_external(out, &to);
        }
    }

    fn capture_load_balancer_ips(&self, out: &mut RuleGroup) {
        for ip in &self.service.load_balancer_vips {
            let to = self.destination(*ip);
            if let Some(chain) = self.firewall.or(self.external) {
                out.added.push((
                    TableName::Nat,
                    nat::KUBE_SERVICES,
                    self.jump(&to, chain, Some("loadbalancer IP")),
                ));
            }
            if self.firewall.is_some() {
                // A packet that the firewall chain accepted has been DNATed by now, so it does not match here.
                let comment = format!("{} traffic not accepted by KUBE-FW-{}", self.service.name, self.hash);
                out.added.push((
                    TableName::Filter,
                    filter::KUBE_PROXY_FIREWALL,
                    self.mine(Rule::new(&to, Target::Drop)).commented(comment),
                ));
            }
        }
        for ip in &self.service.load_balancer_vips {
            self.refuse_external(out, &self.destination(*ip));
        }
    }

    fn capture_node_port(&self, out: &mut RuleGroup) {
        if self.service.node_port == 0 {
            return;
        }
        let protocol = Match::Protocol(self.service.name.protocol);
        let port = Match::DestinationPort(self.service.node_port);
        if let Some(chain) = self.external {
            let mut lead = |conditions: &[Match]| {
                out.added.push((TableName::Nat, nat::KUBE_NODEPORTS, self.jump(conditions, chain, None)));
            };
            // Only to count them: the next rule would lead them to the same chain.
            if self.cfg.family == Family::V4 && self.cfg.nfacct && localhost_node_ports(self.cfg) {
                let to_localhost = Match::Destination(AddressMatch::within(loopback(Family::V4)));
                let counted = Match::Nfacct(super::NFACCT_LOCALHOST_ACCEPTED);
                lead(&[protocol, to_localhost, port, counted]);
            }
            lead(&[protocol, port]);
        }
        self.refuse_external(out, &[Match::Local(End::Destination), protocol, port]);
    }

    /// M-13: written whether or not this node has an endpoint.
    fn accept_health_checks(&self, out: &mut RuleGroup) {
        if self.service.health_check_node_port == 0 {
            return;
        }
        let port = Match::DestinationPort(self.service.health_check_node_port);
        let rule = Rule::new(&[Match::Protocol(Protocol::Tcp), port], Target::Accept);
        out.added.push((
            TableName::Filter,
            filter::KUBE_NODEPORTS,
            self.named(self.mine(rule), "health check node port"),
        ));
    }

    fn own_chains(&self, out: &mut RuleGroup, found: &Categorized, to: &Reachable) {
        if self.external.is_some() {
            out.chains.push(self.chain("KUBE-EXT-", self.external_rules()));
        }
        if self.firewall.is_some() {
            out.chains.push(self.chain("KUBE-FW-", self.firewall_rules()));
        }
        for (id, prefix, chosen) in
            [(self.cluster, "KUBE-SVC-", &found.cluster), (self.local, "KUBE-SVL-", &found.local)]
        {
            if id.is_none() {
                continue;
            }
            let mut rules: Vec<Rule> = Vec::new();
            if id == self.internal_chain() {
                rules.extend(self.masquerade_internal());
            }
            rules.extend(to.choice(chosen.as_deref().unwrap_or_default()));
            out.chains.push(self.chain(prefix, rules));
        }
    }

    /// M-01: outside traffic to a ClusterIP may be routed through this node to an endpoint on another node.
    /// It is masqueraded so that the reply comes back through this node.
    fn masquerade_internal(&self) -> Option<Rule> {
        let to = self.destination(self.service.cluster_ip);
        let conditions = match (self.cfg.masquerade_all, self.cfg.local_detector()) {
            (true, _) => to.to_vec(),
            (false, Some(detector)) => [&to[..], &[detector.matches(false)]].concat(),
            (false, None) => return None,
        };
        Some(self.jump(&conditions, nat::KUBE_MARK_MASQ, Some("cluster IP")))
    }

    /// KUBE-EXT-: M-02, M-03.
    fn external_rules(&self) -> Vec<Rule> {
        let name = &self.service.name;
        let mut rules = Vec::new();
        let mut jump = |conditions: &[Match], to, comment: Option<String>| {
            let rule = self.mine(Rule::new(conditions, Target::Jump(to)));
            rules.push(match comment {
                Some(comment) => rule.commented(comment),
                None => rule,
            });
        };
        let from_here = Match::Local(End::Source);
        let about = |what: &str| Some(format!("{what} {name} external destinations"));
        if !self.service.external_policy_local {
            jump(&[], nat::KUBE_MARK_MASQ, about("masquerade traffic for"));
        } else if let Some(cluster) = self.cluster {
            if let Some(detector) = self.cfg.local_detector() {
                jump(&[detector.matches(true)], cluster, about("pod traffic for"));
            }
            jump(&[from_here], nat::KUBE_MARK_MASQ, about("masquerade LOCAL traffic for"));
            jump(&[from_here], cluster, about("route LOCAL traffic for"));
        }
        let rest = if self.service.external_policy_local { self.local } else { self.cluster };
        if let Some(chain) = rest {
            jump(&[], chain, None);
        }
        rules
    }

    /// KUBE-FW-: M-09.
    fn firewall_rules(&self) -> Vec<Rule> {
        let service = self.service;
        let Some(external) = self.external else { return Vec::new() };
        let from = |source| self.jump(&[Match::Source(source)], external, Some("loadbalancer IP"));
        let ranges = &service.load_balancer_source_ranges;
        let mut rules: Vec<Rule> = ranges.iter().map(|r| from(AddressMatch::within(*r))).collect();
        // If the node itself calls the load balancer's address, which may be a local address, that address is
        // also the packet's source.
        let node_ip = self.cfg.node_ip();
        if node_ip.is_some_and(|ip| ranges.iter().any(|range| range.contains(ip))) {
            let vips = service.load_balancer_vips.iter();
            rules.extend(vips.map(|ip| from(AddressMatch::host(*ip))));
        }
        let comment = format!("other traffic to {} will be dropped by KUBE-PROXY-FIREWALL", service.name);
        rules.push(self.mine(Rule::new(&[], Target::None)).commented(comment));
        rules
    }

    /// Where traffic to the ClusterIP goes.
    fn internal_chain(&self) -> Option<ChainId> {
        if !self.has_internal {
            return None;
        }
        if self.service.internal_policy_local { self.local } else { self.cluster }
    }

    fn refuse_external(&self, out: &mut RuleGroup, to: &[Match]) {
        if !self.has_external {
            out.added.push((TableName::Filter, filter::KUBE_EXTERNAL_SERVICES, self.refuse(to)));
        }
    }

    /// M-08.
    fn refuse(&self, to: &[Match]) -> Rule {
        let (target, why) = match self.has_endpoints {
            true => (Target::Drop, "has no local endpoints"),
            false => (Target::Reject(RejectWith::PortUnreachable), "has no endpoints"),
        };
        self.named(self.mine(Rule::new(to, target)), why)
    }

    fn destination(&self, ip: IpAddr) -> [Match; 3] {
        [
            Match::Protocol(self.service.name.protocol),
            Match::Destination(AddressMatch::host(ip)),
            Match::DestinationPort(self.service.port),
        ]
    }

    /// A jump. Its comment is the port's name, followed by `what`.
    fn jump(&self, conditions: &[Match], to: ChainId, what: Option<&str>) -> Rule {
        let rule = self.mine(Rule::new(conditions, Target::Jump(to)));
        match what {
            Some(what) => self.named(rule, what),
            None => rule.commented(self.service.name.to_string()),
        }
    }

    fn named(&self, rule: Rule, what: &str) -> Rule {
        rule.commented(format!("{} {what}", self.service.name))
    }

    fn mine(&self, rule: Rule) -> Rule {
        rule.owned_by(&self.service.owner)
    }

    fn chain(&self, prefix: &str, rules: Vec<Rule>) -> Chain {
        Chain::with_rules([prefix, &self.hash].concat().into(), rules)
    }
}
