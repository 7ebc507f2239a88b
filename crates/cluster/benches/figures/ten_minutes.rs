//! Ten simulated minutes of online-boutique: the public manifest, unmodified.

use cluster::api::{ClusterDns, Manifest, Scenario, parse};
use cluster::sim::{Run, Span, Time};

use crate::clock::Clock;

/// `None`, said aloud, where the public manifests are not beside the project.
pub fn manifest() -> Option<Manifest> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/manifests/online-boutique.yaml");
    match std::fs::read_to_string(path) {
        Ok(text) => Some(parse(&text)),
        Err(why) => {
            println!("SKIPPED: online-boutique.yaml is not beside the project ({why})");
            None
        }
    }
}

pub fn milliseconds(manifest: &Manifest) -> f64 {
    let start = Clock::start();
    let (mut run, _) = Run::new(manifest, Some(7));
    run.advance_to(Time::ZERO + Span::from_secs(600), u64::MAX);
    let seconds = start.seconds();
    assert!(run.world().events() > 50_000, "the clients were at work");
    seconds * 1_000.0
}

/// The same cluster with that DNS.
pub fn with_dns(manifest: &Manifest, dns: ClusterDns) -> Manifest {
    let mut manifest = manifest.clone();
    manifest.scenario.get_or_insert_with(Scenario::default).dns = Some(dns);
    manifest
}
