//! What a view asks of virtual servers, as of rules. A virtual server and each of its real servers is a line.

use super::IpvsRules;
use super::print::ServerLine;
use crate::RuleRef;
use crate::rules::RuleEffect;

impl IpvsRules {
    /// How many lines `ipvsadm -R` reads.
    pub(crate) fn line_count(&self) -> usize {
        self.servers.iter().map(|server| 1 + server.real_servers.len()).sum()
    }

    /// The line of `ipvsadm -R`.
    pub(crate) fn line(&self, at: RuleRef) -> Option<String> {
        let server = self.server_at(at)?;
        let real = match at.rule {
            0 => None,
            _ => Some(self.real_server_at(at)?),
        };
        Some(ServerLine { server, real }.to_string())
    }

    /// Why a trace names a virtual server itself.
    pub(crate) fn comment(&self, at: RuleRef) -> Option<&'static str> {
        self.server_at(at).filter(|_| at.rule == 0).map(|_| "IPVS has no real server for it")
    }

    /// What a virtual server does: without a real server it refuses.
    pub(crate) fn effect(&self, at: RuleRef) -> Option<RuleEffect> {
        self.server_at(at).map(|_| if at.rule == 0 { RuleEffect::Reject } else { RuleEffect::Dnat })
    }
}
