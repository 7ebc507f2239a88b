//! A node's rules for one Service, read back from the rule set that is in force there.

use cluster::ordered::Set;
use std::net::SocketAddr;
use std::sync::Arc;

#[cfg(test)]
use cluster::api::NsName;
use cluster::api::{Service, Uid};
use cluster::net::netfilter::{RuleEffect, Rules, ServicePortName};
use cluster::node::Machine;
use cluster::node::kube_proxy::{choices, rules_of};
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
    pub endpoint: Option<SocketAddr>,
    pub kind: RowKind,
    /// The EndpointSlice does not have it any more.
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
    Rows {
        port: String,
        more_ports: usize,
        rows: Vec<Row>,
    },
}

/// The endpoints of a service port that may be chosen, with what the rules say of them.
type Endpoints = Set<SocketAddr>;

pub fn rules_of_node(world: &World, node: Uid, service: Uid) -> RuleFacts {
    let Some(machine) = world.machines().get(&node) else { return RuleFacts::NodeOff };
    let Some(service) = world.store().service_by_uid(service) else { return RuleFacts::NotYet };
    match (machine.power, machine.proxy.synced_at) {
        (false, _) => RuleFacts::NodeOff,
        (true, None) => RuleFacts::NotYet,
        _ if !service.has_virtual_ip() => RuleFacts::NoVirtualIp,
        _ => RuleFacts::Rows {
            port: service.spec.ports.first().map(|p| p.port.to_string()).unwrap_or_default(),
            more_ports: service.spec.ports.len().saturating_sub(1),
            rows: rows(world, machine, service),
        },
    }
}

fn rows(world: &World, machine: &Machine, service: &Arc<Service>) -> Vec<Row> {
    let Some(port) = service.spec.ports.first() else { return Vec::new() };
    let name =
        ServicePortName { service: service.meta.key(), port: port.name.clone(), protocol: port.protocol };
    let wanted = endpoints_in(world.store().slices.iter(), &name);
    let known = endpoints_in(machine.proxy.slices.values(), &name);
    let rules = machine.stack.rules();
    let row = |local: bool| {
        let stale = |endpoint| !wanted.contains(&endpoint);
        choices(rules, &name, local).into_iter().map(move |c| Row {
            endpoint: Some(c.endpoint),
            kind: if local {
                RowKind::Local { one_in: c.one_in }
            } else {
                RowKind::Endpoint { one_in: c.one_in }
            },
            stale: stale(c.endpoint),
        })
    };
    let mut rows: Vec<Row> = row(false).collect();
    rows.extend(row(true));
    if rows.is_empty() && refuses(rules, &name) {
        rows.push(Row { endpoint: None, kind: RowKind::Refuse, stale: !wanted.is_empty() });
    }
    // Known and not chosen is the rules' own decision (topology); not known is news on its way.
    let missing = wanted.iter().filter(|e| !known.contains(e));
    rows.extend(missing.map(|e| Row { endpoint: Some(*e), kind: RowKind::Missing, stale: false }));
    rows
}

fn refuses(rules: &Rules, name: &ServicePortName) -> bool {
    rules_of(rules, name)
        .into_iter()
        .any(|at| matches!(rules.effect(at), Some(RuleEffect::Reject | RuleEffect::Drop)))
}

/// Those that a rule may choose: ready, or still serving while all of them terminate.
fn endpoints_in<'a>(
    slices: impl Iterator<Item = &'a Arc<cluster::api::EndpointSlice>>,
    name: &ServicePortName,
) -> Endpoints {
    let mine = |slice: &&Arc<cluster::api::EndpointSlice>| {
        slice.meta.namespace == name.service.namespace && slice.service == name.service.name
    };
    let mut ready = Endpoints::new();
    let mut serving = Endpoints::new();
    for slice in slices.filter(mine) {
        for port in slice.ports.iter().filter(|p| p.name == name.port && p.protocol == name.protocol) {
            for endpoint in &slice.endpoints {
                let address = SocketAddr::new(endpoint.address, port.port);
                if endpoint.ready {
                    ready.insert(address);
                } else if endpoint.serving && endpoint.terminating {
                    serving.insert(address);
                }
            }
        }
    }
    if ready.is_empty() { serving } else { ready }
}

/// How the node's kube-proxy is doing: how far behind, and for how long its rules have been so.
pub fn proxy_age(world: &World, node: Uid) -> Option<(u32, Option<cluster::sim::Span>)> {
    let machine = world.machines().get(&node).filter(|m| m.power)?;
    Some((machine.proxy.behind(), machine.proxy.synced_at.map(|at| world.now().since(at))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagram::testing::{WEB, kill, pass, pods, run};

    fn rows_of(world: &World) -> Vec<Vec<Row>> {
        let service = world.store().services.get(&NsName::new("default", "web")).map(|s| s.meta.uid);
        let of = |node| match rules_of_node(world, node, service.expect("web")) {
            RuleFacts::Rows { rows, .. } => rows,
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
