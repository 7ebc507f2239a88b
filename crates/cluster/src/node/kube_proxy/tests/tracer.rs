//! Two ways to ask a rule set where packets go, which must agree with each other and with
//! upstream's tables: a tracer like upstream's, that follows every choice at once and knows nothing
//! of the evaluator, and the evaluator itself, asked for many connections.

use crate::ordered::Set;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::fixture::ip;
use crate::net::netfilter::{
    ChainId, CtStates, Cx, End, Family, Hook, Kind, Match, RuleEffect, RuleHit, RuleRef, RuleSet, Rules, Skb,
    Stack, Table, TableName, Target, TcpFlags, Verdict, jump_problems,
};
use crate::net::{Protocol, Tuple};
use crate::node::kube_proxy::ProxyConfig;
use crate::sim::{Chance, Time};

/// A line of a table: name in upstream's test, source, protocol, destination, port; then the
/// endpoints in order, `DROP`, `REJECT`, `ACCEPT` or nothing; and whether the source is rewritten.
pub type Flow<'a> = (&'a str, &'a str, Protocol, &'a str, u16, &'a str, bool);

pub fn check(test: &str, cfg: &ProxyConfig, rules: &RuleSet, flows: &[Flow]) {
    assert_eq!(jump_problems(rules), [], "{test}");
    for &(name, source, protocol, destination, port, expected, masquerade) in flows {
        let tuple =
            Tuple { src: ip(source), src_port: 40_000, dst: ip(destination), dst_port: port, protocol };
        let traced = trace(cfg, rules, &tuple);
        assert_eq!(traced, (expected.to_owned(), masquerade), "{test}: {name}, traced");
        let rules = Rules::from(Arc::new(rules.clone()));
        evaluate(cfg, &rules, &tuple, expected, masquerade, &format!("{test}: {name}, evaluated"));
    }
}

/// As upstream's iptablesTracer: matches on state, mark and recent never hold; a rule with a
/// probability holds, and the next one is looked at too.
fn trace(cfg: &ProxyConfig, rules: &RuleSet, tuple: &Tuple) -> (String, bool) {
    let mut tracer = Tracer { cfg, tuple: *tuple, outputs: Vec::new(), masquerade: false };
    tracer.chain(&rules.nat, "KUBE-SERVICES");
    if let Some(first) = tracer.outputs.first().and_then(|o| o.parse::<SocketAddr>().ok()) {
        tracer.tuple.dst = first.ip();
        tracer.tuple.dst_port = first.port();
    }
    for chain in ["KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS", "KUBE-PROXY-FIREWALL"] {
        tracer.chain(&rules.filter, chain);
    }
    (tracer.outputs.join(", "), tracer.masquerade)
}

struct Tracer<'a> {
    cfg: &'a ProxyConfig,
    tuple: Tuple,
    outputs: Vec<String>,
    masquerade: bool,
}

impl Tracer<'_> {
    fn chain(&mut self, table: &Table, name: &str) -> bool {
        let id = table.find(name).unwrap();
        self.walk(table, id)
    }

    fn walk(&mut self, table: &Table, id: ChainId) -> bool {
        for rule in table.chain(id).unwrap().rules() {
            if !rule.matches().iter().all(|m| self.holds(m)) {
                continue;
            }
            let by_chance = rule.matches().iter().any(|m| matches!(m, Match::Statistic { .. }));
            let ended = match rule.target {
                Target::Dnat(to) => self.end(to.to_string()),
                Target::Accept => self.end("ACCEPT".into()),
                Target::Drop => self.end("DROP".into()),
                Target::Reject(_) => self.end("REJECT".into()),
                Target::Jump(to) => {
                    let to = to.within(id.group());
                    if &*table.chain(to).unwrap().name == "KUBE-MARK-MASQ" {
                        self.masquerade = true;
                    }
                    self.walk(table, to)
                }
                _ => false,
            };
            if ended && !by_chance {
                return true;
            }
        }
        false
    }

    fn end(&mut self, output: String) -> bool {
        self.outputs.push(output);
        true
    }

    fn holds(&self, condition: &Match) -> bool {
        let tuple = &self.tuple;
        match *condition {
            Match::Source(prefix) => prefix.holds(&tuple.src),
            Match::Destination(prefix) => prefix.holds(&tuple.dst),
            Match::Protocol(protocol) => tuple.protocol == protocol,
            Match::DestinationPort(port) => tuple.dst_port == port,
            Match::Local(End::Source) => is_local(self.cfg, tuple.src),
            Match::Local(End::Destination) => is_local(self.cfg, tuple.dst),
            Match::Statistic { .. } | Match::RecentSet { .. } => true,
            Match::Mark { .. } | Match::CtState { .. } | Match::RecentCheck { .. } => false,
            Match::Set { .. }
            | Match::ProtocolOnly(_)
            | Match::NotFromHere
            | Match::NotFromBridge
            | Match::Ipvs(_) => panic!("iptables mode asks for no such thing: {condition:?}"),
        }
    }
}

pub fn is_local(cfg: &ProxyConfig, address: IpAddr) -> bool {
    address.is_loopback() || cfg.node_ips.contains(&address)
}

/// How many connections are made for each flow: enough that each of a few endpoints is met.
const TRIES: u64 = 64;

/// `expected`, as far as single connections can show it.
pub fn evaluate(
    cfg: &ProxyConfig,
    rules: &Rules,
    tuple: &Tuple,
    expected: &str,
    masquerade: bool,
    name: &str,
) {
    let mut reached = Set::new();
    for flow in 0..TRIES {
        let (output, masqueraded) = connect(cfg, rules, tuple, flow);
        let to_endpoint = output.contains(':');
        assert!(masqueraded == masquerade || !to_endpoint, "{name}: masqueraded: {masqueraded}");
        reached.insert(output);
    }
    let expected: Set<String> = expected.split(", ").map(str::to_owned).collect();
    assert_eq!(reached, expected, "{name}");
}

/// Where one connection goes, and whether its source is rewritten when it leaves.
pub fn connect(cfg: &ProxyConfig, rules: &Rules, tuple: &Tuple, flow: u64) -> (String, bool) {
    let mut stack = Stack::new(cfg.node_ips.clone(), Family::of(tuple.dst));
    stack.set_rules(rules.clone());
    let mut skb = Skb::new(*tuple, kind(tuple.protocol));
    let mut hits = Vec::new();
    let node = Chance::subject(&cfg.node_name);
    let mut cx = Cx { now: Time::ZERO, chance: Chance::new(3), flow, node, trace: Some(&mut hits) };
    let from_here = is_local(cfg, tuple.src);
    let mut verdict = match from_here {
        true => stack.output(&mut skb, &mut cx),
        false => stack.prerouting(&mut skb, &mut cx),
    };
    let to_here = is_local(cfg, skb.tuple.dst);
    if verdict == Verdict::Accept {
        verdict = match (from_here, to_here) {
            (_, true) => stack.input(&mut skb, &mut cx),
            (true, false) => Verdict::Accept,
            (false, false) => stack.forward(&mut skb, &mut cx),
        };
    }
    if verdict == Verdict::Accept && !to_here {
        verdict = stack.postrouting(&mut skb, &mut cx, cfg.node_ips[0]);
    }
    let output = match verdict {
        Verdict::Drop(at) => noted(rules, &hits, at, "DROP"),
        Verdict::Reject(at, _) => noted(rules, &hits, at, "REJECT"),
        Verdict::Accept if (skb.tuple.dst, skb.tuple.dst_port) != (tuple.dst, tuple.dst_port) => {
            SocketAddr::new(skb.tuple.dst, skb.tuple.dst_port).to_string()
        }
        Verdict::Accept if hits.iter().any(|hit| accepts_health_check(rules, hit)) => "ACCEPT".into(),
        Verdict::Accept => String::new(),
        other => format!("{other:?}"),
    };
    // The port is another one even where the address stays: both backends say "random".
    (output, (skb.tuple.src, skb.tuple.src_port) != (tuple.src, tuple.src_port))
}

/// A verdict's rule must be the last one that the trace names.
fn noted(rules: &Rules, hits: &[RuleHit], at: RuleRef, what: &str) -> String {
    assert_eq!(hits.last().map(RuleHit::at), Some(at));
    assert!(rules.service(at).is_some() || rules.nftables().is_some());
    assert!(hits.iter().all(|hit| rules.rule_text(hit.at()).is_some()), "every rule can be printed");
    what.to_owned()
}

fn accepts_health_check(rules: &Rules, hit: &RuleHit) -> bool {
    hit.hook == Hook::Input
        && hit.table == TableName::Filter
        && rules.chain_name(hit.at()) == Some("KUBE-NODEPORTS")
        && rules.effect(hit.at()) == Some(RuleEffect::Accept)
}

fn kind(protocol: Protocol) -> Kind {
    match protocol {
        Protocol::Tcp => Kind::Tcp(TcpFlags::SYN),
        _ => Kind::Datagram,
    }
}

#[test]
fn states_are_written_as_kube_proxy_writes_them() {
    let states = CtStates::RELATED.or(CtStates::ESTABLISHED).or(CtStates::DNAT);
    assert_eq!(states.to_string(), "RELATED,ESTABLISHED,DNAT");
}
