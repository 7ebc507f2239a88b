//! Probes (core validation.go, validateProbe).

use super::{forbid, name, out_of_range};
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
        errors.push(path.error(DiagnosticKind::Required));
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
fn port(port: &TargetPort, path: &Path<'_>, errors: &mut Vec<Error>) {
    match port {
        TargetPort::Number(0) => errors.push(path.error(out_of_range(0, 1, 65_535))),
        TargetPort::Number(_) => {}
        TargetPort::Name(text) => name(path, text, NameRule::PortName, errors),
    }
}

/// Liveness and startup probes end at the first success.
pub fn single_success(probe: &Probe, path: &Path<'_>, errors: &mut Vec<Error>) {
    if probe.success_threshold > 1 {
        forbid(&path.child("successThreshold"), Rule::SuccessThreshold, errors);
    }
}
