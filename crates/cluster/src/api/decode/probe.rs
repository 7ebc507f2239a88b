//! Probes (core validation.go, validateProbe; defaults.go, SetDefaults_Probe).

use super::names;
use super::spot::Spot;
use crate::api::findings::Findings;
use crate::api::{DiagnosticKind, NameRule, Probe, Rule};

const HANDLERS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];

/// `None` when the container has no such probe.
pub fn decode(spot: &Spot<'_>, findings: &mut Findings) -> Option<Probe> {
    if !spot.is_set() {
        return None;
    }
    handler(spot, findings);
    let mut seconds =
        |name: &str, default: u32| match spot.field(name).int_in(findings, 0, i64::from(i32::MAX)) {
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
pub fn check_single_success(spot: &Spot<'_>, findings: &mut Findings) {
    let threshold = spot.field("successThreshold");
    if threshold.int().is_some_and(|n| n > 1) {
        threshold.error(findings, DiagnosticKind::Forbidden { why: Rule::SuccessThreshold });
    }
}

fn handler(spot: &Spot<'_>, findings: &mut Findings) {
    let set: Vec<&str> = HANDLERS.into_iter().filter(|name| spot.field(name).is_set()).collect();
    if set.is_empty() {
        spot.error(findings, DiagnosticKind::Required);
    }
    for extra in set.iter().skip(1) {
        spot.field(extra).error(findings, DiagnosticKind::Forbidden { why: Rule::OneHandler });
    }
    for name in set {
        let handler = spot.field(name);
        match name {
            "exec" if handler.field("command").len() == 0 => {
                handler.field("command").error(findings, DiagnosticKind::Required);
            }
            "exec" => {}
            _ => port(&handler.field("port"), findings),
        }
    }
}

fn port(spot: &Spot<'_>, findings: &mut Findings) {
    match (spot.int(), spot.str()) {
        (Some(_), _) => {
            spot.int_in(findings, 1, 65535);
        }
        (_, Some(name)) => names::check(spot, name, NameRule::PortName, findings),
        _ if !spot.is_set() => spot.error(findings, DiagnosticKind::Required),
        _ => {}
    }
}
