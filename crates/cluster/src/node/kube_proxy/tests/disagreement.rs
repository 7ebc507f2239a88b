//! Checks the interpreters themselves: they must find a disagreement if one thing in the text is changed.

use super::fixture::{NODE, Seen, config, endpoint, http, http_slice, load_balancer, service};
use super::packets::packets;
use super::tracer::{Texts, agreed};
use crate::api::{SessionAffinity, TrafficPolicy};
use crate::node::kube_proxy::{ProxyConfig, ProxyMode};

/// Services that together use every feature of the rules.
pub fn seen() -> Seen {
    let mut local = load_balancer("local", "10.96.0.42", 30002, &["198.51.100.2"]);
    local.spec.external_traffic_policy = Some(TrafficPolicy::Local);
    local.spec.health_check_node_port = 31000;
    let mut away = load_balancer("away", "10.96.0.43", 30003, &["198.51.100.3"]);
    away.spec.external_traffic_policy = Some(TrafficPolicy::Local);
    let mut sticky = load_balancer("sticky", "10.96.0.45", 30005, &["198.51.100.5"]);
    sticky.spec.load_balancer_source_ranges = vec!["203.0.113.0/25".parse().unwrap()];
    sticky.spec.session_affinity = SessionAffinity::ClientIP { timeout_s: 10800 };
    let (here, there) = (Some(NODE), Some("worker-2"));
    let two = |a: &str, b: &str| [endpoint(a, here), endpoint(b, there)];
    Seen::default()
        .with(service("plain", "10.96.0.41", &[http(0)]))
        .with(service("lonely", "10.96.0.46", &[http(0)]))
        .with(local)
        .with(away)
        .with(sticky)
        .slice(http_slice("plain", &two("10.244.0.1", "10.244.0.2")))
        .slice(http_slice("local", &two("10.244.0.3", "10.244.0.4")))
        .slice(http_slice("away", &[endpoint("10.244.0.5", there)]))
        .slice(http_slice("sticky", &two("10.244.0.6", "10.244.0.7")))
}

/// A change of the text: a part, and what replaces it. `None`: the lines with that part are deleted.
pub type Lie = (&'static str, Option<&'static str>);

pub fn altered(text: &str, (said, wrong): Lie) -> String {
    match wrong {
        Some(wrong) => text.replace(said, wrong),
        None => text.lines().filter(|line| !line.contains(said)).map(|line| format!("{line}\n")).collect(),
    }
}

fn is_noticed(mode: ProxyMode, lie: Lie) -> bool {
    let cfg = ProxyConfig { cni_masquerade_cidr: config().cluster_cidr, ..config() };
    let rules = seen().rules_of(mode, &cfg);
    let (nft, iptables) = (rules.nftables().map(|_| rules.to_string()), rules.iptables().to_string());
    let text = nft.as_ref().unwrap_or(&iptables);
    let altered = altered(text, lie);
    assert_ne!(text, &altered, "nothing says {lie:?}:\n{text}");
    let texts = match nft {
        Some(_) => Texts::read(Some(&altered), &iptables),
        None => Texts::read(None, &altered),
    };
    let host = texts.host(&cfg);
    packets(&seen(), &cfg).iter().any(|tuple| agreed(&host, &rules, tuple).is_err())
}

#[test]
fn a_wrong_text_of_iptables_is_detected() {
    let lies: &[Lie] = &[
        ("-m statistic --mode random --probability 0.5000000000 ", Some("")),
        ("--probability 0.5000000000", Some("--probability 1.0")),
        ("! -s 10.244.0.0/16", Some("-s 10.244.0.0/16")),
        ("--or-mark 0x00004000", Some("--or-mark 0x00008000")),
        ("-m mark ! --mark", Some("-m mark --mark")),
        ("-j MASQUERADE --random-fully", Some("-j ACCEPT")),
        ("-j REJECT", Some("-j DROP")),
        ("-j DROP", Some("-j REJECT")),
        ("--to-destination 10.244.0.1:80", Some("--to-destination 10.244.0.1:81")),
        ("--to-destination 10.244.0.4:80", Some("--to-destination 10.244.0.3:80")),
        (" --rcheck --seconds 10800 --reap", Some(" --set")),
        (" --set", Some(" --rcheck --seconds 10800 --reap")),
        ("--ctstate NEW", Some("--ctstate ESTABLISHED")),
        ("--dst-type LOCAL", Some("--src-type LOCAL")),
        ("--src-type LOCAL", Some("--dst-type LOCAL")),
        ("-s 203.0.113.0/25", Some("-s 203.0.113.0/24")),
        ("-s 10.244.0.1 -j KUBE-MARK-MASQ", Some("-s 10.244.0.9 -j KUBE-MARK-MASQ")),
        ("-d 127.0.0.0/8", Some("-d 127.0.0.0/32")),
        ("! -d 10.244.0.0/16", Some("-d 10.244.0.0/16")),
        ("--dport 80", Some("--dport 81")),
        ("-m tcp -p tcp", Some("-m udp -p udp")),
        (":FORWARD ACCEPT", Some(":FORWARD DROP")),
        ("-j ACCEPT", None),
        ("-A PREROUTING", None),
        ("-A OUTPUT -m comment", None),
        ("-A KUBE-PROXY-FIREWALL", None),
    ];
    for lie in lies {
        assert!(is_noticed(ProxyMode::Iptables, *lie), "{lie:?}");
    }
}

#[test]
fn a_wrong_text_of_nftables_is_detected() {
    let two = "mod 2 map { 0 : 10.244.0.1 . 80, 1 : 10.244.0.2 . 80 }";
    let lies: &[Lie] = &[
        (two, Some("mod 1 map { 0 : 10.244.0.1 . 80 }")),
        (two, Some("mod 3 map { 0 : 10.244.0.1 . 80, 1 : 10.244.0.2 . 80, 2 : 10.244.0.3 . 80 }")),
        (two, Some("mod 2 map { 0 : 10.244.0.1 . 81, 1 : 10.244.0.2 . 80 }")),
        ("ip saddr != 10.244.0.0/16", Some("ip saddr 10.244.0.0/16")),
        ("ip saddr 10.244.0.0/16", Some("ip saddr != 10.244.0.0/16")),
        ("meta mark | 0x00004000", Some("meta mark | 0x00008000")),
        ("masquerade fully-random", None),
        ("dport vmap @service-ips", Some("dport vmap @firewall-ips")),
        ("vmap @service-nodeports", None),
        ("fib saddr type local", Some("fib daddr type local")),
        ("203.0.113.0/25", Some("203.0.113.0/24")),
        ("\t\treject", Some("\t\tdrop")),
        (" : drop", Some(" : goto reject-chain")),
        ("update @", None),
        ("ip saddr @affinity-", None),
        ("10.244.0.1 . 10.244.0.1 . tcp", Some("10.244.0.9 . 10.244.0.1 . tcp")),
        ("ct status dnat ip saddr . ip daddr", Some("ct status dnat ip daddr . ip daddr")),
        ("priority dstnat - 10", Some("priority filter")),
        ("ct state new jump cluster-ips-check", None),
        ("ct state new jump nodeport-endpoints-check", None),
        ("10.96.0.0/16", Some("10.97.0.0/16")),
    ];
    for lie in lies {
        assert!(is_noticed(ProxyMode::Nftables, *lie), "{lie:?}");
    }
}
