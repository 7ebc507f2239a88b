//! pkg/api/pod/warnings.go, warningsForPodSpecAndMeta: of what is only kept of a Pod, or of a template of Pods.

use std::collections::BTreeSet;

use super::{Warnings, field};
use crate::api::field::Path;
use crate::api::{Labels, Quantity, ServerWarning, Str, Tree, Value};

const SYSCTLS: &str = r#"non-functional in v1.11+; use the "sysctls" field instead"#;
const SECCOMP: &str = r#"non-functional in v1.27+; use the "seccompProfile" field instead"#;
const APP_ARMOR: &str = r#"deprecated since v1.30; use the "appArmorProfile" field instead"#;

const REMOVED: &str = "deprecated in v1.28, non-functional in v1.31+";

const GONE: [Plugin<'_>; 7] = [
    ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
];

/// deprecatedAnnotations.
pub fn annotations(annotations: &Labels, metadata: &Path<'_>, warnings: &mut Warnings) {
    let priority = r#"non-functional in v1.16+; use the "priorityClassName" field instead"#;
    for (key, advice) in [
        ("scheduler.alpha.kubernetes.io/critical-pod", priority),
        ("security.alpha.kubernetes.io/sysctls", SYSCTLS),
        ("security.alpha.kubernetes.io/unsafe-sysctls", SYSCTLS),
    ] {
        annotation(annotations, key, advice, metadata, warnings);
    }
}

fn annotation(
    annotations: &Labels,
    key: &str,
    advice: &'static str,
    metadata: &Path<'_>,
    warnings: &mut Warnings,
) {
    if annotations.contains_key(key) {
        let place = metadata.child("annotations");
        warnings.push_at(&place.child(key), |path| ServerWarning::Deprecated { path, advice });
    }
}

/// Of plugins that are gone.
pub fn volumes(spec: Option<&Tree>, path: &Path<'_>, warnings: &mut Warnings) {
    let place = path.child("volumes");
    for (index, volume) in items(spec, "volumes").iter().enumerate() {
        let place = place.item(index);
        plugins(volume, &place, &GONE, warnings);
        let [ephemeral, template] = ["ephemeral", "volumeClaimTemplate"];
        let claim = field(field(field(Some(volume), ephemeral), template), "spec");
        claim_spec(claim, &place.child(ephemeral).child(template).child("spec"), warnings);
        plugins(volume, &place, &[("cephfs", "cephfs", REMOVED), ("rbd", "rbd", REMOVED)], warnings);
    }
}

/// Its field, how upstream's path calls it, and what is said of it.
type Plugin<'a> = (&'a str, &'static str, &'static str);

fn plugins(volume: &Tree, place: &Path<'_>, all: &[Plugin<'_>], warnings: &mut Warnings) {
    for (plugin, shown, advice) in all {
        if is_set(Some(volume), plugin) {
            let (place, advice) = (place.renamed(plugin, shown), *advice);
            warnings.push_at(&place, |path| ServerWarning::Deprecated { path, advice });
        }
    }
}

/// pkg/api/persistentvolumeclaim/util.go, GetWarningsForPersistentVolumeClaimSpec.
pub fn claim_spec(spec: Option<&Tree>, path: &Path<'_>, warnings: &mut Warnings) {
    let resources = path.child("resources");
    for list in ["requests", "limits"] {
        let amount = field(field(field(spec, "resources"), list), "storage");
        let Some(value) = amount.and_then(quantity).filter(|value| value.milli_value() % 1000 != 0) else {
            continue;
        };
        let place = resources.child(list);
        let path = Str::from([&place.shown(), "[storage]"].concat());
        warnings.push(&place.child("storage"), ServerWarning::FractionalBytes { path, value });
    }
}

fn quantity(amount: &Tree) -> Option<Quantity> {
    match &amount.value {
        Value::String(text) | Value::Float(text) => Quantity::parse(text),
        Value::Int(number) => Quantity::parse(&number.to_string()),
        Value::Null | Value::Bool(_) | Value::Seq(_) | Value::Map(_) => None,
    }
}

/// Aliases and secrets that are there twice, and secrets without a name.
pub fn lists(spec: Option<&Tree>, path: &Path<'_>, warnings: &mut Warnings) {
    for (list, what) in [("hostAliases", "ip"), ("imagePullSecrets", "name")] {
        let (place, mut seen) = (path.child(list), BTreeSet::new());
        for (index, value) in texts(spec, list, what).enumerate() {
            if !seen.insert(value) {
                let (place, value) = (place.item(index), Str::from(value));
                warnings.push_at(&place.child(what), |path| ServerWarning::Same { path, what, value });
            }
        }
    }
    let place = path.child("imagePullSecrets");
    for (index, _) in texts(spec, "imagePullSecrets", "name").enumerate().filter(|(_, name)| name.is_empty())
    {
        let place = place.item(index);
        warnings.push_at(&place.child("name"), |path| ServerWarning::NoSecretName { path });
    }
}

/// The field of each item.
pub fn texts<'a>(spec: Option<&'a Tree>, list: &str, key: &'a str) -> impl Iterator<Item = &'a str> {
    items(spec, list).iter().map(move |item| item.field(key).and_then(Tree::as_str).map_or("", |text| text))
}

/// The seccomp profile of a Pod, and below of a container, that only an annotation names.
pub fn seccomp_of_pod(of: &Labels, spec: Option<&Tree>, metadata: &Path<'_>, warnings: &mut Warnings) {
    if !has_profile(spec, "seccompProfile") {
        annotation(of, "seccomp.security.alpha.kubernetes.io/pod", SECCOMP, metadata, warnings);
    }
}

pub fn seccomp(
    of: &Labels,
    name: &str,
    container: Option<&Tree>,
    metadata: &Path<'_>,
    warnings: &mut Warnings,
) {
    if !has_profile(container, "seccompProfile") {
        let key = ["container.seccomp.security.alpha.kubernetes.io/", name].concat();
        annotation(of, &key, SECCOMP, metadata, warnings);
    }
}

/// One that says what the Pod says needs no warning. For a Pod: registry/core/pod/strategy.go,
/// applyAppArmorVersionSkew.
pub fn app_armor(
    of: &Labels,
    name: &str,
    (spec, container): (Option<&Tree>, Option<&Tree>),
    metadata: &Path<'_>,
    warnings: &mut Warnings,
) {
    let key = ["container.apparmor.security.beta.kubernetes.io/", name].concat();
    let Some(value) = of.get(&*key) else { return };
    let profile = field(field(spec, "securityContext"), "appArmorProfile");
    let says = |key| field(profile, key).and_then(Tree::as_str).map_or("", |text| &**text);
    let is_same = profile.is_some() && (says("type"), says("localhostProfile")) == app_armor_profile(value);
    if !has_profile(container, "appArmorProfile") && !is_same {
        annotation(of, &key, APP_ARMOR, metadata, warnings);
    }
}

/// pkg/api/pod/util.go, ApparmorFieldForAnnotation: type and profile.
fn app_armor_profile(annotation: &str) -> (&str, &str) {
    match annotation {
        "unconfined" => ("Unconfined", ""),
        "runtime/default" => ("RuntimeDefault", ""),
        _ => match annotation.strip_prefix("localhost/") {
            Some(profile) if !profile.is_empty() => ("Localhost", profile),
            Some(_) | None => ("none", ""),
        },
    }
}

fn has_profile(of: Option<&Tree>, profile: &str) -> bool {
    is_set(field(of, "securityContext"), profile)
}

fn is_set(tree: Option<&Tree>, key: &str) -> bool {
    field(tree, key).is_some_and(|value| value.value != Value::Null)
}

fn items<'a>(tree: Option<&'a Tree>, key: &str) -> &'a [Tree] {
    field(tree, key).map_or(&[], Tree::items)
}
