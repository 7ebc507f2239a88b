//! What the API server warns of: it takes the object, or not, and says this beside (pkg/api/pod/warnings.go,
//! pkg/api/service/warnings.go, and WarningsOnCreate of the kinds' strategy.go).

use std::collections::BTreeMap;

use crate::api::decode::{FieldCursor, name_findings};
use crate::api::diagnostics::Diagnostics;
use crate::api::field::Path;
use crate::api::{DiagnosticKind, KubeObject, Meta, NameRule, Pod, ServerWarning, Service, Severity, Str};

pub fn warn(object: &KubeObject, root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    let mut warnings = Warnings::default();
    match object {
        KubeObject::Pod(pod) => of_pod(pod, &mut warnings),
        KubeObject::Service(service) => of_service(service, &mut warnings),
        KubeObject::Deployment(_)
        | KubeObject::ReplicaSet(_)
        | KubeObject::ReplicationController(_)
        | KubeObject::Job(_)
        | KubeObject::CronJob(_) => of_name(object.meta(), ServerWarning::NameInPods, &mut warnings),
        KubeObject::Endpoints(_) => warnings.push(ServerWarning::DeprecatedEndpoints),
        KubeObject::EndpointSlice(_) => {
            if root.field("addressType").str().is_some_and(|text| &**text == "FQDN") {
                warnings.push(ServerWarning::DeprecatedFqdn);
            }
        }
        KubeObject::StatefulSet(_)
        | KubeObject::DaemonSet(_)
        | KubeObject::ControllerRevision(_)
        | KubeObject::PodDisruptionBudget(_)
        | KubeObject::Node(_)
        | KubeObject::Namespace(_)
        | KubeObject::PriorityClass(_)
        | KubeObject::ServiceCidr(_)
        | KubeObject::Unsimulated(_) => {}
    }
    let (metadata, spec) = (root.field("metadata"), root.field("spec"));
    for warning in warnings.list {
        let cursor = match &warning {
            ServerWarning::NameInPods(_) | ServerWarning::NameInHostname(_) => metadata.field("name"),
            ServerWarning::DeprecatedEndpoints => *root,
            // The reader says it of each, at its key.
            ServerWarning::UnknownField { .. } => continue,
            ServerWarning::DeprecatedFqdn => root.field("addressType"),
            ServerWarning::DeprecatedExternalIps => spec.field("externalIPs"),
            ServerWarning::IgnoredAffinity => spec.field("sessionAffinity"),
            ServerWarning::SamePort { .. } | ServerWarning::SamePortName { .. } => spec.field("containers"),
        };
        cursor.report(diagnostics, Severity::Warning, DiagnosticKind::Server { warning });
    }
}

/// Of one object.
#[derive(Default)]
struct Warnings {
    list: Vec<ServerWarning>,
    /// How many characters the texts have.
    length: usize,
}

impl Warnings {
    /// The API server says so much of one request, and no more (apiserver endpoints/filters/warning.go,
    /// truncateAtTotalRunes).
    const MOST: usize = 4 * 1024;

    fn push(&mut self, warning: ServerWarning) {
        if !self.is_full() {
            self.length += warning.to_string().chars().count();
            self.list.push(warning);
        }
    }

    fn is_full(&self) -> bool {
        self.length >= Warnings::MOST
    }
}

fn of_name(meta: &Meta, warning: fn(Str) -> ServerWarning, warnings: &mut Warnings) {
    let mut problems = Vec::new();
    for finding in name_findings(&meta.name, NameRule::Dns1123Label) {
        if let DiagnosticKind::BadName { problem, .. } = finding {
            problems.push(problem.to_string());
        }
    }
    if !problems.is_empty() {
        warnings.push(warning(problems.join(" ").into()));
    }
}

fn of_service(service: &Service, warnings: &mut Warnings) {
    if service.spec.headless && service.spec.session_affinity != Default::default() {
        warnings.push(ServerWarning::IgnoredAffinity);
    }
    if !service.spec.external_ips.is_empty() {
        warnings.push(ServerWarning::DeprecatedExternalIps);
    }
}

fn of_pod(pod: &Pod, warnings: &mut Warnings) {
    of_name(&pod.meta, ServerWarning::NameInHostname, warnings);
    let spec = Path::new("spec");
    let (inits, mains) = (spec.child("initContainers"), spec.child("containers"));
    let mut ports = Vec::new();
    for (list, containers) in [(inits, &pod.spec.init_containers), (mains, &pod.spec.containers)] {
        for (index, container) in containers.iter().enumerate() {
            let path = list.item(index);
            let path = path.child("ports");
            let places = (0..).map(|index| Str::from(path.item(index).shown()));
            ports.extend(places.zip(&container.ports));
        }
    }
    let (mut same, mut same_name) = (BTreeMap::<_, Vec<&Str>>::new(), BTreeMap::new());
    for (path, port) in &ports {
        let key = (port.container_port, port.protocol, port.host_port, &port.host_ip);
        let others = same.entry(key).or_default();
        for other in others.iter() {
            if warnings.is_full() {
                return;
            }
            let (path, other_path) = (path.clone(), Str::clone(other));
            warnings.push(ServerWarning::SamePort { path, other_path });
        }
        others.push(path);
    }
    for (path, port) in &ports {
        let Some(name) = &port.name else { continue };
        let first = *same_name.entry(name).or_insert(path);
        if first != path {
            let (path, other_path, name) = (path.clone(), first.clone(), name.clone());
            warnings.push(ServerWarning::SamePortName { path, other_path, name });
        }
    }
}
