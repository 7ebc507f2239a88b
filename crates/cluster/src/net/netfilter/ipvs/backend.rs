//! What the IPVS mode writes, as the rules of a node: what a view asks of them. A virtual server and
//! each of its real servers is a line.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use super::print::ServerLine;
use super::{Ipvs, IpvsRules};
use crate::net::netfilter::backend::{Backend, RuleEffect, Rules};
use crate::net::netfilter::subsystem::Subsystem;
use crate::net::netfilter::{Family, RuleRef, RuleSet, ServicePortName, TableName};

impl From<Arc<IpvsRules>> for Rules {
    fn from(rules: Arc<IpvsRules>) -> Rules {
        Rules::with(rules.tables.clone(), rules)
    }
}

impl Backend for IpvsRules {
    fn reader(&self) -> &'static str {
        match self.family() {
            Family::V4 => "ip, ipset, iptables-restore and ipvsadm",
            Family::V6 => "ip, ipset, ip6tables-restore and ipvsadm",
        }
    }

    /// How many lines `ipvsadm -R` reads.
    fn line_count(&self) -> usize {
        self.servers.iter().map(|server| 1 + server.real_servers.len()).sum()
    }

    fn chain_name(&self, at: RuleRef) -> Option<&str> {
        (at.table == TableName::Ipvs).then_some("IPVS")
    }

    /// The line of `ipvsadm -R`.
    fn rule_text(&self, at: RuleRef) -> Option<String> {
        let server = self.server_at(at)?;
        let real = match at.rule {
            0 => None,
            _ => Some(self.real_server_at(at)?),
        };
        Some(ServerLine { server, real }.to_string())
    }

    /// Why a trace names a virtual server itself.
    fn comment(&self, at: RuleRef) -> Option<&str> {
        self.server_at(at).filter(|_| at.rule == 0).map(|_| "IPVS has no real server for it")
    }

    fn service(&self, at: RuleRef) -> Option<&Arc<ServicePortName>> {
        Some(&self.server_at(at)?.service)
    }

    /// What a virtual server does: without a real server it refuses.
    fn effect(&self, at: RuleRef) -> Option<RuleEffect> {
        self.server_at(at).map(|_| if at.rule == 0 { RuleEffect::Reject } else { RuleEffect::Dnat })
    }

    fn print(&self, _: &RuleSet, f: &mut Formatter<'_>) -> fmt::Result {
        self.fmt(f)
    }

    /// Its tables are those of the node.
    #[cfg(any(test, debug_assertions))]
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }

    fn install(self: Arc<Self>, old: Option<Box<dyn Subsystem>>) -> Box<dyn Subsystem> {
        Box::new(Ipvs::installed(self, old))
    }
}
