//! The checker of nftables' tables.

use super::fixture::{config, ip};
use super::text::one_of_each;
use crate::node::kube_proxy::{ProxyMode, rule_problems};
use netfilter::ChainId;
use netfilter::nft::{Rule, SetId, Statement, Table, TableProblem, Verdict, table_problems};

fn table() -> Table {
    let rules = one_of_each().rules_of(ProxyMode::Nftables, &config());
    rules.nftables().unwrap().clone()
}

fn problems_with(chain: &str, statement: Statement) -> Vec<TableProblem> {
    let mut table = table();
    let id = table.find_chain(chain).unwrap();
    table.append(id, Rule::new([statement]));
    table_problems(&table)
}

/// The cases of TestCheckIPTablesRuleJumps, and what else can be wrong with a table.
#[test]
fn the_checker_finds_what_is_wrong() {
    assert_eq!(table_problems(&table()), []);
    let from = || "services".into();
    let nowhere = Statement::Verdict(Verdict::Jump(ChainId::fixed(9999)));
    let missing = TableProblem::MissingChain { from: from(), to: ChainId::fixed(9999) };
    assert_eq!(problems_with("services", nowhere), [missing]);
    let missing = TableProblem::MissingSet { from: from(), to: SetId::Fixed(9999) };
    assert_eq!(problems_with("services", Statement::In(SetId::Fixed(9999))), [missing]);
    let masquerade = Statement::Masquerade { fully_random: true };
    let nat = TableProblem::NatInFilter { chain: "firewall-check".into() };
    assert_eq!(problems_with("firewall-check", masquerade), [nat]);
    let nothing = TableProblem::NothingToDraw { chain: from() };
    assert_eq!(problems_with("services", Statement::NumgenVmap(Box::new([]))), [nothing]);
    let (_, map) = table().find_set("service-ips").unwrap();
    let wrong = TableProblem::WrongKind { from: from(), set: "service-ips".into() };
    assert_eq!(problems_with("services", Statement::In(map)), [wrong]);
    let mut table = table();
    let id = table.declare(netfilter::nft::Chain::new("services"));
    let unused = TableProblem::UnusedChain { chain: from() };
    assert_eq!(table_problems(&table), [TableProblem::Twice { name: from() }, unused]);
    let services = table.find_chain("services").unwrap();
    table.append(services, Rule::new([Statement::Verdict(Verdict::Goto(id))]));
    let problems = table_problems(&table);
    let empty = TableProblem::EmptyChain { from: from(), to: from() };
    assert!(problems.contains(&empty), "{problems:?}");
}

#[test]
fn of_two_services_with_one_address_the_earlier_keeps_its_chains() {
    let mut seen = one_of_each();
    seen.change_services(|service| service.spec.external_ips = vec![ip("198.51.100.22")]);
    let rules = seen.rules_of(ProxyMode::Nftables, &config());
    assert_eq!(rule_problems(&rules), Vec::<String>::new());
    let reached = rules.to_string().matches("198.51.100.22 . tcp . 80").count();
    assert_eq!(reached, 2, "in service-ips and in no-endpoint-services:\n{rules}");
}
