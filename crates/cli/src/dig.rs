//! `packetyard dig`: the queries that a resolver sends for a name, and what is answered.

mod report;
mod text;

use std::net::IpAddr;

use cluster::api::ClientFrom;
use cluster::dns::{DomainName, RecordType, ResolvConf, Shuffle};
use cluster::sim::World;
use netfilter::PerFamily;

use crate::args::{Dig as Args, Format};
use crate::failure::Failure;
use crate::input::Input;
use crate::{input, trace, words};

pub use report::Report;

/// The types that getaddrinfo asks for at once.
const ADDRESSES: [RecordType; 2] = [RecordType::A, RecordType::Aaaa];

pub fn dig(args: &Args) -> Result<String, Failure> {
    let from = trace::origin(&args.from)?;
    let (name, kinds) = question(args)?;
    let mut input = Input::read(&args.cluster)?;
    let mut run = input.start(&args.cluster)?;
    input::go_to_moment(&args.cluster, &mut run);
    let world = run.world();
    let conf = resolv_conf(world, &from)?;
    let lookup = world.look_up(&conf, &name, &kinds, Shuffle::default());
    let report = Report {
        asks_the_cluster: world.asks_the_cluster(&conf),
        ..Report::new(args, &name, &conf, &lookup, addresses(world, &from))
    };
    input.answer(match (args.output, args.short) {
        (Format::Json, _) => words::json(&report)?,
        (Format::Text, true) => text::short(&report),
        (Format::Text, false) => text::render(&report),
    })
}

/// The name, and the types to ask for. Of an address it is the name that leads back.
fn question(args: &Args) -> Result<(String, Vec<RecordType>), Failure> {
    if let Ok(ip) = args.name.parse::<IpAddr>() {
        return match args.kind {
            None | Some(RecordType::Ptr) => Ok((DomainName::reverse(ip).to_string(), vec![RecordType::Ptr])),
            Some(kind) => {
                Err(Failure::Usage(format!("{ip}: an address has names (PTR), and no {}", kind.name())))
            }
        };
    }
    match DomainName::parse(&args.name) {
        Ok(_) => Ok((args.name.clone(), args.kind.map_or(ADDRESSES.to_vec(), |kind| vec![kind]))),
        Err(problem) => Err(Failure::Usage(format!("{:?} is no name: {problem}", args.name))),
    }
}

/// What the process reads that asks.
fn resolv_conf(world: &World, from: &ClientFrom) -> Result<ResolvConf, Failure> {
    match from {
        ClientFrom::Outside { .. } => Ok(ResolvConf::outside()),
        ClientFrom::Node { name } => match world.machine_named(name) {
            Some(_) => Ok(world.resolv_conf_of_node()),
            None => Err(Failure::NotFound(format!("nodes {:?}", &**name))),
        },
        ClientFrom::Workload { namespace, name, .. } => match world.client_pods(from).first() {
            Some(pod) => Ok(world.resolv_conf_of_pod(&pod.meta.namespace, &pod.spec)),
            None => Err(Failure::NotFound(format!("a Pod of {namespace}/{name}"))),
        },
    }
}

/// The addresses of the one that asks. One outside of the cluster gets none to choose from.
fn addresses(world: &World, from: &ClientFrom) -> Option<PerFamily<IpAddr>> {
    match from {
        ClientFrom::Outside { .. } => None,
        ClientFrom::Node { name } => world.machine_named(name).map(|machine| machine.addresses),
        ClientFrom::Workload { .. } => world.client_pods(from).first()?.status.pod_ips,
    }
}
