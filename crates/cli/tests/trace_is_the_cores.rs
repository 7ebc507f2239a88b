//! `packetyard trace` prints what the page would show for the same seed: the page drives the same
//! core with the same actions, a frame at a time.

use std::path::PathBuf;
use std::process::Command;

use cluster::api::{Action, ClientFrom, ClientSpec, parse};
use cluster::net::Protocol;
use cluster::sim::{Run, Span, Time};
use serde_json::{Value, json};

const SEED: u64 = 11;
const AT: Span = Span::from_secs(20);
const COUNT: usize = 20;
/// A frame of the page, at sixty a second.
const FRAME: Span = Span::from_millis(16);

fn scenario(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../cluster/tests/scenarios").join(name).join("input.yaml")
}

/// Every connection of the command line, as (outcome's packets: kind, and each hop's time and tuples).
fn by_command(file: &std::path::Path, from: &str, to: &str) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_packetyard"))
        .args(["trace", "--quiet", "-o", "json", "--at", "20s", "--seed", "11", "--count", "20"])
        .args(["--from", from, "--to", to, "-f"])
        .arg(file)
        .output()
        .expect("the command starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    let connections = report["connections"].as_array().expect("connections").clone();
    connections.iter().map(|c| json!([c["lost"], packets(c)])).collect()
}

fn packets(connection: &Value) -> Value {
    let hops = |packet: &Value| -> Value {
        let hops = packet["hops"].as_array().expect("hops");
        hops.iter().map(|h| json!([h["at"], h["before"], h["after"], h["stale"]])).collect()
    };
    connection["packets"].as_array().expect("packets").iter().map(|p| json!([p["kind"], hops(p)])).collect()
}

/// The same, as a page does it: everything through `Run`, in frames.
fn by_frames(file: &std::path::Path, from: ClientFrom, to: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(file).expect("the scenario is there");
    let mut manifest = parse(&text);
    manifest.scenario.get_or_insert_default().clients = Some(Vec::new());
    let (mut run, refusals) = Run::new(&manifest, Some(SEED));
    assert_eq!(refusals, []);
    frames(&mut run, Time::ZERO + AT);
    let client = ClientSpec {
        name: "trace".into(),
        from,
        to: to.into(),
        protocol: Protocol::Tcp,
        rate_milli: 0,
        keep_alive: false,
        timeout: None,
    };
    run.act(Action::AddClient { client }).expect("the client is taken");
    (0..COUNT).map(|_| connect(&mut run)).collect()
}

fn frames(run: &mut Run, until: Time) {
    while run.world().now() < until {
        let next = (run.world().now() + FRAME).min(until);
        assert!(run.advance_to(next, u64::MAX));
    }
}

fn connect(run: &mut Run) -> Value {
    run.act(Action::SendOne { client: "trace".into() }).expect("it can send");
    let id = *run.world().traffic().connections.keys().next_back().expect("it is open");
    while run.world().traffic().connections.contains_key(&id) {
        // To the very moment at which the last packet ends: the next one starts there.
        assert!(run.step());
    }
    let record = run.world().traffic().record(id).expect("it is kept");
    let socket = |ip, port| std::net::SocketAddr::new(ip, port).to_string();
    let tuple = |t: cluster::net::Tuple| {
        format!("{} > {} {}", socket(t.src, t.src_port), socket(t.dst, t.dst_port), t.protocol.as_str())
    };
    let packet = |p: &cluster::trace::PacketTrace| {
        let hops: Value =
            p.hops.iter().map(|h| json!([h.at.0, tuple(h.before), tuple(h.after), h.stale])).collect();
        json!([words::packet_kind(p.kind), hops])
    };
    let packets: Value = record.packets.iter().map(|p| packet(p)).collect();
    json!([record.lost, packets])
}

#[test]
fn the_trace_of_a_seed_is_one() {
    let outside = || ClientFrom::Outside { ip: None };
    let caller =
        || ClientFrom::Workload { namespace: "default".into(), kind: "Pod".into(), name: "caller".into() };
    let cases = [
        ("myth-affinity-is-for-the-whole-cluster", "external", outside(), "192.168.0.12:30080"),
        ("local-policy-drops-where-no-pod-is", "external", outside(), "192.168.0.11:30080"),
        ("a-reply-by-another-way-is-lost", "pod/default/caller", caller(), "192.168.0.12:30080"),
        ("a-node-cut-off-goes-on-with-stale-rules", "pod/default/caller", caller(), "web:80"),
    ];
    for (name, from, client, to) in cases {
        let file = scenario(name);
        let (command, frames) = (by_command(&file, from, to), by_frames(&file, client, to));
        assert_eq!(command.len(), COUNT, "{name}");
        assert_eq!(command, frames, "{name}");
    }
}
