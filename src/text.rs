//! The page's own sentences. What the command line says too is in the crate `words`.

use cluster::api::{Severity, TimingProfile};
use cluster::sim::{Moment, Refusal, Timing};
use netfilter::PerFamily;
use std::net::IpAddr;

pub use words::{packet_kind, packet_verdict, span};

/// What the API server said, as a sentence.
pub fn refusal(refusal: &Refusal) -> String {
    sentence(&words::refusal(refusal))
}

/// All that it said of one action.
pub fn refusals(refusals: Vec<Refusal>) -> String {
    refusals.iter().map(refusal).collect::<Vec<_>>().join(" ")
}

/// `10.244.1.2, fd00:10:244:1::2`
pub fn addresses(of_families: &PerFamily<IpAddr>) -> String {
    of_families.values().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A full stop at the end, and a capital at the front where that is a word and no name.
pub fn sentence(words: &str) -> String {
    let first = words.split(' ').next().unwrap_or_default();
    let is_word = first.bytes().all(|b| b.is_ascii_lowercase());
    let mut letters = words.chars();
    let capital = match letters.next() {
        Some(letter) if is_word => letter.to_ascii_uppercase().to_string(),
        Some(letter) => letter.to_string(),
        None => return String::new(),
    };
    [&capital, letters.as_str(), stop(words)].concat()
}

/// A full stop at the end; what begins with a name keeps it as it is.
pub fn stopped(words: &str) -> String {
    [words, stop(words)].concat()
}

fn stop(words: &str) -> &'static str {
    if words.ends_with(['.', '!', '?', ':']) { "" } else { "." }
}

pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// `12.408 s`, and `-4.200 s` before the clients begin.
pub fn clock(now: Moment) -> String {
    let sign = if now < Moment::ORIGIN { "-" } else { "" };
    let millis = now.distance().0 / 1_000_000;
    match millis {
        0..600_000 => format!("{sign}{}.{:03} s", millis / 1_000, millis % 1_000),
        _ => format!("{sign}{} min {:02} s", millis / 60_000, millis / 1_000 % 60),
    }
}

/// `5 s`, `-5 s`, `2:00`
pub fn whole_seconds(at: Moment) -> String {
    let sign = if at < Moment::ORIGIN { "-" } else { "" };
    match at.distance().0 / 1_000_000_000 {
        seconds @ 0..60 => format!("{sign}{seconds} s"),
        seconds => format!("{sign}{}:{:02}", seconds / 60, seconds % 60),
    }
}

/// `1/50×`, `1×`, `20×`
pub fn speed(speed: f64) -> String {
    if speed < 0.95 {
        return format!("1/{}×", (1.0 / speed).round() as u32);
    }
    // Whole numbers, for the page would carry the writing of others for this place alone.
    match (speed * 10.0).round() as u32 {
        tenths if tenths % 10 == 0 => format!("{}×", tenths / 10),
        tenths => format!("{}.{}×", tenths / 10, tenths % 10),
    }
}

pub fn timing(timing: &Timing) -> String {
    match timing.profile {
        TimingProfile::Realistic => "real time".into(),
        TimingProfile::Teaching => format!("teaching time: network slowed ×{}", timing.network_factor),
    }
}

/// `1 Pod`, `3 Pods`
pub fn count(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        _ => format!("{n} {what}s"),
    }
}

/// `a, b and c`
pub fn and(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Every number of a timing profile, under its real name.
pub fn timing_numbers(t: &Timing) -> Vec<(&'static str, String)> {
    vec![
        ("Link between machines", span(t.link)),
        ("Link between a Pod and its node", span(t.pod_link)),
        ("A node's forwarding", span(t.forwarding)),
        ("The app's answer", span(t.app_answer)),
        ("TCP: a SYN is sent again after", span(t.tcp_initial_rto)),
        ("TCP: data are sent again after", span(t.tcp_rto)),
        ("Neighbour time-out", span(t.neighbour_timeout)),
        ("A client's patience", span(t.client_timeout)),
        (
            "Watch: API server to kube-proxy",
            format!("{} to {}", span(t.watch_delay), span(t.watch_delay + t.watch_delay_spread)),
        ),
        ("EndpointSlice batching", span(t.endpoint_slice_batch)),
        (
            "kube-proxy minSyncPeriod",
            t.proxy_min_sync_period.map_or_else(|| "1 s, in IPVS mode 0 s".into(), span),
        ),
        ("kube-proxy sync", span(t.proxy_sync)),
        ("Pod sandbox", span(t.pod_sandbox)),
        ("Container start", span(t.container_start)),
        ("Init container runs", span(t.init_container_run)),
        ("A Job's container runs", span(t.job_run)),
        ("App shutdown after SIGTERM", span(t.app_shutdown)),
        ("Crash back-off", format!("{} to {}", span(t.crash_backoff), span(t.crash_backoff_max))),
        ("Node boot", span(t.node_boot)),
        ("Node monitor grace period", span(t.node_monitor_grace)),
        ("Eviction from a lost node", span(t.node_eviction)),
        ("Load balancer: address", span(t.load_balancer_provision)),
        ("Load balancer: health", span(t.load_balancer_health)),
        ("Address pool: a lost node", span(t.speaker_failure)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_read_well() {
        for (at, text) in [(0.02, "1/50×"), (0.5, "1/2×"), (1.0, "1×"), (2.0, "2×"), (12.34, "12.3×")] {
            assert_eq!(speed(at), text);
        }
    }

    #[test]
    fn moments_read_well() {
        for (nanos, text) in [
            (0, "0.000 s"),
            (12_408_000_000, "12.408 s"),
            (3_725_000_000_000, "62 min 05 s"),
            (-4_200_000_000, "-4.200 s"),
        ] {
            assert_eq!(clock(Moment(nanos)), text);
        }
    }

    #[test]
    fn a_sentence_begins_and_ends() {
        assert_eq!(sentence("a node named \"x\" already exists"), "A node named \"x\" already exists.");
        assert_eq!(sentence("spec.clusterIP 1.2.3.4: bad"), "spec.clusterIP 1.2.3.4: bad.");
        assert_eq!(sentence(""), "");
        assert_eq!(stopped("node-1 drops it"), "node-1 drops it.");
    }

    #[test]
    fn lists_of_names() {
        let names = |n: usize| ["a", "b", "c"][..n].iter().map(|s| s.to_string()).collect::<Vec<_>>();
        assert_eq!(and(&names(1)), "a");
        assert_eq!(and(&names(2)), "a and b");
        assert_eq!(and(&names(3)), "a, b and c");
    }
}
