//! Objects as the server hands them out.

use super::{check_fine, object, service};
use crate::api::*;
use crate::sim::Time;

/// The object, and its Pod template's one text: defaults that are spelled out change nothing.
fn comparable(object: &KubeObject) -> (KubeObject, Option<String>) {
    let mut object = object.clone();
    let template = match &mut object {
        KubeObject::Deployment(deployment) => &mut deployment.spec.template,
        KubeObject::ReplicaSet(set) => &mut set.spec.template,
        _ => return (object, None),
    };
    let text = canonical_template(template);
    template.written = Tree::default();
    (object, Some(text))
}

/// What the server shows decodes to the same object again, with the source and without it.
fn check_round(text: &str) {
    for parsed in check_fine(text).objects {
        check_shown(&parsed.object, Some(&parsed.source.tree), comparable);
        check_shown(&parsed.object, None, comparable);
    }
}

/// The same for a text with fields that are not simulated: only the source has them, and they are a part of what
/// Pod templates are compared by.
pub fn check_round_but_for_other_fields(text: &str) {
    for parsed in check_fine(text).objects {
        check_shown(&parsed.object, Some(&parsed.source.tree), comparable);
        check_shown(&parsed.object, None, |object| (comparable(object).0, None));
    }
}

fn check_shown(
    object: &KubeObject,
    source: Option<&Tree>,
    compared: fn(&KubeObject) -> (KubeObject, Option<String>),
) {
    let tree = to_tree(object, source);
    let (again, diagnostics) = decode_object(&tree);
    assert!(diagnostics.iter().all(|f| f.severity != Severity::Error), "{diagnostics:?}\n{}", to_yaml(&tree));
    assert_eq!(again.as_ref().map(compared), Some(compared(object)), "{}", to_yaml(&tree));
    assert_eq!(tree.sorted().sorted(), tree.sorted());
}

#[test]
fn what_is_shown_is_what_is_stored() {
    check_round(&service(""));
    check_round(&object("v1", "Service", "clusterIP: None"));
    check_round(&object("v1", "Service", "{type: ExternalName, externalName: a.b}"));
    check_round(&object(
        "v1",
        "Service",
        "{type: ExternalName, externalName: a.b, internalTrafficPolicy: Local}",
    ));
    check_round(&object(
        "v1",
        "Service",
        "type: LoadBalancer\nselector: {app: web}\nclusterIP: 10.96.0.5\nsessionAffinity: ClientIP\nexternalTrafficPolicy: Local\nhealthCheckNodePort: 32000\nloadBalancerSourceRanges: [10.0.0.0/8]\nexternalIPs: [192.0.2.1]\nallocateLoadBalancerNodePorts: false\nloadBalancerClass: a/b\npublishNotReadyAddresses: true\ntrafficDistribution: PreferSameZone\nports:\n- {name: http, port: 80, targetPort: web, nodePort: 30080}\n- {name: dns, port: 80, protocol: UDP, targetPort: 5353}\n",
    ));
    let pod = "nodeName: n1\nhostname: h\nsubdomain: s\nhostNetwork: true\nnodeSelector: {a: b}\nterminationGracePeriodSeconds: 0\ninitContainers: [{name: b, image: i, restartPolicy: Always}]\ncontainers:\n- {name: c, image: i, command: [a], args: ['-c'], env: [{name: A, value: '1'}], ports: [{containerPort: 80, name: web}, {containerPort: 53, protocol: UDP}], readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 2}}\n";
    check_round(&object("v1", "Pod", pod));
    let template = "template:\n  metadata: {labels: {app: x, b: c}, annotations: {a: b}}\n  spec: {containers: [{name: c, image: i}]}\n";
    let workload = ["replicas: 0\nselector: {matchLabels: {app: x}, matchExpressions: [{key: b, operator: In, values: [c]}]}\n", template].concat();
    check_round(&object("apps/v1", "ReplicaSet", &workload));
    check_round(&object("apps/v1", "Deployment", &workload));
    check_round(&object(
        "apps/v1",
        "Deployment",
        &[&workload, "strategy: {rollingUpdate: {maxSurge: 0}}\n"].concat(),
    ));
    check_round(&object("apps/v1", "Deployment", &[&workload, "strategy: {type: Recreate}\n"].concat()));
    check_round("apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n");
    check_round("apiVersion: a/v1\nkind: Foo\nmetadata: {name: x}\n");
    check_round(
        "apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {a: b}}\nspec: {podCIDR: 10.0.0.0/24, unschedulable: true, taints: [{key: ToBeDeletedByClusterAutoscaler, effect: NoSchedule}]}\nstatus: {allocatable: {cpu: 1.5}, addresses: [{type: InternalIP, address: 10.0.0.2}], conditions: [{type: Ready, status: Unknown}]}\n",
    );
    check_round(
        "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s, labels: {kubernetes.io/service-name: web}}\naddressType: IPv6\nports: [{name: http, port: 80}]\nendpoints:\n- {addresses: ['fd00::1'], conditions: {ready: false}, nodeName: n1, zone: a, hostname: h, targetRef: {kind: Pod, name: p, uid: 00000000-0000-4000-8000-00000000000a}, hints: {forZones: [{name: a}], forNodes: [{name: n1}]}}\n",
    );
}

#[test]
fn what_was_written_stays_and_what_the_server_set_is_laid_over_it() {
    let text = "apiVersion: v1\nkind: Service\nmetadata:\n  labels: {b: x, a: w}\n  name: web\nspec:\n  selector: {app: web}\n  ports:\n  - {appProtocol: http, port: 80}\n  loadBalancerIP: 192.0.2.9\n";
    let parsed = parse(text).objects.remove(0);
    let KubeObject::Service(mut service) = parsed.object.clone() else { panic!() };
    service.meta.uid = Uid(10);
    service.meta.resource_version = 7;
    service.meta.created = Time(3_000_000_000);
    service.meta.labels = [("b".into(), "x".into()), ("c".into(), "z".into())].into_iter().collect();
    service.spec.type_ = ServiceType::NodePort;
    service.spec.external_traffic_policy = Some(TrafficPolicy::Cluster);
    service.spec.cluster_ips = vec!["10.96.0.9".parse().unwrap()];
    service.spec.ports[0].node_port = 30100;
    let shown = to_yaml(&to_tree(&KubeObject::Service(service), Some(&parsed.source.tree)));
    let expected = "apiVersion: v1\nkind: Service\nmetadata:\n  labels:\n    b: x\n    c: z\n  name: web\n  namespace: default\n  creationTimestamp: \"2026-01-01T00:00:03Z\"\n  resourceVersion: \"7\"\n  uid: 00000000-0000-4000-8000-00000000000a\nspec:\n  selector:\n    app: web\n  ports:\n  - appProtocol: http\n    port: 80\n    nodePort: 30100\n    protocol: TCP\n    targetPort: 80\n  loadBalancerIP: 192.0.2.9\n  clusterIP: 10.96.0.9\n  clusterIPs:\n  - 10.96.0.9\n  externalTrafficPolicy: Cluster\n  internalTrafficPolicy: Cluster\n  sessionAffinity: None\n  type: NodePort\nstatus:\n  loadBalancer: {}\n";
    assert_eq!(shown, expected);
}

/// The API server does not rewrite them; a list that says something else by now is printed anew.
#[test]
fn addresses_and_prefixes_of_a_service_stay_as_they_were_written() {
    let (one, external) = ("FD00:10:96:0::41", "2001:DB8:0::9");
    let range = " 2001:DB8::/64 ";
    let spec = format!(
        "{{type: LoadBalancer, clusterIP: '{one}', ports: [{{port: 80}}], externalIPs: ['{external}'], \
         loadBalancerSourceRanges: ['{range}']}}"
    );
    let parsed = check_fine(&object("v1", "Service", &spec)).objects.remove(0);
    let KubeObject::Service(mut service) = parsed.object else { panic!("a Service") };
    let said = |service: &Service, field: &str| {
        let tree = to_tree(&KubeObject::Service(service.clone()), Some(&parsed.source.tree));
        let value = tree.field("spec").and_then(|spec| spec.field(field)).expect("it is there").clone();
        let first = value.items().first().cloned();
        first.unwrap_or(value).as_str().expect("a text").to_string()
    };
    for (field, text) in [
        ("clusterIP", one),
        ("clusterIPs", one),
        ("externalIPs", external),
        ("loadBalancerSourceRanges", range),
    ] {
        assert_eq!(said(&service, field), text, "{field}");
    }
    service.spec.external_ips.push("2001:db8::a".parse().expect("an address"));
    assert_eq!(said(&service, "externalIPs"), "2001:db8::9");
}

#[test]
fn a_pod_of_a_template_keeps_what_the_template_says() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      volumes: [{name: v, emptyDir: {}}]\n      containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: /v}]}]\n";
    let parsed = parse(text).objects.remove(0);
    let KubeObject::Deployment(deployment) = &parsed.object else { panic!() };
    let mut pod = Pod {
        meta: Meta::default(),
        spec: deployment.spec.template.spec.clone(),
        status: PodStatus::default(),
        written: std::sync::Arc::new(deployment.spec.template.written.clone()),
    };
    pod.meta.name = "web-1".into();
    pod.meta.namespace = "default".into();
    pod.meta.uid = Uid(3);
    pod.meta.labels = deployment.spec.template.labels.clone();
    pod.meta.owner = Some(OwnerRef { kind: Kind::ReplicaSet, name: "web".into(), uid: Uid(2) });
    pod.meta.deleted = Some(Time(0));
    let status = ContainerStatus {
        name: "c".into(),
        image: "i".into(),
        state: ContainerState::Waiting { reason: WaitingReason::ContainerCreating, message: None },
        last_state: None,
        ready: false,
        started: false,
        restart_count: 0,
    };
    pod.status.container_statuses = vec![status];
    pod.spec.node_name = Some("node-1".into());
    let tree = to_tree(&KubeObject::Pod(pod), None);
    let json = |path: &[Step<'_>]| tree.get(path).map(to_json).unwrap_or_default();
    assert_eq!(json(&["kind".into()]), "\"Pod\"");
    assert_eq!(json(&["spec".into(), "volumes".into()]), r#"[{"name":"v","emptyDir":{}}]"#);
    assert_eq!(json(&["metadata".into(), "deletionTimestamp".into()]), "\"2026-01-01T00:00:30Z\"");
    assert_eq!(
        json(&["metadata".into(), "ownerReferences".into(), 0.into(), "apiVersion".into()]),
        "\"apps/v1\""
    );
    assert_eq!(
        json(&["status".into(), "containerStatuses".into(), 0.into(), "state".into()]),
        r#"{"waiting":{"reason":"ContainerCreating"}}"#
    );
}
