//! Virtual servers in the form of rules, for display: each virtual server and each real server is a line.

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

    /// Why a virtual server itself is in a trace.
    pub(crate) fn comment(&self, at: RuleRef) -> Option<&'static str> {
        self.server_at(at).filter(|_| at.rule == 0).map(|_| "IPVS has no real server for it")
    }

    /// What a virtual server does. Without a real server it rejects.
    pub(crate) fn effect(&self, at: RuleRef) -> Option<RuleEffect> {
        self.server_at(at).map(|_| if at.rule == 0 { RuleEffect::Reject } else { RuleEffect::Dnat })
    }
}
