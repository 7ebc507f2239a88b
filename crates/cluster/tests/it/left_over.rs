//! What a node's kernel has beside the rules that kube-proxy wrote last.

use crate::support::{WEB, go_on, seconds, settle, start};
use cluster::api::{Action, Kind, ObjectRef};
use cluster::sim::{Run, Span};
use netfilter::Family;

fn scenario(name: &str) -> Run {
    let file = format!("{}/tests/scenarios/{name}/input.yaml", env!("CARGO_MANIFEST_DIR"));
    start(&std::fs::read_to_string(file).expect("the corpus has it"), 7)
}

/// GracefulDeleteRS: `ipvsadm -Sn` shows a real server without weight as long as it has connections.
#[test]
fn a_real_server_whose_connections_go_on_is_printed_without_weight() {
    let mut run = scenario("ipvs-lets-connections-end");
    let mut drained = 0;
    for second in 1..=60 {
        run.advance_to(seconds(second), u64::MAX);
        for machine in run.world().machines().values() {
            let rules = machine.stack.hooks().primary().rules();
            let (text, rules) = (machine.left_over(rules.family()), rules.to_string());
            for line in text.lines() {
                let server = line.strip_suffix(" -m -w 0").unwrap_or_else(|| panic!("{line}"));
                assert!(server.starts_with("-a -t 10.96."), "{line}");
                assert!(!rules.contains(server), "kube-proxy wants it no more: {line}");
                let (virtual_server, _) = server[3..].split_once(" -r ").expect("it has one");
                assert!(rules.contains(&format!("-A {virtual_server} ")), "{rules}");
                drained += 1;
            }
        }
    }
    assert!(drained > 3, "it drained for a while");
}

/// staleChains of pkg/proxy/nftables: emptied by one sync, deleted by the next, whatever that is for.
#[test]
fn nftables_keeps_chains_that_are_out_of_use_until_the_next_sync() {
    let sticky = WEB.replace("  type: LoadBalancer", "  type: LoadBalancer\n  sessionAffinity: ClientIP");
    assert_ne!(sticky, WEB, "the Service is another");
    let mut run = start(&sticky, 7);
    settle(&mut run);
    run.act(Action::SetProxyMode { mode: cluster::node::kube_proxy::ProxyMode::Nftables }).expect("a mode");
    go_on(&mut run, Span::from_secs(60));
    let left_over =
        |run: &Run| run.world().machine_named("node-1").expect("it is there").left_over(Family::V4);
    assert_eq!(left_over(&run), "");
    let pods = run.world().store().pods.keys().filter(|pod| pod.name.starts_with("web"));
    let pod = pods.min().expect("it runs").clone();
    run.act(Action::SetReadiness { pod: pod.clone(), container: None, pass: false }).expect("it runs");
    go_on(&mut run, Span::from_secs(10));
    let text = left_over(&run);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("# endpoint-") && text.ends_with("; nothing jumps to it\n"), "{text}");
    run.act(Action::SetReadiness { pod, container: None, pass: true }).expect("it runs");
    go_on(&mut run, Span::from_secs(10));
    assert_eq!(left_over(&run), "", "it is in use again");
    let object = ObjectRef { kind: Kind::Service, namespace: "default".into(), name: "web".into() };
    run.act(Action::delete(object)).expect("it is there");
    let deleted = run.world().now();
    while left_over(&run).is_empty() {
        assert!(run.world().now().since(deleted) < Span::from_secs(10), "it is written soon");
        go_on(&mut run, Span::from_millis(100));
    }
    let text = left_over(&run);
    for prefix in ["# service-", "# external-", "# endpoint-"] {
        assert!(text.lines().any(|line| line.starts_with(prefix)), "{prefix} is not in {text}");
    }
    // The EndpointSlice goes after its Service, or with it.
    run.act(Action::apply(
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}",
    ))
    .expect("it is applied");
    go_on(&mut run, Span::from_secs(10));
    assert_eq!(left_over(&run), "", "the next sync deletes them");
}
