//! TestCleanStaleEntries (pkg/proxy/conntrack/cleanup_test.go), all 72 of its flows, and TestServiceWithoutEndpoints.

use std::net::SocketAddr;

use super::fixture::{CLIENT, EXTERNAL_IP, LB_IP, NODE_IP, Seen, config, endpoint, ip, port, service, slice};
use crate::api::{Endpoint, LoadBalancerIngress, ServiceType};
use crate::node::kube_proxy::clean_stale_entries;
use crate::sim::{Chance, Time};
use netfilter::Protocol::{self, Sctp, Tcp, Udp};
use netfilter::{Context, Family, Kind, Route, Rules, Skb, Stack, TcpFlags, Tuple};
use std::collections::BTreeSet;

const VIP: &str = "10.96.0.41";
const PORT: u16 = 8000;
const NODE_PORT: u16 = 32000;
const SERVES: &str = "10.244.1.4:9090";
/// The same address, and the port that it had before.
const OLD_PORT: &str = "10.244.1.4:8080";
const SERVES_NOT: &str = "10.244.1.5:9090";
const DELETED: &str = "10.244.2.6:9090";
/// The packets went through before there were rules.
const NOT_REWRITTEN: &str = "";

/// Where connections are called: the Service's port of three addresses, a port of them that no Service
/// has, and the NodePort, which only UDP and SCTP have now.
const CALLED: [(&str, u16); 7] = [
    (VIP, PORT),
    (LB_IP, PORT),
    (EXTERNAL_IP, PORT),
    (VIP, 3000),
    (LB_IP, 3000),
    (EXTERNAL_IP, 3000),
    (NODE_IP, NODE_PORT),
];

/// What sends answers; protocol; for each of `CALLED` whether the entry goes or stays (`-`: there is none).
const ENTRIES: &[(&str, Protocol, &str)] = &[
    (OLD_PORT, Udp, "goes goes goes - - - -"),
    (SERVES, Tcp, "stays stays stays stays stays stays stays"),
    (SERVES, Udp, "stays stays stays stays stays stays stays"),
    (SERVES, Sctp, "stays stays stays stays stays stays stays"),
    (SERVES_NOT, Tcp, "stays stays stays stays stays stays stays"),
    (SERVES_NOT, Udp, "goes goes goes stays stays stays goes"),
    (SERVES_NOT, Sctp, "stays stays stays stays stays stays stays"),
    (DELETED, Tcp, "stays stays stays stays stays stays stays"),
    (DELETED, Udp, "goes goes goes stays stays stays goes"),
    (DELETED, Sctp, "stays stays stays stays stays stays stays"),
    (NOT_REWRITTEN, Udp, "goes goes goes stays stays stays -"),
];

fn seen(slice_of: &str) -> Seen {
    let ports =
        [port("tcp", Tcp, PORT, 0), port("udp", Udp, PORT, NODE_PORT), port("sctp", Sctp, PORT, NODE_PORT)];
    let mut web = service("web", VIP, &ports);
    web.spec.type_ = ServiceType::LoadBalancer;
    web.spec.external_ips = vec![ip(EXTERNAL_IP)];
    web.ingress = vec![LoadBalancerIngress { ip: ip(LB_IP), proxy: false }];
    let [serves, serves_not] = [SERVES, SERVES_NOT].map(|at| endpoint(&socket(at).ip().to_string(), None));
    let serves_not = Endpoint { ready: false, serving: false, ..serves_not };
    let targets = [("tcp", Tcp, 9090), ("udp", Udp, 9090), ("sctp", Sctp, 9090)];
    Seen::default().with(web).slice(slice(slice_of, &targets, &[serves, serves_not]))
}

fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A Service that sends what is called at an address to one endpoint, so that conntrack has an entry of it.
fn before(called: (&str, u16), protocol: Protocol, answers: &str) -> Seen {
    if answers == NOT_REWRITTEN {
        return Seen::default();
    }
    let to = socket(answers);
    let mut old = service("old", "10.96.0.99", &[port("old", protocol, called.1, 0)]);
    old.spec.external_ips = vec![ip(called.0)];
    let target = endpoint(&to.ip().to_string(), None);
    Seen::default().with(old).slice(slice("old", &[("old", protocol, to.port())], &[target]))
}

/// A connection, known by its client's port, goes through the node.
fn open(stack: &mut Stack, src_port: u16, called: (&str, u16), protocol: Protocol, answers: &str) {
    let seen = before(called, protocol, answers);
    stack.set_rules(Rules::Iptables(seen.rules(&config()).into()));
    let tuple = Tuple { src: ip(CLIENT), src_port, dst: ip(called.0), dst_port: called.1, protocol };
    let kind = if protocol == Tcp { Kind::Tcp(TcpFlags::SYN) } else { Kind::Datagram };
    let flow = u64::from(src_port);
    let mut cx = Context { now: Time::ZERO, chance: Chance::new(1), flow, node: 1, trace: None };
    stack.receive(&mut Skb::new(tuple, kind), &mut cx, |_| Route::Out(ip(NODE_IP)));
    let (entry, _) = stack.conntrack.find(&tuple, Time::ZERO).expect("confirmed");
    let expected = if answers == NOT_REWRITTEN { (ip(called.0), called.1).into() } else { socket(answers) };
    assert_eq!(SocketAddr::new(entry.reply.src, entry.reply.src_port), expected);
}

/// The clients' ports of the entries that are there.
fn clients(stack: &Stack) -> BTreeSet<u16> {
    stack.conntrack.entries(Time::ZERO).map(|e| e.original.src_port).collect()
}

#[test]
fn stale_entries_go_and_all_others_stay() {
    let mut stack = Stack::new(config().node_ips, Family::V4);
    let mut fates = Vec::new();
    for &(answers, protocol, line) in ENTRIES {
        for (called, fate) in CALLED.into_iter().zip(line.split(' ')).filter(|(_, fate)| *fate != "-") {
            let client = 40_000 + fates.len() as u16;
            open(&mut stack, client, called, protocol, answers);
            fates.push((client, format!("{protocol:?} {called:?} to {answers:?}"), fate));
        }
    }
    assert_eq!(clients(&stack).len(), 72, "upstream's flows");
    let deleted = clean_stale_entries(&mut stack.conntrack, &seen("web").ports(&config()));
    let left = clients(&stack);
    for (client, name, fate) in &fates {
        assert_eq!(left.contains(client), *fate == "stays", "{name} {fate}");
    }
    assert_eq!(deleted, 14);
}

/// TestServiceWithoutEndpoints: the slice that is there is another Service's.
#[test]
fn a_service_without_endpoints_has_no_stale_entries() {
    let mut stack = Stack::new(config().node_ips, Family::V4);
    open(&mut stack, 40_000, (EXTERNAL_IP, PORT), Udp, SERVES);
    open(&mut stack, 40_001, (EXTERNAL_IP, PORT), Udp, DELETED);
    assert_eq!(clean_stale_entries(&mut stack.conntrack, &seen("nobody").ports(&config())), 0);
    assert_eq!(clients(&stack).len(), 2);
}
