//! N-04: in mode nftables a service port with a long name and no endpoints makes `nft` refuse what kube-proxy writes.

use crate::support::{go_on, key, settle, start};
use cluster::api::{Action, Kind, ObjectRef};
use cluster::node::kube_proxy::ProxyMode;
use cluster::sim::{LogEntry, Run, Span, World};

/// 135 characters with `default/` and the colon.
const SERVICE: &str = "service-with-a-name-of-sixty-three-characters-aaaaaaaaaaaaaaaaa";
const PORT: &str = "port-with-a-name-of-sixty-three-characters-aaaaaaaaaaaaaaaaaaaa";

fn long(selector: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {SERVICE}}}\n\
         spec: {{{selector}ports: [{{name: {PORT}, port: 80, targetPort: 8080}}]}}\n"
    )
}

/// A Service `web` with a Pod behind it, and that one Service, in a mode.
fn cluster(mode: &str, more: &str) -> Run {
    let text = format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{selector: {{app: web}}, ports: [{{port: 80, targetPort: 8080}}]}}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {{name: w1, labels: {{app: web}}}}\nspec: {{nodeName: node-1, containers: [{{name: web, image: nginx, ports: [{{containerPort: 8080}}]}}]}}\n---\n\
         apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {{proxyMode: {mode}, clients: []}}\n---\n{more}"
    );
    let mut run = start(&text, 7);
    settle(&mut run);
    run
}

fn rules(world: &World) -> String {
    let machine = world.machine_named("node-1").expect("it is there");
    machine.stack.hooks().primary().rules().to_string()
}

/// The service ports that the syncs of node-1 failed for.
fn failures(world: &World) -> Vec<String> {
    let of_node = |entry: &LogEntry| match entry {
        LogEntry::ProxySyncFailed { node, port } if &**node == "node-1" => Some(port.to_string()),
        _ => None,
    };
    world.log().iter().filter_map(|logged| of_node(&logged.entry)).collect()
}

fn failed_port(world: &World) -> Option<String> {
    let machine = world.machine_named("node-1").expect("it is there");
    machine.proxy.proxiers.primary().failed.as_ref().map(|failed| failed.port.to_string())
}

#[test]
fn a_first_sync_that_fails_writes_nothing_and_is_tried_again() {
    let mut run = cluster("nftables", &long(""));
    let (node, port) = ("node-1", format!("default/{SERVICE}:{PORT}"));
    // The first one was before there were any Services.
    assert!(rules(run.world()).contains("table ip kube-proxy") && !rules(run.world()).contains("web"));
    for on in [false, true] {
        run.act(Action::PowerNode { node: node.into(), on }).expect("the node is there");
        go_on(&mut run, Span::from_secs(60));
    }
    let world = run.world();
    assert!(!rules(world).contains("kube-proxy"), "{}", rules(world));
    assert!(world.machine_named(node).expect("it is there").proxy.synced_at().is_none());
    assert_eq!(failed_port(world).as_ref(), Some(&port));
    assert!(world.settled(), "nobody waits for it");
    let before = failures(world).len();
    go_on(&mut run, Span::from_secs(95));
    let failures = failures(run.world());
    assert_eq!(failures.len() - before, 3, "once in a syncPeriod of 30 s");
    assert!(failures.iter().all(|failure| *failure == port), "{failures:?}");
}

#[test]
fn a_sync_that_fails_keeps_the_rules_of_before_until_one_succeeds() {
    let mut run = cluster("nftables", "");
    let before = rules(run.world());
    assert!(before.contains("default/web/tcp/"));
    run.act(Action::apply(&long(""))).expect("the API server takes it");
    go_on(&mut run, Span::from_secs(5));
    assert!(failed_port(run.world()).is_some());
    assert_eq!(rules(run.world()), before);
    // Nothing else is written either.
    let pod = key("w1");
    run.act(Action::SetReadiness { pod, container: None, pass: false }).expect("the Pod runs");
    go_on(&mut run, Span::from_secs(40));
    assert_eq!(rules(run.world()), before);
    assert!(run.world().settled(), "nobody waits for it");
    let object = ObjectRef::of_key(Kind::Service, &key(SERVICE));
    run.act(Action::delete(object)).expect("it is there");
    go_on(&mut run, Span::from_secs(5));
    assert_eq!(failed_port(run.world()), None);
    let after = rules(run.world());
    let node = run.world().machine_named("node-1").expect("it is there").uid;
    let wanted = run.world().rules_as_if(node, ProxyMode::Nftables).expect("the node is there");
    assert_eq!(after, wanted.primary().to_string());
    assert!(after.contains("comment \"default/web\" : goto reject-chain"), "{after}");
    let count = failures(run.world()).len();
    go_on(&mut run, Span::from_secs(60));
    assert_eq!(failures(run.world()).len(), count, "what has succeeded is not tried again");
}

/// Only in nftables has the name a limit, and only where it is a comment: not any more once there is an endpoint.
#[test]
fn a_long_name_does_no_harm_once_there_is_an_endpoint() {
    for (mode, selector) in [("iptables", ""), ("ipvs", ""), ("nftables", "selector: {app: web}, ")] {
        let run = cluster(mode, &long(selector));
        assert_eq!(failures(run.world()).is_empty(), mode != "nftables", "while w1 was not ready");
        assert_eq!(failed_port(run.world()), None, "{mode}");
        assert!(run.world().machine_named("node-1").expect("it is there").proxy.behind() == 0, "{mode}");
    }
}

/// proxy_health.go: 503 once a change has waited for twice `syncPeriod`.
#[test]
fn the_health_check_fails_while_nothing_is_written() {
    let balancer = "apiVersion: v1\nkind: Service\nmetadata: {name: lb}\nspec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}\n";
    let local =
        balancer.replace("name: lb", "name: local").replace("{type:", "{externalTrafficPolicy: Local, type:");
    let mut run = cluster("nftables", &format!("{balancer}---\n{local}"));
    go_on(&mut run, Span::from_secs(60));
    let node = run.world().machine_named("node-1").expect("it is there").uid;
    let status = |run: &Run| {
        let of = |name: &str| {
            let service = run.world().store().services.get(&key(name)).expect("it is there");
            run.world().health_check(service, node).status
        };
        assert_eq!(of("local"), of("lb"), "node-1 has an endpoint");
        of("lb")
    };
    let is_eligible = |run: &Run| {
        let balancer = run.world().cloud().balancers.get(&key("lb")).expect("it was made");
        balancer.eligible().any(|eligible| eligible == node)
    };
    assert_eq!((status(&run), is_eligible(&run)), (Some(200), true));
    run.act(Action::apply(&long(""))).expect("the API server takes it");
    go_on(&mut run, Span::from_secs(59));
    assert_eq!((status(&run), is_eligible(&run)), (Some(200), true), "not yet: syncPeriod is 30 s");
    go_on(&mut run, Span::from_secs(3));
    assert_eq!((status(&run), is_eligible(&run)), (Some(503), true), "asked again before it is believed");
    go_on(&mut run, Span::from_secs(30));
    assert_eq!((status(&run), is_eligible(&run)), (Some(503), false));
    let object = ObjectRef::of_key(Kind::Service, &key(SERVICE));
    run.act(Action::delete(object)).expect("it is there");
    go_on(&mut run, Span::from_secs(60));
    assert_eq!((status(&run), is_eligible(&run)), (Some(200), true));
}
