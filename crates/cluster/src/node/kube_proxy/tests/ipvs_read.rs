//! Reads what IPVS mode prints, each part as strictly as the command that it is for: `ip -batch`,
//! `ipset restore`, `iptables-restore`, `ipvsadm -R`.

use std::net::{IpAddr, SocketAddr};

use super::ipset_read::Sets;
use super::printed::{Host, Printed, Virtual};
use super::restore::Restore;
use crate::node::kube_proxy::ProxyConfig;
use netfilter::Protocol;

/// All that IPVS mode prints.
pub struct IpvsText {
    /// Those of kube-ipvs0.
    pub addresses: Vec<IpAddr>,
    tables: Restore,
    pub servers: Servers,
}

/// What `ipvsadm -R` reads.
#[derive(Default)]
pub struct Servers(Vec<Server>);

/// A virtual server.
pub struct Server {
    pub key: Virtual,
    pub scheduler: String,
    /// `-p`: a client stays with the real server that it got.
    pub is_persistent: bool,
    pub real: Vec<Real>,
}

pub struct Real {
    pub at: SocketAddr,
    pub weight: u16,
}

impl IpvsText {
    pub fn read(text: &str) -> IpvsText {
        let parts: Vec<(&str, &str)> = text
            .split("# ")
            .skip(1)
            .map(|part| part.split_once('\n').unwrap_or_else(|| panic!("a command's line ends: {part}")))
            .collect();
        let [("ip -batch -", ip), ("ipset restore", sets), (restore, tables), ("ipvsadm -R", servers)] =
            parts[..]
        else {
            panic!("the commands, in the order in which each has what it needs: {parts:?}")
        };
        let six = match restore {
            "iptables-restore --noflush" => false,
            "ip6tables-restore --noflush" => true,
            other => panic!("no such command: {other}"),
        };
        IpvsText {
            addresses: addresses(ip, six),
            tables: Restore::with_sets(Sets::read(sets, six), tables),
            servers: Servers::read(servers, six),
        }
    }

    pub fn host<'a>(&'a self, cfg: &'a ProxyConfig) -> Host<'a> {
        let rules: Vec<&dyn Printed> = vec![&self.tables, &self.servers];
        Host { cfg, dummy: &self.addresses, rules }
    }
}

/// As `ip -batch -` reads it: an interface that is there, no address twice.
fn addresses(text: &str, six: bool) -> Vec<IpAddr> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("link add kube-ipvs0 type dummy"));
    let mut addresses = Vec::new();
    for line in lines {
        let ["addr", "add", prefix, "dev", "kube-ipvs0"] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("no such line: {line}")
        };
        let (address, length) = prefix.split_once('/').unwrap_or_else(|| panic!("with its length: {line}"));
        // With a shorter one all of the prefix would be behind the interface, or be the node's own.
        assert_eq!(length, if six { "128" } else { "32" }, "{line}");
        let address: IpAddr = address.parse().unwrap_or_else(|_| panic!("an address: {line}"));
        assert_eq!(address.is_ipv6(), six, "{line}");
        assert!(!addresses.contains(&address), "added once: {line}");
        addresses.push(address);
    }
    addresses
}

impl Servers {
    fn read(text: &str, six: bool) -> Servers {
        let mut servers = Servers::default();
        for line in text.lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["-A", flag, at, "-s", scheduler, ref persistence @ ..] => {
                    let key = key(flag, at, six);
                    assert!(servers.get(&key).is_none(), "made once: {line}");
                    assert!(SCHEDULERS.contains(&scheduler), "no such scheduler: {line}");
                    let (scheduler, is_persistent) = (scheduler.to_owned(), persists(persistence));
                    servers.0.push(Server { key, scheduler, is_persistent, real: Vec::new() });
                }
                ["-a", flag, at, "-r", real, "-m", "-w", weight] => {
                    let key = key(flag, at, six);
                    let server = servers.0.iter_mut().find(|server| server.key == key);
                    let server = server.unwrap_or_else(|| panic!("made before: {line}"));
                    let real = Real { at: socket(real, six), weight: weight.parse().unwrap() };
                    assert!(server.real.iter().all(|other| other.at != real.at), "added once: {line}");
                    server.real.push(real);
                }
                _ => panic!("no such line: {line}"),
            }
        }
        servers
    }

    pub fn get(&self, key: &Virtual) -> Option<&Server> {
        self.0.iter().find(|server| server.key == *key)
    }
}

/// Those that kube-proxy may ask for, each a module of the kernel (net/netfilter/ipvs/ip_vs_*.c).
const SCHEDULERS: [&str; 8] = ["rr", "wrr", "lc", "wlc", "sh", "dh", "sed", "nq"];

/// `-p SECONDS`, of which ipvsadm takes 31 days at most.
fn persists(words: &[&str]) -> bool {
    let seconds: u32 = match words {
        [] => return false,
        ["-p", seconds] => seconds.parse().unwrap_or_else(|_| panic!("seconds: {words:?}")),
        _ => panic!("no such words: {words:?}"),
    };
    assert!((1..=31 * 24 * 60 * 60).contains(&seconds), "{words:?}");
    true
}

fn key(flag: &str, at: &str, six: bool) -> Virtual {
    let protocol = match flag {
        "-t" => Protocol::Tcp,
        "-u" => Protocol::Udp,
        "--sctp-service" => Protocol::Sctp,
        other => panic!("no protocol: {other}"),
    };
    Virtual { protocol, at: socket(at, six) }
}

fn socket(text: &str, six: bool) -> SocketAddr {
    let at: SocketAddr = text.parse().unwrap_or_else(|_| panic!("an address and a port: {text}"));
    assert!(at.port() != 0 && at.is_ipv6() == six, "{text}");
    at
}
