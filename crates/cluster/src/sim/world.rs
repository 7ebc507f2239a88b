//! The World: one simulated cluster at one moment, and how it advances.

use litemap::LiteMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::origin::Beginning;
use super::{Archive, Chance, Clock, Event, Journal, LogEntry, Logged, Span, Time, Timing, WorkItem};
use crate::api::{App, CloudProvider, ClusterDns, KubeProxy, Name, ObjectRef, Prerequisite, Uid};
use crate::control::{self, Allocated, Backoff, Cloud, Pool};
use crate::node::kube_proxy::ProxyMode;
use crate::node::kubelet::PodRuntime;
use crate::node::{Machine, WatchEvents};
use crate::store::Store;
use crate::traffic::Traffic;
use netfilter::{Cidr, Family, PerFamily, Scheduler};

/// Raised whenever the same scenario may run differently than before. A shared link holds the version that it was
/// made with.
pub const MODEL_VERSION: u32 = 11;

/// The cluster's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterConfig {
    /// The cluster's Pod ranges, one for each of its IP families. Each node gets a part of them.
    pub pod_cidrs: PerFamily<Cidr>,
    pub service_cidrs: PerFamily<Cidr>,
    /// The configuration of every kube-proxy.
    pub kube_proxy: KubeProxy,
    /// Whether Pod traffic that leaves the Pod network is masqueraded to the node's address (`ipMasq` of the CNI
    /// plugin bridge; other plugins do the same).
    pub ip_masq: bool,
    /// Whether an app goes on serving for a while after SIGTERM, instead of closing its listener at once.
    pub apps_drain: bool,
    pub cloud: CloudProvider,
    pub dns: ClusterDns,
    /// The mode of every kube-proxy that starts from now on.
    pub proxy_mode: ProxyMode,
    /// The scheduler of IPVS mode.
    pub ipvs_scheduler: Scheduler,
}

impl ClusterConfig {
    /// The family that a cluster lists first, used where only one address is given.
    pub fn primary_family(&self) -> Family {
        self.pod_cidrs.primary_family()
    }
}

/// Cheap to clone: large parts are shared, or are flat tables.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) timing: Arc<Timing>,
    pub(crate) config: Arc<ClusterConfig>,
    pub(crate) store: Store,
    pub(crate) machines: LiteMap<Uid, Machine>,
    pub(crate) pods: LiteMap<Uid, Arc<PodRuntime>>,
    /// What was said of programs in containers; the later of two that are about the same is the only one.
    pub(crate) apps: Arc<Vec<Arc<App>>>,
    /// What was said to be missing of what Pods need.
    pub(crate) missing: Arc<BTreeSet<Prerequisite>>,
    pub(crate) cloud: Cloud,
    pub(crate) pool: Pool,
    pub(crate) allocated: Arc<Allocated>,
    pub(crate) scheduler: control::Scheduler,
    /// Owners that could not create all of their Pods and have logged that.
    pub(crate) failed_creates: BTreeSet<ObjectRef>,
    pub(crate) traffic: Traffic,
    /// Those under way to kube-proxies.
    pub(crate) watch_events: WatchEvents,
    pub(crate) changes: Changes,
    /// While the first text is read, the Pod ranges that its Nodes bring with them: no other node gets one of them.
    pub(crate) written_ranges: Arc<Vec<Cidr>>,
    /// The part of each Pod range that a node was given last.
    pub(crate) last_parts: PerFamily<u32>,
    /// What the node lifecycle and taint eviction controllers remember.
    pub(crate) node_lifecycle: control::NodeLifecycle,
    /// Nodes that Pods are bound to and that do not exist.
    pub(crate) quarantine: control::Quarantine,
    /// For each Job whose Pods failed: how long it waits before it replaces them.
    pub(crate) job_backoffs: LiteMap<Uid, Backoff>,
    /// How long DaemonSets wait before they replace Pods that failed.
    pub(crate) failed_daemons: control::FailedPods,
    pub(super) journal: Journal,
    pub(super) beginning: Beginning,
    /// What waits in the controllers' work queues.
    pub(super) queued: BTreeSet<WorkItem>,
    /// What comes into the work queues later, and when.
    delayed: BTreeMap<WorkItem, Time>,
    pub(super) name_ordinals: LiteMap<Uid, u32>,
}

/// What has changed since this was last taken: views redraw only these parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Something was added or removed, or its place or state has changed.
    pub scene: bool,
    /// Packets, connections or counts.
    pub traffic: bool,
    /// Packets of lookups.
    pub lookups: bool,
    /// Nodes whose rules, or whose pending changes of rules, have changed.
    pub rules: BTreeSet<Uid>,
    pub log: bool,
    pub objects: BTreeSet<Uid>,
}

impl Changes {
    pub fn merge(&mut self, other: Changes) {
        self.scene |= other.scene;
        self.traffic |= other.traffic;
        self.lookups |= other.lookups;
        self.log |= other.log;
        self.rules.extend(other.rules);
        self.objects.extend(other.objects);
    }
}

impl World {
    pub fn new(seed: u64, timing: Timing, config: ClusterConfig) -> World {
        let last_parts = config.pod_cidrs.map(|_, _| 0);
        World {
            clock: Clock::default(),
            chance: Chance::new(seed),
            timing: Arc::new(timing),
            config: Arc::new(config),
            store: Store::default(),
            machines: LiteMap::new(),
            pods: LiteMap::new(),
            apps: Arc::default(),
            missing: Arc::default(),
            cloud: Cloud::default(),
            pool: Pool::default(),
            allocated: Arc::default(),
            scheduler: control::Scheduler::default(),
            failed_creates: BTreeSet::new(),
            traffic: Traffic::default(),
            watch_events: WatchEvents::default(),
            changes: Changes::default(),
            written_ranges: Arc::default(),
            last_parts,
            node_lifecycle: control::NodeLifecycle::default(),
            quarantine: LiteMap::new(),
            job_backoffs: LiteMap::new(),
            failed_daemons: LiteMap::new(),
            journal: Journal::new(seed),
            beginning: Beginning::default(),
            queued: BTreeSet::new(),
            delayed: BTreeMap::new(),
            name_ordinals: LiteMap::new(),
        }
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    pub fn seed(&self) -> u64 {
        self.chance.seed()
    }

    pub fn timing(&self) -> &Timing {
        &self.timing
    }

    pub fn config(&self) -> &ClusterConfig {
        &self.config
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    pub fn machines(&self) -> &LiteMap<Uid, Machine> {
        &self.machines
    }

    pub fn machine_named(&self, name: &str) -> Option<&Machine> {
        self.machines.values().find(|m| &*m.name == name)
    }

    pub fn pod_runtime(&self, uid: Uid) -> Option<&PodRuntime> {
        self.pods.get(&uid).map(|runtime| &**runtime)
    }

    /// What was said of programs in containers.
    pub fn apps(&self) -> impl Iterator<Item = &App> {
        self.apps.iter().map(|app| &**app)
    }

    /// What was said to be missing of what Pods need.
    pub fn missing(&self) -> &BTreeSet<Prerequisite> {
        &self.missing
    }

    /// Oldest first.
    pub fn log(&self) -> &Archive<Logged> {
        self.journal.log()
    }

    /// How many entries were ever added.
    pub fn log_count(&self) -> u64 {
        self.journal.log().count()
    }

    /// A hash of the run so far: two runs with the same hash went the same way.
    pub fn hash(&self) -> u64 {
        self.journal.hash()
    }

    /// How many events the run has processed.
    pub fn events(&self) -> u64 {
        self.clock.events()
    }

    /// How many events are scheduled.
    pub(super) fn planned(&self) -> usize {
        self.clock.planned()
    }

    /// When the next event is due, or the clients begin; `None` if nothing will happen of itself.
    pub fn next_event_at(&self) -> Option<Time> {
        [self.clock.next_event_at(), self.clients_begin_by()].into_iter().flatten().min()
    }

    /// What kind of event is next, without what it is about: `Reconcile EndpointSlices`.
    pub fn next_event_name(&self) -> Option<String> {
        self.clock.next_event().map(Event::name)
    }

    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// Runs until `until`, until `budget` events were processed, or until the clients have just begun: from there on it
    /// is known when actions are to be done. True if `until` was reached.
    pub(crate) fn advance_to(&mut self, until: Time, budget: u64) -> bool {
        for _ in 0..budget {
            if self.begin_if_due(until) {
                return false;
            }
            match self.clock.next_until(until) {
                Some(event) => self.process(event),
                None => {
                    self.clock.pass_to(until);
                    return true;
                }
            }
        }
        false
    }

    fn process(&mut self, event: Event) {
        self.digest(&[self.clock.now().0]);
        match event {
            Event::Reconcile(item) => self.reconcile(item),
            Event::Requeue(item) => self.requeue(item),
            Event::Kubelet { pod, epoch, step } => self.kubelet_step(pod, epoch, step),
            Event::ProxyObserve { node, watch } => self.watch_event_arrives(node, watch),
            Event::ProxySync { node, family, start } => self.proxy_syncs(node, family, start),
            Event::Cloud { service, request } => self.cloud_answers(&service, request),
            Event::SpeakerLost { node, boot } => self.speaker_is_lost(node, boot),
            Event::HealthChecked { service, node, check } => self.health_checked(&service, node, check),
            Event::ClientFire { client, epoch } => self.client_fires(client, epoch),
            Event::Arrive { packet } => self.packet_arrives(packet),
            Event::Answer { connection, request } => self.app_answers(connection, request),
            Event::Connection { connection, request, timer } => {
                self.connection_timer(connection, request, timer)
            }
            Event::NeighbourTimeout { packet } => self.neighbour_timed_out(packet),
            Event::ProxyRelist { node, watch } => self.proxy_relists(node, watch),
            Event::ProxyRetry { node, family, start, failed_at } => {
                self.proxy_retries(node, family, start, failed_at)
            }
            Event::ProxyLate { node } => self.recheck_health(node),
            Event::ProxyTerminates { node, family, start } => self.proxy_terminates(node, family, start),
            Event::ProxyRestart { node, boot } => self.proxy_restarts(node, boot),
            Event::Node { node, epoch, step } => self.node_step(node, epoch, step),
        }
    }

    fn reconcile(&mut self, item: WorkItem) {
        self.queued.remove(&item);
        match item {
            WorkItem::Deployment(key) => self.reconcile_deployment(&key),
            WorkItem::ReplicaSet(key) => self.reconcile_replica_set(&key),
            WorkItem::ReplicationController(key) => self.reconcile_replication_controller(&key),
            WorkItem::StatefulSet(key) => self.reconcile_stateful_set(&key),
            WorkItem::DaemonSet(key) => self.reconcile_daemon_set(&key),
            WorkItem::Job(key) => self.reconcile_job(&key),
            WorkItem::CronJob(key) => self.reconcile_cron_job(&key),
            WorkItem::DisruptionBudget(key) => self.reconcile_disruption_budget(&key),
            WorkItem::Eviction { node, pod, uid } => self.evict_again(&node, &pod, uid),
            WorkItem::NodeTaints(node) => self.sync_condition_taints(&node),
            WorkItem::NodeHealth => self.monitor_node_health(),
            WorkItem::NoExecuteTaints(node) => self.sync_no_execute_taints(&node),
            WorkItem::TaintEviction { pod, uid } => self.taint_eviction_is_due(&pod, uid),
            WorkItem::Namespace(name) => self.reconcile_namespace(&name),
            WorkItem::PodGc => self.collect_pods(),
            WorkItem::PodToSchedule(key) => self.scheduler_sees_pod(&key),
            WorkItem::NextPodToSchedule => self.schedule_next_pod(),
            WorkItem::EndpointSlices(service) => self.reconcile_endpoint_slices(&service),
            WorkItem::Endpoints(service) => self.reconcile_endpoints(&service),
            WorkItem::MirroredSlices(endpoints) => self.reconcile_mirrored_slices(&endpoints),
            WorkItem::LoadBalancer(service) => self.reconcile_load_balancer(&service),
            WorkItem::Announcement(service) => self.reconcile_announcement(&service),
            WorkItem::ServiceCidr(name) => self.reconcile_service_cidr(&name),
            WorkItem::DefaultServiceCidr => self.reconcile_default_service_cidr(),
            WorkItem::BalancedNodes => self.reconcile_balanced_nodes(),
            WorkItem::DependentsOf(owner) => self.delete_dependents(owner),
            WorkItem::Terminating(object) => self.collect_dependents(&object),
        }
    }

    pub(crate) fn schedule(&mut self, at: Time, event: Event) {
        self.clock.schedule(at, event);
    }

    /// Puts an item into its controller's work queue, after a change that the controller's watch shows.
    pub(crate) fn enqueue(&mut self, item: WorkItem) {
        if self.queued.contains(&item) {
            return;
        }
        let watch = self.timing.watch_delay;
        let delay = match &item {
            WorkItem::EndpointSlices(_) => watch + self.timing.endpoint_slice_batch,
            // What the scheduler's watch has shown is in its queue already.
            WorkItem::NextPodToSchedule => Span::ZERO,
            // They come by the clock.
            WorkItem::NodeHealth | WorkItem::TaintEviction { .. } | WorkItem::PodGc => Span::ZERO,
            WorkItem::Deployment(_)
            | WorkItem::ReplicaSet(_)
            | WorkItem::ReplicationController(_)
            | WorkItem::StatefulSet(_)
            | WorkItem::DaemonSet(_)
            | WorkItem::Job(_)
            | WorkItem::CronJob(_)
            | WorkItem::DisruptionBudget(_)
            | WorkItem::Eviction { .. }
            | WorkItem::NodeTaints(_)
            | WorkItem::Namespace(_)
            | WorkItem::NoExecuteTaints(_)
            | WorkItem::PodToSchedule(_)
            | WorkItem::Endpoints(_)
            | WorkItem::MirroredSlices(_)
            | WorkItem::LoadBalancer(_)
            | WorkItem::Announcement(_)
            | WorkItem::ServiceCidr(_)
            | WorkItem::DefaultServiceCidr
            | WorkItem::BalancedNodes
            | WorkItem::DependentsOf(_)
            | WorkItem::Terminating(_) => watch,
        };
        let at = self.clock.now() + delay;
        self.queued.insert(item.clone());
        self.schedule(at, Event::Reconcile(item));
    }

    /// Puts an item into its controller's work queue when some time has passed. Of several times the first counts, as
    /// in client-go's delaying queue.
    pub(crate) fn enqueue_after(&mut self, item: WorkItem, wait: Span) {
        let at = self.clock.now() + wait;
        if self.delayed.get(&item).is_some_and(|due| *due <= at) {
            return;
        }
        self.delayed.insert(item.clone(), at);
        self.schedule(at, Event::Requeue(item));
    }

    fn requeue(&mut self, item: WorkItem) {
        if self.delayed.get(&item).is_some_and(|due| *due == self.clock.now()) {
            self.delayed.remove(&item);
            self.enqueue(item);
        }
    }

    /// Mixes words into the run's hash.
    pub(crate) fn digest(&mut self, words: &[u64]) {
        self.journal.digest(words);
    }

    pub(crate) fn record(&mut self, entry: LogEntry) {
        self.changes.log = true;
        self.journal.record(self.clock.now(), entry);
    }

    pub(crate) fn next_name_ordinal(&mut self, owner: Uid) -> u32 {
        let ordinal = self.name_ordinals.entry(owner).or_default();
        *ordinal += 1;
        *ordinal
    }

    pub(crate) fn touch_pod(&mut self, pod: Uid) {
        self.changes.scene = true;
        self.changes.objects.insert(pod);
    }

    pub(crate) fn touch_all_services(&mut self) {
        self.changes.scene = true;
        self.changes.objects.extend(self.store.services.iter().map(|s| s.meta.uid));
    }

    pub fn node_name(&self, uid: Uid) -> Option<&Name> {
        self.machines.get(&uid).map(|m| &m.name)
    }
}
