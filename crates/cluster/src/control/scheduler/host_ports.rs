//! Ports of the node that Pods use (kube-scheduler framework/types.go, HostPortInfo; plugins/nodeports).

use crate::api::{PodSpec, Str};
use netfilter::Protocol;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// None: every address of the node.
    pub ip: Option<Str>,
    pub protocol: Protocol,
    pub port: u16,
}

impl HostPort {
    /// Those that the Pod asks for (schedutil, GetHostPorts).
    pub fn of(pod: &PodSpec) -> Vec<HostPort> {
        let ports = pod.containers.iter().chain(pod.sidecars()).flat_map(|container| &container.ports);
        let host_ports = ports.filter(|port| port.host_port != 0).map(|port| HostPort {
            ip: port.host_ip.clone().filter(|ip| &**ip != "0.0.0.0"),
            protocol: port.protocol,
            port: port.host_port,
        });
        host_ports.collect()
    }

    pub fn conflicts_with(&self, other: &HostPort) -> bool {
        let same_address = match (&self.ip, &other.ip) {
            (Some(one), Some(other)) => one == other,
            (None, _) | (_, None) => true,
        };
        same_address && (self.protocol, self.port) == (other.protocol, other.port)
    }
}

/// Whether none of the ports is in use.
pub fn fit(wanted: &[HostPort], used: &[HostPort]) -> bool {
    !wanted.iter().any(|port| used.iter().any(|other| port.conflicts_with(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(text: &str) -> Vec<HostPort> {
        let port = |text: &str| {
            let parts: Vec<&str> = text.split('/').collect();
            let [protocol, ip, port] = parts[..] else { panic!("{text}") };
            HostPort {
                ip: Some(ip.into()).filter(|_| ip != "0.0.0.0"),
                protocol: if protocol == "TCP" { Protocol::Tcp } else { Protocol::Udp },
                port: port.parse().expect("a port"),
            }
        };
        text.split_whitespace().map(port).collect()
    }

    /// After plugins/nodeports/node_ports_test.go, TestNodePorts.
    #[test]
    fn a_port_conflicts_on_the_same_address_and_protocol() {
        for (wanted, used, fits) in [
            ("", "", true),
            ("UDP/127.0.0.1/8080", "UDP/127.0.0.1/9090", true),
            ("UDP/127.0.0.1/8080", "UDP/127.0.0.1/8080", false),
            ("TCP/127.0.0.1/8080", "TCP/127.0.0.1/8080", false),
            ("TCP/127.0.0.1/8080", "TCP/127.0.0.2/8080", true),
            ("UDP/127.0.0.1/8080", "TCP/127.0.0.1/8080", true),
            ("UDP/127.0.0.1/8000 UDP/127.0.0.1/8080", "UDP/127.0.0.1/8080", false),
            ("TCP/0.0.0.0/8001", "TCP/127.0.0.1/8001", false),
            ("TCP/0.0.0.0/8001", "UDP/127.0.0.1/8001", true),
            ("TCP/0.0.0.0/8001", "UDP/0.0.0.0/8001", true),
            ("TCP/127.0.0.1/8001", "TCP/0.0.0.0/8001", false),
        ] {
            assert_eq!(fit(&ports(wanted), &ports(used)), fits, "{wanted} beside {used}");
        }
    }
}
