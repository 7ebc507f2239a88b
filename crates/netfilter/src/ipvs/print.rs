//! Virtual servers as `ipvsadm -R` reads them (`ipvsadm -Sn` prints the same), and how a trace
//! names them.

use std::fmt::{self, Display, Formatter, Write};
use std::net::SocketAddr;

use super::{Ipvs, IpvsRules, Scheduler, ServerKey, VirtualServer};
use crate::{ChainId, Family, RuleRef, TableName};

/// One line of `ipvsadm -R`: a virtual server, or one of its real servers.
pub(super) struct ServerLine<'a> {
    pub server: &'a VirtualServer,
    pub real: Option<SocketAddr>,
}

impl Display for ServerLine<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let VirtualServer { key, scheduler, persistence_s, .. } = self.server;
        match self.real {
            None => add_server(f, key, *scheduler, *persistence_s),
            Some(real) => add_real_server(f, key, real, 1),
        }
    }
}

/// The real servers with weight 0 that still have connections (GracefulDeleteRS).
pub(super) struct Terminating<'a>(pub &'a Ipvs);

impl Display for Terminating<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (key, state) in self.0.servers() {
            for server in state.real_servers.iter().filter(|server| server.weight == 0) {
                add_real_server(f, key, server.address, 0)?;
                f.write_char('\n')?;
            }
        }
        Ok(())
    }
}

fn add_real_server(f: &mut Formatter<'_>, key: &ServerKey, real: SocketAddr, weight: u32) -> fmt::Result {
    write!(f, "-a {key} -r {real} -m -w {weight}")
}

fn add_server(
    f: &mut Formatter<'_>,
    key: &ServerKey,
    scheduler: Scheduler,
    persistence_s: Option<u32>,
) -> fmt::Result {
    write!(f, "-A {key} -s {}", scheduler.as_str())?;
    persistence_s.map_or(Ok(()), |seconds| write!(f, " -p {seconds}"))
}

/// [`RuleRef`]s of [`TableName::Ipvs`]: the chain is the index of a virtual server; rule 0 is that server
/// itself, the others are its real servers.
impl IpvsRules {
    pub fn at(&self, key: &ServerKey, real: Option<SocketAddr>) -> Option<RuleRef> {
        let at = self.servers.binary_search_by(|server| server.key.cmp(key)).ok()?;
        let rule = match real {
            None => 0,
            Some(real) => 1 + self.servers[at].real_servers.iter().position(|address| *address == real)?,
        };
        let chain = ChainId::fixed(u32::try_from(at).ok()?);
        Some(RuleRef { table: TableName::Ipvs, chain, rule: u32::try_from(rule).ok()? })
    }

    /// The virtual server that a trace names.
    pub fn server_at(&self, at: RuleRef) -> Option<&VirtualServer> {
        let is_server = at.table == TableName::Ipvs;
        self.servers.get(at.chain.index()).filter(|_| is_server)
    }

    /// The real server that a trace names.
    pub fn real_server_at(&self, at: RuleRef) -> Option<SocketAddr> {
        self.server_at(at)?.real_servers.get((at.rule as usize).checked_sub(1)?).copied()
    }

    /// What `ipset restore` reads.
    pub fn ipset(&self) -> impl Display {
        Ipset(self)
    }

    /// What `ipvsadm -R` reads.
    pub fn ipvsadm(&self) -> impl Display {
        Ipvsadm(self)
    }

    /// What `ip -batch` reads. The dummy interface does not answer ARP; each address is added with a prefix that
    /// holds only itself (netlink_linux.go, EnsureAddressBind).
    pub fn ip(&self) -> impl Display {
        Ip(self)
    }
}

struct Ipset<'a>(&'a IpvsRules);
struct Ipvsadm<'a>(&'a IpvsRules);
struct Ip<'a>(&'a IpvsRules);

impl Display for Ipset<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.sets.iter().try_for_each(|set| write!(f, "{set}"))
    }
}

impl Display for Ipvsadm<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for server in &self.0.servers {
            writeln!(f, "{}", ServerLine { server, real: None })?;
            for real in server.real_servers.iter() {
                writeln!(f, "{}", ServerLine { server, real: Some(*real) })?;
            }
        }
        Ok(())
    }
}

impl Display for Ip<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let IpvsRules { interface, addresses, .. } = self.0;
        writeln!(f, "link add {interface} type dummy")?;
        for address in addresses {
            let length = if address.is_ipv4() { 32 } else { 128 };
            writeln!(f, "addr add {address}/{length} dev {interface}")?;
        }
        Ok(())
    }
}

/// All four parts, each under the command that reads it. The order matters, since rules name sets.
impl Display for IpvsRules {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let restore = if self.family() == Family::V4 { "iptables" } else { "ip6tables" };
        write!(f, "# ip -batch -\n{}", self.ip())?;
        write!(f, "# ipset restore\n{}", self.ipset())?;
        write!(f, "# {restore}-restore --noflush\n{}", self.tables)?;
        write!(f, "# ipvsadm -R\n{}", self.ipvsadm())
    }
}
