//! The part of the kernel that runs beside iptables: nf_tables or IPVS, if the rules need one.

use std::net::IpAddr;
use std::sync::Arc;

use super::conntrack::Conntrack;
use super::ipset::{SetEnds, SetId};
use super::ipvs::{Ipvs, ServerKey};
use super::nft::{NfTables, Stage};
use super::packet::{Outcome, Packet};
use super::rules::Rules;
use super::ruleset::Hook;
use super::skb::Skb;
use super::stack::{Context, Verdict};
use crate::{Time, Tuple};

/// nf_tables with its sets, or IPVS with its connections: the hooks, and the state between packets. iptables' state
/// is in [`super::Stack`]. At a hook that a backend does not use, every packet passes.
#[derive(Clone, Debug)]
pub(super) enum Backend {
    Iptables,
    Nftables(NfTables),
    Ipvs(Box<Ipvs>),
}

impl Backend {
    /// Replaces the rules, from the next packet on. A backend of the same kind keeps the state that outlives its
    /// rules (set elements, connections); the state of another kind is deleted, as by `nft delete table` or
    /// `ipvsadm --clear`.
    pub fn load(&mut self, rules: &Rules) {
        let old = std::mem::replace(self, Backend::Iptables);
        *self = match rules {
            Rules::Iptables(_) => Backend::Iptables,
            Rules::Nftables { table, .. } => {
                let sets = match old {
                    Backend::Nftables(old) => old.sets,
                    Backend::Iptables | Backend::Ipvs(_) => Default::default(),
                };
                Backend::Nftables(NfTables::commit(Arc::clone(table), sets))
            }
            Rules::Ipvs(rules) => {
                let mut ipvs = match old {
                    Backend::Ipvs(old) => old,
                    Backend::Iptables | Backend::Nftables(_) => Default::default(),
                };
                ipvs.load(Arc::clone(rules));
                Backend::Ipvs(ipvs)
            }
        };
    }

    pub fn nftables(&self) -> Option<&NfTables> {
        match self {
            Backend::Nftables(nftables) => Some(nftables),
            Backend::Iptables | Backend::Ipvs(_) => None,
        }
    }

    pub fn ipvs(&self) -> Option<&Ipvs> {
        match self {
            Backend::Ipvs(ipvs) => Some(ipvs),
            Backend::Iptables | Backend::Nftables(_) => None,
        }
    }

    pub fn ipvs_mut(&mut self) -> Option<&mut Ipvs> {
        match self {
            Backend::Ipvs(ipvs) => Some(ipvs),
            Backend::Iptables | Backend::Nftables(_) => None,
        }
    }

    /// Additional local addresses, sorted: those of IPVS' dummy interface.
    pub fn addresses(&self) -> &[IpAddr] {
        self.ipvs().map_or(&[], Ipvs::addresses)
    }

    /// Runs the timers that are due until `now`.
    pub fn run_timers(&mut self, now: Time, conntrack: &mut Conntrack) {
        if let Some(ipvs) = self.ipvs_mut() {
            ipvs.expire(now, conntrack);
        }
    }

    /// The hooks and stages where [`Backend::run_chains`] may have an effect, as bits ([`Hook::bit`]).
    pub fn busy(&self) -> u16 {
        self.nftables().map_or(0, NfTables::busy)
    }

    /// Runs nf_tables' base chains of the packet's hook and of a stage.
    pub fn run_chains(&mut self, stage: Stage, packet: &mut Packet<'_, '_>) -> Outcome {
        match self {
            Backend::Nftables(nftables) => nftables.run_chains(stage, packet),
            Backend::Iptables | Backend::Ipvs(_) => Outcome::Accept,
        }
    }

    /// Runs IPVS, which comes after the filter table in INPUT and FORWARD, and before it in OUTPUT.
    pub fn balance(
        &mut self,
        hook: Hook,
        skb: &mut Skb,
        cx: &mut Context<'_>,
        conntrack: &mut Conntrack,
    ) -> Verdict {
        match self {
            Backend::Ipvs(ipvs) => ipvs.run_hook(hook, skb, cx, conntrack),
            Backend::Iptables | Backend::Nftables(_) => Verdict::Accept,
        }
    }

    /// iptables' `-m set --match-set`.
    pub fn is_in_set(&self, set: SetId, ends: SetEnds, skb: &Skb) -> bool {
        self.ipvs().is_some_and(|ipvs| ipvs.is_in_set(set, ends, skb))
    }

    /// iptables' `-m ipvs`: whether IPVS rewrote this request for the virtual server.
    pub fn matches_ipvs(&self, request: &Tuple, server: &ServerKey) -> bool {
        self.ipvs().is_some_and(|ipvs| ipvs.server_behind(request) == Some(*server))
    }
}
