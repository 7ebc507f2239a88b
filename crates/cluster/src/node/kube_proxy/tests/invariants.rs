//! Invariants of the rules for any Services and endpoints.

use proptest::prelude::*;

use super::any::{any_config, any_seen};
use super::families;
use super::fixture::config;
use super::text::one_of_each;
use crate::node::kube_proxy::{ProxyMode, rule_problems};
use netfilter::{Chain, ChainId, JumpProblem, Rule, RuleSet, Rules, TableName, Target, jump_problems};

proptest! {
    #[test]
    fn rules_are_sound_in_every_mode(cfg in any_config(), seen in any_seen(), six: bool) {
        let (seen, cfg) = if six { (families::seen(seen), families::config(cfg)) } else { (seen, cfg) };
        for mode in ProxyMode::ALL {
            let rules = seen.rules_of(mode, &cfg);
            prop_assert_eq!(rule_problems(&rules), Vec::<String>::new());
            let text = rules.to_string();
            prop_assert!(!text.contains('?'), "a name is missing: {}", text);
            prop_assert_eq!(&text, &seen.rules_of(mode, &cfg).to_string());
        }
    }
}

/// Flushes the first KUBE-SVC- chain.
fn flush_services_chain(rules: &mut RuleSet) {
    let of_endpoints = |(_, chain): &(ChainId, &Chain)| chain.name.starts_with("KUBE-SVC-");
    let (id, _) = rules.nat.chains().find(of_endpoints).expect("a Service has endpoints");
    rules.nat.flush(id);
}

/// Unsound rules make every test fail that builds them, not only the tests of invariants.
#[test]
fn unsound_rules_are_named_in_words() {
    let mut rules = one_of_each().rules(&config());
    flush_services_chain(&mut rules);
    let problems = rule_problems(&Rules::Iptables(rules.into()));
    assert!(problems.iter().any(|problem| problem.starts_with("Empty { table: Nat, from: ")), "{problems:?}");
}

/// TestCheckIPTablesRuleJumps.
#[test]
fn the_checker_finds_what_is_wrong() {
    let sound = one_of_each().rules(&config());
    assert_eq!(jump_problems(&sound), []);
    let services = sound.nat.find("KUBE-SERVICES").unwrap();
    let mut rules = sound.clone();
    rules.nat.append(services, Rule::new(&[], Target::Jump(ChainId::fixed(9999))));
    let missing = JumpProblem::Missing {
        table: TableName::Nat,
        from: "KUBE-SERVICES".into(),
        to: ChainId::fixed(9999),
    };
    assert_eq!(jump_problems(&rules), [missing]);
    let mut rules = sound.clone();
    flush_services_chain(&mut rules);
    let problems = jump_problems(&rules);
    assert!(problems.iter().any(|p| matches!(p, JumpProblem::Empty { .. })), "{problems:?}");
    assert!(problems.iter().any(|p| matches!(p, JumpProblem::Unused { .. })), "{problems:?}");
}
