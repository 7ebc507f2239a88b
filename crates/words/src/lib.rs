//! The sentences that the page and the command line say.
//!
//! The core returns ids, enums and arguments; only this crate turns them into English. (Exception: diagnostics of
//! manifests make their own sentences: `cluster::api::Diagnostic`.)

mod assumptions;
mod called;
mod diagnosis;
mod events;
mod happened;
mod outcome;
mod pod_events;
mod refusal;
mod unresolved;
mod why;

pub use assumptions::{Assumption, Topic, assumptions};
pub use called::{has_port, service_called};
pub use diagnosis::{
    asked_port, asked_port_short, has_no_endpoints, no_endpoints, no_endpoints_short, not_ready,
    not_ready_in_full, object, supplied, supplies, supply, taken_for,
};
pub use events::{Event, events};
pub use happened::{action, happened, rate, refused_by_nft};
pub use outcome::{loss, loss_class, outcome, packet_kind, packet_verdict};
pub use refusal::refusal;
pub use why::{Why, hop, verdict, why};

use cluster::sim::{Moment, Span, World};
use cluster::trace::Place;

/// `12.408 s`, and `-4.200 s` before the clients begin.
pub fn moment(at: Moment) -> String {
    let sign = if at < Moment::ORIGIN { "-" } else { "" };
    [sign, &span(at.distance())].concat()
}

/// `250 µs`, `1.500 s`, `2 min 5 s`: three digits that matter.
pub fn span(span: Span) -> String {
    let nanos = span.0;
    match nanos {
        0..1_000_000 => format!("{} µs", nanos / 1_000),
        1_000_000..1_000_000_000 => format!("{} ms", nanos / 1_000_000),
        1_000_000_000..120_000_000_000 => {
            format!("{}.{:03} s", nanos / 1_000_000_000, nanos / 1_000_000 % 1_000)
        }
        _ => format!("{} min {} s", nanos / 60_000_000_000, nanos / 1_000_000_000 % 60),
    }
}

/// `1 Pod`, `3 Pods`
pub(crate) fn pods(count: u32) -> String {
    if count == 1 { "1 Pod".into() } else { format!("{count} Pods") }
}

/// What a place is called: `node-1`, `web-7dw8c`, `browser`.
pub fn place(world: &World, place: Place) -> String {
    match place {
        Place::Outside(id) => match world.traffic().clients.get(&id) {
            Some(client) => client.spec.name.to_string(),
            None => "a client that is gone".into(),
        },
        Place::LoadBalancer(uid) => match world.store().service_by_uid(uid) {
            Some(service) => format!("the load balancer of {}", service.meta.name),
            None => "a load balancer that is gone".into(),
        },
        Place::Node(uid) => world.node_name(uid).map_or("a node that is gone".into(), |n| n.to_string()),
        Place::Pod(uid) => match world.pod_runtime(uid) {
            Some(pod) => pod.key.name.to_string(),
            None => "a Pod that is gone".into(),
        },
        Place::Internet => "the network outside".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_well() {
        assert_eq!(span(Span::from_micros(250)), "250 µs");
        assert_eq!(span(Span::from_millis(40)), "40 ms");
        assert_eq!(span(Span::from_millis(12_408)), "12.408 s");
        assert_eq!(span(Span::from_secs(125)), "2 min 5 s");
    }
}
