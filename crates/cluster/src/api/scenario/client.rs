//! Clients, as a Scenario lists them and as an action adds one.

use std::fmt;
use std::net::IpAddr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{reference, wire};
use crate::api::{Format, Kind, Name, Str};
use crate::sim::Span;
use netfilter::Protocol;

/// Who sends requests, where to, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientSpec {
    pub name: Name,
    #[serde(default)]
    pub from: ClientFrom,
    /// A URL, `host:port`, `name:port` or `service/namespace/name`; of a ping (`protocol: ICMP`) without a port.
    pub to: Str,
    #[serde(default)]
    pub protocol: Protocol,
    /// Thousandths of a request per second.
    #[serde(rename = "rate", default = "one_per_second", with = "wire::rate")]
    pub rate_milli: u32,
    /// One connection for many requests, instead of one for each.
    #[serde(default)]
    pub keep_alive: bool,
    /// Of UDP: it sends datagrams from one socket, and waits for no answer. What a process receives counts as
    /// delivered, though the sender never learns of it.
    #[serde(default)]
    pub one_way: bool,
    #[serde(default)]
    pub resolve: Resolve,
    #[serde(default, with = "wire::timeout")]
    pub timeout: Option<Span>,
}

/// When a client asks DNS for the name that it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Resolve {
    /// For each connection.
    #[default]
    EachTime,
    /// When the TTL of the last answer has run out.
    Ttl,
    /// Once in the life of its process.
    Once,
}

impl ClientSpec {
    /// With the defaults of what a Scenario leaves out.
    pub fn new(name: Name, from: ClientFrom, to: Str) -> ClientSpec {
        ClientSpec {
            name,
            from,
            to,
            protocol: Protocol::default(),
            rate_milli: one_per_second(),
            keep_alive: false,
            one_way: false,
            resolve: Resolve::default(),
            timeout: None,
        }
    }

    /// Whether a request goes out from the socket of the one before.
    pub fn keeps_its_socket(&self) -> bool {
        self.keep_alive || self.one_way
    }
}

fn one_per_second() -> u32 {
    1_000
}

/// Written `outside`, `{ip: ADDRESS}`, `node/NAME` or `deploy/NAMESPACE/NAME`, as one types a workload after
/// `kubectl exec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientFrom {
    /// From outside the cluster; the World picks an address when none is given.
    Outside { ip: Option<IpAddr> },
    /// From a Pod of this workload, whose kind is one that has Pods.
    Workload { namespace: Name, kind: Kind, name: Name },
    /// From a process on the node itself.
    Node { name: Name },
}

impl Default for ClientFrom {
    fn default() -> ClientFrom {
        ClientFrom::Outside { ip: None }
    }
}

impl ClientFrom {
    fn parse(text: &str) -> Option<ClientFrom> {
        if text == "outside" {
            return Some(ClientFrom::Outside { ip: None });
        }
        if let Some(name) = text.strip_prefix("node/") {
            let is_name = !name.is_empty() && !name.contains('/');
            return is_name.then(|| ClientFrom::Node { name: name.into() });
        }
        let object = reference::parse_object(text)?;
        object.kind.has_pods().then_some(ClientFrom::Workload {
            namespace: object.namespace,
            kind: object.kind,
            name: object.name,
        })
    }
}

impl Serialize for ClientFrom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            ClientFrom::Outside { ip: None } => serializer.serialize_str("outside"),
            ClientFrom::Outside { ip: Some(ip) } => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("ip", ip)?;
                map.end()
            }
            ClientFrom::Workload { namespace, kind, name } => {
                serializer.collect_str(&format_args!("{}/{namespace}/{name}", reference::workload_word(kind)))
            }
            ClientFrom::Node { name } => serializer.collect_str(&format_args!("node/{name}")),
        }
    }
}

impl<'de> Deserialize<'de> for ClientFrom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ClientFrom, D::Error> {
        deserializer.deserialize_any(From)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outside {
    #[serde(with = "wire::address")]
    ip: IpAddr,
}

struct From;

impl<'de> Visitor<'de> for From {
    type Value = ClientFrom;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        serde::de::Expected::fmt(&Format::ClientFrom, f)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ClientFrom, E> {
        ClientFrom::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ClientFrom, A::Error> {
        let Outside { ip } = Outside::deserialize(MapAccessDeserializer::new(map))?;
        Ok(ClientFrom::Outside { ip: Some(ip) })
    }
}
