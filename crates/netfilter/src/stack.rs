//! One node's network stack: the five hooks, in the order in which a packet meets them.

use std::net::IpAddr;

use super::chain::ChainId;
use super::conntrack::Conntrack;
use super::eval::Run;
use super::hooks::Hooks;
use super::ipvs::{IpvsDrop, ServerKey};
use super::matches::RejectWith;
use super::nat::{Manip, rewrite};
use super::nft::Stage;
use super::packet::{Outcome, Packet};
use super::per_family::PerFamily;
use super::rules::Rules;
use super::ruleset::{Family, Hook, RuleRef, TableName};
use super::skb::{Ct, Skb};
use crate::{Chance, Time, Tuple};

/// What a node's kernel keeps: its connections, of whatever family, and the rules of each family.
#[derive(Clone, Debug)]
pub struct Stack {
    /// The node's own addresses (of its bridge too); loopback is always one.
    pub addresses: Vec<IpAddr>,
    pub conntrack: Conntrack,
    hooks: PerFamily<Hooks>,
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
    /// A node of one family, without rules.
    pub fn new(addresses: Vec<IpAddr>, family: Family) -> Stack {
        Stack::of_families(addresses, &PerFamily::single(family, ()))
    }

    /// A node without rules, of those families. Packets of another family pass without rules and without conntrack.
    pub fn of_families<T>(addresses: Vec<IpAddr>, families: &PerFamily<T>) -> Stack {
        let hooks = families.map(|family, _| Hooks::new(family));
        Stack { addresses, conntrack: Conntrack::default(), hooks }
    }

    pub fn hooks(&self) -> &PerFamily<Hooks> {
        &self.hooks
    }

    /// Whether this stack has rules for packets of that family.
    #[inline]
    pub(super) fn has_hooks_for(&self, skb: &Skb) -> bool {
        self.hooks.get(skb.family()).is_some()
    }

    /// Counts the rules that a packet of a family matched.
    pub fn count(&mut self, family: Family, hits: &[RuleHit]) {
        if let Some(hooks) = self.hooks.get_mut(family) {
            hooks.count(hits);
        }
    }

    /// Whether the address is local. Loopback addresses are, and those of virtual servers, which are on IPVS'
    /// dummy interface.
    pub fn has_address(&self, address: IpAddr) -> bool {
        let of_virtual_server = |hooks: &Hooks| hooks.ipvs_addresses().binary_search(&address).is_ok();
        address.is_loopback()
            || self.addresses.contains(&address)
            || self.hooks.get(Family::of(address)).is_some_and(of_virtual_server)
    }

    /// Runs the timers that are due: IPVS connections time out, and their conntrack entries are deleted.
    pub fn run_timers(&mut self, now: Time) {
        for hooks in self.hooks.values_mut() {
            hooks.backend.run_timers(now, &mut self.conntrack);
        }
    }

    /// Deletes a family's terminating real servers that have no connections left.
    pub fn delete_terminated(&mut self, family: Family, now: Time) {
        self.run_timers(now);
        if let Some(ipvs) = self.hooks.get_mut(family).and_then(|hooks| hooks.backend.ipvs_mut()) {
            ipvs.delete_terminated();
        }
    }

    /// Replaces the rules of their family, as `iptables-restore` or an nft transaction does. They hold from the next
    /// packet on; existing connections keep their NAT. Rules of a family that this stack does not have would meet no
    /// packet: they are dropped.
    pub fn set_rules(&mut self, rules: Rules) {
        if let Some(hooks) = self.hooks.get_mut(rules.family()) {
            hooks.set_rules(rules);
        }
    }

    /// Replaces the rules of their family by such as differ in some of iptables' rules, as `iptables -A` and
    /// `iptables -D` do: the others keep their counts.
    pub fn change_rules(&mut self, rules: Rules) {
        if let Some(hooks) = self.hooks.get_mut(rules.family()) {
            hooks.change_rules(rules);
        }
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
        let Some(hooks) = self.hooks.get_mut(skb.family()) else { return Verdict::Accept };
        hooks.backend.balance(hook, skb, cx, &mut self.conntrack)
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
        let Some(hooks) = self.hooks.get_mut(skb.family()) else { return Verdict::Accept };
        // A trace also records rules that match without any effect.
        if hooks.busy()[1] & hook.bit(stage as u32) == 0 && cx.trace.is_none() {
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
        verdict(hooks.backend.run_chains(stage, &mut packet))
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
        let Some(hooks) = self.hooks.get_mut(skb.family()) else { return Verdict::Accept };
        if hooks.busy()[0] & hook.bit(name as u32) == 0 {
            return Verdict::Accept;
        }
        let table = hooks.rules.iptables().table(name);
        let Some(chain) = hook.chain(name) else { return Verdict::Accept };
        let packet = Packet {
            hook,
            addresses: &self.addresses,
            ipvs_addresses: hooks.backend.addresses(),
            conntrack: &self.conntrack,
            skb,
            cx,
            out_addr,
            drawing: None,
        };
        verdict(Run { table, name, backend: &hooks.backend, recent: &mut hooks.recent, packet }.run(chain))
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
