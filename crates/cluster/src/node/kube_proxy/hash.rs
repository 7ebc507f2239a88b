//! The names of the chains of a service port (iptables/proxier.go, portProtoHash and servicePortEndpointChainName).

use sha2::{Digest, Sha256};

use super::ServicePortName;
use crate::api::Str;

/// RFC 4648's alphabet.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The 16 characters that the names of a service port's chains end in.
pub fn port_proto_hash(service: &ServicePortName) -> String {
    base32_hash(&format!("{service}{}", service.protocol.lower()))
}

/// The names of the chains of a service port's endpoints, `KUBE-SEP-...` (servicePortEndpointChainName). The part of
/// the hashed text that all of them begin with is hashed once.
pub struct EndpointChainNames(Sha256);

impl EndpointChainNames {
    pub fn new(service: &ServicePortName) -> EndpointChainNames {
        EndpointChainNames(Sha256::new_with_prefix(format!("{service}{}", service.protocol.lower())))
    }

    /// `endpoint` is `IP:port`.
    pub fn name(&self, endpoint: &str) -> Str {
        ["KUBE-SEP-", &base32(self.0.clone().chain_update(endpoint))].concat().into()
    }
}

/// The first 16 characters of base32(SHA-256(text)).
pub(super) fn base32_hash(text: &str) -> String {
    base32(Sha256::new_with_prefix(text))
}

/// SHA-256 of the text, in hexadecimal digits.
pub(super) fn hex_hash(text: &str) -> String {
    Sha256::new_with_prefix(text).finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 80 bits, so there is no padding.
fn base32(hash: Sha256) -> String {
    let digest = hash.finalize();
    let mut bits = [0u8; 16];
    bits[6..].copy_from_slice(&digest[..10]);
    let bits = u128::from_be_bytes(bits);
    (0..16).rev().map(|i| char::from(BASE32[(bits >> (5 * i)) as usize & 31])).collect()
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

    /// TestOverallIPTablesRules and its neighbours.
    #[test]
    fn chain_names_are_upstreams() {
        let services = [
            (name("ns1", "svc1", "p80"), "XPGD46QRK7WJZT7O"),
            (name("ns2", "svc2", "p80"), "GNZBNJ2PO5MGZ6GT"),
            (name("ns3", "svc3", "p80"), "X27LE4BHSL4DOUIK"),
            (name("ns4", "svc4", "p80"), "4SW47YFZTEDKD3PK"),
            (name("ns5", "svc5", "p80"), "NUKIZ6OKUXPJNT4C"),
            (name("ns2", "svc2", "p8080"), "2VJB64SDSIJUP5T6"),
            (name("ns4", "svc4", "p8082"), "EBDQOQU5SJFXRIL3"),
        ];
        for (service, hash) in services {
            assert_eq!(port_proto_hash(&service), hash, "{service}");
        }
        let endpoints = [
            (name("ns1", "svc1", "p80"), "10.180.0.1:80", "KUBE-SEP-SXIVWICOYRO3J4NJ"),
            (name("ns4", "svc4", "p80"), "10.180.0.5:80", "KUBE-SEP-C6EBXVWJJZMIWKLZ"),
            (name("ns3", "svc3", "p8081"), "203.0.113.4:8081", "KUBE-SEP-RUVVH7YV3PHQBDOS"),
        ];
        for (service, endpoint, chain) in endpoints {
            assert_eq!(&*EndpointChainNames::new(&service).name(endpoint), chain);
        }
    }
}
