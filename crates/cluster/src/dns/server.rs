//! How the cluster's DNS answers: CoreDNS with the Corefile of kubeadm 1.36 (phases/addons/dns/manifests.go):
//! `kubernetes cluster.local in-addr.arpa ip6.arpa { pods insecure; fallthrough in-addr.arpa ip6.arpa; ttl 30 }`,
//! `loadbalance`, and `forward` for all else. Its `cache` is off for cluster.local.
//! Source: coredns v1.14.2 plugin/kubernetes/handler.go, plugin/backend_lookup.go, plugin/loadbalance/loadbalance.go.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::DOMAIN;
use super::kubernetes::{Found, Host, NoSuchName, Owner, Query};
use super::message::{DnsData, DnsRecord, Question, Rcode, RecordType, Response};
use super::name::DomainName;
use super::reverse::reverse_address;
use crate::api::rfc3339;
use crate::sim::{Chance, Purpose, World};
use netfilter::Family;

/// Its zones; of the last two, what it does not find is asked for outside.
const ZONES: [&str; 3] = [DOMAIN, "in-addr.arpa", "ip6.arpa"];
/// `ttl 30`: of records, and of the denial of others; seconds.
pub const TTL: u32 = 30;
const VERSION_TTL: u32 = 28_800;
/// kubernetes.go, DNSSchemaVersion.
const VERSION: &str = "1.1.0";
/// backend_lookup.go, maxCnameChainLength: where more aliases than these led here, no other is followed.
const MAX_CNAME_CHAIN: usize = 10;
/// The weight that all SRV records of a name share (D-05).
const WHOLE_WEIGHT: u16 = 100;

/// What keys the order of the addresses in an answer. By default nobody's, where the order does not matter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shuffle {
    /// Who asks.
    pub subject: u64,
    /// How often it asked before.
    pub ordinal: u64,
}

/// The sections of an answer.
#[derive(Default)]
struct Sections {
    answer: Vec<DnsRecord>,
    additional: Vec<DnsRecord>,
    outside: Option<DomainName>,
}

impl World {
    /// What CoreDNS answers now. It has seen all that the API server has.
    pub fn dns_answer(&self, question: Question, shuffle: Shuffle) -> Response {
        let mut response = self.unshuffled(question);
        if response.rcode == Some(Rcode::NoError) {
            self.load_balance(&mut response.answer, shuffle);
            let subject = Chance::join(shuffle.subject, ADDITIONAL);
            self.load_balance(&mut response.additional, Shuffle { subject, ..shuffle });
        }
        response
    }

    /// handler.go, ServeDNS; what it has no zone for goes to `forward`.
    pub(super) fn unshuffled(&self, question: Question) -> Response {
        let name = question.name.clone();
        let Some(zone) = ZONES.iter().find_map(|zone| name.zone(zone)) else {
            return Response::from_outside(question);
        };
        if matches!(question.kind, RecordType::Axfr | RecordType::Ixfr) {
            return self.response(question, Rcode::Refused, Sections::default(), None);
        }
        match self.sections(&question, &Query::new(name.as_str(), zone)) {
            Ok(sections) => {
                let is_empty = sections.answer.is_empty();
                let soa = is_empty.then(|| self.soa(zone));
                self.response(question, Rcode::NoError, sections, soa)
            }
            // `fallthrough`
            Err(NoSuchName) if !zone.eq_ignore_ascii_case(DOMAIN) => Response::from_outside(question),
            Err(NoSuchName) => {
                let soa = self.soa(zone);
                self.response(question, Rcode::NxDomain, Sections::default(), Some(soa))
            }
        }
    }

    fn response(&self, question: Question, rcode: Rcode, of: Sections, soa: Option<DnsRecord>) -> Response {
        Response {
            question,
            rcode: Some(rcode),
            authoritative: rcode != Rcode::Refused,
            answer: of.answer,
            authority: soa.into_iter().collect(),
            additional: of.additional,
            outside: of.outside,
        }
    }

    fn sections(&self, question: &Question, query: &Query<'_>) -> Result<Sections, NoSuchName> {
        let Question { name, kind } = question;
        Ok(match kind {
            RecordType::A => self.address_records(name, query, Family::V4, &mut Vec::new())?,
            RecordType::Aaaa => self.address_records(name, query, Family::V6, &mut Vec::new())?,
            RecordType::Srv => srv_records(name, query.zone, &self.dns_services(query, *kind)?),
            RecordType::Cname => {
                only(self.dns_services(query, *kind)?.first().and_then(|found| alias(name, found)))
            }
            RecordType::Txt => only(self.dns_services(query, *kind)?.first().map(|_| version(name))),
            RecordType::Ptr => self.ptr_records(name, query)?,
            // Of any other name it says that there is no data, even where there is no such name.
            RecordType::Soa => only((name.as_str() == query.zone).then(|| self.soa(query.zone))),
            // That the zone is asked for, it sees only in lower case here, and in any case there.
            RecordType::Ns if query.is_apex() => self.ns_records(query.zone),
            // No Service is for mail; of all other types it only looks whether the name is there.
            RecordType::Mx | RecordType::Ns | RecordType::Https | RecordType::Any => {
                self.dns_services(query, RecordType::A)?;
                Sections::default()
            }
            RecordType::Axfr | RecordType::Ixfr => Sections::default(),
        })
    }

    /// backend_lookup.go, A and AAAA. `led_here`: the targets of the aliases on the way. An alias whose end has no
    /// address of the family is left out.
    fn address_records(
        &self,
        name: &DomainName,
        query: &Query<'_>,
        family: Family,
        led_here: &mut Vec<DomainName>,
    ) -> Result<Sections, NoSuchName> {
        let kind = match family {
            Family::V4 => RecordType::A,
            Family::V6 => RecordType::Aaaa,
        };
        let found = self.dns_services(query, kind)?;
        if let [Found { host: Host::Name(target), .. }] = found[..] {
            return Ok(self.behind_alias(name, target, query.zone, family, led_here));
        }
        let address = |found: &Found<'_>| match found.host {
            Host::Address(ip) => Some(ip).filter(|ip| Family::of(*ip) == family),
            Host::Name(_) | Host::Version => None,
        };
        // In order, which is that of no slice, until it is shuffled.
        let addresses: BTreeSet<IpAddr> = found.iter().filter_map(address).collect();
        let answer = addresses.into_iter().map(|ip| record(name, DnsData::Address(ip))).collect();
        Ok(Sections { answer, ..Sections::default() })
    }

    fn behind_alias(
        &self,
        name: &DomainName,
        target: &str,
        zone: &str,
        family: Family,
        led_here: &mut Vec<DomainName>,
    ) -> Sections {
        let target = DomainName::of(target.trim_end_matches('.'));
        let goes_round = target.is_within(name.as_str()) || led_here.contains(&target);
        if goes_round || led_here.len() > MAX_CNAME_CHAIN {
            return Sections::default();
        }
        let mut next = if target.is_within(zone) {
            led_here.push(target.clone());
            let next = self.address_records(&target, &Query::new(target.as_str(), zone), family, led_here);
            next.ok().filter(|next| !next.answer.is_empty())
        } else {
            // Only cluster.local has aliases, so this goes no deeper.
            let kind = if family == Family::V4 { RecordType::A } else { RecordType::Aaaa };
            let found = self.unshuffled(Question { name: target.clone(), kind });
            Some(Sections { answer: found.answer, additional: Vec::new(), outside: found.outside })
        };
        if let Some(next) = &mut next {
            next.answer.insert(0, record(name, DnsData::Cname(target)));
        }
        next.unwrap_or_default()
    }

    /// backend_lookup.go, PTR; reverse.go, Reverse.
    fn ptr_records(&self, name: &DomainName, query: &Query<'_>) -> Result<Sections, NoSuchName> {
        let Some(ip) = reverse_address(&name.as_str().to_ascii_lowercase()) else {
            self.found_records(query)?;
            return Ok(Sections::default());
        };
        let mut names = self.reverse_names(ip);
        if names.is_empty() {
            return Err(NoSuchName);
        }
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        let answer = names.into_iter().map(|to| record(name, DnsData::Ptr(DomainName::of(to)))).collect();
        Ok(Sections { answer, ..Sections::default() })
    }

    /// backend_lookup.go, NS.
    fn ns_records(&self, zone: &str) -> Sections {
        let mut sections = Sections::default();
        for (host, of) in self.name_servers().into_iter().map(|found| (found.host, found.of)) {
            let Host::Address(ip) = host else { continue };
            let server = DomainName::of(of.name(zone));
            sections.additional.push(record(&server, DnsData::Address(ip)));
            let ns = record(&DomainName::of(zone), DnsData::Ns(server));
            if !sections.answer.contains(&ns) {
                sections.answer.push(ns);
            }
        }
        sections
    }

    /// Its serial is the time at which what CoreDNS knows last changed; here the time now.
    fn soa(&self, zone: &str) -> DnsRecord {
        let serial = u32::try_from(rfc3339::unix_seconds(self.now())).unwrap_or(u32::MAX);
        let zone = DomainName::of(zone);
        record(&zone, DnsData::Soa { zone: zone.clone(), serial, minimum: TTL })
    }

    /// plugin/loadbalance, roundRobin: aliases first, addresses last and in random order. It is the only balancing that
    /// a headless Service gets (D-07).
    fn load_balance(&self, records: &mut [DnsRecord], shuffle: Shuffle) {
        let place = |record: &DnsRecord| match record.data {
            DnsData::Cname(_) => 0,
            DnsData::Ns(_)
            | DnsData::Ptr(_)
            | DnsData::Soa { .. }
            | DnsData::Srv { .. }
            | DnsData::Txt(_) => 1,
            DnsData::Address(_) => 2,
        };
        records.sort_by_key(place);
        let first = records.partition_point(|record| place(record) < 2);
        let addresses = &mut records[first..];
        for i in (1..addresses.len()).rev() {
            let key = Chance::join(shuffle.subject, i as u64);
            let j = self.chance.below(Purpose::DnsShuffle, key, shuffle.ordinal, i as u64 + 1);
            addresses.swap(i, j as usize);
        }
    }
}

/// The section's part of the key.
const ADDITIONAL: u64 = 1;

fn record(name: &DomainName, data: DnsData) -> DnsRecord {
    DnsRecord { name: name.clone(), ttl: TTL, data }
}

fn version(name: &DomainName) -> DnsRecord {
    DnsRecord { name: name.clone(), ttl: VERSION_TTL, data: DnsData::Txt(VERSION) }
}

fn only(record: Option<DnsRecord>) -> Sections {
    Sections { answer: record.into_iter().collect(), ..Sections::default() }
}

/// backend_lookup.go, CNAME.
fn alias(name: &DomainName, found: &Found<'_>) -> Option<DnsRecord> {
    match found.host {
        Host::Name(target) => {
            Some(record(name, DnsData::Cname(DomainName::of(target.trim_end_matches('.')))))
        }
        Host::Address(_) | Host::Version => None,
    }
}

/// backend_lookup.go, SRV. An ExternalName has none.
fn srv_records(name: &DomainName, zone: &str, found: &[Found<'_>]) -> Sections {
    let addresses: Vec<(IpAddr, Option<u16>, Owner<'_>)> = found
        .iter()
        .filter_map(|found| match found.host {
            Host::Address(ip) => Some((ip, found.port, found.of)),
            Host::Name(_) | Host::Version => None,
        })
        .collect();
    // What has no port has no record, but a share.
    let shares = u16::try_from(addresses.len()).unwrap_or(u16::MAX).max(1);
    let weight = (WHOLE_WEIGHT / shares).max(1);
    let (mut targets, mut hosts) = (BTreeSet::new(), BTreeSet::new());
    let mut sections = Sections::default();
    for (ip, port, of) in addresses {
        let Some(port) = port else { continue };
        let target = DomainName::of(of.name(zone));
        if targets.insert((target.clone(), port)) {
            let data = DnsData::Srv { weight, port, target: target.clone() };
            sections.answer.push(record(name, data));
        }
        if hosts.insert((target.clone(), ip)) {
            sections.additional.push(record(&target, DnsData::Address(ip)));
        }
    }
    sections
}
