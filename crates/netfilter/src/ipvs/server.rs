//! Virtual servers and their real servers.

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::Scheduler;
use crate::{Family, IpSet, Owner, Protocol, RuleSet, SetId, Str, Tuple};

/// What identifies a virtual server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerKey {
    pub address: IpAddr,
    pub port: u16,
    pub protocol: Protocol,
}

impl ServerKey {
    /// The key of the virtual server that a packet is addressed to, whether it exists or not.
    pub fn of(tuple: &Tuple) -> ServerKey {
        ServerKey { address: tuple.dst, port: tuple.dst_port, protocol: tuple.protocol }
    }

    pub fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }
}

/// As `ipvsadm` names it: `-t 10.96.0.1:443`.
impl Display for ServerKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let flag = match self.protocol {
            Protocol::Tcp => "-t",
            Protocol::Udp => "-u",
            Protocol::Sctp => "--sctp-service",
            Protocol::Icmp => unreachable!("a virtual server has a port"),
        };
        write!(f, "{flag} {}", self.socket())
    }
}

/// A virtual server as whoever configures IPVS wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualServer {
    pub key: ServerKey,
    pub scheduler: Scheduler,
    /// Persistence (`-p`): for how many seconds a client stays with its server.
    pub persistence_s: Option<u32>,
    /// Each with weight 1, in the order in which they are added.
    pub real_servers: Arc<[SocketAddr]>,
    pub owner: Owner,
}

impl VirtualServer {
    /// Whether the other one, of the same key, is equal.
    pub(super) fn is_kept_as(&self, other: &VirtualServer) -> bool {
        Arc::ptr_eq(&self.real_servers, &other.real_servers)
            && self.owner.is_same(&other.owner)
            && (self.scheduler, self.persistence_s) == (other.scheduler, other.persistence_s)
    }
}

/// Everything that load balancing by IPVS needs on a machine, for one family: the virtual servers, and the
/// interface, sets and iptables rules that they need.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct IpvsRules {
    /// What `iptables-restore` is given.
    pub tables: Arc<RuleSet>,
    /// The ipsets that its iptables rules match.
    pub sets: Vec<IpSet>,
    /// The name of the dummy interface that makes the virtual servers' addresses local.
    pub interface: Str,
    /// The addresses of that interface, sorted.
    pub addresses: Vec<IpAddr>,
    /// Sorted by key.
    pub servers: Vec<VirtualServer>,
}

impl IpvsRules {
    pub fn family(&self) -> Family {
        self.tables.family
    }

    pub fn server(&self, key: &ServerKey) -> Option<&VirtualServer> {
        let at = self.servers.binary_search_by(|server| server.key.cmp(key)).ok()?;
        self.servers.get(at)
    }

    pub fn set(&self, id: SetId) -> Option<&IpSet> {
        self.sets.get(id.0 as usize)
    }

    /// Is the address one of the dummy interface's?
    pub fn binds(&self, address: IpAddr) -> bool {
        self.addresses.binary_search(&address).is_ok()
    }
}

/// A virtual server as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualServerState {
    pub scheduler: Scheduler,
    pub persistence_s: Option<u32>,
    /// The last one added comes first (ip_vs_add_dest, `list_add_rcu`).
    pub real_servers: Vec<RealServer>,
    /// Round robin's position.
    pub(super) last: Option<u32>,
    pub(super) owner: Owner,
}

/// A real server of one virtual server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RealServer {
    pub address: SocketAddr,
    /// 0: it keeps its connections and gets no new ones.
    pub weight: u32,
    /// ActiveConn: TCP connections that are open or opening.
    pub active: u32,
    /// InActConn: all other connections, for example UDP's.
    pub inactive: u32,
}

impl VirtualServerState {
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    pub(super) fn new(wanted: &VirtualServer) -> VirtualServerState {
        VirtualServerState {
            scheduler: wanted.scheduler,
            persistence_s: wanted.persistence_s,
            real_servers: Vec::new(),
            last: None,
            owner: wanted.owner.clone(),
        }
    }

    pub fn real_server(&self, address: SocketAddr) -> Option<&RealServer> {
        self.real_servers.iter().find(|server| server.address == address)
    }

    pub(super) fn real_server_mut(&mut self, address: SocketAddr) -> Option<&mut RealServer> {
        self.real_servers.iter_mut().find(|server| server.address == address)
    }

    /// ip_vs_add_dest: at the head of the list.
    pub(super) fn add(&mut self, server: RealServer) {
        self.real_servers.insert(0, server);
        self.last = self.last.map(|last| last + 1);
    }

    /// ip_vs_del_dest. If it was round robin's position, the server before it becomes that (ip_vs_rr_del_dest).
    pub(super) fn remove(&mut self, address: SocketAddr) {
        let Some(at) = self.real_servers.iter().position(|server| server.address == address) else { return };
        self.real_servers.remove(at);
        self.last = match self.last {
            Some(last) if last as usize >= at => last.checked_sub(1),
            last => last,
        };
    }
}

/// A sync's changes to one virtual server.
impl VirtualServerState {
    /// Whether nothing has to change.
    pub(super) fn is_as(&self, wanted: &VirtualServer) -> bool {
        let settings = (self.scheduler, self.persistence_s) == (wanted.scheduler, wanted.persistence_s);
        let able = |address: &SocketAddr| self.real_server(*address).is_some_and(|s| s.weight == 1);
        let is_wanted =
            |server: &RealServer| server.weight == 0 || wanted.real_servers.contains(&server.address);
        settings
            && self.owner == wanted.owner
            && wanted.real_servers.iter().all(able)
            && self.real_servers.iter().all(is_wanted)
    }

    /// syncService and syncEndpoint. `servers` are the wanted ones, with their connections.
    pub(super) fn change(&mut self, wanted: &VirtualServer, servers: &[RealServer]) {
        if self.scheduler != wanted.scheduler {
            // ip_vs_edit_service binds the new scheduler, which starts at the head of the list.
            self.scheduler = wanted.scheduler;
            self.last = None;
        }
        self.persistence_s = wanted.persistence_s;
        self.owner = wanted.owner.clone();
        for server in servers {
            let known = self.real_server(server.address);
            if known.is_none_or(|known| known.weight == 0) {
                // MoveRSOutofGracefulDeleteList deletes the terminating server; then it is added again.
                self.remove(server.address);
                self.add(*server);
            }
        }
        let is_wanted = |s: &RealServer| wanted.real_servers.contains(&s.address);
        // GracefulDeleteRS: UDP servers are deleted at once, others when they have no connections.
        let udp = wanted.key.protocol == Protocol::Udp;
        self.remove_where(|s| !is_wanted(s) && (udp || s.active + s.inactive == 0));
        for server in self.real_servers.iter_mut().filter(|s| !is_wanted(s)) {
            server.weight = 0;
        }
    }

    pub(super) fn remove_where(&mut self, doomed: impl Fn(&RealServer) -> bool) {
        let gone: Vec<SocketAddr> =
            self.real_servers.iter().filter(|s| doomed(s)).map(|s| s.address).collect();
        gone.into_iter().for_each(|address| self.remove(address));
    }
}
