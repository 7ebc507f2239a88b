//! Probes (core validation.go, validateProbe).

use super::{forbid, name, out_of_range, violates};
use crate::api::field::{Error, Path};
use crate::api::{DiagnosticKind, NameRule, Probe, ProbeHandler, Rule, TargetPort};

pub fn probe(probe: &Probe, path: &Path<'_>, errors: &mut Vec<Error>) {
    let ProbeHandler { exec, http_get, tcp_socket, grpc } = &probe.handler;
    let handlers = [
        ("exec", exec.is_some()),
        ("httpGet", http_get.is_some()),
        ("tcpSocket", tcp_socket.is_some()),
        ("grpc", grpc.is_some()),
    ];
    let mut set = handlers.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| *name);
    if set.next().is_none() {
        forbid(path, Rule::NoHandler, errors);
    }
    for extra in set {
        forbid(&path.child(extra), Rule::OneHandler, errors);
    }
    if exec.as_ref().is_some_and(Vec::is_empty) {
        errors.push(path.child("exec").child("command").error(DiagnosticKind::Required));
    }
    for (handler, asked) in [("httpGet", http_get), ("tcpSocket", tcp_socket), ("grpc", grpc)] {
        if let Some(asked) = asked {
            port(asked, &path.child(handler).child("port"), errors);
        }
    }
}

/// ValidatePortNumOrName.
pub fn port(port: &TargetPort, path: &Path<'_>, errors: &mut Vec<Error>) {
    match port {
        TargetPort::Number(0) => errors.push(path.error(out_of_range(0, 1, 65_535))),
        TargetPort::Number(_) => {}
        TargetPort::Name(text) => name(path, text, NameRule::PortName, errors),
    }
}

/// Liveness and startup probes end at the first success.
pub fn single_success(probe: &Probe, path: &Path<'_>, errors: &mut Vec<Error>) {
    if probe.success_threshold > 1 {
        let value = probe.success_threshold.to_string();
        violates(&path.child("successThreshold"), value, Rule::SuccessThreshold, errors);
    }
}

/// Of a readiness probe: it ends nothing.
pub fn no_grace(probe: &Probe, path: &Path<'_>, errors: &mut Vec<Error>) {
    if let Some(seconds) = probe.termination_grace_period_s {
        let path = path.child("terminationGracePeriodSeconds");
        violates(&path, seconds.to_string(), Rule::GraceOfReadiness, errors);
    }
}
