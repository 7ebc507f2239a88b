//! Checks for Services that ask for an IP family which the cluster does not have. The API server
//! would refuse them (pkg/registry/core/service/storage/alloc.go, initIPFamilyFields); here they get an address of the
//! cluster's primary family.

use super::diagnostics::Diagnostics;
use super::{Diagnostic, DiagnosticKind, KubeObject, ManifestObject, Scenario, Severity};
use netfilter::{Family, PerFamily};

/// Services that ask for two families are reported by the decoder.
pub fn check(parsed: &ManifestObject, scenario: Option<&Scenario>, diagnostics: &mut Diagnostics) {
    let own = scenario.map_or(PerFamily::single(Family::V4, ()), Scenario::families);
    let KubeObject::Service(service) = &parsed.object else { return };
    let Some(list) = parsed.source.tree.get(&["spec".into(), "ipFamilies".into()]) else { return };
    let [asked] = service.spec.ip_families[..] else { return };
    if own.families().all(|family| family != asked) {
        diagnostics.push(Diagnostic {
            severity: Severity::Info,
            line: list.position.line,
            column: list.position.column,
            object: Some(parsed.object.object_ref()),
            path: "spec.ipFamilies".into(),
            message: DiagnosticKind::FieldNotSimulated { field: "ipFamilies".into() },
        });
    }
}
