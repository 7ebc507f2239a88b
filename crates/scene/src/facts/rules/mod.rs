//! A node's rules for one Service, derived from the rules in force there.

mod row;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use cluster::api::{Service, Uid};
use cluster::node::kube_proxy::{BlockReason, PortSummary, ServicePortName, endpoint_choices, port_summary};
use cluster::node::{Lag, Machine, StalePort};
use cluster::sim::World;
use netfilter::Rules;

use crate::words;
pub use row::{For, Row, RowKind, RuleOutcome};

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
    match (machine.power, machine.proxy.synced_at()) {
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
        let (key, protocol) = (service.meta.key(), port.protocol);
        let name = Arc::new(ServicePortName { service: key, port: port.name.clone(), protocol });
        for (family, hooks) in machine.stack.hooks().iter() {
            let stale = stale.iter().find(|stale| stale.port == *name && stale.family == family);
            let summary = port_summary(hooks.rules(), &name);
            // Only once, although each port's rules repeat it.
            if rows.is_empty() {
                rows = notes(&summary, service, &name);
            }
            rows_of_port(&mut rows, hooks.rules(), &name, &summary, stale);
        }
        if ports.len() > 1 {
            let mine = |row: &&mut Row| row.port == name && !matches!(row.kind, RowKind::Note { .. });
            rows.iter_mut().filter(mine).for_each(|row| row.number = Some(port.port));
        }
    }
    rows
}

/// Notes that hold for all ports of the Service. The load balancer's address is shown elsewhere.
fn notes(summary: &PortSummary, service: &Service, port: &Arc<ServicePortName>) -> Vec<Row> {
    let is_not_ingress = |ip: &&std::net::IpAddr| service.ingress.iter().all(|ingress| ingress.ip != **ip);
    let others: Vec<_> = summary.external_addresses.iter().filter(is_not_ingress).collect();
    let mut rows = Vec::new();
    let mut note = |what, why, sticky| {
        let kind = RowKind::Note { what, why, sticky };
        rows.push(Row { port: port.clone(), number: None, endpoint: None, kind, stale: false });
    };
    if let Some(first) = others.first() {
        note(words::also(first, others.len()), words::ROW_ALSO.to_owned(), false);
    }
    if let Some(seconds) = summary.affinity_s {
        note(words::ROW_STICKY.to_owned(), words::sticky(seconds), true);
    }
    rows
}

fn rows_of_port(
    rows: &mut Vec<Row>,
    rules: &Rules,
    port: &Arc<ServicePortName>,
    summary: &PortSummary,
    lag: Option<&StalePort>,
) {
    let row = |endpoint, kind, stale| Row { port: port.clone(), number: None, endpoint, kind, stale };
    let missing = lag.map_or(&[][..], |lag| &lag.missing);
    for only in [None, Some(For::of(summary))] {
        for choice in endpoint_choices(rules, port, only.is_some()) {
            let stale = lag.is_some_and(|lag| lag.gone.contains(&choice.endpoint));
            rows.push(row(
                Some(choice.endpoint),
                RowKind::Endpoint { one_in: choice.one_in, by: choice.scheduler, only },
                stale,
            ));
        }
    }
    let refused = |stop| stop == BlockReason::NoEndpoints && !missing.is_empty();
    rows.extend(summary.blocks.iter().map(|stop| row(None, RowKind::Stop(*stop), refused(*stop))));
    rows.extend(missing.iter().map(|endpoint| row(Some(*endpoint), RowKind::Missing, false)));
}

/// How the node's kube-proxy is doing: how far behind, and for how long its rules have been so.
pub fn proxy_age(world: &World, node: Uid) -> Option<(Lag, Option<cluster::sim::Span>)> {
    let machine = world.machines().get(&node).filter(|m| m.power)?;
    Some((world.lag_of(node)?, machine.proxy.synced_at().map(|at| world.now().since(at))))
}
