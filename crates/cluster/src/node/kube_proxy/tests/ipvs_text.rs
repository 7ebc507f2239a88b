//! What IPVS mode prints, for `ipset restore`, `iptables-restore` and `ipvsadm -R`.

use std::sync::Arc;

use super::fixture::{
    CLUSTER_IP, EXTERNAL_IP, LB_IP, NODE, NODE_IP, Seen, config, endpoint, http, http_slice, ip,
    load_balancer, port, service, slice,
};
use super::ipvs_flows::rules;
use crate::api::{ServiceType, TrafficPolicy};
use crate::node::kube_proxy::{ProxyConfig, rule_problems};
use netfilter::Protocol::{Tcp, Udp};
use netfilter::{Family, Rules, Scheduler};

fn one_of_each() -> Seen {
    let mut lb = load_balancer("web", CLUSTER_IP, 30080, &[LB_IP]);
    lb.spec.external_ips = vec![ip(EXTERNAL_IP)];
    lb.spec.external_traffic_policy = Some(TrafficPolicy::Local);
    lb.spec.health_check_node_port = 31000;
    lb.spec.load_balancer_source_ranges = vec!["203.0.113.0/25".parse().unwrap()];
    lb.spec.session_affinity = crate::api::SessionAffinity::ClientIP { timeout_s: 10_800 };
    let dns = service("dns", "10.96.0.10", &[port("dns", Udp, 53, 0), port("metrics", Tcp, 9153, 0)]);
    Seen::default()
        .with(lb)
        .with(dns)
        .slice(http_slice("web", &[endpoint("10.244.1.5", Some(NODE)), endpoint("10.244.2.6", None)]))
        .slice(slice("dns", &[("dns", Udp, 53), ("metrics", Tcp, 9153)], &[endpoint("10.244.2.9", None)]))
}

fn one_address() -> ProxyConfig {
    ProxyConfig { node_ips: vec![ip(NODE_IP)], ..config() }
}

#[test]
fn virtual_servers_as_ipvsadm_reads_them() {
    let text = rules(&one_of_each(), &one_address()).ipvsadm().to_string();
    let expected = "\
-A -u 10.96.0.10:53 -s rr
-a -u 10.96.0.10:53 -r 10.244.2.9:53 -m -w 1
-A -t 10.96.0.10:9153 -s rr
-a -t 10.96.0.10:9153 -r 10.244.2.9:9153 -m -w 1
-A -t 10.96.0.41:80 -s rr -p 10800
-a -t 10.96.0.41:80 -r 10.244.1.5:80 -m -w 1
-a -t 10.96.0.41:80 -r 10.244.2.6:80 -m -w 1
-A -t 192.168.50.11:30080 -s rr -p 10800
-a -t 192.168.50.11:30080 -r 10.244.1.5:80 -m -w 1
-A -t 198.51.100.10:80 -s rr -p 10800
-a -t 198.51.100.10:80 -r 10.244.1.5:80 -m -w 1
-A -t 198.51.100.20:80 -s rr -p 10800
-a -t 198.51.100.20:80 -r 10.244.1.5:80 -m -w 1
";
    assert_eq!(text, expected);
    for name in Scheduler::NAMES {
        let cfg = ProxyConfig { ipvs_scheduler: Scheduler::parse(name).unwrap(), ..one_address() };
        let text = rules(&one_of_each(), &cfg).ipvsadm().to_string();
        assert!(text.starts_with(&format!("-A -u 10.96.0.10:53 -s {name}\n")), "{text}");
    }
}

#[test]
fn members_of_sets() {
    let rules = rules(&one_of_each(), &one_address());
    let text = rules.ipset().to_string();
    let members: Vec<&str> = text.lines().filter(|line| line.starts_with("add ")).collect();
    let expected = [
        "add KUBE-LOOP-BACK 10.244.1.5,tcp:80,10.244.1.5",
        "add KUBE-CLUSTER-IP 10.96.0.10,tcp:9153",
        "add KUBE-CLUSTER-IP 10.96.0.10,udp:53",
        "add KUBE-CLUSTER-IP 10.96.0.41,tcp:80",
        "add KUBE-EXTERNAL-IP-LOCAL 198.51.100.20,tcp:80",
        "add KUBE-LOAD-BALANCER 198.51.100.10,tcp:80",
        "add KUBE-LOAD-BALANCER-FW 198.51.100.10,tcp:80",
        "add KUBE-LOAD-BALANCER-LOCAL 198.51.100.10,tcp:80",
        "add KUBE-LOAD-BALANCER-SOURCE-CIDR 198.51.100.10,tcp:80,203.0.113.0/25",
        "add KUBE-NODE-PORT-TCP 30080",
        "add KUBE-NODE-PORT-LOCAL-TCP 30080",
        "add KUBE-HEALTH-CHECK-NODE-PORT 31000",
        "add KUBE-IPVS-IPS 10.96.0.10",
        "add KUBE-IPVS-IPS 10.96.0.41",
        "add KUBE-IPVS-IPS 198.51.100.10",
        "add KUBE-IPVS-IPS 198.51.100.20",
    ];
    assert_eq!(members, expected);
    let out = "-A KUBE-IPVS-OUT-FILTER -s 198.51.100.10 -m ipvs --vaddr 198.51.100.10 --vproto tcp --vport 80 -j DROP";
    assert!(rules.tables.to_string().lines().any(|line| line == out), "{}", rules.tables);
}

/// iptables-restore would fail if a rule named a set that `ipset restore` does not create.
#[test]
fn every_set_that_a_rule_names_is_made() {
    for (family, seen) in [(Family::V4, one_of_each()), (Family::V6, Seen::default())] {
        let rules = rules(&seen, &ProxyConfig { family, cluster_cidr: None, ..config() });
        let sets = rules.ipset().to_string();
        let text = rules.tables.to_string();
        let named = text.lines().filter_map(|line| line.split("--match-set ").nth(1));
        let names: Vec<&str> = named.filter_map(|rest| rest.split(' ').next()).collect();
        assert!(names.len() >= 6);
        for name in names {
            assert!(sets.contains(&format!("create {name} ")), "{name} is made");
            assert!(name.len() <= 31, "{name} is short enough for the kernel");
            assert_eq!(name.starts_with("KUBE-6-"), family == Family::V6);
        }
    }
}

#[test]
fn jumps_lead_somewhere() {
    for seen in [Seen::default(), one_of_each()] {
        let rules = Rules::Ipvs(Arc::new(rules(&seen, &config())));
        assert_eq!(rule_problems(&rules), Vec::<String>::new());
    }
}

/// newBaseServiceInfo, since upstream's pull request 132722: `ipset` refuses a prefix of length 0.
#[test]
fn a_source_range_of_everybody_is_none() {
    let mut lb = load_balancer("web", CLUSTER_IP, 30080, &[LB_IP]);
    for (ranges, members) in [(&["203.0.113.0/25"][..], 1), (&["203.0.113.0/25", "0.0.0.0/0"], 0)] {
        lb.spec.load_balancer_source_ranges = ranges.iter().map(|range| range.parse().unwrap()).collect();
        let text = rules(&Seen::default().with(lb.clone()), &one_address()).to_string();
        assert_eq!(text.matches("add KUBE-LOAD-BALANCER-SOURCE-CIDR").count(), members, "{text}");
        assert_eq!(text.matches("add KUBE-LOAD-BALANCER-FW").count(), members, "{text}");
    }
}

#[test]
fn of_two_services_with_one_address_the_later_has_it() {
    let with_ip = |name, cluster_ip| {
        let mut service = service(name, cluster_ip, &[http(0)]);
        service.spec.type_ = ServiceType::ClusterIP;
        service.spec.external_ips = vec![ip(EXTERNAL_IP)];
        service
    };
    let seen = Seen::default().with(with_ip("a", "10.96.0.1")).with(with_ip("b", "10.96.0.2"));
    let text = rules(&seen, &one_address()).ipvsadm().to_string();
    assert_eq!(text.matches("198.51.100.20:80").count(), 1, "{text}");
}
