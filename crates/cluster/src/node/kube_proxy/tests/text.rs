//! The printed rules, against what upstream's tests expect of the same Services.

use super::fixture::{NODE, Seen, config, endpoint, http, http_slice, ip, load_balancer, service};
use crate::api::{SessionAffinity, TrafficPolicy};
use crate::node::kube_proxy::{ProxyConfig, ServicePortName, endpoint_choices, rules_of};
use netfilter::{Protocol, RuleSet, Rules};

/// A Service of each kind that TestOverallIPTablesRules has.
pub fn one_of_each() -> Seen {
    let mut local = load_balancer("local", "10.96.0.42", 30002, &["198.51.100.2"]);
    local.spec.external_traffic_policy = Some(TrafficPolicy::Local);
    local.spec.external_ips = vec![ip("198.51.100.22")];
    local.spec.health_check_node_port = 31000;
    let mut sticky = load_balancer("sticky", "10.96.0.45", 30005, &["198.51.100.5"]);
    sticky.spec.load_balancer_source_ranges = vec!["203.0.113.0/25".parse().unwrap()];
    sticky.spec.session_affinity = SessionAffinity::ClientIP { timeout_s: 10800 };
    let away = Some("worker-2");
    Seen::default()
        .with(service("plain", "10.96.0.41", &[http(0)]))
        .with(local)
        .with(sticky)
        .with(service("lonely", "10.96.0.46", &[http(0)]))
        .slice(http_slice("plain", &["10.244.0.1", "10.244.0.2"].map(|a| endpoint(a, away))))
        .slice(http_slice("local", &[endpoint("10.244.0.2", away)]))
        .slice(http_slice("sticky", &[endpoint("10.244.0.3", Some(NODE))]))
}

/// The rules of one chain, as they are printed.
fn chain(rules: &RuleSet, table: &str, name: &str) -> Vec<String> {
    let text = rules.to_string();
    let table = text.split("COMMIT\n").find(|t| t.starts_with(&format!("*{table}\n"))).unwrap();
    let prefix = format!("-A {name} ");
    table.lines().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
}

/// Chains are named by hash; here the hash of a Service's name stands as the name.
fn named(rules: &RuleSet, prefix: &str, name: &str) -> Vec<String> {
    chain(rules, "nat", &format!("{prefix}{}", hash(name)))
}

fn hash(name: &str) -> String {
    crate::node::kube_proxy::port_proto_hash(&port_name(name))
}

fn port_name(name: &str) -> ServicePortName {
    let service = crate::api::NsName::new("shop", name);
    ServicePortName { service, port: "http".into(), protocol: Protocol::Tcp }
}

/// TestOverallIPTablesRules, TestDropInvalidRule, TestMasqueradeRule.
#[test]
fn top_level_rules_read_as_upstreams() {
    let rules = one_of_each().rules(&config());
    let services = [
        r#"-m comment --comment "shop/lonely:http has no endpoints" -m tcp -p tcp -d 10.96.0.46 --dport 80 -j REJECT"#,
    ];
    assert_eq!(chain(&rules, "filter", "KUBE-SERVICES"), services);
    let external = [
        r#"-m comment --comment "shop/local:http has no local endpoints" -m tcp -p tcp -d 198.51.100.22 --dport 80 -j DROP"#,
        r#"-m comment --comment "shop/local:http has no local endpoints" -m tcp -p tcp -d 198.51.100.2 --dport 80 -j DROP"#,
        r#"-m comment --comment "shop/local:http has no local endpoints" -m addrtype --dst-type LOCAL -m tcp -p tcp --dport 30002 -j DROP"#,
    ];
    assert_eq!(chain(&rules, "filter", "KUBE-EXTERNAL-SERVICES"), external);
    let forward = [
        "-m conntrack --ctstate INVALID -m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP",
        r#"-m comment --comment "kubernetes forwarding rules" -m mark --mark 0x00004000/0x00004000 -j ACCEPT"#,
        r#"-m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"#,
    ];
    assert_eq!(chain(&rules, "filter", "KUBE-FORWARD"), forward);
    let postrouting = [
        "-m mark ! --mark 0x00004000/0x00004000 -j RETURN",
        "-j MARK --xor-mark 0x00004000",
        r#"-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully"#,
    ];
    assert_eq!(chain(&rules, "nat", "KUBE-POSTROUTING"), postrouting);
    assert_eq!(chain(&rules, "nat", "KUBE-MARK-MASQ"), ["-j MARK --or-mark 0x00004000"]);
    let firewall = [
        r#"-m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"#,
    ];
    assert_eq!(chain(&rules, "filter", "KUBE-FIREWALL"), firewall);
    let health = [
        r#"-m comment --comment "shop/local:http health check node port" -m tcp -p tcp --dport 31000 -j ACCEPT"#,
    ];
    assert_eq!(chain(&rules, "filter", "KUBE-NODEPORTS"), health);
    let last = r#"-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"#;
    assert_eq!(chain(&rules, "nat", "KUBE-SERVICES").last().unwrap(), last);
}

/// Where the kernel has nfnetlink_acct, kube-proxy counts two kinds of packets with it (the constants
/// ...NFAcctCounter of pkg/proxy/metrics).
#[test]
fn nfacct_counts_where_the_kernel_has_it() {
    let local = "-m comment --comment shop/sticky:http -m tcp -p tcp -d 127.0.0.0/8 --dport 30005 -m nfacct --nfacct-name localhost_nps_accepted_pkts";
    let any = "-m comment --comment shop/sticky:http -m tcp -p tcp --dport 30005";
    let ext = format!(" -j KUBE-EXT-{}", hash("sticky"));
    let of_sticky = |cfg: &ProxyConfig| {
        let all = chain(&one_of_each().rules(cfg), "nat", "KUBE-NODEPORTS");
        all.into_iter().filter(|rule| rule.ends_with(&ext)).collect::<Vec<_>>()
    };
    let (with, without) = (config(), ProxyConfig { nfacct: false, ..config() });
    assert_eq!(of_sticky(&with), [local, any].map(|rule| format!("{rule}{ext}")));
    assert_eq!(of_sticky(&without), [format!("{any}{ext}")]);
    let closed = ProxyConfig { localhost_node_ports: false, ..config() };
    assert_eq!(of_sticky(&closed), of_sticky(&without), "no NodePort is on 127.0.0.1");
    let forward = chain(&one_of_each().rules(&without), "filter", "KUBE-FORWARD");
    assert_eq!(forward[0], "-m conntrack --ctstate INVALID -j DROP");
}

/// iptablesKubeletJumpChains.
#[test]
fn kube_firewall_is_led_to_whatever_the_family_and_the_options() {
    use netfilter::Family::{V4, V6};
    for (family, localhost_node_ports) in [(V4, true), (V4, false), (V6, true), (V6, false)] {
        let cfg = ProxyConfig { family, localhost_node_ports, ..config() };
        let rules = Seen::default().rules(&cfg);
        for from in ["INPUT", "OUTPUT"] {
            let jumps = chain(&rules, "filter", from);
            let at = jumps.iter().position(|jump| jump == "-j KUBE-FIREWALL");
            // The kubelet was there before, but not in IPv6.
            let place = if family == V4 { jumps.len() - 1 } else { 0 };
            assert_eq!(at, Some(place), "{family:?}: {from}: {jumps:?}");
        }
    }
}

#[test]
fn a_services_chains_read_as_upstreams() {
    let rules = one_of_each().rules(&config());
    let sep = |name: &str, endpoint: &str| {
        crate::node::kube_proxy::EndpointChainNames::new(&port_name(name)).name(endpoint)
    };
    let (one, two) = (sep("plain", "10.244.0.1:80"), sep("plain", "10.244.0.2:80"));
    assert_eq!(
        named(&rules, "KUBE-SVC-", "plain"),
        [
            r#"-m comment --comment "shop/plain:http cluster IP" -m tcp -p tcp -d 10.96.0.41 --dport 80 ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ"#.to_owned(),
            format!(r#"-m comment --comment "shop/plain:http -> 10.244.0.1:80" -m statistic --mode random --probability 0.5000000000 -j {one}"#),
            format!(r#"-m comment --comment "shop/plain:http -> 10.244.0.2:80" -j {two}"#),
        ]
    );
    assert_eq!(
        chain(&rules, "nat", &one),
        [
            "-m comment --comment shop/plain:http -s 10.244.0.1 -j KUBE-MARK-MASQ",
            "-m comment --comment shop/plain:http -m tcp -p tcp -j DNAT --to-destination 10.244.0.1:80",
        ]
    );
    let svc = format!("KUBE-SVC-{}", hash("local"));
    assert_eq!(
        named(&rules, "KUBE-EXT-", "local"),
        [
            format!(r#"-m comment --comment "pod traffic for shop/local:http external destinations" -s 10.244.0.0/16 -j {svc}"#),
            r#"-m comment --comment "masquerade LOCAL traffic for shop/local:http external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ"#.to_owned(),
            format!(r#"-m comment --comment "route LOCAL traffic for shop/local:http external destinations" -m addrtype --src-type LOCAL -j {svc}"#),
        ]
    );
    let ext = format!("KUBE-EXT-{}", hash("sticky"));
    assert_eq!(
        named(&rules, "KUBE-FW-", "sticky"),
        [
            format!(r#"-m comment --comment "shop/sticky:http loadbalancer IP" -s 203.0.113.0/25 -j {ext}"#),
            r#"-m comment --comment "other traffic to shop/sticky:http will be dropped by KUBE-PROXY-FIREWALL""#.to_owned(),
        ]
    );
    let three = sep("sticky", "10.244.0.3:80");
    assert_eq!(
        named(&rules, "KUBE-SVC-", "sticky")[1..],
        [
            format!(
                r#"-m comment --comment "shop/sticky:http -> 10.244.0.3:80" -m recent --name {three} --rcheck --seconds 10800 --reap -j {three}"#
            ),
            format!(r#"-m comment --comment "shop/sticky:http -> 10.244.0.3:80" -j {three}"#),
        ]
    );
    assert_eq!(
        chain(&rules, "nat", &three)[1],
        format!(
            "-m comment --comment shop/sticky:http -m recent --name {three} --set -m tcp -p tcp -j DNAT --to-destination 10.244.0.3:80"
        )
    );
}

#[test]
fn jumps_from_built_in_chains_read_as_upstreams() {
    let rules = one_of_each().rules(&config());
    let new = "-m conntrack --ctstate NEW -m comment --comment";
    assert_eq!(
        chain(&rules, "filter", "FORWARD"),
        [
            format!(r#"{new} "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL"#),
            r#"-m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD"#.to_owned(),
            format!(r#"{new} "kubernetes service portals" -j KUBE-SERVICES"#),
            format!(r#"{new} "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES"#),
        ]
    );
    assert_eq!(
        chain(&rules, "nat", "PREROUTING"),
        [r#"-m comment --comment "kubernetes service portals" -j KUBE-SERVICES"#]
    );
}

/// TestSyncProxyRulesLargeClusterMode: endpoint rules lose their comments, no others do.
#[test]
fn a_large_cluster_has_no_endpoint_comments() {
    let small = ProxyConfig { large_cluster_endpoints: 4, ..config() };
    let large = ProxyConfig { large_cluster_endpoints: 3, ..config() };
    assert_eq!(one_of_each().rules(&small), one_of_each().rules(&config()));
    let rules = one_of_each().rules(&large);
    let svc = named(&rules, "KUBE-SVC-", "plain");
    assert!(svc[0].starts_with("-m comment --comment \"shop/plain:http cluster IP\""));
    assert!(svc[1].starts_with("-m statistic"));
}

#[test]
fn the_picture_reads_the_choice_back_from_the_rules() {
    let rules = Rules::Iptables(one_of_each().rules(&config()).into());
    let plain = endpoint_choices(&rules, &port_name("plain"), false);
    let read: Vec<_> = plain.iter().map(|c| (c.endpoint.to_string(), c.one_in)).collect();
    assert_eq!(read, [("10.244.0.1:80".into(), Some(2)), ("10.244.0.2:80".into(), None)]);
    assert_eq!(endpoint_choices(&rules, &port_name("sticky"), false).len(), 1, "affinity is no choice");
    assert!(endpoint_choices(&rules, &port_name("local"), true).is_empty());
    assert!(endpoint_choices(&rules, &port_name("lonely"), false).is_empty());
    let owned: Vec<_> = rules_of(&rules, &port_name("lonely"));
    assert_eq!(owned.len(), 1);
    assert!(rules.rule_text(owned[0]).unwrap().ends_with("-j REJECT"));
}
