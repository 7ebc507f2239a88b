//! Checks the interpreters of IPVS mode themselves: if one thing in the text is changed, they must refuse to read
//! it or find a disagreement.

use std::panic::catch_unwind;

use super::disagreement::{Lie, altered, seen};
use super::fixture::{NODE, Seen, config, endpoint, http_slice, ip, load_balancer, port, service, slice};
use super::ipvs_read::IpvsText;
use super::ipvs_tracer::agreed;
use super::packets::{from_themselves, packets};
use crate::api::{ServiceType, TrafficPolicy};
use crate::node::kube_proxy::{ProxyConfig, ProxyMode};
use netfilter::Protocol::{Sctp, Udp};
use netfilter::{Rules, Tuple};

/// Services for every feature of the rules, including those that only IPVS mode treats differently.
fn all_seen() -> Seen {
    let protocols =
        |offset: u16| [port("udp", Udp, 80, 30100 + offset), port("sctp", Sctp, 80, 30200 + offset)];
    let mut far = service("far", "10.96.0.47", &protocols(0));
    far.spec.type_ = ServiceType::NodePort;
    far.spec.external_ips = vec![ip("198.51.100.7")];
    let mut near = service("near", "10.96.0.48", &protocols(1));
    near.spec.type_ = ServiceType::NodePort;
    near.spec.external_ips = vec![ip("198.51.100.8")];
    near.spec.external_traffic_policy = Some(TrafficPolicy::Local);
    let mut ours = load_balancer("ours", "10.96.0.49", 30009, &["198.51.100.9"]);
    ours.spec.load_balancer_source_ranges = vec!["192.168.50.0/24".parse().unwrap()];
    let here = [endpoint("10.244.0.8", Some(NODE))];
    let targets = [("udp", Udp, 53), ("sctp", Sctp, 54)];
    seen()
        .with(far)
        .with(near)
        .with(ours)
        .slice(slice("far", &targets, &here))
        .slice(slice("near", &targets, &here))
        .slice(http_slice("ours", &here))
}

/// A part of what is printed, by the command that reads it.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Part {
    Ip,
    Ipset,
    Iptables,
    Ipvsadm,
}

const PARTS: [Part; 4] = [Part::Ip, Part::Ipset, Part::Iptables, Part::Ipvsadm];

/// How an alteration comes to light.
#[derive(PartialEq, Debug)]
enum Noticed {
    /// The command does not take it.
    NotRead,
    Disagrees,
    Not,
}

/// The rules, and the packets to try them with.
struct Printed {
    cfg: ProxyConfig,
    rules: Rules,
    tuples: Vec<Tuple>,
}

impl Printed {
    fn new() -> Printed {
        let cfg = ProxyConfig { cni_masquerade_cidr: config().cluster_cidr, ..config() };
        let mut tuples = packets(&all_seen(), &cfg);
        tuples.extend(from_themselves(&tuples));
        let udp = tuples.iter().filter(|tuple| tuple.protocol == Udp);
        let sctp: Vec<Tuple> = udp.map(|tuple| Tuple { protocol: Sctp, ..*tuple }).collect();
        tuples.extend(sctp);
        Printed { rules: all_seen().rules_of(ProxyMode::Ipvs, &cfg), cfg, tuples }
    }

    /// The printed text in parts, each with its command.
    fn parts(&self) -> Vec<String> {
        self.rules.to_string().split("# ").skip(1).map(|part| format!("# {part}")).collect()
    }

    fn with(&self, part: Part, altered: &dyn Fn(&str) -> String) -> Noticed {
        let parts = PARTS.iter().zip(self.parts());
        let text: String =
            parts.map(|(own, text)| if *own == part { altered(&text) } else { text }).collect();
        assert_ne!(text, self.rules.to_string(), "nothing is altered");
        let Ok(text) = catch_unwind(|| IpvsText::read(&text)) else { return Noticed::NotRead };
        let agrees = |tuple: &Tuple| agreed(&text, &self.cfg, &self.rules, tuple).is_ok();
        if self.tuples.iter().all(agrees) { Noticed::Not } else { Noticed::Disagrees }
    }
}

/// Makes each change of a part by itself.
fn check(part: Part, not_read: &[Lie], disagree: &[Lie]) {
    let printed = Printed::new();
    let expected = [(Noticed::NotRead, not_read), (Noticed::Disagrees, disagree)];
    for (expected, lies) in expected {
        for lie in lies {
            assert_eq!(printed.with(part, &|text| altered(text, *lie)), expected, "{lie:?}");
        }
    }
}

#[test]
fn a_wrong_text_of_addresses_is_detected() {
    let not_read: &[Lie] = &[
        ("link add kube-ipvs0 type dummy", None),
        ("# ip -batch -", None),
        ("type dummy", Some("type bridge")),
        ("link add", Some("link set")),
        ("addr add", Some("addr del")),
        ("dev kube-ipvs0", Some("dev eth0")),
        (" dev kube-ipvs0", Some("")),
        ("/32", Some("/24")),
        ("/32", Some("")),
        ("10.96.0.41/32", Some("10.96.0.42/32")),
        ("10.96.0.41/32", Some("fd00::1/128")),
        ("10.96.0.41/32", Some("10.96.0.400/32")),
    ];
    let disagree: &[Lie] = &[
        ("10.96.0.41/32", None),
        ("10.96.0.46/32", None),
        ("198.51.100.7/32", None),
        ("addr add 198.51.100", None),
        ("10.96.0.41/32", Some("10.96.0.40/32")),
        ("198.51.100.5/32", Some("198.51.100.55/32")),
        ("10.96.0.41/32", Some("203.0.113.7/32")),
    ];
    check(Part::Ip, not_read, disagree);
}

#[test]
fn a_wrong_text_of_sets_is_detected() {
    let not_read: &[Lie] = &[
        ("create KUBE-LOOP-BACK", None),
        ("# ipset restore", None),
        ("create KUBE-IPVS-IPS hash:ip ", Some("create KUBE-IPVS-IPS hash:mac ")),
        ("create KUBE-IPVS-IPS hash:ip ", Some("create KUBE-IPVS-IPS hash:ip,port ")),
        ("create KUBE-IPVS-IPS", Some("create KUBE-CLUSTER-IP")),
        ("KUBE-LOAD-BALANCER-SOURCE-CIDR", Some("KUBE-LOAD-BALANCER-SOURCE-PREFIXES")),
        ("family inet", Some("family inet6")),
        ("hashsize 1024", Some("hashsize 0")),
        (" maxelem 65536", Some("")),
        ("range 0-65535", Some("family inet")),
        ("10.96.0.41,tcp:80", Some("10.96.0.42,tcp:80")),
        ("10.96.0.41,tcp:80", Some("10.96.0.41,tcp:0")),
        ("10.96.0.41,tcp:80", Some("10.96.0.41,icmp:80")),
        ("10.96.0.41,tcp:80", Some("10.96.0.41,80")),
        ("10.96.0.41,tcp:80", Some("10.96.0.41")),
        ("10.96.0.41,tcp:80", Some("fd00::1,tcp:80")),
        ("203.0.113.0/25", Some("0.0.0.0/0")),
        ("203.0.113.0/25", Some("203.0.113.0/33")),
        ("add ", Some("del ")),
    ];
    let disagree: &[Lie] = &[
        ("add KUBE-LOOP-BACK", None),
        ("tcp:80,10.244.0.1", Some("tcp:80,10.244.0.9")),
        ("udp:53,10.244.0.8", Some("udp:80,10.244.0.8")),
        ("add KUBE-CLUSTER-IP 10.96.0.41,tcp", Some("add KUBE-CLUSTER-IP 10.96.0.41,udp")),
        ("add KUBE-CLUSTER-IP 10.96.0.41,tcp:80", Some("add KUBE-CLUSTER-IP 10.96.0.41,tcp:81")),
        ("add KUBE-CLUSTER-IP 10.96.0.46", None),
        ("add KUBE-EXTERNAL-IP 198.51.100.7", None),
        ("add KUBE-EXTERNAL-IP-LOCAL 198.51.100.8", Some("add KUBE-EXTERNAL-IP 198.51.100.8")),
        ("add KUBE-LOAD-BALANCER 198.51.100.3", None),
        ("add KUBE-LOAD-BALANCER-LOCAL", None),
        ("add KUBE-LOAD-BALANCER-FW 198.51.100.5", None),
        ("203.0.113.0/25", Some("203.0.113.0/24")),
        ("192.168.50.0/24", Some("192.168.50.0/32")),
        ("add KUBE-NODE-PORT-TCP 30005", None),
        ("add KUBE-NODE-PORT-LOCAL-TCP", None),
        ("add KUBE-NODE-PORT-UDP 30100", Some("add KUBE-NODE-PORT-UDP 30102")),
        ("add KUBE-NODE-PORT-LOCAL-UDP", None),
        ("add KUBE-NODE-PORT-SCTP-HASH 192.168.51.11", None),
        ("192.168.50.11,sctp:30200", Some("192.168.50.11,udp:30200")),
        ("add KUBE-HEALTH-CHECK-NODE-PORT", None),
        ("31000", Some("31001")),
        ("add KUBE-IPVS-IPS 10.96.0.41", None),
        ("add KUBE-IPVS-IPS 198.51.100.9", None),
    ];
    check(Part::Ipset, not_read, disagree);
}

#[test]
fn a_wrong_text_of_rules_of_ipvs_mode_is_detected() {
    let not_read: &[Lie] = &[
        ("iptables-restore", Some("ip6tables-restore")),
        ("--match-set KUBE-CLUSTER-IP", Some("--match-set KUBE-CLUSTER-IPS")),
        ("KUBE-CLUSTER-IP dst,dst", Some("KUBE-CLUSTER-IP dst")),
        ("KUBE-LOOP-BACK dst,dst,src", Some("KUBE-LOOP-BACK dst,src")),
        ("KUBE-IPVS-IPS dst", Some("KUBE-IPVS-IPS dst,dst")),
        ("KUBE-IPVS-IPS dst", Some("KUBE-IPVS-IPS there")),
        ("-m set ", Some("")),
        ("-m physdev ", Some("")),
        ("--physdev-is-in", Some("--physdev-is-bridged")),
        ("-m ipvs ", Some("")),
        ("--vport 80", Some("--vport")),
        ("--vaddr", Some("! --vaddr")),
        ("-m addrtype ", Some("")),
        (":KUBE-LOAD-BALANCER", None),
        ("COMMIT", None),
    ];
    let disagree: &[Lie] = &[
        ("--match-set KUBE-LOOP-BACK", None),
        ("KUBE-LOOP-BACK dst,dst,src", Some("KUBE-LOOP-BACK dst,dst,dst")),
        ("KUBE-LOOP-BACK dst,dst,src", Some("KUBE-LOOP-BACK src,dst,src")),
        ("KUBE-CLUSTER-IP dst,dst", Some("KUBE-CLUSTER-IP src,dst")),
        ("KUBE-CLUSTER-IP dst,dst", Some("KUBE-CLUSTER-IP dst,src")),
        ("KUBE-IPVS-IPS dst", Some("KUBE-IPVS-IPS src")),
        ("--match-set KUBE-LOAD-BALANCER dst,dst -j KUBE-LOAD-BALANCER", None),
        ("-m set --match-set KUBE-EXTERNAL-IP dst", Some("-m set ! --match-set KUBE-EXTERNAL-IP dst")),
        ("KUBE-LOAD-BALANCER-SOURCE-CIDR dst,dst,src", Some("KUBE-LOAD-BALANCER-SOURCE-CIDR dst,dst,dst")),
        ("KUBE-LOAD-BALANCER-LOCAL dst", Some("KUBE-LOAD-BALANCER dst")),
        ("-j REJECT", Some("-j DROP")),
        ("-j DROP", Some("-j RETURN")),
        ("--ctstate NEW", Some("--ctstate ESTABLISHED")),
        ("! -s 10.244.0.0/16", Some("-s 10.244.0.0/16")),
        ("-s 127.0.0.0/8", None),
        ("-p tcp", Some("-p udp")),
        ("-m ipvs --vaddr 198.51.100.5", Some("-m ipvs --vaddr 198.51.100.6")),
        ("--vproto tcp", Some("--vproto udp")),
        ("--vport 80", Some("--vport 81")),
        ("-A KUBE-IPVS-OUT-FILTER -s 198.51.100.5", Some("-A KUBE-IPVS-OUT-FILTER -s 198.51.100.6")),
        ("-A OUTPUT -m comment --comment \"kubernetes ipvs access filter\"", None),
        ("-A INPUT -m comment --comment \"kubernetes ipvs access filter\"", None),
        ("-A INPUT -m comment --comment \"kube-proxy firewall rules\"", None),
        ("-A PREROUTING", None),
        ("-A KUBE-SERVICES -m addrtype --dst-type LOCAL", None),
        ("--or-mark 0x00004000", Some("--or-mark 0x00008000")),
        ("! --mark", Some("--mark")),
        ("-A CNI-MASQ", None),
        (":INPUT ACCEPT", Some(":INPUT DROP")),
        (":OUTPUT ACCEPT", Some(":OUTPUT DROP")),
    ];
    check(Part::Iptables, not_read, disagree);
}

#[test]
fn a_wrong_text_of_virtual_servers_is_detected() {
    let not_read: &[Lie] = &[
        ("# ipvsadm -R", None),
        ("-A -t 10.96.0.41:80", None),
        ("-A -t 10.96.0.42:80", Some("-A -t 10.96.0.41:80")),
        ("-A -t 10.96.0.41:80", Some("-A -t 10.96.0.41")),
        ("-A -t 10.96.0.41:80", Some("-A -f 10.96.0.41:80")),
        ("-s rr", Some("-s random")),
        (" -s rr", Some("")),
        ("-p 10800", Some("-p 0")),
        ("-p 10800", Some("-p 2678401")),
        (" -m ", Some(" -g ")),
        (" -m ", Some(" ")),
        ("-w 1", Some("-w 65536")),
        (" -w 1", Some("")),
        ("-r 10.244.0.2:80", Some("-r 10.244.0.1:80")),
        ("-r 10.244.0.2:80", Some("-r 10.244.0.2")),
        ("-r 10.244.0.2:80", Some("-r [fd00::1]:80")),
        ("-a ", Some("-e ")),
    ];
    let disagree: &[Lie] = &[
        ("10.96.0.41:80", None),
        ("-A -t 10.96.0.46:80", None),
        ("10.96.0.41:80", Some("10.96.0.41:81")),
        ("-t 10.96.0.41:80", Some("-u 10.96.0.41:80")),
        ("--sctp-service 10.96.0.47:80", Some("-t 10.96.0.47:80")),
        ("-r 10.244.0.1:80", None),
        ("-r 10.244.0.1:80", Some("-r 10.244.0.1:81")),
        ("-r 10.244.0.4:80", Some("-r 10.244.0.9:80")),
        ("-r 10.244.0.1:80 -m -w 1", Some("-r 10.244.0.1:80 -m -w 0")),
        ("-w 1", Some("-w 0")),
        (" -p 10800", Some("")),
        ("-A -t 10.96.0.41:80 -s rr", Some("-A -t 10.96.0.41:80 -s rr -p 60")),
        ("-A -t 10.96.0.41:80 -s rr", Some("-A -t 10.96.0.41:80 -s sh")),
        ("-A -t 10.96.0.41:80 -s rr", Some("-A -t 10.96.0.41:80 -s dh")),
        ("192.168.51.11:30002", None),
        ("-a -t 198.51.100.2:80 -r 10.244.0.3", Some("-a -t 198.51.100.2:80 -r 10.244.0.4")),
        ("192.168.50.11:30005", Some("192.168.50.11:30006")),
        ("-r 10.244.0.8:54", Some("-r 10.244.0.8:53")),
        ("-r 10.244.0.1:80", Some("-r 192.168.50.11:80")),
    ];
    check(Part::Ipvsadm, not_read, disagree);
}

/// Lines that do not matter for a connection's first packet: a part of the line, and why.
const NEEDLESS: [(&str, &str); 12] = [
    ("add KUBE-NODE-PORT-TCP 30002", LOCAL_FIRST),
    ("add KUBE-NODE-PORT-TCP 30003", LOCAL_FIRST),
    ("add KUBE-NODE-PORT-UDP 30101", LOCAL_FIRST),
    ("add KUBE-NODE-PORT-SCTP-HASH 192.168.50.11,sctp:30201", LOCAL_FIRST),
    ("add KUBE-NODE-PORT-SCTP-HASH 192.168.51.11,sctp:30201", LOCAL_FIRST),
    ("KUBE-LOAD-BALANCER-SOURCE-IP", "what a node sends to a load balancer's address IPVS has at OUTPUT"),
    ("-A FORWARD", NOT_FORWARDED),
    ("-A KUBE-FORWARD", NOT_FORWARDED),
    ("! --src-type LOCAL -j ACCEPT", NOTHING_BEHIND),
    ("dst,dst -m addrtype --dst-type LOCAL -j ACCEPT", NOTHING_BEHIND),
    ("-A KUBE-SERVICES -m set", NOTHING_BEHIND),
    ("--xor-mark", "no packet comes to POSTROUTING twice"),
];

const LOCAL_FIRST: &str = "KUBE-NODE-PORT asks the set of policy Local first";
const NOT_FORWARDED: &str = "what IPVS sends on does not pass FORWARD, whose policy is ACCEPT";
const NOTHING_BEHIND: &str = "no rule behind it would have more to say";

fn is_needless(line: &str) -> bool {
    NEEDLESS.iter().any(|(part, _)| line.contains(part))
}

fn without(text: &str, is_gone: impl Fn(usize, &str) -> bool) -> String {
    let others = text.lines().enumerate().filter(|(at, line)| !is_gone(*at, line));
    others.map(|(_, line)| format!("{line}\n")).collect()
}

#[test]
fn each_missing_line_is_detected() {
    let printed = Printed::new();
    for (part, text) in PARTS.into_iter().zip(printed.parts()) {
        // A missing set or chain is noticed where a rule names it.
        let is_made = |line: &str| line.starts_with(':') || line.starts_with("create ");
        let lines = text.lines().enumerate();
        for (gone, line) in lines.filter(|(_, line)| !is_made(line) && !is_needless(line)) {
            let noticed = printed.with(part, &|text| without(text, |at, _| at == gone));
            assert_ne!(noticed, Noticed::Not, "{line}");
        }
    }
}

#[test]
fn only_needless_lines_may_be_missing() {
    let printed = Printed::new();
    for (needless, why) in NEEDLESS {
        assert!(printed.parts().iter().any(|text| text.contains(needless)), "{needless}: {why}");
    }
    // Lines that create sets stay, although no rule names these sets any more.
    let is_gone = |line: &str| is_needless(line) && !line.starts_with("create ");
    for part in [Part::Ipset, Part::Iptables] {
        assert_eq!(
            printed.with(part, &|text| without(text, |_, line| is_gone(line))),
            Noticed::Not,
            "{part:?}"
        );
    }
}
