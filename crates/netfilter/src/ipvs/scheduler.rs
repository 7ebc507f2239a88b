//! How a virtual server chooses a real one for a new connection (net/netfilter/ipvs/ip_vs_*.c).

use std::net::IpAddr;

use serde::Serialize;

use super::server::{RealServer, VirtualServerState};

/// A scheduler, named as its kernel module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub enum Scheduler {
    /// Round robin.
    #[default]
    Rr,
    /// Weighted round robin: with weights of 1 and 0 only, the same.
    Wrr,
    /// Least connections.
    Lc,
    /// Weighted least connections: with weights of 1 and 0 only, the same.
    Wlc,
    /// Source hashing.
    Sh,
    /// Destination hashing: all clients of an address share one server.
    Dh,
    /// Shortest expected delay.
    Sed,
    /// Never queue.
    Nq,
}

/// In the order in which they are shown.
const ALL: [(Scheduler, &str); 8] = [
    (Scheduler::Rr, "rr"),
    (Scheduler::Wrr, "wrr"),
    (Scheduler::Lc, "lc"),
    (Scheduler::Wlc, "wlc"),
    (Scheduler::Sh, "sh"),
    (Scheduler::Dh, "dh"),
    (Scheduler::Sed, "sed"),
    (Scheduler::Nq, "nq"),
];

impl Scheduler {
    /// Their names, as `--ipvs-scheduler` takes them.
    pub const NAMES: [&'static str; 8] = ["rr", "wrr", "lc", "wlc", "sh", "dh", "sed", "nq"];

    pub fn parse(name: &str) -> Option<Scheduler> {
        ALL.iter().find(|(_, own)| *own == name).map(|(scheduler, _)| *scheduler)
    }

    pub fn as_str(self) -> &'static str {
        ALL.iter().find(|(own, _)| *own == self).map_or("rr", |(_, name)| name)
    }
}

/// IP_VS_SH_TAB_BITS and IP_VS_DH_TAB_BITS.
const TABLE_BITS: u32 = 8;

impl VirtualServerState {
    /// The index of the real server for a new connection; `None` if no server accepts one.
    pub(super) fn schedule(&mut self, source: IpAddr, destination: IpAddr) -> Option<usize> {
        match self.scheduler {
            Scheduler::Rr | Scheduler::Wrr => self.round_robin(),
            Scheduler::Lc | Scheduler::Wlc => {
                self.least(|server| (u64::from(server.active) << 8) + u64::from(server.inactive))
            }
            Scheduler::Sh => self.by_hash(source),
            Scheduler::Dh => self.by_hash(destination),
            Scheduler::Sed => self.least(|server| u64::from(server.active) + 1),
            Scheduler::Nq => {
                let idle = self.real_servers.iter().position(|s| s.weight > 0 && s.active == 0);
                idle.or_else(|| self.least(|server| u64::from(server.active) + 1))
            }
        }
    }

    /// ip_vs_rr_schedule: the next one after the last one chosen, wrapping around.
    fn round_robin(&mut self) -> Option<usize> {
        let count = self.real_servers.len();
        let first = self.last.map_or(0, |last| last as usize + 1);
        let found = (0..count).map(|step| (first + step) % count).find(|at| self.weighs(*at))?;
        self.last = u32::try_from(found).ok();
        Some(found)
    }

    /// ip_vs_lc_schedule, ip_vs_sed_schedule: the first of those with the least overhead.
    fn least(&self, overhead: impl Fn(&RealServer) -> u64) -> Option<usize> {
        let able = self.real_servers.iter().enumerate().filter(|(_, server)| server.weight > 0);
        able.min_by_key(|(_, server)| overhead(server)).map(|(at, _)| at)
    }

    /// ip_vs_sh_reassign fills 256 buckets with the real servers in turn, including those with weight 0. Without
    /// `sh-fallback`, a client whose bucket has a server with weight 0 is refused until that server is deleted.
    fn by_hash(&self, address: IpAddr) -> Option<usize> {
        let count = self.real_servers.len();
        let bucket = (folded(address).wrapping_mul(0x61c8_8647) >> (32 - TABLE_BITS)) as usize;
        let at = bucket.checked_rem(count)?;
        self.weighs(at).then_some(at)
    }

    fn weighs(&self, at: usize) -> bool {
        self.real_servers.get(at).is_some_and(|server| server.weight > 0)
    }
}

/// The input of `hash_32`: an IPv6 address is folded to 32 bits by exclusive or.
fn folded(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(a) => a.into(),
        IpAddr::V6(a) => {
            let bits = u128::from(a);
            (0..4).fold(0, |sum, word| sum ^ (bits >> (32 * word)) as u32)
        }
    }
}
