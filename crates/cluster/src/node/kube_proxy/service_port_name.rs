//! The name of a service port, which its rules carry.

use std::fmt;

use crate::api::{NsName, Str};
use netfilter::{Owner, Protocol, RuleRef, Rules};

/// A port of a Service, as kube-proxy names it (pkg/proxy/types.go, ServicePortName).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServicePortName {
    pub service: NsName,
    /// Empty when the port has no name.
    pub port: Str,
    pub protocol: Protocol,
}

/// `ns/name:port`, or `ns/name` for a port without a name; the protocol is not part of it.
impl fmt::Display for ServicePortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.service)?;
        if self.port.is_empty() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

impl ServicePortName {
    /// The [`Owner`] of the rules that are written for the port: `ns/name:port/TCP`.
    pub fn owner(&self) -> Owner {
        Owner::new(format!("{self}/{}", self.protocol.as_str()))
    }

    /// How long its name is when it is written.
    pub(super) fn text_len(&self) -> usize {
        let port = if self.port.is_empty() { 0 } else { 1 + self.port.len() };
        self.service.namespace.len() + 1 + self.service.name.len() + port
    }

    /// The port that an [`Owner`] names; `None` if [`ServicePortName::owner`] did not make it.
    pub fn of_owner(owner: &Owner) -> Option<ServicePortName> {
        let (name, protocol) = owner.as_str().rsplit_once('/')?;
        let protocol = Protocol::OF_PORTS.into_iter().find(|known| known.as_str() == protocol)?;
        let (namespace, name) = name.split_once('/')?;
        // The API server allows no slash or colon in any part of the name.
        let (name, port) = name.split_once(':').unwrap_or((name, ""));
        Some(ServicePortName { service: NsName::new(namespace, name), port: port.into(), protocol })
    }
}

/// The service port that a rule was written for; `None` if it is for all Services.
pub fn service_port_of(rules: &Rules, at: RuleRef) -> Option<ServicePortName> {
    ServicePortName::of_owner(rules.owner(at)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_its_port() {
        for (port, protocol, label) in [
            ("http", Protocol::Tcp, "default/web:http/TCP"),
            ("", Protocol::Udp, "default/web/UDP"),
            ("s", Protocol::Sctp, "default/web:s/SCTP"),
        ] {
            let service = NsName::new("default", "web");
            let name = ServicePortName { service, port: port.into(), protocol };
            assert_eq!(name.owner().as_str(), label);
            assert_eq!(name.text_len(), name.to_string().len());
            assert_eq!(ServicePortName::of_owner(&name.owner()), Some(name));
        }
    }

    #[test]
    fn another_label_names_none() {
        for label in ["", "web", "web/TCP", "default/web", "default/web/ICMP"] {
            assert_eq!(ServicePortName::of_owner(&Owner::new(label)), None, "{label}");
        }
    }
}
