//! One cluster, in the kernel and in the model, side by side.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::thread;
use std::time::Instant;

use cluster::sim::Time;
use netfilter::{Protocol, Rules};

use crate::args::Args;
use crate::counters::Counters;
use crate::coverage::Phase;
use crate::flow_plan::FlowPlan;
use crate::generate::Cluster;
use crate::model::Net;
use crate::netns;
use crate::outcome::Outcome;
use crate::plan;
use crate::rng::Rng;
use crate::rules;
use crate::testbed::Testbed;

/// How often the model draws anew to come to what the kernel did: it misses one of 20 outcomes
/// that are equally likely once in 10^13 times.
const DRAWS: u64 = 600;

pub struct Case<'a> {
    pub testbed: &'a Testbed,
    pub cluster: Cluster,
    pub net: Net,
    /// Each node's, once they are loaded.
    rules: Vec<Rules>,
    /// The model's own draws, while it looks for what the kernel did.
    draws: Rng,
    pub counters: Counters,
    pub phase: Phase,
    /// Say what happens, flow by flow.
    pub show: bool,
    /// How many flows it is asked about: a replay has to ask about as many.
    count: usize,
    started: Instant,
    pub ports: &'a mut Ports,
}

/// Source ports, each given once, so that no two flows ever have one tuple and each outcome is
/// the same in whatever order they go.
pub struct Ports(u16);

impl Default for Ports {
    fn default() -> Ports {
        Ports(FIRST_PORT)
    }
}

/// Above the NodePorts.
const FIRST_PORT: u16 = 33_000;

impl Ports {
    pub fn next(&mut self) -> u16 {
        self.0 = if self.0 >= 60_999 { FIRST_PORT } else { self.0 + 1 };
        self.0
    }
}

/// Runs one cluster and leaves the testbed as it was.
pub fn run(testbed: &Testbed, ports: &mut Ports, seed: u64, args: &Args) -> netns::Outcome<Counters> {
    let cluster = Cluster::generate(seed);
    let net = Net::new(cluster.family, cluster.nodes, seed);
    let mut case = Case {
        testbed,
        cluster,
        net,
        rules: Vec::new(),
        draws: Rng::of(seed, "model"),
        counters: Counters { clusters: 1, ..Counters::default() },
        phase: Phase::Flows,
        show: args.show,
        count: args.flows,
        started: Instant::now(),
        ports,
    };
    let outcome = case.set_up().and_then(|()| case.phases());
    let cleared = case.clear();
    outcome.and(cleared).map_err(|error| format!("seed {seed}: {error}"))?;
    Ok(case.counters)
}

impl Case<'_> {
    fn phases(&mut self) -> netns::Outcome {
        let flow_plan = FlowPlan::of(&self.cluster, &self.net, self.count);
        self.counters.asked = flow_plan.digest();
        self.counters.flows += flow_plan.flows.len() as u64;
        self.ask_all(&flow_plan.flows)?;
        if let Some(flow) = &flow_plan.repeated {
            self.ask_repeatedly(flow)?;
        }
        self.affinity(&flow_plan.sticky)?;
        self.long_lived(&flow_plan)
    }

    fn set_up(&mut self) -> netns::Outcome {
        let liberal = if self.cluster.config().tcp_be_liberal { "1" } else { "0" };
        for node in 0..self.cluster.nodes {
            let udp = plan::UDP_TIMEOUT_S.to_string();
            let settings = [("tcp_be_liberal", liberal), ("udp_timeout", &udp), ("udp_timeout_stream", &udp)];
            let named = settings.map(|(name, value)| (format!("netfilter/nf_conntrack_{name}"), value));
            self.testbed.node(node).sysctl(&named)?;
        }
        self.load_rules()
    }

    /// Every node's rules, as its kube-proxy writes them now, into its kernel and into the model.
    pub fn load_rules(&mut self) -> netns::Outcome {
        let rules: Vec<Rules> =
            (0..self.cluster.nodes).map(|node| rules::build(&self.cluster, node)).collect();
        let (cluster, testbed, old) = (&self.cluster, self.testbed, &self.rules);
        thread::scope(|scope| {
            let load = |(index, new)| {
                let (node, old) = (testbed.node(u8::try_from(index).unwrap_or(0)), old.get(index));
                scope.spawn(move || rules::load(cluster, node, old, new))
            };
            let loading: Vec<_> = rules.iter().enumerate().map(load).collect();
            loading.into_iter().try_for_each(|one| one.join().map_err(|_| "loading panicked".to_owned())?)
        })?;
        (0..).zip(&rules).for_each(|(node, rules)| self.net.set_rules(node, rules));
        self.rules = rules;
        Ok(())
    }

    fn clear(&mut self) -> netns::Outcome {
        // First, for a rule may be in the way of whoever looks whether a Pod can be reached.
        let clear = |node| rules::clear(&self.cluster, self.testbed.node(node));
        (0..self.cluster.nodes).try_for_each(clear)?;
        std::mem::take(&mut self.net.stopped).into_iter().try_for_each(|place| self.testbed.start(place))?;
        self.testbed.set_link_up(&std::mem::take(&mut self.net.topology.unplugged))?;
        self.testbed.sightings.clear();
        Ok(())
    }

    /// Lets the model draw until it comes to the kernel's outcome, and leaves it there; `Err` with
    /// what it came to if it never does.
    pub fn follow<T>(
        &mut self,
        at: Instant,
        kernel: &Outcome,
        act: impl Fn(&mut Net) -> (Outcome, T),
    ) -> Result<T, BTreeSet<Outcome>> {
        self.counters.connections += 1;
        let mut known = BTreeSet::new();
        let mut nearly = None;
        for _ in 0..DRAWS {
            let mut net = self.fresh(at);
            let (outcome, more) = act(&mut net);
            if outcome == *kernel {
                self.net = net;
                return Ok(more);
            }
            if outcome.allows(kernel) {
                nearly = Some((outcome.has_own_port(), net, more));
            }
            known.insert(outcome);
        }
        let (has_own_port, net, more) = nearly.ok_or(known)?;
        self.counters.ports_by_chance[usize::from(has_own_port)] += 1;
        self.net = net;
        Ok(more)
    }

    /// The model as it is at a moment, with draws of its own.
    pub fn fresh(&mut self, at: Instant) -> Net {
        let mut net = self.net.clone();
        net.now = self.time(at);
        net.flow = self.draws.draw();
        net
    }

    pub fn time(&self, at: Instant) -> Time {
        let passed = at.saturating_duration_since(self.started);
        Time(u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX))
    }

    pub fn count(&mut self, protocol: Protocol, outcome: &Outcome) {
        self.counters.coverage.count(self.phase, &self.cluster, protocol, outcome);
    }

    pub fn differ(&mut self, flow: &dyn Display, kernel: &Outcome, model: &BTreeSet<Outcome>) {
        let model: Vec<String> = model.iter().map(Outcome::to_string).collect();
        self.difference(flow, kernel, &model.join("\n           or "));
    }

    pub fn difference(&mut self, flow: &dyn Display, kernel: &dyn Display, model: &dyn Display) {
        let (seed, count) = (self.cluster.seed, self.count);
        self.counters.differences.push(format!(
            "seed {seed}, {:?}, {}: {flow}\n  kernel:  {kernel}\n  model:   {model}\n  \
             again:   cargo xtask kernel --seed {seed} --clusters 1 --flows {count} --show",
            self.cluster.family, self.cluster.backend
        ));
    }
}
