//! The lookup of a request's name, where the cluster's DNS is Pods: each question and its answer are UDP packets, which
//! meet rules and conntrack as all others do. For each name of the search list A and AAAA are asked for at once, from
//! one socket (glibc resolv/res_send.c, send_dg). CoreDNS takes no time, and has seen all that the API server has.

use std::net::IpAddr;

use super::ConnectionId;
use super::client::Caller;
use super::connection::SocketState;
use super::destination::Destination;
use crate::api::Uid;
use crate::dns::{DomainName, Lookup, Question, RecordType, ResolvConf, Response, Search, Shuffle, Step};
use crate::sim::{Chance, ConnectionTimer, Event, World};
use crate::trace::{Outcome, PacketKind, PacketVerdict, Place};
use netfilter::{Family, PerFamily, Protocol, Tuple};

/// Where every DNS listens.
const PORT: u16 = 53;
/// resolv.conf's `attempts`: RES_DFLRETRY.
const ATTEMPTS: u32 = 2;

/// What there is for A, and for AAAA.
const NOTHING: PerFamily<Option<Response>> = PerFamily::dual(Family::V4, None, None);

/// A lookup under way.
#[derive(Clone, Debug)]
pub(crate) struct PendingLookup {
    caller: Caller,
    /// The port to call when the address is known.
    port: u16,
    server: IpAddr,
    search: Search,
    /// How many names were asked for before.
    ordinal: u32,
    /// Counts from 1.
    attempt: u32,
    name: Option<DomainName>,
    /// Of the questions about this name.
    tuple: Tuple,
    /// What the server has sent.
    sent: PerFamily<Option<Response>>,
    /// What has arrived of it.
    arrived: PerFamily<Option<Response>>,
    /// All that was answered about earlier names.
    responses: Vec<Response>,
    /// A name was given up without an answer.
    unanswered: bool,
}

impl PendingLookup {
    /// Keys the random draws of rules for its packets, of which each name's are a flow of their own.
    pub fn flow(&self, of_request: u64) -> u64 {
        Chance::join(of_request, u64::from(self.tuple.src_port))
    }

    pub fn tuple(&self) -> Tuple {
        self.tuple
    }
}

fn record_type(family: Family) -> RecordType {
    match family {
        Family::V4 => RecordType::A,
        Family::V6 => RecordType::Aaaa,
    }
}

impl World {
    /// Begins to look a name up. The request waits for it.
    pub(super) fn begin_lookup(
        &mut self,
        connection: ConnectionId,
        caller: Caller,
        conf: ResolvConf,
        (host, port): (&str, u16),
    ) {
        // Without a way to it there is no answer.
        let way =
            conf.nameservers.first().and_then(|server| Some((*server, self.origin_for(&caller, *server)?)));
        let Some((server, origin)) = way else {
            self.end_connection(connection, Outcome::NoDns { lost: None });
            return;
        };
        let lookup = PendingLookup {
            caller,
            port,
            server,
            search: conf.search(host),
            ordinal: 0,
            attempt: 0,
            name: None,
            tuple: Tuple {
                src: origin.address,
                src_port: 0,
                dst: server,
                dst_port: PORT,
                protocol: Protocol::Udp,
            },
            sent: NOTHING,
            arrived: NOTHING,
            responses: Vec::new(),
            unanswered: false,
        };
        if let Some(live) = self.traffic.connections.get_mut(&connection) {
            live.lookup = Some(Box::new(lookup));
            live.state = SocketState::Resolving;
        }
        self.plan_give_up(connection, 1);
        self.ask_for_next_name(connection);
    }

    fn lookup_of(&mut self, connection: ConnectionId) -> Option<&mut PendingLookup> {
        self.traffic.connections.get_mut(&connection)?.lookup.as_deref_mut()
    }

    fn ask_for_next_name(&mut self, connection: ConnectionId) {
        let Some(lookup) = self.lookup_of(connection) else { return };
        let Some(name) = lookup.search.next() else {
            self.end_lookup(connection);
            return;
        };
        (lookup.name, lookup.attempt) = (Some(name), 1);
        lookup.ordinal += 1;
        (lookup.sent, lookup.arrived) = (NOTHING, NOTHING);
        self.open_dns_socket(connection);
        self.send_queries(connection);
    }

    /// Each name is asked for from a new socket, and again from another one after an error.
    fn open_dns_socket(&mut self, connection: ConnectionId) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let (Some(lookup), client) = (&live.lookup, live.record.client) else { return };
        let tuple = lookup.tuple;
        let Some(client) = self.traffic.clients.get_mut(&client) else { return };
        client.dns_sockets += 1;
        let ordinal = client.dns_sockets;
        let port = self.free_port_for(connection, tuple, ordinal);
        if let Some(lookup) = self.lookup_of(connection) {
            lookup.tuple.src_port = port;
        }
    }

    /// Asks for what has not been answered about the present name.
    fn send_queries(&mut self, connection: ConnectionId) {
        let Some(live) = self.traffic.connections.get(&connection) else { return };
        let (Some(lookup), source, request) = (&live.lookup, live.record.source, live.record.requests) else {
            return;
        };
        let (tuple, name, attempt) = (lookup.tuple, lookup.ordinal, lookup.attempt);
        let timer = ConnectionTimer::Lookup { name, attempt };
        self.schedule(
            self.clock.now() + self.timing.dns_timeout,
            Event::Connection { connection, request, timer },
        );
        for family in NOTHING.families() {
            // A node's own rules may have rejected the first one meanwhile.
            let still = self.lookup_of(connection).filter(|l| (l.ordinal, l.attempt) == (name, attempt));
            if still.is_some_and(|lookup| lookup.arrived.get(family) == Some(&None)) {
                self.send(connection, PacketKind::DnsQuery(family), source, tuple);
            }
        }
    }

    /// A question has come to a Pod.
    pub(super) fn dns_server_receives(
        &mut self,
        connection: ConnectionId,
        family: Family,
        pod: Uid,
        tuple: Tuple,
    ) -> PacketVerdict {
        if self.listener(pod, tuple.dst_port).is_none() {
            self.send(connection, PacketKind::PortUnreachable, Place::Pod(pod), tuple.reversed());
            return PacketVerdict::NothingListens;
        }
        let Some(live) = self.traffic.connections.get(&connection) else { return PacketVerdict::NotExpected };
        let (flow, name) = (live.flow, live.lookup.as_ref().and_then(|lookup| lookup.name.clone()));
        let Some(name) = name else { return PacketVerdict::Delivered };
        let question = Question { name, kind: record_type(family) };
        let response = self.dns_answer(question, Shuffle { subject: flow, ordinal: 0 });
        if let Some(sent) = self.lookup_of(connection).and_then(|lookup| lookup.sent.get_mut(family)) {
            *sent = Some(response);
        }
        self.send(connection, PacketKind::DnsAnswer(family), Place::Pod(pod), tuple.reversed());
        PacketVerdict::Delivered
    }

    /// An answer has come back to whoever asked.
    pub(super) fn resolver_receives(
        &mut self,
        connection: ConnectionId,
        family: Family,
        tuple: Tuple,
    ) -> PacketVerdict {
        let Some(lookup) = self.lookup_of(connection) else { return PacketVerdict::NotExpected };
        if tuple != lookup.tuple.reversed() {
            // To an earlier question; or nobody put the address back that was asked.
            return if tuple.src == lookup.server {
                PacketVerdict::NotExpected
            } else {
                PacketVerdict::NotRewritten
            };
        }
        let sent = lookup.sent.get_mut(family).and_then(Option::take);
        if let (Some(arrived), Some(response)) = (lookup.arrived.get_mut(family), sent) {
            *arrived = Some(response);
        }
        let arrived = lookup.arrived.values().cloned().collect::<Option<Vec<Response>>>();
        let Some(responses) = arrived else { return PacketVerdict::Delivered };
        let step = Step::after(&responses);
        lookup.responses.extend(responses);
        match step {
            Step::Answered => self.end_lookup(connection),
            Step::Nothing => self.ask_for_next_name(connection),
            Step::Failed => self.fail_name(connection),
        }
        PacketVerdict::Delivered
    }

    /// Nobody answered for a while.
    pub(super) fn lookup_timed_out(&mut self, connection: ConnectionId, name: u32, attempt: u32) {
        let is_it = |lookup: &&mut PendingLookup| (lookup.ordinal, lookup.attempt) == (name, attempt);
        let Some(lookup) = self.lookup_of(connection).filter(is_it) else { return };
        if attempt < ATTEMPTS {
            lookup.attempt += 1;
            self.send_queries(connection);
        } else {
            lookup.unanswered = true;
            self.fail_name(connection);
        }
    }

    /// ECONNREFUSED or EHOSTUNREACH: asked again at once, from a new socket (send_dg, err_out), and then no other name
    /// is tried (res_search returns).
    pub(super) fn lookup_refused(&mut self, connection: ConnectionId) {
        let Some(lookup) = self.lookup_of(connection) else { return };
        if lookup.attempt < ATTEMPTS {
            lookup.attempt += 1;
            lookup.arrived = NOTHING;
            self.open_dns_socket(connection);
            self.send_queries(connection);
        } else {
            self.fail_lookup(connection);
        }
    }

    fn fail_name(&mut self, connection: ConnectionId) {
        if let Some(lookup) = self.lookup_of(connection) {
            lookup.search.failed();
        }
        self.ask_for_next_name(connection);
    }

    /// All names that had to be asked for were.
    fn end_lookup(&mut self, connection: ConnectionId) {
        let Some(live) = self.traffic.connections.get_mut(&connection) else { return };
        let (client, Some(lookup)) = (live.record.client, live.lookup.take()) else { return };
        let PendingLookup { caller, port, responses, unanswered, .. } = *lookup;
        let found = self.addresses_in(&Lookup { responses });
        match found.and_then(|addresses| caller.preferred(addresses.into_iter())) {
            Some(address) => {
                if let Some(client) = self.traffic.clients.get(&client).cloned() {
                    self.keep_address(&client, &caller, address);
                }
                match self.origin_for(&caller, address) {
                    Some(origin) => {
                        self.connect(connection, origin, Destination { address, port, resolved: None });
                    }
                    None => self.end_connection(connection, Outcome::NetworkUnreachable),
                }
            }
            None if unanswered => self.fail_lookup(connection),
            None => self.end_connection(connection, Outcome::Unresolved),
        }
    }

    /// EAI_AGAIN.
    fn fail_lookup(&mut self, connection: ConnectionId) {
        let Some(live) = self.traffic.connections.get_mut(&connection) else { return };
        live.lookup = None;
        let lost = live.lost.map(|(verdict, _)| verdict);
        self.end_connection(connection, Outcome::NoDns { lost });
    }
}
