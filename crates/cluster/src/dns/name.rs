//! Names as DNS has them: labels, how long they may be, and that case does not matter.
//! Source: RFC 1035, sections 2.3.1 and 2.3.4.

use std::fmt;
use std::net::IpAddr;

use crate::api::Str;

/// Bytes of one label.
const MAX_LABEL: usize = 63;
/// Bytes of a name, its dots among them, without the one at its end: 255 on the wire.
const MAX_NAME: usize = 253;

/// An absolute name, in the case in which it was written, without the dot at its end. The root is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DomainName(Str);

/// Why a text is no name that a resolver can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameProblem {
    /// Two dots in a row, a dot at the beginning, or nothing at all.
    EmptyLabel,
    /// Over 63 bytes.
    LongLabel,
    /// Over 253 bytes.
    LongName,
    /// Whatever a zone file would have to escape, and all that is not ASCII.
    Character(char),
}

impl DomainName {
    /// Reads an absolute name, with or without its last dot; `.` is the root.
    pub fn parse(text: &str) -> Result<DomainName, NameProblem> {
        if text == "." {
            return Ok(DomainName::of(""));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        if let Some(odd) = name.chars().find(|c| !c.is_ascii_graphic() || "\\\"();@$".contains(*c)) {
            return Err(NameProblem::Character(odd));
        }
        for label in name.split('.') {
            match label.len() {
                0 => return Err(NameProblem::EmptyLabel),
                1..=MAX_LABEL => {}
                _ => return Err(NameProblem::LongLabel),
            }
        }
        match name.len() {
            ..=MAX_NAME => Ok(DomainName(name.into())),
            _ => Err(NameProblem::LongName),
        }
    }

    /// A name that is made of names that are there.
    pub(super) fn of(text: impl Into<Str>) -> DomainName {
        DomainName(text.into())
    }

    /// The name that leads back from an address to its names: `10.0.96.10.in-addr.arpa` of 10.96.0.10 (RFC 1035,
    /// section 3.5; RFC 3596, section 2.5).
    pub fn reverse(ip: IpAddr) -> DomainName {
        DomainName::of(match ip {
            IpAddr::V4(ip) => {
                let [a, b, c, d] = ip.octets();
                format!("{d}.{c}.{b}.{a}.in-addr.arpa")
            }
            IpAddr::V6(ip) => {
                let digits = ip.octets().into_iter().rev().flat_map(|byte| [byte & 15, byte >> 4]);
                digits.map(|digit| format!("{digit:x}.")).collect::<String>() + "ip6.arpa"
            }
        })
    }

    /// Without the dot at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the other name, or below it (miekg/dns labels.go, IsSubDomain).
    pub fn is_within(&self, zone: &str) -> bool {
        self.zone(zone).is_some()
    }

    /// Its own end that is that zone, in its own case.
    pub fn zone(&self, zone: &str) -> Option<&str> {
        let start = self.0.len().checked_sub(zone.len())?;
        let end = self.0.get(start..).filter(|end| end.eq_ignore_ascii_case(zone))?;
        (start == 0 || self.0[..start].ends_with('.')).then_some(end)
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.", self.0)
    }
}

impl fmt::Display for NameProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameProblem::EmptyLabel => write!(f, "a part between two dots is empty"),
            NameProblem::LongLabel => write!(f, "a part between two dots is longer than {MAX_LABEL} bytes"),
            NameProblem::LongName => write!(f, "it is longer than {MAX_NAME} bytes"),
            NameProblem::Character(odd) => write!(f, "{odd:?} cannot be in it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_query_can_carry_is_no_name() {
        let label = "a".repeat(63);
        let longest = [&*label, &label, &label, &label[..61]].join(".");
        for (text, expected) in [
            (".", Ok("")),
            ("web.", Ok("web")),
            ("_http._tcp.Web", Ok("_http._tcp.Web")),
            (&longest, Ok(&*longest)),
            ("", Err(NameProblem::EmptyLabel)),
            ("..", Err(NameProblem::EmptyLabel)),
            ("a..b", Err(NameProblem::EmptyLabel)),
            (".a", Err(NameProblem::EmptyLabel)),
            (&format!("a{label}"), Err(NameProblem::LongLabel)),
            (&format!("{longest}b"), Err(NameProblem::LongName)),
            ("a b", Err(NameProblem::Character(' '))),
            ("ä", Err(NameProblem::Character('ä'))),
        ] {
            let found = DomainName::parse(text);
            assert_eq!(found.as_ref().map(DomainName::as_str), expected.as_ref().map(|name| *name), "{text}");
        }
    }

    #[test]
    fn a_zone_is_whole_labels_in_any_case() {
        let name = DomainName::of("web.Cluster.LOCAL");
        assert_eq!(name.zone("cluster.local"), Some("Cluster.LOCAL"));
        assert_eq!(name.zone("uster.local"), None);
        assert_eq!(DomainName::of("cluster.local").zone("cluster.local"), Some("cluster.local"));
        assert_eq!(DomainName::of("local").zone("cluster.local"), None);
    }
}
