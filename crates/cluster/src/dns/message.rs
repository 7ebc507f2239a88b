//! Questions and answers, as a DNS message has them.
//! Source: RFC 1035, section 4; RFC 2782 (SRV); RFC 3596 (AAAA).

use std::fmt;
use std::net::IpAddr;

use super::name::DomainName;

/// What is asked; the class is IN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub name: DomainName,
    pub kind: RecordType,
}

/// Declares the types with their names in zone files and their numbers in messages.
macro_rules! record_types {
    ($($variant:ident $name:literal $number:literal),* $(,)?) => {
        /// The types that can be asked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum RecordType { $($variant = $number),* }

        impl RecordType {
            pub const ALL: &'static [RecordType] = &[$(RecordType::$variant),*];

            /// As zone files write it: `AAAA`.
            pub fn name(self) -> &'static str {
                match self { $(RecordType::$variant => $name),* }
            }
        }
    };
}

record_types! {
    A "A" 1,
    Ns "NS" 2,
    Cname "CNAME" 5,
    Soa "SOA" 6,
    Ptr "PTR" 12,
    Mx "MX" 15,
    Txt "TXT" 16,
    Aaaa "AAAA" 28,
    Srv "SRV" 33,
    Https "HTTPS" 65,
    Ixfr "IXFR" 251,
    Axfr "AXFR" 252,
    Any "ANY" 255,
}

impl RecordType {
    /// In any case.
    pub fn called(name: &str) -> Option<RecordType> {
        RecordType::ALL.iter().copied().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// Its number in a message.
    pub fn number(self) -> u16 {
        self as u16
    }
}

/// How a server answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rcode {
    NoError,
    NxDomain,
    Refused,
}

impl Rcode {
    /// As `dig` writes it: `NXDOMAIN`.
    pub fn name(self) -> &'static str {
        match self {
            Rcode::NoError => "NOERROR",
            Rcode::NxDomain => "NXDOMAIN",
            Rcode::Refused => "REFUSED",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub question: Question,
    /// `None` where another DNS than the cluster's would answer: see `outside`.
    pub rcode: Option<Rcode>,
    /// The flag `aa`: the server has the zone.
    pub authoritative: bool,
    pub answer: Vec<DnsRecord>,
    pub authority: Vec<DnsRecord>,
    pub additional: Vec<DnsRecord>,
    /// The name that a DNS outside of the cluster was asked for: the question's, or the one that an alias led to. What
    /// it answers is not simulated.
    pub outside: Option<DomainName>,
}

impl Response {
    /// What a DNS that is not simulated would answer.
    pub(super) fn from_outside(question: Question) -> Response {
        let outside = Some(question.name.clone());
        Response {
            question,
            rcode: None,
            authoritative: false,
            answer: Vec::new(),
            authority: Vec::new(),
            additional: Vec::new(),
            outside,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsRecord {
    pub name: DomainName,
    /// Seconds for which it may be kept.
    pub ttl: u32,
    pub data: DnsData,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsData {
    Address(IpAddr),
    Cname(DomainName),
    Ns(DomainName),
    Ptr(DomainName),
    /// All other numbers of it are constant.
    Soa {
        zone: DomainName,
        /// Seconds since 1970.
        serial: u32,
        minimum: u32,
    },
    /// Its priority is always 0.
    Srv {
        weight: u16,
        port: u16,
        target: DomainName,
    },
    Txt(&'static str),
}

impl DnsRecord {
    pub fn kind(&self) -> RecordType {
        match self.data {
            DnsData::Address(IpAddr::V4(_)) => RecordType::A,
            DnsData::Address(IpAddr::V6(_)) => RecordType::Aaaa,
            DnsData::Cname(_) => RecordType::Cname,
            DnsData::Ns(_) => RecordType::Ns,
            DnsData::Ptr(_) => RecordType::Ptr,
            DnsData::Soa { .. } => RecordType::Soa,
            DnsData::Srv { .. } => RecordType::Srv,
            DnsData::Txt(_) => RecordType::Txt,
        }
    }
}

/// As a zone file writes it.
impl fmt::Display for DnsData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DnsData::Address(ip) => write!(f, "{ip}"),
            DnsData::Cname(name) | DnsData::Ns(name) | DnsData::Ptr(name) => write!(f, "{name}"),
            // plugin/backend_lookup.go, SOA.
            DnsData::Soa { zone, serial, minimum } => {
                write!(f, "ns.dns.{zone} hostmaster.{zone} {serial} 7200 1800 86400 {minimum}")
            }
            DnsData::Srv { weight, port, target } => write!(f, "0 {weight} {port} {target}"),
            DnsData::Txt(text) => write!(f, "{text:?}"),
        }
    }
}

impl fmt::Display for DnsRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} IN {} {}", self.name, self.ttl, self.kind().name(), self.data)
    }
}
