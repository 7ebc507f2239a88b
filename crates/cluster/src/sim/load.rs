//! Makes a World at its first moment from manifests and a scenario.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Chance, ClusterConfig, Event, NodeStep, Refusal, Span, Timing, World};
use crate::api::{
    ClientSpec, ClusterDns, Codec, ConditionStatus, Container, Kind, KubeObject, Manifest, ManifestObject,
    Meta, Name, Node, NodeConditions, NsName, Pod, PodSpec, PodStatus, Scenario, ScenarioNode, Start, Str,
    Taint, TaintEffect, Uid,
};
use crate::control::BALANCERS;
use crate::net::{Cni, Prefixes, cluster_range, holds, next_free, node_range, overlap};
use crate::node::{Machine, ProxyStatus, kernel, register};
use crate::traffic::{OUTSIDE, curl_pod, derived_clients};
use netfilter::{Cidr, Family, PerFamily};

/// kubeadm's defaults, or near them, and kind's for IPv6.
const POD_CIDR: Prefixes = Prefixes { v4: "10.244.0.0/16", v6: "fd00:10:244::/56" };
const SERVICE_CIDR: Prefixes = Prefixes { v4: "10.96.0.0/12", v6: "fd00:10:96::/112" };
/// The nodes' network; 192.168.0.11 is the first node.
pub(super) const NODES: Prefixes = Prefixes { v4: "192.168.0.0/24", v6: "fd00:192:168::/64" };
/// So many addresses has a node's range at least.
const SMALLEST: u64 = 4;
const DEFAULT_SEED: u64 = 7;
/// Of one cluster.
pub const NODE_LIMIT: u32 = 240;
/// node-1 to node-3, if neither the scenario nor a manifest names nodes.
pub(crate) const DEFAULT_NODES: u32 = 3;

/// A run in the making, in steps, each of which does a bounded part: a node, an object, a client. Whoever has to do
/// other things meanwhile can do them between any two.
#[derive(Debug)]
pub struct Loading<'a> {
    pub(super) manifest: &'a Manifest,
    world: World,
    stage: Stage<'a>,
    refusals: Vec<Refusal>,
}

/// What of a text is still to be loaded.
#[derive(Debug)]
enum Stage<'a> {
    Nodes(std::vec::IntoIter<ScenarioNode>),
    /// Those that the cluster has by itself.
    SystemObjects(std::vec::IntoIter<ManifestObject>),
    Objects(std::slice::Iter<'a, ManifestObject>),
    Clients(std::vec::IntoIter<ClientSpec>),
}

impl<'a> Loading<'a> {
    /// Begins a cluster that runs these manifests. `seed` overrides the scenario's own.
    pub fn new(manifest: &'a Manifest, seed: Option<u64>) -> Loading<'a> {
        let none = Scenario::default();
        let scenario = manifest.scenario.as_ref().unwrap_or(&none);
        let world = World::without_nodes(manifest, scenario, seed);
        let stage = Stage::Nodes(first_nodes(manifest, scenario).into_iter());
        Loading { manifest, world, stage, refusals: Vec::new() }
    }

    /// Does some more. True when all of it is done.
    pub fn step(&mut self) -> bool {
        let world = &mut self.world;
        match &mut self.stage {
            Stage::Nodes(nodes) => match nodes.next() {
                Some(node) => self.refusals.extend(world.add_first_node(&node).err()),
                None => {
                    world.add_namespace("default".into());
                    let own = match world.config.dns {
                        ClusterDns::Ideal => Vec::new(),
                        ClusterDns::Pods => world.system_objects(),
                    };
                    self.stage = Stage::SystemObjects(own.into_iter());
                }
            },
            Stage::SystemObjects(objects) => match objects.next() {
                Some(parsed) => self.refusals.extend(world.create_own_object(&parsed).err()),
                None => self.stage = Stage::Objects(self.manifest.objects.iter()),
            },
            Stage::Objects(objects) => match objects.next() {
                // A text may name an object twice: the second one changes it.
                Some(parsed) => self.refusals.extend(world.load_object(parsed).err()),
                None => {
                    // Each has its node now, or was refused.
                    world.written_ranges = Arc::default();
                    let named = self.manifest.scenario.as_ref().and_then(|scenario| scenario.clients.clone());
                    let clients = named.unwrap_or_else(|| derived_clients(world));
                    self.stage = Stage::Clients(clients.into_iter());
                }
            },
            Stage::Clients(clients) => match clients.next() {
                Some(client) => world.add_first_client(client),
                None => return true,
            },
        }
        false
    }

    /// The World at its first moment, after the steps that are left; and what the API server refused: those objects are
    /// left out.
    pub(super) fn into_world(mut self) -> (World, Vec<Refusal>) {
        while !self.step() {}
        self.world.record_start();
        (self.world, self.refusals)
    }
}

impl World {
    #[cfg(test)]
    pub(crate) fn load(manifest: &Manifest, seed: Option<u64>) -> (World, Vec<Refusal>) {
        Loading::new(manifest, seed).into_world()
    }

    fn without_nodes(manifest: &Manifest, scenario: &Scenario, seed: Option<u64>) -> World {
        let seed = seed.or(scenario.seed).unwrap_or(DEFAULT_SEED);
        let mut timing = Timing::new(scenario.timing.unwrap_or_default());
        let kube_proxy = scenario.kube_proxy.clone().unwrap_or_default();
        timing.proxy_min_sync_period = kube_proxy.min_sync_period;
        timing.proxy_sync_period = kube_proxy.sync_period.unwrap_or(timing.proxy_sync_period);
        let ranges = ClusterRanges::of(scenario, &manifest.objects);
        let config = ClusterConfig {
            pod_cidrs: ranges.pods,
            service_cidrs: ranges.services,
            kube_proxy,
            ip_masq: scenario.ip_masq.unwrap_or(true),
            apps_drain: scenario.apps_drain.unwrap_or(false),
            cloud: scenario.cloud.clone().unwrap_or_default(),
            // A text in which there is no place for kube-dns has an error, but can be run.
            dns: scenario.dns.unwrap_or_default().within(ranges.services),
            proxy_mode: scenario.proxy_mode.unwrap_or_default(),
            ipvs_scheduler: scenario.ipvs_scheduler.unwrap_or_default(),
        };
        let mut world = World::new(seed, timing, config);
        let own = world.default_service_cidr();
        world.store.put_first(own);
        world.written_ranges = Arc::new(world.can_be_given(written_ranges(&manifest.objects)));
        world.say_of_apps(scenario);
        match scenario.start.unwrap_or_default() {
            Start::Settled => {}
            Start::Cold => world.begin_cold(),
        }
        world
    }

    fn add_first_node(&mut self, node: &ScenarioNode) -> Result<Uid, Refusal> {
        let meta = node_meta(&node.name, node.zone.as_ref());
        self.add_machine(plain_node(meta), node.ready, None)
    }

    /// A text holds no more of either than may be said.
    fn say_of_apps(&mut self, scenario: &Scenario) {
        for app in &scenario.apps {
            let is_said = self.set_app(app).is_ok();
            assert!(is_said, "a Scenario is within the limit");
        }
        self.missing = Arc::new(scenario.missing.iter().cloned().collect());
    }

    /// Adds a machine to the cluster: its Node object, its Pod range, its network stack.
    pub(crate) fn add_machine(
        &mut self,
        mut node: Node,
        power: bool,
        boot_time: Option<Span>,
    ) -> Result<Uid, Refusal> {
        if self.store.node(&node.meta.name).is_some() {
            return Err(Refusal::NodeExists { node: node.meta.name });
        }
        if self.machines.len() as u32 >= NODE_LIMIT {
            return Err(Refusal::TooManyNodes { limit: NODE_LIMIT });
        }
        let (index, ranges) = self.pod_ranges(&node)?;
        let addresses = self.node_addresses(&node, index, ranges)?;
        let at_once = power && boot_time.is_none();
        node.spec.pod_cidrs = ranges.values().copied().collect();
        node.addresses = addresses.values().copied().collect();
        register(&mut node, self.store.next_uid());
        self.set_first_conditions(&mut node, at_once, power);
        let node = self.create_object(node)?;
        let (uid, name) = (node.meta.uid, node.meta.name.clone());
        let cni = Cni::new(ranges);
        let own = addresses.values().chain(cni.gateways().values()).copied().collect();
        let stack = kernel(own, &self.config.pod_cidrs);
        let machine = Machine {
            uid,
            name: node.meta.name.clone(),
            addresses,
            power,
            boot: 0,
            cut_off: false,
            boots: false,
            booted_cut_off: false,
            watch: 0,
            silence: 0,
            subject: Chance::subject(&node.meta.name),
            cni,
            host_network_pods: Vec::new(),
            without_address: Vec::new(),
            port_maps: Vec::new(),
            stack,
            sent: Default::default(),
            proxy: ProxyStatus::new(&self.config.pod_cidrs),
            proxy_start: 0,
        };
        self.machines.insert(uid, machine);
        if at_once {
            self.proxy_starts(uid, Span::ZERO);
            self.speaker_joins(uid);
        } else if let Some(boot_time) = boot_time.filter(|_| power) {
            self.node_boots(uid, boot_time);
        }
        // Pods that named the node before there was one.
        self.kubelet_lists(&name);
        Ok(uid)
    }

    /// The node's part of each Pod range, as written, or else the next one that is free (pkg/controller/nodeipam,
    /// range_allocator.go); and the number of the node, by which it gets its address.
    fn pod_ranges(&mut self, node: &Node) -> Result<(u32, PerFamily<Cidr>), Refusal> {
        let clusters = self.config.pod_cidrs;
        let of_family = |family| {
            node.spec.pod_cidrs.iter().copied().find(|range: &Cidr| Family::of(range.address()) == family)
        };
        for (family, cluster) in clusters.iter() {
            let Some(range) = of_family(family) else { continue };
            if !holds(*cluster, range) {
                return Err(Refusal::PodRangeNotInCluster { range, cluster: *cluster });
            }
            if range.size() < SMALLEST || self.ranges_in_use().any(|used| overlap(used, range)) {
                return Err(Refusal::PodRangeNotFree { range });
            }
        }
        let in_use: Vec<Cidr> = self.ranges_in_use().chain(self.written_ranges.iter().copied()).collect();
        let mut last = self.last_parts;
        let ranges = clusters.try_map(|family, cluster| {
            if let Some(written) = of_family(family) {
                return Ok(written);
            }
            let last = last.get_mut(family).expect("there is one for each family of the cluster");
            let next =
                next_free(*cluster, *last, &in_use).ok_or(Refusal::NoPodRangeLeft { range: *cluster })?;
            *last = next;
            Ok(node_range(*cluster, next).expect("the part that was found"))
        })?;
        self.last_parts = last;
        Ok((*last.primary().max(&1), ranges))
    }

    /// Without those with which a Node is refused anyhow.
    fn can_be_given(&self, mut ranges: Vec<Cidr>) -> Vec<Cidr> {
        ranges.retain(|range| {
            let cluster = self.config.pod_cidrs.get(Family::of(range.address()));
            range.size() >= SMALLEST && cluster.is_some_and(|cluster| holds(*cluster, *range))
        });
        ranges
    }

    fn ranges_in_use(&self) -> impl Iterator<Item = Cidr> {
        let of = |machine: &Machine| {
            [Family::V4, Family::V6]
                .into_iter()
                .filter_map(|family| machine.cni.range(family))
                .collect::<Vec<_>>()
        };
        self.machines.values().flat_map(of)
    }

    /// The InternalIPs that are written and that a node can have, or else the next ones that nobody has.
    fn node_addresses(
        &self,
        node: &Node,
        index: u32,
        ranges: PerFamily<Cidr>,
    ) -> Result<PerFamily<IpAddr>, Refusal> {
        let is_in_pool =
            |ip: &IpAddr| self.config.cloud.address_pool().is_some_and(|pool| pool.contains(*ip));
        let is_free = |ip: &IpAddr| {
            !is_in_pool(ip) && !self.machines.values().any(|machine| machine.addresses.contains(ip))
        };
        ranges.try_map(|family, _| {
            let mut written = node.addresses.iter().copied().filter(|ip| Family::of(*ip) == family);
            let first = 10 + index.min(200);
            let hosts = (first..255).chain(10..first);
            let mut usual = hosts.filter_map(|nth| NODES.of(family).nth(u64::from(nth)));
            written
                .find(|ip| is_free(ip) && self.may_be_a_nodes(*ip))
                .or_else(|| usual.find(is_free))
                .ok_or(Refusal::NoNodeAddressLeft { network: NODES.of(family) })
        })
    }

    /// Whether a machine can have the address (kubelet_node_status.go, validateNodeIP), and nothing else of the cluster
    /// or around it has it or may get it.
    fn may_be_a_nodes(&self, ip: IpAddr) -> bool {
        let is_special = match ip {
            IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast(),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
        if is_special || ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() {
            return false;
        }
        let family = Family::of(ip);
        let of_cluster = self.config.pod_cidrs.values().chain(self.config.service_cidrs.values()).copied();
        let mut taken = of_cluster.chain([OUTSIDE.of(family), BALANCERS.of(family)]);
        !taken.any(|range| range.contains(ip)) && !self.traffic.clients.values().any(|c| c.has_address(ip))
    }

    /// A kubelet that has just started is not ready, and its Node has the taint that the API server gives every new one
    /// (plugin/pkg/admission/nodetaint). On one without power nobody has reported for a long time.
    fn set_first_conditions(&self, node: &mut Node, is_ready: bool, power: bool) {
        let now = self.clock.now();
        let reported = NodeConditions::reported(is_ready, now);
        node.conditions = if power { reported } else { reported.unknown(now) };
        let key = match node.ready() {
            ConditionStatus::True => return,
            ConditionStatus::False => Taint::NOT_READY,
            ConditionStatus::Unknown => Taint::UNREACHABLE,
        };
        let taint = Taint::new(key, TaintEffect::NoSchedule);
        if !node.spec.taints.iter().any(|other| other.is_same(&taint)) {
            node.spec.taints.push(taint);
        }
    }

    /// After `boot_time` the kubelet reports and takes up its Pods, and kube-proxy lists and writes its rules; then the
    /// load balancers' health checks find the node healthy.
    pub(crate) fn node_boots(&mut self, node: Uid, boot_time: Span) {
        let Some(machine) = self.machines.get_mut(&node) else { return };
        machine.boots = true;
        let boot = machine.boot;
        let ready = self.clock.now() + boot_time;
        self.schedule(ready, Event::Node { node, epoch: boot, step: NodeStep::Ready });
        self.proxy_starts(node, boot_time);
    }

    /// One of the scenario's own clients, or of those that the manifests imply.
    fn add_first_client(&mut self, client: ClientSpec) {
        if let crate::api::ClientFrom::Workload { namespace, kind, name } = &client.from {
            let key = NsName { namespace: namespace.clone(), name: name.clone() };
            if *kind == Kind::Pod && key == curl_pod(namespace) && self.store.pods.get(&key).is_none() {
                let mut pod = curl(key);
                // A client without its Pod waits for one.
                let admitted = self.admit_pod(&mut pod);
                let _ = admitted.and_then(|()| self.create_object(pod));
            }
        }
        self.add_client(client);
    }

    fn record_start(&mut self) {
        let seed = self.seed();
        self.digest(&[seed, u64::from(super::MODEL_VERSION)]);
    }
}

/// What a scenario names; node-1 to node-3, if neither it nor a manifest names nodes.
fn first_nodes(manifest: &Manifest, scenario: &Scenario) -> Vec<ScenarioNode> {
    let written = manifest.objects.iter().any(|p| matches!(p.object, KubeObject::Node(_)));
    let default = |(i, zone): (usize, &&str)| ScenarioNode {
        name: format!("node-{}", i + 1).as_str().into(),
        zone: Some((*zone).into()),
        ready: true,
    };
    match &scenario.nodes {
        Some(nodes) => nodes.clone(),
        None if written => Vec::new(),
        None => ["a", "b", "c"].iter().enumerate().map(default).collect(),
    }
}

/// A Pod with curl: the client of a Service that nothing else calls.
fn curl(key: NsName) -> Pod {
    Pod {
        meta: Meta {
            name: key.name,
            namespace: key.namespace,
            labels: [("run".into(), "curl".into())].into_iter().collect(),
            ..Meta::default()
        },
        spec: PodSpec {
            containers: vec![Container {
                name: "curl".into(),
                image: "curlimages/curl".into(),
                ..Container::default()
            }],
            ..PodSpec::default()
        },
        status: PodStatus::default(),
        written: Arc::default(),
    }
}

/// The ranges of a cluster that Pods and Services have their addresses from.
#[derive(Clone, Copy, Debug)]
pub struct ClusterRanges {
    pub pods: PerFamily<Cidr>,
    pub services: PerFamily<Cidr>,
}

impl ClusterRanges {
    /// As the Scenario says, or else such as the text's Nodes fit in.
    pub fn of(scenario: &Scenario, objects: &[ManifestObject]) -> ClusterRanges {
        let written = written_ranges(objects);
        let families = pod_families(scenario, &written);
        let pods = |family| cluster_range(POD_CIDR.of(family), family, &written);
        let services = |family| SERVICE_CIDR.of(family);
        ClusterRanges {
            pods: scenario.pod_cidrs.unwrap_or_else(|| families.map(|family, _| pods(family))),
            services: scenario.service_cidrs.unwrap_or_else(|| families.map(|family, _| services(family))),
        }
    }
}

/// The Pods' families: those of `podCIDR`, or else those of the ranges that Nodes bring with them. Behind these come
/// any others of `serviceCIDR`, as no Service has a family that Pods have not.
fn pod_families(scenario: &Scenario, written: &[Cidr]) -> PerFamily<()> {
    if let Some(ranges) = scenario.pod_cidrs {
        return ranges.map(|_, _| ());
    }
    let of_nodes = written.iter().map(|range| Family::of(range.address()));
    let of_services = scenario.service_cidrs.iter().flat_map(PerFamily::families);
    let mut families = of_nodes.chain(of_services);
    let primary = families.next().unwrap_or(Family::V4);
    match families.any(|family| family != primary) {
        true => PerFamily::dual(primary, (), ()),
        false => PerFamily::single(primary, ()),
    }
}

/// The Pod ranges that Nodes in the text bring with them.
fn written_ranges(objects: &[ManifestObject]) -> Vec<Cidr> {
    let mut ranges = Vec::new();
    for parsed in objects {
        if let KubeObject::Node(node) = &parsed.object {
            ranges.extend(&node.spec.pod_cidrs);
        }
    }
    ranges
}

pub(crate) fn plain_node(meta: Meta) -> Node {
    let mut node = Node { meta, ..Node::default() };
    node.set_defaults();
    node
}

pub(crate) fn node_meta(name: &Name, zone: Option<&Str>) -> Meta {
    let mut meta = Meta { name: name.clone(), ..Meta::default() };
    if let Some(zone) = zone {
        meta.labels.insert("topology.kubernetes.io/zone".into(), zone.clone());
    }
    meta
}

#[cfg(test)]
mod tests {
    use super::Loading;
    use crate::api::parse;

    #[test]
    fn a_step_loads_one_node_or_one_object_at_most() {
        let text =
            "{apiVersion: v1, kind: Service, metadata: {name: NAME}, spec: {ports: [{port: 80}]}}\n---\n";
        let services: String = (0..20).map(|n| text.replace("NAME", &format!("s{n}"))).collect();
        let manifest = parse(&services);
        let mut loading = Loading::new(&manifest, None);
        let (mut nodes, mut services, mut clients) = (0, 0, 0);
        while !loading.step() {
            let store = loading.world.store();
            let before = nodes + services + clients;
            (nodes, services) = (store.nodes.len(), store.services.len());
            clients = loading.world.traffic().clients.len();
            assert!(nodes + services + clients <= before + 1);
        }
        // The cluster's own two have no clients.
        assert_eq!((nodes, services, clients), (3, 22, 20));
    }
}
