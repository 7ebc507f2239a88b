//! Probes.

use super::field_cursor::FieldCursor;
use super::names::check as check_name;
use super::pod::one_of;
use crate::api::diagnostics::Diagnostics;
use crate::api::{NameRule, Probe, ProbeHandler, TargetPort};

/// `None` when the container has no such probe.
pub fn decode(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Probe> {
    cursor.tree()?;
    let handler = handler(cursor, diagnostics);
    let mut number =
        |name: &str| cursor.field(name).number(diagnostics, 0, i64::from(i32::MAX)).unwrap_or_default();
    Some(Probe {
        handler,
        initial_delay_s: number("initialDelaySeconds"),
        timeout_s: number("timeoutSeconds"),
        period_s: number("periodSeconds"),
        success_threshold: number("successThreshold"),
        failure_threshold: number("failureThreshold"),
        termination_grace_period_s: cursor.field("terminationGracePeriodSeconds").number(
            diagnostics,
            1,
            i64::from(i32::MAX),
        ),
    })
}

fn handler(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> ProbeHandler {
    let exec = cursor.field("exec");
    http_get(&cursor.field("httpGet"), diagnostics);
    let mut port_of = |name: &str| {
        let handler = cursor.field(name);
        handler.is_set().then(|| port(&handler.field("port"), diagnostics))
    };
    ProbeHandler {
        exec: exec.is_set().then(|| exec.field("command").strings()),
        http_get: port_of("httpGet"),
        tcp_socket: port_of("tcpSocket"),
        grpc: port_of("grpc"),
    }
}

/// What no field of ours holds.
pub fn http_get(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    one_of(&cursor.field("scheme"), &["HTTP", "HTTPS"], diagnostics);
    let headers = cursor.field("httpHeaders");
    for i in 0..headers.len() {
        let header = headers.item(i);
        let name = header.field("name").text().cloned().unwrap_or_default();
        check_name(&headers, &name, NameRule::HeaderName, diagnostics);
    }
}

/// A port by its number or its name.
pub fn port(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> TargetPort {
    match cursor.str() {
        Some(name) => TargetPort::Name(name.clone()),
        None => TargetPort::Number(cursor.number(diagnostics, 1, 65_535).unwrap_or(0)),
    }
}
