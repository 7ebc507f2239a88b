//! What a cluster is asked, chosen before anything is asked: it depends on the seed and on the number
//! of flows only, never on what the kernel draws, so that a replay asks the same.

use std::collections::BTreeSet;

use cluster::api::SessionAffinity;
use netfilter::Protocol;

use crate::flows::{self, Flow};
use crate::generate::Cluster;
use crate::model::Net;
use crate::outcome::Outcome;
use crate::plan::Place;
use crate::repeats::who;
use crate::rng::Rng;

/// So many draws are enough to meet an endpoint that is one of a dozen.
const SURE: usize = 100;
/// So few say whether there is anything to choose.
const FEW: usize = 20;
/// At most so many Services of a cluster are asked about their affinity.
const STICKY: usize = 3;
/// At most so many connections are kept open, and as many sockets for datagrams.
const KEPT: usize = 5;
/// At most so many flows show what becomes of a Service when Pods of its die.
const OBSERVERS: usize = 12;

#[derive(Debug, Default)]
pub struct FlowPlan {
    pub flows: Vec<Flow>,
    /// One that is asked again and again.
    pub repeated: Option<Flow>,
    /// Clients of Services with affinity, with its time-out in seconds.
    pub sticky: Vec<(Flow, u32)>,
    /// Connections that are kept open.
    pub streams: Vec<Flow>,
    pub datagrams: Vec<Flow>,
    /// Clients that are there when Pods die, and whom each may reach.
    pub observers: Vec<(Flow, BTreeSet<Place>)>,
    /// Pods that die while rules name them, in the order in which they are chosen.
    pub victims: Vec<Place>,
}

impl FlowPlan {
    /// `net` has the rules, and no memory yet.
    pub fn of(cluster: &Cluster, net: &Net, count: usize) -> FlowPlan {
        let seed = cluster.seed;
        let mut sampler = Sampler { net, rng: Rng::of(seed, "samples") };
        let mut flows = flows::draw(cluster, &mut Rng::of(seed, "flows"), count);
        flows.retain(|flow| flow.group.is_none() || !sampler.may_hide_its_choice(flow));
        let mut candidates = flows.clone();
        Rng::of(seed, "shares").shuffle(&mut candidates);
        let repeated =
            candidates.iter().find(|flow| flow.group.is_none() && sampler.has_a_choice(flow)).copied();
        let sticky = sticky(cluster, &mut Rng::of(seed, "affinity"), &mut sampler);
        Rng::of(seed, "lasting").shuffle(&mut candidates);
        let mut open = |protocol| -> Vec<Flow> {
            let those = candidates.iter().filter(|flow| flow.protocol == protocol);
            those.filter(|flow| sampler.may_be_answered(flow)).take(KEPT).copied().collect()
        };
        let (streams, datagrams) = (open(Protocol::Tcp), open(Protocol::Udp));
        let plain = |flow: &&Flow| flow.group.is_none() || sampler.is_always_answered(flow);
        let observers: Vec<Flow> = candidates.iter().filter(plain).copied().collect();
        let reach = observers.iter().map(|flow| (*flow, sampler.reach(flow)));
        let of_pods =
            |(_, reach): &(Flow, BTreeSet<Place>)| reach.iter().any(|by| matches!(by, Place::Pod(..)));
        let observers: Vec<_> = reach.filter(of_pods).take(OBSERVERS).collect();
        let pods = observers.iter().flat_map(|(_, reach)| reach).filter(|by| matches!(by, Place::Pod(..)));
        let mut victims: Vec<Place> = pods.copied().collect::<BTreeSet<Place>>().into_iter().collect();
        Rng::of(seed, "deaths").shuffle(&mut victims);
        FlowPlan { flows, repeated, sticky, streams, datagrams, observers, victims }
    }

    /// Two runs that ask the same have the same (FNV-1a).
    pub fn digest(&self) -> u64 {
        format!("{self:?}")
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
    }
}

/// A client for each of some Services with affinity.
fn sticky(cluster: &Cluster, rng: &mut Rng, sampler: &mut Sampler<'_>) -> Vec<(Flow, u32)> {
    let mut flows = Vec::new();
    for (number, service) in cluster.services.iter().enumerate() {
        let SessionAffinity::ClientIP { timeout_s } = service.spec.session_affinity else { continue };
        let drawn = flows::to_cluster_ip(cluster, rng, number, service);
        let drawn = drawn.filter(|flow| !sampler.may_hide_its_choice(flow));
        flows.extend(drawn.map(|flow| (flow, timeout_s)));
    }
    flows.truncate(STICKY);
    flows
}

/// Draws from the model, of a generator that serves nothing else.
struct Sampler<'a> {
    net: &'a Net,
    rng: Rng,
}

impl Sampler<'_> {
    fn draw(&mut self, flow: &Flow) -> (Outcome, Net) {
        let mut net = self.net.clone();
        net.flow = self.rng.draw();
        (net.ask(flow.origin, flow.tuple(1_000)), net)
    }

    /// May a connection reach an endpoint, and fail then? A node would remember whom it chose, and
    /// nobody could tell the model.
    fn may_hide_its_choice(&mut self, flow: &Flow) -> bool {
        (0..SURE).any(|_| self.draw(flow).1.unseen_choices > 0)
    }

    fn has_a_choice(&mut self, flow: &Flow) -> bool {
        let drawn: BTreeSet<String> =
            (0..FEW).map(|_| self.draw(flow).0).filter(is_answered).map(|outcome| who(&outcome)).collect();
        drawn.len() > 1
    }

    /// Who may answer.
    fn reach(&mut self, flow: &Flow) -> BTreeSet<Place> {
        let answers = (0..FEW).filter_map(|_| {
            let Outcome::Answered(answer) = self.draw(flow).0 else { return None };
            Some(answer.by)
        });
        answers.collect()
    }

    /// Else a node remembers an endpoint that refused, and nobody can tell the model which: all that
    /// refuse look alike until one of them dies.
    fn is_always_answered(&mut self, flow: &Flow) -> bool {
        (0..SURE).all(|_| is_answered(&self.draw(flow).0))
    }

    fn may_be_answered(&mut self, flow: &Flow) -> bool {
        (0..FEW).any(|_| is_answered(&self.draw(flow).0))
    }
}

fn is_answered(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Answered(_))
}
