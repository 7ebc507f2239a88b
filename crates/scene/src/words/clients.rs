//! Who calls: clients outside, Pods, and the cloud's load balancers.

use cluster::trace::{Outcome, PacketVerdict};

use super::outcomes::outcome;
use crate::facts::{BalancerFacts, Call, ClientFacts};

pub const NOBODY_OUTSIDE: &str = "Nobody calls from out here.";
pub const CLOUD_LB: &str = "Cloud LB";

/// Splits `browser-to-frontend` into the client's own name and what it calls.
pub fn client_name(client: &ClientFacts) -> (String, String) {
    (own_name(&client.name, &client.target).to_owned(), client.target.clone())
}

/// `browser`, of `browser-to-frontend` that calls `frontend`.
pub fn own_name<'a>(name: &'a str, target: &str) -> &'a str {
    name.split(&format!("-to-{target}")).next().unwrap_or(name)
}

/// `2 req/s`, `0.5 req/s`
pub fn rate(rate_milli: u32) -> String {
    match rate_milli {
        0 => "by hand".to_owned(),
        n => format!("{} req/s", thousandths(n)),
    }
}

fn thousandths(n: u32) -> String {
    let text = format!("{}.{:03}", n / 1_000, n % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `98 % ok`, of those that ended lately. Never rounded up to all.
pub fn delivered(ended: Option<(u32, u32)>) -> String {
    match ended {
        None | Some((0, _)) => String::new(),
        Some((ended, well)) => format!("{} % ok", u64::from(well) * 100 / u64::from(ended)),
    }
}

/// `2 req/s · 98 % ok`
pub fn rate_and_counts(rate_milli: u32, ended: Option<(u32, u32)>) -> String {
    let (rate, counts) = (rate(rate_milli), delivered(ended));
    if counts.is_empty() { rate } else { format!("{rate} · {counts}") }
}

pub fn balancer_address(balancer: &BalancerFacts) -> String {
    balancer.address.clone().unwrap_or_else(|| "waiting for an address".to_owned())
}

pub fn balancer_health(balancer: &BalancerFacts) -> String {
    format!("{} of {} nodes healthy", balancer.healthy, balancer.nodes)
}

/// `by-name → cart`, or without a name of its own `calls cart`.
pub fn call(call: &Call) -> String {
    match &call.name {
        Some(name) => format!("{name} → {}", call.target),
        None => format!("calls {}", call.target),
    }
}

/// `calls cart`, `calls cart +2`
pub fn calls(calls: &[Call]) -> Option<String> {
    match calls {
        [] => None,
        [one] => Some(call(one)),
        [first, rest @ ..] => Some(format!("calls {} +{}", first.target, rest.len())),
    }
}

/// Beside the ✕ of one whose call failed.
pub fn call_failed(how: Outcome) -> &'static str {
    match how {
        Outcome::Refused { lost: Some(PacketVerdict::RejectedByRule) } => "no endpoints",
        Outcome::Refused { .. } => "refused",
        Outcome::HostUnreachable | Outcome::NetworkUnreachable => "unreachable",
        Outcome::Reset => "reset",
        Outcome::TimedOut { .. } => "timed out",
        Outcome::Delivered
        | Outcome::NotReceived { .. }
        | Outcome::Unresolved
        | Outcome::NoDns { .. }
        | Outcome::NoAddress
        | Outcome::Abandoned => outcome(how),
    }
}

pub fn calls_in_full(calls: &[Call]) -> String {
    let named = |c: &Call| c.name.as_ref().map(|name| format!(" as {name}")).unwrap_or_default();
    let each = calls.iter().map(|c| format!("{}{} ({})", c.target, named(c), rate(c.rate_milli)));
    let each: Vec<String> = each.collect();
    if each.is_empty() { String::new() } else { format!(", calls {}", each.join(", ")) }
}

/// A caller's label, with a recent failure if there is one.
pub fn with_trouble(label: String, trouble: Option<Outcome>) -> String {
    match trouble {
        Some(how) => format!("{label}, a call failed: {}", outcome(how)),
        None => label,
    }
}

pub fn client_label(client: &ClientFacts, state: &str) -> String {
    format!("Client {}, {}, calls {}, {state}", client.name, client.ip, client.target)
}

pub fn balancer_label(balancer: &BalancerFacts, service: &str) -> String {
    let (address, health) = (balancer_address(balancer), balancer_health(balancer));
    format!("Cloud load balancer of {service}, {address}, {health}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_no_idle_zeros() {
        assert_eq!(rate(2_000), "2 req/s");
        assert_eq!(rate(500), "0.5 req/s");
    }
}
