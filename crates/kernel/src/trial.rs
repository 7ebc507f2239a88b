//! One cluster, in the kernel and in the model, side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use cluster::net::netfilter::{Family, Rules};
use cluster::sim::Time;

use crate::args::Args;
use crate::client::{self, Question, Report};
use crate::dice::Dice;
use crate::flows::{self, Flow};
use crate::generate::Cluster;
use crate::lab::Lab;
use crate::model::Net;
use crate::outcome::{Answer, Outcome};
use crate::plan::{self, Place};
use crate::rules;
use crate::shares::Shares;
use crate::space;

/// How long a client waits before it says that it hears nothing. An answer takes some 0.1 ms, an
/// unreachable neighbour 0.3 s.
const PATIENCE: Duration = Duration::from_millis(700);
/// How long it waits the second time, when the model says that there is something to hear: on a
/// busy machine an answer may have been late.
const LONG_PATIENCE: Duration = Duration::from_secs(6);
/// How often the model draws anew to come to what the kernel did: it misses one of 20 outcomes
/// that are equally likely once in 10^13 times.
const DRAWS: u64 = 600;
/// So many draws are enough to meet an endpoint that is one of a dozen.
const SURE: u32 = 100;
const AT_ONCE: usize = 64;

/// What a run has done so far.
#[derive(Default)]
pub struct Tally {
    pub clusters: u64,
    /// Flows that were asked for and compared.
    pub flows: u64,
    /// Connections and datagrams in all, repetitions among them.
    pub connections: u64,
    /// Compared, by outcome.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Answers that came late: see [`LONG_PATIENCE`].
    pub late: u64,
    /// Ports drawn at random that were the client's own.
    pub ports_by_chance: u64,
    pub shares: Shares,
    pub differences: Vec<String>,
}

impl Tally {
    pub fn merge(&mut self, other: Tally) {
        self.clusters += other.clusters;
        self.flows += other.flows;
        self.connections += other.connections;
        self.late += other.late;
        self.ports_by_chance += other.ports_by_chance;
        for (what, count) in other.outcomes {
            *self.outcomes.entry(what).or_default() += count;
        }
        self.shares.merge(other.shares);
        self.differences.extend(other.differences);
    }
}

pub struct Trial<'a> {
    pub lab: &'a Lab,
    pub cluster: Cluster,
    pub net: Net,
    /// Each node's, once they are loaded.
    rules: Vec<Rules>,
    pub dice: Dice,
    pub tally: Tally,
    /// Say what happens, flow by flow.
    show: bool,
    started: Instant,
    ports: &'a mut Ports,
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
    fn next(&mut self) -> u16 {
        self.0 = if self.0 >= 60_999 { FIRST_PORT } else { self.0 + 1 };
        self.0
    }
}

/// Runs one cluster and leaves the lab as it was.
pub fn run(lab: &Lab, ports: &mut Ports, seed: u64, args: &Args) -> space::Outcome<Tally> {
    let cluster = Cluster::generate(seed);
    let net = Net::new(cluster.family, cluster.nodes, seed);
    let dice = Dice::new(!seed);
    let tally = Tally { clusters: 1, ..Tally::default() };
    let show = args.show;
    let mut trial =
        Trial { lab, cluster, net, rules: Vec::new(), dice, tally, show, started: Instant::now(), ports };
    let outcome = trial.set_up().and_then(|()| trial.phases(args.flows));
    let cleared = trial.clear();
    outcome.and(cleared).map_err(|error| format!("seed {seed}: {error}"))?;
    Ok(trial.tally)
}

impl Trial<'_> {
    fn phases(&mut self, count: usize) -> space::Outcome {
        let mut flows = flows::draw(&self.cluster, &mut self.dice, count);
        flows.retain(|flow| flow.group.is_none() || !self.hides_its_choice(flow));
        self.tally.flows += flows.len() as u64;
        let outcomes = self.ask_all(&flows)?;
        let answered: Vec<(Flow, Answer)> = flows
            .into_iter()
            .zip(outcomes)
            .filter_map(|(flow, outcome)| match outcome {
                Outcome::Answered(answer) => Some((flow, answer)),
                _ => None,
            })
            .collect();
        self.shares(&answered)?;
        self.affinity()?;
        self.lasting(&answered)
    }

    /// May a connection reach an endpoint, and fail then? A node would remember whom it chose, and
    /// nobody could tell the model.
    pub fn hides_its_choice(&mut self, flow: &Flow) -> bool {
        let now = Instant::now();
        (0..SURE).any(|_| {
            let mut net = self.fresh(now);
            net.ask(flow.origin, flow.tuple(FIRST_PORT));
            net.unseen_choices > self.net.unseen_choices
        })
    }

    fn set_up(&mut self) -> space::Outcome {
        let liberal = if self.cluster.config().tcp_be_liberal { "1" } else { "0" };
        for node in 0..self.cluster.nodes {
            let udp = plan::UDP_TIMEOUT_S.to_string();
            let settings = [("tcp_be_liberal", liberal), ("udp_timeout", &udp), ("udp_timeout_stream", &udp)];
            let named = settings.map(|(name, value)| (format!("netfilter/nf_conntrack_{name}"), value));
            self.lab.node(node).sysctl(&named)?;
        }
        self.load_rules()
    }

    /// Every node's rules, as its kube-proxy writes them now, into its kernel and into the model.
    pub fn load_rules(&mut self) -> space::Outcome {
        let rules: Vec<Rules> =
            (0..self.cluster.nodes).map(|node| rules::build(&self.cluster, node)).collect();
        let (cluster, lab, old) = (&self.cluster, self.lab, &self.rules);
        thread::scope(|scope| {
            let load = |(index, new)| {
                let (node, old) = (lab.node(u8::try_from(index).unwrap_or(0)), old.get(index));
                scope.spawn(move || rules::load(cluster, node, old, new))
            };
            let loading: Vec<_> = rules.iter().enumerate().map(load).collect();
            loading.into_iter().try_for_each(|one| one.join().map_err(|_| "loading panicked".to_owned())?)
        })?;
        (0..).zip(&rules).for_each(|(node, rules)| self.net.set_rules(node, rules));
        self.rules = rules;
        Ok(())
    }

    fn clear(&mut self) -> space::Outcome {
        let unplugged = std::mem::take(&mut self.net.wires.unplugged);
        for place in unplugged {
            if let Place::Pod(node, pod) = place {
                self.lab.plug(node, pod)?;
            }
        }
        self.lab.sightings.clear();
        (0..self.cluster.nodes).try_for_each(|node| rules::clear(&self.cluster, self.lab.node(node)))
    }

    pub fn question(&mut self, flow: &Flow) -> Question {
        let port = self.ports.next();
        let any: IpAddr = match self.cluster.family {
            Family::V4 => Ipv4Addr::UNSPECIFIED.into(),
            Family::V6 => Ipv6Addr::UNSPECIFIED.into(),
        };
        let outside = flow.origin.place == Place::Outside;
        Question {
            protocol: flow.protocol,
            from: SocketAddr::new(if outside { flow.source } else { any }, port),
            to: flow.to,
            mark: outside.then(|| u32::from(flow.origin.via) + 1),
            patience: PATIENCE,
        }
    }

    /// Asks for each flow once, all side by side but for those of one group, and compares. Gives
    /// what the kernel did.
    pub fn ask_all(&mut self, flows: &[Flow]) -> space::Outcome<Vec<Outcome>> {
        let questions: Vec<Question> = flows.iter().map(|flow| self.question(flow)).collect();
        let reports = self.put(flows, &questions)?;
        let asked = flows.iter().zip(questions).zip(reports);
        asked.map(|((flow, question), report)| self.compare(flow, question, report)).collect()
    }

    /// The kernel's part.
    fn put(&self, flows: &[Flow], questions: &[Question]) -> space::Outcome<Vec<Report>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut of: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, flow) in flows.iter().enumerate() {
            let place = flow.group.map(|group| *of.entry(group).or_insert(groups.len()));
            match place.filter(|place| *place < groups.len()) {
                Some(place) => groups[place].push(index),
                None => groups.push(vec![index]),
            }
        }
        let ask = |index: usize| -> space::Outcome<(usize, Report)> {
            self.lab.at(flows[index].origin.place).enter()?;
            Ok((index, client::ask(&questions[index], &self.lab.sightings)?))
        };
        let mut reports: BTreeMap<usize, Report> = BTreeMap::new();
        for some in groups.chunks(AT_ONCE) {
            let asked = thread::scope(|scope| {
                let start = |group: &'_ Vec<usize>| {
                    let group = group.clone();
                    scope.spawn(move || group.into_iter().map(ask).collect::<Vec<_>>())
                };
                let asking: Vec<_> = some.iter().map(start).collect();
                asking.into_iter().map(|one| one.join()).collect::<Vec<_>>()
            });
            for group in asked {
                for report in group.map_err(|_| "a client panicked".to_owned())? {
                    let (index, report) = report?;
                    reports.insert(index, report);
                }
            }
        }
        Ok(reports.into_values().collect())
    }

    /// The model's part: could it have come to what the kernel did? Gives what the kernel did.
    fn compare(&mut self, flow: &Flow, question: Question, report: Report) -> space::Outcome<Outcome> {
        let origin = flow.origin;
        let tuple = flow.tuple(question.from.port());
        self.check_source(flow, &report);
        if self.show {
            let Time(at) = self.time(report.began);
            println!("{:>7.3} s: {flow}: {}", at as f64 / 1e9, report.outcome);
        }
        if self.follow(report.began, &report.outcome, |net| (net.ask(origin, tuple), ())).is_ok() {
            self.count(&report.outcome);
            return Ok(report.outcome);
        }
        if report.outcome != Outcome::Silence {
            // Its memory may have run out while it was asked.
            let known = self.follow(report.ended, &report.outcome, |net| (net.ask(origin, tuple), ()));
            if let Err(known) = known {
                self.differ(flow, &report.outcome, &known);
            }
            return Ok(report.outcome);
        }
        let second = Question { patience: LONG_PATIENCE, ..self.question(flow) };
        let lab = self.lab;
        let report = lab.at(origin.place).within(|| client::ask(&second, &lab.sightings))?;
        let tuple = flow.tuple(second.from.port());
        self.tally.late += 1;
        if let Err(known) = self.follow(report.began, &report.outcome, |net| (net.ask(origin, tuple), ())) {
            self.differ(flow, &report.outcome, &known);
        }
        Ok(report.outcome)
    }

    fn check_source(&mut self, flow: &Flow, report: &Report) {
        let Some(chosen) = report.source.filter(|chosen| *chosen != flow.source) else { return };
        self.difference(flow, &format!("source {chosen}"), &format!("source {}", flow.source));
    }

    /// Lets the model draw until it comes to the kernel's outcome, and leaves it there; `Err` with
    /// what it came to if it never does.
    pub fn follow<T>(
        &mut self,
        at: Instant,
        kernel: &Outcome,
        act: impl Fn(&mut Net) -> (Outcome, T),
    ) -> Result<T, BTreeSet<Outcome>> {
        self.tally.connections += 1;
        let mut known = BTreeSet::new();
        for _ in 0..DRAWS {
            let mut net = self.fresh(at);
            let (outcome, more) = act(&mut net);
            if outcome.allows(kernel) {
                self.tally.ports_by_chance += u64::from(outcome != *kernel);
                self.net = net;
                return Ok(more);
            }
            known.insert(outcome);
        }
        Err(known)
    }

    /// The model as it is at a moment, with draws of its own.
    pub fn fresh(&mut self, at: Instant) -> Net {
        let mut net = self.net.clone();
        net.now = self.time(at);
        net.flow = self.dice.draw();
        net
    }

    pub fn time(&self, at: Instant) -> Time {
        let passed = at.saturating_duration_since(self.started);
        Time(u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX))
    }

    pub fn count(&mut self, outcome: &Outcome) {
        let what = match outcome {
            Outcome::Answered(_) => "answered",
            Outcome::AnswerLost(_) => "answer lost",
            Outcome::Refused(_) => "refused",
            Outcome::Silence => "silence",
        };
        *self.tally.outcomes.entry(what).or_default() += 1;
    }

    pub fn differ(&mut self, flow: &dyn Display, kernel: &Outcome, model: &BTreeSet<Outcome>) {
        let model: Vec<String> = model.iter().map(Outcome::to_string).collect();
        self.difference(flow, kernel, &model.join("\n           or "));
    }

    pub fn difference(&mut self, flow: &dyn Display, kernel: &dyn Display, model: &dyn Display) {
        let seed = self.cluster.seed;
        self.tally.differences.push(format!(
            "seed {seed}, {:?}, {}: {flow}\n  kernel:  {kernel}\n  model:   {model}\n  \
             again:   cargo xtask kernel --seed {seed} --clusters 1 --show",
            self.cluster.family, self.cluster.backend
        ));
    }
}
