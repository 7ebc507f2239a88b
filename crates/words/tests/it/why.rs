//! What is said of a connection, from runs of scenarios.

use cluster::api::parse;
use cluster::sim::{Run, Time, World};
use cluster::trace::{ConnectionRecord, Outcome};
use words::{has_port, service_called, why};

const WEB: &str = "
apiVersion: v1
kind: Pod
metadata: {name: w1, labels: {app: web}}
spec: {nodeName: node-2, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, clusterIP: 10.96.0.40, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {nodeName: node-1, containers: [{name: curl, image: curl}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  actions:
  - {at: 100ms, do: setIpMode, ipMode: Proxy}
  clients:
  - {name: browser, from: outside, to: 'service/default/web', rate: 1}
  - {name: away, from: pod/default/curl, to: '192.0.2.77:80', rate: 1}
  - {name: other-port, from: pod/default/curl, to: 'web:81', rate: 1}
  - {name: its-port, from: pod/default/curl, to: 'web:80', rate: 1}
";

fn run(text: &str) -> World {
    let (mut run, refusals) = Run::new(&parse(text), None);
    assert_eq!(refusals, []);
    run.advance_to(Time(30_000_000_000), u64::MAX);
    run.world().clone()
}

/// One of the core's scenarios.
fn scenario(name: &str) -> World {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../cluster/tests/scenarios");
    run(&std::fs::read_to_string(format!("{folder}/{name}/input.yaml")).expect("the scenario"))
}

/// A client's newest connection that ended so.
fn newest(world: &World, client: &str, ended: impl Fn(Outcome) -> bool) -> ConnectionRecord {
    let mine = |r: &&std::sync::Arc<ConnectionRecord>| {
        &*r.client_name == client && r.ended.is_some_and(|(_, outcome)| ended(outcome))
    };
    (**world.traffic().finished.iter().rev().find(mine).expect("a connection of this client")).clone()
}

fn said(world: &World, client: &str, ended: impl Fn(Outcome) -> bool) -> String {
    why(world, &newest(world, client, ended)).sentence
}

fn well(outcome: Outcome) -> bool {
    outcome == Outcome::Delivered
}

#[test]
fn an_alias_is_told_and_where_it_leads() {
    let world = scenario("myth-external-name-is-a-proxy");
    assert_eq!(
        said(&world, "outward", |o| o == Outcome::Unresolved),
        "api is an alias of api.example.com, which no record here answers for: no connection was opened."
    );
    let found = said(&world, "alias", well);
    assert!(
        found.starts_with("alias is an alias of web.default.svc.cluster.local. node-1 sent it to web-"),
        "{found}"
    );
    let record = newest(&world, "outward", |_| true);
    assert_eq!(service_called(&world, &record).map(|key| key.to_string()).as_deref(), Some("default/api"));
}

#[test]
fn behind_a_proxying_load_balancer_the_node_s_choice_is_told_too() {
    let found = said(&run(WEB), "browser", well);
    assert!(found.starts_with("the load balancer of web called 192.168.0.1"), "{found}");
    assert!(found.contains(" from an address of its own. node-"), "{found}");
    assert!(found.contains("sent it to w1 (10.244."), "{found}");
    assert!(found.contains("its rules know no other endpoint"), "{found}");
}

#[test]
fn a_packet_that_was_masqueraded_is_not_said_to_be_untouched() {
    let found = said(&run(WEB), "away", |_| true);
    assert!(
        found.starts_with("No rule rewrote its destination, the address that was called. node-1 put "),
        "{found}"
    );
    assert!(found.contains("put 192.168.0.11 in place of its source, 10.244."), "{found}");
}

#[test]
fn a_packet_that_never_left_the_load_balancer_is_said_to_have_met_no_rules() {
    let world = scenario("myth-a-pod-leaves-the-cluster-for-the-load-balancer");
    let outside = world.traffic().finished.iter().rev().find(|r| {
        matches!(r.ended, Some((_, Outcome::TimedOut { .. }))) && r.packets.iter().any(|p| p.hops.len() == 2)
    });
    let found = why(&world, outside.expect("a call from outside")).sentence;
    assert!(
        found.contains("and no further: it met no node's rules. It ended at the load balancer of "),
        "{found}"
    );
}

#[test]
fn a_port_that_the_service_does_not_have_is_known_from_one_that_it_has() {
    let world = run(WEB);
    let other = newest(&world, "other-port", |_| true);
    assert!(other.service.is_some() && !has_port(&world, &other));
    assert!(has_port(&world, &newest(&world, "its-port", well)));
    assert!(has_port(&world, &newest(&world, "browser", well)));
}

const HEADLESS: &str = "
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {clusterIP: None, selector: {app: api}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {nodeName: node-1, containers: [{name: curl, image: curl}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  clients:
  - {name: own, from: pod/default/curl, to: 'db:5432', rate: 1}
  - {name: empty, from: pod/default/curl, to: 'api:80', rate: 1}
  - {name: other, from: pod/default/curl, to: 'web:80', rate: 1}
";

#[test]
fn a_name_without_a_record_is_explained_by_who_has_it() {
    let world = run(HEADLESS);
    for (client, expected) in [
        (
            "own",
            "No DNS record answers for db:5432: no connection was opened. Service db is headless: its name has the addresses of its \
             ready endpoints. It has no endpoints: selector matches no Pod.",
        ),
        ("empty", "No DNS record answers for api:80: no connection was opened."),
        (
            "other",
            "No DNS record answers for web:80: no connection was opened. A Service web is in the namespace shop: call web.shop.",
        ),
    ] {
        assert_eq!(said(&world, client, |o| o == Outcome::Unresolved), expected, "{client}");
    }
}

const NAMED: &str = "
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {nodeName: node-1, containers: [{name: curl, image: curl}]}
---
apiVersion: v1
kind: Service
metadata: {name: plain}
spec: {selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: other}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: alias}
spec: {type: ExternalName, externalName: nowhere.default.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: rest}
spec: {clusterIP: None, selector: {app: rest}, ports: [{port: 5432}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {readinessGates: [{conditionType: example.com/lb}], containers: [{name: db, image: db}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: lone}
spec:
  serviceName: nowhere
  selector: {matchLabels: {app: lone}}
  template:
    metadata: {labels: {app: lone}}
    spec: {containers: [{name: db, image: db}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  clients:
  - {name: plain, from: pod/default/curl, to: 'db-0.plain:5432', rate: 1}
  - {name: lone, from: pod/default/curl, to: 'lone-0.nowhere:5432', rate: 1}
  - {name: unready, from: pod/default/curl, to: 'db-0.db.default.svc:5432', rate: 1}
  - {name: all, from: pod/default/curl, to: 'db:5432', rate: 1}
  - {name: subdomain, from: pod/default/curl, to: 'db-0.other:5432', rate: 1}
  - {name: selector, from: pod/default/curl, to: 'db-0.rest:5432', rate: 1}
  - {name: number, from: pod/default/curl, to: 'db-7.db:5432', rate: 1}
  - {name: alias, from: pod/default/curl, to: 'alias:80', rate: 1}
";

#[test]
fn the_missing_name_of_a_pod_is_explained() {
    let world = run(NAMED);
    let unready = "its readiness gate example.com/lb is not True. With publishNotReadyAddresses";
    for (client, expected) in [
        (
            "plain",
            "Pod db-0 has no name under Service plain: its subdomain, a StatefulSet's serviceName, is db."
                .to_string(),
        ),
        ("lone", "Pod lone-0 would have the name under a Service nowhere, and there is none.".into()),
        ("unready", format!("Pod db-0 is not ready: {unready} Service db would name it all the same.")),
        ("all", format!("its Pod is not ready: {unready} it would name them all the same.")),
        (
            "subdomain",
            "Pod db-0 has no name under Service other: its subdomain, a StatefulSet's serviceName, is db."
                .into(),
        ),
        ("selector", "The selector of Service rest does not match Pod db-0.".into()),
        ("number", "Service db has no endpoint with the hostname db-7.".into()),
        (
            "alias",
            "Service alias is another name for nowhere.default.svc.cluster.local, which has no record."
                .into(),
        ),
    ] {
        let found = said(&world, client, |o| o == Outcome::Unresolved);
        assert!(found.ends_with(&expected), "{client}: {found}");
    }
}
