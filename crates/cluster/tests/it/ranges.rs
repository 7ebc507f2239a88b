//! Pod and Service ranges of every length, in both families: what is too small or too large is said at its place, and with
//! anything else a cluster runs.

use cluster::api::{DiagnosticKind, Severity, parse};
use cluster::sim::{Run, Span, Time};

fn text(pods: &str, services: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web}}, spec: {{replicas: 3, \
           selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, \
             spec: {{containers: [{{name: web, image: nginx, ports: [{{containerPort: 80}}]}}]}}}}}}}}\n---\n\
         {{apiVersion: v1, kind: Service, metadata: {{name: web}}, spec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}}}\n---\n\
         {{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {{\n\
           podCIDR: '{pods}', serviceCIDR: '{services}', dns: ideal, clients: []}}}}\n"
    )
}

/// Whether a cluster with these ranges is taken; one that is gives every Pod an address.
fn is_taken(pods: &str, services: &str) -> bool {
    let manifest = parse(&text(pods, services));
    let errors: Vec<_> = manifest.diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
    if !errors.is_empty() {
        for error in errors {
            let about = |what: &str| error.path == what && error.line == 6;
            let said = match error.message {
                DiagnosticKind::PodRangeTooSmall { .. } | DiagnosticKind::PodRangeTooLarge { .. } => {
                    about("spec.podCIDR")
                }
                DiagnosticKind::ServiceRangeTooSmall { .. } | DiagnosticKind::ServiceRangeTooLarge { .. } => {
                    about("spec.serviceCIDR")
                }
                _ => false,
            };
            assert!(said, "{pods} and {services}: {error:?}");
        }
        // Nobody has to run it; but whoever does shall have no panic.
        Run::new(&manifest, Some(7)).0.advance_to(Time::ZERO + Span::from_secs(5), u64::MAX);
        return false;
    }
    let (mut run, refusals) = Run::new(&manifest, Some(7));
    assert_eq!(refusals, [], "{pods} and {services}");
    run.advance_to(Time::ZERO + Span::from_secs(30), u64::MAX);
    let world = run.world();
    assert_eq!(world.machines().len(), 3, "{pods}");
    let with_address = world.store().pods.iter().filter(|p| p.status.pod_ips.is_some()).count();
    assert_eq!(with_address, 3, "{pods}");
    assert!(world.store().services.iter().all(|s| s.spec.cluster_ips.len() == 1), "{services}");
    true
}

#[test]
fn of_two_ranges_each_is_looked_at() {
    for (pods, services, expected) in [
        ("10.244.0.0/16,fd00:1::/56", "10.96.0.0/12,fd00:2::/112", true),
        ("10.244.0.0/28,fd00:1::/62", "fd00:2::/125,10.96.0.0/29", true),
        ("10.244.0.0/29,fd00:1::/56", "10.96.0.0/12,fd00:2::/112", false),
        ("10.244.0.0/16,fd00:1::/63", "10.96.0.0/12,fd00:2::/112", false),
        ("fd00:1::/56,10.244.0.0/16", "fd00:2::/112,10.96.0.0/30", false),
        ("fd00:1::/56,10.244.0.0/16", "fd00:2::/126,10.96.0.0/16", false),
    ] {
        assert_eq!(is_taken(pods, services), expected, "{pods} and {services}");
    }
}

#[test]
fn ranges_of_every_length_are_taken_or_refused() {
    for length in 0..=32 {
        assert_eq!(is_taken(&format!("10.244.0.0/{length}"), "10.96.0.0/12"), length <= 28, "Pods /{length}");
        assert_eq!(
            is_taken("10.244.0.0/16", &format!("10.96.0.0/{length}")),
            length <= 29,
            "Services /{length}"
        );
    }
    for length in 0..=128 {
        let (pods, services) = (format!("fd00:1::/{length}"), format!("fd00:2::/{length}"));
        assert_eq!(is_taken(&pods, "fd00:2::/112"), (48..=62).contains(&length), "Pods /{length}");
        assert_eq!(is_taken("fd00:1::/56", &services), (64..=125).contains(&length), "Services /{length}");
    }
}
