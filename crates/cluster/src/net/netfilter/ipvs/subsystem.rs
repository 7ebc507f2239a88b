//! IPVS as a part of a node's kernel.

use std::net::IpAddr;
use std::sync::Arc;

use super::print::Terminating;
use super::{Ipvs, RealServer, ServerKey};
use crate::net::Tuple;
use crate::net::netfilter::conntrack::Conntrack;
use crate::net::netfilter::ipset::{SetEnds, SetId};
use crate::net::netfilter::rules::Hook;
use crate::net::netfilter::skb::Skb;
use crate::net::netfilter::stack::{Cx, Verdict};
use crate::net::netfilter::subsystem::Subsystem;
use crate::sim::Time;

impl Subsystem for Ipvs {
    fn boxed_clone(&self) -> Box<dyn Subsystem> {
        Box::new(self.clone())
    }

    fn addresses(&self) -> &[IpAddr] {
        &self.rules.addresses
    }

    fn run_timers(&mut self, now: Time, conntrack: &mut Conntrack) {
        self.expire(now, conntrack);
    }

    fn balance(&mut self, hook: Hook, skb: &mut Skb, cx: &mut Cx<'_>, conntrack: &mut Conntrack) -> Verdict {
        self.run_hook(hook, skb, cx, conntrack)
    }

    fn set_has(&self, set: SetId, ends: SetEnds, skb: &Skb) -> bool {
        self.rules.set(set).is_some_and(|set| set.holds(ends, &skb.tuple, skb.protocol()))
    }

    fn came_by(&self, request: &Tuple, server: &ServerKey) -> bool {
        self.server_behind(request) == Some(*server)
    }

    fn has_terminating(&self) -> bool {
        self.servers.values().any(|state| state.real_servers.iter().any(|s| s.weight == 0))
    }

    fn terminating(&self) -> String {
        Terminating(self).to_string()
    }

    /// tryDeleteRs (graceful_termination.go), every minute: those without weight whose connections
    /// have ended.
    fn delete_terminated(&mut self) {
        for state in self.servers.values_mut() {
            let done = |s: &RealServer| s.weight == 0 && s.active + s.inactive == 0;
            if state.real_servers.iter().any(done) {
                Arc::make_mut(state).remove_where(done);
            }
        }
    }
}
