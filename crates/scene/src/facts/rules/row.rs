//! One line of a node's rules, and what these did with a packet.

use std::net::SocketAddr;
use std::sync::Arc;

use cluster::node::Machine;
use cluster::node::kube_proxy::{
    BlockReason, PortSummary, RuleRole, ServicePortName, rule_role, service_port_of,
};
use cluster::trace::Hop;
use netfilter::{Hooks, Rules, Scheduler};

/// What one line of a node's rules says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// An endpoint, and the share of the packets reaching this rule that it gets, or the scheduler that decides.
    /// `only`: the traffic for which policy Local chooses it, if it does.
    Endpoint {
        one_in: Option<u64>,
        by: Option<Scheduler>,
        only: Option<For>,
    },
    /// In the EndpointSlice, but not yet in this node's rules.
    Missing,
    Stop(BlockReason),
    /// A note about the Service as a whole. `sticky`: session affinity.
    Note {
        what: String,
        why: String,
        sticky: bool,
    },
}

/// The traffic that uses the endpoints of policy Local.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// To the ClusterIP.
    Inside,
    /// To other addresses.
    Outside,
    All,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub port: Arc<ServicePortName>,
    /// The port's number, where the Service has several.
    pub number: Option<u16>,
    pub endpoint: Option<SocketAddr>,
    pub kind: RowKind,
    /// Rules written now would be different.
    pub stale: bool,
}

/// What a node's rules did with a packet.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleOutcome {
    /// `None` if a rule for all Services did it.
    port: Option<ServicePortName>,
    to: SocketAddr,
    pub(super) role: RuleRole,
}

impl For {
    pub fn of(summary: &PortSummary) -> For {
        match (summary.internal_local, summary.external_local) {
            (true, false) => For::Inside,
            (false, _) => For::Outside,
            (true, true) => For::All,
        }
    }
}

impl RuleOutcome {
    /// `None` where no rule chose an endpoint for it or stopped it.
    pub fn of(hop: &Hop) -> Option<RuleOutcome> {
        let rules = hop.rules.as_ref()?;
        let mut outcome = RuleOutcome {
            port: None,
            to: SocketAddr::new(hop.after.dst, hop.after.dst_port),
            role: RuleRole::SelectsEndpoint { local: false, affinity: false },
        };
        let mut any = false;
        for at in hop.hits.iter().map(|hit| hit.at()) {
            if let Some(port) = service_port_of(rules, at) {
                outcome.port = Some(port);
            }
            if let Some(role) = rule_role(rules, at) {
                (any, outcome.role) = (true, role);
            }
        }
        any.then_some(outcome)
    }
}

impl Row {
    /// Whether this row is the rule that did it.
    pub fn decided(&self, outcome: &RuleOutcome) -> bool {
        let is_its = outcome.port.as_ref().is_none_or(|port| match self.kind {
            RowKind::Note { .. } => port.service == self.port.service,
            RowKind::Endpoint { .. } | RowKind::Missing | RowKind::Stop(_) => *port == *self.port,
        });
        is_its
            && match (&self.kind, outcome.role) {
                (RowKind::Endpoint { only, .. }, RuleRole::SelectsEndpoint { local, .. }) => {
                    self.endpoint == Some(outcome.to) && only.is_some() == local
                }
                (RowKind::Note { sticky, .. }, RuleRole::SelectsEndpoint { affinity, .. }) => {
                    *sticky && affinity
                }
                (RowKind::Stop(here), RuleRole::Blocks(reason)) => *here == reason,
                (RowKind::Endpoint { .. } | RowKind::Note { .. }, RuleRole::Blocks(_))
                | (RowKind::Stop(_), RuleRole::SelectsEndpoint { .. })
                | (RowKind::Missing, RuleRole::SelectsEndpoint { .. } | RuleRole::Blocks(_)) => false,
            }
    }

    /// How many connections the rule has sent on, or how many packets it has stopped.
    pub fn count(&self, machine: &Machine) -> u64 {
        match (&self.kind, self.endpoint) {
            (RowKind::Endpoint { only, .. }, Some(endpoint)) => {
                machine.sent.to(&self.port, endpoint, only.is_some())
            }
            (RowKind::Stop(stop), _) => {
                let owner = self.port.owner();
                let is_it = |rules: &Rules, at| {
                    rule_role(rules, at) == Some(RuleRole::Blocks(*stop))
                        && rules.owner(at).is_none_or(|of| *of == owner)
                };
                let counted = |hooks: &Hooks| -> u64 {
                    let own = hooks.counts().iter().filter(|(at, _)| is_it(hooks.rules(), **at));
                    own.map(|(_, count)| count).sum()
                };
                machine.stack.hooks().values().map(counted).sum()
            }
            (RowKind::Endpoint { .. }, None) | (RowKind::Missing | RowKind::Note { .. }, _) => 0,
        }
    }
}
