//! An update of a Pod, as it is read.

use super::decode::{self, canonical_pod_spec};
use super::diagnostics::Diagnostics;
use super::served::{default, each, omit};
use super::validate::{self, pod_spec_errors};
use super::{Codec, Diagnostic, FieldError, Meta, Pod, PodSpec, Tree};

pub struct PatchedPod {
    pub meta: Meta,
    /// Defaulted.
    pub spec: PodSpec,
    /// What would be wrong with it if it were new, but for what only a new Pod may not have.
    pub errors: Vec<FieldError>,
    /// `spec` with the fields that the simulation does not read.
    pub written: Tree,
    /// Such a field says something else than before.
    pub changes_kept: bool,
}

/// `live`: the Pod as it is. `tree`: as it is to be.
pub fn patched_pod(live: &Tree, tree: &Tree) -> Result<PatchedPod, Vec<Diagnostic>> {
    let mut diagnostics = Diagnostics::default();
    let root = decode::FieldCursor::root(tree);
    decode::check_shape(&root, Pod::SHAPE, &mut diagnostics);
    let mut pod = decode::pod::decode(&root, &mut diagnostics);
    if diagnostics.errors() > 0 {
        return Err(diagnostics.finish());
    }
    pod.set_defaults();
    let spec = |tree: &Tree| tree.field("spec").cloned().unwrap_or_default();
    let (before, written) = (spec(live), spec(tree));
    let changes_kept = kept(&before) != kept(&written);
    let mut errors = validate::meta::validate::<Pod>(&pod.meta);
    errors.extend(pod_spec_errors(&pod.spec));
    Ok(PatchedPod { meta: pod.meta, spec: pod.spec, errors, written, changes_kept })
}

/// A Pod's own output has the volume with its token, which is not kept here.
pub fn without_token(pod: &Tree, volume: &str) -> Tree {
    let mut pod = pod.clone();
    if pod.field("spec").is_none() {
        return pod;
    }
    let spec = pod.slot("spec");
    leave_out(spec, "volumes", volume);
    for list in CONTAINERS {
        each(spec, list, |_, container| leave_out(container, "volumeMounts", volume));
    }
    pod
}

fn leave_out(tree: &mut Tree, list: &str, name: &str) {
    let Some(items) = tree.field(list).map(Tree::items) else { return };
    let is_it = |item: &Tree| item.field("name").and_then(Tree::as_str).is_some_and(|text| **text == *name);
    if items.iter().any(is_it) {
        let left = items.iter().filter(|item| !is_it(item)).cloned().collect();
        tree.put(list, Tree::seq(left));
    }
}

const CONTAINERS: [&str; 2] = ["initContainers", "containers"];

/// The fields of `spec` that `PodSpec` does not hold. `imagePullSecrets` are not among them: those of the
/// ServiceAccount are a Pod's, too.
const KEPT: [&str; 17] = [
    "automountServiceAccountToken",
    "dnsConfig",
    "enableServiceLinks",
    "hostAliases",
    "hostIPC",
    "hostPID",
    "hostUsers",
    "hostnameOverride",
    "os",
    "resourceClaims",
    "runtimeClassName",
    "schedulingGroup",
    "securityContext",
    "serviceAccountName",
    "setHostnameAsFQDN",
    "shareProcessNamespace",
    "workloadRef",
];

/// Those of a container, and its name.
const KEPT_OF_CONTAINER: [&str; 12] = [
    "name",
    "resizePolicy",
    "restartPolicyRules",
    "securityContext",
    "stdin",
    "stdinOnce",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
];

/// What `spec` says in fields that are only kept: the same text where the API server stores the same.
fn kept(spec: &Tree) -> String {
    let mut out = only(spec, &KEPT);
    default(&mut out, "enableServiceLinks", Tree::bool(true));
    // core/v1 conversion.go: the old name of the field; plugin/pkg/admission/serviceaccount.
    let old_name = spec.field("serviceAccount").cloned();
    old_name.into_iter().for_each(|name| default(&mut out, "serviceAccountName", name));
    default(&mut out, "serviceAccountName", Tree::string("default"));
    for list in CONTAINERS {
        let Some(containers) = spec.field(list).map(Tree::items) else { continue };
        let mut containers: Vec<Tree> =
            containers.iter().map(|container| only(container, &KEPT_OF_CONTAINER)).collect();
        for container in &mut containers {
            each(container, "volumeMounts", |_, mount| omit(mount, &["readOnly", "subPath", "subPathExpr"]));
        }
        out.put(list, Tree::seq(containers));
    }
    canonical_pod_spec(&out)
}

fn only(tree: &Tree, keys: &[&str]) -> Tree {
    let mut out = Tree::map();
    for entry in tree.entries().iter().filter(|entry| keys.contains(&&*entry.key)) {
        out.put(&entry.key, entry.value.clone());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::decode::{Field, FieldShape, Struct, fields};

    /// What `PodSpec` holds, what is refused, and what is not compared.
    const HELD: &str = "containers initContainers ephemeralContainers restartPolicy terminationGracePeriodSeconds \
        activeDeadlineSeconds nodeName nodeSelector affinity tolerations topologySpreadConstraints schedulingGates \
        schedulerName readinessGates hostNetwork hostname subdomain dnsPolicy volumes serviceAccount imagePullSecrets \
        priorityClassName priority preemptionPolicy overhead resources";
    const HELD_OF_CONTAINER: &str = "image imagePullPolicy command args ports env envFrom resources restartPolicy \
        livenessProbe readinessProbe startupProbe lifecycle";

    fn fields_of(shape: FieldShape) -> &'static Struct {
        match shape {
            FieldShape::Obj(of) | FieldShape::List(of) => of,
            FieldShape::Any
            | FieldShape::Str
            | FieldShape::Bool
            | FieldShape::Int32
            | FieldShape::Int64
            | FieldShape::IntOrStr
            | FieldShape::Quantities
            | FieldShape::Strs
            | FieldShape::StrMap => panic!("it has fields"),
        }
    }

    fn shape_of(of: &[Field], name: &str) -> FieldShape {
        of.iter().find(|field| field.name == name).expect("it is a field").shape
    }

    /// One that is in neither list could be changed unseen.
    #[test]
    fn no_field_of_a_pod_is_forgotten() {
        let spec = fields_of(shape_of(fields::POD, "spec"));
        let container = fields_of(shape_of(spec.fields, "containers"));
        for (of, kept, held) in
            [(spec, &KEPT[..], HELD), (container, &KEPT_OF_CONTAINER[..], HELD_OF_CONTAINER)]
        {
            let mut known: Vec<&str> = kept.iter().copied().chain(held.split_whitespace()).collect();
            let mut all: Vec<&str> = of.fields.iter().map(|field| field.name).collect();
            known.sort_unstable();
            all.sort_unstable();
            assert_eq!(known, all, "{}", of.name);
        }
    }
}
