//! What the API server warns of: it takes the object, or not, and says this beside (pkg/api/pod/warnings.go,
//! pkg/api/service/warnings.go, and WarningsOnCreate of the kinds' strategy.go).

mod kept;
mod pod;
mod service;

use std::net::{IpAddr, Ipv6Addr};

use crate::api::decode::{FieldCursor, name_findings};
use crate::api::diagnostics::Diagnostics;
use crate::api::field::{Error, Path};
use crate::api::{
    CompletionMode, DiagnosticKind, JobSpec, KubeObject, Meta, NameRule, PodTemplate, ServerWarning,
    Severity, StatefulSet, Str, Tree,
};

/// Of a text, as if it were created.
pub fn warn(object: &KubeObject, root: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    let mut warnings = Warnings::default();
    of_object(object, root.tree(), None, &mut warnings);
    for Error { path, message } in warnings.list {
        root.report_at(Severity::Warning, &path, message, diagnostics);
    }
}

/// Of a request that creates the object, or updates `old`. `tree`: the object as it is from now on.
pub fn server_warnings(object: &KubeObject, tree: &Tree, old: Option<&KubeObject>) -> Vec<ServerWarning> {
    let mut warnings = Warnings::default();
    of_object(object, Some(tree), old, &mut warnings);
    let mut all = Vec::new();
    for error in warnings.list {
        if let DiagnosticKind::Server { warning } = error.message {
            all.push(warning);
        }
    }
    all
}

fn of_object(object: &KubeObject, root: Option<&Tree>, old: Option<&KubeObject>, warnings: &mut Warnings) {
    let is_new = old.is_none();
    let is_other = old.is_none_or(|old| old.meta().generation != object.meta().generation);
    if let KubeObject::Pod(pod) = object
        && is_new
    {
        pod::app_armor(&pod::Of::pod(pod, root), warnings);
    }
    if let Some(warning) = of_kind_of_name(object).filter(|_| is_new) {
        of_name(object.meta(), warning, warnings);
    }
    match object {
        KubeObject::Pod(pod) if is_new => {
            pod::of_spec(&pod::Of::pod(pod, root), &Path::ROOT, warnings);
        }
        KubeObject::Service(service) => service::of_service(service, root, warnings),
        KubeObject::Job(job) if is_other => of_job(&job.spec, &Path::new("spec"), warnings),
        KubeObject::CronJob(cron_job) if is_other => {
            let (spec, job) = (Path::new("spec"), &cron_job.spec.job_template.spec);
            of_job(job, &spec.child("jobTemplate").child("spec"), warnings);
        }
        KubeObject::StatefulSet(set) => {
            if is_other {
                of_template(&set.spec.template, &Path::new("spec"), warnings);
            }
            of_stateful_set(set, root, is_new, warnings);
        }
        KubeObject::Deployment(deployment) if is_other => {
            of_template(&deployment.spec.template, &Path::new("spec"), warnings);
        }
        KubeObject::ReplicaSet(set) if is_other => {
            of_template(&set.spec.template, &Path::new("spec"), warnings);
        }
        KubeObject::ReplicationController(controller) if is_other => {
            // Its strategy takes the old template for the new one.
            let mut template = &controller.spec.template;
            if let Some(KubeObject::ReplicationController(old)) = old {
                template = &old.spec.template;
            }
            of_template(template, &Path::new("spec"), warnings);
        }
        KubeObject::DaemonSet(set) if is_other => {
            of_template(&set.spec.template, &Path::new("spec"), warnings);
        }
        KubeObject::Endpoints(_) => warnings.push(&Path::ROOT, ServerWarning::DeprecatedEndpoints),
        KubeObject::EndpointSlice(_) if is_new => {
            let type_ = field(root, "addressType").and_then(Tree::as_str);
            if type_.is_some_and(|text| &**text == "FQDN") {
                warnings.push(&Path::new("addressType"), ServerWarning::DeprecatedFqdn);
            }
        }
        KubeObject::Pod(_)
        | KubeObject::Deployment(_)
        | KubeObject::ReplicaSet(_)
        | KubeObject::ReplicationController(_)
        | KubeObject::DaemonSet(_)
        | KubeObject::Job(_)
        | KubeObject::CronJob(_)
        | KubeObject::EndpointSlice(_)
        | KubeObject::ControllerRevision(_)
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
    let problems = name_problems(&meta.name, NameRule::Dns1123Label);
    if !problems.is_empty() {
        warnings.push(&Path::new("metadata").child("name"), warning(problems.join(" ").into()));
    }
}

/// What its name becomes a part of, if that is a hostname.
fn of_kind_of_name(object: &KubeObject) -> Option<fn(Str) -> ServerWarning> {
    match object {
        KubeObject::Pod(_) => Some(ServerWarning::NameInHostname),
        KubeObject::Deployment(_)
        | KubeObject::ReplicaSet(_)
        | KubeObject::ReplicationController(_)
        | KubeObject::Job(_)
        | KubeObject::CronJob(_) => Some(ServerWarning::NameInPods),
        KubeObject::StatefulSet(_)
        | KubeObject::DaemonSet(_)
        | KubeObject::Service(_)
        | KubeObject::Endpoints(_)
        | KubeObject::EndpointSlice(_)
        | KubeObject::ControllerRevision(_)
        | KubeObject::PodDisruptionBudget(_)
        | KubeObject::Node(_)
        | KubeObject::Namespace(_)
        | KubeObject::PriorityClass(_)
        | KubeObject::ServiceCidr(_)
        | KubeObject::Unsimulated(_) => None,
    }
}

/// What is wrong with a text by the rule.
fn name_problems(text: &str, rule: NameRule) -> Vec<String> {
    let mut problems = Vec::new();
    for finding in name_findings(text, rule) {
        if let DiagnosticKind::BadName { problem, .. } = finding {
            problems.push(problem.to_string());
        }
    }
    problems
}

/// `path`: of what has the template.
fn of_template(template: &PodTemplate, path: &Path<'_>, warnings: &mut Warnings) {
    let of = pod::Of {
        annotations: &template.annotations,
        spec: &template.spec,
        written: template.written.field("spec"),
        is_template: true,
    };
    pod::of_spec(&of, &path.child("template"), warnings);
}

/// pkg/api/job/warnings.go, WarningsForJobSpec.
fn of_job(job: &JobSpec, path: &Path<'_>, warnings: &mut Warnings) {
    const MOST_COMPLETIONS: u32 = 100_000;
    const MOST_PARALLEL: u32 = 10_000;
    let completions = job.completions.unwrap_or_default();
    let is_large = completions > MOST_COMPLETIONS && job.parallelism > MOST_PARALLEL;
    if job.completion_mode == CompletionMode::Indexed && is_large {
        warnings.push_at(path, |path| ServerWarning::TooManyIndexes { path });
    }
    of_template(&job.template, path, warnings);
}

fn of_stateful_set(set: &StatefulSet, root: Option<&Tree>, is_new: bool, warnings: &mut Warnings) {
    let spec = Path::new("spec");
    let (claims, place) =
        (field(field(root, "spec"), "volumeClaimTemplates"), spec.child("volumeClaimTemplates"));
    for (index, claim) in claims.map_or(&[][..], Tree::items).iter().enumerate() {
        // As the strategy writes it.
        let (item, claim) = (place.item(index), claim.field("spec"));
        match is_new {
            true => kept::claim_spec(claim, &item, warnings),
            false => kept::claim_spec(claim, &item.renamed("spec", "Spec"), warnings),
        }
    }
    if set.spec.revision_history_limit < 0 {
        warnings.push(&spec.child("revisionHistoryLimit"), ServerWarning::UnlimitedHistory);
    }
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
