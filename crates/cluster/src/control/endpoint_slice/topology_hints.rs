//! `service.kubernetes.io/topology-mode: Auto`: hints by each zone's share of the nodes' CPU.
//! Source: staging/src/k8s.io/endpointslice/topologycache (topologycache.go, utils.go).
//!
//! Upstream uses floats, visits receiving zones in the random order of a map, and does not change a slice
//! whose old hints are still within bounds. Here the arithmetic uses integers, zones are sorted by name, and
//! the hints of every slice are computed again.

use crate::api::{ConditionStatus, Endpoint, Node, Service, Str, TOPOLOGY_MODE};
use litemap::LiteMap;

/// T-04: the annotation that wins over the field trafficDistribution. `aUto` is none of its values.
pub fn topology_mode_is_auto(service: &Service) -> bool {
    let annotations = &service.meta.annotations;
    let value = annotations
        .get(TOPOLOGY_MODE)
        .or_else(|| annotations.get("service.kubernetes.io/topology-aware-hints"));
    matches!(value.map(|v| &**v), Some("Auto" | "auto"))
}

/// Each zone's allocatable CPU (SetNodes). `None` if nodes lack a zone or CPU, or if there are too few zones.
pub(super) fn cpu_by_zone<'a>(nodes: impl Iterator<Item = &'a Node>) -> Option<LiteMap<Str, u64>> {
    let mut zones: LiteMap<Str, u64> = LiteMap::new();
    let control = |n: &Node| {
        ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"]
            .iter()
            .any(|label| n.meta.labels.contains_key(*label))
    };
    for node in nodes.filter(|n| n.ready() == ConditionStatus::True && !control(n)) {
        let zone = node.zone().filter(|z| !z.is_empty())?;
        let cpu = u64::try_from(node.allocatable_cpu_milli()).ok().filter(|cpu| *cpu > 0)?;
        *zones.entry(zone.clone()).or_default() += cpu;
    }
    (zones.len() >= 2).then_some(zones)
}

/// How many endpoints a zone should have, as a multiple of `1 / total CPU`, so that it is an integer.
struct Share {
    desired: u64,
    minimum: u64,
}

/// getAllocations: no zone may be overloaded by more than a fifth.
fn shares(zones: &LiteMap<Str, u64>, endpoints: u64) -> Option<LiteMap<Str, Share>> {
    let total: u64 = zones.values().sum();
    if zones.len() as u64 > endpoints {
        return None;
    }
    let mut out: LiteMap<Str, Share> = LiteMap::new();
    let mut left = endpoints;
    for (zone, cpu) in zones {
        let desired = cpu.saturating_mul(endpoints);
        let minimum = desired.saturating_mul(10).div_ceil(total.saturating_mul(12));
        left = left.checked_sub(minimum)?;
        out.insert(zone.clone(), Share { desired: desired.max(minimum * total), minimum });
    }
    debug_assert!(out.values().map(|s| s.minimum).sum::<u64>() <= endpoints, "the minimums fit");
    Some(out)
}

/// AddHints: first each ready endpoint gets its own zone; then some are moved from zones that have too many to
/// zones that have too few. If the bounds cannot be kept, no endpoint gets hints.
pub(super) fn assign(endpoints: &mut [&mut Endpoint], zones: Option<&LiteMap<Str, u64>>) {
    for endpoint in endpoints.iter_mut() {
        endpoint.zone_hints.clear();
        endpoint.node_hints.clear();
    }
    let mut ready: Vec<&mut Endpoint> = endpoints.iter_mut().filter(|e| e.ready).map(|e| &mut **e).collect();
    let Some(zones) = zones else { return };
    let Some(shares) = shares(zones, ready.len() as u64) else { return };
    let mut held: LiteMap<Str, u64> = LiteMap::new();
    for endpoint in &ready {
        let Some(zone) = endpoint.zone.as_ref().filter(|z| !z.is_empty()) else { return };
        *held.entry(zone.clone()).or_default() += 1;
    }
    let (mut giving, mut receiving) = transfers(&shares, &held, zones.values().sum());
    for endpoint in &mut ready {
        let Some(own) = endpoint.zone.clone() else { continue };
        let gives = giving.get_mut(&own).filter(|n| **n > 0);
        let receiver = receiving.iter().find(|(_, n)| **n > 0).map(|(zone, _)| zone.clone());
        let zone = match (gives, receiver) {
            (Some(left), Some(receiver)) => {
                *left -= 1;
                if let Some(left) = receiving.get_mut(&receiver) {
                    *left -= 1;
                }
                receiver
            }
            (None, _) | (_, None) => own,
        };
        endpoint.zone_hints = vec![zone];
    }
}

type Transfers = (LiteMap<Str, u64>, LiteMap<Str, u64>);

/// getGivingAndReceivingZones: moves one endpoint at a time, from the zone with the largest surplus to the zone
/// with the largest deficit, as long as one of the two is at least 1 and the other at least a half.
fn transfers(shares: &LiteMap<Str, Share>, held: &LiteMap<Str, u64>, whole: u64) -> Transfers {
    let mut surplus: LiteMap<Str, u64> = LiteMap::new();
    let mut lack: LiteMap<Str, u64> = LiteMap::new();
    for (zone, share) in shares {
        let has = held.get(zone).copied().unwrap_or(0) * whole;
        surplus.insert(zone.clone(), has.saturating_sub(share.desired));
        lack.insert(zone.clone(), share.desired.saturating_sub(has));
    }
    let (mut giving, mut receiving) = Transfers::default();
    loop {
        let ((from, gives), (to, takes)) = (most(&surplus), most(&lack));
        let (Some(from), Some(to)) = (from, to) else { break };
        if (gives < whole && takes < whole) || gives * 2 < whole || takes * 2 < whole {
            break;
        }
        *giving.entry(from.clone()).or_default() += 1;
        *receiving.entry(to.clone()).or_default() += 1;
        surplus.insert(from, gives.saturating_sub(whole));
        lack.insert(to, takes.saturating_sub(whole));
    }
    (giving, receiving)
}

fn most(zones: &LiteMap<Str, u64>) -> (Option<Str>, u64) {
    let mut found = (None, 0);
    for (zone, amount) in zones {
        if *amount > found.1 {
            found = (Some(zone.clone()), *amount);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn endpoint(last: u8, zone: &str, ready: bool) -> Endpoint {
        Endpoint {
            address: IpAddr::from([10, 1, 2, last]),
            other_addresses: Vec::new(),
            ready,
            serving: ready,
            terminating: false,
            node: None,
            zone: Some(zone.into()).filter(|_| zone != "-"),
            hostname: None,
            target: None,
            zone_hints: vec!["old".into()],
            node_hints: Vec::new(),
        }
    }

    /// Name; CPU by zone; endpoints as their zones, `!` before one that is not ready; their hints.
    type Case<'a> = (&'a str, &'a [(&'a str, u64)], &'a str, &'a str);

    /// TestAddHints and its like (topologycache_test.go).
    #[test]
    fn hints_follow_the_share_of_cpu() {
        let cases: &[Case] = &[
            ("no zones known", &[], "a b", "- -"),
            ("balanced", &[("a", 1000), ("b", 1000)], "a b", "a b"),
            ("fewer endpoints than zones", &[("a", 1000), ("b", 1000), ("c", 1000)], "a b", "- -"),
            ("one too many in a zone", &[("a", 1000), ("b", 1000)], "a a a b", "b a a b"),
            ("an unready one has none", &[("a", 1000), ("b", 1000)], "a !a b", "a - b"),
            ("one without a zone", &[("a", 1000), ("b", 1000)], "a - b", "- - -"),
            ("a zone without endpoints", &[("a", 2000), ("b", 2000)], "a a a a", "b b a a"),
            ("by CPU, not by node", &[("a", 3000), ("b", 1000)], "a b b b", "a a a b"),
            ("too uneven to be fair", &[("a", 1000), ("b", 1000), ("c", 1000)], "a b c c", "- - - -"),
        ];
        for (name, zones, endpoints, expected) in cases {
            let zones: LiteMap<Str, u64> = zones.iter().map(|(z, cpu)| (Str::from(*z), *cpu)).collect();
            let mut all: Vec<Endpoint> = (1..)
                .zip(endpoints.split_whitespace())
                .map(|(i, z)| endpoint(i, z.trim_start_matches('!'), !z.starts_with('!')))
                .collect();
            let mut refs: Vec<&mut Endpoint> = all.iter_mut().collect();
            assign(&mut refs, (!zones.is_empty()).then_some(&zones));
            let hint = |e: &Endpoint| e.zone_hints.first().map_or("-".to_owned(), |z| z.to_string());
            let found: Vec<String> = all.iter().map(hint).collect();
            assert_eq!(found.join(" "), *expected, "{name}");
        }
    }
}
