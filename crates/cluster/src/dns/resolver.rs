//! The resolver of a process: its `/etc/resolv.conf`, and which names it asks for, until one is answered.
//! Source: kubelet pkg/kubelet/network/dns/dns.go, GetPodDNS; glibc resolv/res_query.c, __res_context_search.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::message::{Question, Rcode, RecordType, Response};
use super::name::DomainName;
use super::{DOMAIN, Shuffle};
use crate::api::{PodDnsConfig, PodSpec, Service};
use crate::sim::World;

/// dns.go, defaultDNSOptions: what a Pod has that asks the cluster's DNS.
const CLUSTER_NDOTS: u32 = 5;
/// glibc's RES_DEFAULT ndots.
const DEFAULT_NDOTS: u32 = 1;

/// What a resolver reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvConf {
    /// The first one is asked. None where it is the node's, which is not simulated.
    pub nameservers: Vec<IpAddr>,
    /// Without the dots at their ends.
    pub searches: Vec<String>,
    /// A name with fewer dots is tried with the search list first.
    pub ndots: u32,
}

/// What a resolver asked, and what it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// In the order in which they were asked; the last ones ended it.
    pub responses: Vec<Response>,
}

impl Lookup {
    /// The answers to the name that had any; empty if none had.
    pub fn answered(&self) -> impl Iterator<Item = &Response> {
        self.responses.iter().filter(|response| !response.answer.is_empty())
    }
}

impl ResolvConf {
    /// That of a process which asks another DNS.
    pub fn outside() -> ResolvConf {
        ResolvConf { nameservers: Vec::new(), searches: Vec::new(), ndots: DEFAULT_NDOTS }
    }

    /// The names to ask for, in order; the last dot is written only where it was.
    pub(super) fn names(&self, name: &str) -> impl Iterator<Item = String> {
        (0..).map_while(move |index| self.nth_name(name, index))
    }

    /// The name itself comes before or after those with a domain of the search list.
    fn nth_name(&self, name: &str, index: u32) -> Option<String> {
        let count = if name.ends_with('.') { 0 } else { self.searches.len() as u32 };
        let has_dots = name.matches('.').count() >= self.ndots as usize;
        let own = if has_dots { 0 } else { count };
        if index == own {
            return Some(name.into());
        }
        let domain = self.searches.get(if index < own { index } else { index - 1 } as usize);
        domain.filter(|_| index <= count).map(|domain| [name, domain].join("."))
    }

    /// The names to ask for, one after the other, until one is answered.
    pub(crate) fn search(self, name: &str) -> Search {
        Search { conf: self, name: name.into(), next: 0, is_over: false, at_written: false }
    }
}

/// dns.go, omitDuplicates.
fn omit_duplicates(searches: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    searches.retain(|domain| seen.insert(domain.clone()));
}

/// dns.go, formDNSSearchFitsLimits. The Event that it sends is not simulated.
fn fit_limits(searches: &mut Vec<String>) {
    searches.truncate(PodDnsConfig::MAX_SEARCHES);
    let mut chars = 0;
    let fits = |domain: &&String| {
        chars += domain.len() + 1;
        chars <= PodDnsConfig::MAX_SEARCH_CHARS + 1
    };
    let fitting = searches.iter().take_while(fits).count();
    searches.truncate(fitting);
}

/// A walk through the names of a search list.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    conf: ResolvConf,
    /// As it is written.
    name: String,
    /// The index of the next name.
    next: u32,
    /// Something went wrong, which ends the search list; but the name as it is written is tried all the same.
    is_over: bool,
    at_written: bool,
}

impl Search {
    /// The next name to ask for.
    pub(crate) fn next(&mut self) -> Option<DomainName> {
        while let Some(full) = self.conf.nth_name(&self.name, self.next) {
            self.next += 1;
            self.at_written = full == self.name;
            if self.is_over && !self.at_written {
                continue;
            }
            match DomainName::parse(&full) {
                Ok(name) => return Some(name),
                Err(_) => self.failed(),
            }
        }
        None
    }

    /// The last name could not be asked for, or there was no answer.
    pub(crate) fn failed(&mut self) {
        self.is_over |= !self.at_written;
    }
}

/// What came of asking for one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An alias counts, wherever it leads.
    Answered,
    /// No such name, or nothing of the type: the next name is tried.
    Nothing,
    /// NO_RECOVERY: it is not worth while to go on.
    Failed,
}

impl Step {
    pub(crate) fn after(responses: &[Response]) -> Step {
        if responses.iter().any(|response| !response.answer.is_empty()) {
            return Step::Answered;
        }
        match responses.iter().any(|response| response.rcode == Some(Rcode::Refused)) {
            true => Step::Failed,
            false => Step::Nothing,
        }
    }
}

impl World {
    /// Whether it asks somebody inside the cluster: its DNS, or an address that may lead there. What another one would
    /// answer is not simulated.
    pub fn asks_the_cluster(&self, conf: &ResolvConf) -> bool {
        conf.nameservers.first().is_some_and(|server| {
            let ranges = self.config.service_cidrs.values().chain(self.config.pod_cidrs.values());
            let has_it = |service: &Service| {
                service.spec.cluster_ips.contains(server) || service.ingress.iter().any(|i| i.ip == *server)
            };
            ranges.into_iter().any(|range| range.contains(*server))
                || self.machines.values().any(|machine| machine.addresses.contains(server))
                || self.store.services.iter().any(|service| has_it(service))
        })
    }

    /// What a Pod of that namespace reads (dns.go, getPodDNSType and GetPodDNS).
    pub fn resolv_conf_of_pod(&self, namespace: &str, spec: &PodSpec) -> ResolvConf {
        let mut conf = match spec.dns_policy.as_deref() {
            Some("None" | "Default") => ResolvConf::outside(),
            Some("ClusterFirstWithHostNet") => self.cluster_first(namespace),
            _ if spec.host_network => ResolvConf::outside(),
            _ => self.cluster_first(namespace),
        };
        // The node's own nameservers, which stand first, are not known.
        let is_nodes = conf.nameservers.is_empty() && spec.dns_policy.as_deref() != Some("None");
        if let Some(own) = &spec.dns_config {
            let servers = own.nameservers.iter().filter(|_| !is_nodes);
            conf.nameservers.extend(servers);
            let searches =
                own.searches.iter().map(|domain| domain.strip_suffix('.').unwrap_or(domain).to_string());
            conf.searches.extend(searches);
            conf.ndots = own.ndots.unwrap_or(conf.ndots);
        }
        omit_duplicates(&mut conf.searches);
        fit_limits(&mut conf.searches);
        conf
    }

    /// What a process on a node reads is taken to be what a Pod of namespace `default` does.
    pub fn resolv_conf_of_node(&self) -> ResolvConf {
        self.cluster_first("default")
    }

    /// dns.go, generateSearchesForDNSClusterFirst. A node's own search list is empty.
    pub fn cluster_first(&self, namespace: &str) -> ResolvConf {
        ResolvConf {
            nameservers: self.dns_addresses().collect(),
            searches: vec![format!("{namespace}.svc.{DOMAIN}"), format!("svc.{DOMAIN}"), DOMAIN.into()],
            ndots: CLUSTER_NDOTS,
        }
    }

    /// Asks for these types of each name, as getaddrinfo does for A and AAAA at once.
    pub fn look_up(&self, conf: &ResolvConf, name: &str, kinds: &[RecordType], shuffle: Shuffle) -> Lookup {
        let mut responses: Vec<Response> = Vec::new();
        let mut search = conf.clone().search(name);
        while let Some(full) = search.next() {
            let before = responses.len();
            for kind in kinds {
                let question = Question { name: full.clone(), kind: *kind };
                responses.push(match self.asks_the_cluster(conf) {
                    true => self.dns_answer(question, shuffle),
                    false => Response::from_outside(question),
                });
            }
            match Step::after(&responses[before..]) {
                Step::Answered => break,
                Step::Nothing => {}
                Step::Failed => search.failed(),
            }
        }
        Lookup { responses }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(ndots: u32, searches: &[&str], name: &str, answer: impl Fn(&str) -> Step) -> Vec<String> {
        let searches = searches.iter().map(ToString::to_string).collect();
        let conf = ResolvConf { nameservers: Vec::new(), searches, ndots };
        let mut asked = Vec::new();
        let mut search = conf.search(name);
        while let Some(full) = search.next() {
            asked.push(full.as_str().to_string());
            match answer(full.as_str()) {
                Step::Answered => break,
                Step::Nothing => {}
                Step::Failed => search.failed(),
            }
        }
        asked
    }

    const POD: [&str; 3] = ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"];

    #[test]
    fn a_name_with_few_dots_is_tried_with_the_search_list_first() {
        let nothing = |_: &str| Step::Nothing;
        for (ndots, name, expected) in [
            (
                5,
                "cart",
                &["cart.shop.svc.cluster.local", "cart.svc.cluster.local", "cart.cluster.local", "cart"][..],
            ),
            (
                2,
                "a.b.c",
                &["a.b.c", "a.b.c.shop.svc.cluster.local", "a.b.c.svc.cluster.local", "a.b.c.cluster.local"],
            ),
            (5, "cart.", &["cart"]),
            (
                0,
                "cart",
                &["cart", "cart.shop.svc.cluster.local", "cart.svc.cluster.local", "cart.cluster.local"],
            ),
        ] {
            assert_eq!(asked(ndots, &POD, name, nothing), expected, "{name}");
        }
    }

    #[test]
    fn an_answer_ends_it_and_so_does_what_is_no_name() {
        let answered =
            |name: &str| if name == "cart.svc.cluster.local" { Step::Answered } else { Step::Nothing };
        assert_eq!(
            asked(5, &POD, "cart", answered),
            ["cart.shop.svc.cluster.local", "cart.svc.cluster.local"]
        );
        let failed = |_: &str| Step::Failed;
        assert_eq!(asked(5, &POD, "cart", failed), ["cart.shop.svc.cluster.local", "cart"]);
        // Too long with the first search domain.
        let long = vec!["a"; 120].join(".");
        assert_eq!(asked(500, &POD, &long, |_| Step::Nothing), [&*long]);
        assert_eq!(asked(5, &POD, "a..b", |_| Step::Nothing), [""; 0]);
    }
}
