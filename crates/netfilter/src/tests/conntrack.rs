//! Conntrack's entries, their time-outs, and packets that match no entry.

use super::router::{INSIDE, ROUTER, ROUTER_PORT, Router, VIP, ip, rules, tuple};
use crate::{
    Ct, Hook, Kind, Loss, Protocol, Skb, Span, TcpFlags, TcpState, Time, Timeouts, Traversal, Tuple, Verdict,
};

const A: &str = "10.244.1.5";
const B: &str = "10.244.2.6";
const CLIENT: &str = "203.0.113.7";

fn after(seconds: u64) -> Time {
    Time::ZERO + Span::from_secs(seconds)
}

#[test]
fn an_answer_is_rewritten_back_and_the_table_reads_as_conntrack_prints_it() {
    let mut router = Router::new(&[A]);
    let sent = router.open(tuple(INSIDE, 40_000, VIP, 80));
    assert_eq!(sent, tuple(INSIDE, 40_000, A, 8080));
    assert_eq!(
        router.lines(),
        ["tcp      6 432000 ESTABLISHED src=10.244.7.2 dst=10.96.0.41 sport=40000 dport=80 \
          src=10.244.1.5 dst=10.244.7.2 sport=8080 dport=40000 [ASSURED] mark=0 use=1"]
    );
    let entry = *router.stack.conntrack.entries(router.now).next().unwrap();
    assert!(entry.is_dnat() && !entry.is_snat());
}

#[test]
fn an_open_connection_keeps_its_server_and_a_new_one_follows_the_new_rules() {
    let mut router = Router::new(&[A]);
    let sent = router.open(tuple(INSIDE, 40_000, VIP, 80));
    router.set_rules(rules(&[B]));
    assert_eq!(router.tcp(tuple(INSIDE, 40_000, VIP, 80), TcpFlags::ACK).1, sent);
    assert_eq!(router.tcp(tuple(INSIDE, 40_001, VIP, 80), TcpFlags::SYN).1.dst, ip(B));
    // A retransmitted SYN does not count as a first packet either.
    assert_eq!(router.tcp(tuple(INSIDE, 40_001, VIP, 80), TcpFlags::SYN).1.dst, ip(B));
    router.set_rules(rules(&[A]));
    assert_eq!(router.tcp(tuple(INSIDE, 40_001, VIP, 80), TcpFlags::SYN).1.dst, ip(B));
}

#[test]
fn a_rejected_packet_leaves_no_entry() {
    let mut router = Router::new(&[]);
    let (traversal, _) = router.tcp(tuple(INSIDE, 40_000, VIP, 80), TcpFlags::SYN);
    assert!(matches!(traversal, Traversal::Stopped(Hook::Forward, Verdict::Reject(..))), "{traversal:?}");
    assert!(router.lines().is_empty());
    router.set_rules(rules(&[A]));
    assert_eq!(router.tcp(tuple(INSIDE, 40_000, VIP, 80), TcpFlags::SYN).1.dst, ip(A));
}

#[test]
fn after_an_entry_expires_the_rules_decide_again() {
    let mut router = Router::new(&[A]);
    router.tcp(tuple(INSIDE, 40_000, VIP, 80), TcpFlags::SYN);
    router.set_rules(rules(&[B]));
    router.now = after(119);
    assert_eq!(router.tcp(tuple(INSIDE, 40_000, VIP, 80), TcpFlags::SYN).1.dst, ip(A));
    // A retransmitted SYN does not restart the time-out (nf_conntrack_tcp_packet).
    router.now = after(120);
    assert!(router.lines().is_empty());
    assert_eq!(router.tcp(tuple(INSIDE, 40_000, VIP, 80), TcpFlags::SYN).1.dst, ip(B));
}

#[test]
fn a_connection_closes_through_fin_wait_to_time_wait() {
    let mut router = Router::new(&[A]);
    let there = tuple(INSIDE, 40_000, VIP, 80);
    let back = router.open(there).reversed();
    let mut states = Vec::new();
    for (packet, flags) in
        [(there, TcpFlags::FIN_ACK), (back, TcpFlags::ACK), (back, TcpFlags::FIN_ACK), (there, TcpFlags::ACK)]
    {
        router.tcp(packet, flags);
        states.push(router.stack.conntrack.entries(router.now).next().unwrap().tcp);
    }
    use TcpState::{CloseWait, FinWait, LastAck, TimeWait};
    assert_eq!(states, [FinWait, CloseWait, LastAck, TimeWait]);
    // The client may use the port again at once: a new connection, a new choice.
    router.set_rules(rules(&[B]));
    assert_eq!(router.tcp(there, TcpFlags::SYN).1.dst, ip(B));
    assert_eq!(router.stack.conntrack.entries(router.now).count(), 1);
}

#[test]
fn a_reset_closes_and_as_first_reply_deletes_the_entry() {
    let mut router = Router::new(&[A]);
    let there = tuple(INSIDE, 40_000, VIP, 80);
    let (_, sent) = router.tcp(there, TcpFlags::SYN);
    let (traversal, refused) = router.tcp(sent.reversed(), TcpFlags::RST_ACK);
    assert_eq!((traversal, refused), (Traversal::Out, there.reversed()));
    assert!(router.lines().is_empty());
    let back = router.open(there).reversed();
    router.tcp(back, TcpFlags::RST);
    assert_eq!(router.stack.conntrack.entries(router.now).next().unwrap().tcp, TcpState::Close);
    router.now = after(11);
    assert!(router.lines().is_empty());
}

#[test]
fn a_packet_in_mid_stream_begins_a_connection_of_its_own() {
    let mut router = Router::new(&[A]);
    // nf_conntrack_tcp_loose: it is NEW, so the nat table sends it to an endpoint.
    let (traversal, sent) = router.tcp(tuple(INSIDE, 40_000, VIP, 80), TcpFlags::ACK);
    assert_eq!((traversal, sent.dst), (Traversal::Out, ip(A)));
    let entry = *router.stack.conntrack.entries(router.now).next().unwrap();
    assert_eq!((entry.tcp, entry.expires), (TcpState::Established, after(300)));
}

#[test]
fn unacknowledged_data_has_its_own_timeout() {
    let mut router = Router::new(&[A]);
    let there = tuple(INSIDE, 40_000, VIP, 80);
    let back = router.open(there).reversed();
    let expires = |router: &Router| router.stack.conntrack.entries(router.now).next().unwrap().expires;
    let established = 5 * 24 * 3600;
    assert_eq!(expires(&router), after(established));
    router.tcp(there, TcpFlags::PSH_ACK);
    assert_eq!(expires(&router), after(300));
    router.now = after(10);
    router.tcp(there, TcpFlags::PSH_ACK);
    assert_eq!(expires(&router), after(310));
    router.tcp(back, TcpFlags::PSH_ACK);
    assert_eq!(expires(&router), after(10 + established));
}

#[test]
fn an_answer_that_comes_by_another_router_is_not_rewritten() {
    let mut router = Router::new(&[A]);
    // Data: accepted as the middle of a connection that the server opened.
    let answer = tuple(A, 8080, INSIDE, 40_000);
    assert_eq!(router.tcp(answer, TcpFlags::ACK), (Traversal::Out, answer));
    // A SYN-ACK belongs to nothing, and is INVALID: a rule drops it.
    let answer = tuple(A, 8080, INSIDE, 40_001);
    let (traversal, _) = router.tcp(answer, TcpFlags::SYN_ACK);
    assert!(matches!(traversal, Traversal::Stopped(Hook::Forward, Verdict::Drop(_))), "{traversal:?}");
    let mut liberal = rules(&[A]);
    liberal.filter.flush(liberal.filter.find("FORWARD").unwrap());
    let mut router = Router::new(&[A]);
    router.set_rules(liberal);
    assert_eq!(router.tcp(answer, TcpFlags::SYN_ACK), (Traversal::Out, answer));
    assert!(router.lines().is_empty());
}

#[test]
fn masquerading_picks_ports_apart_and_answers_find_back() {
    let mut router = Router::new(&[A]);
    for client in 0..200 {
        router.flow = client;
        let there = tuple(CLIENT, 40_000 + client as u16, ROUTER, ROUTER_PORT);
        let sent = router.open(there);
        assert_eq!((sent.src, sent.dst), (ip(ROUTER), ip(A)));
    }
    let entries = router.stack.conntrack.entries(router.now);
    let mut ports: Vec<u16> = entries.map(|e| e.reply.dst_port).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 200);
    assert!(ports[0] >= 1024);
}

#[test]
fn one_source_port_to_one_server_by_two_ways_gets_another_port() {
    let mut router = Router::new(&[A]);
    // Straight to the server, and through the virtual address: what the server sees would be equal.
    let straight = router.open(tuple(INSIDE, 40_000, A, 8080));
    let through = router.open(tuple(INSIDE, 40_000, VIP, 80));
    assert_eq!(straight.src_port, 40_000);
    assert_ne!(through.src_port, 40_000);
    assert_eq!((through.src, through.dst), (ip(INSIDE), ip(A)));
}

#[test]
fn an_icmp_error_finds_the_way_back_to_who_sent_the_packet() {
    let mut router = Router::new(&[A]);
    // DNAT: the server's port is closed.
    let there = Tuple { protocol: Protocol::Udp, ..tuple(INSIDE, 40_000, VIP, 80) };
    let (_, sent) = router.pass(Skb::datagram(there));
    let (traversal, error) = router.error(&sent.tuple, A);
    assert_eq!(traversal, Traversal::Out);
    assert_eq!((error.tuple.src, error.tuple.dst), (ip(VIP), ip(INSIDE)));
    let Kind::IcmpError(inside) = error.kind else { panic!("{error:?}") };
    assert_eq!(inside.inner, there);
    // DNAT and SNAT: a router on the way gave up.
    let there = tuple(CLIENT, 40_000, ROUTER, ROUTER_PORT);
    let (_, sent) = router.tcp(there, TcpFlags::SYN);
    let (_, error) = router.error(&sent, "192.168.50.1");
    assert_eq!((error.tuple.src, error.tuple.dst), (ip(ROUTER), ip(CLIENT)));
    let Kind::IcmpError(inside) = error.kind else { panic!("{error:?}") };
    assert_eq!(inside.inner, there);
    // About a packet of no connection that this router knows.
    let (traversal, error) = router.error(&tuple(INSIDE, 1, B, 2), B);
    assert!(matches!(traversal, Traversal::Stopped(Hook::Forward, Verdict::Drop(_))));
    assert_eq!(error.ct, Ct::Invalid);
}

#[test]
fn udp_is_forgotten_after_30_seconds_and_a_stream_after_120() {
    let mut router = Router::new(&[A]);
    let there = Tuple { protocol: Protocol::Udp, ..tuple(INSIDE, 40_000, VIP, 80) };
    let (_, sent) = router.pass(Skb::datagram(there));
    router.now = after(29);
    assert_eq!(router.lines().len(), 1);
    let (_, answer) = router.pass(Skb::datagram(sent.tuple.reversed()));
    assert_eq!(answer.tuple, there.reversed());
    let expires = |router: &Router| router.stack.conntrack.entries(router.now).next().unwrap().expires;
    assert_eq!(expires(&router), after(29 + 30));
    router.pass(Skb::datagram(there));
    assert_eq!(expires(&router), after(29 + 120));
    router.now = after(29 + 120);
    assert!(router.lines().is_empty());
}

#[test]
fn a_full_table_drops_unanswered_connections_first_and_then_packets() {
    let mut router = Router::new(&[A]);
    router.stack.conntrack.max = 4;
    for port in 0..3 {
        router.open(tuple(INSIDE, 40_000 + port, VIP, 80));
    }
    router.tcp(tuple(INSIDE, 50_000, VIP, 80), TcpFlags::SYN);
    let (traversal, _) = router.tcp(tuple(INSIDE, 50_001, VIP, 80), TcpFlags::SYN);
    assert_eq!(traversal, Traversal::Out);
    assert_eq!(router.stack.conntrack.len(), 4);
    router.stack.conntrack.delete(|e| !e.assured);
    router.open(tuple(INSIDE, 50_002, VIP, 80));
    let (traversal, _) = router.tcp(tuple(INSIDE, 50_003, VIP, 80), TcpFlags::SYN);
    assert_eq!(traversal, Traversal::Stopped(Hook::Postrouting, Verdict::Lost(Loss::TableFull)));
}

#[test]
fn expired_entries_make_room_without_a_sweep() {
    let mut router = Router::new(&[A]);
    for second in 0..2_000 {
        router.now = after(second);
        router.tcp(tuple(INSIDE, 1024 + second as u16, VIP, 80), TcpFlags::SYN);
    }
    // 120 live at any time.
    assert_eq!(router.lines().len(), 120);
    assert!(router.stack.conntrack.len() < 400, "{}", router.stack.conntrack.len());
}

#[test]
fn timeouts_stretch_with_a_slow_network() {
    let slow = Timeouts::default().scaled(50);
    assert_eq!(slow.udp, Span::from_secs(1500));
    assert_eq!(slow.established, Span::from_secs(50 * 432_000));
}
