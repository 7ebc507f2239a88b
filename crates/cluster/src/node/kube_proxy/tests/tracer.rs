//! Two ways to find where packets go, which must agree with each other and with upstream's tables:
//! interpreters of the printed text, like upstream's tracers, and the evaluator.

use std::collections::BTreeSet;

use super::connect::Node;
use super::fixture::{Seen, ip};
use super::nft_read::NftText;
use super::printed::{Host, Outcome, Printed, Traced};
use super::restore::Restore;
use crate::node::kube_proxy::{ProxyConfig, ProxyMode};
use netfilter::{CtStates, Protocol, RuleHit, RuleSet, Rules, Tuple};

/// A line of a table: name in upstream's test, source, protocol, destination, port; then the
/// endpoints in order, `DROP`, `REJECT`, `ACCEPT` or nothing; and whether the source is rewritten.
pub type Flow<'a> = (&'a str, &'a str, Protocol, &'a str, u16, &'a str, bool);

pub fn check(test: &str, cfg: &ProxyConfig, rules: &RuleSet, flows: &[Flow]) {
    check_rules(&format!("{test}, iptables"), cfg, &Rules::Iptables(rules.clone().into()), flows);
}

pub fn check_nft(test: &str, cfg: &ProxyConfig, seen: &Seen, flows: &[Flow]) {
    check_rules(&format!("{test}, nftables"), cfg, &seen.rules_of(ProxyMode::Nftables, cfg), flows);
}

/// In both modes.
pub fn check_both(test: &str, cfg: &ProxyConfig, seen: &Seen, flows: &[Flow]) {
    check(test, cfg, &seen.rules(cfg), flows);
    check_nft(test, cfg, seen, flows);
}

fn check_rules(test: &str, cfg: &ProxyConfig, rules: &Rules, flows: &[Flow]) {
    let texts = Texts::of(rules);
    let host = texts.host(cfg);
    for &(name, source, protocol, destination, port, expected, masquerade) in flows {
        let tuple =
            Tuple { src: ip(source), src_port: 40_000, dst: ip(destination), dst_port: port, protocol };
        let traced = host.trace(&tuple, &BTreeSet::new());
        let outputs: Vec<&str> = traced.iter().map(|traced| &*traced.outcome.0).collect();
        assert_eq!(outputs.join(", "), expected, "{test}: {name}, the text");
        assert!(traced.iter().all(|traced| traced.outcome.1 == masquerade), "{test}: {name}: {traced:?}");
        agreed(&host, rules, &tuple).unwrap_or_else(|why| panic!("{test}: {name}: {why}"));
        every_rule_can_be_printed(cfg, rules, &tuple);
    }
}

fn every_rule_can_be_printed(cfg: &ProxyConfig, rules: &Rules, tuple: &Tuple) {
    let mut node = Node::new(cfg, rules);
    node.connect(tuple, 0);
    assert!(node.hits.iter().map(RuleHit::at).all(|at| rules.rule_text(at).is_some()));
}

/// The printed rules of a node.
pub struct Texts {
    nft: Option<NftText>,
    /// In nftables mode, those of others.
    iptables: Restore,
}

impl Texts {
    pub fn of(rules: &Rules) -> Texts {
        let nft = rules.nftables().map(|_| rules.to_string());
        Texts::read(nft.as_deref(), &rules.iptables().to_string())
    }

    pub fn read(nft: Option<&str>, iptables: &str) -> Texts {
        Texts { nft: nft.map(NftText::read), iptables: Restore::read(iptables) }
    }

    pub fn host<'a>(&'a self, cfg: &'a ProxyConfig) -> Host<'a> {
        let nft = self.nft.iter().map(|nft| nft as &dyn Printed);
        Host { cfg, dummy: &[], rules: nft.chain([&self.iptables as &dyn Printed]).collect() }
    }
}

/// At least this many connections are tried. An outcome that the text does not have, but one connection in six
/// gets, is missed for one packet in 1500; and many packets are tried.
const ENOUGH: u64 = 40;
/// At most this many are tried. An outcome that the text has, and one connection in eight gets, is missed for one
/// packet in 10^58.
const LIMIT: u64 = 1000;

/// Every possible outcome of a connection, if the text and the evaluator agree on it.
pub fn agreed(host: &Host, rules: &Rules, tuple: &Tuple) -> Result<Vec<Traced>, String> {
    let traced = host.trace(tuple, &BTreeSet::new());
    // And then of the client's next one.
    let next = Tuple { src_port: tuple.src_port + 1, ..*tuple };
    let then: Vec<Vec<Traced>> = traced.iter().map(|first| host.trace(&next, &first.noted)).collect();
    let mut missing: Vec<&Outcome> = traced.iter().map(|traced| &traced.outcome).collect();
    // Session affinity can be observed only if there is a choice.
    let is_free = missing.len() > 1 && traced.iter().all(|traced| traced.noted.is_empty());
    let mut moved = false;
    for flow in 0..LIMIT {
        if flow >= ENOUGH && missing.is_empty() && moved == is_free {
            return Ok(traced);
        }
        let mut node = Node::new(host.cfg, rules);
        let reached = node.connect(tuple, flow);
        let at = traced.iter().position(|traced| traced.outcome == reached);
        let at = at.ok_or_else(|| format!("{tuple:?} reached {reached:?}, the text: {traced:?}"))?;
        missing.retain(|outcome| *outcome != &reached);
        if is_free || !traced[at].noted.is_empty() {
            let again = node.connect(&next, flow + LIMIT);
            check_next(&traced[at], &then[at], &again).map_err(|why| format!("{tuple:?}: {why}"))?;
            moved |= again != reached;
        }
    }
    Err(format!("{tuple:?}: {missing:?} never reached, or the client is bound to one: {traced:?}"))
}

/// The client's next connection goes where its first one went, if the text says that it is bound.
fn check_next(first: &Traced, then: &[Traced], reached: &Outcome) -> Result<(), String> {
    let is_bound = then.len() == 1 && first.outcome == *reached;
    let is_among = then.iter().any(|traced| traced.outcome == *reached);
    match is_among && (is_bound || first.noted.is_empty()) {
        true => Ok(()),
        false => Err(format!("after {first:?} reached {reached:?}, the text: {then:?}")),
    }
}

#[test]
fn states_are_written_as_kube_proxy_writes_them() {
    let states = CtStates::RELATED.or(CtStates::ESTABLISHED).or(CtStates::DNAT);
    assert_eq!(states.to_string(), "RELATED,ESTABLISHED,DNAT");
}
