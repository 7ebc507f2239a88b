//! The rows of a node's rules.

use cluster::node::kube_proxy::BlockReason;
use cluster::sim::Span;
use netfilter::Scheduler;

use super::nodes::span;
use super::shorten;
use crate::facts::For;

pub fn rules_for(service: Option<&str>) -> String {
    match service {
        Some(service) => format!("rules for {}", shorten(service, 18)),
        None => "no Service, no rules".to_owned(),
    }
}

/// `1/3`, or `else` for the rule that takes what is left; in IPVS mode the scheduler.
pub fn chance(one_in: Option<u64>, by: Option<Scheduler>) -> String {
    match (one_in, by) {
        (_, Some(scheduler)) => scheduler.as_str().to_owned(),
        (Some(n), _) => format!("1/{n}"),
        (None, None) => "else".to_owned(),
    }
}

pub fn row_missing(short: bool) -> &'static str {
    if short { "late" } else { "not here yet" }
}

pub const ROW_STICKY: &str = "known clients";
pub const ROW_ALSO: &str = "external IP";

/// `outside 1/2`: whose packets go to an endpoint that policy Local chooses.
pub fn only(only: For) -> &'static str {
    match only {
        For::Inside => "inside ",
        For::Outside => "outside ",
        For::All => "local ",
    }
}

/// What a rule stops, and why.
pub fn stop(reason: BlockReason) -> (&'static str, &'static str) {
    match reason {
        BlockReason::NoEndpoints => ("REJECT: no endpoints", ""),
        BlockReason::InternalPolicyLocal => ("from inside: DROP", "none here"),
        BlockReason::ExternalPolicyLocal => ("from outside: DROP", "none here"),
        BlockReason::SourceRanges => ("other sources: DROP", ""),
    }
}

/// `sticky 3 h`
pub fn sticky(seconds: u32) -> String {
    ["sticky ", &span(Span::from_secs(seconds.into()))].concat()
}

/// `at 203.0.113.9 +1`
pub fn also(address: &std::net::IpAddr, of: usize) -> String {
    if of > 1 { format!("at {address} +{}", of - 1) } else { format!("at {address}") }
}

pub const RULES_NODE_OFF: &str = "nothing runs here";
pub const RULES_NOT_YET: &str = "no rules written yet";
pub const RULES_NONE: &str = "no rules: it has no virtual IP";

pub fn more(rows: usize) -> String {
    format!("and {rows} more")
}
