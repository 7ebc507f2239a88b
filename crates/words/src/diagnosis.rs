//! Why a Pod is not ready, a Service has no endpoints, and what is assumed of both: for their faces in a few words, and
//! else in a sentence.

use cluster::api::{NearMiss, ObjectRef, Prerequisite, ProbeKind, WaitingReason};
use cluster::diagnosis::{
    AskedBy, AskedPort, ContainerTrouble, Ending, MissingEndpoints, NoEndpoints, NotMade, NotReady, PortName,
};
use cluster::node::kubelet::{MissingConfiguration, PortAssumption, ProbeFailure, Supply, UnmetProbe};

/// In a few words: `the readiness probe on 8081 fails`.
pub fn not_ready(why: &NotReady) -> String {
    match why {
        NotReady::NotScheduled => "the scheduler has not come to it yet".into(),
        NotReady::Gated { gate } => format!("its scheduling gate {gate} is closed"),
        NotReady::OtherScheduler { name } => format!("it waits for the scheduler {name}, which is not here"),
        NotReady::Unschedulable { message } => fit(message).into(),
        NotReady::NoSuchNode { node } => format!("there is no node {node}"),
        NotReady::NodeOff { node } => format!("{node} has no power"),
        NotReady::NodeNotReady { node } => format!("{node} is NotReady"),
        NotReady::Terminating(ending) => terminating(*ending).into(),
        NotReady::Succeeded => "its containers have completed".into(),
        NotReady::Rejected { reason, .. } => format!("its kubelet has rejected it: {reason}"),
        NotReady::Failed { reason: Some(reason), .. } => format!("it has failed: {reason}"),
        NotReady::Failed { reason: None, .. } => "its containers have failed".into(),
        NotReady::CannotMount(MissingConfiguration::Object(what)) => {
            format!("{} is missing: its volume cannot be mounted", supply(what))
        }
        NotReady::CannotMount(MissingConfiguration::Key { object, key }) => {
            format!("{} has no key {key}: its volume cannot be mounted", supply(object))
        }
        NotReady::Creating => "its containers are being made".into(),
        NotReady::Init { done, of, container, why } => {
            format!("init container {} of {of}, {container}: {}", done + 1, trouble(why))
        }
        NotReady::Container { why, .. } => trouble(why),
        NotReady::Gate { condition } => format!("its readiness gate {condition} is not True"),
        NotReady::NotReported => "the API server has not heard yet that it is ready".into(),
    }
}

/// The whole of it, with the container's name and what the kubelet or the scheduler said, where there is more.
pub fn not_ready_in_full(why: &NotReady) -> String {
    match why {
        NotReady::Unschedulable { message } => message.to_string(),
        NotReady::Failed { message: Some(message), .. }
        | NotReady::Rejected { message: Some(message), .. } => message.to_string(),
        NotReady::Container { container, why } => match said(why) {
            Some(said) => format!("container {container}: {}: {said}", trouble(why)),
            None => format!("container {container}: {}", trouble(why)),
        },
        NotReady::Init { why: of, .. } => match said(of) {
            Some(said) => format!("{}: {said}", not_ready(why)),
            None => not_ready(why),
        },
        NotReady::NotScheduled
        | NotReady::Gated { .. }
        | NotReady::OtherScheduler { .. }
        | NotReady::NoSuchNode { .. }
        | NotReady::NodeOff { .. }
        | NotReady::NodeNotReady { .. }
        | NotReady::Terminating(_)
        | NotReady::Succeeded
        | NotReady::Rejected { message: None, .. }
        | NotReady::Failed { message: None, .. }
        | NotReady::CannotMount(_)
        | NotReady::Creating
        | NotReady::Gate { .. }
        | NotReady::NotReported => not_ready(why),
    }
}

/// What the scheduler says of the nodes, without what preemption would do.
fn fit(message: &str) -> &str {
    let end = message.find(" no new claims to deallocate").or_else(|| message.find(" preemption: "));
    message[..end.unwrap_or(message.len())].trim_end_matches('.')
}

fn terminating(ending: Ending) -> &'static str {
    match ending {
        Ending::NotSeen => "its kubelet has not seen yet that it was deleted",
        Ending::NoKubelet => "it was deleted, and no kubelet is there to end it",
        Ending::PreStop => "its preStop hook runs, and it serves on",
        Ending::Sigterm => "it got SIGTERM",
        Ending::Stopped => "its processes have ended",
    }
}

fn trouble(why: &ContainerTrouble) -> String {
    match why {
        ContainerTrouble::Waiting { reason, message, restarts } => match reason {
            WaitingReason::ContainerCreating => "it is being made".into(),
            WaitingReason::PodInitializing => "it waits for its turn".into(),
            WaitingReason::CrashLoopBackOff => {
                format!("it has ended again and waits: {}", times(*restarts))
            }
            WaitingReason::ErrImagePull => "its image cannot be pulled".into(),
            WaitingReason::ImagePullBackOff => "its image cannot be pulled: back-off".into(),
            WaitingReason::ErrImageNeverPull => "its image is not on the node, and is never pulled".into(),
            WaitingReason::CreateContainerConfigError => {
                let said = message.as_ref().map_or_else(String::new, |said| format!(": {said}"));
                format!("its configuration is not there{said}")
            }
        },
        ContainerTrouble::Killed { probe, port, restarts, .. } => {
            let at = port.map_or_else(String::new, |port| format!(" on {port}"));
            format!("the {} probe{at} fails and ends it: {}", probe_kind(*probe), times(*restarts))
        }
        ContainerTrouble::Ended { exit_code: 0, .. } => "it has ended, with success".into(),
        ContainerTrouble::Ended { exit_code, .. } => format!("it has ended with {exit_code}"),
        ContainerTrouble::Runs => "it runs".into(),
        ContainerTrouble::Probe(probe) => unmet(probe),
    }
}

fn times(restarts: u32) -> String {
    match restarts {
        1 => "1 restart".into(),
        n => format!("{n} restarts"),
    }
}

/// What the kubelet said of a container that waits.
fn said(why: &ContainerTrouble) -> Option<&str> {
    match why {
        // Said already.
        ContainerTrouble::Waiting { reason: WaitingReason::CreateContainerConfigError, .. } => None,
        ContainerTrouble::Waiting { message, .. } | ContainerTrouble::Killed { message, .. } => {
            message.as_deref()
        }
        ContainerTrouble::Ended { .. } | ContainerTrouble::Runs | ContainerTrouble::Probe(_) => None,
    }
}

pub(crate) fn probe_kind(kind: ProbeKind) -> &'static str {
    match kind {
        ProbeKind::Startup => "startup",
        ProbeKind::Liveness => "liveness",
        ProbeKind::Readiness => "readiness",
    }
}

fn unmet(probe: &UnmetProbe) -> String {
    match probe {
        UnmetProbe::Fails { kind, why } => {
            let kind = probe_kind(*kind);
            match why {
                ProbeFailure::Refused { port } => format!("the {kind} probe on {port} fails"),
                ProbeFailure::Command => format!("the {kind} probe fails: its process does not serve"),
                ProbeFailure::Forced => format!("the {kind} probe was made to fail"),
            }
        }
        UnmetProbe::NoSuchPort { kind, name } => {
            format!("the {} probe asks the port {name}, which it does not have", probe_kind(*kind))
        }
        UnmetProbe::NotYet { kind } => format!("the {} probe has not passed yet", probe_kind(*kind)),
        UnmetProbe::Forced => "it was made unready".into(),
    }
}

/// In a few words, for a face: `selector matches no Pod`, `3 Pods, none ready`, `none at port 9090`.
pub fn no_endpoints_short(missing: &MissingEndpoints) -> String {
    if missing.serving > 0 {
        return "only terminating".into();
    }
    if let Some(port) = missing.ports.first() {
        return format!("none at port {}", port.port);
    }
    match &missing.why {
        NoEndpoints::NoSelector { .. } => "no selector".into(),
        NoEndpoints::OtherPorts { .. } => "ports of other names".into(),
        NoEndpoints::NoPod { .. } => "selector matches no Pod".into(),
        NoEndpoints::NotSimulated { maker } => format!("from {}, not simulated", maker.kind),
        NoEndpoints::NoneMade { why, .. } => not_made_short(why).into(),
        NoEndpoints::NoneReady { pods, .. } => format!("{}, none ready", crate::pods(*pods)),
        NoEndpoints::NoSuchPort { name, .. } => format!("no port named {name}"),
        NoEndpoints::NotWritten { .. } => "not written yet".into(),
    }
}

/// Of a Service of which it is known that it lacks endpoints: why none is ready, and before that where, or that some
/// serve on: `selector matches no Pod; nearest: app=web of Deployment web`, `no endpoint at its port 9090: ...`.
pub fn no_endpoints(missing: &MissingEndpoints) -> String {
    match (missing.serving, &missing.ports[..]) {
        (0, []) => why_none_is_ready(missing),
        (_, _) => format!("{}: {}", what_is_missing(missing), why_none_is_ready(missing)),
    }
}

/// After its name: `has no endpoints: selector matches no Pod`.
pub fn has_no_endpoints(missing: &MissingEndpoints) -> String {
    format!("has {}: {}", what_is_missing(missing), why_none_is_ready(missing))
}

fn what_is_missing(missing: &MissingEndpoints) -> String {
    let at = match &missing.ports[..] {
        [] => String::new(),
        [port] => format!(" at its port {}", port_name(port)),
        ports => {
            format!(" at its ports {}", ports.iter().map(port_name).collect::<Vec<_>>().join(", "))
        }
    };
    match missing.serving {
        0 if at.is_empty() => "no endpoints".into(),
        0 => format!("no endpoint{at}"),
        1 => format!("only one endpoint{at}, which is terminating and serves on"),
        n => format!("only {n} endpoints{at}, which are terminating and serve on"),
    }
}

/// `80`, `9090 (metrics)`
fn port_name(port: &PortName) -> String {
    match &*port.name {
        "" => port.port.to_string(),
        name => format!("{} ({name})", port.port),
    }
}

fn why_none_is_ready(missing: &MissingEndpoints) -> String {
    match &missing.why {
        NoEndpoints::NoSelector { unlabelled: None } => {
            "it has no selector, and nobody has written a ready endpoint for it".into()
        }
        NoEndpoints::NoSelector { unlabelled: Some(slice) } => format!(
            "it has no selector, and EndpointSlice {slice} lacks the label kubernetes.io/service-name, which says whose it is"
        ),
        NoEndpoints::OtherPorts { name, has } => {
            let has = has.iter().map(|has| format!("{has:?}")).collect::<Vec<_>>().join(", ");
            format!("the endpoints that were written for it have no port named {name:?}, but {has}")
        }
        NoEndpoints::NoPod { elsewhere: Some((namespace, pods)), .. } => {
            let match_ = if *pods == 1 { "matches" } else { "match" };
            format!(
                "selector matches no Pod here; in the namespace {namespace} {} {match_}",
                crate::pods(*pods)
            )
        }
        NoEndpoints::NoPod { nearest: None, elsewhere: None } => "selector matches no Pod".into(),
        NoEndpoints::NoPod { nearest: Some((miss, of)), elsewhere: None } => {
            format!("selector matches no Pod; nearest: {}", near(miss, of))
        }
        NoEndpoints::NotSimulated { maker } => {
            format!("its Pods come from {}, which is not simulated", object(maker))
        }
        NoEndpoints::NoneMade { workload, why } => not_made(&object(workload), why),
        NoEndpoints::NoneReady { pods, of, why } => none_ready(*pods, *of, why),
        NoEndpoints::NoSuchPort { port, name, has } => {
            // Said already, where it is not so at all of its ports.
            let to = match missing.ports.is_empty() {
                true => format!("for its port {} ", port_name(port)),
                false => String::new(),
            };
            let has = if has.is_empty() { "name none".into() } else { format!("have {}", has.join(", ")) };
            format!("{to}no Pod has a port named {name}; they {has}")
        }
        NoEndpoints::NotWritten { ready } => {
            let (are, their) = if *ready == 1 { ("is", "its") } else { ("are", "their") };
            format!("{} {are} ready, and {their} EndpointSlice is not written yet", crate::pods(*ready))
        }
    }
}

fn not_made_short(why: &NotMade) -> &'static str {
    match why {
        NotMade::ScaledToZero => "scaled to 0",
        NotMade::Paused => "paused",
        NotMade::Suspended => "suspended",
        NotMade::Ended => "ended",
        NotMade::NotDue { .. } => "no Job now",
        NotMade::NoNode { .. } => "no node is fit",
        NotMade::Refused(_) => "its Pods are refused",
        NotMade::NotYet => "no Pod made yet",
    }
}

fn not_made(of: &str, why: &NotMade) -> String {
    match why {
        NotMade::ScaledToZero => format!("{of} is scaled to 0"),
        NotMade::Paused => format!("{of} is paused, and has made no Pod"),
        NotMade::Suspended => format!("{of} is suspended"),
        NotMade::Ended => format!("{of} has ended, and has no Pod"),
        NotMade::NotDue { schedule } => format!("{of} has no Job now: its schedule is {schedule:?}"),
        NotMade::NoNode { labels } if labels.is_empty() => format!("no node is fit for {of}"),
        NotMade::NoNode { labels } => {
            let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("no node has the labels {}, which {of} selects", labels.join(","))
        }
        NotMade::Refused(why) => format!("{of} can make no Pod: {}", crate::refusal(why)),
        NotMade::NotYet => format!("{of} has made no Pod yet"),
    }
}

fn none_ready(pods: u32, of: u32, why: &[(u32, NotReady)]) -> String {
    let have_it = match of {
        _ if pods == of => String::new(),
        _ if pods == 1 => format!(" of {of} has it"),
        _ => format!(" of {of} have it"),
    };
    match why {
        [(_, why)] if of == 1 => format!("its Pod is not ready: {}", not_ready(why)),
        [(_, why)] if pods == 1 => format!("1 Pod{have_it}, and is not ready: {}", not_ready(why)),
        [(_, why)] => format!("{}{have_it}, none ready: {}", crate::pods(pods), not_ready(why)),
        many => {
            let each = many.iter().map(|(count, why)| format!("{count}: {}", not_ready(why)));
            format!("{}{have_it}, none ready; {}", crate::pods(pods), each.collect::<Vec<_>>().join("; "))
        }
    }
}

fn near(miss: &NearMiss, of: &ObjectRef) -> String {
    let (key, value) = &miss.has;
    format!("{key}={value} of {}", object(of))
}

/// `Deployment web`
pub fn object(object: &ObjectRef) -> String {
    format!("{} {}", object.kind, object.name)
}

/// What somebody asks, and what it is taken for: `Service web asks port 8080 of Deployment web, ...`.
pub fn asked_port(asked: &AskedPort) -> String {
    let port = asked.port;
    let by = match &asked.by {
        AskedBy::Service(service) => format!("Service {}", service.name),
        AskedBy::Probe { container, kind } => {
            format!("the {} probe of container {container}", probe_kind(*kind))
        }
    };
    format!("{by} asks port {port} of {}: {}", object(&asked.of), taken_for(asked.taken_for))
}

/// What a port is taken for, as a clause.
pub fn taken_for(assumption: PortAssumption) -> &'static str {
    match assumption {
        PortAssumption::Declared => "a container declares it",
        PortAssumption::AskedByProbe => {
            "no container declares it, but a probe asks it, so it is taken to be served"
        }
        PortAssumption::AnyPort => "no container declares any, so each is taken to be served",
        PortAssumption::ServedByApp => "it was said to be served",
        PortAssumption::NotServed => "others are declared and it is not, so it is taken to be refused",
        PortAssumption::RefusedByApp => "it was said to be refused",
    }
}

/// For a face: `8080 not declared: refused`, `8081 assumed`.
pub fn asked_port_short(asked: &AskedPort) -> String {
    let port = asked.port;
    match asked.taken_for {
        PortAssumption::Declared => format!("{port} declared"),
        PortAssumption::AskedByProbe | PortAssumption::AnyPort => format!("{port} assumed"),
        PortAssumption::ServedByApp => format!("{port} said to be served"),
        PortAssumption::NotServed => format!("{port} not declared: refused"),
        PortAssumption::RefusedByApp => format!("{port} said to be refused"),
    }
}

/// `image nginx`, `ConfigMap settings`
pub fn supply(what: &Prerequisite) -> String {
    match (what, what.object()) {
        (_, Some(of)) => object(&of),
        (Prerequisite::Image(image), None) => format!("image {image}"),
        (
            Prerequisite::ConfigMap(_) | Prerequisite::Secret(_) | Prerequisite::PersistentVolumeClaim(_),
            None,
        ) => String::new(),
    }
}

/// Of something that a Pod needs, as a clause.
pub fn supplied(what: &Prerequisite, supply: Supply) -> &'static str {
    match (supply, what) {
        (Supply::Known, _) => "in the manifests",
        (Supply::Missing, _) => "said to be missing",
        (Supply::Assumed, Prerequisite::Image(_)) => "taken to be there to pull",
        (Supply::Assumed, Prerequisite::PersistentVolumeClaim(_)) => "taken to bind",
        (Supply::Assumed, Prerequisite::ConfigMap(_) | Prerequisite::Secret(_)) => "taken to be there",
    }
}

/// All that is taken to be there, or was said to be missing, in a line for each kind: `images a, b`.
pub fn supplies(all: &[(Prerequisite, Supply)], wanted: Supply) -> Vec<String> {
    let kind = |what: &Prerequisite| match what {
        Prerequisite::Image(_) => "image",
        Prerequisite::ConfigMap(_) => "ConfigMap",
        Prerequisite::Secret(_) => "Secret",
        Prerequisite::PersistentVolumeClaim(_) => "PersistentVolumeClaim",
    };
    let name = |what: &Prerequisite| match what {
        Prerequisite::Image(image) => image.to_string(),
        Prerequisite::ConfigMap(key)
        | Prerequisite::Secret(key)
        | Prerequisite::PersistentVolumeClaim(key) => key.to_string(),
    };
    let mut lines: Vec<(&str, Vec<String>)> = Vec::new();
    for (what, _) in all.iter().filter(|(_, supply)| *supply == wanted) {
        match lines.last_mut() {
            Some((known, names)) if *known == kind(what) => names.push(name(what)),
            Some(_) | None => lines.push((kind(what), vec![name(what)])),
        }
    }
    let line = |(kind, names): (&str, Vec<String>)| {
        let s = if names.len() == 1 { "" } else { "s" };
        format!("{kind}{s} {}", names.join(", "))
    };
    lines.into_iter().map(line).collect()
}
