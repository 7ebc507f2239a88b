//! Probes (core validation.go, validateProbe; defaults.go, SetDefaults_Probe).

use super::field_cursor::FieldCursor;
use super::names;
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, NameRule, Probe, ProbeHandler, Rule, TargetPort};

const HANDLERS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];

/// `None` when the container has no such probe.
pub fn decode(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Probe> {
    if !cursor.is_set() {
        return None;
    }
    check_handler(cursor, diagnostics);
    let mut seconds =
        |name: &str, default: u32| match cursor.field(name).int_in(diagnostics, 0, i64::from(i32::MAX)) {
            None | Some(0) => default,
            Some(value) => u32::try_from(value).unwrap_or(default),
        };
    let default = Probe::default();
    let grace = cursor.field("terminationGracePeriodSeconds");
    let probe = Probe {
        handler: handler(cursor),
        initial_delay_s: seconds("initialDelaySeconds", 0),
        period_s: seconds("periodSeconds", default.period_s),
        success_threshold: seconds("successThreshold", default.success_threshold),
        failure_threshold: seconds("failureThreshold", default.failure_threshold),
        timeout_s: seconds("timeoutSeconds", default.timeout_s),
        termination_grace_period_s: grace
            .int_in(diagnostics, 1, i64::from(i32::MAX))
            .and_then(|s| u32::try_from(s).ok()),
    };
    Some(probe)
}

/// Liveness and startup probes end at the first success.
pub fn check_single_success(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    let threshold = cursor.field("successThreshold");
    if threshold.int().is_some_and(|n| n > 1) {
        threshold.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::SuccessThreshold });
    }
}

fn handler(cursor: &FieldCursor<'_>) -> ProbeHandler {
    let [exec, http_get, tcp_socket, grpc] = HANDLERS.map(|name| cursor.field(name));
    let port = |handler: &FieldCursor<'_>| handler.is_set().then(|| port_of(handler));
    ProbeHandler {
        exec: exec.is_set().then(|| exec.field("command").strings()),
        http_get: port(&http_get),
        tcp_socket: port(&tcp_socket),
        grpc: port(&grpc),
    }
}

/// What a handler has under `port`; 0 if it is no port.
pub fn port_of(handler: &FieldCursor<'_>) -> TargetPort {
    let port = handler.field("port");
    match port.str() {
        Some(name) => TargetPort::Name(name.clone()),
        None => TargetPort::Number(port.int().and_then(|n| u16::try_from(n).ok()).unwrap_or(0)),
    }
}

fn check_handler(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    let set: Vec<&str> = HANDLERS.into_iter().filter(|name| cursor.field(name).is_set()).collect();
    if set.is_empty() {
        cursor.error(diagnostics, DiagnosticKind::Required);
    }
    for extra in set.iter().skip(1) {
        cursor.field(extra).error(diagnostics, DiagnosticKind::Forbidden { why: Rule::OneHandler });
    }
    for name in set {
        let handler = cursor.field(name);
        match name {
            "exec" if handler.field("command").len() == 0 => {
                handler.field("command").error(diagnostics, DiagnosticKind::Required);
            }
            "exec" => {}
            _ => port(&handler.field("port"), diagnostics),
        }
    }
}

fn port(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    match (cursor.int(), cursor.str()) {
        (Some(_), _) => {
            cursor.int_in(diagnostics, 1, 65535);
        }
        (_, Some(name)) => names::check(cursor, name, NameRule::PortName, diagnostics),
        _ if !cursor.is_set() => cursor.error(diagnostics, DiagnosticKind::Required),
        _ => {}
    }
}
