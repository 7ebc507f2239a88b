//! What IPVS does with a connection's first packet, by the virtual servers that were read from text. The check
//! for replies (`ip_vs_out`) is left out, since a first packet is not a reply.

use std::collections::BTreeSet;

use super::ipvs_read::{Real, Server, Servers};
use super::printed::{Base, Packet, Printed, Virtual};

impl Printed for Servers {
    /// `ip_vs_ops` (net/netfilter/ipvs/ip_vs_core.c): ip_vs_remote_request4 at NF_IP_PRI_NAT_SRC - 1,
    /// ip_vs_local_request4 at NF_IP_PRI_NAT_DST + 2. At FORWARD only answers and errors are looked for.
    fn bases(&self, hook: &str) -> Vec<Base> {
        let priority = match hook {
            "input" => 100 - 1,
            "output" => -100 + 2,
            _ => return Vec::new(),
        };
        vec![Base { priority, nat: false, name: "ip_vs_in".to_owned() }]
    }

    /// ip_vs_in (net/netfilter/ipvs/ip_vs_core.c), with ip_vs_schedule.
    fn run<'a>(&self, _: &Base, mut packet: Packet<'a>) -> Vec<Packet<'a>> {
        let tuple = packet.tuple;
        let key = Virtual { protocol: tuple.protocol, at: (tuple.dst, tuple.dst_port).into() };
        let server = match packet.balanced {
            // "Already marked as IPVS request or reply?"
            Some(_) => None,
            None => self.get(&key),
        };
        let Some(server) = server else { return vec![packet] };
        let able = server.able(&packet.noted);
        if able.is_empty() {
            // ip_vs_leave: ICMP "port unreachable", to TCP too.
            packet.stopped = Some("REFUSED");
            return vec![packet];
        }
        able.into_iter().map(|real| server.send(real, packet.clone())).collect()
    }
}

impl Server {
    /// The servers that the scheduler may choose: those with a weight above 0. ip_vs_sched_persist calls it only
    /// for a client without a template.
    fn able(&self, noted: &BTreeSet<String>) -> Vec<&Real> {
        let able = || self.real.iter().filter(|real| real.weight > 0);
        let known: Vec<&Real> = able().filter(|real| noted.contains(&self.template(real))).collect();
        if known.is_empty() { able().collect() } else { known }
    }

    /// A template is for a client, a virtual server and a real one.
    fn template(&self, real: &Real) -> String {
        format!("{:?} to {}", self.key, real.at)
    }

    /// ip_vs_nat_xmit (net/netfilter/ipvs/ip_vs_xmit.c).
    fn send<'a>(&self, real: &Real, mut packet: Packet<'a>) -> Packet<'a> {
        if self.is_persistent {
            packet.noted.insert(self.template(real));
        }
        let is_here = packet.is_here(real.at.ip());
        if !is_here && packet.tuple.src.is_loopback() {
            // crosses_local_route_boundary: a loopback address does not leave the node.
            packet.stopped = Some("NO ROUTE");
            return packet;
        }
        packet.balance(self.key, real.at);
        // ip_vs_nat_send_or_cont: NF_ACCEPT for a server that is here, NF_STOLEN for all others.
        packet.sent_on = !is_here;
        packet
    }
}
