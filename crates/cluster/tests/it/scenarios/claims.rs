//! `expected.yaml`: what a scenario shows, written by hand. Its claims must hold in the run. For a myth it has
//! claims, too, that would hold if the myth were true: each of those must be false.
//!
//! Requests are those that began in the time from `from` to `until`, and have ended; a claim of a time in which
//! none did is a mistake. In a name or a sentence `*` stands for anything.

use std::collections::BTreeSet;
use std::net::IpAddr;

use cluster::sim::{Moment, Span};
use cluster::trace::Outcome;
use serde::{Deserialize, Deserializer, de::Error as _};

use super::observed::{Observed, Request};

/// A claim that does not say from when is about all of the run.
const FIRST: Moment = Moment(i64::MIN);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// In a sentence or two: what the scenario is about.
    pub shows: String,
    pub claims: Claims,
    /// What would be so if the myth were true.
    pub myth: Option<Claims>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Claims {
    pub requests: Vec<OfRequests>,
    pub events: Vec<OfEvents>,
    pub state: Vec<OfState>,
    pub addresses: Vec<OfAddresses>,
}

/// Of one client's requests.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OfRequests {
    pub client: String,
    #[serde(default, deserialize_with = "time")]
    from: Option<Moment>,
    #[serde(default, deserialize_with = "time")]
    until: Option<Moment>,
    delivered: Option<Amount>,
    refused: Option<Amount>,
    host_unreachable: Option<Amount>,
    reset: Option<Amount>,
    timed_out: Option<Amount>,
    not_received: Option<Amount>,
    unresolved: Option<Amount>,
    no_dns: Option<Amount>,
    no_address: Option<Amount>,
    /// Exactly these classes of loss, as `LossClass` has them.
    lost: Option<BTreeSet<String>>,
    /// Of connections whose first packet a rule that was out of date sent.
    stale_rule: Option<Amount>,
    /// Each of these Pods has answered, and no other.
    served_by: Option<Vec<String>>,
    /// So many Pods have answered.
    pods: Option<Amount>,
    /// Pods of each of these nodes have answered, and of no other.
    served_on: Option<BTreeSet<String>>,
    /// Exactly these source addresses were seen by Pods; `itself` is the client's own.
    seen_as: Option<BTreeSet<String>>,
    /// Exactly these places have put another destination into a connection's first packet.
    rewritten_by: Option<BTreeSet<String>>,
    /// Of two requests that were answered one after the other: that the same Pod answered both.
    same_pod: Option<Amount>,
    /// So many connections carried them.
    connections: Option<Amount>,
    /// No connection of a single request took longer.
    #[serde(default, deserialize_with = "span")]
    within: Option<Span>,
}

/// Of the log, in the sentences of `recorded.txt`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfEvents {
    says: String,
    #[serde(default, deserialize_with = "time")]
    from: Option<Moment>,
    #[serde(default, deserialize_with = "time")]
    until: Option<Moment>,
    #[serde(default)]
    times: Amount,
}

/// Of what there is at a moment, in the sentences of `recorded.txt`; at the end by default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfState {
    #[serde(default, deserialize_with = "time")]
    at: Option<Moment>,
    says: String,
    #[serde(default)]
    times: Amount,
}

/// Of what the API server gave to Services, by the end: all of it is in the ranges, of which both ends are in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OfAddresses {
    service: String,
    #[serde(rename = "clusterIPs", default, deserialize_with = "range")]
    cluster_ips: Option<(IpAddr, IpAddr)>,
    #[serde(default, deserialize_with = "range")]
    node_ports: Option<(u16, u16)>,
}

/// `all`, `some`, `none`, a number, or `2..5`, with both of its ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Amount {
    All,
    #[default]
    Some,
    None,
    Between(u64, u64),
}

impl Amount {
    fn holds(self, count: usize, of: usize) -> bool {
        let count = count as u64;
        match self {
            Amount::All => count == of as u64,
            Amount::Some => count > 0,
            Amount::None => count == 0,
            Amount::Between(least, most) => (least..=most).contains(&count),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = |text: &str| text.parse::<u64>().ok();
        let found = match (text.as_str(), text.split_once("..")) {
            ("all", _) => Some(Amount::All),
            ("some", _) => Some(Amount::Some),
            ("none", _) => Some(Amount::None),
            (_, Some((least, ""))) => number(least).map(|least| Amount::Between(least, u64::MAX)),
            (_, Some((least, most))) => number(least).zip(number(most)).map(|(a, b)| Amount::Between(a, b)),
            (exactly, None) => number(exactly).map(|n| Amount::Between(n, n)),
        };
        found.ok_or_else(|| D::Error::custom(format!("{text:?} is not all, some, none, a number or a range")))
    }
}

fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Span>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let span = cluster::api::parse_duration(&text);
    span.map(Some).ok_or_else(|| D::Error::custom(format!("{text:?} is no duration")))
}

fn range<'de, T: std::str::FromStr, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<(T, T)>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let ends = text.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    ends.map(Some).ok_or_else(|| D::Error::custom(format!("{text:?} is no range")))
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Moment>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let moment = cluster::api::parse_moment(&text);
    moment.map(Some).ok_or_else(|| D::Error::custom(format!("{text:?} is no moment")))
}

impl Expected {
    pub fn read(text: &str) -> Result<Expected, String> {
        serde_saphyr::from_str(text).map_err(|e| e.to_string())
    }

    /// When its claims look at what there is.
    pub fn moments(&self, end: Moment) -> BTreeSet<Moment> {
        let claims = [Some(&self.claims), self.myth.as_ref()];
        claims.into_iter().flatten().flat_map(|c| &c.state).map(|state| state.at.unwrap_or(end)).collect()
    }

    /// What is not as the scenario says.
    pub fn faults(&self, observed: &Observed) -> Vec<String> {
        let claims = self.claims.judged(observed).into_iter().filter_map(|(claim, judged)| match judged {
            Ok(differences) if differences.is_empty() => None,
            Ok(differences) => Some(format!("{claim}:\n    {}", differences.join("\n    "))),
            Err(mistake) => Some(format!("{claim}: {mistake}")),
        });
        let myths = self.myth.iter().flat_map(|myth| myth.judged(observed));
        let myths = myths.filter_map(|(claim, judged)| match judged {
            Ok(differences) if differences.is_empty() => Some(format!("{claim}: the myth is true")),
            Ok(_) => None,
            Err(mistake) => Some(format!("{claim}: {mistake}")),
        });
        claims.chain(myths).collect()
    }
}

/// How what was seen differs from a claim, or why the claim cannot be judged.
type Judged = Result<Vec<String>, String>;

impl Claims {
    pub fn is_empty(&self) -> bool {
        let Claims { requests, events, state, addresses } = self;
        requests.is_empty() && events.is_empty() && state.is_empty() && addresses.is_empty()
    }

    /// Each claim by the words that it is known by.
    fn judged(&self, observed: &Observed) -> Vec<(String, Judged)> {
        let window = |from: Option<Moment>, until: Option<Moment>| {
            let until = until.unwrap_or(observed.end);
            let from = from.map_or("all".into(), words::moment);
            format!("{from} to {}", words::moment(until))
        };
        let requests = self.requests.iter().map(|claim| {
            let name = format!("requests of {}, {}", claim.client, window(claim.from, claim.until));
            (name, claim.judged(observed))
        });
        let events = self.events.iter().map(|claim| {
            let name = format!("event {:?}, {}", claim.says, window(claim.from, claim.until));
            (name, claim.judged(observed))
        });
        let state = self.state.iter().map(|claim| {
            let name =
                format!("state {:?} at {}", claim.says, words::moment(claim.at.unwrap_or(observed.end)));
            (name, claim.judged(observed))
        });
        let addresses = self.addresses.iter().map(|claim| {
            let name = format!("addresses of {:?}", claim.service);
            (name, claim.judged(observed))
        });
        requests.chain(events).chain(state).chain(addresses).collect()
    }
}

impl OfRequests {
    /// So many requests are listed where a claim of them is wrong.
    const LISTED: usize = 24;

    fn judged(&self, observed: &Observed) -> Judged {
        if !observed.clients.contains(&self.client) {
            return Err("there is no such client".into());
        }
        let window = self.from.unwrap_or(FIRST)..self.until.unwrap_or(observed.end);
        let requests: Vec<&Request> = observed
            .requests
            .iter()
            .filter(|r| {
                r.client == self.client && window.contains(&r.began) && r.outcome != Outcome::Abandoned
            })
            .collect();
        if requests.is_empty() {
            return Err("none began then and has ended".into());
        }
        let mut differences = self.outcomes(&requests);
        differences.extend(self.ways(&requests));
        differences.extend(self.servers(&requests));
        if !differences.is_empty() {
            differences.extend(requests.iter().take(OfRequests::LISTED).map(|request| request.to_string()));
        }
        Ok(differences)
    }

    fn outcomes(&self, requests: &[&Request]) -> Vec<String> {
        type Claim = (&'static str, Option<Amount>, fn(Outcome) -> bool);
        let claims: [Claim; 9] = [
            ("delivered", self.delivered, |o| o == Outcome::Delivered),
            ("refused", self.refused, |o| matches!(o, Outcome::Refused { .. })),
            ("hostUnreachable", self.host_unreachable, |o| o == Outcome::HostUnreachable),
            ("reset", self.reset, |o| o == Outcome::Reset),
            ("timedOut", self.timed_out, |o| matches!(o, Outcome::TimedOut { .. })),
            ("notReceived", self.not_received, |o| matches!(o, Outcome::NotReceived { .. })),
            ("unresolved", self.unresolved, |o| o == Outcome::Unresolved),
            ("noDns", self.no_dns, |o| matches!(o, Outcome::NoDns { .. })),
            ("noAddress", self.no_address, |o| o == Outcome::NoAddress),
        ];
        let count = |is: fn(Outcome) -> bool| requests.iter().filter(|r| is(r.outcome)).count();
        let claims = claims.into_iter();
        claims.filter_map(|(name, amount, is)| differs(name, amount?, count(is), requests.len())).collect()
    }

    fn ways(&self, requests: &[&Request]) -> Vec<String> {
        let mut differences = Vec::new();
        let stale = requests.iter().filter(|r| r.stale_rule).count();
        differences.extend(self.stale_rule.and_then(|a| differs("staleRule", a, stale, requests.len())));
        let lost = requests.iter().filter_map(|r| r.lost).map(|class| format!("{class:?}"));
        let lost = lost.map(|name| name[..1].to_lowercase() + &name[1..]);
        differences.extend(differ("lost", self.lost.as_ref(), lost.collect()));
        let rewriters = requests.iter().flat_map(|r| r.rewriters.iter().cloned());
        differences.extend(differ("rewrittenBy", self.rewritten_by.as_ref(), rewriters.collect()));
        let connections: BTreeSet<_> = requests.iter().map(|r| r.connection).collect();
        let amount = self.connections;
        differences.extend(amount.and_then(|a| differs("connections", a, connections.len(), requests.len())));
        let slowest = requests.iter().filter_map(|r| r.took).max();
        if let (Some(limit), Some(slowest)) = (self.within, slowest)
            && slowest > limit
        {
            let [limit, slowest] = [limit, slowest].map(words::span);
            differences.push(format!("within {limit}, and one took {slowest}"));
        }
        differences
    }

    fn servers(&self, requests: &[&Request]) -> Vec<String> {
        let mut differences = Vec::new();
        let answered: Vec<&&Request> = requests.iter().filter(|r| r.outcome == Outcome::Delivered).collect();
        let servers: Vec<&(String, String)> = answered.iter().filter_map(|r| r.server.as_ref()).collect();
        let pods: BTreeSet<&str> = servers.iter().map(|(pod, _)| pod.as_str()).collect();
        if let Some(names) = &self.served_by {
            let strangers = pods.iter().filter(|pod| !names.iter().any(|name| matches(name, pod)));
            let idle = names.iter().filter(|name| !pods.iter().any(|pod| matches(name, pod)));
            differences.extend(strangers.map(|pod| format!("servedBy: Pod {pod} answered, too")));
            differences.extend(idle.map(|name| format!("servedBy: {name} did not answer, {pods:?} did")));
        }
        differences.extend(self.pods.and_then(|a| differs("pods", a, pods.len(), servers.len())));
        let nodes = servers.iter().map(|(_, node)| node.clone()).collect();
        differences.extend(differ("servedOn", self.served_on.as_ref(), nodes));
        let seen = requests.iter().filter_map(|r| Some((r.source?, r.seen?)));
        let seen = seen.map(|(source, seen): (IpAddr, IpAddr)| match source == seen {
            true => "itself".to_string(),
            false => seen.to_string(),
        });
        differences.extend(differ("seenAs", self.seen_as.as_ref(), seen.collect()));
        let same = servers.windows(2).filter(|pair| pair[0] == pair[1]).count();
        let pairs = servers.len().saturating_sub(1);
        differences.extend(self.same_pod.and_then(|a| differs("samePod", a, same, pairs)));
        differences
    }
}

impl OfEvents {
    fn judged(&self, observed: &Observed) -> Judged {
        let window = self.from.unwrap_or(FIRST)..self.until.unwrap_or(observed.end);
        let said =
            observed.events.iter().filter(|(at, said)| window.contains(at) && matches(&self.says, said));
        if self.times == Amount::All {
            return Err("an event has no whole of which it could be all".into());
        }
        Ok(differs("times", self.times, said.count(), 0).into_iter().collect())
    }
}

impl OfState {
    fn judged(&self, observed: &Observed) -> Judged {
        let lines = observed.states.get(&self.at.unwrap_or(observed.end));
        let lines = lines.ok_or("the run has not been looked at then: whole tenths of a second")?;
        let said = lines.iter().filter(|line| matches(&self.says, line)).count();
        // All objects of its kind.
        let kind = self.says.split(' ').next().unwrap_or_default();
        let all = lines.iter().filter(|line| line.split(' ').next() == Some(kind)).count();
        let mut differences: Vec<String> = differs("times", self.times, said, all).into_iter().collect();
        if !differences.is_empty() {
            let others = lines.iter().filter(|line| line.starts_with(kind));
            differences.extend(others.map(|line| format!("there is {line:?}")));
        }
        Ok(differences)
    }
}

impl OfAddresses {
    fn judged(&self, observed: &Observed) -> Judged {
        let services = observed.services.iter().filter(|s| matches(&self.service, &s.meta.name));
        let services: Vec<_> = services.collect();
        if services.is_empty() {
            return Err("there is no such Service".into());
        }
        let mut differences = Vec::new();
        for service in services {
            let (name, spec) = (&service.meta.name, &service.spec);
            for ip in &spec.cluster_ips {
                let claimed = self.cluster_ips.filter(|(least, most)| !(least..=most).contains(&ip));
                differences.extend(claimed.map(|(a, b)| format!("{name} has {ip}, not in {a}..{b}")));
            }
            for port in spec.ports.iter().map(|port| port.node_port) {
                let claimed = self.node_ports.filter(|(least, most)| !(least..=most).contains(&&port));
                differences.extend(claimed.map(|(a, b)| format!("{name} has {port}, not in {a}..{b}")));
            }
        }
        Ok(differences)
    }
}

fn differs(name: &str, amount: Amount, count: usize, of: usize) -> Option<String> {
    (!amount.holds(count, of)).then(|| format!("{name}: {amount:?} is claimed, {count} of {of} are"))
}

fn differ(name: &str, claimed: Option<&BTreeSet<String>>, found: BTreeSet<String>) -> Option<String> {
    let claimed = claimed.filter(|claimed| **claimed != found)?;
    Some(format!("{name}: {claimed:?} is claimed, it is {found:?}"))
}

/// Whether the text is the pattern, in which `*` stands for anything.
pub fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| matches(rest, &text[at..]))
        }),
    }
}

#[test]
fn patterns_match_as_a_shell_has_it() {
    for (pattern, text, expected) in [
        ("web", "web", true),
        ("web", "web-1", false),
        ("web-*", "web-", true),
        ("Pod * is *ready", "Pod w1 is not ready", true),
        ("Pod * is ready", "Pod w1 is not ready", false),
        ("*", "", true),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} and {text}");
    }
}

#[test]
fn amounts_are_words_numbers_and_ranges() {
    for (text, count, of, expected) in [
        ("all", 3, 3, true),
        ("all", 2, 3, false),
        ("some", 1, 9, true),
        ("some", 0, 9, false),
        ("none", 0, 9, true),
        ("none", 1, 9, false),
        ("2", 2, 9, true),
        ("2", 3, 9, false),
        ("2..4", 4, 9, true),
        ("2..4", 5, 9, false),
        ("2..", 9, 9, true),
    ] {
        let amount: Amount = serde_saphyr::from_str(text).expect(text);
        assert_eq!(amount.holds(count, of), expected, "{text}: {count} of {of}");
    }
    assert!(serde_saphyr::from_str::<Amount>("many").is_err());
}
