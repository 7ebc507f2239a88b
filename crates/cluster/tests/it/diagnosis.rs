//! Why a Service has no endpoints and a Pod is not ready, in clusters that are so.

use crate::support::{self, go_on, key};
use cluster::api::{Action, Kind, NsName, ObjectRef, Prerequisite, ProbeKind, WaitingReason};
use cluster::diagnosis::{
    AskedBy, ContainerTrouble, Ending, MissingEndpoints, NoEndpoints, NotMade, NotReady, PortName,
};
use cluster::node::kubelet::{MissingConfiguration, PortAssumption, ProbeFailure, Supply, UnmetProbe};
use cluster::sim::{Refusal, Run, Span};

const SERVICE: &str = "{apiVersion: v1, kind: Service, metadata: {name: web}, \
    spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}\n---\n";

fn pod(labels: &str, spec: &str) -> String {
    format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p, labels: {labels}}}, spec: {{{spec}}}}}\n---\n")
}

/// Half a minute in, without clients.
fn run(text: &str) -> Run {
    let quiet = "{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {clients: []}}\n";
    let mut run = support::start(&[text, quiet].concat(), 7);
    go_on(&mut run, Span::from_secs(30));
    run
}

fn missing(run: &Run) -> Vec<MissingEndpoints> {
    let world = run.world();
    world.missing_endpoints(world.store().services.get(&key("web")).expect("the Service"))
}

/// Of a Service that lacks endpoints at all of its ports, for one reason, if it does.
fn why_empty(run: &Run) -> Option<NoEndpoints> {
    let mut all = missing(run);
    let MissingEndpoints { ports, serving, why } = all.pop()?;
    assert_eq!((all, ports, serving), (vec![], vec![], 0));
    Some(why)
}

fn not_ready(run: &Run) -> Option<NotReady> {
    let world = run.world();
    world.not_ready(world.store().pods.get(&key("p")).expect("the Pod"))
}

fn empty(text: &str) -> NoEndpoints {
    why_empty(&run(text)).expect("it is empty")
}

const CONTAINER: &str = "containers: [{name: c, image: i, ports: [{containerPort: 8080, name: web}]}]";

#[test]
fn a_service_whose_pods_are_ready_lacks_nothing() {
    let run = run(&[SERVICE, &pod("{app: web}", CONTAINER)].concat());
    assert_eq!(why_empty(&run), None);
    assert_eq!(not_ready(&run), None);
}

#[test]
fn a_selector_matches_no_pod_and_the_nearest_is_named() {
    let NoEndpoints::NoPod { nearest: Some((miss, of)), elsewhere: None } =
        empty(&[SERVICE, &pod("{app: wbe}", CONTAINER)].concat())
    else {
        panic!("no Pod, and a near one");
    };
    assert_eq!((&*miss.has.0, &*miss.has.1), ("app", "wbe"));
    assert_eq!(of, ObjectRef::of_key(Kind::Pod, &key("p")));
    let other = empty(&[SERVICE, &pod("{app: payment}", CONTAINER)].concat());
    assert_eq!(other, NoEndpoints::NoPod { nearest: None, elsewhere: None });
    // Whose Pods another Service selects.
    let another = SERVICE.replace("name: web", "name: other").replace("app: web", "app: wbe");
    let taken = empty(&[SERVICE, &another, &pod("{app: wbe}", CONTAINER)].concat());
    assert_eq!(taken, NoEndpoints::NoPod { nearest: None, elsewhere: None });
}

#[test]
fn pods_of_another_namespace_are_not_matched_and_are_told_of() {
    let pod = pod("{app: web}", CONTAINER).replace("{name: p", "{namespace: prod, name: p");
    let namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: prod}}\n---\n";
    let elsewhere = Some(("prod".into(), 1));
    assert_eq!(empty(&[SERVICE, namespace, &pod].concat()), NoEndpoints::NoPod { nearest: None, elsewhere });
}

#[test]
fn without_a_selector_somebody_must_write_the_endpoints() {
    let service = SERVICE.replace("selector: {app: web}, ", "");
    let none = NoEndpoints::NoSelector { unlabelled: None };
    assert_eq!(empty(&[&*service, &pod("{app: web}", CONTAINER)].concat()), none);
    let slice = "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-1, labels: \
        {kubernetes.io/service-name: web}}, addressType: IPv4, ports: [{port: 8080}], endpoints: \
        [{addresses: [10.0.0.7], conditions: {ready: true}}]}\n---\n";
    assert_eq!(why_empty(&run(&[&*service, slice].concat())), None);
    let unlabelled = slice.replace("service-name", "service");
    let expected = NoEndpoints::NoSelector { unlabelled: Some("web-1".into()) };
    assert_eq!(empty(&[&*service, &unlabelled].concat()), expected);
}

#[test]
fn endpoints_that_were_written_belong_to_the_port_of_their_name() {
    let service = SERVICE.replace("selector: {app: web}, ports: [{", "ports: [{name: http, ");
    let endpoints = |name: &str| {
        format!(
            "{{apiVersion: v1, kind: Endpoints, metadata: {{name: web}}, \
             subsets: [{{addresses: [{{ip: 10.0.0.7}}], ports: [{{{name}port: 8080}}]}}]}}\n---\n"
        )
    };
    let other = |has: &str| NoEndpoints::OtherPorts { name: "http".into(), has: vec![has.into()] };
    assert_eq!(empty(&[&*service, &endpoints("")].concat()), other(""));
    assert_eq!(empty(&[&*service, &endpoints("name: web, ")].concat()), other("web"));
    assert_eq!(why_empty(&run(&[&*service, &endpoints("name: http, ")].concat())), None);
}

#[test]
fn a_headless_service_is_empty_for_the_same_reasons() {
    let service = SERVICE.replace("selector:", "clusterIP: None, selector:");
    assert_eq!(
        empty(&[&*service, &pod("{app: x}", CONTAINER)].concat()),
        NoEndpoints::NoPod { nearest: None, elsewhere: None }
    );
}

#[test]
fn an_external_name_needs_none() {
    let service = "{apiVersion: v1, kind: Service, metadata: {name: web}, \
        spec: {type: ExternalName, externalName: example.com}}\n---\n";
    assert_eq!(why_empty(&run(&[service, &pod("{app: x}", CONTAINER)].concat())), None);
}

#[test]
fn pods_of_a_custom_kind_are_not_simulated() {
    let kettle = |name: &str, spec: &str| {
        format!(
            "{{apiVersion: example.com/v1, kind: Kettle, metadata: {{name: {name}}}, spec: {spec}}}\n---\n"
        )
    };
    let maker = |name: &str| NoEndpoints::NotSimulated {
        maker: ObjectRef { kind: Kind::named("Kettle"), namespace: "default".into(), name: name.into() },
    };
    let labelled = kettle("k", "{pods: [{podLabels: {app: web, tier: hot}}]}");
    assert_eq!(empty(&[SERVICE, &labelled].concat()), maker("k"));
    assert_eq!(empty(&[SERVICE, &kettle("web", "{}")].concat()), maker("web"), "its name is the value");
    assert_eq!(
        empty(&[SERVICE, &kettle("k", "{}")].concat()),
        NoEndpoints::NoPod { nearest: None, elsewhere: None }
    );
}

fn deployment(replicas: u32, spec: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web}}, spec: {{replicas: {replicas}, selector: \
         {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{{spec}}}}}}}}}\n---\n"
    )
}

#[test]
fn a_workload_without_a_pod_says_why() {
    let deployment = deployment(1, CONTAINER);
    let job = deployment
        .replace("apps/v1, kind: Deployment", "batch/v1, kind: Job")
        .replace("replicas: 1, selector: {matchLabels: {app: web}}, ", "")
        .replace("spec: {containers", "spec: {restartPolicy: Never, containers");
    let cron_job = job
        .replace("kind: Job", "kind: CronJob")
        .replace("spec: {template: ", "spec: {schedule: '0 3 * * *', jobTemplate: {spec: {template: ")
        .replace("}}}\n", "}}}}}\n");
    let set = deployment.replace("kind: Deployment", "kind: DaemonSet").replace("replicas: 1, ", "");
    let gpu = || [("gpu".into(), "yes".into())].into_iter().collect();
    let refusal = || Refusal::NoPriorityClass { pod: key("web-"), class: "high".into() };
    for (text, kind, why) in [
        (deployment.replace("replicas: 1", "replicas: 0"), Kind::Deployment, NotMade::ScaledToZero),
        (deployment.replace("replicas: 1", "paused: true"), Kind::Deployment, NotMade::Paused),
        (
            deployment.replace("spec: {containers", "spec: {priorityClassName: high, containers"),
            Kind::Deployment,
            NotMade::Refused(refusal()),
        ),
        (job.replace("spec: {template", "spec: {suspend: true, template"), Kind::Job, NotMade::Suspended),
        (cron_job, Kind::CronJob, NotMade::NotDue { schedule: "0 3 * * *".into() }),
        (
            set.replace("spec: {containers", "spec: {nodeSelector: {gpu: 'yes'}, containers"),
            Kind::DaemonSet,
            NotMade::NoNode { labels: gpu() },
        ),
    ] {
        let workload = ObjectRef::of_key(kind, &key("web"));
        assert_eq!(empty(&[SERVICE, &text].concat()), NoEndpoints::NoneMade { workload, why });
    }
}

#[test]
fn no_pod_has_the_named_port() {
    let service = SERVICE.replace("targetPort: 8080", "targetPort: http");
    let port = PortName { port: 80, name: "".into() };
    let expected = NoEndpoints::NoSuchPort { port, name: "http".into(), has: vec!["web".into()] };
    assert_eq!(empty(&[&*service, &deployment(2, CONTAINER)].concat()), expected);
    let container =
        "containers: [{name: c, image: i, ports: [{containerPort: 53, name: http, protocol: UDP}]}]";
    let NoEndpoints::NoSuchPort { has, .. } = empty(&[&*service, &deployment(2, container)].concat()) else {
        panic!("the port of that name has another protocol");
    };
    assert_eq!(has, ["http (UDP)".into()]);
}

#[test]
fn one_port_of_several_may_lack_endpoints() {
    let ports = "[{name: a, port: 80, targetPort: web}, {name: b, port: 81, targetPort: http}, \
        {name: c, port: 82, targetPort: http}]";
    let service = SERVICE.replace("[{port: 80, targetPort: 8080}]", ports);
    let found = missing(&run(&[&*service, &deployment(2, CONTAINER)].concat()));
    let named = |port, name: &str| PortName { port, name: name.into() };
    let why = |port| NoEndpoints::NoSuchPort { port, name: "http".into(), has: vec!["web".into()] };
    let expected = [named(81, "b"), named(82, "c")].map(|port| MissingEndpoints {
        ports: vec![port.clone()],
        serving: 0,
        why: why(port),
    });
    assert_eq!(found, expected);
}

#[test]
fn the_pods_that_have_the_port_may_not_be_ready() {
    let ports = "[{name: a, port: 80, targetPort: web}, {name: b, port: 81, targetPort: http}]";
    let service = SERVICE.replace("[{port: 80, targetPort: 8080}]", ports);
    let held = pod(
        "{app: web}",
        "readinessGates: [{conditionType: example.com/lb}], \
         containers: [{name: c, image: i, ports: [{containerPort: 8081, name: http}]}]",
    );
    let found = missing(&run(&[&*service, &held, &deployment(2, CONTAINER)].concat()));
    let gate = NotReady::Gate { condition: "example.com/lb".into() };
    let why = NoEndpoints::NoneReady { pods: 1, of: 3, why: vec![(1, gate)] };
    assert_eq!(
        found,
        [MissingEndpoints { ports: vec![PortName { port: 81, name: "b".into() }], serving: 0, why }]
    );
}

#[test]
fn endpoints_that_terminate_may_serve_on() {
    let spec = "containers: [{name: c, image: i, lifecycle: {preStop: {sleep: {seconds: 20}}}}]";
    let mut run = run(&[SERVICE, &pod("{app: web}", spec)].concat());
    let object = ObjectRef::of_key(Kind::Pod, &key("p"));
    run.act(Action::delete(object)).expect("it may be deleted");
    go_on(&mut run, Span::from_secs(3));
    let ending = NotReady::Terminating(Ending::PreStop);
    let why = NoEndpoints::NoneReady { pods: 1, of: 1, why: vec![(1, ending)] };
    assert_eq!(missing(&run), [MissingEndpoints { ports: vec![], serving: 1, why }]);
}

#[test]
fn without_a_node_no_kubelet_ends_a_pod() {
    let mut run = run(&pod("{app: web}", "nodeName: nowhere, containers: [{name: c, image: i}]"));
    let object = ObjectRef::of_key(Kind::Pod, &key("p"));
    run.act(Action::delete(object)).expect("it may be deleted");
    assert_eq!(not_ready(&run), Some(NotReady::Terminating(Ending::NoKubelet)));
}

#[test]
fn none_of_three_pods_is_ready_because_their_probe_fails() {
    let probed = "containers: [{name: c, image: i, ports: [{containerPort: 8080}], \
        readinessProbe: {tcpSocket: {port: 8081}, periodSeconds: 1}}]";
    let refuses = "{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {clients: [], \
        apps: [{of: Deployment/web, refuses: [8081]}]}}\n";
    let mut run = support::start(&[SERVICE, &deployment(3, probed), refuses].concat(), 7);
    go_on(&mut run, Span::from_secs(30));
    let why = ProbeFailure::Refused { port: 8081 };
    let fails = NotReady::Container {
        container: "c".into(),
        why: ContainerTrouble::Probe(UnmetProbe::Fails { kind: ProbeKind::Readiness, why }),
    };
    assert_eq!(why_empty(&run), Some(NoEndpoints::NoneReady { pods: 3, of: 3, why: vec![(3, fails)] }));
}

#[test]
fn the_probe_that_ends_pods_again_and_again_is_named_once() {
    for (kind, written) in [(ProbeKind::Liveness, "livenessProbe"), (ProbeKind::Startup, "startupProbe")] {
        let probed = format!(
            "containers: [{{name: c, image: i, ports: [{{containerPort: 8080}}], \
             {written}: {{tcpSocket: {{port: 8081}}, periodSeconds: 1, failureThreshold: 1}}}}]"
        );
        let refuses = "{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {clients: [], \
            apps: [{of: Deployment/web, refuses: [8081]}]}}\n";
        let mut run = support::start(&[SERVICE, &deployment(2, &probed), refuses].concat(), 7);
        let waits = |run: &Run| match why_empty(run) {
            Some(NoEndpoints::NoneReady { pods: 2, of: 2, why }) => match &why[..] {
                [(2, NotReady::Container { why: ContainerTrouble::Killed { probe, port, .. }, .. })] => {
                    (*probe, *port) == (kind, Some(8081))
                }
                _ => false,
            },
            _ => false,
        };
        let found = (0..60).any(|_| {
            go_on(&mut run, Span::from_secs(1));
            waits(&run)
        });
        assert!(found, "{written}");
    }
}

#[test]
fn pods_that_fit_nowhere_say_so_in_the_schedulers_words() {
    let huge = "containers: [{name: c, image: i, resources: {requests: {cpu: 100}}}]";
    let NoEndpoints::NoneReady { pods: 2, of: 2, why } = empty(&[SERVICE, &deployment(2, huge)].concat())
    else {
        panic!("two Pods, none ready");
    };
    let [(2, NotReady::Unschedulable { message })] = &why[..] else { panic!("for one reason: {why:?}") };
    assert!(message.starts_with("0/3 nodes are available: 3 Insufficient cpu."), "{message}");
}

#[test]
fn what_a_pod_lacks_on_its_way() {
    let init = |container: &str, why| NotReady::Init { done: 1, of: 2, container: container.into(), why };
    for (spec, missing, expected) in [
        (
            "nodeName: nowhere, containers: [{name: c, image: i}]",
            "",
            NotReady::NoSuchNode { node: "nowhere".into() },
        ),
        (
            "schedulingGates: [{name: example.com/g}], containers: [{name: c, image: i}]",
            "",
            NotReady::Gated { gate: "example.com/g".into() },
        ),
        (
            "schedulerName: mine, containers: [{name: c, image: i}]",
            "",
            NotReady::OtherScheduler { name: "mine".into() },
        ),
        (
            "volumes: [{name: v, configMap: {name: m}}], containers: [{name: c, image: i}]",
            "configmap/default/m",
            NotReady::CannotMount(MissingConfiguration::Object(Prerequisite::ConfigMap(key("m")))),
        ),
        (
            "initContainers: [{name: a, image: i}, {name: b, image: gone}], containers: [{name: c, image: i}]",
            "image/gone",
            init(
                "b",
                ContainerTrouble::Waiting {
                    reason: WaitingReason::ImagePullBackOff,
                    message: Some("Back-off pulling image \"gone\"".into()),
                    restarts: 0,
                },
            ),
        ),
        (
            "readinessGates: [{conditionType: example.com/lb}], containers: [{name: c, image: i}]",
            "",
            NotReady::Gate { condition: "example.com/lb".into() },
        ),
    ] {
        let missing = format!(
            "{{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {{clients: [], missing: [{missing}]}}}}\n"
        );
        let mut run = support::start(&[&*pod("{app: web}", spec), &missing].concat(), 7);
        go_on(&mut run, Span::from_secs(20));
        let found = not_ready(&run).map(without_message);
        assert_eq!(found, Some(without_message(expected)), "{spec}");
    }
}

/// What the kubelet says of a wait is tested where it is made.
fn without_message(why: NotReady) -> NotReady {
    match why {
        NotReady::Init { done, of, container, why: ContainerTrouble::Waiting { reason, restarts, .. } } => {
            let why = ContainerTrouble::Waiting { reason, message: None, restarts };
            NotReady::Init { done, of, container, why }
        }
        other => other,
    }
}

#[test]
fn a_crash_loop_counts_its_restarts_and_a_job_that_is_done_is_no_fault() {
    let text = "{apiVersion: batch/v1, kind: Job, metadata: {name: once}, spec: {template: {spec: \
        {restartPolicy: Never, containers: [{name: c, image: i}]}}}}\n---\n";
    let mut run = run(&[text, &pod("{app: web}", "containers: [{name: c, image: i}]")].concat());
    let world = run.world();
    let of_job = world.store().pods.iter().find(|pod| pod.meta.owner.is_some()).expect("the Job's Pod");
    assert_eq!(world.not_ready(of_job), Some(NotReady::Succeeded));
    for _ in 0..3 {
        run.act(Action::CrashPod { pod: key("p"), container: None }).expect("it runs");
        go_on(&mut run, Span::from_secs(1));
        if not_ready(&run).is_some_and(is_crash_loop) {
            return;
        }
        go_on(&mut run, Span::from_secs(30));
    }
    panic!("it never backed off");
}

fn is_crash_loop(why: NotReady) -> bool {
    let reason = WaitingReason::CrashLoopBackOff;
    matches!(why, NotReady::Container { why: ContainerTrouble::Waiting { reason: found, restarts, .. }, .. }
        if found == reason && restarts > 0)
}

#[test]
fn a_pod_that_is_deleted_goes_through_its_hook() {
    let spec = "containers: [{name: c, image: i, lifecycle: {preStop: {sleep: {seconds: 5}}}}]";
    let mut run = run(&pod("{app: web}", spec));
    let object = ObjectRef::of_key(Kind::Pod, &key("p"));
    run.act(Action::delete(object)).expect("it may be deleted");
    assert_eq!(not_ready(&run), Some(NotReady::Terminating(Ending::NotSeen)));
    go_on(&mut run, Span::from_secs(3));
    assert_eq!(not_ready(&run), Some(NotReady::Terminating(Ending::PreStop)));
    go_on(&mut run, Span::from_millis(2_400));
    assert_eq!(not_ready(&run), Some(NotReady::Terminating(Ending::Sigterm)));
}

fn asked(run: &Run) -> Vec<(u16, bool, PortAssumption)> {
    let by_service = |by: &AskedBy| matches!(by, AskedBy::Service(_));
    run.world().asked_ports().iter().map(|a| (a.port, by_service(&a.by), a.taken_for)).collect()
}

#[test]
fn a_port_that_is_not_declared_is_refused_until_the_app_is_said_to_serve_it() {
    let other = "containers: [{name: c, image: i, ports: [{containerPort: 9000}], \
        readinessProbe: {tcpSocket: {port: 9001}}}]";
    let mut run = run(&[SERVICE, &deployment(1, other)].concat());
    let by_probe = (9001, false, PortAssumption::AskedByProbe);
    assert_eq!(asked(&run), [by_probe, (8080, true, PortAssumption::NotServed)]);
    let of = ObjectRef::of_key(Kind::Deployment, &key("web"));
    let switch = |run: &mut Run, is_served| {
        let app = run.world().app_with_port(&of, 8080, is_served).expect("it has a Pod");
        run.act(Action::SetApp { app }).expect("it may be said");
    };
    switch(&mut run, true);
    assert_eq!(asked(&run)[1], (8080, true, PortAssumption::ServedByApp));
    assert_eq!(asked(&run)[0], (9001, false, PortAssumption::ServedByApp), "what it served it serves on");
    switch(&mut run, false);
    assert_eq!(asked(&run)[1], (8080, true, PortAssumption::RefusedByApp));
    switch(&mut run, true);
    assert_eq!(asked(&run)[1], (8080, true, PortAssumption::ServedByApp));
}

#[test]
fn where_no_port_is_declared_each_is_served_until_it_is_refused() {
    let mut run = run(&[SERVICE, &deployment(2, "containers: [{name: c, image: i}]")].concat());
    assert_eq!(asked(&run), [(8080, true, PortAssumption::AnyPort)]);
    let of = ObjectRef::of_key(Kind::Deployment, &key("web"));
    let app = run.world().app_with_port(&of, 8080, false).expect("it has a Pod");
    run.act(Action::SetApp { app }).expect("it may be said");
    assert_eq!(asked(&run), [(8080, true, PortAssumption::RefusedByApp)]);
    let app = run.world().app_with_port(&of, 8080, true).expect("it has a Pod");
    run.act(Action::SetApp { app }).expect("it may be said");
    assert_eq!(asked(&run), [(8080, true, PortAssumption::AnyPort)]);
}

#[test]
fn pods_of_one_workload_may_be_asked_different_ports() {
    let set = deployment(2, "containers: [{name: c, image: i, ports: [{containerPort: 9000}]}]");
    let set = set.replace("kind: Deployment", "kind: StatefulSet");
    let service = SERVICE.replace("{app: web}", "{statefulset.kubernetes.io/pod-name: web-1}");
    let run = run(&[&*service, &set].concat());
    assert_eq!(asked(&run), [(8080, true, PortAssumption::NotServed)]);
    let world = run.world();
    let of = |name: &str| world.ports_asked_of(world.store().pods.get(&key(name)).expect("the Pod")).len();
    assert_eq!((of("web-0"), of("web-1")), (0, 1));
}

#[test]
fn what_a_pod_needs_is_known_assumed_or_missing() {
    let spec = "volumes: [{name: v, persistentVolumeClaim: {claimName: data}}, {name: m, configMap: {name: known}}], \
        containers: [{name: c, image: i, envFrom: [{secretRef: {name: s}}]}]";
    let known = "{apiVersion: v1, kind: ConfigMap, metadata: {name: known}}\n---\n";
    let mut run = run(&[known, &pod("{app: web}", spec)].concat());
    let secret = Prerequisite::Secret(key("s"));
    let expected = |of_secret| {
        vec![
            (Prerequisite::PersistentVolumeClaim(key("data")), Supply::Assumed),
            (Prerequisite::ConfigMap(key("known")), Supply::Known),
            (Prerequisite::Image("i".into()), Supply::Assumed),
            (Prerequisite::Secret(key("s")), of_secret),
        ]
    };
    let supplies = |run: &Run| {
        let pod = run.world().store().pods.get(&NsName::new("default", "p")).expect("the Pod");
        run.world().supplies_of(pod)
    };
    assert_eq!(supplies(&run), expected(Supply::Assumed));
    run.act(Action::SetMissing { what: secret, missing: true }).expect("it may be said");
    assert_eq!(supplies(&run), expected(Supply::Missing));
    assert_eq!(run.world().assumed_supplies().len(), 3, "what a manifest has is not assumed");
}
