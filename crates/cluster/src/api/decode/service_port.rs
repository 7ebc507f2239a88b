//! `spec.ports` of a Service.

use super::field_cursor::FieldCursor;
use super::pod;
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, Rule, ServicePort, TargetPort};

/// One for each port in the text; fields that cannot be decoded are left empty.
pub fn decode(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<ServicePort> {
    (0..list.len()).map(|i| port(&list.item(i), diagnostics)).collect()
}

fn port(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> ServicePort {
    ServicePort {
        name: cursor.field("name").text().cloned().unwrap_or_else(|| "".into()),
        port: port_number(&cursor.field("port"), diagnostics),
        protocol: pod::protocol(&cursor.field("protocol"), diagnostics).unwrap_or_default(),
        target_port: target(&cursor.field("targetPort"), diagnostics),
        app_protocol: cursor.field("appProtocol").text().cloned(),
        node_port: node_port(&cursor.field("nodePort"), diagnostics),
    }
}

/// A number that is no port is refused as one outside of the range for node ports.
fn node_port(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> u16 {
    let Some(number) = cursor.int() else { return 0 };
    let port = u16::try_from(number).ok();
    if port.is_none() {
        let (value, why) = (number.to_string().into(), Rule::NodePortRange);
        cursor.error(diagnostics, DiagnosticKind::Violates { value, why });
    }
    port.unwrap_or(0)
}

fn port_number(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> u16 {
    cursor.number(diagnostics, 1, 65_535).unwrap_or(0)
}

/// 0 if it defaults to the port itself: missing, 0 or empty.
fn target(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> TargetPort {
    if let Some(name) = cursor.text() {
        return TargetPort::Name(name.clone());
    }
    TargetPort::Number(cursor.number(diagnostics, 1, 65_535).unwrap_or(0))
}
