//! Kubernetes' own kube-proxy: the program of `crates/upstream/kube-proxy`, asked on its standard input.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use cluster::api::{KubeObject, to_json, to_tree};
use netfilter::{Cidr, Family};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use cluster::node::kube_proxy::ProxyConfig;
use cluster::store::{Objects, Stored};

use crate::kernel::Kernel;
use crate::record::{Session, Sync};

pub struct KubeProxy {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What came of one sync.
#[derive(Deserialize)]
pub struct Outcome {
    pub failed: bool,
    pub kernel: Kernel,
}

#[derive(Deserialize)]
struct Answer {
    outcomes: Option<Vec<Outcome>>,
    #[serde(default)]
    error: String,
}

impl KubeProxy {
    pub fn start(program: &Path) -> Result<KubeProxy, String> {
        let mut command = Command::new(program);
        let process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = process.map_err(|error| format!("{}: {error}", program.display()))?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let (Some(input), Some(output)) = (input, output) else {
            return Err(format!("{} has no standard input or output", program.display()));
        };
        Ok(KubeProxy { process, input, output: BufReader::new(output) })
    }

    /// What it holds after each sync of the session.
    pub fn play(&mut self, session: &Session) -> Result<Vec<Outcome>, String> {
        let line = serde_json::to_string(&Request::new(session)?).map_err(|error| error.to_string())?;
        let mut answer = String::new();
        writeln!(self.input, "{line}").map_err(|error| format!("kube-proxy takes nothing: {error}"))?;
        self.output.read_line(&mut answer).map_err(|error| format!("kube-proxy says nothing: {error}"))?;
        let answer: Answer = serde_json::from_str(&answer)
            .map_err(|error| format!("kube-proxy ended, or says no JSON: {error}"))?;
        answer.outcomes.ok_or(format!("kube-proxy: {}", answer.error))
    }
}

impl Drop for KubeProxy {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// `Session` of crates/upstream/kube-proxy/main.go.
#[derive(Serialize)]
struct Request<'a> {
    config: Config<'a>,
    syncs: Vec<Seen<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    mode: &'a str,
    family: &'a str,
    masquerade_all: bool,
    masquerade_bit: u8,
    node_port_addresses: Vec<String>,
    localhost_node_ports: bool,
    scheduler: &'a str,
    #[serde(rename = "clusterCIDR")]
    cluster_cidr: String,
    bridge_interface: &'a str,
    interface_name_prefix: &'a str,
    #[serde(rename = "serviceCIDRs")]
    service_cidrs: Vec<String>,
    node_name: &'a str,
    #[serde(rename = "nodeIP")]
    node_ip: String,
    #[serde(rename = "nodeIPs")]
    node_ips: Vec<String>,
    random_fully: bool,
    nfacct: bool,
    tcp_be_liberal: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Seen<'a> {
    zone: &'a str,
    services: Vec<Change>,
    endpoint_slices: Vec<Change>,
}

#[derive(Serialize)]
struct Change {
    old: Option<Box<RawValue>>,
    new: Option<Box<RawValue>>,
}

impl<'a> Request<'a> {
    fn new(session: &'a Session) -> Result<Request<'a>, String> {
        let (no_services, no_slices) = (Objects::default(), Objects::default());
        let mut before = (&no_services, &no_slices);
        let mut syncs = Vec::new();
        for Sync { zone, services, slices, .. } in &session.syncs {
            syncs.push(Seen {
                zone: zone.as_deref().unwrap_or_default(),
                services: changes(before.0, services, |service| KubeObject::Service(service.clone()))?,
                endpoint_slices: changes(before.1, slices, |slice| KubeObject::EndpointSlice(slice.clone()))?,
            });
            before = (services, slices);
        }
        Ok(Request { config: config(session), syncs })
    }
}

fn changes<T: Stored>(
    old: &Objects<T>,
    new: &Objects<T>,
    object: impl Fn(&T) -> KubeObject,
) -> Result<Vec<Change>, String> {
    let mut all = Vec::new();
    Objects::differing(old, new, |old, new| all.push((old.cloned(), new.cloned())));
    let json = |of: &T| RawValue::from_string(to_json(&to_tree(&object(of), None)));
    let change = |(old, new): &(Option<_>, Option<_>)| {
        let old = old.as_deref().map(json).transpose()?;
        Ok(Change { old, new: new.as_deref().map(json).transpose()? })
    };
    let made: serde_json::Result<Vec<Change>> = all.iter().map(change).collect();
    made.map_err(|error| format!("an object is no JSON: {error}"))
}

fn config(session: &Session) -> Config<'_> {
    let ProxyConfig {
        family,
        node_name,
        node_ips,
        bind_address: _,
        zone: _,
        cluster_cidr,
        pod_interface,
        masquerade_all,
        masquerade_bit,
        random_fully,
        nfacct,
        service_cidrs,
        node_port_addresses,
        localhost_node_ports,
        tcp_be_liberal,
        // A constant of upstream's.
        large_cluster_endpoints: _,
        ipvs_scheduler,
        // Not kube-proxy's.
        cni_masquerade_cidr: _,
        port_maps: _,
    } = &*session.config;
    let of_family = |cidr: &&Cidr| Family::of(cidr.address()) == *family;
    let interface = |is_prefix: bool| {
        pod_interface.as_ref().filter(|of| of.is_prefix == is_prefix).map_or("", |of| of.name.as_str())
    };
    let ips: Vec<String> =
        node_ips.iter().filter(|ip| Family::of(**ip) == *family).map(ToString::to_string).collect();
    Config {
        mode: session.mode.as_str(),
        family: family_name(*family),
        masquerade_all: *masquerade_all,
        masquerade_bit: *masquerade_bit,
        node_port_addresses: texts(node_port_addresses),
        localhost_node_ports: *localhost_node_ports,
        scheduler: ipvs_scheduler.as_str(),
        // cmd/kube-proxy/app/server_linux.go, getLocalDetectors: that of each family.
        cluster_cidr: cluster_cidr.as_ref().filter(of_family).map(ToString::to_string).unwrap_or_default(),
        bridge_interface: interface(false),
        interface_name_prefix: interface(true),
        service_cidrs: texts(service_cidrs),
        node_name,
        node_ip: session.config.node_ip().map(|ip| ip.to_string()).unwrap_or_default(),
        node_ips: ips,
        random_fully: *random_fully,
        nfacct: *nfacct,
        tcp_be_liberal: *tcp_be_liberal,
    }
}

pub fn family_name(family: Family) -> &'static str {
    match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}

fn texts(cidrs: &[Cidr]) -> Vec<String> {
    cidrs.iter().map(ToString::to_string).collect()
}
