//! `v1` Pod and Pod templates (core validation.go, ValidatePodSpec). Containers are checked as they are decoded: our
//! type holds only those that run together, and no host ports.

use super::{meta, name};
use crate::api::field::{Error, Path};
use crate::api::{NameRule, Pod, PodSpec, PodTemplate};

pub fn validate(pod: &Pod) -> Vec<Error> {
    let mut errors = meta::validate::<Pod>(&pod.meta);
    spec(&pod.spec, &Path::new("spec"), &mut errors);
    errors
}

pub fn template(template: &PodTemplate, path: &Path<'_>, errors: &mut Vec<Error>) {
    let metadata = path.child("metadata");
    meta::labels(&template.labels, &metadata.child("labels"), errors);
    meta::annotations(&template.annotations, &metadata.child("annotations"), errors);
    spec(&template.spec, &path.child("spec"), errors);
}

fn spec(spec: &PodSpec, path: &Path<'_>, errors: &mut Vec<Error>) {
    for (field, value, rule) in [
        ("nodeName", &spec.node_name, NameRule::Dns1123Subdomain),
        ("hostname", &spec.hostname, NameRule::Dns1123Label),
        ("subdomain", &spec.subdomain, NameRule::Dns1123Label),
    ] {
        if let Some(value) = value {
            name(&path.child(field), value, rule, errors);
        }
    }
    meta::labels(&spec.node_selector, &path.child("nodeSelector"), errors);
}
