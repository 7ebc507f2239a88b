//! The printed table, against what upstream's tests and a live cluster of version 1.36.2 have for the
//! same Services, and against the real nft where there is one.

use super::fixture::{config, endpoint, http, http_slice, ip, service};
use super::text::one_of_each;
use crate::api::NsName;
use crate::node::kube_proxy::{
    EndpointChoice, ProxyConfig, ProxyMode, ServicePortName, endpoint_choices, rules_of,
};
use crate::skipped::skipped;
use netfilter::{Protocol, Rules};

fn rules() -> Rules {
    one_of_each().rules_of(ProxyMode::Nftables, &config())
}

/// The lines of a chain, set or map, without the comment of the whole and the braces.
fn block(rules: &Rules, head: &str) -> Vec<String> {
    let text = rules.to_string();
    let from = text.find(&format!("\t{head} {{\n")).unwrap_or_else(|| panic!("{head} in {text}"));
    let body = &text[from..];
    let body = &body[body.find('\n').unwrap()..body.find("\n\t}\n").unwrap()];
    body.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn port_name(name: &str) -> ServicePortName {
    ServicePortName { service: NsName::new("shop", name), port: "http".into(), protocol: Protocol::Tcp }
}

/// baseRules of TestOverallNFTablesRules, in the form of 1.36.
#[test]
fn top_level_chains_read_as_upstreams() {
    let rules = rules();
    let expected = [
        (
            "chain filter-prerouting-pre-dnat",
            &[
                "type filter hook prerouting priority dstnat - 10; policy accept;",
                "ct state new jump firewall-check",
            ][..],
        ),
        (
            "chain filter-output-pre-dnat",
            &["type filter hook output priority -110; policy accept;", "ct state new jump firewall-check"],
        ),
        (
            "chain filter-input",
            &[
                "type filter hook input priority filter; policy accept;",
                "ct state new jump nodeport-endpoints-check",
                "ct state new jump service-endpoints-check",
            ],
        ),
        (
            "chain filter-forward",
            &[
                "type filter hook forward priority filter; policy accept;",
                "ct state new jump service-endpoints-check",
                "ct state new jump cluster-ips-check",
            ],
        ),
        (
            "chain filter-output",
            &[
                "type filter hook output priority filter; policy accept;",
                "ct state new jump service-endpoints-check",
                "ct state new jump cluster-ips-check",
            ],
        ),
        (
            "chain nat-prerouting",
            &["type nat hook prerouting priority dstnat; policy accept;", "jump services"],
        ),
        ("chain nat-output", &["type nat hook output priority -100; policy accept;", "jump services"]),
        (
            "chain nat-postrouting",
            &["type nat hook postrouting priority srcnat; policy accept;", "jump masquerading"],
        ),
        (
            "chain services",
            &[
                r#"ip daddr @cluster-ips ip saddr != 10.244.0.0/16 meta mark set meta mark | 0x00004000 comment "masquerade clusterIP traffic from outside cluster""#,
                "ip daddr . meta l4proto . th dport vmap @service-ips",
                "ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports",
            ],
        ),
        (
            "chain masquerading",
            &[
                "meta mark & 0x00004000 != 0x00000000 meta mark set meta mark ^ 0x00004000 masquerade fully-random",
                "ct status dnat ip saddr . ip daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random",
            ],
        ),
        (
            "chain cluster-ips-check",
            &[
                r#"ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs""#,
                r#"ip daddr 10.96.0.0/16 drop comment "Drop traffic to unallocated ClusterIPs""#,
            ],
        ),
        (
            "chain reject-chain",
            &[r#"comment "helper for @no-endpoint-services / @no-endpoint-nodeports""#, "reject"],
        ),
        ("chain firewall-check", &["ip daddr . meta l4proto . th dport vmap @firewall-ips"]),
        (
            "chain nodeport-endpoints-check",
            &["ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports"],
        ),
        ("chain service-endpoints-check", &["ip daddr . meta l4proto . th dport vmap @no-endpoint-services"]),
        (
            "set nodeport-ips",
            &[
                "type ipv4_addr",
                r#"comment "IPs that accept NodePort traffic""#,
                "elements = { 192.168.50.11 }",
            ],
        ),
        (
            "set cluster-ips",
            &[
                "type ipv4_addr",
                r#"comment "Active ClusterIPs""#,
                "elements = { 10.96.0.41, 10.96.0.42,",
                "10.96.0.45, 10.96.0.46 }",
            ],
        ),
    ];
    for (head, lines) in expected {
        assert_eq!(block(&rules, head), lines, "{head}");
    }
}

/// svc1, svc2, svc5 and svc6 of TestOverallNFTablesRules.
#[test]
fn services_read_as_upstreams() {
    let rules = rules();
    let named = |prefix: &str, name: &str| {
        let base = crate::node::kube_proxy::nftables::service_port_chain_name_base(&port_name(name));
        format!("{prefix}-{base}")
    };
    let chain = |prefix: &str, name: &str| block(&rules, &format!("chain {}", named(prefix, name)));
    assert_eq!(
        chain("service", "plain"),
        ["meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.244.0.1 . 80, 1 : 10.244.0.2 . 80 }"]
    );
    let local = named("service", "local");
    assert_eq!(
        chain("external", "local"),
        [
            format!(r#"ip saddr 10.244.0.0/16 goto {local} comment "short-circuit pod traffic""#),
            r#"fib saddr type local meta mark set meta mark | 0x00004000 comment "masquerade local traffic""#
                .into(),
            format!(r#"fib saddr type local goto {local} comment "short-circuit local traffic""#),
        ]
    );
    let sticky = crate::node::kube_proxy::nftables::service_port_endpoint_chain_name_base(
        &port_name("sticky"),
        "10.244.0.3:80",
    );
    assert_eq!(
        chain("service", "sticky"),
        [
            format!("ip saddr @affinity-{sticky} goto endpoint-{sticky}"),
            format!("numgen random mod 1 vmap {{ 0 : goto endpoint-{sticky} }}"),
        ]
    );
    assert_eq!(
        block(&rules, &format!("chain endpoint-{sticky}")),
        [
            format!("update @affinity-{sticky} {{ ip saddr }}"),
            "meta l4proto tcp dnat to 10.244.0.3:80".into()
        ]
    );
    assert_eq!(
        block(&rules, &format!("set affinity-{sticky}")),
        ["type ipv4_addr", "size 65535", "flags dynamic,timeout", "timeout 3h"]
    );
    assert_eq!(
        chain("external", "sticky"),
        [
            r#"meta mark set meta mark | 0x00004000 comment "masquerade""#.to_owned(),
            format!("goto {}", named("service", "sticky"))
        ]
    );
    assert_eq!(chain("firewall", "sticky"), ["ip saddr != 203.0.113.0/25 drop"]);
    let hairpin = block(&rules, "set hairpin-connections");
    assert_eq!(hairpin.last().unwrap(), "elements = { 10.244.0.3 . 10.244.0.3 . tcp . 80 }");
    let none = block(&rules, "map no-endpoint-services");
    assert_eq!(
        none[2..],
        [
            r#"elements = { 198.51.100.2 . tcp . 80 comment "shop/local:http" : drop,"#,
            r#"198.51.100.22 . tcp . 80 comment "shop/local:http" : drop,"#,
            r#"10.96.0.46 . tcp . 80 comment "shop/lonely:http" : goto reject-chain }"#,
        ]
    );
    let node_ports = block(&rules, "map no-endpoint-nodeports");
    assert_eq!(node_ports.last().unwrap(), r#"elements = { tcp . 30002 comment "shop/local:http" : drop }"#);
}

/// setupNFTables, `masqueradeAll`.
#[test]
fn all_cluster_ip_traffic_is_masqueraded() {
    let cfg = ProxyConfig { masquerade_all: true, ..config() };
    let rules = one_of_each().rules_of(ProxyMode::Nftables, &cfg);
    let first = r#"ip daddr @cluster-ips meta mark set meta mark | 0x00004000 comment "masquerade all clusterIP traffic""#;
    assert_eq!(block(&rules, "chain services")[0], first);
}

/// nft 1.0.6 lists a mask of bit 31 as a prefix.
#[test]
fn mark_bit_31_is_printed_as_nft_lists_it() {
    for (masquerade_bit, marked, bit) in [
        (31, "meta mark != 0x00000000/1", "0x80000000"),
        (30, "meta mark & 0x40000000 != 0x00000000", "0x40000000"),
        (0, "meta mark & 0x00000001 != 0x00000000", "0x00000001"),
    ] {
        let cfg = ProxyConfig { masquerade_bit, ..config() };
        let rules = one_of_each().rules_of(ProxyMode::Nftables, &cfg);
        let wanted = format!("{marked} meta mark set meta mark ^ {bit} masquerade fully-random");
        assert!(block(&rules, "chain masquerading").contains(&wanted), "{wanted}: {rules}");
    }
}

/// Source ranges as upstream writes them in braces, and as nft lists them.
const SOURCE_RANGES: &[(&[&str], &str)] = &[
    (
        &["203.0.113.0/25", "192.168.50.0/24", "10.1.0.0/16", "10.0.0.0/8"],
        "{ 10.0.0.0/8, 192.168.50.0/24, 198.51.100.10, 203.0.113.0/25 }",
    ),
    (&["203.0.113.0/25"], "203.0.113.0/25"),
    (&["10.0.0.0/8", "10.1.0.0/16"], "{ 10.0.0.0/8 }"),
    (&["203.0.113.128/25", "203.0.113.0/25"], "{ 203.0.113.0/24 }"),
    (&["203.0.113.0/24", "203.0.114.0/25"], "{ 203.0.113.0-203.0.114.127 }"),
    (&["203.0.113.8/32", "203.0.113.9/32"], "{ 203.0.113.8/31 }"),
    (&["203.0.113.8/32", "203.0.113.9/32", "10.0.0.0/8"], "{ 10.0.0.0/8, 203.0.113.8/31 }"),
    (&["0.0.0.0/1", "128.0.0.0/1"], "{ 0.0.0.0/0 }"),
    (&["fd01::/64", "fd01:0:0:1::/64"], "{ fd01::/63 }"),
    (&["fd01::/64", "fd01:0:0:1::/65"], "{ fd01::-fd01::1:7fff:ffff:ffff:ffff }"),
];

fn with_ranges(ranges: &[&str]) -> Rules {
    let v6 = ranges[0].contains(':');
    let (cluster_ip, vip) =
        if v6 { ("fd00:10:96::41", "2001:db8::10") } else { ("10.96.0.41", "198.51.100.10") };
    let mut lb = super::fixture::load_balancer("web", cluster_ip, 30080, &[vip]);
    lb.spec.load_balancer_source_ranges = ranges.iter().map(|range| range.parse().unwrap()).collect();
    let cfg = if v6 { super::families::config(config()) } else { config() };
    super::fixture::Seen::default().with(lb).rules_of(ProxyMode::Nftables, &cfg)
}

#[test]
fn source_ranges_are_printed_as_nft_prints_intervals() {
    for (ranges, wanted) in SOURCE_RANGES {
        let text = with_ranges(ranges).to_string();
        assert!(text.contains(&format!("saddr != {wanted} drop")), "{ranges:?}: {text}");
    }
}

#[test]
fn the_picture_reads_the_choice_back_from_the_table() {
    let rules = rules();
    let read = |name, local| -> Vec<(String, Option<u64>)> {
        let read = |c: &EndpointChoice| (c.endpoint.to_string(), c.one_in);
        endpoint_choices(&rules, &port_name(name), local).iter().map(read).collect()
    };
    assert_eq!(read("plain", false), [("10.244.0.1:80".into(), Some(2)), ("10.244.0.2:80".into(), Some(2))]);
    assert_eq!(read("sticky", false), [("10.244.0.3:80".into(), None)]);
    assert!(read("local", true).is_empty() && read("lonely", false).is_empty());
    let lonely: Vec<String> =
        rules_of(&rules, &port_name("lonely")).iter().map(|at| rules.rule_text(*at).unwrap()).collect();
    assert_eq!(
        lonely,
        [
            "add element ip kube-proxy cluster-ips { 10.96.0.46 }",
            r#"add element ip kube-proxy no-endpoint-services { 10.96.0.46 . tcp . 80 comment "shop/lonely:http" : goto reject-chain }"#,
        ]
    );
}

/// The CNI plugin's iptables rules are printed too, as comments.
#[test]
fn the_cnis_rules_stay_iptables_rules() {
    let cfg = ProxyConfig { cni_masquerade_cidr: config().cluster_cidr, ..config() };
    let rules = one_of_each().rules_of(ProxyMode::Nftables, &cfg);
    let text = rules.to_string();
    let (_, others) = text.split_once("\n}\n").unwrap();
    assert!(others.contains("-A CNI-MASQ") && others.contains("-A POSTROUTING"), "{others}");
    assert!(others.lines().all(|line| line.is_empty() || line.starts_with('#')), "{others}");
}

/// What the real nft lists after loading the text. `None` if there is no nft, or no root rights.
fn listed(test: &str, text: &str) -> Option<String> {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut shell = match Command::new("unshare")
        .args(["--net", "sh", "-c", "nft -f - && nft list ruleset"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
    {
        Ok(shell) => shell,
        Err(error) => {
            skipped(test, &format!("unshare cannot be run ({error})"));
            return None;
        }
    };
    // The write fails if the shell exited early; its own error message says why.
    let _ = shell.stdin.take().unwrap().write_all(text.as_bytes());
    let output = shell.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("not permitted") || errors.contains("not found") {
        skipped(test, &errors);
        return None;
    }
    assert!(output.status.success(), "{errors}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The whole text goes through the real nft and comes back the same.
#[test]
fn nft_lists_what_was_printed() {
    let v6 = ProxyConfig {
        family: netfilter::Family::V6,
        node_ips: vec![ip("2001:db8:50::11")],
        cluster_cidr: Some("fd00:10:244::/48".parse().unwrap()),
        service_cidrs: vec!["fd00:10:96::/112".parse().unwrap()],
        ..config()
    };
    let six = super::fixture::Seen::default().with(service("web", "fd00:10:96::41", &[http(30080)])).slice(
        http_slice("web", &["fd00:10:244:1::5", "fd00:10:244:1::6"].map(|a| endpoint(a, Some("worker-1")))),
    );
    for rules in [rules(), six.rules_of(ProxyMode::Nftables, &v6)] {
        let text = rules.to_string();
        let Some(listed) = listed("what nft lists", &text) else { return };
        assert_eq!(listed, text);
    }
}

/// Not from the printed text: if ranges merge into one interval, nft lists it without braces.
#[test]
fn nft_lists_upstreams_source_ranges_as_they_are_printed() {
    for (ranges, wanted) in SOURCE_RANGES {
        let ip = if wanted.contains(':') { "ip6" } else { "ip" };
        let vip = wanted.contains("198.51.100.10").then_some("198.51.100.10");
        let given: Vec<&str> = ranges.iter().copied().chain(vip).collect();
        let rule = format!("{ip} saddr != {{ {} }} drop", given.join(", "));
        let text = format!("table {ip} t {{\n\tchain c {{\n\t\t{rule}\n\t}}\n}}\n");
        let Some(listed) = listed("what nft lists of source ranges", &text) else { return };
        assert!(listed.contains(&format!("saddr != {wanted} drop")), "{rule}: {listed}");
    }
}
