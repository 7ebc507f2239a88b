//! Which rules are listed: a node's present ones, those of the moment when a packet passed them, or those that its
//! kube-proxy would write in another mode.

use crate::session::Selection;
use crate::ui::Ui;
use cluster::api::{Service, Uid};
use cluster::node::kube_proxy::{ProxyMode, ServicePortName};
use cluster::sim::World;
use cluster::trace::{ConnectionRecord, Hop, PacketTrace, Place};
use cluster::traffic::ConnectionId;
use leptos::prelude::*;
use netfilter::{Family, RuleRef, Rules};
use scene::facts::{Facts, SystemObjects};
use scene::relations::{first_service, service_of};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rules, and since when they are not those in force any more.
pub struct Source {
    pub rules: Option<Rules>,
    pub when: When,
    /// What the command line adds to the rules in force ([`cluster::node::Machine::left_over`]).
    pub left_over: String,
}

impl Source {
    pub const NONE: Source = Source { rules: None, when: When::Now, left_over: String::new() };

    /// The text, as the command line prints it.
    pub fn text(&self) -> String {
        let text = self.rules.as_ref().map(Rules::to_string).unwrap_or_default();
        text + &self.left_over
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Now,
    /// The rules when the selected packet passed. They have been replaced since.
    Then,
    /// In another mode than the node's own.
    AsIf(ProxyMode),
}

/// The same when the rules are the same object.
impl PartialEq for Source {
    fn eq(&self, other: &Source) -> bool {
        let same = match (&self.rules, &other.rules) {
            (Some(old), Some(new)) => old.is_same(new),
            (None, None) => true,
            _ => false,
        };
        same && self.when == other.when && self.left_over == other.left_over
    }
}

/// `of`: a connection or a packet shows the rules that it met, if they are of the family.
pub fn source(
    world: &World,
    of: Option<Selection>,
    node: Uid,
    mode: Option<ProxyMode>,
    family: Family,
) -> Source {
    let Some(machine) = world.machines().get(&node) else { return Source::NONE };
    let then = met(world, of, node).filter(|then| then.family() == family);
    if let Some(mode) = mode.filter(|mode| *mode != machine.proxy.mode) {
        let rules = world.rules_as_if(node, mode).and_then(|rules| rules.get(family).cloned());
        return Source { rules, when: When::AsIf(mode), ..Source::NONE };
    }
    let Some(now) = machine.rules(family) else { return Source::NONE };
    if let Some(then) = then.filter(|then| !then.is_same(now)) {
        return Source { rules: Some(then), when: When::Then, ..Source::NONE };
    }
    Source { rules: Some(now.clone()), when: When::Now, left_over: machine.left_over(family) }
}

/// Whose rules are shown at first: those of the selected packet's family, or of the Service's first one.
pub fn usual_family(world: &World, of: Option<Selection>, node: Option<Uid>, service: Option<Uid>) -> Family {
    let met = node.and_then(|node| met(world, of, node)).map(|rules| rules.family());
    let service = service.and_then(|uid| world.store().service_by_uid(uid));
    met.or_else(|| service?.spec.ip_families.first().copied()).unwrap_or(world.config().primary_family())
}

/// The rules that the selected packet met on a node; of a connection, its first packet that met any.
fn met(world: &World, of: Option<Selection>, node: Uid) -> Option<Rules> {
    hops(world, of?, |hops| {
        hops.iter().find(|hop| hop.place == Place::Node(node) && hop.rules.is_some())?.rules.clone()
    })
}

/// Does something with the hops of a selected connection or packet; a packet that met no rules shows
/// what its connection met.
fn hops<R>(world: &World, of: Selection, read: impl FnOnce(&[&Hop]) -> Option<R>) -> Option<R> {
    let (record, only) = match of {
        Selection::Connection(id) => (world.traffic().record(id)?, None),
        Selection::Packet(id) => (world.traffic().record(world.packet(id)?.connection)?, Some(id)),
        Selection::Pod(_)
        | Selection::Service(_)
        | Selection::Node(_)
        | Selection::Workload(_)
        | Selection::Client(_)
        | Selection::LoadBalancer(_)
        | Selection::Object(_) => return None,
    };
    let packets = packets(world, record);
    let of_packet = packets.iter().filter(|p| Some(p.id) == only).flat_map(|p| &p.hops);
    let met: Vec<&Hop> = of_packet.filter(|hop| hop.rules.is_some()).collect();
    if met.is_empty() {
        let all: Vec<&Hop> = packets.iter().flat_map(|p| &p.hops).collect();
        return read(&all);
    }
    read(&met)
}

/// Those that have ended, and those on their way; without those of its lookup.
pub fn packets<'a>(world: &'a World, record: &'a ConnectionRecord) -> Vec<&'a PacketTrace> {
    with_flying(world, record.id, &record.packets, |trace| !trace.kind.is_lookup())
}

/// Those by which its name was looked up.
pub fn packets_of_lookup<'a>(world: &'a World, record: &'a ConnectionRecord) -> Vec<&'a PacketTrace> {
    with_flying(world, record.id, &record.lookup, |trace| trace.kind.is_lookup())
}

fn with_flying<'a>(
    world: &'a World,
    connection: ConnectionId,
    ended: &'a [Arc<PacketTrace>],
    is_wanted: impl Fn(&PacketTrace) -> bool,
) -> Vec<&'a PacketTrace> {
    let flying = world.traffic().flights.values().map(|f| &f.trace);
    let flying = flying.filter(|trace| trace.connection == connection && is_wanted(trace));
    let mut packets: Vec<&PacketTrace> = ended.iter().map(|p| &**p).chain(flying).collect();
    packets.sort_by_key(|p| p.id);
    packets.dedup_by_key(|p| p.id);
    packets
}

/// The nodes whose rules the selected connection or packet met: first those that rewrote it.
pub fn nodes_met(world: &World, of: Option<Selection>) -> Vec<Uid> {
    let all = |hops: &[&Hop]| {
        let mut found: Vec<(bool, Uid)> = Vec::new();
        for hop in hops.iter().filter(|hop| hop.rules.is_some()) {
            let Place::Node(node) = hop.place else { continue };
            let rewrote = hop.before != hop.after;
            match found.iter_mut().find(|(_, other)| *other == node) {
                Some((any, _)) => *any |= rewrote,
                None => found.push((rewrote, node)),
            }
        }
        found.sort_by_key(|(rewrote, _)| !rewrote);
        Some(found.into_iter().map(|(_, node)| node).collect())
    };
    of.and_then(|of| hops(world, of, all)).unwrap_or_default()
}

/// The rules that are lit: those that the selected connection or packet matched; else those that
/// packets matched which are just leaving the node.
pub fn lit(world: &World, of: Option<Selection>, node: Uid, rules: &Rules) -> BTreeSet<RuleRef> {
    let mut found = BTreeSet::new();
    let mut add = |hop: &Hop| {
        let here = hop.place == Place::Node(node);
        if here && hop.rules.as_ref().is_some_and(|met| met.is_same(rules)) {
            for hit in &hop.hits {
                found.insert(hit.at());
            }
        }
    };
    if let Some(of @ (Selection::Connection(_) | Selection::Packet(_))) = of {
        hops(world, of, |hops| {
            hops.iter().for_each(|hop| add(hop));
            Some(())
        });
    } else {
        world.traffic().flights.values().filter_map(|f| f.trace.hops.last()).for_each(add);
    }
    found
}

/// The ports of a Service, as rules name them.
pub fn ports(service: &Service) -> Vec<ServicePortName> {
    let name = |port: &cluster::api::ServicePort| ServicePortName {
        service: service.meta.key(),
        port: port.name.clone(),
        protocol: port.protocol,
    };
    service.spec.ports.iter().map(name).collect()
}

/// The Service whose rules are shown at first: that of the selection, or the one that was looked at
/// last, as in the picture.
pub fn usual_service(world: &World, ui: Ui, of: Option<Selection>) -> Option<Uid> {
    let facts = Facts::of(world, SystemObjects::Shown);
    let last = ui.service.get_untracked();
    of.and_then(|of| service_of(world, &facts, of))
        .or(last.filter(|uid| facts.services.iter().any(|s| s.uid == *uid)))
        .or_else(|| first_service(&Facts::of(world, SystemObjects::Hidden)))
        .or_else(|| first_service(&facts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::api::{NsName, parse};
    use cluster::sim::{Run, Time};

    #[test]
    fn each_family_has_its_rules_and_a_service_those_of_its_first_one() {
        let text = include_str!(
            "../../../crates/cluster/tests/scenarios/a-dual-stack-service-gains-and-loses-a-family/input.yaml"
        );
        let (mut run, _) = Run::new(&parse(text), None);
        run.advance_to(Time(30_000_000_000), u64::MAX);
        let world = run.world();
        let node = world.machine_named("node-1").expect("the node").uid;
        let service = |name| {
            let key = NsName::new("default", name);
            Some(world.store().services.get(&key).expect("the Service").meta.uid)
        };
        for (name, family) in [("web", Family::V4), ("six", Family::V6)] {
            assert_eq!(usual_family(world, None, Some(node), service(name)), family, "{name}");
        }
        assert_eq!(usual_family(world, None, Some(node), None), Family::V4);
        for mode in [None, Some(ProxyMode::Nftables)] {
            for family in [Family::V4, Family::V6] {
                let found = source(world, None, node, mode, family);
                assert_eq!(found.rules.map(|rules| rules.family()), Some(family), "{mode:?}");
            }
        }
        let connection =
            world.traffic().finished.iter().find(|record| &*record.client_name == "second-address");
        let of = connection.map(|record| Selection::Connection(record.id));
        assert_eq!(usual_family(world, of, Some(node), service("web")), Family::V6);
    }
}
