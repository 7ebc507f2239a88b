//! A laboratory: a namespace for each node, each Pod, the wire between the nodes, and the outside.
//!
//! ```text
//! outside (203.0.113.7, .200) --+
//! node-0 (192.168.50.11) -------+-- the segment, a bridge in a namespace of its own
//! node-1 (192.168.50.12) -------+
//!   cni0 (10.244.1.1), a bridge on each node
//!     pod-1-0 (10.244.1.2), pod-1-1, ...
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use netfilter::Family;

use crate::netns::{Netns, Outcome};
use crate::plan::{self, NODES, PODS, Place, TCP_PORTS};
use crate::rules;
use crate::server::{self, Server, Sightings};

const FAMILIES: [Family; 2] = [Family::V4, Family::V6];
/// How long a node waits for each of three answers before it says that nobody has an address.
const NEIGHBOUR_WAIT_MS: &str = "100";

/// A packet on a wire without length has arrived by then, on a busy machine too.
const IN_FLIGHT: Duration = Duration::from_millis(30);

pub struct Testbed {
    nodes: Vec<Netns>,
    /// By node, then by number.
    pods: Vec<Vec<Netns>>,
    outside: Netns,
    /// Held, for it is the wire.
    _segment: Netns,
    pub sightings: Arc<Sightings>,
    /// What listens in each place, on its address of each family.
    servers: Mutex<BTreeMap<Place, Vec<Server>>>,
}

impl Testbed {
    pub fn build() -> Outcome<Testbed> {
        let many = |count: u8| (0..count).map(|_| Netns::new()).collect::<Outcome<Vec<Netns>>>();
        let testbed = Testbed {
            nodes: many(NODES)?,
            pods: (0..NODES).map(|_| many(PODS)).collect::<Outcome<_>>()?,
            outside: Netns::new()?,
            _segment: Netns::new()?,
            sightings: Arc::default(),
            servers: Mutex::default(),
        };
        testbed.defaults()?;
        testbed.set_up_segment()?;
        for node in 0..NODES {
            testbed.set_up_node(node)?;
        }
        testbed.set_up_outside()?;
        testbed.start_servers()?;
        Ok(testbed)
    }

    pub fn node(&self, node: u8) -> &Netns {
        &self.nodes[usize::from(node)]
    }

    pub fn at(&self, place: Place) -> &Netns {
        match place {
            Place::Pod(node, pod) => &self.pods[usize::from(node)][usize::from(pod)],
            Place::Node(node) => self.node(node),
            Place::Outside => &self.outside,
        }
    }

    fn all(&self) -> impl Iterator<Item = &Netns> {
        self.nodes.iter().chain(self.pods.iter().flatten()).chain([&self.outside, &self._segment])
    }

    /// Before there is any interface, so that each one starts with them.
    fn defaults(&self) -> Outcome {
        let everywhere = [
            // Every refusal is to be heard: by default a second one within a second may be swallowed.
            ("ipv4/icmp_ratemask", "0"),
            ("ipv6/icmp/ratelimit", "0"),
            ("ipv4/tcp_synack_retries", "1"),
            // Below the ports that the clients are given (`case::Ports`).
            ("ipv4/ip_local_port_range", "20000 29999"),
            ("ipv6/conf/default/accept_dad", "0"),
            ("ipv6/conf/all/accept_dad", "0"),
            ("ipv6/conf/default/accept_ra", "0"),
            ("ipv4/conf/all/accept_redirects", "0"),
            ("ipv4/conf/default/accept_redirects", "0"),
            ("ipv6/conf/all/accept_redirects", "0"),
            ("ipv6/conf/default/accept_redirects", "0"),
        ];
        let on_nodes = [
            ("ipv4/ip_forward", "1"),
            ("ipv6/conf/all/forwarding", "1"),
            ("ipv6/conf/default/forwarding", "1"),
            ("ipv4/conf/all/send_redirects", "0"),
            ("ipv4/conf/default/send_redirects", "0"),
            // As systemd has it: loose.
            ("ipv4/conf/all/rp_filter", "2"),
            ("ipv4/conf/default/rp_filter", "2"),
            // kube-proxy sets it for NodePorts on 127.0.0.1 (iptables/proxier.go, NewProxier).
            ("ipv4/conf/all/route_localnet", "1"),
            // What is bridged between two Pods of a node meets the rules too.
            ("bridge/bridge-nf-call-iptables", "1"),
            ("bridge/bridge-nf-call-ip6tables", "1"),
        ];
        let named = |list: &[(&str, &'static str)]| -> Vec<(String, &'static str)> {
            list.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
        };
        for netns in self.all() {
            netns.sysctl(&named(&everywhere))?;
        }
        for node in &self.nodes {
            node.sysctl(&named(&on_nodes))?;
            rules::add_counters(node)?;
        }
        self._segment.sysctl(&named(&[
            ("bridge/bridge-nf-call-iptables", "0"),
            ("bridge/bridge-nf-call-ip6tables", "0"),
        ]))
    }

    fn set_up_segment(&self) -> Outcome {
        let mut lines = vec!["link add segment type bridge".to_owned(), "link set segment up".to_owned()];
        let mut plug = |port: String, netns: &Netns| {
            lines.push(format!("link add {port} type veth peer name eth0 netns {}", netns.path()));
            lines.push(format!("link set {port} master segment up"));
        };
        self.nodes.iter().enumerate().for_each(|(i, node)| plug(format!("node-{i}"), node));
        plug("outside".into(), &self.outside);
        self._segment.ip(&lines)
    }

    fn set_up_node(&self, node: u8) -> Outcome {
        let mut lines = vec!["link set eth0 up".to_owned(), "link add cni0 type bridge".to_owned()];
        for pod in 0..PODS {
            let peer = self.at(Place::Pod(node, pod)).path();
            lines.push(format!("link add veth{pod} type veth peer name eth0 netns {peer}"));
            // As the bridge plugin sets it (hairpinMode): a Pod may reach itself through a Service.
            lines.push(format!("link set veth{pod} master cni0 up"));
            lines.push(format!("link set veth{pod} type bridge_slave hairpin on"));
        }
        lines.push("link set cni0 up".into());
        for family in FAMILIES {
            let (address, bridge) = (plan::node_ip(family, node), plan::bridge_ip(family, node));
            let length = plan::segment(family).length();
            let pods_length = plan::pod_prefix_length(family);
            lines.push(format!("addr add {address}/{length} dev eth0{}", nodad(family)));
            lines.push(format!("addr add {bridge}/{pods_length} dev cni0{}", nodad(family)));
            lines.push(format!("route add default via {}", plan::router_ip(family)));
            for other in (0..NODES).filter(|other| *other != node) {
                let (range, via) = (plan::pod_range(family, other), plan::node_ip(family, other));
                lines.push(format!("route add {range} via {via}"));
            }
        }
        self.node(node).ip(&lines)?;
        hurry(self.node(node), "cni0")?;
        (0..PODS).try_for_each(|pod| self.set_up_pod(node, pod))
    }

    fn set_up_pod(&self, node: u8, pod: u8) -> Outcome {
        let mut lines = vec!["link set eth0 up".to_owned()];
        for family in FAMILIES {
            let (address, length) = (plan::pod_ip(family, node, pod), plan::pod_prefix_length(family));
            lines.push(format!("addr add {address}/{length} dev eth0{}", nodad(family)));
            lines.push(format!("route add default via {}", plan::bridge_ip(family, node)));
        }
        self.at(Place::Pod(node, pod)).ip(&lines)?;
        hurry(self.at(Place::Pod(node, pod)), "eth0")
    }

    /// A mark on a packet, the node's number plus one, says by which node it is to come in.
    fn set_up_outside(&self) -> Outcome {
        let mut lines = vec!["link set eth0 up".to_owned()];
        for family in FAMILIES {
            let (router, length) = (plan::router_ip(family), plan::segment(family).length());
            let host = if family == Family::V4 { 32 } else { 128 };
            lines.push(format!("addr add {router}/{length} dev eth0{}", nodad(family)));
            for which in 0..2 {
                let client = plan::client_ip(family, which);
                lines.push(format!("addr add {client}/{host} dev eth0{}", nodad(family)));
            }
            let flag = if family == Family::V4 { "-4" } else { "-6" };
            for node in 0..NODES {
                let (via, table) = (plan::node_ip(family, node), 101 + u32::from(node));
                let mark = node + 1;
                lines.push(format!("rule add fwmark {mark} lookup {table}"));
                lines.push(format!("route add default via {via} dev eth0 table {table}"));
                lines.push(format!("route add {} via {via}", plan::pod_range(family, node)));
            }
            // What is for nobody is dropped without a word.
            lines.push("route add blackhole default".into());
            // `ip -batch` has one family for all its lines.
            let batch = lines.drain(..).fold(String::new(), |all, line| all + &line + "\n");
            self.outside
                .run("ip", &[flag, "-batch", "-"], &batch)
                .map_err(|error| format!("{error}\n{batch}"))?;
        }
        Ok(())
    }

    fn start_servers(&self) -> Outcome {
        for node in 0..NODES {
            let pods = (0..PODS).map(|pod| Place::Pod(node, pod));
            pods.chain([Place::Node(node)]).try_for_each(|place| self.start(place))?;
        }
        Ok(())
    }

    /// Starts the process of a place, which is not running.
    pub fn start(&self, place: Place) -> Outcome {
        let start =
            |family| Server::start(self.at(place), place, plan::address_of(family, place), &self.sightings);
        let servers = FAMILIES.into_iter().map(start).collect::<Outcome<Vec<Server>>>()?;
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).insert(place, servers);
        Ok(())
    }

    /// Ends it: nothing listens there any more.
    pub fn stop(&self, place: Place) -> Outcome {
        let servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner).remove(&place);
        servers.unwrap_or_default().into_iter().try_for_each(Server::stop)?;
        self.at(place).within(server::await_closed)
    }

    /// Takes a Pod's link down. All neighbours on its bridge forget it, as they would in time.
    pub fn set_link_down(&self, node: u8, pod: u8) -> Outcome {
        self.node(node).ip(&[format!("link set veth{pod} down")])?;
        // What the Pod sent last may still be on its way, and would make them know it again.
        thread::sleep(IN_FLIGHT);
        forget_neighbours(self.node(node), "cni0")?;
        (0..PODS).try_for_each(|other| forget_neighbours(self.at(Place::Pod(node, other)), "eth0"))
    }

    /// Brings links up again, and waits until the Pods can be reached: the kernel tells of a link's
    /// state once a second at most (linkwatch).
    pub fn set_link_up(&self, pods: &BTreeSet<Place>) -> Outcome {
        let pods = || {
            pods.iter().filter_map(|place| {
                let Place::Pod(node, pod) = place else { return None };
                Some((*node, *pod))
            })
        };
        pods().try_for_each(|(node, pod)| self.node(node).ip(&[format!("link set veth{pod} up")]))?;
        for (node, pod) in pods() {
            for family in FAMILIES {
                let to = SocketAddr::new(plan::pod_ip(family, node, pod), TCP_PORTS[0]);
                self.node(node).within(|| reached(to))?;
            }
        }
        Ok(())
    }
}

/// `ip` fails when the kernel forgets one of them between the listing and the flushing.
fn forget_neighbours(netns: &Netns, interface: &str) -> Outcome {
    let flush = || netns.ip(&[format!("neigh flush dev {interface}")]);
    (0..5).map(|_| flush()).find(Result::is_ok).unwrap_or_else(flush)
}

/// Tries until somebody answers.
fn reached(to: SocketAddr) -> Outcome {
    let last =
        (0..100).map(|_| TcpStream::connect_timeout(&to, Duration::from_millis(200))).find(Result::is_ok);
    last.map(drop).ok_or_else(|| format!("{to} does not come back"))
}

/// Duplicate address detection would make an address wait.
fn nodad(family: Family) -> &'static str {
    if family == Family::V6 { " nodad" } else { "" }
}

/// Makes a kernel give up sooner on a neighbour that does not answer.
fn hurry(netns: &Netns, interface: &str) -> Outcome {
    let setting = |version| (format!("{version}/neigh/{interface}/retrans_time_ms"), NEIGHBOUR_WAIT_MS);
    netns.sysctl(&[setting("ipv4"), setting("ipv6")])
}
