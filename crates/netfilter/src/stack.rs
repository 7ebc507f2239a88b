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
    /// Of its rules and connections: the hooks of the other family have none.
    family: Family,
    pub conntrack: Conntrack,
    rules: Rules,
    recent: RecentTables,
    /// What else the rules need of the kernel.
    backend: Backend,
    /// Where iptables has rules, and where the chains beside it may do something: a bit for each hook and
    /// table, or stage.
    busy: [u16; 2],
    counts: LiteMap<RuleRef, u64>,
}

/// What evaluation needs beside the packet and the node.
pub struct Context<'a> {
    pub now: Time,
    pub chance: Chance,
    /// A stable number of the connection: the subject of its draws.
    pub flow: u64,
    /// `Chance::subject(node name)`.
    pub node: u64,
    /// Every rule that matched is noted here, if anywhere.
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

/// What a hook says about a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accept,
    Drop(RuleRef),
    Reject(RuleRef, RejectWith),
    /// Dropped by conntrack itself; no rule said so.
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

    /// Is this a packet of the family that no rule here is asked about?
    #[inline]
    pub(super) fn is_of_other_family(&self, skb: &Skb) -> bool {
        skb.tuple.src.is_ipv4() != (self.family == Family::V4)
    }

    /// How many packets matched a rule since the rules were written, for those that any matched. As
    /// in the kernel conntrack's own packets reach no rule of `nat`. [`Stack::set_rules`] begins anew
    /// here; `iptables-restore` keeps the counts of the chains that it need not write.
    pub fn counts(&self) -> &LiteMap<RuleRef, u64> {
        &self.counts
    }

    /// Counts the rules that a packet matched.
    pub fn count(&mut self, hits: &[RuleHit]) {
        for hit in hits {
            *self.counts.entry(hit.at()).or_default() += 1;
        }
    }

    /// What the kernel's IPVS keeps, if IPVS is used.
    pub fn ipvs(&self) -> Option<&Ipvs> {
        self.backend.ipvs()
    }

    /// What nf_tables keeps, if there is a table of it.
    pub fn nftables(&self) -> Option<&NfTables> {
        self.backend.nftables()
    }

    /// Does the address belong to this node? Loopback does, and that of a virtual server:
    /// IPVS' dummy interface has it.
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

    /// What time alone does: IPVS connections end, and take conntrack's entries with them.
    pub fn run_timers(&mut self, now: Time) {
        self.backend.run_timers(now, &mut self.conntrack);
    }

    /// Does a real server wait for its connections to end?
    pub fn has_terminating(&self) -> bool {
        self.ipvs().is_some_and(Ipvs::has_terminating)
    }

    /// These, each as a line of `ipvsadm -Sn`: no rule names them any more.
    pub fn terminating(&self) -> String {
        self.ipvs().map(Ipvs::terminating).unwrap_or_default()
    }

    /// Deletes the real servers that wait for their connections to end, and have none any more.
    pub fn delete_terminated(&mut self, now: Time) {
        self.run_timers(now);
        if let Some(ipvs) = self.backend.ipvs_mut() {
            ipvs.delete_terminated();
        }
    }

    pub fn recent(&self) -> &RecentTables {
        &self.recent
    }

    /// What `iptables-restore`, or an nft transaction, does: from the next packet on these rules
    /// hold. Connections keep what was decided for them.
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

    /// A packet is for this node: filter INPUT, IPVS, nat INPUT. When [`Skb::has_real_server`] then,
    /// it is for somebody else now: it has to be routed anew, and goes through [`Stack::reinjected`].
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

    /// A packet is on its way through this node: filter FORWARD, IPVS.
    pub fn forward(&mut self, skb: &mut Skb, cx: &mut Context) -> Verdict {
        match self.filter(Hook::Forward, Stage::BeforeNat, skb, cx) {
            Verdict::Accept => self.balance(Hook::Forward, skb, cx),
            stopped => stopped,
        }
    }

    /// IPVS sends a packet that came in on to its real server, elsewhere: through OUTPUT, where
    /// only the filter table has something to do (ip_vs_nat_send_or_cont).
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

    /// nf_nat_inet_fn: rules see a connection's first packet only; the others follow it. Of several
    /// chains, the one that rewrites the packet is the last to see it.
    ///
    /// nf_tables' chains come before iptables' of the same priority: the kernel puts a chain in front of those
    /// that are there, and these are taken to have come last.
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

    /// nf_nat_alloc_null_binding: no rule rewrote the packet. A source still gets another port if
    /// its own would clash with a connection that is rewritten to look the same.
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
        // Whoever follows the packet sees it pass the rules that do nothing, too.
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
