//! The names of the chains and sets of a service port (nftables/proxier.go, hashAndTruncate and its
//! callers).

use crate::node::kube_proxy::ServicePortName;
use crate::node::kube_proxy::hash::base32_hash;

/// knftables.NameLengthMax, less the longest prefix.
const BASE_LENGTH_MAX: usize = 256 - 16;

/// `HASH-namespace/service/protocol/port`: the common suffix of the names of a service port's chains.
pub fn service_port_chain_name_base(service: &ServicePortName) -> String {
    hash_and_truncate(written(service))
}

/// `HASH-namespace/service/protocol/port__IP/port`; `endpoint` is `IP:port`. nft allows no colon in a
/// name, nor a bracket.
pub fn service_port_endpoint_chain_name_base(service: &ServicePortName, endpoint: &str) -> String {
    let (ip, port) = endpoint.rsplit_once(':').unwrap_or((endpoint, ""));
    let ip = ip.trim_start_matches('[').trim_end_matches(']').replace(':', ".");
    hash_and_truncate([&written(service), "__", &ip, "/", port].concat())
}

fn written(service: &ServicePortName) -> String {
    let ServicePortName { service: name, port, protocol } = service;
    [&*name.namespace, "/", &name.name, "/", protocol.lower(), "/", port].concat()
}

/// The hash keeps names unique even if their ends are cut off.
fn hash_and_truncate(name: String) -> String {
    let hash = base32_hash(&name);
    let mut name = [&hash[..8], "-", &name].concat();
    if name.len() > BASE_LENGTH_MAX {
        // Names are ASCII: the API server allows nothing else.
        let end = (0..=BASE_LENGTH_MAX - 3).rev().find(|end| name.is_char_boundary(*end));
        name.truncate(end.unwrap_or(0));
        name.push_str("...");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::NsName;
    use netfilter::Protocol;

    fn name(namespace: &str, service: &str, port: &str) -> ServicePortName {
        let service = NsName::new(namespace, service);
        ServicePortName { service, port: port.into(), protocol: Protocol::Tcp }
    }

    /// TestOverallNFTablesRules, Test_servicePortChainNameBase and
    /// Test_servicePortEndpointChainNameBase; the last one from a live cluster of version 1.36.2.
    #[test]
    fn chain_names_are_upstreams() {
        let services = [
            (name("ns1", "svc1", "p80"), "ULMVA6XW-ns1/svc1/tcp/p80"),
            (name("ns2", "svc2", "p80"), "42NFTM6N-ns2/svc2/tcp/p80"),
            (name("ns3", "svc3", "p80"), "4AT6LBPK-ns3/svc3/tcp/p80"),
            (name("ns4", "svc4", "p80"), "LAUZTJTB-ns4/svc4/tcp/p80"),
            (name("kproxy-lab", "backend-api", "http"), "YVSKLJHA-kproxy-lab/backend-api/tcp/http"),
            (name("default", "kubernetes", "https"), "2QRHZV4L-default/kubernetes/tcp/https"),
        ];
        for (service, base) in services {
            assert_eq!(service_port_chain_name_base(&service), base);
        }
        let endpoints = [
            (name("ns1", "svc1", "p80"), "10.180.0.1:80", "5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80"),
            (name("ns2", "svc2", "p80"), "10.180.0.2:80", "SGOXE6O3-ns2/svc2/tcp/p80__10.180.0.2/80"),
            (name("ns4", "svc4", "p80"), "10.180.0.5:80", "5RFCDDV7-ns4/svc4/tcp/p80__10.180.0.5/80"),
            (
                name("testing", "service", "http"),
                "[fd80:abcd:12::a1b2:c3d4:e5f6:9999]:80",
                "U7E2ET36-testing/service/tcp/http__fd80.abcd.12..a1b2.c3d4.e5f6.9999/80",
            ),
        ];
        for (service, endpoint, base) in endpoints {
            assert_eq!(service_port_endpoint_chain_name_base(&service, endpoint), base);
        }
    }

    #[test]
    fn a_name_that_is_too_long_is_cut_and_stays_its_own() {
        let long = "x".repeat(63);
        let service = name(&long, &long, &long);
        assert_eq!(service_port_chain_name_base(&service).len(), 8 + 1 + 3 * 63 + 3 + 3);
        let base = |ip: &str| service_port_endpoint_chain_name_base(&service, &["[", ip, "]:65535"].concat());
        let a = base("1234:5678:9abc:def0:1234:5678:9abc:def0");
        let b = base("1234:5678:9abc:def0:1234:5678:9abc:def1");
        assert_eq!((a.len(), b.len()), (240, 240));
        assert!(a.ends_with("...") && b.ends_with("..."));
        assert_ne!(a[..8], b[..8]);
    }
}
