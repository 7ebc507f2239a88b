//! A packet at one hook: what the rules of any backend can match and change.

use std::net::{IpAddr, SocketAddr};

use super::conntrack::{Conntrack, CtStates};
use super::matches::{End, MarkOp, RejectWith};
use super::nat::{Manip, rewrite};
use super::ruleset::{Hook, RuleRef};
use super::skb::{Ct, Skb};
use super::stack::{Context, RuleHit};
use crate::{Chance, KernelPurpose, Tuple};

/// How deep jumps nest. The kernel counts the depth when it loads rules (and nf_tables refuses more
/// than 16, NFT_JUMP_STACK_SIZE), and drops a packet that would go deeper.
pub(super) const MAX_DEPTH: usize = 16;

/// How a backend's rules ended for a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Accept,
    Drop(RuleRef),
    Reject(RuleRef, RejectWith),
}

pub(super) struct Packet<'e, 'c> {
    pub hook: Hook,
    pub addresses: &'e [IpAddr],
    /// The addresses of IPVS' dummy interface, sorted.
    pub ipvs_addresses: &'e [IpAddr],
    pub conntrack: &'e Conntrack,
    pub skb: &'e mut Skb,
    pub cx: &'e mut Context<'c>,
    /// The address that MASQUERADE takes.
    pub out_addr: Option<IpAddr>,
    /// The last chain that made a random draw, and the subject of its draws.
    pub drawing: Option<(u64, u64)>,
}

impl Packet<'_, '_> {
    /// 64 random bits for a choice in a chain. Not inlined: few rules draw, and the others should not pay for
    /// preparing it.
    #[inline(never)]
    pub fn draw(&mut self, chain: u64, ordinal: u32) -> u64 {
        let subject = self.subject(chain);
        self.cx.chance.draw(KernelPurpose::Statistic, subject, u64::from(ordinal))
    }

    /// The subject of a draw: the connection, the node and the chain.
    #[inline]
    fn subject(&mut self, chain: u64) -> u64 {
        match self.drawing {
            Some((at, subject)) if at == chain => subject,
            _ => {
                let flow = Chance::join(self.cx.node, self.cx.flow);
                let subject = Chance::join(flow, chain);
                self.drawing = Some((chain, subject));
                subject
            }
        }
    }

    /// Whether the packet's address at this end belongs to the node.
    pub fn is_local(&self, end: End) -> bool {
        self.is_ours(self.address(end))
    }

    #[inline(never)]
    fn is_ours(&self, address: IpAddr) -> bool {
        address.is_loopback()
            || self.addresses.contains(&address)
            || self.ipvs_addresses.binary_search(&address).is_ok()
    }

    #[inline]
    pub fn address(&self, end: End) -> IpAddr {
        match end {
            End::Source => self.skb.tuple.src,
            End::Destination => self.skb.tuple.dst,
        }
    }

    /// What `ctstate`, `ct state` and `ct status` compare with.
    #[inline]
    pub fn states(&self) -> CtStates {
        match &self.skb.ct {
            Ct::Tracked(ct) => ct.states,
            Ct::Unseen | Ct::Invalid => CtStates::INVALID,
        }
    }

    pub fn mark(&mut self, op: MarkOp) {
        let mark = self.skb.mark;
        self.skb.mark = match op {
            MarkOp::Or(bits) => mark | bits,
            MarkOp::Xor(bits) => mark ^ bits,
            MarkOp::Set(bits) => bits,
        };
    }

    #[inline(never)]
    pub fn dnat(&mut self, to: SocketAddr) {
        if let Ct::Tracked(ct) = &mut self.skb.ct {
            ct.bind_destination(to);
            rewrite(self.skb, Manip::Destination);
        }
    }

    #[inline(never)]
    pub fn masquerade(&mut self, random_fully: bool) {
        if let (Ct::Tracked(ct), Some(to)) = (&mut self.skb.ct, self.out_addr) {
            ct.bind_source(to, random_fully, self.conntrack, self.cx);
            rewrite(self.skb, Manip::Source);
        }
    }

    /// Adds a rule that matched to the trace, if there is one. `before`: the packet's tuple before the rule.
    #[cold]
    pub fn note(&mut self, at: RuleRef, before: &Tuple) {
        let tuple_after = (self.skb.tuple != *before).then_some(self.skb.tuple);
        let hook = self.hook;
        let RuleRef { table, chain, rule } = at;
        if let Some(trace) = &mut self.cx.trace {
            trace.push(RuleHit { hook, table, chain, rule, tuple_after });
        }
    }
}
