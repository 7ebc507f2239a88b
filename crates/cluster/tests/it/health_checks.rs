//! C-05, C-06: which nodes the cloud's load balancer sends to.

use crate::support::{go_on, key, seconds, start};
use cluster::api::{Action, Kind, NsName, ObjectRef, Service, Uid};
use cluster::sim::{Run, Span, World};

/// A Pod on node-1, and one on node-2.
fn cluster(policy: &str) -> Run {
    cluster_with_target(policy, "8080")
}

fn cluster_with_target(policy: &str, target: &str) -> Run {
    let pods: String = (1..=2)
        .map(|i| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: w{i}, labels: {{app: web}}}}\nspec:\n  nodeName: node-{i}\n  \
                 containers: [{{name: web, image: nginx, ports: [{{containerPort: 8080}}]}}]\n---\n"
            )
        })
        .collect();
    let text = format!(
        "{pods}apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  type: LoadBalancer\n  \
         externalTrafficPolicy: {policy}\n  selector: {{app: web}}\n  ports: [{{port: 80, targetPort: {target}}}]\n---\n\
         apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  clients: []\n"
    );
    let mut run = start(&text, 7);
    run.advance_to(seconds(20), u64::MAX);
    run
}

fn act(run: &mut Run, action: Action) {
    run.act(action).expect("it is allowed");
}

fn web(world: &World) -> &Service {
    world.store().services.get(&key("web")).expect("it is there")
}

fn uid(world: &World, name: &str) -> Uid {
    world.machine_named(name).expect("the node is there").uid
}

/// The nodes that new connections go to.
fn eligible(run: &Run) -> String {
    let world = run.world();
    let balancer = world.cloud().balancers.get(&key("web")).expect("it was made");
    let names = balancer.eligible().filter_map(|n| world.node_name(n)).map(|n| n.to_string());
    names.collect::<Vec<_>>().join(" ")
}

fn status(run: &Run, node: &str) -> Option<u16> {
    run.world().health_check(web(run.world()), uid(run.world(), node)).status
}

const LONG: Span = Span::from_secs(15);

#[test]
fn policy_local_takes_the_nodes_that_have_a_ready_endpoint() {
    let mut run = cluster("Local");
    let check = run.world().health_check(web(run.world()), uid(run.world(), "node-1"));
    assert_eq!(check.port, web(run.world()).spec.health_check_node_port);
    assert_eq!((check.status, check.local_endpoints), (Some(200), Some(1)));
    assert_eq!(status(&run, "node-3"), Some(503));
    assert_eq!(eligible(&run), "node-1 node-2");
    // A Pod that terminates does not count, even while it serves.
    let object = ObjectRef { kind: Kind::Pod, namespace: "default".into(), name: "w1".into() };
    act(&mut run, Action::delete(object));
    go_on(&mut run, Span::from_secs(3));
    assert_eq!(status(&run, "node-1"), Some(503));
    assert_eq!(eligible(&run), "node-1 node-2", "it takes the check some answers to believe it");
    go_on(&mut run, LONG);
    assert_eq!(eligible(&run), "node-2");
}

/// A target port of a name that no container has: the slice has endpoints, and no port that leads to them.
#[test]
fn an_endpoint_without_a_port_does_not_count() {
    let run = cluster_with_target("Local", "nosuch");
    let slice = run.world().store().slices.iter().next().expect("there is one");
    assert_eq!((slice.endpoints.len(), slice.ports.len()), (2, 0));
    let check = run.world().health_check(web(run.world()), uid(run.world(), "node-1"));
    assert_eq!((check.status, check.local_endpoints), (Some(503), Some(0)));
    assert_eq!(eligible(&run), "");
}

#[test]
fn policy_cluster_takes_every_node_whose_kube_proxy_answers() {
    let mut run = cluster("Cluster");
    assert_eq!(run.world().health_check(web(run.world()), uid(run.world(), "node-3")).port, 10_256);
    assert_eq!(eligible(&run), "node-1 node-2 node-3");
    act(&mut run, Action::PauseKubeProxy { node: "node-3".into(), on: true });
    assert_eq!(status(&run, "node-3"), None, "a stopped process answers nobody");
    go_on(&mut run, LONG);
    assert_eq!(eligible(&run), "node-1 node-2");
    act(&mut run, Action::PauseKubeProxy { node: "node-3".into(), on: false });
    go_on(&mut run, LONG);
    assert_eq!(eligible(&run), "node-1 node-2 node-3");
    act(&mut run, Action::PowerNode { node: "node-1".into(), on: false });
    go_on(&mut run, LONG);
    assert_eq!(eligible(&run), "node-2 node-3");
    act(&mut run, Action::PowerNode { node: "node-1".into(), on: true });
    go_on(&mut run, LONG);
    assert_eq!(eligible(&run), "node-1 node-2 node-3");
}

/// A short stop is over before the check believes it.
#[test]
fn one_wrong_answer_is_not_believed() {
    let mut run = cluster("Cluster");
    act(&mut run, Action::PauseKubeProxy { node: "node-3".into(), on: true });
    go_on(&mut run, Span::from_secs(1));
    act(&mut run, Action::PauseKubeProxy { node: "node-3".into(), on: false });
    go_on(&mut run, LONG);
    assert_eq!(eligible(&run), "node-1 node-2 node-3");
}

/// "1 node goes NotReady" expects no update upstream (cloud-provider, controller_test.go).
#[test]
fn a_node_that_is_not_ready_stays() {
    let mut run = cluster("Cluster");
    act(&mut run, Action::CutOffNode { node: "node-2".into(), on: true });
    go_on(&mut run, Span::from_secs(60));
    let ready = run.world().store().node("node-2").map(|n| n.ready());
    assert_eq!(ready, Some(cluster::api::ConditionStatus::Unknown));
    assert_eq!(eligible(&run), "node-1 node-2 node-3");
}

#[test]
fn a_node_that_is_to_be_deleted_leaves() {
    let mut run = cluster("Cluster");
    let text = "apiVersion: v1\nkind: Node\nmetadata: {name: node-2}\nspec: {taints: [{key: ToBeDeletedByClusterAutoscaler, effect: NoSchedule}]}\n";
    act(&mut run, Action::apply(text));
    assert_eq!(status(&run, "node-2"), Some(503));
    go_on(&mut run, LONG);
    assert_eq!(eligible(&run), "node-1 node-3");
}

#[test]
fn a_label_excludes_a_node() {
    for (value, expected) in
        [("", "node-1 node-3"), ("true", "node-1 node-3"), ("false", "node-1 node-2 node-3")]
    {
        let mut run = cluster("Cluster");
        let label = "node.kubernetes.io/exclude-from-external-load-balancers".into();
        let object = ObjectRef { kind: Kind::Node, namespace: "".into(), name: "node-2".into() };
        act(&mut run, Action::SetLabels { object, labels: [(label, value.into())].into_iter().collect() });
        go_on(&mut run, LONG);
        assert_eq!(eligible(&run), expected, "{value:?}");
    }
}

/// The health check moves with the policy.
#[test]
fn a_live_change_of_policy_moves_the_health_check() {
    let mut run = cluster("Cluster");
    assert_eq!(eligible(&run), "node-1 node-2 node-3");
    let text = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  type: LoadBalancer\n  \
                externalTrafficPolicy: Local\n  selector: {app: web}\n  ports: [{port: 80, targetPort: 8080}]\n";
    act(&mut run, Action::apply(text));
    go_on(&mut run, LONG);
    assert_eq!(eligible(&run), "node-1 node-2");
    assert_eq!(key("web"), NsName::new("default", "web"));
}
