//! For generated rules: an interpreter of their printed text and the evaluator agree on every outcome.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::any::{any_config, any_seen};
use super::families;
use super::fixture::Seen;
use super::packets::packets;
use super::printed::Traced;
use super::tracer::{Texts, agreed};
use crate::node::kube_proxy::{ProxyConfig, ProxyMode};
use netfilter::Tuple;

/// How often both agreed on each kind of result.
pub type Tally = BTreeMap<&'static str, u32>;

pub fn note(tally: &mut Tally, tuple: &Tuple, traced: &[Traced]) {
    let mut count = |what| *tally.entry(what).or_default() += 1;
    for Traced { outcome: (output, masqueraded), noted } in traced {
        let is_source = output.parse().is_ok_and(|to: SocketAddr| to.ip() == tuple.src);
        count(match (&**output, masqueraded) {
            ("DROP", _) => "dropped",
            ("REJECT", _) => "rejected",
            ("REFUSED", _) => "refused by IPVS",
            ("NO ROUTE", _) => "without a route",
            ("ACCEPT", _) => "accepted",
            ("", false) => "not touched",
            ("", true) => "only masqueraded",
            (_, true) if is_source => "hairpin",
            (_, true) => "delivered and masqueraded",
            (_, false) => "delivered",
        });
        if !noted.is_empty() {
            count("bound to an endpoint");
        }
    }
    if traced.iter().map(|traced| &traced.outcome.0).collect::<BTreeSet<_>>().len() > 2 {
        count("a choice of three or more");
    }
}

/// One in this many packets is tried. It is prime, so that over many runs every kind of packet is tried.
pub const ONE_IN: usize = 7;

fn agree(
    mode: ProxyMode,
    seen: &Seen,
    cfg: &ProxyConfig,
    first: usize,
    tally: &mut Tally,
) -> Result<(), String> {
    let rules = seen.rules_of(mode, cfg);
    let texts = Texts::of(&rules);
    let host = texts.host(cfg);
    for tuple in packets(seen, cfg).iter().skip(first).step_by(ONE_IN) {
        note(tally, tuple, &agreed(&host, &rules, tuple)?);
    }
    Ok(())
}

/// Runs a property test, and counts the kinds of results that it produced.
pub fn tallied<S: Strategy>(all: &S, agree: impl Fn(S::Value, &mut Tally) -> Result<(), String>) -> Tally {
    let tally = RefCell::new(Tally::new());
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|c| c.parse().ok()).unwrap_or(CASES);
    let mut runner = TestRunner::new(ProptestConfig { cases, ..ProptestConfig::default() });
    let agreed = runner.run(all, |one| agree(one, &mut tally.borrow_mut()).map_err(TestCaseError::fail));
    agreed.unwrap_or_else(|why| panic!("{why}"));
    tally.into_inner()
}

fn agree_on_many(mode: ProxyMode) -> Tally {
    tallied(&(any_config(), any_seen(), any::<bool>(), 0..ONE_IN), |(cfg, seen, six, first), tally| {
        let (seen, cfg) = if six { (families::seen(seen), families::config(cfg)) } else { (seen, cfg) };
        agree(mode, &seen, &cfg, first, tally)
    })
}

const CASES: u32 = 100;

/// Asserts that every kind of result occurred: the property would also hold for rules that do nothing.
pub fn nothing_was_missing(tally: &Tally, kinds: &[&str]) {
    for kind in kinds {
        assert!(tally.get(kind).is_some_and(|count| *count >= 10), "{kind}: {tally:?}");
    }
}

pub const KINDS: [&str; 9] = [
    "dropped",
    "rejected",
    "not touched",
    "only masqueraded",
    "hairpin",
    "delivered and masqueraded",
    "delivered",
    "bound to an endpoint",
    "a choice of three or more",
];

#[test]
fn text_for_iptables_restore_agrees_with_the_evaluator() {
    let tally = agree_on_many(ProxyMode::Iptables);
    nothing_was_missing(&tally, &KINDS);
    nothing_was_missing(&tally, &["accepted"]);
}

#[test]
fn text_for_nft_agrees_with_the_evaluator() {
    let tally = agree_on_many(ProxyMode::Nftables);
    nothing_was_missing(&tally, &KINDS);
}
