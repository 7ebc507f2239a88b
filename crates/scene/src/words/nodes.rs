//! A node's head: its state, and how its kube-proxy is doing.

use cluster::node::{Hearing, Lag};
use cluster::sim::Span;

use crate::facts::{NodeFacts, NodeState};

pub fn node_state(node: &NodeFacts) -> Option<&'static str> {
    match node.state {
        NodeState::OffUnnoticed => Some("Off, not noticed yet"),
        NodeState::Off => Some("Off, NotReady"),
        NodeState::Starting => Some("Starting"),
        NodeState::NotReady => Some("NotReady"),
        NodeState::Ready if node.cordoned => Some("Cordoned"),
        NodeState::Ready => None,
    }
}

/// `synced 0.3 s ago`, `2 updates, 0.4 s behind`, `paused, 3 updates, 8 s behind`; in short `paused, 8 s behind`
pub fn proxy(lag: &Lag, synced: Option<Span>, short: bool) -> String {
    let why = match lag.hearing {
        Hearing::Paused => "paused, ",
        Hearing::CutOff => "cut off, ",
        Hearing::Hears | Hearing::Off => "",
    };
    let late = lag.age.map_or_else(String::new, |age| [", ", &span(age)].concat());
    match (lag.behind, synced) {
        (_, None) => "no rules written yet".to_owned(),
        (0, Some(synced)) => format!("{why}synced {} ago", span(synced)),
        (_, _) if short && !why.is_empty() => format!("{why}{} behind", late.trim_start_matches(", ")),
        (1, _) => format!("{why}1 update{late} behind"),
        (n, _) => format!("{why}{n} updates{late} behind"),
    }
}

/// Rounded more coarsely the longer it is, so that the picture does not change all the time.
pub(super) fn span(span: Span) -> String {
    let tenths = span.0 / 100_000_000;
    match tenths {
        0..10 => format!("0.{tenths} s"),
        10..600 => format!("{} s", tenths / 10),
        600..36_000 => format!("{} min", tenths / 600),
        _ => format!("{} h", tenths / 36_000),
    }
}

/// The first of a node's taints, and how many there are beside it.
pub fn taints(node: &NodeFacts) -> Option<String> {
    let (first, others) = node.taints.split_first()?;
    Some(match others.len() {
        0 => first.clone(),
        more => format!("{first} +{more}"),
    })
}

pub const NO_POWER: &str = "no power";

pub fn node_label(node: &NodeFacts, proxy: &str) -> String {
    let state = node_state(node).map_or("Ready", |state| state);
    let zone = node.zone.as_ref().map(|zone| format!(", zone {zone}")).unwrap_or_default();
    let taints = match node.taints.is_empty() {
        true => String::new(),
        false => format!(", tainted {}", node.taints.join(", ")),
    };
    format!("Node {}, {state}, {}{zone}{taints}, kube-proxy: {proxy}", node.name, node.ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_far_kube_proxy_is_behind() {
        let lag = |hearing, behind, age: Option<Span>| Lag { hearing, behind, age, stale: Vec::new() };
        let current = lag(Hearing::Hears, 0, None);
        assert_eq!(proxy(&current, Some(Span::from_millis(340)), false), "synced 0.3 s ago");
        assert_eq!(proxy(&current, Some(Span::from_secs(61)), false), "synced 1 min ago");
        let late = lag(Hearing::Hears, 1, Some(Span::from_millis(400)));
        assert_eq!(proxy(&late, Some(Span::from_secs(61)), false), "1 update, 0.4 s behind");
        let paused = lag(Hearing::Paused, 3, Some(Span::from_secs(8)));
        assert_eq!(proxy(&paused, Some(Span::from_secs(61)), false), "paused, 3 updates, 8 s behind");
        assert_eq!(proxy(&paused, Some(Span::from_secs(61)), true), "paused, 8 s behind");
        assert_eq!(proxy(&current, None, false), "no rules written yet");
    }
}
