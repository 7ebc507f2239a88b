//! A Service that is applied again: what kubectl's patch, which knows the text before, leaves as others have made it.

use crate::support::{key, said, settle, start};
use cluster::api::{Action, Labels, ServicePolicy, ServiceSpec, ServiceType, SessionAffinity, TrafficPolicy};
use cluster::sim::Run;

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
            (Ok(()), None) => {}
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
