//! `packetyard trace` prints what the page would show for the same seed: the page drives the same
//! core with the same actions, a frame at a time. Here the core's own run is put into the form of
//! the command's JSON (`expected.rs`), and every field is compared.

mod expected;

use std::path::{Path, PathBuf};
use std::process::Command;

use cluster::api::{Action, ClientFrom, ClientSpec, Kind, parse};
use cluster::node::kube_proxy::ProxyMode;
use cluster::sim::{Run, Span, Time};
use netfilter::Protocol;
use serde_json::{Value, json};

const SEED: u64 = 11;
const AT: Span = Span::from_secs(20);
const COUNT: usize = 12;
/// A frame of the page, at sixty a second.
const FRAME: Span = Span::from_millis(16);
const CALLER: From = From::Pod("caller");
const CURL: From = From::Pod("curl");

/// (folder of the scenario, who calls, what)
const CASES: [(&str, From, &str); 20] = [
    ("myth-affinity-is-for-the-whole-cluster", From::Outside, "192.168.0.12:30080"),
    ("local-policy-drops-where-no-pod-is", From::Outside, "192.168.0.11:30080"),
    ("local-policy-drops-where-no-pod-is", From::Outside, "192.168.0.12:30080"),
    ("a-source-that-is-not-allowed", From::Outside, "198.51.100.1:80"),
    ("a-reply-by-another-way-is-lost", CALLER, "192.168.0.12:30080"),
    ("a-reply-by-another-way-is-lost", CALLER, "192.168.0.12:30080/udp"),
    ("masqueraded-pod-traffic-meets-policy-local", CALLER, "192.168.0.13:30080/udp"),
    ("a-node-cut-off-goes-on-with-stale-rules", CALLER, "web:80"),
    ("a-node-cut-off-goes-on-with-stale-rules", From::Node("node-2"), "web:80"),
    ("udp-takes-two-packets", CURL, "web:53/udp"),
    ("udp-takes-two-packets", CURL, "web:80"),
    ("no-endpoints-is-refused", CURL, "web:80"),
    ("no-endpoints-is-refused", CURL, "web:80/udp"),
    ("a-name-that-nobody-has", CURL, "wbe:80"),
    ("headless-is-a-name-for-its-pods", CURL, "web:8080"),
    // Without node-1, where its Pod `curl` is.
    ("an-ipv6-cluster-in-iptables-mode", From::Deployment("web"), "web:80"),
    ("an-ipv6-cluster-in-iptables-mode", From::Node("node-2"), "web:80"),
    ("an-ipv6-cluster-in-iptables-mode", From::Deployment("web"), "by-name:8080/udp"),
    ("an-ipv6-cluster-in-iptables-mode", From::Outside, "[fd00:192:168::c]:30123"),
    ("an-ipv6-cluster-in-iptables-mode", From::Outside, "[fd00:192:168::c]:30123/udp"),
];

#[derive(Clone, Copy, Debug)]
enum From {
    Outside,
    Pod(&'static str),
    Deployment(&'static str),
    Node(&'static str),
}

impl From {
    fn argument(self) -> String {
        match self {
            From::Outside => "external".into(),
            From::Pod(name) => format!("pod/default/{name}"),
            From::Deployment(name) => format!("deploy/default/{name}"),
            From::Node(name) => format!("node/{name}"),
        }
    }

    fn client(self) -> ClientFrom {
        let workload = |kind: Kind, name: &str| ClientFrom::Workload {
            namespace: "default".into(),
            kind,
            name: name.into(),
        };
        match self {
            From::Outside => ClientFrom::Outside { ip: None },
            From::Pod(name) => workload(Kind::Pod, name),
            From::Deployment(name) => workload(Kind::Deployment, name),
            From::Node(name) => ClientFrom::Node { name: name.into() },
        }
    }
}

fn scenario(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../cluster/tests/scenarios").join(name).join("input.yaml")
}

fn by_command(file: &Path, mode: ProxyMode, from: From, to: &str) -> Value {
    let (at, seed, count) = (format!("{}s", AT.0 / 1_000_000_000), SEED.to_string(), COUNT.to_string());
    let output = Command::new(env!("CARGO_BIN_EXE_packetyard"))
        .args(["trace", "--quiet", "-o", "json", "--at", &at, "--seed", &seed, "--count", &count])
        .args(["--proxy-mode", mode.as_str(), "--from", &from.argument(), "--to", to, "-f"])
        .arg(file)
        .output()
        .expect("the command starts");
    assert!(
        output.status.success(),
        "{file:?}, {from:?} to {to}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

/// The same, as a page does it: everything through `Run`, in frames.
fn by_frames(file: &Path, mode: ProxyMode, from: From, to: &str) -> Value {
    let text = std::fs::read_to_string(file).expect("the scenario is there");
    let mut manifest = parse(&text);
    let (first, _) = Run::new(&manifest, Some(SEED));
    let clients = first.world().traffic().clients.values();
    let clients = clients.filter(|client| matches!(client.spec.from, ClientFrom::Workload { .. }));
    let silent =
        clients.map(|client| ClientSpec { rate_milli: 0, ..ClientSpec::clone(&client.spec) }).collect();
    let scenario = manifest.scenario.get_or_insert_default();
    (scenario.clients, scenario.proxy_mode) = (Some(silent), Some(mode));
    let (mut run, refusals) = Run::new(&manifest, Some(SEED));
    assert_eq!(refusals, []);
    let mut ahead = run.clone();
    assert!(ahead.advance_to_origin(u64::MAX));
    frames(&mut run, ahead.world().now() + AT);
    let (target, protocol) = match to.strip_suffix("/udp") {
        Some(target) => (target, Protocol::Udp),
        None => (to, Protocol::Tcp),
    };
    let client = ClientSpec {
        protocol,
        rate_milli: 0,
        ..ClientSpec::new("trace".into(), from.client(), target.into())
    };
    run.act(Action::AddClient { client }).expect("the client is taken");
    let connections: Vec<Value> = (0..COUNT).map(|_| connect(&mut run)).collect();
    json!({ "from": from.argument(), "to": to, "connections": connections })
}

fn frames(run: &mut Run, until: Time) {
    while run.world().now() < until {
        let next = (run.world().now() + FRAME).min(until);
        assert!(run.advance_to(next, u64::MAX));
    }
}

fn connect(run: &mut Run) -> Value {
    run.act(Action::SendOne { client: "trace".into() }).expect("it can send");
    let traffic = run.world().traffic();
    // A name that nobody has ends its connection at once.
    let open = traffic.connections.keys().next_back().copied();
    let id = open.or_else(|| traffic.finished.back().map(|record| record.id)).expect("it is there");
    while run.world().traffic().connections.contains_key(&id) {
        // To the very moment at which the last packet ends: the next one starts there.
        assert!(run.step());
    }
    let record = run.world().traffic().record(id).expect("it is kept");
    expected::connection(run.world(), record)
}

/// The first place at which two values differ, so that a failure can be read.
fn difference(path: &str, command: &Value, core: &Value) -> Option<String> {
    match (command, core) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().zip(b.values()).find_map(|((key, a), b)| difference(&format!("{path}.{key}"), a, b))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(i, (a, b))| difference(&format!("{path}[{i}]"), a, b))
        }
        _ => (command != core).then(|| format!("{path}:\n  the command: {command}\n  the core:    {core}")),
    }
}

#[test]
fn the_trace_of_a_seed_is_one_in_every_field_and_mode() {
    let mut seen = Vec::new();
    for mode in ProxyMode::ALL {
        for (name, from, to) in CASES {
            let file = scenario(name);
            let (command, core) = (by_command(&file, mode, from, to), by_frames(&file, mode, from, to));
            if let Some(found) = difference("", &command, &core) {
                panic!("{name}, {}, {from:?} to {to}: {found}", mode.as_str());
            }
            seen.extend(facts(&command).map(|fact| format!("{} {fact}", mode.as_str())));
        }
    }
    // What was compared is worth it: of everything that can be said, something was said.
    for mode in ProxyMode::ALL {
        for fact in ["delivered", "rejected", "dropped", "unresolved", "rules", "stale", "rewritten", "seen"]
        {
            let fact = format!("{} {fact}", mode.as_str());
            assert!(seen.contains(&fact), "no connection of the cases shows: {fact}");
        }
    }
}

/// What a report has an example of.
fn facts(report: &Value) -> impl Iterator<Item = String> {
    let connections = report["connections"].as_array().expect("connections");
    assert_eq!(connections.len(), COUNT);
    let list = |value: &Value, of: &str| value[of].as_array().expect("a list").clone();
    let hops: Vec<Value> = connections
        .iter()
        .flat_map(|c| list(c, "packets"))
        .flat_map(|packet| list(&packet, "hops"))
        .collect();
    let verdicts = connections.iter().map(|c| c["verdict"].as_str().expect("a verdict").to_string());
    let said = [
        ("rules", hops.iter().any(|hop| hop["rules"] != json!([]))),
        ("stale", hops.iter().any(|hop| hop["stale"] == true)),
        ("rewritten", hops.iter().any(|hop| hop["before"] != hop["after"])),
        ("seen", connections.iter().any(|c| c["source_seen"].is_string())),
    ];
    let said = said.into_iter().filter(|(_, is)| *is).map(|(what, _)| what.to_string());
    verdicts.chain(said).collect::<Vec<_>>().into_iter()
}
