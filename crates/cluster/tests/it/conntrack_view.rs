//! The connection table of a node, as a view has it and as `conntrack -L` prints it.

use crate::support::{go_on, seconds, settle, start};
use cluster::sim::Span;

const CLUSTER: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {clusterIP: 10.96.0.40, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: w1, labels: {app: web}}\nspec:\n  nodeName: node-2\n  containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: curl}\nspec:\n  nodeName: node-1\n  containers: [{name: curl, image: curlimages/curl}]\n---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  timing: realistic\n  clients:\n  - {name: kept, from: pod/default/curl, to: 'web:80', rate: 1, keepAlive: true}\n  - {name: nobody, from: pod/default/curl, to: '10.244.2.200:9', rate: 0.1}\n";

#[test]
fn each_node_remembers_its_own_side() {
    let mut run = start(CLUSTER, 7);
    settle(&mut run);
    go_on(&mut run, Span::from_secs(12));
    let world = run.world();
    let uid = |name: &str| world.machine_named(name).expect("it is there").uid;
    let lines = |name: &str| world.conntrack_lines(uid(name)).expect("it is there");
    let (near, far) = (lines("node-1"), lines("node-2"));
    // The client's node rewrote the destination; to the Pod's node it is an ordinary connection.
    let kept = near.iter().find(|l| l.contains("dst=10.96.0.40")).expect("the connection to the ClusterIP");
    assert!(
        kept.starts_with("tcp      6 863") && kept.contains("ESTABLISHED src=10.244.1.2 dst=10.96.0.40"),
        "{kept}"
    );
    assert!(kept.contains(" dport=80 src=10.244.2.2 dst=10.244.1.2 sport=8080 "), "{kept}");
    assert!(kept.ends_with("[ASSURED] mark=0 use=1"), "{kept}");
    assert!(far.iter().any(|l| l.contains("src=10.244.1.2 dst=10.244.2.2")), "{far:?}");
    assert!(far.iter().all(|l| !l.contains("10.96.0.40")), "node-2 never saw the ClusterIP: {far:?}");
    let unanswered = near.iter().find(|l| l.contains("dst=10.244.2.200")).expect("the call to nobody");
    assert!(unanswered.contains("SYN_SENT") && unanswered.contains("[UNREPLIED]"), "{unanswered}");
    let rows = world.conntrack_of(uid("node-1")).expect("it is there");
    assert_eq!(rows.len(), near.len());
    let row = rows.iter().find(|r| r.state() == Some("ESTABLISHED")).expect("the open connection");
    assert!(row.entry.is_dnat() && !row.entry.is_snat() && row.entry.assured && row.entry.seen_reply);
    assert!(row.left > Span::from_secs(86_300), "a day from its last packet: {row:?}");
}

/// An entry that was made before the Service had the address: the next change behind a UDP port cleans it up, and
/// no change behind a TCP port does.
#[test]
fn stale_datagrams_go_when_endpoints_of_a_udp_port_change() {
    for (pod, expected) in [("web", true), ("dns", false)] {
        let pods = ["dns", "web"].map(|name| {
            let (port, protocol) = if name == "dns" { (53, "UDP") } else { (80, "TCP") };
            format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, labels: {{app: {name}}}}}, spec: {{nodeName: node-2, \
                   containers: [{{name: c, image: i, ports: [{{containerPort: {port}, protocol: {protocol}}}]}}]}}}}\n---\n\
                 {{apiVersion: v1, kind: Service, metadata: {{name: {name}}}, spec: {{\
                   selector: {{app: {name}}}, ports: [{{port: {port}, protocol: {protocol}}}]}}}}\n---\n"
            )
        });
        let text = format!(
            "{}{{apiVersion: v1, kind: Pod, metadata: {{name: second, labels: {{app: dns}}}}, spec: {{nodeName: node-3, \
               containers: [{{name: c, image: i, ports: [{{containerPort: 53, protocol: UDP}}]}}]}}}}\n---\n\
             {{apiVersion: v1, kind: Pod, metadata: {{name: curl}}, spec: {{nodeName: node-1, \
               containers: [{{name: curl, image: curl}}]}}}}\n---\n\
             {{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {{timing: realistic, clients: [\
               {{name: c, from: pod/default/curl, to: '192.0.2.7:53', protocol: UDP, rate: 0}}], actions: [\
               {{at: 20s, do: sendOne, client: c}},\
               {{at: 21s, do: setServicePolicy, service: default/dns, externalIPs: [192.0.2.7]}},\
               {{at: 25s, do: setReadiness, pod: default/{pod}, pass: false}}]}}}}\n",
            pods.concat()
        );
        let mut run = start(&text, 7);
        run.advance_to(seconds(30), u64::MAX);
        let node = run.world().machine_named("node-1").expect("it is there").uid;
        let lines = run.world().conntrack_lines(node).expect("it is there");
        assert_eq!(
            lines.iter().any(|l| l.contains("dst=192.0.2.7")),
            expected,
            "{pod} is not ready: {lines:?}"
        );
    }
}
