//! What Pods need and no manifest has: taken to be there, unless it is said to be missing.

use crate::support::{self, go_on, key};
use cluster::api::{Action, ContainerState, Prerequisite};
use cluster::node::kubelet::{Assumed, ServedPorts};
use cluster::sim::{LogEntry, Run, Span};

fn start(spec: &str, missing: &str) -> Run {
    let text = format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: web}}, spec: {{nodeName: node-1, {spec}}}}}\n---\n\
         {{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {{clients: [], missing: [{missing}]}}}}\n"
    );
    support::start(&text, 7)
}

/// Why its first container waits, and what is said of that.
fn waits(run: &Run) -> Option<(&'static str, String)> {
    let pod = run.world().store().pods.get(&key("web")).expect("it is there");
    match &pod.status.container_statuses.first()?.state {
        ContainerState::Waiting { reason, message } => {
            Some((reason.as_str(), message.as_deref().unwrap_or("").to_string()))
        }
        ContainerState::Running { .. } | ContainerState::Terminated(_) => None,
    }
}

fn found(run: &mut Run, what: &str) {
    let what = Prerequisite::parse(what).expect("it names one");
    run.act(Action::SetMissing { what, missing: false }).expect("anybody may");
}

fn is_ready(run: &Run) -> bool {
    run.world().store().pods.get(&key("web")).is_some_and(|pod| pod.status.is_ready())
}

#[test]
fn an_image_that_is_not_there_backs_off_until_it_is() {
    let mut run = start("containers: [{name: web, image: 'shop/web:9'}]", "'image/shop/web:9'");
    let mut seen = Vec::new();
    for _ in 0..100 {
        go_on(&mut run, Span::from_millis(200));
        let reason = waits(&run).map(|(reason, _)| reason);
        if seen.last() != Some(&reason) {
            seen.push(reason);
        }
    }
    let expected =
        ["ContainerCreating", "ErrImagePull", "ImagePullBackOff", "ErrImagePull", "ImagePullBackOff"]
            .map(Some);
    assert_eq!(seen, expected);
    assert!(
        !run.world()
            .pod_runtime(run.world().store().pods.get(&key("web")).unwrap().meta.uid)
            .unwrap()
            .serves()
    );
    found(&mut run, "image/shop/web:9");
    go_on(&mut run, Span::from_secs(60));
    assert!(is_ready(&run));
}

#[test]
fn an_image_that_is_never_pulled() {
    let mut run = start("containers: [{name: web, image: x, imagePullPolicy: Never}]", "image/x");
    go_on(&mut run, Span::from_secs(60));
    let message = "Container image \"x\" is not present with pull policy of Never";
    assert_eq!(waits(&run), Some(("ErrImageNeverPull", message.into())));
    found(&mut run, "image/x");
    go_on(&mut run, Span::from_secs(20));
    assert!(is_ready(&run));
}

#[test]
fn a_config_map_that_is_missing_keeps_a_container_from_being_made() {
    let from = "containers: [{name: web, image: i, envFrom: [{configMapRef: {name: settings}}]}]";
    let mut run = start(from, "configmap/settings");
    go_on(&mut run, Span::from_secs(20));
    assert_eq!(waits(&run), Some(("CreateContainerConfigError", "configmap \"settings\" not found".into())));
    let failed = |logged: &&std::sync::Arc<cluster::sim::Logged>| {
        matches!(logged.entry, LogEntry::FailedConfiguration { .. })
    };
    assert_eq!(run.world().log().iter().filter(failed).count(), 1);
    run.act(Action::apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}"))
        .expect("it is good");
    go_on(&mut run, Span::from_secs(20));
    assert!(is_ready(&run), "what a manifest brings is there: {:?}", waits(&run));
}

#[test]
fn an_optional_one_is_not_needed() {
    let secret = "valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}";
    let volume = "volumes: [{name: v, configMap: {name: c, optional: true}}]";
    let spec = format!("{volume}, containers: [{{name: web, image: i, env: [{{name: A, {secret}}}]}}]");
    let mut run = start(&spec, "secret/s, configmap/c");
    go_on(&mut run, Span::from_secs(20));
    assert!(is_ready(&run), "{:?}", waits(&run));
}

#[test]
fn a_key_that_a_config_map_in_the_manifests_does_not_have() {
    let spec = "containers: [{name: web, image: i, env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: KEY}}}]}]";
    for (data, is_fine) in [("{OTHER: x}", false), ("{KEY: x}", true)] {
        let text = format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c}}, data: {data}}}\n---\n\
             {{apiVersion: v1, kind: Pod, metadata: {{name: web}}, spec: {{nodeName: node-1, {spec}}}}}\n---\n\
             {{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {{clients: []}}}}\n"
        );
        let mut run = support::start(&text, 7);
        go_on(&mut run, Span::from_secs(20));
        assert_eq!(is_ready(&run), is_fine, "{data}");
        if !is_fine {
            let message = "couldn't find key KEY in ConfigMap default/c";
            assert_eq!(waits(&run), Some(("CreateContainerConfigError", message.into())));
        }
    }
}

#[test]
fn a_volume_that_cannot_be_mounted_keeps_a_pod_creating() {
    let volume = "volumes: [{name: v, projected: {sources: [{secret: {name: s}}]}}]";
    let mut run = start(&format!("{volume}, containers: [{{name: web, image: i}}]"), "secret/s");
    go_on(&mut run, Span::from_secs(60));
    assert_eq!(waits(&run), Some(("ContainerCreating", String::new())));
    let mounts = run.world().log().iter().filter(|l| matches!(l.entry, LogEntry::FailedMount { .. })).count();
    assert_eq!(mounts, 1);
    found(&mut run, "secret/s");
    go_on(&mut run, Span::from_secs(20));
    assert!(is_ready(&run));
}

#[test]
fn a_key_that_a_mounted_secret_does_not_have_keeps_a_pod_creating() {
    let volume = |more: &str| {
        format!("[{{name: v, secret: {{secretName: s, items: [{{key: tls.crt, path: a}}]{more}}}}}]")
    };
    for (volume, data, is_fine) in [
        (volume(""), "{}", false),
        (volume(""), "{tls.crt: eA==}", true),
        (volume(", optional: true"), "{}", true),
    ] {
        let text = format!(
            "{{apiVersion: v1, kind: Secret, metadata: {{name: s}}, data: {data}}}\n---\n\
             {{apiVersion: v1, kind: Pod, metadata: {{name: web}}, spec: {{nodeName: node-1, volumes: {volume}, \
             containers: [{{name: web, image: i}}]}}}}\n---\n\
             {{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {{clients: []}}}}\n"
        );
        let mut run = support::start(&text, 7);
        go_on(&mut run, Span::from_secs(20));
        assert_eq!(is_ready(&run), is_fine, "{volume} {data}");
        if !is_fine {
            assert_eq!(waits(&run), Some(("ContainerCreating", String::new())));
            let secret = "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {tls.crt: x}}";
            run.act(cluster::api::Action::apply(secret)).expect("the API server takes it");
            go_on(&mut run, Span::from_secs(150));
            assert!(is_ready(&run), "{:?}", waits(&run));
        }
    }
}

#[test]
fn what_is_assumed_is_listed() {
    let spec = "volumes: [{name: v, persistentVolumeClaim: {claimName: data}}], \
        containers: [{name: web, image: i, ports: [{containerPort: 80}], readinessProbe: {httpGet: {port: 81}}, \
          envFrom: [{secretRef: {name: s}}, {configMapRef: {name: gone}}], lifecycle: {preStop: {exec: {command: [x]}}}}]";
    let mut run = start(spec, "configmap/gone");
    go_on(&mut run, Span::from_secs(1));
    let named = |text| Prerequisite::parse(text).expect("it names one");
    let web = Some("web".into());
    let expected = [
        (None, Assumed::ClaimBinds(named("pvc/data"))),
        (web.clone(), Assumed::IsThere(named("image/i"))),
        (web.clone(), Assumed::IsThere(named("secret/s"))),
        (web.clone(), Assumed::Serves(ServedPorts::These(vec![80, 81]))),
        (web, Assumed::HookTakesNoTime),
    ];
    let found: Vec<_> = run.world().assumptions().into_iter().map(|a| (a.container, a.what)).collect();
    assert_eq!(found, expected);
}

/// The scheduler does not bind a Pod without its claim, and tries again when it is there.
#[test]
fn a_missing_claim_keeps_a_pod_pending() {
    let text = "
apiVersion: v1
kind: Pod
metadata: {name: db}
spec:
  containers: [{name: db, image: i, volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec: {timing: realistic, clients: [], missing: [pvc/default/data]}
";
    let mut run = support::start(text, 7);
    go_on(&mut run, Span::from_secs(20));
    let pod = run.world().store().pods.get(&key("db")).expect("it is there");
    let scheduled = pod.status.condition("PodScheduled").expect("the scheduler has looked");
    assert_eq!(
        scheduled.message.as_deref(),
        Some(
            "0/3 nodes are available: persistentvolumeclaim \"data\" not found. no new claims to deallocate, preemption: \
             0/3 nodes are available: 3 Preemption is not helpful for scheduling."
        )
    );
    assert!(pod.spec.node_name.is_none());
    let claim = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}}";
    run.act(Action::apply(claim)).expect("anybody may");
    go_on(&mut run, Span::from_secs(20));
    assert!(run.world().store().pods.get(&key("db")).is_some_and(|pod| pod.status.is_ready()));
}

/// `terminationGracePeriodSeconds` is any number; a negative one is a second.
#[test]
fn a_grace_period_may_be_negative() {
    let text = "
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  terminationGracePeriodSeconds: -1
  containers: [{name: c, image: i}]
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec: {timing: realistic, clients: []}
";
    let mut run = support::start(text, 7);
    go_on(&mut run, Span::from_secs(20));
    let object = cluster::api::ObjectRef {
        kind: cluster::api::Kind::Pod,
        namespace: "default".into(),
        name: "p".into(),
    };
    run.act(Action::delete(object)).expect("it is there");
    go_on(&mut run, Span::from_secs(10));
    assert!(run.world().store().pods.get(&key("p")).is_none());
}
