//! What the API server warns of: it takes the object, or not, and says this beside (pkg/api/pod/warnings.go,
//! pkg/api/service/warnings.go, and WarningsOnCreate of the kinds' strategy.go).

use crate::api::decode::{FieldCursor, name_findings};
use crate::api::diagnostics::Diagnostics;
use crate::api::field::Path;
use crate::api::{
    Container, DiagnosticKind, KubeObject, Meta, NameRule, Pod, ServerWarning, Service, Severity, Str,
};

pub fn warn(object: &KubeObject, root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    let mut warnings = Vec::new();
    match object {
        KubeObject::Pod(pod) => of_pod(pod, &mut warnings),
        KubeObject::Service(service) => of_service(service, &mut warnings),
        KubeObject::Deployment(_)
        | KubeObject::ReplicaSet(_)
        | KubeObject::ReplicationController(_)
        | KubeObject::Job(_)
        | KubeObject::CronJob(_) => of_name(object.meta(), ServerWarning::NameInPods, &mut warnings),
        KubeObject::Endpoints(_) => warnings.push(("", ServerWarning::DeprecatedEndpoints)),
        KubeObject::EndpointSlice(_) => {
            if root.field("addressType").str().is_some_and(|text| &**text == "FQDN") {
                warnings.push(("addressType", ServerWarning::DeprecatedFqdn));
            }
        }
        KubeObject::StatefulSet(_)
        | KubeObject::DaemonSet(_)
        | KubeObject::ControllerRevision(_)
        | KubeObject::PodDisruptionBudget(_)
        | KubeObject::Node(_)
        | KubeObject::Namespace(_)
        | KubeObject::PriorityClass(_)
        | KubeObject::Unsimulated(_) => {}
    }
    for (field, warning) in warnings {
        let parent = root.field(if field == "name" { "metadata" } else { "spec" });
        let cursor = if field == "addressType" { root.field(field) } else { parent.field(field) };
        cursor.report(diagnostics, Severity::Warning, DiagnosticKind::Server { warning });
    }
}

/// Each with the field, of the spec or of the metadata, that it is about.
type Warnings = Vec<(&'static str, ServerWarning)>;

fn of_name(meta: &Meta, warning: fn(Str) -> ServerWarning, warnings: &mut Warnings) {
    let mut problems = Vec::new();
    for finding in name_findings(&meta.name, NameRule::Dns1123Label) {
        if let DiagnosticKind::BadName { problem, .. } = finding {
            problems.push(problem.to_string());
        }
    }
    if !problems.is_empty() {
        warnings.push(("name", warning(problems.join(" ").into())));
    }
}

fn of_service(service: &Service, warnings: &mut Warnings) {
    if service.spec.headless && service.spec.session_affinity != Default::default() {
        warnings.push(("sessionAffinity", ServerWarning::IgnoredAffinity));
    }
    if !service.spec.external_ips.is_empty() {
        warnings.push(("externalIPs", ServerWarning::DeprecatedExternalIps));
    }
}

fn of_pod(pod: &Pod, warnings: &mut Warnings) {
    of_name(&pod.meta, ServerWarning::NameInHostname, warnings);
    let spec = Path::new("spec");
    let (inits, mains) = (spec.child("initContainers"), spec.child("containers"));
    let sidecars =
        pod.spec.init_containers.iter().enumerate().filter(|(_, container)| container.is_sidecar());
    let all: Vec<(Path<'_>, &Container)> = sidecars
        .map(|(index, container)| (inits.item(index), container))
        .chain(
            pod.spec.containers.iter().enumerate().map(|(index, container)| (mains.item(index), container)),
        )
        .collect();
    let mut seen: Vec<(String, &Container, &crate::api::ContainerPort)> = Vec::new();
    for (path, container) in &all {
        let list = path.child("ports");
        for (index, port) in container.ports.iter().enumerate() {
            let at = list.item(index).shown();
            for (other_at, other_container, other) in &seen {
                let is_same = (port.container_port, port.protocol, port.host_port, &port.host_ip)
                    == (other.container_port, other.protocol, other.host_port, &other.host_ip);
                let (path, other_path) = (at.as_str().into(), other_at.as_str().into());
                if is_same {
                    warnings.push(("containers", ServerWarning::SamePort { path, other_path }));
                } else if let Some(name) =
                    port.name.clone().filter(|_| !std::ptr::eq(*other_container, *container))
                    && port.name == other.name
                {
                    warnings.push(("containers", ServerWarning::SamePortName { path, other_path, name }));
                }
            }
            seen.push((at, container, port));
        }
    }
}
