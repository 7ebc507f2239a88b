//! The action `setServicePolicy`: `service`, and one field of its spec under its own name; `sessionAffinity` may have
//! its `timeoutSeconds` beside it.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::form;
use crate::api::{NsName, ServicePolicy, SessionAffinity, Str};

const TIMEOUT: &str = "timeoutSeconds";

#[derive(Serialize, Deserialize)]
struct Service(#[serde(with = "form::ns_name")] NsName);

pub fn serialize<S: Serializer>(
    service: &NsName,
    policy: &ServicePolicy,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("service", &Service(service.clone()))?;
    let field = policy.field();
    match policy {
        ServicePolicy::ExternalTrafficPolicy(policy) | ServicePolicy::InternalTrafficPolicy(policy) => {
            map.serialize_entry(field, policy)?;
        }
        ServicePolicy::SessionAffinity(SessionAffinity::None) => {
            map.serialize_entry(field, &Affinity::None)?
        }
        ServicePolicy::SessionAffinity(SessionAffinity::ClientIP { timeout_s }) => {
            map.serialize_entry(field, &Affinity::ClientIP)?;
            map.serialize_entry(TIMEOUT, timeout_s)?;
        }
        ServicePolicy::TrafficDistribution(text) | ServicePolicy::TopologyMode(text) => {
            map.serialize_entry(field, text.as_deref().unwrap_or(""))?;
        }
        ServicePolicy::LoadBalancerSourceRanges(list) | ServicePolicy::ExternalIps(list) => {
            map.serialize_entry(field, list)?;
        }
        ServicePolicy::PublishNotReadyAddresses(on) => map.serialize_entry(field, on)?,
    }
    map.end()
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(NsName, ServicePolicy), D::Error> {
    deserializer.deserialize_map(Arguments)
}

#[derive(Serialize, Deserialize)]
enum Affinity {
    None,
    ClientIP,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Argument {
    Service,
    ExternalTrafficPolicy,
    InternalTrafficPolicy,
    SessionAffinity,
    TimeoutSeconds,
    TrafficDistribution,
    LoadBalancerSourceRanges,
    #[serde(rename = "externalIPs")]
    ExternalIps,
    PublishNotReadyAddresses,
    #[serde(rename = "service.kubernetes.io/topology-mode")]
    TopologyMode,
}

struct Arguments;

impl<'de> Visitor<'de> for Arguments {
    type Value = (NsName, ServicePolicy);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut service, mut timeout, mut policy) = (None, None, None);
        while let Some(argument) = map.next_key()? {
            let one = match argument {
                Argument::Service => {
                    service = Some(map.next_value::<Service>()?.0);
                    continue;
                }
                Argument::TimeoutSeconds => {
                    timeout = map.next_value::<Option<u32>>()?;
                    continue;
                }
                Argument::ExternalTrafficPolicy => ServicePolicy::ExternalTrafficPolicy(map.next_value()?),
                Argument::InternalTrafficPolicy => ServicePolicy::InternalTrafficPolicy(map.next_value()?),
                Argument::SessionAffinity => ServicePolicy::SessionAffinity(match map.next_value()? {
                    Affinity::None => SessionAffinity::None,
                    Affinity::ClientIP => SessionAffinity::default_client_ip(),
                }),
                Argument::TrafficDistribution => ServicePolicy::TrafficDistribution(text(&mut map)?),
                Argument::LoadBalancerSourceRanges => {
                    ServicePolicy::LoadBalancerSourceRanges(list(&mut map)?)
                }
                Argument::ExternalIps => ServicePolicy::ExternalIps(list(&mut map)?),
                Argument::PublishNotReadyAddresses => {
                    ServicePolicy::PublishNotReadyAddresses(map.next_value()?)
                }
                Argument::TopologyMode => ServicePolicy::TopologyMode(text(&mut map)?),
            };
            if let Some(other) = policy.replace(one) {
                // One action, one change: two of them would be undone as one.
                let why = format_args!(
                    "one action sets one field of a Service, and this sets {} too",
                    other.field()
                );
                return Err(Error::custom(why));
            }
        }
        let service = service.ok_or_else(|| Error::missing_field("service"))?;
        let mut policy = policy.ok_or_else(|| Error::missing_field("externalTrafficPolicy"))?;
        if let (ServicePolicy::SessionAffinity(SessionAffinity::ClientIP { timeout_s }), Some(timeout)) =
            (&mut policy, timeout)
        {
            *timeout_s = timeout;
        }
        Ok((service, policy))
    }
}

/// Empty, or null: the field is taken away.
fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Str>, A::Error> {
    Ok(map.next_value::<Option<Str>>()?.filter(|text| !text.is_empty()))
}

fn list<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Vec<Str>, A::Error> {
    Ok(map.next_value::<Option<Vec<Str>>>()?.unwrap_or_default())
}
