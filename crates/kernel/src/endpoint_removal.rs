//! Endpoints leave the EndpointSlices, and kube-proxy forgets the entries that lead to them.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Instant;

use cluster::api::EndpointSlice;
use cluster::node::kube_proxy::{clean_stale_entries, ports};
use netfilter::{Entry, Family, Tuple};

use crate::case::Case;
use crate::netns;
use crate::plan::{self, Place, UDP_PORTS};

/// By what kube-proxy knows an entry that is stale.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stale {
    to: SocketAddr,
    endpoint: SocketAddr,
}

impl Stale {
    fn of(entry: &Entry) -> Stale {
        Stale {
            to: SocketAddr::new(entry.original.dst, entry.original.dst_port),
            endpoint: SocketAddr::new(entry.reply.src, entry.reply.src_port),
        }
    }
}

impl Case<'_> {
    pub fn take_out(&mut self, leaving: &[Place]) {
        let family = self.cluster.family;
        let addresses: Vec<_> = leaving.iter().map(|place| plan::address_of(family, *place)).collect();
        let slices = self.cluster.slices.iter().map(|slice| {
            let mut slice: EndpointSlice = (**slice).clone();
            slice.endpoints.retain(|endpoint| !addresses.contains(&endpoint.address));
            Arc::new(slice)
        });
        self.cluster.slices = slices.collect();
    }

    /// kube-proxy's clean-up, decided by the model, done in the kernel with `conntrack`. So the
    /// kernel must have the entries that the model has.
    pub fn clean_up(&mut self) -> netns::Outcome {
        for node in 0..self.cluster.nodes {
            let name = plan::node_name(node);
            let ports = ports(self.cluster.seen_by(node), &name, self.cluster.family);
            let now = self.time(Instant::now());
            let conntrack = &mut self.net.stack(node).conntrack;
            let before: Vec<Entry> = conntrack.entries(now).copied().collect();
            clean_stale_entries(conntrack, &ports);
            let after: BTreeSet<Tuple> = conntrack.entries(now).map(|entry| entry.original).collect();
            let gone: Vec<&Entry> = before.iter().filter(|entry| !after.contains(&entry.original)).collect();
            let stale: BTreeSet<Stale> = gone.iter().map(|entry| Stale::of(entry)).collect();
            for stale in stale {
                let count = self.count_of(node, stale, &gone);
                self.forget(node, stale, count);
            }
        }
        Ok(())
    }

    /// How many entries of a kind the kernel has. To whom a client was sent that heard nothing, the kernel
    /// alone knows: such an entry may be of any endpoint.
    fn count_of(&self, node: u8, stale: Stale, gone: &[&Entry]) -> RangeInclusive<usize> {
        let is_hidden = |entry: &&&Entry| self.net.hidden.contains(&(node, entry.original));
        let sure = gone.iter().filter(|entry| Stale::of(entry) == stale && !is_hidden(entry)).count();
        let to = |tuple: &Tuple| SocketAddr::new(tuple.dst, tuple.dst_port);
        let hidden = self.net.hidden.iter().filter(|(at, tuple)| *at == node && to(tuple) == stale.to);
        sure..=sure + hidden.count()
    }

    fn forget(&mut self, node: u8, stale: Stale, count: RangeInclusive<usize>) {
        let family = if self.cluster.family == Family::V4 { "ipv4" } else { "ipv6" };
        let (dst, dport) = (stale.to.ip().to_string(), stale.to.port().to_string());
        let (src, sport) = (stale.endpoint.ip().to_string(), stale.endpoint.port().to_string());
        let mut args = vec!["-D", "-f", family, "-p", "udp", "--orig-dst", &dst, "--orig-port-dst", &dport];
        args.extend(["--reply-src", &src, "--reply-port-src", &sport]);
        // A line for each entry that it deleted; an error if there is none.
        let deleted =
            self.testbed.node(node).run("conntrack", &args, "").map_or(0, |lines| lines.lines().count());
        // Of two endpoints that refuse nobody can tell which one did.
        if !self.answers(stale.endpoint) {
            return;
        }
        self.counters.stale += 1;
        self.counters.stale_known += u64::from(count.start() == count.end());
        if !count.contains(&deleted) {
            let what = format!("node-{node}'s conntrack entries to {} by {}", stale.to, stale.endpoint);
            self.difference(&what, &deleted, &format!("{count:?}"));
        }
    }

    fn answers(&self, endpoint: SocketAddr) -> bool {
        let family = self.cluster.family;
        let mut places = self.cluster.places();
        UDP_PORTS.contains(&endpoint.port())
            && places.any(|place| {
                let dead = self.net.stopped.contains(&place) || self.net.topology.unplugged.contains(&place);
                !dead && plan::address_of(family, place) == endpoint.ip()
            })
    }
}
