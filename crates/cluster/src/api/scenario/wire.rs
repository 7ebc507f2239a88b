//! The form on the wire of what is more than a number or a name: for each type a module to name in `#[serde(with)]`.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::api::text::Decimal;
use crate::api::{Format, Str};

/// A text that is no such thing.
fn wrong<E: Error>(text: &str, format: Format) -> E {
    E::invalid_value(Unexpected::Str(text), &format)
}

/// `namespace/name`, or a name in `default`.
pub mod ns_name {
    use super::*;
    use crate::api::NsName;
    use crate::api::scenario::reference;

    pub fn serialize<S: Serializer>(name: &NsName, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(name)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NsName, D::Error> {
        let text = Str::deserialize(deserializer)?;
        reference::parse_name(&text).ok_or_else(|| wrong(&text, Format::NsName))
    }
}

/// `Kind/namespace/name`, or with one of kubectl's words for the kind.
pub mod object {
    use super::*;
    use crate::api::ObjectRef;
    use crate::api::scenario::reference;

    pub fn serialize<S: Serializer>(object: &ObjectRef, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&reference::print_object(object))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectRef, D::Error> {
        let text = Str::deserialize(deserializer)?;
        reference::parse_object(&text).ok_or_else(|| wrong(&text, Format::ObjectRef))
    }
}

/// An object, or the name of a Deployment.
pub mod scaled {
    use super::*;
    use crate::api::scenario::reference;
    use crate::api::{Kind, ObjectRef};

    pub fn serialize<S: Serializer>(object: &ObjectRef, serializer: S) -> Result<S::Ok, S::Error> {
        super::object::serialize(object, serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectRef, D::Error> {
        let text = Str::deserialize(deserializer)?;
        let is_written = text.matches('/').count() == 2;
        let known = |object: &ObjectRef| is_written || !matches!(object.kind, Kind::Other(_));
        let object = reference::parse_object(&text).filter(known);
        let deployment = || Some(ObjectRef::of_key(Kind::Deployment, &reference::parse_name(&text)?));
        object.or_else(deployment).ok_or_else(|| wrong(&text, Format::ObjectRef))
    }
}

/// A map of strings; null is the empty string, as in Go.
pub mod labels {
    use litemap::LiteMap;

    use super::*;
    use crate::api::Labels;

    pub fn serialize<S: Serializer>(labels: &Labels, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(labels)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Labels, D::Error> {
        let labels = LiteMap::<Str, Option<Str>>::deserialize(deserializer)?;
        Ok(labels.into_iter().map(|(key, value)| (key, value.unwrap_or_else(|| "".into()))).collect())
    }
}

/// `Proxy` is true, `VIP` is false.
pub mod ip_mode {
    use super::*;

    #[derive(Serialize, Deserialize)]
    enum IpMode {
        Proxy,
        #[serde(rename = "VIP")]
        Vip,
    }

    pub fn serialize<S: Serializer>(proxy: &bool, serializer: S) -> Result<S::Ok, S::Error> {
        if *proxy { IpMode::Proxy } else { IpMode::Vip }.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
        Ok(matches!(IpMode::deserialize(deserializer)?, IpMode::Proxy))
    }
}

/// Requests per second, to thousandths of one: a whole number where it is one.
pub mod rate {
    use super::*;
    use crate::api::tree::NUMBER;

    pub fn serialize<S: Serializer>(milli: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        match milli % 1_000 {
            0 => serializer.serialize_u32(milli / 1_000),
            _ => serializer.serialize_newtype_struct(NUMBER, &print(*milli)),
        }
    }

    pub fn print(milli: u32) -> String {
        let text = format!("{}.{:03}", milli / 1_000, milli % 1_000);
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        deserializer.deserialize_any(Rate)
    }

    struct Rate;

    impl Visitor<'_> for Rate {
        type Value = u32;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            serde::de::Expected::fmt(&Format::Rate, f)
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<u32, E> {
            let wrong = || E::invalid_value(Unexpected::Signed(number), &Format::Rate);
            if number < 0 { Err(wrong()) } else { Ok(most(number.saturating_mul(1_000))) }
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<u32, E> {
            let milli = Decimal::parse(text).and_then(|number| number.scaled(3)).filter(|milli| *milli >= 0);
            milli.map(most).ok_or_else(|| wrong(text, Format::Rate))
        }
    }

    /// More than a client may have is refused where clients are validated.
    fn most(milli: i64) -> u32 {
        u32::try_from(milli).unwrap_or(u32::MAX)
    }
}

/// A length of time; a bare 0 is one too.
pub mod span {
    use super::*;
    use crate::api::duration;
    use crate::sim::Span;

    pub fn serialize<S: Serializer>(span: &Span, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&duration::print(span.0))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        deserializer.deserialize_any(Duration)
    }

    struct Duration;

    impl Visitor<'_> for Duration {
        type Value = Span;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            serde::de::Expected::fmt(&Format::Duration, f)
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Span, E> {
            let wrong = || E::invalid_value(Unexpected::Signed(number), &Format::Duration);
            if number == 0 { Ok(Span::ZERO) } else { Err(wrong()) }
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
            duration::parse(text).map(Span).ok_or_else(|| wrong(text, Format::Duration))
        }
    }
}

/// A length of time that may be left out.
pub mod timeout {
    use super::*;
    use crate::sim::Span;

    pub fn serialize<S: Serializer>(span: &Option<Span>, serializer: S) -> Result<S::Ok, S::Error> {
        match span {
            Some(span) => span::serialize(span, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
        span::deserialize(deserializer).map(Some)
    }
}

/// An IP address.
pub mod address {
    use std::net::IpAddr;

    use super::*;

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IpAddr, D::Error> {
        let text = Str::deserialize(deserializer)?;
        text.parse().map_err(|_| wrong(&text, Format::IpAddress))
    }
}
