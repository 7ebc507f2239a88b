//! The kernel's IPVS state: virtual servers, connections, and persistence templates.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::connection::{EXPIRE_LATER, IpvsConnection, Template, TemplateKey};
use super::server::{IpvsRules, RealServer, ServerKey, VirtualServerState};
use super::state::{IpvsState, Way};
use crate::conntrack::{Conntrack, Direction, Index, hash};
use crate::ipset::{SetEnds, SetId};
use crate::skb::{Chunk, Kind, Skb, TcpFlags};
use crate::{EventQueue, Span, Time, Tuple};
use litemap::LiteMap;

/// A node's IPVS: what `ipvsadm -Ln` and `ipvsadm -Lcn` show.
#[derive(Clone, Debug, Default)]
pub struct Ipvs {
    /// The rules loaded last: the wanted virtual servers, the dummy interface's addresses, the sets.
    pub(super) rules: Arc<IpvsRules>,
    pub(super) servers: LiteMap<ServerKey, Arc<VirtualServerState>>,
    pub(super) slots: Vec<Option<IpvsConnection>>,
    free: Vec<u32>,
    index: Index,
    templates: LiteMap<TemplateKey, Template>,
    next_template: u64,
    timers: EventQueue<Timer>,
}

#[derive(Clone, Copy, Debug)]
enum Timer {
    Connection(u32),
    Template(TemplateKey),
}

/// Why IPVS drops or rejects a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpvsDrop {
    /// No real server accepts it: ip_vs_leave replies with "port unreachable", for TCP too.
    NoDestination,
    /// The connection's real server does not exist any more: the connection is deleted and the packet dropped
    /// (`expire_nodest_conn=1`, if conntrack still has the connection).
    ServerGone,
}

/// What IPVS decides about an incoming packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Not for IPVS: it is not addressed to a virtual server, or it cannot begin a connection.
    No,
    /// To this real server. `chosen`: for a new connection, by the scheduler or by persistence.
    To {
        real_server: SocketAddr,
        chosen: bool,
    },
    Dropped(IpvsDrop),
}

/// What IPVS reads of an incoming packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival<'a> {
    pub tuple: &'a Tuple,
    pub kind: Kind,
    /// Conntrack has an entry for its connection already.
    pub confirmed: bool,
}

impl Ipvs {
    /// Whether there is no virtual server, and so no hooks.
    pub(super) fn is_off(&self) -> bool {
        self.servers.is_empty()
    }

    /// The addresses of the dummy interface, sorted.
    pub(crate) fn addresses(&self) -> &[IpAddr] {
        &self.rules.addresses
    }

    /// Whether the set has the part of the packet that `ends` names.
    pub(crate) fn is_in_set(&self, set: SetId, ends: SetEnds, skb: &Skb) -> bool {
        self.rules.set(set).is_some_and(|set| set.holds(ends, &skb.tuple, skb.protocol()))
    }

    /// The virtual servers, in the order of their keys.
    pub fn servers(&self) -> impl Iterator<Item = (&ServerKey, &VirtualServerState)> {
        self.servers.iter().map(|(key, state)| (key, &**state))
    }

    pub fn server(&self, key: &ServerKey) -> Option<&VirtualServerState> {
        self.servers.get(key).map(|state| &**state)
    }

    /// The connections that have not expired, in an order that is the same in every run.
    pub fn connections(&self, now: Time) -> impl Iterator<Item = &IpvsConnection> {
        self.slots.iter().flatten().filter(move |connection| connection.expires > now)
    }

    /// Runs the timers that fired until `now`. When a connection times out, its conntrack entry is deleted too
    /// (ip_vs_conn_expire, ip_vs_conn_drop_conntrack).
    pub(crate) fn expire(&mut self, now: Time, conntrack: &mut Conntrack) {
        while let Some((at, timer)) = self.timers.pop_until(now) {
            match timer {
                Timer::Connection(slot) => self.connection_timer(slot, at, conntrack),
                Timer::Template(key) => self.template_timer(key, at),
            }
        }
    }

    fn connection_timer(&mut self, slot: u32, at: Time, conntrack: &mut Conntrack) {
        let Some(connection) = self.slots[slot as usize].as_mut().filter(|c| c.timer == at) else { return };
        if connection.expires > at {
            connection.timer = connection.expires;
            self.timers.push(connection.expires, Timer::Connection(slot));
            return;
        }
        let request = connection.request;
        self.end(slot);
        conntrack.forget(&request);
    }

    fn template_timer(&mut self, key: TemplateKey, at: Time) {
        let Some(template) = self.templates.get_mut(&key).filter(|t| t.timer == at) else { return };
        if template.expires <= at && template.controlled == 0 {
            self.templates.remove(&key);
            return;
        }
        if template.expires <= at {
            template.timeout = EXPIRE_LATER;
            template.expires = at + EXPIRE_LATER;
        }
        template.timer = template.expires;
        self.timers.push(template.expires, Timer::Template(key));
    }

    /// ip_vs_in: the real server for a packet to a virtual server, by its connection or newly chosen.
    pub(super) fn take(&mut self, arrival: Arrival<'_>, now: Time, conntrack: &mut Conntrack) -> Taken {
        self.expire(now, conntrack);
        if let Some(slot) = self.find(arrival.tuple, Direction::Original) {
            match self.fate(slot, &arrival) {
                Fate::Goes => {
                    let real_server = self.advance(slot, Way::Input, arrival.kind, now);
                    return real_server
                        .map_or(Taken::No, |real_server| Taken::To { real_server, chosen: false });
                }
                Fate::Ends => {
                    self.end(slot);
                    if arrival.confirmed {
                        conntrack.forget(arrival.tuple);
                        return Taken::Dropped(IpvsDrop::ServerGone);
                    }
                }
            }
        }
        self.begin(&arrival, now)
    }

    /// Whether ip_vs_in still uses a connection that it found for a packet.
    fn fate(&self, slot: u32, arrival: &Arrival<'_>) -> Fate {
        let Some(connection) = &self.slots[slot as usize] else { return Fate::Ends };
        let server = self.servers.get(&connection.server());
        let Some(real_server) = server.and_then(|server| server.real_server(connection.real_server)) else {
            return Fate::Ends;
        };
        // is_new_conn_expected (`conn_reuse_mode=1`): the client reuses its port. Not for connections with a
        // persistence template.
        let over = connection.state.is_over() && connection.template.is_none();
        let again = opens(arrival.kind) && (real_server.weight == 0 || over);
        if again { Fate::Ends } else { Fate::Goes }
    }

    /// ip_vs_schedule: only a SYN begins a TCP connection (`sloppy_tcp=0`), and only an INIT an association
    /// (`sloppy_sctp=0`).
    fn begin(&mut self, arrival: &Arrival<'_>, now: Time) -> Taken {
        if matches!(arrival.kind, Kind::Tcp(_) | Kind::Sctp(_)) && !opens(arrival.kind) {
            return Taken::No;
        }
        let key = ServerKey::of(arrival.tuple);
        let Some(server) = self.servers.get(&key) else { return Taken::No };
        let chosen = match server.persistence_s {
            Some(seconds) => self.persistent(key, arrival.tuple, Span::from_secs(seconds.into()), now),
            None => self.schedule(&key, arrival.tuple).map(|real_server| (real_server, None)),
        };
        let Some((real_server, template)) = chosen else { return Taken::Dropped(IpvsDrop::NoDestination) };
        let slot = self.add_connection(arrival.tuple, real_server, template, now);
        self.advance(slot, Way::Input, arrival.kind, now);
        Taken::To { real_server, chosen: true }
    }

    fn schedule(&mut self, key: &ServerKey, tuple: &Tuple) -> Option<SocketAddr> {
        let server = Arc::make_mut(self.servers.get_mut(key)?);
        let at = server.schedule(tuple.src, tuple.dst)?;
        server.real_servers.get(at).map(|server| server.address)
    }

    /// ip_vs_sched_persist: by the client's template, if its server still accepts new connections
    /// (ip_vs_check_template, with `expire_quiescent_template=1`).
    fn persistent(
        &mut self,
        server: ServerKey,
        tuple: &Tuple,
        timeout: Span,
        now: Time,
    ) -> Option<(SocketAddr, Option<u64>)> {
        let key = TemplateKey { client: tuple.src, server };
        let known = self.templates.get(&key).map(|template| template.real_server);
        let able = |address| {
            let state = self.servers.get(&server)?;
            state.real_server(address).filter(|real_server| real_server.weight > 0)
        };
        if known.and_then(able).is_none() {
            let real_server = self.schedule(&server, tuple)?;
            self.next_template += 1;
            let id = self.next_template;
            let expires = now + timeout;
            let template = Template { id, real_server, expires, timer: expires, timeout, controlled: 0 };
            self.templates.insert(key, template);
            self.timers.push(expires, Timer::Template(key));
        }
        let template = self.templates.get_mut(&key)?;
        template.controlled += 1;
        template.expires = now + template.timeout;
        Some((template.real_server, Some(template.id)))
    }

    /// ip_vs_conn_new: counted as inactive until its state changes that.
    fn add_connection(
        &mut self,
        request: &Tuple,
        real_server: SocketAddr,
        template: Option<u64>,
        now: Time,
    ) -> u32 {
        let expires = now + IpvsState::None.timeout();
        let connection = IpvsConnection {
            request: *request,
            real_server,
            state: IpvsState::None,
            active: false,
            expires,
            timer: expires,
            template,
        };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        self.slots[slot as usize] = Some(connection);
        if self.index.has_room(slot) {
            self.enter(slot);
        } else {
            self.index.begin_anew(self.slots.len());
            (0..self.slots.len() as u32).for_each(|slot| self.enter(slot));
        }
        self.timers.push(expires, Timer::Connection(slot));
        self.count(&connection, |real_server| real_server.inactive += 1);
        slot
    }

    /// ip_vs_out: the virtual server of the connection that this packet is a reply of. The caller has run the timers.
    pub(super) fn answer(&mut self, tuple: &Tuple, kind: Kind, now: Time) -> Option<SocketAddr> {
        let slot = self.find(tuple, Direction::Reply)?;
        self.advance(slot, Way::Output, kind, now)?;
        self.request_of(slot)
    }

    /// The virtual server of a connection, found by a reply's tuple: for an ICMP error about a request.
    pub(super) fn virtual_server_behind(&self, answer: &Tuple) -> Option<SocketAddr> {
        self.request_of(self.find(answer, Direction::Reply)?)
    }

    /// The real server of a connection, found by a request's tuple: for an ICMP error about a reply.
    pub(super) fn real_server_behind(&self, request: &Tuple) -> Option<SocketAddr> {
        let slot = self.find(request, Direction::Original)?;
        self.slots[slot as usize].as_ref().map(|connection| connection.real_server)
    }

    /// The virtual server that a rewritten request was addressed to: for `-m ipvs`.
    pub(crate) fn server_behind(&self, request: &Tuple) -> Option<ServerKey> {
        let slot = self.find(&request.reversed(), Direction::Reply)?;
        self.slots[slot as usize].as_ref().map(IpvsConnection::server)
    }

    fn enter(&mut self, slot: u32) {
        let Some(connection) = self.slots[slot as usize] else { return };
        for (tuple, direction) in
            [(connection.request, Direction::Original), (connection.reply(), Direction::Reply)]
        {
            // Two connections from one client port to one real server by two virtual servers have the same reply
            // tuple. The kernel too may find either of them.
            self.index.enter(slot, hash(&tuple), direction);
        }
    }

    fn request_of(&self, slot: u32) -> Option<SocketAddr> {
        self.slots[slot as usize].as_ref().map(|connection| connection.server().socket())
    }

    fn find(&self, tuple: &Tuple, wanted: Direction) -> Option<u32> {
        let is_it = |slot: u32, direction| {
            let Some(connection) = self.slots.get(slot as usize).and_then(Option::as_ref) else {
                return false;
            };
            let own = match wanted {
                Direction::Original => connection.request,
                Direction::Reply => connection.reply(),
            };
            direction == wanted && own == *tuple
        };
        self.index.find(hash(tuple), is_it).map(|(slot, _)| slot)
    }

    /// ip_vs_set_state; restarts the timer (ip_vs_conn_put). Returns the real server.
    fn advance(&mut self, slot: u32, way: Way, kind: Kind, now: Time) -> Option<SocketAddr> {
        let connection = self.slots.get_mut(slot as usize)?.as_mut()?;
        connection.state = connection.state.after(way, kind);
        connection.expires = now + connection.state.timeout();
        if connection.expires < connection.timer {
            // The old timer is not removed: when it fires, it no longer matches `timer` and is ignored.
            connection.timer = connection.expires;
            self.timers.push(connection.expires, Timer::Connection(slot));
        }
        let was_active = std::mem::replace(&mut connection.active, connection.state.is_active());
        let connection = *connection;
        match (was_active, connection.active) {
            (false, true) => self.count(&connection, |server| {
                server.active += 1;
                server.inactive = server.inactive.saturating_sub(1);
            }),
            (true, false) => self.count(&connection, |server| {
                server.active = server.active.saturating_sub(1);
                server.inactive += 1;
            }),
            (false, false) | (true, true) => {}
        }
        Some(connection.real_server)
    }

    fn end(&mut self, slot: u32) {
        let Some(connection) = self.slots.get_mut(slot as usize).and_then(Option::take) else { return };
        self.index.remove(slot);
        self.free.push(slot);
        self.count(&connection, |server| match connection.active {
            true => server.active = server.active.saturating_sub(1),
            false => server.inactive = server.inactive.saturating_sub(1),
        });
        let key = TemplateKey { client: connection.request.src, server: connection.server() };
        if let Some(template) = self.templates.get_mut(&key).filter(|t| Some(t.id) == connection.template) {
            template.controlled = template.controlled.saturating_sub(1);
        }
    }

    /// Changes the connection counts of a connection's real server, if that exists.
    fn count(&mut self, connection: &IpvsConnection, change: impl FnOnce(&mut RealServer)) {
        let Some(server) = self.servers.get_mut(&connection.server()) else { return };
        if server.real_server(connection.real_server).is_some() {
            Arc::make_mut(server).real_server_mut(connection.real_server).map(change);
        }
    }
}

enum Fate {
    /// The packet goes where the connection goes.
    Goes,
    /// The connection is deleted; the packet may begin another one.
    Ends,
}

fn opens(kind: Kind) -> bool {
    match kind {
        // tcp_conn_schedule looks at SYN and RST only; is_new_conn at SYN. A SYN-ACK towards a virtual
        // server would be scheduled too, but conntrack calls it INVALID and nobody sends one.
        Kind::Tcp(flags) => flags.has(TcpFlags::SYN) && !flags.has(TcpFlags::RST),
        Kind::Sctp(chunk) => chunk == Chunk::Init,
        Kind::Datagram | Kind::Echo(_) | Kind::IcmpError(_) => false,
    }
}
