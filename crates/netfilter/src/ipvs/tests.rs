//! Schedulers, persistence, time-outs and graceful termination, on one virtual server.

use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;

use super::table::{Arrival, Taken};
use super::{Ipvs, IpvsDrop, IpvsState, Scheduler, ServerKey, VirtualServer};
use crate::conntrack::Conntrack;
use crate::{Kind, Owner, Protocol, Span, TcpFlags, Time, Tuple};

const VIP: &str = "10.96.0.41:80";

struct Lab {
    ipvs: Ipvs,
    conntrack: Conntrack,
    wanted: VirtualServer,
    now: Time,
}

fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn real(n: u8) -> SocketAddr {
    SocketAddr::new([10, 244, 1, n].into(), 8080)
}

impl Lab {
    fn new(protocol: Protocol, scheduler: Scheduler, persistence_s: Option<u32>, servers: &[u8]) -> Lab {
        let vip = socket(VIP);
        let wanted = VirtualServer {
            key: ServerKey { address: vip.ip(), port: vip.port(), protocol },
            scheduler,
            persistence_s,
            real_servers: [].into(),
            owner: Owner::new("web"),
        };
        let now = Time::ZERO;
        let mut lab = Lab { ipvs: Ipvs::default(), conntrack: Conntrack::default(), wanted, now };
        lab.sync(servers);
        lab
    }

    fn tcp(scheduler: Scheduler, servers: &[u8]) -> Lab {
        Lab::new(Protocol::Tcp, scheduler, None, servers)
    }

    fn sync(&mut self, servers: &[u8]) {
        self.wanted.real_servers = servers.iter().map(|n| real(*n)).collect();
        self.ipvs.expire(self.now, &mut self.conntrack);
        self.ipvs.sync(std::slice::from_ref(&self.wanted));
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now + Span::from_secs(seconds);
    }

    fn tuple(&self, client: [u8; 4], port: u16) -> Tuple {
        let vip = self.wanted.key;
        let (dst, dst_port) = (vip.address, vip.port);
        Tuple { src: client.into(), src_port: port, dst, dst_port, protocol: vip.protocol }
    }

    fn send(&mut self, client: [u8; 4], port: u16, flags: TcpFlags, confirmed: bool) -> Taken {
        let tuple = self.tuple(client, port);
        let tcp = self.wanted.key.protocol == Protocol::Tcp;
        let kind = if tcp { Kind::Tcp(flags) } else { Kind::Datagram };
        self.ipvs.take(Arrival { tuple: &tuple, kind, confirmed }, self.now, &mut self.conntrack)
    }

    /// Opens a connection. Returns the last number of its real server's address, or 0 if it is refused.
    fn open(&mut self, client: [u8; 4], port: u16) -> u8 {
        match self.send(client, port, TcpFlags::SYN, false) {
            Taken::To { real_server, chosen: true } => last(real_server.ip()),
            Taken::Dropped(IpvsDrop::NoDestination) => 0,
            other => panic!("a new connection is sent on or refused: {other:?}"),
        }
    }

    /// The answer of the real server that has the connection.
    fn answer(&mut self, client: [u8; 4], port: u16, flags: TcpFlags) {
        let request = self.tuple(client, port);
        let find = |c: &&super::IpvsConnection| c.request == request;
        let reply = self.ipvs.connections(self.now).find(find).expect("the connection is known").reply();
        let kind = Kind::Tcp(flags);
        assert_eq!(self.ipvs.answer(&reply, kind, self.now), Some(socket(VIP)));
    }

    fn state(&self, client: [u8; 4], port: u16) -> Option<IpvsState> {
        let request = self.tuple(client, port);
        self.ipvs.connections(self.now).find(|c| c.request == request).map(|c| c.state)
    }

    /// (last number, weight, active, inactive), in the kernel's order.
    fn servers(&self) -> Vec<(u8, u32, u32, u32)> {
        let state = self.ipvs.server(&self.wanted.key).expect("the virtual server is there");
        state.real_servers.iter().map(|s| (last(s.address.ip()), s.weight, s.active, s.inactive)).collect()
    }
}

fn last(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(ip) => ip.octets()[3],
        IpAddr::V6(ip) => ip.octets()[15],
    }
}

const CLIENT: [u8; 4] = [10, 244, 7, 2];

#[test]
fn round_robin_takes_turns_and_goes_on_when_servers_come_and_go() {
    for scheduler in [Scheduler::Rr, Scheduler::Wrr] {
        let mut lab = Lab::tcp(scheduler, &[1, 2, 3]);
        // What was added last stands first.
        let turns: Vec<u8> = (0..7).map(|port| lab.open(CLIENT, 1000 + port)).collect();
        assert_eq!(turns, [3, 2, 1, 3, 2, 1, 3], "{scheduler:?}");
        // 4 comes to the head; 3 was the last one chosen, and 2 is behind it.
        lab.sync(&[1, 2, 3, 4]);
        assert_eq!((lab.open(CLIENT, 2000), lab.open(CLIENT, 2001)), (2, 1));
        assert_eq!(lab.open(CLIENT, 2002), 4);
        // 3 stays with weight 0, for it has connections: it is passed over.
        lab.sync(&[1, 2, 4]);
        assert_eq!((lab.open(CLIENT, 2003), lab.open(CLIENT, 2004)), (2, 1));
    }
}

#[test]
fn least_connections_looks_at_the_open_ones_first() {
    for scheduler in [Scheduler::Lc, Scheduler::Wlc] {
        let mut lab = Lab::tcp(scheduler, &[1, 2]);
        assert_eq!((lab.open(CLIENT, 1), lab.open(CLIENT, 2)), (2, 1), "{scheduler:?}");
        // The first one closes: it is inactive, and weighs a 256th of an active one.
        lab.answer(CLIENT, 1, TcpFlags::SYN_ACK);
        lab.send(CLIENT, 1, TcpFlags::ACK, true);
        lab.answer(CLIENT, 1, TcpFlags::FIN_ACK);
        assert_eq!(lab.servers(), [(2, 1, 0, 1), (1, 1, 1, 0)]);
        assert_eq!(lab.open(CLIENT, 3), 2);
        // One active each, but 2 has an inactive one beside it.
        assert_eq!(lab.open(CLIENT, 4), 1);
    }
}

#[test]
fn expected_delay_and_never_queue_look_at_open_connections_only() {
    let mut lab = Lab::tcp(Scheduler::Sed, &[1, 2]);
    assert_eq!((lab.open(CLIENT, 1), lab.open(CLIENT, 2), lab.open(CLIENT, 3)), (2, 1, 2));
    let mut lab = Lab::tcp(Scheduler::Nq, &[1, 2, 3]);
    assert_eq!((lab.open(CLIENT, 1), lab.open(CLIENT, 2)), (3, 2));
    lab.sync(&[1, 2, 3, 4]);
    // 4 is idle and first; then 1 is the idle one.
    assert_eq!((lab.open(CLIENT, 3), lab.open(CLIENT, 4)), (4, 1));
}

/// ip_vs_sh_hashkey: hash_32 of the address, eight bits of it.
#[test]
fn source_hashing_binds_a_client_and_destination_hashing_an_address() {
    let mut lab = Lab::tcp(Scheduler::Sh, &[1, 2, 3]);
    let bucket = |client: [u8; 4]| (u32::from_be_bytes(client).wrapping_mul(0x61c8_8647) >> 24) % 3;
    let mut seen = std::collections::BTreeSet::new();
    for n in 1..40 {
        let client = [10, 244, 9, n];
        let server = lab.open(client, 1000);
        assert_eq!(u32::from(server), 3 - bucket(client), "client {n}");
        assert_eq!(lab.open(client, 1001), server, "client {n} again");
        seen.insert(server);
    }
    assert_eq!(seen.len(), 3);
    let mut lab = Lab::tcp(Scheduler::Dh, &[1, 2, 3]);
    let first = lab.open([10, 244, 9, 1], 1000);
    assert!((2..40).all(|n| lab.open([10, 244, 9, n], 1000) == first));
}

#[test]
fn a_client_hashed_to_a_server_of_weight_0_is_refused() {
    let mut lab = Lab::tcp(Scheduler::Sh, &[1, 2]);
    let server = lab.open(CLIENT, 1000);
    lab.sync(&[3 - server]);
    assert_eq!(lab.open(CLIENT, 1001), 0, "without sh-fallback");
    // When the last connection has timed out, the next look at the servers deletes it.
    lab.wait(61);
    lab.ipvs.expire(lab.now, &mut lab.conntrack);
    lab.ipvs.delete_terminated();
    assert_eq!(lab.open(CLIENT, 1002), 3 - server);
}

#[test]
fn without_a_real_server_a_client_is_refused_and_the_middle_of_nothing_passes() {
    let mut lab = Lab::tcp(Scheduler::Rr, &[]);
    assert_eq!(lab.open(CLIENT, 1000), 0);
    assert_eq!(lab.send(CLIENT, 1001, TcpFlags::ACK, false), Taken::No);
    assert_eq!(lab.send(CLIENT, 1001, TcpFlags::RST, false), Taken::No);
}

#[test]
fn an_open_connection_keeps_its_server_until_it_ends() {
    let mut lab = Lab::tcp(Scheduler::Rr, &[1, 2]);
    assert_eq!(lab.open(CLIENT, 1000), 2);
    lab.answer(CLIENT, 1000, TcpFlags::SYN_ACK);
    lab.send(CLIENT, 1000, TcpFlags::ACK, true);
    assert_eq!(lab.state(CLIENT, 1000), Some(IpvsState::Established));
    lab.sync(&[1]);
    assert_eq!(lab.servers(), [(2, 0, 1, 0), (1, 1, 0, 0)]);
    let goes_on = Taken::To { real_server: real(2), chosen: false };
    assert_eq!(lab.send(CLIENT, 1000, TcpFlags::ACK, true), goes_on);
    assert_eq!(lab.open(CLIENT, 1001), 1);
    // It closes, and its 60 s in CLOSE_WAIT pass; 1001 was never answered, and is forgotten too.
    lab.send(CLIENT, 1000, TcpFlags::FIN_ACK, true);
    assert_eq!(lab.state(CLIENT, 1000), Some(IpvsState::CloseWait));
    lab.wait(59);
    lab.ipvs.expire(lab.now, &mut lab.conntrack);
    lab.ipvs.delete_terminated();
    assert!(lab.ipvs.has_terminating());
    lab.wait(2);
    lab.ipvs.expire(lab.now, &mut lab.conntrack);
    lab.ipvs.delete_terminated();
    assert_eq!(lab.servers(), [(1, 1, 0, 0)]);
}

#[test]
fn a_server_that_comes_back_brings_its_connections() {
    let mut lab = Lab::tcp(Scheduler::Rr, &[1, 2]);
    assert_eq!(lab.open(CLIENT, 1000), 2);
    lab.sync(&[1]);
    lab.sync(&[1, 2]);
    assert_eq!(lab.servers(), [(2, 1, 1, 0), (1, 1, 0, 0)]);
}

#[test]
fn datagrams_lose_a_server_at_once_and_one_packet_with_it() {
    let mut lab = Lab::new(Protocol::Udp, Scheduler::Rr, None, &[1, 2]);
    assert_eq!(lab.open(CLIENT, 1000), 2);
    assert_eq!(lab.servers(), [(2, 1, 0, 1), (1, 1, 0, 0)]);
    lab.sync(&[1]);
    assert_eq!(lab.servers(), [(1, 1, 0, 0)]);
    // Conntrack still has the flow: the packet is dropped and the connection deleted.
    let lost = lab.send(CLIENT, 1000, TcpFlags::default(), true);
    assert_eq!(lost, Taken::Dropped(IpvsDrop::ServerGone));
    assert_eq!(lab.open(CLIENT, 1000), 1);
    // If conntrack's entry was deleted before, no packet is lost.
    lab.sync(&[3]);
    assert_eq!(lab.open(CLIENT, 1000), 3);
}

#[test]
fn persistence_is_by_client_and_is_renewed_by_each_connection() {
    let mut lab = Lab::new(Protocol::Tcp, Scheduler::Rr, Some(100), &[1, 2, 3]);
    let other = [10, 244, 7, 3];
    assert_eq!((lab.open(CLIENT, 1), lab.open(other, 1)), (3, 2));
    lab.wait(90);
    assert_eq!(lab.open(CLIENT, 2), 3);
    lab.wait(99);
    assert_eq!(lab.open(CLIENT, 3), 3, "the second connection renewed it");
    // Its last connection timed out long before the template does.
    lab.wait(101);
    assert_eq!(lab.open(CLIENT, 4), 1);
}

#[test]
fn persistence_outlives_its_time_while_a_connection_lives() {
    let mut lab = Lab::new(Protocol::Tcp, Scheduler::Rr, Some(10), &[1, 2, 3]);
    assert_eq!(lab.open(CLIENT, 1), 3);
    lab.answer(CLIENT, 1, TcpFlags::SYN_ACK);
    lab.send(CLIENT, 1, TcpFlags::ACK, true);
    lab.wait(500);
    assert_eq!(lab.open(CLIENT, 2), 3);
}

#[test]
fn persistence_ends_with_its_server() {
    let mut lab = Lab::new(Protocol::Tcp, Scheduler::Rr, Some(10_800), &[1, 2]);
    assert_eq!(lab.open(CLIENT, 1), 2);
    lab.sync(&[1]);
    assert_eq!(lab.servers()[0], (2, 0, 1, 0));
    assert_eq!(lab.open(CLIENT, 2), 1, "expire_quiescent_template");
    lab.sync(&[1, 2]);
    assert_eq!(lab.open(CLIENT, 3), 1, "and it stays with the new one");
}

#[test]
fn a_quiet_connection_is_forgotten_after_a_quarter_of_an_hour() {
    let mut lab = Lab::tcp(Scheduler::Rr, &[1]);
    lab.open(CLIENT, 1000);
    lab.answer(CLIENT, 1000, TcpFlags::SYN_ACK);
    lab.send(CLIENT, 1000, TcpFlags::ACK, true);
    lab.wait(899);
    assert_eq!(
        lab.send(CLIENT, 1000, TcpFlags::ACK, true),
        Taken::To { real_server: real(1), chosen: false }
    );
    lab.wait(900);
    assert_eq!(lab.send(CLIENT, 1000, TcpFlags::ACK, true), Taken::No);
    assert_eq!(lab.servers(), [(1, 1, 0, 0)]);
}

#[test]
fn a_port_that_comes_again_begins_anew_once_its_old_connection_is_over() {
    let mut lab = Lab::tcp(Scheduler::Rr, &[1, 2]);
    assert_eq!(lab.open(CLIENT, 1000), 2);
    lab.answer(CLIENT, 1000, TcpFlags::SYN_ACK);
    lab.send(CLIENT, 1000, TcpFlags::ACK, true);
    // The connection is still open: the SYN goes to the same server.
    let same = Taken::To { real_server: real(2), chosen: false };
    assert_eq!(lab.send(CLIENT, 1000, TcpFlags::SYN, true), same);
    lab.answer(CLIENT, 1000, TcpFlags::RST_ACK);
    assert_eq!(lab.state(CLIENT, 1000), Some(IpvsState::Close));
    assert_eq!(lab.open(CLIENT, 1000), 1);
}

/// What `tcp_states` says, for the packets that the laboratory sends.
#[test]
fn states_follow_the_kernels_table() {
    use TcpFlags as F;
    let refused: &[(bool, TcpFlags, IpvsState)] =
        &[(true, F::SYN, IpvsState::SynRecv), (false, F::RST_ACK, IpvsState::Close)];
    let served: &[(bool, TcpFlags, IpvsState)] = &[
        (true, F::SYN, IpvsState::SynRecv),
        (false, F::SYN_ACK, IpvsState::SynRecv),
        (true, F::ACK, IpvsState::Established),
        (false, F::FIN_ACK, IpvsState::FinWait),
        (true, F::FIN_ACK, IpvsState::TimeWait),
    ];
    let reset: &[(bool, TcpFlags, IpvsState)] = &[
        (true, F::SYN, IpvsState::SynRecv),
        (true, F::RST, IpvsState::SynRecv),
        (true, F::ACK, IpvsState::Established),
        (true, F::RST, IpvsState::Close),
    ];
    for steps in [refused, served, reset] {
        let mut lab = Lab::tcp(Scheduler::Rr, &[1]);
        for (input, flags, state) in steps {
            match input {
                true => drop(lab.send(CLIENT, 1000, *flags, true)),
                false => lab.answer(CLIENT, 1000, *flags),
            }
            assert_eq!(lab.state(CLIENT, 1000), Some(*state), "{flags:?} in {steps:?}");
        }
    }
}

/// Something that happens to a virtual server, by numbers that are folded onto what is there.
#[derive(Clone, Debug)]
enum Operation {
    Open(u8, u8),
    Answer(u8),
    Data(u8),
    Close(u8),
    Sync(u8),
    Wait(u16),
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        4 => any::<(u8, u8)>().prop_map(|(client, port)| Operation::Open(client % 5, port)),
        2 => any::<u8>().prop_map(Operation::Answer),
        2 => any::<u8>().prop_map(Operation::Data),
        1 => any::<u8>().prop_map(Operation::Close),
        1 => any::<u8>().prop_map(Operation::Sync),
        1 => (1..400u16).prop_map(Operation::Wait),
    ];
    proptest::collection::vec(operation, 1..120)
}

impl Lab {
    fn nth(&self, n: u8) -> Option<super::IpvsConnection> {
        let all: Vec<_> = self.ipvs.connections(self.now).copied().collect();
        (!all.is_empty()).then(|| all[usize::from(n) % all.len()])
    }

    fn forward(&mut self, connection: &super::IpvsConnection, flags: TcpFlags) {
        let (tuple, kind) = (connection.request, Kind::Tcp(flags));
        let arrival = Arrival { tuple: &tuple, kind, confirmed: true };
        let taken = self.ipvs.take(arrival, self.now, &mut self.conntrack);
        let there = self.servers_of(connection);
        let expected = match there {
            true => Taken::To { real_server: connection.real_server, chosen: false },
            false => Taken::Dropped(IpvsDrop::ServerGone),
        };
        assert_eq!(taken, expected, "a connection keeps its real server");
    }

    fn servers_of(&self, connection: &super::IpvsConnection) -> bool {
        let state = self.ipvs.server(&self.wanted.key).expect("the virtual server is there");
        state.real_server(connection.real_server).is_some()
    }

    fn check(&self) {
        let state = self.ipvs.server(&self.wanted.key).expect("the virtual server is there");
        for server in &state.real_servers {
            // Those that the timers have not looked at yet count too.
            let own = |c: &&super::IpvsConnection| c.real_server == server.address;
            let living: Vec<_> = self.ipvs.connections(self.now).filter(own).collect();
            let active = living.iter().filter(|c| c.active).count() as u32;
            assert_eq!((server.active, server.inactive), (active, living.len() as u32 - active));
            let wanted = self.wanted.real_servers.contains(&server.address);
            assert_eq!(server.weight, u32::from(wanted), "only those that are wanted take connections");
            assert!(wanted || server.active + server.inactive > 0 || self.ipvs.has_terminating());
        }
        let all_there = self.wanted.real_servers.iter().all(|a| state.real_server(*a).is_some());
        assert!(all_there, "all that are wanted are there");
    }
}

proptest! {
    #[test]
    fn connection_counts_stay_right_whatever_happens(
        n in 0..8usize,
        persistent in any::<bool>(),
        operations in operations(),
    ) {
        let scheduler = Scheduler::parse(Scheduler::NAMES[n]).expect("a name of its own");
        let persistence = persistent.then_some(300);
        let mut lab = Lab::new(Protocol::Tcp, scheduler, persistence, &[1, 2, 3]);
        for operation in operations {
            match operation {
                Operation::Open(client, port) => {
                    let known = lab.state([10, 244, 7, client], port.into()).is_some();
                    if !known {
                        let server = lab.open([10, 244, 7, client], port.into());
                        let wanted = lab.wanted.real_servers.contains(&real(server));
                        prop_assert!(wanted || server == 0, "a new connection goes to a wanted server");
                    }
                }
                Operation::Answer(n) => {
                    let Some(connection) = lab.nth(n) else { continue };
                    let kind = Kind::Tcp(TcpFlags::SYN_ACK);
                    prop_assert_eq!(lab.ipvs.answer(&connection.reply(), kind, lab.now), Some(socket(VIP)));
                }
                Operation::Data(n) => {
                    let Some(connection) = lab.nth(n) else { continue };
                    lab.forward(&connection, TcpFlags::ACK);
                }
                Operation::Close(n) => {
                    let Some(connection) = lab.nth(n) else { continue };
                    lab.forward(&connection, TcpFlags::FIN_ACK);
                }
                Operation::Sync(bits) => {
                    let servers: Vec<u8> = (1..=4).filter(|n| bits >> n & 1 == 1).collect();
                    lab.sync(&servers);
                }
                Operation::Wait(seconds) => {
                    lab.wait(seconds.into());
                    lab.ipvs.expire(lab.now, &mut lab.conntrack);
                    lab.ipvs.delete_terminated();
                }
            }
            lab.check();
        }
    }
}
