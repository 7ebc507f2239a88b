//! The core's figures for BENCHMARKS.md: `cargo bench -p packetyard-cluster --bench figures`.
//!
//! Each is run several times and the median printed, since machines are noisy. Words behind `--` pick
//! the figures that have all of them in their names: `... --bench figures -- nftables packets`.

mod clock;
mod first_packets;
mod large;
mod objects;
mod rules;
mod ten_minutes;

use cluster::api::ClusterDns;
use cluster::node::kube_proxy::ProxyMode;

/// As in the command line.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: u32 = 5;

fn main() {
    // cargo adds `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |what: &str| words.iter().all(|word| what.contains(word.as_str()));
    println!("| what | median of {RUNS} | best |\n|---|---:|---:|");
    for mode in ProxyMode::ALL {
        for services in [10, 1_000] {
            let name = mode.as_str();
            let what = format!("first packets per second, {name}, {services} Services of 10 endpoints");
            if wanted(&what) {
                let rates = sorted(|| first_packets::rate(mode, services, 10));
                row(&what, &format!("{:.0}", middle(&rates)), &format!("{:.0}", rates[rates.len() - 1]));
            }
        }
    }
    for when in ["from nothing", "a sync after one endpoint's change"] {
        let measure = if when == "from nothing" { rules::from_nothing } else { rules::one_change };
        for mode in ProxyMode::ALL {
            let name = mode.as_str();
            let what = format!("rules of one node, {name}, 10000 Services of 10 endpoints, {when}");
            if wanted(&what) {
                let times = sorted(|| measure(mode, 10_000, 10));
                row(&what, &format!("{:.1} ms", middle(&times)), &format!("{:.1} ms", times[0]));
            }
        }
    }
    let what = "ten simulated minutes of online-boutique, its callers and probes, snapshots kept";
    if let Some(boutique) = wanted(what).then(ten_minutes::manifest).flatten() {
        for (dns, how) in [(ClusterDns::Ideal, ""), (ClusterDns::Pods, ", lookups as packets")] {
            let boutique = ten_minutes::with_dns(&boutique, dns);
            let times = sorted(|| ten_minutes::milliseconds(&boutique));
            row(
                &format!("{what}{how}"),
                &format!("{:.0} ms", middle(&times)),
                &format!("{:.0} ms", times[0]),
            );
        }
    }
    for (services, nodes) in [(100, 20), (500, 50), (1_000, 100)] {
        let what =
            format!("large cluster, {services} Services of 10 Pods on {nodes} nodes, until it has settled");
        if wanted(&what) {
            large_cluster(&what, services, nodes);
        }
    }
}

fn large_cluster(what: &str, services: u32, nodes: u32) {
    let taken: Vec<large::Taken> = (0..RUNS).map(|_| large::settle(services, 10, nodes)).collect();
    type Part = fn(&large::Taken) -> f64;
    let parts: [(&str, Part); 3] = [
        ("", |taken| taken.all),
        (": reading its text", |taken| taken.reading),
        (": applying all objects", |taken| taken.applying),
    ];
    for (part, of) in parts {
        let mut times: Vec<f64> = taken.iter().map(of).collect();
        times.sort_by(f64::total_cmp);
        row(&format!("{what}{part}"), &format!("{:.1} ms", middle(&times)), &format!("{:.1} ms", times[0]));
    }
    let times = sorted(|| large::longest_event(services, 10, nodes));
    let what = format!("{what}: the longest event");
    row(&what, &format!("{:.1} ms", middle(&times)), &format!("{:.1} ms", times[0]));
}

fn sorted(measure: impl Fn() -> f64) -> Vec<f64> {
    let mut all: Vec<f64> = (0..RUNS).map(|_| measure()).collect();
    all.sort_by(f64::total_cmp);
    all
}

fn middle(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}

fn row(what: &str, median: &str, best: &str) {
    println!("| {what} | {median} | {best} |");
}
