//! A lookup as data: what `-o json` prints and the text is made from.

use std::net::IpAddr;

use cluster::dns::{DnsData, DnsRecord, Lookup, ResolvConf, Response};
use cluster::net::preference;
use netfilter::PerFamily;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::Dig as Args;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// As --from has it.
    pub from: String,
    /// As it was looked up: of an address the name that leads back.
    pub name: String,
    pub resolv_conf: Conf,
    /// What any other server would answer is not simulated.
    #[serde(skip)]
    pub asks_the_cluster: bool,
    /// In the order in which they are sent. The last ones, for one name, end it.
    pub queries: Vec<Query>,
    /// What the client gets: the data of the last answers, without aliases. Addresses are in the order in which it
    /// tries them, all else in that of the answers.
    pub result: Vec<String>,
}

/// What the resolver reads.
#[derive(Serialize, JsonSchema)]
pub struct Conf {
    /// The first one is asked; none where it is the node's, which is not simulated.
    pub nameservers: Vec<String>,
    /// Without the dots at their ends.
    pub searches: Vec<String>,
    /// A name with fewer dots is tried with the search list first.
    pub ndots: u32,
}

#[derive(Serialize, JsonSchema)]
pub struct Query {
    /// With the dot at its end.
    pub name: String,
    /// A, AAAA, SRV ...
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// NOERROR, NXDOMAIN or REFUSED; null where a DNS outside of the cluster would answer.
    pub status: Option<&'static str>,
    /// Whether the server has the zone: the flag aa.
    pub authoritative: bool,
    pub answer: Vec<Record>,
    pub authority: Vec<Record>,
    pub additional: Vec<Record>,
    /// The name that the cluster's DNS, or the client, asks another DNS for. What that answers is not simulated.
    pub outside: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct Record {
    /// With the dot at its end.
    pub name: String,
    /// Seconds.
    pub ttl: u32,
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// As a zone file has it.
    pub data: String,
}

impl Report {
    /// `sources`: the client's own addresses, if it has any yet.
    pub fn new(
        args: &Args,
        name: &str,
        conf: &ResolvConf,
        lookup: &Lookup,
        sources: Option<PerFamily<IpAddr>>,
    ) -> Report {
        let is_alias = |record: &&DnsRecord| matches!(record.data, DnsData::Cname(_));
        let answers = lookup.answered().flat_map(|response| {
            // Who asks for the alias gets it.
            let wanted = response.question.kind;
            response.answer.iter().filter(move |record| !is_alias(record) || record.kind() == wanted)
        });
        let mut gets: Vec<&DnsRecord> = answers.collect();
        gets.sort_by_key(|record| match record.data {
            DnsData::Address(ip) => sources.map(|sources| preference(&sources, ip)),
            DnsData::Cname(_)
            | DnsData::Ns(_)
            | DnsData::Ptr(_)
            | DnsData::Soa { .. }
            | DnsData::Srv { .. }
            | DnsData::Txt(_) => None,
        });
        Report {
            from: args.from.clone(),
            name: name.into(),
            asks_the_cluster: true,
            resolv_conf: Conf {
                nameservers: conf.nameservers.iter().map(ToString::to_string).collect(),
                searches: conf.searches.clone(),
                ndots: conf.ndots,
            },
            result: gets.iter().map(|record| record.data.to_string()).collect(),
            queries: lookup.responses.iter().map(query).collect(),
        }
    }
}

fn query(response: &Response) -> Query {
    Query {
        name: response.question.name.to_string(),
        kind: response.question.kind.name(),
        status: response.rcode.map(|rcode| rcode.name()),
        authoritative: response.authoritative,
        answer: response.answer.iter().map(record).collect(),
        authority: response.authority.iter().map(record).collect(),
        additional: response.additional.iter().map(record).collect(),
        outside: response.outside.as_ref().map(ToString::to_string),
    }
}

fn record(record: &DnsRecord) -> Record {
    Record {
        name: record.name.to_string(),
        ttl: record.ttl,
        kind: record.kind().name(),
        data: record.data.to_string(),
    }
}
