//! Both sides' answers, in one form.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use cluster::api::{EndpointSlice, Service};
use cluster::dns::{DnsData, DnsRecord, Question, Response, Shuffle};
use cluster::sim::World;
use serde::Deserialize;
use serde_json::{Value, json};

/// CoreDNS, to be asked. It ends with its input.
pub struct Judge {
    child: Child,
    input: BufWriter<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// Each section in order: that of the records is by chance.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Answer {
    /// `outside` where another server would answer.
    status: String,
    answer: Vec<String>,
    authority: Vec<String>,
    additional: Vec<String>,
}

impl Judge {
    pub fn start(program: &str) -> Result<Judge, String> {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|why| format!("{program}: {why}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{program}: it has no pipes"));
        };
        Ok(Judge { child, input: BufWriter::new(input), output: BufReader::new(output) })
    }

    /// A line for each answer that is another one.
    pub fn differences(&mut self, world: &World, questions: &[Question]) -> Result<Vec<String>, String> {
        let line = cluster_of(world, questions).to_string();
        writeln!(self.input, "{line}").and_then(|()| self.input.flush()).map_err(|why| why.to_string())?;
        let mut answers = String::new();
        self.output.read_line(&mut answers).map_err(|why| why.to_string())?;
        if answers.is_empty() {
            let status = self.child.wait().map_err(|why| why.to_string())?;
            return Err(format!("CoreDNS answered nothing ({status})"));
        }
        let expected: Vec<Answer> = serde_json::from_str(&answers).map_err(|why| why.to_string())?;
        if expected.len() != questions.len() {
            return Err(format!("{} answers to {} questions", expected.len(), questions.len()));
        }
        let mut differences = Vec::new();
        for (question, expected) in questions.iter().zip(expected) {
            let found = ours(&world.dns_answer(question.clone(), Shuffle::default()));
            if found != expected {
                let kind = question.kind.name();
                differences
                    .push(format!("{} {kind}\n  CoreDNS {expected:?}\n  here    {found:?}", question.name));
            }
        }
        Ok(differences)
    }
}

fn ours(response: &Response) -> Answer {
    let lines = |records: &[DnsRecord]| {
        let mut lines: Vec<String> = records.iter().map(line).collect();
        lines.sort();
        lines
    };
    Answer {
        status: response.rcode.map_or("outside", |rcode| rcode.name()).into(),
        answer: lines(&response.answer),
        authority: lines(&response.authority),
        additional: lines(&response.additional),
    }
}

/// The serial is the time here, and that of the last change there.
fn line(record: &DnsRecord) -> String {
    match &record.data {
        DnsData::Soa { zone, minimum, .. } => {
            let data = DnsData::Soa { zone: zone.clone(), serial: 0, minimum: *minimum };
            DnsRecord { data, ..record.clone() }.to_string()
        }
        DnsData::Address(_)
        | DnsData::Cname(_)
        | DnsData::Ns(_)
        | DnsData::Ptr(_)
        | DnsData::Srv { .. }
        | DnsData::Txt(_) => record.to_string(),
    }
}

fn cluster_of(world: &World, questions: &[Question]) -> Value {
    let store = world.store();
    let asked =
        |question: &Question| json!({"name": question.name.to_string(), "type": question.kind.name()});
    json!({
        "namespaces": namespaces(world).iter().map(|name| json!({"metadata": {"name": name}})).collect::<Vec<_>>(),
        "services": store.services.iter().map(|service| of_service(service)).collect::<Vec<_>>(),
        "endpointSlices": store.slices.iter().map(|slice| of_slice(slice)).collect::<Vec<_>>(),
        "address": world.dns_addresses().next().map(|ip| ip.to_string()),
        "questions": questions.iter().map(asked).collect::<Vec<_>>(),
    })
}

/// Those that no text makes are there, if anything is in them.
pub fn namespaces(world: &World) -> BTreeSet<String> {
    let store = world.store();
    let made = store.namespaces.iter().map(|namespace| &namespace.meta.name);
    let of_services = store.services.iter().map(|service| &service.meta.namespace);
    let of_pods = store.pods.iter().map(|pod| &pod.meta.namespace);
    made.chain(of_services).chain(of_pods).map(ToString::to_string).collect()
}

/// What CoreDNS reads of one, as the API has it.
fn of_service(service: &Service) -> Value {
    let spec = &service.spec;
    let ports = spec
        .ports
        .iter()
        .map(|port| json!({"name": &*port.name, "protocol": port.protocol.as_str(), "port": port.port}));
    let ips: Vec<String> = match spec.headless {
        true => vec!["None".into()],
        false => spec.cluster_ips.iter().map(ToString::to_string).collect(),
    };
    json!({
        "metadata": {"name": &*service.meta.name, "namespace": &*service.meta.namespace},
        "spec": {
            "type": spec.type_.as_str(),
            "clusterIP": ips.first(),
            "clusterIPs": ips,
            "externalName": spec.external_name.as_deref().unwrap_or_default(),
            "ports": ports.collect::<Vec<_>>(),
        },
    })
}

fn of_slice(slice: &EndpointSlice) -> Value {
    let ports = slice
        .ports
        .iter()
        .map(|port| json!({"name": &*port.name, "protocol": port.protocol.as_str(), "port": port.port}));
    let endpoints = slice.endpoints.iter().map(|endpoint| {
        let addresses = std::iter::once(&endpoint.address).chain(&endpoint.other_addresses);
        let addresses: Vec<String> = addresses.map(ToString::to_string).collect();
        json!({"addresses": addresses, "hostname": endpoint.hostname.as_deref(), "conditions": {"ready": endpoint.ready}})
    });
    let key = slice.service_key();
    json!({
        "metadata": {
            "name": &*slice.meta.name,
            "namespace": &*slice.meta.namespace,
            "labels": {"kubernetes.io/service-name": &*key.name},
        },
        "ports": ports.collect::<Vec<_>>(),
        "endpoints": endpoints.collect::<Vec<_>>(),
    })
}
