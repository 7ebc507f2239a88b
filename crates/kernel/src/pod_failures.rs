//! Pods die: their process stops, or their link goes. First while rules name them, which is what a
//! person sees when a Pod has just died, then when no rule does any more.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Instant;

use netfilter::Protocol;

use crate::case::Case;
use crate::client::Session;
use crate::compare::LONG_PATIENCE;
use crate::coverage::Phase;
use crate::flow_plan::FlowPlan;
use crate::flows::Flow;
use crate::long_lived::LongLived;
use crate::model::Net;
use crate::netns;
use crate::plan::{self, Place, TCP_PORTS, UDP_PORTS};

/// How often each client comes while there are dead Pods, to meet one of them.
const TIMES: usize = 3;
/// At most so many Pods die in each way.
const DEATHS: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Failure {
    Process,
    Link,
}

impl Case<'_> {
    /// Gives who is dead.
    pub fn fail_endpoints(
        &mut self,
        flow_plan: &FlowPlan,
        long_lived: &mut LongLived,
    ) -> netns::Outcome<Vec<Place>> {
        let origins: Vec<Place> = long_lived.flows().iter().map(|flow| flow.origin.place).collect();
        let many = if flow_plan.victims.len() > 5 { DEATHS } else { 1 };
        let processes: Vec<Place> = match flow_plan.victims.len() {
            // One Pod cannot die in two ways.
            1 if self.cluster.seed.is_multiple_of(2) => Vec::new(),
            _ => flow_plan.victims.iter().take(many).copied().collect(),
        };
        let others =
            flow_plan.victims.iter().filter(|pod| !processes.contains(pod) && !origins.contains(pod));
        let links: Vec<Place> = others.take(many).copied().collect();
        let mut dead = Vec::new();
        for (failure, victims) in [(Failure::Process, processes), (Failure::Link, links)] {
            self.phase = if failure == Failure::Process { Phase::ProcessDies } else { Phase::LinkDies };
            dead.extend(&victims);
            let meets = |(_, reach): &&(Flow, BTreeSet<Place>)| victims.iter().any(|pod| reach.contains(pod));
            let observers = flow_plan.observers.iter().filter(meets).map(|(flow, _)| *flow);
            let observers: Vec<Flow> = observers.flat_map(|flow| [flow; TIMES]).collect();
            self.fail(failure, &victims, long_lived, observers)?;
        }
        Ok(dead)
    }

    /// Those that still answer somebody, and whom no rule names any more.
    pub fn fail_removed_endpoints(&mut self, long_lived: &mut LongLived) -> netns::Outcome {
        for (failure, phase) in [(Failure::Process, Phase::ProcessStops), (Failure::Link, Phase::LinkGoes)] {
            self.phase = phase;
            let origins: Vec<Place> = long_lived.flows().iter().map(|flow| flow.origin.place).collect();
            let mut victims = long_lived.servers();
            victims.sort_unstable();
            victims.dedup();
            if failure == Failure::Link {
                victims.retain(|pod| matches!(pod, Place::Pod(..)) && !origins.contains(pod));
            }
            victims.truncate(DEATHS);
            let servers = long_lived.servers();
            let clients = long_lived.flows().into_iter().zip(servers).filter(|(_, by)| victims.contains(by));
            let direct = clients.flat_map(|(flow, by)| self.directly(&flow, by)).collect();
            self.fail(failure, &victims, long_lived, direct)?;
        }
        Ok(())
    }

    /// A client's flows to a place itself.
    fn directly(&self, flow: &Flow, by: Place) -> [Flow; 2] {
        let family = self.cluster.family;
        let address = plan::address_of(family, by);
        let source = match flow.origin.place {
            Place::Node(from) => plan::source_on_node(family, from, address),
            Place::Pod(..) | Place::Outside => flow.source,
        };
        [(Protocol::Tcp, TCP_PORTS[0]), (Protocol::Udp, UDP_PORTS[0])].map(|(protocol, port)| Flow {
            to: SocketAddr::new(address, port),
            source,
            group: None,
            protocol,
            ..*flow
        })
    }

    /// Some die; what hear those who talk to them, and those who begin to?
    fn fail(
        &mut self,
        failure: Failure,
        dead: &[Place],
        long_lived: &mut LongLived,
        flows: Vec<Flow>,
    ) -> netns::Outcome {
        let mut orphans = long_lived.of(dead);
        match failure {
            Failure::Process => self.stop(dead, &mut orphans)?,
            Failure::Link => self.set_link_down(dead, &mut orphans)?,
        }
        let mut flows = flows;
        flows.retain(|flow| !self.net.topology.unplugged.contains(&flow.origin.place));
        self.counters.flows += flows.len() as u64;
        self.ask_all(&flows).map(drop)
    }

    /// All that a process had open is closed. Who has a connection goes on writing.
    fn stop(&mut self, dead: &[Place], orphans: &mut LongLived) -> netns::Outcome {
        for open in &mut orphans.lines {
            open.kernel.stop_server()?;
            self.net.now = self.time(Instant::now());
            self.net.server_stops(&open.model);
        }
        dead.iter().try_for_each(|place| self.testbed.stop(*place))?;
        self.net.stopped.extend(dead);
        for open in &mut orphans.lines {
            let kernel = open.kernel.ask_stopped_server()?;
            let what = "after its process stopped";
            let wait_on = |line: &mut Session| line.await_reset(LONG_PATIENCE);
            self.step(open, what, kernel, Net::ask_stopped_server, wait_on)?;
        }
        self.call_again(&mut orphans.callers, "after its process stopped")
    }

    /// Who talks to such a Pod by TCP hears nothing; who begins to, or sends a datagram, is told that
    /// nobody is there.
    fn set_link_down(&mut self, dead: &[Place], orphans: &mut LongLived) -> netns::Outcome {
        for place in dead {
            if let Place::Pod(node, pod) = place {
                self.testbed.set_link_down(*node, *pod)?;
            }
        }
        self.net.topology.unplugged.extend(dead);
        self.ask_lines(&mut orphans.lines, "after its Pod's link went")?;
        self.call_again(&mut orphans.callers, "after its Pod's link went")
    }
}
