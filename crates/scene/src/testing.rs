//! Worlds for the tests of the picture.

use cluster::api::{Action, Kind, NsName, ObjectRef, parse};
use cluster::sim::{Run, Span, World};

use super::facts::{Facts, SystemObjects};
use super::layout::{Layout, Request, layout};
use super::marks::Marks;
use super::pod_slots::PodSlots;
use super::scene::Scene;

pub const WEB: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: payment}
spec:
  selector: {app: payment}
  ports: [{port: 443}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web
        ports: [{containerPort: 8080}]
        env: [{name: PAY, value: \"payment:443\"}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: payment}
spec:
  replicas: 2
  selector: {matchLabels: {app: payment}}
  template:
    metadata: {labels: {app: payment}}
    spec:
      containers: [{name: payment, image: payment, ports: [{containerPort: 443}]}]
";

/// Many Services, each with a Deployment of so many Pods.
pub fn many(services: usize, replicas: usize) -> String {
    let one = |i: usize| {
        format!(
            "
apiVersion: v1
kind: Service
metadata: {{name: service-number-{i}}}
spec: {{selector: {{app: a{i}}}, ports: [{{port: 80}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: deployment-number-{i}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: a{i}}}}}
  template:
    metadata: {{labels: {{app: a{i}}}}}
    spec: {{containers: [{{name: c, image: c}}]}}
---"
        )
    };
    (0..services).map(one).collect()
}

/// The text's cluster on so many nodes, settled.
pub fn run(text: &str, nodes: usize) -> Run {
    let manifest = parse(text);
    assert!(manifest.objects.len() > 1, "the text is understood: {:?}", manifest.diagnostics);
    let (mut run, refusals) = Run::new(&manifest, None);
    assert!(refusals.is_empty(), "{refusals:?}");
    for _ in 3..nodes {
        run.act(Action::AddNode { name: None, zone: None }).expect("a node more");
    }
    settle(&mut run);
    run
}

pub fn settle(run: &mut Run) {
    let until = run.world().now() + Span::from_secs(90);
    while !run.world().settled() && run.world().now() < until {
        pass(run, 250);
    }
    assert!(run.world().settled());
}

pub fn pass(run: &mut Run, millis: u64) {
    let until = run.world().now() + Span::from_millis(millis);
    run.advance_to(until, u64::MAX);
}

pub fn kill(run: &mut Run, pod: &str) {
    let object = ObjectRef { kind: Kind::Pod, namespace: "default".into(), name: pod.into() };
    run.act(Action::delete(object)).expect("a Pod may be deleted");
}

pub fn pods(world: &World, prefix: &str) -> Vec<NsName> {
    let pods = world.store().pods.keys();
    pods.filter(|key| key.name.starts_with(prefix)).cloned().collect()
}

pub fn laid_out(facts: &Facts, slots: &PodSlots, (width, height): (f64, f64)) -> Layout {
    layout(&Request { facts, slots, rule_rows: 3, width, height, most_scale: None })
}

/// What there is in this World, and where, with nothing to remember.
pub fn pictured(world: &World, size: (f64, f64)) -> (Facts, PodSlots, Layout) {
    let facts = Facts::of(world, SystemObjects::Hidden);
    let slots = PodSlots::default().updated(world, &facts);
    let layout = laid_out(&facts, &slots, size);
    (facts, slots, layout)
}

pub const SIZES: [(f64, f64); 4] = [(1068.0, 776.0), (680.0, 640.0), (390.0, 600.0), (1600.0, 1000.0)];

pub fn scene(world: &World, size: (f64, f64)) -> Scene {
    let (facts, slots, layout) = pictured(world, size);
    let marks = Marks::default().with(facts.services.iter().map(|s| &s.key));
    Scene {
        facts,
        marks,
        layout,
        focus: None,
        rules: Default::default(),
        slots,
        rule_rows: 3,
        opened: 0,
        system: SystemObjects::Hidden,
    }
}
