//! `cloud: {addressPool: ...}`: addresses for Services of type LoadBalancer, as MetalLB gives and announces them.

use crate::support::{go_on, key, manifest, run_to, start, started_in};
use cluster::api::{Action, Kind, Name, NsName, ObjectRef, Service, ServiceType, parse};
use cluster::control::AllocationError;
use cluster::node::kube_proxy::ProxyMode;
use cluster::sim::{LogEntry, Refusal, Run, Span, World};
use cluster::trace::{LossClass, PacketVerdict, Place};

const PODS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
";

fn service(name: &str, meta: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}{meta}}}\nspec:\n  type: LoadBalancer\n  \
         selector: {{app: web}}\n  ports: [{{port: 80, targetPort: 8080}}]\n{spec}"
    )
}

fn scenario(pool: &str, rest: &str) -> String {
    format!(
        "---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  cloud: {{addressPool: [{pool}]}}\n{rest}"
    )
}

const POOL: &str = "172.18.255.200-172.18.255.250";
const DUAL: &str =
    "  podCIDR: 10.244.0.0/16,fd00:10:244::/56\n  serviceCIDR: 10.96.0.0/12,fd00:10:96::/112\n";
const BROWSER: &str = "  clients: [{name: c, from: outside, to: service/default/web, rate: 5}]\n";

fn addresses(world: &World, name: &str) -> Vec<String> {
    let service = world.store().services.get(&key(name)).expect("it is there");
    assert!(service.ingress.iter().all(|ingress| !ingress.proxy));
    service.ingress.iter().map(|ingress| ingress.ip.to_string()).collect()
}

/// Who answers for the Service's address.
fn answers(world: &World, name: &str) -> Option<String> {
    let node = world.pool().assigned.get(&key(name))?.node?;
    world.node_name(node).map(ToString::to_string)
}

fn failures(run: &Run) -> Vec<(NsName, AllocationError, bool)> {
    let failed = run.world().log().iter().filter_map(|logged| match &logged.entry {
        LogEntry::AllocationFailed { service, error, keeps } => {
            Some((service.clone(), error.clone(), *keeps))
        }
        _ => None,
    });
    failed.collect()
}

fn delete(run: &mut Run, name: &str) {
    let object = ObjectRef::of_key(Kind::Service, &key(name));
    run.act(Action::delete(object)).expect("it is there");
    go_on(run, Span::from_secs(2));
}

fn apply(run: &mut Run, text: &str) {
    run.act(Action::apply(text)).expect("it is good");
    go_on(run, Span::from_secs(2));
}

#[test]
fn services_get_the_first_free_addresses_of_their_families() {
    let dual = "  ipFamilyPolicy: RequireDualStack\n  ipFamilies: [IPv6, IPv4]\n";
    let v6 = "  ipFamilies: [IPv6]\n";
    let classed = "  loadBalancerClass: example.com/other\n";
    let text = [
        PODS,
        &service("a", "", ""),
        &service("b", "", dual),
        &service("c", "", v6),
        &service("d", "", classed),
        &scenario("172.18.255.200-172.18.255.201, 172.18.0.9/32, 'fd00:9::/120'", DUAL),
    ];
    let mut run = start(&text.concat(), 7);
    run_to(&mut run, 1);
    let world = run.world();
    assert_eq!(addresses(world, "a"), ["172.18.255.200"]);
    assert_eq!(
        addresses(world, "b"),
        ["172.18.255.201", "fd00:9::"],
        "IPv4 first, whatever the Service's order"
    );
    assert_eq!(addresses(world, "c"), ["fd00:9::1"]);
    assert!(addresses(world, "d").is_empty(), "somebody else's");
    assert!(world.cloud().balancers.is_empty());
}

#[test]
fn an_exhausted_pool_leaves_a_service_pending_until_an_address_is_released() {
    let text = [PODS, &service("a", "", ""), &service("b", "", ""), &scenario("172.18.0.9/32", "")].concat();
    let mut run = start(&text, 7);
    run_to(&mut run, 1);
    assert_eq!((addresses(run.world(), "a").len(), addresses(run.world(), "b").len()), (1, 0));
    assert_eq!(failures(&run), [(key("b"), AllocationError::NoneAvailable, false)]);
    delete(&mut run, "a");
    assert_eq!(addresses(run.world(), "b"), ["172.18.0.9"]);
    // Another type gives it back, too.
    apply(&mut run, &service("a", "", "")[4..]);
    assert!(addresses(run.world(), "a").is_empty());
    run.act(Action::SetServiceType { service: key("b"), type_: ServiceType::NodePort })
        .expect("it may be one");
    go_on(&mut run, Span::from_secs(2));
    assert_eq!(addresses(run.world(), "a"), ["172.18.0.9"]);
    assert!(addresses(run.world(), "b").is_empty());
}

#[test]
fn an_address_that_is_asked_for_is_given_if_it_is_free_and_of_the_pool() {
    let annotated = |ips: &str| format!(", annotations: {{metallb.io/loadBalancerIPs: '{ips}'}}");
    let asks = |ip: &str| format!("  loadBalancerIP: {ip}\n");
    let text = [
        PODS,
        &service("a", &annotated("172.18.255.222"), ""),
        &service("b", "", &asks("172.18.255.223")),
        &service("c", "", &asks("172.18.255.222")),
        &service("d", "", &asks("10.0.0.1")),
        &service("e", &annotated("172.18.255.224"), &asks("172.18.255.224")),
        &service("f", &annotated("hello"), ""),
        &service("g", &annotated("172.18.255.225, fd00:9::7"), ""),
        &scenario(&format!("{POOL}, 'fd00:9::/120'"), ""),
    ];
    let mut run = start(&text.concat(), 7);
    run_to(&mut run, 1);
    assert_eq!(addresses(run.world(), "a"), ["172.18.255.222"]);
    assert_eq!(addresses(run.world(), "b"), ["172.18.255.223"]);
    let said: Vec<String> =
        failures(&run).iter().map(|(key, error, _)| format!("{}: {error}", key.name)).collect();
    let expected = [
        "c: can't change sharing key for \"default/c\", address also in use by default/a",
        "d: [\"10.0.0.1\"] is not allowed in config",
        "e: service can not have both metallb.io/loadBalancerIPs and svc.Spec.LoadBalancerIP",
        "f: invalid metallb.io/loadBalancerIPs: \"hello\"",
        "g: requested loadBalancer IP(s) [\"172.18.255.225\" \"fd00:9::7\"] does not match the ipFamily of the service",
    ];
    assert_eq!(said, expected);
    // Another one is taken instead of the one that it has; of what is no address nothing changes.
    apply(&mut run, &service("b", "", &asks("172.18.255.240"))[4..]);
    assert_eq!(addresses(run.world(), "b"), ["172.18.255.240"]);
    apply(&mut run, &service("b", "", &asks("hello"))[4..]);
    assert_eq!(addresses(run.world(), "b"), ["172.18.255.240"]);
    assert_eq!(failures(&run).last().map(|(_, _, keeps)| *keeps), Some(true));
}

#[test]
fn a_second_family_is_added_when_it_is_preferred() {
    let text = [PODS, &service("web", "", ""), &scenario(&format!("{POOL}, 'fd00:9::/120'"), DUAL)].concat();
    let mut run = start(&text, 7);
    run_to(&mut run, 1);
    assert_eq!(addresses(run.world(), "web"), ["172.18.255.200"]);
    apply(&mut run, &service("web", "", "  ipFamilyPolicy: PreferDualStack\n")[4..]);
    assert_eq!(addresses(run.world(), "web"), ["172.18.255.200", "fd00:9::"]);
}

#[test]
fn one_node_answers_and_kube_proxy_there_balances() {
    for mode in ProxyMode::ALL {
        let run = started_in(mode, &[PODS, &service("web", "", ""), &scenario(POOL, BROWSER)].concat());
        let world = run.world();
        let node = answers(world, "web").expect("one answers");
        let counts = world.traffic().stats.clients.iter().next().expect("there is a client").1;
        assert!(counts.delivered > 100 && counts.failed() == 0, "{mode:?}: {counts:?}");
        let first = world.traffic().finished.iter().flat_map(|record| record.packets.first());
        let mut by = first.filter(|packet| !packet.kind.is_reply()).map(|packet| packet.segments[0].to);
        assert!(by.all(
            |to| matches!(to, Place::Node(uid) if world.node_name(uid).is_some_and(|name| **name == *node))
        ));
    }
}

/// By the hash of the node's name and the address, as MetalLB's own speakers would: echo -n node-1#172.18.255.200 |
/// sha256sum, and so on.
#[test]
fn the_winner_is_the_first_by_hash() {
    let mut run = start(&[PODS, &service("web", "", ""), &scenario(POOL, "")].concat(), 7);
    run_to(&mut run, 1);
    assert_eq!(answers(run.world(), "web").as_deref(), Some("node-3"));
}

#[test]
fn nobody_answers_for_a_service_without_endpoints() {
    let mut run = start(&[PODS, &service("web", "", ""), &scenario(POOL, BROWSER)].concat(), 7);
    run_to(&mut run, 5);
    assert!(answers(run.world(), "web").is_some());
    run.act(Action::Scale { object: ObjectRef::of_key(Kind::Deployment, &key("web")), replicas: 0 })
        .expect("it is there");
    go_on(&mut run, Span::from_secs(40));
    assert_eq!((addresses(run.world(), "web").len(), answers(run.world(), "web")), (1, None));
    let last = run.world().traffic().finished.back().expect("there are some");
    let verdict = last.packets.last().and_then(|packet| packet.ended).map(|(_, verdict)| verdict);
    assert_eq!(verdict, Some(PacketVerdict::NoRoute), "a time-out, no refusal by rules");
}

#[test]
fn an_excluded_node_does_not_answer() {
    let mut run = start(&[PODS, &service("web", "", ""), &scenario(POOL, "")].concat(), 7);
    run_to(&mut run, 1);
    let first = answers(run.world(), "web").expect("one answers");
    let name: Name = first.as_str().into();
    let mut labels = run.world().store().node(&name).expect("it is there").meta.labels.clone();
    labels.insert("node.kubernetes.io/exclude-from-external-load-balancers".into(), "false".into());
    run.act(Action::SetLabels { object: ObjectRef::node(&name), labels }).expect("nodes have labels");
    go_on(&mut run, Span::from_secs(1));
    assert_ne!(answers(run.world(), "web"), Some(first), "whatever the label's value is");
}

#[test]
fn another_node_answers_when_the_first_has_died() {
    let mut run = start(&[PODS, &service("web", "", ""), &scenario(POOL, "")].concat(), 7);
    run_to(&mut run, 1);
    let first = answers(run.world(), "web").expect("one answers");
    let node: Name = first.as_str().into();
    run.act(Action::PowerNode { node, on: false }).expect("it is there");
    go_on(&mut run, Span::from_secs(4));
    assert_eq!(answers(run.world(), "web"), Some(first.clone()), "the other speakers do not know yet");
    go_on(&mut run, Span::from_secs(2));
    let second = answers(run.world(), "web").expect("another one answers");
    assert_ne!(second, first);
    run.act(Action::PowerNode { node: first.as_str().into(), on: true }).expect("it is there");
    go_on(&mut run, Span::from_secs(30));
    assert_eq!(answers(run.world(), "web"), Some(first.clone()), "the same election as before");
    run.act(Action::delete(ObjectRef::node(&first.as_str().into()))).expect("it is there");
    go_on(&mut run, Span::from_secs(1));
    assert_eq!(answers(run.world(), "web"), Some(second));
}

/// In modes iptables and nftables no rule is about it, and the node that answers for the address has it on no interface.
/// In IPVS mode each node has it, and a rule rejects what is for no port of a Service.
#[test]
fn a_ping_is_answered_by_nobody() {
    let ping = "  clients: [{name: c, from: outside, to: 172.18.255.200, protocol: ICMP, rate: 1}]\n";
    for (mode, class) in [
        (ProxyMode::Iptables, LossClass::HostUnreachable),
        (ProxyMode::Nftables, LossClass::HostUnreachable),
        (ProxyMode::Ipvs, LossClass::NoSuchPort),
    ] {
        let run = started_in(mode, &[PODS, &service("web", "", ""), &scenario(POOL, ping)].concat());
        let counts = run.world().traffic().stats.clients.iter().next().expect("there is a client").1;
        assert_eq!(counts.delivered, 0, "{mode:?}");
        assert_eq!(counts.lost.keys().copied().collect::<Vec<_>>(), [class], "{mode:?}");
    }
}

#[test]
fn pods_and_nodes_reach_the_address_too() {
    let clients = "  clients:\n  - {name: p, from: deploy/default/web, to: '172.18.255.200:80', rate: 3}\n  \
                   - {name: host, from: node/node-3, to: '172.18.255.200:80', rate: 3}\n";
    for mode in ProxyMode::ALL {
        let run = started_in(mode, &[PODS, &service("web", "", ""), &scenario(POOL, clients)].concat());
        for (_, counts) in run.world().traffic().stats.clients.iter() {
            assert!(counts.delivered > 20 && counts.failed() == 0, "{mode:?}: {counts:?}");
        }
    }
}

#[test]
fn no_node_gets_an_address_of_the_pool() {
    let text =
        [PODS, &scenario("192.168.0.12-192.168.0.255", "  nodes: [{name: a}, {name: b}, {name: c}]\n")];
    let (run, refusals) = Run::new(&manifest(&text.concat()), Some(7));
    let nodes = run.world().machines().values();
    let has: Vec<String> = nodes.map(|node| node.addresses.primary().to_string()).collect();
    assert_eq!(has, ["192.168.0.11", "192.168.0.10"]);
    assert!(matches!(refusals[..], [Refusal::NoNodeAddressLeft { .. }]), "{refusals:?}");
    let own = "---\napiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus: {addresses: [{type: InternalIP, address: \
               172.18.0.5}]}\n";
    let problems = parse(&[PODS, own, &scenario("172.18.0.0/24", "")].concat()).diagnostics;
    assert!(
        problems.iter().any(|p| p.to_string().contains("172.18.0.5/32: a node has this address")),
        "{problems:?}"
    );
}

#[test]
fn a_pool_has_no_mode_to_change() {
    let mut run = start(&[PODS, &service("web", "", ""), &scenario(POOL, "")].concat(), 7);
    run_to(&mut run, 1);
    assert_eq!(run.act(Action::SetIpMode { proxy: true }), Err(vec![Refusal::NoCloud]));
    let service: &Service = run.world().store().services.get(&key("web")).expect("it is there");
    assert!(!service.ingress[0].proxy);
}
