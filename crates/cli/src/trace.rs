//! `packetyard trace`: connections, each one's way there and back, and the rules that decided.

mod report;
mod text;

use std::net::{IpAddr, SocketAddr};

use cluster::api::{Action, ClientFrom, ClientSpec, Kind, Manifest, NsName, Scenario};
use cluster::sim::{Run, World};
use cluster::traffic::{ConnectionId, Target};
use netfilter::Protocol;

use crate::args::{Format, Trace as Args};
use crate::failure::Failure;
use crate::input::Input;
use crate::{input, notes, words};

pub use report::Report;

/// The tracing client's name.
const CLIENT: &str = "trace";

pub fn trace(args: &Args) -> Result<String, Failure> {
    let from = origin(&args.from)?;
    let (to, protocol) = target(&args.to)?;
    let mut input = Input::read(&args.cluster)?;
    input.manifest = with_silent_clients(input.manifest, args.cluster.seed);
    let mut run = input.start(&args.cluster)?;
    input::go_to_moment(&args.cluster, &mut run);
    notes::tell(&args.cluster, &input.manifest, run.world());
    let to = to.address(run.world())?.as_str().into();
    let client = ClientSpec { protocol, rate_milli: 0, ..ClientSpec::new(CLIENT.into(), from, to) };
    act(&mut run, Action::AddClient { client })?;
    let mut connections = Vec::new();
    for _ in 0..args.count {
        let id = connect(&mut run)?;
        connections.extend(run.world().traffic().record(id).map(|r| report::connection(run.world(), r)));
    }
    let report = Report { from: args.from.clone(), to: args.to.clone(), connections };
    input.answer(match args.output {
        Format::Json => words::json(&report)?,
        Format::Text => text::render(&report, args.lookups),
    })
}

/// One connection, from its first packet until nothing of it is in flight.
fn connect(run: &mut Run) -> Result<ConnectionId, Failure> {
    let before = newest(run);
    act(run, Action::SendOne { client: CLIENT.into() })?;
    let id = newest(run).filter(|id| Some(*id) != before);
    let id = id.ok_or_else(|| Failure::NotFound("a connection".into()))?;
    while run.world().traffic().connections.contains_key(&id) && run.step() {}
    Ok(id)
}

fn newest(run: &Run) -> Option<ConnectionId> {
    let traffic = run.world().traffic();
    let live = traffic.connections.keys().next_back().copied();
    live.max(traffic.finished.iter().map(|r| r.id).max())
}

fn act(run: &mut Run, action: Action) -> Result<(), Failure> {
    run.act(action).map(drop).map_err(Failure::refused)
}

/// The trace is alone in the cluster: other clients would only fill the conntrack tables. Those in Pods are there and
/// silent, since some have a Pod that is there for them.
fn with_silent_clients(mut manifest: Manifest, seed: Option<u64>) -> Manifest {
    let written = manifest.scenario.as_ref().and_then(|scenario| scenario.clients.clone());
    let clients = written.unwrap_or_else(|| {
        let (run, _) = Run::new(&manifest, seed);
        run.world().traffic().clients.values().map(|client| ClientSpec::clone(&client.spec)).collect()
    });
    let inside = |client: &ClientSpec| match client.from {
        ClientFrom::Workload { .. } => &*client.name != CLIENT,
        ClientFrom::Node { .. } | ClientFrom::Outside { .. } => false,
    };
    let others = clients.into_iter().filter(inside).map(|client| ClientSpec { rate_milli: 0, ..client });
    let others = others.collect();
    let scenario = manifest.scenario.get_or_insert_with(Scenario::default);
    scenario.clients = Some(others);
    manifest
}

/// Who calls, or asks, as `--from` has it.
pub fn origin(text: &str) -> Result<ClientFrom, Failure> {
    let parts: Vec<&str> = text.split('/').collect();
    let from = match parts.as_slice() {
        ["external"] => Some(ClientFrom::Outside { ip: None }),
        ["external", ip] => {
            let ip =
                ip.parse().map_err(|_| Failure::Usage(format!("--from {text}: {ip:?} is no address")))?;
            Some(ClientFrom::Outside { ip: Some(ip) })
        }
        ["node", name] => Some(ClientFrom::Node { name: (*name).into() }),
        [kind, namespace, name] => Kind::called(kind)
            .filter(Kind::has_pods)
            .map(|kind| ClientFrom::Workload { namespace: (*namespace).into(), kind, name: (*name).into() }),
        _ => None,
    };
    from.ok_or_else(|| {
        Failure::Usage(format!(
            "--from {text}: write pod/NAMESPACE/NAME, deploy/NAMESPACE/NAME, node/NAME, external or external/IP"
        ))
    })
}

/// Who is called.
#[derive(Debug, PartialEq, Eq)]
enum To<'a> {
    /// As a client's target is written.
    Host(&'a str),
    /// A Pod, whatever address it has.
    Pod { key: NsName, port: u16 },
    /// The same, to ping.
    PodItself { key: NsName },
}

impl To<'_> {
    fn address(&self, world: &World) -> Result<String, Failure> {
        match self {
            To::Host(target) => Ok(target.to_string()),
            To::Pod { key, port } => Ok(SocketAddr::new(pod_ip(world, key)?, *port).to_string()),
            To::PodItself { key } => Ok(pod_ip(world, key)?.to_string()),
        }
    }
}

fn pod_ip(world: &World, key: &NsName) -> Result<IpAddr, Failure> {
    let pod = world.store().pods.get(key);
    let pod = pod.ok_or_else(|| Failure::NotFound(format!("pods {:?}", &*key.name)))?;
    pod.status.pod_ip().ok_or_else(|| Failure::Usage(format!("--to: Pod {key} has no address")))
}

fn target(text: &str) -> Result<(To<'_>, Protocol), Failure> {
    let (target, protocol) = with_protocol(text);
    let to = match (target.strip_prefix("pod/"), protocol) {
        (Some(pod), Protocol::Icmp) => pod_named(pod).map(|key| To::PodItself { key }),
        (Some(pod), Protocol::Tcp | Protocol::Udp | Protocol::Sctp) => pod_and_port(pod),
        (None, _) => {
            Target::of(target, protocol).filter(|to| !has_path(target, to)).map(|_| To::Host(target))
        }
    };
    let problem = || match protocol {
        Protocol::Icmp => {
            format!("--to {text}: a ping has no port: write HOST/icmp or pod/NAMESPACE/NAME/icmp")
        }
        Protocol::Tcp | Protocol::Udp | Protocol::Sctp => format!(
            "--to {text}: write HOST:PORT or pod/NAMESPACE/NAME:PORT, with /tcp, /udp or /sctp behind it, or HOST/icmp \
             or pod/NAMESPACE/NAME/icmp"
        ),
    };
    to.map(|to| (to, protocol)).ok_or_else(|| Failure::Usage(problem()))
}

/// What stands behind the last slash, if that is a protocol; TCP otherwise. A Service may be called as one is.
fn with_protocol(text: &str) -> (&str, Protocol) {
    let is_service = text.starts_with("service/") && text.matches('/').count() == 2;
    let (target, behind) = text.rsplit_once('/').filter(|_| !is_service).unwrap_or((text, ""));
    let known = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp, Protocol::Icmp];
    match known.into_iter().find(|protocol| protocol.lower() == behind) {
        Some(protocol) => (target, protocol),
        None => (text, Protocol::Tcp),
    }
}

/// A client's target may have a path; what stands there without a scheme was meant for a protocol.
fn has_path(text: &str, target: &Target) -> bool {
    matches!(target, Target::Host { .. }) && !text.contains("://") && text.contains('/')
}

fn pod_and_port(text: &str) -> Option<To<'_>> {
    let (pod, port) = text.split_once(':')?;
    Some(To::Pod { key: pod_named(pod)?, port: port.parse().ok().filter(|port| *port != 0)? })
}

fn pod_named(text: &str) -> Option<NsName> {
    let (namespace, name) = text.split_once('/').filter(|(_, name)| !name.contains(['/', ':']))?;
    Some(NsName::new(namespace, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read() {
        assert_eq!(origin("external").unwrap(), ClientFrom::Outside { ip: None });
        assert!(matches!(origin("deploy/default/web").unwrap(), ClientFrom::Workload { .. }));
        for bad in ["web", "pod/web", "external/nowhere", "deploy/a/b/c"] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn targets_are_read() {
        assert_eq!(target("web:80").unwrap(), (To::Host("web:80"), Protocol::Tcp));
        assert_eq!(target("dns:53/udp").unwrap(), (To::Host("dns:53"), Protocol::Udp));
        let pod = To::Pod { key: NsName::new("default", "db-0"), port: 53 };
        assert_eq!(target("pod/default/db-0:53/udp").unwrap(), (pod, Protocol::Udp));
        assert_eq!(target("sip:5060/sctp").unwrap(), (To::Host("sip:5060"), Protocol::Sctp));
        assert_eq!(target("10.96.0.10/icmp").unwrap(), (To::Host("10.96.0.10"), Protocol::Icmp));
        let pod = To::PodItself { key: NsName::new("default", "db-0") };
        assert_eq!(target("pod/default/db-0/icmp").unwrap(), (pod, Protocol::Icmp));
        assert_eq!(target("http://web/a/b").unwrap(), (To::Host("http://web/a/b"), Protocol::Tcp));
        assert_eq!(target("service/default/udp").unwrap(), (To::Host("service/default/udp"), Protocol::Tcp));
        for bad in [
            "web:http",
            "web:80/icmp",
            "web:80/quic",
            "pod/default/db-0",
            "pod/db-0:53",
            "pod/a/b/c:53",
            "pod/default/db-0:0",
            "pod/default/db-0:53/icmp",
        ] {
            assert!(target(bad).is_err(), "{bad}");
        }
    }
}
