//! A sync that writes only what has changed ends with the rules of one that writes all
//! (TestSyncProxyRulesRepeated, pkg/proxy/iptables/proxier_test.go).

use std::net::SocketAddr;
use std::sync::Arc;

use proptest::prelude::*;

use super::any::{any_config, any_endpoint, any_service, numbered};
use super::fixture::{Seen, config, slice};
use super::text::one_of_each;
use crate::api::{Endpoint, NsName, Service};
use crate::node::kube_proxy::{ProxyConfig, ProxyMode, Synced, changed_objects, update_ports};
use netfilter::{Ipvs, IpvsRules, Protocol, ServerKey, Stack, VirtualServerState};
use std::collections::BTreeSet;

fn from_nothing(mode: ProxyMode, cfg: &ProxyConfig, seen: &Seen) -> Synced {
    Synced::from_nothing(mode, cfg, seen.ports(cfg))
}

/// The sync after `last`, when other objects are seen.
fn next(last: &Synced, mode: ProxyMode, cfg: &ProxyConfig, old: &Seen, new: &Seen) -> Synced {
    let (old, new) = ((&old.services, &old.slices), (&new.services, &new.slices));
    let mut ports = last.ports.clone();
    update_ports(&mut ports, &changed_objects(old, new, false), new, &cfg.node_name, cfg.family);
    last.next(mode, cfg, ports)
}

/// Something that happens to one of a few Services.
#[derive(Clone, Debug)]
enum Change {
    Service(u8, Option<Box<Service>>),
    Slice(u8, Option<Vec<Endpoint>>),
}

fn any_change() -> impl Strategy<Value = Change> {
    let endpoints = || prop::option::weighted(0.8, prop::collection::vec(any_endpoint(), 0..6));
    prop_oneof![
        (0u8..4, prop::option::weighted(0.8, any_service().prop_map(Box::new)))
            .prop_map(|(n, s)| Change::Service(n, s)),
        (0u8..4, endpoints()).prop_map(|(n, endpoints)| Change::Slice(n, endpoints)),
    ]
}

fn apply(seen: &mut Seen, change: &Change, shared: bool) {
    match change {
        Change::Service(n, Some(service)) => {
            let service = numbered(Service::clone(service), u16::from(*n), shared);
            seen.services.insert(service.meta.key(), Arc::new(service));
        }
        Change::Service(n, None) => drop(seen.services.remove(&NsName::new("shop", &format!("web-{n}")))),
        Change::Slice(n, Some(endpoints)) => {
            let targets = [("http", Protocol::Tcp, 8080), ("udp", Protocol::Udp, 5353)];
            let slice = slice(&format!("web-{n}"), &targets, endpoints);
            seen.slices.insert(slice.meta.key(), Arc::new(slice));
        }
        Change::Slice(n, None) => drop(seen.slices.remove(&NsName::new("shop", &format!("web-{n}")))),
    }
}

/// Virtual servers, each with the real ones that get connections.
type ServerList = Vec<(ServerKey, Vec<SocketAddr>)>;

fn wanted_servers(rules: &IpvsRules) -> ServerList {
    let sorted =
        |servers: &[SocketAddr]| servers.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    rules.servers.iter().map(|server| (server.key, sorted(&server.real_servers))).collect()
}

/// There are no connections, so a real server that is not wanted is deleted at once instead of terminating.
fn servers_in_force(ipvs: &Ipvs) -> ServerList {
    let sorted = |state: &VirtualServerState| {
        state.real_servers.iter().map(|s| s.address).collect::<BTreeSet<_>>().into_iter().collect()
    };
    ipvs.servers().map(|(key, state)| (*key, sorted(state))).collect()
}

proptest! {
    #[test]
    fn an_incremental_sync_equals_a_full_sync(
        mut cfg in any_config(),
        (large, shared) in any::<(bool, bool)>(),
        syncs in prop::collection::vec(prop::collection::vec(any_change(), 0..4), 1..6),
    ) {
        // With the low limit, comments disappear and come back as the number of endpoints changes.
        cfg.large_cluster_endpoints = if large { 1000 } else { 6 };
        for mode in ProxyMode::ALL {
            let mut seen = Seen::default();
            let mut synced = from_nothing(mode, &cfg, &seen);
            let mut stack = Stack::new(cfg.node_ips.clone(), cfg.family);
            stack.set_rules(synced.rules.clone());
            for changes in &syncs {
                let before = seen.clone();
                changes.iter().for_each(|change| apply(&mut seen, change, shared));
                synced = next(&synced, mode, &cfg, &before, &seen);
                let anew = from_nothing(mode, &cfg, &seen);
                prop_assert_eq!(&synced.ports, &anew.ports);
                prop_assert_eq!(synced.rules.to_string(), anew.rules.to_string());
                stack.set_rules(synced.rules.clone());
                let wanted = anew.rules.ipvs().map(wanted_servers);
                prop_assert_eq!(stack.hooks().primary().ipvs().map(servers_in_force), wanted);
            }
        }
    }
}

/// One Service of many changes: the rules of the others are the very same.
#[test]
fn the_rules_of_what_did_not_change_are_not_written_again() {
    let seen = one_of_each();
    let mut changed = seen.clone();
    let key = changed.slices.keys().next().unwrap().clone();
    let service = changed.slices.get(&key).unwrap().service.clone();
    changed.slices.remove(&key);
    let before = from_nothing(ProxyMode::Iptables, &config(), &seen);
    let after = next(&before, ProxyMode::Iptables, &config(), &seen, &changed);
    let (old, new) = (&before.rules.iptables().nat, &after.rules.iptables().nat);
    let places = before.ports.keys().zip(old.groups().iter().zip(new.groups()));
    let mut kept = 0;
    for (name, (old, new)) in places {
        assert_eq!(Arc::ptr_eq(old, new), name.service.name != service, "{name}");
        kept += u32::from(Arc::ptr_eq(old, new));
    }
    assert!(kept > 1, "most are kept");
}
