//! What the API server warns of: it takes the object, or not, and says this beside (pkg/api/pod/warnings.go,
//! pkg/api/service/warnings.go, and WarningsOnCreate of the kinds' strategy.go).

mod pod;
mod service;

use std::net::{IpAddr, Ipv6Addr};

use crate::api::decode::{FieldCursor, name_findings};
use crate::api::diagnostics::Diagnostics;
use crate::api::field::{Error, Path};
use crate::api::{
    DiagnosticKind, KubeObject, Meta, NameRule, PodTemplate, ServerWarning, Severity, Str, Tree,
};

pub fn warn(object: &KubeObject, root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    let mut warnings = Warnings::default();
    of_object(object, root, &mut warnings);
    for Error { path, message } in warnings.list {
        root.report_at(Severity::Warning, &path, message, diagnostics);
    }
}

fn of_object(object: &KubeObject, root: &FieldCursor<'_>, warnings: &mut Warnings) {
    let root = root.tree();
    let spec = Path::new("spec");
    match object {
        KubeObject::Pod(pod) => {
            of_name(&pod.meta, ServerWarning::NameInHostname, warnings);
            pod::of_spec(&pod.spec, root.and_then(|root| root.field("spec")), &spec, warnings);
        }
        KubeObject::Service(service) => service::of_service(service, root, warnings),
        KubeObject::Deployment(deployment) => {
            of_name(&deployment.meta, ServerWarning::NameInPods, warnings);
            of_template(&deployment.spec.template, root, &["spec"], warnings);
        }
        KubeObject::ReplicaSet(set) => {
            of_name(&set.meta, ServerWarning::NameInPods, warnings);
            of_template(&set.spec.template, root, &["spec"], warnings);
        }
        KubeObject::ReplicationController(controller) => {
            of_name(&controller.meta, ServerWarning::NameInPods, warnings);
            of_template(&controller.spec.template, root, &["spec"], warnings);
        }
        KubeObject::StatefulSet(set) => of_template(&set.spec.template, root, &["spec"], warnings),
        KubeObject::DaemonSet(set) => of_template(&set.spec.template, root, &["spec"], warnings),
        KubeObject::Job(job) => {
            of_name(&job.meta, ServerWarning::NameInPods, warnings);
            of_template(&job.spec.template, root, &["spec"], warnings);
        }
        KubeObject::CronJob(cron_job) => {
            of_name(&cron_job.meta, ServerWarning::NameInPods, warnings);
            let template = &cron_job.spec.job_template.spec.template;
            of_template(template, root, &["spec", "jobTemplate", "spec"], warnings);
        }
        KubeObject::Endpoints(_) => warnings.push(&Path::ROOT, ServerWarning::DeprecatedEndpoints),
        KubeObject::EndpointSlice(_) => {
            let type_ = root.and_then(|root| root.field("addressType")).and_then(Tree::as_str);
            if type_.is_some_and(|text| &**text == "FQDN") {
                warnings.push(&Path::new("addressType"), ServerWarning::DeprecatedFqdn);
            }
        }
        KubeObject::ControllerRevision(_)
        | KubeObject::PodDisruptionBudget(_)
        | KubeObject::Node(_)
        | KubeObject::Namespace(_)
        | KubeObject::PriorityClass(_)
        | KubeObject::ServiceCidr(_)
        | KubeObject::Unsimulated(_) => {}
    }
}

/// Of one object.
#[derive(Default)]
struct Warnings {
    /// Where they point to.
    list: Vec<Error>,
    /// How many characters the texts have.
    length: usize,
}

impl Warnings {
    /// The API server says so much of one request, and no more (apiserver endpoints/filters/warning.go,
    /// truncateAtTotalRunes).
    const MOST: usize = 4 * 1024;

    fn push(&mut self, path: &Path<'_>, warning: ServerWarning) {
        if !self.is_full() {
            self.length += warning.to_string().chars().count();
            self.list.push(path.error(DiagnosticKind::Server { warning }));
        }
    }

    /// One whose sentence begins with the path.
    fn push_at(&mut self, path: &Path<'_>, warning: impl FnOnce(Str) -> ServerWarning) {
        if !self.is_full() {
            self.push(path, warning(path.shown().into()));
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
        warnings.push(&Path::new("metadata").child("name"), warning(problems.join(" ").into()));
    }
}

/// `place`: the fields on the way to what has the template.
fn of_template(template: &PodTemplate, root: Option<&Tree>, place: &[&str], warnings: &mut Warnings) {
    fn under(
        path: &Path<'_>,
        rest: &[&str],
        (template, tree): (&PodTemplate, Option<&Tree>),
        warnings: &mut Warnings,
    ) {
        match rest {
            [] => {
                let (path, tree) = (path.child("template"), field(field(tree, "template"), "spec"));
                pod::of_spec(&template.spec, tree, &path.child("spec"), warnings);
            }
            [first, rest @ ..] => {
                under(&path.child(first), rest, (template, field(tree, first)), warnings);
            }
        }
    }
    under(&Path::ROOT, place, (template, root), warnings);
}

fn field<'a>(tree: Option<&'a Tree>, key: &str) -> Option<&'a Tree> {
    tree.and_then(|tree| tree.field(key))
}

/// apimachinery util/validation/ip.go, GetWarningsForIP.
fn of_address(text: &str, path: &Path<'_>, warnings: &mut Warnings) {
    // net/utils, ParseIPSloppy, takes zeros before the numbers of an IPv4 address, and what has them in decimal.
    let sloppy = |text: &str| -> Option<IpAddr> {
        let numbers = text.split('.').map(|part| part.parse::<u8>().ok()).collect::<Option<Vec<u8>>>()?;
        Some(IpAddr::from(<[u8; 4]>::try_from(numbers).ok()?))
    };
    let strict = text.parse::<IpAddr>().ok();
    let Some(address) = strict.or_else(|| sloppy(text)).map(|address| address.to_canonical()) else { return };
    let standard = Str::from(address.to_string());
    if strict != Some(address) {
        let value = Str::from(text);
        warnings.push_at(path, |path| ServerWarning::NonStandard { path, value, standard });
    } else if address.is_ipv6() {
        canonical("address", text, standard, path, warnings);
    }
}

/// GetWarningsForCIDR, for what StrictIPCIDRValidation takes.
fn of_prefix(text: &str, path: &Path<'_>, warnings: &mut Warnings) {
    let Some((address, length)) = text.split_once('/') else { return };
    let Ok(address) = address.parse::<Ipv6Addr>() else { return };
    canonical("CIDR value", text, format!("{address}/{length}").into(), path, warnings);
}

fn canonical(what: &'static str, text: &str, canonical: Str, path: &Path<'_>, warnings: &mut Warnings) {
    if *canonical != *text {
        let value = Str::from(text);
        warnings.push_at(path, |path| ServerWarning::NotCanonical { path, what, value, canonical });
    }
}

/// Each text of a list.
fn of_each(
    list: Option<&Tree>,
    path: &Path<'_>,
    warn: fn(&str, &Path<'_>, &mut Warnings),
    warnings: &mut Warnings,
) {
    for (index, item) in list.map_or(&[][..], Tree::items).iter().enumerate() {
        if let Some(text) = item.as_str() {
            warn(text, &path.item(index), warnings);
        }
    }
}
