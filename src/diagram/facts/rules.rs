//! A node's rules for one Service, read back from the rule set that is in force there.

use std::net::SocketAddr;
use std::sync::Arc;

#[cfg(test)]
use cluster::api::NsName;
use cluster::api::{Service, Uid};
use cluster::net::netfilter::{RuleEffect, Rules, ServicePortName};
use cluster::node::kube_proxy::{choices, rules_of};
use cluster::node::{Lag, Machine, StalePort};
use cluster::sim::World;

/// What one line of a node's rules says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// An endpoint, and how many packets out of how many that come to this rule it takes.
    Endpoint { one_in: Option<u64> },
    /// Only for packets from outside (externalTrafficPolicy: Local).
    Local { one_in: Option<u64> },
    /// In the EndpointSlice, and not yet in the rules here.
    Missing,
    /// No endpoints: the packet is refused.
    Refuse,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub port: Arc<ServicePortName>,
    /// The port's number, where the Service has several.
    pub number: Option<u16>,
    pub endpoint: Option<SocketAddr>,
    pub kind: RowKind,
    /// Rules written now would not say so.
    pub stale: bool,
}

/// Why there are no rules to show, or which there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleFacts {
    NodeOff,
    /// kube-proxy has written nothing yet.
    NotYet,
    /// Headless or ExternalName: kube-proxy does nothing for it.
    NoVirtualIp,
    Rows(Vec<Row>),
}

/// Of all ports of a Service, or of the one that was called.
pub fn rules_of_node(world: &World, node: Uid, service: Uid, called: Option<u16>) -> RuleFacts {
    let Some(machine) = world.machines().get(&node) else { return RuleFacts::NodeOff };
    let Some(service) = world.store().service_by_uid(service) else { return RuleFacts::NotYet };
    match (machine.power, machine.proxy.synced_at) {
        (false, _) => RuleFacts::NodeOff,
        (true, None) => RuleFacts::NotYet,
        _ if !service.has_virtual_ip() => RuleFacts::NoVirtualIp,
        _ => RuleFacts::Rows(rows(world, machine, service, called)),
    }
}

fn rows(world: &World, machine: &Machine, service: &Service, called: Option<u16>) -> Vec<Row> {
    let stale = world.lag_of(machine.uid).map_or_else(Vec::new, |lag| lag.stale);
    let ports = &service.spec.ports;
    let called = |number: u16, node_port: u16| called.is_none_or(|c| c == number || c == node_port);
    let one = ports.iter().filter(|p| called(p.port, p.node_port)).count();
    let mut rows = Vec::new();
    for port in ports.iter().filter(|p| one == 0 || called(p.port, p.node_port)) {
        let (service, protocol) = (service.meta.key(), port.protocol);
        let name = Arc::new(ServicePortName { service, port: port.name.clone(), protocol });
        let stale = stale.iter().find(|stale| stale.port == *name);
        rows_of_port(&mut rows, machine.stack.rules(), &name, stale);
        if ports.len() > 1 {
            rows.iter_mut().filter(|row| row.port == name).for_each(|row| row.number = Some(port.port));
        }
    }
    rows
}

fn rows_of_port(rows: &mut Vec<Row>, rules: &Rules, port: &Arc<ServicePortName>, lag: Option<&StalePort>) {
    let row = |endpoint, kind, stale| Row { port: port.clone(), number: None, endpoint, kind, stale };
    let before = rows.len();
    for local in [false, true] {
        for choice in choices(rules, port, local) {
            let one_in = choice.one_in;
            let kind = if local { RowKind::Local { one_in } } else { RowKind::Endpoint { one_in } };
            let stale = lag.is_some_and(|lag| lag.gone.contains(&choice.endpoint));
            rows.push(row(Some(choice.endpoint), kind, stale));
        }
    }
    let missing = lag.map_or(&[][..], |lag| &lag.missing);
    if rows.len() == before && refuses(rules, port) {
        rows.push(row(None, RowKind::Refuse, !missing.is_empty()));
    }
    rows.extend(missing.iter().map(|endpoint| row(Some(*endpoint), RowKind::Missing, false)));
}

fn refuses(rules: &Rules, name: &ServicePortName) -> bool {
    rules_of(rules, name)
        .into_iter()
        .any(|at| matches!(rules.effect(at), Some(RuleEffect::Reject | RuleEffect::Drop)))
}

/// How the node's kube-proxy is doing: how far behind, and for how long its rules have been so.
pub fn proxy_age(world: &World, node: Uid) -> Option<(Lag, Option<cluster::sim::Span>)> {
    let machine = world.machines().get(&node).filter(|m| m.power)?;
    Some((world.lag_of(node)?, machine.proxy.synced_at.map(|at| world.now().since(at))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagram::testing::{WEB, kill, pass, pods, run};

    fn rows_of(world: &World) -> Vec<Vec<Row>> {
        let service = world.store().services.get(&NsName::new("default", "web")).map(|s| s.meta.uid);
        let of = |node| match rules_of_node(world, node, service.expect("web"), None) {
            RuleFacts::Rows(rows) => rows,
            other => panic!("{other:?}"),
        };
        world.machines().keys().map(|node| of(*node)).collect()
    }

    #[test]
    fn rules_are_read_from_the_nodes_own_rules() {
        let run = run(WEB, 3);
        for rows in rows_of(run.world()) {
            let chances: Vec<_> = rows.iter().map(|row| row.kind.clone()).collect();
            let one_in = |n| RowKind::Endpoint { one_in: n };
            assert_eq!(chances, [one_in(Some(3)), one_in(Some(2)), one_in(None)]);
            assert!(rows.iter().all(|row| !row.stale));
        }
    }

    #[test]
    fn a_line_is_stale_from_the_slices_change_to_the_nodes_sync() {
        let mut run = run(WEB, 3);
        let victim = pods(run.world(), "web")[0].clone();
        let ip = run.world().store().pods.get(&victim).and_then(|p| p.status.pod_ip);
        kill(&mut run, &victim.name);
        let (mut stale, mut missing) = (0, 0);
        for _ in 0..400 {
            pass(&mut run, 50);
            let behind: Vec<bool> = run.world().machines().values().map(|m| m.proxy.behind() > 0).collect();
            for (rows, behind) in rows_of(run.world()).iter().zip(behind) {
                for row in rows.iter().filter(|row| row.stale) {
                    assert_eq!(row.endpoint.map(|e| e.ip()), ip);
                    assert!(behind, "who is up to date has no stale line");
                    stale += 1;
                }
                missing += rows.iter().filter(|row| row.kind == RowKind::Missing).count();
            }
        }
        assert!(stale > 0 && missing > 0, "{stale} {missing}");
    }
}
