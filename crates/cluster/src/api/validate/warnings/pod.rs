//! pkg/api/pod/warnings.go, warningsForPodSpecAndMeta: of what the simulation reads of a Pod, or of a template of Pods.

use std::collections::{BTreeMap, BTreeSet};

use super::{Warnings, field, kept, name_problems, of_address, of_each};
use crate::api::field::Path;
use crate::api::resources::{EPHEMERAL_STORAGE, MEMORY};
use crate::api::{
    Affinity, Container, ContainerPort, EnvVar, Labels, NameRule, NodeSelectorTerm, Pod, PodAffinity,
    PodSpec, PortOverlap, ResourceList, ServerWarning, Str, Tree,
};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// What has a Pod's spec.
pub(super) struct Of<'a> {
    pub annotations: &'a Labels,
    pub spec: &'a PodSpec,
    /// The spec as written.
    pub written: Option<&'a Tree>,
    pub is_template: bool,
}

/// In upstream's order, which counts where there are too many.
pub(super) fn of_spec(of: &Of<'_>, parent: &Path<'_>, warnings: &mut Warnings) {
    let Of { annotations, spec, written, is_template } = *of;
    let (metadata, path) = (&parent.child("metadata"), &parent.child("spec"));
    let affinity = path.child("affinity");
    let node_selector = path.child("nodeSelector");
    for label in spec.node_selector.keys() {
        of_label(label, &node_selector.child(label), false, warnings);
    }
    if let Some(of) = &spec.affinity {
        node_affinity(of, &affinity.child("nodeAffinity"), warnings);
    }
    let constraints = path.child("topologySpreadConstraints");
    for (index, constraint) in spec.topology_spread_constraints.iter().enumerate() {
        let path = constraints.item(index);
        of_label(&constraint.topology_key, &path.child("topologyKey"), true, warnings);
        if constraint.label_selector.is_none() {
            no_label_selector(&path.child("labelSelector"), warnings);
        }
    }
    kept::annotations(annotations, metadata, warnings);
    kept::volumes(written, path, warnings);
    kept::lists(written, path, warnings);
    for resource in [MEMORY, EPHEMERAL_STORAGE] {
        bytes(&spec.overhead, resource, &path.child("overhead"), warnings);
    }
    kept::seccomp_of_pod(annotations, written, metadata, warnings);
    let (inits, mains) = (path.child("initContainers"), path.child("containers"));
    let lists = [(inits, &spec.init_containers), (mains, &spec.containers)];
    for (list, containers) in &lists {
        for (index, container) in containers.iter().enumerate() {
            let own = of.written_container(container);
            kept::seccomp(annotations, &container.name, own, metadata, warnings);
            if is_template {
                kept::app_armor(annotations, &container.name, (written, own), metadata, warnings);
            }
            of_container(container, &list.item(index), warnings);
        }
    }
    ports(&lists, warnings);
    port_names(&lists, warnings);
    if spec.termination_grace_period_s < 0 {
        let path = path.child("terminationGracePeriodSeconds");
        warnings.push_at(&path, |path| ServerWarning::NegativeGracePeriod { path });
    }
    if let Some(of) = &spec.affinity {
        pod_affinity(&of.pod_affinity, &affinity.child("podAffinity"), warnings);
        pod_affinity(&of.pod_anti_affinity, &affinity.child("podAntiAffinity"), warnings);
    }
    let dns = path.child("dnsConfig");
    let servers = field(field(written, "dnsConfig"), "nameservers");
    of_each(servers, &dns.child("nameservers"), of_address, warnings);
    let aliases = path.child("hostAliases");
    for (index, ip) in kept::texts(written, "hostAliases", "ip").enumerate() {
        of_address(ip, &aliases.item(index).child("ip"), warnings);
    }
}

/// What is said of a Pod before all else (registry/core/pod/strategy.go, applyAppArmorVersionSkew).
pub(super) fn app_armor(of: &Of<'_>, warnings: &mut Warnings) {
    let os = field(field(of.written, "os"), "name").and_then(Tree::as_str);
    if os.is_some_and(|name| &**name == "windows") {
        return;
    }
    for container in of.spec.all_containers() {
        let trees = (of.written, of.written_container(container));
        kept::app_armor(of.annotations, &container.name, trees, &Path::new("metadata"), warnings);
    }
}

impl<'a> Of<'a> {
    /// `root`: the Pod as written.
    pub fn pod(pod: &'a Pod, root: Option<&'a Tree>) -> Of<'a> {
        let (annotations, written) = (&pod.meta.annotations, field(root, "spec"));
        Of { annotations, spec: &pod.spec, written, is_template: false }
    }

    fn written_container(&self, container: &Container) -> Option<&'a Tree> {
        let lists = ["initContainers", "containers"].into_iter();
        let mut all = lists.flat_map(|list| field(self.written, list).map_or(&[][..], Tree::items));
        all.find(|other| other.field("name").and_then(Tree::as_str) == Some(&container.name))
    }
}

/// pkg/api/node/util.go, deprecatedNodeLabels.
fn advice(label: &str) -> Option<&'static str> {
    Some(match label {
        "beta.kubernetes.io/arch" => r#"deprecated since v1.14; use "kubernetes.io/arch" instead"#,
        "beta.kubernetes.io/os" => r#"deprecated since v1.14; use "kubernetes.io/os" instead"#,
        "failure-domain.beta.kubernetes.io/region" => {
            r#"deprecated since v1.17; use "topology.kubernetes.io/region" instead"#
        }
        "failure-domain.beta.kubernetes.io/zone" => {
            r#"deprecated since v1.17; use "topology.kubernetes.io/zone" instead"#
        }
        "beta.kubernetes.io/instance-type" => {
            r#"deprecated since v1.17; use "node.kubernetes.io/instance-type" instead"#
        }
        "app.kubernetes.io/created-by" => "deprecated since v1.9",
        "scheduler.alpha.kubernetes.io/preferAvoidPods" => {
            "deprecated since v1.22; use Taints and Tolerations instead"
        }
        "node-role.kubernetes.io/master" => r#"use "node-role.kubernetes.io/control-plane" instead"#,
        _ => return None,
    })
}

fn of_label(label: &Str, path: &Path<'_>, is_value: bool, warnings: &mut Warnings) {
    if let Some(advice) = advice(label) {
        let label = is_value.then(|| label.clone());
        warnings.push_at(path, |path| ServerWarning::DeprecatedNodeLabel { path, label, advice });
    }
}

fn node_affinity(affinity: &Affinity, path: &Path<'_>, warnings: &mut Warnings) {
    if let Some(required) = &affinity.node_affinity.required {
        let path = path.child(REQUIRED);
        let terms = path.child("nodeSelectorTerms");
        for (index, term) in required.node_selector_terms.iter().enumerate() {
            node_selector_term(term, false, &terms.item(index), warnings);
        }
    }
    let terms = path.child(PREFERRED);
    for (index, term) in affinity.node_affinity.preferred.iter().enumerate() {
        node_selector_term(&term.preference, true, &terms.item(index).child("preference"), warnings);
    }
}

fn node_selector_term(term: &NodeSelectorTerm, is_preferred: bool, path: &Path<'_>, warnings: &mut Warnings) {
    let expressions = path.child("matchExpressions");
    for (index, requirement) in term.match_expressions.iter().enumerate() {
        let path = expressions.item(index);
        of_label(&requirement.key, &path.child("key"), true, warnings);
        if is_preferred {
            let place = path.child("values");
            for (index, value) in requirement.values.iter().enumerate() {
                of_label_value(value, &place.item(index), warnings);
            }
        }
    }
}

fn of_label_value(value: &Str, path: &Path<'_>, warnings: &mut Warnings) {
    for problem in name_problems(value, NameRule::LabelValue) {
        let (value, problem) = (value.clone(), Str::from(problem));
        warnings.push_at(path, |path| ServerWarning::NoLabelValue { path, value, problem });
    }
}

fn pod_affinity(affinity: &PodAffinity, path: &Path<'_>, warnings: &mut Warnings) {
    let (required, preferred) = (path.child(REQUIRED), path.child(PREFERRED));
    for (index, term) in affinity.required.iter().enumerate() {
        if term.label_selector.is_none() {
            no_label_selector(&required.item(index).child("labelSelector"), warnings);
        }
    }
    for (index, term) in affinity.preferred.iter().enumerate() {
        if term.pod_affinity_term.label_selector.is_none() {
            let path = preferred.item(index);
            no_label_selector(&path.child("podAffinityTerm").child("labelSelector"), warnings);
        }
    }
}

fn no_label_selector(path: &Path<'_>, warnings: &mut Warnings) {
    warnings.push_at(path, |path| ServerWarning::NoLabelSelector { path });
}

/// The key of a map is in brackets, whatever is in it.
fn bytes(amounts: &ResourceList, resource: &str, path: &Path<'_>, warnings: &mut Warnings) {
    let Some(value) = amounts.get(resource).copied() else { return };
    if value.milli_value() % 1000 != 0 {
        let place = path.child(resource);
        let path = Str::from([&path.shown(), "[", resource, "]"].concat());
        warnings.push(&place, ServerWarning::FractionalBytes { path, value });
    }
}

fn of_container(container: &Container, path: &Path<'_>, warnings: &mut Warnings) {
    let resources = path.child("resources");
    let (limits, requests) = (resources.child("limits"), resources.child("requests"));
    for resource in [MEMORY, EPHEMERAL_STORAGE] {
        bytes(&container.resources.limits, resource, &limits, warnings);
        bytes(&container.resources.requests, resource, &requests, warnings);
    }
    let mut names = BTreeSet::new();
    for (index, variable) in container.env.iter().enumerate() {
        if !names.insert(&variable.name) && !extends(variable) {
            let name = variable.name.clone();
            let path = path.child("env");
            warnings.push_at(&path.item(index), |path| ServerWarning::HiddenVariable { path, name });
        }
    }
}

/// Whether the variable says more than the one of the same name before it, which it refers to.
fn extends(variable: &EnvVar) -> bool {
    let reference = ["$(", &variable.name, ")"].concat();
    variable.value.as_ref().is_some_and(|value| **value != *reference && value.contains(&reference))
}

type Lists<'a> = [(Path<'a>, &'a Vec<Container>)];

/// Each port of the Pod, with its place.
fn each_port<'a>(lists: &'a Lists<'_>, mut visit: impl FnMut(&Path<'_>, &'a ContainerPort)) {
    for (list, containers) in lists {
        for (index, container) in containers.iter().enumerate() {
            let path = list.item(index);
            let path = path.child("ports");
            for (index, port) in container.ports.iter().enumerate() {
                visit(&path.item(index), port);
            }
        }
    }
}

/// What a port can be the same as another in, and how both are told apart.
type Ports<'a> = BTreeMap<(u16, &'a str), Vec<(usize, Str)>>;

/// A port is warned of with each one before it that it is the same as.
fn ports(lists: &Lists<'_>, warnings: &mut Warnings) {
    let mut seen: BTreeMap<_, Ports<'_>> = BTreeMap::new();
    let mut count = 0;
    each_port(lists, |path, port| {
        if warnings.is_full() {
            return;
        }
        if port.host_port == 0 && port.host_ip.is_some() {
            let port = Box::new(port.clone());
            warnings.push_at(path, |path| ServerWarning::HostIpWithoutHostPort { path, port });
        }
        let others = seen.entry((port.container_port, port.protocol)).or_default();
        let host = (port.host_port, port.host_ip.as_deref().unwrap_or_default());
        for (_, other_path, overlap) in overlapping(host, others) {
            warnings.push_at(path, |path| ServerWarning::SamePort { path, other_path, overlap });
        }
        others.entry(host).or_default().push((count, path.shown().into()));
        count += 1;
    });
}

/// Those that are to be warned of, in the order of the text. No others are looked at, however many there are.
fn overlapping((port, ip): (u16, &str), others: &Ports<'_>) -> Vec<(usize, Str, PortOverlap)> {
    let mut found = Vec::new();
    let mut add = |of: &[(usize, Str)], overlap| {
        found.extend(of.iter().map(|(place, path)| (*place, path.clone(), overlap)));
    };
    if port == 0 {
        for (other, of) in others {
            let is_same = *other == (port, ip);
            add(of, if is_same { PortOverlap::Duplicate } else { PortOverlap::Redundant });
        }
    } else {
        others.range((0, "")..(1, "")).for_each(|(_, of)| add(of, PortOverlap::Redundant));
        if let Some(of) = others.get(&(port, ip)) {
            add(of, PortOverlap::Duplicate);
        }
        if !ip.is_empty() {
            others.get(&(port, "")).into_iter().for_each(|of| add(of, PortOverlap::Ambiguous));
        } else {
            let same_port = others.range((port, "")..).take_while(|((other, _), _)| *other == port);
            let with_ip = same_port.filter(|((_, ip), _)| !ip.is_empty());
            with_ip.for_each(|(_, of)| add(of, PortOverlap::Ambiguous));
        }
    }
    found.sort_unstable_by_key(|(place, ..)| *place);
    found
}

fn port_names(lists: &Lists<'_>, warnings: &mut Warnings) {
    let mut first = BTreeMap::new();
    each_port(lists, |path, port| {
        let Some(name) = &port.name else { return };
        match first.get(name).cloned() {
            None => {
                first.insert(name, Str::from(path.shown()));
            }
            Some(other_path) => {
                let name = name.clone();
                warnings.push_at(path, |path| ServerWarning::SamePortName { path, other_path, name });
            }
        }
    });
}
