//! What holds for the rules of whatever Services and endpoints there are.

use proptest::prelude::*;

use super::fixture::{NODE, NODE_IP, PODS, Seen, config, endpoint, http, http_slice, ip, service};
use super::text::one_of_each;
use crate::api::{Endpoint, LoadBalancerIngress, Service, ServiceType, SessionAffinity, TrafficPolicy};
use crate::net::netfilter::{ChainId, JumpProblem, Rule, TableName, Target, jump_problems};
use crate::node::kube_proxy::ProxyConfig;

fn policy() -> impl Strategy<Value = TrafficPolicy> {
    prop_oneof![Just(TrafficPolicy::Cluster), Just(TrafficPolicy::Local)]
}

pub fn any_service() -> impl Strategy<Value = Service> {
    let kind = prop_oneof![
        Just(ServiceType::ClusterIP),
        Just(ServiceType::NodePort),
        Just(ServiceType::LoadBalancer)
    ];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (kind, policy(), policy(), flags).prop_map(|(kind, external, internal, flags)| {
        let (external_ip, affinity, ranges, proxy) = flags;
        let node_port = if kind == ServiceType::ClusterIP { 0 } else { 30080 };
        let mut service = service("web", "10.96.0.41", &[http(node_port)]);
        service.spec.type_ = kind;
        service.spec.external_traffic_policy = external;
        service.spec.internal_traffic_policy = internal;
        if external_ip {
            service.spec.external_ips = vec![ip("198.51.100.20")];
        }
        if affinity {
            service.spec.session_affinity = SessionAffinity::ClientIP { timeout_s: 60 };
        }
        if kind == ServiceType::LoadBalancer {
            service.ingress = vec![LoadBalancerIngress { ip: ip("198.51.100.10"), proxy }];
            service.spec.health_check_node_port = 31000;
            if ranges {
                service.spec.load_balancer_source_ranges = vec![PODS.parse().unwrap()];
            }
        }
        service
    })
}

pub fn any_endpoint() -> impl Strategy<Value = Endpoint> {
    let hints = (any::<bool>(), any::<bool>());
    let conditions = (any::<bool>(), any::<bool>(), any::<bool>());
    (0u8..20, 0u8..3, conditions, hints).prop_map(|(last, node, conditions, hints)| {
        let node = [None, Some(NODE), Some("worker-2")][usize::from(node)];
        let (ready, serving, terminating) = conditions;
        let mut endpoint = endpoint(&format!("10.244.1.{last}"), node);
        (endpoint.ready, endpoint.serving, endpoint.terminating) = (ready, serving, terminating);
        if hints.0 {
            endpoint.zone_hints = vec!["a".into()];
        }
        if hints.1 {
            endpoint.node_hints = vec![NODE.into()];
        }
        endpoint
    })
}

pub fn any_config() -> impl Strategy<Value = ProxyConfig> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    flags.prop_map(|(detector, masquerade_all, localhost_node_ports, restricted)| ProxyConfig {
        cluster_cidr: config().cluster_cidr.filter(|_| detector),
        masquerade_all,
        localhost_node_ports,
        zone: Some("a".into()),
        node_port_addresses: if restricted { vec![format!("{NODE_IP}/32").parse().unwrap()] } else { vec![] },
        cni_masquerade_cidr: PODS.parse().ok(),
        ..config()
    })
}

proptest! {
    #[test]
    fn jumps_lead_somewhere(
        cfg in any_config(),
        services in prop::collection::vec((any_service(), prop::collection::vec(any_endpoint(), 0..8)), 0..5),
    ) {
        let mut seen = Seen::default();
        for (n, (mut service, endpoints)) in services.into_iter().enumerate() {
            let name = format!("web-{n}");
            service.meta.name = name.as_str().into();
            service.spec.cluster_ips = vec![ip(&format!("10.96.0.{n}"))];
            seen = seen.with(service).slice(http_slice(&name, &endpoints));
        }
        let rules = seen.rules(&cfg);
        prop_assert_eq!(jump_problems(&rules), vec![]);
        prop_assert!(!rules.to_string().contains('?'));
        prop_assert_eq!(&rules, &seen.rules(&cfg));
    }
}

/// TestCheckIPTablesRuleJumps.
#[test]
fn the_checker_finds_what_is_wrong() {
    let sound = one_of_each().rules(&config());
    assert_eq!(jump_problems(&sound), []);
    let services = sound.nat.find("KUBE-SERVICES").unwrap();
    let mut rules = sound.clone();
    rules.nat.append(services, Rule::new(&[], Target::Jump(ChainId::fixed(9999))));
    let missing = JumpProblem::Missing {
        table: TableName::Nat,
        from: "KUBE-SERVICES".into(),
        to: ChainId::fixed(9999),
    };
    assert_eq!(jump_problems(&rules), [missing]);
    let mut rules = sound.clone();
    rules.nat.flush("KUBE-SVC-");
    let problems = jump_problems(&rules);
    assert!(problems.iter().any(|p| matches!(p, JumpProblem::Empty { .. })), "{problems:?}");
    assert!(problems.iter().any(|p| matches!(p, JumpProblem::Unused { .. })), "{problems:?}");
}
