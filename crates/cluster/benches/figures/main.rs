//! The core's figures for BENCHMARKS.md: `cargo bench -p packetyard-cluster --bench figures`.
//!
//! Each is run several times and the median printed, since machines are noisy.

mod first_packets;
mod ten_minutes;

use cluster::node::kube_proxy::ProxyMode;

const RUNS: u32 = 5;

fn main() {
    println!("| what | median of {RUNS} | best |\n|---|---:|---:|");
    for mode in ProxyMode::ALL {
        for services in [10, 1_000] {
            let rates = sorted(|| first_packets::rate(mode, services, 10));
            let mode = mode.as_str();
            let what = format!("first packets per second, {mode}, {services} Services of 10 endpoints");
            row(&what, &format!("{:.0}", middle(&rates)), &format!("{:.0}", rates[rates.len() - 1]));
        }
    }
    let Some(boutique) = ten_minutes::manifest() else { return };
    let times = sorted(|| ten_minutes::milliseconds(&boutique));
    let what = "ten simulated minutes of online-boutique, its callers and probes, snapshots kept";
    row(what, &format!("{:.0} ms", middle(&times)), &format!("{:.0} ms", times[0]));
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
