//! What the tests of whole runs share.

use cluster::api::{ClusterDns, Manifest, NsName, Severity, parse};
use cluster::node::kube_proxy::ProxyMode;
use cluster::sim::{Refusal, Run, Span, Time};

pub fn seconds(s: u64) -> Time {
    Time::ZERO + Span::from_secs(s)
}

/// A run of manifests that must have no error in them. There is nothing else in the cluster: unless the text says
/// otherwise, its DNS is ideal.
pub fn start(text: &str, seed: u64) -> Run {
    start_manifest(manifest(text), seed)
}

fn start_manifest(mut manifest: Manifest, seed: u64) -> Run {
    manifest.scenario.get_or_insert_default().dns.get_or_insert(ClusterDns::Ideal);
    let (run, refusals) = Run::new(&manifest, Some(seed));
    assert_eq!(refusals, [], "the API server takes these manifests");
    run
}

pub fn manifest(text: &str) -> Manifest {
    let manifest = parse(text);
    let errors: Vec<String> = manifest
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| format!("{}:{}: {d}", d.line, d.column))
        .collect();
    assert_eq!(errors, Vec::<String>::new(), "the manifests are good");
    manifest
}

/// Runs until everything that can be ready is.
pub fn settle(run: &mut Run) {
    let limit = run.world().now() + Span::from_secs(600);
    while !run.world().settled() {
        assert!(run.world().now() < limit, "the cluster settles within ten minutes");
        let next = run.world().now() + Span::from_millis(100);
        run.advance_to(next, u64::MAX);
    }
}

/// The run half a minute after its clients began, with kube-proxies of that mode.
pub fn started_in(mode: ProxyMode, text: &str) -> Run {
    let mut manifest = manifest(text);
    manifest.scenario.as_mut().expect("it has one").proxy_mode = Some(mode);
    let mut run = start_manifest(manifest, 7);
    run_to(&mut run, 30);
    run
}

/// Runs to so many seconds after the clients begin.
pub fn run_to(run: &mut Run, seconds: u64) {
    assert!(run.find_origin(u64::MAX));
    let to = run.origin().expect("it was found") + Span::from_secs(seconds);
    assert!(run.advance_to(to, u64::MAX));
}

pub fn go_on(run: &mut Run, span: Span) {
    let to = run.world().now() + span;
    assert!(run.advance_to(to, u64::MAX));
}

pub fn key(name: &str) -> NsName {
    NsName::new("default", name)
}

/// Three Pods behind a Service, one client inside and one outside.
pub const WEB: &str =
    include_str!("../scenarios/a-service-is-called-from-inside-and-from-outside/input.yaml");

/// Pods on node-2 and node-3 behind a Service, and one on node-1 that may call it.
pub const TWO_SERVERS: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {nodeName: node-2, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: other, labels: {app: web}}
spec: {nodeName: node-3, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {nodeName: node-1, containers: [{name: curl, image: curl}]}
";

/// Findings of refusals, with their fields.
pub fn said(refused: &[Refusal]) -> Vec<String> {
    let findings = refused.iter().flat_map(|refusal| match refusal {
        Refusal::Invalid { diagnostics } => &diagnostics[..],
        other => panic!("no finding: {other:?}"),
    });
    findings.map(|finding| format!("{}{}", finding.field(), finding.message)).collect()
}
