//! `spec.ports` of a Service (core validation.go, validateServicePort).

use std::collections::BTreeSet;

use super::spot::Spot;
use super::{names, pod};
use crate::api::diagnostic::clip;
use crate::api::findings::Findings;
use crate::api::{DiagnosticKind, NameRule, Rule, ServicePort, ServiceType, Str, TargetPort};
use netfilter::Protocol;

pub fn decode(
    spec: &Spot<'_>,
    type_: ServiceType,
    headless: bool,
    findings: &mut Findings,
) -> Vec<ServicePort> {
    let list = spec.field("ports");
    let is_list = list.tree().is_none_or(|t| matches!(t.value, crate::api::Value::Seq(_)));
    if list.len() == 0 && is_list && !headless && type_ != ServiceType::ExternalName {
        list.error(findings, DiagnosticKind::Required);
    }
    let (mut names, mut taken) = (BTreeSet::new(), Taken::default());
    let mut out: Vec<ServicePort> = Vec::new();
    for i in 0..list.len() {
        let item = list.item(i);
        let name = name(&item.field("name"), list.len() > 1, &mut names, findings);
        if let Some(port) = port(&item, name, type_, findings) {
            taken.check(&item, &port, findings);
            out.push(port);
        }
    }
    out
}

fn name(spot: &Spot<'_>, required: bool, seen: &mut BTreeSet<Str>, findings: &mut Findings) -> Str {
    let name = match required {
        true => pod::required(spot, findings),
        false => spot.text().cloned().unwrap_or_else(|| "".into()),
    };
    if !name.is_empty() {
        names::check(spot, &name, NameRule::Dns1123Label, findings);
        if !seen.insert(name.clone()) {
            spot.error(findings, DiagnosticKind::Duplicate { value: clip(&name) });
        }
    }
    name
}

fn port(spot: &Spot<'_>, name: Str, type_: ServiceType, findings: &mut Findings) -> Option<ServicePort> {
    let number = pod::port_number(&spot.field("port"), findings);
    let protocol = pod::protocol(&spot.field("protocol"), findings);
    let target = target(&spot.field("targetPort"), findings);
    let node_spot = spot.field("nodePort");
    let node_port = node_spot.int_in(findings, 0, 65535).and_then(|p| u16::try_from(p).ok()).unwrap_or(0);
    if node_port != 0 && type_ == ServiceType::ClusterIP {
        node_spot.error(findings, DiagnosticKind::Forbidden { why: Rule::NodePortOnClusterIp });
    }
    let port = number?;
    let target_port = target.unwrap_or(TargetPort::Number(port));
    Some(ServicePort { name, protocol: protocol?, port, target_port, node_port })
}

/// `None` for what defaults to the port itself: nothing, 0 and the empty string.
fn target(spot: &Spot<'_>, findings: &mut Findings) -> Option<TargetPort> {
    if let Some(name) = spot.text() {
        names::check(spot, name, NameRule::PortName, findings);
        return Some(TargetPort::Name(name.clone()));
    }
    if spot.int() == Some(0) {
        return None;
    }
    let number = spot.int_in(findings, 1, 65535)?;
    u16::try_from(number).ok().map(TargetPort::Number)
}

/// What earlier ports of the Service have taken.
#[derive(Default)]
struct Taken {
    ports: BTreeSet<(Protocol, u16)>,
    node_ports: BTreeSet<(Protocol, u16)>,
}

impl Taken {
    fn check(&mut self, spot: &Spot<'_>, port: &ServicePort, findings: &mut Findings) {
        let duplicate = |number: u16| {
            let text = [number.to_string().as_str(), "/", port.protocol.as_str()].concat();
            DiagnosticKind::Duplicate { value: text.into() }
        };
        if !self.ports.insert((port.protocol, port.port)) {
            spot.error(findings, duplicate(port.port));
        }
        if port.node_port != 0 && !self.node_ports.insert((port.protocol, port.node_port)) {
            spot.field("nodePort").error(findings, duplicate(port.node_port));
        }
    }
}
