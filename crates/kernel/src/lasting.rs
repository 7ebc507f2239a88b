//! What becomes of connections that are open while things change: their endpoint is taken out of
//! the rules, its process stops, its Pod's link goes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use cluster::api::EndpointSlice;
use cluster::net::netfilter::{Entry, Family};
use cluster::net::{Protocol, Tuple};
use cluster::node::kube_proxy::{clean_stale_entries, ports};

use crate::census::Phase;
use crate::chosen::Chosen;
use crate::client::{Caller, Line};
use crate::flows::Flow;
use crate::model::{Connection, Net, Origin};
use crate::outcome::Outcome;
use crate::plan::{self, Place, TCP_PORTS, UDP_PORTS};
use crate::space;
use crate::trial::Trial;

/// An open connection, in the kernel and in the model.
struct Open<K> {
    flow: Flow,
    kernel: K,
    model: Connection,
    /// Who answered first.
    by: Place,
}

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

impl Trial<'_> {
    pub fn lasting(&mut self, chosen: &Chosen) -> space::Outcome {
        self.phase = Phase::Opened;
        let mut lines = Vec::new();
        for flow in &chosen.streams {
            lines.extend(self.open_line(flow)?);
        }
        let mut callers = Vec::new();
        for flow in &chosen.datagrams {
            callers.extend(self.open_caller(flow)?);
        }
        self.tally.flows += (lines.len() + callers.len()) as u64;
        self.phase = Phase::EndpointLeaves;
        self.endpoints_go(&mut lines, &mut callers)?;
        self.phase = Phase::ProcessStops;
        self.process_stops(&mut lines)?;
        self.phase = Phase::LinkGoes;
        self.link_goes(&mut lines)
    }

    fn open_line(&mut self, flow: &Flow) -> space::Outcome<Option<Open<Line>>> {
        let question = self.question(flow);
        let began = Instant::now();
        let opened = self.lab.at(flow.origin.place).within(|| {
            Ok(match Line::open(&question)? {
                Ok((mut line, _)) => {
                    let outcome = line.ask()?;
                    (Some(line), outcome)
                }
                Err(outcome) => (None, outcome),
            })
        })?;
        let (line, outcome) = opened;
        let (origin, tuple) = (flow.origin, flow.tuple(question.from.port()));
        let model = self.opened(flow, began, &outcome, origin, tuple);
        Ok(match (line, model, outcome) {
            (Some(kernel), Some(model), Outcome::Answered(answer)) => {
                Some(Open { flow: *flow, kernel, model, by: answer.by })
            }
            _ => None,
        })
    }

    fn open_caller(&mut self, flow: &Flow) -> space::Outcome<Option<Open<Caller>>> {
        let question = self.question(flow);
        let began = Instant::now();
        let lab = self.lab;
        let (kernel, outcome) = lab.at(flow.origin.place).within(|| {
            let mut caller = Caller::new(&question)?;
            let outcome = caller.ask(&lab.sightings)?;
            Ok((caller, outcome))
        })?;
        let (origin, tuple) = (flow.origin, flow.tuple(question.from.port()));
        let model = self.opened(flow, began, &outcome, origin, tuple);
        Ok(match (model, outcome) {
            (Some(model), Outcome::Answered(answer)) => {
                Some(Open { flow: *flow, kernel, model, by: answer.by })
            }
            _ => None,
        })
    }

    fn opened(
        &mut self,
        flow: &Flow,
        began: Instant,
        outcome: &Outcome,
        origin: Origin,
        tuple: Tuple,
    ) -> Option<Connection> {
        let open = |net: &mut Net| match net.open(origin, tuple) {
            Ok(connection) => (net.ask_again(&connection), Some(connection)),
            Err(outcome) => (outcome, None),
        };
        match self.follow(began, outcome, open) {
            Ok(connection) => {
                self.count(flow.protocol, outcome);
                connection
            }
            Err(known) => {
                self.differ(flow, outcome, &known);
                None
            }
        }
    }

    /// Compares one step of an open connection.
    fn step(&mut self, flow: &Flow, what: &str, kernel: &Outcome, act: impl Fn(&mut Net) -> Outcome) {
        match self.follow(Instant::now(), kernel, |net| (act(net), ())) {
            Ok(()) => self.count(flow.protocol, kernel),
            Err(known) => {
                let what = format!("{flow}, {what}");
                self.differ(&what, kernel, &known);
            }
        }
    }

    /// The endpoints that answered leave the EndpointSlices, and every node writes its rules anew.
    fn endpoints_go(&mut self, lines: &mut [Open<Line>], callers: &mut [Open<Caller>]) -> space::Outcome {
        let leaving: Vec<Place> = lines.iter().map(|o| o.by).chain(callers.iter().map(|o| o.by)).collect();
        if leaving.is_empty() {
            return Ok(());
        }
        self.take_out(&leaving);
        self.load_rules()?;
        for open in lines.iter_mut() {
            let kernel = open.kernel.ask()?;
            let what = "after its endpoint left the rules";
            self.step(&open.flow, what, &kernel, |net| net.ask_again(&open.model));
        }
        self.call_again(callers, "after its endpoint left the rules")?;
        self.phase = Phase::CleanUp;
        self.clean_up()?;
        self.call_again(callers, "after kube-proxy cleaned up")?;
        let flows: Vec<Flow> = lines.iter().map(|o| o.flow).chain(callers.iter().map(|o| o.flow)).collect();
        self.tally.flows += flows.len() as u64;
        self.ask_all(&flows).map(drop)
    }

    fn call_again(&mut self, callers: &mut [Open<Caller>], what: &str) -> space::Outcome {
        for open in callers {
            let kernel = open.kernel.ask(&self.lab.sightings)?;
            self.step(&open.flow, what, &kernel, |net| net.ask_again(&open.model));
        }
        Ok(())
    }

    fn take_out(&mut self, leaving: &[Place]) {
        let family = self.cluster.family;
        let addresses: Vec<_> = leaving.iter().map(|place| plan::address_of(family, *place)).collect();
        let slices = self.cluster.slices.iter().map(|(key, slice)| {
            let mut slice: EndpointSlice = (**slice).clone();
            slice.endpoints.retain(|endpoint| !addresses.contains(&endpoint.address));
            (key.clone(), Arc::new(slice))
        });
        self.cluster.slices = slices.collect();
    }

    /// kube-proxy's clean-up, decided by the model, done in the kernel with `conntrack`. So the
    /// kernel must have the entries that the model has.
    fn clean_up(&mut self) -> space::Outcome {
        for node in 0..self.cluster.nodes {
            let name = plan::node_name(node);
            let ports = ports((&self.cluster.services, &self.cluster.slices), &name, self.cluster.family);
            let now = self.time(Instant::now());
            let conntrack = &mut self.net.stack(node).conntrack;
            let before: Vec<Entry> = conntrack.entries(now).copied().collect();
            clean_stale_entries(conntrack, &ports);
            let after: BTreeSet<Tuple> = conntrack.entries(now).map(|entry| entry.original).collect();
            let mut stale: BTreeMap<Stale, usize> = BTreeMap::new();
            for entry in before.iter().filter(|entry| !after.contains(&entry.original)) {
                *stale.entry(Stale::of(entry)).or_default() += 1;
            }
            stale.into_iter().for_each(|(stale, count)| self.forget(node, stale, count));
        }
        Ok(())
    }

    fn forget(&mut self, node: u8, stale: Stale, count: usize) {
        let family = if self.cluster.family == Family::V4 { "ipv4" } else { "ipv6" };
        let (dst, dport) = (stale.to.ip().to_string(), stale.to.port().to_string());
        let (src, sport) = (stale.endpoint.ip().to_string(), stale.endpoint.port().to_string());
        let mut args = vec!["-D", "-f", family, "-p", "udp", "--orig-dst", &dst, "--orig-port-dst", &dport];
        args.extend(["--reply-src", &src, "--reply-port-src", &sport]);
        // A line for each entry that it deleted; an error if there is none.
        let deleted =
            self.lab.node(node).run("conntrack", &args, "").map_or(0, |lines| lines.lines().count());
        // Of two endpoints that refuse nobody can tell which one did.
        if deleted != count && self.answers(stale.endpoint) {
            let what = format!("node-{node}'s conntrack entries to {} by {}", stale.to, stale.endpoint);
            self.difference(&what, &deleted, &count);
        }
    }

    fn answers(&self, endpoint: SocketAddr) -> bool {
        let family = self.cluster.family;
        let mut places = self.cluster.places();
        UDP_PORTS.contains(&endpoint.port())
            && places.any(|place| plan::address_of(family, place) == endpoint.ip())
    }

    /// Its client goes on writing.
    fn process_stops(&mut self, lines: &mut Vec<Open<Line>>) -> space::Outcome {
        let Some(mut open) = lines.pop() else { return Ok(()) };
        open.kernel.stop_server()?;
        let kernel = open.kernel.ask_the_stopped()?;
        self.step(&open.flow, "after its process stopped", &kernel, |net| {
            net.server_stops(&open.model);
            net.ask_the_stopped(&open.model)
        });
        Ok(())
    }

    /// Who talks to that Pod hears nothing; who begins to is told that nobody is there.
    fn link_goes(&mut self, lines: &mut Vec<Open<Line>>) -> space::Outcome {
        let at = lines.iter().position(|o| matches!(o.by, Place::Pod(..)) && o.flow.origin.place != o.by);
        let Some(mut open) = at.map(|at| lines.swap_remove(at)) else { return Ok(()) };
        let Place::Pod(node, pod) = open.by else { return Ok(()) };
        self.lab.unplug(node, pod)?;
        self.net.wires.unplugged.insert(open.by);
        let kernel = open.kernel.ask()?;
        self.step(&open.flow, "after its Pod's link went", &kernel, |net| net.ask_again(&open.model));
        let to = SocketAddr::new(plan::address_of(self.cluster.family, open.by), TCP_PORTS[0]);
        let source = match open.flow.origin.place {
            Place::Node(from) => plan::source_on_node(self.cluster.family, from, to.ip()),
            _ => open.flow.source,
        };
        let directly = Flow { to, source, group: None, protocol: Protocol::Tcp, ..open.flow };
        self.tally.flows += 1;
        self.ask_all(&[directly]).map(drop)
    }
}
