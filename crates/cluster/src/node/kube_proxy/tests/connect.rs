//! Where connections go according to the evaluator.

use std::net::{IpAddr, SocketAddr};

use super::printed::{Outcome, interface};
use crate::node::kube_proxy::ProxyConfig;
use crate::sim::{Chance, Time};
use netfilter::{
    Context, Hook, IpvsDrop, Kind, Protocol, Route, RuleEffect, RuleHit, Rules, Skb, Stack, TableName,
    TcpFlags, Traversal, Tuple, Verdict,
};

/// A node whose kernel has the rules.
pub struct Node<'a> {
    cfg: &'a ProxyConfig,
    stack: Stack,
    /// The addresses of kube-ipvs0.
    kube_ipvs0: Vec<IpAddr>,
    pub now: Time,
    /// The rules that the last packet met.
    pub hits: Vec<RuleHit>,
}

impl<'a> Node<'a> {
    pub fn new(cfg: &'a ProxyConfig, rules: &Rules) -> Node<'a> {
        let mut stack = Stack::new(cfg.node_ips.clone(), cfg.family);
        stack.set_rules(rules.clone());
        let kube_ipvs0 = rules.ipvs().map_or(Vec::new(), |rules| rules.addresses.clone());
        Node { cfg, stack, kube_ipvs0, now: Time::ZERO, hits: Vec::new() }
    }

    /// Where a connection goes, and whether its source is rewritten when it leaves. `flow` keys its random draws.
    pub fn connect(&mut self, tuple: &Tuple, flow: u64) -> Outcome {
        let cfg = self.cfg;
        let kube_ipvs0 = &self.kube_ipvs0;
        let is_local =
            |ip: IpAddr| ip.is_loopback() || cfg.node_ips.contains(&ip) || kube_ipvs0.contains(&ip);
        let route = |to: &Tuple| if is_local(to.dst) { Route::Local } else { Route::Out(cfg.node_ips[0]) };
        let mut skb = Skb::new(*tuple, kind(tuple.protocol));
        skb.in_interface = interface(&cfg.node_ips, kube_ipvs0, tuple.src);
        self.hits.clear();
        let node = Chance::subject(&cfg.node_name);
        let trace = Some(&mut self.hits);
        let mut cx = Context { now: self.now, chance: Chance::new(3), flow, node, trace };
        let traversal = match is_local(tuple.src) {
            true => self.stack.send(&mut skb, &mut cx, route),
            false => self.stack.receive(&mut skb, &mut cx, route),
        };
        match traversal {
            Traversal::Stopped(_, Verdict::Drop(_)) => (self.stopped(traversal, "DROP"), false),
            Traversal::Stopped(_, Verdict::Reject(..)) => (self.stopped(traversal, "REJECT"), false),
            Traversal::Stopped(_, Verdict::Ipvs(_, IpvsDrop::NoDestination)) => ("REFUSED".to_owned(), false),
            Traversal::NoRoute => ("NO ROUTE".to_owned(), false),
            Traversal::Local | Traversal::Out => {
                (self.delivered(tuple, &skb.tuple), self.masqueraded(tuple, &skb.tuple))
            }
            other => (format!("{other:?}"), false),
        }
    }

    /// Checks that the rule which gave the verdict is the last one in the trace, unless a chain's policy gave it.
    fn stopped(&self, traversal: Traversal, what: &str) -> String {
        let Traversal::Stopped(_, Verdict::Drop(at) | Verdict::Reject(at, _)) = traversal else {
            unreachable!()
        };
        if self.rules().rule_text(at).is_some() {
            assert_eq!(self.hits.last().map(RuleHit::at), Some(at));
        }
        what.to_owned()
    }

    fn delivered(&self, before: &Tuple, after: &Tuple) -> String {
        if (before.dst, before.dst_port) != (after.dst, after.dst_port) {
            return SocketAddr::new(after.dst, after.dst_port).to_string();
        }
        let accepts = |hit: &RuleHit| {
            hit.hook == Hook::Input
                && hit.table == TableName::Filter
                && self.effect(hit) == Some(RuleEffect::Accept)
        };
        if self.hits.iter().any(accepts) { "ACCEPT".to_owned() } else { String::new() }
    }

    /// Whether a rule masqueraded the packet; checks that its source was rewritten. The port need not have changed:
    /// without `--random-fully` it is kept if it is free.
    fn masqueraded(&self, before: &Tuple, after: &Tuple) -> bool {
        let asked = self.hits.iter().any(|hit| self.effect(hit) == Some(RuleEffect::Masquerade));
        match asked {
            true => assert_eq!(after.src, self.cfg.node_ips[0]),
            false => assert_eq!((after.src, after.src_port), (before.src, before.src_port)),
        }
        asked
    }

    fn rules(&self) -> &Rules {
        self.stack.hooks().primary().rules()
    }

    fn effect(&self, hit: &RuleHit) -> Option<RuleEffect> {
        self.rules().effect(hit.at())
    }
}

fn kind(protocol: Protocol) -> Kind {
    match protocol {
        Protocol::Tcp => Kind::Tcp(TcpFlags::SYN),
        _ => Kind::Datagram,
    }
}
