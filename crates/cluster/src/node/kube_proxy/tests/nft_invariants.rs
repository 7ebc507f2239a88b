//! What holds for the nftables rules of whatever Services and endpoints there are.

use proptest::prelude::*;

use super::fixture::{CLIENT, NODE_IP, POD, Seen, config, http, http_slice, ip};
use super::invariants::{any_config, any_endpoint, any_service};
use super::nft_tracer::Text;
use super::text::one_of_each;
use super::tracer::connect;
use crate::api::{Endpoint, Service, ServiceType};
use crate::net::netfilter::ChainId;
use crate::net::netfilter::nft::{Rule, SetId, Statement, Table, TableProblem, Verdict, table_problems};
use crate::net::{Protocol, Tuple};
use crate::node::kube_proxy::{ProxyConfig, ProxyMode};

/// No two Services share an address or a NodePort, as the API server and the cloud see to it.
fn seen(services: Vec<(Service, Vec<Endpoint>)>) -> Seen {
    let mut seen = Seen::default();
    for (n, (mut service, endpoints)) in (0u16..).zip(services) {
        let name = format!("web-{n}");
        service.meta.name = name.as_str().into();
        service.spec.cluster_ips = vec![ip(&format!("10.96.0.{n}"))];
        let node_port = if service.spec.type_ == ServiceType::ClusterIP { 0 } else { 30080 + n };
        service.spec.ports = vec![http(node_port)];
        for address in &mut service.spec.external_ips {
            *address = ip(&format!("198.51.100.{}", 20 + n));
        }
        for ingress in &mut service.ingress {
            ingress.ip = ip(&format!("198.51.100.{}", 10 + n));
        }
        seen = seen.with(service).slice(http_slice(&name, &endpoints));
    }
    seen
}

/// The evaluator reaches nothing that the interpreter of the text does not, and stops what it stops.
fn agree(cfg: &ProxyConfig, seen: &Seen) -> Result<(), TestCaseError> {
    let rules = seen.rules_of(ProxyMode::NFTABLES, cfg);
    let text = Text::read(&rules.nftables().unwrap().to_string());
    let targets =
        ["10.96.0.0", "10.96.0.1", "10.96.0.99", "198.51.100.10", "198.51.100.21"].map(|to| (to, 80));
    for (to, port) in targets.into_iter().chain([(NODE_IP, 30080), (NODE_IP, 30081), ("10.96.0.0", 81)]) {
        for source in [POD, CLIENT, NODE_IP] {
            let tuple = Tuple {
                src: ip(source),
                src_port: 40_000,
                dst: ip(to),
                dst_port: port,
                protocol: Protocol::Tcp,
            };
            let (traced, masquerade) = text.trace(cfg, &tuple);
            for flow in 0..8 {
                let (reached, masqueraded) = connect(cfg, &rules, &tuple, flow);
                let among = traced.split(", ").any(|one| one == reached);
                prop_assert!(among, "{source} to {to}:{port}: {reached:?}, traced {traced:?}");
                prop_assert!(masqueraded == masquerade || !reached.contains(':'), "{source} to {to}:{port}");
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn tables_are_sound_and_their_text_says_what_they_do(
        cfg in any_config(),
        services in prop::collection::vec((any_service(), prop::collection::vec(any_endpoint(), 0..8)), 0..5),
    ) {
        let seen = seen(services);
        let rules = seen.rules_of(ProxyMode::NFTABLES, &cfg);
        let table = rules.nftables().unwrap();
        prop_assert_eq!(table_problems(table), vec![]);
        let text = rules.to_string();
        prop_assert!(!text.contains('?'));
        prop_assert_eq!(&text, &seen.rules_of(ProxyMode::NFTABLES, &cfg).to_string());
        agree(&cfg, &seen)?;
    }
}

fn table() -> Table {
    let rules = one_of_each().rules_of(ProxyMode::NFTABLES, &config());
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
    let id = table.declare(crate::net::netfilter::nft::Chain::new("services"));
    let unused = TableProblem::UnusedChain { chain: from() };
    assert_eq!(table_problems(&table), [TableProblem::Twice { name: from() }, unused]);
    let services = table.find_chain("services").unwrap();
    table.append(services, Rule::new([Statement::Verdict(Verdict::Goto(id))]));
    let problems = table_problems(&table);
    let empty = TableProblem::EmptyChain { from: from(), to: from() };
    assert!(problems.contains(&empty), "{problems:?}");
}
