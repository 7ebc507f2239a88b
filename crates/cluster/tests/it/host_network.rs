//! Pods in their node's network namespace, and what programs listen on.

use crate::support::{self, go_on, key};
use cluster::api::{Action, App, Kind, ObjectRef};
use cluster::node::kubelet::PortAssumption;
use cluster::sim::{Run, Span};
use cluster::traffic::Counts;
use netfilter::Family;

fn counts<'a>(run: &'a Run, client: &str) -> &'a Counts {
    run.world().traffic().stats.clients.get(client).expect("a client of that name")
}

const HOST: &str = "
apiVersion: v1
kind: Pod
metadata: {name: agent, labels: {app: agent}}
spec: {nodeName: node-2, hostNetwork: true, containers: [{name: agent, image: i, ports: [{containerPort: 9100}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: agent}
spec: {selector: {app: agent}, ports: [{port: 80, targetPort: 9100}]}
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {nodeName: node-1, containers: [{name: curl, image: curl}]}
---
apiVersion: v1
kind: Pod
metadata: {name: beside, labels: {app: beside}}
spec: {nodeName: node-2, hostNetwork: true, dnsPolicy: ClusterFirstWithHostNet, containers: [{name: c, image: i, ports: [{containerPort: 1}]}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  timing: realistic
  clients:
  - {name: service, from: pod/default/curl, to: 'http://agent'}
  - {name: node, from: pod/default/curl, to: '192.168.0.12:9100'}
  - {name: closed, from: pod/default/curl, to: '192.168.0.12:9999'}
  - {name: own, from: pod/default/beside, to: 'http://agent'}
  - {name: machine, from: node/node-2, to: '192.168.0.12:9100'}
";

#[test]
fn its_address_is_the_nodes_and_packets_reach_its_process() {
    for mode in ["iptables", "nftables", "ipvs"] {
        let text = HOST.replace("  timing: realistic", &format!("  timing: realistic\n  proxyMode: {mode}"));
        let mut run = support::start(&text, 7);
        go_on(&mut run, Span::from_secs(30));
        let pod = run.world().store().pods.get(&key("agent")).expect("it is there");
        assert_eq!(pod.status.pod_ip().map(|ip| ip.to_string()).as_deref(), Some("192.168.0.12"));
        for client in ["service", "node", "own", "machine"] {
            let before = counts(&run, client).failed();
            go_on(&mut run, Span::from_secs(10));
            let counts = counts(&run, client);
            assert!(counts.delivered > 5 && counts.failed() == before, "{mode} {client}: {counts:?}");
        }
        assert_eq!(counts(&run, "closed").delivered, 0);
    }
}

/// The port that a Pod with hostNetwork declares is its hostPort, too.
#[test]
fn two_cannot_have_one_port_of_a_node() {
    let other = HOST
        .replace("metadata: {name: beside, labels: {app: beside}}", "metadata: {name: second}")
        .replace("[{containerPort: 1}]", "[{containerPort: 9100}]")
        .replace("  - {name: own, from: pod/default/beside, to: 'http://agent'}\n", "");
    let mut run = support::start(&other, 7);
    go_on(&mut run, Span::from_secs(60));
    let reason = |name: &str| {
        let pod = run.world().store().pods.get(&key(name)).expect("it is there");
        pod.status.reason.as_ref().map(|reason| reason.to_string())
    };
    assert_eq!((reason("agent"), reason("second")), (None, Some("NodePorts".into())));
}

#[test]
fn an_app_is_told_what_it_listens_on() {
    let mut run = support::start(
        &[
            support::TWO_SERVERS,
            "---\n{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {timing: realistic, \
             clients: [{name: caller, from: pod/default/curl, to: 'http://web'}]}}\n",
        ]
        .concat(),
        7,
    );
    go_on(&mut run, Span::from_secs(20));
    let app = |pod: &str, serves: Vec<u16>| App {
        of: ObjectRef { kind: Kind::Pod, namespace: "default".into(), name: pod.into() },
        container: None,
        serves: Some(serves),
        refuses: Vec::new(),
        start_up: None,
        drains: None,
        pre_stop: None,
        exits: None,
    };
    let taken = |run: &Run, port| {
        let pod = run.world().store().pods.get(&key("web")).expect("it is there").clone();
        run.world().port_assumption(&pod, port)
    };
    assert_eq!((taken(&run, 8080), taken(&run, 80)), (PortAssumption::Declared, PortAssumption::NotServed));
    for pod in ["web", "other"] {
        run.act(Action::SetApp { app: app(pod, vec![80]) }).expect("anybody may");
    }
    assert_eq!(
        (taken(&run, 8080), taken(&run, 80)),
        (PortAssumption::RefusedByApp, PortAssumption::ServedByApp)
    );
    let before = counts(&run, "caller").refused;
    go_on(&mut run, Span::from_secs(10));
    assert!(counts(&run, "caller").refused > before + 5, "nobody listens on the target port");
    for pod in ["web", "other"] {
        run.act(Action::SetApp { app: app(pod, vec![8080]) }).expect("anybody may");
    }
    let before = counts(&run, "caller").delivered;
    go_on(&mut run, Span::from_secs(10));
    assert!(counts(&run, "caller").delivered > before + 5);
    assert_eq!(run.world().apps().count(), 2, "what is said of the same Pod takes the place of the older");
}

const HOST_PORT: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  nodeName: node-2
  terminationGracePeriodSeconds: 1
  containers: [{name: web, image: i, ports: [{containerPort: 80, hostPort: 8080}, {containerPort: 81, hostPort: 8081, hostIP: 127.0.0.1}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: far}
spec: {nodeName: node-1, containers: [{name: curl, image: curl}]}
---
apiVersion: v1
kind: Pod
metadata: {name: near}
spec: {nodeName: node-2, containers: [{name: curl, image: curl}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  timing: realistic
  clients:
  - {name: outside, from: outside, to: '192.168.0.12:8080'}
  - {name: far, from: pod/default/far, to: '192.168.0.12:8080'}
  - {name: near, from: pod/default/near, to: '192.168.0.12:8080'}
  - {name: itself, from: pod/default/web, to: '192.168.0.12:8080'}
  - {name: machine, from: node/node-2, to: '192.168.0.12:8080'}
  - {name: elsewhere, from: outside, to: '192.168.0.11:8080'}
  - {name: own-address-only, from: outside, to: '192.168.0.12:8081'}
";

/// The CNI plugin portmap, in each of kube-proxy's modes: whoever calls the node's port reaches the Pod.
#[test]
fn a_host_port_leads_to_its_pod() {
    for mode in ["iptables", "nftables", "ipvs"] {
        let text =
            HOST_PORT.replace("  timing: realistic", &format!("  timing: realistic\n  proxyMode: {mode}"));
        let mut run = support::start(&text, 7);
        go_on(&mut run, Span::from_secs(30));
        for client in ["outside", "far", "near", "itself", "machine"] {
            let before = counts(&run, client).failed();
            go_on(&mut run, Span::from_secs(10));
            let counts = counts(&run, client);
            assert!(counts.delivered > 5 && counts.failed() == before, "{mode} {client}: {counts:?}");
        }
        for client in ["elsewhere", "own-address-only"] {
            assert_eq!(counts(&run, client).delivered, 0, "{mode} {client}");
        }
        let pod = ObjectRef { kind: Kind::Pod, namespace: "default".into(), name: "web".into() };
        run.act(Action::delete(pod)).expect("it is there");
        go_on(&mut run, Span::from_secs(20));
        let before = counts(&run, "outside").delivered;
        go_on(&mut run, Span::from_secs(10));
        assert_eq!(counts(&run, "outside").delivered, before, "{mode}: its rules are gone");
    }
}

/// As portmap writes them (portmap_test.go, "generates a correct standard container chain").
#[test]
fn the_rules_of_a_host_port_are_the_plugins() {
    let mut run = support::start(HOST_PORT, 7);
    go_on(&mut run, Span::from_secs(10));
    let machine = run.world().machine_named("node-2").expect("it is there");
    let printed = machine.rules(Family::V4).expect("it has rules").to_string();
    let lines: Vec<&str> =
        printed.lines().filter(|line| line.contains("CNI-") && line.starts_with("-A")).collect();
    let chain =
        lines.iter().find_map(|line| line.strip_prefix("-A ").filter(|line| line.starts_with("CNI-DN-")));
    let chain = chain.expect("the Pod has a chain").split(' ').next().expect("a name").to_string();
    assert_eq!(chain.len(), "CNI-DN-".len() + 21);
    let web = run.world().store().pods.get(&key("web")).expect("it is there");
    let ip = web.status.pod_ip().expect("it has an address");
    let printed = lines.join("\n").replace(&chain, "CNI-DN-X").replace(&ip.to_string(), "POD");
    for expected in [
        "-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
        "-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
        "-A CNI-DN-X -m tcp -p tcp --dport 8080 -s 10.244.2.0/24 -j CNI-HOSTPORT-SETMARK",
        "-A CNI-DN-X -m tcp -p tcp --dport 8080 -s 127.0.0.1 -j CNI-HOSTPORT-SETMARK",
        "-A CNI-DN-X -m tcp -p tcp --dport 8080 -j DNAT --to-destination POD:80",
        "-A CNI-DN-X -m tcp -p tcp --dport 8081 -d 127.0.0.1 -j DNAT --to-destination POD:81",
    ] {
        assert!(printed.lines().any(|line| line == expected), "{expected}\nin\n{printed}");
    }
    assert!(
        !run.world()
            .machine_named("node-1")
            .expect("it is there")
            .rules(Family::V4)
            .expect("rules")
            .to_string()
            .contains("CNI-HOSTPORT")
    );
}

/// portmap and the plugin that masquerades write chains of their own, whether a kube-proxy runs or not.
#[test]
fn a_host_port_needs_no_kube_proxy() {
    let text = HOST_PORT.replace(
        "  - {name: outside, from: outside, to: '192.168.0.12:8080'}",
        "  - {name: outside, from: outside, to: '192.168.0.14:8080'}",
    );
    for mode in ["iptables", "nftables", "ipvs"] {
        let text = text.replace("  timing: realistic", &format!("  timing: realistic\n  proxyMode: {mode}"));
        let mut run = support::start(&text, 7);
        run.act(Action::AddNode { name: Some("node-4".into()), zone: None }).expect("there is room");
        run.act(Action::PauseKubeProxy { node: "node-4".into(), on: true }).expect("it has power");
        let pod = |name: &str, more: &str| {
            Action::apply(&format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}, spec: {{nodeName: node-4, \
                 containers: [{{name: c, image: i{more}}}]}}}}"
            ))
        };
        run.act(pod("plain", "")).expect("there is room");
        go_on(&mut run, Span::from_secs(60));
        let printed = |run: &Run| {
            let machine = run.world().machine_named("node-4").expect("it is there");
            assert!(machine.proxy.synced_at().is_none(), "kube-proxy has written nothing");
            machine.rules(Family::V4).expect("it has rules").to_string()
        };
        assert!(printed(&run).contains("-j CNI-MASQ") && !printed(&run).contains("CNI-HOSTPORT"));
        let delivered = counts(&run, "outside").delivered;
        run.act(pod("mapped", ", ports: [{containerPort: 80, hostPort: 8080}]")).expect("there is room");
        go_on(&mut run, Span::from_secs(30));
        assert!(counts(&run, "outside").delivered > delivered + 5, "{mode}: {}", printed(&run));
        // Then come kube-proxy's.
        run.act(Action::PauseKubeProxy { node: "node-4".into(), on: false }).expect("it has power");
        go_on(&mut run, Span::from_secs(10));
        let delivered = counts(&run, "outside").delivered;
        go_on(&mut run, Span::from_secs(20));
        assert!(counts(&run, "outside").delivered > delivered + 5, "{mode}");
    }
}

/// iptables -A and -D leave the counters of all other rules as they are.
#[test]
fn another_host_port_clears_no_counters() {
    let service = "
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: served, labels: {app: web}}
spec: {nodeName: node-1, containers: [{name: web, image: i, ports: [{containerPort: 80}]}]}
";
    let text = [
        HOST_PORT.replace(
            "from: pod/default/near, to: '192.168.0.12:8080'",
            "from: pod/default/near, to: 'http://web'",
        ),
        service.into(),
    ]
    .concat();
    let mut run = support::start(&text, 7);
    go_on(&mut run, Span::from_secs(40));
    let counted = |run: &Run| {
        let machine = run.world().machine_named("node-2").expect("it is there");
        let hooks = machine.stack.hooks().primary();
        let line = |at| hooks.rules().rule_text(at).expect("a rule that was matched");
        let named = |line: &String| line.contains("KUBE-SVC") || line.contains("CNI-DN");
        let counts = hooks.counts().iter().map(|(at, count)| (line(*at), *count));
        counts.filter(|(line, _)| named(line)).collect::<std::collections::BTreeMap<String, u64>>()
    };
    let before = counted(&run);
    assert!(
        before.keys().any(|line| line.contains("KUBE-SVC"))
            && before.keys().any(|line| line.contains("CNI-DN")),
        "{before:?}"
    );
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: more}, spec: {nodeName: node-2, containers: [{name: c, image: i, ports: [{containerPort: 90, hostPort: 9090}]}]}}";
    run.act(Action::apply(pod)).expect("there is room");
    go_on(&mut run, Span::from_secs(5));
    let after = counted(&run);
    for (line, count) in &before {
        assert!(
            after.get(line).is_some_and(|now| now >= count),
            "{line}: {count}, then {:?}",
            after.get(line)
        );
    }
    let served = run
        .world()
        .store()
        .pods
        .get(&key("served"))
        .and_then(|pod| pod.status.pod_ip())
        .expect("it has an address");
    let port = cluster::node::kube_proxy::ServicePortName {
        service: key("web"),
        port: "".into(),
        protocol: netfilter::Protocol::Tcp,
    };
    let machine = run.world().machine_named("node-2").expect("it is there");
    assert!(machine.sent.to(&port, std::net::SocketAddr::new(served, 80), false) > 20);
}

/// `hostIP` of a port is simulated, and nothing says otherwise.
#[test]
fn a_host_ip_is_not_only_kept() {
    let diagnostics = support::manifest(HOST_PORT).diagnostics;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
}
