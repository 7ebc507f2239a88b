//! What is said of Services without endpoints, of Pods that are not ready, and of what is assumed.

use cluster::api::{Kind, NearMiss, NsName, ObjectRef, Prerequisite, ProbeKind, WaitingReason};
use cluster::diagnosis::{
    AskedBy, AskedPort, ContainerTrouble, Ending, MissingEndpoints, NoEndpoints, NotMade, NotReady, PortName,
};
use cluster::node::kubelet::{MissingConfiguration, PortAssumption, ProbeFailure, Supply, UnmetProbe};
use cluster::sim::Refusal;

fn object(kind: &str, name: &str) -> ObjectRef {
    ObjectRef { kind: Kind::named(kind), namespace: "default".into(), name: name.into() }
}

fn probe(port: u16) -> NotReady {
    let why = ProbeFailure::Refused { port };
    let why = ContainerTrouble::Probe(UnmetProbe::Fails { kind: ProbeKind::Readiness, why });
    NotReady::Container { container: "app".into(), why }
}

const FIT: &str = "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes \
    are available: 3 No preemption victims found for incoming pod.";

#[test]
fn a_service_says_why_it_is_empty() {
    let miss =
        NearMiss { asked: ("app".into(), "wbe".into()), has: ("app".into(), "web".into()), is_typo: true };
    let unschedulable = NotReady::Unschedulable { message: FIT.into() };
    for (why, expected) in [
        (NoEndpoints::NoPod { nearest: None, elsewhere: None }, "selector matches no Pod"),
        (
            NoEndpoints::NoPod { nearest: None, elsewhere: Some(("prod".into(), 2)) },
            "selector matches no Pod here; in the namespace prod 2 Pods match",
        ),
        (
            NoEndpoints::NoPod { nearest: Some((miss, object("Deployment", "web"))), elsewhere: None },
            "selector matches no Pod; nearest: app=web of Deployment web",
        ),
        (
            NoEndpoints::NoneReady { pods: 3, of: 3, why: vec![(3, probe(8081))] },
            "3 Pods, none ready: the readiness probe on 8081 fails",
        ),
        (
            NoEndpoints::NoneReady { pods: 1, of: 1, why: vec![(1, NotReady::Creating)] },
            "its Pod is not ready: its containers are being made",
        ),
        (
            NoEndpoints::NoneReady { pods: 3, of: 3, why: vec![(2, unschedulable), (1, probe(80))] },
            "3 Pods, none ready; 2: 0/3 nodes are available: 3 Insufficient cpu; 1: the readiness probe on 80 fails",
        ),
        (
            NoEndpoints::NoSuchPort { port: port(80, ""), name: "http".into(), has: vec!["web".into()] },
            "for its port 80 no Pod has a port named http; they have web",
        ),
        (
            NoEndpoints::NoSuchPort { port: port(80, "a"), name: "http".into(), has: vec![] },
            "for its port 80 (a) no Pod has a port named http; they name none",
        ),
        (
            NoEndpoints::NotSimulated { maker: object("Kafka", "events") },
            "its Pods come from Kafka events, which is not simulated",
        ),
        (
            NoEndpoints::OtherPorts { name: "db".into(), has: vec!["".into(), "sql".into()] },
            "the endpoints that were written for it have no port named \"db\", but \"\", \"sql\"",
        ),
        (
            NoEndpoints::NoSelector { unlabelled: Some("web-1".into()) },
            "it has no selector, and EndpointSlice web-1 lacks the label kubernetes.io/service-name, which says whose it is",
        ),
        (
            NoEndpoints::NoSelector { unlabelled: None },
            "it has no selector, and nobody has written a ready endpoint for it",
        ),
        (NoEndpoints::NotWritten { ready: 1 }, "1 Pod is ready, and its EndpointSlice is not written yet"),
    ] {
        let missing = MissingEndpoints { ports: vec![], serving: 0, why };
        assert_eq!(words::no_endpoints(&missing), expected);
        assert_eq!(words::has_no_endpoints(&missing), format!("has no endpoints: {expected}"));
        assert!(words::no_endpoints_short(&missing).chars().count() < 30, "{missing:?}");
    }
}

#[test]
fn a_workload_says_why_it_has_made_no_pod() {
    let refusal = Refusal::NoPriorityClass { pod: NsName::new("default", "web-"), class: "high".into() };
    let labels = [("gpu".into(), "true".into())].into_iter().collect();
    for (why, expected) in [
        (NotMade::ScaledToZero, "Deployment web is scaled to 0"),
        (NotMade::Paused, "Deployment web is paused, and has made no Pod"),
        (NotMade::Suspended, "Deployment web is suspended"),
        (NotMade::Ended, "Deployment web has ended, and has no Pod"),
        (
            NotMade::NotDue { schedule: "0 3 * * *".into() },
            "Deployment web has no Job now: its schedule is \"0 3 * * *\"",
        ),
        (NotMade::NoNode { labels }, "no node has the labels gpu=true, which Deployment web selects"),
        (
            NotMade::Refused(refusal),
            "Deployment web can make no Pod: pods \"web-\" is forbidden: no PriorityClass with name high was found",
        ),
        (NotMade::NotYet, "Deployment web has made no Pod yet"),
    ] {
        let why = NoEndpoints::NoneMade { workload: object("Deployment", "web"), why };
        let missing = MissingEndpoints { ports: vec![], serving: 0, why };
        assert_eq!(words::no_endpoints(&missing), expected);
        assert!(words::no_endpoints_short(&missing).chars().count() < 30, "{missing:?}");
    }
}

fn port(port: u16, name: &str) -> PortName {
    PortName { port, name: name.into() }
}

#[test]
fn a_service_says_at_which_ports_it_lacks_endpoints_and_whether_some_serve_on() {
    let no_port =
        || NoEndpoints::NoSuchPort { port: port(81, "b"), name: "http".into(), has: vec!["web".into()] };
    let none_ready = |pods, of| NoEndpoints::NoneReady { pods, of, why: vec![(pods, probe(80))] };
    for (ports, serving, why, expected, short) in [
        (
            vec![port(81, "b")],
            0,
            no_port(),
            "no endpoint at its port 81 (b): no Pod has a port named http; they have web",
            "none at port 81",
        ),
        (
            vec![port(81, "b"), port(82, "c")],
            0,
            none_ready(1, 3),
            "no endpoint at its ports 81 (b), 82 (c): 1 Pod of 3 has it, and is not ready: the readiness probe on 80 fails",
            "none at port 81",
        ),
        (
            vec![port(81, "b")],
            0,
            none_ready(2, 3),
            "no endpoint at its port 81 (b): 2 Pods of 3 have it, none ready: the readiness probe on 80 fails",
            "none at port 81",
        ),
        (
            vec![],
            1,
            none_ready(1, 1),
            "only one endpoint, which is terminating and serves on: its Pod is not ready: the readiness probe on 80 fails",
            "only terminating",
        ),
        (
            vec![port(81, "b")],
            2,
            none_ready(2, 2),
            "only 2 endpoints at its port 81 (b), which are terminating and serve on: 2 Pods, none ready: the readiness \
             probe on 80 fails",
            "only terminating",
        ),
    ] {
        let missing = MissingEndpoints { ports, serving, why };
        assert_eq!(words::no_endpoints(&missing), expected);
        assert_eq!(words::has_no_endpoints(&missing), format!("has {expected}"));
        assert_eq!(words::no_endpoints_short(&missing), short);
    }
}

#[test]
fn a_pod_says_what_it_lacks_in_short_and_in_full() {
    let waits = |reason, message: &str| ContainerTrouble::Waiting {
        reason,
        message: Some(message.into()),
        restarts: 4,
    };
    let container = |why| NotReady::Container { container: "app".into(), why };
    for (why, short, in_full) in [
        (
            NotReady::Rejected {
                reason: "OutOfcpu".into(),
                message: Some("Pod was rejected: Node didn't have enough resource: cpu".into()),
            },
            "its kubelet has rejected it: OutOfcpu",
            "Pod was rejected: Node didn't have enough resource: cpu",
        ),
        (
            NotReady::Terminating(Ending::NoKubelet),
            "it was deleted, and no kubelet is there to end it",
            "it was deleted, and no kubelet is there to end it",
        ),
        (NotReady::Unschedulable { message: FIT.into() }, "0/3 nodes are available: 3 Insufficient cpu", FIT),
        (
            container(waits(WaitingReason::ImagePullBackOff, "Back-off pulling image \"x\"")),
            "its image cannot be pulled: back-off",
            "container app: its image cannot be pulled: back-off: Back-off pulling image \"x\"",
        ),
        (
            container(waits(WaitingReason::CrashLoopBackOff, "back-off 40s")),
            "it has ended again and waits: 4 restarts",
            "container app: it has ended again and waits: 4 restarts: back-off 40s",
        ),
        (
            container(waits(
                WaitingReason::CreateContainerConfigError,
                "couldn't find key a in Secret default/b",
            )),
            "its configuration is not there: couldn't find key a in Secret default/b",
            "container app: its configuration is not there: couldn't find key a in Secret default/b",
        ),
        (
            container(ContainerTrouble::Killed {
                probe: ProbeKind::Liveness,
                port: Some(8081),
                message: Some("back-off 40s".into()),
                restarts: 4,
            }),
            "the liveness probe on 8081 fails and ends it: 4 restarts",
            "container app: the liveness probe on 8081 fails and ends it: 4 restarts: back-off 40s",
        ),
        (
            NotReady::Init { done: 1, of: 3, container: "wait".into(), why: ContainerTrouble::Runs },
            "init container 2 of 3, wait: it runs",
            "init container 2 of 3, wait: it runs",
        ),
        (
            NotReady::Terminating(Ending::PreStop),
            "its preStop hook runs, and it serves on",
            "its preStop hook runs, and it serves on",
        ),
        (
            NotReady::CannotMount(MissingConfiguration::Object(Prerequisite::Secret(NsName::new(
                "default", "tls",
            )))),
            "Secret tls is missing: its volume cannot be mounted",
            "Secret tls is missing: its volume cannot be mounted",
        ),
    ] {
        assert_eq!(words::not_ready(&why), short);
        assert_eq!(words::not_ready_in_full(&why), in_full);
    }
}

#[test]
fn a_port_that_is_asked_is_said_with_what_it_is_taken_for() {
    let mut asked = AskedPort {
        port: 8080,
        by: AskedBy::Service(NsName::new("default", "web")),
        of: object("Deployment", "shop"),
        taken_for: PortAssumption::NotServed,
    };
    assert_eq!(
        words::asked_port(&asked),
        "Service web asks port 8080 of Deployment shop: others are declared and it is not, so it is taken to be refused"
    );
    assert_eq!(words::asked_port_short(&asked), "8080 not declared: refused");
    asked.by = AskedBy::Probe { container: "app".into(), kind: ProbeKind::Liveness };
    asked.taken_for = PortAssumption::AskedByProbe;
    assert!(words::asked_port(&asked).starts_with("the liveness probe of container app asks port 8080"));
}

#[test]
fn supplies_are_listed_by_their_kind() {
    let image = |name: &str| (Prerequisite::Image(name.into()), Supply::Assumed);
    let secret = |supply| (Prerequisite::Secret(NsName::new("shop", "tls")), supply);
    let all = [image("nginx"), image("redis"), secret(Supply::Assumed)];
    assert_eq!(words::supplies(&all, Supply::Assumed), ["images nginx, redis", "Secret shop/tls"]);
    assert_eq!(words::supplies(&[secret(Supply::Missing)], Supply::Assumed), [""; 0]);
}
