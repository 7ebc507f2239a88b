//! The action `setServicePolicy`: what the API server says to it, and what it changes.

use crate::support::{WEB, go_on, key, settle, start};
use cluster::api::{
    Action, Kind, KubeObject, Labels, ObjectRef, ServicePolicy, ServiceType, SessionAffinity, TrafficPolicy,
    to_tree, to_yaml,
};
use cluster::sim::{Refusal, Run, Span};

fn run(type_: ServiceType) -> Run {
    let mut run = start(WEB, 7);
    run.act(Action::SetServiceType { service: key("web"), type_ }).expect("it is switched");
    settle(&mut run);
    run
}

fn set(run: &mut Run, policy: ServicePolicy) -> Result<(), String> {
    let action = Action::SetServicePolicy { service: key("web"), policy };
    run.act(action).map(drop).map_err(|refusals| match refusals.first() {
        Some(Refusal::Invalid { diagnostics }) => {
            diagnostics.iter().map(|d| format!("{}: {}", d.path, d.message)).collect::<Vec<_>>().join("; ")
        }
        other => format!("{other:?}"),
    })
}

fn spec(run: &Run) -> cluster::api::ServiceSpec {
    run.world().store().services.get(&key("web")).expect("it is there").spec.clone()
}

fn texts(list: &[&str]) -> Vec<cluster::api::Str> {
    list.iter().map(|t| (*t).into()).collect()
}

/// The Service's type, the policy, and the beginning of what the API server says.
#[test]
fn what_the_api_server_does_not_take_is_refused_in_its_words() {
    use ServicePolicy as P;
    use ServiceType::{ClusterIP, LoadBalancer};
    let cases = [
        (
            ClusterIP,
            P::ExternalTrafficPolicy(TrafficPolicy::Local),
            "spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible services",
        ),
        (
            ClusterIP,
            P::LoadBalancerSourceRanges(texts(&["10.0.0.0/8"])),
            "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
        ),
        (
            LoadBalancer,
            P::LoadBalancerSourceRanges(texts(&["10.0.0.0/40"])),
            "spec.loadBalancerSourceRanges[0]: Invalid value: \"10.0.0.0/40\": must be a valid CIDR value",
        ),
        (
            ClusterIP,
            P::SessionAffinity(SessionAffinity::ClientIP { timeout_s: 0 }),
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and less than 86400",
        ),
        (
            ClusterIP,
            P::TrafficDistribution(Some("Nearest".into())),
            "spec.trafficDistribution: Unsupported value: \"Nearest\"",
        ),
        (ClusterIP, P::ExternalIps(texts(&["127.0.0.1"])), "spec.externalIPs[0]: Invalid value"),
        (ClusterIP, P::ExternalIps(texts(&["here"])), "spec.externalIPs[0]: Invalid value: \"here\""),
    ];
    for (type_, policy, expected) in cases {
        let mut run = run(type_);
        let (hash, before) = (run.world().hash(), spec(&run));
        let said = set(&mut run, policy.clone()).expect_err("it is refused");
        assert!(said.starts_with(expected), "{policy:?}: {said}");
        assert_eq!((run.world().hash(), spec(&run)), (hash, before), "{policy:?} changed nothing");
    }
}

#[test]
fn what_is_taken_is_set_and_printed_and_undone() {
    use ServicePolicy as P;
    let cases = [
        (P::ExternalTrafficPolicy(TrafficPolicy::Local), "externalTrafficPolicy: Local"),
        (P::InternalTrafficPolicy(TrafficPolicy::Local), "internalTrafficPolicy: Local"),
        (P::SessionAffinity(SessionAffinity::ClientIP { timeout_s: 77 }), "timeoutSeconds: 77"),
        (P::TrafficDistribution(Some("PreferSameNode".into())), "trafficDistribution: PreferSameNode"),
        (P::LoadBalancerSourceRanges(texts(&["10.0.0.0/8"])), "- 10.0.0.0/8"),
        (P::ExternalIps(texts(&["198.18.0.1"])), "- 198.18.0.1"),
        (P::PublishNotReadyAddresses(true), "publishNotReadyAddresses: true"),
        (P::TopologyMode(Some("Auto".into())), "service.kubernetes.io/topology-mode: Auto"),
    ];
    for (policy, expected) in cases {
        let mut run = run(ServiceType::LoadBalancer);
        let before = spec(&run);
        set(&mut run, policy.clone()).unwrap_or_else(|why| panic!("{policy:?}: {why}"));
        let world = run.world();
        let service = world.store().services.get(&key("web")).expect("it is there").clone();
        let source = world.store().written(service.meta.uid);
        let yaml = to_yaml(&to_tree(&KubeObject::Service((*service).clone()), source));
        assert!(yaml.contains(expected), "{policy:?}: {yaml}");
        assert_eq!((&service.spec.cluster_ips, &service.spec.ports), (&before.cluster_ips, &before.ports));
        assert!(!service.ingress.is_empty(), "its load balancer stays: {policy:?}");
        run.undo();
        assert_eq!(spec(&run), before, "{policy:?} is undone");
    }
}

/// T-04: the annotation as it is set, and taken away again, is what the endpoints' hints follow.
#[test]
fn the_annotation_for_hints_is_set_and_taken_away() {
    let mut run = start(WEB, 7);
    let node = |n: u32| ObjectRef {
        kind: Kind::Node,
        namespace: "".into(),
        name: format!("node-{n}").as_str().into(),
    };
    let hinted = |run: &Run| {
        run.world().store().endpoints_of(&key("web")).filter(|e| !e.zone_hints.is_empty()).count()
    };
    settle(&mut run);
    set(&mut run, ServicePolicy::TopologyMode(Some("Auto".into()))).expect("it is taken");
    go_on(&mut run, Span::from_secs(5));
    let endpoints = run.world().store().endpoints_of(&key("web")).count();
    assert_eq!((hinted(&run), endpoints >= 3), (endpoints, true), "every endpoint has its zone's hint");
    // A node in no zone: nothing can be shared out by zones.
    let labels = Labels::from_iter([("kubernetes.io/hostname".into(), "node-3".into())]);
    run.act(Action::SetLabels { object: node(3), labels }).expect("it is taken");
    go_on(&mut run, Span::from_secs(5));
    assert_eq!(hinted(&run), 0, "a node without a zone takes all hints away");
    run.undo();
    set(&mut run, ServicePolicy::TopologyMode(None)).expect("it is taken");
    go_on(&mut run, Span::from_secs(5));
    assert_eq!(hinted(&run), 0);
}

/// alloc.go: the health check's node port comes and goes with the policy.
#[test]
fn the_health_check_node_port_comes_and_goes() {
    let mut run = run(ServiceType::LoadBalancer);
    assert_eq!(spec(&run).health_check_node_port, 0);
    set(&mut run, ServicePolicy::ExternalTrafficPolicy(TrafficPolicy::Local)).expect("it is taken");
    assert!((30_000..=32_767).contains(&spec(&run).health_check_node_port));
    set(&mut run, ServicePolicy::ExternalTrafficPolicy(TrafficPolicy::Cluster)).expect("it is taken");
    assert_eq!(spec(&run).health_check_node_port, 0);
}

/// what depended on the old value goes with it.
#[test]
fn a_policy_goes_with_what_it_depended_on() {
    let mut run = run(ServiceType::ClusterIP);
    set(&mut run, ServicePolicy::ExternalIps(texts(&["198.18.0.1"]))).expect("it is taken");
    assert_eq!(spec(&run).external_traffic_policy, Some(TrafficPolicy::Cluster), "the default");
    set(&mut run, ServicePolicy::ExternalTrafficPolicy(TrafficPolicy::Local)).expect("it is taken");
    set(&mut run, ServicePolicy::ExternalIps(Vec::new())).expect("it is taken");
    assert_eq!(spec(&run).external_traffic_policy, None, "it cannot be called from outside");
    let mut run = self::run(ServiceType::LoadBalancer);
    set(&mut run, ServicePolicy::LoadBalancerSourceRanges(texts(&["10.0.0.0/8"]))).expect("it is taken");
    run.act(Action::SetServiceType { service: key("web"), type_: ServiceType::NodePort }).expect("it is");
    let spec = spec(&run);
    assert_eq!((spec.load_balancer_source_ranges, spec.allocate_load_balancer_node_ports), (vec![], None));
}

/// strategy.go, dropTypeDependentFields: no other type has a load balancer's address, from that very request on.
#[test]
fn a_load_balancers_address_goes_with_the_type() {
    let ingress =
        |run: &Run| run.world().store().services.get(&key("web")).expect("it is there").ingress.clone();
    let to_node_port = Action::SetServiceType { service: key("web"), type_: ServiceType::NodePort };
    let written = "{apiVersion: v1, kind: Service, metadata: {name: web}, \
                    spec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}}";
    for (action, is_kept) in [
        (to_node_port, false),
        (Action::apply(written), false),
        (Action::SetServiceType { service: key("web"), type_: ServiceType::LoadBalancer }, true),
    ] {
        let mut run = run(ServiceType::LoadBalancer);
        let before = ingress(&run);
        assert_eq!(before.len(), 1);
        run.act(action).expect("it is taken");
        assert_eq!(ingress(&run), if is_kept { before } else { Vec::new() });
    }
    let mut run = run(ServiceType::LoadBalancer);
    set(&mut run, ServicePolicy::SessionAffinity(SessionAffinity::None)).expect("it is taken");
    assert_eq!(ingress(&run).len(), 1, "what does not concern the type leaves it");
}

/// V-04: it is immutable while it is needed, and in the range of node ports.
#[test]
fn a_health_check_node_port_that_is_named_is_checked() {
    let mut run = run(ServiceType::LoadBalancer);
    let apply = |run: &mut Run, port: u16| {
        let text = format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  type: LoadBalancer\n  \
             externalTrafficPolicy: Local\n  healthCheckNodePort: {port}\n  selector: {{app: web}}\n  ports: [{{port: 80}}]\n"
        );
        run.act(Action::apply(&text)).map(drop)
    };
    let said = |refused: Result<(), Vec<Refusal>>| {
        let Err(refusals) = refused else { panic!("it is refused") };
        let [Refusal::Invalid { diagnostics }] = &*refusals else { panic!("{refusals:?}") };
        diagnostics[0].to_string()
    };
    assert_eq!(
        said(apply(&mut run, 80)),
        "7:24: Internal error occurred: failed to allocate requested HealthCheck NodePort 80: \
         provided port is not in the valid range. The range of valid ports is 30000-32767"
    );
    assert_eq!(apply(&mut run, 31_111), Ok(()));
    assert_eq!(spec(&run).health_check_node_port, 31_111);
    let refused = apply(&mut run, 31_112).expect_err("it is immutable");
    assert_eq!(said(Err(refused)), "7:24: spec.healthCheckNodePort: Forbidden: field is immutable");
}

/// ValidateService: an ExternalName has its name.
#[test]
fn an_external_name_without_a_name_is_refused() {
    let switch = || Action::SetServiceType { service: key("web"), type_: ServiceType::ExternalName };
    let mut run = run(ServiceType::NodePort);
    let before = spec(&run);
    let refusals = run.act(switch()).expect_err("there is no name");
    let [Refusal::Invalid { diagnostics }] = &*refusals else { panic!("{refusals:?}") };
    let said: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["spec.externalName: Required value"]);
    assert_eq!(spec(&run), before);
    let named = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {externalName: example.com, \
                   selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}\n";
    run.act(Action::apply(named)).expect("a name may wait there");
    run.act(switch()).expect("now there is one");
    assert_eq!((spec(&run).type_, spec(&run).cluster_ips), (ServiceType::ExternalName, vec![]));
}

/// As with `kubectl apply`, the second document changes what the first one made.
#[test]
fn a_text_that_names_a_service_twice_loads() {
    let service = |ports: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\n\
             spec: {{type: NodePort, selector: {{app: web}}, ports: [{ports}]}}\n---\n"
        )
    };
    let text = [service("{port: 80, nodePort: 30080}"), service("{port: 81}")].concat();
    let (run, refusals) = cluster::sim::Run::new(&cluster::api::parse(&text), None);
    assert_eq!(refusals, []);
    let web = run.world().store().services.get(&cluster::api::NsName::new("default", "web"));
    let ports: Vec<_> = web.expect("it is there").spec.ports.iter().map(|p| (p.port, p.node_port)).collect();
    assert_eq!(ports, [(81, 30080)]);
}

/// For so short a time that the service controller does not see it.
#[test]
fn a_load_balancer_that_was_another_type_for_a_moment_has_its_address_again() {
    let mut run = run(ServiceType::LoadBalancer);
    let service = key("web");
    let address = |run: &Run| run.world().store().services.get(&service).expect("a Service").ingress.clone();
    let before = address(&run);
    assert_eq!(before.len(), 1);
    for type_ in [ServiceType::NodePort, ServiceType::LoadBalancer] {
        run.act(Action::SetServiceType { service: service.clone(), type_ }).expect("it can be");
        assert_eq!(address(&run), [], "it is given back in the same request");
    }
    go_on(&mut run, Span::from_secs(60));
    assert_eq!(address(&run), before);
}
