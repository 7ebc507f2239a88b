//! The action `setServicePolicy`: `service`, and one field of its spec under its own name; `sessionAffinity` may have
//! its `timeoutSeconds` beside it.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::wire;
use crate::api::{NsName, PolicyField, ServicePolicy, SessionAffinity, Str};

const SERVICE: &str = "service";
const TIMEOUT: &str = "timeoutSeconds";

#[derive(Serialize, Deserialize)]
struct Service(#[serde(with = "wire::ns_name")] NsName);

pub fn serialize<S: Serializer>(
    service: &NsName,
    policy: &ServicePolicy,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry(SERVICE, &Service(service.clone()))?;
    let field = policy.field().as_str();
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

enum Argument {
    Service,
    TimeoutSeconds,
    Policy(PolicyField),
}

impl<'de> Deserialize<'de> for Argument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Argument, D::Error> {
        let name = Str::deserialize(deserializer)?;
        match &*name {
            SERVICE => Ok(Argument::Service),
            TIMEOUT => Ok(Argument::TimeoutSeconds),
            name => PolicyField::named(name)
                .map(Argument::Policy)
                .ok_or_else(|| D::Error::unknown_field(name, PolicyField::ARGUMENTS)),
        }
    }
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
                Argument::Policy(field) => value(field, &mut map)?,
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
        let service = service.ok_or_else(|| Error::missing_field(SERVICE))?;
        let mut policy = policy.ok_or_else(|| Error::missing_field("externalTrafficPolicy"))?;
        if let (ServicePolicy::SessionAffinity(SessionAffinity::ClientIP { timeout_s }), Some(timeout)) =
            (&mut policy, timeout)
        {
            *timeout_s = timeout;
        }
        Ok((service, policy))
    }
}

fn value<'de, A: MapAccess<'de>>(field: PolicyField, map: &mut A) -> Result<ServicePolicy, A::Error> {
    Ok(match field {
        PolicyField::ExternalTrafficPolicy => ServicePolicy::ExternalTrafficPolicy(map.next_value()?),
        PolicyField::InternalTrafficPolicy => ServicePolicy::InternalTrafficPolicy(map.next_value()?),
        PolicyField::SessionAffinity => ServicePolicy::SessionAffinity(match map.next_value()? {
            Affinity::None => SessionAffinity::None,
            Affinity::ClientIP => SessionAffinity::default_client_ip(),
        }),
        PolicyField::LoadBalancerSourceRanges => ServicePolicy::LoadBalancerSourceRanges(list(map)?),
        PolicyField::ExternalIps => ServicePolicy::ExternalIps(list(map)?),
        PolicyField::TrafficDistribution => ServicePolicy::TrafficDistribution(text(map)?),
        PolicyField::PublishNotReadyAddresses => ServicePolicy::PublishNotReadyAddresses(map.next_value()?),
        PolicyField::TopologyMode => ServicePolicy::TopologyMode(text(map)?),
    })
}

/// Empty, or null: the field is taken away.
fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Str>, A::Error> {
    Ok(map.next_value::<Option<Str>>()?.filter(|text| !text.is_empty()))
}

fn list<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Vec<Str>, A::Error> {
    Ok(map.next_value::<Option<Vec<Str>>>()?.unwrap_or_default())
}
