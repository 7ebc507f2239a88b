//! `packetyard trace`: connections, each one's way there and back, and the rules that decided.

mod report;
mod text;

use cluster::api::{Action, ClientFrom, ClientSpec, Kind, Manifest, Scenario};
use cluster::sim::Run;
use cluster::traffic::ConnectionId;
use netfilter::Protocol;

use crate::args::{Format, Trace as Args};
use crate::failure::Failure;
use crate::{input, words};

/// The tracing client's name.
const CLIENT: &str = "trace";

pub fn trace(args: &Args) -> Result<String, Failure> {
    let from = origin(&args.from)?;
    let (to, protocol) = target(&args.to)?;
    let manifest = without_clients(input::manifest(&args.cluster)?);
    let mut run = input::start(&args.cluster, &manifest)?;
    input::go_to_moment(&args.cluster, &mut run);
    let client = ClientSpec {
        name: CLIENT.into(),
        from,
        to: to.into(),
        protocol,
        rate_milli: 0,
        keep_alive: false,
        timeout: None,
    };
    act(&mut run, Action::AddClient { client })?;
    let mut connections = Vec::new();
    for _ in 0..args.count {
        let id = connect(&mut run)?;
        connections.extend(run.world().traffic().record(id).map(|r| report::connection(run.world(), r)));
    }
    let report = report::Report { from: args.from.clone(), to: args.to.clone(), connections };
    match args.output {
        Format::Json => words::json(&report),
        Format::Text => Ok(text::render(&report)),
    }
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
    run.act(action).map_err(|refusals| match refusals.into_iter().next() {
        Some(refusal) => Failure::Refused(refusal),
        None => Failure::Usage("the action was refused".into()),
    })
}

/// The trace is alone in the cluster: other clients would only fill the conntrack tables.
fn without_clients(mut manifest: Manifest) -> Manifest {
    let scenario = manifest.scenario.get_or_insert_with(Scenario::default);
    scenario.clients = Some(Vec::new());
    manifest
}

fn origin(text: &str) -> Result<ClientFrom, Failure> {
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

fn target(text: &str) -> Result<(&str, Protocol), Failure> {
    let (target, protocol) = match text.rsplit_once('/') {
        Some((target, "udp")) => (target, Protocol::Udp),
        Some((target, "tcp")) => (target, Protocol::Tcp),
        _ => (text, Protocol::Tcp),
    };
    match cluster::traffic::Target::parse(target) {
        Some(_) => Ok((target, protocol)),
        None => Err(Failure::Usage(format!("--to {text}: write HOST:PORT, with /udp for UDP"))),
    }
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
        assert_eq!(target("web:80").unwrap(), ("web:80", Protocol::Tcp));
        assert_eq!(target("dns:53/udp").unwrap(), ("dns:53", Protocol::Udp));
        assert!(target("web:http").is_err());
    }
}
