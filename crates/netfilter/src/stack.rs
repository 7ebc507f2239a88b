//! One node's network stack: the five hooks, in the order in which a packet meets them.

use std::net::IpAddr;
use std::sync::Arc;

use super::backend::Backend;
use super::chain::ChainId;
use super::conntrack::Conntrack;
use super::eval::Run;
use super::ipvs::{Ipvs, IpvsDrop, ServerKey};
use super::matches::RejectWith;
use super::nat::{Manip, rewrite};
use super::nft::{NfTables, Stage};
use super::packet::{Outcome, Packet};
use super::recent::RecentTables;
use super::rules::Rules;
use super::ruleset::{Family, Hook, RuleRef, RuleSet, TableName};
use super::skb::{Ct, Skb};
use crate::{Chance, Time, Tuple};
use litemap::LiteMap;

/// What a node's kernel keeps: its rules, its connections, its `recent` lists.
#[derive(Clone, Debug)]
pub struct Stack {
    /// The node's own addresses (of its bridge too); loopback is always one.
    pub addresses: Vec<IpAddr>,
    /// The family of its rules and connections. Packets of the other family pass without either.
    family: Family,
    pub conntrack: Conntrack,
    rules: Rules,
    recent: RecentTables,
    /// nf_tables or IPVS, if the rules need one.
    backend: Backend,
    /// The hooks where iptables' chains, and nf_tables' chains, may have an effect: a bit for each hook and
    /// table, or for each hook and stage.
    busy: [u16; 2],
    counts: LiteMap<RuleRef, u64>,
}

/// What evaluation needs besides the packet and the node.
pub struct Context<'a> {
    pub now: Time,
    pub chance: Chance,
    /// A stable number of the connection, which keys its random draws.
    pub flow: u64,
    /// `Chance::subject(node name)`.
    pub node: u64,
    /// If set, every rule that matches is added here.
    pub trace: Option<&'a mut Vec<RuleHit>>,
}

/// A rule that matched a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleHit {
    pub hook: Hook,
    pub table: TableName,
    pub chain: ChainId,
    pub rule: u32,
    /// Set when the rule rewrote the packet.
    pub tuple_after: Option<Tuple>,
}

impl RuleHit {
    pub fn at(&self) -> RuleRef {
        RuleRef { table: self.table, chain: self.chain, rule: self.rule }
    }
}

/// A hook's verdict on a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accept,
    Drop(RuleRef),
    Reject(RuleRef, RejectWith),
    /// Dropped by conntrack itself, not by a rule.
    Lost(Loss),
    /// Dropped by IPVS: its virtual server, and why.
    Ipvs(ServerKey, IpvsDrop),
}

/// Why conntrack dropped a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// `nf_conntrack: table full, dropping packet`.
    TableFull,
    /// Another connection took the same tuple, and no other source port was free.
    Clash,
}

impl Stack {
    /// A node without rules.
    pub fn new(addresses: Vec<IpAddr>, family: Family) -> Stack {
        Stack {
            addresses,
            family,
            conntrack: Conntrack::default(),
            rules: Rules::Iptables(Arc::new(RuleSet::empty(family))),
            recent: RecentTables::default(),
            backend: Backend::Iptables,
            busy: [0; 2],
            counts: LiteMap::new(),
        }
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Whether the packet is of the other family, for which this stack has no rules.
    #[inline]
    pub(super) fn is_of_other_family(&self, skb: &Skb) -> bool {
        skb.tuple.src.is_ipv4() != (self.family == Family::V4)
    }

    /// How many packets matched each rule since the rules were written; rules without any are left out. As in
    /// the kernel, only a connection's first packet is counted in the table `nat`. Here [`Stack::set_rules`]
    /// resets all counts; a real `iptables-restore` keeps those of chains that it does not write.
    pub fn counts(&self) -> &LiteMap<RuleRef, u64> {
        &self.counts
    }

    /// Counts the rules that a packet matched.
    pub fn count(&mut self, hits: &[RuleHit]) {
        for hit in hits {
            *self.counts.entry(hit.at()).or_default() += 1;
        }
    }

    /// The state of IPVS, if the rules use IPVS.
    pub fn ipvs(&self) -> Option<&Ipvs> {
        self.backend.ipvs()
    }

    /// The state of nf_tables, if the rules use it.
    pub fn nftables(&self) -> Option<&NfTables> {
        self.backend.nftables()
    }

    /// Whether the address is local. Loopback addresses are, and those of virtual servers, which are on IPVS'
    /// dummy interface.
    pub fn has_address(&self, address: IpAddr) -> bool {
        address.is_loopback()
            || self.addresses.contains(&address)
            || self.ipvs_addresses().binary_search(&address).is_ok()
    }

    /// The addresses of IPVS' dummy interface, sorted.
    #[inline]
    fn ipvs_addresses(&self) -> &[IpAddr] {
        self.backend.addresses()
    }

    /// Runs the timers that are due: IPVS connections time out, and their conntrack entries are deleted.
    pub fn run_timers(&mut self, now: Time) {
        self.backend.run_timers(now, &mut self.conntrack);
    }

    /// Whether a real server is kept only until its connections end.
    pub fn has_terminating(&self) -> bool {
        self.ipvs().is_some_and(Ipvs::has_terminating)
    }

    /// Those real servers, each as a line of `ipvsadm -Sn`. No rule names them any more.
    pub fn terminating(&self) -> String {
        self.ipvs().map(Ipvs::terminating).unwrap_or_default()
    }

    /// Deletes the terminating real servers that have no connections left.
    pub fn delete_terminated(&mut self, now: Time) {
        self.run_timers(now);
        if let Some(ipvs) = self.backend.ipvs_mut() {
            ipvs.delete_terminated();
        }
    }

    pub fn recent(&self) -> &RecentTables {
        &self.recent
    }

    /// Replaces the rules, as `iptables-restore` or an nft transaction does. They hold from the next packet on;
    /// existing connections keep their NAT.
    pub fn set_rules(&mut self, rules: Rules) {
        self.counts.clear();
        self.recent.rename(rules.iptables().recent_lists());
        self.backend.load(&rules);
        self.busy = [rules.iptables().busy(), self.backend.busy()];
        self.rules = rules;
    }

    /// A packet arrives at an interface: conntrack, then the rules before NAT, then nat PREROUTING.
    pub fn prerouting(&mut self, skb: &mut Skb, cx: &mut Context) -> Verdict {
        self.run_timers(cx.now);
        self.conntrack.track(skb, cx.now);
        match self.filter(Hook::Prerouting, Stage::BeforeNat, skb, cx) {
            Verdict::Accept => self.nat(Hook::Prerouting, Manip::Destination, skb, cx, None),
            stopped => stopped,
        }
    }

    /// A packet is for this node: filter INPUT, IPVS, nat INPUT. If [`Skb::has_real_server`] is true afterwards, its
    /// destination has changed: it must be routed again, and may go through [`Stack::reinjected`].
    pub fn input(&mut self, skb: &mut Skb, cx: &mut Context) -> Verdict {
        match self.filter(Hook::Input, Stage::BeforeNat, skb, cx) {
            Verdict::Accept => {}
            stopped => return stopped,
        }
        match self.balance(Hook::Input, skb, cx) {
            Verdict::Accept if skb.has_real_server() => Verdict::Accept,
            Verdict::Accept => self.input_to_process(skb, cx),
            stopped => stopped,
        }
    }

    /// The rest of LOCAL_IN: nat INPUT.
    pub fn input_to_process(&mut self, skb: &mut Skb, cx: &mut Context) -> Verdict {
        match self.nat(Hook::Input, Manip::Source, skb, cx, None) {
            Verdict::Accept => self.confirm(skb, cx),
            stopped => stopped,
        }
    }

    /// A packet is forwarded by this node: filter FORWARD, IPVS.
    pub fn forward(&mut self, skb: &mut Skb, cx: &mut Context) -> Verdict {
        match self.filter(Hook::Forward, Stage::BeforeNat, skb, cx) {
            Verdict::Accept => self.balance(Hook::Forward, skb, cx),
            stopped => stopped,
        }
    }

    /// IPVS sends an incoming packet to a real server on another machine: through OUTPUT, where only the filter
    /// table has an effect (ip_vs_nat_send_or_cont).
    pub fn reinjected(&mut self, skb: &mut Skb, cx: &mut Context) -> Verdict {
        self.filter(Hook::Output, Stage::AfterNat, skb, cx)
    }

    /// A process on this node sends a packet: conntrack, the rules before NAT, nat OUTPUT, IPVS,
    /// filter OUTPUT.
    pub fn output(&mut self, skb: &mut Skb, cx: &mut Context) -> Verdict {
        self.run_timers(cx.now);
        self.conntrack.track(skb, cx.now);
        match self.filter(Hook::Output, Stage::BeforeNat, skb, cx) {
            Verdict::Accept => {}
            stopped => return stopped,
        }
        match self.nat(Hook::Output, Manip::Destination, skb, cx, None) {
            Verdict::Accept => {}
            stopped => return stopped,
        }
        match self.balance(Hook::Output, skb, cx) {
            Verdict::Accept => self.filter(Hook::Output, Stage::AfterNat, skb, cx),
            stopped => stopped,
        }
    }

    /// A packet leaves through an interface, whose address MASQUERADE takes.
    pub fn postrouting(&mut self, skb: &mut Skb, cx: &mut Context, out_addr: IpAddr) -> Verdict {
        match self.nat(Hook::Postrouting, Manip::Source, skb, cx, Some(out_addr)) {
            Verdict::Accept => self.confirm(skb, cx),
            stopped => stopped,
        }
    }

    #[inline]
    fn balance(&mut self, hook: Hook, skb: &mut Skb, cx: &mut Context) -> Verdict {
        self.backend.balance(hook, skb, cx, &mut self.conntrack)
    }

    /// nf_nat_inet_fn: rules see only a connection's first packet; later packets are rewritten like it. If there
    /// are several chains, those after the one that rewrites the packet do not see it.
    ///
    /// nf_tables' chains run before iptables' chains of the same priority: the kernel puts a new chain before the
    /// existing ones, and nf_tables' are assumed to be newer.
    fn nat(
        &mut self,
        hook: Hook,
        manip: Manip,
        skb: &mut Skb,
        cx: &mut Context,
        out_addr: Option<IpAddr>,
    ) -> Verdict {
        let Ct::Tracked(ct) = &skb.ct else { return Verdict::Accept };
        if ct.is_new() && !ct.is_bound(manip) {
            let outcome = self.run_backend(hook, Stage::Nat, skb, cx, out_addr);
            if outcome != Verdict::Accept {
                return outcome;
            }
            let unbound = matches!(&skb.ct, Ct::Tracked(ct) if !ct.is_bound(manip));
            let outcome =
                if unbound { self.run(TableName::Nat, hook, skb, cx, out_addr) } else { Verdict::Accept };
            if outcome != Verdict::Accept {
                return outcome;
            }
            self.bind_as_it_is(skb, manip, cx);
        }
        rewrite(skb, manip);
        Verdict::Accept
    }

    /// nf_nat_alloc_null_binding: no rule rewrote the packet. Its source port is still changed if the tuple
    /// would clash with that of another connection after NAT.
    fn bind_as_it_is(&mut self, skb: &mut Skb, manip: Manip, cx: &Context) {
        let Ct::Tracked(ct) = &mut skb.ct else { return };
        if ct.is_bound(manip) {
            return;
        }
        match manip {
            Manip::Destination => ct.keep_destination(),
            Manip::Source => ct.bind_source(ct.reply.dst, false, &self.conntrack, cx),
        }
    }

    /// The filter chains of a hook, before or after NAT. iptables' own has priority 0: after NAT at
    /// OUTPUT, before it elsewhere.
    fn filter(&mut self, hook: Hook, stage: Stage, skb: &mut Skb, cx: &mut Context) -> Verdict {
        let outcome = self.run_backend(hook, stage, skb, cx, None);
        if outcome != Verdict::Accept || (hook == Hook::Output) != (stage == Stage::AfterNat) {
            return outcome;
        }
        self.run(TableName::Filter, hook, skb, cx, None)
    }

    /// nf_tables' chains, where there are any.
    #[inline]
    fn run_backend(
        &mut self,
        hook: Hook,
        stage: Stage,
        skb: &mut Skb,
        cx: &mut Context,
        out_addr: Option<IpAddr>,
    ) -> Verdict {
        // A trace also records rules that match without any effect.
        if self.busy[1] & hook.bit(stage as u32) == 0 && cx.trace.is_none() {
            return Verdict::Accept;
        }
        let mut packet = Packet {
            hook,
            addresses: &self.addresses,
            ipvs_addresses: &[],
            conntrack: &self.conntrack,
            skb,
            cx,
            out_addr,
            drawing: None,
        };
        verdict(self.backend.run_chains(stage, &mut packet))
    }

    #[inline]
    fn run(
        &mut self,
        name: TableName,
        hook: Hook,
        skb: &mut Skb,
        cx: &mut Context,
        out_addr: Option<IpAddr>,
    ) -> Verdict {
        if self.busy[0] & hook.bit(name as u32) == 0 {
            return Verdict::Accept;
        }
        let table = self.rules.iptables().table(name);
        let Some(chain) = hook.chain(name) else { return Verdict::Accept };
        let packet = Packet {
            hook,
            addresses: &self.addresses,
            ipvs_addresses: self.backend.addresses(),
            conntrack: &self.conntrack,
            skb,
            cx,
            out_addr,
            drawing: None,
        };
        verdict(Run { table, name, backend: &self.backend, recent: &mut self.recent, packet }.run(chain))
    }

    fn confirm(&mut self, skb: &mut Skb, cx: &Context) -> Verdict {
        match self.conntrack.confirm(skb, cx.now) {
            Ok(()) => Verdict::Accept,
            Err(loss) => Verdict::Lost(loss),
        }
    }
}

fn verdict(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Accept => Verdict::Accept,
        Outcome::Drop(at) => Verdict::Drop(at),
        Outcome::Reject(at, with) => Verdict::Reject(at, with),
    }
}
