//! What becomes of a Service's slices, load balancer and connections when its second family comes and goes.

use crate::support::{go_on, key, settle, start};
use cluster::api::{Action, AddressType, Kind, ObjectRef, PatchType, Service, Str};
use cluster::node::kube_proxy::ProxyMode;
use cluster::sim::{LogEntry, Run, Span};
use netfilter::Family;

fn cluster(mode: ProxyMode) -> Run {
    let text = format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 3
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, image: nginx, ports: [{{containerPort: 80}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{type: LoadBalancer, selector: {{app: web}}, ports: [{{port: 80, nodePort: 30080}}]}}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  podCIDR: 10.244.0.0/16,fd00:10:244::/56
  serviceCIDR: 10.96.0.0/12,fd00:10:96::/112
  proxyMode: {}
  clients: []
",
        mode.as_str()
    );
    let mut run = start(&text, 7);
    settle(&mut run);
    run
}

fn service(run: &Run) -> Service {
    Service::clone(run.world().store().services.get(&key("web")).expect("it is there"))
}

fn set_policy(run: &mut Run, policy: &str) {
    let patch = format!("{{spec: {{ipFamilyPolicy: {policy}}}}}");
    let object = ObjectRef::of_key(Kind::Service, &key("web"));
    let patch = Str::from(patch.as_str()).into();
    run.act(Action::Patch { object, type_: PatchType::Strategic, patch }).expect("it is taken");
    go_on(run, Span::from_secs(30));
}

fn slices(run: &Run) -> Vec<(AddressType, usize)> {
    let slices = run.world().store().slices_for(&key("web"));
    let mut found: Vec<_> = slices.map(|slice| (slice.address_type, slice.endpoints.len())).collect();
    found.sort_by_key(|(address_type, _)| address_type.as_str());
    found
}

fn is_in_rules(run: &Run, family: Family, what: &str) -> bool {
    let machines = run.world().machines();
    let has =
        |m: &&cluster::node::Machine| m.rules(family).is_some_and(|rules| rules.to_string().contains(what));
    match machines.values().filter(has).count() {
        0 => false,
        n => n == machines.len() || panic!("{n} of the nodes have {what}"),
    }
}

#[test]
fn the_second_family_comes_and_goes() {
    for mode in ProxyMode::ALL {
        let mut run = cluster(mode);
        let before = service(&run);
        let (v4, v6) = (AddressType::Ip(Family::V4), AddressType::Ip(Family::V6));
        assert_eq!((before.spec.cluster_ips.len(), before.ingress.len()), (1, 1));
        assert_eq!(slices(&run), [(v4, 3)]);

        set_policy(&mut run, "RequireDualStack");
        let both = service(&run);
        assert_eq!(both.spec.cluster_ips[0], before.spec.cluster_ips[0]);
        let second = both.spec.cluster_ips[1].to_string();
        assert!(second.starts_with("fd00:10:96::"), "{second}");
        assert_eq!(slices(&run), [(v4, 3), (v6, 3)]);
        assert_eq!(both.ingress[0], before.ingress[0]);
        assert_eq!(
            both.ingress.iter().map(|ingress| ingress.ip.is_ipv6()).collect::<Vec<_>>(),
            [false, true]
        );
        let balanced = both.ingress[1].ip.to_string();
        for ip in [&second, &balanced] {
            assert!(is_in_rules(&run, Family::V6, ip), "{mode:?}: {ip}");
            assert!(!is_in_rules(&run, Family::V4, ip), "{mode:?}: {ip}");
        }

        set_policy(&mut run, "SingleStack");
        let after = service(&run);
        assert_eq!((&after.spec.cluster_ips, &after.ingress), (&before.spec.cluster_ips, &before.ingress));
        assert_eq!(slices(&run), [(v4, 3)]);
        for ip in [&second, &balanced] {
            assert!(!is_in_rules(&run, Family::V6, ip), "{mode:?}: {ip}");
        }
        let ensured = |entry: &&std::sync::Arc<cluster::sim::Logged>| {
            matches!(entry.entry, LogEntry::EnsuringLoadBalancer { .. })
        };
        assert_eq!(run.world().log().iter().filter(ensured).count(), 3);
    }
}
