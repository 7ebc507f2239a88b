//! What each kube-proxy of a run has seen and written, sync by sync.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::api::{EndpointSlice, Manifest, Name, Service, Str, Uid};
use cluster::node::kube_proxy::{ProxyConfig, ProxyMode};
use cluster::node::{Machine, Proxier};
use cluster::sim::{Run, Span, Time, World};
use cluster::store::Objects;
use netfilter::Family;

/// The life of one proxier, from its start to its last sync.
pub struct Session {
    pub node: Name,
    pub mode: ProxyMode,
    pub config: Arc<ProxyConfig>,
    pub syncs: Vec<Sync>,
}

/// One sync: what it has seen by then, and what the kernel holds after it.
pub struct Sync {
    pub at: Time,
    pub zone: Option<Str>,
    pub services: Objects<Service>,
    pub slices: Objects<EndpointSlice>,
    pub failed: bool,
    /// As `packetyard rules` prints them.
    pub rules: String,
}

/// A run is recorded until so long after its last action, or after its origin.
const AFTERWARDS: Span = Span::from_secs(6);
/// What comes later than this is not compared.
const LONGEST: Span = Span::from_secs(240);

/// Runs a cluster in that mode.
pub fn record(manifest: &Manifest, mode: ProxyMode) -> Vec<Session> {
    let mut manifest = manifest.clone();
    let scenario = manifest.scenario.get_or_insert_default();
    scenario.proxy_mode = Some(mode);
    // kube-proxy does not look at packets.
    scenario.clients = Some(Vec::new());
    let (mut run, _) = Run::new(&manifest, None);
    run.set_history_budget(0);
    run.find_origin(u64::MAX);
    run.seek(Time::ZERO, u64::MAX);
    let origin = run.origin().unwrap_or(Time::ZERO);
    let last = run.actions().iter().filter_map(|action| run.time_of(action.at)).max().unwrap_or(origin);
    let end = (last.max(origin) + AFTERWARDS).min(origin + LONGEST);
    let mut recorder = Recorder::default();
    while run.world().now() <= end && run.step() {
        let changed = run.take_changes().rules;
        changed.iter().for_each(|node| recorder.look(run.world(), *node));
    }
    recorder.sessions
}

#[derive(Default)]
struct Recorder {
    sessions: Vec<Session>,
    /// Those that go on: where they are in `sessions`, and when they last tried to write rules.
    current: BTreeMap<(Uid, Family), (usize, Time)>,
}

impl Recorder {
    fn look(&mut self, world: &World, node: Uid) {
        let Some(machine) = world.machines().get(&node) else { return };
        for (family, proxier) in machine.proxy.proxiers.iter() {
            let key = (node, family);
            let Some(at) = last_try(proxier) else {
                // It has started anew.
                self.current.remove(&key);
                continue;
            };
            let Some(config) = &proxier.written.config else { continue };
            let current =
                self.current.get(&key).filter(|(at, _)| goes_on(&self.sessions[*at], machine, config));
            if current.is_some_and(|(_, last)| *last == at) {
                continue;
            }
            let session = match current {
                Some((session, _)) => *session,
                None => self.begin(machine, config),
            };
            self.sessions[session].syncs.push(sync(machine, family, proxier, at));
            self.current.insert(key, (session, at));
        }
    }

    fn begin(&mut self, machine: &Machine, config: &Arc<ProxyConfig>) -> usize {
        let (node, mode, config) = (machine.name.clone(), machine.proxy.mode, Arc::clone(config));
        self.sessions.push(Session { node, mode, config, syncs: Vec::new() });
        self.sessions.len() - 1
    }
}

fn last_try(proxier: &Proxier) -> Option<Time> {
    proxier.synced_at.max(proxier.failed.as_ref().map(|failed| failed.at))
}

/// Whether nothing has changed but what may change while a kube-proxy runs.
fn goes_on(session: &Session, machine: &Machine, config: &ProxyConfig) -> bool {
    let (zone, port_maps) = (session.config.zone.clone(), session.config.port_maps.clone());
    session.mode == machine.proxy.mode && *session.config == ProxyConfig { zone, port_maps, ..config.clone() }
}

fn sync(machine: &Machine, family: Family, proxier: &Proxier, at: Time) -> Sync {
    let rules = machine.rules(family).map(ToString::to_string).unwrap_or_default();
    let seen = &machine.proxy;
    match (&proxier.failed, &proxier.written.config) {
        (None, Some(config)) => Sync {
            at,
            zone: config.zone.clone(),
            services: proxier.written.services.clone(),
            slices: proxier.written.slices.clone(),
            failed: false,
            rules,
        },
        (Some(_), _) | (None, None) => Sync {
            at,
            zone: seen.zone.clone(),
            services: seen.services.clone(),
            slices: seen.slices.clone(),
            failed: true,
            rules,
        },
    }
}
