//! Probes (core validation.go, validateProbe; defaults.go, SetDefaults_Probe).

use super::field_cursor::FieldCursor;
use super::names;
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, NameRule, Probe, Rule};

const HANDLERS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];

/// `None` when the container has no such probe.
pub fn decode(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Probe> {
    if !cursor.is_set() {
        return None;
    }
    handler(cursor, diagnostics);
    let mut seconds =
        |name: &str, default: u32| match cursor.field(name).int_in(diagnostics, 0, i64::from(i32::MAX)) {
            None | Some(0) => default,
            Some(value) => u32::try_from(value).unwrap_or(default),
        };
    let default = Probe::default();
    let probe = Probe {
        initial_delay_s: seconds("initialDelaySeconds", 0),
        period_s: seconds("periodSeconds", default.period_s),
        success_threshold: seconds("successThreshold", default.success_threshold),
        failure_threshold: seconds("failureThreshold", default.failure_threshold),
    };
    seconds("timeoutSeconds", 1);
    Some(probe)
}

/// Liveness and startup probes end at the first success.
pub fn check_single_success(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    let threshold = cursor.field("successThreshold");
    if threshold.int().is_some_and(|n| n > 1) {
        threshold.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::SuccessThreshold });
    }
}

fn handler(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
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
