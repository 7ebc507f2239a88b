//! A Service that is applied again: what kubectl's patch, which knows the text before, leaves as others have made it.

use crate::support::{key, said, settle, start};
use cluster::api::{Action, Labels, ServicePolicy, ServiceSpec, ServiceType, SessionAffinity, TrafficPolicy};
use cluster::sim::{LogEntry, Run, Time};

fn text(spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{selector: {{app: web}}, ports: [{{port: 80}}]{spec}}}\n"
    )
}

fn of(text: &str) -> Run {
    let mut run = start(text, 7);
    settle(&mut run);
    run
}

fn spec(run: &Run) -> ServiceSpec {
    run.world().store().services.get(&key("web")).expect("it is there").spec.clone()
}

#[test]
fn what_an_action_set_stays_where_no_text_says_it() {
    let mut run = of(&text(""));
    let service = key("web");
    let labels: Labels = [("app".into(), "web".into()), ("tier".into(), "a".into())].into_iter().collect();
    let affinity = ServicePolicy::SessionAffinity(SessionAffinity::default_client_ip());
    let local = ServicePolicy::ExternalTrafficPolicy(TrafficPolicy::Local);
    for action in [
        Action::SetServiceType { service: service.clone(), type_: ServiceType::NodePort },
        Action::SetServicePolicy { service: service.clone(), policy: affinity },
        Action::SetServicePolicy { service: service.clone(), policy: local },
        Action::SetSelector { service, selector: labels },
    ] {
        run.act(action).expect("it is set");
    }
    let before = spec(&run);
    run.act(Action::apply(&text(""))).expect("it is applied");
    assert_eq!(spec(&run), before);
    run.act(Action::apply(&text(", type: ClusterIP, sessionAffinity: None"))).expect("it is applied");
    let after = spec(&run);
    assert_eq!((after.type_, after.session_affinity), (ServiceType::ClusterIP, SessionAffinity::None));
    assert_eq!((after.ports[0].node_port, after.external_traffic_policy), (0, None));
    assert_eq!(after.selector, before.selector, "the text does not say tier");
}

#[test]
fn what_the_text_before_said_goes_where_the_new_one_does_not() {
    let mut run = of(&text(", type: NodePort, externalTrafficPolicy: Local, sessionAffinity: ClientIP"));
    run.act(Action::apply(&text(""))).expect("it is applied");
    let after = spec(&run);
    assert_eq!((after.type_, after.session_affinity), (ServiceType::ClusterIP, SessionAffinity::None));
    assert_eq!((after.ports[0].node_port, after.external_traffic_policy), (0, None));
}

#[test]
fn an_address_stays_whatever_is_applied() {
    for (first, second, refused) in [
        (", clusterIP: None", "", None),
        ("", ", clusterIP: None", Some("[\"None\"]: may not change once set")),
        (
            ", clusterIP: 10.96.0.9",
            ", clusterIP: 10.96.0.8",
            Some("[\"10.96.0.8\"]: may not change once set"),
        ),
        (
            ", clusterIP: None",
            ", type: NodePort",
            Some("\"None\": may not be set to 'None' for NodePort services"),
        ),
    ] {
        let mut run = of(&text(first));
        let before = spec(&run);
        match (run.act(Action::apply(&text(second))), refused) {
            (Ok(_), None) => {}
            (Err(found), Some(why)) => {
                assert_eq!(said(&found), [format!("spec.clusterIPs[0]: Invalid value: {why}")]);
            }
            (found, _) => panic!("{second}: {found:?}"),
        }
        assert_eq!(spec(&run), before, "{second}");
    }
}

#[test]
fn an_address_that_is_left_empty_stays() {
    for (first, second) in [
        ("", ", clusterIP: ''"),
        ("", ", clusterIP: '', clusterIPs: []"),
        (", clusterIP: 10.96.0.9", ", clusterIP: ''"),
        (", clusterIP: None", ", clusterIP: ''"),
        (", clusterIP: None", ", clusterIPs: []"),
    ] {
        let mut run = of(&text(first));
        let before = spec(&run);
        run.act(Action::apply(&text(second))).expect("it is applied");
        assert_eq!(spec(&run), before, "{first} and then {second}");
    }
    let mut run = of(&text(""));
    run.act(Action::apply(&text(", type: ExternalName, externalName: a.example, clusterIP: ''")))
        .expect("such a Service has none");
    assert_eq!(spec(&run).cluster_ips, [] as [std::net::IpAddr; 0]);
}

/// Only the Service's own ports are merged by their number, not whatever is called so.
#[test]
fn a_label_may_be_called_ports() {
    let text = text("").replace("{app: web}", "{ports: web}");
    let mut run = of(&text);
    let before = spec(&run);
    run.act(Action::apply(&text)).expect("it is applied");
    assert_eq!(spec(&run), before);
}

/// strategy.go, sameNodePorts: a type that has no node ports loses those that the Service has had, whichever of its
/// ports are left.
#[test]
fn node_ports_go_with_the_type() {
    let text = |type_: &str, ports: &str| {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: web}}, spec: {{type: {type_}, ports: [{ports}]}}}}"
        )
    };
    let [a, b, c] = ["{name: a, port: 80}", "{name: b, port: 81}", "{name: c, port: 82}"];
    for ports in [[a, b].join(", "), [b, a].join(", "), b.to_owned(), [a, c].join(", "), [c, b, a].join(", ")]
    {
        let mut run = of(&text("NodePort", &[a, b].join(", ")));
        assert!(spec(&run).ports.iter().all(|port| port.node_port != 0), "the API server allocates them");
        run.act(Action::apply(&text("ClusterIP", &ports))).expect("it is applied");
        assert!(spec(&run).ports.iter().all(|port| port.node_port == 0), "{ports}");
    }
}

const TWO: &str = "\
{apiVersion: v1, kind: Service, metadata: {name: one}, spec: {ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: two}, spec: {ports: [{port: 0}]}}
---
{apiVersion: v2, kind: Service, metadata: {name: three}, spec: {ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: four}, spec: {ports: [{port: 80}], clusterIP: 10.96.0.9}}
---
{apiVersion: v1, kind: Service, metadata: {name: five}, spec: {ports: [{port: 80}], clusterIP: 10.96.0.9}}
";

/// kubectl goes on with the next object.
#[test]
fn one_bad_object_keeps_no_other_out() {
    let mut run = of(&text(""));
    let refused = run.act(Action::apply(TWO)).expect("the others are applied");
    let objects = |run: &Run| -> Vec<String> {
        run.world().store().services.keys().map(|key| key.name.to_string()).collect()
    };
    assert_eq!(objects(&run), ["four", "one", "web"]);
    assert_eq!(refused.len(), 3, "{refused:?}");
    let logged = run.world().log().iter().filter(|logged| matches!(logged.entry, LogEntry::Refused { .. }));
    assert_eq!(logged.count(), 3, "each is in the log");
    // It is one action: undone as a whole, and done again with the same result.
    let (hash, now) = (run.world().hash(), run.world().now());
    run.undo().expect("it can be undone");
    assert_eq!(objects(&run), ["web"]);
    run.redo().expect("it can be done again");
    assert_eq!((objects(&run).len(), run.world().hash(), run.world().now()), (3, hash, now));
    // A replay is the same run.
    run.seek(Time::ZERO, u64::MAX);
    run.advance_to(now, u64::MAX);
    assert_eq!(run.world().hash(), hash);
}

#[test]
fn a_text_of_which_nothing_is_applied_changes_nothing() {
    let mut run = of(&text(""));
    let hash = run.world().hash();
    let wrong = TWO.replace("port: 80", "port: 0");
    assert_eq!(run.act(Action::apply(&wrong)).expect_err("all of it is wrong").len(), 5);
    assert!(!run.can_undo());
    assert_eq!(run.world().hash(), hash);
}

/// A text that could not be created may say what changes of an object that is there.
#[test]
fn what_the_object_has_is_not_missing() {
    let mut run = of(&text(", type: LoadBalancer, externalTrafficPolicy: Local"));
    let port = spec(&run).health_check_node_port;
    assert_ne!(port, 0);
    run.act(Action::apply(&text(&format!(
        ", type: LoadBalancer, healthCheckNodePort: {port}, externalTrafficPolicy: Local"
    ))))
    .expect("it says what is so");
    let without_ports = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: LoadBalancer}}";
    let found = run.act(Action::apply(without_ports)).expect_err("the ports were this text's");
    assert_eq!(said(&found), ["spec.ports: Required value"]);
    let mut run = of(&text(", type: NodePort"));
    run.act(Action::apply(&text(", externalTrafficPolicy: Local")))
        .expect_err("without the type there is no policy");
    run.act(Action::SetServiceType { service: key("web"), type_: ServiceType::LoadBalancer })
        .expect("it is set");
    run.act(Action::apply(&text(", type: NodePort, externalTrafficPolicy: Local"))).expect("it is applied");
}
