//! What a node's kernel runs beside iptables, where a mode of kube-proxy asks for it.

use std::any::Any;
use std::fmt;
use std::net::IpAddr;

use super::conntrack::Conntrack;
use super::ipset::{SetEnds, SetId};
use super::ipvs::ServerKey;
use super::nft::Stage;
use super::packet::{Outcome, Packet};
use super::rules::Hook;
use super::skb::Skb;
use super::stack::{Cx, Verdict};
use crate::net::Tuple;
use crate::sim::Time;

/// A part of the kernel with its hooks, and what it keeps from packet to packet: nf_tables and its
/// sets, IPVS and its connections. A hook that a part does not have lets every packet pass.
pub(super) trait Subsystem: Any + fmt::Debug + Send + Sync {
    fn boxed_clone(&self) -> Box<dyn Subsystem>;

    /// Addresses that it gives the node beside its own, sorted.
    fn addresses(&self) -> &[IpAddr] {
        &[]
    }

    /// What time alone does, until `now`.
    fn run_timers(&mut self, _now: Time, _conntrack: &mut Conntrack) {}

    /// Where [`Subsystem::run_chains`] may do something: [`Hook::bit`] for each hook and stage.
    fn busy(&self) -> u16 {
        0
    }

    /// nf_tables' base chains of the packet's hook and of a stage.
    fn run_chains(&mut self, _stage: Stage, _packet: &mut Packet<'_, '_>) -> Outcome {
        Outcome::Accept
    }

    /// IPVS, which comes after the filter table in INPUT and FORWARD, and before it in OUTPUT.
    fn balance(
        &mut self,
        _hook: Hook,
        _skb: &mut Skb,
        _cx: &mut Cx<'_>,
        _conntrack: &mut Conntrack,
    ) -> Verdict {
        Verdict::Accept
    }

    /// What iptables' `-m set --match-set` asks.
    fn set_has(&self, _set: SetId, _ends: SetEnds, _skb: &Skb) -> bool {
        false
    }

    /// What iptables' `-m ipvs` asks: did this request, rewritten, come by the virtual server?
    fn came_by(&self, _request: &Tuple, _server: &ServerKey) -> bool {
        false
    }

    /// Is there a real server that waits for its connections to end?
    fn has_terminating(&self) -> bool {
        false
    }

    /// These, each as a line of `ipvsadm -Sn`.
    fn terminating(&self) -> String {
        String::new()
    }

    /// Takes out the real servers that waited, and have no connection any more.
    fn delete_terminated(&mut self) {}
}

impl Clone for Box<dyn Subsystem> {
    fn clone(&self) -> Box<dyn Subsystem> {
        self.boxed_clone()
    }
}
