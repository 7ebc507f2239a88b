//! `spec.kubeProxy`: from the Scenario to the rules, and to what packets do.

use crate::support::{go_on, seconds, start};
use cluster::sim::{LogEntry, Run, Span, World};
use cluster::trace::LossClass;

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: w1, labels: {app: web}}\nspec:\n  nodeName: node-2\n  containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: curl}\nspec:\n  nodeName: node-1\n  containers: [{name: curl, image: curlimages/curl}]\n---\n";

fn run(config: &str, client: &str) -> Run {
    let text = format!(
        "{SERVICE}apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  kubeProxy: {config}\n  clients: [{client}]\n"
    );
    let mut run = start(&text, 7);
    run.advance_to(seconds(40), u64::MAX);
    run
}

/// The rules of node-1, printed.
fn rules(world: &World) -> String {
    let machine = world.machine_named("node-1").expect("it is there");
    machine.stack.hooks().primary().rules().to_string()
}

/// The field; what the rules then hold, and what they do not.
#[test]
fn every_field_reaches_the_rules() {
    let cases: &[(&str, &str, &str)] = &[
        ("{}", "! -s 10.244.0.0/16", "--dport 1"),
        ("{clusterCIDR: 10.0.0.0/8}", "! -s 10.0.0.0/8", "! -s 10.244.0.0/16"),
        // Without a detector, traffic to the ClusterIP is never masqueraded.
        ("{clusterCIDR: ''}", "-d 10.96.172.246", "! -s 10.244.0.0/16 -d"),
        ("{detectLocalMode: NodeCIDR}", "! -s 10.244.1.0/24", "! -s 10.244.0.0/16 -d"),
        (
            "{detectLocalMode: BridgeInterface, detectLocal: {bridgeInterface: cni0}}",
            "! -i cni0 -j KUBE-MARK-MASQ",
            "! -s 10.244.0.0/16 -d",
        ),
        (
            "{detectLocalMode: InterfaceNamePrefix, detectLocal: {interfaceNamePrefix: veth}}",
            "! -i veth+ -j KUBE-MARK-MASQ",
            "! -s 10.244.0.0/16 -d",
        ),
        ("{masqueradeBit: 15}", "0x00008000", "0x00004000"),
        ("{localhostNodePorts: false}", "! -d 127.0.0.0/8", "block incoming localnet connections"),
        ("{nfacct: true}", "-m nfacct", "--ctstate INVALID -j DROP"),
        ("{nfacct: false}", "--ctstate INVALID -j DROP", "-m nfacct"),
        ("{nodePortAddresses: [primary]}", "-d 192.168.0.11", "--dst-type LOCAL -j KUBE-NODEPORTS"),
        ("{nodePortAddresses: [192.168.0.0/24]}", "-d 192.168.0.11", "--dst-type LOCAL -j KUBE-NODEPORTS"),
    ];
    for (config, with, without) in cases {
        let text = rules(run(config, "").world());
        assert!(text.contains(with), "{config}: {with} is in\n{text}");
        assert!(!text.contains(without), "{config}: {without} is not in\n{text}");
    }
}

/// masqueradeAll: even a Pod's own address is hidden.
#[test]
fn masquerade_all_hides_pods() {
    let client = "{name: curl, from: pod/default/curl, to: 'http://web', rate: 1}";
    for (config, expected) in [("{}", "10.244.1.2"), ("{masqueradeAll: true}", "192.168.0.11")] {
        let run = run(config, client);
        let seen = run.world().traffic().finished.iter().rev().find_map(|r| r.server_saw);
        assert_eq!(seen.map(|(ip, _)| ip.to_string()).as_deref(), Some(expected), "{config}");
    }
}

/// The bridge of a node's Pods is cni0: what comes in by it is theirs. Their veth pairs are the bridge's ports, by which
/// nothing comes that is routed.
#[test]
fn traffic_is_told_to_be_local_by_its_interface() {
    let client = "{name: curl, from: pod/default/curl, to: 'http://web', rate: 1}";
    for mode in ["iptables", "nftables", "ipvs"] {
        for (detector, expected) in [
            ("detectLocalMode: BridgeInterface, detectLocal: {bridgeInterface: cni0}", "10.244.1.2"),
            ("detectLocalMode: BridgeInterface, detectLocal: {bridgeInterface: docker0}", "192.168.0.11"),
            ("detectLocalMode: InterfaceNamePrefix, detectLocal: {interfaceNamePrefix: cni}", "10.244.1.2"),
            (
                "detectLocalMode: InterfaceNamePrefix, detectLocal: {interfaceNamePrefix: veth}",
                "192.168.0.11",
            ),
        ] {
            let run = run(&format!("{{{detector}}}\n  proxyMode: {mode}"), client);
            let seen = run.world().traffic().finished.iter().rev().find_map(|r| r.server_saw);
            let seen = seen.map(|(ip, _)| ip.to_string());
            assert_eq!(seen.as_deref(), Some(expected), "mode {mode}, {detector}");
        }
    }
}

/// A node port that is not open on an address is nobody's there.
#[test]
fn node_port_addresses_close_the_others() {
    let client = "{name: curl, from: pod/default/curl, to: '10.244.1.1:30080', rate: 1}";
    let counts = |config: &str| {
        run(config, client).world().traffic().stats.clients.get("curl").expect("a client").clone()
    };
    assert!(counts("{}").delivered > 10);
    let closed = counts("{nodePortAddresses: [primary]}");
    assert_eq!(closed.delivered, 0);
    assert!(closed.lost.get(&LossClass::NothingListens).copied().unwrap_or(0) > 10, "{closed:?}");
}

/// Two changes within the period are written once.
#[test]
fn min_sync_period_gathers_changes() {
    let syncs = |config: &str| {
        let mut run = run(config, "");
        let before = run.world().log_count();
        for pass in [false, true, false, true] {
            let pod = cluster::api::NsName::new("default", "w1");
            run.act(cluster::api::Action::SetReadiness { pod, container: None, pass }).expect("the Pod runs");
            go_on(&mut run, Span::from_secs(3));
        }
        go_on(&mut run, Span::from_secs(60));
        let world = run.world();
        let new = world.log().len() - (world.log_count() - before) as usize;
        let synced = |l: &&std::sync::Arc<cluster::sim::Logged>| matches!(&l.entry, cluster::sim::LogEntry::ProxySynced { node } if &**node == "node-1");
        world.log().iter().skip(new).filter(synced).count()
    };
    assert_eq!(syncs("{}"), 4);
    assert!(syncs("{minSyncPeriod: 20s}") <= 2);
}

/// Without minSyncPeriod each mode has its own (SetDefaults_KubeProxyConfiguration): a second, or nothing in
/// mode ipvs.
#[test]
fn ipvs_mode_writes_each_change_at_once() {
    let least = |mode: &str, config: &str| {
        let spec = format!("spec: {{proxyMode: {mode}, kubeProxy: {config}, clients: []}}\n");
        let text = format!("{SERVICE}apiVersion: packetyard/v1alpha1\nkind: Scenario\n{spec}");
        let mut run = start(&text, 7);
        run.advance_to(seconds(40), u64::MAX);
        for change in 0..30 {
            let (pod, pass) = (cluster::api::NsName::new("default", "w1"), change % 2 == 1);
            run.act(cluster::api::Action::SetReadiness { pod, container: None, pass }).expect("the Pod runs");
            go_on(&mut run, Span::from_millis(500));
        }
        let is_its =
            |entry: &LogEntry| matches!(entry, LogEntry::ProxySynced { node } if &**node == "node-1");
        let times: Vec<_> = run.world().log().iter().filter(|l| is_its(&l.entry)).map(|l| l.at).collect();
        times.windows(2).map(|pair| pair[1].since(pair[0])).min().expect("several syncs")
    };
    let second = Span::from_secs(1);
    for (mode, config, at_once) in [
        ("iptables", "{}", false),
        ("nftables", "{}", false),
        ("ipvs", "{}", true),
        ("ipvs", "{minSyncPeriod: 1s}", false),
        ("iptables", "{minSyncPeriod: 0s}", true),
    ] {
        let least = least(mode, config);
        assert_eq!(least < second, at_once, "{mode}, {config}: {least:?}");
    }
}

/// I-06: with more than a thousand endpoints comments are left out, and chains that are out of use
/// stay until the next clean-up.
#[test]
fn a_large_cluster_drops_comments_and_keeps_old_chains_a_while() {
    let slice = |name: &str, net: u32, count: u32| {
        let endpoints: String =
            (0..count).map(|i| format!("{{addresses: [10.{net}.{}.{}]}}, ", i / 250, i % 250 + 1)).collect();
        format!(
            "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: {name}, labels: {{kubernetes.io/service-name: big}}}}\n\
             addressType: IPv4\nports: [{{port: 8080, protocol: TCP}}]\nendpoints: [{endpoints}]\n---\n"
        )
    };
    let text = format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: big}}\nspec: {{ports: [{{port: 80}}]}}\n---\n{}{}\
         apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {{clients: []}}\n",
        slice("big-1", 50, 600),
        slice("big-2", 51, 500)
    );
    let mut run = start(&text, 7);
    run.advance_to(seconds(5), u64::MAX);
    let written = rules(run.world());
    assert!(written.contains("KUBE-SEP-") && !written.contains("default/big -> "), "no endpoint is named");
    let stale = |run: &Run| -> Vec<_> {
        let machine = run.world().machine_named("node-1").expect("it is there");
        machine.proxy.proxiers.primary().stale_chains.clone()
    };
    assert_eq!(stale(&run).len(), 0);
    let fewer = slice("big-2", 51, 490);
    run.act(cluster::api::Action::apply(&fewer)).expect("it is applied");
    go_on(&mut run, Span::from_secs(5));
    assert_eq!(stale(&run).len(), 10, "of ten endpoints that are gone");
    let names = stale(&run);
    assert!(
        names.iter().all(|n| n.starts_with("KUBE-SEP-") && !rules(run.world()).contains(&**n)),
        "{names:?}"
    );
    go_on(&mut run, Span::from_secs(40));
    assert_eq!(stale(&run).len(), 0, "a sync after the period deletes them");
    let small = slice("big-1", 50, 10);
    run.act(cluster::api::Action::apply(&small)).expect("it is applied");
    go_on(&mut run, Span::from_secs(5));
    assert!(rules(run.world()).contains("default/big -> "), "small again, so they are named");
    assert_eq!(stale(&run).len(), 0, "and what is out of use goes at once");
}
