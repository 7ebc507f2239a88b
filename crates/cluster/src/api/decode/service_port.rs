//! `spec.ports` of a Service.

use super::pod;
use super::spot::Spot;
use crate::api::findings::Findings;
use crate::api::{ServicePort, TargetPort};

/// One for each that is written: what cannot be read of it stands as nothing.
pub fn decode(list: &Spot<'_>, findings: &mut Findings) -> Vec<ServicePort> {
    (0..list.len()).map(|i| port(&list.item(i), findings)).collect()
}

fn port(spot: &Spot<'_>, findings: &mut Findings) -> ServicePort {
    let node_port = spot.field("nodePort").int_in(findings, 0, 65_535);
    ServicePort {
        name: spot.field("name").text().cloned().unwrap_or_else(|| "".into()),
        port: pod::port_number(&spot.field("port"), findings).unwrap_or(0),
        protocol: pod::protocol(&spot.field("protocol"), findings).unwrap_or_default(),
        target_port: target(&spot.field("targetPort"), findings),
        node_port: node_port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
    }
}

/// 0 for what defaults to the port itself: nothing, 0 and the empty string.
fn target(spot: &Spot<'_>, findings: &mut Findings) -> TargetPort {
    if let Some(name) = spot.text() {
        return TargetPort::Name(name.clone());
    }
    let number = match spot.int() {
        None | Some(0) => None,
        Some(_) => spot.int_in(findings, 1, 65_535),
    };
    TargetPort::Number(number.and_then(|number| u16::try_from(number).ok()).unwrap_or(0))
}
