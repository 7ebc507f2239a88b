//! `cloud: none`: nobody makes load balancers, as on kind and minikube.

use crate::support::{key, run_to, start};
use cluster::api::{Action, CloudProvider};
use cluster::sim::{Refusal, Run};

const NODE_PORT: &str = "ports: [{port: 80, targetPort: 8080, nodePort: 30080}]";

fn cluster(port: &str) -> Run {
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, labels: {{app: web}}}}\nspec:\n  containers: [{{name: web, image: \
         nginx, ports: [{{containerPort: 8080}}]}}]\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  \
         type: LoadBalancer\n  selector: {{app: web}}\n  {port}\n---\n\
         apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  cloud: none\n  clients: [{{name: c, from: outside, to: \
         service/default/web, rate: 5}}]\n"
    );
    start(&text, 7)
}

#[test]
fn a_load_balancer_stays_pending_and_its_node_port_is_called() {
    let mut run = cluster(NODE_PORT);
    run_to(&mut run, 20);
    let world = run.world();
    assert_eq!(world.config().cloud, CloudProvider::None);
    let service = world.store().services.get(&key("web")).expect("it is there");
    assert!(service.ingress.is_empty() && world.cloud().balancers.is_empty());
    assert!(world.settled(), "nothing waits for an address");
    let counts = world.traffic().stats.clients.iter().next().expect("there is a client").1;
    assert!(counts.delivered > 50 && counts.failed() == 0, "{counts:?}");
    let called = world.traffic().finished.iter().flat_map(|record| &record.packets).map(|p| p.hops[0].before);
    assert!(called.into_iter().any(|tuple| tuple.dst_port == 30080));
}

#[test]
fn without_a_node_port_nobody_outside_has_an_address_to_call() {
    let mut run = cluster("allocateLoadBalancerNodePorts: false\n  ports: [{port: 80, targetPort: 8080}]");
    run_to(&mut run, 5);
    let counts = run.world().traffic().stats.clients.iter().next().expect("there is a client").1;
    assert!(counts.no_address > 10 && counts.delivered == 0, "{counts:?}");
}

#[test]
fn there_are_no_load_balancers_to_change_the_mode_of() {
    let mut run = cluster(NODE_PORT);
    run_to(&mut run, 1);
    let hash = run.world().hash();
    assert_eq!(run.act(Action::SetIpMode { proxy: true }), Err(vec![Refusal::NoCloud]));
    assert_eq!(run.world().hash(), hash);
}
