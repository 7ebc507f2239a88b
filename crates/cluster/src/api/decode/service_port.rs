//! `spec.ports` of a Service.

use super::field_cursor::FieldCursor;
use super::pod;
use crate::api::diagnostics::Diagnostics;
use crate::api::{ServicePort, TargetPort};

/// One for each port in the text; fields that cannot be decoded are left empty.
pub fn decode(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<ServicePort> {
    (0..list.len()).map(|i| port(&list.item(i), diagnostics)).collect()
}

fn port(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> ServicePort {
    let node_port = cursor.field("nodePort").int_in(diagnostics, 0, 65_535);
    ServicePort {
        name: cursor.field("name").text().cloned().unwrap_or_else(|| "".into()),
        port: pod::port_number(&cursor.field("port"), diagnostics).unwrap_or(0),
        protocol: pod::protocol(&cursor.field("protocol"), diagnostics).unwrap_or_default(),
        target_port: target(&cursor.field("targetPort"), diagnostics),
        node_port: node_port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
    }
}

/// 0 if it defaults to the port itself: missing, 0 or empty.
fn target(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> TargetPort {
    if let Some(name) = cursor.text() {
        return TargetPort::Name(name.clone());
    }
    let number = match cursor.int() {
        None | Some(0) => None,
        Some(_) => cursor.int_in(diagnostics, 1, 65_535),
    };
    TargetPort::Number(number.and_then(|number| u16::try_from(number).ok()).unwrap_or(0))
}
