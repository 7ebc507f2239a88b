//! Which slice holds which endpoints (endpointslice reconciler.go, reconcileByAddressType, reconcileByPortMapping).

use litemap::LiteMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::api::{Endpoint, EndpointPort, EndpointSlice};

/// kube-controller-manager --max-endpoints-per-slice.
const MAX_ENDPOINTS_PER_SLICE: usize = 100;

/// What a slice shall hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contents {
    pub ports: Vec<EndpointPort>,
    pub endpoints: Vec<Endpoint>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written<S> {
    Update(S, Contents),
    Create(Contents),
    Delete(S),
}

type Slice = Arc<EndpointSlice>;

/// Distributes the endpoints of one family, grouped by their ports, over slices. Slices of ports that nobody has any
/// more are filled anew before others are created (reconciler.go, finalize).
pub(super) fn pack(
    existing: &[Slice],
    mut groups: Vec<(Vec<EndpointPort>, Vec<Endpoint>)>,
) -> Vec<Written<Slice>> {
    let is_placeholder = groups.is_empty();
    if is_placeholder {
        // One without endpoints, so that a watcher can distinguish "no endpoints" from "not yet written".
        groups.push((Vec::new(), Vec::new()));
    }
    let has_group = |slice: &&Slice| groups.iter().any(|(ports, _)| *ports == slice.ports);
    let mut unused: Vec<Slice> = existing.iter().filter(|s| !has_group(s)).cloned().collect();
    let mut written = Vec::new();
    let mut created = Vec::new();
    for (ports, endpoints) in groups {
        let of_group: Vec<Slice> = existing.iter().filter(|s| s.ports == ports).cloned().collect();
        for (slice, endpoints) in fill(of_group, endpoints) {
            let contents = Contents { ports: ports.clone(), endpoints };
            match slice {
                Some(slice) if contents.endpoints.is_empty() && !(is_placeholder && written.is_empty()) => {
                    unused.push(slice);
                }
                Some(slice) => written.push(Written::Update(slice, contents)),
                None => created.push(contents),
            }
        }
    }
    let mut unused = unused.into_iter();
    for contents in created {
        written.push(match unused.next() {
            Some(slice) => Written::Update(slice, contents),
            None => Written::Create(contents),
        });
    }
    written.extend(unused.map(Written::Delete));
    written
}

/// An endpoint stays in its slice; then free places are filled; then new slices are made. A slice that has no endpoint
/// left is given back empty, after all others.
fn fill(slices: Vec<Slice>, endpoints: Vec<Endpoint>) -> Vec<(Option<Slice>, Vec<Endpoint>)> {
    let mut left: LiteMap<IpAddr, Vec<Endpoint>> = LiteMap::new();
    for endpoint in endpoints {
        left.entry(endpoint.address).or_default().push(endpoint);
    }
    let mut filled: Vec<(Option<Slice>, Vec<Endpoint>)> = Vec::new();
    for slice in slices {
        let mut held = Vec::new();
        for old in &slice.endpoints {
            held.extend(left.remove(&old.address).into_iter().flatten());
        }
        filled.push((Some(slice), held));
    }
    let mut rest = left.into_iter().flat_map(|(_, group)| group);
    for (_, held) in &mut filled {
        let room = MAX_ENDPOINTS_PER_SLICE.saturating_sub(held.len());
        held.extend(rest.by_ref().take(room));
    }
    loop {
        let chunk: Vec<Endpoint> = rest.by_ref().take(MAX_ENDPOINTS_PER_SLICE).collect();
        if chunk.is_empty() {
            break;
        }
        filled.push((None, chunk));
    }
    if filled.is_empty() {
        filled.push((None, Vec::new()));
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{AddressType, Meta};
    use netfilter::{Family, Protocol};

    fn endpoint(last: u8) -> Endpoint {
        Endpoint {
            address: IpAddr::from([10, 0, 0, last]),
            other_addresses: Vec::new(),
            ready: true,
            serving: true,
            terminating: false,
            node: None,
            zone: None,
            hostname: None,
            target: None,
            zone_hints: Vec::new(),
            node_hints: Vec::new(),
        }
    }

    fn slice(name: &str, ports: &[u16], endpoints: &[u8]) -> Slice {
        Arc::new(EndpointSlice {
            meta: Meta { name: name.into(), ..Meta::default() },
            service: "web".into(),
            address_type: AddressType::Ip(Family::V4),
            ports: numbers(ports),
            endpoints: endpoints.iter().copied().map(endpoint).collect(),
        })
    }

    fn numbers(ports: &[u16]) -> Vec<EndpointPort> {
        let port = |port| EndpointPort { name: "".into(), protocol: Protocol::Tcp, port, app_protocol: None };
        ports.iter().copied().map(port).collect()
    }

    /// Each write as `name ports count`.
    fn packed(existing: &[Slice], groups: &[(&[u16], std::ops::Range<u8>)]) -> Vec<String> {
        let group = |(ports, ends): &(&[u16], std::ops::Range<u8>)| {
            (numbers(ports), ends.clone().map(endpoint).collect::<Vec<_>>())
        };
        let line = |written: &Written<Slice>| {
            let of = |name: &str, c: &Contents| format!("{name} {} {}", c.ports.len(), c.endpoints.len());
            match written {
                Written::Update(slice, contents) => of(&format!("update {}", slice.meta.name), contents),
                Written::Create(contents) => of("create", contents),
                Written::Delete(slice) => format!("delete {}", slice.meta.name),
            }
        };
        pack(existing, groups.iter().map(group).collect()).iter().map(line).collect()
    }

    #[test]
    fn an_endpoint_stays_in_its_slice_and_slices_hold_a_hundred() {
        let old = slice("old", &[80], &[240]);
        let written = packed(&[old], &[(&[80], 0..251)]);
        assert_eq!(written, ["update old 1 100", "create 1 100", "create 1 51"]);
    }

    #[test]
    fn no_endpoints_leave_one_placeholder() {
        assert_eq!(packed(&[], &[]), ["create 0 0"]);
        assert_eq!(packed(&[slice("a", &[], &[])], &[]), ["update a 0 0"]);
        let two = [slice("a", &[80], &[1]), slice("b", &[81], &[2])];
        assert_eq!(packed(&two, &[]), ["update a 0 0", "delete b"]);
    }

    #[test]
    fn a_slice_that_nobody_needs_is_filled_anew() {
        let written = packed(&[slice("placeholder", &[], &[])], &[(&[80], 0..2)]);
        assert_eq!(written, ["update placeholder 1 2"]);
        let written = packed(&[slice("a", &[80], &[1]), slice("b", &[80], &[2])], &[(&[80], 1..2)]);
        assert_eq!(written, ["update a 1 1", "delete b"]);
    }
}
